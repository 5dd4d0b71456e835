//! `realtime/unit/connection/server_initiated_reauth_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

// UTS: realtime/unit/RTN22a/forced-disconnect-reauth-failure-0
#[test]
fn a_forced_disconnect_renews() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("conn-1", "key-1"));
    });
    let (options, calls) = with_callback(&rt, &ws, |n| token(&format!("recovery-token-{n}")));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Connected);
    let changes = record_connection(&client);
    ws.send_to_client(with_error(
        action::DISCONNECTED,
        40142,
        401,
        "Token expired",
    ));
    rt.run_until_idle();
    let all = changes.all();
    assert_eq!(all[0].current, S::Disconnected);
    let reason = all[0].reason.clone().expect("there is a reason");
    assert_eq!(reason.code(), 40142);
    // RTN15h: with a new token.
    rt.await_state(&client, S::Connected);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(
        ws.attempts()[1].query("access_token").as_deref(),
        Some("recovery-token-2")
    );
}

/// A client that is connected, whose server answers AUTH with this.
fn answering(
    rt: &VirtualRuntime,
    ids: (&str, &str),
    tokens: &'static str,
    answer: Value,
) -> (MockWebSocket, BaseRealtime, Arc<AtomicUsize>) {
    let (id, key) = (ids.0.to_owned(), ids.1.to_owned());
    let ws = scripted(move |_, a| {
        a.respond_with_connected(connected(&id, &key));
    });
    ws.set_on_message(move |message, connection| {
        if message["action"] == action::AUTH {
            connection.send_to_client(answer.clone());
        }
    });
    let (options, calls) = with_callback(rt, &ws, move |n| token(&format!("{tokens}{n}")));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Connected);
    (ws, client, calls)
}

// UTS: realtime/unit/RTN22/server-auth-triggers-reauth-0
#[test]
fn rtn22_auth_is_answered() {
    let rt = VirtualRuntime::new();
    let ids = ("connection-id", "connection-key");
    let answer = connected("connection-id", "connection-key-2");
    let (ws, client, calls) = answering(&rt, ids, "token-", answer);
    let changes = record_connection(&client);
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.wait_until(s(5), "an update", || {
        let all = changes.all();
        all.iter().any(|c| c.event == ConnectionEvent::Update)
    });
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let sent = ws.client_messages_of(action::AUTH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["auth"]["accessToken"], "token-2");
    let all = changes.all();
    assert!(all.iter().all(|c| c.current == S::Connected));
    let updates = all.iter().filter(|c| c.event == ConnectionEvent::Update);
    assert_eq!(updates.count(), 1);
}

// UTS: realtime/unit/RTN22/stays-connected-during-reauth-1
#[test]
fn rtn22_the_connection_stays() {
    let rt = VirtualRuntime::new();
    let answer = connected("conn-1", "key-1-updated");
    let (ws, client, _) = answering(&rt, ("conn-1", "key-1"), "reauth-token-", answer);
    let changes = record_connection(&client);
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.wait_until(s(5), "a change", || !changes.all().is_empty());
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connected);
    let all = changes.all();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].event, ConnectionEvent::Update);
    assert_eq!(all[0].current, S::Connected);
    assert_eq!(all[0].previous, S::Connected);
    assert_eq!(ws.attempts().len(), 1);
}
