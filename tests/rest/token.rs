//! Tokens: fetched once for all who wait, renewed once when refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use ably_base::{BaseRealtime, Credential, TokenDetails, TokenParams};
use ably_testkit::MockWebSocket;

use crate::support::*;

/// Options whose callback gives `token-1`, `token-2` and so on after a second each; counts calls.
fn with_callback(rt: &VirtualRuntime, http: &MockHttp) -> (ClientOptions, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counter, runtime) = (calls.clone(), rt.clone());
    let callback = move |_: TokenParams| {
        let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
        let sleep = sleep(&runtime, seconds(1));
        async move {
            sleep.await;
            Ok(Credential::Token(TokenDetails::new(format!("token-{n}"))))
        }
    };
    let options = ClientOptions::new()
        .auth_callback(callback)
        .plugin(rt.clone())
        .plugin(http.clone());
    (options, calls)
}

fn sleep(rt: &VirtualRuntime, d: Duration) -> impl Future<Output = ()> + Send + use<> {
    use ably_base::Runtime;
    let until = rt.now().mono.after(d);
    let mut timer = rt.timer();
    std::future::poll_fn(move |cx| timer.poll_until(cx, until))
}

fn bearer(sent: &SentRequest) -> String {
    sent.header("authorization").unwrap().to_owned()
}

const TOKEN_1: &str = "Bearer dG9rZW4tMQ==";
const TOKEN_2: &str = "Bearer dG9rZW4tMg==";

#[test]
fn one_fetch_serves_all_and_outlives_the_caller_who_began_it() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (options, calls) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    let channel = rest.channels().get("c");
    let mut first = channel.history(());
    let mut second = channel.history(());
    assert!(rt.poll_now(&mut first).is_none());
    assert!(rt.poll_now(&mut second).is_none());
    drop(first);
    rt.wait(second).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(rt.elapsed(), seconds(1));
    rt.wait(channel.history(())).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(http.requests().iter().all(|r| bearer(r) == TOKEN_1));
    assert_eq!(http.requests().len(), 2);
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn who_goes_away_is_forgotten_while_the_fetch_goes_on() {
    struct Nobody;
    impl std::task::Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (options, calls) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    let channel = rest.channels().get("c");
    let mut stays = channel.history(());
    assert!(rt.poll_now(&mut stays).is_none());
    for _ in 0..3 {
        let woken = Arc::new(Nobody);
        let waker = std::task::Waker::from(woken.clone());
        let mut request = Box::pin(channel.history(()).into_future());
        for _ in 0..2 {
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(request.as_mut().poll(&mut cx).is_pending());
        }
        drop(waker);
        assert!(Arc::strong_count(&woken) > 1);
        drop(request);
        assert_eq!(Arc::strong_count(&woken), 1);
    }
    rt.wait(stays).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn rsc10_a_refused_token_is_renewed_and_the_new_one_sent_once() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([Reply::error(401, 40142), Reply::json(200, json!([]))]);
    let (options, calls) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    rt.wait(rest.channels().get("c").history(())).unwrap();
    let sent = http.requests();
    assert_eq!(
        sent.iter().map(bearer).collect::<Vec<_>>(),
        [TOKEN_1, TOKEN_2]
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);

    let http = always(Reply::error(401, 40142));
    let (options, calls) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    let error = rt.wait(rest.channels().get("c").history(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TOKEN_EXPIRED);
    assert_eq!(
        (http.requests().len(), calls.load(Ordering::SeqCst)),
        (2, 2)
    );
}

#[test]
fn requests_refused_together_renew_together() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::answering(|sent| {
        let is_old = bearer(sent) == TOKEN_1;
        Some(if is_old {
            Reply::error(401, 40142)
        } else {
            Reply::json(200, json!([]))
        })
    });
    let (options, calls) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    let mut all: Vec<_> = (0..5)
        .map(|_| rest.channels().get("c").history(()))
        .collect();
    for request in &mut all {
        assert!(rt.poll_now(request).is_none());
    }
    for request in all {
        rt.wait(request).unwrap();
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn rsa4a2_a_token_that_cannot_be_renewed() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::error(401, 40142));
    let options = ClientOptions::with_token("t")
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let error = rt.wait(rest.channels().get("c").history(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NO_RENEWAL);
    assert_eq!(error.cause().unwrap().code(), ErrorCode::TOKEN_EXPIRED);
    assert_eq!(http.requests().len(), 1);
}

fn failing_with(
    answer: impl Fn() -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (ErrorInfo, usize) {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let answer = Arc::new(answer);
    let options = ClientOptions::new()
        .auth_callback(move |_: TokenParams| {
            let answer = answer.clone();
            async move { answer() }
        })
        .client_id("me")
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let error = rt.wait(rest.channels().get("c").history(())).unwrap_err();
    (error, http.requests().len())
}

#[test]
fn a_callback_that_fails_is_told_with_its_cause() {
    let none = |status| ErrorInfo::new(ErrorCode::NONE, status, "mine");
    let own = ErrorInfo::new(ErrorCode(40999), 401, "mine");
    let (error, sent) = failing_with(move || Err(own.clone()));
    assert_eq!((error.code().0, sent), (40999, 0));
    for (status, code) in [(0, 40170), (403, 40300)] {
        let (error, _) = failing_with(move || Err(none(status)));
        assert_eq!(error.code(), code);
        assert_eq!(error.cause().unwrap().message(), "mine");
    }
    for token in [String::new(), "x".repeat(128 * 1024 + 1)] {
        let (error, sent) =
            failing_with(move || Ok(Credential::Token(TokenDetails::new(token.clone()))));
        assert_eq!((error.code(), sent), (ErrorCode::AUTH_CALLBACK_FAILED, 0));
    }
    let (error, sent) = failing_with(|| {
        let mut details = TokenDetails::new("t");
        details.client_id = Some("you".into());
        Ok(Credential::Token(details))
    });
    assert_eq!((error.code().0, error.status_code(), sent), (40102, 403, 0));
}

#[test]
fn a_callback_that_never_answers_ends_in_time_and_can_be_called_again() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let options = ClientOptions::new()
        .auth_callback(move |_: TokenParams| {
            let is_first = counter.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if is_first {
                    std::future::pending::<()>().await;
                }
                Ok(Credential::Token(TokenDetails::new("token-1")))
            }
        })
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).unwrap();
    let channel = rest.channels().get("c");
    let error = rt.wait(channel.history(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::AUTH_CALLBACK_FAILED);
    assert_eq!(rt.elapsed(), seconds(10));
    rt.wait(channel.history(())).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_fetch_whose_task_is_dropped_leaves_nobody_waiting() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (options, _) = with_callback(&rt, &http);
    let rest = BaseRest::new(options).unwrap();
    let mut asked = rest.channels().get("c").history(());
    assert!(rt.poll_now(&mut asked).is_none());
    rt.shut_down();
    let error = rt.poll_now(&mut asked).unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::AUTH_CALLBACK_FAILED);
}

#[test]
fn a_realtime_client_and_its_requests_share_a_token() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (options, calls) = with_callback(&rt, &http);
    let ws = MockWebSocket::serving();
    let realtime = BaseRealtime::new(options.plugin(ws.clone()).auto_connect(false)).unwrap();
    let channel = realtime.channels().get("c");
    rt.wait(channel.history(())).unwrap();
    assert_eq!(bearer(&http.last()), TOKEN_1);
    realtime.connect();
    rt.await_state(&realtime, ably_base::ConnectionState::Connected);
    assert_eq!(
        ws.attempts()[0].query("access_token").as_deref(),
        Some("token-1")
    );
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
