//! Requests, batches, channel status and annotations: what goes over the wire, and what cannot.

use std::future::IntoFuture;

use ably_annotations::RestAnnotationsApi;
use ably_base::{
    Annotation, BaseRealtime, ChannelOptions, Credential, Data, JsonText, TokenDetails,
    ext::TokenSource, protocol::Value as Item,
};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use ably_msgpack::MsgPack;
use ably_rest::{BatchPublishSpec, HttpPaginatedResponse, Request, StatusApi};
use ably_testkit::MockWebSocket;

use crate::support::*;

/// Names and ids that mean something to somebody on the way.
const HOSTILE: [(&str, &str); 6] = [
    ("a/b", "a%2Fb"),
    ("../../keys", "..%2F..%2Fkeys"),
    ("a?x=1&y#z", "a%3Fx%3D1%26y%23z"),
    ("a\r\nX-Evil: 1", "a%0D%0AX-Evil%3A%201"),
    ("%2e%2e%2f", "%252e%252e%252f"),
    ("é\u{202e}\\", "%C3%A9%E2%80%AE%5C"),
];

fn ask(rt: &VirtualRuntime, request: Request) -> Result<HttpPaginatedResponse, ErrorInfo> {
    rt.wait(request.into_future())
}

#[test]
fn rsc19_what_an_application_writes_stays_where_it_was_written() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = client(&http);
    for (given, encoded) in HOSTILE {
        let request = rest.request("GET", &format!("/x/{}", encoded), 3);
        ask(&rt, request.param(given, given)).unwrap();
        let sent = http.last();
        assert_eq!(sent.path, format!("/x/{encoded}"));
        assert_eq!(sent.host, "main.realtime.ably.net");
        assert_eq!(sent.query(given), Some(given));
        assert_eq!(sent.query.len(), 1);
    }
    let before = http.requests().len();
    for path in ["/../keys", "/channels/%2e%2e/keys", "..", "/channels/."] {
        let error = ask(&rt, rest.request("GET", path, 3)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{path}");
    }
    for (name, value) in [
        ("X-A", "1\r\nX-Evil: 1"),
        ("X-A", "1\n"),
        ("X-A", "\0"),
        ("X-A", "é"),
        ("X-A: 1\r\nX-Evil", "1"),
        ("", "1"),
        ("X A", "1"),
        ("Host", "evil.example"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
    ] {
        let error = ask(&rt, rest.request("GET", "/x", 3).header(name, value)).unwrap_err();
        assert_eq!(error.code().0, 40003, "{name:?}: {value:?}");
    }
    for method in ["HEAD", "TRACE", "GET /x HTTP/1.1\r\n", ""] {
        let error = ask(&rt, rest.request(method, "/x", 3)).unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40500, 405));
    }
    assert_eq!(http.requests().len(), before, "nothing of it was sent");
    ask(&rt, rest.request("delete", "/x", 3)).unwrap();
    assert_eq!(http.last().method, "DELETE");
}

#[test]
fn rsc19b_no_header_replaces_the_credential() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = client(&http);
    for name in ["Authorization", "authorization", "AUTHORIZATION"] {
        ask(
            &rt,
            rest.request("GET", "/x", 3).header(name, "Bearer other"),
        )
        .unwrap();
        let sent = http.last();
        assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    }
    let request = rest
        .request("GET", "/x?key=keySecret", 3)
        .header("X", "keySecret")
        .param("k", "keySecret");
    assert!(!format!("{request:?}").contains("keySecret"));
}

