//! `realtime/unit/connection/when_state_test.md`
//!
//! ably-js's `whenState` returns a promise; so does ours.

use super::common::*;
use crate::support::*;
use ConnectionState as S;

fn setup() -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws));
    (rt, ws, client)
}

// UTS: realtime/unit/RTN26a/immediate-callback-current-state-0
#[test]
fn the_state_it_is_in() {
    let (rt, _ws, client) = setup();
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let mut when = Box::pin(client.connection().when_state(S::Connected));
    let told = rt.poll_now(&mut when).expect("it resolves at once");
    assert_eq!(told.unwrap(), None);
}

// UTS: realtime/unit/RTN26b/deferred-callback-future-state-0
#[test]
fn a_state_to_come() {
    let (rt, _ws, client) = setup();
    assert_eq!(client.connection().state(), S::Initialized);
    let mut when = Box::pin(client.connection().when_state(S::Connected));
    assert!(rt.poll_now(&mut when).is_none());
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let told = rt.poll_now(&mut when).expect("it has resolved");
    let change = told.unwrap().expect("there is a change");
    assert_eq!(change.previous, S::Connecting);
    assert_eq!(change.current, S::Connected);
}

// UTS: realtime/unit/RTN26b/fires-only-once-1
#[test]
fn once() {
    let rt = VirtualRuntime::new();
    let ws = numbered(15_000);
    let client = client(options(&rt, &ws).disconnected_retry_timeout(ms(100)));
    let changes = record_connection(&client);
    let count = Arc::new(AtomicUsize::new(0));
    let calls = count.clone();
    let when = client.connection().when_state(S::Connected);
    ably_base::Runtime::spawn(
        &rt,
        Box::pin(async move {
            when.await.expect("the client lives");
            calls.fetch_add(1, Ordering::Relaxed);
        }),
    );
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    rt.advance(ms(50));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    ws.active().simulate_disconnect();
    rt.advance(ms(150));
    rt.await_state_for(s(5), &client, S::Connected);
    rt.advance(ms(50));
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Connected
        ]
    );
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

// UTS: realtime/unit/RTN26a/multiple-whenstate-calls-1
#[test]
fn several() {
    let (rt, _ws, client) = setup();
    let mut first = Box::pin(client.connection().when_state(S::Connected));
    let mut second = Box::pin(client.connection().when_state(S::Connected));
    let mut third = Box::pin(client.connection().when_state(S::Connecting));
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    rt.advance(ms(50));
    for (when, state) in [
        (&mut first, S::Connected),
        (&mut second, S::Connected),
        (&mut third, S::Connecting),
    ] {
        let told = rt.poll_now(when).expect("it has resolved").unwrap();
        assert_eq!(told.expect("there is a change").current, state);
    }
}

// UTS: realtime/unit/RTN26a/no-fire-for-past-state-2
#[test]
fn a_state_that_has_passed() {
    let (rt, _ws, client) = setup();
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let mut when = Box::pin(client.connection().when_state(S::Connecting));
    rt.advance(ms(200));
    assert!(rt.poll_now(&mut when).is_none());
}

// UTS: realtime/unit/RTN26/whenstate-different-states-0
#[test]
fn different_states() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let client = client(options(&rt, &ws));
    let mut initialized = Box::pin(client.connection().when_state(S::Initialized));
    let mut connecting = Box::pin(client.connection().when_state(S::Connecting));
    let mut disconnected = Box::pin(client.connection().when_state(S::Disconnected));
    rt.advance(ms(50));
    let told = rt.poll_now(&mut initialized).expect("it resolves at once");
    assert_eq!(told.unwrap(), None);
    assert!(rt.poll_now(&mut connecting).is_none());
    assert!(rt.poll_now(&mut disconnected).is_none());
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    rt.advance(ms(50));
    for (when, state) in [
        (&mut connecting, S::Connecting),
        (&mut disconnected, S::Disconnected),
    ] {
        let told = rt.poll_now(when).expect("it has resolved").unwrap();
        assert_eq!(told.expect("there is a change").current, state);
    }
}
