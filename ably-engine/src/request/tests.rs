//! Requests against scripted replies, in virtual time.

use alloc::{string::String, vec, vec::Vec};
use core::time::Duration;

use ably_protocol::{ErrorCode, ErrorInfo};
use bytes::Bytes;
use std::format;

use super::{HostState, Outcome, RequestMachine, RequestPolicy, Step};
use crate::{
    AuthConfig, AuthState, Entropy, FailureKind, Hosts, HttpReply, Instant, Key, Now, TokenDetails,
    TransportError,
};

struct Counting(u32);

impl Entropy for Counting {
    fn fill(&mut self, out: &mut [u8]) {
        for b in out {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *b = (self.0 >> 24) as u8;
        }
    }
}

/// A client: its shared state and its clock.
struct World {
    now: Now,
    policy: RequestPolicy,
    hosts: HostState,
    auth: AuthState,
}

const FALLBACKS: [&str; 5] = ["fa", "fb", "fc", "fd", "fe"];

impl World {
    fn new(auth: AuthConfig) -> Self {
        Self::with_hosts(auth, &FALLBACKS, RequestPolicy::default())
    }

    fn basic() -> Self {
        Self::new(AuthConfig::Basic(Key::parse("app.key:secret").unwrap()))
    }

    fn with_hosts(auth: AuthConfig, fallbacks: &[&str], policy: RequestPolicy) -> Self {
        let hosts = Hosts::new("primary", fallbacks.iter().map(|h| (*h).into()).collect());
        Self {
            now: Now {
                mono: Instant(1_000_000),
                unix_ms: 1_700_000_000_000,
            },
            policy,
            hosts: HostState::new(&hosts, &policy, &mut Counting(1)),
            auth: AuthState::new(auth, None),
        }
    }

    fn pass(&mut self, d: Duration) {
        self.now.mono = self.now.mono.after(d);
        self.now.unix_ms += d.as_millis() as i64;
    }

    fn machine(&self) -> RequestMachine {
        RequestMachine::new(self.policy)
    }

    fn step(&mut self, m: &mut RequestMachine) -> Step {
        m.poll(self.now, &mut self.hosts, &mut self.auth)
    }

    /// The host and credential of the attempt that is due.
    fn sent(&mut self, m: &mut RequestMachine) -> (String, Option<String>) {
        match self.step(m) {
            Step::Send {
                host,
                authorization,
            } => (
                host.as_str().into(),
                authorization.map(|a| a.expose().clone()),
            ),
            other => panic!("not Send: {other:?}"),
        }
    }

    fn host(&mut self, m: &mut RequestMachine) -> String {
        self.sent(m).0
    }

    fn done(&mut self, m: &mut RequestMachine) -> Result<HttpReply, ErrorInfo> {
        match self.step(m) {
            Step::Done(result) => result,
            other => panic!("not Done: {other:?}"),
        }
    }

    /// Fails the request with `status` until it is over; gives the hosts and the error.
    fn exhaust(&mut self, m: &mut RequestMachine, status: u16) -> (Vec<String>, ErrorInfo) {
        let mut hosts = Vec::new();
        loop {
            match self.step(m) {
                Step::Send { host, .. } => hosts.push(host.as_str().into()),
                Step::Done(Err(error)) => return (hosts, error),
                other => panic!("neither Send nor an error: {other:?}"),
            }
            m.handle(reply(status, ""));
        }
    }
}

fn reply(status: u16, body: &'static str) -> Outcome {
    let headers = vec![(
        String::from("content-type"),
        String::from("application/json"),
    )];
    let body = Bytes::from_static(body.as_bytes());
    Outcome::of_reply(HttpReply::new(status, headers, body), None)
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::Failed(TransportError::new(kind))
}

fn token_refused() -> Outcome {
    reply(
        401,
        r#"{"error":{"code":40142,"statusCode":401,"message":"token expired"}}"#,
    )
}

