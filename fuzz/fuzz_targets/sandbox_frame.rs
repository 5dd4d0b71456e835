//! Frames of a client to the sandbox, JSON and MessagePack, and what the client reads of the answers.
//!
//! The first byte of the input says in which format and what the client is. JSON frames stand on a
//! line each; before each MessagePack frame stands its length, in two bytes.
#![no_main]

use ably_fuzz::{decode, read_items};
use ably_sandbox::core::{ConnectRequest, Core, Limits, Outgoing, TransportId};
use ably_sandbox::wire::{ErrorInfo, Format, Value};
use libfuzzer_sys::fuzz_target;

const NOW: u64 = 1_700_000_000_000;
const KEY: &str = "app.key:secret";
const MOST_FRAMES: usize = 16;

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut rest)) = data.split_first() else {
        return;
    };
    let format = if choice & 1 == 0 {
        Format::Json
    } else {
        Format::Msgpack
    };
    let mut now = NOW;
    let mut core = Core::new(Limits::default(), [7; 32], now);
    core.add_key(KEY).expect("a key");
    let spec = r#"{"namespaces":[{"id":"p","persisted":true},{"id":"m","mutableMessages":true}]}"#;
    let spec: Value = Format::Json.decode(spec.as_bytes()).expect("JSON");
    core.extend_app(KEY, &spec, now).expect("namespaces");
    let client = connect(&mut core, format, (choice & 2 != 0).then_some("me"), now);
    let witness = connect(&mut core, Format::Json, Some("witness"), now);
    for channel in ["a", "m:a", "[?rewind=2]p:a"] {
        let attach = format!(r#"{{"action":10,"channel":"{channel}"}}"#);
        let attach = Format::Json.decode(attach.as_bytes()).expect("JSON");
        core.receive(witness, Ok(attach), now);
    }
    let both = [(client, format), (witness, Format::Json)];
    take(&mut core, &both);
    for _ in 0..MOST_FRAMES {
        let frame = match format {
            Format::Json => {
                let end = rest.iter().position(|byte| *byte == b'\n');
                let (frame, after) = rest.split_at(end.unwrap_or(rest.len()));
                rest = after.get(1..).unwrap_or_default();
                frame
            }
            Format::Msgpack => {
                let Some((length, after)) = rest.split_first_chunk::<2>() else {
                    break;
                };
                let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
                let (frame, after) = after.split_at(length);
                rest = after;
                frame
            }
        };
        let frame = format
            .decode(frame)
            .map_err(|why| ErrorInfo::bad(80013, why));
        core.receive(client, frame, now);
        take(&mut core, &both);
        if choice & 4 != 0 {
            now += 1_000;
            core.handle_timeout(now);
            take(&mut core, &both);
        }
        if rest.is_empty() {
            break;
        }
    }
    core.lost(client, now);
    for _ in 0..4 {
        let Some(due) = core.next_timeout() else {
            break;
        };
        now = now.max(due);
        core.heard(witness, now);
        core.handle_timeout(now);
        take(&mut core, &both);
    }
    // Whatever was sent, others are served.
    let after = connect(&mut core, Format::Json, None, now);
    let publish = br#"{"action":15,"channel":"z","msgSerial":0,"messages":[{"data":"x"}]}"#;
    let publish = Format::Json.decode(publish).expect("JSON");
    take(&mut core, &[(after, Format::Json)]);
    core.receive(after, Ok(publish), now);
    let answers = take(&mut core, &[(after, Format::Json)]);
    assert!(answers.contains(&1), "no ACK among {answers:?}");
});

fn connect(core: &mut Core, format: Format, client_id: Option<&str>, now: u64) -> TransportId {
    let mut query = vec![("v", "3"), ("key", KEY), ("echo", "true")];
    if format == Format::Msgpack {
        query.push(("format", "msgpack"));
    }
    query.extend(client_id.map(|id| ("clientId", id)));
    let query = query.into_iter();
    let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = ConnectRequest {
        query: query.collect(),
    };
    core.connect(&request, now)
}

/// Takes what waits for clients, which must be able to read it. Returns the actions.
fn take(core: &mut Core, clients: &[(TransportId, Format)]) -> Vec<u8> {
    let mut actions = Vec::new();
    let _wakeups = core.take_wakeups();
    for (id, format) in clients {
        while let Some(next) = core.poll_send(*id) {
            match next {
                Outgoing::Frame(frame) => {
                    let read = match format {
                        Format::Json => ably_protocol::Format::Json,
                        Format::Msgpack => ably_protocol::Format::MsgPack,
                    };
                    let bytes = frame.bytes(*format);
                    let message = decode(read, bytes);
                    let message = message.expect("a client can read what it is sent");
                    let items = read_items(&message);
                    assert!(items.is_some(), "a client can read the items it is sent");
                    actions.push(message.action.0);
                }
                Outgoing::Cut => break,
                Outgoing::Ping | Outgoing::Close => {}
            }
        }
    }
    actions
}
