//! Transports that are made of HTTP requests.

use ably_sandbox::core::auth::Credential;
use ably_sandbox::core::comet::{Received, Recv};
use ably_sandbox::core::{ConnectRequest, Limits, Selector};
use ably_sandbox::wire::{ErrorInfo, Format};
use serde_json::{Value as Json, json};

use crate::world::{World, data_of, flags_of, presence_of, text, value};

/// A client, with the recv that hangs.
struct Comet {
    recv: Recv,
    id: String,
    key: String,
    shown: Vec<Credential>,
}

fn open(world: &mut World, params: &[(&str, &str)]) -> Result<Option<Recv>, ErrorInfo> {
    let shown = vec![Credential::Key(world.key.clone())];
    open_as(world, &shown, params)
}

fn open_as(
    world: &mut World,
    shown: &[Credential],
    params: &[(&str, &str)],
) -> Result<Option<Recv>, ErrorInfo> {
    let params = [("v", "3")].iter().chain(params);
    let query = params.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let query = query.collect();
    let now = world.now;
    world
        .core
        .comet_connect(&ConnectRequest { query }, shown, now)
}

fn connect(world: &mut World, params: &[(&str, &str)]) -> Comet {
    let shown = vec![Credential::Key(world.key.clone())];
    connect_as(world, shown, params)
}

fn connect_as(world: &mut World, shown: Vec<Credential>, params: &[(&str, &str)]) -> Comet {
    let opened = open_as(world, &shown, params).expect("an open transport");
    let recv = opened.expect("no cut");
    let frames = frames(world, &recv);
    assert_eq!(frames[0]["action"], 4, "{frames:?}");
    assert_eq!(frames.len(), 1);
    Comet {
        recv,
        id: text(&frames[0]["connectionId"]),
        key: text(&frames[0]["connectionDetails"]["connectionKey"]),
        shown,
    }
}

fn poll(world: &mut World, recv: &Recv) -> Option<Received> {
    let now = world.now;
    world.core.poll_recv(recv, now)
}

/// Takes the frames that a recv is given.
fn frames(world: &mut World, recv: &Recv) -> Vec<Json> {
    match poll(world, recv) {
        None => Vec::new(),
        Some(Received::Frames(frames)) => frames
            .iter()
            .map(|frame| serde_json::from_slice(frame.bytes(Format::Json)).expect("JSON"))
            .collect(),
        other => panic!("expected frames, got {other:?}"),
    }
}

fn recv(world: &mut World, client: &mut Comet) -> Result<(), u32> {
    let now = world.now;
    let begun = world.core.comet_recv(&client.key, &client.shown, now);
    client.recv = begun.map_err(|error| error.code)?;
    Ok(())
}

fn send(world: &mut World, client: &Comet, body: Json) -> Result<(), u32> {
    let now = world.now;
    let body = Ok(value(&body.to_string()));
    let sent = world.core.comet_send(&client.key, &client.shown, body, now);
    sent.map_err(|error| error.code)
}

fn message(serial: u64, data: &str) -> Json {
    json!({"action": 15, "channel": "a", "msgSerial": serial,
        "messages": [{"name": "n", "data": data}]})
}

const ATTACH: &str = r#"[{"action": 10, "channel": "a"}]"#;

fn attach(world: &mut World, client: &Comet) -> Json {
    let attach = serde_json::from_str(ATTACH).expect("JSON");
    send(world, client, attach).expect("sent");
    let frames = frames(world, &client.recv);
    assert_eq!(frames[0]["action"], 11, "{frames:?}");
    frames[0].clone()
}

/// Attaches a client that polls, and leaves it without a recv.
fn attach_polling(world: &mut World, client: &mut Comet) -> Json {
    recv(world, client).expect("a recv");
    attach(world, client)
}

fn actions(frames: &[Json]) -> Vec<u64> {
    let actions = frames.iter().map(|frame| frame["action"].as_u64());
    actions.map(|action| action.expect("an action")).collect()
}

