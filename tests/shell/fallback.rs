//! What happens when WebSockets do not get through and there is another transport.
//!
//! Witness: ably-js 2.12.0, `connectionmanager.ts`.

use ably_base::{FailureKind, MemoryStorage, Storage};
use ably_testkit::{
    Attempt,
    http::{HttpMockReply, MockHttp},
};

use crate::world::*;

const PRIMARY: &str = "main.realtime.ably.net";
const PROBE: &str = "ws-up.ably-realtime.com";

/// What a WebSocket attempt or probe meets.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Silence,
    Refusal,
    Opens,
    Connects,
}

fn meet(attempt: &Attempt, fate: Fate) {
    match fate {
        Fate::Silence => {}
        Fate::Refusal => attempt.respond_with_refused(),
        Fate::Opens => drop(attempt.respond_with_success()),
        Fate::Connects => drop(attempt.respond_with_connected(connected("id", "key"))),
    }
}

struct Net {
    rt: VirtualRuntime,
    ws: MockWebSocket,
    polling: MockWebSocket,
    http: MockHttp,
    socket: Arc<Mutex<Fate>>,
    probe: Arc<Mutex<Fate>>,
    online: Arc<Mutex<bool>>,
}

impl Net {
    fn new(socket: Fate, probe: Fate) -> Self {
        let socket = Arc::new(Mutex::new(socket));
        let probe = Arc::new(Mutex::new(probe));
        let online = Arc::new(Mutex::new(true));
        let (s, p, o) = (socket.clone(), probe.clone(), online.clone());
        let ws = MockWebSocket::serving();
        ws.set_on_attempt(move |a| {
            let fates = if a.target().is_probe { &p } else { &s };
            let fate = *fates.lock().unwrap();
            meet(&a, fate);
        });
        let http = MockHttp::answering(move |_| {
            let answer = if *o.lock().unwrap() { "yes" } else { "no" };
            Some(HttpMockReply::bytes(200, "text/plain", answer))
        });
        Self {
            rt: VirtualRuntime::new(),
            ws,
            polling: MockWebSocket::serving().base("xhr_polling"),
            http,
            socket,
            probe,
            online,
        }
    }

    fn options(&self) -> ClientOptions {
        options(&self.rt, &self.ws)
            .plugin(self.polling.clone())
            .plugin(self.http.clone())
    }

    fn connecting(&self) -> BaseRealtime {
        let client = BaseRealtime::new(self.options()).unwrap();
        client.connect();
        self.rt.run_until_idle();
        client
    }

    fn advance(&self, seconds: f64) {
        self.rt.advance(Duration::from_secs_f64(seconds));
    }

    fn set(&self, socket: Fate, probe: Fate) {
        *self.socket.lock().unwrap() = socket;
        *self.probe.lock().unwrap() = probe;
    }

    fn attempts(&self, is_probe: bool) -> Vec<Attempt> {
        let mut all = self.ws.attempts();
        all.retain(|a| a.target().is_probe == is_probe);
        all
    }

    /// How many attempts over WebSocket, probes, and attempts over polling there were.
    fn counts(&self) -> (usize, usize, usize) {
        let (sockets, probes) = (self.attempts(false), self.attempts(true));
        (sockets.len(), probes.len(), self.polling.attempts().len())
    }

    /// A client that is connected over polling, because WebSockets did not get through.
    fn fallen_back(&self) -> BaseRealtime {
        let client = self.connecting();
        self.advance(10.0);
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(self.counts(), (1, 1, 1));
        client
    }
}

fn host(attempt: &Attempt) -> (String, &'static str) {
    (attempt.host().to_owned(), attempt.target().transport)
}

#[test]
fn a_websocket_that_does_not_open_gives_way_after_ten_seconds() {
    for probe in [Fate::Silence, Fate::Refusal] {
        let net = Net::new(Fate::Silence, probe);
        let client = net.connecting();
        net.advance(3.9);
        assert_eq!((net.counts(), net.http.requests().len()), ((1, 0, 0), 0));
        net.advance(0.2);
        assert_eq!((net.counts(), net.http.requests().len()), ((1, 1, 0), 1));
        let probe = net.attempts(true).remove(0);
        assert_eq!(host(&probe), (PROBE.to_owned(), "web_socket"));
        assert_eq!(probe.target().path_and_query, "/");
        net.advance(5.8);
        assert_eq!(net.counts(), (1, 1, 0));
        assert_eq!(client.connection().state(), S::Connecting);
        net.advance(0.2);
        assert_eq!(net.counts(), (1, 1, 1));
        let first = net.polling.attempts().remove(0);
        assert_eq!(host(&first), (PRIMARY.to_owned(), "xhr_polling"));
        assert_eq!(client.connection().state(), S::Connected);
        net.rt
            .wait(client.channels().get("c").publish("n", "d"))
            .unwrap();
        assert_eq!(net.polling.client_messages_of(action::MESSAGE).len(), 1);
    }
}

