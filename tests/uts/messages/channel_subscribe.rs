//! `realtime/unit/channels/channel_subscribe.md`
//!
//! The cases of `MessageFilter` belong to the filter plugin.

use super::common::*;

/// A case whose channel attaches when subscribed to.
fn active(name: &str, ws: MockWebSocket) -> Case {
    Case::with(name, ws, |o| o, ChannelOptions::new())
}

// UTS: realtime/unit/RTL7a/subscribe-all-messages-0
#[test]
fn rtl7a_all_messages() {
    let c = Case::new("test-RTL7a", attaching()).connect().attach();
    let received = c.record(());
    c.deliver(json!({"messages": [{"name": "event1", "data": "data1"}]}));
    c.deliver(json!({"messages": [{"name": "event2", "data": "data2"}]}));
    c.deliver(json!({"messages": [{"name": null, "data": "data3"}]}));
    let received = received.all();
    assert_eq!(received.len(), 3);
    assert_eq!(text(&received[0].name), Some("event1"));
    assert_eq!(received[0].data, "data1");
    assert_eq!(text(&received[1].name), Some("event2"));
    assert_eq!(received[1].data, "data2");
    assert_eq!(text(&received[2].name), None);
    assert_eq!(received[2].data, "data3");
}

// UTS: realtime/unit/RTL7a/multiple-messages-per-protocol-1
#[test]
fn rtl7a_each_message_of_a_protocol_message() {
    let c = Case::new("test-RTL7a-multi", attaching());
    let c = c.connect().attach();
    let received = c.record(());
    c.deliver(json!({"messages": [
        {"name": "batch1", "data": "first"},
        {"name": "batch2", "data": "second"},
        {"name": "batch3", "data": "third"},
    ]}));
    let received = received.all();
    assert_eq!(received.len(), 3);
    assert_eq!(text(&received[0].name), Some("batch1"));
    assert_eq!(text(&received[1].name), Some("batch2"));
    assert_eq!(text(&received[2].name), Some("batch3"));
}

// UTS: realtime/unit/RTL7b/name-filtered-subscribe-0
#[test]
fn rtl7b_messages_of_a_name() {
    let c = Case::new("test-RTL7b", attaching()).connect().attach();
    let received = c.record("target");
    c.deliver(json!({"messages": [{"name": "other", "data": "should-not-receive"}]}));
    c.deliver(json!({"messages": [{"name": "target", "data": "should-receive"}]}));
    c.deliver(json!({"messages": [{"name": null, "data": "no-name-should-not-receive"}]}));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(text(&received[0].name), Some("target"));
    assert_eq!(received[0].data, "should-receive");
}

// UTS: realtime/unit/RTL7b/multiple-name-subscriptions-1
#[test]
fn rtl7b_names_are_independent() {
    let c = Case::new("test-RTL7b-multi", attaching());
    let c = c.connect().attach();
    let alpha = c.record("alpha");
    let beta = c.record("beta");
    c.deliver(json!({"messages": [
        {"name": "alpha", "data": "a1"},
        {"name": "beta", "data": "b1"},
        {"name": "alpha", "data": "a2"},
        {"name": "gamma", "data": "g1"},
    ]}));
    assert_eq!(texts(&alpha), ["a1", "a2"]);
    assert_eq!(texts(&beta), ["b1"]);
}

// UTS: realtime/unit/RTL7g/implicit-attach-initialized-0
#[test]
fn rtl7g_subscribing_attaches() {
    let c = active("test-RTL7g", attaching()).connect();
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    let received = c.record(());
    c.await_channel(ChannelState::Attached);
    assert_eq!(c.attaches().len(), 1);
    c.deliver(json!({"messages": [{"name": "test", "data": "hello"}]}));
    assert_eq!(received.all().len(), 1);
}

// UTS: realtime/unit/RTL7g/implicit-attach-detached-1
#[test]
fn rtl7g_subscribing_attaches_when_detached() {
    let c = active("test-RTL7g-detached", MockWebSocket::serving());
    let c = c.connect().attach();
    c.rt.wait(c.channel.detach()).unwrap();
    assert_eq!(c.channel.state(), ChannelState::Detached);
    assert_eq!(c.attaches().len(), 1);
    let _received = c.record(());
    c.await_channel(ChannelState::Attached);
    assert_eq!(c.attaches().len(), 2);
}

// UTS: realtime/unit/RTL7g/listener-registered-attach-fails-2
#[test]
fn rtl7g_the_listener_stays_when_the_attach_fails() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            let error = error(40160, 401, "Not permitted");
            conn.send_to_client(
                json!({"action": action::ERROR, "channel": m["channel"], "error": error}),
            );
        }
    });
    let c = active("test-RTL7g-fail", ws).connect();
    let received = Recorder::new();
    let sink = received.clone();
    let subscribed = c.channel.subscribe_with((), move |m| sink.push(m.clone()));
    c.await_channel(ChannelState::Failed);
    assert_eq!(code(&c.rt.wait(subscribed).unwrap_err()), (40160, 401));
    c.ws.set_on_message(confirm_attach);
    let c = c.attach();
    c.deliver(json!({"messages": [{"name": "test", "data": "after-reattach"}]}));
    assert_eq!(texts(&received), ["after-reattach"]);
}

// UTS: realtime/unit/RTL7h/no-attach-on-subscribe-0
#[test]
fn rtl7h_subscribing_need_not_attach() {
    let c = Case::new("test-RTL7h", attaching()).connect();
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    let _received = c.record(());
    c.rt.run_until_idle();
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    assert_eq!(c.attaches().len(), 0);
}

