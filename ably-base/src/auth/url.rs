//! The authUrl: what it is sent, and what its answer means.
//!
//! Spec: RSA8c, RSA4e, RSA4f.

use std::sync::Arc;

use ably_engine::{
    Credential, HttpReply, HttpRequest, TokenDetails, TokenParams, TransportError,
    protocol::{ErrorCode, ErrorInfo, Secret, Value},
    request::Outcome,
};
use bytes::Bytes;

use super::{AuthMethod, AuthOptions, obtain::unusable};
use crate::{HttpClient, ext::collect, rest::encode};

/// The largest answer that is taken, in bytes.
const MAX_ANSWER: usize = 128 * 1024;

/// Asks the URL, in the way that the client's own requests go: by its TLS and its proxy.
///
/// # Errors
/// - `40019` the URL is `https`, and there is no TLS for HTTP.
/// - `40170` no answer, or one that is of no use; what the answer says stays.
pub(super) async fn ask(
    http: &dyn HttpClient,
    address: &str,
    options: &AuthOptions,
    params: &TokenParams,
) -> Result<Credential, ErrorInfo> {
    let request = request(address, options, params);
    let scheme = request.url.get(..6).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("https:") && !http.has_tls() {
        return Err(ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls"));
    }
    let executed = http.execute(request).await;
    let reply = match executed {
        Ok(response) => collect(response, MAX_ANSWER).await,
        Err(error) => Err(error),
    };
    read(reply.map_err(|error| unanswered(&error))?)
}

/// Later parameters win over earlier ones of the same name: the URL's own, `authParams`, the
/// token's. Spec: RSA8c1, RSA8c2.
fn request(address: &str, options: &AuthOptions, params: &TokenParams) -> HttpRequest {
    let address = address.split('#').next().unwrap_or_default();
    let (base, own) = address.split_once('?').unwrap_or((address, ""));
    let mut given: Vec<(String, String)> = Vec::new();
    let of_token = params.pairs().into_iter();
    let of_token = of_token.map(|(name, value)| (String::from(name), value));
    for (name, value) in options.params.iter().cloned().chain(of_token) {
        given.retain(|(n, _)| *n != name);
        given.push((name, value));
    }
    let is_post = options.method == AuthMethod::Post;
    let mut query: Vec<String> = own
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| {
            let name = decode(pair.split('=').next().unwrap_or_default());
            is_post || !given.iter().any(|(n, _)| n.as_bytes() == name)
        })
        .map(String::from)
        .collect();
    let encoded = given.iter().map(|(name, value)| {
        let mut pair = String::new();
        encode(name, &mut pair);
        pair.push('=');
        encode(value, &mut pair);
        pair
    });
    let mut body = String::new();
    if is_post {
        body = encoded.collect::<Vec<_>>().join("&");
    } else {
        query.extend(encoded);
    }
    let mut url = String::from(base);
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query.join("&"));
    }
    let mut request = HttpRequest::new(if is_post { "POST" } else { "GET" }, url);
    request.body = Bytes::from(body);
    let mut set = |name: &str, value: &str| {
        let headers = &mut request.headers;
        headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        headers.push((name.into(), value.into()));
    };
    set("Accept", "application/json, text/plain");
    for (name, value) in &options.headers {
        set(name, value);
    }
    if is_post {
        set("Content-Type", "application/x-www-form-urlencoded");
    }
    request
}

/// What the answer holds.
fn read(reply: HttpReply) -> Result<Credential, ErrorInfo> {
    if !(200..300).contains(&reply.status) {
        return Err(refused(reply));
    }
    let kind = reply.header("content-type").unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let text = String::from_utf8(reply.body.to_vec())
        .map_err(|_| unusable("the authUrl's answer is not UTF-8"))?;
    if kind.contains("application/json") {
        let credential = Credential::from_json(&text)?;
        return Ok(credential);
    }
    let is_jwt = kind.contains("application/jwt");
    if is_jwt && text.starts_with('{') {
        // Nobody takes this for JSON that was encoded twice.
        return Ok(Credential::Token(TokenDetails::new(text)));
    }
    if is_jwt || kind.contains("text/plain") {
        return Ok(Credential::Text(Secret::new(text)));
    }
    Err(if kind.is_empty() {
        unusable("the authUrl's answer has no content-type")
    } else {
        unusable(
            "the authUrl's answer has a content-type other than application/json, text/plain and \
             application/jwt",
        )
    })
}

/// What Ably's code says stays; else `40170`, or `40300` for a status of 403. Spec: RSA4d, RSA4e.
fn refused(reply: HttpReply) -> ErrorInfo {
    let status = reply.status;
    let has_code = || {
        let text = std::str::from_utf8(&reply.body).ok()?;
        let Ok(Value::Map(fields)) = Value::from_json(text) else {
            return None;
        };
        let (_, error) = fields.into_iter().find(|(name, _)| name == "error")?;
        let Value::Map(error) = error else {
            return None;
        };
        error
            .iter()
            .any(|(name, value)| name == "code" && matches!(value, Value::Int(_)))
            .then_some(())
    };
    let has_code = has_code().is_some();
    let cause = match Outcome::of_reply(reply, None) {
        Outcome::Refused { error, .. } => error,
        _ => unusable("the authUrl failed"),
    };
    if has_code {
        return cause;
    }
    let (code, as_status) = match status {
        403 => (ErrorCode::FORBIDDEN, 403),
        _ => (ErrorCode::AUTH_CALLBACK_FAILED, 401),
    };
    let message = format!("the authUrl answered with HTTP status {status}");
    ErrorInfo::builder(code, as_status, message)
        .cause(cause)
        .build()
}

