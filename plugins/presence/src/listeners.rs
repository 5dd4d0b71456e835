//! Who listens to a channel's presence: callbacks and streams.

use std::sync::Arc;

use ably_base::{Channel, Emitter, PresenceAction, PresenceMessage, Streams};

use crate::{machine::Changes, plugin::ID};

/// Listeners of one channel.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) callbacks: Emitter<PresenceAction, Arc<PresenceMessage>>,
    pub(crate) streams: Arc<Streams<PresenceAction, PresenceMessage>>,
}

impl Listeners {
    /// Those of `channel`, made when they are asked for first.
    pub(crate) fn of(channel: &Channel) -> Arc<Self> {
        channel.extension(|events| {
            let listeners = Arc::new(Self::default());
            let teller = listeners.clone();
            events.on([ID], move |event| {
                if let Some(Changes(changes)) = event.downcast_ref() {
                    teller.tell(changes);
                }
            });
            listeners
        })
    }

    fn tell(&self, changes: &[Arc<PresenceMessage>]) {
        self.streams.push(changes, |m| Some(&m.action));
        for message in changes {
            self.callbacks.emit(&message.action, message);
        }
    }
}

/// The channel was released or the client has ended.
impl Drop for Listeners {
    fn drop(&mut self) {
        self.streams.end();
    }
}
