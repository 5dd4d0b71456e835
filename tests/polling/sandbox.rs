//! Over real HTTP, with the sandbox: what a client does over each of the transports, beside one that
//! does it over a WebSocket.

use std::future::Future;

use ably_base::{ChannelOptions, Data, JsonText, Message, PresenceAction, Subscription};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use ably_http::Http;
use ably_msgpack::MsgPack;
use ably_polling::{Comet, XhrPolling};
use ably_presence::{ChannelPresence, RealtimePresence};
use ably_rest::{History, HistoryQuery};
use ably_sandbox::{Limits, Sandbox};
use ably_websocket::WebSocketTransport;
use tokio::time::timeout;

use crate::support::*;

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
const BURST: usize = 400;

/// How the client at the other end connects.
#[derive(Clone, Copy, Debug)]
enum Other {
    Json,
    MsgPack,
    Http(Kind),
}

const OTHERS: [Other; 4] = [
    Other::Json,
    Other::MsgPack,
    Other::Http(Kind::Polling),
    Other::Http(Kind::Streaming),
];

fn options(sandbox: &Sandbox, client_id: &str) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .client_id(client_id)
        .plugin(ably_tokio::Tokio)
        .plugin(Http::new())
        .plugin(RealtimePresence)
        .plugin(Crypto)
}

fn over(kind: Kind, options: ClientOptions) -> ClientOptions {
    match kind {
        // The client's format is for REST then.
        Kind::Polling => options.plugin(MsgPack).plugin(XhrPolling),
        Kind::Streaming => options.plugin(Comet),
    }
}

async fn connect(options: ClientOptions) -> BaseRealtime {
    let client = BaseRealtime::new(options).unwrap();
    wait_for(&client, S::Connected).await;
    client
}

async fn connect_other(sandbox: &Sandbox, other: Other) -> BaseRealtime {
    let options = options(sandbox, "other");
    connect(match other {
        Other::Json => options.plugin(WebSocketTransport),
        Other::MsgPack => options.plugin(WebSocketTransport).plugin(MsgPack),
        Other::Http(kind) => over(kind, options),
    })
    .await
}

async fn wait_for(client: &BaseRealtime, state: S) {
    in_time(client.connection().when_state(state))
        .await
        .unwrap();
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("in time")
}

async fn subscribe(channel: &Channel) -> Subscription {
    let mut messages = channel.subscribe(());
    in_time(messages.attached()).await.unwrap();
    messages
}

async fn next(messages: &mut Subscription) -> Arc<Message> {
    in_time(messages.next())
        .await
        .expect("more")
        .expect("no gap")
}

