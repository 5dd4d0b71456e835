//! [`Crypto`], the plugin, and [`ChannelOptionsExt`], the channel option it brings.
//!
//! Spec: RSE1, RSE2, TB2b, TB3.

use std::sync::Arc;

use ably_base::{
    ChannelOptions, ErrorInfo, Plugin, PluginOption, Plugins, engine::Entropy, protocol::Secret,
};

use crate::{
    CipherKey, CipherParamOptions, CipherParams, CryptoEncoding, encoding::ID, params::invalid,
};

/// The plugin, and what ably-js offers as `Ably.Realtime.Crypto`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crypto;

impl Crypto {
    /// Completes and checks `options`: the length of the key is worked out, the rest gets its
    /// defaults.
    ///
    /// # Errors
    /// - `40000` the key is not 128 or 256 bits, is not as long as stated, or is not base64; an
    ///   algorithm other than `aes`, a mode other than `cbc`. ably-js's error has no code.
    ///
    /// Spec: RSE1.
    pub fn get_default_params(
        options: impl Into<CipherParamOptions>,
    ) -> Result<CipherParams, ErrorInfo> {
        options.into().resolve()
    }

    /// Makes a key of `bits` bits, 256 for `None`, from `entropy`: `ably::plugins::tokio::OsEntropy`, or
    /// that of the client's runtime.
    ///
    /// # Errors
    /// - `40000` neither 128 nor 256 bits. ably-js makes a key that it then refuses to use.
    ///
    /// Spec: RSE2.
    pub fn generate_random_key(
        entropy: &mut dyn Entropy,
        bits: impl Into<Option<u32>>,
    ) -> Result<Secret<Vec<u8>>, ErrorInfo> {
        let bytes = match bits.into() {
            None | Some(256) => 32,
            Some(128) => 16,
            Some(_) => return Err(invalid("a key has 128 or 256 bits")),
        };
        let mut key = vec![0; bytes];
        entropy.fill(&mut key);
        Ok(Secret::new(key))
    }
}

impl Plugin for Crypto {
    fn id(&self) -> &'static str {
        ID
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(CryptoEncoding));
        Ok(())
    }
}

/// The option `cipher` of a channel.
pub trait ChannelOptionsExt: Sized {
    /// Encrypts and decrypts the channel's data with a key ([`CipherKey`]), with options, or with
    /// [`CipherParams`].
    ///
    /// Checked when the channel gets the options: `channels().get_with` and `set_options` fail
    /// with `40000` when it cannot be used, and with `40019` when the plugin is not installed.
    ///
    /// Spec: TB2b, RSL5a.
    #[must_use]
    fn cipher(self, params: impl Into<CipherParamOptions>) -> Self;

    /// Options with a cipher and nothing else.
    ///
    /// Spec: TB3.
    #[must_use]
    fn with_cipher_key(key: impl Into<CipherKey>) -> Self;
}

impl ChannelOptionsExt for ChannelOptions {
    fn cipher(self, params: impl Into<CipherParamOptions>) -> Self {
        self.plugin_option(PluginOption::new(ID, "crypto", params.into()))
    }

    fn with_cipher_key(key: impl Into<CipherKey>) -> Self {
        Self::new().cipher(CipherParamOptions::new(key))
    }
}
