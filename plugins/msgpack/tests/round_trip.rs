//! Anything that can be sent comes back the same, in both formats.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use ably_msgpack::MsgPackCodec;
use ably_protocol::{
    Action, Codec, Data, ErrorCode, ErrorInfo, Flags, Format, Frame, Item, Items, JsonText,
    Message, MessageAction, Operation, ProtocolMessage, Str, Value, json::JsonCodec,
};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = Str> {
    prop_oneof!["[a-z]{0,8}", ".{0,40}", "\\PC{20,60}", any::<String>()].prop_map(Str::from)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1000i64..1000).prop_map(Value::Int),
        // A whole float is an integer on the wire.
        any::<f64>()
            .prop_filter("finite and broken", |f| f.is_finite() && f.fract() != 0.0)
            .prop_map(Value::Float),
        text().prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 16, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            prop::collection::btree_map(text(), inner, 0..8)
                .prop_map(|m| Value::Map(m.into_iter().collect())),
        ]
    })
}

fn json() -> impl Strategy<Value = JsonText> {
    prop::collection::btree_map(text(), value(), 0..4)
        .prop_map(|m| JsonText::new(Value::Map(m.into_iter().collect()).to_json()).unwrap())
}

fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        Just(Data::None),
        text().prop_map(Data::Text),
        prop::collection::vec(any::<u8>(), 0..400).prop_map(Data::from),
    ]
}

prop_compose! {
    fn message()(
        texts in prop::array::uniform7(prop::option::of(text())),
        encoding in prop::option::of(prop_oneof![Just("utf-8"), Just("json/cipher+aes-256-cbc")]),
        data in data(),
        numbers in prop::array::uniform2(prop::option::of(any::<i64>())),
        jsons in prop::array::uniform2(prop::option::of(json())),
        action in any::<u8>(),
        metadata in prop::option::of(prop::collection::btree_map(text(), text(), 0..20)),
    ) -> Message {
        let mut m = Message::unnamed(data);
        let [id, name, client_id, connection_id, connection_key, serial, version] = texts;
        (m.id, m.name, m.client_id, m.connection_id) = (id, name, client_id, connection_id);
        (m.connection_key, m.serial, m.version) = (connection_key, serial, version);
        m.encoding = encoding.map(Str::from);
        [m.timestamp, m.created_at] = numbers;
        [m.extras, m.summary] = jsons;
        m.action = MessageAction(action);
        m.operation = metadata.map(|metadata| {
            let mut op = Operation::default();
            op.client_id = m.name.clone();
            op.metadata = metadata;
            Arc::new(op)
        });
        m
    }
}

prop_compose! {
    fn protocol_message()(
        action in any::<u8>(),
        flags in any::<u32>(),
        texts in prop::array::uniform4(prop::option::of(text())),
        numbers in prop::array::uniform2(prop::option::of(any::<i64>())),
        count in prop::option::of(any::<u32>()),
        error in prop::option::of((any::<u32>(), any::<u16>(), any::<String>())),
        params in prop::option::of(prop::collection::btree_map(text(), text(), 0..20)),
        messages in prop::collection::vec(message(), 0..3),
        items in prop::option::of(prop::collection::vec(
            prop::collection::btree_map(text(), value(), 0..18), 0..3)),
    ) -> ProtocolMessage {
        let mut pm = ProtocolMessage::new(Action(action));
        pm.flags = Flags(flags.into());
        [pm.id, pm.channel, pm.channel_serial, pm.connection_id] = texts;
        [pm.msg_serial, pm.timestamp] = numbers;
        pm.count = count;
        pm.error = error.map(|(code, status, m)| ErrorInfo::new(ErrorCode(code), status, m));
        pm.params = params.map(Box::new);
        pm.messages = messages.into_iter().map(Arc::new).collect();
        if let Some(items) = items {
            pm.presence = Items::Values(
                items.into_iter().map(|m| Item::from_fields(m.into_iter().collect())).collect(),
            );
        }
        pm
    }
}

/// The message as it is before the text format's base64.
fn normal(m: &Message, format: Format) -> Message {
    let mut m = m.clone();
    if format == Format::Json {
        if let Some(steps) = m.encoding.as_deref().and_then(|e| e.strip_suffix("base64")) {
            let steps = steps.trim_end_matches('/');
            let bytes = unbase64(m.data.as_text().unwrap());
            m.encoding = (!steps.is_empty()).then(|| steps.into());
            m.data = Data::from(bytes);
        }
    }
    m.extras = m.extras.map(canonical);
    m.summary = m.summary.map(canonical);
    m
}