#[test]
fn a_stream_carries_everything_that_a_socket_would() {
    let mut world = World::new();
    let client = connect(&mut world, &[("clientId", "alice")]);
    assert!(client.recv.streams);
    assert!(poll(&mut world, &client.recv).is_none());
    attach(&mut world, &client);
    let enter = json!({"action": 14, "channel": "a", "msgSerial": 1,
        "presence": [{"action": 2}]});
    let ping = json!({"action": 0, "id": "p"});
    let body = json!([message(0, "one"), enter, ping]);
    send(&mut world, &client, body).expect("sent");
    let frames = frames(&mut world, &client.recv);
    assert_eq!(data_of(&frames), ["one"]);
    assert_eq!(presence_of(&frames, 14), [(2, "alice".to_owned())]);
    let acks: Vec<_> = frames.iter().filter(|one| one["action"] == 1).collect();
    assert_eq!(
        acks,
        [
            &json!({"action": 1, "msgSerial": 0, "count": 1}),
            &json!({"action": 1, "msgSerial": 1, "count": 1})
        ]
    );
    assert_eq!(frames.last(), Some(&json!({"action": 0, "id": "p"})));
}

#[test]
fn a_poll_is_answered_once_and_what_comes_in_between_waits() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let mut client = connect(&mut world, &[("stream", "false")]);
    assert!(!client.recv.streams);
    // The connect was the first recv, and is over.
    assert!(matches!(
        poll(&mut world, &client.recv),
        Some(Received::End)
    ));
    attach_polling(&mut world, &mut client);
    for serial in 0..3 {
        world.publish(&publisher, serial, "a", &format!("{serial}"));
    }
    recv(&mut world, &mut client).expect("a recv");
    let taken = frames(&mut world, &client.recv);
    assert_eq!(data_of(&taken), ["0", "1", "2"]);
    recv(&mut world, &mut client).expect("a recv");
    assert!(poll(&mut world, &client.recv).is_none());
    world.publish(&publisher, 3, "a", "3");
    assert!(world.core.take_wakeups().contains(&client.recv.transport));
    let taken = frames(&mut world, &client.recv);
    assert_eq!(data_of(&taken), ["3"]);
}

#[test]
fn much_is_given_in_pieces() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let mut client = connect(&mut world, &[("stream", "false")]);
    attach_polling(&mut world, &mut client);
    for serial in 0..50 {
        world.publish(&publisher, serial, "a", &"x".repeat(60_000));
    }
    let (mut pieces, mut messages) = (0, 0);
    while messages < 50 {
        recv(&mut world, &mut client).expect("a recv");
        let taken = data_of(&frames(&mut world, &client.recv)).len();
        assert!((1..=20).contains(&taken), "{taken}");
        messages += taken;
        pieces += 1;
    }
    assert_eq!(messages, 50);
    assert!(pieces > 1);
}

#[test]
fn what_is_wrong_with_a_connect_is_its_answer() {
    let mut world = World::new();
    let failure = |world: &mut World, shown: &[Credential], params: &[(&str, &str)]| {
        let error = open_as(world, shown, params).expect_err("an error");
        (error.code, error.status)
    };
    let key = Credential::Key(world.key.clone());
    let wrong = Credential::Key("no.such:key".to_owned());
    let token = Credential::Token("x".to_owned());
    assert_eq!(failure(&mut world, &[], &[]), (40101, 401));
    assert_eq!(failure(&mut world, &[wrong], &[]), (40101, 401));
    assert_eq!(failure(&mut world, &[token], &[]), (40143, 401));
    assert_eq!(failure(&mut world, &[key], &[("v", "6")]), (40017, 400));
    assert!(world.core.connections().is_empty());
    // The format is not up to the client.
    let client = connect(&mut world, &[("format", "msgpack")]);
    send(&mut world, &client, json!([message(0, "x")])).expect("sent");
    assert_eq!(frames(&mut world, &client.recv)[0]["action"], 1);
}

