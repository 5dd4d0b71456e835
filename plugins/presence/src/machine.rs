//! [`Machine`]: presence of one channel, and what changes of the channel do to it.
//!
//! ```text
//! ATTACHED, HAS_PRESENCE -> sync begins   \
//! ATTACHED without       -> all leave     /  own members re-enter, then queued operations go
//! DETACHED, FAILED       -> both maps are emptied without a word; what waits fails
//! SUSPENDED              -> the maps stay; what waits fails
//! a detach unanswered    -> nothing changed; queued operations go
//! ```
//!
//! Operations are in `operations.rs`, messages of the server in `receive.rs`.
//!
//! Spec: RTP1, RTP5, RTP17e–RTP17i, RTP19a, RTL11.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ably_base::{
    BehaviourCx, ChannelBehaviour, ChannelChange, ChannelState, Data, ErrorCode, ErrorInfo,
    LogLevel, PresenceAction, PresenceMessage, Str,
    engine::{Reply, SendId},
    protocol::{Action, Flags, Item, Items, ProtocolMessage},
};

use crate::{
    map::PresenceMap, operations::out_of_sync, own::LocalPresenceMap,
    params::RealtimePresenceParams,
};

/// Members, as [`crate::Presence::get`] gives them.
pub(crate) type Members = Vec<Arc<PresenceMessage>>;

/// What listeners are told: the changes that one message of the server made, in order.
pub(crate) struct Changes(pub(crate) Members);

/// Most own members that are being entered again at once. They are not held back by the outbox's
/// bound, so they have one of their own.
const MAX_RE_ENTRIES: usize = 256;

/// Presence of one channel.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) members: PresenceMap,
    pub(crate) own: LocalPresenceMap,
    pub(crate) sync_complete: bool,
    /// The sequence that the sync under way belongs to, once it is known. Spec: RTP18a.
    pub(crate) sync_id: Option<Str>,
    /// Operations that wait for the channel to be attached. Spec: RTP16b.
    pub(crate) queued: Vec<(Item, Reply<()>)>,
    /// Bytes of them.
    pub(crate) queued_bytes: usize,
    pub(crate) waiting: Vec<Waiting>,
    sent: BTreeMap<SendId, Sender>,
    /// Own members that are still to be entered again, by client id.
    entering_again: BTreeSet<Str>,
    /// Those of them that the server has not acknowledged yet.
    re_entries: usize,
}

/// A [`crate::Presence::get`] that waits.
pub(crate) struct Waiting {
    pub(crate) reply: Reply<Members>,
    pub(crate) params: RealtimePresenceParams,
    /// The channel is attached; the sync is awaited.
    pub(crate) attached: bool,
}

/// Who wants to know what became of a message.
enum Sender {
    Operations(Vec<Reply<()>>),
    ReEntry(Str),
}

impl ChannelBehaviour for Machine {
    fn on_channel(&mut self, cx: &mut BehaviourCx<'_>, change: &ChannelChange) {
        match change.current {
            ChannelState::Attached => {
                // A detach that was not answered leads here too: the members are what they were.
                let Some(attachment) = change.attached else {
                    return self.go_on(cx);
                };
                if change.previous != ChannelState::Attached || !attachment.resumed {
                    self.on_attached(cx, attachment.flags.contains(Flags::HAS_PRESENCE));
                }
            }
            ChannelState::Detached | ChannelState::Failed => {
                self.own.clear();
                self.entering_again.clear();
                self.members.clear();
                self.sync_id = None;
                self.sync_complete = true;
                self.fail_all(cx, change);
            }
            ChannelState::Suspended => self.fail_all(cx, change),
            ChannelState::Detaching => self.fail_waiting(cx, change, |w| !w.attached),
            _ => {}
        }
    }

    fn on_message(&mut self, cx: &mut BehaviourCx<'_>, message: &ProtocolMessage) {
        // After these nothing of an earlier attachment is of use any more.
        if !matches!(
            cx.channel_state(),
            ChannelState::Initialized | ChannelState::Detached | ChannelState::Failed
        ) {
            self.receive(cx, message);
        }
    }

