//! `rest/unit/fallback.md`
//!
//! A failed connection and a failed request are one thing to an HTTP client.

use ably_base::HasRest;

use super::common::*;

const PRIMARY: &str = "main.realtime.ably.net";

fn fallbacks() -> Vec<String> {
    ["a", "b", "c", "d", "e"]
        .map(|x| format!("main.{x}.fallback.ably-realtime.com"))
        .into()
}

/// The hosts that one `time()` with these options was sent to, and its outcome.
fn hosts_of(
    replies: impl IntoIterator<Item = HttpMockReply>,
    with: impl FnOnce(ClientOptions) -> ClientOptions,
) -> (Vec<String>, Result<i64, ErrorInfo>) {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying(replies);
    let client = BaseRest::new(with(rest_options(&rt, &http))).unwrap();
    let result = rt.wait(client.time());
    (http.hosts(), result)
}

fn default(options: ClientOptions) -> ClientOptions {
    options
}

// UTS: rest/unit/RSC15m/no-fallback-empty-hosts-0
#[test]
fn rsc15m_no_fallback_without_hosts() {
    let none = |o: ClientOptions| o.fallback_hosts(Vec::<String>::new());
    let (hosts, result) = hosts_of([status(500)], none);
    assert_eq!(hosts.len(), 1);
    assert_eq!(result.unwrap_err().status_code(), 500);
}

// UTS: rest/unit/RSC15a/fallback-random-order-0
#[test]
fn rsc15a_random_order() {
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let rt = VirtualRuntime::seeded(seed);
        let http = MockHttp::replying([status(500)]);
        let client = BaseRest::new(rest_options(&rt, &http)).unwrap();
        rt.wait(client.time()).unwrap_err();
        let hosts = http.hosts();
        assert_eq!(hosts[0], PRIMARY);
        assert_eq!(hosts.len(), 4);
        assert!(
            hosts[1..].iter().all(|h| fallbacks().contains(h)),
            "{hosts:?}"
        );
        orders.insert(hosts);
    }
    assert!(orders.len() > 5, "{orders:?}");
}

// UTS: rest/unit/RSC15l/qualifying-errors-trigger-fallback-0
// UTS: rest/unit/RSC15l/http-5xx-triggers-fallback-4
// UTS: rest/unit/RSC15l/http-4xx-no-fallback-5
#[test]
fn rsc15l_statuses() {
    for code in [500, 501, 502, 503, 504] {
        let (hosts, result) = hosts_of([status(code), time()], default);
        assert_eq!(result, Ok(1_234_567_890_000));
        assert_eq!(hosts.len(), 2);
        assert_ne!(hosts[1], hosts[0]);
    }
    for code in [400, 401, 404] {
        let (hosts, result) = hosts_of([status(code)], default);
        assert_eq!(result.unwrap_err().status_code(), code);
        assert_eq!(hosts.len(), 1);
    }
    let (hosts, result) = hosts_of(
        [HttpMockReply::failure(FailureKind::Unreachable), time()],
        default,
    );
    assert_eq!(result, Ok(1_234_567_890_000));
    assert_eq!(hosts.len(), 2);
}

// UTS: rest/unit/RSC15l/connection-refused-fallback-0
// UTS: rest/unit/RSC15l/dns-error-fallback-1
#[test]
fn rsc15l_refused_and_dns() {
    for kind in [FailureKind::Refused, FailureKind::Dns] {
        let (hosts, result) = hosts_of([HttpMockReply::failure(kind), time()], default);
        assert_eq!(result, Ok(1_234_567_890_000));
        assert_eq!(hosts.len(), 2);
    }
}

// UTS: rest/unit/RSC15l/connection-timeout-fallback-2
// UTS: rest/unit/RSC15l/request-timeout-fallback-3
#[test]
fn rsc15l_timeouts() {
    let rt = VirtualRuntime::new();
    let mut count = 0;
    let http = MockHttp::answering(move |_| {
        count += 1;
        (count > 1).then(time)
    });
    let client = BaseRest::new(rest_options(&rt, &http).http_request_timeout(s(1))).unwrap();
    assert_eq!(rt.wait(client.time()), Ok(1_234_567_890_000));
    assert_eq!(rt.elapsed(), s(1));
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 2);
    assert_ne!(hosts[0], hosts[1]);
}

