//! [`CryptoEncoding`]: the steps `cipher+aes-128-cbc` and `cipher+aes-256-cbc`.
//!
//! What is sent is a random IV and the ciphertext after it. Text is encrypted as UTF-8 and marked
//! `utf-8` first. Data that cannot be decrypted is delivered as it came, with what is left of its
//! encoding.
//!
//! Spec: RSL5, RSL6b.

use ably_base::{
    ChannelOptions, DecodeFailure, ErrorCode, ErrorInfo, MessageMeta, PayloadEncoding, PayloadStep,
    engine::Entropy, protocol::Payload,
};

use crate::{
    CipherParamOptions,
    cbc::{BLOCK, Cbc, Undecryptable},
    params::invalid,
};

/// ably-js's name of the plugin.
pub(crate) const ID: &str = "Crypto";

/// The encoding for [`ably_base::Plugins::add_encoding`]; [`crate::Crypto`] installs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CryptoEncoding;

impl PayloadEncoding for CryptoEncoding {
    fn id(&self) -> &'static str {
        ID
    }

    fn handles(&self, step: &str) -> bool {
        step.split('+').next() == Some("cipher")
    }

    fn open(&self, options: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        if !options.plugin_options().iter().any(|o| o.plugin() == ID) {
            return Ok(None);
        }
        // An option that is there and not understood must not mean plain text.
        let Some(options) = options.plugin::<CipherParamOptions>(ID) else {
            return Err(invalid(
                "the cipher of the channel was not made by this version of ably-crypto",
            ));
        };
        let params = options.resolve()?;
        let cbc = Cbc::new(params.key().expose())
            .ok_or_else(|| invalid("the key has a length that AES does not take"))?;
        Ok(Some(Box::new(Step { cbc })))
    }
}

struct Step {
    cbc: Cbc,
}

impl PayloadStep for Step {
    fn decode(
        &mut self,
        step: &str,
        data: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        if step.strip_prefix("cipher+") != Some(self.cbc.algorithm()) {
            return Err(leave(
                "the message was encrypted with an algorithm other than the channel's",
            ));
        }
        let Payload::Binary(bytes) = data else {
            return Err(leave("the message is marked as encrypted and is text"));
        };
        let length = self.cbc.check(bytes).map_err(|e| {
            leave(match e {
                Undecryptable::Length => "the encrypted data has an impossible length",
                Undecryptable::Padding => {
                    "the data cannot be decrypted: most likely it was encrypted with another key"
                }
            })
        })?;
        // In place where nobody else holds the bytes, which is the usual case.
        *bytes = match std::mem::take(bytes).try_into_mut() {
            Ok(mut own) => {
                self.cbc.decrypt(&mut own);
                own.freeze()
            }
            Err(shared) => {
                let mut own = shared.to_vec();
                self.cbc.decrypt(&mut own);
                own.into()
            }
        };
        *bytes = bytes.slice(BLOCK..BLOCK + length);
        Ok(())
    }

    fn encode(
        &mut self,
        data: &Payload,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        let mut iv = [0; BLOCK];
        entropy.fill(&mut iv);
        let encrypted = self
            .cbc
            .encrypt(&iv, data.as_bytes())
            .ok_or_else(|| ErrorInfo::new(ErrorCode::INTERNAL, 500, "encryption failed"))?;
        let prefix = match data {
            Payload::Text(_) => "utf-8/cipher+",
            Payload::Binary(_) => "cipher+",
        };
        let name = [prefix, self.cbc.algorithm()].concat();
        Ok(Some((Payload::Binary(encrypted.into()), name)))
    }
}

fn leave(why: &'static str) -> DecodeFailure {
    DecodeFailure::Leave(ErrorInfo::new(ErrorCode::INVALID_DATA, 400, why))
}