fn token_auth(token: Option<&str>, renewable: bool) -> AuthConfig {
    AuthConfig::Token {
        token: token.map(TokenDetails::new),
        renewable,
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn a_success_is_handed_on_with_its_status() {
    for status in [200, 201, 204, 299] {
        let mut w = World::basic();
        let mut m = w.machine();
        let (host, credential) = w.sent(&mut m);
        assert_eq!(host, "primary");
        assert_eq!(credential.unwrap(), "Basic YXBwLmtleTpzZWNyZXQ=");
        m.handle(reply(status, "[]"));
        assert_eq!(w.done(&mut m).unwrap().status, status);
    }
}

#[test]
fn rsc15a_the_primary_host_then_three_fallbacks_drawn_once() {
    let mut w = World::basic();
    let mut orders = Vec::new();
    for _ in 0..3 {
        let mut m = w.machine();
        let (hosts, error) = w.exhaust(&mut m, 500);
        assert_eq!(error.code(), 50000);
        assert_eq!(hosts.len(), 4);
        assert_eq!(hosts[0], "primary");
        assert!(hosts[1..].iter().all(|h| FALLBACKS.contains(&h.as_str())));
        orders.push(hosts);
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[1], orders[2]);
    // Another client draws another order.
    let drawn = |seed| {
        let hosts = Hosts::new("primary", FALLBACKS.iter().map(|h| (*h).into()).collect());
        HostState::new(&hosts, &RequestPolicy::default(), &mut Counting(seed)).sequence(None)
    };
    assert!((2..20).any(|seed| drawn(seed) != drawn(1)));
    for seed in 0..50 {
        let mut hosts = drawn(seed);
        hosts.sort();
        hosts.dedup();
        assert_eq!(hosts.len(), 4, "a host twice with seed {seed}");
    }
}

#[test]
fn rsc15l_which_failures_go_to_the_next_host() {
    let again = [
        failed(FailureKind::Dns),
        failed(FailureKind::Refused),
        failed(FailureKind::Unreachable),
        failed(FailureKind::Timeout),
        failed(FailureKind::Closed {
            code: None,
            reason: String::new(),
        }),
        reply(500, ""),
        reply(502, "<html>"),
        reply(503, ""),
        reply(504, r#"{"error":{"code":50003,"statusCode":400}}"#),
    ];
    for outcome in again {
        let mut w = World::basic();
        let mut m = w.machine();
        assert_eq!(w.host(&mut m), "primary");
        let named = format!("{outcome:?}");
        m.handle(outcome);
        assert!(FALLBACKS.contains(&&*w.host(&mut m)), "{named}");
    }
    let at_once = [
        (reply(400, ""), 40000, 400),
        (reply(401, r#"{"error":{"code":40101}}"#), 40101, 401),
        (reply(404, "not json"), 40400, 404),
        (reply(429, ""), 42900, 429),
        (reply(505, ""), 50500, 505),
        (reply(302, ""), 40000, 302),
        (failed(FailureKind::Tls), 80003, 404),
        (failed(FailureKind::Protocol), 80013, 400),
    ];
    for (outcome, code, status) in at_once {
        let mut w = World::basic();
        let mut m = w.machine();
        w.host(&mut m);
        m.handle(outcome);
        let error = w.done(&mut m).unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (code, status));
    }
}

#[test]
fn rsc15m_without_fallbacks_the_first_failure_is_final() {
    let basic = AuthConfig::Basic(Key::parse("app.key:secret").unwrap());
    let mut w = World::with_hosts(basic, &[], RequestPolicy::default());
    let mut m = w.machine();
    let (hosts, error) = w.exhaust(&mut m, 503);
    assert_eq!(hosts, ["primary"]);
    assert_eq!((error.code().0, error.status_code()), (50300, 503));
}

#[test]
fn the_primary_host_as_the_only_fallback_is_tried_again() {
    let basic = AuthConfig::Basic(Key::parse("app.key:secret").unwrap());
    let mut w = World::with_hosts(basic, &["primary"], RequestPolicy::default());
    let mut m = w.machine();
    assert_eq!(w.exhaust(&mut m, 503).0, ["primary", "primary"]);
    let mut m = w.machine();
    w.host(&mut m);
    m.handle(reply(503, "{}"));
    assert_eq!(w.host(&mut m), "primary");
    m.handle(reply(200, "[]"));
    w.done(&mut m).unwrap();
    assert_eq!(w.hosts.remembered(w.now), None);
}

#[test]
fn to3l4_an_attempt_that_takes_too_long_goes_to_the_next_host() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.host(&mut m);
    let Step::WaitUntil(at) = w.step(&mut m) else {
        panic!("must wait")
    };
    assert_eq!(at, w.now.mono.after(seconds(10)));
    w.pass(seconds(10));
    assert_ne!(w.host(&mut m), "primary");
}

#[test]
fn to3l4_a_single_host_times_out_with_50003() {
    let basic = AuthConfig::Basic(Key::parse("app.key:secret").unwrap());
    let policy = RequestPolicy {
        request_timeout: seconds(40),
        ..RequestPolicy::default()
    };
    let mut w = World::with_hosts(basic, &[], policy);
    let mut m = w.machine();
    w.host(&mut m);
    // No retry, so the budget of retries does not cut it.
    w.pass(seconds(39));
    assert!(matches!(w.step(&mut m), Step::WaitUntil(_)));
    w.pass(seconds(1));
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::TIMEOUT);
}

#[test]
fn to3l6_retries_stop_within_the_budget_and_the_last_failure_is_kept() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.host(&mut m);
    w.pass(seconds(10));
    w.host(&mut m);
    // 5 s are left of the 15, not 10.
    let Step::WaitUntil(at) = w.step(&mut m) else {
        panic!("must wait")
    };
    assert_eq!(at, w.now.mono.after(seconds(5)));
    w.pass(seconds(5));
    let error = w.done(&mut m).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50003, 500));
    assert_eq!(error.cause().unwrap().code(), ErrorCode::TIMEOUT);
}

