//! Which payload a delta is relative to, and what happens when it cannot be applied.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use ably_base::{
    ChannelOptions, Data, DecodeFailure, ErrorCode, ErrorInfo, JsonText, MessageMeta,
    PayloadEncoding,
    engine::encoding::{Chain, Decoded},
};
use ably_delta::{DeltaDecoder, Vcdiff};

/// "base!", then "base! base!", by two windows of copies: "base!" is at 0, and " " is added.
const TWICE: &[u8] = &[
    0xD6, 0xC3, 0xC4, 0, 0, 1, 5, 0, 11, 11, 0, 1, 3, 2, b' ', 21, 2, 21, 0, 0,
];

fn chain(plugin: Vcdiff) -> Chain {
    let encodings: [Arc<dyn PayloadEncoding>; 1] = [Arc::new(plugin)];
    Chain::open(&encodings, &ChannelOptions::new()).unwrap()
}

fn decode(chain: &mut Chain, data: impl Into<Data>, encoding: &str) -> Decoded {
    chain.decode(data.into(), Some(encoding.into()), &MessageMeta::default())
}

#[track_caller]
fn good(decoded: Decoded) -> Data {
    assert!(decoded.failure.is_none(), "{decoded:?}");
    assert_eq!(decoded.encoding, None);
    decoded.data
}

#[track_caller]
fn recovers(decoded: &Decoded) {
    match &decoded.failure {
        Some(DecodeFailure::Recover(error)) => {
            assert_eq!(error.code(), ErrorCode::DELTA_FAILED);
            assert_eq!(error.status_code(), 400);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rtl19b_text_is_a_base_as_utf_8() {
    let mut chain = chain(Vcdiff::new());
    assert!(chain.keeps_state());
    good(decode(&mut chain, "base!", ""));
    let made = good(decode(&mut chain, TWICE, "utf-8/vcdiff"));
    assert_eq!(made, "base! base!");
}

#[test]
fn rtl19a_an_outer_base64_is_removed_and_no_other_step() {
    let mut chain = chain(Vcdiff::new());
    let bytes = good(decode(&mut chain, "YmFzZSE=", "base64"));
    assert_eq!(bytes, Data::from(b"base!"));
    let made = good(decode(&mut chain, TWICE, "vcdiff"));
    assert_eq!(made, Data::from(b"base! base!"));

    // "base!" is what json is undone from; the delta gives text that is not JSON.
    let first = decode(&mut chain, "base!", "json");
    match first.failure {
        Some(DecodeFailure::Leave(error)) => {
            assert_eq!(error.code(), ErrorCode::INVALID_DATA);
        }
        other => panic!("left as it is, with a reason: {other:?}"),
    }
    assert_eq!(
        good(decode(&mut chain, TWICE, "utf-8/vcdiff")),
        "base! base!"
    );
    let whole = good(decode(&mut chain, r#"{"a":1}"#, "json"));
    assert_eq!(whole, Data::Json(JsonText::new(r#"{"a":1}"#).unwrap()));
}

#[test]
fn rtl19c_the_result_is_the_next_base() {
    let mut chain = chain(Vcdiff::new());
    good(decode(&mut chain, "base!", ""));
    good(decode(&mut chain, TWICE, "vcdiff"));
    // The same delta again: its segment is the beginning of "base! base!".
    assert_eq!(
        good(decode(&mut chain, TWICE, "utf-8/vcdiff")),
        "base! base!"
    );
    let failed = decode(&mut chain, &b"\xD6\xC3\xC4\0\0"[..], "vcdiff");
    recovers(&failed);
    assert_eq!(failed.encoding.as_deref(), Some("vcdiff"));
}

#[test]
fn rtl18_without_a_base_decoding_starts_anew() {
    let mut chain = chain(Vcdiff::new());
    recovers(&decode(&mut chain, TWICE, "utf-8/vcdiff"));
    good(decode(&mut chain, "base!", ""));
    chain.reset();
    recovers(&decode(&mut chain, TWICE, "utf-8/vcdiff"));
    // Nothing is no base, and what was before it is none any more.
    good(decode(&mut chain, "base!", ""));
    good(decode(&mut chain, Data::None, ""));
    recovers(&decode(&mut chain, TWICE, "utf-8/vcdiff"));
}

#[test]
fn presence_is_no_base() {
    let mut chain = chain(Vcdiff::new());
    good(decode(&mut chain, "base!", ""));
    let meta = MessageMeta::default();
    good(chain.decode_apart("other".into(), None, &meta));
    let delta = chain.decode_apart(TWICE.into(), Some("vcdiff".into()), &meta);
    assert!(matches!(delta.failure, Some(DecodeFailure::Leave(_))));
    assert_eq!(
        good(decode(&mut chain, TWICE, "utf-8/vcdiff")),
        "base! base!"
    );
}

#[test]
fn the_bound_can_be_set() {
    let mut chain = chain(Vcdiff::new().max_output(10));
    good(decode(&mut chain, "base!", ""));
    recovers(&decode(&mut chain, TWICE, "vcdiff"));
}

type Made = Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

struct Other<F>(F);

impl<F: Fn(&[u8], &[u8], usize) -> Made + Send + Sync + 'static> DeltaDecoder for Other<F> {
    fn decode(&self, delta: &[u8], base: &[u8], max_output: usize) -> Made {
        (self.0)(delta, base, max_output)
    }
}

fn with(decode: impl Fn(&[u8], &[u8], usize) -> Made + Send + Sync + 'static) -> Chain {
    chain(Vcdiff::with_decoder(Other(decode)).max_output(10))
}

/// What a decoder's failure comes to.
#[track_caller]
fn failure(chain: &mut Chain) -> ErrorInfo {
    good(decode(chain, "base!", ""));
    let decoded = decode(chain, &b"delta"[..], "utf-8/vcdiff");
    recovers(&decoded);
    match decoded.failure {
        Some(DecodeFailure::Recover(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pc3a_another_decoder_gets_the_delta_and_the_base() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let sink = calls.clone();
    let mut chain = with(move |delta, base, max_output| {
        let call = (delta.to_vec(), base.to_vec(), max_output);
        sink.lock().unwrap().push(call);
        Ok(b"ten bytes!".to_vec())
    });
    good(decode(&mut chain, "base!", ""));
    let made = good(decode(&mut chain, &b"delta"[..], "utf-8/vcdiff"));
    assert_eq!(made, "ten bytes!");
    good(decode(&mut chain, &b"next"[..], "vcdiff"));
    let calls = calls.lock().unwrap();
    let expected = [
        (b"delta".to_vec(), b"base!".to_vec(), 10),
        (b"next".to_vec(), b"ten bytes!".to_vec(), 10),
    ];
    assert_eq!(*calls, expected);
}

#[test]
fn the_error_of_another_decoder_is_the_cause() {
    let error = failure(&mut with(|_, _, _| Err("out of luck".into())));
    assert_eq!(error.source().unwrap().to_string(), "out of luck");
    let other = || ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, "no");
    let error = failure(&mut with(move |_, _, _| Err(other().into())));
    assert_eq!(error.cause().map(ErrorInfo::code), Some(other().code()));
}

#[test]
fn another_decoder_is_held_to_the_bound() {
    failure(&mut with(|_, _, _| Ok(vec![b'a'; 11])));
}

#[test]
fn a_decoder_that_panics_has_failed() {
    let mut chain = with(|_, _, _| panic!("a bug in a decoder"));
    failure(&mut chain);
    good(decode(&mut chain, "base!", ""));
}
