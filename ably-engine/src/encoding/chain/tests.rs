//! The chain against what ably-js makes of the same data, and with steps of plugins.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use std::{path::Path, sync::Mutex};

use ably_protocol::{Item, JsonText};
use bytes::Bytes;

use super::*;
use crate::PluginOption;

const VECTORS: &str = include_str!("../../../../tests/vectors/encoding.json");

struct Zeros;
impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(0);
    }
}

/// Flips the bytes and calls it `flip+1`; fails on data that starts with `!`.
struct Flip {
    seen: Log,
    rank: i32,
    name: &'static str,
}
type Log = Arc<Mutex<Vec<String>>>;

impl PayloadEncoding for Flip {
    fn id(&self) -> &'static str {
        "Flip"
    }
    fn handles(&self, step: &str) -> bool {
        step.split('+').next() == Some(self.name)
    }
    fn rank(&self) -> i32 {
        self.rank
    }
    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Ok(Some(Box::new(Self {
            seen: self.seen.clone(),
            ..*self
        })))
    }
}

impl PayloadStep for Flip {
    fn decode(
        &mut self,
        step: &str,
        data: &mut Payload,
        message: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let Payload::Binary(bytes) = data else {
            return Err(DecodeFailure::Leave(invalid("bytes are expected")));
        };
        if bytes.starts_with(b"!") {
            return Err(DecodeFailure::Recover(ErrorInfo::new(
                ErrorCode::DELTA_FAILED,
                400,
                format!("{step} of {}", message.id),
            )));
        }
        *bytes = bytes.iter().map(|b| !b).collect();
        Ok(())
    }

    fn encode(
        &mut self,
        data: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        let bytes = data.as_bytes();
        if bytes.starts_with(b"!") {
            return Err(ErrorInfo::new(ErrorCode::INVALID_CREDENTIAL, 400, "no"));
        }
        let name = match data {
            Payload::Text(_) => format!("utf-8/{}+1", self.name),
            Payload::Binary(_) => format!("{}+1", self.name),
        };
        let flipped = bytes.iter().map(|b| !b).collect();
        Ok(Some((Payload::Binary(flipped), name)))
    }

    fn observe(&mut self, wire: &Payload, encoding: &str, message: &MessageMeta<'_>) {
        let line = format!("{} {:?} {encoding}", message.id, wire.as_bytes());
        self.seen.lock().unwrap().push(line);
    }
}

