//! Comet over HTTP: requests that hang, and answers that go on.
//!
//! A recv is answered with one JSON array, or with a stream of them, one a line. Whoever goes away
//! is noticed at once; whoever stays and takes nothing is dropped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response};
use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use crate::core::auth::Credential;
use crate::core::comet::{Received, Recv};
use crate::core::{ConnectRequest, Core, parse_query, rest};
use crate::shell::accept::Slot;
use crate::shell::http::{credentials, write_response};
use crate::shell::hub::Hub;
use crate::wire::error::{BAD_BODY, BAD_METHOD, NOT_FOUND, TOO_LARGE};
use crate::wire::{ErrorInfo, Format, Frame, Value};

/// What is after `/comet/` in a path, if that is what it is.
pub(crate) fn path_of(path: &str) -> Option<&str> {
    path.strip_prefix("/comet/")
}

/// Answers a request for a path below `/comet/`.
pub(crate) async fn answer(
    hub: &Arc<Hub>,
    alive: mpsc::Sender<()>,
    max_body: usize,
    request: Request<Body>,
) -> Response<Body> {
    let slot = request.extensions().get::<Arc<Slot>>().cloned();
    match route(hub, max_body, request).await {
        Ok(Answer::Done) => write_response(rest::Response::empty(), Format::Json),
        Ok(Answer::Recv(recv)) => {
            let hanging = Hanging::new(hub, recv);
            if recv.streams {
                stream_to(hanging, slot, alive)
            } else {
                poll(hanging, slot).await
            }
        }
        Ok(Answer::Cut) => cut(slot).await,
        Err(error) => write_response(rest::Response::error(&error), Format::Json),
    }
}

enum Answer {
    Done,
    Recv(Recv),
    Cut,
}

async fn route(
    hub: &Arc<Hub>,
    max_body: usize,
    request: Request<Body>,
) -> Result<Answer, ErrorInfo> {
    let query = parse_query(request.uri().query().unwrap_or_default());
    let shown = credentials(request.headers(), &query);
    let path = request.uri().path().to_owned();
    let path = path_of(&path).unwrap_or_default();
    let get = request.method() == Method::GET;
    match path.split_once('/') {
        None if path == "connect" && get => {
            let request = ConnectRequest { query };
            let opened = hub.with(|core, now| core.comet_connect(&request, &shown, now))?;
            Ok(opened.map_or(Answer::Cut, Answer::Recv))
        }
        Some((key, "recv")) if get => {
            let recv = hub.with(|core, now| core.comet_recv(key, &shown, now))?;
            Ok(Answer::Recv(recv))
        }
        Some((key, "send")) if request.method() == Method::POST => {
            let Some(body) = read_body(request.into_body(), max_body).await else {
                // Nobody waits for an answer any more.
                return Ok(Answer::Cut);
            };
            let send = |core: &mut Core, now| core.comet_send(key, &shown, body, now);
            // A client sends one body at a time, so it goes no faster than the disk.
            hub.with_durable(send).await?;
            Ok(Answer::Done)
        }
        Some((key, "close")) if get => done(hub, key, &shown, Core::comet_close),
        Some((key, "disconnect")) if get => done(hub, key, &shown, Core::comet_disconnect),
        None if path == "connect" => Err(bad_method()),
        Some((_, "recv" | "send" | "close" | "disconnect")) => Err(bad_method()),
        _ => {
            let why = "there is nothing at this path in this sandbox";
            Err(ErrorInfo::new(NOT_FOUND, 404, why))
        }
    }
}

type Step = fn(&mut Core, &str, &[Credential], u64) -> Result<(), ErrorInfo>;

fn done(hub: &Hub, key: &str, shown: &[Credential], step: Step) -> Result<Answer, ErrorInfo> {
    hub.with(|core, now| step(core, key, shown, now))?;
    Ok(Answer::Done)
}

