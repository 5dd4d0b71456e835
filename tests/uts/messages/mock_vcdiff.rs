//! `realtime/unit/helpers/mock_vcdiff.md`: deltas that can be read.

use ably_base::{DecodeFailure, MessageMeta, PayloadEncoding, PayloadStep, Plugin, Plugins};
use ably_base::{engine::Entropy, protocol::Payload};
use base64::{Engine as _, engine::general_purpose as base64_of};

use super::common::*;

/// `base64url(base) "/" base64url(value)`
pub(super) fn encode(base: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    let url = |bytes: &[u8]| base64_of::URL_SAFE_NO_PAD.encode(bytes);
    format!("{}/{}", url(base.as_ref()), url(value.as_ref())).into_bytes()
}

/// Undoes [`encode`] when `base` is the one that was encoded.
pub(super) fn decode(delta: &[u8], base: &[u8]) -> Result<Vec<u8>, String> {
    let parts = std::str::from_utf8(delta)
        .ok()
        .and_then(|delta| delta.split_once('/'));
    let (of, value) = parts.ok_or("Invalid delta format")?;
    let url = |text: &str| {
        let bytes = base64_of::URL_SAFE_NO_PAD.decode(text);
        bytes.map_err(|e| e.to_string())
    };
    if url(of)? != base {
        return Err("Base mismatch: expected base does not match delta".into());
    }
    url(value)
}

/// Bytes as they come in a JSON frame.
pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    base64_of::STANDARD.encode(bytes)
}

type Decode = dyn Fn(&[u8], &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// A decoder (`MockVCDiffDecoder`): `decode(delta, base)`.
#[derive(Clone)]
pub(super) struct MockVcdiff(Arc<Decode>);

impl MockVcdiff {
    /// The decoder.
    pub(super) fn new() -> Self {
        Self::with(decode)
    }

    /// A decoder of your own.
    pub(super) fn with(
        decode: impl Fn(&[u8], &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(decode))
    }

    /// A decoder that always fails (`FailingMockVCDiffDecoder`).
    pub(super) fn failing() -> Self {
        Self::with(|_, _| Err("Simulated vcdiff decode failure".into()))
    }
}

impl Plugin for MockVcdiff {
    fn id(&self) -> &'static str {
        "vcdiff"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(self.clone()));
        Ok(())
    }
}

impl PayloadEncoding for MockVcdiff {
    fn id(&self) -> &'static str {
        "vcdiff"
    }

    fn handles(&self, step: &str) -> bool {
        step == "vcdiff"
    }

    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        let decoder = self.clone();
        Ok(Some(Box::new(Step {
            decoder,
            base: None,
        })))
    }
}

struct Step {
    decoder: MockVcdiff,
    base: Option<Vec<u8>>,
}

impl PayloadStep for Step {
    fn decode(
        &mut self,
        _: &str,
        data: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let base = self.base.as_deref().ok_or("no base".to_owned());
        let value = base.and_then(|base| (self.decoder.0)(data.as_bytes(), base));
        let value = value
            .map_err(|e| DecodeFailure::Recover(ErrorInfo::new(ErrorCode::DELTA_FAILED, 400, e)))?;
        self.base = Some(value.clone());
        *data = Payload::Binary(value.into());
        Ok(())
    }

    fn encode(
        &mut self,
        _: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        Ok(None)
    }

    fn observe(&mut self, wire: &Payload, encoding: &str, _: &MessageMeta<'_>) {
        if !encoding.ends_with("vcdiff") {
            self.base = Some(wire.as_bytes().to_vec());
        }
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        self.base = None;
    }
}
