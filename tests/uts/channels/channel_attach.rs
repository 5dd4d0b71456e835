//! `realtime/unit/channels/channel_attach.md`

use ably_base::ChannelMode;

use super::common::*;

// UTS: realtime/unit/RTL4a/already-attached-noop-0
#[test]
fn rtl4a_attach_when_attached_does_nothing() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL4a");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    assert_eq!(w.rt.wait(channel.attach()).unwrap(), None);
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 1);
}

// UTS: realtime/unit/RTL4h/attach-while-attaching-0
#[test]
fn rtl4h_attach_while_attaching_waits_for_it() {
    let w = World::connected(MockWebSocket::accepting());
    let channel = w.channel("test-RTL4h");
    let first = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let second = channel.attach();
    w.send(attached("test-RTL4h"));
    let first = w.rt.wait(first).unwrap().expect("a change");
    let second = w.rt.wait(second).unwrap().expect("a change");
    assert_eq!(first.current, ChannelState::Attached);
    assert_eq!(second, first);
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 1);
}

// UTS: realtime/unit/RTL4h/attach-while-detaching-1
// DEVIATION: as in ably-js 2.12.0 the attach supersedes the detach, which ends with 90000; the case
// wants the detach to succeed first. The attach ends well, as the case wants.
#[test]
fn rtl4h_attach_while_detaching_supersedes_the_detach() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL4h-detaching");
    w.attach(&channel);
    let detach = channel.detach();
    w.await_channel(&channel, ChannelState::Detaching);
    let changes = record_channel(&channel);
    let attach = channel.attach();
    w.ws.send_to_client(detached("test-RTL4h-detaching"));
    let error = w.rt.wait(detach).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90000), 409));
    w.rt.wait(attach).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 2);
    let attached = [ChannelState::Attaching, ChannelState::Attached];
    assert_eq!(states(&changes), attached);
}

// UTS: realtime/unit/RTL4g/attach-from-failed-0
#[test]
fn rtl4g_attach_from_failed_clears_the_error() {
    let attempts = AtomicUsize::new(0);
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if !is(m, action::ATTACH) {
            return;
        }
        if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            let denied = json!({"code": 40160, "message": "Denied"});
            conn.send_to_client(channel_error("test-RTL4g", denied));
        } else {
            conn.answer(m);
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL4g");
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    assert_eq!(channel.state(), ChannelState::Failed);
    assert_eq!(channel.error_reason(), Some(error));
    let attach = channel.attach();
    assert_eq!(channel.error_reason(), None);
    w.rt.wait(attach).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(channel.error_reason(), None);
}

// UTS: realtime/unit/RTL4b/fails-connection-closed-0
#[test]
fn rtl4b_attach_fails_when_closed() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL4b-closed");
    w.close();
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CONNECTION_CLOSED);
    assert_eq!(channel.state(), ChannelState::Initialized);
}

// UTS: realtime/unit/RTL4b/fails-connection-failed-1
#[test]
fn rtl4b_attach_fails_when_failed() {
    let ws = MockWebSocket::new().on_attempt(|a| {
        let conn = a.respond_with_connected(connected("connection-id", "connection-key"));
        let fatal = json!({"code": 80000, "message": "Fatal error"});
        conn.send_to_client_and_close(connection_error(fatal));
    });
    let w = World::new(ws);
    let channel = w.channel("test-RTL4b-failed");
    w.client.connect();
    w.await_connection(ConnectionState::Failed);
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CONNECTION_FAILED);
    assert_eq!(error.message(), "Fatal error");
    assert_eq!(channel.state(), ChannelState::Initialized);
}

// UTS: realtime/unit/RTL4b/fails-connection-suspended-2
#[test]
fn rtl4b_attach_fails_when_suspended() {
    let ws = MockWebSocket::new().on_attempt(|a| a.respond_with_refused());
    let w = World::with(ws, |o| o.channel_retry_timeout(ms(100)));
    let channel = w.channel("test-RTL4b-suspended");
    w.client.connect();
    w.rt.await_state_for(s(180), &w.client, ConnectionState::Suspended);
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CONNECTION_SUSPENDED);
    assert_eq!(channel.state(), ChannelState::Initialized);
}

// UTS: realtime/unit/RTL4i/queued-while-connecting-0
#[test]
fn rtl4i_attach_waits_while_connecting() {
    let w = World::new(MockWebSocket::new());
    let channel = w.channel("test-RTL4i");
    w.client.connect();
    w.await_connection(ConnectionState::Connecting);
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    assert_eq!(channel.state(), ChannelState::Attaching);
    assert!(w.ws.client_messages().is_empty());
    drop(attach);
}

