//! URLs of the application's and the engine's, as hyper wants them.

use std::io;

use ably_base::TransportError;
use http::{Uri, uri::Scheme};

use crate::error::of_input;

/// Reads an absolute `http` or `https` URL. As browsers and ably-js do, encodes what must not stand
/// in one but often does, such as spaces. The fragment is not for servers; a user name before the
/// host is not sent either.
///
/// # Errors
/// [`FailureKind::Other`](ably_base::FailureKind::Other) it is none. The text is not repeated.
pub(crate) fn read(url: &str) -> Result<Uri, TransportError> {
    let none = || {
        of_input(io::Error::other(
            "the URL is not an absolute http or https URL",
        ))
    };
    let (scheme, rest) = url.trim().split_once("://").ok_or_else(none)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let path = path.split_once('#').map_or(path, |(path, _)| path);

    let mut text = format!("{scheme}://{host}");
    if !path.starts_with('/') {
        text.push('/');
    }
    for byte in path.bytes() {
        if byte <= b' ' || byte >= 0x7f || b"\"<>\\^`{|}".contains(&byte) {
            text.push('%');
            for half in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(half.into(), 16).unwrap_or_default();
                text.push(digit.to_ascii_uppercase());
            }
        } else {
            text.push(byte.into());
        }
    }
    let uri = Uri::try_from(text).map_err(of_input)?;
    let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
    let name = uri.host().unwrap_or_default();
    // What follows the host is a port, or there is nothing.
    let is_whole = host.len() == name.len() || uri.port_u16().is_some();
    let is_url = known && !name.is_empty() && is_whole;
    is_url.then_some(uri).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_as_it_is() {
        for url in [
            "http://127.0.0.1:8080/a%2Fb/c?x=1%26y&z=a:b,c",
            "https://[::1]/",
            "https://main.realtime.ably.net/keys/app.key/requestToken",
        ] {
            assert_eq!(read(url).unwrap().to_string(), url);
        }
    }

    // What `new URL(…)` of Node makes of them.
    #[test]
    fn what_must_not_stand_in_a_url_is_encoded_or_dropped() {
        for (url, expected) in [
            ("http://h", "http://h/"),
            ("HTTP://h/A", "http://h/A"),
            ("http://h?a=b", "http://h/?a=b"),
            ("http://h/a b?c=d e", "http://h/a%20b?c=d%20e"),
            ("http://h/é?ü=\"<>", "http://h/%C3%A9?%C3%BC=%22%3C%3E"),
            ("http://h/a?b#c?d", "http://h/a?b"),
            ("http://h#c", "http://h/"),
            ("http://me:hunter2@h:1/", "http://h:1/"),
            ("http://h/a@b", "http://h/a@b"),
        ] {
            assert_eq!(read(url).unwrap().to_string(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_repeating_it() {
        for url in [
            "",
            "hunter2",
            "/hunter2",
            "http://",
            "http://?hunter2",
            "http://:80/hunter2",
            "ftp://h/hunter2",
            "http://a b/hunter2",
            "http://h:port/hunter2",
            "http://h:99999/hunter2",
        ] {
            let error = read(url).unwrap_err();
            assert_eq!(error.kind, ably_base::FailureKind::Other, "{url}");
            let printed = format!("{error} {error:?}");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }
}
