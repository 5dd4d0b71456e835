//! Publishing with a bound.

use crate::world::*;

/// A client that lets two publishes wait, connected to a server that says nothing.
fn bounded() -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws).max_queued_messages(2));
    (rt, ws, client)
}

fn names(ws: &MockWebSocket) -> Vec<String> {
    ws.client_messages_of(action::MESSAGE)
        .iter()
        .map(|m| m["messages"][0]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Acknowledges the `n`th message of the client.
fn ack(ws: &MockWebSocket, n: usize) {
    ws.active().ack(&ws.client_messages_of(action::MESSAGE)[n]);
}

#[test]
fn a_publish_waits_for_room_in_turn() {
    let (rt, ws, client) = bounded();
    let channel = client.channels().get("c");
    let mut first = channel.publish("1", "x");
    let mut second = channel.publish("2", "x");
    let mut third = channel.publish("3", "x");
    let mut fourth = channel.publish("4", "x");
    // The later one asks first; the order is that of the calls all the same.
    assert!(rt.poll_now(&mut fourth).is_none());
    assert!(rt.poll_now(&mut third).is_none());
    assert_eq!(names(&ws), ["1", "2"]);

    // It goes whether or not somebody polls it.
    ack(&ws, 0);
    rt.run_until_idle();
    assert_eq!(names(&ws), ["1", "2", "3"]);
    assert!(rt.poll_now(&mut third).is_none());

    ack(&ws, 1);
    assert!(rt.poll_now(&mut fourth).is_none());
    rt.run_until_idle();
    assert_eq!(names(&ws), ["1", "2", "3", "4"]);
    ack(&ws, 2);
    ack(&ws, 3);
    for publish in [&mut first, &mut second, &mut third, &mut fourth] {
        rt.poll_now(publish).expect("it is acknowledged").unwrap();
    }
}

#[test]
fn tasks_that_wait_for_room_are_woken_in_turn() {
    let (rt, ws, client) = bounded();
    let channel = client.channels().get("c");
    let done = Arc::new(Mutex::new(Vec::new()));
    for n in 0..20 {
        let publish = channel.publish(n.to_string(), "x");
        let done = done.clone();
        ably_base::Runtime::spawn(
            &rt,
            Box::pin(async move {
                publish.await.unwrap();
                done.lock().unwrap().push(n);
            }),
        );
    }
    for n in 0..20 {
        rt.run_until_idle();
        assert_eq!(names(&ws).len(), (n + 2).min(20));
        ack(&ws, n);
    }
    rt.run_until_idle();
    assert_eq!(*done.lock().unwrap(), (0..20).collect::<Vec<_>>());
    let wanted: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(names(&ws), wanted);
}

#[test]
fn try_publish_hands_the_messages_back() {
    let (rt, ws, client) = bounded();
    let channel = client.channels().get("c");
    let message = |name: &str| vec![Message::new(name, "x")];
    let mut first = channel.try_publish(message("1")).unwrap();
    let _second = channel.try_publish(message("2")).unwrap();
    let full = channel.try_publish(message("3")).unwrap_err();
    assert_eq!(full.0.len(), 1);
    assert_eq!(full.0[0].name.as_deref(), Some("3"));
    assert_eq!(full.0[0], message("3")[0]);
    rt.run_until_idle();
    ack(&ws, 0);
    rt.poll_now(&mut first).expect("acknowledged").unwrap();
    // Those who wait go first.
    let mut waiting = channel.publish("4", "x");
    assert!(rt.poll_now(&mut waiting).is_none());
    let mut waiting = channel.publish("5", "x");
    assert!(rt.poll_now(&mut waiting).is_none());
    ack(&ws, 1);
    rt.run_until_idle();
    let full = channel.try_publish(full.0).unwrap_err();
    assert_eq!(full.0[0].name.as_deref(), Some("3"));
    // The one that waited has gone; with the next acknowledgement there is room again.
    ack(&ws, 2);
    rt.run_until_idle();
    let _third = channel.try_publish(full.0).unwrap();
    rt.run_until_idle();
    assert_eq!(names(&ws), ["1", "2", "4", "5", "3"]);
}

#[test]
fn bytes_are_bounded_too() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws).max_queued_bytes(100));
    let channel = client.channels().get("c");
    let message = |size: usize| vec![Message::new("", "x".repeat(size))];
    // An empty queue takes any.
    let _large = channel.try_publish(message(500)).unwrap();
    assert_eq!(channel.try_publish(message(1)).unwrap_err().0.len(), 1);
    rt.run_until_idle();
    ack(&ws, 0);
    rt.run_until_idle();
    let _half = channel.try_publish(message(60)).unwrap();
    assert_eq!(channel.try_publish(message(60)).unwrap_err().0.len(), 1);
    let _rest = channel.try_publish(message(30)).unwrap();
}

#[test]
fn publishes_that_wait_for_room_fail_with_the_connection() {
    let (rt, ws, client) = bounded();
    let channel = client.channels().get("c");
    let mut all: Vec<_> = (0..4)
        .map(|n: u32| channel.publish(n.to_string(), "x"))
        .collect();
    for publish in &mut all {
        assert!(rt.poll_now(publish).is_none());
    }
    ws.active().send_to_client_and_close(json!({
        "action": action::ERROR,
        "error": {"code": 40400, "statusCode": 404, "message": "gone"},
    }));
    rt.await_state(&client, S::Failed);
    for publish in &mut all {
        let error = rt.poll_now(publish).expect("it has failed").unwrap_err();
        assert_eq!(error.code(), 40400);
    }
    assert_eq!(names(&ws), ["0", "1"]);
}

#[test]
fn a_subscriber_that_publishes_for_each_message_does_not_deadlock() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = connect(&rt, options(&rt, &ws).max_queued_messages(1));
    let channel = client.channels().get("c");
    let mut subscription = channel.subscribe(());
    rt.wait(subscription.attached()).unwrap();
    let echoed = Arc::new(AtomicUsize::new(0));
    let (count, publisher) = (echoed.clone(), channel.clone());
    ably_base::Runtime::spawn(
        &rt,
        Box::pin(async move {
            while let Some(Ok(m)) = subscription.next().await {
                let name = format!("echo-{}", m.name.as_deref().unwrap());
                publisher.publish(name, "x").await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
            }
        }),
    );
    send(&ws, "c", 0, 500);
    rt.run_until_idle();
    assert_eq!(echoed.load(Ordering::Relaxed), 500);
    assert_eq!(names(&ws).len(), 500);
    assert_eq!(names(&ws)[499], "echo-499");
}
