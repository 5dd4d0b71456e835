//! Clients of the facade meet on the sandbox: over plain sockets and TLS, in both formats.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ably::{
    ClientOptions, ConnectionState, ErrorCode, FailureKind, MemoryStorage, PresenceAction,
    Realtime, Rest, TransportError, plugins::rustls::Rustls, prelude::*,
};
use ably_sandbox::{Sandbox, Selector};
use tokio::time::timeout;

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn options(sandbox: &Sandbox) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls_port(sandbox.port())
        .tls(sandbox.is_tls())
}

async fn connected(client: &Realtime) {
    let state = client.connection().when_state(ConnectionState::Connected);
    state.await.expect("connected");
}

/// Two clients, one publishing to the other.
async fn meet(sender: Realtime, receiver: Realtime) {
    let channel = receiver.channels().get("smoke");
    let mut messages = channel.subscribe("greeting");
    channel.attach().await.expect("attached");

    let channel = sender.channels().get("smoke");
    for text in ["one", "two"] {
        let published = channel.publish("greeting", text);
        published.await.expect("acknowledged");
    }
    for text in ["one", "two"] {
        let message = messages.next().await.expect("a message").expect("no gap");
        assert_eq!(message.name.as_deref(), Some("greeting"));
        assert_eq!(message.data, text);
    }

    sender.close();
    let closed = sender.connection().when_state(ConnectionState::Closed);
    closed.await.expect("closed");
}

#[tokio::test]
async fn two_clients_meet_in_each_format() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    for (here, there) in [(false, false), (false, true), (true, true)] {
        let client = |binary| Realtime::new(options(&sandbox).use_binary_protocol(binary));
        let sender = client(here).expect("a client");
        let receiver = client(there).expect("a client");
        let meeting = timeout(PATIENCE, meet(sender, receiver));
        meeting.await.expect("in time");
    }
    sandbox.stop().await;
}

#[test]
fn a_program_that_ended_without_notice_is_gone_on_with() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
    };
    let main = runtime().expect("a runtime");
    let sandbox = main.block_on(Sandbox::start()).expect("the sandbox starts");
    let storage = MemoryStorage::new();
    let client = || {
        let options = options(&sandbox).storage(storage.clone());
        Realtime::new(options.recover_if(|_| true)).expect("a client")
    };

    let program = runtime().expect("a runtime");
    let (last, id) = program.block_on(async {
        let client = client();
        let channel = client.channels().get("going-on");
        channel.attach().await.expect("attached");
        channel.publish("before", "1").await.expect("acknowledged");
        let id = client.connection().id().expect("an id");
        (client, id)
    });
    // Nobody is left to close the connection.
    program.shutdown_background();

    let go_on = async {
        let rest = Rest::new(options(&sandbox)).expect("a client");
        let channel = rest.channels().get("going-on");
        channel.publish("meanwhile", "2").await.expect("published");
        let client = client();
        let channel = client.channels().get("going-on");
        let mut messages = channel.subscribe(());
        connected(&client).await;
        assert_eq!(client.connection().id(), Some(id));
        assert_eq!(client.connection().error_reason(), None);
        channel.attach().await.expect("attached");
        channel.publish("after", "3").await.expect("acknowledged");
        let mut names = Vec::new();
        while names.last().is_none_or(|last| last != "after") {
            let message = messages.next().await.expect("a message").expect("no gap");
            names.push(String::from(message.name.as_deref().expect("a name")));
        }
        // Nothing is lost; what came in the last second may come again.
        let news = names.strip_prefix(&["before".to_owned()]).unwrap_or(&names);
        assert_eq!(news, ["meanwhile", "after"]);
        client.close();
    };
    let went_on = main.block_on(async { timeout(PATIENCE, go_on).await });
    went_on.expect("in time");
    drop(last);
    main.block_on(sandbox.stop());
}

#[test]
fn a_client_whose_runtime_has_gone_answers_with_an_error() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let main = runtime();
    let sandbox = main.block_on(Sandbox::start()).expect("the sandbox starts");
    let program = runtime();
    let (realtime, rest) = program.block_on(async {
        let realtime = Realtime::new(options(&sandbox)).expect("a client");
        connected(&realtime).await;
        let rest = Rest::new(options(&sandbox)).expect("a client");
        let channel = rest.channels().get("gone");
        channel.history(()).await.expect("a page");
        (realtime, rest)
    });
    drop(program);

    let all = async {
        let channel = realtime.channels().get("gone");
        let of_connection = channel.publish("name", "data").await.map(drop);
        let of_realtime = channel.history(()).await.map(drop);
        let channel = rest.channels().get("gone");
        let of_rest = channel.history(()).await.map(drop);
        let published = channel.publish("name", "data").await.map(drop);
        for result in [of_connection, of_realtime, of_rest, published] {
            let error = result.expect_err("no runtime");
            assert_eq!(error.code(), ErrorCode::CONNECTION_CLOSED, "{error}");
            let why = "its runtime was shut down";
            assert!(error.message().contains(why), "{error}");
        }
    };
    let answered = main.block_on(async { timeout(PATIENCE, all).await });
    answered.expect("in time");
    main.block_on(sandbox.stop());
}

/// A sandbox with TLS, and the certificate that it signed itself, in DER.
async fn sandbox_with_tls() -> (Sandbox, Vec<u8>) {
    let names = ["127.0.0.1".to_owned()];
    let own = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let sandbox = Sandbox::builder()
        .tls(own.cert.pem(), own.signing_key.serialize_pem())
        .start()
        .await
        .expect("the sandbox starts");
    (sandbox, own.cert.der().to_vec())
}

