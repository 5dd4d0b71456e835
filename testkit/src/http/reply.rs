//! [`HttpMockReply`]: what a mock server answers.

use ably_base::{
    FailureKind, TransportError,
    ext::{Body, HttpResponse},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::BodyFeed;

/// An answer, or a failure to get one.
#[derive(Clone, Debug)]
pub struct HttpMockReply(Result<Parts, FailureKind>);

#[derive(Clone, Debug)]
struct Parts {
    status: u16,
    headers: Vec<(String, String)>,
    body: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Whole(Bytes),
    Stream(BodyFeed),
}

impl HttpMockReply {
    /// A JSON body.
    #[allow(clippy::needless_pass_by_value)]
    pub fn json(status: u16, body: Value) -> Self {
        Self::bytes(status, "application/json", body.to_string().into_bytes())
    }

    /// A body of any type.
    pub fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self(Ok(Parts {
            status,
            headers: Vec::new(),
            body: Content::Whole(body.into()),
        }))
        .header("content-type", content_type)
    }

    /// A JSON body that comes as `feed` says.
    pub fn stream(status: u16, feed: &BodyFeed) -> Self {
        Self(Ok(Parts {
            status,
            headers: Vec::new(),
            body: Content::Stream(feed.clone()),
        }))
        .header("content-type", "application/json")
    }

    /// An error as Ably words it.
    pub fn error(status: u16, code: u32) -> Self {
        let error = json!({"code": code, "statusCode": status, "message": "refused"});
        Self::json(status, json!({ "error": error }))
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, "text/plain", Bytes::new())
    }

    /// No answer.
    pub fn failure(kind: FailureKind) -> Self {
        Self(Err(kind))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(parts) = &mut self.0 {
            parts.headers.push((name.into(), value.into()));
        }
        self
    }

    pub(super) fn into_response(self) -> Result<HttpResponse, TransportError> {
        let parts = self.0.map_err(TransportError::new)?;
        let body: Box<dyn Body> = match parts.body {
            Content::Whole(bytes) => Box::new(Some(bytes)),
            Content::Stream(feed) => Box::new(feed.body()),
        };
        Ok(HttpResponse::new(parts.status, parts.headers, body))
    }
}
