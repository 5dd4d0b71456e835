//! Bits of the `flags` field, and the names of channel modes.
//!
//! Spec: TR3, TB2d.

/// ATTACHED: presence members follow.
pub const HAS_PRESENCE: u64 = 1;
/// ATTACHED: stored messages follow.
pub const HAS_BACKLOG: u64 = 1 << 1;
/// ATTACHED: no message was missed.
pub const RESUMED: u64 = 1 << 2;
/// ATTACH: the client was attached before.
pub const ATTACH_RESUME: u64 = 1 << 5;
/// Mode: enter presence.
pub const PRESENCE: u64 = 1 << 16;
/// Mode: publish.
pub const PUBLISH: u64 = 1 << 17;
/// Mode: receive messages.
pub const SUBSCRIBE: u64 = 1 << 18;
/// Mode: receive presence.
pub const PRESENCE_SUBSCRIBE: u64 = 1 << 19;
/// Mode: publish annotations.
pub const ANNOTATION_PUBLISH: u64 = 1 << 21;
/// Mode: receive annotations.
pub const ANNOTATION_SUBSCRIBE: u64 = 1 << 22;
/// Mode: receive objects.
pub const OBJECT_SUBSCRIBE: u64 = 1 << 24;
/// Mode: change objects.
pub const OBJECT_PUBLISH: u64 = 1 << 25;

/// The modes of a channel whose client asks for none.
pub const DEFAULT_MODES: u64 = PRESENCE | PUBLISH | SUBSCRIBE | PRESENCE_SUBSCRIBE;

/// Every mode: its bit, the name used in `params.modes`, and the capability operation it needs.
pub const MODES: [(u64, &str, &str); 8] = [
    (PRESENCE, "presence", "presence"),
    (PUBLISH, "publish", "publish"),
    (SUBSCRIBE, "subscribe", "subscribe"),
    (PRESENCE_SUBSCRIBE, "presence_subscribe", "subscribe"),
    (
        ANNOTATION_PUBLISH,
        "annotation_publish",
        "annotation-publish",
    ),
    (
        ANNOTATION_SUBSCRIBE,
        "annotation_subscribe",
        "annotation-subscribe",
    ),
    (OBJECT_SUBSCRIBE, "object_subscribe", "object-subscribe"),
    (OBJECT_PUBLISH, "object_publish", "object-publish"),
];

/// Keeps only the mode bits.
pub fn modes_of(flags: u64) -> u64 {
    MODES
        .iter()
        .fold(0, |modes, (bit, ..)| modes | (flags & bit))
}

/// Reads a comma-separated list of mode names.
///
/// # Errors
/// The name that is not known.
pub fn parse_modes(list: &str) -> Result<u64, String> {
    let mut modes = 0;
    for name in list.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        match MODES.iter().find(|(_, known, _)| *known == name) {
            Some((bit, ..)) => modes |= bit,
            None => return Err(name),
        }
    }
    Ok(modes)
}
