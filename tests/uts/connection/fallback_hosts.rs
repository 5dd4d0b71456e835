//! `realtime/unit/connection/fallback_hosts_test.md`

use ably_base::FailureKind;
use ably_rest::History;
use ably_testkit::http::{HttpMockReply, MockHttp};

use super::common::*;
use crate::support::*;
use ConnectionState as S;

const PRIMARY: &str = "main.realtime.ably.net";

fn hosts(ws: &MockWebSocket) -> Vec<String> {
    ws.attempts().iter().map(|a| a.host().to_owned()).collect()
}

#[track_caller]
fn assert_fallback(host: &str) {
    let rest = host.strip_prefix("main.").expect("a default host");
    let (letter, domain) = rest.split_once('.').expect("a fallback host");
    assert!(["a", "b", "c", "d", "e"].contains(&letter), "{host}");
    assert_eq!(domain, "fallback.ably-realtime.com");
}

/// A transport that fails the first attempt and accepts the others.
fn first_fails(fail: impl Fn(&Attempt) + Send + Sync + 'static) -> MockWebSocket {
    scripted(move |n, a| {
        if n == 1 {
            fail(&a);
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    })
}

// UTS: realtime/unit/RTN17i/prefer-primary-domain-0
#[test]
fn the_primary_host_comes_first() {
    let rt = VirtualRuntime::new();
    let ws = first_fails(Attempt::respond_with_refused);
    let client = client(options(&rt, &ws));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    let tried = hosts(&ws);
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0], PRIMARY);
    assert_fallback(&tried[1]);

    let active = ws.active();
    ws.reset();
    ws.set_on_attempt(|a| {
        a.respond_with_connected(connected("connection-id-2", "connection-key-2"));
    });
    active.simulate_disconnect();
    rt.await_state_for(s(10), &client, S::Connected);
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
    assert_eq!(client.connection().id().as_deref(), Some("connection-id-2"));
    assert_eq!(hosts(&ws), [PRIMARY]);
}

// UTS: realtime/unit/RTN17f/fallback-on-error-0
#[test]
fn a_host_that_cannot_be_resolved_is_left_for_a_fallback() {
    let rt = VirtualRuntime::new();
    let ws = first_fails(Attempt::respond_with_dns_error);
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    let tried = hosts(&ws);
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0], PRIMARY);
    assert_fallback(&tried[1]);
}

// UTS: realtime/unit/RTN17f1/disconnected-5xx-fallback-0
#[test]
fn a_server_error_is_left_for_a_fallback() {
    let rt = VirtualRuntime::new();
    let ws = first_fails(|a| {
        a.respond_with_error(with_error(
            action::DISCONNECTED,
            50003,
            503,
            "Service temporarily unavailable",
        ));
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    assert_eq!(rt.elapsed(), Duration::ZERO);
    let tried = hosts(&ws);
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0], PRIMARY);
    assert_fallback(&tried[1]);
}

// UTS: realtime/unit/RTN17g/empty-fallback-set-error-0
#[test]
fn no_fallbacks_for_a_host_of_ones_own() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let client = client(options(&rt, &ws).realtime_host("custom.example.com"));
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    rt.advance(s(2));
    assert_eq!(hosts(&ws), ["custom.example.com"]);
    assert_eq!(reason(&client).code(), 80003);
}

// UTS: realtime/unit/RTN17h/fallback-domains-from-rec2-0
#[test]
fn fallbacks_are_those_of_the_endpoint() {
    let rt = VirtualRuntime::new();
    let ws = first_fails(Attempt::respond_with_refused);
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    let tried = hosts(&ws);
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0], PRIMARY);
    assert_fallback(&tried[1]);
}

// UTS: realtime/unit/RTN17j/fallback-random-order-1
#[test]
fn fallbacks_are_tried_in_random_order() {
    let mut orders = Vec::new();
    for seed in 1..=5 {
        let rt = VirtualRuntime::seeded(seed);
        let ws = scripted(|n, a| {
            if n <= 3 {
                a.respond_with_refused();
            } else {
                a.respond_with_connected(connected("connection-id", "connection-key"));
            }
        });
        let client = client(options(&rt, &ws));
        client.connect();
        rt.await_state_for(s(15), &client, S::Connected);
        let tried = hosts(&ws);
        assert_eq!(tried.len(), 4);
        assert_eq!(tried[0], PRIMARY);
        let mut fallbacks = tried[1..].to_vec();
        orders.push(fallbacks.clone());
        fallbacks.sort();
        fallbacks.dedup();
        assert_eq!(fallbacks.len(), 3, "a host was tried twice");
        client.close();
    }
    orders.sort();
    orders.dedup();
    assert!(orders.len() >= 2, "{orders:?}");
}