// UTS: rest/unit/RSC15j/host-header-matches-request-0
#[test]
fn rsc15j_host_header() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([status(500), time()]);
    let client = BaseRest::new(rest_options(&rt, &http)).unwrap();
    rt.wait(client.time()).unwrap();
    let requests = http.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].host, PRIMARY);
    assert_ne!(requests[0].host, requests[1].host);
    // The HTTP client writes `Host` of the URL; nothing tells it otherwise.
    for request in requests {
        assert_eq!(request.header("host"), None);
    }
}

// UTS: rest/unit/RSC15f/successful-fallback-cached-0
#[test]
fn rsc15f_cached() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([status(500), time()]);
    let client = BaseRest::new(rest_options(&rt, &http).fallback_retry_timeout(s(60))).unwrap();
    rt.wait(client.time()).unwrap();
    rt.wait(client.time()).unwrap();
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 3);
    assert_eq!(hosts[0], PRIMARY);
    assert!(fallbacks().contains(&hosts[1]));
    assert_eq!(hosts[2], hosts[1]);
}

// UTS: rest/unit/RSC15f/cached-fallback-expires-1
#[test]
fn rsc15f_expires() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([status(500), time()]);
    let client = BaseRest::new(rest_options(&rt, &http).fallback_retry_timeout(ms(100))).unwrap();
    rt.wait(client.time()).unwrap();
    rt.advance(ms(150));
    rt.wait(client.time()).unwrap();
    assert_eq!(http.requests().len(), 3);
    assert_eq!(http.hosts()[2], PRIMARY);
}

// UTS: rest/unit/RSC15f/expired-not-resurrected-2
#[test]
fn rsc15f_not_resurrected() {
    let rt = VirtualRuntime::new();
    let mut index = 0;
    let http = MockHttp::answering(move |_| {
        index += 1;
        match index {
            1 => Some(status(500)),
            3 => None,
            _ => Some(time()),
        }
    });
    let client = BaseRest::new(rest_options(&rt, &http).fallback_retry_timeout(ms(100))).unwrap();
    rt.wait(client.time()).unwrap();
    let mut held = client.time();
    assert!(rt.poll_now(&mut held).is_none());
    rt.advance(ms(150));
    rt.wait(client.time()).unwrap();
    http.take_request().unwrap().respond(time());
    rt.wait(held).unwrap();
    rt.wait(client.time()).unwrap();
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 5);
    assert_eq!(hosts[0], PRIMARY);
    assert_ne!(hosts[1], PRIMARY);
    assert_eq!(hosts[2], hosts[1]);
    assert_eq!(hosts[3], PRIMARY);
    assert_eq!(hosts[4], PRIMARY);
}

// UTS: rest/unit/REC1a/default-primary-domain-0
// UTS: rest/unit/REC1b2/explicit-hostname-with-period-0
// UTS: rest/unit/REC1b2/endpoint-localhost-1
// UTS: rest/unit/REC1b3/nonprod-routing-policy-0
// UTS: rest/unit/REC1b4/production-routing-policy-0
// UTS: rest/unit/REC1c2/environment-sets-primary-domain-0
// UTS: rest/unit/REC1d1/resthost-sets-primary-domain-0
// UTS: rest/unit/REC1d2/realtimehost-sets-primary-domain-0
// UTS: rest/unit/REC1d/resthost-precedence-over-realtimehost-0
// DEVIATION: 2.12.0 forgets the brackets (ably-js#2198)
// UTS: rest/unit/REC1b2/endpoint-ipv6-address-2
#[test]
fn rec1_primary_domain() {
    type With = fn(ClientOptions) -> ClientOptions;
    let cases: [(With, &str); 10] = [
        (default, PRIMARY),
        (
            |o| o.endpoint("custom.ably.example.com"),
            "custom.ably.example.com",
        ),
        (|o| o.endpoint("localhost"), "localhost"),
        (|o| o.endpoint("::1"), "[::1]"),
        (
            |o| o.endpoint("nonprod:staging"),
            "staging.realtime.ably-nonprod.net",
        ),
        (|o| o.endpoint("test"), "test.realtime.ably.net"),
        (|o| o.environment("sandbox"), "sandbox.realtime.ably.net"),
        (
            |o| o.rest_host("custom.rest.example.com"),
            "custom.rest.example.com",
        ),
        (
            |o| o.realtime_host("custom.realtime.example.com"),
            "custom.realtime.example.com",
        ),
        (
            |o| {
                o.rest_host("rest.example.com")
                    .realtime_host("realtime.example.com")
            },
            "rest.example.com",
        ),
    ];
    for (with, host) in cases {
        assert_eq!(hosts_of([time()], with).0, [host]);
    }
}

