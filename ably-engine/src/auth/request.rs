//! [`TokenRequest`]: a signed wish for a token.
//!
//! Makes the text that is signed; the signature itself is a plugin's.
//!
//! Spec: TE1–TE6, RSA5, RSA6, RSA9.

use alloc::{string::String, vec::Vec};
use core::fmt;

use ably_protocol::{ErrorCode, ErrorInfo, Str, Value};

use super::{
    TokenParams,
    token::{Fields, field, int, text},
};
use crate::{Entropy, entropy};

/// A signed request for a token, which is worth a token to whoever holds it. `Debug` leaves out
/// the signature.
///
/// Spec: TE1–TE6.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The key that signs, `appId.keyId`. Spec: TE2.
    pub key_name: Str,
    /// How long the token should live, ms; `None` leaves it to Ably. Spec: TE4.
    pub ttl: Option<i64>,
    /// What it should allow: canonical JSON; `None` for all that the key allows. Spec: TE3.
    pub capability: Option<Str>,
    /// The identity it should carry. Spec: TE2.
    pub client_id: Option<Str>,
    /// When it was asked for, ms since the epoch. Spec: TE5.
    pub timestamp: i64,
    /// A random text that is never used twice. Spec: TE2.
    pub nonce: Str,
    /// The base64 of the HMAC-SHA256 of [`TokenRequest::text_to_sign`]. Spec: TE2.
    pub mac: Str,
}

impl TokenRequest {
    /// A request that is to be signed: what `params` leave out stays out, but for the nonce.
    ///
    /// # Errors
    /// - `40012` the clientId is empty.
    /// - `40000` the capability is not a JSON object of lists.
    ///
    /// Spec: RSA5, RSA6, RSA9c.
    pub fn unsigned(
        key_name: &str,
        params: TokenParams,
        timestamp: i64,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, ErrorInfo> {
        if params.client_id.as_deref() == Some("") {
            return Err(ErrorInfo::new(
                ErrorCode::INVALID_CLIENT_ID,
                400,
                "the clientId of a token must not be empty",
            ));
        }
        let params = params.canonical()?;
        Ok(Self {
            key_name: Str::new(key_name),
            ttl: params.ttl,
            capability: params.capability,
            client_id: params.client_id,
            timestamp: params.timestamp.unwrap_or(timestamp),
            nonce: params
                .nonce
                .filter(|n| !n.is_empty())
                .unwrap_or_else(|| Str::from(entropy::id(entropy))),
            mac: Str::default(),
        })
    }

    /// The text whose HMAC-SHA256 under the key secret is [`TokenRequest::mac`]: six lines, empty
    /// ones for what is left out.
    ///
    /// Spec: RSA9g.
    pub fn text_to_sign(&self) -> String {
        alloc::format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n",
            self.key_name,
            self.ttl.map(|t| alloc::format!("{t}")).unwrap_or_default(),
            self.capability.as_deref().unwrap_or_default(),
            self.client_id.as_deref().unwrap_or_default(),
            self.timestamp,
            self.nonce,
        )
    }

    /// Reads JSON as ably-js and Ably's other libraries write it.
    ///
    /// # Errors
    /// - `40170` it is not a token request.
    ///
    /// Spec: TE6.
    pub fn from_json(json: &str) -> Result<Self, ErrorInfo> {
        match super::Credential::from_json(json)? {
            super::Credential::Request(request) => Ok(request),
            _ => Err(incomplete()),
        }
    }