    fn on_sent(&mut self, cx: &mut BehaviourCx<'_>, sent: SendId, result: Result<(), ErrorInfo>) {
        match (self.sent.remove(&sent), result) {
            (Some(Sender::Operations(replies)), result) => {
                for reply in replies {
                    cx.reply(reply, result.clone());
                }
            }
            (Some(Sender::ReEntry(client_id)), result) => {
                self.re_entries -= 1;
                if let Err(error) = result {
                    re_entry_failed(cx, &client_id, error);
                }
                self.enter_more(cx);
            }
            (None, _) => {}
        }
    }
}

impl Machine {
    /// Spec: RTP1, RTP5b, RTP17i.
    fn on_attached(&mut self, cx: &mut BehaviourCx<'_>, has_presence: bool) {
        self.sync_id = None;
        if has_presence {
            self.members.start_sync();
            self.sync_complete = false;
        } else {
            let gone = self.members.evict_all(cx.now().unix_ms);
            self.sync_complete = true;
            tell(cx, gone);
        }
        self.enter_again(cx);
        self.go_on(cx);
    }

    /// Sends what waited for the channel to be attached, in as few messages as the server takes, and
    /// answers who did. Spec: RTP16b.
    fn go_on(&mut self, cx: &mut BehaviourCx<'_>) {
        self.queued_bytes = 0;
        let most = cx.max_message_size();
        let (mut part, mut bytes) = (Vec::new(), 0usize);
        for operation in std::mem::take(&mut self.queued) {
            let size = operation.0.size();
            if !part.is_empty() && bytes.saturating_add(size) > most {
                self.send(cx, std::mem::take(&mut part));
                bytes = 0;
            }
            bytes = bytes.saturating_add(size);
            part.push(operation);
        }
        if !part.is_empty() {
            self.send(cx, part);
        }
        for w in &mut self.waiting {
            w.attached = true;
        }
        self.answer_waiting(cx);
    }

    /// Sends in one message; whoever waits for it is told what becomes of it.
    pub(crate) fn send(&mut self, cx: &mut BehaviourCx<'_>, operations: Vec<(Item, Reply<()>)>) {
        let (items, replies): (Vec<Item>, Vec<_>) = operations.into_iter().unzip();
        self.enter_before(cx, &items);
        match cx.send(presence(items)) {
            Ok(sent) => {
                self.sent.insert(sent, Sender::Operations(replies));
            }
            Err(error) => {
                for reply in replies {
                    cx.reply(reply, Err(error.clone()));
                }
            }
        }
    }

    /// Each in a message of its own, so that one that is refused does not take others along.
    ///
    /// Spec: RTP17g, RTP17g1.
    fn enter_again(&mut self, cx: &mut BehaviourCx<'_>) {
        let ids = self.own.values().into_iter().map(|m| m.client_id.clone());
        self.entering_again = ids.map(Option::unwrap_or_default).collect();
        self.enter_more(cx);
    }

    fn enter_more(&mut self, cx: &mut BehaviourCx<'_>) {
        while cx.channel_state() == ChannelState::Attached && self.re_entries < MAX_RE_ENTRIES {
            let Some(client_id) = self.entering_again.pop_first() else {
                return;
            };
            self.enter_one(cx, client_id);
        }
    }

    /// What is said now about a member must not be undone by entering it again later.
    fn enter_before(&mut self, cx: &mut BehaviourCx<'_>, items: &[Item]) {
        for item in items {
            if self.entering_again.is_empty() {
                return;
            }
            let client_id = item.text("clientId").or_else(|| cx.client_id());
            if let Some(id) = client_id.and_then(|id| self.entering_again.take(&id)) {
                self.enter_one(cx, id);
            }
        }
    }