fn canonical(json: JsonText) -> JsonText {
    JsonText::new(Value::from_json(json.as_str()).unwrap().to_json()).unwrap()
}

fn unbase64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0u32;
    let mut out = Vec::new();
    for (i, c) in text.bytes().filter(|c| *c != b'=').enumerate() {
        bits = bits << 6 | DIGITS.iter().position(|d| *d == c).unwrap() as u32;
        if i % 4 > 0 {
            out.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    out
}

fn frame(codec: &dyn Codec, pm: &ProtocolMessage) -> Frame {
    let mut out = BytesMut::from(&b"before"[..]);
    codec.encode(pm, &mut out).unwrap();
    let bytes: Bytes = out.freeze().slice(6..);
    Frame::Binary(bytes)
}

fn same(a: &ProtocolMessage, b: &ProtocolMessage, format: Format) -> Result<(), TestCaseError> {
    let head = |p: &ProtocolMessage| {
        format!(
            "{:?}",
            (
                p.action,
                p.flags,
                &p.id,
                &p.channel,
                &p.channel_serial,
                &p.connection_id,
                p.msg_serial,
                p.timestamp,
                p.count,
                &p.error,
                &p.params
            )
        )
    };
    prop_assert_eq!(head(a), head(b));
    prop_assert_eq!(a.messages.len(), b.messages.len());
    for (x, y) in a.messages.iter().zip(&b.messages) {
        prop_assert_eq!(normal(x, Format::MsgPack), normal(y, format));
    }
    prop_assert_eq!(a.presence.is_none(), b.presence.is_none());
    prop_assert_eq!(a.presence.read().unwrap(), b.presence.read().unwrap());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn protocol_messages_survive_both_formats(pm in protocol_message()) {
        for codec in [&JsonCodec as &dyn Codec, &MsgPackCodec] {
            let back = codec.decode(&frame(codec, &pm)).unwrap();
            same(&pm, &back, codec.format())?;
            // What was received in either format can be sent on in MessagePack.
            let again = MsgPackCodec.decode(&frame(&MsgPackCodec, &back)).unwrap();
            same(&pm, &again, codec.format())?;
        }
    }

    #[test]
    fn values_survive_both_formats(value in value()) {
        for codec in [&JsonCodec as &dyn Codec, &MsgPackCodec] {
            let mut out = BytesMut::new();
            codec.encode_value(&value, &mut out).unwrap();
            prop_assert_eq!(codec.decode_value(&out.freeze()).unwrap(), value.clone());
        }
    }
}

#[test]
fn maps_and_lists_longer_than_a_short_head_keep_their_members() {
    for len in [15usize, 16, 17, 0xffff, 0x1_0000] {
        let map = Value::Map(
            (0..len)
                .map(|i| (i.to_string().into(), Value::Int(i as i64)))
                .collect(),
        );
        for value in [map, Value::List(vec![Value::Null; len])] {
            let mut out = BytesMut::new();
            let nested = Value::List(vec![value]);
            MsgPackCodec.encode_value(&nested, &mut out).unwrap();
            assert!(
                MsgPackCodec.decode_value(&out.freeze()).unwrap() == nested,
                "{len}"
            );
        }
    }
    for len in [31usize, 32, 255, 256, 0xffff, 0x1_0000] {
        let list = Value::List(vec![
            "x".repeat(len).as_str().into(),
            Value::Binary(vec![1u8; len].into()),
        ]);
        let mut out = BytesMut::new();
        MsgPackCodec.encode_value(&list, &mut out).unwrap();
        assert!(
            MsgPackCodec.decode_value(&out.freeze()).unwrap() == list,
            "{len}"
        );
    }
}

#[test]
fn a_whole_float_goes_out_as_an_integer_unless_it_is_too_large() {
    for (float, bytes) in [
        (3.0, &[3][..]),
        (-1.0, &[0xff]),
        (-0.0, &[0]),
        (1e15, &[0xcf, 0, 3, 0x8d, 0x7e, 0xa4, 0xc6, 0x80, 0]),
        (
            1e300,
            &[0xcb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0x00, 0x75, 0x9c],
        ),
    ] {
        let mut out = BytesMut::new();
        MsgPackCodec
            .encode_value(&Value::Float(float), &mut out)
            .unwrap();
        assert_eq!(out, bytes, "{float}");
    }
}
