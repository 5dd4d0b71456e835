//! `rest/unit/batch_publish.md`. Where the document answers with bare results, the server of
//! protocol version 3 puts them into one record for every spec of the list that was sent (RSC22b).

use super::common::*;

/// A server that takes everything.
fn taking() -> MockHttp {
    MockHttp::answering(|request| {
        let specs = request.json();
        let results = specs.as_array().expect("a list").iter().map(|spec| {
            let channels = spec["channels"].as_array().expect("a list").iter();
            told(channels.map(|c| json!({"channel": c, "messageId": "msg", "serials": ["s"]})))
        });
        Some(HttpMockReply::json(201, results.collect()))
    })
}

/// The record for one spec.
fn told(results: impl IntoIterator<Item = Value>) -> Value {
    let results: Vec<Value> = results.into_iter().collect();
    let failed = results.iter().filter(|r| r.get("error").is_some()).count();
    json!({
        "successCount": results.len() - failed, "failureCount": failed, "results": results,
    })
}

fn hello() -> Message {
    Message::new("event", "hello")
}

/// Publishes one spec; the server answers with this about it.
fn publish(results: &[Value]) -> BatchResult<BatchPublishResult> {
    let http = always(201, json!([told(results.to_vec())]));
    let (rt, client) = rest(&http);
    let spec = BatchPublishSpec::new(["any"], [hello()]);
    rt.wait(client.batch_publish(spec)).unwrap()
}

/// What was sent, when this is published.
fn sent(specs: Vec<BatchPublishSpec>) -> (SentRequest, Value) {
    let http = taking();
    let (rt, client) = rest_with(&http, |o| o.key(KEY).idempotent_rest_publishing(false));
    rt.wait(client.batch_publish(specs)).unwrap();
    let request = only(&http);
    let body = request.json();
    (request, body)
}

// UTS: rest/unit/RSC22c/single-spec-post-messages-0
#[test]
fn rsc22c_single_spec_post_messages() {
    let http = taking();
    let (rt, client) = rest_with(&http, |o| o.key(KEY).idempotent_rest_publishing(false));
    let channels = ["test-RSC22c1-a", "test-RSC22c1-b"];
    let spec = BatchPublishSpec::new(channels, [hello()]);
    rt.wait(client.batch_publish(spec)).unwrap();
    let request = only(&http);
    assert_eq!((&*request.method, &*request.path), ("POST", "/messages"));
    let messages = json!([{"action": 0, "name": "event", "data": "hello"}]);
    assert_eq!(
        request.json(),
        json!([{"channels": channels, "messages": messages}])
    );
}

// UTS: rest/unit/RSC22c/array-specs-post-messages-0
#[test]
fn rsc22c_array_specs_post_messages() {
    let (request, body) = sent(vec![
        BatchPublishSpec::new(["test-RSC22c2-a"], [Message::new("e1", "d1")]),
        BatchPublishSpec::new(["test-RSC22c2-b"], [Message::new("e2", "d2")]),
    ]);
    assert_eq!((&*request.method, &*request.path), ("POST", "/messages"));
    assert_eq!(
        body,
        json!([
            {"channels": ["test-RSC22c2-a"], "messages": [{"action": 0, "name": "e1", "data": "d1"}]},
            {"channels": ["test-RSC22c2-b"], "messages": [{"action": 0, "name": "e2", "data": "d2"}]},
        ])
    );
}

// UTS: rest/unit/RSC22c/single-spec-single-result-0
#[test]
fn rsc22c_single_spec_single_result() {
    let result: BatchResult<BatchPublishResult> = publish(&[json!({
        "channel": "test-RSC22c3", "messageId": "msg123", "serials": ["serial1"],
    })]);
    let [Ok(success)] = &result.results[..] else {
        panic!("one success")
    };
    assert_eq!(success.channel, "test-RSC22c3");
    assert_eq!(success.message_id, "msg123");
}

// UTS: rest/unit/RSC22c/array-specs-array-results-0
#[test]
fn rsc22c_array_specs_array_results() {
    let answer = json!([
        told([json!({"channel": "test-RSC22c4-a", "messageId": "msg1", "serials": ["s1"]})]),
        told([json!({"channel": "test-RSC22c4-b", "messageId": "msg2", "serials": ["s2"]})]),
    ]);
    let (rt, client) = rest(&always(201, answer));
    let specs = ["test-RSC22c4-a", "test-RSC22c4-b"].map(|c| BatchPublishSpec::new([c], [hello()]));
    let results: Vec<BatchResult<BatchPublishResult>> =
        rt.wait(client.batch_publish(specs.clone())).unwrap();
    assert_eq!(results.len(), 2);
    for ((result, spec), id) in results.iter().zip(&specs).zip(["msg1", "msg2"]) {
        let [Ok(success)] = &result.results[..] else {
            panic!("one success")
        };
        assert_eq!(success.channel, spec.channels[0]);
        assert_eq!(success.message_id, id);
    }
}

