//! [`Chain`]: the steps of one channel, undone right to left and applied left to right.
//!
//! `json`, `utf-8` and `base64` are built in; other steps come from plugins. `base64` is never
//! applied here: only the codec at the socket knows whether it is needed.
//!
//! Spec: RSL4, RSL6, RSL6b, RTL19.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

use ably_protocol::{Data, ErrorCode, ErrorInfo, JsonText, Payload, Str, Value};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{DecodeFailure, MessageMeta, PayloadEncoding, PayloadStep};
use crate::{ChannelOptions, Entropy};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
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

impl Decoded {
    fn whole(data: Data) -> Self {
        Self {
            data,
            encoding: None,
            failure: None,
        }
    }

    fn partly(data: Data, rest: &str, why: DecodeFailure) -> Self {
        Self {
            data,
            encoding: Some(Str::new(rest)),
            failure: Some(why),
        }
    }
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

    /// The chain of a channel that was asked for without options, which nothing may refuse: beside
    /// it, the encodings that could not take part.
    pub(crate) fn open_plain(
        encodings: &[Arc<dyn PayloadEncoding>],
    ) -> (Self, Vec<(&'static str, ErrorInfo)>) {
        let options = ChannelOptions::default();
        let mut steps = Vec::new();
        let mut refused = Vec::new();
        for encoding in encodings {
            match encoding.open(&options) {
                Ok(Some(step)) => steps.push((encoding.clone(), step)),
                Ok(None) => {}
                Err(error) => refused.push((encoding.id(), error)),
            }
        }
        steps.sort_by_key(|(e, _)| e.rank());
        (Self { steps }, refused)
    }

    /// True when no plugin takes part: messages without an encoding pass as they are.
    pub fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// True when a step keeps something of earlier messages.
    pub fn keeps_state(&self) -> bool {
        self.steps.iter().any(|(_, step)| step.keeps_state())
    }

    /// Undoes `encoding` as far as possible, for the next message of a channel.
    pub fn decode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
    ) -> Decoded {
        self.undo(data, encoding, message, true)
    }

    /// As [`Chain::decode`], for what is not one of the channel's messages, such as presence: steps
    /// that keep something of earlier messages take no part and learn nothing.
    pub fn decode_apart(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
    ) -> Decoded {
        self.undo(data, encoding, message, false)
    }

    fn undo(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
        in_turn: bool,
    ) -> Decoded {
        let whole = encoding.as_deref().unwrap_or_default();
        if whole.is_empty() && self.steps.is_empty() {
            return Decoded::whole(data);
        }
        let mut payload = match data {
            Data::Text(t) => Payload::Text(t),
            Data::Binary(b) => Payload::Binary(b),
            // Nothing, or JSON that stands in the frame as such (a REST user can do that).
            other => {
                // A delta cannot be relative to it, nor to what came before it.
                if in_turn {
                    self.reset();
                }
                return Decoded {
                    data: other,
                    encoding: encoding.filter(|e| !e.is_empty()),
                    failure: None,
                };
            }
        };
        let mut rest = whole;
        if let (left, "base64") = last_step(rest) {
            match base64_decode(payload) {
                Ok(bytes) => payload = bytes,
                Err((kept, why)) => return Decoded::partly(kept.into(), rest, why),
            }
            rest = left;
        }
        if in_turn {
            self.observe(&payload, rest, message);
        }
        while !rest.is_empty() {
            let (left, step) = last_step(rest);
            let undone = match step {
                "base64" => base64_decode(payload).map(Data::from),
                "utf-8" => utf8_decode(payload).map(Data::from),
                "json" => json_decode(payload),
                _ => self
                    .step_decode(step, payload, message, in_turn)
                    .map(Data::from),
            };
            payload = match undone {
                Ok(Data::Text(text)) => Payload::Text(text),
                Ok(Data::Binary(bytes)) => Payload::Binary(bytes),
                Ok(json) if left.is_empty() => return Decoded::whole(json),
                Ok(json) => {
                    let why = invalid("a step of the encoding takes text or bytes, not JSON");
                    return Decoded::partly(json, left, DecodeFailure::Leave(why));
                }
                Err((kept, why)) => return Decoded::partly(kept.into(), rest, why),
            };
            rest = left;
        }
        Decoded::whole(payload.into())
    }

