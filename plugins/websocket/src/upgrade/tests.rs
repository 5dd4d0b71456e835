//! The request and the answers to it.

use ably_base::Format;

use super::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn target(host: &'static str, port: u16, tls: bool, path: &str) -> Target {
    Target::new(host.into(), port, tls, path.into(), Format::Json)
}

fn kind(answer: &str) -> Result<(), FailureKind> {
    check(answer.as_bytes(), KEY).map_err(|e| e.kind)
}

fn accepted(change: impl Fn(String) -> String) -> Result<(), FailureKind> {
    kind(&change(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, \
         Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            .into(),
    ))
}

#[test]
fn the_request_names_host_and_port() {
    let cases = [
        ("a.example", 443, true, "a.example"),
        ("a.example", 80, false, "a.example"),
        ("a.example", 80, true, "a.example:80"),
        ("::1", 8080, false, "[::1]:8080"),
        ("[::1]", 8080, false, "[::1]:8080"),
    ];
    for (host, port, tls, header) in cases {
        let text = request(&target(host, port, tls, "/?v=3"), KEY).unwrap();
        assert!(text.starts_with("GET /?v=3 HTTP/1.1\r\n"), "{text}");
        assert!(text.contains(&format!("\r\nHost: {header}\r\n")), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
    }
}

#[test]
fn nothing_can_be_smuggled_into_the_request() {
    for (host, path) in [
        ("a", "/ HTTP/1.1\r\nX: y"),
        ("a", "/?key=a b"),
        ("a\r\nX: y", "/"),
    ] {
        let error = request(&target(host, 80, false, path), KEY).unwrap_err();
        assert_eq!(error.kind, FailureKind::Protocol);
        assert!(!error.to_string().contains("key"), "{error}");
    }
}

#[test]
fn an_answer_that_accepts_is_accepted() {
    assert_eq!(accepted(|a| a), Ok(()));
    assert_eq!(
        accepted(|a| a.to_lowercase().replacen("http/1.1", "HTTP/1.1", 1)),
        Err(FailureKind::Protocol),
        "the key keeps its case"
    );
    assert_eq!(
        accepted(|a| a.replace("Upgrade: websocket", "UPGRADE: WebSocket")),
        Ok(())
    );
}

#[test]
fn an_answer_that_lacks_something_is_refused() {
    let changes: [(&str, &str); 6] = [
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("keep-alive, Upgrade", "keep-alive"),
        (
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        ("Sec-WebSocket-Accept", "Accept"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        ),
        ("HTTP/1.1 101", "HTTP/2 101"),
    ];
    for (from, to) in changes {
        assert_eq!(
            accepted(|a| a.replacen(from, to, 1)),
            Err(FailureKind::Protocol),
            "{to}"
        );
    }
}

#[test]
fn another_status_is_told() {
    for status in [200, 401, 503] {
        let answer = format!("HTTP/1.1 {status} Something\r\nServer: x\r\n\r\n");
        assert_eq!(kind(&answer), Err(FailureKind::HttpStatus(status)));
    }
    for bad in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 abc\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 1\u{e9}\r\n",
    ] {
        assert_eq!(kind(bad), Err(FailureKind::Protocol), "{bad:?}");
    }
}