/// As in ably-js, where an empty text is as good as none.
#[test]
fn rec1_empty_hosts() {
    type With = fn(ClientOptions) -> ClientOptions;
    let unset: [With; 5] = [
        |o| o.endpoint(""),
        |o| o.environment(""),
        |o| o.rest_host("").realtime_host(""),
        |o| o.endpoint("main").environment("").rest_host(""),
        |o| o.environment("main").realtime_host(""),
    ];
    for with in unset {
        assert_eq!(hosts_of([time()], with).0, [PRIMARY]);
    }
    let (rt, http) = (VirtualRuntime::new(), MockHttp::new());
    let refused: [With; 2] = [
        |o| o.fallback_hosts(["fb1.example.com", ""]),
        |o| o.endpoint("nonprod:"),
    ];
    for with in refused {
        let error = BaseRest::new(with(rest_options(&rt, &http))).unwrap_err();
        assert_eq!(code(&error), (40000, 400));
    }
}

#[test]
fn rec1_hosts_have_no_scheme_port_or_path() {
    type With = fn(ClientOptions, &str) -> ClientOptions;
    let (rt, http) = (VirtualRuntime::new(), MockHttp::new());
    let refusal = |options: ClientOptions| {
        let error = BaseRest::new(options).expect_err("no host");
        assert_eq!(code(&error), (40000, 400));
        error.message().to_owned()
    };
    let options: [(&str, With); 5] = [
        ("endpoint", |o, text| o.endpoint(text)),
        ("environment", |o, text| o.environment(text)),
        ("rest_host", |o, text| o.rest_host(text)),
        ("realtime_host", |o, text| o.realtime_host(text)),
        ("fallback_hosts", |o, text| {
            o.fallback_hosts(["fb1.example.com", text])
        }),
    ];
    for (name, with) in options {
        for text in [
            "127.0.0.1:8080",
            "localhost:8080",
            "[::1]:8080",
            "[::1",
            "http://127.0.0.1:8080",
            "https://custom.ably.example.com",
            "a/b",
            "custom.ably.example.com/",
            " main",
            "a b.example.com",
            "a.example.com\r\n",
            "a.example.com?x=1",
            "a.example.com#x",
            "user@a.example.com",
        ] {
            let message = refusal(with(rest_options(&rt, &http), text));
            assert!(message.starts_with(&format!("`{name}` ")), "{message}");
            assert!(
                message.contains("`port`, `tls_port` and `tls`"),
                "{message}"
            );
        }
    }
    refusal(rest_options(&rt, &http).endpoint("nonprod:a:1"));
    // Of two hosts, the one that is not used too.
    let two = rest_options(&rt, &http).rest_host("a.example.com");
    refusal(two.realtime_host("a.example.com:80"));
    // Whatever the credential: 40103 would lead astray.
    let plain = rest_options(&rt, &http).tls(false);
    refusal(plain.key("appId.keyId:secret").endpoint("127.0.0.1:8080"));
}

