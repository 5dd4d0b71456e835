//! A JSON frame from the server: it is read and written again, in both formats.
#![no_main]

use ably_fuzz::check_frame;
use ably_protocol::{Codec, Format, Value, json};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check_frame(Format::Json, data);
    let body = Bytes::copy_from_slice(data);
    let _messages = json::JsonCodec.decode_messages(&body);
    let _list = json::split_list(&body);
    let read = json::JsonCodec.decode_value(&body);
    // Another parser must agree about what JSON is, but for depth, size and lone surrogates.
    if let Ok(other) = serde_json::from_slice::<serde_json::Value>(data) {
        if let Err(error) = &read {
            let why = error.message();
            assert!(
                why.contains("too many") || why.contains("too deep"),
                "{why}"
            );
        }
        drop(other);
    }
    if let Ok(value) = read {
        same_value(&value);
    }
});

fn same_value(value: &Value) {
    let mut out = BytesMut::new();
    json::JsonCodec
        .encode_value(value, &mut out)
        .expect("a value");
    let again = json::JsonCodec.decode_value(&out.clone().freeze());
    let mut twice = BytesMut::new();
    let again = again.expect("what was written can be read");
    json::JsonCodec
        .encode_value(&again, &mut twice)
        .expect("a value");
    assert_eq!(out, twice);
}