    /// The JSON of it, as servers and other libraries read it. It is worth a token: keep it secret.
    pub fn to_json(&self) -> String {
        let mut fields = Fields::default();
        fields.text("keyName", Some(&self.key_name));
        fields.int("ttl", self.ttl);
        fields.text("capability", self.capability.as_ref());
        fields.text("clientId", self.client_id.as_ref());
        fields.int("timestamp", Some(self.timestamp));
        fields.text("nonce", Some(&self.nonce));
        fields.text("mac", Some(&self.mac));
        fields.into_json()
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, ErrorInfo> {
        let must = |name| text(value, name).ok_or_else(incomplete);
        // ably-js writes absent ones as empty or null.
        let may = |name| text(value, name).filter(|t| !t.is_empty());
        let ttl = int(value, "ttl");
        if ttl.is_none() && !matches!(field(value, "ttl"), None | Some(Value::Null)) {
            let is_empty = matches!(field(value, "ttl"), Some(Value::Text(t)) if t.is_empty());
            if !is_empty {
                return Err(incomplete());
            }
        }
        Ok(Self {
            key_name: must("keyName")?,
            ttl,
            capability: may("capability"),
            client_id: may("clientId"),
            timestamp: int(value, "timestamp").ok_or_else(incomplete)?,
            nonce: must("nonce")?,
            mac: must("mac")?,
        })
    }

    pub(super) fn size(&self) -> usize {
        self.to_json().len()
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("key_name", &self.key_name)
            .field("ttl", &self.ttl)
            .field("capability", &self.capability)
            .field("client_id", &self.client_id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

fn incomplete() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::AUTH_CALLBACK_FAILED,
        401,
        "this is no signed token request: keyName, timestamp, nonce or mac is missing or odd",
    )
}

/// The capability with sorted resources and operations, without spaces.
pub(super) fn canonical(capability: &str) -> Result<Str, ErrorInfo> {
    let bad = || {
        ErrorInfo::new(
            ErrorCode::BAD_REQUEST,
            400,
            "the capability is not JSON of the form {\"channel\":[\"operation\"]}",
        )
    };
    let Ok(Value::Map(mut resources)) = Value::from_json(capability) else {
        return Err(bad());
    };
    for (_, operations) in &mut resources {
        let Value::List(operations) = operations else {
            return Err(bad());
        };
        let mut names = operations
            .iter()
            .map(|o| match o {
                Value::Text(name) => Ok(name.clone()),
                _ => Err(bad()),
            })
            .collect::<Result<Vec<_>, _>>()?;
        names.sort_by(by_code_unit);
        *operations = names.into_iter().map(Value::Text).collect();
    }
    resources.sort_by(|(a, _), (b, _)| by_code_unit(a, b));
    Ok(Str::from(Value::Map(resources).to_json()))
}

/// The order of JavaScript, in which other libraries sort.
fn by_code_unit(a: &Str, b: &Str) -> core::cmp::Ordering {
    a.as_str().encode_utf16().cmp(b.as_str().encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use core::time::Duration;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    fn made(params: TokenParams) -> Result<TokenRequest, ErrorInfo> {
        TokenRequest::unsigned("app.key", params, 1_700_000_000_000, &mut Zeros)
    }

    #[test]
    fn rsa5_rsa6_what_is_not_given_stays_out() {
        let request = made(TokenParams::new()).unwrap();
        assert_eq!(
            request.text_to_sign(),
            "app.key\n\n\n\n1700000000000\naaaaaaaaaaaaaaaa\n"
        );
        assert_eq!(
            request.to_json(),
            r#"{"keyName":"app.key","timestamp":1700000000000,"nonce":"aaaaaaaaaaaaaaaa","mac":""}"#
        );
        assert_eq!(made(TokenParams::new().capability("")).unwrap(), request);
    }

    #[test]
    fn rsa9g_the_text_has_a_line_for_each() {
        let params = TokenParams::new()
            .client_id("me")
            .ttl(Duration::from_secs(60))
            .timestamp(5)
            .capability(r#" {"b":["x","a"], "a" : [ "*" ], "Z":[]}"#);
        let request = made(params).unwrap();
        assert_eq!(
            request.text_to_sign(),
            "app.key\n60000\n{\"Z\":[],\"a\":[\"*\"],\"b\":[\"a\",\"x\"]}\nme\n5\naaaaaaaaaaaaaaaa\n"
        );
    }

    #[test]
    fn rsa9g_resources_are_sorted_as_ably_js_sorts_them() {
        let params =
            TokenParams::new().capability("{\"b\":[],\"\u{fffd}\":[],\"\u{1f600}\":[\"*\"]}");
        let request = made(params).unwrap();
        assert_eq!(
            request.capability.as_deref(),
            Some("{\"b\":[],\"\u{1f600}\":[\"*\"],\"\u{fffd}\":[]}")
        );
    }

    #[test]
    fn a_ttl_of_zero_is_a_ttl() {
        // ably-js signs 0 as if it were absent, and the server then refuses the signature.
        let request = made(TokenParams::new().ttl(Duration::from_millis(0))).unwrap();
        assert!(request.text_to_sign().starts_with("app.key\n0\n"));
    }

    #[test]
    fn what_cannot_be_signed_is_refused() {
        let error = made(TokenParams::new().client_id("")).unwrap_err();
        assert_eq!((error.code(), error.status_code()), (ErrorCode(40012), 400));
        for capability in ["x", "[]", "\"a\"", r#"{"a":"b"}"#, r#"{"a":[1]}"#, "{"] {
            let error = made(TokenParams::new().capability(capability)).unwrap_err();
            assert_eq!(error.code(), 40000, "{capability}");
        }
    }

    #[test]
    fn te6_a_request_goes_through_json() {
        let mut request = made(
            TokenParams::new()
                .ttl(Duration::from_millis(1))
                .capability("{}")
                .client_id("c\"\u{e9}"),
        )
        .unwrap();
        request.mac = "bWFj".into();
        let json = request.to_json();
        assert_eq!(TokenRequest::from_json(&json).unwrap(), request);
        // As ably-js may write it.
        let odd = r#"{"keyName":"a.b","ttl":"","capability":"","clientId":null,"timestamp":"7",
            "nonce":"n","mac":"m"}"#;
        let read = TokenRequest::from_json(odd).unwrap();
        assert_eq!((read.ttl, read.timestamp), (None, 7));
        assert_eq!((read.capability, read.client_id), (None, None));
        for odd in [
            r#"{"keyName":"a.b","timestamp":1,"nonce":"n"}"#,
            r#"{"keyName":"a.b","timestamp":1,"nonce":"n","mac":"m","ttl":"soon"}"#,
            r#"{"token":"t"}"#,
        ] {
            assert_eq!(TokenRequest::from_json(odd).unwrap_err().code(), 40170);
        }
    }

    #[test]
    fn the_signature_is_not_printed() {
        let mut request = made(TokenParams::new()).unwrap();
        request.mac = "hunter2".into();
        let printed = format!("{request:?}");
        assert!(
            !printed.contains("hunter2") && !printed.contains("aaaa"),
            "{printed}"
        );
    }
}
