//! What the server sends, made of the server's own types so that no client's mistake is shared.

use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::Failure;

pub(crate) const HEARTBEAT: u8 = 0;
pub(crate) const ACK: u8 = 1;
pub(crate) const CONNECTED: u8 = 4;
pub(crate) const CLOSE: u8 = 7;
pub(crate) const CLOSED: u8 = 8;
pub(crate) const ATTACH: u8 = 10;
pub(crate) const ATTACHED: u8 = 11;
pub(crate) const DETACH: u8 = 12;
pub(crate) const DETACHED: u8 = 13;
pub(crate) const MESSAGE: u8 = 15;

/// All that is read of what a client sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) action: u8,
    pub(crate) channel: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) msg_serial: Option<u64>,
}

/// An answer to a request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) action: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel_serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) msg_serial: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flags: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_details: Option<Details>,
}

/// What a client is told about its connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    connection_key: &'static str,
    max_message_size: u32,
    max_frame_size: u32,
    max_inbound_rate: u32,
    connection_state_ttl: u32,
    max_idle_interval: u32,
    server_id: &'static str,
}

pub(crate) const DETAILS: Details = Details {
    connection_key: "key-of-C1",
    max_message_size: 65_536,
    max_frame_size: 262_144,
    max_inbound_rate: 1_000,
    connection_state_ttl: 120_000,
    max_idle_interval: 15_000,
    server_id: "replay",
};

/// A frame of messages, with the fields in the order in which the service sends them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Flood<'a> {
    action: u8,
    channel: &'a str,
    id: &'a str,
    connection_id: &'a str,
    channel_serial: &'a str,
    timestamp: i64,
    messages: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    data: &'a str,
    serial: &'a str,
    version: &'a str,
    action: u8,
}

/// The frames that carry `messages` messages on a channel, `per_frame` in each.
pub(crate) fn flood(
    channel: &str,
    messages: usize,
    per_frame: usize,
    binary: bool,
) -> Result<Vec<Frame>, Failure> {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(3);
    let data = &text[..100];
    let mut frames = Vec::with_capacity(messages / per_frame + 1);
    for number in 0..messages.div_ceil(per_frame) {
        let timestamp = 1_732_000_000_000 + number as i64;
        let id = format!("C1:{number}");
        let place = format!("{timestamp:014}-{:03}@abcdefghij", number % 1000);
        let serials: Vec<String> = (0..per_frame).map(|i| format!("{place}:{i:03}")).collect();
        let last = serials.last().map_or("", String::as_str);
        let left = messages - number * per_frame;
        let items = serials.iter().take(left);
        let items = items.map(|serial| Item {
            name: "event",
            data,
            serial,
            version: serial,
            action: 0,
        });
        let flood = Flood {
            action: MESSAGE,
            channel,
            id: &id,
            connection_id: "C1",
            channel_serial: last,
            timestamp,
            messages: items.collect(),
        };
        frames.push(encode(&flood, binary)?);
    }
    Ok(frames)
}

pub(crate) fn encode(message: &impl Serialize, binary: bool) -> Result<Frame, Failure> {
    Ok(match binary {
        true => Frame::binary(rmp_serde::to_vec_named(message)?),
        false => Frame::text(serde_json::to_string(message)?),
    })
}

pub(crate) fn decode(frame: &Frame) -> Result<Option<Request>, Failure> {
    Ok(match frame {
        Frame::Text(text) => Some(serde_json::from_str(text)?),
        Frame::Binary(bytes) => Some(rmp_serde::from_slice(bytes)?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_looks_as_the_service_sends_it() {
        let frames = flood("bench", 3, 2, false).unwrap();
        assert_eq!(frames.len(), 2);
        let text = frames[1].to_text().unwrap();
        let start = r#"{"action":15,"channel":"bench","id":"C1:1","connectionId":"C1","channelSerial":"01732000000001-001@abcdefghij:001","timestamp":1732000000001,"messages":[{"name":"event","data":"The quick"#;
        assert!(text.starts_with(start), "{text}");
        let end = r#","serial":"01732000000001-001@abcdefghij:000","version":"01732000000001-001@abcdefghij:000","action":0}]}"#;
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn binary_frames_are_maps_with_the_same_keys() {
        let frames = flood("bench", 1, 1, true).unwrap();
        let value: serde_json::Value =
            rmp_serde::from_slice(&frames[0].clone().into_data()).unwrap();
        assert_eq!(value["action"], 15);
        assert_eq!(value["messages"][0]["data"].as_str().unwrap().len(), 100);
    }
}
