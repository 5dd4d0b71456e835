//! Byte streams under a transport: [`Dial`], [`ByteStream`], [`TlsProvider`].

use std::{
    io,
    task::{Context, Poll},
};

use ably_engine::{BoxFuture, MaybeSend, MaybeSync, TransportError};

/// A connected stream of bytes, such as a TCP or Unix socket.
///
/// The rules are those of tokio's and futures' `AsyncRead` and `AsyncWrite`.
pub trait ByteStream: MaybeSend {
    /// Reads into `buf`; 0 bytes mean the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;
    /// Writes some of `buf`.
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;
    /// Pushes out what was written.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Ends the writing half.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// Opens byte streams: hand one over to go through a proxy, a Unix socket or a resolver of your
/// own. It serves connections and requests alike.
pub trait Dial: MaybeSend + MaybeSync {
    /// Opens a stream to `host:port`.
    ///
    /// # Errors
    /// A classified failure: whether a fallback host is tried depends on the class.
    ///
    /// # Cancel safety
    /// Dropping the future must close what it has opened: the client does so when it gives up.
    fn dial(
        &self,
        host: String,
        port: u16,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>>;
}

/// Wraps a stream in TLS.
pub trait TlsProvider: MaybeSend + MaybeSync {
    /// Its name, for example `rustls`.
    fn id(&self) -> &'static str;

    /// Makes a handshake for `server_name` over `stream`.
    ///
    /// # Errors
    /// [`ably_engine::FailureKind::Tls`] when the certificate is not accepted.
    ///
    /// # Cancel safety
    /// Dropping the future must drop the stream: the client does so when it gives up.
    fn connect(
        &self,
        server_name: String,
        stream: Box<dyn ByteStream>,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>>;
}
