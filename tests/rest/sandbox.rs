//! Over real sockets, against the sandbox.

use ably_base::{BaseRealtime, ChannelOptions, Data, JsonText};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use ably_http::Http;
use ably_rest::{Direction, RestPresenceApi};
use ably_sandbox::Sandbox;

use crate::support::*;

/// Against a hanging test; nothing here waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn options(sandbox: &Sandbox, binary: bool) -> ClientOptions {
    let options = ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .plugin(ably_tokio::Tokio)
        .plugin(Http::new())
        .plugin(Crypto);
    if binary {
        options.plugin(ably_msgpack::MsgPack)
    } else {
        options
    }
}

pub(crate) async fn with_both_formats(test: impl AsyncFn(&Sandbox, ClientOptions)) {
    for binary in [false, true] {
        let sandbox = Sandbox::start().await.expect("the sandbox starts");
        let run = test(&sandbox, options(&sandbox, binary));
        tokio::time::timeout(PATIENCE, run).await.expect("in time");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn the_time_is_about_now() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let told = rest.time().await.unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        assert!((now - told).abs() < 60_000, "{told} is not about {now}");
    })
    .await;
}

#[tokio::test]
async fn what_is_published_is_in_the_history() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let cipher = ChannelOptions::new().cipher(CipherParamOptions::new(vec![9u8; 32]));
        let json_data = Data::from(JsonText::new(r#"{"a":[1,"é"]}"#).unwrap());
        let kinds = [
            Data::from("text é"),
            json_data,
            Data::from(&[0u8, 1, 255]),
            Data::from(()),
        ];
        for (name, options) in [("plain: a/b?", ChannelOptions::new()), ("secret", cipher)] {
            let channel = rest.channels().get_with(name, options).unwrap();
            for data in &kinds {
                channel.publish("n", data.clone()).await.unwrap();
            }
            let forwards = HistoryQuery::new().direction(Direction::Forwards);
            let page = channel.history(forwards).await.unwrap();
            let read: Vec<_> = page.items().iter().map(|m| m.data.clone()).collect();
            assert_eq!(read, kinds, "{name}");
            for message in page.items() {
                assert_eq!(
                    (message.encoding.clone(), message.name.as_deref()),
                    (None, Some("n"))
                );
                assert!(message.timestamp.is_some() && message.serial.is_some());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_hold_every_message_once_and_in_order() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let channel = rest.channels().get("pages");
        let all: Vec<_> = (0..25).map(|n| Message::new("n", n.to_string())).collect();
        channel.publish_messages(all).await.unwrap();
        let query = HistoryQuery::new().direction(Direction::Forwards).limit(10);
        let page = channel.history(query).await.unwrap();
        assert_eq!(page.items().len(), 10);
        let two = page.next().await.unwrap().unwrap();
        let three = two.next().await.unwrap().unwrap();
        assert_eq!((three.items().len(), three.is_last()), (5, true));
        let again = three.first().await.unwrap();
        assert_eq!(again.items()[0].data, "0");
        let mut stream = again.into_stream();
        for n in 0..25 {
            let message = stream.next().await.unwrap().unwrap();
            assert_eq!(message.data, *n.to_string());
        }
        assert!(stream.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_id_published_twice_is_one_message() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let channel = rest.channels().get("twice");
        for _ in 0..3 {
            let message = Message::new("n", "d").id("same");
            channel.publish_message(message).await.unwrap();
        }
        assert_eq!(channel.history(()).await.unwrap().items().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn refusals_carry_the_servers_code() {
    with_both_formats(async |sandbox, options| {
        let wrong = format!("{}x", sandbox.key());
        let rest = BaseRest::new(options.key(wrong)).unwrap();
        let error = rest.channels().get("c").history(()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::WRONG_CREDENTIAL, 401)
        );
        let secret = sandbox.key().split_once(':').unwrap().1;
        assert!(!format!("{error:?} {error}").contains(secret));
    })
    .await;
}

#[tokio::test]
async fn a_realtime_channel_reads_what_came_before_it_attached() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options.clone()).unwrap();
        rest.channels()
            .get("c")
            .publish("n", "before")
            .await
            .unwrap();
        let realtime =
            BaseRealtime::new(options.plugin(ably_websocket::WebSocketTransport)).unwrap();
        let channel = realtime.channels().get("c");
        channel.attach().await.unwrap();
        rest.channels()
            .get("c")
            .publish("n", "after")
            .await
            .unwrap();
        let all = channel.history(()).await.unwrap();
        let texts = |page: &ably_rest::PaginatedResult<Arc<Message>>| {
            let texts = page.items().iter().filter_map(|m| m.data.as_text());
            texts.map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(texts(&all), ["after", "before"]);
        let until = channel
            .history(HistoryQuery::new().until_attach())
            .await
            .unwrap();
        assert_eq!(texts(&until), ["before"]);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_present_where_nobody_entered() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let presence = rest.channels().get("empty").presence();
        assert!(presence.get(()).await.unwrap().items().is_empty());
        assert!(presence.history(()).await.unwrap().items().is_empty());
    })
    .await;
}