// UTS: realtime/unit/RTL4i/completes-on-connected-1
#[test]
fn rtl4i_attach_is_sent_when_connected() {
    let ws = MockWebSocket::new().on_message(|m, conn| conn.answer(m));
    let w = World::new(ws);
    let channel = w.channel("test-RTL4i-connected");
    w.client.connect();
    w.await_connection(ConnectionState::Connecting);
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    assert_eq!(w.sent(action::ATTACH), 0);
    w.ws.await_attempt(&w.rt)
        .respond_with_connected(connected("connection-id", "connection-key"));
    w.rt.wait(attach).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 1);
}

// UTS: realtime/unit/RTL4c/sends-attach-message-1
#[test]
fn rtl4c_attach_sends_attach() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL4c");
    let seen = Recorder::new();
    let (sink, this) = (seen.clone(), channel.clone());
    channel.on(ChannelState::Attaching, move |_| sink.push(this.state()));
    w.attach(&channel);
    assert_eq!(seen.all(), [ChannelState::Attaching]);
    let sent = w.ws.client_messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["action"], action::ATTACH);
    assert_eq!(sent[0]["channel"], "test-RTL4c");
    channel.off_all();
}

// UTS: realtime/unit/RTL4c1/includes-channel-serial-0
#[test]
fn rtl4c1_attach_carries_the_channel_serial() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            conn.send_to_client(attached_at(m, "serial-from-server-1"));
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL4c1");
    w.attach(&channel);
    let modes = ChannelOptions::new().with_modes([ChannelMode::Subscribe]);
    w.rt.wait(channel.set_options(modes)).unwrap();
    let sent = w.ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0]["channelSerial"], Value::Null);
    assert_eq!(sent[1]["channelSerial"], "serial-from-server-1");
}

// UTS: realtime/unit/RTL4f/timeout-to-suspended-0
#[test]
fn rtl4f_attach_times_out() {
    let ws = MockWebSocket::accepting();
    let w = World::with(ws, |o| o.realtime_request_timeout(ms(100))).connect();
    let channel = w.channel("test-RTL4f");
    let mut attach = channel.attach();
    w.rt.advance(ms(99));
    assert_eq!(channel.state(), ChannelState::Attaching);
    assert_eq!(w.rt.poll_now(&mut attach), None);
    w.rt.advance(ms(51));
    let error = w.rt.poll_now(&mut attach).expect("an answer").unwrap_err();
    assert_eq!(channel.state(), ChannelState::Suspended);
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90007), 408));
}

// UTS: realtime/unit/RTL4k/includes-channel-params-0
#[test]
fn rtl4k_attach_carries_params() {
    let w = World::new(attaching());
    let options = ChannelOptions::new()
        .param("rewind", "1")
        .param("delta", "vcdiff");
    let channel = w.channel_with("test-RTL4k", options);
    let w = w.connect();
    w.attach(&channel);
    let sent = w.ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["params"], json!({"rewind": "1", "delta": "vcdiff"}));
}

// UTS: realtime/unit/RTL4l/modes-encoded-as-flags-0
#[test]
fn rtl4l_attach_carries_modes() {
    let w = World::new(attaching());
    let modes = [ChannelMode::Publish, ChannelMode::Subscribe];
    let channel = w.channel_with("test-RTL4l", ChannelOptions::new().with_modes(modes));
    let w = w.connect();
    w.attach(&channel);
    let sent = w.ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["flags"], 131_072 + 262_144);
}

// UTS: realtime/unit/RTL4m/modes-from-attached-0
#[test]
fn rtl4m_modes_come_from_attached() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            let mut reply = attached("test-RTL4m");
            reply["flags"] = json!(393_216);
            conn.send_to_client(reply);
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL4m");
    assert_eq!(channel.modes(), None);
    w.attach(&channel);
    let modes = vec![ChannelMode::Publish, ChannelMode::Subscribe];
    assert_eq!(channel.modes(), Some(modes));
}

// UTS: realtime/unit/RTL4j/attach-resume-flag-0
#[test]
fn rtl4j_attaching_again_says_so() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL4j");
    w.attach(&channel);
    let rewind = ChannelOptions::new().param("rewind", "1");
    w.rt.wait(channel.set_options(rewind)).unwrap();
    let sent = w.ws.client_messages_of(action::ATTACH);
    let flags: Vec<_> = sent
        .iter()
        .map(|m| m["flags"].as_u64().unwrap_or(0))
        .collect();
    assert_eq!(flags, [0, 32]);
}
