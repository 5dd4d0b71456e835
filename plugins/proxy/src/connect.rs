//! Speaking with a proxy: HTTP CONNECT and SOCKS 5.
//!
//! Resolves no name that the proxy can resolve, and tells no credentials in errors. What is then
//! spoken with the host is not this module's matter.
//!
//! RFC 9110, section 9.3.6; RFC 1928; RFC 1929.

use std::{
    future::poll_fn,
    io,
    net::IpAddr,
    sync::Arc,
    task::{Poll, ready},
};

use ably_base::{ByteStream, ErrorInfo, FailureKind, TransportError, ext::Journey};

use crate::address::{Address, Scheme, unbracketed};

/// The largest head of an answer to CONNECT.
const MAX_HEAD: usize = 16 * 1024;

/// Opens a stream through `proxy`, or to it if the journey ends there.
///
/// # Errors
/// - what the dialler says of the proxy.
/// - [`FailureKind::Unreachable`], [`FailureKind::Refused`] the proxy does not lead there.
/// - [`FailureKind::Protocol`] it does not speak as it must.
pub(crate) async fn open(
    proxy: Address,
    journey: Journey,
) -> Result<Box<dyn ByteStream>, TransportError> {
    through(&proxy, &journey).await.map_err(|error| {
        let text = format!(
            "through the proxy {}:{}: {error}",
            proxy.host(),
            proxy.port()
        );
        TransportError::with_source(error.kind, Arc::new(io::Error::other(text)))
    })
}

async fn through(
    proxy: &Address,
    journey: &Journey,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let host = proxy.host().to_owned();
    let mut stream = journey.dial.dial(host.clone(), proxy.port()).await?;
    if proxy.scheme() == Scheme::Https {
        let tls = journey.tls_provider.as_ref().ok_or_else(no_tls)?;
        stream = tls.connect(host, stream).await?;
    }
    match proxy.scheme() {
        Scheme::Socks5 => socks(&mut *stream, proxy, journey).await?,
        Scheme::Http | Scheme::Https if journey.to_proxy => {}
        Scheme::Http | Scheme::Https => tunnel(&mut *stream, proxy, journey).await?,
    }
    Ok(stream)
}

/// HTTP CONNECT.
async fn tunnel(
    stream: &mut dyn ByteStream,
    proxy: &Address,
    journey: &Journey,
) -> Result<(), TransportError> {
    let host = unbracketed(&journey.host);
    // Nothing in the host may end a line.
    if host.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Err(protocol("the host holds a space or control character"));
    }
    let to = match host.contains(':') {
        true => format!("[{host}]:{}", journey.port),
        false => format!("{host}:{}", journey.port),
    };
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
    if let Some(authorization) = proxy.authorization() {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization.expose());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    send(stream, request.as_bytes()).await?;
    // Byte by byte, for what follows is not for us.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        receive(stream, &mut byte).await?;
        head.extend(byte);
        if head.len() > MAX_HEAD {
            return Err(protocol("the head of the answer to CONNECT is too large"));
        }
    }
    match status(&head) {
        Some(200..300) => Ok(()),
        Some(407) => Err(refused("it does not accept the credentials")),
        Some(_) => Err(refused("it does not lead to the host")),
        None => Err(protocol("the answer to CONNECT is not HTTP")),
    }
}

fn status(head: &[u8]) -> Option<u16> {
    let version = |v: &[u8]| head.strip_prefix(v);
    let rest = version(b"HTTP/1.1 ").or_else(|| version(b"HTTP/1.0 "))?;
    std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
}

/// SOCKS 5.
async fn socks(
    stream: &mut dyn ByteStream,
    proxy: &Address,
    journey: &Journey,
) -> Result<(), TransportError> {
    const WITHOUT_PASSWORD: u8 = 0;
    const WITH_PASSWORD: u8 = 2;
    let credentials = proxy.credentials();
    match credentials {
        None => send(stream, &[5, 1, WITHOUT_PASSWORD]).await?,
        Some(_) => send(stream, &[5, 2, WITHOUT_PASSWORD, WITH_PASSWORD]).await?,
    }
    let mut answer = [0; 2];
    receive(stream, &mut answer).await?;
    match (answer, credentials) {
        ([5, WITHOUT_PASSWORD], _) => {}
        ([5, WITH_PASSWORD], Some(credentials)) => {
            let (user, password) = credentials.expose();
            let mut request = vec![1];
            push_text(&mut request, user)?;
            push_text(&mut request, password)?;
            send(stream, &request).await?;
            receive(stream, &mut answer).await?;
            if answer[1] != 0 {
                return Err(refused("it does not accept the credentials"));
            }
        }
        ([5, _], _) => return Err(refused("it does not accept the credentials")),
        _ => return Err(protocol("the answer is not SOCKS 5")),
    }

    let host = unbracketed(&journey.host);
    let mut request = vec![5, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            push_text(&mut request, host)?;
        }
    }
    request.extend(journey.port.to_be_bytes());
    send(stream, &request).await?;

    let mut reply = [0; 5];
    receive(stream, &mut reply).await?;
    let rest = match reply {
        [5, 0, _, 1, _] => 4 - 1,
        [5, 0, _, 3, length] => length.into(),
        [5, 0, _, 4, _] => 16 - 1,
        [5, 5, ..] => return Err(TransportError::new(FailureKind::Refused)),
        [5, 6, ..] => return Err(TransportError::new(FailureKind::Timeout)),
        [5, code, ..] if code != 0 => return Err(refused("it does not lead to the host")),
        _ => return Err(protocol("the answer is not SOCKS 5")),
    };
    // The address that the proxy uses, and its port: nothing to us.
    let mut skipped = [0; 255 + 2];
    receive(stream, skipped.get_mut(..rest + 2).unwrap_or_default()).await
}

/// A text with its length in front.
fn push_text(request: &mut Vec<u8>, text: &str) -> Result<(), TransportError> {
    let length = u8::try_from(text.len())
        .map_err(|_| protocol("a name or credential is too long for SOCKS 5"))?;
    request.push(length);
    request.extend(text.as_bytes());
    Ok(())
}

async fn send(stream: &mut dyn ByteStream, bytes: &[u8]) -> Result<(), TransportError> {
    let mut sent = 0;
    poll_fn(|cx| {
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match ready!(stream.poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => sent += n,
            }
        }
        stream.poll_flush(cx)
    })
    .await
    .map_err(broken)
}

/// Fills `buf`, and reads nothing that comes after.
async fn receive(stream: &mut dyn ByteStream, buf: &mut [u8]) -> Result<(), TransportError> {
    let mut filled = 0;
    poll_fn(|cx| {
        while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match ready!(stream.poll_read(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                n => filled += n,
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
    .map_err(broken)
}

fn refused(text: &'static str) -> TransportError {
    TransportError::with_source(FailureKind::Unreachable, Arc::new(io::Error::other(text)))
}

fn protocol(text: &'static str) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(io::Error::other(text)))
}

/// The stream broke before it led anywhere.
fn broken(error: io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        _ => FailureKind::Unreachable,
    };
    TransportError::with_source(kind, Arc::new(error))
}

fn no_tls() -> TransportError {
    TransportError::with_source(
        FailureKind::Tls,
        Arc::new(ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls")),
    )
}
