//! `rest/integration/proxy/rest_fallback.md`

use crate::live::*;

/// Rules that do this to the first request for the time.
fn first_time(action: Value, comment: &str) -> Value {
    json!([{
        "match": {"type": "http_request", "pathContains": "/time"},
        "action": action,
        "times": 1,
        "comment": comment,
    }])
}

fn unavailable() -> Value {
    error(50300, 503, "Service temporarily unavailable")
}

/// Options with an authCallback, and a fallback host that leads through the proxy as well.
fn with_fallback(app: &TestApp, session: &Session) -> ClientOptions {
    let (options, _) = app.with_tokens(app.through(session));
    options.fallback_hosts(["localhost"])
}

/// The same without a fallback host.
fn without_fallback(app: &TestApp, session: &Session) -> ClientOptions {
    app.with_tokens(app.through(session)).0
}

/// A time, and not just any number.
#[track_caller]
fn assert_time(time: i64) {
    assert!((time - unix_ms()).abs() < 3_600_000, "{time}");
}

// UTS: rest/proxy/RSC15l2/timeout-triggers-fallback-0
#[test]
fn rsc15l2_a_timeout_leads_to_a_fallback_host() {
    run(async {
        let app = TestApp::start().await;
        let rules = first_time(
            json!({"type": "http_delay", "delayMs": 20_000}),
            "RSC15l2: Delay first /time request beyond httpRequestTimeout",
        );
        let session = app.proxy(rules).await;
        let client = rest(with_fallback(&app, &session).http_request_timeout(s(3)));
        assert_time(client.time().await.expect("a time"));
        assert!(session.log().http_requests("/time").len() >= 2);
    });
}

// UTS: rest/proxy/RSC15l/unreachable-endpoint-error-0
#[test]
fn rsc15l_an_unreachable_host_is_an_error() {
    run(async {
        let app = TestApp::start().await;
        // A port that was free a moment ago.
        let session = app.proxy(json!([])).await;
        let options = without_fallback(&app, &session);
        session.close().await;
        let error = rest(options).time().await.expect_err("nobody is there");
        assert_ne!(error.code().0, 0);
        assert_ne!(error.status_code(), 0);
    });
}

// UTS: rest/proxy/RSC15l/connection-drop-fallback-1
#[test]
fn rsc15l_a_dropped_connection_leads_to_a_fallback_host() {
    run(async {
        let app = TestApp::start().await;
        let rules = first_time(
            json!({"type": "http_drop"}),
            "Drop TCP connection on first /time request (ECONNRESET)",
        );
        let session = app.proxy(rules).await;
        let client = rest(with_fallback(&app, &session));
        assert_time(client.time().await.expect("a time"));
        assert!(session.log().http_requests("/time").len() >= 2);
    });
}

// UTS: rest/proxy/RSC15l/http-5xx-json-error-parsed-0
#[test]
fn rsc15l_the_error_of_a_503_is_read() {
    run(async {
        let app = TestApp::start().await;
        let rules = first_time(
            json!({"type": "http_respond", "status": 503, "body": {"error": unavailable()}}),
            "Return 503 with JSON error body on first /time request",
        );
        let session = app.proxy(rules).await;
        let client = rest(without_fallback(&app, &session));
        let error = client.time().await.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (50300, 503));
        let message = error.message();
        assert!(
            message.contains("Service temporarily unavailable"),
            "{message}"
        );
    });
}

// UTS: rest/proxy/RSC15l/http-5xx-no-json-synthesized-1
#[test]
fn rsc15l_a_503_without_an_error_is_one() {
    run(async {
        let app = TestApp::start().await;
        let rules = first_time(
            json!({"type": "http_respond", "status": 503, "body": {}}),
            "Return 503 with empty JSON body (no error field) on first /time request",
        );
        let session = app.proxy(rules).await;
        let client = rest(without_fallback(&app, &session));
        let error = client.time().await.expect_err("refused");
        assert_eq!(error.status_code(), 503);
    });
}

// UTS: rest/proxy/RSC15l/http-4xx-not-retried-0
#[test]
fn rsc15l_a_403_is_not_tried_again() {
    run(async {
        let app = TestApp::start().await;
        let forbidden = error(40300, 403, "Forbidden");
        let rules = first_time(
            json!({"type": "http_respond", "status": 403, "body": {"error": forbidden}}),
            "Return 403 with JSON error body on first /time request",
        );
        let session = app.proxy(rules).await;
        let client = rest(with_fallback(&app, &session));
        let error = client.time().await.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (40300, 403));
        assert_eq!(session.log().http_requests("/time").len(), 1);
    });
}

// UTS: rest/proxy/RSL1k4/idempotent-retry-dedup-0
#[test]
fn rsl1k4_a_publish_that_is_tried_again_is_published_once() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([{
                "match": {"type": "http_request", "method": "POST", "pathContains": "/channels/"},
                "action": {
                    "type": "http_replace_response", "status": 503, "body": {"error": unavailable()},
                },
                "times": 1,
                "comment": "RSL1k4: Forward first publish to server, then return fake 503 to client",
            }]))
            .await;
        let client = rest(with_fallback(&app, &session).idempotent_rest_publishing(true));
        let channel = client.channels().get(&unique("test-RSL1k4-idempotent"));
        channel.publish("test", "data").await.expect("published");

        let history = channel.history(()).await.expect("a page");
        let same = |m: &&Arc<Message>| m.name.as_deref() == Some("test") && m.data == "data";
        assert_eq!(history.items().iter().filter(same).count(), 1);
        let log = session.log();
        let publishes = log.http_requests("/channels/").into_iter();
        assert!(publishes.filter(|(method, _)| *method == "POST").count() >= 2);
    });
}
