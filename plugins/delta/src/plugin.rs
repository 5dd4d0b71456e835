//! [`Vcdiff`], the plugin, and the step `vcdiff` of a channel's encoding.
//!
//! Spec: PC3, RTL18, RTL19.

use std::{fmt, sync::Arc};

use ably_base::{
    ChannelOptions, DecodeFailure, ErrorInfo, MessageMeta, PayloadEncoding, PayloadStep, Plugin,
    Plugins, engine::Entropy, protocol::Payload,
};

use crate::{
    delta_decoder::{DeltaDecoder, Own, apply},
    reader::refused,
};

/// ably-js's name of the plugin, and the name of the step.
const ID: &str = "vcdiff";

/// How many bytes may come of a delta unless [`Vcdiff::max_output`] says otherwise: 16 MiB.
pub const MAX_OUTPUT: usize = 16 << 20;

/// The plugin that applies deltas, on channels that ask for them with the param `delta=vcdiff`.
#[derive(Clone)]
pub struct Vcdiff {
    decoder: Arc<dyn DeltaDecoder>,
    max_output: usize,
}

impl Vcdiff {
    /// The plugin, with the decoder of this crate.
    pub fn new() -> Self {
        Self::with_decoder(Own)
    }

    /// The plugin with another decoder. Ours is not linked into a program that has only this.
    pub fn with_decoder(decoder: impl DeltaDecoder) -> Self {
        Self {
            decoder: Arc::new(decoder),
            max_output: MAX_OUTPUT,
        }
    }

    /// Refuses deltas that make more bytes than this. A few bytes of delta can stand for any
    /// number.
    #[must_use]
    pub fn max_output(mut self, max_output: usize) -> Self {
        self.max_output = max_output;
        self
    }
}

impl Default for Vcdiff {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Vcdiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vcdiff")
            .field("max_output", &self.max_output)
            .finish_non_exhaustive()
    }
}

impl Plugin for Vcdiff {
    fn id(&self) -> &'static str {
        ID
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(self.clone()));
        Ok(())
    }
}

impl PayloadEncoding for Vcdiff {
    fn id(&self) -> &'static str {
        ID
    }

    fn handles(&self, step: &str) -> bool {
        step == ID
    }

    /// Every channel may get deltas: its name can ask for them as well as its params.
    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Ok(Some(Box::new(Step {
            plugin: self.clone(),
            base: None,
        })))
    }
}

struct Step {
    plugin: Vcdiff,
    /// The payload before, which the next delta is relative to.
    base: Option<Payload>,
}

impl PayloadStep for Step {
    fn decode(
        &mut self,
        _: &str,
        data: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let Some(base) = &self.base else {
            let why = "there is no message that the delta could be relative to";
            return Err(DecodeFailure::Recover(refused(why)));
        };
        let Vcdiff {
            decoder,
            max_output,
        } = &self.plugin;
        let made = apply(&**decoder, data.as_bytes(), base.as_bytes(), *max_output)
            .map_err(DecodeFailure::Recover)?;
        *data = Payload::Binary(made.into());
        // RTL19c
        self.base = Some(data.clone());
        Ok(())
    }

    fn encode(
        &mut self,
        _: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        Ok(None)
    }

    /// RTL19a, RTL19b
    fn observe(&mut self, wire: &Payload, encoding: &str, _: &MessageMeta<'_>) {
        if encoding.rsplit('/').next() != Some(ID) {
            self.base = Some(wire.clone());
        }
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        self.base = None;
    }
}
