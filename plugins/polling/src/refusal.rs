//! What an answer that is no success means.
//!
//! ```text
//!  body is an array              those protocol messages
//!  body is {error} with a code   DISCONNECTED with it, or ERROR where trying again is no use
//!  anything else                 the transport has failed
//! ```
//!
//! ERROR ends the connection for good, so the server's header has to say that it is Ably's: proxies
//! speak JSON too.
//!
//! While connecting, an error of the server's own is a failure too, for the next host may do better:
//! one of status 500 and above or of none, or with one of the codes in [`OF_THE_CONNECTION`].

use std::sync::Arc;

use ably_base::{
    ErrorCode, ErrorInfo, FailureKind, Frame, TransportError,
    protocol::{
        Action, Codec, ProtocolMessage,
        json::{JsonCodec, split_list},
    },
};
use bytes::{Bytes, BytesMut};

/// Codes that say no more than that there is no connection, whatever the status.
const OF_THE_CONNECTION: [u32; 5] = [50001, 50002, 80000, 80002, 80003];
/// The header that marks an error of Ably's.
const CODE_HEADER: &str = "x-ably-errorcode";
/// Codes outside 4xxxx for which a connection is not tried again.
const FATAL: [u32; 3] = [80015, 80017, 80030];

/// What of an answer's head counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// It says that the body is an error of Ably's.
    pub(crate) is_ably_error: bool,
}

impl Head {
    pub(crate) fn new(status: u16, headers: &[(String, String)]) -> Self {
        Self {
            status,
            is_ably_error: headers.iter().any(|(name, _)| name == CODE_HEADER),
        }
    }
}

/// The frames that an answer of this head, which is not a success, stands for.
///
/// # Errors
/// - [`FailureKind::HttpStatus`] it says nothing of Ably's, or it is for the next host.
pub(crate) fn frames(
    head: Head,
    body: &Bytes,
    connecting: bool,
) -> Result<Vec<Bytes>, TransportError> {
    // `null` is a list to the codec, and here it is none.
    match split_list(body) {
        Ok(list) if body.trim_ascii_start().starts_with(b"[") => return Ok(list),
        _ => {}
    }
    let status = head.status;
    let no_word = || TransportError::new(FailureKind::HttpStatus(status));
    // `{error}` reads as a protocol message that has nothing else.
    let read = JsonCodec.decode(&Frame::Text(body.clone()));
    let error = read.ok().and_then(|m| m.error).ok_or_else(no_word)?;
    if error.code() == ErrorCode(0) {
        return Err(no_word());
    }
    let for_the_next_host = connecting && is_of_the_server(&error);
    let error = with_status(error, status);
    let is_fatal = is_fatal(&error);
    if is_fatal && !head.is_ably_error {
        return Err(no_word());
    }
    if for_the_next_host && !is_fatal {
        let kind = FailureKind::HttpStatus(status);
        return Err(TransportError::with_source(kind, Arc::new(error)));
    }
    let action = match is_fatal {
        true => Action::ERROR,
        false => Action::DISCONNECTED,
    };
    let mut message = ProtocolMessage::new(action);
    message.error = Some(error);
    let mut frame = BytesMut::new();
    JsonCodec
        .encode(&message, &mut frame)
        .map_err(|_| no_word())?;
    Ok(vec![frame.freeze()])
}

/// A token error is not: with another token the same host may do.
fn is_of_the_server(error: &ErrorInfo) -> bool {
    let status = error.status_code();
    let code = error.code().0;
    !error.is_token_error() && (status == 0 || status >= 500 || OF_THE_CONNECTION.contains(&code))
}

fn is_fatal(error: &ErrorInfo) -> bool {
    let code = error.code().0;
    !error.is_token_error() && ((40_000..50_000).contains(&code) || FATAL.contains(&code))
}

