//! Against what ably-js encrypts and decrypts (`tests/vectors/crypto.json`) and, where they are at
//! hand, Ably's own fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{fs, path::PathBuf, sync::Arc};

use ably_base::{
    ChannelOptions, Data, DecodeFailure, ErrorCode, JsonText, MessageMeta, PayloadEncoding,
    engine::{Entropy, encoding::Chain},
};
use ably_crypto::{ChannelOptionsExt, CipherKey, CipherParamOptions, Crypto, CryptoEncoding};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    keys: std::collections::BTreeMap<String, String>,
    iv: String,
    params: Vec<ParamCase>,
    encrypt: Vec<EncryptCase>,
    decrypt: Vec<DecryptCase>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct ParamCase {
    key: String,
    algorithm: Option<String>,
    mode: Option<String>,
    key_length: Option<u32>,
    result: Option<Box<ParamCase>>,
}

#[derive(Deserialize, Debug)]
struct Shown {
    kind: String,
    value: String,
}

#[derive(Deserialize, Debug)]
struct EncryptCase {
    bits: u32,
    #[serde(flatten)]
    data: Shown,
    encoding: Option<String>,
    result: Encrypted,
}

#[derive(Deserialize, Debug)]
struct Encrypted {
    data: String,
    encoding: String,
}

#[derive(Deserialize, Debug)]
struct DecryptCase {
    bits: u32,
    #[serde(flatten)]
    data: Shown,
    encoding: Option<String>,
    result: Decrypted,
}

#[derive(Deserialize, Debug)]
struct Decrypted {
    #[serde(flatten)]
    data: Shown,
    encoding: Option<String>,
    code: Option<u32>,
}

/// Always the same bytes.
struct Fixed(Vec<u8>);

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.0[..out.len()]);
    }
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn vectors() -> Vectors {
    let text = fs::read_to_string(workspace().join("tests/vectors/crypto.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn data_of(shown: &Shown) -> Data {
    match shown.kind.as_str() {
        "text" => Data::from(shown.value.as_str()),
        "bytes" => Data::from(unhex(&shown.value)),
        "json" => Data::from(JsonText::new(shown.value.as_str()).unwrap()),
        other => panic!("{other}"),
    }
}

fn chain(key: impl Into<CipherKey>) -> Chain {
    let encodings: [Arc<dyn PayloadEncoding>; 1] = [Arc::new(CryptoEncoding)];
    Chain::open(&encodings, &ChannelOptions::with_cipher_key(key)).unwrap()
}

fn code(failure: Option<DecodeFailure>) -> Option<u32> {
    failure.map(|f| match f {
        DecodeFailure::Leave(e) => e.code().0,
        other => panic!("the channel must go on: {other:?}"),
    })
}

#[test]
fn rse1_keys_are_judged_as_by_ably_js() {
    let cases = vectors().params;
    assert_eq!(cases.len(), 12);
    for case in cases {
        let mut options = CipherParamOptions::new(case.key.as_str());
        if let Some(algorithm) = &case.algorithm {
            options = options.algorithm(algorithm.as_str());
        }
        if let Some(mode) = &case.mode {
            options = options.mode(mode.as_str());
        }
        if let Some(bits) = case.key_length {
            options = options.key_length(bits);
        }
        match (Crypto::get_default_params(options), &case.result) {
            (Ok(params), Some(wanted)) => {
                assert_eq!(Some(params.algorithm()), wanted.algorithm.as_deref());
                assert_eq!(Some(params.mode()), wanted.mode.as_deref());
                assert_eq!(Some(params.key_length()), wanted.key_length);
                assert_eq!(*params.key().expose(), unhex(&wanted.key));
            }
            (Err(e), None) => assert_eq!(e.code(), ErrorCode::BAD_REQUEST, "{case:?}"),
            (got, _) => panic!("{case:?}: {got:?}"),
        }
    }
}

#[test]
fn rsl5_data_is_encrypted_as_by_ably_js() {
    let v = vectors();
    assert_eq!(v.encrypt.len(), 68);
    for case in v.encrypt {
        let mut chain = chain(unhex(&v.keys[&case.bits.to_string()]));
        let encoding = case.encoding.as_deref().map(Into::into);
        let (sent, encoding) = chain
            .encode(data_of(&case.data), encoding, &mut Fixed(unhex(&v.iv)))
            .unwrap();
        assert_eq!(sent, Data::from(unhex(&case.result.data)), "{case:?}");
        assert_eq!(
            encoding.as_deref(),
            Some(case.result.encoding.as_str()),
            "{case:?}"
        );
    }
}

#[test]
fn rsl6b_data_is_decrypted_or_left_as_by_ably_js() {
    let v = vectors();
    assert_eq!(v.decrypt.len(), 19);
    for case in v.decrypt {
        let data = data_of(&case.data);
        // Once with bytes of its own, once with bytes that the test holds on to.
        for shared in [None, Some(data.clone())] {
            let mut chain = chain(unhex(&v.keys[&case.bits.to_string()]));
            let data = shared.clone().unwrap_or_else(|| data_of(&case.data));
            let encoding = case.encoding.as_deref().map(Into::into);
            let got = chain.decode(data, encoding, &MessageMeta::default());
            assert_eq!(got.data, data_of(&case.result.data), "{case:?}");
            assert_eq!(
                got.encoding.as_deref(),
                case.result.encoding.as_deref(),
                "{case:?}"
            );
            assert_eq!(code(got.failure), case.result.code, "{case:?}");
            assert_eq!(shared.unwrap_or(data_of(&case.data)), data_of(&case.data));
        }
    }
}

#[derive(Deserialize)]
struct Fixture {
    keylength: u32,
    key: String,
    iv: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    encoded: Wire,
    encrypted: Wire,
}

#[derive(Deserialize)]
struct Wire {
    data: String,
    encoding: Option<String>,
}

/// Ably's fixtures, when the checkout of them is there.
#[test]
fn rsl5c_ably_fixtures_both_ways() {
    for bits in [128, 256] {
        let path = workspace().join(format!("../shared/fixtures/crypto-data-{bits}.json"));
        let Ok(text) = fs::read_to_string(path) else {
            return;
        };
        let fixture: Fixture = serde_json::from_str(&text).unwrap();
        assert_eq!(fixture.keylength, bits);
        let iv = |text: &str| {
            let plain = Chain::default().decode(
                Data::from(text),
                Some("base64".into()),
                &MessageMeta::default(),
            );
            plain.data.as_binary().unwrap().to_vec()
        };
        assert!(fixture.items.len() >= 4);
        for item in fixture.items {
            let mut chain = chain(fixture.key.as_str());
            let decode = |chain: &mut Chain, wire: &Wire| {
                let encoding = wire.encoding.as_deref().map(Into::into);
                let got = chain.decode(
                    Data::from(wire.data.as_str()),
                    encoding,
                    &MessageMeta::default(),
                );
                assert_eq!((code(got.failure), got.encoding), (None, None));
                got.data
            };
            let plain = decode(&mut Chain::default(), &item.encoded);
            assert_eq!(decode(&mut chain, &item.encrypted), plain);

            let mut entropy = Fixed(iv(&fixture.iv));
            let (sent, encoding) = chain.encode(plain, None, &mut entropy).unwrap();
            let wanted = decode(
                &mut Chain::default(),
                &Wire {
                    data: item.encrypted.data,
                    encoding: Some("base64".into()),
                },
            );
            assert_eq!(sent, wanted);
            // base64 is the codec's.
            assert_eq!(
                format!("{}/base64", encoding.unwrap()),
                item.encrypted.encoding.unwrap()
            );
        }
    }
}
