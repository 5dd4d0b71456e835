//! HTTP on the client's sockets, and to the server.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::event::What;
use crate::rule::Action;
use crate::rules::Subject;
use crate::session::Shared;
use crate::socket;

pub(crate) type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// Serves until the session ends. Whoever holds `alive` is waited for.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, alive: mpsc::Sender<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopped() => return,
        };
        let Ok((tcp, _)) = accepted else {
            // Out of file descriptors, most likely: give some time to get them back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (shared, alive) = (Arc::clone(&shared), alive.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serve_socket(&shared, tcp, &alive) => {}
                () = shared.stopped() => {}
            }
        });
    }
}

async fn serve_socket(shared: &Arc<Shared>, tcp: TcpStream, alive: &mpsc::Sender<()>) {
    let _ = tcp.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| async {
        if is_upgrade(request.headers()) {
            return socket::upgrade(shared, request, alive.clone()).await;
        }
        relay(shared, request).await
    });
    let served = hyper::server::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(tcp), service)
        .with_upgrades();
    // An error is a socket dropped on purpose, or by the client.
    let _ = served.await;
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Passes a request on, or does with it what a rule says. An error drops the socket.
async fn relay(shared: &Shared, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    let what = What::HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query_params: query(&request),
    };
    let size = request.uri().to_string().len();
    let fired = shared.decide(Subject::HttpRequest { method, path }, what, size);
    let label = fired.as_ref().map(|fired| fired.label.clone());
    let response = match fired.map(|fired| fired.action) {
        Some(Action::HttpDrop) => return Err(io::Error::other("dropped on purpose")),
        Some(Action::HttpRespond {
            status,
            body,
            headers,
        }) => made(status, body, headers),
        Some(Action::HttpReplaceResponse {
            status,
            body,
            headers,
        }) => {
            let real = forward(shared, request).await;
            // The server is done when its answer is read.
            let _ = real.into_body().collect().await;
            made(status, body, headers)
        }
        Some(Action::HttpDelay { delay_ms }) => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            forward(shared, request).await
        }
        _ => forward(shared, request).await,
    };
    let status = response.status().as_u16();
    shared.record(What::HttpResponse { status }, label, 0);
    Ok(response)
}

/// What the server answers; 502 if it does not.
async fn forward(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let answer = async {
        let stream = shared.target.connect().await?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(io::Error::other)?;
        tokio::spawn(connection);
        let (mut head, body) = request.into_parts();
        without_hops(&mut head.headers);
        let host = HeaderValue::from_str(&shared.target.authority()).map_err(io::Error::other)?;
        head.headers.insert(HOST, host);
        let request = Request::from_parts(head, body);
        let answer = sender.send_request(request).await;
        answer.map_err(io::Error::other)
    };
    match answer.await {
        Ok(answer) => {
            let (mut head, body) = answer.into_parts();
            without_hops(&mut head.headers);
            Response::from_parts(head, body.boxed_unsync())
        }
        Err(error) => {
            let body = Value::String(format!("the server does not answer: {error}"));
            made(502, Some(body), BTreeMap::new())
        }
    }
}

/// An answer of the proxy's own.
pub(crate) fn made(
    status: u16,
    body: Option<Value>,
    headers: BTreeMap<String, String>,
) -> Response<Body> {
    let bytes = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let mut response = Response::new(full(bytes));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    for (name, value) in headers {
        let pair = (name.parse::<HeaderName>(), HeaderValue::from_str(&value));
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

pub(crate) fn full(bytes: Bytes) -> Body {
    let never = |error: Infallible| match error {};
    Full::new(bytes).map_err(never).boxed_unsync()
}

/// Removes the headers that are between two neighbours.
pub(crate) fn without_hops(headers: &mut HeaderMap) {
    for name in [
        CONNECTION.as_str(),
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ] {
        headers.remove(name);
    }
}

/// The parameters of a request.
pub(crate) fn query<B>(request: &Request<B>) -> BTreeMap<String, String> {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    });
    pairs.collect()
}

/// Undoes percent-encoding; what is not encoded properly stays as it is.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let hex = part
            .get(..2)
            .filter(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const MAX_HEAD: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let request = Request::get("http://h/?a=1%202&b&c=%e2%98%83%&d=%zz+x").body(());
        let query = query(&request.unwrap());
        let pairs: Vec<_> = query
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("a", "1 2"), ("b", ""), ("c", "☃%"), ("d", "%zz x")]
        );
    }
}
