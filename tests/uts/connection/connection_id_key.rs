//! `realtime/unit/connection/connection_id_key_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

fn setup() -> (VirtualRuntime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        a.respond_with_connected(connected(
            &format!("unique-conn-id-{n}"),
            &format!("conn-key-{n}"),
        ));
    });
    let client = client(options(&rt, &ws));
    (rt, client)
}

// UTS: realtime/unit/RTN8a/id-unset-until-connected-0
#[test]
fn no_id_until_connected() {
    let (rt, client) = setup();
    assert_eq!(client.connection().id(), None);
    client.connect();
    assert_eq!(client.connection().id(), None);
    rt.await_state(&client, S::Connected);
    assert_eq!(
        client.connection().id().as_deref(),
        Some("unique-conn-id-1")
    );
}

// UTS: realtime/unit/RTN9a/key-unset-until-connected-0
#[test]
fn no_key_until_connected() {
    let (rt, client) = setup();
    assert_eq!(client.connection().key(), None);
    client.connect();
    assert_eq!(client.connection().key(), None);
    rt.await_state(&client, S::Connected);
    assert_eq!(client.connection().key().as_deref(), Some("conn-key-1"));
}

fn two_clients() -> (BaseRealtime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        a.respond_with_connected(connected(&format!("conn-id-{n}"), &format!("conn-key-{n}")));
    });
    let client1 = client(options(&rt, &ws));
    let client2 = client(options(&rt, &ws));
    client1.connect();
    rt.await_state(&client1, S::Connected);
    client2.connect();
    rt.await_state(&client2, S::Connected);
    (client1, client2)
}

// UTS: realtime/unit/RTN8b/id-unique-per-connection-0
#[test]
fn each_connection_has_its_id() {
    let (client1, client2) = two_clients();
    assert_ne!(client1.connection().id(), client2.connection().id());
    assert_eq!(client1.connection().id().as_deref(), Some("conn-id-1"));
    assert_eq!(client2.connection().id().as_deref(), Some("conn-id-2"));
}

// UTS: realtime/unit/RTN9b/key-unique-per-connection-0
#[test]
fn each_connection_has_its_key() {
    let (client1, client2) = two_clients();
    assert_ne!(client1.connection().key(), client2.connection().key());
    assert_eq!(client1.connection().key().as_deref(), Some("conn-key-1"));
    assert_eq!(client2.connection().key().as_deref(), Some("conn-key-2"));
}

// UTS: realtime/unit/RTN8c/id-null-after-closed-0
#[test]
fn no_id_after_closed() {
    let (rt, client) = setup();
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(
        client.connection().id().as_deref(),
        Some("unique-conn-id-1")
    );
    client.close();
    assert_eq!(client.connection().state(), S::Closing);
    assert_eq!(client.connection().id(), None);
    rt.await_state(&client, S::Closed);
    assert_eq!(client.connection().id(), None);
}

// UTS: realtime/unit/RTN9c/key-null-after-closed-0
#[test]
fn no_key_after_closed() {
    let (rt, client) = setup();
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(client.connection().key().as_deref(), Some("conn-key-1"));
    client.close();
    assert_eq!(client.connection().state(), S::Closing);
    assert_eq!(client.connection().key(), None);
    rt.await_state(&client, S::Closed);
    assert_eq!(client.connection().key(), None);
}

// UTS: realtime/unit/RTN8c/id-key-null-after-failed-1
#[test]
fn neither_after_failed() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_error(with_error(action::ERROR, 80000, 400, "Fatal error"));
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Failed);
    assert_eq!(client.connection().id(), None);
    assert_eq!(client.connection().key(), None);
}

// UTS: realtime/unit/RTN8c/id-key-null-after-suspended-2
#[test]
fn neither_after_suspended() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(s(1))
        .suspended_retry_timeout(ms(100));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Disconnected);
    rt.advance(s(121));
    rt.await_state(&client, S::Suspended);
    assert_eq!(client.connection().id(), None);
    assert_eq!(client.connection().key(), None);
}
