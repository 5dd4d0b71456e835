//! `realtime/unit/client/realtime_timeouts.md`

use crate::support::*;
use ConnectionState as S;

/// A client with a realtimeRequestTimeout of 500 ms, connected to a server that answers ATTACH when
/// `attaches` and DETACH never.
fn impatient(attaches: bool) -> (VirtualRuntime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if attaches && m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ATTACHED, "channel": m["channel"], "flags": 0,
            }));
        }
    });
    let client = client(options(&rt, &ws).realtime_request_timeout(ms(500)));
    client.connect();
    rt.await_state(&client, S::Connected);
    (rt, client)
}

// UTS: realtime/unit/RTC7/attach-request-timeout-0
#[test]
fn an_attach_times_out() {
    let (rt, client) = impatient(false);
    let channel = client.channels().get("test-RTC7-attach");
    let mut attach = channel.attach();
    rt.advance(ms(400));
    assert!(rt.poll_now(&mut attach).is_none());
    rt.advance(ms(200));
    let error = rt
        .poll_now(&mut attach)
        .expect("it has timed out")
        .unwrap_err();
    assert_eq!(error.code(), 90007);
    assert_eq!(error.status_code(), 408);
    assert_eq!(channel.state(), ChannelState::Suspended);
}

// UTS: realtime/unit/RTC7/detach-request-timeout-1
#[test]
fn a_detach_times_out() {
    let (rt, client) = impatient(true);
    let channel = client.channels().get("test-RTC7-detach");
    rt.wait(channel.attach()).unwrap();
    let mut detach = channel.detach();
    rt.advance(ms(400));
    assert!(rt.poll_now(&mut detach).is_none());
    rt.advance(ms(200));
    let error = rt
        .poll_now(&mut detach)
        .expect("it has timed out")
        .unwrap_err();
    assert_eq!(error.code(), 90007);
    assert_eq!(error.status_code(), 408);
    assert_eq!(channel.state(), ChannelState::Attached);
}

// UTS: realtime/unit/RTC7/disconnected-retry-timeout-2
#[test]
fn a_retry_waits_for_its_time() {
    let rt = VirtualRuntime::new();
    let count = AtomicUsize::new(0);
    let ws = MockWebSocket::new().on_attempt(move |a| {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            let mut message = connected("connection-id", "connection-key");
            message["connectionDetails"]["maxIdleInterval"] = json!(0);
            a.respond_with_connected(message);
        } else {
            a.respond_with_refused();
        }
    });
    let client = client(
        options(&rt, &ws)
            .disconnected_retry_timeout(s(2))
            .fallback_hosts(Vec::<String>::new()),
    );
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(ws.attempts().len(), 1);
    ws.active().simulate_disconnect();
    rt.await_state(&client, S::Disconnected);
    // The immediate retry has failed.
    assert_eq!(ws.attempts().len(), 2);
    rt.advance(ms(1500));
    assert_eq!(ws.attempts().len(), 2);
    rt.advance(ms(1500));
    assert_eq!(ws.attempts().len(), 3);
}

// UTS: realtime/unit/RTC7/default-timeouts-applied-3
//
// Neither `client.options` is public in ably-js nor is there an `httpOpenTimeout` in 2.12.0. The
// defaults are shown by what they do; `httpRequestTimeout` is shown where requests are.
#[test]
fn default_timeouts() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let client = client(options(&rt, &ws).fallback_hosts(Vec::<String>::new()));
    let changes = record_connection(&client);

    // realtimeRequestTimeout: 10 s.
    client.connect();
    rt.advance(ms(9_999));
    assert_eq!(client.connection().state(), S::Connecting);
    rt.advance(ms(1));
    assert_eq!(client.connection().state(), S::Disconnected);

    // disconnectedRetryTimeout: 15 s, less a fifth at most.
    let lost = changes.all().pop().unwrap();
    let delay = lost.retry_in.expect("there is a delay");
    assert!(delay >= s(12), "{delay:?}");
    assert!(delay <= s(15), "{delay:?}");

    // connectionStateTtl: 120 s from the first attempt on; suspendedRetryTimeout: 30 s.
    rt.wait_until(s(200), "SUSPENDED", || {
        client.connection().state() == S::Suspended
    });
    assert_eq!(rt.elapsed(), s(120));
    let suspended = changes.all().pop().unwrap();
    assert_eq!(suspended.retry_in, Some(s(30)));
    let before = ws.attempts().len();
    rt.advance(ms(29_999));
    assert_eq!(ws.attempts().len(), before);
    rt.advance(ms(1));
    assert_eq!(ws.attempts().len(), before + 1);
}
