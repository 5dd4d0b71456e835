//! What of a frame concerns the transport. Most frames are not read for it: their first field is
//! the action, and it is one of those that do not.

use ably_base::{
    Frame, Str,
    protocol::{Action, Codec, ProtocolMessage, Secret, json::JsonCodec},
};
use bytes::Bytes;

/// A frame that came. It has no `Debug` outside of tests: the key is secret.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Incoming {
    /// CONNECTED, with its connectionKey.
    Connected(Option<Str>),
    /// The server has nothing more to say: DISCONNECTED, CLOSED, or ERROR of the connection.
    Last,
    Other,
}

/// A frame that goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// AUTH, with its token.
    Auth(Secret),
    Close,
    Disconnect,
    Other,
}

pub(crate) fn incoming(frame: &Bytes) -> Incoming {
    match action(frame) {
        Some(Action::DISCONNECTED | Action::CLOSED) => Incoming::Last,
        Some(Action::CONNECTED) => match read(frame) {
            Some(m) => Incoming::Connected(m.connection_details.and_then(|d| d.connection_key)),
            None => Incoming::Other,
        },
        Some(Action::ERROR) if read(frame).is_some_and(|m| m.channel.is_none()) => Incoming::Last,
        _ => Incoming::Other,
    }
}

pub(crate) fn outgoing(frame: &Bytes) -> Outgoing {
    match action(frame) {
        Some(Action::CLOSE) => Outgoing::Close,
        Some(Action::DISCONNECT) => Outgoing::Disconnect,
        Some(Action::AUTH) => match read(frame).and_then(|m| m.auth) {
            Some(auth) => Outgoing::Auth(auth.access_token),
            None => Outgoing::Other,
        },
        _ => Outgoing::Other,
    }
}

/// The action of a frame; `None` when it cannot be read.
fn action(frame: &Bytes) -> Option<Action> {
    leading(frame).or_else(|| read(frame).map(|m| m.action))
}

/// The action where it is the first field, as clients and servers write it.
fn leading(frame: &[u8]) -> Option<Action> {
    let rest = frame.strip_prefix(b"{\"action\":")?;
    let end = rest.iter().position(|b| !b.is_ascii_digit())?;
    let digits = rest.get(..end)?;
    match rest.get(end)? {
        b',' | b'}' => std::str::from_utf8(digits).ok()?.parse().ok().map(Action),
        _ => None,
    }
}

fn read(frame: &Bytes) -> Option<ProtocolMessage> {
    JsonCodec.decode(&Frame::Text(frame.clone())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn what_comes() {
        let key = |k: &'static str| Incoming::Connected(Some(Str::from_static(k)));
        for (text, seen) in [
            (
                r#"{"action":4,"connectionDetails":{"connectionKey":"a!b"}}"#,
                key("a!b"),
            ),
            (
                r#"{ "connectionDetails": {"connectionKey":"k"}, "action": 4 }"#,
                key("k"),
            ),
            (r#"{"action":4}"#, Incoming::Connected(None)),
            (r#"{"action":6,"error":{"code":80003}}"#, Incoming::Last),
            (r#"{"error":{"code":80003},"action":6}"#, Incoming::Last),
            (r#"{"action":8}"#, Incoming::Last),
            (r#"{"action":9,"error":{"code":40000}}"#, Incoming::Last),
            (r#"{"action":9,"channel":"c"}"#, Incoming::Other),
            (
                r#"{"action":15,"channel":"c","data":"\"action\":8"}"#,
                Incoming::Other,
            ),
            (r#"{"action":80}"#, Incoming::Other),
            // As the codec has it.
            (r#"{"action":8.0}"#, Incoming::Last),
            (r#"{"action":99999999999999999999}"#, Incoming::Other),
            (r#"{"action":"#, Incoming::Other),
            (r#"{"action":,"#, Incoming::Other),
            (r#"{"action":4,"#, Incoming::Other),
            ("7", Incoming::Other),
            ("null", Incoming::Other),
        ] {
            assert_eq!(incoming(&bytes(text)), seen, "{text}");
        }
    }

    #[test]
    fn what_goes() {
        let auth = Outgoing::Auth(Secret::from("t\"oken"));
        for (text, seen) in [
            (r#"{"action":17,"auth":{"accessToken":"t\"oken"}}"#, auth),
            (r#"{"action":17}"#, Outgoing::Other),
            (r#"{"action":7}"#, Outgoing::Close),
            (r#"{"msgSerial":1,"action":7}"#, Outgoing::Close),
            (r#"{"action":5}"#, Outgoing::Disconnect),
            (r#"{"action":15,"channel":"c"}"#, Outgoing::Other),
        ] {
            assert_eq!(outgoing(&bytes(text)), seen, "{text}");
        }
    }
}
