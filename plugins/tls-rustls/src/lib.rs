//! TLS for the Ably client with rustls and ring.
//!
//! ```
//! use ably_base::ClientOptions;
//! use ably_tls_rustls::Rustls;
//!
//! # fn main() -> Result<(), ably_base::ErrorInfo> {
//! // Whom the platform trusts:
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(Rustls::new());
//! // Mozilla's authorities, for a container without any:
//! let bundled = ClientOptions::with_key("appId.keyId:secret").plugin(Rustls::bundled_roots());
//! // An authority of one's own that is no certificate is refused at once:
//! assert_eq!(Rustls::no_roots().extra_roots_pem(b"?").unwrap_err().code(), 40000);
//! # Ok(())
//! # }
//! ```
//!
//! Choose it where it runs: it needs no library of the system, only a C compiler when it is built.
//! `ably-tls-native` is smaller where OpenSSL is there anyway, and asks the platform whom to trust on
//! Windows and Apple's systems. With both installed `rustls` is used, unless
//! [`ClientOptions::tls_backend`](ably_base::ClientOptions::tls_backend) says `native-tls`.
//!
//! [`Rustls`] is both the [`TlsProvider`](ably_base::TlsProvider) (`rustls`) and its plugin. The
//! crypto provider is handed over explicitly, so the process-wide default of rustls is neither read
//! nor set. TLS 1.2 and 1.3; there is no way to switch the checking of certificates off.
//!
//! The platform's authorities are read with `rustls-native-certs` and certificates are checked by
//! webpki on every platform. `rustls-platform-verifier` would ask the platform instead, which
//! honours its revocations; but it is the same thing on Linux, needs to be handed a JVM on Android,
//! and what it does could only be tested platform by platform.

mod provider;
mod roots;

pub use provider::Rustls;