/// Reads a body; `None` when it breaks off.
async fn read_body(body: Body, max_body: usize) -> Option<Result<Value, ErrorInfo>> {
    let mut bytes = Vec::new();
    let mut body = body.into_data_stream();
    loop {
        let Ok(piece) = timeout(STALL, body.next()).await else {
            let why = "the body did not arrive in time";
            return Some(Err(ErrorInfo::new(50003, 408, why)));
        };
        match piece {
            None => break,
            Some(Err(_)) => return None,
            Some(Ok(piece)) => bytes.extend_from_slice(&piece),
        }
        if bytes.len() > max_body {
            let why = "the body exceeds maxFrameSize";
            return Some(Err(ErrorInfo::bad(TOO_LARGE, why)));
        }
    }
    let decoded = Format::Json.decode(&bytes);
    Some(decoded.map_err(|why| ErrorInfo::bad(BAD_BODY, why)))
}

/// A recv that the core knows of until this is dropped.
struct Hanging {
    hub: Arc<Hub>,
    recv: Recv,
    wakeup: Arc<Notify>,
}

impl Hanging {
    fn new(hub: &Arc<Hub>, recv: Recv) -> Hanging {
        Hanging {
            hub: Arc::clone(hub),
            recv,
            wakeup: hub.register(recv.transport),
        }
    }

    fn poll(&self) -> Option<Received> {
        self.hub.with(|core, now| core.poll_recv(&self.recv, now))
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.hub.release(self.recv.transport, &self.wakeup);
        self.hub.with(|core, now| core.recv_lost(&self.recv, now));
    }
}

async fn poll(hanging: Hanging, slot: Option<Arc<Slot>>) -> Response<Body> {
    loop {
        match hanging.poll() {
            Some(Received::Frames(frames)) => return with_body(Body::from(encode(&frames))),
            Some(Received::End) => return with_body(Body::from("[]")),
            Some(Received::Cut) => return cut(slot).await,
            None => hanging.wakeup.notified().await,
        }
    }
}

fn stream_to(hanging: Hanging, slot: Option<Arc<Slot>>, alive: mpsc::Sender<()>) -> Response<Body> {
    let (pieces, taken) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        let _held = alive;
        let hub = Arc::clone(&hanging.hub);
        tokio::select! {
            () = fill(hanging, &pieces, slot) => {}
            () = hub.stopped() => {}
        }
    });
    let body = stream::unfold(taken, async |mut taken| {
        let piece = taken.recv().await?;
        Some((Ok::<_, Infallible>(piece), taken))
    });
    with_body(Body::from_stream(body))
}

// Ends when the recv does, or when nobody takes what is sent.
async fn fill(hanging: Hanging, pieces: &mpsc::Sender<Bytes>, slot: Option<Arc<Slot>>) {
    loop {
        match hanging.poll() {
            Some(Received::Frames(frames)) => {
                let mut line = encode(&frames);
                line.push(b'\n');
                match timeout(STALL, pieces.send(line.into())).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => break,
                }
            }
            Some(Received::End) => return,
            Some(Received::Cut) => break,
            None => tokio::select! {
                () = hanging.wakeup.notified() => {}
                () = pieces.closed() => return,
            },
        }
    }
    if let Some(slot) = slot {
        slot.cut();
    }
    // Until the socket is gone: an answer that ended here would look whole.
    drop(hanging);
    pieces.closed().await;
}

/// Drops the socket that a request came on.
async fn cut(slot: Option<Arc<Slot>>) -> Response<Body> {
    if let Some(slot) = slot {
        slot.cut();
    }
    std::future::pending().await
}

fn encode(frames: &[Arc<Frame>]) -> Vec<u8> {
    let mut bytes = vec![b'['];
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        bytes.extend_from_slice(frame.bytes(Format::Json));
    }
    bytes.push(b']');
    bytes
}

fn with_body(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let json = HeaderValue::from_static(Format::Json.content_type());
    headers.insert(CONTENT_TYPE, json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bad_method() -> ErrorInfo {
    ErrorInfo::new(BAD_METHOD, 405, "this path does not have this method")
}

const STALL: Duration = Duration::from_secs(30);
