//! The upgrade from HTTP to WebSocket, made here so that nothing logs the request: its query holds
//! credentials.
//!
//! RFC 6455, section 4.1.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
};

use ably_base::{ByteStream, FailureKind, Target, TransportError};
use ably_tokio_net::of_io;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    accept_key::accept,
    error::{no_random, protocol},
};

/// The largest head of an answer.
const MAX_HEAD: usize = 16 * 1024;

/// Upgrades `stream`, and returns what of the server's frames came with the answer.
///
/// # Errors
/// - [`FailureKind::HttpStatus`] the server answers with another status than 101.
/// - [`FailureKind::Protocol`] the answer is not one, or its head is larger than 16 KiB.
/// - what the stream says.
pub(crate) async fn upgrade(
    stream: &mut dyn ByteStream,
    target: &Target,
) -> Result<Vec<u8>, TransportError> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(no_random)?;
    let key = STANDARD.encode(nonce);
    let request = request(target, &key)?;
    let mut sent = 0;
    poll_fn(|cx| poll_send(stream, cx, request.as_bytes(), &mut sent))
        .await
        .map_err(of_io)?;

    let mut head = Vec::new();
    let end = poll_fn(|cx| poll_head(stream, cx, &mut head)).await?;
    check(head.get(..end).unwrap_or_default(), &key)?;
    Ok(head.split_off(end))
}

/// The request. Nothing in the target may end a line or the request line early.
fn request(target: &Target, key: &str) -> Result<String, TransportError> {
    let breaks = |b: u8| b <= b' ' || b == 0x7f;
    if target.host.bytes().any(breaks) || target.path_and_query.bytes().any(breaks) {
        return Err(protocol(
            "the host, path or query holds a space or control character",
        ));
    }
    let (open, close) = match target.host.contains(':') && !target.host.starts_with('[') {
        true => ("[", "]"),
        false => ("", ""),
    };
    let host = &target.host;
    let port = match (target.tls, target.port) {
        (true, 443) | (false, 80) => String::new(),
        (_, port) => format!(":{port}"),
    };
    Ok(format!(
        "GET {} HTTP/1.1\r\nHost: {open}{host}{close}{port}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n",
        target.path_and_query
    ))
}

fn poll_send(
    stream: &mut dyn ByteStream,
    cx: &mut Context<'_>,
    bytes: &[u8],
    sent: &mut usize,
) -> Poll<io::Result<()>> {
    while let Some(rest) = bytes.get(*sent..).filter(|r| !r.is_empty()) {
        match ready!(stream.poll_write(cx, rest))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            n => *sent += n,
        }
    }
    stream.poll_flush(cx)
}

/// Reads until the empty line that ends the head, and says where it ends.
fn poll_head(
    stream: &mut dyn ByteStream,
    cx: &mut Context<'_>,
    head: &mut Vec<u8>,
) -> Poll<Result<usize, TransportError>> {
    loop {
        let old = head.len();
        head.resize(old + 1024, 0);
        let read = stream.poll_read(cx, head.get_mut(old..).unwrap_or_default());
        let n = match &read {
            Poll::Ready(Ok(n)) => *n,
            _ => 0,
        };
        head.truncate(old + n);
        match ready!(read) {
            Err(error) => return Poll::Ready(Err(of_io(error))),
            Ok(0) => return Poll::Ready(Err(of_io(io::ErrorKind::UnexpectedEof.into()))),
            Ok(_) => {}
        }
        // The end may lie across two reads.
        let from = old.saturating_sub(3);
        let new = head.get(from..).unwrap_or_default();
        if let Some(at) = new.windows(4).position(|w| w == b"\r\n\r\n") {
            return Poll::Ready(Ok(from + at + 4));
        }
        if head.len() > MAX_HEAD {
            return Poll::Ready(Err(protocol("the head of the answer is too large")));
        }
    }
}

/// Checks that the head of an answer accepts the upgrade.
fn check(head: &[u8], key: &str) -> Result<(), TransportError> {
    let bad = || protocol("the answer to the upgrade is not HTTP/1.1");
    let head = std::str::from_utf8(head).map_err(|_| bad())?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|l| l.strip_prefix("HTTP/1.1 ").or(l.strip_prefix("HTTP/1.0 ")))
        .and_then(|l| l.get(..3))
        .and_then(|s| s.parse::<u16>().ok())
        .ok_or_else(bad)?;
    if status != 101 {
        return Err(TransportError::new(FailureKind::HttpStatus(status)));
    }
    let (mut upgrade, mut connection, mut accepted) = (false, false, false);
    for line in lines.filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let value = value.trim_matches([' ', '\t']);
        if name.eq_ignore_ascii_case("upgrade") {
            upgrade = value.eq_ignore_ascii_case("websocket");
        } else if name.eq_ignore_ascii_case("connection") {
            connection |= value
                .split(',')
                .any(|v| v.trim().eq_ignore_ascii_case("upgrade"));
        } else if name.eq_ignore_ascii_case("sec-websocket-accept") {
            accepted = value == accept(key);
        } else if name.eq_ignore_ascii_case("sec-websocket-extensions")
            || name.eq_ignore_ascii_case("sec-websocket-protocol")
        {
            return Err(protocol(
                "the server chose an extension that was not offered",
            ));
        }
    }
    if upgrade && connection && accepted {
        Ok(())
    } else {
        Err(protocol(
            "the server did not accept the upgrade to WebSocket",
        ))
    }
}

#[cfg(test)]
mod tests;