    /// Applies JSON and the plugins' steps to data that is about to be sent.
    ///
    /// # Errors
    /// - `40013` the data is a JSON number, boolean, string or null.
    /// - what a step says.
    ///
    /// After any of them nothing may be sent.
    pub fn encode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        entropy: &mut dyn Entropy,
    ) -> Result<(Data, Option<Str>), ErrorInfo> {
        let (mut payload, mut encoding) = match data {
            Data::Text(t) => (Payload::Text(t), encoding),
            Data::Binary(b) => (Payload::Binary(b), encoding),
            Data::Json(j) => {
                if !j.as_str().trim_start().starts_with(['{', '[']) {
                    return Err(invalid(
                        "data must be a string, bytes, or a JSON object or array",
                    ));
                }
                let marked = last_step(encoding.as_deref().unwrap_or_default()).1 == "json";
                let encoding = match encoding {
                    Some(e) if marked => e,
                    other => append(other, "json"),
                };
                (Payload::Text(j.to_text()), Some(encoding))
            }
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
        mut payload: Payload,
        message: &MessageMeta<'_>,
        in_turn: bool,
    ) -> StepResult {
        for (encoding, open) in &mut self.steps {
            if encoding.handles(step) && (in_turn || !open.keeps_state()) {
                return match open.decode(step, &mut payload, message) {
                    Ok(()) => Ok(payload),
                    Err(failure) => Err((payload, failure)),
                };
            }
        }
        let failure = if step == "vcdiff" && in_turn {
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

/// The encoding without its last step, and that step.
fn last_step(encoding: &str) -> (&str, &str) {
    encoding.rsplit_once('/').unwrap_or(("", encoding))
}

/// The binary protocol can carry base64 text as bytes, which is the same.
fn base64_decode(payload: Payload) -> StepResult {
    match BASE64.decode(payload.as_bytes()) {
        Ok(bytes) => Ok(Payload::Binary(bytes.into())),
        Err(_) => Err((
            payload,
            DecodeFailure::Leave(invalid("the data is not base64")),
        )),
    }
}

fn utf8_decode(payload: Payload) -> StepResult {
    match text_of(&payload) {
        Some(text) => Ok(Payload::Text(text)),
        None => Err((
            payload,
            DecodeFailure::Leave(invalid("the data is not UTF-8")),
        )),
    }
}

fn json_decode(payload: Payload) -> Result<Data, (Payload, DecodeFailure)> {
    let Some(text) = text_of(&payload) else {
        return Err((
            payload,
            DecodeFailure::Leave(invalid("the data is not UTF-8")),
        ));
    };
    parse(text).map_err(|why| (payload, DecodeFailure::Leave(why)))
}

/// JSON as data: a JSON string is a string and null is nothing.
fn parse(text: Str) -> Result<Data, ErrorInfo> {
    match text.trim_start().as_bytes().first() {
        Some(b'"') => match Value::from_json(&text)? {
            Value::Text(t) => Ok(Data::Text(t)),
            _ => Err(invalid("the data is not JSON")),
        },
        first => {
            let is_null = first == Some(&b'n');
            let json = JsonText::new(text)?;
            Ok(if is_null {
                Data::None
            } else {
                Data::Json(json)
            })
        }
    }
}

fn text_of(payload: &Payload) -> Option<Str> {
    match payload {
        Payload::Text(text) => Some(text.clone()),
        Payload::Binary(bytes) => core::str::from_utf8(bytes).ok().map(Str::new),
    }
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

#[cfg(test)]
mod tests;
