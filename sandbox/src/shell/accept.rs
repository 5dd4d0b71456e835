//! Accepting sockets and speaking HTTP/1.1 on them.
//!
//! A peer that does not finish its handshake or its headers in time is dropped, and only so many
//! sockets are open at once: those that became WebSockets keep their place until they are closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::shell::hub::Hub;

/// The places for sockets.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    taken: Arc<AtomicUsize>,
}

impl Slots {
    pub(crate) fn new(most: usize) -> Slots {
        Slots {
            free: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            taken: Arc::default(),
        }
    }

    /// Returns how many sockets are open.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    fn take(&self, place: OwnedSemaphorePermit) -> Arc<Slot> {
        self.taken.fetch_add(1, Ordering::SeqCst);
        let taken = Arc::clone(&self.taken);
        Arc::new(Slot {
            _place: place,
            taken,
            cut: Notify::new(),
        })
    }
}

/// The place of one socket. Whoever serves the socket holds it; a request finds it among its
/// extensions.
#[derive(Debug)]
pub(crate) struct Slot {
    _place: OwnedSemaphorePermit,
    taken: Arc<AtomicUsize>,
    cut: Notify,
}

impl Slot {
    /// Drops the socket without a word, unless it has become a WebSocket.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves until the sandbox is to stop. Whoever holds `alive` is waited for.
pub(crate) async fn run(
    hub: Arc<Hub>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    slots: Slots,
    alive: mpsc::Sender<()>,
) {
    loop {
        let place = Arc::clone(&slots.free).acquire_owned();
        let accepted = async { (place.await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = hub.stopped() => return,
        };
        let Ok((socket, _)) = accepted else {
            // Out of file descriptors, most likely: give some time to get them back.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // The places are never closed.
        let Ok(place) = place else { return };
        let slot = slots.take(place);
        let router = router.clone().layer(Extension(Arc::clone(&slot)));
        let (hub, tls, alive) = (Arc::clone(&hub), tls.clone(), alive.clone());
        tokio::spawn(async move {
            let _held = alive;
            tokio::select! {
                () = serve_socket(socket, tls, router) => {}
                () = slot.cut.notified() => {}
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

const MAX_HEAD: usize = 256 * 1024;
const HEAD_TIME: Duration = Duration::from_secs(30);
