//! Channels with a filter: some of the messages of a channel.

use ably_sandbox::core::Limits;
use ably_sandbox::wire::data::to_base64;
use serde_json::{Value as Json, json};

use crate::world::{Client, World, data_of, flags_of, text};

const EVERYTHING: &str = r#"{"keys":[{"capability":"{\"[*]*\":[\"*\"]}"}]}"#;

fn world() -> World {
    World::with(Limits::default(), EVERYTHING)
}

fn derived(expression: &str, params: &str, channel: &str) -> String {
    let filter = to_base64(expression.as_bytes());
    format!("[filter={filter}{params}]{channel}")
}

fn attach(world: &mut World, client: &Client, name: &str) -> Json {
    let frames = world.ask(client, json!({"action": 10, "channel": name}));
    frames[0].clone()
}

/// Publishes messages together on channel `a`.
fn publish(world: &mut World, client: &Client, serial: u64, messages: Json) {
    let frame = json!({"action": 15, "channel": "a", "msgSerial": serial, "messages": messages});
    let answers = world.ask(client, frame);
    assert!(answers.iter().any(|one| one["action"] == 1), "{answers:?}");
}

/// Says which of these expressions a message fits.
fn fits(message: Json, expressions: &[&str]) -> Vec<bool> {
    let mut world = world();
    let client = world.connect(&[("clientId", "alice")]);
    let names: Vec<_> = expressions
        .iter()
        .map(|expression| derived(expression, "", "a"))
        .collect();
    for (name, expression) in names.iter().zip(expressions) {
        let attached = attach(&mut world, &client, name);
        assert_eq!(attached["action"], 11, "{expression}: {attached}");
    }
    let frame = json!({"action": 15, "channel": "a", "msgSerial": 0, "messages": [message]});
    let frames = world.ask(&client, frame);
    let got = |name: &String| {
        let mut frames = frames.iter();
        frames.any(|one| one["action"] == 15 && one["channel"] == name.as_str())
    };
    names.iter().map(got).collect()
}

fn sample() -> Json {
    json!({
        "name": "order", "encoding": "json",
        "data": r#"{"count":12,"items":["a","b"],"deep":{"er":{"x":true}},"no":[],"and so":1}"#,
        "extras": {"headers": {"flavor": "strawberry", "cost": 35, "vip": true, "none": ""}},
    })
}

#[test]
fn what_jmespath_takes_for_true_is_sent() {
    let yes = [
        // Literals of both kinds, and paths to all parts of a message.
        "name == 'order'",
        "name == `\"order\"`",
        "headers.flavor == `\"strawberry\"` && headers.cost < `50`",
        "extras.headers.cost == `35`",
        "data.count > `10`",
        "data.count >= `12` && data.count <= `12.0`",
        "data.items[0] == 'a'",
        "data.items[-1] == 'b'",
        "data.deep.er.x",
        "data.\"and so\" == `1`",
        "\"name\" != 'x'",
        "clientId == 'alice'",
        "data.items == `[\"a\", \"b\"]`",
        "data.deep == `{\"er\": {\"x\": true}}`",
        "nothing == `null`",
        // Truth.
        "headers.vip",
        "name",
        "`0`",
        "!nothing",
        "!(headers.none)",
        "!(data.no)",
        "!!name",
        // Precedence: and before or, comparison before both, not before comparison.
        "`true` || `false` && `false`",
        "(`true` || `false`) && `true`",
        "!nothing == `true`",
        // The value of or is the first that is true, of and the first that is not.
        "(nothing || name) == 'order'",
        "(nothing && name) == `null`",
        // Functions.
        "contains(name, 'rde')",
        "contains(data.items, 'b')",
        "starts_with(name, 'ord') && ends_with(name, 'er')",
        "length(data.items) == `2`",
        "length(name) == `5` && length(data.deep) == `1`",
        // Quotes.
        "'it\\'s' == `\"it's\"`",
        "'a\\\\b' != 'ab'",
        "`\"\\`\"` == '`'",
    ];
    let got = fits(sample(), &yes);
    for (expression, got) in yes.iter().zip(got) {
        assert!(got, "{expression}");
    }
}

#[test]
fn everything_else_is_not() {
    let no = [
        "name == 'other'",
        "name == `1`",
        "headers.cost == '35'",
        "nothing",
        "name.first",
        "name[0]",
        "data.items[2]",
        "data.items[-3]",
        "data.no",
        "headers.none",
        "`false`",
        "`null`",
        "''",
        "`[]`",
        "`{}`",
        "true",
        "!name",
        // To the number.
        "data.count < `12`",
        "data.count > `12`",
        "data.count <= `11.9`",
        "data.count >= `12.1`",
        "data.count != `12`",
        // Only numbers have an order.
        "name > 'a'",
        "'a' < 'b'",
        "headers.vip >= `1`",
        "nothing < `1`",
        "nothing >= nothing",
        // What a function cannot be applied to comes to nothing.
        "length(data.count) == `2`",
        "length(nothing)",
        "contains(data.count, '1')",
        "contains(name, `1`)",
        "starts_with(data.items, 'a')",
        "ends_with(name, nothing)",
    ];
    let got = fits(sample(), &no);
    for (expression, got) in no.iter().zip(got) {
        assert!(!got, "{expression}");
    }
}

