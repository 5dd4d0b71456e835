//! [`Request`]: any request.
//!
//! Says where and what; how often and to which host is the client's affair, as for all requests.
//!
//! Spec: RSC19.

use std::future::IntoFuture;

use ably_base::{
    Data, ErrorCode, ErrorInfo, Format, JsonText,
    engine::BoxFuture,
    protocol::Value,
    rest::{RestCore, RestRequest},
};
use bytes::{Bytes, BytesMut};

use crate::{HttpPaginatedResponse, request_path};

/// A request of the application's own, to be awaited.
///
/// Paths are written as in Ably's documentation, with names percent-encoded by the caller:
/// `/channels/a%2Fb/messages`. A query in the path is added to the parameters. Whatever is in a
/// path, it stays a path below the client's host.
///
/// Resolves for every answer that can be read, whatever its status: see
/// [`HttpPaginatedResponse::success`].
///
/// # Errors
/// - `40000` a path with a segment `.` or `..`; a path or query that is not UTF-8 when it is decoded.
/// - `40003` a header that cannot be sent. `40013` a body that cannot be written.
/// - `40019` there is no HTTP client.
/// - `40500` a method other than GET, POST, PUT, PATCH and DELETE.
/// - `50003` no answer in time; `80003` no host could be reached.
/// - what the server says, when the body of its refusal cannot be read.
///
/// # Cancel safety
/// Dropping the future abandons the request; the server may have done what it was asked for.
///
/// Spec: RSC19.
#[must_use = "nothing is sent until it is awaited"]
pub struct Request {
    core: Result<RestCore, ErrorInfo>,
    method: String,
    path: String,
    version: u32,
    params: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: RequestBody,
}

impl Request {
    pub(crate) fn new(
        core: Result<RestCore, ErrorInfo>,
        method: &str,
        path: &str,
        version: u32,
    ) -> Self {
        Self {
            core,
            method: method.into(),
            path: path.into(),
            version,
            params: Vec::new(),
            headers: Vec::new(),
            body: RequestBody::default(),
        }
    }

    /// Adds a parameter to the query.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// Adds parameters to the query.
    pub fn params<N: Into<String>, V: ToString>(
        mut self,
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let params = params.into_iter();
        self.params
            .extend(params.map(|(name, value)| (name.into(), value.to_string())));
        self
    }

    /// Sets a header, in place of the client's own one of that name. The credential is the
    /// client's whatever is set here. Spec: RSC19b.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, which is sent in the client's format. GET and DELETE have none.
    pub fn body(mut self, body: impl Into<RequestBody>) -> Self {
        self.body = body.into();
        self
    }

    async fn send(self) -> Result<HttpPaginatedResponse, ErrorInfo> {
        let core = self.core?;
        let (method, has_body) = method(&self.method)?;
        let (path, mut query) = request_path::read(&self.path)?;
        query.extend(self.params);
        let mut page =
            RestRequest::get(path.clone()).header("X-Ably-Version", self.version.to_string());
        let mut first =
            RestRequest::new(method, path).header("X-Ably-Version", self.version.to_string());
        for (name, value) in self.headers {
            check_header(&name, &value)?;
            if !name.eq_ignore_ascii_case("authorization") {
                page = page.header(name.clone(), value.clone());
                first = first.header(name, value);
            }
        }
        if has_body {
            first = first.body(self.body.write(&core)?);
        }
        HttpPaginatedResponse::first_page(core, first.queries(query), page).await
    }
}

impl IntoFuture for Request {
    type Output = Result<HttpPaginatedResponse, ErrorInfo>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What a [`Request`] carries: a [`Value`], [`JsonText`] or [`Data`].
#[derive(Clone, Default)]
pub struct RequestBody(Body);

#[derive(Clone, Default)]
enum Body {
    #[default]
    None,
    Value(Value),
    /// Sent as it is to a server that takes JSON, so that no number changes.
    Json(JsonText),
}

impl RequestBody {
    fn write(self, core: &RestCore) -> Result<Bytes, ErrorInfo> {
        let format = core.format();
        let value = match self.0 {
            Body::None => return Ok(Bytes::new()),
            Body::Value(value) => value,
            Body::Json(json) => {
                let value = Value::from_json(json.as_str())?;
                if format == Format::Json {
                    return Ok(Bytes::copy_from_slice(json.as_str().as_bytes()));
                }
                value
            }
        };
        let mut body = BytesMut::new();
        core.codec(format)?.encode_value(&value, &mut body)?;
        Ok(body.freeze())
    }
}

impl From<Value> for RequestBody {
    fn from(value: Value) -> Self {
        Self(Body::Value(value))
    }
}

impl From<JsonText> for RequestBody {
    fn from(json: JsonText) -> Self {
        Self(Body::Json(json))
    }
}

impl From<Data> for RequestBody {
    fn from(data: Data) -> Self {
        Self(match data {
            Data::Text(text) => Body::Value(Value::Text(text)),
            Data::Json(json) => Body::Json(json),
            Data::Binary(bytes) => Body::Value(Value::Binary(bytes)),
            _ => Body::None,
        })
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestBody")
    }
}

/// The method, and whether it has a body. Spec: RSC19f.
fn method(name: &str) -> Result<(&'static str, bool), ErrorInfo> {
    const METHODS: [(&str, bool); 5] = [
        ("GET", false),
        ("DELETE", false),
        ("PATCH", true),
        ("POST", true),
        ("PUT", true),
    ];
    let known = METHODS.into_iter().find(|m| name.eq_ignore_ascii_case(m.0));
    known.ok_or_else(|| {
        ErrorInfo::new(
            ErrorCode::METHOD_NOT_ALLOWED,
            405,
            "a request is a GET, POST, PUT, PATCH or DELETE",
        )
    })
}

/// Refuses headers that would end before their end, or that tell how the message is framed.
fn check_header(name: &str, value: &str) -> Result<(), ErrorInfo> {
    const FRAMING: [&str; 6] = [
        "connection",
        "content-length",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_plain = |b: u8| b == b'\t' || (b' '..=b'~').contains(&b);
    let why = if name.is_empty() || !name.bytes().all(is_token) {
        "a header's name must be a token"
    } else if !value.bytes().all(is_plain) {
        "a header's value must be printable ASCII"
    } else if FRAMING.iter().any(|f| name.eq_ignore_ascii_case(f)) {
        "this header is for the HTTP client to set"
    } else {
        return Ok(());
    };
    Err(ErrorInfo::new(ErrorCode::INVALID_PARAMETER, 400, why))
}