fn unanswered(error: &TransportError) -> ErrorInfo {
    ErrorInfo::builder(
        ErrorCode::AUTH_CALLBACK_FAILED,
        401,
        format!("the authUrl gave no answer that can be used: {error}"),
    )
    .source(Arc::new(error.clone()))
    .build()
}

/// Undoes the encoding of a parameter's name.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        let byte = hex.and_then(|h| u8::from_str_radix(h, 16).ok());
        rest = tail;
        match (first, byte) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(*other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn options() -> AuthOptions {
        AuthOptions::new()
            .auth_param("a", "from options")
            .auth_param("ttl", "1")
            .auth_header("X-Mine", "yes")
            .auth_header("accept", "text/plain")
    }

    fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        let mut found = request
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, v)| v.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    #[test]
    fn rsa8c_get_puts_all_into_the_query_and_the_token_wins() {
        let params = TokenParams::new()
            .ttl(Duration::from_millis(2))
            .client_id("me & you");
        let address = "https://h/p?a=own&b=1%2B1&%61=x&ttl=9#part";
        let request = request(address, &options(), &params);
        assert_eq!(request.method, "GET");
        assert_eq!(
            request.url,
            "https://h/p?b=1%2B1&a=from%20options&ttl=2&clientId=me%20%26%20you"
        );
        assert!(request.body.is_empty());
        assert_eq!(header(&request, "accept"), Some("text/plain"));
        assert_eq!(header(&request, "x-mine"), Some("yes"));
        assert_eq!(header(&request, "content-type"), None);
    }

    #[test]
    fn rsa8c_post_sends_a_form_and_leaves_the_query() {
        let options = options().auth_method(AuthMethod::Post);
        let params = TokenParams::new().capability(r#"{"a":["b"]}"#).timestamp(5);
        let request = request("https://h/p?a=own", &options, &params);
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://h/p?a=own");
        assert_eq!(
            request.body,
            "a=from%20options&ttl=1&capability=%7B%22a%22%3A%5B%22b%22%5D%7D&timestamp=5"
        );
        assert_eq!(
            header(&request, "content-type"),
            Some("application/x-www-form-urlencoded")
        );
        let bare = super::request("https://h", &AuthOptions::new(), &TokenParams::new());
        assert_eq!(bare.url, "https://h");
        assert_eq!(
            header(&bare, "accept"),
            Some("application/json, text/plain")
        );
    }

    fn answer(status: u16, kind: &str, body: &'static str) -> Result<Credential, ErrorInfo> {
        let headers = match kind {
            "" => Vec::new(),
            kind => vec![("content-type".into(), kind.into())],
        };
        let reply = HttpReply::new(status, headers, Bytes::from_static(body.as_bytes()));
        read(reply).and_then(Credential::checked)
    }

    #[test]
    fn rsa8c_answers_of_all_kinds() {
        let token = |kind, body| match answer(200, kind, body) {
            Ok(Credential::Token(details)) => details.token.expose().clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(token("text/plain", "tok"), "tok");
        assert_eq!(token("Text/Plain; charset=utf-8", "tok"), "tok");
        assert_eq!(token("application/jwt", "a.b.c"), "a.b.c");
        // Only as text is this taken for JSON by mistake.
        assert_eq!(token("application/jwt", "{odd}"), "{odd}");
        assert_eq!(token("application/json", r#"{"token":"t"}"#), "t");
        assert_eq!(
            token(
                "application/json;charset=UTF-8",
                r#"{"token":"t","issued":1}"#
            ),
            "t"
        );
        assert_eq!(token("application/json", r#""quoted""#), "quoted");
        let request = r#"{"keyName":"a.b","timestamp":1,"nonce":"n","mac":"m"}"#;
        assert!(matches!(
            answer(201, "application/json", request),
            Ok(Credential::Request(_))
        ));
    }

    #[test]
    fn rsa4e_rsa4f_odd_answers() {
        for (status, kind, body) in [
            (200, "", "tok"),
            (200, "text/html", "tok"),
            (200, "text/plain", ""),
            (200, "text/plain", "null"),
            (200, "text/plain", "undefined"),
            (200, "text/plain", r#"{"token":"t"}"#),
            (200, "application/jwt", ""),
            (200, "application/jwt", "null"),
            (200, "application/jwt", "undefined"),
            (200, "application/json", ""),
            (200, "application/json", "null"),
            (200, "application/json", "[]"),
            (200, "application/json", "{}"),
            (200, "application/json", r#""{\"token\":\"t\"}""#),
            (204, "", ""),
            (302, "text/plain", "tok"),
            (401, "text/plain", "no"),
            (500, "application/json", r#"{"error":"no"}"#),
            (503, "text/html", "<html>"),
        ] {
            let error = answer(status, kind, body).unwrap_err();
            let got = (error.code().0, error.status_code());
            assert_eq!(got, (40170, 401), "{status} {kind} {body}");
        }
        let error = answer(403, "text/plain", "no").unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40300, 403));
        let told = r#"{"error":{"code":40110,"statusCode":401,"message":"disabled"}}"#;
        let error = answer(401, "application/json", told).unwrap_err();
        assert_eq!((error.code().0, error.message()), (40110, "disabled"));
    }
}
