//! Payload encryption: ably-js's `Crypto` plugin.
//!
//! Message and presence data of a channel with a [`CipherParams`] is encrypted with AES-CBC before
//! it is sent and decrypted when it comes; names, ids and extras are not. Install [`Crypto`] and
//! give the channel a key with [`ChannelOptionsExt::cipher`]. Without the plugin such options are
//! refused with `40019`: nothing is ever sent in the clear instead.
//!
//! ```no_run
//! use ably_base::{BaseRealtime, ChannelOptions, ClientOptions};
//! use ably_crypto::{ChannelOptionsExt, Crypto};
//!
//! # fn main() -> Result<(), ably_base::ErrorInfo> {
//! let client = BaseRealtime::new(ClientOptions::with_key("app.key:secret").plugin(Crypto))?;
//! let mut entropy = client.plugins().require_runtime()?.entropy();
//! let key = Crypto::generate_random_key(&mut *entropy, None)?;
//! let channel = client.channels().get_with("vault", ChannelOptions::new().cipher(key))?;
//! # let _ = channel; Ok(())
//! # }
//! ```
//!
//! Spec: RSL5, RSE, TZ.

mod base64;
mod cbc;
mod encoding;
mod params;
mod plugin;

pub use encoding::CryptoEncoding;
pub use params::{CipherKey, CipherParamOptions, CipherParams};
pub use plugin::{ChannelOptionsExt, Crypto};
