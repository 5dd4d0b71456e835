//! The shell: the engine behind a short lock, and the driver that does its IO.

mod driver;
mod keep;
mod link;
mod pending;
mod publish;
mod shared;

pub(crate) use driver::Driver;
pub(crate) use keep::{OpenFn, open};
pub use pending::Pending;
pub use publish::{Full, Publish};
pub(crate) use shared::{ChannelListeners, Handles, Shared, ended};
