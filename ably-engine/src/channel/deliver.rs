//! What comes for a channel.
//!
//! Spec: RTL12–RTL15, RTL17–RTL21, RTS, RSF1.

use alloc::sync::Arc;

use ably_protocol::{Action, ErrorCode, ErrorInfo, Flags, Message, ProtocolMessage, Str};

use super::{ChannelId, ChannelState};
use crate::{
    Engine, Event, LogLevel, Now, Output,
    behaviour::Due,
    encoding::{DecodeFailure, MessageMeta},
};

impl Engine {
    pub(crate) fn on_channel_message(&mut self, now: Now, mut m: ProtocolMessage) {
        let Some(id) = m
            .channel
            .as_deref()
            .and_then(|name| self.channels.find(name))
        else {
            return;
        };
        match m.action {
            Action::ATTACHED => self.on_attached(now, id, m),
            Action::DETACHED => self.on_detached(now, id, m.error),
            Action::ERROR => self.on_channel_error(now, id, m.error),
            Action::MESSAGE => self.on_messages(now, id, m),
            action => {
                if matches!(
                    action,
                    Action::PRESENCE | Action::ANNOTATION | Action::OBJECT
                ) {
                    self.take_serial(id, &mut m);
                }
                self.hand_to_behaviours(now, id, &m);
            }
        }
    }

    /// Spec: RTL15b.
    fn take_serial(&mut self, id: ChannelId, m: &mut ProtocolMessage) {
        if let (Some(serial), Some(ch)) = (&m.channel_serial, self.channels.get_mut(id)) {
            self.serial_changes += 1;
            ch.channel_serial.set(serial);
        }
    }

    fn on_attached(&mut self, now: Now, id: ChannelId, m: ProtocolMessage) {
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        let state = ch.state;
        if state == ChannelState::Detaching || state == ChannelState::Detached {
            // RTL5k: it is not wanted any more.
            if state == ChannelState::Detaching {
                return self.check_pending(now, id);
            }
            return self.send_detach(id);
        }
        // Answers come in order: what was sent before this ATTACH is answered.
        ch.detaches_unanswered = 0;
        let serial = m.channel_serial.as_deref().map(Str::new);
        if let Some(serial) = &serial {
            self.serial_changes += 1;
            ch.channel_serial.set(serial);
        }
        ch.attach_serial = serial;
        ch.params = m.params.map(|p| *p).unwrap_or_default();
        let modes = m.flags.modes();
        ch.modes = (!modes.is_empty()).then_some(modes);
        let resumed = m.flags.contains(Flags::RESUMED);
        if !resumed {
            ch.chain.reset();
            ch.last_message_id = None;
            // Should decoding fail before the next message was understood, it starts anew from here.
            ch.last_message_serial.clone_from(&ch.attach_serial);
        }
        if state != ChannelState::Attached {
            return self.channel_enter(now, id, ChannelState::Attached, m.error, Some(m.flags));
        }
        // RTL12: an attachment that replaces one.
        self.timers.stop(crate::timers::Timer::ChannelState(id));
        for reply in self.take_option_waiters(id) {
            self.reply(reply, Ok(()));
        }
        let change = crate::ChannelChange::new(state, state, Some(m.flags), m.error.clone());
        self.due.push_back(Due::Channel(id, change));
        if !resumed {
            let backlog = m.flags.contains(Flags::HAS_BACKLOG);
            self.emit_channel_update(id, false, backlog, m.error);
        }
    }

    /// Spec: RTL13.
    fn on_detached(&mut self, now: Now, id: ChannelId, error: Option<ErrorInfo>) {
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        let state = ch.state;
        let answers_detach = ch.detaches_unanswered > 0;
        ch.detaches_unanswered = ch.detaches_unanswered.saturating_sub(1);
        if state == ChannelState::Detaching {
            return self.channel_notify(now, id, ChannelState::Detached, error);
        }
        // It answers a DETACH before the ATTACH that is under way, not this one.
        if answers_detach {
            return;
        }
        let error = error.unwrap_or_else(|| {
            ErrorInfo::new(
                ErrorCode::CHANNEL_STATE,
                404,
                "the server detached the channel",
            )
        });
        match state {
            ChannelState::Attaching => {
                self.channel_notify(now, id, ChannelState::Suspended, Some(error));
            }
            ChannelState::Attached | ChannelState::Suspended => {
                self.request_attach(now, id, Some(error));
            }
            _ => {}
        }
    }

