//! What takes too long, and what shows that the server lives.

use crate::support::*;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// CONNECTED that promises no interval, so that only the transport's own time-outs count.
fn without_promise(kind: Kind) -> World {
    let world = World::new(kind);
    world.client.connect();
    let request = world.asked("GET", "/comet/connect");
    let mut message = connected("id", "key!1");
    message["connectionDetails"]["maxIdleInterval"] = json!(0);
    world.answer(&request, &json!([message]));
    assert_eq!(world.state(), S::Connected);
    world
}

#[test]
fn an_answer_without_frames_is_a_sign_of_life() {
    // CONNECTED promises 15 s, and 10 s more are granted.
    let world = World::connected(Kind::Polling);
    for _ in 0..5 {
        world.rt.advance(s(20));
        assert_eq!(world.state(), S::Connected);
        world.say(&[]);
    }
    assert_eq!(world.state(), S::Connected);
    assert_eq!(world.http.requests().len(), 7);
}

#[test]
fn silence_ends_in_a_disconnect_and_a_resume() {
    for kind in KINDS {
        let world = World::connected(kind);
        world.rt.advance(s(24));
        assert_eq!(world.state(), S::Connected);
        world.rt.advance(s(2));
        assert_eq!(world.reason(), (DISCONNECTED, 408));
        assert!(world.is_abandoned());
        // The server is told that the client means to come back.
        let first = world.take_request().unwrap();
        let second = world.take_request().unwrap();
        let mut paths = [&first, &second].map(|r| r.request().path.clone());
        paths.sort();
        assert_eq!(paths, ["/comet/connect", "/comet/key%211/disconnect"]);
        let connect = [first, second];
        let connect = connect.iter().find(|r| r.request().path == paths[0]);
        let request = connect.unwrap();
        assert_eq!(request.request().query("resume"), Some("key!1"));
        world.answer(request, &json!([connected("id", "key!1")]));
        assert_eq!(world.state(), S::Connected);
    }
}

#[test]
fn a_receive_without_an_answer_is_given_up_after_90_s() {
    let world = without_promise(Kind::Polling);
    world.rt.advance(s(89));
    assert_eq!(world.state(), S::Connected);
    world.rt.advance(s(1));
    assert_eq!(world.reason(), (DISCONNECTED, 408));
    assert!(world.is_abandoned());
    let request = world.asked("GET", "/comet/connect");
    assert_eq!(request.request().query("resume"), Some("key!1"));
}

#[test]
fn a_stream_that_has_begun_is_not() {
    let world = without_promise(Kind::Streaming);
    world.rt.advance(s(1000));
    assert_eq!(world.state(), S::Connected);
    assert!(!world.is_abandoned());
}

#[test]
fn a_send_without_an_answer_is_given_up_after_http_request_timeout() {
    for kind in KINDS {
        let world = World::connected_with(kind, |o| o.http_request_timeout(s(5)));
        let channel = world.client.channels().get("room");
        drop(channel.attach());
        let (request, _) = world.sent();
        world.rt.advance(Duration::from_millis(4999));
        assert_eq!(world.state(), S::Connected);
        world.rt.advance(Duration::from_millis(1));
        assert_eq!(world.reason(), (DISCONNECTED, 408));
        assert!(request.is_abandoned());
        let request = world.asked("GET", "/comet/connect");
        assert_eq!(request.request().query("resume"), Some("key!1"));
    }
}

#[test]
fn a_connect_without_an_answer_is_given_up_after_realtime_request_timeout() {
    for kind in KINDS {
        let world = World::new(kind);
        world.client.connect();
        let request = world.asked("GET", "/comet/connect");
        world.rt.advance(s(10));
        assert_eq!(world.state(), S::Disconnected);
        assert!(request.is_abandoned());
    }
}

#[test]
fn a_close_without_an_answer_does_not_hold_the_client() {
    for kind in KINDS {
        let world = World::connected(kind);
        world.client.close();
        let close = world.asked("GET", "/comet/key%211/close");
        world.rt.advance(s(10));
        assert_eq!(world.state(), S::Closed);
        assert!(close.is_abandoned() && world.is_abandoned());
    }
}

#[test]
fn after_a_sleep_a_send_under_way_may_be_waited_for() {
    for kind in KINDS {
        for answers in [false, true] {
            let world = World::connected_with(kind, |o| o.http_request_timeout(s(5)));
            let channel = world.client.channels().get("room");
            drop(channel.attach());
            let (hanging, _) = world.sent();
            world.rt.jump_wall_clock(3_600_000);
            world.say(&[json!({"action": action::HEARTBEAT})]);
            // The HEARTBEAT that is to find out waits for the request before it.
            world.asks_nothing();
            world.rt.advance(Duration::from_millis(4_900));
            assert_eq!(world.state(), S::Connected, "{kind:?}");
            hanging.respond(HttpMockReply::empty(204));
            let (request, sent) = world.sent();
            assert_eq!(sent[0]["action"], action::HEARTBEAT);
            if answers {
                let id = &sent[0]["id"];
                let beat = json!([{"action": action::HEARTBEAT, "id": id}]);
                request.respond(HttpMockReply::json(200, beat));
                world.rt.advance(s(5));
                assert_eq!(world.state(), S::Connected, "{kind:?}");
            } else {
                world.rt.advance(Duration::from_millis(2_200));
                assert_eq!(world.reason(), (DISCONNECTED, 408), "{kind:?}");
                assert_eq!(world.state(), S::Connecting);
            }
        }
    }
}
