//! Callbacks that misbehave, and what they own.

use crate::world::*;
use ably_base::{LogLevel, LogRecord};

#[test]
fn a_panic_in_a_listener_harms_nobody() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let log = LogCapture::default();
    let client = BaseRealtime::new(options(&rt, &ws).log_handler(log.clone())).unwrap();
    let channel = client.channels().get("c");
    let calls = Arc::new(AtomicUsize::new(0));
    client.connection().on((), |_| panic!("on purpose"));
    let count = calls.clone();
    client.connection().on((), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    channel.on((), |_| panic!("on purpose"));
    let count = calls.clone();
    channel.on((), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let subscribed = channel.subscribe_with((), |_| panic!("on purpose"));
    let count = calls.clone();
    let second = channel.subscribe_with((), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    client.connect();
    rt.await_state(&client, S::Connected);
    rt.wait(subscribed).unwrap();
    rt.wait(second).unwrap();
    send(&ws, "c", 0, 3);
    rt.run_until_idle();
    // connecting, connected; attaching, attached; three messages
    assert_eq!(calls.load(Ordering::Relaxed), 7);
    let records = log.records();
    let lines = records.iter().filter(|r| r.message.contains("panicked"));
    assert_eq!(lines.count(), 7);
    rt.wait(channel.publish("still", "alive")).unwrap();
}

#[test]
fn a_panic_in_the_token_callback_is_a_failed_fetch() {
    for at_once in [true, false] {
        let rt = VirtualRuntime::new();
        let ws = MockWebSocket::serving();
        let options = ClientOptions::new()
            .auth_callback(move |_| {
                assert!(!at_once, "on purpose");
                async move { panic!("on purpose") }
            })
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(ws.clone());
        let client = BaseRealtime::new(options).unwrap();
        client.connect();
        rt.await_state(&client, S::Disconnected);
        let reason = client.connection().error_reason().expect("a reason");
        assert_eq!(reason.code(), 80019);
        assert_eq!(reason.status_code(), 401);
        let cause = reason.cause().expect("a cause");
        assert_eq!(cause.code(), 40170);
        assert!(cause.message().contains("panicked"), "{cause}");
        assert_eq!(ws.attempts().len(), 0);
        assert_eq!(rt.tasks(), 1);
    }
}

#[test]
fn a_panic_in_the_log_handler_harms_nobody() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let options = options(&rt, &ws)
        .log_level(LogLevel::Micro)
        .log_handler(|_: &LogRecord| panic!("on purpose"));
    let client = connect(&rt, options);
    let channel = client.channels().get("c");
    rt.wait(channel.attach()).unwrap();
    rt.wait(channel.publish("still", "alive")).unwrap();
}

#[test]
fn a_listener_may_call_the_client() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = BaseRealtime::new(options(&rt, &ws)).unwrap();
    let weak = client.downgrade();
    client.connection().on(S::Connected, move |_| {
        let client = weak.upgrade().unwrap();
        let channel = client.channels().get("c");
        let weak = weak.clone();
        drop(channel.subscribe_with((), move |_| {
            weak.upgrade().unwrap().close();
        }));
        client.connection().off_all();
    });
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("c");
    rt.await_channel_state(&channel, ChannelState::Attached);
    send(&ws, "c", 0, 1);
    rt.await_state(&client, S::Closed);
}

/// Counts how many of it are alive.
struct Sentinel(Arc<AtomicUsize>);

impl Sentinel {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(alive.clone())
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Listeners of every kind that own the client itself.
fn cycles(client: &BaseRealtime, alive: &Arc<AtomicUsize>) {
    let channel = client.channels().get("c");
    let owned = || (client.clone(), channel.clone(), Sentinel::new(alive));
    let (a, b, c) = (owned(), owned(), owned());
    client.connection().on((), move |_| {
        let _owned = &a;
    });
    channel.on((), move |_| {
        let _owned = &b;
    });
    drop(channel.subscribe_with((), move |_| {
        let _owned = &c;
    }));
}

#[test]
fn listeners_that_own_the_client_are_freed_when_the_driver_ends() {
    let (rt, _ws, client) = serving();
    let alive = Arc::new(AtomicUsize::new(0));
    cycles(&client, &alive);
    let weak = client.downgrade();
    drop(client);
    rt.run_until_idle();
    assert_eq!(alive.load(Ordering::Relaxed), 3);
    rt.shut_down();
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(weak.upgrade().is_none());
}

#[test]
fn listeners_are_freed_with_the_last_handle() {
    let (rt, _ws, client) = serving();
    let alive = Arc::new(AtomicUsize::new(0));
    let sentinel = Sentinel::new(&alive);
    let weak = client.downgrade();
    client.connection().on((), move |_| {
        let _owned = (&sentinel, &weak);
    });
    drop(client);
    rt.run_until_idle();
    assert_eq!(rt.tasks(), 0);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}
