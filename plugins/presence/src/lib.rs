//! Who is on a channel: ably-js's `RealtimePresence` plugin.
//!
//! Install [`RealtimePresence`]; [`ChannelPresence`] then gives every channel its [`Presence`], to
//! enter, leave, list members and listen to them. Members of this connection are entered again by
//! themselves when the channel is attached anew. Without the plugin every operation fails with
//! `40019`.
//!
//! ```no_run
//! use ably_base::{BaseRealtime, ClientOptions};
//! use ably_presence::{ChannelPresence, RealtimePresence};
//!
//! # async fn run() -> Result<(), ably_base::ErrorInfo> {
//! let options = ClientOptions::with_key("app.key:secret").client_id("bob");
//! let client = BaseRealtime::new(options.plugin(RealtimePresence))?;
//! let channel = client.channels().get("room");
//! channel.presence().enter("away").await?;
//! for member in channel.presence().get(()).await? {
//!     println!("{:?}: {:?}", member.client_id, member.data);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Spec: RTP, TP.

mod data;
mod listeners;
mod machine;
mod map;
mod newness;
mod operations;
mod own;
mod params;
mod plugin;
mod presence;
mod receive;
mod subscription;

pub use data::PresenceData;
#[doc(hidden)]
pub use map::PresenceMap;
#[doc(hidden)]
pub use own::LocalPresenceMap;
pub use params::RealtimePresenceParams;
pub use plugin::RealtimePresence;
pub use presence::{ChannelPresence, Presence};
pub use subscription::PresenceSubscription;
