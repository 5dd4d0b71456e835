//! What several targets share.

use ably_msgpack::MsgPackCodec;
use ably_protocol::{
    Codec, Data, Format, Frame, Item, Items, ProtocolMessage, Value, json::JsonCodec,
};
use bytes::{Bytes, BytesMut};

/// The codec of a format.
pub fn codec(format: Format) -> &'static dyn Codec {
    match format {
        Format::Json => &JsonCodec,
        _ => &MsgPackCodec,
    }
}

/// Reads a frame.
pub fn decode(format: Format, bytes: &[u8]) -> Option<ProtocolMessage> {
    let bytes = Bytes::copy_from_slice(bytes);
    let frame = match format {
        Format::Json => Frame::Text(bytes),
        _ => Frame::Binary(bytes),
    };
    codec(format).decode(&frame).ok()
}

/// Writes a frame; what was read can be written.
pub fn encode(format: Format, message: &ProtocolMessage) -> Bytes {
    let mut out = BytesMut::new();
    let written = codec(format).encode(message, &mut out);
    written.expect("what was read can be written");
    out.freeze()
}

/// Reads the parts that only a behaviour reads; `None` when one of them cannot be read.
pub fn read_items(message: &ProtocolMessage) -> Option<[Vec<Item>; 3]> {
    let read = |items: &Items| items.read().ok();
    Some([
        read(&message.presence)?,
        read(&message.annotations)?,
        read(&message.state)?,
    ])
}

/// The JSON of a frame without what formats may spell in two ways: white space, and numbers.
pub fn canonical(frame: &[u8]) -> String {
    let text = std::str::from_utf8(frame).expect("JSON is UTF-8");
    same_numbers(Value::from_json(text).expect("JSON")).to_json()
}

/// The value with large integers as the floats that JavaScript has for them: as text, they have
/// the digits that tell them from others and no more.
pub fn same_numbers(value: Value) -> Value {
    match value {
        Value::Int(int) if int.unsigned_abs() > 1 << 53 => Value::Float(int as f64),
        Value::List(items) => Value::List(items.into_iter().map(same_numbers).collect()),
        Value::Map(fields) => {
            let fields = fields.into_iter();
            Value::Map(fields.map(|(name, v)| (name, same_numbers(v))).collect())
        }
        other => other,
    }
}

/// Checks what must hold of every frame that could be read in `format`.
pub fn check_frame(format: Format, bytes: &[u8]) {
    let Some(message) = decode(format, bytes) else {
        return;
    };
    let _printed = format!("{message:?}");
    let Some(items) = read_items(&message) else {
        // What cannot be read cannot be passed on, and leaves nothing half written.
        let mut out = BytesMut::from(&b"before"[..]);
        assert!(codec(format).encode(&message, &mut out).is_err());
        assert_eq!(&out[..], b"before");
        return;
    };
    let messages = message.messages.len();

    // Written and read again it is the same, whatever came.
    let written = encode(format, &message);
    let again = decode(format, &written).expect("what was written can be read");
    assert_eq!(written, encode(format, &again));
    assert_eq!(messages, again.messages.len());
    let heads = [&message, &again].map(head);
    assert_eq!(heads[0], heads[1]);
    for (one, other) in items.iter().zip(read_items(&again).expect("items")) {
        assert_eq!(one.len(), other.len());
    }

    // The other format says the same, as seen from JSON.
    let other = match format {
        Format::Json => Format::MsgPack,
        _ => Format::Json,
    };
    let crossed = encode(other, &message);
    let crossed = decode(other, &crossed).expect("what was written can be read");
    let json = [&message, &crossed].map(|m| canonical(&encode(Format::Json, m)));
    assert_eq!(json[0], json[1]);

    for item in items.iter().flatten() {
        read_item(item);
    }
    let mut filled = message;
    filled.fill_from_parent();
    for message in &filled.messages {
        let _size = message.data.len();
        if let Data::Json(json) = &message.data {
            let _any = json.parse::<serde_json::Value>();
        }
    }
}

/// Reads an item as everything that it may be.
pub fn read_item(item: &Item) {
    let _message = ably_protocol::Message::from_item(item);
    let _presence = ably_protocol::PresenceMessage::from_item(item);
    let _annotation = ably_protocol::Annotation::from_item(item);
    let _size = item.size();
}

fn head(message: &ProtocolMessage) -> String {
    let ProtocolMessage {
        action,
        flags,
        id,
        channel,
        channel_serial,
        connection_id,
        msg_serial,
        count,
        timestamp,
        error,
        params,
        connection_details,
        ..
    } = message;
    format!(
        "{:?}",
        (
            (action, flags, id, channel, channel_serial, connection_id),
            (
                msg_serial,
                count,
                timestamp,
                error,
                params,
                connection_details
            ),
        )
    )
}
