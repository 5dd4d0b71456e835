//! `realtime/unit/presence/realtime_presence_enter.md`

use super::common::*;

fn identified(name: &str) -> Fixture {
    Fixture::identified(serving(name, 0, vec![]), name)
}

/// A clientId of `*` is refused in options, as in 2.12.0; a key without clientId may act for any
/// client as well.
fn for_anyone(name: &str) -> Fixture {
    Fixture::anonymous(serving(name, 0, vec![]), name)
}

// UTS: realtime/unit/RTP8a/enter-sends-presence-enter-0
#[test]
fn rtp8a_enter_sends_an_enter_without_client_id() {
    let f = identified("test-RTP8a");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter(())).unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["action"], action::PRESENCE);
    assert_eq!(captured[0]["channel"], "test-RTP8a");
    assert_eq!(captured[0]["presence"].as_array().unwrap().len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], ENTER.0);
    assert_eq!(captured[0]["presence"][0].get("clientId"), None);
    f.close();
}

// UTS: realtime/unit/RTP8e/enter-with-data-0
#[test]
fn rtp8e_enter_with_data() {
    let f = identified("test-RTP8e");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter("hello world"))
        .unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], ENTER.0);
    assert_eq!(captured[0]["presence"][0]["data"], "hello world");
    f.close();
}

// UTS: realtime/unit/RTP8d/enter-implicitly-attaches-0
#[test]
fn rtp8d_enter_attaches() {
    let f = identified("test-RTP8d");
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    f.rt.wait(f.channel.presence().enter(())).unwrap();
    assert_eq!(f.channel.state(), ChannelState::Attached);
    f.close();
}

// UTS: realtime/unit/RTP8g/enter-detached-failed-errors-0
#[test]
fn rtp8g_enter_on_a_failed_channel_fails() {
    let name = "test-RTP8g";
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ERROR, "channel": name,
                "error": error(90001, 400, "Channel failed"),
            }));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, name);
    f.connect();
    let attach = f.rt.wait(f.channel.attach()).unwrap_err();
    assert_eq!(attach.message(), "Channel failed");
    assert_eq!(f.channel.state(), ChannelState::Failed);
    let error = f.rt.wait(f.channel.presence().enter(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CHANNEL_STATE);
    assert_eq!(f.captured().len(), 0);
    f.close();
}

// UTS: realtime/unit/RTP8j/enter-null-clientid-errors-0
#[test]
fn rtp8j_enter_without_client_id_fails() {
    let f = for_anyone("test-RTP8j");
    f.connect_and_attach();
    let error = f.rt.wait(f.channel.presence().enter(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_CLIENT_ID);
    assert_eq!(error.status_code(), 400);
    assert_eq!(f.captured().len(), 0);
    f.close();
}

/// The server says in CONNECTED that the client may act for any.
fn wildcard(name: &'static str) -> Fixture {
    let ws = serving(name, 0, vec![]);
    ws.set_on_attempt(|a| {
        let mut m = connected("connection-id", "connection-key");
        m["connectionDetails"]["clientId"] = json!("*");
        a.respond_with_connected(m);
    });
    Fixture::anonymous(ws, name)
}

// UTS: realtime/unit/RTP8j/enter-wildcard-clientid-errors-1
#[test]
fn rtp8j_enter_with_a_wildcard_client_id_fails() {
    let rt = VirtualRuntime::new();
    let options = options(&rt, &MockWebSocket::new()).client_id("*");
    let error = BaseRealtime::new(options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_CLIENT_ID);

    let f = wildcard("test-RTP8j-wild");
    f.connect_and_attach();
    assert_eq!(f.client.client_id().as_deref(), Some("*"));
    let error = f.rt.wait(f.channel.presence().enter(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_CLIENT_ID);
    assert_eq!(f.captured().len(), 0);
    f.close();
}

// UTS: realtime/unit/RTP8h/nack-presence-permission-denied-0
#[test]
fn rtp8h_a_refusal_of_the_server_is_the_result() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::PRESENCE {
            conn.nack(m, error(40160, 401, "Presence permission denied"));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, "test-RTP8h");
    f.connect_and_attach();
    let error = f.rt.wait(f.channel.presence().enter(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    f.close();
}

// UTS: realtime/unit/RTP9a/update-sends-presence-update-0
#[test]
fn rtp9a_update_sends_an_update_without_client_id() {
    let f = identified("test-RTP9a");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().update("new-status"))
        .unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], UPDATE.0);
    assert_eq!(captured[0]["presence"][0]["data"], "new-status");
    assert_eq!(captured[0]["presence"][0].get("clientId"), None);
    f.close();
}

// UTS: realtime/unit/RTP10a/leave-sends-presence-leave-0
#[test]
fn rtp10a_leave_sends_a_leave_without_client_id() {
    let f = identified("test-RTP10a");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().leave(())).unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], LEAVE.0);
    assert_eq!(captured[0]["presence"][0].get("clientId"), None);
    f.close();
}

