//! Push notifications for the Ably client, as extension traits: bring one into scope and the method
//! is there.
//!
//! | trait | on | method |
//! |---|---|---|
//! | [`PushApi`] | every client | `push().admin()`: publish, device registrations, channel subscriptions |
//! | [`ChannelPush`] | [`ably_base::RestChannel`], [`ably_base::Channel`] | `push()`: subscriptions of this device and client |
//!
//! Needs an HTTP client (feature `http`) and nothing else: there is no plugin to install. What this
//! device does for itself needs a [`ably_base::ext::PushPlatform`] too, which knows who it is.
//!
//! ```no_run
//! use ably_base::{BaseRest, ErrorInfo, JsonText};
//! use ably_push::{PushApi, PushRecipient};
//!
//! async fn example(rest: BaseRest) -> Result<(), ErrorInfo> {
//!     let payload = JsonText::new(r#"{"notification":{"title":"Hello","body":"from Ably"}}"#)?;
//!     rest.push().admin().publish(PushRecipient::client_id("alice"), payload).await
//! }
//! ```
//!
//! ably-js: `push` of the `Rest` plugin, and `PushChannel` of the `Push` plugin.

mod admin;
mod call;
mod channel;
mod details;
mod kinds;
mod local;
mod query;
mod recipient;
mod registrations;
mod subscription;
mod subscriptions;
mod wire;

pub use admin::{Push, PushAdmin, PushApi};
pub use channel::{ChannelPush, PushChannel};
pub use details::{DeviceDetails, DevicePushDetails};
pub use kinds::{DeviceFormFactor, DevicePlatform, DevicePushState};
pub use query::{DeviceRegistrationQuery, PushChannelSubscriptionQuery, PushChannelsQuery};
pub use recipient::PushRecipient;
pub use registrations::{DeviceId, PushDeviceRegistrations};
pub use subscription::PushChannelSubscription;
pub use subscriptions::PushChannelSubscriptions;
