//! `realtime/unit/channels/channel_detach.md`

use super::common::*;

// UTS: realtime/unit/RTL5a/detach-initialized-noop-0
#[test]
fn rtl5a_detach_when_initialized_does_nothing() {
    let w = World::new(MockWebSocket::accepting());
    let channel = w.channel("test-RTL5a");
    let changes = record_channel(&channel);
    assert_eq!(channel.state(), ChannelState::Initialized);
    let mut detach = channel.detach();
    assert_eq!(w.rt.poll_now(&mut detach), Some(Ok(())));
    assert_eq!(channel.state(), ChannelState::Initialized);
    assert_eq!(changes.all(), []);
}

// UTS: realtime/unit/RTL5a/detach-already-detached-noop-1
#[test]
fn rtl5a_detach_when_detached_does_nothing() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL5a-detached");
    w.attach(&channel);
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 1);
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 1);
}

// UTS: realtime/unit/RTL5i/detach-while-detaching-0
#[test]
fn rtl5i_detach_while_detaching_waits_for_it() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL5i");
    w.attach(&channel);
    let mut first = channel.detach();
    w.await_channel(&channel, ChannelState::Detaching);
    let mut second = channel.detach();
    assert_eq!(w.rt.poll_now(&mut first), None);
    assert_eq!(w.rt.poll_now(&mut second), None);
    w.ws.send_to_client(detached("test-RTL5i"));
    w.rt.wait(first).unwrap();
    w.rt.wait(second).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 1);
}

// UTS: realtime/unit/RTL5i/detach-while-attaching-1
// DEVIATION: as in ably-js 2.12.0 the detach supersedes the attach, which ends with 90000 (the
// case allows that), and DETACH is sent without waiting for ATTACHED. When ATTACHED comes it is
// not wanted any more and DETACH is sent again (RTL5k): three messages where the case has two.
#[test]
fn rtl5i_detach_while_attaching_supersedes_the_attach() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::DETACH) {
            conn.answer(m);
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL5i-attaching");
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let detach = channel.detach();
    w.ws.send_to_client(attached("test-RTL5i-attaching"));
    let error = w.rt.wait(attach).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90000), 409));
    w.rt.wait(detach).unwrap();
    w.rt.run_until_idle();
    assert_eq!(channel.state(), ChannelState::Detached);
    let sent = w.ws.client_messages();
    let sent: Vec<_> = sent.iter().map(|m| &m["action"]).collect();
    assert_eq!(sent, [action::ATTACH, action::DETACH, action::DETACH]);
}

// UTS: realtime/unit/RTL5b/detach-failed-errors-0
#[test]
fn rtl5b_detach_when_failed_is_an_error() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            let refusal = json!({"code": 40160, "message": "Not permitted"});
            conn.send_to_client(channel_error("test-RTL5b", refusal));
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL5b");
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    assert_eq!(channel.state(), ChannelState::Failed);
    let error = w.rt.wait(channel.detach()).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
    assert_eq!(channel.state(), ChannelState::Failed);
}

// UTS: realtime/unit/RTL5j/detach-suspended-to-detached-0
#[test]
fn rtl5j_detach_when_suspended_is_immediate() {
    let ws = MockWebSocket::accepting();
    let w = World::with(ws, |o| o.realtime_request_timeout(ms(100))).connect();
    let channel = w.channel("test-RTL5j");
    let attach = channel.attach();
    w.rt.advance(ms(150));
    let error = w.rt.wait(attach).unwrap_err();
    assert_eq!(error.code(), ErrorCode(90007));
    assert_eq!(channel.state(), ChannelState::Suspended);
    let detach = channel.detach();
    assert_eq!(channel.state(), ChannelState::Detached);
    w.rt.wait(detach).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 0);
}

