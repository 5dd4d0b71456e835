//! The machine with a server that is a list of answers. No time passes but what a test says.

mod answers;
mod bounds;
mod ends;
mod requests;

use super::*;
use ably_base::{Str, Target, protocol::Format};
use bytes::Bytes;

const CONNECTED: &str =
    r#"{"action":4,"connectionId":"id","connectionDetails":{"connectionKey":"k!1"}}"#;
const T0: Instant = Instant(1_000_000);
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
const LIMIT: usize = 1000;

fn machine(stream: bool) -> Machine {
    let path = String::from("/?key=a.b%3Ac&v=3&format=json&heartbeats=true");
    let target = Target::new(Str::from_static("h"), 443, true, path, Format::Json);
    Machine::new(Urls::new(&target, stream).unwrap(), LIMIT, SEND_TIMEOUT)
}

fn head(status: u16) -> Head {
    Head::new(status, &[("x-ably-errorcode".into(), String::new())])
}

impl Machine {
    /// The next request as `METHOD path?query body`, without what never changes.
    fn asks(&mut self) -> Option<(Lane, String)> {
        self.asks_at(T0)
    }

    fn asks_at(&mut self, now: Instant) -> Option<(Lane, String)> {
        let (lane, request) = self.poll_request(now)?;
        let body = std::str::from_utf8(&request.body).unwrap();
        let path = request.url.strip_prefix("https://h:443").unwrap();
        Some((
            lane,
            format!("{} {path} {body}", request.method).trim().into(),
        ))
    }

    fn answer(&mut self, lane: Lane, status: u16, body: &str) {
        self.answer_at(T0, lane, status, body);
    }

    fn answer_at(&mut self, now: Instant, lane: Lane, status: u16, body: &str) {
        self.on_head(lane, head(status));
        self.on_chunk(lane, Bytes::from(body.to_owned()));
        self.on_end(lane, now);
    }

    fn took(&mut self) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(frame) = self.take_frame() {
            taken.push(String::from_utf8(frame.bytes().to_vec()).unwrap());
        }
        taken
    }

    fn sends(&mut self, frame: &str) {
        let frame = Frame::Text(Bytes::from(frame.to_owned()));
        self.send(frame).unwrap();
    }

    fn failure(&mut self) -> Option<FailureKind> {
        self.take_failure().map(|e| e.kind)
    }
}

/// Connected, and receiving.
fn connected(stream: bool) -> Machine {
    let mut m = machine(stream);
    m.asks().unwrap();
    m.answer(Lane::Receive, 200, &format!("[{CONNECTED}]"));
    assert_eq!(m.took(), [CONNECTED]);
    assert_eq!(m.asks().unwrap().0, Lane::Receive);
    assert!(m.take_activity());
    m
}

fn receive(text: &str) -> Option<(Lane, String)> {
    Some((Lane::Receive, text.into()))
}

fn send(text: &str) -> Option<(Lane, String)> {
    Some((Lane::Send, text.into()))
}

const RECV: &str = "GET /comet/k%211/recv?key=a.b%3Ac";
