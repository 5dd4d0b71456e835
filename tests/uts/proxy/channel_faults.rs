//! `realtime/integration/proxy/channel_faults.md`

use crate::live::*;
use ChannelState as C;
use ConnectionState as S;

const ATTACH: u64 = 10;

// UTS: realtime/proxy/RTL4f/attach-timeout-suppressed-0
#[test]
fn rtl4f_an_attach_that_is_not_answered_times_out() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL4f");
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_frame_to_server", "action": "ATTACH", "channel": name},
                "action": {"type": "suppress"},
                "comment": "RTL4f: Suppress ATTACH so server never responds",
            }]))
            .await;
        let options = app.through_with_jwt(&session);
        let client = realtime(options.realtime_request_timeout(s(3)));
        let channel = channel(&client, &name);
        let changes = record_channel(&channel);
        connect(&client).await;
        let attach = channel.attach();
        await_channel(&channel, C::Attaching, s(5)).await;
        await_channel(&channel, C::Suspended, s(15)).await;
        let error = attach.await.expect_err("timed out");

        assert_eq!(channel.state(), C::Suspended);
        assert_eq!(error.code(), ErrorCode::CHANNEL_TIMEOUT);
        assert_in_order(&channel_states(&changes), &[C::Attaching, C::Suspended]);
        assert_eq!(client.connection().state(), S::Connected);
        let log = session.log();
        let frames = sent(&log, ATTACH, &name);
        assert!(!frames.is_empty());
        for frame in frames {
            let rule = frame.rule_matched.as_deref();
            assert_eq!(
                rule,
                Some("RTL4f: Suppress ATTACH so server never responds")
            );
        }
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTL14/error-on-attach-0
#[test]
fn rtl14_an_error_in_place_of_attached_fails_the_channel() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL14-error-on-attach");
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_frame_to_client", "action": "ATTACHED", "channel": name},
                "action": {
                    "type": "replace",
                    "message": {
                        "action": 9, "channel": name,
                        "error": error(40160, 403, "Not permitted"),
                    },
                },
                "times": 1,
                "comment": "RTL14: Replace ATTACHED with channel ERROR",
            }]))
            .await;
        let client = realtime(app.through_with_jwt(&session));
        let channel = channel(&client, &name);
        let changes = record_channel(&channel);
        connect(&client).await;
        let error = channel.attach().await.expect_err("refused");
        await_channel(&channel, C::Failed, s(10)).await;

        assert_eq!(channel.state(), C::Failed);
        let reason = channel.error_reason().expect("a reason");
        assert_eq!((reason.code().0, reason.status_code()), (40160, 403));
        assert_eq!(error.code().0, 40160);
        assert_in_order(&channel_states(&changes), &[C::Attaching, C::Failed]);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTL5f/detach-timeout-suppressed-0
#[test]
fn rtl5f_a_detach_that_is_not_answered_times_out() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL5f");
        let session = app.proxy(json!([])).await;
        let options = app.through_with_jwt(&session);
        let client = realtime(options.realtime_request_timeout(s(3)));
        let channel = channel(&client, &name);
        connect(&client).await;
        attach(&channel).await;
        let changes = record_channel(&channel);
        let rules = json!([{
            "match": {"type": "ws_frame_to_server", "action": "DETACH", "channel": name},
            "action": {"type": "suppress"},
            "comment": "RTL5f: Suppress DETACH so server never responds",
        }]);
        session.add_rules(rules, Position::Prepend).unwrap();
        let detach = channel.detach();
        await_channel(&channel, C::Detaching, s(5)).await;
        await_channel(&channel, C::Attached, s(15)).await;
        let error = detach.await.expect_err("timed out");

        assert_eq!(channel.state(), C::Attached);
        assert_eq!(error.code(), ErrorCode::CHANNEL_TIMEOUT);
        assert_in_order(&channel_states(&changes), &[C::Detaching, C::Attached]);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}

/// A passthrough session, and a client attached to a channel through it.
async fn attached(app: &TestApp, name: &str) -> (Session, Realtime, Channel) {
    let session = app.proxy(json!([])).await;
    let client = realtime(app.through_with_jwt(&session));
    let channel = channel(&client, name);
    connect(&client).await;
    attach(&channel).await;
    (session, client, channel)
}

