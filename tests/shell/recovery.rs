//! What a client keeps for the next one, and how that one goes on.
//!
//! Witness: ably-js 2.12.0, `connectionmanager.ts`, for names, contents and when it is forgotten.

use ably_base::{LastConnection, MemoryStorage, Runtime, Storage};
use serde_json::Value;

use crate::world::*;

const NAME: &str = "ably-connection-recovery";

/// A client of a program that ends without notice: its runtime is not run any more.
struct Program {
    rt: VirtualRuntime,
    ws: MockWebSocket,
    client: BaseRealtime,
}

/// What `recover_if` was asked.
type Asked = Arc<Mutex<Vec<LastConnection>>>;

impl Program {
    fn start(storage: &MemoryStorage, answer: bool) -> (Self, Asked) {
        Self::start_with(storage, answer, |options| options)
    }

    fn start_with(
        storage: &MemoryStorage,
        answer: bool,
        with: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> (Self, Asked) {
        let rt = VirtualRuntime::new();
        let ws = MockWebSocket::serving();
        let asked = Asked::default();
        let sink = asked.clone();
        let options = options(&rt, &ws)
            .client_id("me")
            .storage(storage.clone())
            .recover_if(move |last| {
                sink.lock().unwrap().push(last.clone());
                answer
            });
        let client = connect(&rt, with(options));
        (Self { rt, ws, client }, asked)
    }

    /// Has a message come and one go on the channel `c`, and all of it kept.
    fn talk(&self) {
        let channel = self.client.channels().get("c");
        self.rt.wait(channel.attach()).unwrap();
        self.ws.send_to_client(json!({
            "action": action::MESSAGE,
            "channel": "c",
            "channelSerial": "here",
            "messages": [{"name": "n", "data": "d"}],
        }));
        self.rt.wait(channel.publish("n", "d")).unwrap();
        self.rt.run_until_idle();
        self.rt.advance(Duration::from_secs(1));
    }

    fn recover_of(&self) -> Option<String> {
        self.ws.attempts()[0].query("recover")
    }
}

#[track_caller]
fn kept(storage: &MemoryStorage) -> Value {
    serde_json::from_str(&storage.get(NAME).expect("a recovery key is kept")).unwrap()
}

#[track_caller]
fn key(kept: &Value) -> Value {
    serde_json::from_str(kept["recoveryKey"].as_str().unwrap()).unwrap()
}

#[test]
fn the_next_program_goes_on_where_the_last_one_ended() {
    let storage = MemoryStorage::new();
    let (first, asked) = Program::start(&storage, true);
    first.talk();
    assert_eq!(first.recover_of(), None);
    assert!(asked.lock().unwrap().is_empty());
    let now = first.rt.now().unix_ms;
    let kept = kept(&storage);
    assert_eq!(
        key(&kept),
        json!({
            "connectionKey": "connection-key",
            "msgSerial": 1,
            "channelSerials": {"c": "here"},
        })
    );
    assert_eq!(kept["clientId"], "me");
    assert_eq!(kept["disconnectedAt"], now);

    let (second, asked) = Program::start(&storage, true);
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].disconnected_at, now);
    assert_eq!(asked[0].client_id.as_deref(), Some("me"));
    assert_eq!(kept["recoveryKey"], asked[0].recovery_key.as_str());
    assert_eq!(second.recover_of().as_deref(), Some("connection-key"));
    second.talk();
    let attach = &second.ws.client_messages_of(action::ATTACH)[0];
    assert_eq!(attach["channelSerial"], "here");
    let message = &second.ws.client_messages_of(action::MESSAGE)[0];
    assert_eq!(message["msgSerial"], 1);
}

#[test]
fn a_no_begins_afresh() {
    let storage = MemoryStorage::new();
    let (first, _) = Program::start(&storage, true);
    first.talk();
    let (second, asked) = Program::start(&storage, false);
    assert_eq!(asked.lock().unwrap().len(), 1);
    assert_eq!(second.recover_of(), None);
    // What is kept now is the new connection.
    second.rt.run_until_idle();
    assert_eq!(key(&kept(&storage))["channelSerials"], json!({}));
}

