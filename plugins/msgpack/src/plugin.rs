//! [`MsgPack`], the plugin.

use alloc::sync::Arc;

use ably_base::{ErrorInfo, Plugin, Plugins};

use crate::MsgPackCodec;

/// Lets a client use the binary protocol: `ClientOptions::plugin(MsgPack)`.
///
/// Used when `use_binary_protocol` is on, which it is by default. Spec: TO3f.
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPack;

impl Plugin for MsgPack {
    fn id(&self) -> &'static str {
        "MsgPack"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_codec(Arc::new(MsgPackCodec));
        Ok(())
    }
}
