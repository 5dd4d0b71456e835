//! [`TcpDialer`].

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ably_base::{ByteStream, Dial, FailureKind, TransportError, engine::BoxFuture};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, runtime::Handle};

use crate::{
    TokioStream,
    error::of_io,
    eyeballs::{connect_first, interleave},
};

/// A silent connection is probed after this long.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
/// Time between probes.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
/// What was sent must be acknowledged within this long.
#[cfg(any(target_os = "linux", target_os = "android"))]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Dials TCP: what plugins do unless the application brings a dialler.
///
/// # Behaviour
/// - Resolves with the system's resolver and tries the addresses side by side: an address that
///   does not answer costs 250 ms ([`crate::connect_first`]).
/// - Sends at once (`TCP_NODELAY`), and notices a peer that is gone within about a minute
///   (keep-alive; on Linux also unacknowledged data within 30 s).
/// - Needs a tokio runtime with `enable_io` and `enable_time`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpDialer;

impl Dial for TcpDialer {
    fn dial(
        &self,
        host: String,
        port: u16,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        Box::pin(async move {
            if Handle::try_current().is_err() {
                let error = "dialling needs a tokio runtime: use the feature `tokio`";
                return Err(TransportError::with_source(
                    FailureKind::Other,
                    Arc::new(io::Error::other(error)),
                ));
            }
            // The brackets of an IPv6 literal belong to URLs.
            let name = host
                .strip_prefix('[')
                .and_then(|h| h.strip_suffix(']'))
                .unwrap_or(&host);
            let addresses = tokio::net::lookup_host((name, port))
                .await
                .map_err(|e| TransportError::with_source(FailureKind::Dns, Arc::new(e)))?;
            let addresses = interleave(addresses);
            if addresses.is_empty() {
                return Err(TransportError::new(FailureKind::Dns));
            }
            let stream = connect_first(addresses, connect).await.map_err(of_io)?;
            Ok(Box::new(TokioStream::new(stream)) as Box<dyn ByteStream>)
        })
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY);
    // A platform without these still has a working socket.
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(USER_TIMEOUT));
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_sends_at_once_and_is_kept_alive() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let stream = connect(listener.local_addr().unwrap()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_AFTER);
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        }
    }
}
