//! Whatever becomes of the channel, everybody who asked for something is answered.

use crate::support::*;

/// How an operation and a `get` ended, by code; 0 for well.
type Ends = (u32, u32);

/// Asks for an operation and for the members while the channel is attaching, lets `then` happen, and
/// gives all the time in the world.
fn ends(then: impl FnOnce(&World)) -> Ends {
    ends_with(silent_about(action::ATTACH), then)
}

fn ends_with(ws: MockWebSocket, then: impl FnOnce(&World)) -> Ends {
    let w = World::with(ws, |o| o.client_id("me"));
    w.connect();
    let mut enter = w.presence().enter("x");
    let mut get = w.presence().get(());
    assert_eq!(w.channel.state(), ChannelState::Attaching);
    w.rt.run_until_idle();
    assert_eq!(w.rt.poll_now(&mut enter), None);
    assert_eq!(w.rt.poll_now(&mut get), None);
    then(&w);
    w.rt.advance(Duration::from_secs(600));
    let entered =
        w.rt.poll_now(&mut enter)
            .expect("the operation is answered");
    let got = w.rt.poll_now(&mut get).expect("the get is answered");
    let code = |r: Result<(), ErrorInfo>| r.map_or_else(|e| e.code().0, |()| 0);
    (code(entered), code(got.map(|_| ())))
}

fn error(code: u32) -> Value {
    json!({"code": code, "statusCode": 400, "message": "told so"})
}

#[test]
fn attached() {
    assert_eq!(ends(|w| w.send_attached(0)), (0, 0));
    let with_a_sync = ends(|w| {
        w.send_attached(HAS_PRESENCE);
        w.send_sync("s:", &[]);
    });
    assert_eq!(with_a_sync, (0, 0));
}

#[test]
fn rtl11_suspended() {
    assert_eq!(ends(|_| {}), (90007, 90007));
    let refused = json!({"action": action::DETACHED, "channel": "room", "error": error(90198)});
    assert_eq!(ends(|w| w.send(refused)), (90198, 90198));
}

#[test]
fn rtl11_failed() {
    let failed = json!({"action": action::ERROR, "channel": "room", "error": error(40160)});
    assert_eq!(ends(|w| w.send(failed)), (40160, 40160));
}

#[test]
fn rtl11_detached() {
    // What is queued waits for the end of the detach, as in ably-js; an attach is superseded by it.
    let detached = ends(|w| {
        let _detach = w.channel.detach();
        w.rt.run_until_idle();
        assert_eq!(w.channel.state(), ChannelState::Detached);
    });
    assert_eq!(detached, (90001, 90001));
}

#[test]
fn rtl5f_a_detach_that_is_not_answered() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::PRESENCE {
            conn.answer(m);
        }
    });
    let w = World::with(ws, |o| o.client_id("me"));
    w.connect();
    let (mut enter, mut get) = (w.presence().enter("x"), w.presence().get(()));
    assert_eq!(code(w.rt.wait(w.channel.detach())), 90007);
    assert_eq!(code(w.rt.poll_now(&mut get).expect("an answer")), 90001);
    assert_eq!(w.channel.state(), ChannelState::Suspended);
    assert_eq!(code(w.rt.poll_now(&mut enter).expect("an answer")), 90007);
}

#[test]
fn rtp16a_a_detach_that_is_taken_back() {
    let ws = silent_about(action::ATTACH);
    ws.set_on_message(|m, conn| {
        if m["action"] == action::PRESENCE {
            conn.answer(m);
        }
    });
    let (entered, got) = ends_with(ws, |w| {
        let _detach = w.channel.detach();
        assert_eq!(w.channel.state(), ChannelState::Detaching);
        let _attach = w.channel.attach();
        assert_eq!(w.channel.state(), ChannelState::Attaching);
        w.rt.run_until_idle();
        w.send_attached(0);
    });
    assert_eq!((entered, got), (0, 90001));
}

#[test]
fn the_connection_is_closed() {
    let closed = ends(|w| {
        w.client.close();
        w.rt.await_state(&w.client, ConnectionState::Closed);
    });
    assert_eq!(closed, (80017, 80017));
}

#[test]
fn the_connection_fails() {
    let failed = ends(|w| w.send(json!({"action": action::ERROR, "error": error(40000)})));
    assert_eq!(failed, (40000, 40000));
}

#[test]
fn there_is_no_connection_for_long() {
    let w = World::with(silent_about(action::ATTACH), |o| o.client_id("me"));
    w.ws.set_on_attempt(|a| a.respond_with_refused());
    w.client.connect();
    let (enter, get) = (w.presence().enter("x"), w.presence().get(()));
    assert_eq!(w.channel.state(), ChannelState::Attaching);
    let long = Duration::from_secs(300);
    w.rt.await_state_for(long, &w.client, ConnectionState::Suspended);
    assert_eq!(w.channel.state(), ChannelState::Suspended);
    assert_eq!(code(w.rt.wait(enter)), 80002);
    assert_eq!(code(w.rt.wait(get)), 80002);
}

#[test]
fn the_connection_is_lost_while_detaching() {
    let silent = MockWebSocket::accepting().on_message(|_, _| {});
    let ended = ends_with(silent, |w| {
        let _detach = w.channel.detach();
        assert_eq!(w.channel.state(), ChannelState::Detaching);
        w.suspend();
    });
    assert_eq!(ended, (90007, 90001));
}
