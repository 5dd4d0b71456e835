//! [`MockConnection`]: an open connection, from the test's side.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_base::{FailureKind, Frame, TransportError, TransportLink};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{MockWebSocket, WsEvent, action};

enum ToClient {
    Frame(Frame),
    Ping,
    Close(TransportError),
}

#[derive(Default)]
struct Pipe {
    to_client: VecDeque<ToClient>,
    waker: Option<Waker>,
    /// The test or the client has closed it.
    closed: bool,
}

/// An open connection. Clones share it.
#[derive(Clone)]
pub struct MockConnection {
    ws: MockWebSocket,
    pipe: Arc<Mutex<Pipe>>,
}

impl MockConnection {
    pub(super) fn open(ws: MockWebSocket) -> (Self, Box<dyn TransportLink>) {
        let connection = Self {
            ws,
            pipe: Arc::default(),
        };
        let link = MockLink {
            connection: connection.clone(),
            activity: false,
        };
        (connection, Box::new(link))
    }

    fn lock(&self) -> MutexGuard<'_, Pipe> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: ToClient) {
        let waker = {
            let mut pipe = self.lock();
            pipe.to_client.push_back(item);
            pipe.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Sends a message.
    pub fn send_to_client(&self, message: Value) {
        let text = message.to_string();
        self.ws.record(WsEvent::MessageToClient(message));
        self.send_text(&text);
    }

    /// Sends a text frame as it is.
    pub fn send_text(&self, text: &str) {
        self.push(ToClient::Frame(Frame::Text(Bytes::copy_from_slice(
            text.as_bytes(),
        ))));
    }

    /// Sends a binary frame as it is.
    pub fn send_binary(&self, bytes: &[u8]) {
        self.push(ToClient::Frame(Frame::Binary(Bytes::copy_from_slice(
            bytes,
        ))));
    }

    /// Sends a ping frame.
    pub fn send_ping_frame(&self) {
        self.ws.record(WsEvent::PingFrame);
        self.push(ToClient::Ping);
    }

    /// Sends a message, then closes.
    pub fn send_to_client_and_close(&self, message: Value) {
        self.send_to_client(message);
        self.close_with(Some(1000));
    }

    /// Cuts the connection without a message.
    pub fn simulate_disconnect(&self) {
        self.close_with(None);
    }

    fn close_with(&self, code: Option<u16>) {
        self.ws.record(WsEvent::ServerDisconnect);
        self.lock().closed = true;
        let kind = FailureKind::Closed {
            code,
            reason: String::new(),
        };
        self.push(ToClient::Close(TransportError::new(kind)));
    }

    /// True when either side has closed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Answers a message as a server would that agrees with everything.
    pub fn answer(&self, m: &Value) {
        let on_channel = |n: u8| json!({"action": n, "channel": m["channel"]});
        match m["action"].as_u64().and_then(|a| u8::try_from(a).ok()) {
            Some(action::ATTACH) => self.send_to_client(on_channel(action::ATTACHED)),
            Some(action::DETACH) => self.send_to_client(on_channel(action::DETACHED)),
            Some(action::CLOSE) => {
                self.send_to_client_and_close(json!({"action": action::CLOSED}));
            }
            Some(action::HEARTBEAT) => {
                self.send_to_client(json!({"action": action::HEARTBEAT, "id": m["id"]}));
            }
            Some(action::MESSAGE | action::PRESENCE | action::ANNOTATION | action::OBJECT) => {
                self.ack(m);
            }
            _ => {}
        }
    }

    /// Acknowledges a message.
    pub fn ack(&self, m: &Value) {
        self.send_to_client(
            json!({"action": action::ACK, "msgSerial": m["msgSerial"], "count": 1}),
        );
    }

    /// Refuses a message.
    pub fn nack(&self, m: &Value, error: Value) {
        self.send_to_client(json!({
            "action": action::NACK, "msgSerial": m["msgSerial"], "count": 1, "error": error,
        }));
    }
}

impl std::fmt::Debug for MockConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_closed() {
            "MockConnection(closed)"
        } else {
            "MockConnection"
        })
    }
}

/// The client's side.
struct MockLink {
    connection: MockConnection,
    activity: bool,
}

impl TransportLink for MockLink {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        let mut pipe = self.connection.lock();
        loop {
            match pipe.to_client.pop_front() {
                Some(ToClient::Frame(frame)) => return Poll::Ready(Some(Ok(frame))),
                Some(ToClient::Ping) => self.activity = true,
                Some(ToClient::Close(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    pipe.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        // What is sent into a closed connection is lost, as on a real one.
        if self.connection.is_closed() {
            return Ok(());
        }
        let message = serde_json::from_slice(frame.bytes())
            .unwrap_or_else(|_| json!({"binary": frame.bytes().to_vec()}));
        self.connection
            .ws
            .message_from_client(message, &self.connection);
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.connection.ws.closes {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn saw_activity(&mut self) -> bool {
        std::mem::take(&mut self.activity)
    }
}

impl Drop for MockLink {
    fn drop(&mut self) {
        let closed = std::mem::replace(&mut self.connection.lock().closed, true);
        if !closed {
            self.connection.ws.record(WsEvent::ClientClose);
        }
    }
}
