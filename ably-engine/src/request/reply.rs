//! [`Outcome`]: what came of a step, and what a reply means.
//!
//! Spec: RSC8e, RSC15l, TI1; the status and error headers of Ably's REST API.

use alloc::{string::String, sync::Arc};

use ably_protocol::{
    Codec, ErrorCode, ErrorInfo, ErrorInfoBuilder, Format, Str, Value, json::JsonCodec,
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};

use crate::{HttpReply, TransportError};

/// Errors inside errors that are kept.
const MAX_CAUSES: usize = 4;

/// So much of a `content-type` and of a body that cannot be read is shown. Spec: RSC8e.
const MAX_SHOWN_TYPE: usize = 128;
const MAX_SHOWN_BODY: usize = 512;

/// What came of a [`super::Step`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// A reply of status 200 to 299.
    Success(HttpReply),
    /// A reply of another status.
    Refused {
        /// The status of the reply; the error may name another.
        status: u16,
        /// What is wrong; its detail is the reply.
        error: ErrorInfo,
    },
    /// No reply.
    Failed(TransportError),
    /// A token is there, or is not to be had.
    Token(Result<(), ErrorInfo>),
}

impl Outcome {
    /// Reads the status of a reply, and the error of one that is an error: from its body when
    /// that is JSON or MessagePack (for which `binary` is needed), else from Ably's headers, else
    /// from the status.
    pub fn of_reply(reply: HttpReply, binary: Option<&dyn Codec>) -> Self {
        if (200..300).contains(&reply.status) {
            return Self::Success(reply);
        }
        let (status, error) = (reply.status, error_of(&reply, binary));
        Self::Refused {
            status,
            error: error.detail(Arc::new(reply)).build(),
        }
    }
}

impl HttpReply {
    /// The format of the body as its `content-type` tells; parameters of the type do not matter.
    pub fn format(&self) -> Option<Format> {
        let given = self.header("content-type")?;
        let given = given.split(';').next()?.trim();
        [Format::Json, Format::MsgPack]
            .into_iter()
            .find(|f| given.eq_ignore_ascii_case(f.content_type()))
    }

    /// The error for a reply that went well and whose `content-type` is none of Ably's; `None` when
    /// it is one of them or there is none.
    ///
    /// Spec: RSC8e2.
    pub fn unsupported_type(&self) -> Option<ErrorInfo> {
        let described = unsupported_body(self)?;
        Some(ErrorInfo::new(
            ErrorCode::INVALID_DATA,
            400,
            alloc::format!(
                "the server answered with HTTP status {}{described}",
                self.status
            ),
        ))
    }
}

/// What a body is of which nothing can be read, and how it begins. Spec: RSC8e.
fn unsupported_body(reply: &HttpReply) -> Option<String> {
    let kind = reply
        .header("content-type")
        .filter(|kind| !kind.is_empty())?;
    if reply.format().is_some() || reply.body.is_empty() {
        return None;
    }
    let kind: String = kind.chars().take(MAX_SHOWN_TYPE).collect();
    let begin = reply.body.get(..MAX_SHOWN_BODY).unwrap_or(&reply.body);
    Some(alloc::format!(
        " and an unsupported content type ({kind}); the body begins with, in base64: {}",
        BASE64.encode(begin)
    ))
}

fn error_of(reply: &HttpReply, binary: Option<&dyn Codec>) -> ErrorInfoBuilder {
    let body = match reply.format() {
        Some(Format::Json) => JsonCodec.decode_value(&reply.body).ok(),
        Some(_) => binary.and_then(|c| c.decode_value(&reply.body).ok()),
        None => None,
    };
    let fields = match body.as_ref().and_then(|b| field(b, "error")) {
        Some(Value::Map(fields)) => fields.as_slice(),
        _ => &[],
    };
    let told = read(fields, MAX_CAUSES);
    let header = |name| reply.header(name).filter(|v: &&str| !v.is_empty());
    let code = told
        .code
        .or_else(|| {
            header("x-ably-errorcode")?
                .trim()
                .parse()
                .ok()
                .map(ErrorCode)
        })
        .unwrap_or_else(|| code_of(reply.status));
    let message = told
        .message
        .or_else(|| header("x-ably-errormessage").map(String::from))
        .unwrap_or_else(|| {
            let described = unsupported_body(reply).unwrap_or_default();
            alloc::format!(
                "the server answered with HTTP status {}{described}",
                reply.status
            )
        });
    let status = told.status.unwrap_or(reply.status);
    let mut error = ErrorInfo::builder(code, status, message)
        .href(told.href)
        .request_id(told.request_id);
    if let Some(cause) = told.cause {
        error = error.cause(cause);
    }
    error
}

/// Reads an error inside a body, such as that of one channel of a batch.
pub fn read_error(value: &Value) -> ErrorInfo {
    let told = match value {
        Value::Map(fields) => read(fields, MAX_CAUSES),
        _ => Told::default(),
    };
    told.into_error()
}

/// The general code of a status, as Ably forms it.
fn code_of(status: u16) -> ErrorCode {
    match status {
        400..600 => ErrorCode(u32::from(status) * 100),
        _ => ErrorCode::BAD_REQUEST,
    }
}

#[derive(Default)]
struct Told {
    code: Option<ErrorCode>,
    status: Option<u16>,
    message: Option<String>,
    href: Option<Str>,
    request_id: Option<Str>,
    cause: Option<ErrorInfo>,
}

impl Told {
    fn into_error(self) -> ErrorInfo {
        let code = self.code.unwrap_or_default();
        let message = self.message.unwrap_or_default();
        let mut error = ErrorInfo::builder(code, self.status.unwrap_or(0), message)
            .href(self.href)
            .request_id(self.request_id);
        if let Some(cause) = self.cause {
            error = error.cause(cause);
        }
        error.build()
    }
}

fn read(fields: &[(Str, Value)], causes: usize) -> Told {
    let mut told = Told::default();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("code", Value::Int(code)) => told.code = u32::try_from(*code).ok().map(ErrorCode),
            ("statusCode", Value::Int(status)) => told.status = u16::try_from(*status).ok(),
            ("message", Value::Text(text)) => told.message = Some(text.as_str().into()),
            ("href", Value::Text(text)) => told.href = Some(Str::new(text)),
            ("requestId", Value::Text(text)) => told.request_id = Some(Str::new(text)),
            ("cause", Value::Map(fields)) if causes > 0 => {
                told.cause = Some(read(fields, causes - 1).into_error());
            }
            _ => {}
        }
    }
    told
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
        _ => None,
    }
}
