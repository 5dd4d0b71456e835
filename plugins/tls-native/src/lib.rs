//! TLS for the Ably client with the platform's own library: OpenSSL on Linux, Secure Transport on
//! Apple's systems, SChannel on Windows.
//!
//! ```no_run
//! use ably_base::ClientOptions;
//! use ably_tls_native::NativeTls;
//!
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(NativeTls::new());
//! ```
//!
//! On Linux building it needs the headers of OpenSSL. With rustls installed as well, choose it with
//! `ClientOptions::tls_backend("native-tls")`.
//!
//! [`NativeTls`] is both the [`TlsProvider`](ably_base::TlsProvider) (`native-tls`) and its plugin.
//! It is smaller than rustls where the library is there anyway, and asks the platform whom to
//! trust. TLS 1.2 and what is newer; there is no way to switch the checking of certificates off.

mod provider;

pub use provider::NativeTls;
