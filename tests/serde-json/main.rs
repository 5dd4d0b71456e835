//! The features of serde_json that change what it does are on, in this and in all else that is
//! built with it.
//!
//! This package has no other purpose: an application may turn them on for us, and every test must
//! pass then too. `cargo xtask release-check serde-json` runs them so.

use serde_json::Value;

#[test]
fn the_features_are_on() {
    let text = r#"{"b":1.10,"a":123456789012345678901234567890}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    // With `preserve_order` and `arbitrary_precision`, every byte comes back.
    assert_eq!(value.to_string(), text);
}
