//! [`Attempt`]: a connection attempt that waits for the test's answer.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
};

use ably_base::{FailureKind, Target, TransportError, TransportLink};
use serde_json::Value;

use super::{MockConnection, MockWebSocket, WsEvent, parse_query};

type Outcome = Result<Box<dyn TransportLink>, TransportError>;

/// A connection attempt (UTS: `PendingConnection`). Not answering it is a time-out.
#[derive(Clone)]
pub struct Attempt {
    ws: MockWebSocket,
    target: Target,
    answer: Arc<Mutex<(Option<Outcome>, Option<Waker>)>>,
}

impl Attempt {
    pub(super) fn new(ws: MockWebSocket, target: Target) -> Self {
        Self {
            ws,
            target,
            answer: Arc::default(),
        }
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Where the client wants to go.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// All parameters of the URL, decoded.
    pub fn params(&self) -> BTreeMap<String, String> {
        parse_query(
            self.target
                .path_and_query
                .split_once('?')
                .map_or("", |(_, q)| q),
        )
    }

    /// A parameter of the URL, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        self.params().remove(name)
    }

    /// Opens the connection; the test sends CONNECTED itself.
    pub fn respond_with_success(&self) -> MockConnection {
        let (connection, link) = MockConnection::open(self.ws.clone());
        {
            let mut s = self.ws.lock();
            s.active = Some(connection.clone());
            s.events
                .push(WsEvent::ConnectionSuccess(connection.clone()));
        }
        self.settle(Ok(link));
        connection
    }

    /// Opens the connection and sends a CONNECTED.
    pub fn respond_with_connected(&self, message: Value) -> MockConnection {
        let connection = self.respond_with_success();
        connection.send_to_client(message);
        connection
    }

    /// Opens the connection, sends an ERROR and closes.
    pub fn respond_with_error(&self, message: Value) {
        self.respond_with_success()
            .send_to_client_and_close(message);
    }

    /// Nothing listens there.
    pub fn respond_with_refused(&self) {
        self.respond_with_failure(FailureKind::Refused);
    }

    /// The host name cannot be resolved.
    pub fn respond_with_dns_error(&self) {
        self.respond_with_failure(FailureKind::Dns);
    }

    /// Fails the attempt.
    pub fn respond_with_failure(&self, kind: FailureKind) {
        self.ws.record(WsEvent::ConnectionFailure);
        self.settle(Err(TransportError::new(kind)));
    }

    fn settle(&self, outcome: Outcome) {
        let waker = {
            let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
            answer.0 = Some(outcome);
            answer.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn outcome(&self) -> impl Future<Output = Outcome> + Send + 'static {
        let answer = self.answer.clone();
        poll_fn(move |cx| {
            let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
            match answer.0.take() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    answer.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Attempt").field(&self.target).finish()
    }
}