/// A client whose first attempt fails and whose check for a network is answered with `body`.
fn checked(body: &'static str) -> (VirtualRuntime, MockWebSocket, MockHttp, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = first_fails(|a| a.respond_with_failure(FailureKind::Timeout));
    let http = MockHttp::replying([HttpMockReply::bytes(200, "text/plain", body)]);
    let client = client(options(&rt, &ws).plugin(http.clone()));
    client.connect();
    (rt, ws, http, client)
}

fn assert_checks(http: &MockHttp, checks: usize) {
    let requests = http.requests();
    assert_eq!(requests.len(), checks);
    for request in requests {
        assert_eq!(request.method, "GET");
        assert_eq!(request.host, "internet-up.ably-realtime.com");
    }
}

// UTS: realtime/unit/RTN17j/connectivity-check-before-fallback-0
#[test]
fn the_network_is_checked_before_a_fallback() {
    let (rt, ws, http, client) = checked("yes");
    rt.await_state_for(s(15), &client, S::Connected);
    assert_checks(&http, 1);
    let tried = hosts(&ws);
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0], PRIMARY);
    assert_fallback(&tried[1]);
}

#[test]
fn without_a_network_no_fallback_is_tried() {
    let (rt, ws, http, client) = checked("no");
    rt.await_state_for(s(15), &client, S::Disconnected);
    assert_checks(&http, 1);
    assert_eq!(hosts(&ws), [PRIMARY]);
    let error = reason(&client);
    assert_eq!((error.code().0, error.status_code()), (80003, 404));
    // The next sequence begins anew.
    rt.await_state_for(s(30), &client, S::Connected);
    assert_eq!(hosts(&ws), [PRIMARY, PRIMARY]);
    assert_checks(&http, 1);
}

#[test]
fn a_check_without_an_answer_is_given_up_and_one_that_is_not_wanted_is_cancelled() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let http = MockHttp::new();
    let client = client(options(&rt, &ws).plugin(http.clone()));
    client.connect();
    rt.run_until_idle();
    assert_checks(&http, 1);
    rt.advance(ms(9_999));
    assert_eq!(client.connection().state(), S::Connecting);
    rt.advance(ms(1));
    assert_eq!(client.connection().state(), S::Disconnected);
    assert!(http.take_request().unwrap().is_abandoned());

    client.connect();
    rt.run_until_idle();
    assert_checks(&http, 2);
    client.close();
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Closed);
    let check = http.take_request().unwrap();
    assert!(check.is_abandoned());
    check.respond(HttpMockReply::bytes(200, "text/plain", "yes"));
    rt.advance(s(60));
    assert_eq!(hosts(&ws), [PRIMARY, PRIMARY]);
}

// The history of a channel is at `/messages`, where the case has `/history`, and it is a list.
// UTS: realtime/unit/RTN17e/http-uses-same-fallback-0
#[test]
fn requests_go_to_the_fallback_that_the_connection_uses() {
    let rt = VirtualRuntime::new();
    let ws = first_fails(Attempt::respond_with_refused);
    let http = MockHttp::answering(|request| {
        Some(if request.host == "internet-up.ably-realtime.com" {
            HttpMockReply::bytes(200, "text/plain", "yes")
        } else {
            HttpMockReply::json(200, json!([]))
        })
    });
    let client = client(options(&rt, &ws).plugin(http.clone()));
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    let connected = hosts(&ws)[1].clone();
    assert_fallback(&connected);
    let channel = client.channels().get("test-RTN17e");
    rt.wait(channel.history(())).unwrap();
    rt.advance(ms(500));
    let requests = http.requests();
    let history: Vec<_> = requests
        .iter()
        .filter(|r| r.path == "/channels/test-RTN17e/messages")
        .collect();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].host, connected);
    client.close();
    rt.await_state(&client, S::Closed);
}
