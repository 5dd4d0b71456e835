//! [`TokioTimer`].

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use ably_base::{engine::Instant, ext::Timer};
use tokio::{
    runtime::Handle,
    time::{Instant as TokioInstant, Sleep, sleep_until},
};

use crate::runtime::tokio_instant;

/// One tokio `Sleep`, made when first needed and set anew from then on: no allocation a poll.
#[derive(Debug)]
pub struct TokioTimer {
    handle: Option<Handle>,
    origin: TokioInstant,
    sleep: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl TokioTimer {
    pub(crate) fn new(handle: Option<Handle>, origin: TokioInstant) -> Self {
        Self {
            handle,
            origin,
            sleep: None,
        }
    }
}

impl Timer for TokioTimer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let (set_to, sleep) = match &mut self.sleep {
            Some(made) => made,
            None => {
                // Outside a runtime nothing can wake us; whoever polls there comes again anyway.
                let Some(handle) = self.handle.clone().or_else(|| Handle::try_current().ok())
                else {
                    return Poll::Pending;
                };
                let _guard = handle.enter();
                let sleep = Box::pin(sleep_until(tokio_instant(self.origin, at)));
                self.sleep.insert((at, sleep))
            }
        };
        if *set_to != at {
            sleep.as_mut().reset(tokio_instant(self.origin, at));
            *set_to = at;
        }
        sleep.as_mut().poll(cx)
    }
}
