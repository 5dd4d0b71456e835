//! Numbers of the protocol's actions.
//!
//! Spec: TR2, TM5, TP2.

/// Asks for, or gives, a sign of life.
pub const HEARTBEAT: u64 = 0;
/// Accepts published frames.
pub const ACK: u64 = 1;
/// Rejects published frames.
pub const NACK: u64 = 2;
/// Opens a connection, or updates its details.
pub const CONNECTED: u64 = 4;
/// The client leaves this transport.
pub const DISCONNECT: u64 = 5;
/// The server leaves this transport.
pub const DISCONNECTED: u64 = 6;
/// The client ends the connection.
pub const CLOSE: u64 = 7;
/// The connection has ended.
pub const CLOSED: u64 = 8;
/// The connection, or with `channel` a channel, has failed.
pub const ERROR: u64 = 9;
/// Asks to attach.
pub const ATTACH: u64 = 10;
/// Confirms an attachment.
pub const ATTACHED: u64 = 11;
/// Asks to detach.
pub const DETACH: u64 = 12;
/// Confirms a detachment.
pub const DETACHED: u64 = 13;
/// Presence events.
pub const PRESENCE: u64 = 14;
/// Messages.
pub const MESSAGE: u64 = 15;
/// A page of the presence set.
pub const SYNC: u64 = 16;
/// Credentials, or the wish for new ones.
pub const AUTH: u64 = 17;
/// Operations on objects.
pub const OBJECT: u64 = 19;
/// Annotations of messages.
pub const ANNOTATION: u64 = 21;

/// A message that was published.
pub const MESSAGE_CREATE: u64 = 0;
/// A message that tells something about the channel.
pub const MESSAGE_META: u64 = 3;
/// A message that tells the new summary of another.
pub const MESSAGE_SUMMARY: u64 = 4;

/// An annotation is made.
pub const ANNOTATION_CREATE: u64 = 0;
/// An annotation is taken back.
pub const ANNOTATION_DELETE: u64 = 1;

/// Presence: a member that was there already.
pub const PRESENT: u64 = 1;
/// Presence: a member that has come.
pub const ENTER: u64 = 2;
/// Presence: a member that has gone.
pub const LEAVE: u64 = 3;
/// Presence: a member whose data has changed.
pub const UPDATE: u64 = 4;
