//! [`TokenDetails`], [`TokenParams`] and [`Credential`]: tokens, and what gives one.
//!
//! Spec: TD1–TD7, TK1–TK6, RSA4f.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use ably_protocol::{ErrorCode, ErrorInfo, Secret, Str, Value};

use super::{TokenRequest, request::canonical};

/// The longest token, or token request in JSON, that is taken, as in ably-js.
const MAX_TOKEN: usize = 128 * 1024;

/// A token and what is known about it.
///
/// Spec: TD1–TD7.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenDetails {
    /// The token itself.
    pub token: Secret<String>,
    /// When it expires, ms since the epoch.
    pub expires: Option<i64>,
    /// When it was issued, ms since the epoch.
    pub issued: Option<i64>,
    /// What it allows: JSON text.
    pub capability: Option<Str>,
    /// The identity it carries.
    pub client_id: Option<Str>,
}

impl TokenDetails {
    /// A token of which nothing else is known.
    pub fn new(token: impl Into<Secret<String>>) -> Self {
        Self {
            token: token.into(),
            ..Self::default()
        }
    }

    /// Reads JSON as Ably and ably-js write it: `{"token": …, "expires": …}`.
    ///
    /// # Errors
    /// - `40170` it is not that.
    ///
    /// Spec: TD7.
    pub fn from_json(text: &str) -> Result<Self, ErrorInfo> {
        match Credential::from_json(text)? {
            Credential::Token(details) => Ok(details),
            _ => Err(unusable("these are no token details: there is no `token`")),
        }
    }

    /// The JSON of it, as [`TokenDetails::from_json`] reads it. It holds the token: keep it secret.
    pub fn to_json(&self) -> String {
        let mut fields = Fields::default();
        fields.text("token", Some(&Str::new(self.token.expose())));
        fields.int("expires", self.expires);
        fields.int("issued", self.issued);
        fields.text("capability", self.capability.as_ref());
        fields.text("clientId", self.client_id.as_ref());
        fields.into_json()
    }

    /// Reads what a server answered with.
    ///
    /// # Errors
    /// - `40170` it is not token details.
    pub fn from_value(value: &Value) -> Result<Self, ErrorInfo> {
        let token = text(value, "token").filter(|t| !t.is_empty());
        let token = token.ok_or_else(|| unusable("the answer holds no token"))?;
        Ok(Self {
            token: Secret::from(token.as_str()),
            expires: int(value, "expires"),
            issued: int(value, "issued"),
            capability: text(value, "capability"),
            client_id: text(value, "clientId"),
        })
    }
}

/// What a token is wanted for.
///
/// Spec: TK1–TK6.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenParams {
    /// The identity that the token should carry; `*` for any. Spec: TK2c.
    pub client_id: Option<Str>,
    /// What it should allow: JSON text. Spec: TK2b.
    pub capability: Option<Str>,
    /// How long it should live, ms. Spec: TK2a.
    pub ttl: Option<i64>,
    /// When it was asked for, ms since the epoch. Spec: TK2d.
    pub timestamp: Option<i64>,
    /// A random text of 16 characters or more that is never used twice; made when there is none.
    pub nonce: Option<Str>,
}

impl TokenParams {
    /// Nothing in particular: a token for as long and for as much as the key allows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The identity that the token should carry; `*` for any. Spec: TK2c.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<Str>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// What the token should allow: a [`Capability`](crate::Capability) or JSON text,
    /// `{"channel":["subscribe"]}`. Spec: TK2b.
    #[must_use]
    pub fn capability(mut self, capability: impl Into<Str>) -> Self {
        self.capability = Some(capability.into());
        self
    }

