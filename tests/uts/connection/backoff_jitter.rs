//! `realtime/unit/connection/backoff_jitter_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// Delays of `count` failures in a row, as fractions of the retry timeout.
fn delays(seed: u64, count: usize) -> Vec<f64> {
    let rt = VirtualRuntime::seeded(seed);
    let ws = scripted(|_, a| a.respond_with_refused());
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(s(1))
        // Suspended never comes in between.
        .connection_state_ttl(s(1_000_000));
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    let failures = || -> Vec<Duration> {
        let all = changes.all();
        let lost = all.iter().filter(|c| c.current == S::Disconnected);
        lost.map(|c| c.retry_in.expect("there is a delay"))
            .collect()
    };
    rt.wait_until(s(10_000), "enough failures", || failures().len() >= count);
    failures().iter().map(Duration::as_secs_f64).collect()
}

/// `min((n + 2) / 3, 2)`
fn coefficient(n: usize) -> f64 {
    f64::min((n as f64 + 2.0) / 3.0, 2.0)
}

// UTS: realtime/unit/RTB1a/backoff-coefficient-sequence-0
//
// The function is private; the document allows to test it through the delays. Jitter takes away up
// to a fifth, so that the longest of many delays shows the coefficient.
#[test]
fn backoff_coefficients() {
    let expected = [1.0, 4.0 / 3.0, 5.0 / 3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
    let runs: Vec<Vec<f64>> = (1..=200).map(|seed| delays(seed, 10)).collect();
    for (i, wanted) in expected.into_iter().enumerate() {
        let longest = runs.iter().map(|d| d[i]).fold(0.0, f64::max);
        assert!(longest <= wanted + 1e-6, "retry {}: {longest}", i + 1);
        assert!(
            longest > wanted * 0.99,
            "retry {}: {longest} is too short for {wanted}",
            i + 1
        );
    }
}

// UTS: realtime/unit/RTB1b/jitter-coefficient-range-0
#[test]
fn jitter_coefficients() {
    let jitters: Vec<f64> = delays(7, 1000)
        .iter()
        .enumerate()
        .map(|(i, d)| d / coefficient(i + 1))
        .collect();
    assert_eq!(jitters.len(), 1000);
    for jitter in &jitters {
        // Delays are whole nanoseconds.
        assert!(*jitter >= 0.8 - 1e-6, "{jitter}");
        assert!(*jitter <= 1.0 + 1e-6, "{jitter}");
    }
    let mean = jitters.iter().sum::<f64>() / 1000.0;
    assert!(mean >= 0.85, "{mean}");
    assert!(mean <= 0.95, "{mean}");
    let least = jitters.iter().copied().fold(f64::MAX, f64::min);
    let most = jitters.iter().copied().fold(0.0, f64::max);
    assert!(most - least > 0.05, "{least} to {most}");
}

/// Asserts that `delay` is `timeout * coefficient(n) * jitter`.
#[track_caller]
fn assert_delay(delay: Duration, timeout: Duration, n: usize) {
    let longest = timeout.mul_f64(coefficient(n));
    assert!(delay >= longest.mul_f64(0.8), "retry {n}: {delay:?}");
    assert!(delay <= longest, "retry {n}: {delay:?}");
}

// UTS: realtime/unit/RTB1/disconnected-retry-delay-0
#[test]
fn delays_of_disconnected() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_connected(connected_with(
                "connection-id",
                "connection-key",
                15_000,
                60_000,
            ));
        } else {
            a.respond_with_refused();
        }
    });
    let timeout = s(2);
    let client = client(
        options(&rt, &ws)
            .disconnected_retry_timeout(timeout)
            .use_binary_protocol(false),
    );
    let delays = Recorder::new();
    let sink = delays.clone();
    client.connection().on((), move |change| {
        if change.current == S::Disconnected {
            sink.push(change.retry_in.expect("there is a delay"));
        }
    });
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    for _ in 0..30 {
        rt.advance(s(5));
        if delays.all().len() >= 5 {
            break;
        }
    }
    let delays = delays.all();
    assert!(delays.len() >= 5, "{delays:?}");
    for n in 1..=5 {
        assert_delay(delays[n - 1], timeout, n);
    }
}

// UTS: realtime/unit/RTB1/suspended-channel-retry-delay-1
//
// The document sends an ERROR for the channel, which by RTL14 fails it; the unasked DETACHED of
// RTL13b, which it names, is what makes the client attach again. A ChannelStateChange of 2.12 has no
// retryIn; the delays are measured.
#[test]
fn delays_of_suspended_channels() {
    let rt = VirtualRuntime::new();
    let attaches = AtomicUsize::new(0);
    let detached = |channel: &Value, message: &str| {
        json!({
            "action": action::DETACHED,
            "channel": channel,
            "error": error(90001, 500, message),
        })
    };
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            if attaches.fetch_add(1, Ordering::Relaxed) == 0 {
                conn.send_to_client(json!({
                    "action": action::ATTACHED, "channel": m["channel"], "flags": 0,
                }));
            } else {
                conn.send_to_client(detached(&m["channel"], "Channel re-attach failed"));
            }
        }
    });
    let timeout = s(3);
    let client = client(
        options(&rt, &ws)
            .channel_retry_timeout(timeout)
            .use_binary_protocol(false),
    );
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("test-RTB1-channel");
    let changes: Recorder<(ChannelState, Duration)> = Recorder::new();
    let (sink, clock) = (changes.clone(), rt.clone());
    channel.on((), move |c| sink.push((c.current, clock.elapsed())));
    rt.wait(channel.attach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    ws.send_to_client(detached(&json!("test-RTB1-channel"), "Channel error"));
    let delays = || -> Vec<Duration> {
        let all = changes.all();
        let retries = all
            .windows(2)
            .filter(|w| (w[0].0, w[1].0) == (ChannelState::Suspended, ChannelState::Attaching));
        retries.map(|w| w[1].1 - w[0].1).collect()
    };
    for _ in 0..30 {
        // A quiet server would be given up after 25 s.
        ws.active().send_ping_frame();
        rt.advance(s(7));
        if delays().len() >= 4 {
            break;
        }
    }
    let delays = delays();
    assert!(delays.len() >= 4, "{delays:?}");
    for n in 1..=4 {
        assert_delay(delays[n - 1], timeout, n);
    }
}
