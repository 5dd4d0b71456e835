//! History.

use ably_base::{BaseRealtime, ChannelOptions, Data};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use ably_rest::Direction;
use ably_testkit::{MockWebSocket, action};

use crate::support::*;

#[test]
fn rsl2b_the_query_holds_what_was_asked_for_and_nothing_else() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = client(&http);
    let channel = rest.channels().get("a:b/c");
    let page = rt.wait(channel.history(())).unwrap();
    assert!(page.items().is_empty() && page.is_last());
    assert_eq!(http.last().method, "GET");
    assert_eq!(http.last().path, "/channels/a%3Ab%2Fc/messages");
    assert!(http.last().query.is_empty());
    let query = HistoryQuery::new()
        .start(1)
        .end(2)
        .direction(Direction::Backwards)
        .direction(Direction::Forwards)
        .limit(10)
        .param("other", "x&y");
    rt.wait(channel.history(query)).unwrap();
    let expected = [
        ("direction", "forwards"),
        ("end", "2"),
        ("limit", "10"),
        ("other", "x&y"),
        ("start", "1"),
    ];
    let sent = http.last();
    let sent: Vec<_> = sent.query.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(sent, expected);
}

#[test]
fn rsl2a_messages_come_decoded_with_all_their_fields() {
    let http = always(Reply::json(
        200,
        json!([
            {"id": "i:0", "name": "n", "data": "{\"a\":1}", "encoding": "json", "clientId": "c",
             "connectionId": "x", "timestamp": 5, "version": "v", "extras": {"h": 1}},
            {"data": "AP8=", "encoding": "base64", "action": 1, "timestamp": 6},
            {"data": "?", "encoding": "json"},
            {"data": "AA==", "encoding": "utf-8/cipher+aes-128-cbc/base64"},
        ]),
    ));
    let (rt, rest) = client(&http);
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    let [first, second, third, fourth] = page.items() else {
        panic!("four messages");
    };
    assert_eq!(first.id.as_deref(), Some("i:0"));
    assert_eq!(first.name.as_deref(), Some("n"));
    assert_eq!(first.data.as_json().unwrap().as_str(), "{\"a\":1}");
    assert_eq!(first.encoding, None);
    assert_eq!(first.client_id.as_deref(), Some("c"));
    assert_eq!(first.connection_id.as_deref(), Some("x"));
    assert_eq!((first.timestamp, first.created_at), (Some(5), Some(5)));
    assert_eq!(first.serial.as_deref(), Some("v"));
    assert_eq!(
        first.extras.as_ref().unwrap().as_str(),
        r#"{"h": 1}"#.replace(' ', "")
    );
    assert_eq!(&second.data.as_binary().unwrap()[..], [0, 255]);
    assert_eq!(second.created_at, None);
    // RSL6b: what cannot be decoded is told as it is.
    assert_eq!(
        (third.data.as_text(), third.encoding.as_deref()),
        (Some("?"), Some("json"))
    );
    assert_eq!(fourth.encoding.as_deref(), Some("utf-8/cipher+aes-128-cbc"));
}

#[test]
fn rsl2_what_is_published_with_a_cipher_is_read_with_it() {
    for binary in [false, true] {
        let rt = VirtualRuntime::new();
        let published = Arc::new(std::sync::Mutex::new(None));
        let kept = published.clone();
        let http = MockHttp::answering(move |sent: &SentRequest| {
            let mut kept = kept.lock().unwrap();
            if sent.method == "POST" {
                *kept = Some(sent.body.clone());
                return Some(created());
            }
            let kind = sent.header("accept").unwrap();
            Some(Reply::bytes(200, kind, kept.clone().unwrap()))
        });
        let mut all = options(&rt, &http).plugin(Crypto);
        if binary {
            all = all.plugin(ably_msgpack::MsgPack);
        }
        let rest = BaseRest::new(all).unwrap();
        let options = ChannelOptions::new().cipher(CipherParamOptions::new(vec![7u8; 32]));
        let channel = rest.channels().get_with("c", options).unwrap();
        let data = Data::json(&[1, 2]).unwrap();
        rt.wait(channel.publish("n", data.clone()).into_future())
            .unwrap();
        let page = rt.wait(channel.history(())).unwrap();
        assert_eq!(
            (&page.items()[0].data, &page.items()[0].encoding),
            (&data, &None)
        );
        // Somebody without the key sees nothing of it.
        let other = rest.channels().get("other");
        let page = rt.wait(other.history(())).unwrap();
        let encoding = page.items()[0].encoding.clone();
        assert_eq!(encoding.as_deref(), Some("json/utf-8/cipher+aes-256-cbc"));
    }
}

#[test]
fn a_body_that_is_no_list_of_messages_is_an_error() {
    for body in [json!({"items": []}), json!("x"), json!([1])] {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        let error = rt.wait(rest.channels().get("c").history(())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    }
    let (rt, rest) = client(&always(Reply::empty(204)));
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    assert!(page.items().is_empty());
}

#[test]
fn rtl10_a_realtime_channel_reads_history_until_it_was_attached() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([{"data": "x"}])));
    let ws = MockWebSocket::serving();
    ws.set_on_message(|m, connection| {
        if m["action"] == json!(action::ATTACH) {
            let serial = format!("serial of {}", m["channel"].as_str().unwrap_or_default());
            connection.send_to_client(json!({
                "action": action::ATTACHED, "channel": m["channel"], "channelSerial": serial,
            }));
        } else {
            connection.answer(m);
        }
    });
    let realtime = BaseRealtime::new(options(&rt, &http).plugin(ws)).unwrap();
    let channel = realtime.channels().get("c");
    let until = || HistoryQuery::new().limit(3).until_attach();
    let error = rt.wait(channel.history(until())).unwrap_err();
    assert_eq!(
        (error.code(), error.status_code()),
        (ErrorCode::BAD_REQUEST, 400)
    );
    assert!(http.requests().is_empty());
    rt.wait(channel.attach()).unwrap();
    let page = rt.wait(channel.history(until())).unwrap();
    assert_eq!(page.items()[0].data, "x");
    let sent = http.last();
    assert_eq!(sent.path, "/channels/c/messages");
    assert_eq!(sent.query("from_serial"), Some("serial of c"));
    assert_eq!((sent.query("limit"), sent.query.len()), (Some("3"), 2));
    rt.wait(channel.history(())).unwrap();
    assert!(http.last().query.is_empty());

    // Where it was attached once says nothing.
    rt.wait(channel.detach()).unwrap();
    let error = rt.wait(channel.history(until())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);

    let rest = BaseRest::new(options(&rt, &http)).unwrap();
    let error = rt
        .wait(rest.channels().get("c").history(until()))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
}
