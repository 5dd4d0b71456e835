//! The REST interface, from decoded request to undecoded answer.
//!
//! Knows nothing of HTTP's framing: the shell reads bodies and writes headers. Paths that this
//! sandbox does not have yet are answered with 404, code 40400.
//!
//! Spec: RSC, RSL, RSP, TG; error bodies and Link headers as ably-js reads them.

mod annotations;
mod apps;
pub(crate) mod batch;
mod channels;
mod devices;
mod page;
mod push;
mod stats;
mod status;
mod subscriptions;

use std::fmt;

use crate::core::Core;
use crate::core::auth::{Credential, Identity};
use crate::wire::error::{BAD_METHOD, BAD_PARAM, NOT_FOUND};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Format, Value};

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path's segments, percent-decoded.
    pub path: Vec<String>,
    /// The decoded query, in order.
    pub query: Vec<(String, String)>,
    /// What the caller shows; a bearer may mean either of several tokens.
    pub credentials: Vec<Credential>,
    /// `X-Ably-ClientId`, decoded.
    pub client_id: Option<String>,
    /// The body, decoded; `Null` if there is none.
    pub body: Value,
    /// How the body was encoded.
    pub body_format: Format,
    /// How the answer will be encoded.
    pub format: Format,
    /// The version of the protocol, which decides about the shape of some answers.
    pub version: u8,
    /// `X-Ably-DeviceToken`.
    pub device_token: Option<String>,
    /// `X-Ably-DeviceSecret`.
    pub device_secret: Option<String>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Queries may hold credentials, so only their presence is told.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Returns a non-empty query param; of several the last counts.
    pub fn param(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// An answer.
#[derive(Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; `None` for none.
    pub body: Option<Value>,
}