#[test]
fn a_key_of_the_application_takes_the_place_of_the_question() {
    let storage = MemoryStorage::new();
    let (first, _) = Program::start(&storage, true);
    first.talk();
    let own = r#"{"connectionKey":"own","msgSerial":3,"channelSerials":{}}"#;
    let (second, asked) = Program::start_with(&storage, true, |o| o.recover(own));
    assert_eq!(second.recover_of().as_deref(), Some("own"));
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn what_the_server_has_forgotten_is_not_asked_for() {
    // connectionStateTtl and maxIdleInterval are 135 s together.
    for (later, count) in [(134_000, 1), (136_000, 0)] {
        let storage = MemoryStorage::new();
        let (first, _) = Program::start(&storage, true);
        first.talk();
        let at = kept(&storage)["disconnectedAt"].as_i64().unwrap();
        let rt = VirtualRuntime::new();
        rt.jump_wall_clock(at + later - rt.now().unix_ms);
        let asked = Arc::new(AtomicUsize::new(0));
        let count_asked = asked.clone();
        let ws = MockWebSocket::serving();
        let options = options(&rt, &ws)
            .storage(storage.clone())
            .recover_if(move |_| {
                count_asked.fetch_add(1, Ordering::Relaxed);
                true
            });
        connect(&rt, options);
        assert_eq!(asked.load(Ordering::Relaxed), count);
        assert_eq!(ws.attempts()[0].query("recover").is_some(), count == 1);
    }
}

#[test]
fn what_is_not_ours_is_not_asked_for() {
    for text in [
        "",
        "{",
        "[]",
        r#"{"recoveryKey":1}"#,
        r#"{"disconnectedAt":1}"#,
    ] {
        let storage = MemoryStorage::new();
        storage.set(NAME, text, None);
        let (program, asked) = Program::start(&storage, true);
        assert!(asked.lock().unwrap().is_empty(), "{text}");
        assert_eq!(program.recover_of(), None);
    }
}

/// A storage that looks at what was sent when it is written to.
struct Watching {
    inner: MemoryStorage,
    ws: MockWebSocket,
    sent: Arc<Mutex<Vec<(i64, usize)>>>,
}

impl Storage for Watching {
    fn get(&self, name: &str) -> Option<String> {
        self.inner.get(name)
    }

    fn set(&self, name: &str, text: &str, ttl: Option<Duration>) {
        assert_eq!(ttl, Some(Duration::from_secs(135)));
        self.inner.set(name, text, ttl);
        let serial = key(&kept(&self.inner))["msgSerial"].as_i64().unwrap();
        let sent = self.ws.client_messages_of(action::MESSAGE).len();
        self.sent.lock().unwrap().push((serial, sent));
    }

    fn remove(&self, name: &str) {
        self.inner.remove(name);
    }
}

#[test]
fn a_serial_is_kept_before_it_is_used() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let sent = Arc::default();
    let storage = Watching {
        inner: MemoryStorage::new(),
        ws: ws.clone(),
        sent: Arc::clone(&sent),
    };
    let options = options(&rt, &ws).storage(storage).recover_if(|_| true);
    let client = connect(&rt, options);
    let channel = client.channels().get("c");
    for _ in 0..3 {
        rt.wait(channel.publish("n", "d")).unwrap();
    }
    assert_eq!(*sent.lock().unwrap(), [(0, 0), (1, 0), (2, 1), (3, 2)]);
}

/// Has `count` messages come on the channel `c`, with serials `s<from>` and so on.
fn flood(program: &Program, from: usize, count: usize) {
    for n in from..from + count {
        program.ws.send_to_client(json!({
            "action": action::MESSAGE, "channel": "c", "channelSerial": format!("s{n}"),
            "messages": [{"name": "n", "data": "d"}],
        }));
        program.rt.run_until_idle();
    }
}

