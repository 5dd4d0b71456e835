//! Servers that are broken, or bad: each is an error of its class, and the client goes on.

use crate::support::*;

/// What no answer may be, by itself or as a line of a stream.
fn bad() -> Vec<Vec<u8>> {
    let mut bad: Vec<Vec<u8>> = [
        "<html>no</html>",
        "{}",
        "{\"action\":15}",
        "\"[]\"",
        "[",
        "[{\"action\":15,",
        "[{\"action\":15}",
        "[]]",
        "[] []",
        "\u{feff}[]",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bad.push(b"[\"\xff\xfe\"]".to_vec());
    bad.push(vec![0; 100]);
    bad.push(vec![b'['; 100_000]);
    // 10,001 frames.
    bad.push(format!("[{}1]", "1,".repeat(10_000)).into_bytes());
    // More than 16 MiB.
    bad.push(format!("[\"{}\"]", "x".repeat(17 << 20)).into_bytes());
    bad
}

#[test]
fn an_answer_that_is_none_loses_the_connection_and_it_comes_back() {
    for kind in KINDS {
        for body in bad() {
            let world = World::connected(kind);
            world.end_with(&body);
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(world.state(), S::Connecting, "{kind:?} {shown}");
            assert_eq!(world.reason(), (DISCONNECTED, 400), "{kind:?} {shown}");
            let request = world.accept("id", "key!1");
            assert_eq!(request.request().query("resume"), Some("key!1"));
            assert_eq!(world.state(), S::Connected);
        }
    }
}

#[test]
fn so_does_one_to_what_was_sent() {
    for kind in KINDS {
        for body in bad() {
            let world = World::connected(kind);
            world.ping();
            let reply = HttpMockReply::bytes(200, "application/json", body);
            world.sent().0.respond(reply);
            assert_eq!(world.state(), S::Connecting);
            assert_eq!(world.reason(), (DISCONNECTED, 400));
        }
    }
}

#[test]
fn a_line_without_an_end_does_not_grow_for_ever() {
    let world = World::connected(Kind::Streaming);
    world.end_with(b"");
    let feed = BodyFeed::new();
    let request = world.asked_after_pause();
    request.respond(HttpMockReply::stream(200, &feed));
    world.rt.run_until_idle();
    for _ in 0..16 {
        feed.send(vec![b' '; 1 << 20]);
        world.rt.run_until_idle();
        assert_eq!(world.state(), S::Connected);
    }
    feed.send(vec![b' ']);
    assert_eq!(world.state(), S::Connecting);
    assert!(feed.is_abandoned());
}

#[test]
fn frames_of_wrong_types_are_skipped() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let told = Arc::new(Mutex::new(0));
        let sink = told.clone();
        let _listening = channel.subscribe_with((), move |_| *sink.lock().unwrap() += 1);
        world.rt.run_until_idle();
        world.say(&[
            json!(null),
            json!(7),
            json!("text"),
            json!([]),
            json!({"action": "MESSAGE"}),
            json!({"action": action::MESSAGE, "channel": 7, "messages": [{}]}),
            json!({"action": action::CONNECTED, "connectionDetails": {"connectionKey": 5}}),
            json!({"action": action::MESSAGE, "channel": "room", "messages": [{"data": "x"}]}),
        ]);
        assert_eq!(world.state(), S::Connected, "{kind:?}");
        assert_eq!(*told.lock().unwrap(), 1);
    }
}

#[test]
fn a_connection_key_that_cannot_stand_in_a_path_is_refused() {
    for kind in KINDS {
        for key in ["", ".", ".."] {
            let world = World::new(kind);
            world.client.connect();
            let request = world.asked("GET", "/comet/connect");
            world.answer(&request, &json!([connected("id", key)]));
            assert_eq!(world.state(), S::Disconnected);
            assert_eq!(world.reason(), (DISCONNECTED, 404));
        }
    }
}

#[test]
fn a_server_that_answers_everything_at_once_with_nothing_is_not_asked_without_end() {
    for kind in KINDS {
        let world = World::new(kind);
        let http = MockHttp::answering(|request| {
            Some(match &*request.path {
                "/comet/connect" => {
                    let body = format!("{}\n", json!([connected("id", "k")]));
                    HttpMockReply::bytes(200, "application/json", body)
                }
                _ => HttpMockReply::empty(204),
            })
        });
        let client = BaseRealtime::new(options(kind, &world.rt, &http)).unwrap();
        client.connect();
        world.rt.await_state(&client, S::Connected);
        world.rt.advance(Duration::from_secs(30));
        assert_eq!(client.connection().state(), S::Connected);
        // One a second.
        let asked = http.requests().len();
        assert!((29..=33).contains(&asked), "{asked}");
    }
}
