//! [`Chain`]: the steps of one channel, undone right to left and applied left to right.
//!
//! `json`, `utf-8` and `base64` are built in; other steps come from plugins. `base64` is never
//! applied here: only the codec at the socket knows whether it is needed.
//!
//! Spec: RSL4, RSL6, RSL6b, RTL19.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

use ably_protocol::{Data, ErrorCode, ErrorInfo, JsonText, Payload, Str};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{DecodeFailure, MessageMeta, PayloadEncoding, PayloadStep};
use crate::{ChannelOptions, Entropy};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The opened steps of one channel.
#[derive(Default)]
pub struct Chain {
    steps: Vec<(Arc<dyn PayloadEncoding>, Box<dyn PayloadStep>)>,
}

/// What decoding came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The data, decoded as far as it went.
    pub data: Data,
    /// The steps that are left; `None` when all were undone.
    pub encoding: Option<Str>,
    /// Why it stopped early.
    pub failure: Option<DecodeFailure>,
}

impl Chain {
    /// Opens the steps that `options` ask for, in the order of their rank.
    ///
    /// # Errors
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what a plugin says about its options.
    pub fn open(
        encodings: &[Arc<dyn PayloadEncoding>],
        options: &ChannelOptions,
    ) -> Result<Self, ErrorInfo> {
        let known = |plugin: &str| encodings.iter().any(|e| e.id() == plugin);
        if let Some(o) = options.plugin_options().iter().find(|o| !known(o.plugin())) {
            return Err(ErrorInfo::missing_plugin(o.plugin(), o.feature()));
        }
        let mut steps = Vec::new();
        for encoding in encodings {
            if let Some(step) = encoding.open(options)? {
                steps.push((encoding.clone(), step));
            }
        }
        steps.sort_by_key(|(e, _)| e.rank());
        Ok(Self { steps })
    }

    /// True when no plugin takes part: messages without an encoding pass as they are.
    pub fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// True when a step keeps something of earlier messages.
    pub fn keeps_state(&self) -> bool {
        self.steps.iter().any(|(_, step)| step.keeps_state())
    }