#[test]
fn serials_of_channels_alone_are_written_once_a_second() {
    let writes = Arc::new(AtomicUsize::new(0));
    let storage = MemoryStorage::new();
    let counting = Counting(storage.clone(), writes.clone());
    let (program, _) = Program::start_with(&storage, true, |o| o.storage(counting));
    program.talk();
    program.rt.advance(Duration::from_secs(2));
    let before = writes.load(Ordering::Relaxed);
    let serial = || key(&kept(&storage))["channelSerials"]["c"].clone();
    flood(&program, 0, 200);
    assert_eq!(writes.load(Ordering::Relaxed), before + 1);
    assert_eq!(serial(), "s0");
    program.rt.advance(Duration::from_millis(999));
    assert_eq!(serial(), "s0");
    program.rt.advance(Duration::from_millis(1));
    assert_eq!(serial(), "s199");
    assert_eq!(writes.load(Ordering::Relaxed), before + 2);
    // Then there is nothing more to write.
    program.rt.advance(Duration::from_secs(3));
    assert_eq!(writes.load(Ordering::Relaxed), before + 2);
    // A serial of a message is written before it is used, and all else with it.
    flood(&program, 200, 2);
    program
        .rt
        .wait(program.client.channels().get("c").publish("n", "d"))
        .unwrap();
    assert_eq!(key(&kept(&storage))["msgSerial"], 2);
    assert_eq!(serial(), "s201");
    assert_eq!(writes.load(Ordering::Relaxed), before + 4);
}

/// Counts what is written.
struct Counting(MemoryStorage, Arc<AtomicUsize>);

impl Storage for Counting {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name)
    }

    fn set(&self, name: &str, text: &str, ttl: Option<Duration>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.set(name, text, ttl);
    }

    fn remove(&self, name: &str) {
        self.0.remove(name);
    }
}

#[test]
fn a_second_later_the_key_is_that_of_the_connection() {
    let storage = MemoryStorage::new();
    let (program, _) = Program::start(&storage, true);
    let Program { rt, ws, client } = &program;
    let channel = client.channels().get("c");
    let steps: [&dyn Fn(); 9] = [
        &|| drop(rt.wait(channel.attach()).unwrap()),
        &|| flood(&program, 0, 1),
        &|| {
            ws.send_to_client(json!({
                "action": action::ATTACHED, "channel": "c", "channelSerial": "again", "flags": 4,
            }));
        },
        &|| {
            ws.send_to_client(json!({
                "action": action::PRESENCE, "channel": "c", "channelSerial": "presence",
                "presence": [],
            }));
        },
        &|| rt.wait(channel.publish("n", "d")).unwrap(),
        &|| rt.wait(channel.detach()).unwrap(),
        &|| drop(rt.wait(channel.attach()).unwrap()),
        &|| ws.active().simulate_disconnect(),
        &|| flood(&program, 1, 1),
    ];
    for (n, step) in steps.iter().enumerate() {
        step();
        rt.run_until_idle();
        rt.advance(Duration::from_secs(1));
        let expected = client.connection().create_recovery_key().unwrap();
        assert_eq!(kept(&storage)["recoveryKey"], expected, "after step {n}");
    }
    // A channel that was never attached goes on where it was in the last program.
    let (second, _) = Program::start(&storage, true);
    second.client.channels().get("c");
    second.rt.advance(Duration::from_secs(1));
    assert_eq!(key(&kept(&storage))["channelSerials"], json!({"c": "s1"}));
    second.client.channels().release("c").unwrap();
    second.rt.run_until_idle();
    second.rt.advance(Duration::from_secs(1));
    assert_eq!(key(&kept(&storage))["channelSerials"], json!({}));
}

#[test]
fn a_message_counts_when_it_was_delivered() {
    let storage = MemoryStorage::new();
    let (program, _) = Program::start(&storage, true);
    let channel = program.client.channels().get("c");
    let (seen, inner) = (Arc::new(Mutex::new(Vec::new())), storage.clone());
    let sink = seen.clone();
    let _listener = channel.subscribe_with((), move |_| {
        let serials = key(&kept(&inner))["channelSerials"].clone();
        sink.lock().unwrap().push(serials);
    });
    program.talk();
    program.rt.advance(Duration::from_secs(2));
    flood(&program, 0, 1);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[1..], [json!({"c": "here"})]);
    assert_eq!(key(&kept(&storage))["channelSerials"], json!({"c": "s0"}));
}

