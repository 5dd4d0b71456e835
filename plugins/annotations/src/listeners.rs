//! Who listens to a channel's annotations: callbacks and streams.

use std::sync::Arc;

use ably_base::{Annotation, Channel, Emitter, Str, Streams};

use crate::{machine::Received, plugin::ID};

/// Listeners of one channel.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) callbacks: Emitter<Str, Arc<Annotation>>,
    pub(crate) streams: Arc<Streams<Str, Annotation>>,
}

impl Listeners {
    /// Those of `channel`, made when they are asked for first.
    pub(crate) fn of(channel: &Channel) -> Arc<Self> {
        channel.extension(|events| {
            let listeners = Arc::new(Self::default());
            let teller = listeners.clone();
            events.on([ID], move |event| {
                if let Some(Received(annotations)) = event.downcast_ref() {
                    teller.tell(annotations);
                }
            });
            listeners
        })
    }

    fn tell(&self, annotations: &[Arc<Annotation>]) {
        let untyped = Str::default();
        self.streams
            .push(annotations, |a| a.r#type.as_ref().or(Some(&untyped)));
        for annotation in annotations {
            self.callbacks.emit(&type_of(annotation), annotation);
        }
    }
}

/// The channel was released or the client has ended.
impl Drop for Listeners {
    fn drop(&mut self) {
        self.streams.end();
    }
}

/// The event that listeners are told: as in ably-js, no type is an empty one.
fn type_of(annotation: &Annotation) -> Str {
    annotation.r#type.clone().unwrap_or_default()
}