// UTS: realtime/unit/RTP10a/leave-with-data-1
#[test]
fn rtp10a_leave_with_data() {
    let f = identified("test-RTP10a-data");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().leave("goodbye")).unwrap();
    let captured = f.captured();
    assert_eq!(captured[0]["presence"][0]["action"], LEAVE.0);
    assert_eq!(captured[0]["presence"][0]["data"], "goodbye");
    f.close();
}

/// What was sent, as (action, clientId, data).
fn sent(f: &Fixture) -> Vec<(u64, Option<String>, Option<String>)> {
    let text = |v: &Value| v.as_str().map(String::from);
    f.captured()
        .iter()
        .map(|m| &m["presence"][0])
        .map(|p| {
            (
                p["action"].as_u64().unwrap(),
                text(&p["clientId"]),
                text(&p["data"]),
            )
        })
        .collect()
}

fn item(
    action: PresenceAction,
    client_id: &str,
    data: &str,
) -> (u64, Option<String>, Option<String>) {
    (
        u64::from(action.0),
        Some(client_id.into()),
        Some(data.into()),
    )
}

// UTS: realtime/unit/RTP14a/enterclient-on-behalf-0
#[test]
fn rtp14a_enter_client_names_the_client() {
    let f = for_anyone("test-RTP14a");
    f.connect_and_attach();
    let presence = f.channel.presence();
    f.rt.wait(presence.enter_client("user-alice", "alice-data"))
        .unwrap();
    f.rt.wait(presence.enter_client("user-bob", "bob-data"))
        .unwrap();
    assert_eq!(
        sent(&f),
        [
            item(ENTER, "user-alice", "alice-data"),
            item(ENTER, "user-bob", "bob-data"),
        ]
    );
    f.close();
}

// UTS: realtime/unit/RTP15a/updateclient-leaveclient-0
#[test]
fn rtp15a_update_client_and_leave_client() {
    let f = for_anyone("test-RTP15a");
    f.connect_and_attach();
    let presence = f.channel.presence();
    f.rt.wait(presence.enter_client("user-1", "entered"))
        .unwrap();
    f.rt.wait(presence.update_client("user-1", "updated"))
        .unwrap();
    f.rt.wait(presence.leave_client("user-1", "leaving"))
        .unwrap();
    assert_eq!(
        sent(&f),
        [
            item(ENTER, "user-1", "entered"),
            item(UPDATE, "user-1", "updated"),
            item(LEAVE, "user-1", "leaving"),
        ]
    );
    f.close();
}

// UTS: realtime/unit/RTP15e/enterclient-implicitly-attaches-0
#[test]
fn rtp15e_enter_client_attaches() {
    let f = for_anyone("test-RTP15e");
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    f.rt.wait(f.channel.presence().enter_client("user-1", ()))
        .unwrap();
    assert_eq!(f.channel.state(), ChannelState::Attached);
    f.close();
}

// UTS: realtime/unit/RTP15f/enterclient-mismatched-clientid-0
// As in 2.12.0 the server judges; it is the only one to know what the connection may do.
#[test]
fn rtp15f_the_server_refuses_a_client_id_that_is_not_ours() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::PRESENCE {
            assert_eq!(m["presence"][0]["clientId"], "other-client");
            conn.nack(m, error(40012, 400, "Invalid clientId"));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, "test-RTP15f");
    f.connect_and_attach();
    let entering = f.channel.presence().enter_client("other-client", ());
    let error = f.rt.wait(entering).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_CLIENT_ID);
    assert_eq!(f.client.connection().state(), ConnectionState::Connected);
    assert_eq!(f.channel.state(), ChannelState::Attached);
    f.close();
}

// UTS: realtime/unit/RTP16a/presence-sent-when-attached-0
#[test]
fn rtp16a_presence_is_sent_at_once_when_attached() {
    let f = identified("test-RTP16a");
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter(())).unwrap();
    assert_eq!(f.captured().len(), 1);
    f.close();
}

// UTS: realtime/unit/RTP16b/presence-queued-when-attaching-0
#[test]
fn rtp16b_presence_is_queued_while_attaching() {
    let name = "test-RTP16b";
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] != action::ATTACH {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, name);
    f.connect();
    let _attach = f.channel.attach();
    f.rt.await_channel_state(&f.channel, ChannelState::Attaching);
    let mut enter = f.channel.presence().enter(());
    assert_eq!(f.rt.poll_now(&mut enter), None);
    assert_eq!(f.captured().len(), 0);
    f.ws.send_to_client(attached(name, 0));
    f.rt.wait(enter).unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], ENTER.0);
    f.close();
}