#[tokio::test]
async fn two_clients_meet_over_tls() {
    let (sandbox, root) = sandbox_with_tls().await;
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let options = options(&sandbox).plugin(tls);
    let sender = Realtime::new(options.clone()).expect("a client");
    let receiver = Realtime::new(options).expect("a client");
    let meeting = timeout(PATIENCE, meet(sender, receiver));
    meeting.await.expect("in time");
    sandbox.stop().await;
}

#[cfg(feature = "polling")]
#[tokio::test]
async fn two_clients_meet_over_http_with_tls() {
    let (sandbox, root) = sandbox_with_tls().await;
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let options = options(&sandbox).plugin(tls);
    let client = |transport: &str| {
        let options = options.clone().transports([transport]);
        Realtime::new(options).expect("a client")
    };
    let meeting = meet(client("xhr_polling"), client("comet"));
    timeout(PATIENCE, meeting).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_talked_to() {
    let (sandbox, _) = sandbox_with_tls().await;
    let client = Realtime::new(options(&sandbox).plugin(Rustls::bundled_roots()));
    let client = client.expect("a client");
    let disconnected = client
        .connection()
        .when_state(ConnectionState::Disconnected);
    let disconnected = timeout(PATIENCE, disconnected).await.expect("in time");
    disconnected.expect("disconnected");

    let reason = client.connection().error_reason().expect("a reason");
    let mut source = std::error::Error::source(&reason);
    let kind = loop {
        let error = source.expect("the error of the transport");
        if let Some(error) = error.downcast_ref::<TransportError>() {
            break error.kind.clone();
        }
        source = error.source();
    };
    assert_eq!(kind, FailureKind::Tls);
    let key = sandbox.key().rsplit(':').next().expect("a secret");
    assert!(!format!("{reason} {reason:?}").contains(key), "{reason:?}");
    sandbox.stop().await;
}

#[tokio::test]
async fn rest_and_realtime_see_the_same_channel() {
    let (sandbox, root) = sandbox_with_tls().await;
    let run = async {
        let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
        let options = options(&sandbox).plugin(tls);
        let rest = Rest::new(options.clone()).expect("a client");
        let realtime = Realtime::new(options).expect("a client");

        let channel = realtime.channels().get("both");
        let mut messages = channel.subscribe(());
        channel.attach().await.expect("attached");
        let published = rest.channels().get("both");
        published
            .publish("n", "from REST")
            .await
            .expect("published");
        let message = messages.next().await.expect("a message").expect("no gap");
        assert_eq!(message.data, "from REST");
        channel
            .publish("n", "from realtime")
            .await
            .expect("acknowledged");

        let page = published.history(()).await.expect("a page");
        let data: Vec<_> = page.items().iter().map(|m| m.data.clone()).collect();
        assert_eq!(data, ["from realtime", "from REST"]);
        // Both kinds of client send requests.
        let now = rest.time().await.expect("a time");
        let later = realtime.time().await.expect("a time");
        assert!((now..now + 60_000).contains(&later), "{now} {later}");
    };
    timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn presence_comes_with_its_feature() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let run = async {
        let client = Realtime::new(options(&sandbox).client_id("me")).expect("a client");
        let channel = client.channels().get("room");
        let mut events = channel.presence().subscribe(PresenceAction::ENTER);
        channel.attach().await.expect("attached");
        channel.presence().enter("here").await.expect("entered");
        let event = events.next().await.expect("an event").expect("no gap");
        assert_eq!(event.client_id.as_deref(), Some("me"));
    };
    timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_client_comes_back_after_its_socket_is_cut() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let run = async {
        let client = Realtime::new(options(&sandbox)).expect("a client");
        connected(&client).await;
        let id = client.connection().id().expect("an id");

        let mut changes = client.connection().state_changes();
        let cut = sandbox.cut(Selector::ConnectionId(id.to_string()));
        assert_eq!(cut, 1);
        let mut states = Vec::new();
        while states.last() != Some(&ConnectionState::Connected) {
            states.push(changes.next().await.expect("a change").current);
        }
        assert_eq!(
            states,
            [
                ConnectionState::Disconnected,
                ConnectionState::Connecting,
                ConnectionState::Connected
            ]
        );
        assert_eq!(client.connection().id(), Some(id), "it is resumed");
    };
    timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn nothing_that_is_logged_holds_the_key() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = lines.clone();
    let options = options(&sandbox)
        .log_level(ably::LogLevel::Micro)
        .log_handler(move |record: &ably::LogRecord| {
            let line = format!("{record:?}");
            sink.lock().expect("no panic").push(line);
        });
    let client = Realtime::new(options).expect("a client");
    timeout(PATIENCE, connected(&client))
        .await
        .expect("in time");
    sandbox.cut(Selector::All);
    let lost = client.connection().when_state(ConnectionState::Connecting);
    timeout(PATIENCE, lost)
        .await
        .expect("in time")
        .expect("it comes back");

    let secret = sandbox.key().rsplit(':').next().expect("a secret");
    let lines = lines.lock().expect("no panic").clone();
    assert!(!lines.is_empty());
    assert!(!lines.iter().any(|line| line.contains(secret)));
    sandbox.stop().await;
}
