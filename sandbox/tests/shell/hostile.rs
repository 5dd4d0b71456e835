//! Badly behaved clients: each gets its answer, and the others notice nothing.

use ably_sandbox::{Limits, Sandbox};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::peer::{PATIENCE, Peer, exchange, request};

#[tokio::test]
async fn bad_frames_fail_their_connection_only() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut bystander, _) = Peer::connect(&sandbox, "").await;
    let nested = format!(
        "{{\"action\":15,\"x\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let cases = [
        ("format=json", Message::text("garbage"), 80013),
        ("format=json", Message::text(""), 80013),
        ("format=json", Message::text("[]"), 80013),
        ("format=json", Message::text(nested), 80013),
        (
            "format=json",
            Message::text(r#"{"action":"fifteen"}"#),
            40000,
        ),
        ("format=json", Message::binary(vec![0x81, 0xa6]), 80013),
        (
            "format=msgpack",
            Message::binary(vec![0xc1, 0xff, 0x00]),
            80013,
        ),
        (
            "format=msgpack",
            Message::binary(vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
            80013,
        ),
        (
            "format=msgpack",
            Message::binary(vec![0x91; 100_000]),
            80013,
        ),
        ("format=msgpack", Message::text(r#"{"action":0}"#), 80013),
    ];
    for (params, message, code) in cases {
        let (mut client, _) = Peer::connect(&sandbox, params).await;
        client.raw(message).await;
        client.expect_failure(code).await;
    }
    bystander.publish(0, "a", "still here").await;
}

#[tokio::test]
async fn a_frame_of_ten_megabytes_is_refused_with_its_code() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (params, message) in [
        ("format=json", Message::text("x".repeat(10_000_000))),
        ("format=msgpack", Message::binary(vec![0; 10_000_000])),
    ] {
        let (mut client, _) = Peer::connect(&sandbox, params).await;
        // Cut off in the middle, some peers would never see the answer.
        client.raw_whole(message).await;
        client.expect_failure(40009).await;
    }
    let (mut bystander, _) = Peer::connect(&sandbox, "").await;
    bystander.publish(0, "a", "still here").await;
}

#[tokio::test]
async fn a_message_too_large_is_refused_and_the_connection_stays() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    client
        .send(json!({"action": 15, "channel": "a", "msgSerial": 0,
        "messages": [{"data": "x".repeat(100_000)}]}))
        .await;
    let answer = client.next().await;
    assert_eq!(
        (&answer["action"], &answer["error"]["code"]),
        (&json!(2), &json!(40009))
    );
    client.publish(1, "a", "small").await;
}

#[tokio::test]
async fn wrong_keys_complete_the_upgrade_and_are_told() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (path, code) in [
        ("/?v=3&key=no.such:key", 40101),
        ("/?v=3&format=msgpack&key=no.such:key", 40101),
        ("/?v=3&key=nonsense", 40005),
        ("/?key=no.such:key", 40017),
    ] {
        Peer::open_path(&sandbox, path)
            .await
            .expect_failure(code)
            .await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_websocket_fail_the_connection() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let mut socket = TcpStream::connect((sandbox.host(), sandbox.port()))
        .await
        .expect("a socket");
    let upgrade = format!(
        "GET /?v=3&key={} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        sandbox.key()
    );
    socket
        .write_all(upgrade.as_bytes())
        .await
        .expect("to write");
    // An unmasked frame with reserved bits.
    socket.write_all(&[0xff; 64]).await.expect("to write");
    let mut all = Vec::new();
    let _ = timeout(PATIENCE, socket.read_to_end(&mut all))
        .await
        .expect("an end");
    let all = String::from_utf8_lossy(&all);
    assert!(all.starts_with("HTTP/1.1 101"), "{all}");
    assert!(all.contains("\"code\":80013"), "{all}");
}

#[tokio::test]
async fn bytes_that_are_no_http_are_answered_or_dropped() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for garbage in [
        &b"\0\xff\x16\x03\x01 nonsense\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"BREW / HTTP/9\r\n\r\n",
    ] {
        let socket = TcpStream::connect((sandbox.host(), sandbox.port()))
            .await
            .expect("a socket");
        assert_eq!(exchange(socket, garbage).await.status, 400);
    }
    let socket = TcpStream::connect((sandbox.host(), sandbox.port()))
        .await
        .expect("a socket");
    let huge = format!("GET /time HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2_000_000));
    assert_eq!(exchange(socket, huge.as_bytes()).await.status, 431);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    assert_eq!(
        request(&sandbox, "GET", "/", upgrade, b"").await.status,
        400
    );
    assert_eq!(request(&sandbox, "GET", "/time", "", b"").await.status, 200);
}

#[tokio::test]
async fn a_client_that_never_reads_is_dropped_while_others_go_on() {
    let limits = Limits {
        max_outbox_bytes: 1 << 20,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .start()
        .await
        .expect("a sandbox");
    let (mut sloth, _) = Peer::connect(&sandbox, "clientId=sloth").await;
    sloth.attach("a").await;
    let (mut publisher, _) = Peer::connect(&sandbox, "clientId=busy&echo=false").await;
    let data = "x".repeat(60_000);
    let sloth_connected = || {
        let connections = sandbox.connections();
        let mut connections = connections.into_iter();
        connections.any(|one| one.client_id.as_deref() == Some("sloth") && one.connected)
    };
    let mut sent = 0;
    while sloth_connected() {
        publisher.publish(sent, "a", &data).await;
        sent += 1;
        assert!(sent < 1_000, "60 MB and still connected");
    }
    publisher.publish(sent, "a", "still here").await;
}

#[tokio::test]
async fn half_open_sockets_are_noticed() {
    let limits = Limits {
        max_idle_interval: 100,
        dead_after: 300,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .start()
        .await
        .expect("a sandbox");
    // A peer that does not read sends no pongs either.
    let (_silent, _) = Peer::connect(&sandbox, "").await;
    let noticed = async {
        while sandbox.connections().iter().any(|one| one.connected) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, noticed).await.expect("to be noticed");
}

#[tokio::test]
async fn a_socket_that_breaks_is_no_fault_of_the_clients() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (client, connected) = Peer::connect(&sandbox, "").await;
    drop(client);
    let noticed = async {
        while sandbox.connections().iter().any(|one| one.connected) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, noticed).await.expect("to be noticed");
    let key = connected["connectionDetails"]["connectionKey"]
        .as_str()
        .expect("a key");
    let (_back, again) = Peer::connect(&sandbox, &format!("resume={key}")).await;
    assert_eq!(again["connectionId"], connected["connectionId"]);
    assert!(again.get("error").is_none());
}

#[tokio::test]
async fn a_client_that_writes_first_and_reads_later_is_slowed_down_and_not_dropped() {
    let limits = Limits {
        outbox_high_water: 200_000,
        max_outbox_bytes: 1_000_000,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .start()
        .await
        .expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    client.attach("a").await;
    let (mut writer, mut reader) = client.split();
    let data = "x".repeat(60_000);
    // Four times what the sockets' buffers hold.
    let count = 400;
    let write = async {
        for serial in 0..count {
            writer
                .send(json!({"action": 15, "channel": "a", "msgSerial": serial,
                "messages": [{"data": data}]}))
                .await;
        }
    };
    let read = async {
        let slowed_down = async {
            while !sandbox.connections().iter().any(|one| one.congested) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, slowed_down)
            .await
            .expect("to be slowed down");
        let mut echoes = 0;
        while echoes < count {
            let frame = reader.next().await.expect("a frame");
            assert_ne!(frame["action"], 6, "{frame}");
            echoes += u64::from(frame["action"] == 15);
        }
    };
    tokio::join!(write, read);
}

#[tokio::test]
async fn sockets_are_counted_until_they_are_closed() {
    let limits = Limits {
        max_sockets: 3,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .start()
        .await
        .expect("a sandbox");
    let mut open = Vec::new();
    let client = format!("/?v=3&key={}", sandbox.key());
    for path in ["/", &client, "/"] {
        open.push(Peer::open_path(&sandbox, path).await);
    }
    assert_eq!(sandbox.open_sockets(), 3);
    let fourth = Peer::connect(&sandbox, "");
    let freed = async { drop(open.pop()) };
    let ((fourth, _), ()) = tokio::join!(fourth, freed);
    assert_eq!(sandbox.open_sockets(), 3);
    drop((open, fourth));
    let closed = async {
        while sandbox.open_sockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, closed).await.expect("to be noticed");
}