fn datas() -> Vec<Data> {
    vec![
        Data::from("text é \u{1f600}\n"),
        Data::from(JsonText::new(r#"{"a":[1,"é",null]}"#).unwrap()),
        Data::from(&[0_u8, 1, 255]),
        Data::from(()),
    ]
}

#[tokio::test]
async fn messages_of_all_kinds_go_both_ways() {
    for kind in KINDS {
        for other in OTHERS {
            let sandbox = Sandbox::start().await.unwrap();
            let here = connect(over(kind, options(&sandbox, "here"))).await;
            let there = connect_other(&sandbox, other).await;
            for cipher in [None, Some(CipherParamOptions::new(vec![7_u8; 32]))] {
                let name = format!("room-{}", cipher.is_some());
                let channel = |client: &BaseRealtime| {
                    let options = ChannelOptions::new();
                    let options = match &cipher {
                        Some(cipher) => options.cipher(cipher.clone()),
                        None => options,
                    };
                    client.channels().get_with(&name, options).unwrap()
                };
                let (here, there) = (channel(&here), channel(&there));
                let mut heard_here = subscribe(&here).await;
                let mut heard_there = subscribe(&there).await;
                for (from, who) in [(&here, "here"), (&there, "other")] {
                    for data in datas() {
                        in_time(from.publish("name", data.clone())).await.unwrap();
                        for heard in [&mut heard_here, &mut heard_there] {
                            let message = next(heard).await;
                            assert_eq!(message.data, data, "{kind:?} {other:?}");
                            assert_eq!(message.name.as_deref(), Some("name"));
                            assert_eq!(message.client_id.as_deref(), Some(who));
                        }
                    }
                }
            }
            sandbox.stop().await;
        }
    }
}

#[tokio::test]
async fn many_messages_keep_their_order() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let here = connect(over(kind, options(&sandbox, "here"))).await;
        let there = connect_other(&sandbox, Other::MsgPack).await;
        let [to, from] = [&here, &there].map(|c| c.channels().get("many"));
        let (to, from) = (to, from);
        for (publisher, subscriber) in [(&from, &to), (&to, &from)] {
            let mut heard = subscribe(subscriber).await;
            let publishes: Vec<_> = (0..BURST)
                .map(|n| publisher.publish(n.to_string(), "x".repeat(500)))
                .collect();
            for n in 0..BURST {
                assert_eq!(next(&mut heard).await.name, Some(n.to_string().into()));
            }
            for published in publishes {
                in_time(published).await.unwrap();
            }
        }
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn presence_is_seen_and_ends_with_the_connection() {
    for kind in KINDS {
        for other in OTHERS {
            let sandbox = Sandbox::start().await.unwrap();
            let here = connect(over(kind, options(&sandbox, "here"))).await;
            let there = connect_other(&sandbox, other).await;
            let [mine, theirs] = [&here, &there].map(|c| c.channels().get("room"));
            let mut events = theirs.presence().subscribe(());
            in_time(events.attached()).await.unwrap();
            in_time(mine.presence().enter("hello")).await.unwrap();
            let event = in_time(events.next()).await.unwrap().unwrap();
            assert_eq!(event.action, PresenceAction::ENTER);
            assert_eq!(event.client_id.as_deref(), Some("here"));
            assert_eq!(event.data, "hello");
            in_time(theirs.presence().enter("you too")).await.unwrap();
            let event = in_time(events.next()).await.unwrap().unwrap();
            assert_eq!(event.client_id.as_deref(), Some("other"));
            let members = in_time(mine.presence().get(())).await.unwrap();
            let mut names: Vec<_> = members
                .iter()
                .map(|m| m.client_id.clone().unwrap())
                .collect();
            names.sort();
            assert_eq!(names, ["here", "other"]);
            here.close();
            wait_for(&here, S::Closed).await;
            let event = in_time(events.next()).await.unwrap().unwrap();
            assert_eq!(event.action, PresenceAction::LEAVE, "{kind:?} {other:?}");
            assert_eq!(event.client_id.as_deref(), Some("here"));
            sandbox.stop().await;
        }
    }
}

#[tokio::test]
async fn history_reaches_up_to_where_the_channel_was_attached() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let here = connect(over(kind, options(&sandbox, "here"))).await;
        let there = connect_other(&sandbox, Other::Json).await;
        let [mine, theirs] = [&here, &there].map(|c| c.channels().get("past"));
        in_time(theirs.publish("1", "before")).await.unwrap();
        in_time(mine.attach()).await.unwrap();
        in_time(mine.publish("2", "after")).await.unwrap();
        let names = async |query: HistoryQuery| {
            let page = in_time(mine.history(query)).await.unwrap();
            let names = page.items().iter().map(|m| m.name.clone().unwrap());
            names.map(|n| n.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(HistoryQuery::new()).await, ["2", "1"]);
        assert_eq!(names(HistoryQuery::new().until_attach()).await, ["1"]);
        sandbox.stop().await;
    }
}

/// Reads a burst while what `cut` names is cut, again and again: nothing is lost, nothing twice.
async fn burst(sandbox: &Sandbox, from: &BaseRealtime, to: &BaseRealtime, cut: &str) {
    let [from, to] = [from, to].map(|c| c.channels().get("burst"));
    let mut heard = subscribe(&to).await;
    let publish = async {
        for n in 0..BURST {
            in_time(from.publish(n.to_string(), "x")).await.unwrap();
        }
    };
    let read = async {
        let mut cuts = 0;
        for n in 0..BURST {
            assert_eq!(next(&mut heard).await.name, Some(n.to_string().into()));
            if [50, 150, 300].contains(&n) {
                cuts += sandbox.cut(cut);
            }
        }
        assert!(cuts > 0, "nothing was cut");
    };
    tokio::join!(publish, read);
    in_time(from.publish("end", "x")).await.unwrap();
    assert_eq!(next(&mut heard).await.name.as_deref(), Some("end"));
    assert!(heard.try_next().is_none());
}

#[tokio::test]
async fn a_subscriber_that_is_cut_resumes_without_loss() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let here = connect(over(kind, options(&sandbox, "here"))).await;
        let there = connect_other(&sandbox, Other::MsgPack).await;
        let id = here.connection().id();
        burst(&sandbox, &there, &here, "here").await;
        assert_eq!(here.connection().id(), id, "{kind:?}");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_publisher_that_is_cut_resumes_without_loss() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let here = connect(over(kind, options(&sandbox, "here"))).await;
        let there = connect_other(&sandbox, Other::MsgPack).await;
        let id = here.connection().id();
        burst(&sandbox, &here, &there, "here").await;
        assert_eq!(here.connection().id(), id, "{kind:?}");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn streams_that_end_all_the_time_lose_nothing() {
    let limits = Limits {
        comet_stream: 30,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder().limits(limits).start().await.unwrap();
    let here = connect(over(Kind::Streaming, options(&sandbox, "here"))).await;
    let there = connect_other(&sandbox, Other::Http(Kind::Streaming)).await;
    let [from, to] = [&here, &there].map(|c| c.channels().get("room"));
    let mut heard = subscribe(&to).await;
    for n in 0..BURST {
        in_time(from.publish(n.to_string(), "x")).await.unwrap();
        assert_eq!(next(&mut heard).await.name, Some(n.to_string().into()));
    }
    assert!(heard.try_next().is_none());
    for client in [&here, &there] {
        assert!(client.connection().error_reason().is_none());
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn closing_ends_the_connection_at_the_server() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let here = connect(over(kind, options(&sandbox, "here"))).await;
        assert_eq!(sandbox.connections().len(), 1);
        here.close();
        wait_for(&here, S::Closed).await;
        assert_eq!(sandbox.connections().len(), 0, "{kind:?}");
        here.connect();
        wait_for(&here, S::Connected).await;
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_key_fails_the_connection() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let wrong = format!("{}x", sandbox.key());
        let options = over(kind, options(&sandbox, "here").key(wrong));
        let here = BaseRealtime::new(options).unwrap();
        wait_for(&here, S::Failed).await;
        let error = here.connection().error_reason().unwrap();
        assert_eq!((error.code().0, error.status_code()), (40101, 401));
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_token_is_renewed_in_place() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let issuer = BaseRealtime::new(
            options(&sandbox, "here")
                .plugin(ably_token::Token)
                .plugin(WebSocketTransport)
                .auto_connect(false),
        );
        let issuer = issuer.unwrap();
        let issued = Arc::new(Mutex::new(0));
        let count = issued.clone();
        let here = ClientOptions::new()
            .endpoint(sandbox.host())
            .port(sandbox.port())
            .tls(false)
            .plugin(ably_tokio::Tokio)
            .plugin(Http::new())
            .auth_callback(move |_: TokenParams| {
                *count.lock().unwrap() += 1;
                let auth = issuer.auth();
                async move { auth.request_token(None, None).await.map(Credential::Token) }
            });
        let here = connect(over(kind, here)).await;
        let id = here.connection().id();
        let channel = here.channels().get("room");
        let mut heard = subscribe(&channel).await;
        in_time(here.auth().authorize(None, None)).await.unwrap();
        assert_eq!(*issued.lock().unwrap(), 2);
        in_time(channel.publish("n", "x")).await.unwrap();
        assert_eq!(next(&mut heard).await.data, "x");
        assert_eq!(here.connection().id(), id);
        assert_eq!(here.connection().state(), S::Connected);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn one_socket_for_rest_is_enough() {
    for kind in KINDS {
        let sandbox = Sandbox::start().await.unwrap();
        let few = ably_base::RestAgentOptions::new().max_sockets(1);
        let options = options(&sandbox, "here").rest_agent_options(few);
        let here = connect(over(kind, options)).await;
        let channel = here.channels().get("room");
        in_time(channel.publish("n", "x")).await.unwrap();
        let page = in_time(channel.history(HistoryQuery::new())).await.unwrap();
        assert_eq!(page.items().len(), 1);
        sandbox.stop().await;
    }
}
