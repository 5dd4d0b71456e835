//! Ways to get tokens, what they share, and what is missing when a plugin is.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ably_base::{
    AuthOptions, BaseRealtime, ConnectionState as S, Credential, LogLevel, TokenDetails,
    TokenParams, TokenRequest,
};
use ably_rest::{RevokeTokens, StatusApi, TokenRevocationTargetSpecifier};
use ably_testkit::{LogCapture, MockWebSocket};

use crate::{auth_realtime::ws_prompt, support::*};

pub(crate) const NOW: i64 = 1_700_000_001_000;

pub(crate) const TOKEN_1: &str = "Bearer dG9rZW4tMQ==";

pub(crate) fn with_token(http: &MockHttp, options: ClientOptions) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let options = options
        .plugin(rt.clone())
        .plugin(http.clone())
        .plugin(ably_token::Token);
    let rest = BaseRest::new(options).expect("the options are fine");
    (rt, rest)
}

/// An authCallback that gives `token-1` after a second, `token-2` and so on; counts calls.
pub(crate) fn slow(
    rt: &VirtualRuntime,
) -> (
    impl ably_base::TokenSource + Clone + 'static,
    Arc<AtomicUsize>,
) {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counter, runtime) = (calls.clone(), rt.clone());
    let source = move |_: TokenParams| {
        use ably_base::Runtime;
        let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
        let until = runtime.now().mono.after(seconds(1));
        let mut timer = runtime.timer();
        async move {
            std::future::poll_fn(move |cx| timer.poll_until(cx, until)).await;
            Ok(Credential::from(format!("token-{n}")))
        }
    };
    (source, calls)
}

pub(crate) fn tokens() -> MockHttp {
    always(Reply::json(
        200,
        json!({"token": "of-server", "expires": NOW + 1000}),
    ))
}

#[test]
fn rsa9_a_token_request_is_that_of_ably_js() {
    let (rt, rest) = with_token(&tokens(), ClientOptions::with_key(KEY));
    let mut params = TokenParams::new()
        .ttl(Duration::from_secs(60))
        .capability(r#"{"a":["b"]}"#)
        .client_id("me")
        .timestamp(1_700_000_000_000);
    params.nonce = Some("0123456789abcdef".into());
    let auth = rest.auth();
    let made = rt.wait(auth.create_token_request(Some(params), None));
    let made = made.unwrap();
    // `createTokenRequest` of ably-js 2.12.0 with the same parameters.
    let expected = r#"{"keyName":"appId.keyId","ttl":60000,"capability":"{\"a\":[\"b\"]}","clientId":"me","timestamp":1700000000000,"nonce":"0123456789abcdef","mac":"MwFjBqBuaNzmQ/8xd2F/fS/Do/tagIzbH74eV5m+mXg="}"#;
    assert_eq!(made.to_json(), expected);
    assert_eq!(TokenRequest::from_json(expected), Ok(made));
}

#[test]
fn rsa9_each_request_has_a_nonce_of_its_own_and_needs_a_key() {
    let (rt, rest) = with_token(&tokens(), ClientOptions::with_key(KEY).client_id("me"));
    let make = |options| rt.wait(rest.auth().create_token_request(None, options));
    let (a, b) = (make(None).unwrap(), make(None).unwrap());
    assert_ne!(a.nonce, b.nonce);
    assert_ne!(a.mac, b.mac);
    assert_eq!(a.client_id.as_deref(), Some("me"));
    // RSA9h: given options are used alone.
    let error = make(Some(AuthOptions::new())).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40101, 403));
    let other = make(Some(AuthOptions::new().key("other.key:secret"))).unwrap();
    assert_eq!(other.key_name, "other.key");
    let bad = make(Some(AuthOptions::new().key("nonsense"))).unwrap_err();
    assert_eq!(bad.code(), 40400);
    assert!(!format!("{bad:?}").contains("nonsense"));
}

