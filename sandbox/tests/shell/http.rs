//! REST over HTTP.

use ably_sandbox::Sandbox;
use ably_sandbox::wire::Format;
use serde_json::json;

use crate::peer::{Answer, Peer, request};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn content_types_are_exact_and_follow_the_caller() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = request(&sandbox, "GET", "/time", "", b"").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let accept = "Accept: application/x-msgpack\r\n";
    let answer = request(&sandbox, "GET", "/time", accept, b"").await;
    assert_eq!(answer.header("content-type"), Some("application/x-msgpack"));
    let time = Format::Msgpack.decode(&answer.body).expect("msgpack");
    assert!(
        time.as_list()
            .and_then(|list| list[0].as_u64())
            .is_some_and(|ms| ms > 1_600_000_000_000)
    );
    let error = request(&sandbox, "GET", "/nowhere", accept, b"").await;
    assert_eq!(
        (error.status, error.header("content-type")),
        (404, Some("application/x-msgpack"))
    );
    assert_eq!(error.header("x-ably-errorcode"), Some("40400"));
}

#[tokio::test]
async fn publishing_in_either_format_reaches_a_socket() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    client.attach("a b/c").await;
    let path = "/channels/a%20b%2Fc/messages";
    let answer = request(&sandbox, "POST", path, JSON, br#"{"data":"1"}"#).await;
    assert_eq!(
        (answer.status, &answer.json()["channel"]),
        (201, &json!("a b/c"))
    );
    let body = Format::Json.decode(br#"[{"data":"2"}]"#).expect("JSON");
    let msgpack = "Content-Type: application/x-msgpack\r\n";
    let answer = request(
        &sandbox,
        "POST",
        path,
        msgpack,
        &Format::Msgpack.encode(&body),
    )
    .await;
    assert_eq!(answer.status, 201);
    for data in ["1", "2"] {
        assert_eq!(client.until(15).await["messages"][0]["data"], data);
    }
    let history = request(&sandbox, "GET", &format!("{path}?limit=1"), "", b"").await;
    assert_eq!(history.json()[0]["data"], "2");
    assert!(
        history
            .header("link")
            .is_some_and(|link| link.contains("rel=\"next\""))
    );
}

fn code(answer: &Answer) -> (u16, u64) {
    (
        answer.status,
        answer.json()["error"]["code"].as_u64().expect("a code"),
    )
}

#[tokio::test]
async fn bad_requests_get_the_protocols_errors() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let path = "/channels/a/messages";
    let post = async |headers: &str, body: &[u8]| {
        code(&request(&sandbox, "POST", path, headers, body).await)
    };
    assert_eq!(post(JSON, b"{").await, (400, 40001));
    assert_eq!(post(JSON, b"").await, (400, 40001));
    assert_eq!(post(JSON, b"\"x\"").await, (400, 40001));
    assert_eq!(
        post("Content-Type: application/x-msgpack\r\n", b"{}").await,
        (400, 40001)
    );
    assert_eq!(post(JSON, &vec![b' '; 600_000]).await, (400, 40009));
    let large = format!("{{\"data\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(post(JSON, large.as_bytes()).await, (400, 40009));
    assert_eq!(post("X-Ably-Version: 6\r\n", b"{}").await, (400, 40017));
    let bad = base64_header("{\"deep\":");
    assert_eq!(post(&bad, b"[[[[").await, (400, 40001));
}

fn base64_header(text: &str) -> String {
    let text = ably_sandbox::wire::data::to_base64(text.as_bytes());
    format!("X-Ably-ClientId: {text}\r\n")
}

#[tokio::test]
async fn the_client_id_header_is_the_identity() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let path = "/channels/a/messages";
    let alice = base64_header("alice");
    assert_eq!(
        request(&sandbox, "POST", path, &alice, br#"{"data":"x"}"#)
            .await
            .status,
        201
    );
    let history = request(&sandbox, "GET", path, "", b"").await;
    assert_eq!(history.json()[0]["clientId"], "alice");
    let other = br#"{"data":"x","clientId":"bob"}"#;
    assert_eq!(
        code(&request(&sandbox, "POST", path, &alice, other).await),
        (400, 40012)
    );
}

#[tokio::test]
async fn credentials_may_come_in_every_form() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let name = sandbox.key().split(':').next().expect("a name").to_owned();
    let body = format!("{{\"keyName\":\"{name}\"}}");
    let path = format!("/keys/{name}/requestToken");
    let details = request(&sandbox, "POST", &path, JSON, body.as_bytes())
        .await
        .json();
    let token = details["token"].as_str().expect("a token").to_owned();
    let encoded = ably_sandbox::wire::data::to_base64(token.as_bytes());
    let ask = async |credential: String, query: String| {
        let socket = tokio::net::TcpStream::connect((sandbox.host(), sandbox.port())).await;
        let request = format!(
            "GET /channels/a/messages?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{credential}\r\n"
        );
        crate::peer::exchange(socket.expect("a socket"), request.as_bytes())
            .await
            .status
    };
    assert_eq!(
        ask(
            format!("Authorization: Bearer {encoded}\r\n"),
            String::new()
        )
        .await,
        200
    );
    assert_eq!(
        ask(format!("Authorization: Bearer {token}\r\n"), String::new()).await,
        200
    );
    assert_eq!(
        ask(String::new(), format!("access_token={token}")).await,
        200
    );
    assert_eq!(
        ask(String::new(), format!("key={}", sandbox.key())).await,
        200
    );
    assert_eq!(
        ask("Authorization: Bearer x\r\n".to_owned(), String::new()).await,
        401
    );
    assert_eq!(
        ask("Authorization: Nonsense\r\n".to_owned(), String::new()).await,
        401
    );
    assert_eq!(ask(String::new(), String::new()).await, 401);
}