    /// How long the token should live, in whole milliseconds; at most what [`i64`] holds of them.
    /// Default: what the server gives, an hour. Spec: TK2a.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        self
    }

    /// When it is asked for, ms since the epoch; for tests, as the client knows. Spec: TK2d.
    #[must_use]
    pub fn timestamp(mut self, ms: i64) -> Self {
        self.timestamp = Some(ms);
        self
    }

    /// A random text of 16 characters or more that is never used twice; for tests, as the client
    /// makes one.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<Str>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// With the capability as it is signed and sent: canonical JSON, or none for an empty text.
    ///
    /// # Errors
    /// - `40000` the capability is not a JSON object of lists.
    ///
    /// Spec: RSA6, RSA9f.
    pub fn canonical(mut self) -> Result<Self, ErrorInfo> {
        let capability = self.capability.filter(|c| !c.as_str().trim().is_empty());
        self.capability = capability.map(|c| canonical(c.as_str())).transpose()?;
        Ok(self)
    }

    /// Name and value of what is set, as an authUrl is sent it. Spec: RSA8c1.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut add = |name, value: Option<String>| pairs.extend(value.map(|v| (name, v)));
        let own = |text: &Option<Str>| text.as_ref().map(|t| String::from(t.as_str()));
        let number = |n: Option<i64>| n.map(|n| alloc::format!("{n}"));
        add("ttl", number(self.ttl));
        add("capability", own(&self.capability));
        add("clientId", own(&self.client_id));
        add("timestamp", number(self.timestamp));
        add("nonce", own(&self.nonce));
        pairs
    }
}

/// What a token callback answers with.
///
/// Made of a token string (an Ably token or a JWT), [`TokenDetails`] or a [`TokenRequest`].
///
/// Spec: RSA8d.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A token and what is known about it.
    Token(TokenDetails),
    /// A signed request, which the client exchanges for a token.
    Request(TokenRequest),
    /// A token as text, of which nothing else is known: an Ably token or a JWT.
    Text(Secret<String>),
}

impl Credential {
    /// Reads the JSON of [`TokenDetails`] or of a [`TokenRequest`], or a JSON string that is a
    /// token: what an application's server may answer with.
    ///
    /// # Errors
    /// - `40170` it is none of these, or larger than 128 KiB.
    ///
    /// Spec: RSA4f, TD7, TE6.
    pub fn from_json(text: &str) -> Result<Self, ErrorInfo> {
        if text.len() > MAX_TOKEN {
            return Err(too_large());
        }
        let value = Value::from_json(text)
            .map_err(|_| unusable("the token details or token request are not valid JSON"))?;
        match &value {
            Value::Text(text) => Ok(Self::Text(Secret::from(text.as_str()))),
            Value::Map(_) if field(&value, "token").is_some() => {
                TokenDetails::from_value(&value).map(Self::Token)
            }
            Value::Map(_) if field(&value, "keyName").is_some() => {
                TokenRequest::from_value(&value).map(Self::Request)
            }
            _ => Err(unusable(
                "expected a token, token details or a token request, and got something else",
            )),
        }
    }

    /// Checks what a callback gave, for what can be seen without asking anyone. Spec: RSA4f.
    ///
    /// # Errors
    /// - `40170` it is empty, larger than 128 KiB, or not a token at all.
    pub fn checked(self) -> Result<Self, ErrorInfo> {
        match self {
            Self::Text(token) => {
                let text = token.expose();
                let odd = match text.as_str() {
                    "" => Some("the token is empty"),
                    "undefined" | "null" => Some("the token is the literal `undefined` or `null`"),
                    t if t.starts_with('{') => Some(
                        "the token is JSON: give token details or a token request as such, not \
                         as text",
                    ),
                    _ => None,
                };
                match odd {
                    Some(why) => Err(unusable(why)),
                    None if text.len() > MAX_TOKEN => Err(too_large()),
                    None => Ok(Self::Token(TokenDetails::new(token))),
                }
            }
            Self::Token(details) => match details.token.expose().len() {
                0 => Err(unusable("the token is empty")),
                1..=MAX_TOKEN => Ok(Self::Token(details)),
                _ => Err(too_large()),
            },
            Self::Request(request) if request.size() > MAX_TOKEN => Err(too_large()),
            request => Ok(request),
        }
    }
}

impl From<TokenDetails> for Credential {
    fn from(details: TokenDetails) -> Self {
        Self::Token(details)
    }
}

impl From<TokenRequest> for Credential {
    fn from(request: TokenRequest) -> Self {
        Self::Request(request)
    }
}

impl From<String> for Credential {
    fn from(token: String) -> Self {
        Self::Text(Secret::new(token))
    }
}

impl From<&str> for Credential {
    fn from(token: &str) -> Self {
        Self::Text(Secret::from(token))
    }
}

fn unusable(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::AUTH_CALLBACK_FAILED, 401, why)
}

