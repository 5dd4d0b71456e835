//! `realtime/unit/channels/channel_options.md`

use ably_base::ChannelMode;
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