// UTS: realtime/proxy/RTL13a/unsolicited-detach-reattach-0
#[test]
fn rtl13a_a_channel_that_the_server_detaches_attaches_again() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL13a");
        let (session, client, channel) = attached(&app, &name).await;
        let changes = record_channel(&channel);
        // It is attached now, so waiting begins with the state that it leaves for.
        let leaves = channel.when_state(C::Attaching);
        let message = json!({
            "action": 13, "channel": name, "error": error(90198, 500, "Channel detached by server"),
        });
        let inject = json!({"type": "inject_to_client", "message": message});
        session.trigger_action(inject).await.unwrap();
        let change = within(s(15), leaves).await.unwrap().expect("a change");
        await_channel(&channel, C::Attached, s(15)).await;

        assert_eq!(channel.state(), C::Attached);
        assert_in_order(&channel_states(&changes), &[C::Attaching, C::Attached]);
        // ATTACHING comes with the error of the DETACHED.
        assert_eq!(change.reason.expect("a reason").code().0, 90198);
        assert_eq!(client.connection().state(), S::Connected);
        assert!(sent(&session.log(), ATTACH, &name).len() >= 2);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTL14/channel-error-goes-failed-1
#[test]
fn rtl14_an_error_for_an_attached_channel_fails_it() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL14");
        let (session, client, channel) = attached(&app, &name).await;
        let changes = record_channel(&channel);
        let message = json!({
            "action": 9, "channel": name, "error": error(40160, 403, "Not permitted"),
        });
        let inject = json!({"type": "inject_to_client", "message": message});
        session.trigger_action(inject).await.unwrap();
        await_channel(&channel, C::Failed, s(10)).await;

        assert_eq!(channel.state(), C::Failed);
        let reason = channel.error_reason().expect("a reason");
        assert_eq!((reason.code().0, reason.status_code()), (40160, 403));
        assert!(reason.message().contains("Not permitted"));
        assert_eq!(channel_states(&changes), [C::Failed]);
        assert_eq!(changes.all()[0].previous, C::Attached);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTL12/attached-non-resumed-update-0
#[test]
fn rtl12_an_attached_without_resumed_is_an_update() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-RTL12");
        let (session, client, channel) = attached(&app, &name).await;
        let (updates, attacheds) = (Recorder::new(), Recorder::new());
        let sink = attacheds.clone();
        channel.on(ChannelEvent::State(C::Attached), move |c| {
            sink.push(c.clone())
        });
        let sink = updates.clone();
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut tell = Some(tell);
        channel.on(ChannelEvent::Update, move |c| {
            sink.push(c.clone());
            if let Some(tell) = tell.take() {
                let _ = tell.send(());
            }
        });
        let message = json!({
            "action": 11, "channel": name, "flags": 0,
            "error": error(91001, 500, "Continuity lost"),
        });
        let inject = json!({"type": "inject_to_client", "message": message});
        session.trigger_action(inject).await.unwrap();
        within(s(10), told).await.expect("an update");

        let updates: Vec<ChannelStateChange> = updates.all();
        let [update] = &updates[..] else {
            panic!("one update: {updates:?}")
        };
        assert_eq!(update.current, C::Attached);
        assert_eq!(update.previous, C::Attached);
        assert!(!update.resumed);
        let reason = update.reason.as_ref().expect("a reason");
        assert_eq!((reason.code().0, reason.status_code()), (91001, 500));
        assert!(reason.message().contains("Continuity lost"));
        assert_eq!(attacheds.all(), [] as [ChannelStateChange; 0]);
        assert_eq!(channel.state(), C::Attached);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTL3d/channels-reattach-on-reconnect-0
#[test]
fn rtl3d_channels_attach_again_after_a_reconnect() {
    run(async {
        let app = TestApp::start().await;
        let (name_a, name_b) = (unique("test-RTL3d-a"), unique("test-RTL3d-b"));
        let session = app.proxy(json!([])).await;
        let client = realtime(app.through_with_jwt(&session));
        let (a, b) = (channel(&client, &name_a), channel(&client, &name_b));
        connect(&client).await;
        attach(&a).await;
        attach(&b).await;
        let (changes_a, changes_b) = (record_channel(&a), record_channel(&b));
        let attached = [&a, &b].map(|c| (c.when_state(C::Attaching), c.state_changes()));
        let disconnected = await_state(&client, S::Disconnected, s(10));
        session
            .trigger_action(json!({"type": "close"}))
            .await
            .unwrap();
        disconnected.await;
        await_state(&client, S::Connected, s(30)).await;
        // Both are attached still when the connection is back, so waiting begins with what the
        // reconnect does to them.
        for (attaching, mut changes) in attached {
            within(s(15), attaching).await.unwrap();
            let attached =
                async { while changes.next().await.expect("a change").current != C::Attached {} };
            within(s(15), attached).await;
        }

        for (channel, changes) in [(&a, &changes_a), (&b, &changes_b)] {
            assert_eq!(channel.state(), C::Attached);
            assert_in_order(&channel_states(changes), &[C::Attaching, C::Attached]);
        }
        assert_eq!(client.connection().state(), S::Connected);
        let log = session.log();
        assert!(sent(&log, ATTACH, &name_a).len() >= 2);
        assert!(sent(&log, ATTACH, &name_b).len() >= 2);
        close(&client).await;
    });
}
