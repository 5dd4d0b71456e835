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
fn headers_need_not_be_utf_8() {
    let answer = |status: &str, headers: &str| {
        let mut answer = format!("HTTP/1.1 {status} Caf").into_bytes();
        answer.extend_from_slice(b"\xe9\r\nVia: caf\xe9\r\n");
        answer.extend_from_slice(headers.as_bytes());
        answer.extend_from_slice(b"\r\n");
        check(&answer, KEY).map_err(|e| e.kind)
    };
    assert_eq!(answer("403", ""), Err(FailureKind::HttpStatus(403)));
    assert_eq!(answer("503", ""), Err(FailureKind::HttpStatus(503)));
    let accepts = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    assert_eq!(answer("101", accepts), Ok(()));
    assert_eq!(answer("101", ""), Err(FailureKind::Protocol));
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

/// Answers the request, once it is whole, with what it is given, in pieces.
struct Server {
    answer: fn(&str) -> String,
    piece: usize,
    asked: Vec<u8>,
    answered: Option<Vec<u8>>,
}

impl ByteStream for Server {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let rest = self.answered.get_or_insert_with(|| {
            let asked = std::str::from_utf8(&self.asked).unwrap();
            assert!(asked.ends_with("\r\n\r\n"), "{asked}");
            let key = asked
                .split_once("Sec-WebSocket-Key: ")
                .unwrap()
                .1
                .trim_end();
            (self.answer)(&accept(key)).into_bytes()
        });
        let n = rest.len().min(buf.len()).min(self.piece);
        buf[..n].copy_from_slice(&rest[..n]);
        rest.drain(..n);
        Poll::Ready(Ok(n))
    }
    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.asked.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn upgraded(answer: fn(&str) -> String) -> Vec<Result<Vec<u8>, FailureKind>> {
    let by_pieces = |piece| {
        let mut server = Server {
            answer,
            piece,
            asked: Vec::new(),
            answered: None,
        };
        let target = target("a", 80, false, "/");
        let mut upgrading = std::pin::pin!(upgrade(&mut server, &target));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match upgrading.as_mut().poll(&mut cx) {
            Poll::Ready(said) => said.map_err(|e| e.kind),
            Poll::Pending => panic!("the server answers at once"),
        }
    };
    [1, 7, usize::MAX].map(by_pieces).into()
}

fn acceptance(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

#[test]
fn frames_may_come_with_the_answer() {
    for early in upgraded(|accept| acceptance(accept) + "\r\n\r\n") {
        // What had been read is returned, and the rest is still in the stream.
        assert!(b"\r\n\r\n".starts_with(&early.unwrap()));
    }
}

#[test]
fn answers_of_the_meantime_are_passed_over() {
    const EARLY: &str = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    for early in upgraded(|accept| {
        format!(
            "HTTP/1.1 100 Continue\r\n\r\n{EARLY}{EARLY}{}",
            acceptance(accept)
        )
    }) {
        assert_eq!(early, Ok(Vec::new()));
    }
    for refused in upgraded(|_| format!("{EARLY}HTTP/1.1 403 Forbidden\r\n\r\n")) {
        assert_eq!(refused, Err(FailureKind::HttpStatus(403)));
    }
    // Not for ever.
    for endless in upgraded(|_| EARLY.repeat(1000)) {
        assert_eq!(endless, Err(FailureKind::Protocol));
    }
}
