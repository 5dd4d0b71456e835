//! `realtime/unit/channels/channel_options.md`

use ably_base::{ChannelMode, DeriveOptions};
use ably_crypto::{ChannelOptionsExt, CipherParamOptions, CipherParams, Crypto};

use super::common::*;

const KEY_256: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// What the cipher of these options comes to.
fn cipher(options: &ChannelOptions) -> Option<CipherParams> {
    let given = options.plugin::<CipherParamOptions>("Crypto")?;
    Some(Crypto::get_default_params((*given).clone()).unwrap())
}

// UTS: realtime/unit/TB2/channel-options-attributes-0
#[test]
fn tb2_options_have_defaults() {
    let options = ChannelOptions::new();
    assert!(cipher(&options).is_none());
    assert_eq!(options.plugin_options().len(), 0);
    assert_eq!(options.params().len(), 0);
    assert_eq!(options.modes(), None);
    assert!(options.attaches_on_subscribe());
}

// UTS: realtime/unit/TB2c/options-with-params-0
#[test]
fn tb2c_options_have_params() {
    let options = ChannelOptions::new()
        .param("rewind", "1")
        .param("delta", "vcdiff");
    assert_eq!(options.params()["rewind"], "1");
    assert_eq!(options.params()["delta"], "vcdiff");
}

// UTS: realtime/unit/TB2d/options-with-modes-0
#[test]
fn tb2d_options_have_modes() {
    let modes = [ChannelMode::Publish, ChannelMode::Subscribe];
    let options = ChannelOptions::new().with_modes(modes);
    assert_eq!(options.modes(), Some(&modes[..]));
}

// UTS: realtime/unit/TB3/with-cipher-key-0
#[test]
fn tb3_options_can_be_made_of_a_key() {
    let options = ChannelOptions::with_cipher_key(KEY_256);
    let params = cipher(&options).expect("a cipher");
    assert_eq!(params.algorithm(), "aes");
    assert_eq!(params.key_length(), 256);
}

// UTS: realtime/unit/TB4/attach-on-subscribe-default-0
#[test]
fn tb4_subscribing_attaches_by_default() {
    let given = ChannelOptions::new().attach_on_subscribe(false);
    assert!(ChannelOptions::new().attaches_on_subscribe());
    assert!(!given.attaches_on_subscribe());
}

// UTS: realtime/unit/RTS3b/options-set-on-new-0
#[test]
fn rts3b_get_takes_options() {
    let w = World::new(MockWebSocket::new());
    let options = ChannelOptions::new()
        .param("rewind", "1")
        .with_modes([ChannelMode::Subscribe]);
    let channel = w.channel_with("test-RTS3b", options);
    assert_eq!(channel.options().params()["rewind"], "1");
    let modes = &[ChannelMode::Subscribe][..];
    assert_eq!(channel.options().modes(), Some(modes));
}

// UTS: realtime/unit/RTS3c/options-updated-existing-0
#[test]
fn rts3c_get_replaces_options() {
    let w = World::with(MockWebSocket::new(), |o| o.plugin(Crypto));
    let first = ChannelOptions::new().attach_on_subscribe(false);
    let channel = w.channel_with("test-RTS3c", first);
    assert!(cipher(&channel.options()).is_none());
    let second = ChannelOptions::new()
        .cipher(KEY_256)
        .attach_on_subscribe(true);
    let same = w.channel_with("test-RTS3c", second);
    assert_eq!(same, channel);
    let params = cipher(&channel.options()).expect("a cipher");
    assert_eq!(params.key_length(), 256);
    assert!(channel.options().attaches_on_subscribe());
}

// UTS: realtime/unit/RTS3c1/error-reattach-params-0
#[test]
fn rts3c1_get_does_not_attach_anew() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTS3c1");
    w.attach(&channel);
    let rewind = ChannelOptions::new().param("rewind", "1");
    let error = w
        .client
        .channels()
        .get_with("test-RTS3c1", rewind)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
    assert_eq!(channel.options().params().len(), 0);
    assert_eq!(w.sent(action::ATTACH), 1);
}

// UTS: realtime/unit/RTS3c1/error-reattach-modes-1
#[test]
fn rts3c1_get_does_not_attach_anew_while_attaching() {
    let w = World::new(MockWebSocket::new());
    let channel = w.channel("test-RTS3c1-attaching");
    let attach = channel.attach();
    assert_eq!(channel.state(), ChannelState::Attaching);
    let modes = ChannelOptions::new().with_modes([ChannelMode::Subscribe]);
    let channels = w.client.channels();
    let error = channels
        .get_with("test-RTS3c1-attaching", modes)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
    assert_eq!(channel.options().modes(), None);
    drop(attach);
}

