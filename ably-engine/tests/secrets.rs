//! What may not be printed is not printed.

#![allow(clippy::expect_used)]

use ably_engine::{AuthConfig, Config, HttpReply, HttpRequest, Key, Target, protocol::Format};
use bytes::Bytes;

fn check(printed: &str, shown: &str) {
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains(shown), "{printed}");
}

#[test]
fn a_configuration_is_printed_without_its_secrets() {
    let key = Key::parse("app.key:hunter2").expect("a key");
    let mut config = Config::new(AuthConfig::Basic(key));
    config.recover = Some(r#"{"connectionKey":"hunter2"}"#.into());
    config.transport_params = vec![("accessToken".into(), "hunter2".into())];
    check(
        &format!("{config:?}"),
        r#"transport_params: ["accessToken"], recovers: true"#,
    );
    check(&format!("{config:#?}"), "main.realtime.ably.net");
}

#[test]
fn http_and_targets_are_printed_without_their_secrets() {
    let headers = vec![("x-token".to_owned(), "hunter2".to_owned())];
    let body = Bytes::from_static(br#"{"token":"hunter2"}"#);
    let reply = HttpReply::new(201, headers.clone(), body.clone());
    check(&format!("{reply:?}"), "201");
    let mut request = HttpRequest::new(
        "POST",
        "https://a.example/comet/hunter2/send?key=hunter2".into(),
    );
    (request.headers, request.body) = (headers, body);
    check(&format!("{request:?}"), "POST https://a.example)");
    let path = "/?key=app.key:hunter2".to_owned();
    let target = Target::new("a.example".into(), 443, true, path, Format::Json);
    check(&format!("{target:?}"), "a.example:443/");
}