#[test]
fn hp1_further_pages_are_asked_for_in_the_same_way() {
    let link = r#"<./x?p=2>; rel="next", <./x?p=1>; rel="first", <./x?p=0>; rel="current""#;
    let http = MockHttp::replying([
        Reply::json(200, json!([1])).header("link", link),
        Reply::json(200, json!([2])),
    ]);
    let (rt, rest) = client(&http);
    let request = rest
        .request("POST", "/x?q=1", 2)
        .header("X-Own", "1")
        .param("r", 2)
        .body(JsonText::new("[1]").unwrap());
    let page = ask(&rt, request).unwrap();
    let first = http.last();
    assert_eq!((&*first.method, &*first.body), ("POST", &b"[1]"[..]));
    assert_eq!((first.query("q"), first.query("r")), (Some("1"), Some("2")));
    assert!(page.has_next() && page.has_first() && page.has_current() && !page.is_last());
    let next = rt.wait(Box::pin(page.next())).unwrap().unwrap();
    let second = http.last();
    rt.wait(Box::pin(page.first())).unwrap();
    let first = http.last();
    rt.wait(Box::pin(page.current())).unwrap();
    let current = http.last();
    for (asked, number) in [(second, "2"), (first, "1"), (current, "0")] {
        assert_eq!((&*asked.method, &*asked.path), ("GET", "/x"));
        assert_eq!(asked.query("p"), Some(number));
        assert_eq!(asked.query.len(), 1);
        assert_eq!(asked.header("x-ably-version"), Some("2"));
        assert_eq!(asked.header("x-own"), Some("1"));
        assert!(asked.body.is_empty() && asked.header("content-type").is_none());
    }
    assert_eq!(next.items(), [Item::Int(2)]);
    assert!(next.is_last() && rt.wait(Box::pin(next.next())).unwrap().is_none());
    for refused in [
        rt.wait(Box::pin(next.first())).unwrap_err(),
        rt.wait(Box::pin(next.current())).unwrap_err(),
    ] {
        assert_eq!(
            (refused.code(), refused.status_code()),
            (ErrorCode::NOT_FOUND, 404)
        );
    }
}

#[test]
fn rsc19e_a_refusal_is_an_answer_as_far_as_it_can_be_read() {
    let told = |reply: Reply| {
        let (rt, rest) = client(&always(reply));
        ask(&rt, rest.request("GET", "/x", 3))
    };
    let nested = json!({"error": {
        "code": 40160, "statusCode": 401, "message": "no",
        "cause": {"code": 40100, "message": "why"},
    }});
    let answer = told(Reply::json(401, nested.clone())).unwrap();
    assert_eq!((answer.status_code(), answer.success()), (401, false));
    assert_eq!(answer.error_code(), Some(ErrorCode::CAPABILITY));
    assert_eq!(answer.error_message(), Some("no"));
    assert_eq!(answer.error().unwrap().cause().unwrap().message(), "why");
    let items: Vec<Value> = answer
        .items()
        .iter()
        .map(|i| serde_json::from_str(&i.to_json()).unwrap())
        .collect();
    assert_eq!(items, [nested]);
    // The last host's answer, when all have failed.
    let answer = told(Reply::error(503, 50003)).unwrap();
    assert_eq!(
        (answer.status_code(), answer.error_code().unwrap().0),
        (503, 50003)
    );
    // No body: headers and status tell.
    let answer = told(Reply::empty(404).header("x-ably-errorcode", "40400")).unwrap();
    assert_eq!(
        (answer.items().len(), answer.error_code().unwrap().0),
        (0, 40400)
    );
    assert_eq!(
        told(Reply::empty(418)).unwrap().error_code().unwrap().0,
        41800
    );
    // A body that cannot be read: the refusal is the error, else that it cannot be read.
    let error = told(Reply::bytes(403, "text/html", "<html>")).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40300, 403));
    let error = told(Reply::bytes(200, "application/json", "{")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    // An answer that is none of these.
    let error = told(Reply::failure(FailureKind::Tls)).unwrap_err();
    assert_eq!(error.code().0, 80003);
}

