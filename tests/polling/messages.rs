//! Publishing and receiving.

use crate::support::*;

#[test]
fn a_publish_is_acknowledged_by_the_answer_to_it() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let mut published = channel.publish("greeting", "hello");
        assert!(world.rt.poll_now(&mut published).is_none());
        let (request, sent) = world.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["action"], action::MESSAGE);
        assert_eq!(sent[0]["msgSerial"], 0);
        assert_eq!(sent[0]["messages"][0]["data"], "hello");
        let ack = json!([{"action": action::ACK, "msgSerial": 0, "count": 1}]);
        request.respond(HttpMockReply::json(200, ack));
        world.rt.poll_now(&mut published).unwrap().unwrap();
    }
}

#[test]
fn or_by_what_the_server_says_later() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let mut published = channel.publish("greeting", "hello");
        assert!(world.rt.poll_now(&mut published).is_none());
        world.sent().0.respond(HttpMockReply::empty(204));
        assert!(world.rt.poll_now(&mut published).is_none());
        world.say(&[json!({"action": action::ACK, "msgSerial": 0, "count": 1})]);
        world.rt.poll_now(&mut published).unwrap().unwrap();
    }
}

#[test]
fn a_refusal_with_a_nack_fails_the_publish_alone() {
    let (world, channel) = World::attached(Kind::Polling);
    let mut published = channel.publish("greeting", "hello");
    assert!(world.rt.poll_now(&mut published).is_none());
    let error = json!({"code": 40160, "statusCode": 401, "message": "no"});
    let nack = json!([{"action": action::NACK, "msgSerial": 0, "count": 1, "error": error}]);
    world.sent().0.respond(HttpMockReply::json(401, nack));
    let failed = world.rt.poll_now(&mut published).unwrap().unwrap_err();
    assert_eq!(failed.code(), 40160);
    assert_eq!(world.state(), S::Connected);
}

#[test]
fn one_request_sends_at_a_time_and_the_rest_go_together_in_order() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let mut publishes = Vec::new();
        for n in 0..5 {
            let mut published = channel.publish(n.to_string(), "x");
            assert!(world.rt.poll_now(&mut published).is_none());
            publishes.push(published);
        }
        let (first, sent) = world.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["msgSerial"], 0);
        world.asks_nothing();
        let ack = |serial, count| json!([{"action": 1, "msgSerial": serial, "count": count}]);
        first.respond(HttpMockReply::json(200, ack(0, 1)));
        let (second, sent) = world.sent();
        let serials: Vec<_> = sent.iter().map(|m| m["msgSerial"].as_u64()).collect();
        assert_eq!(serials, [Some(1), Some(2), Some(3), Some(4)]);
        second.respond(HttpMockReply::json(200, ack(1, 4)));
        for mut published in publishes {
            world.rt.poll_now(&mut published).unwrap().unwrap();
        }
        world.asks_nothing();
    }
}

#[test]
fn what_does_not_fit_into_one_request_waits_for_the_next() {
    let (world, channel) = World::attached(Kind::Polling);
    let text = "x".repeat(30_000);
    let mut publishes = Vec::new();
    for n in 0..6 {
        let mut published = channel.publish(n.to_string(), text.clone());
        assert!(world.rt.poll_now(&mut published).is_none());
        publishes.push(published);
    }
    let mut batches = Vec::new();
    let mut serial = 0;
    while serial < 6 {
        let (request, sent) = world.sent();
        let ack = json!([{"action": 1, "msgSerial": serial, "count": sent.len()}]);
        request.respond(HttpMockReply::json(200, ack));
        serial += sent.len();
        batches.push(sent.len());
    }
    // Full with 64 KiB and the frame that passes them.
    assert_eq!(batches, [1, 3, 2]);
    for mut published in publishes {
        world.rt.poll_now(&mut published).unwrap().unwrap();
    }
}

#[test]
fn messages_are_received_in_order_whatever_brings_them() {
    for kind in KINDS {
        let (world, channel) = World::attached(kind);
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = told.clone();
        let _listening = channel.subscribe_with((), move |m| {
            sink.lock()
                .unwrap()
                .push(m.name.as_deref().unwrap().to_owned());
        });
        world.rt.run_until_idle();
        let message = |name: &str| json!({"action": action::MESSAGE, "channel": "room", "messages": [{"name": name}]});
        world.say(&[message("1"), message("2")]);
        // The answer to something else brings messages too.
        world.ping();
        let (request, _) = world.sent();
        request.respond(HttpMockReply::json(200, json!([message("3")])));
        world.rt.run_until_idle();
        world.say(&[message("4")]);
        assert_eq!(*told.lock().unwrap(), ["1", "2", "3", "4"], "{kind:?}");
    }
}

#[test]
fn a_stream_brings_a_message_in_pieces_and_is_followed_by_the_next_when_it_ends() {
    let (world, channel) = World::attached(Kind::Streaming);
    let told = Arc::new(Mutex::new(0));
    let sink = told.clone();
    let _listening = channel.subscribe_with((), move |_| *sink.lock().unwrap() += 1);
    let message = json!([{"action": action::MESSAGE, "channel": "room", "messages": [{}]}]);
    let text = format!("{message}\n");
    let feed = BodyFeed::new();
    world.end_with(text.as_bytes());
    let request = world.asked("GET", "/comet/key%211/recv");
    request.respond(HttpMockReply::stream(200, &feed));
    for byte in text.bytes() {
        assert_eq!(*told.lock().unwrap(), 1);
        feed.send(vec![byte]);
        world.rt.run_until_idle();
    }
    assert_eq!(*told.lock().unwrap(), 2);
    feed.end();
    world.asked("GET", "/comet/key%211/recv");
    assert_eq!(world.state(), S::Connected);
}

#[test]
fn a_ping_is_answered() {
    for kind in KINDS {
        let world = World::connected(kind);
        let mut ping = world.client.connection().ping();
        let (request, sent) = world.sent();
        assert_eq!(sent[0]["action"], action::HEARTBEAT);
        request.respond(HttpMockReply::json(200, json!(sent)));
        world.rt.poll_now(&mut ping).unwrap().unwrap();
    }
}