// UTS: realtime/unit/RTL16/set-options-updates-0
#[test]
fn rtl16_set_options_replaces_options() {
    let w = World::new(MockWebSocket::new());
    let channel = w.channel("test-RTL16");
    let options = ChannelOptions::new()
        .param("delta", "vcdiff")
        .attach_on_subscribe(false);
    let mut set = channel.set_options(options);
    assert_eq!(w.rt.poll_now(&mut set), Some(Ok(())));
    assert_eq!(channel.options().params()["delta"], "vcdiff");
    assert!(!channel.options().attaches_on_subscribe());
}

// UTS: realtime/unit/RTL16a/triggers-reattach-0
// DEVIATION: as in ably-js 2.12.0 the channel stays attached while its options change, so that no
// message is missed; the case wants it to be `attaching` meanwhile.
#[test]
fn rtl16a_set_options_attaches_anew_without_leaving() {
    let w = World::connected(MockWebSocket::accepting());
    let channel = w.channel("test-RTL16a");
    let attach = channel.attach();
    w.send(attached("test-RTL16a"));
    w.rt.wait(attach).unwrap();
    let changes = record_channel(&channel);
    let mut set = channel.set_options(ChannelOptions::new().param("rewind", "1"));
    assert_eq!(w.rt.poll_now(&mut set), None);
    assert_eq!(channel.state(), ChannelState::Attached);
    let sent = w.ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1]["params"], json!({"rewind": "1"}));
    w.send(attached("test-RTL16a"));
    assert_eq!(w.rt.poll_now(&mut set), Some(Ok(())));
    assert_eq!(channel.state(), ChannelState::Attached);
    let events: Vec<_> = changes.all().iter().map(|c| c.event).collect();
    assert_eq!(events, [ChannelEvent::Update]);
    assert_eq!(channel.options().params()["rewind"], "1");
}

/// A derived channel of a client that does not connect.
fn derived(name: &str, filter: &str, options: Option<ChannelOptions>) -> Channel {
    let rt = VirtualRuntime::new();
    let client = client(crate::support::options(&rt, &MockWebSocket::new()));
    let derive = DeriveOptions::new().filter(filter);
    let channel = match options {
        Some(options) => client.channels().get_derived_with(name, &derive, options),
        None => client.channels().get_derived(name, &derive),
    };
    channel.unwrap()
}

// UTS: realtime/unit/RTS5a/creates-derived-channel-0
#[test]
fn rts5a_a_derived_channel_has_a_name_of_its_own() {
    let channel = derived("test-RTS5a", "name == 'foo'", None);
    assert!(channel.name().starts_with("[filter="));
    assert!(channel.name().ends_with("]test-RTS5a"));
}

// UTS: realtime/unit/DO2a/filter-attribute-0
// What the options hold is seen in the channel that they make.
#[test]
fn do2a_the_filter_is_kept_to_the_letter() {
    let filter = "name == 'event' && data.count > 10";
    let channel = derived("test-DO2a", filter, None);
    let encoded = "bmFtZSA9PSAnZXZlbnQnICYmIGRhdGEuY291bnQgPiAxMA==";
    assert_eq!(channel.name(), format!("[filter={encoded}]test-DO2a"));
    let options = DeriveOptions::new().filter(filter);
    assert_eq!(options, DeriveOptions::new().filter(filter));
    assert_ne!(options, DeriveOptions::new().filter("name == 'event'"));
}

// UTS: realtime/unit/RTS5a1/filter-base64-encoded-0
#[test]
fn rts5a1_the_filter_is_in_base64() {
    let channel = derived("test-RTS5a1", "name == 'test'", None);
    let expected = "bmFtZSA9PSAndGVzdCc=";
    assert_eq!(channel.name(), format!("[filter={expected}]test-RTS5a1"));
}

// UTS: realtime/unit/RTS5a2/derived-with-params-0
#[test]
fn rts5a2_parameters_are_in_the_name() {
    let options = ChannelOptions::new()
        .param("rewind", "1")
        .param("delta", "vcdiff");
    let channel = derived("test-RTS5a2", "type == 'message'", Some(options));
    assert!(channel.name().ends_with("]test-RTS5a2"));
    let name = channel.name().strip_prefix('[').expect("a qualifier");
    let (qualifier, _) = name.split_once(']').expect("its end");
    assert!(qualifier.starts_with("filter="));
    let (_, params) = qualifier.split_once('?').expect("parameters");
    let mut params: Vec<_> = params
        .split('&')
        .map(|pair| pair.split_once('=').expect("a value"))
        .collect();
    params.sort_unstable();
    assert_eq!(params, [("delta", "vcdiff"), ("rewind", "1")]);
}

// UTS: realtime/unit/RTS5/get-derived-with-options-0
#[test]
fn rts5_a_derived_channel_has_options() {
    let options = ChannelOptions::new()
        .with_modes([ChannelMode::Subscribe])
        .attach_on_subscribe(false);
    let channel = derived("test-RTS5", "true", Some(options));
    let options = channel.options();
    let modes = options.modes().expect("modes");
    assert!(modes.contains(&ChannelMode::Subscribe));
    assert!(!options.attaches_on_subscribe());
}
