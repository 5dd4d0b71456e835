//! The `encoding` chain and its extension point.
//!
//! Spec: RSL4, RSL5, RSL6, RTL18–RTL20.

mod chain;
mod from_encoded;

use alloc::{boxed::Box, string::String};

use ably_protocol::{ErrorInfo, Payload};

pub use chain::{Chain, Decoded};
pub use from_encoded::FromEncoded;

use crate::{ChannelOptions, Entropy, MaybeSend, MaybeSync};

/// Factory of steps of the `encoding` chain: one per plugin, shared by all channels.
///
/// # Behaviour
/// - `open` is called when a channel is made and when its options change, never concurrently for
///   one channel.
pub trait PayloadEncoding: MaybeSend + MaybeSync {
    /// ably-js's name of the plugin, for example `Crypto`; a [`crate::PluginOption`] of this name
    /// is meant for it.
    fn id(&self) -> &'static str;

    /// True when it decodes the step called `step`, for example `cipher+aes-256-cbc`.
    fn handles(&self, step: &str) -> bool;

    /// Where it stands among the encodings that encode: lower runs first.
    fn rank(&self) -> i32 {
        0
    }

    /// Makes the step for a channel; `None` when these options do not ask for it.
    ///
    /// # Errors
    /// Whatever makes the options unusable; the channel operation fails with it. Where no options were
    /// given there is nobody to tell: it is logged, and the channel does without the step.
    fn open(&self, options: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo>;
}

/// One step of one channel's chain; may keep state, as delta decoding does.
pub trait PayloadStep: MaybeSend {
    /// Undoes the step called `step` in `data`, which is not shared unless others hold its bytes.
    ///
    /// # Errors
    /// A [`DecodeFailure`] says what the channel does about it; `data` must be as it was then.
    fn decode(
        &mut self,
        step: &str,
        data: &mut Payload,
        message: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure>;

    /// Applies the step to data that is about to be sent and names it; `None` when this step only
    /// decodes. Text comes as text: a step that needs bytes converts it and names `utf-8` first.
    ///
    /// # Errors
    /// Any error: nothing is sent then, in particular not the plain data.
    fn encode(
        &mut self,
        data: &Payload,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo>;

    /// Told every payload as it came over the wire, an outer `base64` removed, with the encoding
    /// that is left, before it is decoded further: what a delta will be relative to (RTL19).
    fn observe(&mut self, _wire: &Payload, _encoding: &str, _message: &MessageMeta<'_>) {}

    /// True when decoding depends on earlier messages: the channel then checks that none is missing.
    fn keeps_state(&self) -> bool {
        false
    }

    /// Continuity was lost: forget earlier messages.
    fn reset(&mut self) {}
}

/// What a step may know about the message it decodes.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct MessageMeta<'a> {
    /// The message's id.
    pub id: &'a str,
    /// The id that its delta is relative to (`extras.delta.from`).
    pub delta_from: Option<&'a str>,
}

/// What happens to a message that cannot be decoded.
#[derive(Clone, Debug)]
pub enum DecodeFailure {
    /// Deliver it with what is left of its encoding. Spec: RSL6b.
    Leave(ErrorInfo),
    /// Attach again from the last good message. Spec: RTL18.
    Recover(ErrorInfo),
    /// The channel fails.
    Fail(ErrorInfo),
}
