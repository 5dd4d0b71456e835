//! [`PushPlatform`]: what a device that receives push notifications must offer.

use ably_engine::{MaybeSend, MaybeSync};

/// The device's side of push notifications: identity and storage.
///
/// Spec: RSH8.
pub trait PushPlatform: MaybeSend + MaybeSync {
    /// A stored value, for example `ably.push.deviceId`.
    fn load(&self, name: &str) -> Option<String>;
    /// Stores a value; `None` removes it.
    fn store(&self, name: &str, value: Option<&str>);
}
