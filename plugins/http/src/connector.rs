//! [`Connector`]: opens streams for requests as transports open theirs.
//!
//! ```text
//! Uri -> Dial (TcpDialer: happy eyeballs) -> Routes (a proxy?) -> TlsProvider -> Stream
//! ```

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{
    Dial, ErrorInfo, FailureKind, TransportError,
    engine::BoxFuture,
    ext::{HttpContext, Journey},
};
use ably_tokio_net::{AsyncStream, TcpDialer};
use http::{Uri, uri::Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tower_service::Service;

#[derive(Clone)]
pub(crate) struct Connector {
    context: HttpContext,
    dial: Arc<dyn Dial>,
}

impl Connector {
    pub(crate) fn new(context: HttpContext) -> Self {
        let dial = context.dial.clone().unwrap_or_else(|| Arc::new(TcpDialer));
        Self { context, dial }
    }

    async fn open(self, uri: Uri) -> Result<Stream, TransportError> {
        let Self { context, dial } = self;
        let has_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default().to_owned();
        let port = uri.port_u16().unwrap_or(if has_tls { 443 } else { 80 });
        let mut to_proxy = false;
        let mut stream = match &context.routes {
            Some(routes) => {
                to_proxy = !has_tls && routes.forwarding(&host).is_some();
                let mut journey = Journey::new(host.clone(), port, has_tls, dial);
                journey.tls_provider = context.tls.clone();
                journey.to_proxy = to_proxy;
                routes.open(journey).await?
            }
            None => dial.dial(host.clone(), port).await?,
        };
        if has_tls {
            let tls = context.tls.as_ref().ok_or_else(no_tls)?;
            stream = tls.connect(host, stream).await?;
        }
        Ok(Stream {
            io: TokioIo::new(AsyncStream::new(stream)),
            to_proxy,
        })
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = TransportError;
    type Future = BoxFuture<Result<Stream, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().open(uri))
    }
}

/// A stream for hyper.
pub(crate) struct Stream {
    io: TokioIo<AsyncStream>,
    to_proxy: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.to_proxy)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// TLS is wanted, and there is no plugin for it.
pub(crate) fn no_tls() -> TransportError {
    let error = ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls");
    TransportError::with_source(FailureKind::Tls, Arc::new(error))
}
