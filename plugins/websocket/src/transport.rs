//! [`WebSocketTransport`].

use std::sync::Arc;

use ably_base::{
    ConnectContext, ErrorInfo, FailureKind, Plugin, Plugins, Target, Transport, TransportError,
    TransportLink, engine::BoxFuture, ext::Journey,
};

use crate::{TcpDialer, link::Link, upgrade::upgrade};

/// The WebSocket transport, and the plugin that installs it: the feature `websocket` of `ably`.
///
/// # Behaviour
/// - Dials with the client's dialler, else with [`TcpDialer`], and through a proxy where
///   [`ConnectContext::routes`] leads through one. TLS comes from the client's
///   [`TlsProvider`](ably_base::TlsProvider).
/// - Answers pings and counts them as a sign of life, so the server sends no HEARTBEATs.
/// - A frame larger than [`ConnectContext::max_frame_size`] fails the link.
/// - Closing waits for the peer's answer.
///
/// ably-js: `WebSocketTransport`. Spec: RTN2, RTN23b.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebSocketTransport;

impl Transport for WebSocketTransport {
    fn id(&self) -> &'static str {
        "web_socket"
    }

    fn sees_pings(&self) -> bool {
        true
    }

    fn uses_tls_provider(&self) -> bool {
        true
    }

    fn connect(
        &self,
        target: Target,
        cx: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        Box::pin(async move {
            let dial = cx.dial.clone().unwrap_or_else(|| Arc::new(TcpDialer));
            let host = target.host.as_str().to_owned();
            let mut stream = match &cx.routes {
                Some(routes) => {
                    let mut journey = Journey::new(host, target.port, target.tls, dial);
                    journey.tls_provider = cx.tls.clone();
                    routes.open(journey).await?
                }
                None => dial.dial(host, target.port).await?,
            };
            if target.tls {
                let tls = cx.tls.as_ref().ok_or_else(no_tls)?;
                stream = tls.connect(target.host.as_str().to_owned(), stream).await?;
            }
            let early = upgrade(&mut *stream, &target).await?;
            Ok(Box::new(Link::new(stream, &early, cx.max_frame_size)) as Box<dyn TransportLink>)
        })
    }
}

impl Plugin for WebSocketTransport {
    fn id(&self) -> &'static str {
        "WebSocketTransport"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_transport(Arc::new(*self));
        Ok(())
    }
}

/// The client's constructor refuses this already.
fn no_tls() -> TransportError {
    TransportError::with_source(
        FailureKind::Tls,
        Arc::new(ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls")),
    )
}
