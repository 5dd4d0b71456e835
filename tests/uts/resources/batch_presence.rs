//! `rest/unit/batch_presence.md`

use ably_rest::{BatchPresenceFailureResult, BatchPresenceResult, BatchPresenceSuccessResult};

use super::common::*;

const KEY: &str = "fake.key:secret";

type Asked = Result<BatchResult<BatchPresenceResult>, ErrorInfo>;

/// Asks a server that answers with this.
fn ask(status: u16, body: Value, channels: &[&str]) -> (SentRequest, Asked) {
    let http = always(status, body);
    let (rt, client) = rest_with(&http, |o| o.key(KEY));
    let result = rt.wait(client.batch_presence(channels));
    (http.requests()[0].clone(), result)
}

/// Asks a server that answers with these results.
#[track_caller]
fn results(
    successes: u32,
    failures: u32,
    results: Value,
    channels: &[&str],
) -> (SentRequest, BatchResult<BatchPresenceResult>) {
    let body = json!({
        "successCount": successes, "failureCount": failures, "results": results,
    });
    let (request, result) = ask(200, body, channels);
    (request, result.unwrap())
}

fn nobody(channel: &str) -> Value {
    json!({"channel": channel, "presence": []})
}

fn refused(channel: &str) -> Value {
    json!({"channel": channel, "error": error(40160, 401, "Not permitted")})
}

#[track_caller]
fn success(result: &BatchPresenceResult) -> &BatchPresenceSuccessResult {
    result.as_ref().expect("a success")
}

#[track_caller]
fn failure(result: &BatchPresenceResult) -> &BatchPresenceFailureResult {
    result.as_ref().expect_err("a failure")
}

// UTS: rest/unit/RSC24/get-presence-channels-param-0
#[test]
fn rsc24_get_presence_channels_param() {
    let answer = json!({
        "successCount": 2, "failureCount": 0,
        "results": [nobody("channel-a"), nobody("channel-b")],
    });
    let http = always(200, answer);
    let (rt, client) = rest_with(&http, |o| o.key(KEY));
    rt.wait(client.batch_presence(["channel-a", "channel-b"]))
        .unwrap();
    let request = only(&http);
    assert_eq!((&*request.method, &*request.path), ("GET", "/presence"));
    assert_eq!(request.query("channels"), Some("channel-a,channel-b"));
}

// UTS: rest/unit/RSC24/single-channel-param-0
#[test]
fn rsc24_single_channel_param() {
    let (request, _) = results(1, 0, json!([nobody("my-channel")]), &["my-channel"]);
    assert_eq!(request.query("channels"), Some("my-channel"));
}

// UTS: rest/unit/RSC24/special-chars-comma-joined-0
#[test]
fn rsc24_special_chars_comma_joined() {
    let names = ["foo:bar", "baz/qux"];
    let (request, _) = results(2, 0, json!([nobody("foo:bar"), nobody("baz/qux")]), &names);
    assert_eq!(request.query("channels"), Some("foo:bar,baz/qux"));
}

// UTS: rest/unit/BAR2/mixed-success-failure-counts-0
#[test]
fn bar2_mixed_success_failure_counts() {
    let told = json!([
        nobody("ch-1"),
        nobody("ch-2"),
        nobody("ch-3"),
        refused("ch-4")
    ]);
    let (_, result) = results(3, 1, told, &["ch-1", "ch-2", "ch-3", "ch-4"]);
    assert_eq!((result.success_count, result.failure_count), (3, 1));
    assert_eq!(result.results.len(), 4);
}

// UTS: rest/unit/BAR2/all-success-counts-0
#[test]
fn bar2_all_success_counts() {
    let told = json!([nobody("ch-a"), nobody("ch-b")]);
    let (_, result) = results(2, 0, told, &["ch-a", "ch-b"]);
    assert_eq!((result.success_count, result.failure_count), (2, 0));
    assert_eq!(result.results.len(), 2);
}

// UTS: rest/unit/BAR2/all-failure-counts-0
#[test]
fn bar2_all_failure_counts() {
    let told = json!([refused("ch-a"), refused("ch-b")]);
    let (_, result) = results(0, 2, told, &["ch-a", "ch-b"]);
    assert_eq!((result.success_count, result.failure_count), (0, 2));
    assert_eq!(result.results.len(), 2);
}

