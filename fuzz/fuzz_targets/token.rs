//! What a callback or an authUrl answers with: token details, token requests, token strings.
//!
//! Also keys and capabilities, which an application may have from elsewhere.
#![no_main]

use ably_engine::{Credential, Entropy, Key, TokenDetails, TokenParams, TokenRequest};
use libfuzzer_sys::fuzz_target;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(0);
    }
}

fuzz_target!(|text: &str| {
    if let Ok(read) = Credential::from_json(text) {
        assert!(text.len() <= 128 * 1024);
        let _printed = format!("{read:?}");
        match read.clone() {
            Credential::Token(details) => same_details(&details),
            Credential::Request(request) => same_request(&request),
            _ => {}
        }
        if let Ok(checked) = read.checked() {
            check(&checked);
        }
    }
    if let Ok(checked) = Credential::from(text).checked() {
        check(&checked);
    }
    if let Ok(details) = TokenDetails::from_json(text) {
        assert!(!details.token.expose().is_empty());
    }
    let _request = TokenRequest::from_json(text);
    let _key = Key::parse(text);
    let params = TokenParams::new().capability(text);
    if let Ok(request) = TokenRequest::unsigned("app.key", params, 1, &mut Zeros) {
        // What was put in order is in order.
        let once = request.capability.clone().unwrap_or_default();
        let params = TokenParams::new().capability(once.clone());
        let again = TokenRequest::unsigned("app.key", params, 1, &mut Zeros);
        let again = again.expect("a capability");
        assert_eq!(again.capability.unwrap_or_default(), once);
        assert_eq!(request.text_to_sign().matches('\n').count(), 6);
    }
});

fn check(checked: &Credential) {
    match checked {
        Credential::Token(details) => {
            assert!((1..=128 * 1024).contains(&details.token.expose().len()));
        }
        Credential::Request(request) => assert!(request.to_json().len() <= 128 * 1024),
        other => panic!("{other:?}"),
    }
}

fn same_details(details: &TokenDetails) {
    let json = details.to_json();
    if json.len() <= 128 * 1024 {
        assert_eq!(TokenDetails::from_json(&json).as_ref().ok(), Some(details));
    }
}

fn same_request(request: &TokenRequest) {
    let json = request.to_json();
    if json.len() <= 128 * 1024 {
        assert_eq!(TokenRequest::from_json(&json).as_ref().ok(), Some(request));
    }
}