#[test]
fn whoever_listens_hears_something_in_time() {
    for params in [[("stream", "true")], [("stream", "false")]] {
        let mut world = World::new();
        let mut client = connect(&mut world, &params);
        if !client.recv.streams {
            world.advance(7_000);
            recv(&mut world, &mut client).expect("a recv");
            world.advance(4_000);
            assert!(poll(&mut world, &client.recv).is_none());
        }
        for _ in 0..3 {
            world.advance(15_000);
            let heard = frames(&mut world, &client.recv);
            assert!(actions(&heard).iter().all(|action| *action == 0));
            assert!(!heard.is_empty());
            if !client.recv.streams {
                recv(&mut world, &mut client).expect("a recv");
            }
        }
    }
}

#[test]
fn heartbeats_do_not_pile_up_while_nobody_listens() {
    let mut world = World::new();
    let mut client = connect(&mut world, &[("stream", "false")]);
    world.advance(44_000);
    recv(&mut world, &mut client).expect("a recv");
    assert!(poll(&mut world, &client.recv).is_none());
}

#[test]
fn a_new_recv_takes_the_place_of_one_that_hangs() {
    let mut world = World::new();
    for stream in ["true", "false"] {
        let mut client = connect(&mut world, &[("stream", stream)]);
        recv(&mut world, &mut client).expect("a recv");
        let old = client.recv;
        assert!(poll(&mut world, &old).is_none());
        recv(&mut world, &mut client).expect("a recv");
        assert!(matches!(poll(&mut world, &old), Some(Received::End)));
        // Its late end does no harm.
        let now = world.now;
        world.core.recv_lost(&old, now);
        send(&mut world, &client, json!([{"action": 0}])).expect("sent");
        assert_eq!(frames(&mut world, &client.recv), [json!({"action": 0})]);
    }
}

#[test]
fn a_client_that_stays_away_can_resume_for_a_while() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let mut client = connect(&mut world, &[("stream", "false")]);
    let attached = attach_polling(&mut world, &mut client);
    world.publish(&publisher, 0, "a", "missed");
    world.advance_alive(44_000, &[&publisher]);
    let connected = |world: &World| {
        let all = world.core.connections();
        let mut all = all.iter();
        all.any(|one| one.connection_id == client.id && one.connected)
    };
    assert!(connected(&world));
    world.advance_alive(11_000, &[&publisher]);
    assert!(!connected(&world));
    assert_eq!(recv(&mut world, &mut client), Err(80003));
    assert_eq!(send(&mut world, &client, json!([])), Err(80003));

    let params = [("stream", "false"), ("resume", client.key.as_str())];
    let mut again = connect(&mut world, &params);
    assert_eq!(again.id, client.id);
    assert_ne!(again.key, client.key);
    recv(&mut world, &mut again).expect("a recv");
    let serial = &attached["channelSerial"];
    let attach = json!([{"action": 10, "channel": "a", "channelSerial": serial, "flags": 32}]);
    send(&mut world, &again, attach).expect("sent");
    let taken = frames(&mut world, &again.recv);
    assert_eq!(flags_of(&taken[0]) & 4, 4);
    assert_eq!(data_of(&taken), ["missed"]);

    world.advance_alive(180_000, &[&publisher]);
    assert_eq!(recv(&mut world, &mut again), Err(80008));
    again.key = "nonsense".to_owned();
    assert_eq!(recv(&mut world, &mut again), Err(80018));
}

#[test]
fn a_stream_that_breaks_off_takes_its_transport_with_it() {
    let mut world = World::new();
    let mut client = connect(&mut world, &[]);
    let now = world.now;
    world.core.recv_lost(&client.recv, now);
    assert_eq!(recv(&mut world, &mut client), Err(80003));
    let again = connect(&mut world, &[("resume", &client.key)]);
    assert_eq!(again.id, client.id);
}

#[test]
fn a_poll_that_breaks_off_before_its_answer_loses_nothing() {
    let mut world = World::new();
    let mut client = connect(&mut world, &[("stream", "false")]);
    recv(&mut world, &mut client).expect("a recv");
    let now = world.now;
    world.core.recv_lost(&client.recv, now);
    send(&mut world, &client, json!([{"action": 0, "id": "x"}])).expect("sent");
    recv(&mut world, &mut client).expect("a recv");
    assert_eq!(frames(&mut world, &client.recv)[0]["id"], "x");
}

