//! Tokens over real sockets, against the sandbox.

use std::sync::atomic::{AtomicUsize, Ordering};

use ably_base::{
    AuthMethod, AuthOptions, BaseRealtime, ConnectionEvent, ConnectionState as S, TokenParams,
    TokenRequest,
};
use ably_http::Http;
use ably_rest::{RevokeTokens, StatusApi, TokenRevocationTargetSpecifier};
use ably_sandbox::Sandbox;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::*;

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// At the sandbox, with no credential.
fn there(sandbox: &Sandbox, options: ClientOptions) -> ClientOptions {
    options
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .plugin(ably_tokio::Tokio)
        .plugin(ably_websocket::WebSocketTransport)
        .plugin(Http::new())
        .plugin(ably_token::Token)
        .plugin(ably_msgpack::MsgPack)
}

async fn with_sandbox(test: impl AsyncFn(&Sandbox)) {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let run = test(&sandbox);
    tokio::time::timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

async fn connected(client: &BaseRealtime) {
    let connected = client.connection().when_state(S::Connected);
    connected.await.expect("connected");
}

#[tokio::test]
async fn a_key_gives_tokens_for_requests() {
    with_sandbox(async |sandbox| {
        let options = ClientOptions::with_key(sandbox.key()).use_token_auth(true);
        let params = TokenParams::new()
            .client_id("alice")
            .capability(r#"{"b:*":["subscribe","publish"],"a":["*"]}"#)
            .ttl(Duration::from_secs(60));
        let options = options.default_token_params(params);
        let rest = BaseRest::new(there(sandbox, options)).unwrap();
        rest.channels().get("a").publish("n", "x").await.unwrap();
        let details = rest.auth().token_details().expect("a token");
        assert_eq!(details.client_id.as_deref(), Some("alice"));
        assert_eq!(
            details.capability.as_deref(),
            Some(r#"{"a":["*"],"b:*":["publish","subscribe"]}"#)
        );
        let (issued, expires) = (details.issued.unwrap(), details.expires.unwrap());
        assert_eq!(expires - issued, 60_000);
        assert_eq!(rest.client_id().as_deref(), Some("alice"));
        let page = rest.channels().get("a").history(()).await.unwrap();
        assert_eq!(page.items()[0].client_id.as_deref(), Some("alice"));
        // What the capability does not allow is refused, and nothing is renewed for it.
        let refused = rest.channels().get("c").publish("n", "x").await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::CAPABILITY);
        assert_eq!(rest.auth().token_details(), Some(details));
    })
    .await;
}

#[tokio::test]
async fn authorize_on_a_connection_and_a_prompt_of_the_server() {
    with_sandbox(async |sandbox| {
        let options = ClientOptions::with_key(sandbox.key()).use_token_auth(true);
        // The server asks for another token 30 s before this one expires: soon.
        let params = TokenParams::new().ttl(Duration::from_millis(30_500));
        let options = options.default_token_params(params);
        let client = BaseRealtime::new(there(sandbox, options)).unwrap();
        let (update, updated) = tokio::sync::oneshot::channel();
        let mut update = Some(update);
        client.connection().on(ConnectionEvent::Update, move |c| {
            if let Some(update) = update.take() {
                let _ = update.send(c.clone());
            }
        });
        connected(&client).await;
        let id = client.connection().id();
        let first = client.auth().token_details().expect("a token");
        let change = updated.await.expect("an update");
        assert_eq!(change.reason, None);
        let second = client.auth().token_details().expect("a token");
        assert_ne!(first.token, second.token);
        assert_eq!(client.connection().id(), id);

        let params = TokenParams::new().ttl(Duration::from_secs(3_600));
        let third = client.auth().authorize(Some(params), None).await.unwrap();
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(client.auth().token_details(), Some(third));
        assert_eq!(client.connection().id(), id);
        // RTC8a2: a connection cannot become someone else's.
        let params = TokenParams::new().client_id("alice");
        let refused = client.auth().authorize(Some(params), None).await;
        assert_eq!(refused.unwrap_err().code(), 40102);
        assert_eq!(client.connection().state(), S::Failed);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_expires_is_replaced_and_the_connection_goes_on() {
    with_sandbox(async |sandbox| {
        // An application's server makes requests for tokens.
        let key = ClientOptions::with_key(sandbox.key());
        let server = BaseRest::new(there(sandbox, key)).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let callback = move |params: TokenParams| {
            let n = counter.fetch_add(1, Ordering::SeqCst);
            let auth = server.auth();
            async move {
                match n {
                    0 => auth
                        .create_token_request(Some(params.ttl(Duration::from_millis(1_500))), None)
                        .await
                        .map(Into::into),
                    _ => auth.request_token(Some(params), None).await.map(Into::into),
                }
            }
        };
        let options = ClientOptions::new()
            .auth_callback(callback)
            .client_id("bob");
        let client = BaseRealtime::new(there(sandbox, options)).unwrap();
        let mut changes = client.connection().state_changes();
        connected(&client).await;
        let id = client.connection().id();
        let reason = loop {
            let change = changes.next().await.expect("a change");
            if change.current == S::Disconnected {
                break change.reason.expect("a reason");
            }
        };
        assert_eq!(reason.code(), ErrorCode::TOKEN_EXPIRED);
        connected(&client).await;
        assert_eq!(client.connection().id(), id, "it is resumed");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test]
async fn revoked_tokens_end_connections() {
    let spec = json!({"keys": [{"revocableTokens": true}], "namespaces": []});
    let builder = Sandbox::builder().app_spec(spec.to_string());
    let sandbox = builder.start().await.expect("the sandbox starts");
    let run = async {
        let key = ClientOptions::with_key(sandbox.key());
        let server = BaseRest::new(there(&sandbox, key)).unwrap();
        let params = TokenParams::new().client_id("mallory");
        let details = server.auth().request_token(Some(params), None).await;
        let options = ClientOptions::new().token_details(details.unwrap());
        let client = BaseRealtime::new(there(&sandbox, options)).unwrap();
        connected(&client).await;
        let targets = || [TokenRevocationTargetSpecifier::client_id("mallory")];
        // A client with a token may not.
        let refused = client.auth().revoke_tokens(targets(), ()).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NEEDS_BASIC_AUTH);
        let revoked = server.auth().revoke_tokens(targets(), ()).await.unwrap();
        assert_eq!((revoked.success_count, revoked.failure_count), (1, 0));
        let success = revoked.results[0].as_ref().unwrap();
        assert_eq!(success.target, "clientId:mallory");
        let failed = client.connection().when_state(S::Failed).await;
        let reason = match failed.unwrap() {
            Some(change) => change.reason,
            None => client.connection().error_reason(),
        };
        // There is no way to another token, and why one is needed.
        let reason = reason.unwrap();
        assert_eq!(reason.code(), 40171);
        assert_eq!(reason.cause().unwrap().code(), ErrorCode::TOKEN_REVOKED);
    };
    tokio::time::timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_key_that_may_not_revoke() {
    with_sandbox(async |sandbox| {
        let key = ClientOptions::with_key(sandbox.key());
        let server = BaseRest::new(there(sandbox, key)).unwrap();
        let targets = [TokenRevocationTargetSpecifier::client_id("mallory")];
        let refused = server.auth().revoke_tokens(targets, ()).await;
        assert_eq!(refused.unwrap_err().code(), 40163);
    })
    .await;
}

/// Answers one HTTP request a connection with what `f` makes of it.
async fn serve(listener: TcpListener, f: impl AsyncFn(String) -> (&'static str, String)) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let n = socket.read(&mut buffer).await.expect("a request");
            request.extend_from_slice(&buffer[..n]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next())
                .map_or(0, |n| n.trim().parse().expect("a length"));
            if body.len() >= length {
                break;
            }
        }
        let (kind, body) = f(String::from_utf8_lossy(&request).into_owned()).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(answer.as_bytes()).await.expect("written");
    }
}

#[tokio::test]
async fn a_url_gives_requests_details_and_tokens() {
    with_sandbox(async |sandbox| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/auth?own=1", listener.local_addr().unwrap());
        let key = ClientOptions::with_key(sandbox.key());
        let server = BaseRest::new(there(sandbox, key)).unwrap();
        let serving = serve(listener, async |request| {
            let auth = server.auth();
            let is_post = request.starts_with("POST /auth?own=1 ");
            if request.contains("want=text") {
                assert!(is_post, "{request}");
                assert!(request.contains("clientId=carol"), "{request}");
                let details = auth.request_token(None, None).await.unwrap();
                return ("text/plain", details.token.expose().clone());
            }
            assert!(request.starts_with("GET /auth?own=1&want="), "{request}");
            if request.contains("want=details") {
                let details = auth.request_token(None, None).await.unwrap();
                return ("application/json", details.to_json());
            }
            let made = auth.create_token_request(None, None).await.unwrap();
            assert_eq!(TokenRequest::from_json(&made.to_json()).as_ref(), Ok(&made));
            ("application/json; charset=utf-8", made.to_json())
        });
        let asking = async {
            for want in ["request", "details", "text"] {
                let mut options = ClientOptions::new()
                    .auth_url(&url)
                    .auth_params([("want", want)]);
                if want == "text" {
                    options = options.auth_method(AuthMethod::Post);
                    let params = TokenParams::new().client_id("carol");
                    options = options.default_token_params(params);
                }
                let client = BaseRealtime::new(there(sandbox, options)).unwrap();
                connected(&client).await;
                let channel = client.channels().get("c");
                let details = channel.status().await.unwrap();
                assert_eq!(details.channel_id, "c");
            }
        };
        tokio::select! {
            () = serving => unreachable!("the listener stays"),
            () = asking => {}
        }
    })
    .await;
}

#[tokio::test]
async fn the_servers_clock_and_a_wrong_key() {
    with_sandbox(async |sandbox| {
        let options = ClientOptions::with_key(sandbox.key()).query_time(true);
        let rest = BaseRest::new(there(sandbox, options)).unwrap();
        let before = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        let made = rest.auth().create_token_request(None, None).await.unwrap();
        assert!((made.timestamp - before).abs() < 60_000, "{made:?}");
        // Not twice: it holds a nonce.
        let callback = {
            let made = made.clone();
            move |_| std::future::ready(Ok(made.clone().into()))
        };
        let again = AuthOptions::new().auth_callback(callback);
        let auth = rest.auth();
        auth.request_token(None, Some(again.clone())).await.unwrap();
        let error = auth.request_token(None, Some(again)).await.unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40105, 401));

        let (name, _) = sandbox.key().split_once(':').unwrap();
        let wrong = AuthOptions::new().key(format!("{name}:wrong"));
        let error = auth.request_token(None, Some(wrong)).await.unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40101, 401));
        let options = ClientOptions::with_key(format!("{name}:wrong")).use_token_auth(true);
        let client = BaseRealtime::new(there(sandbox, options)).unwrap();
        let change = client.connection().when_state(S::Disconnected).await;
        let reason = change.unwrap().and_then(|c| c.reason).expect("a reason");
        assert_eq!((reason.code().0, reason.status_code()), (80019, 401));
        assert_eq!(reason.cause().unwrap().code(), 40101);
    })
    .await;
}