#[test]
fn rsc10_a_refused_token_is_renewed_before_a_request_is_answered() {
    let http = MockHttp::replying([Reply::error(401, 40142), Reply::json(200, json!(["in"]))]);
    let rt = VirtualRuntime::new();
    let tokens = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = tokens.clone();
    let source = source(move || {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        TokenDetails::new(format!("token-{n}"))
    });
    let options = ClientOptions::new()
        .auth_callback(source)
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let answer = ask(&rt, rest.request("GET", "/x", 3)).unwrap();
    assert_eq!(answer.items(), [Item::from("in")]);
    assert_eq!(tokens.load(std::sync::atomic::Ordering::Relaxed), 2);
    // Twice refused is an answer.
    let http = always(Reply::error(401, 40142));
    let options = ClientOptions::new()
        .auth_callback(self::source(|| TokenDetails::new("t")))
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let answer = ask(&rt, rest.request("GET", "/x", 3)).unwrap();
    assert_eq!(answer.error_code(), Some(ErrorCode::TOKEN_EXPIRED));
    assert_eq!(http.requests().len(), 2);
    // Nothing to renew it with is an error, as for every other request.
    let options = ClientOptions::with_token("t")
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let error = ask(&rt, rest.request("GET", "/x", 3)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NO_RENEWAL);
}

/// An `authCallback` that always has a token.
fn source(token: impl Fn() -> TokenDetails + Send + Sync + 'static) -> impl TokenSource {
    move |_| {
        let token = token();
        async move { Ok::<_, ErrorInfo>(Credential::Token(token)) }
    }
}

#[test]
fn rsc19c_bodies_are_of_the_clients_format() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::empty(204));
    let rest = BaseRest::new(options(&rt, &http).plugin(MsgPack)).unwrap();
    let post = || rest.request("POST", "/x", 3);
    let bytes = Item::Map(vec![("data".into(), Item::Binary(vec![0, 255].into()))]);
    for (request, body) in [
        (post().body(bytes), &b"\x81\xa4data\xc4\x02\x00\xff"[..]),
        (post().body(Data::json(&[1]).unwrap()), b"\x91\x01"),
        (post().body(Data::from("t")), b"\xa1t"),
        (post().body(Data::None), b""),
        (post(), b""),
        (rest.request("GET", "/x", 3).body(Item::Int(1)), b""),
        (rest.request("DELETE", "/x", 3).body(Item::Int(1)), b""),
    ] {
        ask(&rt, request).unwrap();
        let sent = http.last();
        assert_eq!(&sent.body[..], body);
        let kind = Some("application/x-msgpack");
        assert_eq!(sent.header("accept"), kind);
        assert_eq!(
            sent.header("content-type"),
            kind.filter(|_| !body.is_empty())
        );
    }
    // In JSON it stays as it was written.
    let exact = r#"{ "n": 18446744073709551615, "f": 1.50 }"#;
    let json = BaseRest::new(options(&rt, &http)).unwrap();
    let request = json.request("POST", "/x", 3);
    ask(&rt, request.body(JsonText::new(exact).unwrap())).unwrap();
    assert_eq!(http.last().body, exact);
    let bad = JsonText::from_checked("{".into());
    let request = json.request("POST", "/x", 3).body(bad.clone());
    let error = ask(&rt, request).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    let error = ask(&rt, post().body(bad)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_DATA);
}

#[test]
fn rsl8_a_status_is_that_of_its_channel_only() {
    let http = always(Reply::json(200, json!({"channelId": "c"})));
    let (rt, rest) = client(&http);
    for (name, encoded) in HOSTILE {
        rt.wait(rest.channels().get(name).status()).unwrap();
        let sent = http.last();
        assert_eq!(sent.path, format!("/channels/{encoded}"));
        assert!(sent.query.is_empty());
    }
    for name in [".", ".."] {
        let error = rt.wait(rest.channels().get(name).status()).unwrap_err();
        assert_eq!(error.code().0, 40010);
    }
}

