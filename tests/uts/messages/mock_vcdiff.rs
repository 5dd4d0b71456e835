//! `realtime/unit/helpers/mock_vcdiff.md`: deltas that can be read.

use std::error::Error;

use ably_delta::{DeltaDecoder, Vcdiff};
use base64::{Engine as _, engine::general_purpose as base64_of};

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
pub(super) struct MockVcdiff(Box<Decode>);

impl MockVcdiff {
    /// The plugin with this decoder.
    pub(super) fn plugin() -> Vcdiff {
        Self::with(decode)
    }

    /// The plugin with a decoder of your own.
    pub(super) fn with(
        decode: impl Fn(&[u8], &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Vcdiff {
        Vcdiff::with_decoder(Self(Box::new(decode)))
    }

    /// The plugin with a decoder that always fails (`FailingMockVCDiffDecoder`).
    pub(super) fn failing() -> Vcdiff {
        Self::with(|_, _| Err("Simulated vcdiff decode failure".into()))
    }
}

impl DeltaDecoder for MockVcdiff {
    fn decode(
        &self,
        delta: &[u8],
        base: &[u8],
        _: usize,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok((self.0)(delta, base)?)
    }
}
