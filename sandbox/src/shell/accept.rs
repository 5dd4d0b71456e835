//! Accepting sockets and speaking HTTP/1.1 on them.
//!
//! A peer that does not finish its handshake or its headers in time is dropped, and only so many
//! sockets are open at once.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::shell::hub::Hub;

/// Serves until the sandbox is to stop. Whoever holds `alive` is waited for.
pub(crate) async fn run(
    hub: Arc<Hub>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    alive: mpsc::Sender<()>,
) {
    let slots = Arc::new(Semaphore::new(MAX_SOCKETS));
    loop {
        let slot = Arc::clone(&slots).acquire_owned();
        let accepted = async { (slot.await, listener.accept().await) };
        let (slot, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = hub.stopped() => return,
        };
        let Ok((socket, _)) = accepted else {
            // Out of file descriptors, most likely: give some time to get them back.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (hub, tls, router, alive) =
            (Arc::clone(&hub), tls.clone(), router.clone(), alive.clone());
        tokio::spawn(async move {
            let _held = (slot, alive);
            tokio::select! {
                () = serve_socket(socket, tls, router) => {}
                () = hub.stopped() => {}
            }
        });
    }
}

async fn serve_socket(socket: TcpStream, tls: Option<TlsAcceptor>, router: Router) {
    let _ = socket.set_nodelay(true);
    match tls {
        None => serve_http(socket, router).await,
        Some(tls) => {
            if let Ok(Ok(socket)) = timeout(HEAD_TIME, tls.accept(socket)).await {
                serve_http(socket, router).await;
            }
        }
    }
}

async fn serve_http(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(router))
        .with_upgrades()
        .await;
    // A peer that breaks HTTP has been answered or dropped; there is nobody to tell.
    drop(served);
}

const MAX_SOCKETS: usize = 10_000;
const MAX_HEAD: usize = 256 * 1024;
const HEAD_TIME: Duration = Duration::from_secs(30);
