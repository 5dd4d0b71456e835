//! A recovery key that an application kept: the engine connects with it or without.
#![no_main]

use ably_engine::{
    AuthConfig, Config, Engine, Entropy, Input, Instant, Key, Now, Output,
    protocol::{Format, Value},
};
use ably_fuzz::decode;
use libfuzzer_sys::fuzz_target;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(0);
    }
}

const NOW: Now = Now {
    mono: Instant(1),
    unix_ms: 1_700_000_000_000,
};
const CONNECTED: &str = r#"{"action":4,"connectionId":"new","connectionDetails":{"connectionKey":"new!key","maxIdleInterval":15000,"connectionStateTtl":120000}}"#;

/// Connects, and returns the path of the connection and the next recovery key.
fn connect(recover: &str) -> (String, Option<String>) {
    let key = Key::parse("app.key:secret").expect("a key");
    let mut config = Config::new(AuthConfig::Basic(key));
    config.recover = Some(recover.to_owned());
    let mut engine =
        Engine::new(config, Vec::new(), Vec::new(), Box::new(Zeros)).expect("an engine");
    engine.connect(NOW);
    let mut path = None;
    let mut opened = false;
    while let Some(output) = engine.poll_output() {
        if let Output::OpenTransport { op, target } = output {
            assert!(!opened, "one transport is enough");
            opened = true;
            path = Some(target.path_and_query);
            engine.handle_input(NOW, Input::Opened { op });
            let message = decode(Format::Json, CONNECTED.as_bytes()).expect("a frame");
            let message = Ok(message);
            engine.handle_input(NOW, Input::Received { op, message });
        }
    }
    (path.expect("a transport"), engine.create_recovery_key())
}

fuzz_target!(|text: &str| {
    let (path, next) = connect(text);
    // The key cannot leave its parameter.
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
    assert!(!path.contains('#'));
    let names = path.trim_start_matches("/?").split('&');
    let names: Vec<_> = names.map(|pair| pair.split('=').next()).collect();
    let known = [
        "key",
        "v",
        "format",
        "timestamp",
        "echo",
        "heartbeats",
        "recover",
        "clientId",
    ];
    for name in names.iter().flatten() {
        assert!(known.contains(name), "{path}");
    }
    let Some(next) = next else {
        panic!("connected, and nothing to go on with");
    };
    // What the engine writes it reads again, and goes on from there.
    let (path, again) = connect(&next);
    assert!(path.contains("recover=new"), "{path}");
    let channels = |key: &str| match Value::from_json(key).expect("JSON") {
        Value::Map(fields) => fields
            .into_iter()
            .find(|(name, _)| name == "channelSerials"),
        _ => None,
    };
    assert_eq!(channels(&next), channels(&again.expect("a key")));
});
