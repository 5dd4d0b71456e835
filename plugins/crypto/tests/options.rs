//! The option `cipher`, what it refuses, and what it never does: send or print in the clear.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use ably_base::{
    ChannelOptions, Data, ErrorCode, ErrorInfo, MessageMeta, PluginOption, Plugins,
    engine::{AuthConfig, Config, Engine, Entropy, Key, Now, encoding::Chain},
};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use bytes::Bytes;

/// 0, 1, 2, …
#[derive(Default)]
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for b in out {
            *b = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }
}

fn plugins() -> Plugins {
    let mut plugins = Plugins::none();
    plugins.install(&Crypto).unwrap();
    plugins
}

fn chain(options: &ChannelOptions) -> Result<Chain, ErrorInfo> {
    Chain::open(plugins().encodings(), options)
}

fn engine(plugins: &Plugins) -> Engine {
    let key = Key::parse("app.key:secret").unwrap();
    Engine::new(
        Config::new(AuthConfig::Basic(key)),
        plugins.encodings().to_vec(),
        Vec::new(),
        Box::new(Counter::default()),
    )
    .unwrap()
}

#[test]
fn rsl5a_a_channel_with_a_key_that_cannot_be_used_is_not_made() {
    let mut engine = engine(&plugins());
    for bad in [
        CipherParamOptions::new([1; 24]),
        CipherParamOptions::new("not base64!"),
        CipherParamOptions::new([1; 16]).key_length(256),
        CipherParamOptions::new([1; 16]).algorithm("des"),
        CipherParamOptions::new([1; 16]).mode("ctr"),
    ] {
        let options = ChannelOptions::new().cipher(bad);
        let error = engine.channel_with("c", options.clone()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{error}");
        assert_eq!(engine.find_channel("c"), None);
    }
    let good = CipherParamOptions::new([1; 16])
        .algorithm("AES")
        .mode("CBC");
    let id = engine
        .channel_with("c", ChannelOptions::new().cipher(good))
        .unwrap();
    // A mistake later leaves what was there.
    let bad = ChannelOptions::with_cipher_key([1; 24]).param("delta", "vcdiff");
    drop(engine.set_channel_options(Now::default(), id, bad));
    assert!(engine.channel_options(id).unwrap().params().is_empty());
}

#[test]
fn pc1_without_the_plugin_the_option_is_refused() {
    let options = ChannelOptions::with_cipher_key([1; 16]);
    let error = engine(&Plugins::none())
        .channel_with("c", options)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().contains("`crypto` feature"), "{error}");
}

#[test]
fn an_option_of_another_type_does_not_mean_plain_text() {
    let options = ChannelOptions::new().plugin_option(PluginOption::new("Crypto", "crypto", 5u8));
    assert_eq!(
        chain(&options).map(|_| ()).unwrap_err().code(),
        ErrorCode::BAD_REQUEST
    );
}

#[test]
fn every_message_has_an_iv_of_its_own() {
    let mut chain = chain(&ChannelOptions::with_cipher_key([1; 32])).unwrap();
    let mut entropy = Counter::default();
    let mut sent = Vec::new();
    for _ in 0..2 {
        let (data, _) = chain.encode(Data::from("x"), None, &mut entropy).unwrap();
        sent.push(data.as_binary().unwrap().clone());
    }
    assert_eq!(sent[0].slice(..16), (0..16).collect::<Vec<u8>>());
    assert_eq!(sent[1].slice(..16), (16..32).collect::<Vec<u8>>());
    assert_ne!(sent[0].slice(16..), sent[1].slice(16..));
}

#[test]
fn a_channel_without_a_cipher_leaves_data_alone() {
    let mut plain = chain(&ChannelOptions::new()).unwrap();
    assert!(plain.is_plain());
    let got = plain
        .encode(Data::from("x"), None, &mut Counter::default())
        .unwrap();
    assert_eq!(got, (Data::from("x"), None));
    let mut none = chain(&ChannelOptions::with_cipher_key([1; 16])).unwrap();
    let got = none
        .encode(Data::None, None, &mut Counter::default())
        .unwrap();
    assert_eq!(got, (Data::None, None));
}

#[test]
fn bytes_that_nobody_else_holds_are_decrypted_where_they_are() {
    let mut chain = chain(&ChannelOptions::with_cipher_key([1; 16])).unwrap();
    let (data, encoding) = chain
        .encode(Data::from(vec![7; 100]), None, &mut Counter::default())
        .unwrap();
    let own: Bytes = data.as_binary().unwrap().to_vec().into();
    drop(data);
    let place = own.as_ptr() as usize + 16;
    let got = chain.decode(own.into(), encoding, &MessageMeta::default());
    let plain = got.data.as_binary().unwrap();
    assert_eq!(*plain, vec![7; 100]);
    assert_eq!(plain.as_ptr() as usize, place);
}

#[test]
fn text_that_claims_to_be_encrypted_is_left() {
    let mut chain = chain(&ChannelOptions::with_cipher_key([1; 16])).unwrap();
    let got = chain.decode(
        Data::from("0123456789abcdef0123456789abcdef"),
        Some("cipher+aes-128-cbc".into()),
        &MessageMeta::default(),
    );
    assert_eq!(got.encoding.as_deref(), Some("cipher+aes-128-cbc"));
    assert!(matches!(
        got.failure,
        Some(ably_base::DecodeFailure::Leave(e)) if e.code() == ErrorCode::INVALID_DATA
    ));
    assert_eq!(got.data, "0123456789abcdef0123456789abcdef");
}

#[test]
fn rse2_random_keys_come_from_the_entropy() {
    let mut entropy = Counter::default();
    let mut make = |bits: Option<u32>| Crypto::generate_random_key(&mut entropy, bits);
    assert_eq!(*make(None).unwrap().expose(), (0..32).collect::<Vec<u8>>());
    assert_eq!(
        *make(Some(128)).unwrap().expose(),
        (32..48).collect::<Vec<u8>>()
    );
    assert_eq!(make(Some(256)).unwrap().expose().len(), 32);
    for bits in [0, 10, 192, u32::MAX] {
        assert_eq!(make(Some(bits)).unwrap_err().code(), ErrorCode::BAD_REQUEST);
    }
}

#[test]
fn nothing_prints_the_key() {
    let key = b"0123456789abcdef";
    let base64 = "MDEyMzQ1Njc4OWFiY2RlZg==";
    let options = CipherParamOptions::new(base64);
    let params = Crypto::get_default_params(options.clone()).unwrap();
    let channel = ChannelOptions::new().cipher(params.clone());
    let wrong = Crypto::get_default_params(CipherParamOptions::new(key).key_length(256));
    let shown = format!(
        "{options:?} {params:?} {channel:?} {wrong:?} {:?}",
        Arc::new(params.clone())
    );
    for secret in ["0123456789", "MDEyMzQ1", "48, 49, 50"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("[redacted]"), "{shown}");
}