#[test]
fn where_websockets_get_through_elsewhere_the_websocket_goes_on() {
    let net = Net::new(Fate::Silence, Fate::Opens);
    let client = net.connecting();
    net.advance(19.9);
    // The first host was given up for a fallback host.
    assert_eq!(net.counts(), (2, 1, 0));
    assert_eq!(client.connection().state(), S::Connecting);
    net.advance(0.2);
    assert_eq!(client.connection().state(), S::Disconnected);
    assert_eq!(net.counts(), (2, 1, 0));
    assert_eq!(net.ws.client_closes(), 1, "the probe is closed");
}

#[test]
fn without_a_network_no_transport_is_tried() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    *net.online.lock().unwrap() = false;
    let client = net.connecting();
    net.advance(4.1);
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!((reason.code().0, reason.status_code()), (80003, 404));
    net.advance(7.0);
    assert_eq!(net.counts(), (1, 1, 0));
}

#[test]
fn a_websocket_that_opens_in_time_leaves_nothing_behind() {
    // At once, or after the probe went out but before it is given up.
    for (wait, probes) in [(0.0, 0), (6.0, 1)] {
        let net = Net::new(Fate::Silence, Fate::Silence);
        let client = net.connecting();
        net.advance(wait);
        let conn = net.attempts(false)[0].respond_with_success();
        net.advance(3.5);
        assert_eq!(net.counts(), (1, probes, 0));
        conn.send_to_client(connected("id", "key"));
        net.advance(20.0);
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(net.counts(), (1, probes, 0), "{wait}");
    }
}

#[test]
fn what_worked_last_comes_first_beside_a_probe() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.fallen_back();
    net.polling.active().simulate_disconnect();
    net.advance(1.0);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(net.counts(), (1, 2, 2));
    let again = net.polling.attempts().remove(1);
    assert_eq!(again.query("resume").as_deref(), Some("connection-key"));
}

#[test]
fn a_probe_that_opens_while_connecting_brings_the_websocket_back() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.fallen_back();
    net.set(Fate::Connects, Fate::Silence);
    net.polling.set_on_attempt(|_| {});
    net.polling.active().simulate_disconnect();
    net.advance(1.0);
    assert_eq!(net.counts(), (1, 2, 2));
    assert_eq!(client.connection().state(), S::Connecting);
    net.attempts(true)[1].respond_with_success();
    net.advance(0.1);
    assert_eq!(net.counts(), (2, 2, 2));
    assert_eq!(client.connection().state(), S::Connected);
    // Answered too late, it is not used.
    net.polling.attempts()[1].respond_with_connected(connected("late", "late"));
    net.advance(0.1);
    assert_eq!(client.connection().id().as_deref(), Some("id"));
    publishes(&net, &client);
    assert_eq!(net.ws.client_messages_of(action::MESSAGE).len(), 1);
}

#[track_caller]
fn publishes(net: &Net, client: &BaseRealtime) {
    let channel = client.channels().get("c");
    net.rt.wait(channel.publish("n", "d")).unwrap();
}

#[test]
fn a_websocket_that_was_given_up_is_not_used_when_it_opens() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.fallen_back();
    net.attempts(false)[0].respond_with_connected(connected("late", "late"));
    net.advance(0.1);
    assert_eq!(client.connection().id().as_deref(), Some("connection-id"));
    publishes(&net, &client);
    assert_eq!(net.polling.client_messages_of(action::MESSAGE).len(), 1);
    assert_eq!(net.counts(), (1, 1, 1));
}

