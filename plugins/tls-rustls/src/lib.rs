//! TLS for the Ably client with rustls and ring.
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
mod stream;

pub use provider::Rustls;