    /// Spec: RTL14.
    fn on_channel_error(&mut self, now: Now, id: ChannelId, error: Option<ErrorInfo>) {
        if error
            .as_ref()
            .is_some_and(|e| e.code() == ErrorCode::SUPERSEDED_TRANSPORT)
        {
            return self.check_pending(now, id);
        }
        let error = error.unwrap_or_else(|| {
            ErrorInfo::new(
                ErrorCode::CHANNEL_OPERATION,
                500,
                "the server reported an error of the channel and did not say which",
            )
        });
        self.channel_notify(now, id, ChannelState::Failed, Some(error));
    }

    fn on_messages(&mut self, now: Now, id: ChannelId, mut m: ProtocolMessage) {
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        // RTL17
        if ch.state != ChannelState::Attached {
            let (name, state) = (ch.name.clone(), ch.state);
            return self.log(LogLevel::Major, "channel", || {
                alloc::format!("{name:?} is {state}: messages were discarded")
            });
        }
        m.fill_from_parent();
        // RTL20: a delta builds on the last message of the message before.
        let from = m.messages.first().and_then(|first| delta_from(first));
        if ch.chain.keeps_state() && from.is_some() && from != ch.last_message_id {
            let error = ErrorInfo::new(
                ErrorCode::DELTA_FAILED,
                400,
                "the message that a delta is relative to is not available",
            );
            return self.recover_decoding(now, id, error);
        }
        for slot in &mut m.messages {
            if slot.encoding.is_none() && ch.chain.is_plain() {
                continue;
            }
            let message = Arc::make_mut(slot);
            let from = delta_from(message);
            let meta = MessageMeta {
                id: message.id.as_deref().unwrap_or_default(),
                delta_from: from.as_deref(),
            };
            let data = core::mem::take(&mut message.data);
            let done = ch.chain.decode(data, message.encoding.take(), &meta);
            message.data = done.data;
            message.encoding = done.encoding;
            match done.failure {
                None => {}
                Some(DecodeFailure::Leave(error)) => {
                    self.outputs.push_back(Output::Log(crate::LogRecord {
                        level: LogLevel::Error,
                        target: "channel",
                        message: alloc::format!("a message could not be decoded: {error}"),
                    }))
                }
                Some(DecodeFailure::Recover(error)) => {
                    return self.recover_decoding(now, id, error);
                }
                Some(DecodeFailure::Fail(error)) => {
                    return self.channel_notify(now, id, ChannelState::Failed, Some(error));
                }
            }
        }
        if let Some(serial) = &m.channel_serial {
            self.serial_changes += 1;
            ch.channel_serial.set(serial);
        }
        if ch.chain.keeps_state() {
            ch.last_message_id = m
                .messages
                .last()
                .and_then(|l| l.id.as_deref().map(Str::new));
            ch.last_message_serial = ch.channel_serial.get();
        }
        if !self.observers.is_empty() {
            self.hand_to_behaviours(now, id, &m);
        }
        self.outputs
            .push_back(Output::Event(Event::Messages(id, m.messages)));
    }

    /// Attaches again from the last message that was understood. Spec: RTL18.
    fn recover_decoding(&mut self, now: Now, id: ChannelId, error: ErrorInfo) {
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        if core::mem::replace(&mut ch.recovering, true) {
            return;
        }
        // RTL18a
        self.log(LogLevel::Error, "channel", || {
            alloc::format!("a message was discarded and decoding starts anew: {error}")
        });
        self.request_attach(now, id, Some(error));
    }
}

/// `extras.delta.from`.
fn delta_from(m: &Message) -> Option<Str> {
    use ably_protocol::Value;
    let extras = m.extras.as_ref()?;
    if !extras.as_str().contains("\"delta\"") {
        return None;
    }
    let Ok(Value::Map(fields)) = Value::from_json(extras.as_str()) else {
        return None;
    };
    let Value::Map(delta) = fields.into_iter().find(|(n, _)| n == "delta")?.1 else {
        return None;
    };
    match delta.into_iter().find(|(n, _)| n == "from")?.1 {
        Value::Text(from) => Some(from),
        _ => None,
    }
}
