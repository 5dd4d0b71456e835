//! Handles: cheap clones that call the engine.

mod channel;
mod channels;
mod connection;
mod derive;
mod realtime;
mod state_changes;
mod subscription;

pub use channel::{Channel, PresenceOf, Subscribed};
pub use channels::Channels;
pub use connection::Connection;
pub use derive::DeriveOptions;
pub use realtime::{BaseRealtime, WeakRealtime};
pub use state_changes::StateChanges;
pub use subscription::{Lagged, Names, Subscription};

pub(crate) use channel::BehaviourListeners;
pub(crate) use subscription::MessageListeners;
