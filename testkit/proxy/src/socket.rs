//! WebSockets: the upgrade, and what is said afterwards.
//!
//! One task for each pair of sockets. Frames of one direction keep their order: one that is
//! delayed holds up those behind it.

use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HOST, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::event::{Direction, Initiator, What};
use crate::http::{Body, full, made, query, without_hops};
use crate::rule::Action;
use crate::rules::{Subject, replacement};
use crate::session::{Command, Shared};
use crate::upstream::Stream;

type ClientSocket = WebSocketStream<TokioIo<Upgraded>>;
type ServerSocket = WebSocketStream<Box<dyn Stream>>;

/// Answers an upgrade and starts what follows it. An error drops the socket.
pub(crate) async fn upgrade(
    shared: &Arc<Shared>,
    mut request: Request<Incoming>,
    alive: mpsc::Sender<()>,
) -> io::Result<Response<Body>> {
    let host = request.headers().get(HOST).and_then(|h| h.to_str().ok());
    let target = request.uri().path_and_query();
    let url = format!(
        "ws://{}{}",
        host.unwrap_or_default(),
        target.map_or("/", |target| target.as_str())
    );
    let query_params = query(&request);
    let what = What::WsConnect {
        url: url.clone(),
        query_params: query_params.clone(),
    };
    let fired = shared.decide(Subject::WsConnect(&query_params), what, 2 * url.len());
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) else {
        return Ok(made(400, None, Default::default()));
    };
    let accepted = accept(key);
    let on_upgrade = hyper::upgrade::on(&mut request);
    match fired.map(|fired| fired.action) {
        Some(Action::RefuseConnection) => {
            ended(shared, Initiator::Proxy, NO_CLOSE_FRAME);
            Err(io::Error::other("refused on purpose"))
        }
        Some(Action::AcceptAndClose { close_code }) => {
            spawn(shared, alive, async move |shared| {
                if let Some(mut client) = opened(on_upgrade).await {
                    let code = close_code.unwrap_or(NORMAL);
                    ended(&shared, Initiator::Proxy, code);
                    close(&mut client, code).await;
                    finish(client.into_inner()).await;
                }
            });
            Ok(accepted)
        }
        _ => match connect(shared, &request).await {
            Ok(server) => {
                let delays = shared.delays();
                spawn(shared, alive, async move |shared| {
                    if let Some(client) = opened(on_upgrade).await {
                        Pump::run(shared, client, server, delays).await;
                    }
                });
                Ok(accepted)
            }
            Err(Error::Http(response)) => {
                let (head, body) = response.into_parts();
                Ok(Response::from_parts(
                    head,
                    full(body.unwrap_or_default().into()),
                ))
            }
            Err(_) => Ok(made(502, None, Default::default())),
        },
    }
}

fn accept(key: &HeaderValue) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accepted) = derive_accept_key(key.as_bytes()).parse() {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    }
    response
}

/// Opens the WebSocket to the server with what the client asked for.
async fn connect(shared: &Shared, request: &Request<Incoming>) -> Result<ServerSocket, Error> {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    let url = format!("ws://{}{target}", shared.target.authority());
    let mut to_server = url.into_client_request()?;
    let mut headers = request.headers().clone();
    without_hops(&mut headers);
    let own = |name: &str| name == "host" || name.starts_with("sec-websocket");
    for (name, value) in headers.iter().filter(|(name, _)| !own(name.as_str())) {
        to_server.headers_mut().append(name, value.clone());
    }
    let stream = shared.target.connect().await?;
    let (server, _) = client_async_with_config(to_server, stream, Some(config())).await?;
    Ok(server)
}

async fn opened(on_upgrade: OnUpgrade) -> Option<ClientSocket> {
    let socket = TokioIo::new(on_upgrade.await.ok()?);
    Some(WebSocketStream::from_raw_socket(socket, Role::Server, Some(config())).await)
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_frame_size(Some(MAX_FRAME))
        .max_message_size(Some(MAX_FRAME))
}

fn spawn<F: Future<Output = ()> + Send + 'static>(
    shared: &Arc<Shared>,
    alive: mpsc::Sender<()>,
    f: impl FnOnce(Arc<Shared>) -> F + Send + 'static,
) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let _held = alive;
        let stop = Arc::clone(&shared);
        tokio::select! {
            () = f(shared) => {}
            () = stop.stopped() => {}
        }
    });
}

