//! Ways to end: the runtime goes, the last handle goes, the application closes.

use crate::world::*;
use std::task::{Context, Poll, Waker};

#[test]
fn everything_resolves_when_the_runtime_drops_the_driver() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws).max_queued_messages(1));
    let attached = client.channels().get("attached");
    let attach = attached.attach();
    rt.run_until_idle();
    ws.send_to_client(json!({"action": action::ATTACHED, "channel": "attached"}));
    rt.wait(attach).unwrap();

    let other = client.channels().get("other");
    let mut subscription = attached.subscribe(());
    let mut connection_changes = client.connection().state_changes();
    let mut channel_changes = attached.state_changes();
    let ping = client.connection().ping();
    let attach = other.attach();
    let detach = attached.detach();
    let publish = attached.publish("a", "taken");
    let waiting = attached.publish("b", "waits for room");
    let when = client.connection().when_state(S::Suspended);
    let channel_when = attached.when_state(ChannelState::Suspended);
    rt.run_until_idle();
    assert_eq!(ws.client_messages_of(action::MESSAGE).len(), 1);

    rt.shut_down();
    assert_ended(&rt.wait(ping).unwrap_err());
    assert_ended(&rt.wait(attach).unwrap_err());
    assert_ended(&rt.wait(detach).unwrap_err());
    assert_ended(&rt.wait(publish).unwrap_err());
    assert_ended(&rt.wait(waiting).unwrap_err());
    assert_ended(&rt.wait(when).unwrap_err());
    assert_ended(&rt.wait(channel_when).unwrap_err());
    assert!(rt.wait(subscription.next()).is_none());
    assert!(rt.wait(connection_changes.next()).is_none());
    // DETACHING was told before the end.
    let change = rt.wait(channel_changes.next()).expect("a change");
    assert_eq!(change.current, ChannelState::Detaching);
    assert!(rt.wait(channel_changes.next()).is_none());

    // And everything that is called from now on.
    assert_ended(&rt.wait(client.connection().ping()).unwrap_err());
    assert_ended(&rt.wait(other.attach()).unwrap_err());
    assert_ended(&rt.wait(attached.publish("c", "late")).unwrap_err());
    assert_ended(
        &rt.wait(client.connection().when_state(S::Failed))
            .unwrap_err(),
    );
    assert!(
        rt.wait(client.connection().state_changes().next())
            .is_none()
    );
    assert!(rt.wait(attached.subscribe(()).next()).is_none());
    client.connect();
    client.close();
}

/// Counts wake-ups.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn those_who_wait_are_woken_when_the_driver_goes() {
    let (rt, _ws, client) = silent();
    let channel = client.channels().get("c");
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let cx = &mut Context::from_waker(&waker);
    let mut ping = Box::pin(client.connection().ping());
    let mut when = Box::pin(client.connection().when_state(S::Failed));
    let mut subscription = channel.subscribe(());
    let mut next = Box::pin(subscription.next());
    rt.run_until_idle();
    assert!(ping.as_mut().poll(cx).is_pending());
    assert!(when.as_mut().poll(cx).is_pending());
    assert!(next.as_mut().poll(cx).is_pending());
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    rt.shut_down();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 3);
    assert!(ping.as_mut().poll(cx).is_ready());
    assert!(when.as_mut().poll(cx).is_ready());
    assert!(matches!(next.as_mut().poll(cx), Poll::Ready(None)));
}

#[test]
fn dropping_the_last_handle_closes_politely() {
    let (rt, ws, client) = serving();
    let channel = client.channels().get("c");
    let subscription = channel.subscribe(());
    rt.await_channel_state(&channel, ChannelState::Attached);
    drop(client);
    drop(channel);
    rt.run_until_idle();
    // A subscription is a handle too.
    assert_eq!(ws.client_messages_of(action::CLOSE).len(), 0);
    assert_eq!(rt.tasks(), 1);
    drop(subscription);
    rt.run_until_idle();
    assert_eq!(ws.client_messages_of(action::CLOSE).len(), 1);
    assert!(ws.active().is_closed());
    assert_eq!(rt.tasks(), 0);
    assert_eq!(rt.elapsed(), Duration::ZERO);
}