impl fmt::Debug for Response {
    // Bodies may hold tokens, keys and what users publish; errors are for everybody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.body.as_ref().and_then(|body| body.get("error"));
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("error", &error)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// Answers with a body.
    pub fn new(status: u16, body: impl Into<Value>) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Some(body.into()),
        }
    }

    /// Answers with nothing.
    pub fn empty() -> Response {
        Response {
            status: 204,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Answers with an error, in the body and in the headers.
    pub fn error(error: &ErrorInfo) -> Response {
        let message = error
            .message
            .chars()
            .map(|c| if c.is_ascii_graphic() { c } else { ' ' });
        Response {
            status: error.status,
            headers: vec![
                ("x-ably-errorcode", error.code.to_string()),
                ("x-ably-errormessage", message.collect()),
            ],
            body: Some(Fields::new().with("error", error.to_value()).into()),
        }
    }

    /// Puts status, headers and body into the body of a 200 if asked to, for callers that see
    /// nothing else.
    pub(crate) fn in_envelope(self, wanted: Option<&str>) -> Response {
        match wanted {
            None | Some("") => self,
            Some("json" | "msgpack") => self.enveloped(),
            Some(_) => {
                let why = "envelope must be json or msgpack";
                Response::error(&ErrorInfo::bad(BAD_PARAM, why))
            }
        }
    }

    fn enveloped(self) -> Response {
        let headers = self.headers.into_iter();
        let headers = headers.fold(Fields::new(), |fields, (name, value)| {
            let name = if name == "link" { "Link" } else { name };
            fields.with(name, value)
        });
        let body = Fields::new()
            .with("statusCode", u64::from(self.status))
            .with("headers", headers)
            .with("response", self.body.unwrap_or(Value::Null));
        Response::new(200, body)
    }
}

impl Core {
    /// Answers a REST request.
    pub fn rest(&mut self, request: &Request, now: u64) -> Response {
        let answer = self.route(request, now);
        let answer = answer.unwrap_or_else(|error| Response::error(&error));
        self.count_request(request, answer.status, now);
        answer.in_envelope(request.param("envelope"))
    }

    fn route(&mut self, request: &Request, now: u64) -> Result<Response, ErrorInfo> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["time"]) => Ok(Response::new(200, Value::List(vec![Value::from_u64(now)]))),
            ("POST", ["apps"]) => self.post_app(request, now),
            ("DELETE", ["apps", app]) => self.delete_app(request, app, now),
            ("POST", ["keys", key, "requestToken"]) => self.post_request_token(request, key, now),
            ("POST", ["keys", key, "revokeTokens"]) => self.post_revoke_tokens(request, key, now),
            // Clients check that an unknown key is a 404 with this method too.
            (_, ["keys", _, "requestToken"]) => Err(ErrorInfo::new(
                NOT_FOUND,
                404,
                "there is nothing at this path",
            )),
            (method, ["push", path @ ..]) => self.route_push(method, path, request, now),
            ("POST", ["stats"]) => self.post_stats(request, now),
            ("GET", ["stats"]) => self.get_stats(request, now),
            ("GET", ["channels"]) => self.get_channels(request, now),
            ("POST", ["messages"]) => self.post_batch(request, now),
            ("GET", ["presence"]) => self.get_batch_presence(request, now),
            ("GET", ["channels", name]) => self.get_channel(request, name, now),
            ("POST", ["channels", name, "messages"]) => self.post_messages(request, name, now),
            ("GET", ["channels", name, "messages" | "history"]) => {
                self.get_messages(request, name, now)
            }
            ("POST", ["channels", name, "messages", message, "annotations"]) => {
                self.post_annotations(request, name, message, now)
            }
            ("GET", ["channels", name, "messages", message, "annotations"]) => {
                self.get_annotations(request, name, message, now)
            }
            ("GET", ["channels", name, "presence"]) => self.get_presence(request, name, now),
            ("GET", ["channels", name, "presence", "history"]) => {
                self.get_presence_history(request, name, now)
            }
            (
                _,
                ["time"]
                | ["apps"]
                | ["apps", _]
                | ["messages" | "presence" | "channels" | "stats"]
                | ["channels", _]
                | ["channels", _, "messages" | "history" | "presence"]
                | ["channels", _, "presence", "history"]
                | ["channels", _, "messages", _, "annotations"],
            ) => Err(bad_method()),
            _ => Err(nothing_here()),
        }
    }

    fn route_push(
        &mut self,
        method: &str,
        path: &[&str],
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        match (method, path) {
            ("POST", ["publish"]) => self.post_push(request, now),
            ("POST", ["batch", "publish"]) => self.post_push_batch(request, now),
            ("GET", ["deviceRegistrations"]) => self.get_devices(request, now),
            ("POST", ["deviceRegistrations"]) => self.post_device(request, now),
            ("PATCH", ["deviceRegistrations"]) => self.patch_device(request, None, now),
            ("DELETE", ["deviceRegistrations"]) => self.delete_devices(request, now),
            ("GET", ["deviceRegistrations", id]) => self.get_device(request, id, now),
            ("PUT", ["deviceRegistrations", id]) => self.put_device(request, id, now),
            ("PATCH", ["deviceRegistrations", id]) => self.patch_device(request, Some(id), now),
            ("DELETE", ["deviceRegistrations", id]) => self.delete_device(request, id, now),
            ("POST", ["deviceRegistrations", id, "resetUpdateToken"]) => {
                self.reset_device_token(request, id, now)
            }
            ("GET", ["channelSubscriptions"]) => self.get_subscriptions(request, now),
            ("POST", ["channelSubscriptions"]) => self.post_subscription(request, now),
            ("DELETE", ["channelSubscriptions"]) => self.delete_subscriptions(request, now),
            ("GET", ["channels"]) => self.get_push_channels(request, now),
            (
                _,
                ["publish" | "deviceRegistrations" | "channelSubscriptions" | "channels"]
                | ["batch", "publish"]
                | ["deviceRegistrations", _],
            ) => Err(bad_method()),
            _ => Err(nothing_here()),
        }
    }

    /// Authenticates the caller.
    pub(crate) fn identify(&self, request: &Request, now: u64) -> Result<Identity, ErrorInfo> {
        let client_id = request.client_id.as_deref();
        self.authenticate_any(&request.credentials, client_id, now)
    }
}

fn bad_method() -> ErrorInfo {
    ErrorInfo::new(BAD_METHOD, 405, "this path does not have this method")
}

fn nothing_here() -> ErrorInfo {
    let why = "there is nothing at this path in this sandbox";
    ErrorInfo::new(NOT_FOUND, 404, why)
}