#[test]
fn rsl8a_what_is_told_otherwise_is_nothing() {
    let told = |body: Value| {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        rt.wait(rest.channels().get("c").status())
    };
    for body in [json!([]), json!("c"), json!({}), json!({"channelId": 1})] {
        assert_eq!(told(body).unwrap_err().code(), ErrorCode::INVALID_DATA);
    }
    for status in [
        json!(null),
        json!([]),
        json!({"isActive": "yes", "occupancy": 1}),
        json!({"occupancy": {"metrics": {"connections": -1, "publishers": "2"}}}),
    ] {
        let details = told(json!({"channelId": "c", "status": status})).unwrap();
        assert_eq!(details.status, Default::default());
    }
}

#[test]
fn a_realtime_client_asks_too_or_says_what_it_lacks() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(
        200,
        json!({"channelId": "c", "status": {"isActive": true}}),
    ));
    let base = || {
        ClientOptions::with_key(KEY)
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(MockWebSocket::new())
    };
    let realtime = BaseRealtime::new(base().plugin(http.clone())).unwrap();
    let channel = realtime.channels().get("a/b");
    assert!(rt.wait(channel.status()).unwrap().status.is_active);
    assert_eq!(http.last().path, "/channels/a%2Fb");
    let without = BaseRealtime::new(base()).unwrap();
    let spec = BatchPublishSpec::new(["c"], [Message::new("n", "d")]);
    for error in [
        rt.wait(without.channels().get("c").status()).unwrap_err(),
        ask(&rt, without.request("GET", "/x", 3)).unwrap_err(),
        rt.wait(without.batch_publish(spec)).unwrap_err(),
        rt.wait(without.batch_presence(["c"])).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
        assert!(error.message().contains("`http`"), "{error}");
    }
}

