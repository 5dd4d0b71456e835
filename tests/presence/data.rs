//! Data and extras of members, and the channel's encoding chain.

use ably_base::{
    DecodeFailure, JsonText, MessageMeta, PayloadEncoding, PayloadStep, engine::Entropy,
    protocol::Payload,
};

use crate::support::*;

/// Reverses bytes and calls it `rev`; refuses to encode what begins with `!`, to decode what does.
struct Reverse;

impl PayloadEncoding for Reverse {
    fn id(&self) -> &'static str {
        "Reverse"
    }
    fn handles(&self, step: &str) -> bool {
        step == "rev"
    }
    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Ok(Some(Box::new(Self)))
    }
}

fn refusal() -> ErrorInfo {
    ErrorInfo::new(ErrorCode(4711), 400, "no")
}

impl PayloadStep for Reverse {
    fn decode(
        &mut self,
        _: &str,
        data: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let mut bytes = data.as_bytes().to_vec();
        if bytes.starts_with(b"!") {
            return Err(DecodeFailure::Recover(refusal()));
        }
        bytes.reverse();
        *data = Payload::Binary(bytes.into());
        Ok(())
    }

    fn encode(
        &mut self,
        data: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        let mut bytes = data.as_bytes().to_vec();
        if bytes.starts_with(b"!") {
            return Err(refusal());
        }
        bytes.reverse();
        Ok(Some((Payload::Binary(bytes.into()), "utf-8/rev".into())))
    }
}

fn reversing() -> World {
    let w = World::with(MockWebSocket::serving(), |mut o| {
        o.plugins_mut().add_encoding(Arc::new(Reverse));
        o.client_id("me")
    });
    w.attach();
    w.listen();
    w
}

/// A member of this connection with data as on the wire.
fn own(data: Value, encoding: &str) -> Value {
    json!({
        "action": ENTER, "clientId": "me", "connectionId": "connection-id",
        "id": "connection-id:0:0", "timestamp": 1, "data": data, "encoding": encoding,
    })
}

#[test]
fn rtp8e_json_bytes_and_extras_are_encoded_as_in_messages() {
    let w = World::attached();
    let extras = JsonText::new(r#"{"headers":{"a":"b"}}"#).unwrap();
    for data in [
        PresenceData::new(Data::json(&[1, 2]).unwrap()).extras(extras),
        PresenceData::from(&[0u8, 255]),
        PresenceData::from(()),
    ] {
        w.rt.wait(w.presence().enter(data)).unwrap();
    }
    let sent = w.sent();
    let items: Vec<_> = sent.iter().map(|m| m["presence"][0].clone()).collect();
    assert_eq!(
        items,
        [
            json!({
                "action": 2, "data": "[1,2]", "encoding": "json",
                "extras": {"headers": {"a": "b"}},
            }),
            json!({"action": 2, "data": "AP8=", "encoding": "base64"}),
            json!({"action": 2}),
        ]
    );
}

#[test]
fn data_goes_through_the_channels_chain_both_ways() {
    let w = reversing();
    w.rt.wait(w.presence().enter("abc")).unwrap();
    let item = &w.sent()[0]["presence"][0];
    assert_eq!(item["data"], "Y2Jh");
    assert_eq!(item["encoding"], "utf-8/rev/base64");
    w.send_presence(&[own(json!("Y2Jh"), "utf-8/rev/base64")]);
    let members = w.rt.wait(w.presence().get(())).unwrap();
    assert_eq!(members[0].data, "abc");
    assert_eq!(members[0].encoding, None);
    assert_eq!(w.told(), ["enter me"]);
}

#[test]
fn data_that_cannot_be_encoded_is_not_sent_and_attaches_nothing() {
    let w = World::with(MockWebSocket::serving(), |mut o| {
        o.plugins_mut().add_encoding(Arc::new(Reverse));
        o.client_id("me")
    });
    w.connect();
    assert_eq!(code(w.rt.wait(w.presence().enter("!x"))), 4711);
    let scalar = Data::Json(JsonText::new("5").unwrap());
    assert_eq!(code(w.rt.wait(w.presence().enter(scalar))), 40013);
    assert_eq!(w.sent().len(), 0);
    assert_eq!(w.channel.state(), ChannelState::Initialized);
}

#[test]
fn data_that_cannot_be_decoded_comes_as_it_is_and_goes_back_as_it_came() {
    let w = reversing();
    w.send_presence(&[own(json!("IXg="), "utf-8/rev/base64")]);
    assert_eq!(w.told(), ["enter me"]);
    assert_eq!(w.channel.state(), ChannelState::Attached);
    let members = w.rt.wait(w.presence().get(())).unwrap();
    assert_eq!(members[0].data, Data::from(b"!x"));
    assert_eq!(members[0].encoding.as_deref(), Some("utf-8/rev"));
    w.send_attached(0);
    let item = &w.sent()[0]["presence"][0];
    assert_eq!(item["data"], "IXg=");
    assert_eq!(item["encoding"], "utf-8/rev/base64");
}
