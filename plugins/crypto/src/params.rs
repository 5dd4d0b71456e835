//! [`CipherParams`] and what they are made of.
//!
//! Spec: RSE1, TZ1, TZ2, CO2.

use ably_base::{
    ErrorCode, ErrorInfo,
    protocol::{Secret, Str},
};

use crate::base64;

/// A key: bytes, or base64 of either alphabet. Never printed, wiped when dropped.
///
/// Spec: RSE1c, CO2b.
#[derive(Clone, Debug)]
pub struct CipherKey(Option<Secret<Vec<u8>>>);

impl CipherKey {
    /// The bytes; `None` when the text it was made from is not base64.
    pub fn expose(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|key| key.expose().as_slice())
    }
}

impl From<Secret<Vec<u8>>> for CipherKey {
    fn from(key: Secret<Vec<u8>>) -> Self {
        Self(Some(key))
    }
}

impl From<Vec<u8>> for CipherKey {
    fn from(key: Vec<u8>) -> Self {
        Self(Some(Secret::new(key)))
    }
}

impl From<&[u8]> for CipherKey {
    fn from(key: &[u8]) -> Self {
        Self::from(key.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for CipherKey {
    fn from(key: [u8; N]) -> Self {
        Self::from(key.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for CipherKey {
    fn from(key: &[u8; N]) -> Self {
        Self::from(key.to_vec())
    }
}

/// The text is base64.
impl From<&str> for CipherKey {
    fn from(text: &str) -> Self {
        Self(base64::decode(text).map(Secret::new))
    }
}

/// The text is base64.
impl From<String> for CipherKey {
    fn from(text: String) -> Self {
        Self::from(Secret::new(text).expose().as_str())
    }
}

/// What [`CipherParams`] are made from: a key, and what else is to hold.
///
/// Nothing is checked here: mistakes show in [`crate::Crypto::get_default_params`], or when the
/// channel that is to use it is made.
///
/// Spec: CO2.
#[derive(Clone, Debug)]
pub struct CipherParamOptions {
    key: CipherKey,
    algorithm: Option<Str>,
    key_length: Option<u32>,
    mode: Option<Str>,
}

impl CipherParamOptions {
    /// A key, and defaults for the rest.
    pub fn new(key: impl Into<CipherKey>) -> Self {
        Self {
            key: key.into(),
            algorithm: None,
            key_length: None,
            mode: None,
        }
    }

    /// Names the algorithm; only `aes` (the default) is supported. Spec: CO2a.
    #[must_use]
    pub fn algorithm(mut self, algorithm: impl Into<Str>) -> Self {
        self.algorithm = Some(algorithm.into());
        self
    }

    /// States the length of the key in bits, to be checked against the key. Spec: CO2c.
    #[must_use]
    pub fn key_length(mut self, bits: u32) -> Self {
        self.key_length = Some(bits);
        self
    }

    /// Names the mode; only `cbc` (the default) is supported. Spec: CO2d.
    #[must_use]
    pub fn mode(mut self, mode: impl Into<Str>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// Spec: RSE1a, RSE1d, RSE1e.
    pub(crate) fn resolve(&self) -> Result<CipherParams, ErrorInfo> {
        let named = |given: &Option<Str>, only: &str| {
            let given = given.as_deref();
            given.is_none_or(|name| name.eq_ignore_ascii_case(only))
        };
        if !named(&self.algorithm, "aes") {
            return Err(invalid("only the algorithm `aes` is supported"));
        }
        if !named(&self.mode, "cbc") {
            return Err(invalid("only the mode `cbc` is supported"));
        }
        let Some(key) = &self.key.0 else {
            return Err(invalid(
                "the key is text that is not base64: hand over bytes, base64 or base64url",
            ));
        };
        if key.expose().is_empty() {
            return Err(invalid("the key is empty"));
        }
        let bits = key.expose().len() as u64 * 8;
        if let Some(said) = self.key_length.filter(|said| u64::from(*said) != bits) {
            return Err(invalid(format!(
                "a key length of {said} bits was given and the key has {bits}"
            )));
        }
        if bits != 128 && bits != 256 {
            return Err(invalid(format!(
                "a key of {bits} bits cannot be used with AES-CBC: it takes 128 or 256 bits (16 \
                 or 32 bytes)"
            )));
        }
        Ok(CipherParams { key: key.clone() })
    }
}

impl<K: Into<CipherKey>> From<K> for CipherParamOptions {
    fn from(key: K) -> Self {
        Self::new(key)
    }
}

/// Checked parameters come from [`crate::Crypto::get_default_params`].
impl From<CipherParams> for CipherParamOptions {
    fn from(params: CipherParams) -> Self {
        Self::new(params.key)
    }
}

/// How a channel's data is encrypted: AES-CBC with a key of 128 or 256 bits. Complete and valid.
///
/// Spec: TZ1, TZ2.
#[derive(Clone, Debug)]
pub struct CipherParams {
    key: Secret<Vec<u8>>,
}

impl CipherParams {
    /// The algorithm: `aes`. Spec: TZ2a.
    pub fn algorithm(&self) -> &'static str {
        "aes"
    }

    /// The length of the key in bits. Spec: TZ2b.
    pub fn key_length(&self) -> u32 {
        self.key.expose().len() as u32 * 8
    }

    /// The mode: `cbc`. Spec: TZ2c.
    pub fn mode(&self) -> &'static str {
        "cbc"
    }

    /// The key. Spec: TZ2d.
    pub fn key(&self) -> &Secret<Vec<u8>> {
        &self.key
    }
}

/// ably-js throws an error without a code here.
pub(crate) fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, why)
}