/// Two sockets, and what is on its way between them.
struct Pump {
    shared: Arc<Shared>,
    client: ClientSocket,
    server: ServerSocket,
    to_client: Lane,
    to_server: Lane,
}

/// One direction.
#[derive(Default)]
struct Lane {
    /// A frame that is delayed, and until when.
    held: Option<(Instant, Message)>,
    /// Whether nothing passes any more.
    suppressed: bool,
}

/// Whether it goes on.
type Going = Result<(), End>;

/// How it ends: who ended it, and with which code; 1006 is no close frame.
struct End(Initiator, u16);

impl Pump {
    async fn run(
        shared: Arc<Shared>,
        client: ClientSocket,
        server: ServerSocket,
        delays: Vec<(u64, Duration)>,
    ) {
        let (_registered, mut commands) = shared.register();
        let opened = Instant::now();
        let delays = delays
            .into_iter()
            .map(|(rule, delay)| (opened + delay, rule));
        let mut delays: Vec<_> = delays.collect();
        delays.sort_unstable();
        delays.reverse();
        let mut pump = Self {
            shared,
            client,
            server,
            to_client: Lane::default(),
            to_server: Lane::default(),
        };
        let End(initiator, code) = loop {
            let going = tokio::select! {
                Some(command) = commands.recv() => pump.command(command).await,
                () = until(delays.last().map(|(at, _)| *at)) => match delays.pop() {
                    Some((_, rule)) => pump.elapsed(rule).await,
                    None => Ok(()),
                },
                () = until(pump.to_client.held_until()) => pump.release(Direction::ServerToClient).await,
                () = until(pump.to_server.held_until()) => pump.release(Direction::ClientToServer).await,
                frame = pump.client.next(), if pump.to_server.held.is_none() => {
                    pump.frame(Direction::ClientToServer, frame).await
                }
                frame = pump.server.next(), if pump.to_client.held.is_none() => {
                    pump.frame(Direction::ServerToClient, frame).await
                }
            };
            if let Err(end) = going {
                break end;
            }
        };
        ended(&pump.shared, initiator, code);
        // Who ended it knows. The other is told as it was done.
        if code != NO_CLOSE_FRAME && initiator != Initiator::Client {
            close(&mut pump.client, code).await;
        }
        if code != NO_CLOSE_FRAME && initiator == Initiator::Client {
            close(&mut pump.server, code).await;
        }
        let Self { client, server, .. } = pump;
        tokio::join!(finish(client.into_inner()), finish(server.into_inner()));
    }

    /// Something is to be done at once.
    async fn command(&mut self, command: Command) -> Going {
        let Command { action, done } = command;
        let going = self.act(action, None).await;
        let _ = done.send(());
        going
    }

    /// The time of a rule has come.
    async fn elapsed(&mut self, rule: u64) -> Going {
        let Some(fired) = self.shared.elapsed(rule) else {
            return Ok(());
        };
        if fired.action == Action::SuppressOnwards {
            self.to_client.suppressed = true;
            return Ok(());
        }
        self.act(fired.action, Some(fired.label)).await
    }

    /// What needs no frame.
    async fn act(&mut self, action: Action, label: Option<String>) -> Going {
        match action {
            Action::Disconnect => Err(End(Initiator::Proxy, NO_CLOSE_FRAME)),
            Action::Close { close_code } => {
                Err(End(Initiator::Proxy, close_code.unwrap_or(NORMAL)))
            }
            Action::InjectToClient { message } => self.inject(message, label).await,
            Action::InjectToClientAndClose {
                message,
                close_code,
            } => {
                self.inject(message, label).await?;
                Err(End(Initiator::Proxy, close_code.unwrap_or(NORMAL)))
            }
            _ => Ok(()),
        }
    }

    async fn inject(&mut self, message: Value, label: Option<String>) -> Going {
        let text = message.to_string();
        let what = What::WsFrame {
            direction: Direction::ServerToClient,
            message,
        };
        self.shared.record(what, label, text.len());
        self.send(Direction::ServerToClient, Message::text(text))
            .await
    }

