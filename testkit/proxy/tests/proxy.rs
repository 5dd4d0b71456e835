//! The proxy as a whole, over sockets: between a client and a server that echoes.
#![allow(missing_docs)]

use std::future::Future;
use std::time::Duration;

use ably_testkit_proxy::{
    ActionError, Control, Direction, Initiator, Position, Session, Target, What,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Against a hanging test; nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let done = runtime
        .unwrap()
        .block_on(async { timeout(PATIENCE, test).await });
    done.expect("in time");
}

/// A server that greets WebSockets with CONNECTED and echoes them, and answers requests with 200
/// and what it was asked for.
async fn server() -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(serve(tcp));
        }
    });
    Target::plain("127.0.0.1", port)
}

async fn serve(mut tcp: TcpStream) {
    let mut head = [0; 4096];
    let n = tcp.peek(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..n]).to_lowercase();
    if !head.contains("upgrade: websocket") {
        let line = head.lines().next().unwrap_or_default().to_owned();
        let length = line.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{line}");
        let _ = tcp.write_all(answer.as_bytes()).await;
        return;
    }
    let Ok(mut socket) = accept_async(tcp).await else {
        return;
    };
    let _ = socket
        .send(Message::text(json!({"action": 4}).to_string()))
        .await;
    while let Some(Ok(frame)) = socket.next().await {
        if frame.is_text() && socket.send(frame).await.is_err() {
            return;
        }
    }
}

async fn session(rules: Value) -> Session {
    let session = Session::builder(server().await).rules(rules).unwrap();
    session.start().await.unwrap()
}

async fn try_connect(session: &Session) -> Result<Client, Error> {
    let url = format!("ws://127.0.0.1:{}/?key=a%20b&v=3", session.port());
    connect_async(url).await.map(|(client, _)| client)
}

/// A client that has been greeted.
async fn connect(session: &Session) -> Client {
    let mut client = try_connect(session).await.unwrap();
    assert_eq!(next(&mut client).await, json!({"action": 4}));
    client
}

async fn send(client: &mut Client, message: Value) {
    client
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

async fn next(client: &mut Client) -> Value {
    let frame = client.next().await.expect("a frame").expect("no error");
    serde_json::from_str(frame.to_text().unwrap()).unwrap()
}

/// The code of the close frame; `None` when the socket ended without.
async fn close_code(client: &mut Client) -> Option<u16> {
    match client.next().await {
        Some(Ok(Message::Close(Some(close)))) => Some(close.code.into()),
        Some(Err(_)) | None => None,
        other => panic!("not the end: {other:?}"),
    }
}

/// Sends a request and returns all of the answer, nothing when there was none.
async fn request(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    tcp.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = tcp.read_to_string(&mut answer).await;
    answer
}

fn message(n: u64) -> Value {
    json!({"action": 15, "channel": "c", "n": n})
}

fn on_frame(direction: &str, action: Value, times: u32) -> Value {
    let m = json!({"type": direction, "action": "MESSAGE"});
    json!({"match": m, "action": action, "times": times, "comment": "the rule"})
}

#[test]
fn what_no_rule_is_for_passes_and_is_logged() {
    run(async {
        let session = session(json!([])).await;
        let mut client = connect(&session).await;
        send(&mut client, message(1)).await;
        assert_eq!(next(&mut client).await, message(1));
        client.send(Message::binary(vec![1, 2])).await.unwrap();
        client.close(None).await.unwrap();
        let ended = |log: &ably_testkit_proxy::Log| {
            let end = |what: &What| matches!(what, What::WsDisconnect { .. });
            log.events.iter().any(|event| end(&event.what))
        };
        let log = session.wait_for(ended).await;
        assert_eq!(log.ws_connects()[0]["key"], "a b");
        assert_eq!(log.frames(Direction::ServerToClient, 4).len(), 1);
        for direction in [Direction::ClientToServer, Direction::ServerToClient] {
            let frames = log.frames(direction, 15);
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0].message(), &message(1));
            assert_eq!(frames[0].rule_matched, None);
        }
        let end = &log.events.last().unwrap().what;
        let What::WsDisconnect { initiator, .. } = end else {
            panic!("{end:?}")
        };
        assert_eq!(*initiator, Initiator::Client);
        session.close().await;
    });
}

#[test]
fn a_suppressed_frame_is_logged_with_its_rule() {
    run(async {
        let rule = on_frame("ws_frame_to_server", json!({"type": "suppress"}), 1);
        let session = session(json!([rule])).await;
        let mut client = connect(&session).await;
        send(&mut client, message(1)).await;
        send(&mut client, message(2)).await;
        assert_eq!(next(&mut client).await, message(2));
        let log = session.log();
        let frames = log.frames(Direction::ClientToServer, 15);
        let rules = [0, 1].map(|n| frames[n].rule_matched.as_deref());
        assert_eq!(rules, [Some("the rule"), None]);
    });
}

