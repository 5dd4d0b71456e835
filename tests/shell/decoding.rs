//! What messages come out as.

use ably_base::{
    DecodeFailure, LogLevel, MessageMeta, PayloadEncoding, PayloadStep, Plugin, Plugins,
    engine::Entropy, protocol::Payload,
};

use crate::peer::*;

/// What a message of this data and encoding comes out as.
fn decoded(p: &Peer, data: Value, encoding: &str) -> (Data, Option<String>) {
    let mut stream = p.channel.subscribe(());
    p.deliver(json!([{"name": "n", "data": data, "encoding": encoding}]));
    let message = stream.try_next().expect("delivered").expect("a message");
    let encoding = message.encoding.as_deref().map(str::to_owned);
    (message.data.clone(), encoding)
}

#[test]
fn rsl6b_what_cannot_be_decoded_is_delivered_with_what_is_left() {
    let p = Peer::new().connect().attach();
    let some = |s: &str| Some(s.to_owned());
    let text = |s: &str| Data::from(s);
    // "{bad" and [0xff] in base64
    let cases = [
        (("!!!", "base64"), (text("!!!"), some("base64"))),
        (("!!!", "json/base64"), (text("!!!"), some("json/base64"))),
        (
            ("/w==", "utf-8/base64"),
            (Data::from(&[0xff]), some("utf-8")),
        ),
        (
            ("/w==", "json/utf-8/base64"),
            (Data::from(&[0xff]), some("json/utf-8")),
        ),
        (("{bad", "json"), (text("{bad"), some("json"))),
        (
            ("e2JhZA==", "json/utf-8/base64"),
            (text("{bad"), some("json")),
        ),
        (
            ("AAEC", "utf-8/cipher+aes-256-cbc/base64"),
            (Data::from(&[0, 1, 2]), some("utf-8/cipher+aes-256-cbc")),
        ),
    ];
    for (n, ((data, encoding), expected)) in cases.into_iter().enumerate() {
        assert_eq!(decoded(&p, json!(data), encoding), expected, "{encoding}");
        let errors = p.log.records();
        let errors = errors.iter().filter(|r| r.level == LogLevel::Error);
        assert_eq!(errors.count(), n + 1, "{encoding} is logged");
    }
    assert_eq!(p.channel.state(), ChannelState::Attached);
    // And the next is not harmed.
    assert_eq!(
        decoded(&p, json!("aGk="), "utf-8/base64"),
        (text("hi"), None)
    );
}

#[test]
fn unknown_encodings_are_left_as_they_are() {
    let p = Peer::new().connect().attach();
    let some = |s: &str| Some(s.to_owned());
    let cases = [
        (("as is", "zip"), (Data::from("as is"), some("zip"))),
        (
            ("as is", "json/zip"),
            (Data::from("as is"), some("json/zip")),
        ),
        (
            ("AAEC", "zip/base64"),
            (Data::from(&[0, 1, 2]), some("zip")),
        ),
        (
            ("aGk=", "zip/utf-8/base64"),
            (Data::from("hi"), some("zip")),
        ),
    ];
    for ((data, encoding), expected) in cases {
        assert_eq!(decoded(&p, json!(data), encoding), expected, "{encoding}");
    }
}

#[test]
fn one_message_that_cannot_be_decoded_does_not_stop_its_neighbours() {
    let p = Peer::new().connect().attach();
    let mut stream = p.channel.subscribe(());
    p.deliver(json!([
        {"data": "{\"a\":1}", "encoding": "json"},
        {"data": "{bad", "encoding": "json"},
        {"data": "[2]", "encoding": "json"},
    ]));
    let all: Vec<_> = std::iter::from_fn(|| stream.try_next())
        .map(Result::unwrap)
        .collect();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].data.as_json().unwrap().as_str(), "{\"a\":1}");
    assert_eq!(all[1].data, "{bad");
    assert_eq!(all[1].encoding.as_deref(), Some("json"));
    assert_eq!(all[2].data.as_json().unwrap().as_str(), "[2]");
}

#[test]
fn what_is_published_comes_encoded() {
    let p = Peer::new().connect();
    let sent = |data: Data| {
        let _publish = p.channel.publish("n", data);
        p.rt.run_until_idle();
        let frames = p.ws.client_messages_of(action::MESSAGE);
        let message = &frames.last().unwrap()["messages"][0];
        (message["data"].clone(), message["encoding"].clone())
    };
    assert_eq!(sent("text".into()), (json!("text"), Value::Null));
    assert_eq!(
        sent(Data::from(&[0, 1, 2])),
        (json!("AAEC"), json!("base64"))
    );
    let array = Data::json(&[1, 2]).unwrap();
    assert_eq!(sent(array), (json!("[1,2]"), json!("json")));
    assert_eq!(sent(Data::None), (Value::Null, Value::Null));
    assert_eq!(sent("".into()), (json!(""), Value::Null));
    // RSL4a
    let number = Message::unnamed(Data::Json(JsonText::new("5").unwrap()));
    let error = p.verdict(vec![number]).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(40013), 400));
}

/// An encoding `fragile` that can only be understood between messages `hello` and `bye`.
struct Fragile(bool);

impl Plugin for Fragile {
    fn id(&self) -> &'static str {
        "Fragile"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(Fragile(false)));
        Ok(())
    }
}