// UTS: realtime/unit/RTL5d/normal-detach-flow-0
#[test]
fn rtl5d_detach_sends_detach() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL5d");
    w.attach(&channel);
    let seen = Recorder::new();
    let (sink, this) = (seen.clone(), channel.clone());
    channel.on(ChannelState::Detaching, move |_| sink.push(this.state()));
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(seen.all(), [ChannelState::Detaching]);
    assert_eq!(channel.state(), ChannelState::Detached);
    let sent = w.ws.client_messages_of(action::DETACH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["channel"], "test-RTL5d");
    channel.off_all();
}

// UTS: realtime/unit/RTL5f/timeout-returns-previous-state-0
#[test]
fn rtl5f_detach_times_out() {
    let w = World::with(attaching(), |o| o.realtime_request_timeout(ms(100))).connect();
    let channel = w.channel("test-RTL5f");
    w.attach(&channel);
    let mut detach = channel.detach();
    w.rt.advance(ms(99));
    assert_eq!(channel.state(), ChannelState::Detaching);
    w.rt.advance(ms(51));
    let error = w.rt.poll_now(&mut detach).expect("an answer").unwrap_err();
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90007), 408));
}

// UTS: realtime/unit/RTL5k/attached-while-detaching-0
#[test]
fn rtl5k_attached_while_detaching_is_detached_again() {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(
        move |m, conn| match sent.client_messages_of(action::DETACH).len() {
            1 => conn.send_to_client(attached("test-RTL5k")),
            _ => conn.answer(m),
        },
    );
    let w = World::connected(ws);
    let channel = w.channel("test-RTL5k");
    w.attach(&channel);
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 2);
}

// UTS: realtime/unit/RTL5k/attached-while-detached-1
#[test]
fn rtl5k_attached_while_detached_is_detached_again() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL5k-detached");
    w.attach(&channel);
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::DETACH), 1);
    w.send(attached("test-RTL5k-detached"));
    assert_eq!(w.sent(action::DETACH), 2);
    assert_eq!(channel.state(), ChannelState::Detached);
}

// UTS: realtime/unit/RTL5/detach-state-change-events-0
#[test]
fn rtl5_detach_emits_its_changes() {
    let w = World::new(MockWebSocket::serving());
    let channel = w.channel("test-RTL5-events");
    let w = w.connect();
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.rt.wait(channel.detach()).unwrap();
    let changes = changes.all();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].current, ChannelState::Detaching);
    assert_eq!(changes[0].previous, ChannelState::Attached);
    assert_eq!(
        changes[0].event,
        ChannelEvent::State(ChannelState::Detaching)
    );
    assert_eq!(changes[1].current, ChannelState::Detached);
    assert_eq!(changes[1].previous, ChannelState::Detaching);
    assert_eq!(
        changes[1].event,
        ChannelEvent::State(ChannelState::Detached)
    );
}

// Not in UTS, which tests the later RTL5l. Spec: RTL5h of 2.12.
#[test]
fn rtl5h_detach_waits_for_the_connection() {
    let w = World::new(MockWebSocket::new().on_message(|m, conn| conn.answer(m)));
    let channel = w.channel("test-RTL5h");
    w.client.connect();
    let attach = channel.attach();
    let mut detach = channel.detach();
    assert_eq!(channel.state(), ChannelState::Detaching);
    assert_eq!(w.rt.wait(attach).unwrap_err().code(), ErrorCode(90000));
    assert_eq!(w.rt.poll_now(&mut detach), None);
    w.ws.await_attempt(&w.rt)
        .respond_with_connected(connected("connection-id", "connection-key"));
    w.rt.wait(detach).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::ATTACH), 0);
    assert_eq!(w.sent(action::DETACH), 1);
}

// Not in UTS. Spec: RTL2d.
#[test]
fn rtl2d_detached_keeps_the_error_of_the_message() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL2d-detached");
    w.attach(&channel);
    let changes = record_channel(&channel);
    let detach = channel.detach();
    w.send(detached_with(
        "test-RTL2d-detached",
        error(90198, 500, "Gone"),
    ));
    w.rt.wait(detach).unwrap();
    let reason = change_to(&changes, ChannelState::Detached).reason;
    assert_eq!(reason.expect("a reason").code(), ErrorCode(90198));
}
