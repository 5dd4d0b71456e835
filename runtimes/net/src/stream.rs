//! [`TokioStream`] and [`AsyncStream`]: tokio's streams as [`ByteStream`]s and back.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ably_base::ByteStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A [`ByteStream`] over a stream of tokio's: for diallers.
///
/// ```no_run
/// # async fn f() -> std::io::Result<Box<dyn ably_base::ByteStream>> {
/// use ably_tokio_net::TokioStream;
/// let socket = tokio::net::UnixStream::connect("/run/ably.sock").await?;
/// Ok(Box::new(TokioStream::new(socket)))
/// # }
/// ```
#[derive(Debug)]
pub struct TokioStream<S>(S);

impl<S> TokioStream<S> {
    /// Wraps `stream`.
    pub fn new(stream: S) -> Self {
        Self(stream)
    }

    /// The stream again.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for TokioStream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A [`ByteStream`] as a stream of tokio's.
pub struct AsyncStream(Box<dyn ByteStream>);

impl AsyncStream {
    /// Wraps `stream`.
    pub fn new(stream: Box<dyn ByteStream>) -> Self {
        Self(stream)
    }
}

impl AsyncRead for AsyncStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = ready!(self.0.poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(n.min(buf.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for AsyncStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close(cx)
    }
}

impl std::fmt::Debug for AsyncStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AsyncStream")
    }
}
