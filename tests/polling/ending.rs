//! Closing, leaving, losing, and coming back.

use crate::support::*;

#[test]
fn close_is_a_request_of_its_own() {
    for kind in KINDS {
        for answer in [
            HttpMockReply::json(200, json!([{"action": action::CLOSED}])),
            HttpMockReply::json(200, json!([])),
            HttpMockReply::empty(204),
            ably_error(500, 50000),
            ably_error(400, 40000),
            HttpMockReply::failure(FailureKind::Refused),
        ] {
            let world = World::connected(kind);
            world.client.close();
            let request = world.asked("GET", "/comet/key%211/close");
            assert_eq!(request.request().query("key"), Some("app.key:sec/ret"));
            assert_eq!(world.state(), S::Closing);
            request.respond(answer.clone());
            assert_eq!(world.state(), S::Closed, "{answer:?}");
            assert_eq!(world.reason(), (80017, 400));
            assert!(world.is_abandoned());
            world.asks_nothing();
        }
    }
}

#[test]
fn close_waits_for_what_was_sent_before_it() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let first = channel.publish("1", "x");
        let (request, _) = world.sent();
        let second = channel.publish("2", "x");
        world.client.close();
        world.asks_nothing();
        request.respond(HttpMockReply::empty(204));
        let (request, sent) = world.sent();
        assert_eq!(sent[0]["msgSerial"], 1);
        request.respond(HttpMockReply::empty(204));
        world.asked("GET", "/comet/key%211/close");
        drop((first, second));
    }
}

#[test]
fn closed_may_come_by_the_other_lane() {
    for kind in KINDS {
        let world = World::connected(kind);
        world.client.close();
        let close = world.asked("GET", "/comet/key%211/close");
        world.say(&[json!({"action": action::CLOSED})]);
        assert_eq!(world.state(), S::Closed);
        close.respond(HttpMockReply::empty(204));
        world.asks_nothing();
    }
}

#[test]
fn the_last_handle_closes() {
    let world = World::connected(Kind::Polling);
    let World {
        rt, http, client, ..
    } = world;
    drop(client);
    rt.run_until_idle();
    let request = http.take_request().unwrap();
    assert_eq!(request.request().path, "/comet/key%211/close");
    request.respond(HttpMockReply::empty(204));
    rt.run_until_idle();
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn a_lane_that_breaks_is_followed_by_a_resume() {
    for kind in KINDS {
        for failure in [
            FailureKind::Refused,
            FailureKind::Timeout,
            FailureKind::Closed {
                code: None,
                reason: String::new(),
            },
        ] {
            let (world, channel) = World::attached(kind);
            let mut published = channel.publish("1", "x");
            assert!(world.rt.poll_now(&mut published).is_none());
            let (lost, _) = world.sent();
            let states = Arc::new(Mutex::new(Vec::new()));
            let sink = states.clone();
            world
                .client
                .connection()
                .on((), move |c| sink.lock().unwrap().push(c.current));
            world.break_off(failure);
            assert!(lost.is_abandoned());
            let request = world.accept("id", "key!2");
            assert_eq!(request.request().query("resume"), Some("key!1"));
            assert_eq!(world.state(), S::Connected);
            let states = states.lock().unwrap().clone();
            assert_eq!(states, [S::Disconnected, S::Connecting, S::Connected]);
            // What nobody acknowledged is sent again, with the new key.
            let request = world.asked("POST", "/comet/key%212/send");
            let sent = request.request().json();
            let message = sent.as_array().unwrap().iter();
            let message: Vec<_> = message.filter(|m| m["action"] == 15).collect();
            assert_eq!(message.len(), 1);
            assert_eq!(message[0]["msgSerial"], 0);
            let ack = json!([{"action": action::ACK, "msgSerial": 0, "count": 1}]);
            request.respond(HttpMockReply::json(200, ack));
            world.rt.poll_now(&mut published).unwrap().unwrap();
        }
    }
}

#[test]
fn a_send_that_fails_is_followed_by_a_resume() {
    for kind in KINDS {
        for reply in [
            HttpMockReply::failure(FailureKind::Refused),
            HttpMockReply::bytes(500, "text/html", "<html>"),
            HttpMockReply::empty(200),
        ] {
            let (world, channel) = World::attached(kind);
            let mut published = channel.publish("1", "x");
            assert!(world.rt.poll_now(&mut published).is_none());
            world.sent().0.respond(reply);
            let request = world.accept("id", "key!2");
            assert_eq!(request.request().query("resume"), Some("key!1"));
            world.asked("POST", "/comet/key%212/send");
        }
    }
}

#[test]
fn the_server_may_send_the_client_away() {
    for kind in KINDS {
        let world = World::connected(kind);
        let error = json!({"code": 80003, "statusCode": 400, "message": "moving"});
        world.say(&[json!({"action": action::DISCONNECTED, "error": error})]);
        // There is nobody to be told that the client goes.
        let request = world.accept("id", "key!2");
        assert_eq!(request.request().query("resume"), Some("key!1"));
    }
}

#[test]
fn or_end_the_connection() {
    for kind in KINDS {
        let world = World::connected(kind);
        let error = json!({"code": 40000, "statusCode": 400, "message": "no more"});
        world.say(&[json!({"action": action::ERROR, "error": error})]);
        assert_eq!(world.state(), S::Failed);
        assert_eq!(world.reason(), (40000, 400));
        assert!(world.is_abandoned());
        world.asks_nothing();
    }
}

#[test]
fn errors_without_protocol_messages_are_understood_at_any_time() {
    for (code, status, state) in [(40000, 400, S::Failed), (80008, 400, S::Connecting)] {
        let world = World::connected(Kind::Polling);
        world.waiting().respond(ably_error(status, code));
        assert_eq!(world.state(), state, "{code}");
        assert_eq!(world.reason(), (code, status));
    }
    for (code, status, state) in [(40000, 400, S::Failed), (80008, 400, S::Connecting)] {
        let world = World::connected(Kind::Streaming);
        world.ping();
        world.sent().0.respond(ably_error(status, code));
        assert_eq!(world.state(), state, "{code}");
        assert_eq!(world.reason(), (code, status));
    }
}

#[test]
fn all_that_came_before_the_end_is_heard_even_if_a_send_is_under_way() {
    let gone = |action, code, status| {
        let error = json!({"code": code, "statusCode": status, "message": "the server says so"});
        json!({"action": action, "error": error})
    };
    for kind in KINDS {
        for (last, state, reason) in [
            (
                gone(action::DISCONNECTED, 80003, 503),
                S::Connecting,
                (80003, 503),
            ),
            (gone(action::ERROR, 40000, 400), S::Failed, (40000, 400)),
        ] {
            for sends in [false, true] {
                let (world, channel) = World::attached(kind);
                let heard = Arc::new(Mutex::new(0));
                let sink = heard.clone();
                let _listening = channel.subscribe_with((), move |_| *sink.lock().unwrap() += 1);
                world.rt.run_until_idle();
                if sends {
                    world.ping();
                    world.sent();
                }
                let message = json!({
                    "action": action::MESSAGE, "channel": "room", "messages": [{"data": "x"}],
                });
                let mut said = vec![message; 300];
                said.push(last.clone());
                world.say(&said);
                assert_eq!(world.state(), state, "{kind:?}, sends: {sends}");
                assert_eq!(world.reason(), reason, "{kind:?}, sends: {sends}");
                assert_eq!(*heard.lock().unwrap(), 300, "{kind:?}, sends: {sends}");
            }
        }
    }
}