#[test]
fn close_is_final_and_heard() {
    let mut world = World::new();
    let mut client = connect(&mut world, &[]);
    let now = world.now;
    let closed = world.core.comet_close(&client.key, &client.shown, now);
    assert_eq!(closed, Ok(()));
    assert_eq!(frames(&mut world, &client.recv), [json!({"action": 8})]);
    assert!(matches!(
        poll(&mut world, &client.recv),
        Some(Received::End)
    ));
    assert!(world.core.connections().is_empty());
    assert_eq!(recv(&mut world, &mut client), Err(80018));
    assert!(
        world
            .core
            .comet_close(&client.key, &client.shown, now)
            .is_err()
    );
}

#[test]
fn close_counts_when_the_stream_was_broken_off_before() {
    let mut world = World::new();
    let watcher = world.connect(&[]);
    world.attach(&watcher, "a");
    let client = connect(&mut world, &[("clientId", "alice")]);
    attach(&mut world, &client);
    let enter = json!([{"action": 14, "channel": "a", "msgSerial": 0,
        "presence": [{"action": 2}]}]);
    send(&mut world, &client, enter).expect("sent");
    world.take(&watcher);
    let now = world.now;
    world.core.recv_lost(&client.recv, now);
    let closed = world.core.comet_close(&client.key, &client.shown, now);
    assert_eq!(closed, Ok(()));
    let left = presence_of(&world.take(&watcher), 14);
    assert_eq!(left, [(3, "alice".to_owned())]);
    // What was resumed is not the closed transport's any more.
    let client = connect(&mut world, &[]);
    world.core.recv_lost(&client.recv, now);
    let again = world.connect(&[("resume", &client.key)]);
    assert!(
        world
            .core
            .comet_close(&client.key, &client.shown, now)
            .is_err()
    );
    assert_eq!(world.publish(&again, 0, "a", "x")["action"], 1);
}

#[test]
fn disconnect_keeps_the_connection() {
    let mut world = World::new();
    let client = connect(&mut world, &[]);
    let now = world.now;
    for _ in 0..2 {
        let left = world.core.comet_disconnect(&client.key, &client.shown, now);
        assert_eq!(left, Ok(()));
        assert!(matches!(
            poll(&mut world, &client.recv),
            Some(Received::End)
        ));
    }
    assert_eq!(
        connect(&mut world, &[("resume", &client.key)]).id,
        client.id
    );
}

