//! The shell: the engine behind a short lock, and the driver that does its IO.

mod driver;
mod link;
mod pending;
mod publish;
mod shared;

pub(crate) use driver::Driver;
pub use pending::Pending;
pub use publish::{Full, Publish};
pub(crate) use shared::{ChannelListeners, Handles, Shared, ended};
