//! [`MessageInteractions`], and which listeners have which filter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ably_base::{Channel, ListenerId, Message, Subscribed};

use crate::{FilteredSubscription, MessageFilter};

/// Filtered subscriptions of a channel.
///
/// Spec: RTL22.
pub trait MessageInteractions {
    /// Messages that match, from now on, as a stream. Attaches the channel as
    /// [`Channel::subscribe`] does.
    fn subscribe_filtered(&self, filter: MessageFilter) -> FilteredSubscription;

    /// Calls `f` for messages that match. Attaches the channel as [`Channel::subscribe_with`] does,
    /// with the same outcome. [`Channel::unsubscribe`] takes it off.
    ///
    /// # Errors
    /// As [`Channel::subscribe_with`].
    ///
    /// # Cancel safety
    /// Dropping the result leaves the listener on and the attach under way.
    fn subscribe_filtered_with(
        &self,
        filter: MessageFilter,
        f: impl FnMut(&Message) + Send + 'static,
    ) -> Subscribed;

    /// Takes all listeners off that were added with a filter equal to this. Streams go on.
    fn unsubscribe_filtered(&self, filter: &MessageFilter);
}

impl MessageInteractions for Channel {
    fn subscribe_filtered(&self, filter: MessageFilter) -> FilteredSubscription {
        FilteredSubscription::new(self.subscribe(()), filter)
    }

    fn subscribe_filtered_with(
        &self,
        filter: MessageFilter,
        mut f: impl FnMut(&Message) + Send + 'static,
    ) -> Subscribed {
        let (alive, wanted) = (Arc::new(()), filter.clone());
        let listener = Arc::downgrade(&alive);
        let subscribed = self.subscribe_with((), move |message| {
            // Goes with the listener.
            let _alive = &alive;
            if wanted.admits(message) {
                f(message);
            }
        });
        if let Some(id) = subscribed.id() {
            let listeners = Listeners::of(self);
            let mut all = listeners.lock();
            all.retain(|l| l.alive.strong_count() > 0);
            all.push(Listener {
                filter,
                id,
                alive: listener,
            });
        }
        subscribed
    }

    fn unsubscribe_filtered(&self, filter: &MessageFilter) {
        let gone: Vec<_> = {
            let listeners = Listeners::of(self);
            let mut all = listeners.lock();
            let (gone, kept) = std::mem::take(&mut *all)
                .into_iter()
                .partition(|l| l.filter == *filter);
            *all = kept;
            gone
        };
        for listener in gone {
            self.unsubscribe(listener.id);
        }
    }
}

/// Those of a channel.
#[derive(Default)]
struct Listeners(Mutex<Vec<Listener>>);

struct Listener {
    filter: MessageFilter,
    id: ListenerId,
    /// Dead once the listener was taken off in any way.
    alive: Weak<()>,
}

impl Listeners {
    fn of(channel: &Channel) -> Arc<Self> {
        channel.extension(|_| Arc::default())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