#[test]
fn rsa8_request_token_changes_nothing() {
    let http = tokens();
    let (rt, rest) = with_token(&http, ClientOptions::with_key(KEY).client_id("me"));
    let params = TokenParams::new()
        .ttl(Duration::from_millis(5))
        .timestamp(NOW - 1);
    let details = rt.wait(rest.auth().request_token(Some(params), None));
    assert_eq!(details.unwrap().token.expose(), "of-server");
    let sent = http.last();
    assert_eq!(sent.path, "/keys/appId.keyId/requestToken");
    assert_eq!(sent.json()["ttl"], 5);
    assert_eq!(sent.json()["timestamp"], NOW - 1);
    assert_eq!(sent.json().get("clientId"), None);
    assert_eq!(sent.header("authorization"), None);
    assert_eq!(sent.header("x-ably-clientid"), None);
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(rest.auth().token_details(), None);
    rt.wait(rest.channels().get("c").status()).unwrap_err();
    let basic = http.last().header("authorization").unwrap().to_owned();
    assert!(basic.starts_with("Basic "));
}

#[test]
fn rsa10g_time_is_not_kept() {
    let http = MockHttp::answering(|sent| {
        Some(match sent.path.as_str() {
            "/time" => Reply::json(200, json!([NOW + 60_000])),
            _ => Reply::json(200, json!({"token": "t"})),
        })
    });
    let (rt, rest) = with_token(&http, ClientOptions::with_key(KEY));
    let auth = rest.auth();
    let params = TokenParams::new()
        .ttl(Duration::from_millis(7))
        .timestamp(42);
    let query = AuthOptions::new().query_time(true);
    rt.wait(auth.authorize(Some(params), Some(query))).unwrap();
    assert_eq!(http.last().json()["timestamp"], 42);
    // The ttl is kept, the time and the wish for the server's are not.
    rt.wait(auth.authorize(None, None)).unwrap();
    assert_eq!(http.last().json()["ttl"], 7);
    assert_eq!(http.last().json()["timestamp"], NOW);
    assert!(http.requests().iter().all(|r| r.path != "/time"));
}

#[test]
fn rsa10_authorize_with_a_token_or_with_nothing() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = with_token(&http, ClientOptions::with_token("first"));
    let auth = rest.auth();
    let error = rt.wait(auth.authorize(None, None)).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40171, 403));
    assert_eq!(auth.token_details(), Some(TokenDetails::new("first")));
    let second = AuthOptions::new().token("second");
    rt.wait(auth.authorize(None, Some(second))).unwrap();
    assert_eq!(auth.token_details(), Some(TokenDetails::new("second")));
    assert_eq!(http.requests().len(), 0);

    let (rt, rest) = with_token(&http, ClientOptions::with_key(KEY));
    let other = AuthOptions::new().key("other.key:secret");
    let error = rt.wait(rest.auth().authorize(None, Some(other)));
    assert_eq!(error.unwrap_err().code(), 40102);
    assert_eq!(rest.auth().basic_key().unwrap().name(), "appId.keyId");
}