#[test]
fn rsc15f_a_fallback_that_worked_is_preferred_for_a_while() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.host(&mut m);
    m.handle(reply(500, ""));
    let fallback = w.host(&mut m);
    m.handle(reply(200, "[1]"));
    w.done(&mut m).unwrap();
    // Preferred, and not for longer because it goes on working.
    for _ in 0..2 {
        w.pass(seconds(299));
        let mut m = w.machine();
        assert_eq!(w.host(&mut m), fallback);
        m.handle(reply(200, "[1]"));
        w.done(&mut m).unwrap();
    }
    let mut late = w.machine();
    assert_eq!(w.host(&mut late), fallback);
    w.pass(seconds(2));
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), "primary");
    late.handle(reply(200, "[1]"));
    w.done(&mut late).unwrap();
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), "primary", "a late success brings it back");
}

#[test]
fn rsc15f_a_preferred_fallback_that_fails_is_forgotten() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.host(&mut m);
    m.handle(reply(500, ""));
    let fallback = w.host(&mut m);
    m.handle(reply(404, ""));
    w.done(&mut m).unwrap_err();
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), fallback, "an answer of 404 is an answer");
    m.handle(failed(FailureKind::Refused));
    assert_eq!(w.host(&mut m), "primary");
    m.handle(reply(200, "[]"));
    w.done(&mut m).unwrap();
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), "primary");
}

#[test]
fn a_host_is_not_remembered_for_failing_last() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.exhaust(&mut m, 500);
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), "primary");
}

#[test]
fn the_primary_host_is_never_remembered_even_as_a_fallback() {
    let basic = AuthConfig::Basic(Key::parse("app.key:secret").unwrap());
    let fallbacks = ["primary", "fa", "fb", "fc"];
    let mut w = World::with_hosts(basic, &fallbacks, RequestPolicy::default());
    let mut m = w.machine();
    assert_eq!(w.host(&mut m), "primary");
    m.handle(reply(200, "[]"));
    w.done(&mut m).unwrap();
    assert_eq!(w.hosts.remembered(w.now), None);
    // Nor does it take the place of a real one.
    let mut m = w.machine();
    assert_eq!(w.exhaust(&mut m, 500).0.len(), 4);
}

#[test]
fn rtn17e_the_host_of_the_connection_comes_first_and_is_not_remembered() {
    let mut w = World::basic();
    for connected in ["fa", "primary"] {
        let mut m = w.machine().connected_to(Some(connected.into()));
        assert_eq!(w.host(&mut m), connected);
        m.handle(reply(200, "[]"));
        w.done(&mut m).unwrap();
        assert_eq!(w.hosts.remembered(w.now), None);
    }
    let mut m = w.machine().connected_to(Some("fa".into()));
    let (hosts, _) = w.exhaust(&mut m, 500);
    assert_eq!(hosts[0], "fa");
    assert!(!hosts[1..].contains(&"fa".into()));
}