fn too_large() -> ErrorInfo {
    unusable("the token or token request is larger than 128 KiB")
}

pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
        _ => None,
    }
}

/// A text; a list or map stands for its JSON.
pub(super) fn text(value: &Value, name: &str) -> Option<Str> {
    match field(value, name)? {
        Value::Text(text) => Some(text.clone()),
        value @ (Value::Map(_) | Value::List(_)) => Some(Str::from(value.to_json())),
        _ => None,
    }
}

/// An integer, or the text of one.
pub(super) fn int(value: &Value, name: &str) -> Option<i64> {
    match field(value, name)? {
        Value::Int(n) => Some(*n),
        Value::Text(text) => text.as_str().parse().ok(),
        _ => None,
    }
}

/// The fields of a JSON object that are set.
#[derive(Default)]
pub(super) struct Fields(Vec<(Str, Value)>);

impl Fields {
    pub(super) fn text(&mut self, name: &'static str, value: Option<&Str>) {
        if let Some(value) = value {
            let value = Value::Text(value.clone());
            self.0.push((Str::from_static(name), value));
        }
    }

    pub(super) fn int(&mut self, name: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.0.push((Str::from_static(name), Value::Int(value)));
        }
    }

    pub(super) fn into_json(self) -> String {
        Value::Map(self.0).to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn td7_details_go_through_json() {
        let mut details = TokenDetails::new("tok\"en");
        details.expires = Some(1_700_003_600_000);
        details.issued = Some(1_700_000_000_000);
        details.capability = Some(r#"{"*":["*"]}"#.into());
        details.client_id = Some("me".into());
        let json = details.to_json();
        assert_eq!(
            json,
            r#"{"token":"tok\"en","expires":1700003600000,"issued":1700000000000,"capability":"{\"*\":[\"*\"]}","clientId":"me"}"#
        );
        assert_eq!(TokenDetails::from_json(&json).unwrap(), details);
        let bare = TokenDetails::new("t");
        assert_eq!(bare.to_json(), r#"{"token":"t"}"#);
        assert_eq!(
            TokenDetails::from_json(r#"{"token":"t","keyName":"a.b","clientId":null}"#).unwrap(),
            bare
        );
        let capable = TokenDetails::from_json(r#"{"token":"t","capability":{"a":["b"]}}"#);
        assert_eq!(
            capable.unwrap().capability.as_deref(),
            Some(r#"{"a":["b"]}"#)
        );
    }

    #[test]
    fn rsa4f_what_is_not_a_token_is_refused() {
        let long = "x".repeat(MAX_TOKEN + 1);
        let json_long = format!(r#"{{"token":"{long}"}}"#);
        for text in [
            "12345",
            "null",
            "true",
            "[]",
            "{}",
            "",
            "{",
            "not json",
            r#"{"token":""}"#,
            r#"{"token":1}"#,
            r#"{"keyName":"a.b"}"#,
            &json_long,
        ] {
            let error = Credential::from_json(text).unwrap_err();
            assert_eq!((error.code(), error.status_code()), (ErrorCode(40170), 401));
        }
        for text in ["", "undefined", "null", "{\"token\":\"t\"}", &long] {
            let error = Credential::from(text).checked().unwrap_err();
            assert_eq!(error.code(), 40170);
            assert!(text.is_empty() || !format!("{error:?}").contains("xxx"));
        }
        let most = "x".repeat(MAX_TOKEN);
        assert!(matches!(
            Credential::from(most).checked(),
            Ok(Credential::Token(_))
        ));
        assert!(matches!(
            Credential::from_json("\"a.jwt.here\"").unwrap().checked(),
            Ok(Credential::Token(d)) if d == TokenDetails::new("a.jwt.here")
        ));
    }

    #[test]
    fn tk2a_a_ttl_is_milliseconds_on_the_wire() {
        let ttl = |ttl| TokenParams::new().ttl(ttl).ttl;
        assert_eq!(ttl(Duration::from_micros(1_500_999)), Some(1_500));
        assert_eq!(ttl(Duration::ZERO), Some(0));
        assert_eq!(ttl(Duration::MAX), Some(i64::MAX));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let all = [
            Credential::from("hunter2"),
            Credential::from(TokenDetails::new("hunter2")),
        ];
        assert!(!format!("{all:?}").contains("hunter2"));
    }
}
