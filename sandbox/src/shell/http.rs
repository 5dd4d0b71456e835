//! HTTP requests to the core's and back.
//!
//! Reads at most one frame's worth of body within a time, and writes content types, error headers
//! and CORS headers exactly as clients compare them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CONTENT_TYPE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::core::auth::Credential;
use crate::core::{Core, parse_query, percent_decode, rest};
use crate::shell::hub::Hub;
use crate::shell::{comet, upgrade};
use crate::wire::data::from_base64;
use crate::wire::error::{BAD_BODY, BAD_VERSION, TOO_LARGE};
use crate::wire::{ErrorInfo, Format, Value};

/// What handlers share.
#[derive(Clone)]
struct Shared {
    hub: Arc<Hub>,
    max_frame_size: usize,
    // Weak, or the router would keep itself waiting when the sandbox stops.
    alive: mpsc::WeakSender<()>,
}

/// Builds the routes.
pub(crate) fn router(hub: Arc<Hub>, max_frame_size: usize, alive: &mpsc::Sender<()>) -> Router {
    Router::new().fallback(handle).with_state(Shared {
        hub,
        max_frame_size,
        alive: alive.downgrade(),
    })
}

async fn handle(State(shared): State<Shared>, request: Request<Body>) -> Response<Body> {
    if upgrade::is_wanted(request.headers()) {
        return match shared.alive.upgrade() {
            Some(alive) => upgrade::accept(shared.hub, alive, shared.max_frame_size, request),
            None => with_status(StatusCode::SERVICE_UNAVAILABLE),
        };
    }
    let origin = request.headers().get(ORIGIN).cloned();
    let text = plain_text(request.method(), request.uri().path());
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else if comet::path_of(request.uri().path()).is_some() {
        let Some(alive) = shared.alive.upgrade() else {
            return with_status(StatusCode::SERVICE_UNAVAILABLE);
        };
        comet::answer(&shared.hub, alive, shared.max_frame_size, request).await
    } else if let Some(text) = text {
        let mut response = Response::new(Body::from(text));
        let content_type = HeaderValue::from_static("text/plain");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    } else {
        let query = parse_query(request.uri().query().unwrap_or_default());
        let format = answer_format(request.headers(), &query);
        let envelope = query.iter().find(|(key, _)| key == "envelope");
        let envelope = envelope.map(|(_, value)| value.clone());
        let answer = match read_request(request, query, format, shared.max_frame_size).await {
            Ok(request) => {
                let answer = |core: &mut Core, now| core.rest(&request, now);
                shared.hub.with_durable(answer).await
            }
            Err(error) => rest::Response::error(&error).in_envelope(envelope.as_deref()),
        };
        write_response(answer, format)
    };
    let headers = response.headers_mut();
    // Browsers that send credentials do not take `*`.
    if origin.is_some() {
        let yes = HeaderValue::from_static("true");
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    let origin = origin.unwrap_or(HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
    response
}

/// Returns what is told to everybody, as it is.
fn plain_text(method: &Method, path: &str) -> Option<&'static str> {
    match (method, path) {
        (&Method::GET, "/is-the-internet-up.txt") => Some("yes\n"),
        (&Method::GET, "/push/publicVapidKey") => Some(VAPID_KEY),
        _ => None,
    }
}

async fn read_request(
    request: Request<Body>,
    query: Vec<(String, String)>,
    format: Format,
    max_body: usize,
) -> Result<rest::Request, ErrorInfo> {
    let (parts, body) = request.into_parts();
    let version = header(&parts.headers, "x-ably-version");
    let version = version.or(query
        .iter()
        .find(|(key, _)| key == "v")
        .map(|(_, v)| v.as_str()));
    let version = match version {
        None | Some("3") => 3,
        Some("2") => 2,
        Some(_) => {
            let why = "this sandbox speaks versions 2 and 3 of the protocol";
            return Err(ErrorInfo::bad(BAD_VERSION, why));
        }
    };
    let body_format = match header(&parts.headers, CONTENT_TYPE.as_str()) {
        Some(text) if text.starts_with(Format::Msgpack.content_type()) => Format::Msgpack,
        _ => Format::Json,
    };
    let body = match timeout(BODY_TIME, to_bytes(body, max_body)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return Err(ErrorInfo::bad(
                TOO_LARGE,
                "the body is too large or incomplete",
            ));
        }
        Err(_) => {
            return Err(ErrorInfo::new(
                50003,
                408,
                "the body did not arrive in time",
            ));
        }
    };
    let body = if body.is_empty() {
        Value::Null
    } else {
        let decoded = body_format.decode(&body);
        decoded.map_err(|why| ErrorInfo::bad(BAD_BODY, why))?
    };
    let client_id = header(&parts.headers, "x-ably-clientid")
        .and_then(from_base64)
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let path = parts
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty());
    Ok(rest::Request {
        method: parts.method.as_str().to_owned(),
        path: path.map(percent_decode).collect(),
        credentials: credentials(&parts.headers, &query),
        query,
        client_id,
        body,
        body_format,
        format,
        version,
        device_token: header(&parts.headers, "x-ably-devicetoken").map(str::to_owned),
        device_secret: header(&parts.headers, "x-ably-devicesecret").map(str::to_owned),
    })
}

