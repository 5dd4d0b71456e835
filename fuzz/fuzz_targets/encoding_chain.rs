//! Data with an `encoding`, both chosen by a peer; a channel with a cipher and one without.
//!
//! The first byte says whether the data is text or bytes; the encoding ends with the first line.
//! The rest is also read as a message that came another way than over a client.
#![no_main]

use std::sync::Arc;

use ably_base::{Annotation, ChannelOptions, Data, Message, PresenceMessage, Str};
use ably_crypto::{ChannelOptionsExt, CryptoEncoding};
use ably_engine::{
    Entropy, MessageMeta, PayloadEncoding,
    encoding::{Chain, FromEncoded},
    protocol::Value,
};
use libfuzzer_sys::fuzz_target;

/// The key of `tests/vectors/crypto.json`; its first half is the shorter one.
const KEY: [u8; 32] = *b"\x0b\x30\x55\x7a\x9f\xc4\xe9\x0e\x33\x58\x7d\xa2\xc7\xec\x11\x36\
    \x5b\x80\xa5\xca\xef\x14\x39\x5e\x83\xa8\xcd\xf2\x17\x3c\x61\x86";

struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let encodings: [Arc<dyn PayloadEncoding>; 1] = [Arc::new(CryptoEncoding)];
    let key = if choice & 2 == 0 { &KEY[..16] } else { &KEY };
    let options = [
        ChannelOptions::new(),
        ChannelOptions::with_cipher_key(key.to_vec()),
    ];
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (encoding, body) = rest.split_at(end.unwrap_or(rest.len()));
    let encoding = Str::from(String::from_utf8_lossy(encoding).into_owned());
    let body = body.get(1..).unwrap_or_default();
    let body = match choice & 1 {
        0 => Data::from(String::from_utf8_lossy(body).into_owned()),
        _ => Data::from(body),
    };
    for options in &options {
        let mut chain = Chain::open(&encodings, options).expect("a chain");
        let decoded = chain.decode(
            body.clone(),
            Some(encoding.clone()),
            &MessageMeta::default(),
        );
        // What is left is what it began with, less whole steps at the end; nothing is left of it
        // only when nothing went wrong.
        match &decoded.encoding {
            Some(left) => {
                assert!(!left.is_empty());
                let rest = encoding.strip_prefix(left.as_str()).expect("a prefix");
                assert!(
                    rest.is_empty() || rest.starts_with('/'),
                    "{encoding:?} {left:?}"
                );
                assert!(decoded.failure.is_some() || body.is_none());
            }
            None => assert!(decoded.failure.is_none()),
        }
        // Publishing what was read, whatever it was, reads the same at the other end.
        let data = decoded.data;
        let sent = chain.encode(
            data.clone(),
            decoded.encoding.clone(),
            &mut Counter(*choice),
        );
        if decoded.encoding.is_none() {
            match sent {
                Ok((wire, encoding)) => {
                    let back = chain.decode(wire, encoding, &MessageMeta::default());
                    assert!(back.failure.is_none(), "{:?}", back.failure);
                    assert_eq!(back.encoding, None);
                    assert_eq!(back.data, data);
                }
                Err(error) => {
                    // Only a JSON scalar, which Ably does not carry.
                    assert!(data.as_json().is_some(), "{error}");
                }
            }
        }
        let Some(text) = std::str::from_utf8(rest).ok() else {
            continue;
        };
        if let Ok(wire) = Value::from_json(text) {
            let _message = Message::from_encoded(wire.clone(), options, &encodings);
            let _presence = PresenceMessage::from_encoded(wire.clone(), options, &encodings);
            let _annotation = Annotation::from_encoded(wire.clone(), options, &encodings);
            let _messages = Message::from_encoded_array(wire, options, &encodings);
        }
    }
});