// UTS: realtime/unit/RTP16c/presence-errors-other-states-0
// The case says `detached`; a DETACHED that answers an ATTACH leads to `suspended` (RTL13b).
#[test]
fn rtp16c_presence_fails_in_other_states() {
    let name = "test-RTP16c";
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::DETACHED, "channel": name, "error": error(90001, 400, "Detached"),
            }));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, name);
    f.connect();
    let attach = f.rt.wait(f.channel.attach()).unwrap_err();
    assert_eq!(attach.message(), "Detached");
    assert_eq!(f.channel.state(), ChannelState::Suspended);
    let error = f.rt.wait(f.channel.presence().enter(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CHANNEL_STATE);
    assert_eq!(f.captured().len(), 0);
    f.close();
}

// UTS: realtime/unit/RTP15c/enterclient-no-side-effects-0
// A client of `*` may not `enter`; with a clientId of its own it can do both, and the mock agrees.
#[test]
fn rtp15c_enter_client_does_not_touch_our_own_member() {
    let f = identified("test-RTP15c");
    f.connect_and_attach();
    let presence = f.channel.presence();
    f.rt.wait(presence.enter("main-client")).unwrap();
    f.rt.wait(presence.enter_client("other-user", "other-data"))
        .unwrap();
    f.rt.wait(presence.leave_client("other-user", ())).unwrap();
    assert_eq!(
        sent(&f),
        [
            (u64::from(ENTER.0), None, Some("main-client".into())),
            item(ENTER, "other-user", "other-data"),
            (u64::from(LEAVE.0), Some("other-user".into()), None),
        ]
    );
    f.close();
}

const MEMBERS: usize = 50;

/// The `i`th of many members.
fn user(action: PresenceAction, connection: &str, i: usize) -> Value {
    wire_with_data(
        action,
        &format!("user-{i}"),
        connection,
        &format!("{connection}:{i}:0"),
        1_700_000_000_000,
        &format!("data-{i}"),
    )
}

fn users(connection: &str) -> Vec<Value> {
    (0..MEMBERS).map(|i| user(PRESENT, connection, i)).collect()
}

fn assert_all_there(members: &[Arc<PresenceMessage>], connection: &str) {
    assert_eq!(members.len(), MEMBERS);
    for i in 0..MEMBERS {
        let name = format!("user-{i}");
        let member = members
            .iter()
            .find(|m| m.client_id.as_deref() == Some(&name));
        let member = member.unwrap();
        assert_eq!(member.data, format!("data-{i}").as_str());
        assert_eq!(member.connection_id.as_deref(), Some(connection));
    }
}

// UTS: realtime/unit/RTP4/bulk-enterclient-same-connection-0
#[test]
fn rtp4_many_members_of_this_connection() {
    let name = "test-RTP4-same";
    let ws = MockWebSocket::new()
        .on_attempt(|a| {
            a.respond_with_connected(connected("conn-1", "key-1"));
        })
        .on_message(move |m, conn| match m["action"].as_u64() {
            Some(a) if a == u64::from(action::ATTACH) => {
                conn.send_to_client(attached(name, HAS_PRESENCE));
            }
            Some(a) if a == u64::from(action::PRESENCE) => {
                conn.ack(m);
                echo(name, "conn-1", m, conn);
            }
            _ => conn.answer(m),
        });
    let f = Fixture::anonymous(ws, name);
    f.connect_and_attach();
    let (enters, _) = record(&f.channel, ENTER);
    for i in 0..MEMBERS {
        let entering = f
            .channel
            .presence()
            .enter_client(format!("user-{i}"), format!("data-{i}"));
        f.rt.wait(entering).unwrap();
    }
    f.send(sync(name, "seq1:", &users("conn-1")));
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(f.captured().len(), MEMBERS);
    assert_eq!(enters.all().len(), MEMBERS);
    assert_all_there(&members, "conn-1");
    f.close();
}

// UTS: realtime/unit/RTP4/bulk-enterclient-diff-connections-1
#[test]
fn rtp4_many_members_of_another_connection() {
    let name = "test-RTP4-diff";
    let named = |id: &'static str| {
        let ws = serving(name, HAS_PRESENCE, vec![]);
        ws.set_on_attempt(move |a| {
            a.respond_with_connected(connected(id, id));
        });
        Fixture::anonymous(ws, name)
    };
    let (a, b) = (named("conn-A"), named("conn-B"));
    a.connect_and_attach();
    b.connect_and_attach();
    let (enters, _) = record(&b.channel, ENTER);
    for i in 0..MEMBERS {
        let entering = a
            .channel
            .presence()
            .enter_client(format!("user-{i}"), format!("data-{i}"));
        a.rt.wait(entering).unwrap();
    }
    for i in 0..MEMBERS {
        b.send(presence(name, &[user(ENTER, "conn-A", i)]));
    }
    b.send(sync(name, "seq1:", &users("conn-A")));
    let members = b.rt.wait(b.channel.presence().get(())).unwrap();
    assert_eq!(a.captured().len(), MEMBERS);
    assert_eq!(enters.all().len(), MEMBERS);
    assert_all_there(&members, "conn-A");
    a.close();
    b.close();
}