// UTS: realtime/unit/RTL7g/no-attach-when-attached-3
#[test]
fn rtl7g_attached_is_not_attached_again() {
    let c = active("test-RTL7g-already", attaching());
    let c = c.connect().attach();
    assert_eq!(c.attaches().len(), 1);
    let _received = c.record(());
    c.rt.run_until_idle();
    assert_eq!(c.channel.state(), ChannelState::Attached);
    assert_eq!(c.attaches().len(), 1);
}

// UTS: realtime/unit/RTL7g/no-attach-when-attaching-4
#[test]
fn rtl7g_attaching_is_not_attached_again() {
    let c = active("test-RTL7g-attaching", MockWebSocket::accepting()).connect();
    let _attach = c.begin_attach();
    assert_eq!(c.attaches().len(), 1);
    let _received = c.record(());
    c.rt.run_until_idle();
    assert_eq!(c.channel.state(), ChannelState::Attaching);
    assert_eq!(c.attaches().len(), 1);
}

// UTS: realtime/unit/RTL17/no-delivery-when-not-attached-0
#[test]
fn rtl17_nothing_is_delivered_unless_attached() {
    let c = Case::new("test-RTL17", MockWebSocket::accepting()).connect();
    let received = c.record(());
    let _attach = c.begin_attach();
    c.deliver(json!({"messages": [{"name": "premature", "data": "should-not-deliver"}]}));
    assert_eq!(c.channel.state(), ChannelState::Attaching);
    assert_eq!(received.all().len(), 0);
}

// UTS: realtime/unit/RTL7f/no-echo-messages-0
//
// The server leaves echoes out: the case wants the URL to be tested then.
#[test]
fn rtl7f_echoes_are_declined_on_the_url() {
    let echo = |wanted: bool| {
        let c = Case::with(
            "test-RTL7f",
            attaching(),
            |o| o.echo_messages(wanted),
            passive(),
        );
        let c = c.connect().attach();
        c.ws.attempts()[0].query("echo")
    };
    assert_eq!(echo(false).as_deref(), Some("false"));
    assert_eq!(echo(true).as_deref(), None);
}

// UTS: realtime/unit/RTL8a/unsubscribe-specific-listener-0
#[test]
fn rtl8a_a_listener_is_taken_off() {
    let c = Case::new("test-RTL8a", attaching()).connect().attach();
    let a = Recorder::new();
    let sink = a.clone();
    let listener = c
        .channel
        .subscribe_with((), move |m: &Message| sink.push(m.clone()))
        .id()
        .expect("a listener");
    let b = c.record(());
    c.deliver(json!({"messages": [{"name": "msg1", "data": "first"}]}));
    assert_eq!(a.all().len(), 1);
    assert_eq!(b.all().len(), 1);
    c.channel.unsubscribe(listener);
    c.deliver(json!({"messages": [{"name": "msg2", "data": "second"}]}));
    assert_eq!(a.all().len(), 1);
    assert_eq!(b.all().len(), 2);
    assert_eq!(text(&b.all()[1].name), Some("msg2"));
}

// UTS: realtime/unit/RTL8b/unsubscribe-named-listener-0
#[test]
fn rtl8b_a_listener_is_taken_off_a_name() {
    let c = Case::new("test-RTL8b", attaching()).connect().attach();
    let received = Recorder::new();
    let sink = received.clone();
    let listener = c
        .channel
        .subscribe_with(["alpha", "beta"], move |m| sink.push(m.clone()))
        .id()
        .expect("a listener");
    c.deliver(json!({"messages": [
        {"name": "alpha", "data": "a1"},
        {"name": "beta", "data": "b1"},
    ]}));
    assert_eq!(received.all().len(), 2);
    c.channel.unsubscribe_from("alpha", listener);
    c.deliver(json!({"messages": [
        {"name": "alpha", "data": "a2"},
        {"name": "beta", "data": "b2"},
    ]}));
    let received = received.all();
    assert_eq!(received.len(), 3);
    assert_eq!(text(&received[2].name), Some("beta"));
    assert_eq!(received[2].data, "b2");
}

// UTS: realtime/unit/RTL8c/unsubscribe-all-listeners-0
#[test]
fn rtl8c_all_listeners_are_taken_off() {
    let c = Case::new("test-RTL8c", attaching()).connect().attach();
    let all = c.record(());
    let named = c.record("specific");
    c.deliver(json!({"messages": [{"name": "specific", "data": "first"}]}));
    assert_eq!(all.all().len(), 1);
    assert_eq!(named.all().len(), 1);
    c.channel.unsubscribe_all();
    c.deliver(json!({"messages": [
        {"name": "specific", "data": "second"},
        {"name": "other", "data": "third"},
    ]}));
    assert_eq!(all.all().len(), 1);
    assert_eq!(named.all().len(), 1);
}

// UTS: realtime/unit/RTL8a/unsubscribe-noop-not-subscribed-1
#[test]
fn rtl8a_taking_off_a_stranger_does_nothing() {
    let c = Case::new("test-RTL8a-noop", attaching());
    let c = c.connect().attach();
    let received = c.record(());
    // A listener of another channel was never added to this one.
    let other = c.client.channels().get_with("other", passive()).unwrap();
    let stranger = other.subscribe_with((), |_| {}).id().expect("a listener");
    c.channel.unsubscribe(stranger);
    c.deliver(json!({"messages": [{"name": "test", "data": "still-works"}]}));
    assert_eq!(texts(&received), ["still-works"]);
}