// UTS: rest/unit/BGR2/success-with-members-0
#[test]
fn bgr2_success_with_members() {
    let told = json!([{
        "channel": "my-channel",
        "presence": [
            {
                "clientId": "client-1", "action": 1, "connectionId": "conn-abc",
                "id": "conn-abc:0:0", "timestamp": 1_700_000_000_000_i64, "data": "hello",
            },
            {
                "clientId": "client-2", "action": 1, "connectionId": "conn-def",
                "id": "conn-def:0:0", "timestamp": 1_700_000_000_000_i64,
                "data": {"key": "value"},
            },
        ],
    }]);
    let (_, result) = results(1, 0, told, &["my-channel"]);
    assert_eq!(result.results.len(), 1);
    let success = success(&result.results[0]);
    assert_eq!(success.channel, "my-channel");
    let [first, second] = &success.presence[..] else {
        panic!("two members")
    };
    assert_eq!(first.client_id.as_deref(), Some("client-1"));
    assert_eq!(first.action, PresenceAction::PRESENT);
    assert_eq!(first.connection_id.as_deref(), Some("conn-abc"));
    assert_eq!(first.data, "hello");
    assert_eq!(second.client_id.as_deref(), Some("client-2"));
    let data: Value = second.data.as_json().unwrap().parse().unwrap();
    assert_eq!(data, json!({"key": "value"}));
}

// UTS: rest/unit/BGR2/success-empty-presence-0
#[test]
fn bgr2_success_empty_presence() {
    let (_, result) = results(1, 0, json!([nobody("empty-channel")]), &["empty-channel"]);
    let success = success(&result.results[0]);
    assert_eq!(success.channel, "empty-channel");
    assert_eq!(success.presence.len(), 0);
}

// UTS: rest/unit/BGF2/failure-error-details-0
#[test]
fn bgf2_failure_error_details() {
    let told = json!([{
        "channel": "restricted-channel",
        "error": error(40160, 401, "Channel operation not permitted"),
    }]);
    let (_, result) = results(0, 1, told, &["restricted-channel"]);
    assert_eq!(result.results.len(), 1);
    let failure = failure(&result.results[0]);
    assert_eq!(failure.channel, "restricted-channel");
    assert_eq!(code(&failure.error), (40160, 401));
    assert!(failure.error.message().contains("not permitted"));
}

// UTS: rest/unit/RSC24/mixed-success-failure-results-0
#[test]
fn rsc24_mixed_success_failure_results() {
    let told = json!([
        {
            "channel": "allowed-channel",
            "presence": [{
                "clientId": "user-1", "action": 1, "connectionId": "conn-1", "id": "conn-1:0:0",
                "timestamp": 1_700_000_000_000_i64,
            }],
        },
        refused("restricted-channel"),
    ]);
    let (_, result) = results(1, 1, told, &["allowed-channel", "restricted-channel"]);
    assert_eq!((result.success_count, result.failure_count), (1, 1));
    assert_eq!(result.results.len(), 2);
    let allowed = success(&result.results[0]);
    assert_eq!(allowed.channel, "allowed-channel");
    assert_eq!(allowed.presence.len(), 1);
    assert_eq!(allowed.presence[0].client_id.as_deref(), Some("user-1"));
    let restricted = failure(&result.results[1]);
    assert_eq!(restricted.channel, "restricted-channel");
    assert_eq!(restricted.error.code().0, 40160);
}

// UTS: rest/unit/RSC24/server-error-propagated-0
#[test]
fn rsc24_server_error_propagated() {
    let body = json!({"error": error(50000, 500, "Internal error")});
    let (_, result) = ask(500, body, &["any-channel"]);
    assert_eq!(code(&result.unwrap_err()), (50000, 500));
}

// UTS: rest/unit/RSC24/auth-error-propagated-0
#[test]
fn rsc24_auth_error_propagated() {
    let body = json!({"error": error(40101, 401, "Invalid credentials")});
    let (_, result) = ask(401, body, &["any-channel"]);
    assert_eq!(code(&result.unwrap_err()), (40101, 401));
}

// UTS: rest/unit/RSC24/uses-configured-auth-0
#[test]
fn rsc24_uses_configured_auth() {
    let (request, _) = results(1, 0, json!([nobody("ch")]), &["ch"]);
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("Basic "), "{authorization}");
}