#[test]
fn an_end_that_is_known_leaves_nothing() {
    let ends: [fn(&Program); 3] = [
        |p| p.client.close(),
        |p| {
            p.ws.send_to_client(json!({
                "action": action::ERROR,
                "error": {"code": 40000, "statusCode": 400, "message": "no"},
            }));
        },
        |p| {
            p.ws.set_on_attempt(|a| a.respond_with_refused());
            p.ws.active().simulate_disconnect();
            p.rt.advance(Duration::from_secs(60));
            assert_eq!(p.client.connection().state(), S::Disconnected);
            p.rt.advance(Duration::from_secs(70));
            assert_eq!(p.client.connection().state(), S::Suspended);
        },
    ];
    for end in ends {
        let storage = MemoryStorage::new();
        let (program, _) = Program::start(&storage, true);
        program.talk();
        kept(&storage);
        end(&program);
        program.rt.run_until_idle();
        assert_eq!(storage.get(NAME), None);
    }
    let storage = MemoryStorage::new();
    let (Program { rt, client, .. }, _) = Program::start(&storage, true);
    kept(&storage);
    drop(client);
    rt.run_until_idle();
    assert_eq!(storage.get(NAME), None);
}

#[test]
fn the_time_is_that_of_the_last_sign_of_a_connection() {
    let storage = MemoryStorage::new();
    let (program, _) = Program::start(&storage, true);
    let at = |storage: &MemoryStorage| kept(storage)["disconnectedAt"].as_i64().unwrap();
    let begin = at(&storage);
    for _ in 0..6 {
        program.rt.advance(Duration::from_secs(10));
        program.ws.active().send_ping_frame();
        program.rt.run_until_idle();
    }
    assert_eq!(at(&storage), begin + 60_000);
    // While there is no connection it stays.
    program.ws.set_on_attempt(|a| a.respond_with_refused());
    program.ws.active().simulate_disconnect();
    program.rt.advance(Duration::from_secs(100));
    assert_eq!(at(&storage), begin + 60_000);
}

#[test]
fn the_name_is_that_of_the_options() {
    let storage = MemoryStorage::new();
    let with = |o: ClientOptions| o.recovery_key_storage_name("mine");
    let (first, _) = Program::start_with(&storage, true, with);
    first.talk();
    assert_eq!(storage.get(NAME), None);
    let (second, _) = Program::start_with(&storage, true, with);
    assert_eq!(second.recover_of().as_deref(), Some("connection-key"));
}

#[test]
fn without_a_question_no_recovery_key_is_kept() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let storage = MemoryStorage::new();
    connect(&rt, options(&rt, &ws).storage(storage.clone()));
    rt.run_until_idle();
    assert_eq!(storage.get(NAME), None);
}

#[test]
fn a_question_without_a_storage_is_refused() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    for options in [
        options(&rt, &ws).recover_if(|_| true),
        options(&rt, &ws).recovery_key_storage_name("mine"),
    ] {
        assert_eq!(BaseRealtime::new(options).unwrap_err().code(), 40000);
    }
}

/// A storage that panics whenever it is written to.
struct Broken;

impl Storage for Broken {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn set(&self, _: &str, _: &str, _: Option<Duration>) {
        panic!("the disk is full");
    }

    fn remove(&self, _: &str) {
        panic!("the disk is gone");
    }
}

#[test]
fn a_storage_that_panics_harms_nobody() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = connect(&rt, options(&rt, &ws).storage(Broken).recover_if(|_| true));
    rt.wait(client.channels().get("c").publish("n", "d"))
        .unwrap();
    client.close();
    rt.await_state(&client, S::Closed);
}

#[test]
fn nothing_that_is_kept_is_printed() {
    let storage = MemoryStorage::new();
    let (first, _) = Program::start(&storage, true);
    first.talk();
    let (_second, asked) = Program::start(&storage, true);
    for text in [
        format!("{storage:?}"),
        format!("{:?}", asked.lock().unwrap()),
    ] {
        assert!(!text.contains("connection-key"), "{text}");
    }
}
