//! The WebSocket upgrade.
//!
//! Every well-formed upgrade is completed, because clients take a refused one for a network error;
//! what is wrong with the request is then told on the socket.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::core::{ConnectRequest, parse_query};
use crate::shell::accept::Slot;
use crate::shell::hub::Hub;
use crate::shell::session;

/// Says whether a request asks for a WebSocket.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Answers the upgrade and starts what follows it.
pub(crate) fn accept(
    hub: Arc<Hub>,
    alive: mpsc::Sender<()>,
    max_frame_size: usize,
    mut request: Request<Body>,
) -> Response<Body> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| {
        headers
            .get(SEC_WEBSOCKET_VERSION)
            .is_some_and(|version| version == "13")
    });
    let mut response = Response::new(Body::empty());
    let Some(key) = key else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accepted = derive_accept_key(key.as_bytes()).parse();
    let headers = response.headers_mut();
    headers.insert(CONNECTION, axum::http::HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, axum::http::HeaderValue::from_static("websocket"));
    if let Ok(accepted) = accepted {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    }
    let query = parse_query(request.uri().query().unwrap_or_default());
    // Clients probe whether WebSockets get through at all with a bare upgrade.
    let is_probe = request.uri().path() != "/" || query.is_empty();
    let slot = request.extensions().get::<Arc<Slot>>().cloned();
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let _held = (alive, slot);
        let Ok(upgraded) = upgraded.await else {
            return;
        };
        let config = WebSocketConfig::default()
            .max_frame_size(Some(max_frame_size))
            .max_message_size(Some(max_frame_size));
        let socket = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await;
        if is_probe {
            session::probe(&hub, socket).await;
        } else {
            session::run(&hub, socket, &ConnectRequest { query }).await;
        }
    });
    response
}