#[test]
fn rsc22_names_and_data_of_a_batch_are_data() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(201, json!([{"results": []}])));
    let names = HOSTILE.map(|(name, _)| name);
    let message = Message::new("n\"}]", &[0u8, 255])
        .id("i")
        .extras(JsonText::new(r#"{"a":{"b":[1.5]}}"#).unwrap());
    let spec = || BatchPublishSpec::new(names, [message.clone()]);
    let rest = BaseRest::new(options(&rt, &http)).unwrap();
    rt.wait(rest.batch_publish(spec())).unwrap();
    let sent = http.last();
    assert_eq!((&*sent.path, sent.query.len()), ("/messages", 0));
    assert_eq!(
        sent.json(),
        json!([{"channels": names, "messages": [{
            "id": "i", "action": 0, "name": "n\"}]", "data": "AP8=", "encoding": "base64",
            "extras": {"a": {"b": [1.5]}},
        }]}])
    );
    let rest = BaseRest::new(options(&rt, &http).plugin(MsgPack)).unwrap();
    rt.wait(rest.batch_publish(spec())).unwrap();
    let sent = rmpv::decode::read_value(&mut &http.last().body[..]).unwrap();
    let sent = &sent[0]["messages"][0];
    assert_eq!(sent["data"], rmpv::Value::Binary(vec![0, 255]));
    assert!(sent["encoding"].is_nil());
    assert_eq!(sent["extras"]["a"]["b"][0].as_f64(), Some(1.5));
}

#[test]
fn rsc22_an_answer_that_is_no_batch_is_an_error() {
    let ask = |body: Value| {
        let (rt, rest) = client(&always(Reply::json(201, body)));
        let spec = BatchPublishSpec::new(["c"], [Message::new("n", "d")]);
        (
            rt.wait(rest.batch_publish(spec.clone())).map(drop),
            rt.wait(rest.batch_publish([spec])).map(drop),
        )
    };
    for body in [
        json!({}),
        json!([1]),
        json!([{}]),
        json!([{"results": {}}]),
        json!([{"results": [1]}]),
    ] {
        let (one, list) = ask(body);
        assert_eq!(one.unwrap_err().code(), ErrorCode::INVALID_DATA);
        assert_eq!(list.unwrap_err().code(), ErrorCode::INVALID_DATA);
    }
    let (one, list) = ask(json!([]));
    assert_eq!(one.unwrap_err().code(), ErrorCode::INVALID_DATA);
    assert_eq!(list, Ok(()));
    // Counts that are not told are taken.
    let results = json!([{"channel": "a", "messageId": "m"}, {"channel": "b", "error": {}}]);
    let (rt, rest) = client(&always(Reply::json(201, json!([{"results": results}]))));
    let spec = BatchPublishSpec::new(["a", "b"], [Message::new("n", "d")]);
    let result = rt.wait(rest.batch_publish(spec)).unwrap();
    assert_eq!((result.success_count, result.failure_count), (1, 1));
    let error = &result.results[1].as_ref().unwrap_err().error;
    assert_eq!(error.code(), ErrorCode::NONE);
    let nothing: [BatchPublishSpec; 0] = [];
    let error = rt.wait(rest.batch_publish(nothing)).unwrap_err();
    assert_eq!(error.code().0, 40003);
}

#[test]
fn rsc24_a_name_is_not_taken_for_two() {
    let http = always(Reply::json(200, json!({"results": []})));
    let (rt, rest) = client(&http);
    let names = HOSTILE.map(|(name, _)| name);
    rt.wait(rest.batch_presence(names)).unwrap();
    let sent = http.last();
    assert_eq!(sent.query("channels"), Some(&*names.join(",")));
    assert_eq!(sent.query.len(), 1);
    for (names, code) in [
        (&["a,b"][..], 40010),
        (&["a", ""], 40010),
        (&[","], 40010),
        (&[], 40003),
    ] {
        let error = rt.wait(rest.batch_presence(names)).unwrap_err();
        assert_eq!(error.code().0, code, "{names:?}");
    }
    assert_eq!(http.requests().len(), 1);
    for body in [
        json!([]),
        json!({"results": [{"channel": "c"}]}),
        json!({"results": [{"channel": "c", "presence": [1]}]}),
    ] {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        let error = rt.wait(rest.batch_presence(["c"])).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    }
}

#[test]
fn rsan_a_serial_stays_one_segment() {
    let http = always(Reply::json(201, json!([])));
    let (rt, rest) = client(&http);
    let annotation = || Annotation::new("t");
    for (given, encoded) in HOSTILE {
        let annotations = rest.channels().get(given).annotations();
        rt.wait(annotations.publish(given, annotation())).unwrap();
        let path = format!("/channels/{encoded}/messages/{encoded}/annotations");
        assert_eq!(http.last().path, path);
        assert_eq!(http.last().json()[0]["messageSerial"], given);
        rt.wait(annotations.get(given, ())).unwrap();
        assert_eq!((http.last().path, http.last().query.len()), (path, 0));
    }
    let before = http.requests().len();
    let annotations = rest.channels().get("c").annotations();
    for serial in ["", ".", ".."] {
        for error in [
            rt.wait(annotations.publish(serial, annotation()))
                .unwrap_err(),
            rt.wait(annotations.delete(serial, annotation()))
                .unwrap_err(),
            rt.wait(annotations.get(serial, ())).unwrap_err(),
        ] {
            assert_eq!((error.code().0, error.status_code()), (40003, 400));
        }
    }
    // A message that was not received has no serial.
    let message = Message::new("n", "d");
    let error = rt
        .wait(annotations.publish(&message, annotation()))
        .unwrap_err();
    assert_eq!(error.code().0, 40003);
    let error = rt.wait(annotations.get(&message, ())).unwrap_err();
    assert_eq!(error.code().0, 40003);
    // An empty id is none.
    rt.wait(annotations.publish("s", annotation().id("")))
        .unwrap();
    let sent = http.last().json();
    assert_eq!(sent[0]["id"].as_str().map(str::len), Some(14));
    let empty = Annotation::new("");
    let error = rt.wait(annotations.publish("s", empty)).unwrap_err();
    assert_eq!(error.code().0, 40003);
    let dots = rest.channels().get("..").annotations();
    let error = rt.wait(dots.publish("s", annotation())).unwrap_err();
    assert_eq!(error.code().0, 40010);
    assert_eq!(http.requests().len(), before + 1);
}

#[test]
fn rsan1c_an_annotation_is_sent_whole_and_never_encrypted() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::empty(201));
    let annotation = Annotation::new("reaction:multiple.v1")
        .name("👍")
        .count(3)
        .client_id("me")
        .data(&[0, 255])
        .extras(JsonText::new(r#"{"a":1}"#).unwrap())
        .id("own");
    let cipher = ChannelOptions::default().cipher(CipherParamOptions::new([7u8; 16]));
    for binary in [false, true] {
        let options = options(&rt, &http).plugin(Crypto);
        let options = if binary {
            options.plugin(MsgPack)
        } else {
            options
        };
        let rest = BaseRest::new(options).unwrap();
        let channel = rest.channels().get_with("c", cipher.clone()).unwrap();
        rt.wait(channel.annotations().delete("s", annotation.clone()))
            .unwrap();
        let body = http.last().body;
        if binary {
            let sent = rmpv::decode::read_value(&mut &body[..]).unwrap();
            assert_eq!(sent[0]["data"], rmpv::Value::Binary(vec![0, 255]));
            assert!(sent[0]["encoding"].is_nil());
            assert_eq!(sent[0]["action"].as_u64(), Some(1));
        } else {
            assert_eq!(
                serde_json::from_slice::<Value>(&body).unwrap(),
                json!([{
                    "id": "own", "action": 1, "clientId": "me", "messageSerial": "s",
                    "type": "reaction:multiple.v1", "name": "👍", "count": 3, "data": "AP8=",
                    "encoding": "base64", "extras": {"a": 1},
                }])
            );
        }
    }
}

#[test]
fn rsan3_annotations_come_page_by_page_and_decoded() {
    let coded = json!([{"type": "t", "data": "AP8=", "encoding": "base64"}, {
        "type": "t", "data": "x", "encoding": "unknown/base64",
    }]);
    let http = MockHttp::replying([
        Reply::json(200, coded).header("link", r#"<./a?p=2>; rel="next""#),
        Reply::json(200, json!([{}])),
        Reply::json(200, json!({})),
        Reply::json(200, json!([1])),
    ]);
    let (rt, rest) = client(&http);
    let annotations = rest.channels().get("c").annotations();
    let page = rt.wait(annotations.get("s", ())).unwrap();
    assert_eq!(page.items()[0].data, Data::from(&[0, 255]));
    assert_eq!(page.items()[0].encoding, None);
    assert_eq!(page.items()[1].encoding.as_deref(), Some("unknown/base64"));
    let next = rt.wait(page.next()).unwrap().unwrap();
    assert_eq!(http.last().query("p"), Some("2"));
    assert_eq!(next.items(), [Annotation::default()]);
    for _ in 0..2 {
        let error = rt.wait(annotations.get("s", ())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    }
}

#[test]
fn rsc22d_rsan1c4_a_retry_sends_the_same_ids() {
    let http = MockHttp::replying([
        Reply::error(503, 50003),
        Reply::json(201, json!([{"results": []}])),
        Reply::error(503, 50003),
        Reply::json(201, json!({})),
    ]);
    let (rt, rest) = client(&http);
    let spec = BatchPublishSpec::new(["c"], [Message::new("n", "d")]);
    rt.wait(rest.batch_publish(spec)).unwrap();
    let annotations = rest.channels().get("c").annotations();
    // The next request goes to the fallback that worked, which fails now.
    rt.wait(annotations.publish("s", Annotation::new("t")))
        .unwrap();
    let sent = http.requests();
    let [batch, batch_again, annotation, annotation_again] = &sent[..] else {
        panic!("two requests, each sent twice")
    };
    assert_ne!(batch.host, batch_again.host);
    assert!(batch.json()[0]["messages"][0]["id"].is_string());
    assert_eq!(batch.body, batch_again.body);
    assert_ne!(annotation.host, annotation_again.host);
    assert!(annotation.json()[0]["id"].is_string());
    assert_eq!(annotation.body, annotation_again.body);
}
