//! What a sleep of the machine, and a clock that is set, mean for the connection.

use crate::world::*;

const HOUR_MS: i64 = 3_600_000;

fn heartbeats(ws: &MockWebSocket) -> usize {
    ws.client_messages_of(action::HEARTBEAT).len()
}

/// Makes the client look at the clocks.
fn look(rt: &VirtualRuntime, ws: &MockWebSocket) {
    ws.active().send_ping_frame();
    rt.run_until_idle();
}

#[test]
fn after_a_sleep_a_server_that_answers_keeps_the_connection() {
    let (rt, ws, client) = serving();
    look(&rt, &ws);
    for n in 1..3 {
        rt.jump_wall_clock(HOUR_MS);
        look(&rt, &ws);
        assert_eq!(heartbeats(&ws), n);
        assert!(!ws.client_messages_of(action::HEARTBEAT)[n - 1]["id"].is_null());
        rt.advance(Duration::from_secs(3));
        look(&rt, &ws);
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(heartbeats(&ws), n, "one for each jump");
    }
    assert_eq!(ws.attempts().len(), 1);
}

#[test]
fn after_a_sleep_a_server_that_is_silent_is_left_after_two_seconds() {
    let (rt, ws, client) = silent();
    rt.jump_wall_clock(6_000);
    look(&rt, &ws);
    rt.advance(Duration::from_millis(1_900));
    // Something that comes does not show that what we send arrives; it may have come before.
    ws.send_to_client(json!({"action": action::HEARTBEAT}));
    rt.jump_wall_clock(HOUR_MS);
    look(&rt, &ws);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(heartbeats(&ws), 1);
    let reason = Arc::new(Mutex::new(None));
    let sink = reason.clone();
    client.connection().on(S::Disconnected, move |change| {
        *sink.lock().unwrap() = change.reason.clone();
    });
    rt.advance(Duration::from_millis(200));
    let reason = reason.lock().unwrap().clone().unwrap();
    assert_eq!((reason.code().0, reason.status_code()), (80003, 408));
    rt.await_state(&client, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        attempts[1].query("resume").as_deref(),
        Some("connection-key")
    );
    // The new connection is beyond suspicion.
    rt.advance(Duration::from_secs(5));
    assert_eq!(ws.attempts().len(), 2);
}

#[test]
fn the_next_connection_does_not_answer_for_the_last() {
    let (rt, ws, client) = silent();
    rt.jump_wall_clock(HOUR_MS);
    look(&rt, &ws);
    ws.active().simulate_disconnect();
    rt.run_until_idle();
    rt.await_state(&client, S::Connected);
    rt.advance(Duration::from_secs(5));
    assert_eq!(ws.attempts().len(), 2);
}

#[test]
fn a_call_of_the_application_looks_at_the_clocks_too() {
    let (rt, ws, client) = silent();
    rt.jump_wall_clock(HOUR_MS);
    let _publish = client.channels().get("c").publish("n", "d");
    rt.run_until_idle();
    assert_eq!(heartbeats(&ws), 1);
}

#[test]
fn clocks_that_move_together_or_by_little_are_no_matter() {
    let (rt, ws, client) = serving();
    for _ in 0..10 {
        rt.jump_wall_clock(4_900);
        look(&rt, &ws);
        rt.advance(Duration::from_secs(10));
        rt.jump_wall_clock(-4_900);
        look(&rt, &ws);
        rt.advance(Duration::from_secs(10));
    }
    rt.jump_wall_clock(-HOUR_MS);
    look(&rt, &ws);
    assert_eq!(heartbeats(&ws), 0);
    assert_eq!(client.connection().state(), S::Connected);
}

#[test]
fn nothing_is_asked_where_there_is_no_connection() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = BaseRealtime::new(options(&rt, &ws)).unwrap();
    rt.jump_wall_clock(HOUR_MS);
    ws.set_on_attempt(|_| {});
    client.connect();
    rt.run_until_idle();
    rt.jump_wall_clock(HOUR_MS);
    client.connect();
    rt.advance(Duration::from_secs(5));
    assert_eq!(client.connection().state(), S::Connecting);
    ws.attempts()[0].respond_with_connected(connected("id", "key"));
    rt.await_state(&client, S::Connected);
    assert_eq!(heartbeats(&ws), 0);
    rt.jump_wall_clock(HOUR_MS);
    client.close();
    rt.await_state(&client, S::Closed);
    rt.advance(Duration::from_secs(5));
    assert_eq!(client.connection().state(), S::Closed);
}

/// Loses the connection after clocks have moved, and says whether the next attempt resumes it.
fn resumes(moves: impl FnOnce(&VirtualRuntime, &BaseRealtime)) -> bool {
    let (rt, ws, client) = silent();
    moves(&rt, &client);
    ws.active().simulate_disconnect();
    rt.run_until_idle();
    rt.await_state(&client, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    attempts[1].query("resume").is_some()
}

#[test]
fn rtn15g_a_clock_that_is_put_back_does_not_make_a_connection_fresh() {
    // connectionStateTtl and maxIdleInterval are 135 s together.
    for (ms, fresh) in [(134_000, true), (136_000, false)] {
        assert_eq!(resumes(|rt, _| rt.jump_wall_clock(ms)), fresh, "{ms}");
        // Put back before the sleep, and seen.
        let is_fresh = resumes(|rt, client| {
            rt.jump_wall_clock(-HOUR_MS);
            let _publish = client.channels().get("c").publish("n", "d");
            rt.run_until_idle();
            rt.jump_wall_clock(ms);
        });
        assert_eq!(is_fresh, fresh, "{ms}");
    }
}