#[test]
fn rec1_ipv6_hosts() {
    type With = fn(ClientOptions) -> ClientOptions;
    let cases: [(With, &str); 5] = [
        (|o| o.endpoint("[::1]"), "[::1]"),
        (|o| o.endpoint("2001:db8::8a2e"), "[2001:db8::8a2e]"),
        (|o| o.endpoint("1:2:3:4:5:6:7:8"), "[1:2:3:4:5:6:7:8]"),
        (|o| o.rest_host("::1"), "[::1]"),
        (
            |o| o.realtime_host("[::ffff:127.0.0.1]"),
            "[::ffff:127.0.0.1]",
        ),
    ];
    for (with, host) in cases {
        assert_eq!(hosts_of([time()], with).0, [host]);
    }
    let (tried, _) = hosts_of([status(500), time()], |o| o.fallback_hosts(["::1"]));
    assert_eq!(tried, [PRIMARY, "[::1]"]);
}

// UTS: rest/unit/REC1b1/endpoint-conflicts-environment-0
// UTS: rest/unit/REC1b1/endpoint-conflicts-resthost-1
// UTS: rest/unit/REC1b1/endpoint-conflicts-realtimehost-2
// UTS: rest/unit/REC1c1/environment-conflicts-resthost-0
// UTS: rest/unit/REC1c1/environment-conflicts-realtimehost-1
//
// DEVIATION: the document wants 40000 or a message that says so; as in ably-js 2.12.0, the code is
// 40106.
#[test]
fn rec1_conflicts() {
    let (rt, http) = (VirtualRuntime::new(), MockHttp::new());
    let base = || rest_options(&rt, &http);
    for options in [
        base().endpoint("test").environment("production"),
        base().endpoint("test").rest_host("custom.host.com"),
        base().endpoint("test").realtime_host("custom.realtime.com"),
        base().environment("sandbox").rest_host("custom.host.com"),
        base()
            .environment("sandbox")
            .realtime_host("custom.realtime.com"),
    ] {
        let error = BaseRest::new(options).unwrap_err();
        assert!(error.message().contains("conflict"), "{error}");
        assert_eq!(code(&error), (40106, 400));
    }
}

// UTS: rest/unit/REC2c1/default-fallback-domains-0
// UTS: rest/unit/REC2a2/custom-fallback-hosts-0
// UTS: rest/unit/REC2c3/nonprod-fallback-domains-0
// UTS: rest/unit/REC2c4/production-endpoint-fallback-domains-0
// UTS: rest/unit/REC2c5/production-environment-fallback-domains-0
#[test]
fn rec2_fallback_domains() {
    let of = |id: &str, domain: &str| -> Vec<String> {
        let letters = ["a", "b", "c", "d", "e"];
        letters
            .map(|x| format!("{id}.{x}.fallback.{domain}"))
            .into()
    };
    let custom = ["fb1.example.com", "fb2.example.com", "fb3.example.com"];
    type With = fn(ClientOptions) -> ClientOptions;
    let cases: [(With, &str, Vec<String>); 5] = [
        (default, PRIMARY, fallbacks()),
        (
            |o| o.fallback_hosts(["fb1.example.com", "fb2.example.com", "fb3.example.com"]),
            PRIMARY,
            custom.map(String::from).into(),
        ),
        (
            |o| o.endpoint("nonprod:staging"),
            "staging.realtime.ably-nonprod.net",
            of("staging", "ably-realtime-nonprod.com"),
        ),
        (
            |o| o.endpoint("test"),
            "test.realtime.ably.net",
            of("test", "ably-realtime.com"),
        ),
        (
            |o| o.environment("sandbox"),
            "sandbox.realtime.ably.net",
            of("sandbox", "ably-realtime.com"),
        ),
    ];
    for (with, primary, fallbacks) in cases {
        let (hosts, result) = hosts_of([status(500), time()], with);
        assert_eq!(result, Ok(1_234_567_890_000));
        assert_eq!((hosts.len(), &*hosts[0]), (2, primary));
        assert!(fallbacks.contains(&hosts[1]), "{hosts:?}");
    }
}