// UTS: rest/unit/RSC22c/multiple-channels-multiple-results-0
#[test]
fn rsc22c_multiple_channels_multiple_results() {
    let (rt, client) = rest(&taking());
    let channels = ["test-RSC22c5-a", "test-RSC22c5-b", "test-RSC22c5-c"];
    let spec = BatchPublishSpec::new(channels, [hello()]);
    let result = rt.wait(client.batch_publish(spec)).unwrap();
    let names = result
        .results
        .iter()
        .map(|r| r.as_ref().unwrap().channel.as_str());
    assert_eq!(names.collect::<Vec<_>>(), channels);
}

// DEVIATION: RSC22c - 2.12.0 sends data as it is given.
// UTS: rest/unit/RSC22c/messages-encoded-per-rsl4-0
#[test]
fn rsc22c_messages_encoded_per_rsl4() {
    let object = JsonText::new(r#"{"key":"value"}"#).unwrap();
    let messages = [
        Message::new("text", "plain"),
        Message::new("bytes", &[0, 1, 255]),
        Message::new("json", object),
    ];
    let (_, body) = sent(vec![BatchPublishSpec::new(["test-RSC22c6"], messages)]);
    assert_eq!(
        body[0]["messages"],
        json!([
            {"action": 0, "name": "text", "data": "plain"},
            {"action": 0, "name": "bytes", "data": "AAH/", "encoding": "base64"},
            {"action": 0, "name": "json", "data": r#"{"key":"value"}"#, "encoding": "json"},
        ])
    );
}

// UTS: rest/unit/RSC22c/uses-configured-auth-0
#[test]
fn rsc22c_uses_configured_auth() {
    let authorization = |options: fn(ClientOptions) -> ClientOptions| {
        let http = taking();
        let (rt, client) = rest_with(&http, options);
        let spec = BatchPublishSpec::new(["test-RSC22c7"], [hello()]);
        rt.wait(client.batch_publish(spec)).unwrap();
        let request = only(&http);
        assert_eq!((&*request.method, &*request.path), ("POST", "/messages"));
        request.header("authorization").unwrap().to_owned()
    };
    // "a-token" and "appId.keyId:keySecret" in base64.
    assert_eq!(authorization(|o| o.token("a-token")), "Bearer YS10b2tlbg==");
    assert_eq!(
        authorization(|o| o.key(KEY)),
        "Basic YXBwSWQua2V5SWQ6a2V5U2VjcmV0"
    );
}

/// The ids of the messages of each spec, as they were sent.
fn ids(idempotent: bool, specs: Vec<BatchPublishSpec>) -> Vec<Vec<Option<String>>> {
    let http = taking();
    let (rt, client) = rest_with(&http, |o| o.key(KEY).idempotent_rest_publishing(idempotent));
    rt.wait(client.batch_publish(specs)).unwrap();
    let body = only(&http).json();
    let of_spec = |spec: &Value| {
        let messages = spec["messages"].as_array().unwrap().iter();
        messages
            .map(|m| m.get("id").map(|id| id.as_str().unwrap().to_owned()))
            .collect()
    };
    body.as_array().unwrap().iter().map(of_spec).collect()
}

// DEVIATION: RSC22d - 2.12.0 gives no ids.
// UTS: rest/unit/RSC22d/idempotent-ids-generated-0
#[test]
fn rsc22d_idempotent_ids_generated() {
    let spec = |channel| BatchPublishSpec::new([channel], [hello(), hello()]);
    let ids = ids(true, vec![spec("test-RSC22d-a"), spec("test-RSC22d-b")]);
    let bases: Vec<&str> = ids
        .iter()
        .map(|of_spec| {
            let [Some(first), Some(second)] = &of_spec[..] else {
                panic!("two ids")
            };
            let (base, index) = first.rsplit_once(':').unwrap();
            assert_eq!(index, "0");
            assert_eq!(*second, format!("{base}:1"));
            // At least 9 bytes in base64.
            assert!(base.len() >= 12, "{base}");
            base
        })
        .collect();
    assert_eq!(bases.len(), 2);
    assert_ne!(bases[0], bases[1]);
}

// UTS: rest/unit/RSC22d/explicit-ids-preserved-0
#[test]
fn rsc22d_explicit_ids_preserved() {
    let messages = [hello().id("id-1"), hello().id("id-2")];
    let spec = BatchPublishSpec::new(["test-RSC22d"], messages);
    assert_eq!(
        ids(true, vec![spec]),
        [[Some("id-1".to_owned()), Some("id-2".to_owned())]]
    );
}

// UTS: rest/unit/RSC22d/ids-not-generated-disabled-0
#[test]
fn rsc22d_ids_not_generated_disabled() {
    let spec = BatchPublishSpec::new(["test-RSC22d"], [hello(), hello()]);
    assert_eq!(ids(false, vec![spec]), [[None, None]]);
}

// UTS: rest/unit/BSP2a/channels-array-strings-0
#[test]
fn bsp2a_channels_array_strings() {
    let channels = ["test-BSP2a-a", "test-BSP2a-b", "test-BSP2a-c"];
    let (_, body) = sent(vec![BatchPublishSpec::new(channels, [hello()])]);
    assert_eq!(body[0]["channels"], json!(channels));
}

// UTS: rest/unit/BSP2b/messages-array-objects-0
#[test]
fn bsp2b_messages_array_objects() {
    let object = JsonText::new(r#"{"key":"value"}"#).unwrap();
    let messages = [
        Message::new("event1", "data1"),
        Message::new("event2", object),
    ];
    let (_, body) = sent(vec![BatchPublishSpec::new(["test-BSP2b"], messages)]);
    assert_eq!(
        body[0]["messages"],
        json!([
            {"action": 0, "name": "event1", "data": "data1"},
            {"action": 0, "name": "event2", "data": r#"{"key":"value"}"#, "encoding": "json"},
        ])
    );
}

// UTS: rest/unit/BPR2a/success-channel-name-0
#[test]
fn bpr2a_success_channel_name() {
    let result = publish(&[json!({
        "channel": "test-BPR2a", "messageId": "msg123", "serials": ["s1"],
    })]);
    assert_eq!(result.results[0].as_ref().unwrap().channel, "test-BPR2a");
}

// UTS: rest/unit/BPR2b/success-message-id-prefix-0
#[test]
fn bpr2b_success_message_id_prefix() {
    let result = publish(&[json!({
        "channel": "test-BPR2b", "messageId": "unique-id-prefix", "serials": ["s1", "s2"],
    })]);
    let success = result.results[0].as_ref().unwrap();
    assert_eq!(success.message_id, "unique-id-prefix");
}

// UTS: rest/unit/BPF2a/failure-channel-name-0
#[test]
fn bpf2a_failure_channel_name() {
    let result = publish(&[json!({
        "channel": "test-BPF2a", "error": error(40160, 401, "Not permitted"),
    })]);
    let failure = result.results[0].as_ref().unwrap_err();
    assert_eq!(failure.channel, "test-BPF2a");
}

// UTS: rest/unit/BPF2b/failure-error-info-0
#[test]
fn bpf2b_failure_error_info() {
    let href = "https://help.ably.io/error/40160";
    let mut why = error(40160, 401, "Channel operation not permitted");
    why["href"] = href.into();
    let result = publish(&[json!({"channel": "test-BPF2b", "error": why})]);
    let error: &ErrorInfo = &result.results[0].as_ref().unwrap_err().error;
    assert_eq!(code(error), (40160, 401));
    assert!(error.message().contains("not permitted"));
    assert_eq!(error.href().as_deref(), Some(href));
}

/// One channel that may be published on, and one that may not.
fn mixed() -> BatchResult<BatchPublishResult> {
    publish(&[
        json!({"channel": "test-allowed", "messageId": "msg1", "serials": ["s1"]}),
        json!({"channel": "test-restricted", "error": error(40160, 401, "Not permitted")}),
    ])
}

// UTS: rest/unit/RSC22c/partial-success-mixed-results-0
#[test]
fn rsc22c_partial_success_mixed_results() {
    let result = mixed();
    assert_eq!((result.success_count, result.failure_count), (1, 1));
    let [Ok(allowed), Err(restricted)] = &result.results[..] else {
        panic!("a success and a failure")
    };
    assert_eq!(allowed.channel, "test-allowed");
    assert_eq!(restricted.channel, "test-restricted");
}

// UTS: rest/unit/RSC22c/distinguish-success-failure-0
#[test]
fn rsc22c_distinguish_success_failure() {
    let told = mixed().results.into_iter().map(|result| match result {
        Ok(success) => format!("{}: {}", success.channel, success.message_id),
        Err(failure) => format!("{}: {}", failure.channel, failure.error.code().0),
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["test-allowed: msg1", "test-restricted: 40160"]
    );
}

/// What publishing this ends in, without an answer.
fn refused(spec: BatchPublishSpec) -> ErrorInfo {
    let http = taking();
    let (rt, client) = rest(&http);
    let error = rt.wait(client.batch_publish(spec)).unwrap_err();
    assert_eq!(http.requests().len(), 0);
    error
}

// UTS: rest/unit/RSC22/empty-channels-rejected-0
#[test]
fn rsc22_empty_channels_rejected() {
    let none: [&str; 0] = [];
    let error = refused(BatchPublishSpec::new(none, [hello()]));
    assert_eq!(code(&error), (40003, 400));
}

// UTS: rest/unit/RSC22/empty-messages-rejected-0
#[test]
fn rsc22_empty_messages_rejected() {
    let error = refused(BatchPublishSpec::new(["test-RSC22-Error2"], []));
    assert_eq!(code(&error), (40003, 400));
}

/// What publishing ends in, when the server answers with this error.
fn failed(status: u16, why: Value) -> ErrorInfo {
    let (rt, client) = rest(&always(status, json!({"error": why})));
    let spec = BatchPublishSpec::new(["test-RSC22"], [hello()]);
    rt.wait(client.batch_publish(spec)).unwrap_err()
}

// UTS: rest/unit/RSC22/server-error-propagated-0
#[test]
fn rsc22_server_error_propagated() {
    let error = failed(500, error(50000, 500, "Internal error"));
    assert_eq!(code(&error), (50000, 500));
}

// UTS: rest/unit/RSC22/auth-error-propagated-0
#[test]
fn rsc22_auth_error_propagated() {
    let error = failed(401, error(40101, 401, "Invalid credentials"));
    assert_eq!(code(&error), (40101, 401));
}

// DEVIATION: RSC22 - the document wants version 2; the protocol of 2.12.0 is 3 (CSV2).
// UTS: rest/unit/RSC22/standard-headers-included-0
#[test]
fn rsc22_standard_headers_included() {
    let (request, _) = sent(vec![BatchPublishSpec::new(["test-RSC22"], [hello()])]);
    assert_eq!(request.header("x-ably-version"), Some("3"));
    let agent = request.header("ably-agent").unwrap();
    assert!(agent.starts_with("ably-rust/"), "{agent}");
    assert_eq!(request.header("content-type"), Some("application/json"));
}

// UTS: rest/unit/RSC22/multiple-messages-per-channel-0
#[test]
fn rsc22_multiple_messages_per_channel() {
    let http = taking();
    let (rt, client) = rest(&http);
    let messages = (0..100).map(|n| Message::new(format!("event-{n}"), format!("data-{n}")));
    let spec = BatchPublishSpec::new(["test-RSC22-Batch1"], messages);
    let result = rt.wait(client.batch_publish(spec)).unwrap();
    let body = only(&http).json();
    let sent = body[0]["messages"].as_array().unwrap();
    assert_eq!(sent.len(), 100);
    for (n, message) in sent.iter().enumerate() {
        assert_eq!(message["name"], format!("event-{n}"));
        assert_eq!(message["data"], format!("data-{n}"));
    }
    assert_eq!((result.success_count, result.failure_count), (1, 0));
    assert_eq!(
        result.results[0].as_ref().unwrap().channel,
        "test-RSC22-Batch1"
    );
}

// UTS: rest/unit/RSC22/multiple-channels-multiple-messages-0
#[test]
fn rsc22_multiple_channels_multiple_messages() {
    let http = taking();
    let (rt, client) = rest(&http);
    let channels = ["test-Batch2-a", "test-Batch2-b", "test-Batch2-c"];
    let messages = ["msg1", "msg2", "msg3"].map(|name| Message::new(name, "d"));
    let spec = BatchPublishSpec::new(channels, messages);
    let result = rt.wait(client.batch_publish(spec)).unwrap();
    let body = only(&http).json();
    assert_eq!(body[0]["channels"], json!(channels));
    let names = body[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["msg1", "msg2", "msg3"]);
    assert_eq!((result.success_count, result.failure_count), (3, 0));
    let names = result
        .results
        .iter()
        .map(|r| r.as_ref().unwrap().channel.as_str());
    assert_eq!(names.collect::<Vec<_>>(), channels);
}