    /// Undoes `encoding` as far as possible.
    pub fn decode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
    ) -> Decoded {
        let whole = encoding.as_deref().unwrap_or_default();
        if whole.is_empty() && self.steps.is_empty() {
            return Decoded {
                data,
                encoding: None,
                failure: None,
            };
        }
        let mut payload = match data {
            Data::Text(t) => Payload::Text(t),
            Data::Binary(b) => Payload::Binary(b),
            other => {
                return Decoded {
                    data: other,
                    encoding,
                    failure: None,
                };
            }
        };
        let mut rest = whole;
        let mut observed = false;
        while !rest.is_empty() {
            let (left, step) = rest.rsplit_once('/').unwrap_or(("", rest));
            if step != "base64" && !observed {
                self.observe(&payload, rest, message);
                observed = true;
            }
            let done = match step {
                "base64" => base64_decode(payload),
                "utf-8" => utf8_decode(payload),
                "json" if left.is_empty() => match json_decode(payload) {
                    Ok(json) => {
                        return Decoded {
                            data: Data::Json(json),
                            encoding: None,
                            failure: None,
                        };
                    }
                    Err(e) => Err(e),
                },
                _ => self.step_decode(step, payload, message),
            };
            match done {
                Ok(next) => payload = next,
                Err((kept, failure)) => {
                    let encoding = Some(Str::new(rest));
                    return Decoded {
                        data: kept.into(),
                        encoding,
                        failure: Some(failure),
                    };
                }
            }
            rest = left;
        }
        if !observed {
            self.observe(&payload, "", message);
        }
        Decoded {
            data: payload.into(),
            encoding: None,
            failure: None,
        }
    }

    /// Applies JSON and the plugins' steps to data that is about to be sent.
    ///
    /// # Errors
    /// What a step says; then nothing may be sent.
    pub fn encode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        entropy: &mut dyn Entropy,
    ) -> Result<(Data, Option<Str>), ErrorInfo> {
        let (mut payload, mut encoding) = match data {
            Data::Text(t) => (Payload::Text(t), encoding),
            Data::Binary(b) => (Payload::Binary(b), encoding),
            Data::Json(j) => (Payload::Text(j.to_text()), Some(append(encoding, "json"))),
            other => return Ok((other, encoding)),
        };
        for (_, step) in &mut self.steps {
            if let Some((next, name)) = step.encode(&payload, entropy)? {
                payload = next;
                encoding = Some(append(encoding, &name));
            }
        }
        Ok((payload.into(), encoding))
    }

    /// Continuity was lost: every step forgets what it keeps of earlier messages.
    pub fn reset(&mut self) {
        for (_, step) in &mut self.steps {
            step.reset();
        }
    }

    fn observe(&mut self, payload: &Payload, rest: &str, message: &MessageMeta<'_>) {
        for (_, step) in &mut self.steps {
            step.observe(payload, rest, message);
        }
    }

    fn step_decode(
        &mut self,
        step: &str,
        payload: Payload,
        message: &MessageMeta<'_>,
    ) -> Result<Payload, (Payload, DecodeFailure)> {
        for (encoding, open) in &mut self.steps {
            if encoding.handles(step) {
                // A step consumes its input; on failure the message keeps what it had.
                return open
                    .decode(step, payload.clone(), message)
                    .map_err(|failure| (payload, failure));
            }
        }
        let failure = if step == "vcdiff" {
            DecodeFailure::Fail(ErrorInfo::missing_plugin("vcdiff", "delta"))
        } else if step.starts_with("cipher+") {
            DecodeFailure::Leave(ErrorInfo::new(
                ErrorCode::INVALID_DATA,
                400,
                "the message is encrypted and the channel has no cipher",
            ))
        } else {
            DecodeFailure::Leave(invalid(
                "the message has an encoding that is not known here",
            ))
        };
        Err((payload, failure))
    }
}

type StepResult = Result<Payload, (Payload, DecodeFailure)>;

fn invalid(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INVALID_DATA, 400, why)
}

fn base64_decode(payload: Payload) -> StepResult {
    match &payload {
        Payload::Text(t) => match BASE64.decode(t.as_bytes()) {
            Ok(bytes) => Ok(Payload::Binary(bytes.into())),
            Err(_) => Err((
                payload,
                DecodeFailure::Leave(invalid("the data is not base64")),
            )),
        },
        Payload::Binary(_) => Err((
            payload,
            DecodeFailure::Leave(invalid("base64 of bytes makes no sense")),
        )),
    }
}

fn utf8_decode(payload: Payload) -> StepResult {
    match &payload {
        Payload::Text(_) => Ok(payload),
        Payload::Binary(b) => match core::str::from_utf8(b) {
            Ok(t) => Ok(Payload::Text(Str::new(t))),
            Err(_) => Err((
                payload,
                DecodeFailure::Leave(invalid("the data is not UTF-8")),
            )),
        },
    }
}

fn json_decode(payload: Payload) -> Result<JsonText, (Payload, DecodeFailure)> {
    let text = match utf8_decode(payload)? {
        Payload::Text(t) => t,
        kept @ Payload::Binary(_) => {
            return Err((kept, DecodeFailure::Leave(invalid("the data is not UTF-8"))));
        }
    };
    JsonText::new(text.clone()).map_err(|e| (Payload::Text(text), DecodeFailure::Leave(e)))
}

fn append(encoding: Option<Str>, step: &str) -> Str {
    match encoding.as_deref() {
        None | Some("") => Str::new(step),
        Some(e) => Str::concat(&[e, "/", step]),
    }
}

impl core::fmt::Debug for Chain {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names: Vec<String> = self.steps.iter().map(|(e, _)| e.id().into()).collect();
        f.debug_tuple("Chain").field(&names).finish()
    }
}