#[test]
fn authorize_supersedes_a_fetch_for_all_who_wait() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (source, calls) = slow(&rt);
    let options = ClientOptions::new().auth_callback(source);
    let rest = BaseRest::new(options.plugin(rt.clone()).plugin(http.clone())).unwrap();
    let mut request = rest.channels().get("c").history(());
    assert!(rt.poll_now(&mut request).is_none());
    rt.advance(Duration::from_millis(500));
    let auth = rest.auth();
    let mut authorized = Box::pin(auth.authorize(None, None));
    assert!(rt.poll_now(&mut authorized).is_none());
    rt.advance(Duration::from_millis(600));
    // The first fetch has ended, and nobody is told.
    assert!(rt.poll_now(&mut request).is_none());
    assert_eq!(auth.token_details(), None);
    rt.wait(request).unwrap();
    assert_eq!(rt.elapsed(), Duration::from_millis(1500));
    let details = rt.wait(authorized).unwrap();
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(
        http.last().header("authorization"),
        Some("Bearer dG9rZW4tMg==")
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn rsa10_a_given_token_ends_the_fetch_under_way() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (source, calls) = slow(&rt);
    let options = ClientOptions::new().auth_callback(source);
    let rest = BaseRest::new(options.plugin(rt.clone()).plugin(http.clone())).unwrap();
    let channel = rest.channels().get("c");
    let mut request = channel.history(());
    assert!(rt.poll_now(&mut request).is_none());
    let auth = rest.auth();
    let mut fetching = Box::pin(auth.authorize(None, None));
    assert!(rt.poll_now(&mut fetching).is_none());
    let given = AuthOptions::new().token("given");
    let details = rt.poll_now(&mut Box::pin(auth.authorize(None, Some(given))));
    assert_eq!(details.unwrap().unwrap(), TokenDetails::new("given"));
    // Who waits for the fetch gets the given token instead.
    let details = rt.poll_now(&mut fetching).unwrap().unwrap();
    assert_eq!(details.token.expose(), "given");
    rt.wait(request).unwrap();
    assert_eq!(rt.elapsed(), Duration::ZERO);
    const GIVEN: &str = "Bearer Z2l2ZW4=";
    assert_eq!(http.last().header("authorization"), Some(GIVEN));
    // What the callback answers after that is for nobody.
    rt.advance(seconds(2));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(auth.token_details(), Some(TokenDetails::new("given")));
    rt.wait(channel.history(())).unwrap();
    assert_eq!(http.last().header("authorization"), Some(GIVEN));
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn what_is_missing_says_so() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!({"token": "t"})));
    let missing = |error: &ErrorInfo, feature: &str| {
        assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
        let named = format!("`{feature}`");
        assert!(error.message().contains(&named), "{error}");
    };
    let plain = |options: ClientOptions| options.plugin(rt.clone()).plugin(http.clone());
    // A key that is to give tokens: at once.
    let options = ClientOptions::with_key(KEY).use_token_auth(true);
    missing(&BaseRest::new(plain(options)).unwrap_err(), "token");
    // So with a URL, unless a callback comes first.
    let url = ClientOptions::new().auth_url("https://auth.example.com");
    missing(&BaseRest::new(plain(url.clone())).unwrap_err(), "token");
    let with_token = plain(url.clone().token("t"));
    missing(&BaseRest::new(with_token).unwrap_err(), "token");
    let never = |_: TokenParams| async { Ok::<_, ErrorInfo>(Credential::from("t")) };
    BaseRest::new(plain(url.clone().auth_callback(never))).unwrap();
    // Else with the first use.
    let rest = BaseRest::new(plain(ClientOptions::with_key(KEY))).unwrap();
    let auth = rest.auth();
    missing(
        &rt.wait(auth.create_token_request(None, None)).unwrap_err(),
        "token",
    );
    missing(
        &rt.wait(auth.request_token(None, None)).unwrap_err(),
        "token",
    );
    missing(&rt.wait(auth.authorize(None, None)).unwrap_err(), "token");
    assert_eq!(http.requests().len(), 0);

    // Without HTTP a connection fails for good: no further attempt would help.
    let ws = MockWebSocket::serving();
    let options = url.plugin(rt.clone()).plugin(ws.clone());
    let client = BaseRealtime::new(options.clone().plugin(ably_token::Token)).unwrap();
    rt.await_state(&client, S::Failed);
    missing(&client.connection().error_reason().unwrap(), "http");
    missing(&BaseRealtime::new(options).unwrap_err(), "token");
    let options = ClientOptions::with_key(KEY).plugin(rt.clone()).plugin(ws);
    let client = BaseRealtime::new(options).unwrap();
    let alice = [TokenRevocationTargetSpecifier::client_id("alice")];
    let revoked = client.auth().revoke_tokens(alice, ());
    missing(&rt.wait(revoked).unwrap_err(), "http");
}

#[test]
fn use_token_auth_chooses() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let ask = |options: ClientOptions| {
        let options = options.plugin(rt.clone()).plugin(http.clone());
        let rest = BaseRest::new(options.plugin(ably_token::Token))?;
        rt.wait(rest.channels().get("c").history(()))?;
        Ok(http.last().header("authorization").unwrap()[..6].to_owned())
    };
    let both = || ClientOptions::with_key(KEY).token("t");
    assert_eq!(ask(both()).unwrap(), "Bearer");
    assert_eq!(ask(both().use_token_auth(false)).unwrap(), "Basic ");
    assert_eq!(ask(both().use_token_auth(true)).unwrap(), "Bearer");
    let none: [ClientOptions; 3] = [
        ClientOptions::new().use_token_auth(true),
        ClientOptions::with_token("t").use_token_auth(false),
        ClientOptions::with_token(""),
    ];
    for options in none {
        let error: ErrorInfo = ask(options).unwrap_err();
        assert_eq!(error.code(), 40106);
    }
}

