//! JSON frames of the protocol, byte for byte.
//!
//! The expected texts are the protocol's own examples, not output of this codec.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ably_protocol::{
    Action, Codec, Data, ErrorCode, Flags, Frame, Item, Items, JsonText, Message, MessageAction,
    ProtocolMessage, Value, json::JsonCodec,
};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

fn decode(text: &str) -> ProtocolMessage {
    JsonCodec
        .decode(&Frame::Text(Bytes::copy_from_slice(text.as_bytes())))
        .unwrap()
}

fn encode(pm: &ProtocolMessage) -> String {
    let mut out = BytesMut::new();
    JsonCodec.encode(pm, &mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn connected_is_read_with_its_details() {
    let pm = decode(
        r#"{"action":4,"connectionId":"C1","connectionDetails":{"connectionKey":"K1","clientId":null,"maxMessageSize":65536,"connectionStateTtl":120000,"maxIdleInterval":15000}}"#,
    );
    let details = pm.connection_details.as_deref().unwrap();
    assert_eq!(pm.action, Action::CONNECTED);
    assert_eq!(pm.connection_id.as_deref(), Some("C1"));
    assert_eq!(details.connection_key.as_deref(), Some("K1"));
    assert_eq!(details.client_id, None);
    assert_eq!(details.max_message_size, Some(65536));
    assert_eq!(details.connection_state_ttl, Some(120_000));
    assert_eq!(details.max_idle_interval, Some(15_000));
    assert_eq!(details.max_frame_size, None);
}

#[test]
fn plain_frames_survive_a_round_trip_byte_for_byte() {
    for text in [
        r#"{"action":0}"#,
        r#"{"action":0,"id":"ping"}"#,
        r#"{"action":1,"msgSerial":0,"count":1}"#,
        r#"{"action":2,"msgSerial":3,"count":2,"error":{"code":40012,"statusCode":400,"message":"no"}}"#,
        r#"{"action":4,"connectionId":"C1","connectionDetails":{"connectionKey":"K1","maxMessageSize":65536,"connectionStateTtl":120000,"maxIdleInterval":15000}}"#,
        r#"{"action":5}"#,
        r#"{"action":6,"error":{"code":40142,"statusCode":401,"message":"…"}}"#,
        r#"{"action":7}"#,
        r#"{"action":8}"#,
        r#"{"action":9,"channel":"a","error":{"code":40160,"statusCode":401,"message":"…"}}"#,
        r#"{"action":10,"channel":"a"}"#,
        r#"{"action":10,"channel":"a","flags":32,"params":{"delta":"vcdiff","rewind":"1"}}"#,
        r#"{"action":11,"channel":"a","channelSerial":"S0","flags":983040}"#,
        r#"{"action":12,"channel":"a"}"#,
        r#"{"action":13,"channel":"a"}"#,
        r#"{"action":14,"channel":"a","msgSerial":1,"presence":[{"action":2,"clientId":"bob","data":"hi"}]}"#,
        r#"{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"n","data":"d","action":0}]}"#,
        r#"{"action":15,"channel":"a","id":"C1:0","connectionId":"C1","channelSerial":"S1","timestamp":1700000000000,"messages":[{"name":"n","data":"d","serial":"…","action":0}]}"#,
        r#"{"action":15,"channel":"a","id":"C1:5","channelSerial":"S6","messages":[{"data":"1sPEAAA=","encoding":"utf-8/vcdiff/base64","extras":{"delta":{"from":"C1:4:0","format":"vcdiff"}},"action":0}]}"#,
        r#"{"action":15,"channel":"a","id":"x","messages":[{"serial":"s","version":"v","createdAt":17,"operation":{"clientId":"c","description":"d","metadata":{"k":"v"}},"summary":{"r:distinct.v1":{"👍":{"total":1}}},"action":4}]}"#,
        r#"{"action":16,"channel":"a","channelSerial":"s1:","presence":[{"id":"C1:1:0","action":1,"clientId":"bob","connectionId":"C1","timestamp":1700000000001,"data":"hi"}]}"#,
        r#"{"action":17,"auth":{"accessToken":"tok"}}"#,
        r#"{"action":18}"#,
        r#"{"action":19,"channel":"a","msgSerial":3,"state":[{"operation":{"action":1,"objectId":"root","mapOp":{"key":"k","data":{"string":"v"}}}}]}"#,
        r#"{"action":20,"channel":"a","channelSerial":"o1:","state":[{"object":{"objectId":"root","siteTimeserials":{"site1":"…"},"tombstone":false,"map":{"semantics":0,"entries":{}}}}]}"#,
        r#"{"action":21,"channel":"mutable:a","msgSerial":2,"annotations":[{"action":0,"type":"r:distinct.v1","name":"👍","messageSerial":"…"}]}"#,
        r#"{"action":99}"#,
    ] {
        assert_eq!(encode(&decode(text)), text);
    }
}

#[test]
fn fields_are_read_into_their_places() {
    let pm = decode(
        r#"{"action":15,"channel":"a","id":"C1:0","connectionId":"C1","channelSerial":"S1","timestamp":1700000000000,"flags":7,"count":2,"messages":[{"id":"i","name":"n","data":"d","encoding":"e","clientId":"c","connectionId":"cc","connectionKey":"k","timestamp":5,"extras":{"headers":{"x":1.50}},"action":1,"serial":"s","version":"v","createdAt":6}]}"#,
    );
    let mut m = Message::new("n", "d").id("i").client_id("c").encoding("e");
    m.connection_id = Some("cc".into());
    m.connection_key = Some("k".into());
    m.timestamp = Some(5);
    m.extras = Some(JsonText::new(r#"{"headers":{"x":1.50}}"#).unwrap());
    m.action = MessageAction::UPDATE;
    m.serial = Some("s".into());
    m.version = Some("v".into());
    m.created_at = Some(6);
    assert_eq!(pm.messages.as_slice(), [Arc::new(m)]);
    assert_eq!(pm.flags, Flags(7));
    assert_eq!(pm.count, Some(2));
    assert_eq!(pm.timestamp, Some(1_700_000_000_000));
    assert_eq!(pm.channel_serial.as_deref(), Some("S1"));
}

#[test]
fn data_and_encoding_go_out_as_the_format_needs() {
    let wire = |m: Message| {
        let mut out = BytesMut::new();
        JsonCodec.encode_messages(&[Arc::new(m)], &mut out).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    };
    assert_eq!(
        wire(Message::unnamed(b"\xde\xad\xbe\xef")),
        r#"[{"data":"3q2+7w==","encoding":"base64","action":0}]"#
    );
    assert_eq!(
        wire(Message::unnamed(&[1u8]).encoding("utf-8/cipher+aes-256-cbc")),
        r#"[{"data":"AQ==","encoding":"utf-8/cipher+aes-256-cbc/base64","action":0}]"#
    );
    assert_eq!(
        wire(Message::unnamed(Data::json(&[1, 2]).unwrap())),
        r#"[{"data":"[1,2]","encoding":"json","action":0}]"#
    );
    assert_eq!(
        wire(Message::unnamed(Data::json(&["x"]).unwrap()).encoding("json")),
        r#"[{"data":"[\"x\"]","encoding":"json","action":0}]"#
    );
    assert_eq!(wire(Message::default()), r#"[{"action":0}]"#);
    assert_eq!(
        wire(Message::unnamed("\"\\\n\u{1}\u{7f}é😀")),
        "[{\"data\":\"\\\"\\\\\\n\\u0001\u{7f}é😀\",\"action\":0}]"
    );
    // Larger than the buffer that base64 goes through.
    let large = wire(Message::unnamed(vec![0xabu8; 2000]));
    assert!(large.contains(&"q6ur".repeat(666)), "{large}");
    assert!(large.contains(r#"q6urq6s=","encoding""#), "{large}");
}

#[test]
fn data_that_is_not_a_string_is_kept_as_json() {
    for (wire, data) in [
        (
            r#"{"a":[1, 2]}"#,
            Data::from(JsonText::new(r#"{"a":[1, 2]}"#).unwrap()),
        ),
        ("5", Data::from(JsonText::new("5").unwrap())),
        ("true", Data::from(JsonText::new("true").unwrap())),
        ("null", Data::None),
        (r#""5""#, Data::from("5")),
    ] {
        let pm = decode(&format!(
            r#"{{"action":15,"messages":[{{"data":{wire}}}]}}"#
        ));
        assert_eq!(pm.messages[0].data, data, "{wire}");
    }
}

#[test]
fn what_is_absent_null_unknown_or_written_otherwise_is_tolerated() {
    let pm = decode(
        " { \"action\" : 15.0 , \"new\":[{\"x\":[]}], \"channel\":null,\"messages\":[ {\"name\":\"a\\u0062\", \"version\":{\"serial\":\"s\"},\"\\u0069d\":\"i\", \"operation\":7 } , null ],\n\"timestamp\":1.7e12, \"error\":null, \"presence\":null, \"params\":{\"n\":1,\"b\":true,\"s\":\"t\",\"x\":null} }\r\n",
    );
    assert_eq!(pm.action, Action::MESSAGE);
    assert_eq!(pm.channel, None);
    assert_eq!(pm.timestamp, Some(1_700_000_000_000));
    assert_eq!(pm.messages[0].name.as_deref(), Some("ab"));
    assert_eq!(pm.messages[0].id.as_deref(), Some("i"));
    assert_eq!(pm.messages[0].version, None);
    assert_eq!(pm.messages[0].operation, None);
    assert_eq!(*pm.messages[1], Message::default());
    assert!(pm.presence.is_none() && pm.error.is_none());
    let params: Vec<_> = pm.params.as_deref().unwrap().iter().collect();
    assert_eq!(
        format!("{params:?}"),
        r#"[("b", "true"), ("n", "1"), ("s", "t")]"#
    );
    assert_eq!(decode(r#"{"action":300,"flags":-1}"#).action, Action(255));
}

#[test]
fn an_incomplete_error_is_still_an_error() {
    for (text, code, status, message) in [
        ("{}", 0, 0, ""),
        (r#"{"code":40142}"#, 40142, 0, ""),
        (
            r#"{"message":"m","code":"x","statusCode":401.0}"#,
            0,
            401,
            "m",
        ),
    ] {
        let error = decode(&format!(r#"{{"action":9,"error":{text}}}"#))
            .error
            .unwrap();
        assert_eq!(error.code(), ErrorCode(code));
        assert_eq!(error.status_code(), status);
        assert_eq!(error.message(), message);
    }
    let error = decode(
        r#"{"action":9,"error":{"code":1,"statusCode":2,"message":"m","href":"h","requestId":"r","cause":{"code":3}}}"#,
    )
    .error
    .unwrap();
    assert_eq!(error.href().as_deref(), Some("h"));
    assert_eq!(error.request_id(), Some("r"));
    assert_eq!(error.cause().unwrap().code(), ErrorCode(3));
}

#[test]
fn items_are_read_on_demand_and_written_with_base64() {
    let pm = decode(
        r#"{"action":14,"presence":[{"action":2,"data":{"a":[1,-2.5,18446744073709551615,null,true]}}]}"#,
    );
    let items = pm.presence.read().unwrap();
    assert_eq!(items[0].int("action"), Some(2));
    assert_eq!(
        items[0].get("data"),
        Some(&Value::Map(vec![(
            "a".into(),
            Value::List(vec![
                Value::Int(1),
                Value::Float(-2.5),
                Value::Float(18_446_744_073_709_551_615.0),
                Value::Null,
                Value::Bool(true)
            ])
        )]))
    );
    let mut item = Item::new();
    item.set("action", 2);
    item.set("encoding", "cipher+aes-128-cbc");
    item.set("data", Bytes::from_static(&[1, 2, 3]));
    let mut bare = Item::new();
    bare.set("data", Bytes::from_static(&[1, 2, 3]));
    let mut nested = Item::new();
    nested.set("x", "y");
    nested.set("bytes", Bytes::from_static(&[255]));
    let mut pm = ProtocolMessage::new(Action::PRESENCE);
    pm.presence = Items::Values(vec![item, bare, nested]);
    assert_eq!(
        encode(&pm),
        r#"{"action":14,"presence":[{"action":2,"data":"AQID","encoding":"cipher+aes-128-cbc/base64"},{"data":"AQID","encoding":"base64"},{"x":"y","bytes":"/w=="}]}"#
    );
}

#[test]
fn a_comet_body_is_cut_into_its_frames() {
    let body = Bytes::from_static(b" [ {\"action\":0} ,{\"action\":15,\"messages\":[{}]}] ");
    let parts = ably_protocol::json::split_list(&body).unwrap();
    assert_eq!(
        parts,
        [&b"{\"action\":0}"[..], b"{\"action\":15,\"messages\":[{}]}"]
    );
    assert!(
        ably_protocol::json::split_list(&Bytes::from_static(b"[]"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_zero_has_no_sign_as_from_json_stringify() {
    for text in ["-0", "-0.0", "-1e-400", "0e5"] {
        assert_eq!(Value::from_json(text).unwrap().to_json(), "0", "{text}");
    }
    assert_eq!(Value::Float(-0.5).to_json(), "-0.5");
}