// UTS: rest/unit/REC2c2/explicit-hostname-no-fallbacks-0
// UTS: rest/unit/REC2c6/custom-resthost-no-fallbacks-0
// UTS: rest/unit/REC2c6/custom-realtimehost-no-fallbacks-1
#[test]
fn rec2_no_fallbacks() {
    type With = fn(ClientOptions) -> ClientOptions;
    let cases: [(With, &str); 3] = [
        (
            |o| o.endpoint("custom.ably.example.com"),
            "custom.ably.example.com",
        ),
        (
            |o| o.rest_host("custom.rest.example.com"),
            "custom.rest.example.com",
        ),
        (
            |o| o.realtime_host("custom.realtime.example.com"),
            "custom.realtime.example.com",
        ),
    ];
    for (with, host) in cases {
        let (hosts, result) = hosts_of([status(500), time()], with);
        assert_eq!(hosts, [host]);
        assert_eq!(result.unwrap_err().status_code(), 500);
    }
}

const CHECK_URL: &str = "https://internet-up.ably-realtime.com/is-the-internet-up.txt";

/// Whether a realtime client with these options takes it that there is a network when its check is
/// answered like this, and what it has sent.
fn connectivity(
    reply: HttpMockReply,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
) -> (bool, Vec<SentRequest>) {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([reply]);
    let options = options(&rt, &MockWebSocket::new()).plugin(http.clone());
    let client = client(set(options));
    let core = client.rest_core().unwrap();
    let is_there = rt.wait(core.check_connectivity());
    (is_there, http.requests())
}

fn url(request: &SentRequest) -> String {
    let SentRequest {
        scheme, host, path, ..
    } = request;
    format!("{scheme}://{host}{path}")
}

fn text(status: u16, body: &'static str) -> HttpMockReply {
    HttpMockReply::bytes(status, "text/plain", body)
}

// UTS: rest/unit/REC3a/default-connectivity-check-url-0
#[test]
fn rec3a_default_url() {
    let (is_there, requests) = connectivity(text(200, "yes"), default);
    assert!(is_there);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(url(&requests[0]), CHECK_URL);
    assert_eq!(requests[0].port, None);
    assert!(requests[0].query.is_empty());
    assert_eq!(requests[0].header("authorization"), None);
}

// UTS: rest/unit/REC3b/custom-connectivity-check-url-0
#[test]
fn rec3b_own_url() {
    for given in [
        "https://custom.example.com/connectivity",
        "custom.example.com/connectivity",
    ] {
        // The status alone counts.
        let set = |o: ClientOptions| o.connectivity_check_url(given);
        let (is_there, requests) = connectivity(text(200, "ok"), set);
        assert!(is_there);
        assert_eq!(requests.len(), 1);
        assert_eq!(url(&requests[0]), "https://custom.example.com/connectivity");
        // As ably-js counts: a redirect is an answer of the network, too.
        for (status, wanted) in [
            (204, true),
            (302, true),
            (399, true),
            (400, false),
            (404, false),
        ] {
            let (is_there, _) = connectivity(text(status, "ok"), set);
            assert_eq!(is_there, wanted, "{status}");
        }
    }
}

// UTS: rest/unit/REC3/connectivity-check-validation-0
#[test]
fn rec3_answers() {
    for (reply, wanted) in [
        (text(200, "yes"), true),
        (text(200, "yes\n"), true),
        (text(200, "no"), false),
        (text(200, ""), false),
        (text(404, "Not Found"), false),
        (text(404, "yes"), false),
        (HttpMockReply::failure(FailureKind::Unreachable), false),
    ] {
        let (is_there, requests) = connectivity(reply.clone(), default);
        assert_eq!(is_there, wanted, "{reply:?}");
        assert_eq!(requests.len(), 1);
    }
    let (is_there, requests) =
        connectivity(text(200, "no"), |o| o.disable_connectivity_check(true));
    assert!(is_there);
    assert_eq!(requests.len(), 0);

    // No answer at all.
    let rt = VirtualRuntime::new();
    let options = options(&rt, &MockWebSocket::new()).plugin(MockHttp::new());
    let core = client(options).rest_core().unwrap();
    assert!(!rt.wait(core.check_connectivity()));
    assert_eq!(rt.elapsed(), s(10));
}