#[test]
fn rsc10_a_refused_token_is_renewed_once_and_the_new_one_sent() {
    let mut w = World::new(token_auth(Some("old"), true));
    let mut m = w.machine();
    assert_eq!(w.sent(&mut m).1.unwrap(), "Bearer b2xk");
    m.handle(token_refused());
    assert!(matches!(w.step(&mut m), Step::NeedToken { generation: 0 }));
    assert!(matches!(w.step(&mut m), Step::WaitUntil(_)));
    w.auth.take_token(TokenDetails::new("new")).unwrap();
    m.handle(Outcome::Token(Ok(())));
    assert_eq!(
        w.sent(&mut m),
        ("primary".into(), Some("Bearer bmV3".into()))
    );
    m.handle(token_refused());
    let error = w.done(&mut m).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TOKEN_EXPIRED);
}

#[test]
fn rsc10_a_token_that_another_request_renewed_is_used_without_a_fetch() {
    let mut w = World::new(token_auth(Some("old"), true));
    let (mut a, mut b) = (w.machine(), w.machine());
    w.sent(&mut a);
    w.sent(&mut b);
    a.handle(token_refused());
    assert!(matches!(w.step(&mut a), Step::NeedToken { .. }));
    w.auth.take_token(TokenDetails::new("new")).unwrap();
    b.handle(token_refused());
    assert_eq!(w.sent(&mut b).1.unwrap(), "Bearer bmV3");
}

#[test]
fn rsc10_the_renewal_of_another_request_does_not_count_as_its_own() {
    let mut w = World::new(token_auth(Some("old"), true));
    let mut m = w.machine();
    w.sent(&mut m);
    w.auth.take_token(TokenDetails::new("of another")).unwrap();
    m.handle(token_refused());
    w.sent(&mut m);
    m.handle(token_refused());
    assert!(matches!(w.step(&mut m), Step::NeedToken { generation: 1 }));
    w.auth.take_token(TokenDetails::new("own")).unwrap();
    m.handle(Outcome::Token(Ok(())));
    assert_eq!(w.sent(&mut m).1.unwrap(), "Bearer b3du");
    m.handle(token_refused());
    let error = w.done(&mut m).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TOKEN_EXPIRED);
}

#[test]
fn rsc10_others_that_renew_again_and_again_do_not_keep_a_request_going() {
    let mut w = World::new(token_auth(Some("old"), true));
    let mut m = w.machine();
    let mut sends = 1;
    w.sent(&mut m);
    let error = loop {
        w.auth.take_token(TokenDetails::new("newer")).unwrap();
        m.handle(token_refused());
        match w.step(&mut m) {
            Step::Send { .. } => sends += 1,
            Step::Done(result) => break result.unwrap_err(),
            other => panic!("neither Send nor Done: {other:?}"),
        }
    };
    assert_eq!(error.code(), ErrorCode::TOKEN_EXPIRED);
    assert_eq!(sends, 4);
}

#[test]
fn rsa4a2_a_token_that_cannot_be_renewed_is_40171_with_the_cause() {
    let mut w = World::new(token_auth(Some("old"), false));
    let mut m = w.machine();
    w.sent(&mut m);
    m.handle(token_refused());
    let error = w.done(&mut m).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NO_RENEWAL);
    assert_eq!(error.cause().unwrap().code(), ErrorCode::TOKEN_EXPIRED);
    // Known to have expired: nothing is sent.
    let mut details = TokenDetails::new("old");
    details.expires = Some(w.now.unix_ms - 1);
    let mut w = World::new(AuthConfig::Token {
        token: Some(details),
        renewable: false,
    });
    w.auth.learn_server_time(w.now, w.now.unix_ms);
    let mut m = w.machine();
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::NO_RENEWAL);
    assert_eq!(w.auth.token_details(), None);
}

