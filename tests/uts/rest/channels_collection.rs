//! `rest/unit/channels_collection.md`

use ably_base::RestChannels;

use super::common::*;

fn client() -> BaseRest {
    rest(&MockHttp::new()).1
}

// UTS: rest/unit/RSN1/channels-collection-accessible-0
#[test]
fn rsn1_channels() {
    let client = client();
    let channels: &RestChannels = client.channels();
    assert_eq!(channels.all(), []);
}

// UTS: rest/unit/RSN2/check-channel-exists-0
#[test]
fn rsn2_exists() {
    let client = client();
    assert!(!client.channels().exists("test-RSN2"));
    client.channels().get("test-RSN2");
    assert!(client.channels().exists("test-RSN2"));
    assert!(!client.channels().exists("test-RSN2-other"));
}

// UTS: rest/unit/RSN2/iterate-channels-1
#[test]
fn rsn2_all() {
    let client = client();
    for name in ["test-RSN2-a", "test-RSN2-b", "test-RSN2-c"] {
        client.channels().get(name);
    }
    let all = client.channels().all();
    let names: Vec<_> = all.iter().map(RestChannel::name).collect();
    assert_eq!(names, ["test-RSN2-a", "test-RSN2-b", "test-RSN2-c"]);
}

// UTS: rest/unit/RSN3a/get-creates-new-channel-0
#[test]
fn rsn3a_get_creates() {
    let client = client();
    let channel: RestChannel = client.channels().get("test-RSN3a");
    assert_eq!(channel.name(), "test-RSN3a");
    assert!(client.channels().exists("test-RSN3a"));
}

// UTS: rest/unit/RSN3a/get-returns-existing-channel-1
#[test]
fn rsn3a_get_returns_the_same() {
    let client = client();
    let first = client.channels().get("test-RSN3a-existing");
    let second = client.channels().get("test-RSN3a-existing");
    assert_eq!(first, second);
    assert_eq!(first.name(), "test-RSN3a-existing");
    assert_eq!(client.channels().all().len(), 1);
    // What one handle sets the other has.
    first
        .set_options(ChannelOptions::new().param("a", "b"))
        .unwrap();
    assert_eq!(second.options().params().get("a"), Some(&"b".into()));
}

// UTS: rest/unit/RSN3a/subscript-creates-or-returns-2
//
// DEVIATION: `channels[name]` is `get`, and `all` for what is there already; as for RTS3a.
#[test]
fn rsn3a_all_and_get_agree() {
    let client = client();
    let channel = client.channels().get("test-RSN3a-subscript");
    assert_eq!(client.channels().all(), std::slice::from_ref(&channel));
    assert_eq!(client.channels().get("test-RSN3a-subscript"), channel);
    assert_eq!(client.channels().all(), std::slice::from_ref(&channel));
    assert_eq!(channel.name(), "test-RSN3a-subscript");
}

// UTS: rest/unit/RSN4a/release-removes-channel-0
#[test]
fn rsn4a_release() {
    let client = client();
    client.channels().get("test-RSN4a");
    assert!(client.channels().exists("test-RSN4a"));
    client.channels().release("test-RSN4a");
    assert!(!client.channels().exists("test-RSN4a"));
}

// UTS: rest/unit/RSN4b/release-nonexistent-noop-0
#[test]
fn rsn4b_release_of_none() {
    let client = client();
    let other = client.channels().get("test-RSN4b-other");
    client.channels().release("test-RSN4b");
    assert!(!client.channels().exists("test-RSN4b"));
    assert_eq!(client.channels().all(), [other]);
}

// UTS: rest/unit/RSN3a/get-after-release-new-instance-3
#[test]
fn rsn3a_get_after_release() {
    let client = client();
    let first = client.channels().get("test-RSN3a-release");
    client.channels().release("test-RSN3a-release");
    let second = client.channels().get("test-RSN3a-release");
    assert_ne!(first, second);
    assert_eq!(second.name(), "test-RSN3a-release");
    assert!(client.channels().exists("test-RSN3a-release"));
}