#[test]
fn a_url_that_never_answers_and_an_exchange_that_takes_long() {
    let http = MockHttp::new();
    let url = ClientOptions::new().auth_url("https://auth.example.com");
    let (rt, rest) = with_token(&http, url);
    let error = rt.wait(rest.channels().get("c").history(())).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40170, 401));
    assert_eq!(rt.elapsed(), seconds(10));
    assert!(http.take_request().unwrap().is_abandoned());

    // The exchange has the time of any request, hosts and all, after the callback's.
    let http = MockHttp::new();
    let options = ClientOptions::with_key(KEY).use_token_auth(true);
    let (rt, rest) = with_token(&http, options);
    let mut asked = rest.channels().get("c").history(());
    assert!(rt.poll_now(&mut asked).is_none());
    rt.advance(seconds(11));
    assert!(rt.poll_now(&mut asked).is_none());
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    http.take_request().unwrap();
    http.take_request()
        .unwrap()
        .respond(Reply::json(201, json!({"token": "late"})));
    rt.run_until_idle();
    assert!(rt.poll_now(&mut asked).is_none());
    http.take_request()
        .unwrap()
        .respond(Reply::json(200, json!([])));
    rt.wait(asked).unwrap();
    assert_eq!(http.last().header("authorization"), Some("Bearer bGF0ZQ=="));
}

#[test]
fn no_secret_is_in_logs_errors_or_debug() {
    const SECRETS: [&str; 6] = [
        "hunter2",
        "aHVudGVy",
        "tok-secret",
        "dG9rLXNlY3JldA",
        "mac-",
        "url-secret",
    ];
    let clean = |text: &str| {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    };
    let key = "app.key:hunter2";
    let rt = VirtualRuntime::new();
    let log = LogCapture::default();
    let answers = AtomicUsize::new(0);
    let http = MockHttp::answering(move |sent| {
        let n = answers.fetch_add(1, Ordering::SeqCst);
        Some(match (sent.host.as_str(), n % 4) {
            ("auth.example.com", 0) => Reply::error(500, 50000),
            ("auth.example.com", _) => Reply::bytes(200, "text/plain", "tok-secret"),
            (_, 1) => Reply::error(401, 40142),
            _ => Reply::json(200, json!({"token": "tok-secret", "issued": 1})),
        })
    });
    let ws = MockWebSocket::serving();
    let of_url = ClientOptions::new()
        .auth_url("https://auth.example.com/?password=url-secret")
        .auth_params([("k", "url-secret")])
        .auth_headers([("h", "url-secret")]);
    let callback = |n: usize| {
        let answer = move || match n {
            0 => Ok(Credential::from("tok-secret")),
            1 => Ok(Credential::from("{\"token\":\"tok-secret\"}")),
            2 => Credential::from_json(
                r#"{"keyName":"a.b","timestamp":1,"nonce":"mac-nonce","mac":"mac-secret"}"#,
            ),
            _ => Credential::from_json("[\"tok-secret\"]"),
        };
        ClientOptions::new().auth_callback(move |_| std::future::ready(answer()))
    };
    let all = [
        ClientOptions::with_key(key),
        ClientOptions::with_key(key).use_token_auth(true),
        ClientOptions::with_token("tok-secret"),
        of_url,
        callback(0),
        callback(1),
        callback(2),
        callback(3),
    ];
    for options in all {
        clean(&format!("{options:?}"));
        let options = options
            .log_level(LogLevel::Micro)
            .log_handler(log.clone())
            .plugin(rt.clone())
            .plugin(http.clone())
            .plugin(ws.clone())
            .plugin(ably_token::Token);
        let client = BaseRealtime::new(options).unwrap();
        rt.advance(seconds(1));
        ws_prompt(&ws, &client);
        rt.advance(seconds(1));
        let auth = client.auth();
        let outcomes = [
            format!("{:?}", rt.wait(auth.request_token(None, None))),
            format!("{:?}", rt.wait(auth.create_token_request(None, None))),
            format!(
                "{:?}",
                rt.wait(client.channels().get("c").history(())).err()
            ),
            format!(
                "{:?}",
                rt.wait(client.channels().get("c").history(())).err()
            ),
            format!("{client:?} {auth:?} {:?}", auth.token_details()),
            format!("{:?}", client.connection().error_reason()),
        ];
        for outcome in outcomes {
            clean(&outcome);
        }
        client.close();
        rt.advance(seconds(1));
    }
    let records = log.records();
    assert!(records.len() > 50, "{} lines", records.len());
    assert!(records.iter().any(|r| r.level == LogLevel::Micro));
    for record in records {
        clean(&record.message);
    }
}

