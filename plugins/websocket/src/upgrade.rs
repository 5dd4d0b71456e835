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

/// The largest head of an answer, with those that announce it.
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

    let mut bytes = Vec::new();
    let mut start = 0;
    loop {
        let mut searched = start;
        let end = poll_fn(|cx| poll_head(stream, cx, &mut bytes, &mut searched)).await?;
        let head = bytes.get(start..end).unwrap_or_default();
        if is_interim(head) {
            start = end;
            continue;
        }
        check(head, &key)?;
        return Ok(bytes.split_off(end));
    }
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

/// Reads until the empty line that ends a head, and says where it ends. There is none before
/// `searched`.
fn poll_head(
    stream: &mut dyn ByteStream,
    cx: &mut Context<'_>,
    bytes: &mut Vec<u8>,
    searched: &mut usize,
) -> Poll<Result<usize, TransportError>> {
    loop {
        let new = bytes.get(*searched..).unwrap_or_default();
        if let Some(at) = new.windows(4).position(|w| w == b"\r\n\r\n") {
            return Poll::Ready(Ok(*searched + at + 4));
        }
        // The end may lie across two reads.
        *searched = bytes.len().saturating_sub(3).max(*searched);
        if bytes.len() > MAX_HEAD {
            return Poll::Ready(Err(protocol("the head of the answer is too large")));
        }
        let old = bytes.len();
        bytes.resize(old + 1024, 0);
        let read = stream.poll_read(cx, bytes.get_mut(old..).unwrap_or_default());
        let n = match &read {
            Poll::Ready(Ok(n)) => *n,
            _ => 0,
        };
        bytes.truncate(old + n);
        match ready!(read) {
            Err(error) => return Poll::Ready(Err(of_io(error))),
            Ok(0) => return Poll::Ready(Err(of_io(io::ErrorKind::UnexpectedEof.into()))),
            Ok(_) => {}
        }
    }
}

fn status_of(line: &str) -> Option<u16> {
    let rest = line
        .strip_prefix("HTTP/1.1 ")
        .or(line.strip_prefix("HTTP/1.0 "))?;
    rest.get(..3)?.parse().ok()
}

/// True for a head that only announces the answer, such as 103.
fn is_interim(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    status_of(&head).is_some_and(|status| (100..200).contains(&status) && status != 101)
}

/// Checks that the head of an answer accepts the upgrade.
fn check(head: &[u8], key: &str) -> Result<(), TransportError> {
    let bad = || protocol("the answer to the upgrade is not HTTP/1.1");
    // Other headers may hold anything.
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(status_of).ok_or_else(bad)?;
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