#[test]
fn a_key_that_gets_a_token_error_and_other_refusals_are_not_renewed() {
    let mut w = World::basic();
    let mut m = w.machine();
    w.sent(&mut m);
    m.handle(token_refused());
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::TOKEN_EXPIRED);
    let mut w = World::new(token_auth(Some("t"), true));
    let mut m = w.machine();
    w.sent(&mut m);
    m.handle(reply(401, r#"{"error":{"code":40160}}"#));
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::CAPABILITY);
}

#[test]
fn the_first_token_is_fetched_and_its_failure_or_delay_ends_the_request() {
    let mut w = World::new(token_auth(None, true));
    let mut m = w.machine();
    assert!(matches!(w.step(&mut m), Step::NeedToken { generation: 0 }));
    m.handle(Outcome::Token(Err(ErrorInfo::new(
        ErrorCode::FORBIDDEN,
        403,
        "no",
    ))));
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::FORBIDDEN);
    let mut m = w.machine();
    assert!(matches!(w.step(&mut m), Step::NeedToken { .. }));
    w.pass(seconds(10));
    let error = w.done(&mut m).unwrap_err();
    assert_eq!(error.code(), ErrorCode::AUTH_CALLBACK_FAILED);
}

#[test]
fn rsa4b1_a_token_that_has_expired_by_the_servers_clock_is_not_sent() {
    let with = |expires: i64| {
        let mut details = TokenDetails::new("old");
        details.expires = Some(expires);
        World::new(AuthConfig::Token {
            token: Some(details),
            renewable: true,
        })
    };
    // Our own clock may be wrong: the server is to judge.
    let mut w = with(1);
    let mut m = w.machine();
    assert_eq!(w.sent(&mut m).1.unwrap(), "Bearer b2xk");
    // The server's clock is 10 s behind ours.
    for (after, is_sent) in [(-10_001, false), (-10_000, true)] {
        let mut w = with(World::new(token_auth(None, true)).now.unix_ms + after);
        let server = w.now.unix_ms - 10_000;
        w.auth.learn_server_time(w.now, server);
        let mut m = w.machine();
        let step = w.step(&mut m);
        assert_eq!(matches!(step, Step::Send { .. }), is_sent, "{step:?}");
        assert_eq!(matches!(step, Step::NeedToken { .. }), !is_sent);
    }
}

#[test]
fn a_wall_clock_that_is_put_back_does_not_make_a_token_last_longer() {
    for (mono, wall, is_sent) in [
        (seconds(59), 59_000, true),
        (seconds(61), 61_000, false),
        // Put back, and put forward or a sleep.
        (seconds(61), -3_600_000, false),
        (seconds(59), -3_600_000, true),
        (seconds(1), 61_000, false),
    ] {
        let mut details = TokenDetails::new("old");
        let mut w = World::new(token_auth(None, true));
        details.expires = Some(w.now.unix_ms + 60_000);
        w.auth = AuthState::new(
            AuthConfig::Token {
                token: Some(details),
                renewable: true,
            },
            None,
        );
        w.auth.learn_server_time(w.now, w.now.unix_ms);
        w.now.mono = w.now.mono.after(mono);
        w.now.unix_ms += wall;
        let mut m = w.machine();
        let step = w.step(&mut m);
        assert_eq!(
            matches!(step, Step::Send { .. }),
            is_sent,
            "{mono:?} {wall}"
        );
    }
}

#[test]
fn renewing_does_not_eat_the_time_for_retries() {
    let mut w = World::new(token_auth(Some("old"), true));
    let mut m = w.machine();
    w.sent(&mut m);
    w.pass(seconds(9));
    m.handle(token_refused());
    assert!(matches!(w.step(&mut m), Step::NeedToken { .. }));
    w.pass(seconds(9));
    w.auth.take_token(TokenDetails::new("new")).unwrap();
    m.handle(Outcome::Token(Ok(())));
    w.sent(&mut m);
    let Step::WaitUntil(at) = w.step(&mut m) else {
        panic!("must wait")
    };
    assert_eq!(at, w.now.mono.after(seconds(10)));
}

