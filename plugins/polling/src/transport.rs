//! [`XhrPolling`] and [`Comet`].

use std::{future::poll_fn, sync::Arc};

use ably_base::{
    ConnectContext, ErrorInfo, FailureKind, Plugin, Plugins, Target, Transport, TransportError,
    TransportLink, engine::BoxFuture,
};

use crate::{link::Link, machine::Machine, urls::Urls};

/// Long polling, and the plugin that installs it: every answer is read whole, and then the server
/// is asked again.
///
/// # Behaviour
/// - Speaks JSON, whatever the client uses elsewhere.
/// - Makes its requests with the client's HTTP plugin, at most two at a time: one waits for what
///   the server has to say, the other sends. What is published while one is under way goes together
///   with the next.
/// - The transport parameter `stream` makes it like [`Comet`].
/// - An answer larger than [`ConnectContext::max_frame_size`] fails the link.
/// - Closing asks the server to keep the connection for a resume. Dropping abandons the requests.
///
/// ably-js: `XHRPolling`, the transport `xhr_polling`. Spec: `comet.textile`.
#[derive(Clone, Copy, Debug, Default)]
pub struct XhrPolling;

/// The same with streams, and the plugin that installs it: an answer goes on for as long as the
/// server likes, and each line of it brings messages.
///
/// Where something on the way holds answers back until they are complete, [`XhrPolling`] works and
/// this does not. Everything else is as there; the limit is that of a line.
///
/// ably-js: the transport `comet` of Node. Spec: `comet.textile`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Comet;

macro_rules! transport {
    ($name:ident, $id:literal, $plugin:literal, stream: $stream:literal) => {
        impl Transport for $name {
            fn id(&self) -> &'static str {
                $id
            }

            fn uses_http(&self) -> bool {
                true
            }

            fn json_only(&self) -> bool {
                true
            }

            fn connect(
                &self,
                target: Target,
                cx: ConnectContext,
            ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
                Box::pin(open(target, cx, $stream))
            }
        }

        impl Plugin for $name {
            fn id(&self) -> &'static str {
                $plugin
            }

            fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
                into.add_base_transport(Arc::new(*self));
                Ok(())
            }
        }
    };
}

transport!(XhrPolling, "xhr_polling", "XHRPolling", stream: false);
transport!(Comet, "comet", "Comet", stream: true);

async fn open(
    target: Target,
    cx: ConnectContext,
    stream: bool,
) -> Result<Box<dyn TransportLink>, TransportError> {
    // The client's constructor refuses these already.
    let http = cx.http.ok_or_else(|| lacks("FetchRequest", "http"))?;
    let runtime = cx.runtime.ok_or_else(|| lacks("Runtime", "tokio"))?;
    if target.tls && !http.has_tls() {
        return Err(lacks("TLS", "rustls` or `native-tls"));
    }
    let urls = Urls::new(&target, stream)?;
    let machine = Machine::new(urls, cx.max_frame_size, cx.http_request_timeout);
    let mut link = Link::new(machine, http, runtime);
    poll_fn(|cx| link.poll_open(cx)).await?;
    Ok(Box::new(link))
}

fn lacks(plugin: &str, feature: &str) -> TransportError {
    let error = ErrorInfo::missing_plugin(plugin, feature);
    TransportError::with_source(FailureKind::Other, Arc::new(error))
}