#[test]
fn a_probe_that_opens_later_brings_the_websocket_back_next_time() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.fallen_back();
    net.set(Fate::Connects, Fate::Silence);
    net.polling.active().simulate_disconnect();
    net.advance(1.0);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(net.counts(), (1, 2, 2));
    net.attempts(true)[1].respond_with_success();
    net.advance(1.0);
    assert_eq!(net.counts(), (1, 2, 2));
    net.polling.active().simulate_disconnect();
    net.advance(1.0);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(net.counts(), (2, 2, 2));
}

#[test]
fn a_probe_that_is_given_up_changes_nothing() {
    let net = Net::new(Fate::Silence, Fate::Silence);
    let _client = net.fallen_back();
    net.polling.active().simulate_disconnect();
    net.advance(12.0);
    // Past its time-out.
    net.attempts(true)[1].respond_with_success();
    net.polling.active().simulate_disconnect();
    net.advance(2.0);
    assert_eq!(net.counts(), (1, 3, 3));
}

#[test]
fn a_refusal_of_the_server_forgets_what_worked() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.fallen_back();
    net.set(Fate::Connects, Fate::Refusal);
    net.polling.send_to_client(json!({
        "action": action::DISCONNECTED,
        "error": {"code": 50003, "statusCode": 504, "message": "x"},
    }));
    net.advance(1.0);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(net.counts(), (2, 1, 1));
    assert_ne!(net.attempts(false)[1].host(), PRIMARY);
}

// DEVIATION: ably-js lets the ten seconds pass, although nothing is under way any more.
#[test]
fn a_websocket_that_fails_where_the_probe_did_gives_way_at_once() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = net.connecting();
    net.advance(5.0);
    net.attempts(false)[0].respond_with_refused();
    net.advance(0.1);
    assert_eq!(net.counts(), (1, 1, 1));
    assert_eq!(client.connection().state(), S::Connected);
}

#[test]
fn a_websocket_that_is_refused_at_once_goes_to_other_hosts() {
    let net = Net::new(Fate::Refusal, Fate::Refusal);
    let client = net.connecting();
    net.advance(1.0);
    assert_eq!(client.connection().state(), S::Disconnected);
    assert_eq!(net.counts(), (4, 0, 0));
}

#[test]
fn the_base_transport_has_fallback_hosts_of_its_own() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let tries = AtomicUsize::new(0);
    net.polling
        .set_on_attempt(move |a| match tries.fetch_add(1, Ordering::Relaxed) {
            0 => a.respond_with_failure(FailureKind::Dns),
            _ => drop(a.respond_with_connected(connected("id", "key"))),
        });
    let client = net.connecting();
    net.advance(10.0);
    assert_eq!(client.connection().state(), S::Connected);
    let hosts: Vec<_> = net.polling.attempts().iter().map(host).collect();
    assert_eq!(hosts.len(), 2);
    assert_eq!(hosts[0].0, PRIMARY);
    assert!(hosts[1].0.contains(".fallback."), "{hosts:?}");
}

#[test]
fn an_attempt_ends_when_the_base_transport_is_silent_too() {
    let net = Net::new(Fate::Silence, Fate::Silence);
    net.polling.set_on_attempt(|_| {});
    let client = net.connecting();
    net.advance(19.9);
    assert_eq!(client.connection().state(), S::Connecting);
    net.advance(0.2);
    assert_eq!(client.connection().state(), S::Disconnected);
}

#[test]
fn without_http_there_is_taken_to_be_a_network() {
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let options = options(&net.rt, &net.ws).plugin(net.polling.clone());
    let client = BaseRealtime::new(options).unwrap();
    client.connect();
    net.advance(10.0);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(net.polling.attempts().len(), 1);
}

