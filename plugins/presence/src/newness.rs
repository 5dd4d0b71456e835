//! Which of two messages about a member is newer.
//!
//! Spec: RTP2b.

use ably_base::PresenceMessage;

/// True when the server made the message and not the member's connection: its id does not begin
/// with the connection's.
pub(crate) fn is_synthesized(m: &PresenceMessage) -> bool {
    match (&m.id, &m.connection_id) {
        (Some(id), Some(connection)) => connection.is_empty() || !id.starts_with(&**connection),
        _ => true,
    }
}

/// True when `incoming` is to replace `existing`.
pub(crate) fn is_newer(incoming: &PresenceMessage, existing: &PresenceMessage) -> bool {
    if !is_synthesized(incoming) && !is_synthesized(existing) {
        if let (Some(a), Some(b)) = (position(incoming), position(existing)) {
            return a > b;
        }
    }
    // RTP2b1a: the later one to arrive wins a tie.
    incoming.timestamp >= existing.timestamp
}

/// `msgSerial` and `index` of an id `connectionId:msgSerial:index`. Spec: RTP2b2.
fn position(m: &PresenceMessage) -> Option<(i64, i64)> {
    let mut parts = m.id.as_deref()?.rsplit(':');
    let index = parts.next()?.parse().ok()?;
    let serial = parts.next()?.parse().ok()?;
    parts.next()?;
    Some((serial, index))
}
