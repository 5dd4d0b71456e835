//! Patterns of capabilities.

use ably_sandbox::core::Capability;

fn allows(resource: &str, channel: &str) -> bool {
    let text = format!("{{\"{resource}\":[\"publish\"]}}");
    let capability = Capability::parse(&text).expect("a capability");
    assert!(!capability.allows(channel, "subscribe"));
    capability.allows(channel, "publish")
}

#[test]
fn patterns_match_whole_segments() {
    for (resource, channel, expected) in [
        ("a", "a", true),
        ("a", "a:b", false),
        ("*", "a", true),
        ("*", "a:b:c", true),
        ("*", "[meta]log", false),
        ("[meta]*", "[meta]log", true),
        ("[meta]*", "log", false),
        ("[*]*", "[meta]log", true),
        ("[*]*", "log", true),
        ("a:*", "a:b", true),
        ("a:*", "a:b:c", true),
        ("a:*", "a", false),
        ("a:*", "ab", false),
        ("a:*:c", "a:b:c", true),
        ("a:*:c", "a:b:x:c", false),
        ("a:*:c", "a:b", false),
        ("*:b", "a:b", true),
        ("foo*", "foobar", false),
        ("foo*", "foo*", true),
    ] {
        assert_eq!(allows(resource, channel), expected, "{resource} {channel}");
    }
}

#[test]
fn all_matching_resources_add_up() {
    let text = r#"{"*":["subscribe"],"a":["publish"],"b":["*"]}"#;
    let capability = Capability::parse(text).expect("a capability");
    let of = |channel: &str| {
        ["subscribe", "publish", "presence"].map(|op| capability.allows(channel, op))
    };
    assert_eq!(of("a"), [true, true, false]);
    assert_eq!(of("b"), [true, true, true]);
    assert_eq!(of("c"), [true, false, false]);
    assert_eq!(
        capability.canonical(),
        r#"{"*":["subscribe"],"a":["publish"],"b":["*"]}"#
    );
}

#[test]
fn an_intersection_grants_no_more_than_either() {
    let channels = ["a", "a:b", "a:b:c", "a:x:c", "b", "[meta]a", "a:*"];
    let resources = ["a", "*", "a:*", "a:*:c", "a:b:c", "[*]*", "[meta]*", "*:b"];
    let parse = |resource: &str, operations: &str| {
        Capability::parse(&format!("{{\"{resource}\":[{operations}]}}")).expect("a capability")
    };
    for one in resources {
        for other in resources {
            let one_side = parse(one, r#""publish","subscribe""#);
            let other_side = parse(other, r#""subscribe","history""#);
            let both = one_side.intersect(&other_side);
            for channel in channels {
                assert!(!both.allows(channel, "publish") && !both.allows(channel, "history"));
                if both.allows(channel, "subscribe") {
                    let either = [&one_side, &other_side];
                    let either = either.map(|side| side.allows(channel, "subscribe"));
                    assert_eq!(either, [true, true], "{one} & {other} on {channel}");
                }
            }
        }
    }
}
