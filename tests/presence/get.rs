//! `get` while things go wrong.

use crate::support::*;

fn syncing() -> World {
    let w = World::with(with_members(), |o| o.client_id("me"));
    w.attach();
    w.send_sync("s1:more", &[member(PRESENT, "alice", 1)]);
    w
}

#[test]
fn rtp11d_who_waits_for_a_sync_is_told_that_the_channel_is_suspended() {
    let w = syncing();
    let mut get = w.presence().get(());
    assert_eq!(w.rt.poll_now(&mut get), None);
    w.suspend();
    assert_eq!(code(w.rt.wait(get)), 91005);
}

#[test]
fn rtp11b_who_waits_for_a_sync_is_told_that_the_channel_was_detached() {
    let w = syncing();
    let mut get = w.presence().get(());
    assert_eq!(w.rt.poll_now(&mut get), None);
    w.rt.wait(w.channel.detach()).unwrap();
    assert_eq!(code(w.rt.wait(get)), 90001);
}

#[test]
fn rtp11b_who_waits_for_a_sync_is_told_why_the_channel_failed() {
    let w = syncing();
    let get = w.presence().get(());
    let error = json!({"code": 40160, "statusCode": 401, "message": "no more"});
    w.send(json!({"action": action::ERROR, "channel": "room", "error": error}));
    assert_eq!(code(w.rt.wait(get)), 40160);
    assert_eq!(code(w.rt.wait(w.presence().get(()))), 90001);
}

#[test]
fn rtp11b_who_waits_for_the_attach_is_told_what_became_of_it() {
    let w = World::with(silent_about(action::ATTACH), |o| o);
    w.connect();
    let timed_out = w.presence().get(());
    assert_eq!(code(w.rt.wait(timed_out)), 90007);
    assert_eq!(w.channel.state(), ChannelState::Suspended);

    w.ws.set_on_message(|_, _| {});
    let _attach = w.channel.attach();
    let mut superseded = w.presence().get(());
    assert_eq!(w.rt.poll_now(&mut superseded), None);
    let _detach = w.channel.detach();
    assert_eq!(w.channel.state(), ChannelState::Detaching);
    assert_eq!(code(w.rt.poll_now(&mut superseded).unwrap()), 90001);
}

#[test]
fn an_attachment_without_members_ends_the_wait_for_a_sync() {
    let w = syncing();
    let mut get = w.presence().get(());
    assert_eq!(w.rt.poll_now(&mut get), None);
    w.send_attached(0);
    assert_eq!(w.rt.wait(get).unwrap(), []);
    assert!(w.presence().sync_complete());
}

#[test]
fn everyone_who_waits_gets_their_own_members() {
    let w = syncing();
    let all = w.presence().get(());
    let bob = w
        .presence()
        .get(RealtimePresenceParams::new().client_id("bob"));
    let none = RealtimePresenceParams::new()
        .client_id("bob")
        .connection_id("c-alice");
    let none = w.presence().get(none);
    w.send_sync("s1:", &[member(PRESENT, "bob", 1)]);
    assert_eq!(w.rt.wait(all).unwrap().len(), 2);
    assert_eq!(w.rt.wait(bob).unwrap()[0].client_id.as_deref(), Some("bob"));
    assert_eq!(w.rt.wait(none).unwrap(), []);
}
