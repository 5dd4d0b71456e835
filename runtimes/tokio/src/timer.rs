//! [`TokioTimer`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{engine::Instant, ext::Timer};
use tokio::{
    runtime::Handle,
    time::{Instant as TokioInstant, Sleep, sleep_until},
};

use crate::{runtime::tokio_instant, taken::Taken};

/// One tokio `Sleep`, made when first needed and set anew from then on: no allocation a poll.
#[derive(Debug)]
pub struct TokioTimer {
    taken: Option<Arc<Taken>>,
    origin: TokioInstant,
    sleep: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl TokioTimer {
    pub(crate) fn new(taken: Option<Arc<Taken>>, origin: TokioInstant) -> Self {
        Self {
            taken,
            origin,
            sleep: None,
        }
    }
}

impl Timer for TokioTimer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let taken = match &self.taken {
            Some(taken) => taken,
            None => {
                // Outside a runtime nothing can wake us; whoever polls there comes again anyway.
                let Ok(here) = Handle::try_current() else {
                    return Poll::Pending;
                };
                self.taken.insert(Taken::new(here))
            }
        };
        let (origin, made) = (self.origin, &mut self.sleep);
        let polled = taken.if_there(|handle| {
            let (set_to, sleep) = made.get_or_insert_with(|| {
                let _guard = handle.enter();
                (at, Box::pin(sleep_until(tokio_instant(origin, at))))
            });
            if *set_to != at {
                sleep.as_mut().reset(tokio_instant(origin, at));
                *set_to = at;
            }
            sleep.as_mut().poll(cx)
        });
        // When the runtime has gone nothing is left that could wake us.
        polled.unwrap_or(Poll::Ready(()))
    }
}
