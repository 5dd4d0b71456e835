//! The answer of an authUrl, and of Ably when it asks for a token with it.
//!
//! The first byte chooses status and content type. What is a token request is sent on, and answered
//! with what follows the first line feed.
#![no_main]

use ably_base::{BaseRest, ClientOptions};
use ably_testkit::{
    VirtualRuntime,
    http::{HttpMockReply, MockHttp},
};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const STATUSES: [u16; 4] = [200, 201, 403, 503];
const TYPES: [&str; 6] = [
    "application/json",
    "Application/JSON; charset=utf-8",
    "text/plain",
    "application/jwt",
    "text/html",
    "",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (answer, second) = rest.split_at(end.unwrap_or(rest.len()));
    let status = STATUSES[usize::from(choice % 4)];
    let kind = TYPES[usize::from(choice / 4) % 6];
    let reply =
        |status, kind, body| HttpMockReply::bytes(status, kind, Bytes::copy_from_slice(body));
    let second = second.get(1..).unwrap_or_default();
    let http = MockHttp::replying([
        reply(status, kind, answer),
        reply(201, "application/json", second),
    ]);
    let rt = VirtualRuntime::new();
    let options = ClientOptions::new()
        .auth_url("https://auth.example.com")
        .plugin(ably_token::Token)
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).expect("the options are fine");
    let given = rt.wait(rest.auth().authorize(None, None));
    match given {
        Ok(details) => {
            assert!(!details.token.expose().is_empty());
            assert!(status < 300);
        }
        Err(error) => {
            let _printed = format!("{error} {error:?}");
            // What a 2xx says is never mistaken for anything but a token.
            assert!(error.status_code() > 0 || status >= 300, "{error:?}");
        }
    }
    let requests = http.requests();
    let first = &requests[0];
    assert_eq!(
        (first.host.as_str(), first.path.as_str()),
        ("auth.example.com", "")
    );
    // A key name that was made up stays one segment of the path.
    for request in &requests[1..] {
        assert!(request.host.ends_with("ably.net"), "{}", request.host);
        let segments: Vec<_> = request.path.split('/').collect();
        assert_eq!(segments.len(), 4, "{}", request.path);
        assert_eq!((segments[1], segments[3]), ("keys", "requestToken"));
        assert!(request.query.is_empty());
    }
});
