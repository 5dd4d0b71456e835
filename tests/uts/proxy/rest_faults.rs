//! `realtime/integration/proxy/rest_faults.md`

use crate::live::*;
use ChannelState as C;

/// A rule that answers the first request to a channel.
fn first_answer(status: u16, error: &Value, comment: &str) -> Value {
    json!([{
        "match": {"type": "http_request", "pathContains": "/channels/"},
        "action": {"type": "http_respond", "status": status, "body": {"error": error}},
        "times": 1,
        "comment": comment,
    }])
}

// UTS: realtime/proxy/RSC10/token-renewal-on-401-0
#[test]
fn rsc10_a_refused_token_is_renewed_and_the_request_repeated() {
    run(async {
        let app = TestApp::start().await;
        let expired = error(40142, 401, "Token expired");
        let comment = "RSC10: Return 401 on first channel request, then passthrough";
        let session = app.proxy(first_answer(401, &expired, comment)).await;
        let (options, calls) = app.with_tokens(app.through(&session));
        let client = rest(options);
        let channel = client.channels().get(&unique("test-RSC10-token-renewal"));
        channel
            .publish("test-event", "hello")
            .await
            .expect("published");

        assert!(calls.load(Ordering::SeqCst) >= 2);
        let log = session.log();
        assert!(log.http_requests("/channels/").len() >= 2);
        let answers = log.http_responses();
        assert_eq!(answers[0], 401);
        assert!([200, 201].contains(&answers[1]), "{answers:?}");
    });
}

// UTS: realtime/proxy/RSC15m/http-503-no-fallback-0
#[test]
fn rsc15m_a_503_is_an_error_without_fallback_hosts() {
    run(async {
        let app = TestApp::start().await;
        let unavailable = error(50300, 503, "Service temporarily unavailable");
        let comment = "RSC15m: Return 503 on first channel request";
        let session = app.proxy(first_answer(503, &unavailable, comment)).await;
        let (options, _) = app.with_tokens(app.through(&session));
        let client = rest(options);
        let channel = client.channels().get(&unique("test-RSC15m-503-error"));
        let error = channel.publish("test-event", "hello").await;
        let error = error.expect_err("refused");

        assert_eq!((error.code().0, error.status_code()), (50300, 503));
        assert_eq!(session.log().http_requests("/channels/").len(), 1);
    });
}

// UTS: realtime/proxy/RTL6/publish-history-through-proxy-0
#[test]
fn rtl6_what_is_published_is_in_the_history() {
    run(async {
        let app = TestApp::start().await;
        let session = app.proxy(json!([])).await;
        let realtime = realtime(app.through_with_jwt(&session));
        let rest = rest(app.through_with_jwt(&session));
        let name = unique("test-RTL6-publish-history");
        let realtime_channel = channel(&realtime, &name);
        let rest_channel = rest.channels().get(&name);
        connect(&realtime).await;
        realtime_channel.attach().await.expect("attached");
        await_channel(&realtime_channel, C::Attached, s(10)).await;
        let published = realtime_channel.publish("test-msg", "hello world").await;
        published.expect("acknowledged");
        let history = poll_until(s(10), async || {
            let page = rest_channel.history(()).await.expect("a page");
            (!page.items().is_empty()).then_some(page)
        })
        .await;

        assert!(!history.items().is_empty());
        let published = history.items().iter();
        let mut published = published.filter(|m| m.name.as_deref() == Some("test-msg"));
        assert_eq!(published.next().expect("the message").data, "hello world");
        let log = session.log();
        assert!(!log.ws_connects().is_empty());
        assert!(!log.http_requests("").is_empty());
        close(&realtime).await;
    });
}
