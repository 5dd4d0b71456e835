//! Actions are shown by ably-js's names, also those that are new.

use ably_protocol::{AnnotationAction, MessageAction, PresenceAction};

#[test]
fn actions_are_shown_by_name() {
    assert_eq!(MessageAction::SUMMARY.to_string(), "message.summary");
    assert_eq!(PresenceAction::LEAVE.to_string(), "leave");
    assert_eq!(AnnotationAction::DELETE.to_string(), "annotation.delete");
    assert_eq!(format!("{:>8}|", PresenceAction(99)), " unknown|");
}