#[test]
fn a_delayed_frame_holds_up_those_behind_it() {
    run(async {
        let delay = json!({"type": "delay", "delayMs": 100});
        let session = session(json!([on_frame("ws_frame_to_client", delay, 1)])).await;
        let mut client = connect(&session).await;
        let sent = Instant::now();
        for n in 0..3 {
            send(&mut client, message(n)).await;
        }
        for n in 0..3 {
            assert_eq!(next(&mut client).await, message(n));
        }
        assert!(sent.elapsed() >= Duration::from_millis(100));
    });
}

#[test]
fn a_replaced_frame_and_an_injected_one() {
    run(async {
        let replace = json!({"type": "replace", "message": {"action": 9, "n": "__PASSTHROUGH__"}});
        let inject = json!({"type": "inject_to_client", "message": {"action": 17}});
        let rules = json!([
            on_frame("ws_frame_to_client", replace, 1),
            on_frame("ws_frame_to_client", inject, 1),
        ]);
        let session = session(rules).await;
        let mut client = connect(&session).await;
        send(&mut client, message(7)).await;
        assert_eq!(next(&mut client).await, json!({"action": 9, "n": 7}));
        send(&mut client, message(8)).await;
        assert_eq!(next(&mut client).await, message(8));
        assert_eq!(next(&mut client).await, json!({"action": 17}));
        let log = session.log();
        assert_eq!(log.frames(Direction::ServerToClient, 17).len(), 1);
    });
}

#[test]
fn what_is_suppressed_onwards_stays_so_until_the_next_connection() {
    run(async {
        let onwards = json!({"type": "suppress_onwards"});
        let session = session(json!([on_frame("ws_frame_to_client", onwards, 1)])).await;
        let mut client = connect(&session).await;
        for n in 0..3 {
            send(&mut client, message(n)).await;
        }
        let seen =
            |log: &ably_testkit_proxy::Log| log.frames(Direction::ServerToClient, 15).len() == 3;
        session.wait_for(seen).await;
        // What is injected comes through, and nothing came before it.
        let inject = json!({"type": "inject_to_client", "message": {"action": 0}});
        session.trigger_action(inject).await.unwrap();
        assert_eq!(next(&mut client).await, json!({"action": 0}));
        let mut client = connect(&session).await;
        send(&mut client, message(9)).await;
        assert_eq!(next(&mut client).await, message(9));
    });
}

#[test]
fn connections_are_refused_or_closed_at_once() {
    run(async {
        let rule = |n: u32, action: Value| json!({"match": {"type": "ws_connect", "count": n}, "action": action});
        let session = session(json!([
            rule(1, json!({"type": "refuse_connection"})),
            rule(2, json!({"type": "accept_and_close", "closeCode": 1011})),
        ]))
        .await;
        assert!(matches!(
            try_connect(&session).await,
            Err(Error::Protocol(_) | Error::Io(_) | Error::ConnectionClosed)
        ));
        let mut client = try_connect(&session).await.unwrap();
        assert_eq!(close_code(&mut client).await, Some(1011));
        connect(&session).await;
        assert_eq!(session.log().ws_connects().len(), 3);
    });
}

#[test]
fn a_time_after_the_connection_closes_it_once() {
    run(async {
        let rule = json!({
            "match": {"type": "delay_after_ws_connect", "delayMs": 50},
            "action": {
                "type": "inject_to_client_and_close", "message": {"action": 6}, "closeCode": 1001,
            },
            "times": 1,
        });
        let session = session(json!([rule])).await;
        let opened = Instant::now();
        let mut client = connect(&session).await;
        assert_eq!(next(&mut client).await, json!({"action": 6}));
        assert_eq!(close_code(&mut client).await, Some(1001));
        assert!(opened.elapsed() >= Duration::from_millis(50));
    });
}

#[test]
fn actions_are_done_at_once() {
    run(async {
        let session = session(json!([])).await;
        let disconnect = json!({"type": "disconnect"});
        let none = session.trigger_action(disconnect.clone()).await;
        assert_eq!(none, Err(ActionError::NoWebSocket));
        let suppress = session.trigger_action(json!({"type": "suppress"})).await;
        assert_eq!(suppress, Err(ActionError::NotImperative));

        let mut client = connect(&session).await;
        session.trigger_action(disconnect).await.unwrap();
        assert_eq!(close_code(&mut client).await, None);
        let mut client = connect(&session).await;
        let close = json!({"type": "close", "closeCode": 1012});
        session.trigger_action(close).await.unwrap();
        assert_eq!(close_code(&mut client).await, Some(1012));
        let is_end = |what: &What| match what {
            What::WsDisconnect {
                initiator: Initiator::Proxy,
                close_code,
            } => Some(*close_code),
            _ => None,
        };
        let ends = |log: &ably_testkit_proxy::Log| -> Vec<u16> {
            log.events.iter().filter_map(|e| is_end(&e.what)).collect()
        };
        let log = session.wait_for(|log| ends(log).len() == 2).await;
        assert_eq!(ends(&log), [1006, 1012]);
    });
}