#[test]
fn rsa6_callbacks_and_urls_are_told_the_canonical_capability() {
    const AS_WRITTEN: &str = r#"{ "b:*": ["subscribe", "publish"], "a": ["*"] }"#;
    // `c14n` of ably-js 2.12.0.
    const CANONICAL: &str = r#"{"a":["*"],"b:*":["publish","subscribe"]}"#;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let sink = asked.clone();
    let callback = move |params: TokenParams| {
        sink.lock().unwrap().push(params);
        std::future::ready(Ok("t".into()))
    };
    let http = always(Reply::bytes(200, "text/plain", "t"));
    let params = |text: &str| TokenParams::new().capability(text);
    let of_callback = ClientOptions::new().auth_callback(callback);
    let rt = VirtualRuntime::new();
    let plain = of_callback.clone().plugin(rt.clone()).plugin(http.clone());
    // Without the plugin it is told what was written: sorting is the plugin's.
    let simple = BaseRest::new(plain).unwrap().auth();
    rt.wait(simple.request_token(params(AS_WRITTEN), None))
        .unwrap();
    assert_eq!(
        std::mem::take(&mut *asked.lock().unwrap()),
        [params(AS_WRITTEN)]
    );
    let of_url = ClientOptions::new().auth_url("https://auth.example.com");
    let clients = [with_token(&http, of_callback), with_token(&http, of_url)];
    for (rt, rest) in &clients {
        let auth = rest.auth();
        rt.wait(auth.request_token(Some(params(AS_WRITTEN)), None))
            .unwrap();
        for odd in ["{", "[]", r#"{"a":"b"}"#] {
            let error = rt.wait(auth.request_token(Some(params(odd)), None));
            assert_eq!(error.unwrap_err().code(), ErrorCode::BAD_REQUEST);
        }
    }
    assert_eq!(*asked.lock().unwrap(), [params(CANONICAL)]);
    assert_eq!(http.requests().len(), 1);
    assert_eq!(http.last().query("capability"), Some(CANONICAL));
}

#[test]
fn headers_and_parameters_of_a_url_come_one_by_one_or_as_a_list() {
    let http = always(Reply::bytes(200, "text/plain", "t"));
    let url = "https://auth.example.com";
    let options = ClientOptions::new()
        .auth_url(url)
        .auth_header("x-old", "gone")
        .auth_param("old", "gone")
        .auth_headers([("x-a", "1")])
        .auth_params([("a", "1")])
        .auth_header("x-b", "2")
        .auth_param("b", "2");
    let (rt, rest) = with_token(&http, options);
    let auth = rest.auth();
    rt.wait(auth.request_token(None, None)).unwrap();
    let options = AuthOptions::new()
        .auth_url(url)
        .auth_header("x-old", "gone")
        .auth_param("old", "gone")
        .auth_headers([("x-a", "1")])
        .auth_params([("a", "1")])
        .auth_header("x-b", "2")
        .auth_param("b", "2");
    rt.wait(auth.request_token(None, options)).unwrap();
    let sent = http.requests();
    assert_eq!(sent.len(), 2);
    for request in sent {
        assert_eq!(request.header("x-a"), Some("1"));
        assert_eq!(request.header("x-b"), Some("2"));
        assert_eq!(request.header("x-old"), None);
        let query: Vec<_> = request.query.iter().collect();
        let pair = |n: &'static str, v: &'static str| (n.to_owned(), v.to_owned());
        let wanted = [pair("a", "1"), pair("b", "2")];
        assert_eq!(
            query,
            wanted.iter().map(|(n, v)| (n, v)).collect::<Vec<_>>()
        );
    }
}
