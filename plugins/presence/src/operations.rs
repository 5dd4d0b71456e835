//! What the application asks for: enter, update, leave, get.
//!
//! Spec: RTP8–RTP11, RTP14–RTP16.

use ably_base::{
    BehaviourCx, ChannelState, ConnectionState, ErrorCode, ErrorInfo, PresenceAction,
    PresenceMessage, Str, engine::Ticket,
};

use crate::{
    data::PresenceData,
    machine::{Machine, Members, Waiting, encoded},
    params::RealtimePresenceParams,
};

/// Most operations, and most calls of `get`, that wait on one channel. ably-js has no bound.
const MAX_WAITING: usize = 10_000;
/// Most bytes of data in those operations, unless it is in one: what the outbox holds by default.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

impl Machine {
    /// Enters, updates or leaves, for this client or for `client_id`.
    pub(crate) fn operate(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        action: PresenceAction,
        client_id: Option<Str>,
        data: PresenceData,
    ) -> Ticket<()> {
        match self.prepare(cx, action, client_id, data) {
            Err(error) => cx.ready(Err(error)),
            Ok(item) => {
                let (reply, ticket) = cx.reply_pair();
                if cx.channel_state() == ChannelState::Attached {
                    self.send(cx, vec![(item, reply)]);
                } else {
                    self.queued_bytes = self.queued_bytes.saturating_add(item.size());
                    self.queued.push((item, reply));
                }
                ticket
            }
        }
    }

    /// Checks everything, and begins to attach when that is called for.
    fn prepare(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        action: PresenceAction,
        client_id: Option<Str>,
        data: PresenceData,
    ) -> Result<ably_base::protocol::Item, ErrorInfo> {
        match &client_id {
            None if is_anonymous(cx) => return Err(no_client_id()),
            Some(id) if id.is_empty() => return Err(no_client_id()),
            _ => {}
        }
        cx.check_connection()?;
        let leaving = action == PresenceAction::LEAVE;
        match cx.channel_state() {
            ChannelState::Attached | ChannelState::Attaching => {}
            // RTP8d, RTP15e; nobody is attached just in order to leave.
            ChannelState::Initialized if !leaving => {}
            _ => return Err(cx.channel_state_error()),
        }
        if self.queued.len() >= MAX_WAITING {
            return Err(too_many());
        }
        let mut message = PresenceMessage::default();
        message.action = action;
        // RTP8c: an implicit clientId is not sent.
        message.client_id = client_id;
        message.data = data.data;
        message.extras = data.extras;
        let item = encoded(cx, message)?;
        let bytes = self.queued_bytes.saturating_add(item.size());
        if !self.queued.is_empty() && bytes > MAX_WAITING_BYTES {
            return Err(too_many());
        }
        cx.ensure_attached()?;
        Ok(item)
    }

    /// Spec: RTP11.
    pub(crate) fn get(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        params: RealtimePresenceParams,
    ) -> Ticket<Members> {
        let attached = match cx.channel_state() {
            ChannelState::Suspended if params.wait_for_sync => {
                return cx.ready(Err(out_of_sync()));
            }
            ChannelState::Failed => {
                let error = cx.channel_state_error();
                return cx.ready(Err(error));
            }
            ChannelState::Suspended => true,
            ChannelState::Attached => true,
            _ => false,
        };
        if attached && !(params.wait_for_sync && self.members.is_sync_in_progress()) {
            let members = self.list(&params);
            return cx.ready(Ok(members));
        }
        if self.waiting.len() >= MAX_WAITING {
            return cx.ready(Err(too_many()));
        }
        if !attached {
            if let Err(error) = cx.ensure_attached() {
                return cx.ready(Err(error));
            }
        }
        let (reply, ticket) = cx.reply_pair();
        self.waiting.push(Waiting {
            reply,
            params,
            attached,
        });
        ticket
    }
}

/// Until it is connected the client may yet learn who it is. Spec: RTP8j.
fn is_anonymous(cx: &BehaviourCx<'_>) -> bool {
    cx.connection_state() == ConnectionState::Connected
        && cx.client_id().is_none_or(|id| id.is_empty() || id == "*")
}

fn no_client_id() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_CLIENT_ID,
        400,
        "presence needs a clientId: give the client one, or use the form of the method that takes \
         one",
    )
}

/// Spec: RTP11d.
pub(crate) fn out_of_sync() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::PRESENCE_OUT_OF_SYNC,
        400,
        "the presence set is out of sync because the channel is suspended: wait until it is \
         attached again, or ask without waiting for the sync",
    )
}

fn too_many() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::BAD_REQUEST,
        400,
        "too many presence operations wait for this channel: wait for earlier ones first",
    )
}
