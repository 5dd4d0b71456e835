//! What changes of the connection mean for channels.
//!
//! Spec: RTL3, RTN11d, RTN15c6, RTN15c7, RTN19b.

use ably_protocol::ErrorInfo;

use super::{ChannelId, ChannelState};
use crate::{ConnectionState, Engine, Now, behaviour::Due};

impl Engine {
    /// The connection is up: attach what was or is to be attached, detach what is to be detached.
    pub(crate) fn channels_connected(&mut self, now: Now) {
        use ChannelState as S;
        for id in self.channels.ids() {
            if let Some(ch) = self.channels.get_mut(id) {
                ch.detaches_unanswered = 0;
            }
            match self.channel_state(id) {
                S::Attached | S::Suspended => self.request_attach(now, id, None),
                S::Attaching | S::Detaching => self.check_pending(now, id),
                S::Initialized | S::Detached | S::Failed => {}
            }
        }
    }

    /// The connection is down for good or for long.
    pub(crate) fn channels_interrupted(
        &mut self,
        now: Now,
        state: ConnectionState,
        reason: Option<ErrorInfo>,
    ) {
        use ChannelState as S;
        let becomes = match state {
            ConnectionState::Closing | ConnectionState::Closed => S::Detached,
            ConnectionState::Failed => S::Failed,
            ConnectionState::Suspended => S::Suspended,
            _ => return,
        };
        for id in self.channels.ids() {
            if matches!(
                self.channel_state(id),
                S::Attaching | S::Attached | S::Detaching | S::Suspended
            ) {
                self.channel_notify(now, id, becomes, reason.clone());
            }
        }
    }

    /// The connection begins anew, so channels do. Spec: RTN11d.
    pub(crate) fn channels_begin_anew(&mut self, now: Now) {
        for id in self.channels.ids() {
            if let Some(ch) = self.channels.get_mut(id) {
                ch.error_reason = None;
            }
            self.channel_notify(now, id, ChannelState::Initialized, None);
        }
    }

    pub(crate) fn connection_id_changed(&mut self) {
        let due: alloc::vec::Vec<ChannelId> = self.channels.ids();
        self.due.extend(due.into_iter().map(Due::Connection));
    }
}