#[test]
fn an_anonymous_request_carries_no_credential_and_renews_nothing() {
    let mut w = World::new(token_auth(None, true));
    let mut m = w.machine().anonymous();
    assert_eq!(w.sent(&mut m), ("primary".into(), None));
    m.handle(token_refused());
    assert_eq!(w.done(&mut m).unwrap_err().code(), ErrorCode::TOKEN_EXPIRED);
}

#[test]
fn an_error_is_read_from_body_headers_or_status() {
    let error = |status, kind: &str, body: &'static str, headers: &[(&str, &str)]| {
        let mut all = vec![(String::from("Content-Type"), String::from(kind))];
        all.extend(headers.iter().map(|(n, v)| ((*n).into(), (*v).into())));
        let reply = HttpReply::new(status, all, Bytes::from_static(body.as_bytes()));
        match Outcome::of_reply(reply, None) {
            Outcome::Refused { error, .. } => error,
            other => panic!("{other:?}"),
        }
    };
    let full = r#"{"error":{"code":40160,"statusCode":401,"message":"no","href":"https://h",
        "requestId":"r","cause":{"code":40100,"message":"why","cause":{"code":1}}}}"#;
    let e = error(403, "application/json; charset=utf-8", full, &[]);
    assert_eq!((e.code().0, e.status_code()), (40160, 401));
    assert_eq!((e.message(), &*e.href().unwrap()), ("no", "https://h"));
    assert_eq!(e.request_id(), Some("r"));
    assert_eq!(e.detail::<HttpReply>().unwrap().body, full.as_bytes());
    let cause = e.cause().unwrap();
    assert_eq!((cause.code().0, cause.message()), (40100, "why"));
    assert_eq!(cause.cause().unwrap().code(), 1);

    let headers = [
        ("X-Ably-ErrorCode", "40101"),
        ("x-ably-errormessage", "bad key"),
    ];
    for (kind, body) in [
        ("text/html", "<html>"),
        ("application/json", "{"),
        ("application/json", "null"),
        ("application/json", r#"{"error":"text"}"#),
        ("application/x-msgpack", "\u{1}"),
        ("", ""),
    ] {
        let e = error(401, kind, body, &headers);
        assert_eq!((e.code().0, e.message()), (40101, "bad key"), "{kind}");
        assert_eq!(e.status_code(), 401);
        let e = error(418, kind, body, &[("x-ably-errorcode", "x")]);
        assert_eq!((e.code().0, e.status_code()), (41800, 418));
    }
}

#[test]
fn a_body_that_cannot_be_read_is_shown_as_far_as_512_bytes() {
    let reply = |status, kind: &str, body: Vec<u8>| {
        let headers = vec![(String::from("content-type"), String::from(kind))];
        HttpReply::new(status, headers, Bytes::from(body))
    };
    let html = reply(200, "text/html", b"<html>".to_vec());
    let error = html.unsupported_type().unwrap();
    assert_eq!((error.code().0, error.status_code()), (40013, 400));
    assert_eq!(
        error.message(),
        "the server answered with HTTP status 200 and an unsupported content type (text/html); \
         the body begins with, in base64: PGh0bWw+"
    );
    for fine in ["", "application/json", "application/x-msgpack; x=y"] {
        assert_eq!(reply(200, fine, vec![0]).unsupported_type(), None, "{fine}");
    }
    assert_eq!(reply(200, "text/html", Vec::new()).unsupported_type(), None);

    let long = reply(404, &"t".repeat(1000), vec![0; 1000]);
    let Outcome::Refused { error, .. } = Outcome::of_reply(long, None) else {
        panic!("a refusal")
    };
    assert_eq!((error.code().0, error.status_code()), (40400, 404));
    let shown = format!("({}); the body begins with, in base64: ", "t".repeat(128));
    let (_, body) = error.message().split_once(&shown).unwrap();
    assert_eq!(body.len(), 512_usize.div_ceil(3) * 4);
}

#[test]
fn nothing_of_the_credential_is_printed() {
    let mut w = World::new(token_auth(Some("hunter2"), true));
    let mut m = w.machine();
    let step = w.step(&mut m);
    let printed = format!("{step:?} {m:?} {:?}", w.auth);
    assert!(
        !printed.contains("hunter2") && !printed.contains("aHVudGVyMg"),
        "{printed}"
    );
    assert!(printed.contains("Send(primary)"));
}
