//! [`RevokeTokens`]: ends tokens before they expire.
//!
//! Spec: RSA17, TRS, TRF, BAR.

use ably_base::{
    Auth, ErrorCode, ErrorInfo, HasRest, Str,
    engine::{BoxFuture, HttpReply, request::read_error},
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};
use bytes::BytesMut;

use crate::{BatchResult, UnixMillis};

/// Which tokens: all that carry a clientId, a revocation key or a channel.
///
/// Spec: RSA17b.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRevocationTargetSpecifier {
    /// `clientId`, `revocationKey` or `channel`.
    pub kind: Str,
    /// Which one.
    pub value: Str,
}

impl TokenRevocationTargetSpecifier {
    /// Tokens of any kind of target that the server knows.
    pub fn new(kind: impl Into<Str>, value: impl Into<Str>) -> Self {
        Self {
            kind: kind.into(),
            value: value.into(),
        }
    }

    /// Tokens that carry this clientId.
    pub fn client_id(id: impl Into<Str>) -> Self {
        Self::new("clientId", id)
    }

    /// Tokens that carry this revocation key.
    pub fn revocation_key(key: impl Into<Str>) -> Self {
        Self::new("revocationKey", key)
    }

    /// Tokens whose capability names this channel.
    pub fn channel(name: impl Into<Str>) -> Self {
        Self::new("channel", name)
    }
}

/// How tokens are revoked.
///
/// Spec: RSA17e, RSA17f.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TokenRevocationOptions {
    issued_before: Option<i64>,
    allow_reauth_margin: Option<bool>,
}

impl TokenRevocationOptions {
    /// All tokens issued until now, at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only tokens issued before this time: ms since the epoch or a
    /// [`SystemTime`](std::time::SystemTime). Spec: RSA17e.
    pub fn issued_before(mut self, time: impl Into<UnixMillis>) -> Self {
        self.issued_before = Some(time.into().0);
        self
    }

    /// Leave connected clients half a minute to get another token. Spec: RSA17f.
    pub fn allow_reauth_margin(mut self, yes: bool) -> Self {
        self.allow_reauth_margin = Some(yes);
        self
    }
}

impl From<()> for TokenRevocationOptions {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// What came of one target. Spec: TRS, TRF.
pub type TokenRevocationResult = Result<TokenRevocationSuccessResult, TokenRevocationFailureResult>;

/// Tokens were revoked.
///
/// Spec: TRS2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRevocationSuccessResult {
    /// The target, `kind:value`. Spec: TRS2a.
    pub target: Str,
    /// When it takes effect, ms since the epoch. Spec: TRS2b.
    pub applies_at: i64,
    /// Tokens issued before this are revoked, ms since the epoch. Spec: TRS2c.
    pub issued_before: i64,
}

/// Tokens could not be revoked.
///
/// Spec: TRF2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TokenRevocationFailureResult {
    /// The target, `kind:value`. Spec: TRF2a.
    pub target: Str,
    /// Why. Spec: TRF2b.
    pub error: ErrorInfo,
}

/// Ends tokens before they expire.
pub trait RevokeTokens {
    /// Revokes the tokens of these targets, `options` being [`TokenRevocationOptions`] or `()`.
    ///
    /// # Errors
    /// - `40162` the client does not use a key to authenticate.
    /// - `40019` there is no HTTP client.
    /// - what the server says: `40163` the key does not allow it. A target that fails alone is no
    ///   error.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSA17.
    fn revoke_tokens(
        &self,
        targets: impl IntoIterator<Item = TokenRevocationTargetSpecifier>,
        options: impl Into<TokenRevocationOptions>,
    ) -> BoxFuture<Result<BatchResult<TokenRevocationResult>, ErrorInfo>>;
}

impl RevokeTokens for Auth {
    fn revoke_tokens(
        &self,
        targets: impl IntoIterator<Item = TokenRevocationTargetSpecifier>,
        options: impl Into<TokenRevocationOptions>,
    ) -> BoxFuture<Result<BatchResult<TokenRevocationResult>, ErrorInfo>> {
        let body = body(targets, options.into());
        let core = self.rest_core();
        let key = self.basic_key();
        Box::pin(async move {
            let core = core?;
            let key = key.ok_or_else(|| {
                ErrorInfo::new(
                    ErrorCode::NEEDS_BASIC_AUTH,
                    401,
                    "tokens are revoked with a key: this client uses tokens itself",
                )
            })?;
            let path = RestPath::of(["keys", key.name(), "revokeTokens"])?;
            let mut encoded = BytesMut::new();
            core.codec(core.format())?
                .encode_value(&body, &mut encoded)?;
            let reply = core.request(RestRequest::post(path, encoded)).await?;
            read(&core, &reply)
        })
    }
}

fn body(
    targets: impl IntoIterator<Item = TokenRevocationTargetSpecifier>,
    options: TokenRevocationOptions,
) -> Value {
    let targets = targets.into_iter().map(|t| {
        let target = format!("{}:{}", t.kind, t.value);
        Value::Text(Str::from(target))
    });
    let mut fields = vec![(Str::from_static("targets"), Value::List(targets.collect()))];
    if let Some(ms) = options.issued_before {
        fields.push((Str::from_static("issuedBefore"), Value::Int(ms)));
    }
    if let Some(yes) = options.allow_reauth_margin {
        fields.push((Str::from_static("allowReauthMargin"), Value::Bool(yes)));
    }
    Value::Map(fields)
}

/// `{"successCount": …, "failureCount": …, "results": […]}`; a list of results as servers of an
/// earlier protocol version answer.
fn read(
    core: &RestCore,
    reply: &HttpReply,
) -> Result<BatchResult<TokenRevocationResult>, ErrorInfo> {
    let value = core.codec_of(reply)?.decode_value(&reply.body)?;
    let results = match field(&value, "results").unwrap_or(&value) {
        Value::List(items) => items.iter().map(result).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let results = results.ok_or_else(|| {
        ErrorInfo::new(
            ErrorCode::INTERNAL,
            500,
            "the server's answer is not that to a revocation of tokens",
        )
    })?;
    let count = |name, ok| {
        let told = int(&value, name).and_then(|n| u32::try_from(n).ok());
        told.unwrap_or_else(|| results.iter().filter(|r| r.is_ok() == ok).count() as u32)
    };
    Ok(BatchResult {
        success_count: count("successCount", true),
        failure_count: count("failureCount", false),
        results,
    })
}

fn result(item: &Value) -> Option<TokenRevocationResult> {
    let target = text(item, "target")?;
    if let Some(error) = field(item, "error") {
        let error = read_error(error);
        return Some(Err(TokenRevocationFailureResult { target, error }));
    }
    Some(Ok(TokenRevocationSuccessResult {
        target,
        applies_at: int(item, "appliesAt")?,
        issued_before: int(item, "issuedBefore")?,
    }))
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
        _ => None,
    }
}

fn text(value: &Value, name: &str) -> Option<Str> {
    match field(value, name)? {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn int(value: &Value, name: &str) -> Option<i64> {
    match field(value, name)? {
        Value::Int(n) => Some(*n),
        _ => None,
    }
}