fn chain(steps: &[(&'static str, i32)]) -> (Chain, Log) {
    let seen = Log::default();
    let encodings: Vec<Arc<dyn PayloadEncoding>> = steps
        .iter()
        .map(|(name, rank)| {
            Arc::new(Flip {
                seen: seen.clone(),
                rank: *rank,
                name,
            }) as Arc<dyn PayloadEncoding>
        })
        .collect();
    (
        Chain::open(&encodings, &ChannelOptions::new()).unwrap(),
        seen,
    )
}

fn meta() -> MessageMeta<'static> {
    MessageMeta {
        id: "m1",
        ..MessageMeta::default()
    }
}

fn list(value: &Value, name: &str) -> Vec<Item> {
    let Value::Map(fields) = value else { panic!() };
    let Some((_, Value::List(items))) = fields.iter().find(|(n, _)| n == name) else {
        panic!("{name}")
    };
    items.iter().map(item).collect()
}

fn item(value: &Value) -> Item {
    let Value::Map(fields) = value else { panic!() };
    Item::from_fields(fields.clone())
}

fn unhex(text: &str) -> Bytes {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn data_of(shown: &Item) -> Data {
    let value = shown.text("value").unwrap_or_default();
    match shown.text("kind").as_deref() {
        Some("none") => Data::None,
        Some("text") => Data::Text(value),
        Some("bytes") => Data::Binary(unhex(&value)),
        Some("json") => Data::Json(JsonText::new(value).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rsl6_data_is_decoded_as_by_ably_js() {
    let cases = list(&Value::from_json(VECTORS).unwrap(), "decode");
    assert_eq!(cases.len(), 30);
    for case in cases {
        let result = item(case.get("result").unwrap());
        let decoded = Chain::default().decode(data_of(&case), case.text("encoding"), &meta());
        assert_eq!(decoded.data, data_of(&result), "{case:?}");
        assert_eq!(decoded.encoding, result.text("encoding"), "{case:?}");
        let code = decoded.failure.map(|f| match f {
            DecodeFailure::Leave(e) | DecodeFailure::Recover(e) | DecodeFailure::Fail(e) => {
                i64::from(e.code().0)
            }
        });
        assert_eq!(code, result.int("code"), "{case:?}");
    }
}

#[test]
fn rsl4_data_is_encoded_as_by_ably_js() {
    let cases = list(&Value::from_json(VECTORS).unwrap(), "encode");
    assert_eq!(cases.len(), 12);
    for case in cases {
        let result = item(case.get("result").unwrap());
        let (data, encoding) = Chain::default()
            .encode(data_of(&case), case.text("encoding"), &mut Zeros)
            .unwrap();
        assert_eq!(data, data_of(&result), "{case:?}");
        assert_eq!(encoding, result.text("encoding"), "{case:?}");
    }
}

/// Ably's fixtures: completeness, when the checkout of them is there.
#[test]
fn ably_fixtures_are_decoded_and_encoded_again() {
    for file in ["messages-encoding.json", "presence-messages-encoding.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/fixtures")
            .join(file);
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        for m in list(&Value::from_json(&text).unwrap(), "messages") {
            let (data, encoding) = (m.text("data").unwrap(), m.text("encoding"));
            let decoded =
                Chain::default().decode(Data::Text(data.clone()), encoding.clone(), &meta());
            assert!(
                decoded.failure.is_none() && decoded.encoding.is_none(),
                "{m:?}"
            );
            match (m.text("expectedHexValue"), &decoded.data) {
                (Some(hex), Data::Binary(b)) => assert_eq!(*b, unhex(&hex)),
                (None, Data::Text(t)) => assert_eq!(m.text("expectedValue").as_ref(), Some(t)),
                (None, Data::Json(j)) => assert_eq!(
                    m.get("expectedValue"),
                    Some(&Value::from_json(j.as_str()).unwrap())
                ),
                other => panic!("{other:?}"),
            }
            let again = Chain::default()
                .encode(decoded.data, None, &mut Zeros)
                .unwrap();
            match again {
                // base64 is the codec's.
                (Data::Binary(_), None) => assert_eq!(encoding.as_deref(), Some("base64")),
                (Data::Text(t), e) => assert_eq!((t, e), (data, encoding)),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn rsl5_text_becomes_bytes_for_a_step_and_comes_back() {
    let (mut chain, _) = chain(&[("flip", 0)]);
    for (data, encoding) in [
        (Data::from("héllo"), "utf-8/flip+1"),
        (Data::json(&[1]).unwrap(), "json/utf-8/flip+1"),
        (Data::from(&[1u8, 2]), "flip+1"),
    ] {
        let (sent, e) = chain.encode(data.clone(), None, &mut Zeros).unwrap();
        assert!(sent.as_binary().is_some());
        assert_eq!(e.as_deref(), Some(encoding));
        let back = chain.decode(sent, e, &meta());
        assert_eq!((back.data, back.encoding), (data, None));
        assert!(back.failure.is_none());
    }
    let (nothing, e) = chain.encode(Data::None, None, &mut Zeros).unwrap();
    assert_eq!((nothing, e), (Data::None, None));
}

#[test]
fn steps_encode_in_the_order_of_their_rank_and_decode_in_the_reverse() {
    let (mut chain, _) = chain(&[("outer", 9), ("inner", -1)]);
    let (sent, e) = chain.encode(Data::from("x"), None, &mut Zeros).unwrap();
    assert_eq!(e.as_deref(), Some("utf-8/inner+1/outer+1"));
    assert_eq!(chain.decode(sent, e, &meta()).data, "x");
}

#[test]
fn an_error_of_a_step_sends_nothing() {
    let (mut chain, _) = chain(&[("flip", 0)]);
    let error = chain
        .encode(Data::from("!x"), None, &mut Zeros)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_CREDENTIAL);
}

#[test]
fn rsl4a_a_json_scalar_is_refused() {
    for text in ["5", "true", "null", "\"x\"", " 1"] {
        let data = Data::Json(JsonText::new(text).unwrap());
        let error = Chain::default().encode(data, None, &mut Zeros).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA, "{text}");
    }
}

#[test]
fn json_that_says_so_is_not_marked_twice() {
    let data = Data::json(&[1]).unwrap();
    let (_, e) = Chain::default()
        .encode(data, Some("json".into()), &mut Zeros)
        .unwrap();
    assert_eq!(e.as_deref(), Some("json"));
}

#[test]
fn rsl6b_a_failing_step_leaves_its_input_and_what_is_left_to_do() {
    let (mut chain, _) = chain(&[("flip", 0)]);
    let decoded = chain.decode(
        Data::from("IXg="),
        Some("utf-8/flip+7/base64".into()),
        &meta(),
    );
    assert_eq!(decoded.data, Data::from(b"!x"));
    assert_eq!(decoded.encoding.as_deref(), Some("utf-8/flip+7"));
    let Some(DecodeFailure::Recover(e)) = decoded.failure else {
        panic!("{:?}", decoded.failure)
    };
    assert_eq!(e.code(), ErrorCode::DELTA_FAILED);
    assert_eq!(e.message(), "flip+7 of m1");
}

#[test]
fn rtl19_steps_see_the_payload_without_its_outer_base64_only() {
    for (data, encoding, seen) in [
        (Data::from("x"), "", "m1 [120] "),
        (Data::from("eA=="), "base64", "m1 [120] "),
        (Data::from("eA=="), "utf-8/base64", "m1 [120] utf-8"),
        (
            Data::from("ZUE9PQ=="),
            "base64/base64",
            "m1 [101, 65, 61, 61] base64",
        ),
        (Data::from("{}"), "json", "m1 [123, 125] json"),
        (Data::from("x"), "unknown", "m1 [120] unknown"),
    ] {
        let (mut chain, log) = chain(&[("flip", 0)]);
        chain.decode(data, Some(encoding.into()), &meta());
        assert_eq!(*log.lock().unwrap(), [seen], "{encoding}");
    }
    // What is not base64 has no payload to keep.
    let (mut chain, log) = chain(&[("flip", 0)]);
    let decoded = chain.decode(Data::from("%"), Some("base64".into()), &meta());
    assert_eq!(decoded.encoding.as_deref(), Some("base64"));
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn steps_do_not_see_what_is_no_message_of_the_channel() {
    let (mut chain, log) = chain(&[("flip", 0)]);
    let flipped = Data::from(&[0x87_u8]);
    let decoded = chain.decode_apart(flipped, Some("utf-8/flip".into()), &meta());
    assert_eq!(decoded.data, "x");
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn pc1_options_for_a_plugin_that_is_missing_are_refused() {
    let options = ChannelOptions::new().plugin_option(PluginOption::new("Crypto", "crypto", 1));
    let error = Chain::open(&[], &options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().starts_with("Crypto plugin not provided"));
}