#[test]
fn the_driver_ends_even_when_the_server_does_not_answer_the_close() {
    let (rt, ws, client) = silent();
    drop(client);
    rt.run_until_idle();
    assert_eq!(ws.client_messages_of(action::CLOSE).len(), 1);
    assert_eq!(rt.tasks(), 1);
    rt.advance(Duration::from_secs(10));
    assert!(ws.active().is_closed());
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn the_driver_ends_from_every_state() {
    type Setup = fn(&VirtualRuntime, &MockWebSocket) -> BaseRealtime;
    let cases: [(&str, S, Setup); 6] = [
        ("initialized", S::Initialized, |rt, ws| {
            BaseRealtime::new(options(rt, ws)).unwrap()
        }),
        ("connecting", S::Connecting, |rt, ws| {
            ws.set_on_attempt(drop);
            let client = BaseRealtime::new(options(rt, ws)).unwrap();
            client.connect();
            rt.run_until_idle();
            client
        }),
        ("disconnected", S::Disconnected, |rt, ws| {
            ws.set_on_attempt(|a| a.respond_with_refused());
            let client = BaseRealtime::new(options(rt, ws)).unwrap();
            client.connect();
            rt.await_state(&client, S::Disconnected);
            client
        }),
        ("suspended", S::Suspended, |rt, ws| {
            ws.set_on_attempt(|a| a.respond_with_refused());
            let options = options(rt, ws).connection_state_ttl(Duration::from_secs(1));
            let client = BaseRealtime::new(options).unwrap();
            client.connect();
            rt.await_state(&client, S::Suspended);
            client
        }),
        ("closed", S::Closed, |rt, ws| {
            let client = connect(rt, options(rt, ws));
            client.close();
            rt.await_state(&client, S::Closed);
            client
        }),
        ("failed", S::Failed, |rt, ws| {
            ws.set_on_attempt(|a| {
                a.respond_with_error(json!({
                    "action": action::ERROR,
                    "error": {"code": 40400, "statusCode": 404, "message": "no such app"},
                }));
            });
            let client = BaseRealtime::new(options(rt, ws)).unwrap();
            client.connect();
            rt.await_state(&client, S::Failed);
            client
        }),
    ];
    for (name, state, setup) in cases {
        let rt = VirtualRuntime::new();
        let ws = MockWebSocket::serving();
        let client = setup(&rt, &ws);
        rt.run_until_idle();
        assert_eq!(client.connection().state(), state);
        assert_eq!(rt.tasks(), 1, "{name}");
        drop(client);
        rt.run_until_idle();
        assert_eq!(rt.tasks(), 0, "{name}");
    }
}

#[test]
fn close_lets_a_pending_publish_be_acknowledged() {
    let (rt, ws, client) = silent();
    let channel = client.channels().get("c");
    let mut acknowledged = channel.publish("1", "x");
    let mut lost = channel.publish("2", "x");
    rt.run_until_idle();
    client.close();
    assert_eq!(client.connection().state(), S::Closing);
    rt.run_until_idle();
    assert!(rt.poll_now(&mut acknowledged).is_none());
    let sent = ws.client_messages_of(action::MESSAGE);
    assert_eq!(sent.len(), 2);
    ws.active().ack(&sent[0]);
    rt.poll_now(&mut acknowledged)
        .expect("it is acknowledged")
        .unwrap();
    assert!(rt.poll_now(&mut lost).is_none());
    ws.active()
        .send_to_client_and_close(json!({"action": action::CLOSED}));
    let error = rt.poll_now(&mut lost).expect("it has failed").unwrap_err();
    assert_eq!(error.code(), 80017);
    assert_eq!(client.connection().state(), S::Closed);
}

#[test]
fn a_released_channel_ends_its_streams() {
    let (rt, _ws, client) = serving();
    let channel = client.channels().get("c");
    let mut subscription = channel.subscribe(());
    rt.wait(channel.attach()).unwrap();
    rt.wait(channel.detach()).unwrap();
    let mut changes = channel.state_changes();
    let when = channel.when_state(ChannelState::Failed);
    client.channels().release("c").unwrap();
    assert!(rt.wait(subscription.next()).is_none());
    assert!(rt.wait(changes.next()).is_none());
    drop(when);

    // Nothing comes to those who listen later either.
    assert!(rt.wait(channel.subscribe(()).next()).is_none());
    assert!(rt.wait(channel.state_changes().next()).is_none());
}

#[test]
fn a_link_that_does_not_close_is_given_up() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting()
        .without_close()
        .on_message(|_, conn| conn.send_to_client(json!({"action": action::CLOSED})));
    let client = connect(&rt, options(&rt, &ws));
    drop(client);
    rt.run_until_idle();
    assert_eq!(ws.client_closes(), 0);
    assert_eq!(rt.tasks(), 1);
    rt.advance(Duration::from_secs(10));
    assert_eq!(rt.tasks(), 0);
}