impl PayloadEncoding for Fragile {
    fn id(&self) -> &'static str {
        "Fragile"
    }

    fn handles(&self, step: &str) -> bool {
        step == "fragile"
    }

    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Ok(Some(Box::new(Fragile(false))))
    }
}

impl PayloadStep for Fragile {
    fn decode(
        &mut self,
        _: &str,
        _: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let error = || ErrorInfo::new(ErrorCode(40018), 400, "no hello before");
        if self.0 {
            Ok(())
        } else {
            Err(DecodeFailure::Recover(error()))
        }
    }

    fn encode(
        &mut self,
        _: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        Ok(None)
    }

    fn observe(&mut self, wire: &Payload, _: &str, _: &MessageMeta<'_>) {
        match wire.as_bytes() {
            b"hello" => self.0 = true,
            b"bye" => self.0 = false,
            _ => {}
        }
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        self.0 = false;
    }
}

/// Cannot work on any channel.
struct Unwilling;

impl Plugin for Unwilling {
    fn id(&self) -> &'static str {
        "Unwilling"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(Unwilling));
        Ok(())
    }
}

impl PayloadEncoding for Unwilling {
    fn id(&self) -> &'static str {
        "Unwilling"
    }

    fn handles(&self, step: &str) -> bool {
        step == "unwilling"
    }

    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Err(ErrorInfo::new(ErrorCode(40013), 400, "no table in memory"))
    }
}

#[test]
fn an_encoding_that_cannot_open_is_told_or_left_out() {
    let (rt, log) = (VirtualRuntime::new(), LogCapture::default());
    let client = BaseRealtime::new(
        ClientOptions::with_key("app.key:secret")
            .auto_connect(false)
            .log_handler(log.clone())
            .plugin(rt.clone())
            .plugin(MockWebSocket::new())
            .plugin(Unwilling),
    )
    .unwrap();
    let channels = client.channels();
    let error = channels
        .get_with("asked", ChannelOptions::new())
        .unwrap_err();
    assert_eq!(error.message(), "no table in memory");
    assert!(!channels.exists("asked"));
    rt.run_until_idle();
    assert!(!log.contains(LogLevel::Error, "Unwilling"));

    assert_eq!(channels.get("room").name(), "room");
    rt.run_until_idle();
    let said = "Unwilling takes no part in room";
    assert!(log.contains(LogLevel::Error, said), "{:?}", log.records());
    assert!(log.contains(LogLevel::Error, "no table in memory"));
}

/// A peer that attaches with these serials and flags, in turn.
fn attaching_at(serials: &'static [(&'static str, u32)]) -> Peer {
    let p = Peer::with(|o| o.plugin(Fragile(false)));
    let ws = p.ws.clone();
    p.ws.set_on_message(move |m, conn| {
        let n = ws.client_messages_of(action::ATTACH).len();
        if m["action"] == action::ATTACH {
            let (serial, flags) = serials[n - 1];
            conn.send_to_client(json!({
                "action": action::ATTACHED, "channel": "room",
                "channelSerial": serial, "flags": flags,
            }));
        }
    });
    p.connect().attach()
}

fn deliver_at(p: &Peer, serial: &str, data: &str, encoding: Value) {
    p.send(json!({
        "action": action::MESSAGE, "channel": "room", "channelSerial": serial,
        "messages": [{"data": data, "encoding": encoding}],
    }));
}

#[test]
fn rtl18c_decoding_starts_anew_where_continuity_began() {
    const RESUMED: u32 = 1 << 2;
    let p = attaching_at(&[
        ("s0", 0),
        ("s0", RESUMED),
        ("s3", RESUMED),
        ("s7", 0),
        ("s7", 0),
    ]);
    let attached_from = || -> Vec<Value> {
        let attaches = p.ws.client_messages_of(action::ATTACH);
        attaches
            .iter()
            .map(|m| m["channelSerial"].clone())
            .collect()
    };
    let (_, log) = p.listen(());
    // The first message already: from where the channel was attached.
    deliver_at(&p, "s1", "x", json!("fragile"));
    assert_eq!(p.channel.state(), ChannelState::Attached);
    assert_eq!(attached_from(), [Value::Null, json!("s0")]);
    deliver_at(&p, "s1", "hello", Value::Null);
    deliver_at(&p, "s2", "y", json!("fragile"));
    deliver_at(&p, "s3", "bye", Value::Null);
    assert_eq!(heard(&log), ["hello", "y", "bye"]);
    // From the last message, not from what is no message.
    p.send(json!({"action": action::ANNOTATION, "channel": "room", "channelSerial": "s4"}));
    deliver_at(&p, "s5", "z", json!("fragile"));
    assert_eq!(attached_from()[2..], [json!("s3")]);
    // Attached anew without continuity: not from a message before that.
    p.send(json!({"action": action::DETACHED, "channel": "room"}));
    assert_eq!(p.channel.state(), ChannelState::Attached);
    assert_eq!(attached_from()[3..], [json!("s3")]);
    deliver_at(&p, "s8", "z", json!("fragile"));
    assert_eq!(attached_from()[4..], [json!("s7")]);
    assert_eq!(heard(&log), ["hello", "y", "bye"]);
}
