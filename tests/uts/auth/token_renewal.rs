//! `rest/unit/auth/token_renewal.md`

use super::common::*;

/// Options whose callback gives `token-1`, `token-2` and so on.
fn numbered() -> (ClientOptions, Recorder<TokenParams>) {
    with_callback(|n| Ok(hour(&format!("token-{n}")).into()))
}

/// A server that refuses the first request with this and then gives that.
fn refusing_once(code: u32, message: &str, then: HttpMockReply) -> MockHttp {
    MockHttp::replying([refused(code, message), then])
}

// UTS: rest/unit/RSA4b/renewal-on-40142-0
#[test]
fn rsa4b_an_expired_token_is_renewed() {
    let http = refusing_once(40142, "Token expired", ok(json!([{"channel": "test"}])));
    let (options, calls) = with_callback(|n| {
        let token = ["first-token", "second-token"][n - 1];
        Ok(hour(token).into())
    });
    let (rt, client) = rest(&http, options);
    assert_eq!(history(&rt, &client), Ok(1));
    assert_eq!(calls.all().len(), 2);
    let requests = http.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(authorization(&requests[0]), bearer("first-token"));
    assert_eq!(authorization(&requests[1]), bearer("second-token"));
}

// UTS: rest/unit/RSA4b/renewal-on-40140-1
#[test]
fn rsa4b_a_token_error_renews() {
    let http = refusing_once(40140, "Token error", ok(json!([])));
    let (options, calls) = numbered();
    let (rt, client) = rest(&http, options);
    assert_eq!(history(&rt, &client), Ok(0));
    assert_eq!(calls.all().len(), 2);
    assert_eq!(http.requests().len(), 2);
}

// UTS: rest/unit/RSA4b1/preemptive-renewal-0
//
// DEVIATION: as in ably-js and RSA4b1 our own clock is not trusted: the token is renewed before it
// is sent only when the server has told its time.
#[test]
fn rsa4b1_a_token_is_renewed_before_it_is_refused() {
    for knows_time in [false, true] {
        let http = MockHttp::replying([ok(json!([]))]);
        let (options, calls) = with_callback(|n| {
            let mut details = hour(["expired-token", "fresh-token"][n - 1]);
            if n == 1 {
                details.expires = Some(NOW - 1000);
            }
            Ok(details.into())
        });
        let (rt, client) = rest(&http, options);
        if knows_time {
            client.core().learn_server_time(NOW);
        }
        authorize(&rt, &client, None, None).unwrap();
        assert_eq!(history(&rt, &client), Ok(0));
        let requests = http.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].path, "/channels/test/messages");
        let (expected, asked) = if knows_time {
            ("fresh-token", 2)
        } else {
            ("expired-token", 1)
        };
        assert_eq!(authorization(&requests[0]), bearer(expected));
        assert_eq!(calls.all().len(), asked);
    }
}

// UTS: rest/unit/RSA4a2/no-renewal-without-callback-0
#[test]
fn rsa4a2_a_token_that_cannot_be_renewed() {
    let http = MockHttp::replying([refused(40142, "Token expired")]);
    let (rt, client) = rest(&http, ClientOptions::with_token("static-token"));
    let error = history(&rt, &client).unwrap_err();
    assert_eq!(error.code(), 40171);
    assert_eq!(http.requests().len(), 1);
}

// UTS: rest/unit/RSA4b/renewal-via-authurl-2
#[test]
fn rsa4b_a_url_renews() {
    let count = AtomicUsize::new(0);
    let http = MockHttp::answering(move |request| {
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        Some(match (request.host.as_str(), n) {
            ("example.com", 1) => ok(hour_json("first-token")),
            ("example.com", _) => ok(hour_json("second-token")),
            (_, 2) => HttpMockReply::json(
                401,
                json!({"error": {"code": 40142, "message": "Token expired"}}),
            ),
            _ => ok(json!([])),
        })
    });
    let options = ClientOptions::new().auth_url("https://example.com/auth");
    let (rt, client) = rest(&http, options);
    assert_eq!(history(&rt, &client), Ok(0));
    let (of_url, of_api): (Vec<_>, Vec<_>) = http
        .requests()
        .into_iter()
        .partition(|r| r.host == "example.com");
    assert_eq!(of_url.len(), 2);
    assert_eq!(of_api.len(), 2);
    assert_eq!(authorization(&of_api[1]), bearer("second-token"));
}

// UTS: rest/unit/RSA4b/renewal-limit-no-loop-3
#[test]
fn rsa4b_once_only() {
    let http = MockHttp::replying([HttpMockReply::json(
        401,
        json!({"error": {"code": 40142, "message": "Token expired"}}),
    )]);
    let (options, calls) = numbered();
    let (rt, client) = rest(&http, options);
    let error = history(&rt, &client).unwrap_err();
    assert_eq!(error.code(), 40142);
    assert_eq!(calls.all().len(), 2);
    assert_eq!(http.requests().len(), 2);
}

// UTS: rest/unit/RSC10/request-retried-after-renewal-0
#[test]
fn rsc10_the_caller_does_not_see_the_renewal() {
    let http = MockHttp::answering(|request| {
        Some(if authorization(request) == bearer("token-1") {
            refused(40142, "Token expired")
        } else {
            ok(json!({
                "channelId": "test",
                "status": {"isActive": true, "occupancy": {"metrics": {"connections": 0}}},
            }))
        })
    });
    let (options, calls) = numbered();
    let (rt, client) = rest(&http, options);
    let details = rt.wait(client.channels().get("test").status()).unwrap();
    assert_eq!(details.channel_id, "test");
    let requests = http.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|r| r.path == "/channels/test"));
    assert_eq!(calls.all().len(), 2);
    assert_eq!(authorization(&requests[0]), bearer("token-1"));
    assert_eq!(authorization(&requests[1]), bearer("token-2"));
}

// UTS: rest/unit/RSC10b/non-token-401-no-renewal-0
#[test]
fn rsc10b_another_refusal_does_not_renew() {
    let http = MockHttp::replying([refused(40100, "Unauthorized")]);
    let (options, calls) = numbered();
    let (rt, client) = rest(&http, options);
    let error = status(&rt, &client).unwrap_err();
    assert_eq!(error.code(), 40100);
    assert_eq!(http.requests().len(), 1);
    assert_eq!(calls.all().len(), 1);
}

// UTS: rest/unit/RSA4b/renewal-msgpack-response-4
//
// With `history` in place of the document's `time`, which carries no credential (RSC16).
#[test]
fn rsa4b_an_error_in_messagepack() {
    let pack = |status, value: rmpv::Value| {
        let mut body = Vec::new();
        rmpv::encode::write_value(&mut body, &value).unwrap();
        HttpMockReply::bytes(status, "application/x-msgpack", body)
    };
    let text = |t: &str| rmpv::Value::from(t);
    let error = rmpv::Value::Map(vec![
        (text("code"), 40142.into()),
        (text("statusCode"), 401.into()),
        (text("message"), text("Token expired")),
    ]);
    let http = MockHttp::replying([
        pack(401, rmpv::Value::Map(vec![(text("error"), error)])),
        pack(200, rmpv::Value::Array(Vec::new())),
    ]);
    let (options, calls) = numbered();
    let options = options
        .use_binary_protocol(true)
        .plugin(ably_msgpack::MsgPack);
    let (rt, client) = rest(&http, options);
    assert_eq!(history(&rt, &client), Ok(0));
    assert_eq!(calls.all().len(), 2);
    assert_eq!(http.requests().len(), 2);
    assert_eq!(http.last().header("accept"), Some("application/x-msgpack"));
}