#[test]
fn closing_ends_the_finding_out() {
    let net = Net::new(Fate::Silence, Fate::Silence);
    let client = net.connecting();
    net.advance(5.0);
    assert_eq!(net.counts(), (1, 1, 0));
    let changes = Arc::new(AtomicUsize::new(0));
    let count = changes.clone();
    client.close();
    net.advance(0.0);
    client.connection().on((), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    net.attempts(true)[0].respond_with_success();
    net.advance(60.0);
    assert_eq!(net.counts(), (1, 1, 0));
    assert_eq!(changes.load(Ordering::Relaxed), 0);
}

#[test]
fn the_probe_goes_where_the_options_say() {
    let net = Net::new(Fate::Silence, Fate::Silence);
    let options = |url| net.options().ws_connectivity_check_url(url);
    let client = BaseRealtime::new(options("ws://up.example:81/x?y=z")).unwrap();
    client.connect();
    net.advance(5.0);
    let probe = net.attempts(true).remove(0);
    let target = probe.target();
    assert_eq!(target.host, "up.example");
    assert_eq!((target.port, target.tls), (81, false));
    assert_eq!(target.path_and_query, "/x?y=z");
    let error = BaseRealtime::new(options("https://up.example")).unwrap_err();
    assert_eq!(error.code(), 40000);
}

#[test]
fn what_worked_last_comes_first_for_the_next_client_too() {
    let name = "ably-transport-preference";
    let storage = MemoryStorage::new();
    let net = Net::new(Fate::Silence, Fate::Refusal);
    let client = || {
        let client = BaseRealtime::new(net.options().storage(storage.clone())).unwrap();
        client.connect();
        client
    };
    let first = client();
    net.advance(9.0);
    assert_eq!(storage.get(name), None);
    net.advance(1.0);
    assert_eq!(first.connection().state(), S::Connected);
    assert_eq!(storage.get(name).as_deref(), Some("xhr_polling"));

    let second = client();
    net.advance(0.1);
    assert_eq!(second.connection().state(), S::Connected);
    assert_eq!(net.counts(), (1, 2, 2));
    net.set(Fate::Connects, Fate::Opens);
    let third = client();
    net.advance(0.1);
    assert_eq!(third.connection().state(), S::Connected);
    assert_eq!(net.counts(), (2, 3, 3));
    assert_eq!(storage.get(name), None);
}

/// A little generator, so that a seed says what happens.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn fate(&mut self) -> Fate {
        [Fate::Silence, Fate::Refusal, Fate::Opens, Fate::Connects][self.roll(4) as usize]
    }
}

#[test]
fn whatever_gets_through_no_attempt_hangs() {
    for seed in 0..60 {
        let net = Net::new(Fate::Silence, Fate::Silence);
        let dice = Arc::new(Mutex::new(Dice(seed)));
        let d = dice.clone();
        net.polling.set_on_attempt(move |a| {
            let fate = d.lock().unwrap().fate();
            meet(&a, fate);
        });
        let client = net.connecting();
        let mut since = Duration::ZERO;
        for _ in 0..240 {
            let (socket, probe, event) = {
                let mut dice = dice.lock().unwrap();
                (dice.fate(), dice.fate(), dice.roll(8))
            };
            net.set(socket, probe);
            *net.online.lock().unwrap() = event != 0;
            // A late answer, or the end of a connection.
            let all = [net.ws.attempts(), net.polling.attempts()].concat();
            match event {
                1 => meet(&all[all.len() - 1], socket),
                2 if client.connection().state() == S::Connected => {
                    for mock in [&net.ws, &net.polling] {
                        if mock.attempts().iter().any(|a| !a.target().is_probe) {
                            cut(mock);
                        }
                    }
                }
                3 => net.rt.jump_wall_clock(60_000),
                _ => {}
            }
            let before = client.connection().state();
            net.advance(1.0);
            let state = client.connection().state();
            let is_stuck = (before, state) == (S::Connecting, S::Connecting);
            since = if is_stuck {
                since + Duration::from_secs(1)
            } else {
                Duration::ZERO
            };
            assert!(
                since <= Duration::from_secs(21),
                "{seed}: {:?}",
                net.counts()
            );
            assert!(![S::Failed, S::Closed].contains(&state), "{seed}");
        }
        net.set(Fate::Connects, Fate::Connects);
        *net.online.lock().unwrap() = true;
        net.polling
            .set_on_attempt(|a| drop(a.respond_with_connected(connected("id", "key"))));
        net.advance(60.0);
        assert_eq!(client.connection().state(), S::Connected, "{seed}");
        client.close();
        net.advance(11.0);
        assert_eq!(client.connection().state(), S::Closed, "{seed}");
    }
}

/// Cuts the connection that was opened last, if any was.
fn cut(mock: &MockWebSocket) {
    use ably_testkit::WsEvent;
    let opened = |e: &WsEvent| matches!(e, WsEvent::ConnectionSuccess(_));
    if mock.events().iter().any(opened) {
        mock.active().simulate_disconnect();
    }
}