    /// Something came.
    async fn frame(
        &mut self,
        direction: Direction,
        frame: Option<Result<Message, Error>>,
    ) -> Going {
        let from = match direction {
            Direction::ClientToServer => Initiator::Client,
            Direction::ServerToClient => Initiator::Server,
        };
        let frame = match frame {
            Some(Ok(Message::Close(close))) => {
                let code = close.map_or(NO_STATUS, |close| close.code.into());
                return Err(End(from, code));
            }
            Some(Ok(frame)) => frame,
            Some(Err(_)) | None => return Err(End(from, NO_CLOSE_FRAME)),
        };
        let text = match &frame {
            Message::Text(text) => text,
            // Each side answers pings itself.
            Message::Pong(_) => return Ok(()),
            _ => return self.pass(direction, frame).await,
        };
        let message: Value = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(_) => return self.pass(direction, frame).await,
        };
        let subject = match direction {
            Direction::ClientToServer => Subject::FrameToServer(&message),
            Direction::ServerToClient => Subject::FrameToClient(&message),
        };
        let what = What::WsFrame {
            direction,
            message: message.clone(),
        };
        let fired = self.shared.decide(subject, what, 4 * text.len());
        let Some(fired) = fired else {
            return self.pass(direction, frame).await;
        };
        match fired.action {
            Action::Suppress => Ok(()),
            Action::SuppressOnwards => {
                self.lane(direction).suppressed = true;
                Ok(())
            }
            Action::Replace { message: with } => {
                let with = replacement(with, &message).to_string();
                self.pass(direction, Message::text(with)).await
            }
            Action::Delay { delay_ms } => {
                let until = Instant::now() + Duration::from_millis(delay_ms);
                self.lane(direction).held = Some((until, frame));
                Ok(())
            }
            Action::InjectToClient { .. } | Action::InjectToClientAndClose { .. } => {
                self.pass(direction, frame).await?;
                self.act(fired.action, Some(fired.label)).await
            }
            Action::Disconnect | Action::Close { .. } => self.act(fired.action, None).await,
            _ => self.pass(direction, frame).await,
        }
    }

    /// A delayed frame goes on.
    async fn release(&mut self, direction: Direction) -> Going {
        match self.lane(direction).held.take() {
            Some((_, frame)) => self.pass(direction, frame).await,
            None => Ok(()),
        }
    }

    /// Passes a frame on, unless nothing passes any more.
    async fn pass(&mut self, direction: Direction, frame: Message) -> Going {
        if self.lane(direction).suppressed {
            return Ok(());
        }
        self.send(direction, frame).await
    }

    async fn send(&mut self, direction: Direction, frame: Message) -> Going {
        let (initiator, sent) = match direction {
            Direction::ClientToServer => (
                Initiator::Server,
                timeout(SEND_TIME, self.server.send(frame)).await,
            ),
            Direction::ServerToClient => (
                Initiator::Client,
                timeout(SEND_TIME, self.client.send(frame)).await,
            ),
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(End(initiator, NO_CLOSE_FRAME)),
        }
    }

    fn lane(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::ClientToServer => &mut self.to_server,
            Direction::ServerToClient => &mut self.to_client,
        }
    }
}

impl Lane {
    fn held_until(&self) -> Option<Instant> {
        self.held.as_ref().map(|(until, _)| *until)
    }
}

fn ended(shared: &Shared, initiator: Initiator, close_code: u16) {
    let what = What::WsDisconnect {
        initiator,
        close_code,
    };
    shared.record(what, None, 0);
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

/// Sends a close frame.
async fn close<S: Stream>(socket: &mut WebSocketStream<S>, code: u16) {
    let frame = (code != NO_STATUS).then(|| CloseFrame {
        code: CloseCode::from(code),
        reason: "".into(),
    });
    let _ = timeout(SEND_TIME, socket.send(Message::Close(frame))).await;
}

/// Ends a socket so that all that was sent arrives: dropping one that has unread bytes resets it.
async fn finish<S: Stream>(mut stream: S) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
    };
    tokio::select! {
        () = drain => {}
        () = sleep(DRAIN_TIME) => {}
    }
}

const NORMAL: u16 = 1000;
const NO_STATUS: u16 = 1005;
const NO_CLOSE_FRAME: u16 = 1006;
const MAX_FRAME: usize = 16 << 20;
const SEND_TIME: Duration = Duration::from_secs(10);
const DRAIN_TIME: Duration = Duration::from_secs(1);