#[test]
fn a_client_that_takes_nothing_is_dropped_with_an_error_and_can_resume() {
    let limits = Limits {
        max_outbox_bytes: 100_000,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    let publisher = world.connect(&[]);
    let mut client = connect(&mut world, &[("stream", "false")]);
    attach_polling(&mut world, &mut client);
    for serial in 0..100 {
        world.publish(&publisher, serial, "a", &"x".repeat(5_000));
    }
    recv(&mut world, &mut client).expect("a recv");
    let farewell = frames(&mut world, &client.recv);
    assert_eq!(actions(&farewell), [6]);
    assert_eq!(farewell[0]["error"]["code"], 80003);
    assert_eq!(recv(&mut world, &mut client), Err(80003));
    assert_eq!(
        connect(&mut world, &[("resume", &client.key)]).id,
        client.id
    );
}

#[test]
fn a_farewell_that_nobody_fetches_does_not_stay() {
    let mut world = World::new();
    for _ in 0..10 {
        let client = connect(&mut world, &[("stream", "false")]);
        assert_eq!(send(&mut world, &client, json!("x")), Err(80013));
    }
    assert!(format!("{:?}", world.core).contains("transports: 10"));
    world.advance(60_000);
    assert!(format!("{:?}", world.core).contains("transports: 0"));
}

#[test]
fn bodies_that_are_none_end_the_connection_with_a_reason() {
    let mut world = World::new();
    for (body, code) in [
        (json!(null), 80013),
        (json!({"action": 0}), 80013),
        (json!("x"), 80013),
        (json!(7), 80013),
        (json!([null]), 80013),
        (json!([[]]), 80013),
        (json!([{"action": "15"}]), 40000),
        (json!([{"action": 0}, {"action": -1}, {"action": 0}]), 40000),
    ] {
        let mut client = connect(&mut world, &[]);
        assert_eq!(send(&mut world, &client, body.clone()), Err(code), "{body}");
        let heard = frames(&mut world, &client.recv);
        let last = heard.last().expect("a frame");
        assert_eq!(last["action"], 9, "{body}");
        assert_eq!(last["error"]["code"], code, "{body}");
        assert_eq!(recv(&mut world, &mut client), Err(80018), "{body}");
    }
    let client = connect(&mut world, &[]);
    assert_eq!(send(&mut world, &client, json!([])), Ok(()));
}

#[test]
fn strangers_can_do_nothing_with_a_key() {
    let spec = r#"{"keys":[{},{}]}"#;
    let mut world = World::with(Limits::default(), spec);
    let mut client = connect(&mut world, &[("clientId", "alice")]);
    let own = std::mem::take(&mut client.shown);
    let other = world.core.create_app(&value(spec), world.now);
    let other = other.expect("an app").1.expect("a key");
    for (shown, code) in [
        (vec![], 40101),
        (vec![Credential::Key("no.such:key".to_owned())], 40101),
        (vec![Credential::Key(other)], 40102),
        (vec![Credential::Token("x".to_owned())], 40143),
    ] {
        client.shown = shown;
        assert_eq!(recv(&mut world, &mut client), Err(code));
        assert_eq!(send(&mut world, &client, json!("x")), Err(code));
        let now = world.now;
        let shown = &client.shown;
        let closed = world.core.comet_close(&client.key, shown, now);
        assert_eq!(closed.map_err(|error| error.code), Err(code));
        let left = world.core.comet_disconnect(&client.key, shown, now);
        assert_eq!(left.map_err(|error| error.code), Err(code));
    }
    client.shown = own;
    send(&mut world, &client, json!([message(0, "x")])).expect("sent");
    assert_eq!(actions(&frames(&mut world, &client.recv)), [1]);
}

fn token(world: &mut World, client_id: &str, ttl: u64) -> Credential {
    let name = world.key.split(':').next().expect("a name").to_owned();
    let body = json!({"clientId": client_id, "ttl": ttl});
    let issued = world.request("POST", &format!("/keys/{name}/requestToken"), body);
    Credential::Token(text(&crate::world::body(&issued)["token"]))
}

#[test]
fn tokens_are_asked_for_renewed_and_expire_as_on_a_socket() {
    let mut world = World::new();
    let first = token(&mut world, "alice", 60_000);
    let params = [("stream", "false")];
    let mut client = connect_as(&mut world, vec![first], &params);
    recv(&mut world, &mut client).expect("a recv");
    world.advance(5_000);
    assert_eq!(actions(&frames(&mut world, &client.recv)), [0]);
    world.advance(26_000);
    recv(&mut world, &mut client).expect("a recv");
    assert_eq!(actions(&frames(&mut world, &client.recv)), [17]);

    let second = token(&mut world, "alice", 60_000);
    let Credential::Token(text) = &second else {
        panic!("a token");
    };
    let auth = json!([{"action": 17, "auth": {"accessToken": text}}]);
    client.shown = vec![second];
    send(&mut world, &client, auth).expect("sent");
    recv(&mut world, &mut client).expect("a recv");
    let updated = frames(&mut world, &client.recv);
    assert_eq!(actions(&updated), [4]);
    assert_eq!(updated[0]["connectionId"], client.id.as_str());

    // Nobody listens when the token ends; the next to listen is told.
    world.advance(40_000);
    recv(&mut world, &mut client).expect("a recv");
    assert_eq!(actions(&frames(&mut world, &client.recv)), [17]);
    world.advance(20_001);
    let third = token(&mut world, "alice", 60_000);
    client.shown = vec![third.clone()];
    recv(&mut world, &mut client).expect("a recv");
    let ended = frames(&mut world, &client.recv);
    assert_eq!(actions(&ended), [6]);
    assert_eq!(ended[0]["error"]["code"], 40142);
    let params = [("resume", client.key.as_str())];
    assert_eq!(connect_as(&mut world, vec![third], &params).id, client.id);
    let other = token(&mut world, "bob", 60_000);
    client.shown = vec![other];
    assert_eq!(recv(&mut world, &mut client), Err(50006));
}

#[test]
fn a_transport_that_was_superseded_takes_nothing_from_the_new_one() {
    let mut world = World::new();
    let mut old = connect(&mut world, &[]);
    let new = connect(&mut world, &[("resume", &old.key)]);
    let farewell = frames(&mut world, &old.recv);
    assert_eq!(farewell[0]["error"]["code"], 50006);
    assert_eq!(recv(&mut world, &mut old), Err(50006));
    assert_eq!(send(&mut world, &old, json!([])), Err(50006));
    send(&mut world, &new, json!([message(0, "x")])).expect("sent");
    assert_eq!(actions(&frames(&mut world, &new.recv)), [1]);
}

#[test]
fn a_connection_moves_between_sockets_and_comet() {
    let mut world = World::new();
    let socket = world.connect(&[]);
    world.lose(&socket);
    let client = connect(&mut world, &[("resume", &socket.key)]);
    assert_eq!(client.id, socket.id);
    let socket = world.connect(&[("resume", &client.key)]);
    assert_eq!(client.id, socket.id);
}

#[test]
fn a_stream_ends_when_it_is_old_and_the_next_goes_on() {
    let limits = Limits {
        comet_stream: 60_000,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    let publisher = world.connect(&[]);
    let mut client = connect(&mut world, &[]);
    attach(&mut world, &client);
    world.advance_alive(59_000, &[&publisher]);
    assert!(actions(&frames(&mut world, &client.recv)).len() > 3);
    assert!(poll(&mut world, &client.recv).is_none());
    world.advance_alive(6_000, &[&publisher]);
    world.publish(&publisher, 0, "a", "1");
    // What waits is given first.
    assert_eq!(data_of(&frames(&mut world, &client.recv)), ["1"]);
    assert!(matches!(
        poll(&mut world, &client.recv),
        Some(Received::End)
    ));
    world.publish(&publisher, 1, "a", "2");
    recv(&mut world, &mut client).expect("a recv");
    assert_eq!(data_of(&frames(&mut world, &client.recv)), ["2"]);
}

#[test]
fn cut_and_refuse_reach_comet_too() {
    let mut world = World::new();
    let now = world.now;
    let mut hanging = connect(&mut world, &[("clientId", "alice")]);
    let mut between = connect(&mut world, &[("clientId", "alice"), ("stream", "false")]);
    assert_eq!(world.core.cut(&Selector::from("alice"), now), 2);
    assert!(matches!(
        poll(&mut world, &hanging.recv),
        Some(Received::Cut)
    ));
    assert_eq!(recv(&mut world, &mut hanging), Err(80003));
    recv(&mut world, &mut between).expect("a recv");
    assert!(matches!(
        poll(&mut world, &between.recv),
        Some(Received::Cut)
    ));
    world.core.refuse(Selector::from("alice"));
    let refused = open(&mut world, &[("clientId", "alice")]);
    assert_eq!(refused, Ok(None));
    world.core.restore(&Selector::from("alice"));
    let params = [("clientId", "alice"), ("resume", hanging.key.as_str())];
    assert_eq!(connect(&mut world, &params).id, hanging.id);
}

#[test]
fn nobody_is_told_what_is_not_on_disk() {
    let mut world = World::new();
    let client = connect(&mut world, &[]);
    world.core.keep_journal();
    send(&mut world, &client, json!([message(0, "x")])).expect("sent");
    assert!(poll(&mut world, &client.recv).is_none());
    let (number, _) = world.core.take_journal().expect("records");
    world.core.durable(number);
    assert!(world.core.take_wakeups().contains(&client.recv.transport));
    assert_eq!(actions(&frames(&mut world, &client.recv)), [1]);
}

#[test]
fn there_is_room_for_so_many() {
    let limits = Limits {
        max_connections: 3,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    for _ in 0..3 {
        connect(&mut world, &[]);
    }
    let error = open(&mut world, &[]).expect_err("no room");
    assert_eq!((error.code, error.status), (50004, 503));
}
