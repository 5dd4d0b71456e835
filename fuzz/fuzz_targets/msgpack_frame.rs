//! A MessagePack frame from the server: it is read and written again, in both formats.
#![no_main]

use ably_fuzz::{check_frame, same_numbers};
use ably_msgpack::MsgPackCodec;
use ably_protocol::{Codec, Format};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check_frame(Format::MsgPack, data);
    let body = Bytes::copy_from_slice(data);
    let _messages = MsgPackCodec.decode_messages(&body);
    if let Ok(value) = MsgPackCodec.decode_value(&body) {
        let mut out = BytesMut::new();
        MsgPackCodec
            .encode_value(&value, &mut out)
            .expect("a value");
        let again = MsgPackCodec.decode_value(&out.clone().freeze());
        let again = again.expect("what was written can be read");
        let mut twice = BytesMut::new();
        MsgPackCodec
            .encode_value(&again, &mut twice)
            .expect("a value");
        assert_eq!(out, twice);
        let [one, other] = [value, again].map(|value| same_numbers(value).to_json());
        assert_eq!(one, other);
    }
});
