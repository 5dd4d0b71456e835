//! Publishing.

use std::future::IntoFuture;

use ably_base::{ChannelOptions, Data, JsonText};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};

use crate::support::*;

fn publish(rt: &VirtualRuntime, publish: ably_rest::Publish) -> Result<(), ErrorInfo> {
    rt.wait(publish.into_future())
}

#[test]
fn rsl1_name_and_data_go_as_a_list_of_one() {
    let http = always(created());
    let (rt, rest) = client(&http);
    publish(
        &rt,
        rest.channels().get("a/b c").publish("greeting", "hello"),
    )
    .unwrap();
    let sent = http.last();
    assert_eq!(
        (&*sent.method, &*sent.path),
        ("POST", "/channels/a%2Fb%20c/messages")
    );
    let body = sent.json();
    let message = &body[0];
    assert_eq!(body.as_array().unwrap().len(), 1);
    assert_eq!(
        (&message["name"], &message["data"]),
        (&json!("greeting"), &json!("hello"))
    );
    assert_eq!(message.get("clientId"), None);
    assert!(sent.query.is_empty());
}

#[test]
fn rsl4_data_of_each_kind_in_both_formats() {
    let json_data = JsonText::new(r#"{"a": [1.50]}"#).unwrap();
    let messages = || {
        vec![
            Message::new("text", "t"),
            Message::new("json", json_data.clone()),
            Message::new("bytes", &[0u8, 255]),
            Message::new("none", ()),
        ]
    };
    let rt = VirtualRuntime::new();
    let http = always(created());
    let rest = BaseRest::new(options(&rt, &http)).unwrap();
    publish(&rt, rest.channels().get("c").publish_messages(messages())).unwrap();
    let body = http.last().json();
    let shape = |i: usize| (body[i]["data"].clone(), body[i]["encoding"].clone());
    assert_eq!(shape(0), (json!("t"), Value::Null));
    assert_eq!(shape(1), (json!(r#"{"a": [1.50]}"#), json!("json")));
    assert_eq!(shape(2), (json!("AP8="), json!("base64")));
    assert_eq!(shape(3), (Value::Null, Value::Null));

    let rest = BaseRest::new(options(&rt, &http).plugin(ably_msgpack::MsgPack)).unwrap();
    publish(&rt, rest.channels().get("c").publish_messages(messages())).unwrap();
    let body = rmpv::decode::read_value(&mut &http.last().body[..]).unwrap();
    let field = |i: usize, name: &str| {
        let map = body[i].as_map().unwrap();
        let found = map.iter().find(|(n, _)| n.as_str() == Some(name));
        found.map(|(_, v)| v.clone())
    };
    assert_eq!(field(1, "data"), Some(r#"{"a": [1.50]}"#.into()));
    assert_eq!(field(1, "encoding"), Some("json".into()));
    assert_eq!(field(2, "data"), Some(rmpv::Value::Binary(vec![0, 255])));
    assert_eq!(field(2, "encoding"), None);
}

#[test]
fn rsl1k1_messages_without_an_id_get_one_each_that_a_retry_keeps() {
    let http = MockHttp::replying([Reply::error(500, 50000), created()]);
    let (rt, rest) = client(&http);
    let channel = rest.channels().get("c");
    let three = || {
        vec![
            Message::new("n", "d"),
            Message::new("n", "d"),
            Message::new("n", "d"),
        ]
    };
    publish(&rt, channel.publish_messages(three())).unwrap();
    let sent = http.requests();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    let body = sent[0].json();
    let base = body[0]["id"]
        .as_str()
        .unwrap()
        .strip_suffix(":0")
        .unwrap()
        .to_owned();
    assert_eq!(base.len(), 12, "9 bytes in base64");
    for i in 0..3 {
        assert_eq!(body[i]["id"], json!(format!("{base}:{i}")));
    }
    publish(&rt, channel.publish_messages(three())).unwrap();
    assert_ne!(http.last().json()[0]["id"], json!(format!("{base}:0")));
}

#[test]
fn rsl1k_ids_are_left_alone_when_one_is_given_or_the_option_is_off() {
    let rt = VirtualRuntime::new();
    let http = always(created());
    let rest = BaseRest::new(options(&rt, &http)).unwrap();
    let some = vec![Message::new("n", "d").id("mine"), Message::new("n", "d")];
    publish(&rt, rest.channels().get("c").publish_messages(some)).unwrap();
    let body = http.last().json();
    assert_eq!((&body[0]["id"], body[1].get("id")), (&json!("mine"), None));
    let off = options(&rt, &http).idempotent_rest_publishing(false);
    let rest = BaseRest::new(off).unwrap();
    publish(&rt, rest.channels().get("c").publish("n", "d")).unwrap();
    assert_eq!(http.last().json()[0].get("id"), None);
}

#[test]
fn rsl1l_parameters_go_into_the_query() {
    let http = always(created());
    let (rt, rest) = client(&http);
    let waiting = rest.channels().get("c").publish("n", "d");
    publish(&rt, waiting.param("_forceNack", true).param("n", 3)).unwrap();
    let sent = http.last();
    assert_eq!(
        (sent.query("_forceNack"), sent.query("n")),
        (Some("true"), Some("3"))
    );
}

#[test]
fn rsl1i_too_much_is_refused_before_it_is_sent() {
    let rt = VirtualRuntime::new();
    let http = always(created());
    let rest = BaseRest::new(options(&rt, &http).max_message_size(100)).unwrap();
    let channel = rest.channels().get("c");
    publish(&rt, channel.publish("n", "x".repeat(99))).unwrap();
    let error = publish(&rt, channel.publish("n", "x".repeat(100))).unwrap_err();
    assert_eq!(
        (error.code(), error.status_code()),
        (ErrorCode::MESSAGE_TOO_LARGE, 400)
    );
    let together = vec![
        Message::new("n", "x".repeat(60)),
        Message::new("n", "x".repeat(60)),
    ];
    let error = publish(&rt, channel.publish_messages(together)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(http.requests().len(), 1);
}

#[test]
fn rsl1m_a_client_id_is_kept_as_given_and_refused_when_it_is_not_ours() {
    let rt = VirtualRuntime::new();
    let http = always(created());
    let named = BaseRest::new(options(&rt, &http).client_id("me")).unwrap();
    let claim = |id: &str| Message::new("n", "d").client_id(id.to_owned());
    let try_as = |rest: &BaseRest, id: &str| {
        publish(&rt, rest.channels().get("c").publish_message(claim(id)))
    };
    try_as(&named, "me").unwrap();
    assert_eq!(http.last().json()[0]["clientId"], json!("me"));
    assert_eq!(
        try_as(&named, "you").unwrap_err().code(),
        ErrorCode::INVALID_CLIENT_ID
    );
    let anonymous = BaseRest::new(options(&rt, &http)).unwrap();
    try_as(&anonymous, "anyone").unwrap();
    assert_eq!(
        try_as(&anonymous, "*").unwrap_err().code(),
        ErrorCode::INVALID_CLIENT_ID
    );
    assert_eq!(http.requests().len(), 2);
}

#[test]
fn rsl5_with_a_cipher_no_plain_text_leaves() {
    let rt = VirtualRuntime::new();
    let http = always(created());
    let rest = BaseRest::new(options(&rt, &http).plugin(Crypto)).unwrap();
    let cipher = ChannelOptions::new().cipher(CipherParamOptions::new(vec![7u8; 16]));
    let channel = rest.channels().get_with("c", cipher.clone()).unwrap();
    publish(&rt, channel.publish("n", "a secret")).unwrap();
    let body = http.last().json();
    assert_eq!(
        body[0]["encoding"],
        json!("utf-8/cipher+aes-128-cbc/base64")
    );
    assert!(!String::from_utf8_lossy(&http.last().body).contains("a secret"));
    // The same channel by its name alone keeps its cipher.
    publish(&rt, rest.channels().get("c").publish("n", "a secret")).unwrap();
    assert_eq!(http.last().json()[0]["encoding"], body[0]["encoding"]);
    // Without the plugin the option is refused rather than ignored.
    let rest = BaseRest::new(options(&rt, &http)).unwrap();
    let error = rest.channels().get_with("c", cipher.clone()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(!rest.channels().exists("c"));
    let error = rest.channels().get("c").set_options(cipher).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
}

#[test]
fn data_that_cannot_be_sent_and_names_that_cannot_be_asked_for() {
    let http = always(created());
    let (rt, rest) = client(&http);
    let number = Data::Json(JsonText::new("5").unwrap());
    let error = publish(&rt, rest.channels().get("c").publish("n", number)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    for name in ["..", ""] {
        let error = publish(&rt, rest.channels().get(name).publish("n", "d")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_CHANNEL_NAME);
    }
    assert!(http.requests().is_empty());
}

#[test]
fn nothing_is_sent_until_it_is_awaited_and_a_refusal_is_told() {
    let http = always(Reply::error(401, 40160));
    let (rt, rest) = client(&http);
    let waiting = rest.channels().get("c").publish("n", "d");
    rt.run_until_idle();
    assert!(http.requests().is_empty());
    assert_eq!(
        publish(&rt, waiting).unwrap_err().code(),
        ErrorCode::CAPABILITY
    );
}

#[test]
fn rsn_channels_are_kept_by_name() {
    let (_, rest) = client(&MockHttp::new());
    let channels = rest.channels();
    assert!(!channels.exists("a"));
    channels.get("b");
    assert_eq!(channels.get("a").name(), "a");
    let names: Vec<_> = channels.all().iter().map(|c| c.name().to_owned()).collect();
    assert_eq!(names, ["a", "b"]);
    channels.release("a");
    assert!(!channels.exists("a") && channels.exists("b"));
}