#[test]
fn data_is_what_was_published_if_it_can_be_read() {
    let message = |data: &str, encoding: &str| json!({"data": data, "encoding": encoding});
    let wanted = ["data == 'text'", "data.a", "data"];
    let plain = json!({"data": "text"});
    assert_eq!(fits(plain, &wanted), [true, false, true]);
    let json = message(r#"{"a":1}"#, "json");
    assert_eq!(fits(json, &wanted), [false, true, true]);
    let broken = message("{", "json");
    assert_eq!(fits(broken, &wanted), [false, false, false]);
    let secret = message("AAEC", "json/utf-8/cipher+aes-128-cbc/base64");
    assert_eq!(fits(secret, &wanted), [false, false, false]);
}

#[test]
fn what_is_no_filter_says_why() {
    let mut world = world();
    let client = world.connect(&[]);
    for (expression, why) in [
        ("", "ends too early"),
        ("name ==", "ends too early"),
        ("name = 'x'", "'='"),
        ("name == x y", "'y'"),
        ("name 'x'", "literal"),
        ("data.count > 10", "`10`"),
        ("a == b == c", "chain"),
        ("!a.b", "!(a.b)"),
        ("(a).b", "begin with a name"),
        ("(a", "')'"),
        ("a[", "ends too early"),
        ("a[x]", "'x'"),
        ("a.'b'", "literal"),
        ("'open", "not closed"),
        ("`{`", "no JSON"),
        ("\"\\x\"", "quoted"),
        ("a[99999999999999999999]", "whole number"),
        // The rest of JMESPath.
        ("a[*].b", "'*'"),
        ("a[?b]", "'?'"),
        ("a | b", "'|'"),
        ("a[0:1]", "':'"),
        ("{a: b}", "'{'"),
        ("@", "'@'"),
        ("[a, b]", "'['"),
        ("sort(a)", "sort"),
        ("contains(a)", "2 arguments"),
        ("length(a, b)", "1 arguments"),
        ("name == 'x' § y", "'§'"),
    ] {
        let name = derived(expression, "", "a");
        let frame = attach(&mut world, &client, &name);
        assert_eq!(
            (&frame["action"], &frame["channel"]),
            (&json!(9), &json!(name))
        );
        assert_eq!(frame["error"]["code"], 40010, "{expression}");
        let message = text(&frame["error"]["message"]);
        assert!(message.contains(why), "{expression}: {message}");
    }
    for name in [
        "[filter=]a",
        "[filter=***]a",
        "[filter=/w==]a",
        "[filter=bmFtZQ==]",
        "[filter=bmFtZQ==a",
    ] {
        let frame = attach(&mut world, &client, name);
        assert_eq!(
            (&frame["action"], &frame["error"]["code"]),
            (&json!(9), &json!(40010))
        );
    }
    // The connection did not suffer.
    assert_eq!(attach(&mut world, &client, "a")["action"], 11);
}

#[test]
fn nesting_has_a_bound() {
    let mut world = world();
    let client = world.connect(&[]);
    for (open, close) in [("(", ")"), ("!", ""), ("length(", ")")] {
        for (depth, action) in [(30, 11), (200, 9)] {
            let expression = format!("{}name{}", open.repeat(depth), close.repeat(depth));
            let name = derived(&expression, "", "a");
            let frame = attach(&mut world, &client, &name);
            assert_eq!(frame["action"], action, "{expression}");
        }
    }
    // What does not nest may be as long as a name may be.
    let long = format!("name{}", "||a".repeat(480));
    let name = derived(&long, "", "a");
    assert_eq!(attach(&mut world, &client, &name)["action"], 11);
}

#[test]
fn of_messages_published_together_those_that_fit_keep_their_ids() {
    let mut world = world();
    let client = world.connect(&[]);
    let publisher = world.connect(&[]);
    let name = derived("name == 'x'", "", "a");
    attach(&mut world, &client, &name);
    world.attach(&publisher, "a");
    let both = json!([{"name": "y", "data": "0"}, {"name": "x", "data": "1"},
        {"name": "y", "data": "2"}, {"name": "x", "data": "3"}]);
    publish(&mut world, &publisher, 0, both);
    publish(
        &mut world,
        &publisher,
        1,
        json!([{"name": "y", "data": "4"}]),
    );
    publish(
        &mut world,
        &publisher,
        2,
        json!([{"name": "x", "data": "5"}]),
    );
    let frames = world.take(&client);
    assert_eq!(frames.len(), 2);
    assert_eq!(data_of(&frames), ["1", "3", "5"]);
    let id = |index: usize| {
        let message = &frames[0]["messages"][index];
        text(
            message
                .get("id")
                .unwrap_or(&json!(format!("{}:{index}", publisher.id))),
        )
    };
    assert_eq!(id(0), format!("{}:0:1", publisher.id));
    assert_eq!(id(1), format!("{}:0:3", publisher.id));
    assert_eq!(frames[0]["channel"], name.as_str());
}

#[test]
fn the_past_is_filtered_too() {
    let mut world = world();
    let client = world.connect(&[]);
    let publisher = world.connect(&[]);
    let name = derived("name == 'x'", "", "a");
    let attached = attach(&mut world, &client, &name);
    world.lose(&client);
    for (serial, name) in ["x", "y", "x", "y"].iter().enumerate() {
        let messages = json!([{"name": name, "data": format!("{serial}")}]);
        publish(&mut world, &publisher, serial as u64, messages);
    }
    let again = world.connect(&[("resume", &client.key)]);
    let serial = &attached["channelSerial"];
    let attach = json!({"action": 10, "channel": name, "channelSerial": serial, "flags": 32});
    let frames = world.ask(&again, attach);
    assert_eq!(flags_of(&frames[0]) & 6, 6);
    assert_eq!(data_of(&frames), ["0", "2"]);
    // Params stand behind the filter, or in the request.
    let name = derived("name == 'x'", "?rewind=2", "a");
    let frames = world.ask(&publisher, json!({"action": 10, "channel": name}));
    assert_eq!(data_of(&frames), ["0", "2"]);
    assert_eq!(frames[0]["params"], json!({"rewind": "2"}));
    let name = derived("name == 'z'", "", "a");
    let rewind = json!({"action": 10, "channel": name, "params": {"rewind": "2"}});
    let frames = world.ask(&publisher, rewind);
    assert_eq!((frames.len(), flags_of(&frames[0]) & 2), (1, 0));
}

#[test]
fn deltas_are_between_messages_that_were_sent() {
    let mut world = world();
    let client = world.connect(&[]);
    let publisher = world.connect(&[]);
    let name = derived("name == 'x'", "?delta=vcdiff", "a");
    attach(&mut world, &client, &name);
    let long = "lorem ipsum dolor sit amet ".repeat(20);
    for (serial, name) in ["x", "y", "x"].iter().enumerate() {
        let messages = json!([{"name": name, "data": format!("{long}{serial}")}]);
        publish(&mut world, &publisher, serial as u64, messages);
    }
    let frames = world.take(&client);
    assert_eq!(frames.len(), 2);
    let delta = &frames[1]["messages"][0]["extras"]["delta"];
    assert_eq!(delta["from"], format!("{}:0:0", publisher.id));
}

#[test]
fn listening_through_a_filter_is_a_capability_of_its_own() {
    for (resource, action) in [
        ("*", 9),
        ("a", 9),
        ("[filter]b", 9),
        ("[filter]*", 11),
        ("[filter]a", 11),
        ("[*]*", 11),
        ("[*]a", 11),
    ] {
        let capability = json!({resource: ["*"]}).to_string();
        let spec = json!({"keys": [{"capability": capability}]}).to_string();
        let mut world = World::with(Limits::default(), &spec);
        let client = world.connect(&[]);
        let frame = attach(&mut world, &client, &derived("name", "", "a"));
        assert_eq!(frame["action"], action, "{resource}: {frame}");
        if action == 9 {
            assert_eq!(frame["error"]["code"], 40160);
            assert!(text(&frame["error"]["message"]).contains("[filter]a"));
        }
    }
}

#[test]
fn rest_has_no_filters() {
    let mut world = world();
    let name = derived("name", "", "a")
        .replace('=', "%3D")
        .replace('/', "%2F");
    for path in ["messages", "presence"] {
        let answer = world.request("GET", &format!("/channels/{name}/{path}"), Json::Null);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[test]
fn no_expression_breaks_the_server() {
    const PARTS: [&str; 30] = [
        "name",
        "data",
        "headers",
        ".",
        "[",
        "]",
        "(",
        ")",
        "!",
        "!=",
        "==",
        "<",
        "<=",
        ">",
        ">=",
        "&&",
        "||",
        ",",
        "'x'",
        "'",
        "`1`",
        "`",
        "\"name\"",
        "\"",
        "-1",
        "0",
        "length(",
        "contains(",
        "\\",
        "é",
    ];
    let mut world = world();
    let client = world.connect(&[]);
    let mut seed: u32 = 1;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    let (mut good, mut bad) = (0, 0);
    for serial in 0..5_000 {
        let parts: Vec<_> = (0..=next(7)).map(|_| PARTS[next(PARTS.len())]).collect();
        let name = derived(&parts.join(" "), "", "a");
        let frame = attach(&mut world, &client, &name);
        if frame["action"] == 11 {
            good += 1;
            publish(&mut world, &client, serial, json!([sample()]));
            world.ask(&client, json!({"action": 12, "channel": name}));
        } else {
            assert_eq!(frame["error"]["code"], 40010, "{parts:?}");
            bad += 1;
        }
    }
    assert!(good > 100 && bad > 100, "{good} {bad}");
}
