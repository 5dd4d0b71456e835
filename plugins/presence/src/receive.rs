//! What the server says: PRESENCE, and the pages of a SYNC.
//!
//! Spec: RTP2, RTP6, RTP17b, RTP18, RTP19.

use std::sync::Arc;

use ably_base::{
    BehaviourCx, Data, DecodeFailure, ErrorInfo, JsonText, LogLevel, MessageMeta, PresenceAction,
    PresenceMessage, Str,
    protocol::{Action, Item, ProtocolMessage},
};

use crate::{
    machine::{Machine, tell},
    map::{Leave, MAX_MEMBERS},
};

impl Machine {
    pub(crate) fn receive(&mut self, cx: &mut BehaviourCx<'_>, pm: &ProtocolMessage) {
        let items = match pm.presence.read() {
            Ok(items) => items,
            Err(error) => {
                return cx.log(LogLevel::Error, || {
                    format!("a presence message could not be read: {error}")
                });
            }
        };
        let serial = pm.channel_serial.as_deref();
        let last_page = pm.action == Action::SYNC && self.begin_page(serial);
        let connection_id = cx.connection_id();
        let mut changes = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match message_of(cx, pm, index, item) {
                Ok(message) => changes.extend(self.apply(cx, message, connection_id.as_ref())),
                Err(error) => cx.log(LogLevel::Error, || {
                    format!("a presence message was left out: {error}")
                }),
            }
        }
        if last_page {
            let mut all = self.members.end_sync(cx.now().unix_ms);
            self.sync_id = None;
            self.sync_complete = true;
            all.append(&mut changes);
            changes = all;
        }
        tell(cx, changes);
        if last_page {
            self.answer_waiting(cx);
        }
    }

    /// Begins or goes on with the sync that a page belongs to; true when it is the last page.
    ///
    /// The first page after ATTACHED goes on with the sync that ATTACHED began; a page of another
    /// sequence begins anew (RTP18a). A page without a serial is a sync of its own (RTP18c).
    fn begin_page(&mut self, serial: Option<&str>) -> bool {
        let (id, cursor) = match serial {
            Some(serial) => serial.split_once(':').unwrap_or((serial, "")),
            None => ("", ""),
        };
        let another = self.sync_id.as_deref().is_some_and(|known| known != id);
        if another || !self.members.is_sync_in_progress() {
            self.members.start_sync();
            self.sync_complete = false;
        }
        self.sync_id = Some(Str::new(id));
        cursor.is_empty()
    }

    /// Takes one message into the maps; gives it back when it is news.
    fn apply(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        message: Arc<PresenceMessage>,
        connection_id: Option<&Str>,
    ) -> Option<Arc<PresenceMessage>> {
        let ours = connection_id.is_some() && message.connection_id.as_ref() == connection_id;
        match message.action {
            PresenceAction::LEAVE => {
                if ours {
                    self.own.remove(&message);
                }
                match self.members.leave(&message) {
                    // DEVIATION: RTP2h2 — a leave during a sync is told, as ably-js does, but once:
                    // whoever keeps a list from the events would never learn of it otherwise.
                    Leave::Removed | Leave::Absent => Some(message),
                    Leave::Ignored => None,
                }
            }
            PresenceAction::ENTER | PresenceAction::UPDATE | PresenceAction::PRESENT => {
                if ours {
                    self.own.put(&message);
                }
                if !self.members.has_room_for(&message) {
                    cx.log(LogLevel::Error, || {
                        format!("more than {MAX_MEMBERS} members: one was left out")
                    });
                }
                self.members.put(message)
            }
            _ => None,
        }
    }
}

/// Reads, completes and decodes one message.
fn message_of(
    cx: &mut BehaviourCx<'_>,
    pm: &ProtocolMessage,
    index: usize,
    item: &Item,
) -> Result<Arc<PresenceMessage>, ErrorInfo> {
    let mut m = PresenceMessage::from_item(item)?;
    // TP3a, TP3d, TP3g
    if m.id.is_none() {
        m.id = pm.id.as_ref().map(|id| format!("{id}:{index}").into());
    }
    if m.connection_id.is_none() {
        m.connection_id.clone_from(&pm.connection_id);
    }
    m.timestamp = m.timestamp.or(pm.timestamp);
    let mut meta = MessageMeta::default();
    meta.id = m.id.as_deref().unwrap_or_default();
    let decoded = cx.decode(std::mem::take(&mut m.data), m.encoding.take(), &meta);
    m.data = decoded.data;
    m.encoding = decoded.encoding;
    // No failure of a member's data is worth a channel: it comes with what is left of its encoding.
    if let Some(
        DecodeFailure::Leave(error) | DecodeFailure::Recover(error) | DecodeFailure::Fail(error),
    ) = decoded.failure
    {
        cx.log(LogLevel::Error, || {
            format!("the data of a presence message could not be decoded: {error}")
        });
    }
    detach_from_frame(&mut m);
    Ok(Arc::new(m))
}

/// Members are kept for long: copies what would keep the whole frame with them.
fn detach_from_frame(m: &mut PresenceMessage) {
    for text in [
        &mut m.id,
        &mut m.client_id,
        &mut m.connection_id,
        &mut m.encoding,
    ] {
        if let Some(text) = text.as_mut().filter(|t| t.is_slice_of_larger()) {
            *text = Str::new(text);
        }
    }
    m.data = match std::mem::take(&mut m.data) {
        Data::Text(t) => Data::Text(Str::new(&t)),
        Data::Json(j) => Data::Json(own_json(&j)),
        Data::Binary(b) => Data::from(&b[..]),
        other => other,
    };
    m.extras = m.extras.as_ref().map(own_json);
}

fn own_json(json: &JsonText) -> JsonText {
    JsonText::from_checked(Str::new(json.as_str()))
}
