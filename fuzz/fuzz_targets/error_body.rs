//! A reply of the REST API that is an error: status, headers and body.
//!
//! The first byte chooses status and content type; up to three lines are headers.
#![no_main]

use ably_engine::{
    HttpReply,
    protocol::{Codec, Value, json::JsonCodec},
    request::{Outcome, read_error},
};
use ably_msgpack::MsgPackCodec;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const STATUSES: [u16; 8] = [0, 100, 304, 400, 401, 404, 503, 65_535];
const TYPES: [&str; 5] = [
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/x-msgpack",
    "text/html",
    "",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut body)) = data.split_first() else {
        return;
    };
    let status = STATUSES[usize::from(choice % 8)];
    let kind = usize::from(choice / 8);
    let mut headers = Vec::new();
    if let Some(kind) = TYPES.get(kind % 6) {
        headers.push((String::from("content-type"), String::from(*kind)));
    }
    if kind >= 6 {
        for name in ["x-ably-errorcode", "x-ably-errormessage", "content-type"] {
            let Some(end) = body.iter().position(|b| *b == b'\n') else {
                break;
            };
            let (line, rest) = body.split_at(end);
            headers.push((name.into(), String::from_utf8_lossy(line).into_owned()));
            body = &rest[1..];
        }
    }
    let body = Bytes::copy_from_slice(body);
    let reply = HttpReply::new(status, headers, body.clone());
    let _other = reply.unsupported_type();
    for binary in [None, Some(&MsgPackCodec as &dyn Codec)] {
        match Outcome::of_reply(reply.clone(), binary) {
            Outcome::Refused { status: of, error } => {
                assert_eq!(of, status);
                let shown = format!("{error} {error:?} {error:#?} {:?}", error.href());
                assert!(!shown.is_empty());
                let mut cause = error.cause();
                let mut causes = 0;
                while let Some(inner) = cause {
                    causes += 1;
                    cause = inner.cause();
                }
                assert!(causes <= 8);
                // What cannot be read is not shown in full.
                if reply.format().is_none() && reply.header("x-ably-errormessage").is_none() {
                    assert!(error.message().len() < 2_048, "{}", error.message().len());
                }
            }
            other => panic!("{other:?}"),
        }
    }
    for codec in [&JsonCodec as &dyn Codec, &MsgPackCodec] {
        if let Ok(value) = codec.decode_value(&body) {
            let _error = read_error(&value);
            if let Value::List(items) = &value {
                items.iter().map(read_error).for_each(drop);
            }
        }
    }
});
