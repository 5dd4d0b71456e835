//! `realtime/integration/proxy/presence_reentry.md`

use crate::live::*;
use ChannelState as C;
use ConnectionState as S;

const PRESENCE: u64 = 14;

/// `client-a` by a JWT, through this session, on this channel.
fn client_a(app: &TestApp, session: &Session, name: &str) -> (Realtime, Channel) {
    let claims = json!({"x-ably-clientId": "client-a"});
    let client = realtime(app.with_jwt(app.through(session), claims));
    let channel = channel(&client, name);
    (client, channel)
}

/// RTP17g: enters with what was stored.
#[track_caller]
fn assert_reentry(frame: &Event) {
    let presence = frame.message()["presence"].as_array().expect("members");
    assert!(!presence.is_empty());
    assert_eq!(presence[0]["clientId"], "client-a");
    assert_eq!(presence[0]["data"], "hello");
    assert_eq!(presence[0]["action"], 2);
}

// UTS: realtime/proxy/RTP17i/reenter-on-non-resumed-0
#[test]
fn rtp17i_an_attached_without_resumed_enters_again() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-rtp17i");
        let session = app.proxy(json!([])).await;
        let (client, channel) = client_a(&app, &session, &name);
        connect(&client).await;
        attach(&channel).await;
        channel.presence().enter("hello").await.expect("entered");
        let before = session.log().frames(To::ClientToServer, PRESENCE).len();
        let message = json!({
            "action": 11, "channel": name, "flags": 0,
            "error": error(91001, 500, "Continuity lost"),
        });
        let inject = json!({"type": "inject_to_client", "message": message});
        session.trigger_action(inject).await.unwrap();
        let more = |log: &Log| log.frames(To::ClientToServer, PRESENCE).len() > before;
        let log = within(s(10), session.wait_for(more)).await;

        let frames = log.frames(To::ClientToServer, PRESENCE);
        assert!(frames.len() > before);
        assert_reentry(frames[frames.len() - 1]);
        assert_eq!(channel.state(), C::Attached);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTP17i/reenter-after-disconnect-1
#[test]
fn rtp17i_a_reconnect_without_resumed_enters_again() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("test-rtp17i-real");
        let session = app
            .proxy(json!([
                {
                    "match": {"type": "delay_after_ws_connect", "delayMs": 3000},
                    "action": {"type": "close"},
                    "times": 1,
                    "comment": "RTP17i: Close WebSocket after 3s to trigger reconnect",
                },
                {
                    "match": {
                        "type": "ws_frame_to_client", "action": "ATTACHED", "channel": name,
                        "count": 2,
                    },
                    "action": {
                        "type": "replace",
                        "message": {
                            "action": 11, "channel": name, "flags": 0,
                            "error": error(91001, 500, "Continuity lost"),
                        },
                    },
                    "times": 1,
                    "comment": "RTP17i: Replace 2nd ATTACHED with non-resumed to trigger re-entry",
                },
            ]))
            .await;
        let (client, channel) = client_a(&app, &session, &name);
        connect(&client).await;
        attach(&channel).await;
        channel.presence().enter("hello").await.expect("entered");
        await_state(&client, S::Disconnected, s(10)).await;
        await_state(&client, S::Connected, s(15)).await;
        await_channel(&channel, C::Attached, s(15)).await;

        // What the client sent after its second connection attempt: the log's order says so more
        // exactly than its timestamps.
        let reentries = |log: &Log| {
            let is_connect = |event: &&Event| matches!(event.what, What::WsConnect { .. });
            let second = log.events.iter().filter(is_connect).nth(1)?;
            let at = log
                .events
                .iter()
                .position(|event| std::ptr::eq(event, second))?;
            let after = Log {
                events: log.events[at + 1..].to_vec(),
                forgotten: 0,
            };
            let frames = after.frames(To::ClientToServer, PRESENCE);
            let frames: Vec<Event> = frames.into_iter().cloned().collect();
            (!frames.is_empty()).then_some(frames)
        };
        let log = within(s(10), session.wait_for(|log| reentries(log).is_some())).await;
        let frames = reentries(&log).expect("a re-entry");
        assert!(!frames.is_empty());
        assert_reentry(&frames[0]);
        await_channel(&channel, C::Attached, s(15)).await;
        assert_eq!(channel.state(), C::Attached);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}
