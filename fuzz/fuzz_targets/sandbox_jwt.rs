//! A JWT shown to the sandbox.
//!
//! The first byte chooses: the rest is a token as it is, or header and claims, a line each, that
//! are signed here.
#![no_main]

use ably_sandbox::core::{ConnectRequest, Core, Limits, Outgoing};
use ably_sandbox::wire::{Format, action, data::to_base64};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const NOW: u64 = 1_700_000_000_000;
const KEYS: [&str; 2] = ["app.key:secret", "app.other:hidden"];

fn part(bytes: &[u8]) -> String {
    let text = to_base64(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

fn mac(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    part(&mac.finalize().into_bytes())
}

fn secret(key: &str) -> &str {
    key.split_once(':').expect("a key").1
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let signed = |key: &str| {
        let mut lines = rest.splitn(2, |byte| *byte == b'\n');
        let header = part(lines.next().unwrap_or_default());
        let signed = format!("{header}.{}", part(lines.next().unwrap_or_default()));
        let signature = mac(secret(key), &signed);
        format!("{signed}.{signature}")
    };
    let token = match choice % 4 {
        0 => signed(KEYS[0]),
        1 => signed(KEYS[1]),
        2 => signed("app.key:wrong"),
        _ => String::from_utf8_lossy(rest).into_owned(),
    };
    let mut core = Core::new(Limits::default(), [7; 32], NOW);
    for key in KEYS {
        core.add_key(key).expect("a key");
    }
    let mut query = vec![("v".to_owned(), "3".to_owned())];
    query.push(("access_token".to_owned(), token.clone()));
    if choice & 4 != 0 {
        query.push(("clientId".to_owned(), "me".to_owned()));
    }
    let id = core.connect(&ConnectRequest { query }, NOW);
    let mut connected = false;
    while let Some(next) = core.poll_send(id) {
        match next {
            Outgoing::Frame(frame) => {
                connected |= frame.message().action == action::CONNECTED;
                let _json = frame.bytes(Format::Json);
                let _msgpack = frame.bytes(Format::Msgpack);
            }
            Outgoing::Cut => break,
            _ => {}
        }
    }
    // Whoever gets in holds a signature of one of the keys.
    if connected {
        let (signed, signature) = token.rsplit_once('.').expect("a JWT");
        let signature = signature.trim_end_matches('=');
        // The last digit of base64 has bits that do not count.
        let (signature, end) = signature.split_at(42);
        assert_eq!(end.len(), 1);
        assert!(
            KEYS.iter()
                .any(|key| mac(secret(key), signed)[..42] == *signature)
        );
    }
});
