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