#[test]
fn rules_for_requests() {
    run(async {
        let rule = |action: Value| json!({"match": {"type": "http_request", "pathContains": "/x"}, "action": action, "times": 1});
        let session = session(json!([
            rule(json!({
                "type": "http_respond", "status": 403, "body": {"a": 1}, "headers": {"Server": "s"},
            })),
            rule(json!({"type": "http_drop"})),
            rule(json!({"type": "http_replace_response", "status": 503})),
            rule(json!({"type": "http_delay", "delayMs": 50})),
        ]))
        .await;
        let get = |path: &'static str| request(session.port(), "GET", path, "");
        let answer = get("/x").await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.to_lowercase().contains("server: s\r\n"), "{answer}");
        assert!(answer.ends_with("{\"a\":1}"), "{answer}");
        assert_eq!(get("/x").await, "");
        assert!(get("/x").await.starts_with("HTTP/1.1 503 "));
        let asked = Instant::now();
        let answer = get("/x?y=1").await;
        assert!(answer.ends_with("get /x?y=1 http/1.1"), "{answer}");
        assert!(asked.elapsed() >= Duration::from_millis(50));
        assert!(get("/other").await.starts_with("HTTP/1.1 200 "));
        let log = session.log();
        assert_eq!(log.http_requests("").len(), 5);
        assert_eq!(log.http_responses(), [403, 503, 200, 200]);
    });
}

#[test]
fn a_server_that_is_not_there_is_a_bad_gateway() {
    run(async {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = gone.local_addr().unwrap().port();
        drop(gone);
        let session = Session::builder(Target::plain("127.0.0.1", port));
        let session = session.start().await.unwrap();
        let answer = request(session.port(), "GET", "/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        assert!(matches!(try_connect(&session).await, Err(Error::Http(r)) if r.status() == 502));
    });
}

#[test]
fn a_session_that_is_not_used_ends() {
    run(async {
        let session = Session::builder(server().await).idle_timeout(Duration::from_millis(50));
        let session = session.start().await.unwrap();
        let mut client = connect(&session).await;
        assert_eq!(close_code(&mut client).await, None);
        assert!(session.has_ended());
    });
}

#[test]
fn the_http_interface() {
    run(async {
        let anywhere = "0.0.0.0:0".parse().unwrap();
        assert!(Control::bind(anywhere).await.is_err());
        let control = Control::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = control.address().unwrap().port();
        tokio::spawn(control.serve());
        let call = async |method: &str, path: &str, body: Value| {
            let answer = request(port, method, path, &body.to_string()).await;
            let status = answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap();
            let body = answer.split_once("\r\n\r\n").unwrap().1;
            (status, serde_json::from_str::<Value>(body).unwrap())
        };
        assert_eq!(call("GET", "/health", json!({})).await.0, 200);
        let endpoint = server().await.url();
        let number = json!([{
            "match": {"type": "ws_frame_to_client", "action": 20}, "action": {"type": "suppress"},
        }]);
        let new = json!({"endpoint": endpoint, "rules": number});
        assert_eq!(call("POST", "/sessions", new).await.0, 400);
        let (status, made) = call("POST", "/sessions", json!({"endpoint": endpoint})).await;
        assert_eq!((status, &made["proxyHost"]), (201, &json!("localhost")));
        let path = |rest: &str| format!("/sessions/{}{rest}", made["sessionId"].as_str().unwrap());

        let close = json!({"type": "close"});
        let actions = path("/actions");
        assert_eq!(call("POST", &actions, close.clone()).await.0, 409);
        let rule = on_frame("ws_frame_to_server", json!({"type": "suppress"}), 1);
        let rules = json!({"rules": [rule], "position": "prepend"});
        assert_eq!(call("POST", &path("/rules"), rules).await.0, 200);
        let url = format!("ws://127.0.0.1:{}/", made["proxyPort"]);
        let (mut client, _) = connect_async(url).await.unwrap();
        assert_eq!(next(&mut client).await, json!({"action": 4}));
        send(&mut client, message(1)).await;
        send(&mut client, message(2)).await;
        assert_eq!(next(&mut client).await, message(2));
        assert_eq!(call("POST", &actions, close).await.0, 200);
        assert_eq!(close_code(&mut client).await, Some(1000));
        let (status, log) = call("GET", &path("/log"), json!({})).await;
        let types = log["events"].as_array().unwrap().iter();
        let types: Vec<_> = types.map(|e| e["type"].as_str().unwrap()).collect();
        let frame = "ws_frame";
        assert_eq!(status, 200);
        assert_eq!(
            types,
            ["ws_connect", frame, frame, frame, frame, "ws_disconnect"]
        );
        assert_eq!(call("DELETE", &path(""), json!({})).await.0, 200);
        assert_eq!(call("GET", &path("/log"), json!({})).await.0, 404);
    });
}

#[test]
fn rules_that_are_added_first_win() {
    run(async {
        let keep = on_frame("ws_frame_to_server", json!({"type": "passthrough"}), 1);
        let session = session(json!([keep])).await;
        let suppress = on_frame("ws_frame_to_server", json!({"type": "suppress"}), 1);
        session
            .add_rules(json!([suppress]), Position::Prepend)
            .unwrap();
        let mut client = connect(&session).await;
        send(&mut client, message(1)).await;
        send(&mut client, message(2)).await;
        assert_eq!(next(&mut client).await, message(2));
    });
}
