//! [`PushPlatform`]: what a device that receives push notifications must offer.

use ably_engine::{MaybeSend, MaybeSync};

/// The device's side of push notifications: identity and storage.
///
/// Names and values are those of ably-js, whose state a browser may still hold:
/// `ably.push.deviceId` is plain text, `ably.push.deviceIdentityToken` a JSON string. The token and
/// `ably.push.deviceSecret` are credentials: store them where no other application can read them.
///
/// Called by operations as they run, without any lock held; must not block.
///
/// Spec: RSH8.
pub trait PushPlatform: MaybeSend + MaybeSync {
    /// A stored value, for example `ably.push.deviceId`.
    fn load(&self, name: &str) -> Option<String>;
    /// Stores a value; `None` removes it.
    fn store(&self, name: &str, value: Option<&str>);
}