// Clients encode bearers as base64, even those that are text already, so both readings are tried.
pub(crate) fn credentials(headers: &HeaderMap, query: &[(String, String)]) -> Vec<Credential> {
    // ably-js sends two when a device speaks for itself.
    let values = headers.get_all(AUTHORIZATION).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let shown: Vec<_> = values.flat_map(authorization).collect();
    if headers.contains_key(AUTHORIZATION) {
        return shown;
    }
    let param = |wanted: &str| {
        query
            .iter()
            .find(|(key, _)| key == wanted)
            .map(|(_, v)| v.clone())
    };
    let token = param("access_token").or(param("accessToken"));
    let token = token.map(Credential::Token);
    token
        .or(param("key").map(Credential::Key))
        .into_iter()
        .collect()
}

fn authorization(text: &str) -> Vec<Credential> {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let decoded = from_base64(rest).and_then(|bytes| String::from_utf8(bytes).ok());
    if scheme.eq_ignore_ascii_case("bearer") {
        let tokens = decoded.into_iter().chain([rest.to_owned()]);
        tokens.map(Credential::Token).collect()
    } else {
        vec![Credential::Key(decoded.unwrap_or_default())]
    }
}

fn answer_format(headers: &HeaderMap, query: &[(String, String)]) -> Format {
    let asked = query.iter().find(|(key, _)| key == "format");
    match asked.map(|(_, value)| value.as_str()) {
        Some("msgpack") => Format::Msgpack,
        Some("json") => Format::Json,
        _ => match header(headers, ACCEPT.as_str()) {
            Some(accept) if accept.contains(Format::Msgpack.content_type()) => Format::Msgpack,
            _ => Format::Json,
        },
    }
}

pub(crate) fn write_response(answer: rest::Response, format: Format) -> Response<Body> {
    let status = StatusCode::from_u16(answer.status);
    let mut response = with_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    if let Some(body) = answer.body {
        let content_type = HeaderValue::from_static(format.content_type());
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        *response.body_mut() = Body::from(format.encode(&body));
    }
    response
}

fn preflight() -> Response<Body> {
    let mut response = with_status(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(METHODS),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(ALLOWED),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

fn with_status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const BODY_TIME: Duration = Duration::from_secs(20);
// A browser wants a point of the curve P-256 before it subscribes. Nothing is ever sent from here
// to browsers, so any will do: this is the curve's base point.
const VAPID_KEY: &str =
    "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const ALLOWED: &str = "Authorization, Content-Type, Accept, X-Ably-Version, X-Ably-ClientId, \
    Ably-Agent, X-Ably-DeviceToken, X-Ably-DeviceSecret";
const EXPOSED: &str = "Link, X-Ably-ErrorCode, X-Ably-ErrorMessage";