#[tokio::test]
async fn browsers_are_let_in_and_see_the_links() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = request(&sandbox, "OPTIONS", "/channels/a/messages", "", b"").await;
    assert_eq!(answer.status, 204);
    assert!(
        answer
            .header("access-control-allow-headers")
            .is_some_and(|all| all.contains("Authorization"))
    );
    let answer = request(&sandbox, "GET", "/channels/a/messages", "", b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(
        answer
            .header("access-control-expose-headers")
            .is_some_and(|all| all.contains("Link"))
    );
}

#[tokio::test]
async fn browsers_with_credentials_get_their_own_origin() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = "Origin: https://app.example\r\n";
    for (method, path) in [
        ("OPTIONS", "/push/deviceRegistrations/x"),
        ("GET", "/channels/a/messages"),
        ("GET", "/nowhere"),
        ("GET", "/is-the-internet-up.txt"),
    ] {
        let answer = request(&sandbox, method, path, origin, b"").await;
        let header = |name: &str| {
            answer
                .header(&format!("access-control-{name}"))
                .map(str::to_owned)
        };
        assert_eq!(
            header("allow-origin").as_deref(),
            Some("https://app.example"),
            "{path}"
        );
        assert_eq!(
            header("allow-credentials").as_deref(),
            Some("true"),
            "{path}"
        );
        assert_eq!(answer.header("vary"), Some("Origin"), "{path}");
    }
}

#[tokio::test]
async fn envelopes_hold_even_what_is_wrong_with_the_body() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (format, accept) in [
        ("json", "application/json"),
        ("msgpack", "application/x-msgpack"),
    ] {
        let path = format!("/channels/a/messages?envelope={format}");
        let headers = format!("Accept: {accept}\r\n{JSON}");
        let answer = request(&sandbox, "POST", &path, &headers, b"{").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(accept))
        );
        let format = if format == "json" {
            Format::Json
        } else {
            Format::Msgpack
        };
        let envelope = format.decode(&answer.body).expect("a body");
        assert_eq!(envelope.number("statusCode"), Ok(Some(400)));
        let error = envelope
            .get("response")
            .and_then(|response| response.get("error"));
        assert_eq!(error.expect("an error").number("code"), Ok(Some(40001)));
    }
}

#[tokio::test]
async fn browsers_get_a_key_to_subscribe_with() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = request(&sandbox, "GET", "/push/publicVapidKey", "", b"").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain"))
    );
    let point = ably_sandbox::wire::data::from_base64url(&String::from_utf8_lossy(&answer.body));
    // An uncompressed point.
    assert_eq!(point.map(|point| (point.len(), point[0])), Some((65, 4)));
}

#[tokio::test]
async fn the_internet_is_up() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = request(&sandbox, "GET", "/is-the-internet-up.txt", "", b"").await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"yes\n"[..])
    );
}
