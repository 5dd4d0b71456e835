//! Deltas: what the sandbox writes is read by everybody's decoder, and both clients follow.

use ably::{ChannelOptions, JsonText, Message, plugins::delta, prelude::*};
use ably_sandbox::{Sandbox, core::vcdiff as sandbox_vcdiff};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::json;

use crate::{peer::Peer, support::*};

const CIPHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const MAX: usize = 1 << 20;

/// A payload and another that has much in common with it.
fn pair(next: &mut impl FnMut(usize) -> usize) -> (Vec<u8>, Vec<u8>) {
    let letters = [2, 20, 256][next(3)];
    let length = [0, 1, 10, 300, 5000][next(5)];
    let base: Vec<u8> = (0..length).map(|_| next(letters) as u8).collect();
    let mut target = base.clone();
    for _ in 0..next(6) {
        let at = next(target.len() + 1);
        match next(4) {
            0 => target.truncate(at),
            1 => target.insert(at, next(256) as u8),
            2 => target.extend_from_within(at..),
            _ => target
                .splice(at..at, vec![next(256) as u8; next(200)])
                .for_each(drop),
        }
        target.truncate(20_000);
    }
    (base, target)
}

#[test]
fn every_decoder_reads_what_the_sandbox_writes() {
    run(async {
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % n as u64) as usize
        };
        let (mut pairs, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let (base, target) = pair(&mut next);
            let written = sandbox_vcdiff::encode(&base, &target);
            assert_eq!(
                delta::decode(&written, &base, MAX).expect("read by us"),
                target
            );
            let theirs = vcdiff::decode(&base, &written).expect("read by vcdiff-decode");
            assert_eq!(theirs, target);
            pairs.push([written, base].map(|bytes| BASE64_STANDARD.encode(bytes)));
            targets.push(BASE64_STANDARD.encode(target));
        }
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        let read = peer.ask("undelta", json!({"pairs": pairs})).await;
        assert_eq!(read, json!(targets));
    });
}

proptest! {
    #[test]
    fn what_is_written_is_read(base: Vec<u8>, target: Vec<u8>) {
        let written = sandbox_vcdiff::encode(&base, &target);
        prop_assert_eq!(delta::decode(&written, &base, MAX).unwrap(), target);
    }

    #[test]
    fn what_repeats_is_read(base in "[ab]{0,200}", target in "[ab]{0,200}") {
        let written = sandbox_vcdiff::encode(base.as_bytes(), target.as_bytes());
        prop_assert_eq!(delta::decode(&written, base.as_bytes(), MAX).unwrap(), target.into_bytes());
    }
}

/// Messages that have much in common, in every kind of data.
fn similar(from: &str) -> Vec<Message> {
    let padding = "the same in every one of them, for as long as it takes ☃";
    let mut messages = Vec::new();
    for n in 0..4 {
        let json = format!(r#"{{"{padding}":[{n},"{padding}"]}}"#);
        messages.push(Message::new("json", JsonText::new(json).expect("JSON")));
    }
    for n in 0..3 {
        messages.push(Message::new("text", format!("{padding} {n} {from}")));
    }
    for n in 0..3u8 {
        let bytes = [&[n, 255][..], padding.as_bytes()].concat();
        messages.push(Message::new("bytes", bytes));
    }
    messages
}

/// What a message says but for how it was sent.
fn said(mut seen: serde_json::Value) -> serde_json::Value {
    seen["extras"] = json!(null);
    seen
}

async fn both_ways(ours: bool, theirs: bool, cipher: Option<&str>) {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let peer = Peer::start(&sandbox).await;
    peer.connect("js", sandbox.key(), theirs).await;
    let client = connect(options(&sandbox, "rust", ours)).await;
    let mut channel_options = ChannelOptions::new().param("delta", "vcdiff");
    let mut at = json!({"client": "js", "channel": "deltas", "params": {"delta": "vcdiff"}});
    if let Some(key) = cipher {
        channel_options = channel_options.cipher(key);
        at["cipherKey"] = key.into();
    }
    let channels = client.channels();
    let channel = channels
        .get_with("deltas", channel_options)
        .expect("a channel");
    let mut messages = subscribe(&channel).await;
    peer.ask("subscribe", at.clone()).await;
    let (mut by_us, mut by_peer) = (0, 0);
    let mut check = async |expected: serde_json::Value| {
        let got = next(&mut messages).await;
        by_us += usize::from(!seen(&got)["extras"]["delta"].is_null());
        assert_eq!(said(seen(&got)), expected, "by us");
        let got = peer.message().await;
        by_peer += usize::from(!got["extras"]["delta"].is_null());
        assert_eq!(said(seen_by_peer(&got)), expected, "by ably-js");
    };
    for message in similar("rust") {
        let expected = seen(&message);
        channel.publish_message(message).await.expect("published");
        check(expected).await;
    }
    for message in similar("js") {
        let mut request = at.clone();
        request["messages"] = json!([for_peer(&message)]);
        peer.ask("publish", request).await;
        check(seen(&message)).await;
    }
    // All but the first; nothing of what is encrypted.
    let expected = if cipher.is_some() { 0 } else { 19 };
    assert_eq!((by_us, by_peer), (expected, expected));
}

#[test]
fn both_follow_deltas_in_all_formats() {
    run(async {
        for (ours, theirs) in FORMATS {
            both_ways(ours, theirs, None).await;
        }
    });
}

#[test]
fn what_is_encrypted_is_sent_whole() {
    run(async {
        for binary in [false, true] {
            both_ways(binary, binary, Some(CIPHER_KEY)).await;
        }
    });
}

#[test]
fn ably_js_recovers_through_the_sandbox() {
    run(async {
        for binary in [false, true] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), binary).await;
            let client = connect(options(&sandbox, "rust", binary)).await;
            let channel = client.channels().get("deltas");
            channel.attach().await.expect("attached");
            let at = json!({"client": "js", "channel": "deltas", "params": {"delta": "vcdiff"}});
            peer.ask("subscribe", at.clone()).await;
            let samples = similar("rust");
            let (before, after) = samples.split_at(3);
            for message in before {
                channel
                    .publish_message(message.clone())
                    .await
                    .expect("published");
                assert_eq!(said(seen_by_peer(&peer.message().await)), seen(message));
            }
            peer.ask("watchChannel", at.clone()).await;
            peer.ask("forgetLastMessage", at.clone()).await;
            channel
                .publish_message(after[0].clone())
                .await
                .expect("published");
            let change = peer.event("channel").await;
            assert_eq!(
                (&change["state"], &change["error"]["code"]),
                (&json!("attaching"), &json!(40018))
            );
            let recovered = peer.message().await;
            assert_eq!(said(seen_by_peer(&recovered)), seen(&after[0]));
            assert!(recovered["extras"].is_null(), "whole");
            for message in &after[1..] {
                channel
                    .publish_message(message.clone())
                    .await
                    .expect("published");
                let got = peer.message().await;
                assert_eq!(said(seen_by_peer(&got)), seen(message));
                assert!(!got["extras"]["delta"].is_null());
            }
        }
    });
}