    fn enter_one(&mut self, cx: &mut BehaviourCx<'_>, client_id: Str) {
        let Some(member) = self.own.get(&client_id) else {
            return;
        };
        let mut enter = PresenceMessage::clone(member);
        enter.action = PresenceAction::ENTER;
        if enter.connection_id != cx.connection_id() {
            enter.id = None;
        }
        enter.connection_id = None;
        enter.timestamp = None;
        match encoded(cx, enter).and_then(|item| cx.send_beyond_bound(presence(vec![item]))) {
            Ok(sent) => {
                self.re_entries += 1;
                self.sent.insert(sent, Sender::ReEntry(client_id));
            }
            Err(error) => re_entry_failed(cx, &client_id, error),
        }
    }

    /// Answers those for whom everything is there now.
    pub(crate) fn answer_waiting(&mut self, cx: &mut BehaviourCx<'_>) {
        let syncing = self.members.is_sync_in_progress();
        let ready = |w: &Waiting| w.attached && !(w.params.wait_for_sync && syncing);
        for w in take_if(&mut self.waiting, ready) {
            let members = self.list(&w.params);
            cx.reply(w.reply, Ok(members));
        }
    }

    pub(crate) fn list(&self, params: &RealtimePresenceParams) -> Members {
        let wanted = self.members.present().filter(|m| params.admit(m));
        wanted.cloned().collect()
    }

    /// Spec: RTL11, RTP5a, RTP5f, RTP11b, RTP11d.
    fn fail_all(&mut self, cx: &mut BehaviourCx<'_>, change: &ChannelChange) {
        let error = reason(cx, change);
        self.queued_bytes = 0;
        for (_, reply) in self.queued.drain(..) {
            cx.reply(reply, Err(error.clone()));
        }
        self.fail_waiting(cx, change, |_| true);
    }

    fn fail_waiting(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        change: &ChannelChange,
        which: impl Fn(&Waiting) -> bool,
    ) {
        for w in take_if(&mut self.waiting, which) {
            let error = if w.attached && change.current == ChannelState::Suspended {
                out_of_sync()
            } else {
                reason(cx, change)
            };
            cx.reply(w.reply, Err(error));
        }
    }
}

fn take_if<T>(from: &mut Vec<T>, which: impl Fn(&T) -> bool) -> Vec<T> {
    let (taken, kept) = std::mem::take(from).into_iter().partition(which);
    *from = kept;
    taken
}

/// Why the channel is not attached.
fn reason(cx: &BehaviourCx<'_>, change: &ChannelChange) -> ErrorInfo {
    change
        .reason
        .clone()
        .unwrap_or_else(|| cx.channel_state_error())
}

/// Tells listeners.
pub(crate) fn tell(cx: &mut BehaviourCx<'_>, changes: Members) {
    if !changes.is_empty() {
        cx.emit(Changes(changes));
    }
}

fn presence(items: Vec<Item>) -> ProtocolMessage {
    let mut message = ProtocolMessage::new(Action::PRESENCE);
    message.presence = Items::Values(items);
    message
}

/// The message as it is sent. Data that could not be decoded when it came goes back as it was.
pub(crate) fn encoded(
    cx: &mut BehaviourCx<'_>,
    mut message: PresenceMessage,
) -> Result<Item, ErrorInfo> {
    if message.encoding.is_none() {
        let data: Data = std::mem::take(&mut message.data);
        (message.data, message.encoding) = cx.encode(data, None)?;
    }
    message.to_item()
}

/// Spec: RTP17e.
fn re_entry_failed(cx: &mut BehaviourCx<'_>, client_id: &str, cause: ErrorInfo) {
    let error = ErrorInfo::builder(
        ErrorCode::PRESENCE_REENTER,
        400,
        format!("entering presence again automatically failed for clientId {client_id:?}"),
    );
    let error = error.cause(cause).build();
    let name = cx.channel_name();
    cx.log(LogLevel::Error, || {
        format!("{name:?}: {error}: {:?}", error.cause())
    });
    cx.emit_channel_update(true, error);
}