/// The status decides what is tried next, so one that is left out is that of the answer.
fn with_status(error: ErrorInfo, status: u16) -> ErrorInfo {
    match error.status_code() {
        0 => error.with_status_code(status),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ably(status: u16) -> Head {
        Head::new(status, &[(CODE_HEADER.into(), String::new())])
    }

    fn texts(status: u16, body: &str) -> Result<Vec<String>, FailureKind> {
        let body = Bytes::from(body.to_owned());
        let frames = frames(ably(status), &body, false).map_err(|e| e.kind)?;
        let text = |b: &Bytes| String::from_utf8(b.to_vec()).unwrap();
        Ok(frames.iter().map(text).collect())
    }

    #[test]
    fn an_array_is_taken_as_it_is() {
        let body = r#"[{"action":2,"msgSerial":0,"count":1}, {"action":6}]"#;
        assert_eq!(
            texts(400, body).unwrap(),
            [r#"{"action":2,"msgSerial":0,"count":1}"#, r#"{"action":6}"#]
        );
        assert_eq!(texts(500, "[]").unwrap(), [""; 0]);
    }

    #[test]
    fn an_error_becomes_disconnected_or_error() {
        for (code, status, action) in [
            (40140, 401, 6),
            (40142, 401, 6),
            (40149, 401, 6),
            (40139, 401, 9),
            (40150, 401, 9),
            (40000, 400, 9),
            (49999, 400, 9),
            (39999, 400, 6),
            (50000, 500, 6),
            (50003, 503, 6),
            (80003, 400, 6),
            (80008, 400, 6),
            (80015, 400, 9),
            (80017, 400, 9),
            (80030, 400, 9),
        ] {
            let error = format!(r#"{{"code":{code},"statusCode":{status},"message":"m"}}"#);
            assert_eq!(
                texts(status, &format!(r#"{{"error":{error}}}"#)).unwrap(),
                [format!(r#"{{"action":{action},"error":{error}}}"#)],
            );
        }
    }

    #[test]
    fn an_error_without_a_status_has_that_of_the_answer() {
        assert_eq!(
            texts(503, r#"{"error":{"code":50003}}"#).unwrap(),
            [r#"{"action":6,"error":{"code":50003,"statusCode":503,"message":""}}"#],
        );
    }

    #[test]
    fn and_keeps_all_else_that_it_says() {
        let rest = r#""message":"m","href":"https://h","requestId":"r","cause":{"code":1,"statusCode":2,"message":"c"}"#;
        let body = format!(r#"{{"error":{{"code":50003,{rest}}}}}"#);
        let error = format!(r#"{{"code":50003,"statusCode":503,{rest}}}"#);
        assert_eq!(
            texts(503, &body).unwrap(),
            [format!(r#"{{"action":6,"error":{error}}}"#)],
        );
    }

    #[test]
    fn while_connecting_an_error_of_the_server_s_own_is_for_the_next_host() {
        for (code, status, passes) in [
            (50003, 503, false),
            (50000, 500, false),
            // Those of the connection itself, whatever the status.
            (80000, 400, false),
            (80002, 400, false),
            (80003, 400, false),
            (50001, 400, false),
            (50002, 400, false),
            (80001, 400, true),
            (50003, 400, true),
            (80017, 400, true),
            (40000, 500, true),
            (80015, 500, true),
            (40142, 401, true),
            (40142, 500, true),
            (80008, 499, true),
        ] {
            let body = format!(r#"{{"error":{{"code":{code},"statusCode":{status}}}}}"#);
            let frames = frames(ably(status), &Bytes::from(body), true);
            if passes {
                assert_eq!(frames.unwrap().len(), 1);
                continue;
            }
            let failed = frames.unwrap_err();
            assert_eq!(failed.kind, FailureKind::HttpStatus(status));
            assert!(failed.to_string().contains(&code.to_string()), "{failed}");
        }
    }

    #[test]
    fn so_is_one_that_does_not_say_its_status() {
        for (code, passes) in [(80008, false), (42910, true), (40142, true)] {
            let body = Bytes::from(format!(r#"{{"error":{{"code":{code}}}}}"#));
            let said = frames(ably(429), &body, true);
            assert_eq!(said.is_ok(), passes, "{code}");
            assert_eq!(frames(ably(429), &body, false).unwrap().len(), 1);
        }
    }

    #[test]
    fn what_is_fatal_must_be_marked_as_ably_s() {
        let other = |name: &str| Head::new(400, &[(name.into(), "40000".into())]);
        for (head, code, taken) in [
            (ably(400), 40000, true),
            (other("x-errorcode"), 40000, false),
            (other("x-errorcode"), 80017, false),
            (other("x-errorcode"), 40142, true),
            (other("x-errorcode"), 80008, true),
        ] {
            let body = Bytes::from(format!(r#"{{"error":{{"code":{code},"statusCode":400}}}}"#));
            for connecting in [false, true] {
                let said = frames(head, &body, connecting).map_err(|e| e.kind);
                match taken {
                    true => assert_eq!(said.unwrap().len(), 1, "{code}"),
                    false => assert_eq!(said, Err(FailureKind::HttpStatus(400)), "{code}"),
                }
            }
        }
    }

    #[test]
    fn what_says_nothing_is_a_status() {
        for body in [
            "",
            "<html>502</html>",
            "null",
            "{}",
            r#"{"error":null}"#,
            r#"{"error":"no"}"#,
            r#"{"error":{"message":"no code"}}"#,
            r#"{"error":{"code":"40142"}}"#,
            r#"{"error":{"code":-1}}"#,
            r#"{"error":{"code":40142}"#,
            "[1,",
        ] {
            let said = texts(502, body);
            assert_eq!(said, Err(FailureKind::HttpStatus(502)), "{body}");
        }
    }
}
