//! [`Engine`]: the parts put together, and its contract.

use alloc::{boxed::Box, collections::VecDeque, string::String, sync::Arc, vec::Vec};
use core::any::Any;

use ably_protocol::{Action, Data, ErrorCode, ErrorInfo, ProtocolMessage, Str};

use crate::{
    AnyArc, BehaviourCx, BehaviourFactory, ChannelBehaviour, ChannelId, Config, ConnectionState,
    Entropy, Event, Input, Instant, LogLevel, LogRecord, MaybeSend, Now, OpId, Output,
    PayloadEncoding, Reply, Ticket,
    auth::AuthState,
    behaviour::Due,
    channel::Channels,
    connection::Connection,
    encoding::{Chain, Decoded, MessageMeta},
    outbox::Outbox,
    timers::{Timer, Timers},
};

/// The client as a state machine.
///
/// Whoever has made a call that takes `now` does all that [`Engine::poll_output`] then has to be
/// done, and comes back with the next [`Input`], or when [`Engine::next_timeout`] has come.
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) auth: AuthState,
    pub(crate) conn: Connection,
    pub(crate) outbox: Outbox,
    pub(crate) channels: Channels,
    pub(crate) timers: Timers,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) due: VecDeque<Due>,
    pub(crate) encodings: Arc<[Arc<dyn PayloadEncoding>]>,
    pub(crate) factories: Vec<Arc<dyn BehaviourFactory>>,
    /// Factories that observe messages of any kind, for which messages are shown around.
    pub(crate) observers: Vec<usize>,
    /// How often serials of channels may have changed.
    pub(crate) serial_changes: u64,
    next_op: u64,
    handles_gone: bool,
    settling: bool,
}

impl Engine {
    /// Makes an engine; nothing happens until [`Engine::connect`].
    ///
    /// # Errors
    /// - `40000` two behaviours own the same action.
    pub fn new(
        config: Config,
        encodings: Vec<Arc<dyn PayloadEncoding>>,
        factories: Vec<Arc<dyn BehaviourFactory>>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, ErrorInfo> {
        for (i, a) in factories.iter().enumerate() {
            for b in factories.iter().skip(i + 1) {
                if let Some(action) = a.actions().iter().find(|x| b.actions().contains(x)) {
                    return Err(ErrorInfo::new(
                        ErrorCode::BAD_REQUEST,
                        400,
                        alloc::format!(
                            "the plugins {} and {} both own {action:?}: install one of them",
                            a.id(),
                            b.id()
                        ),
                    ));
                }
            }
        }
        let observers = factories
            .iter()
            .enumerate()
            .filter(|(_, f)| f.observes().contains(&Action::MESSAGE))
            .map(|(i, _)| i)
            .collect();
        let mut engine = Self {
            auth: AuthState::new(config.auth.clone(), config.client_id.clone()),
            conn: Connection::new(&config),
            outbox: Outbox::new(config.max_outbox_messages, config.max_outbox_bytes),
            channels: Channels::default(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            due: VecDeque::new(),
            encodings: encodings.into(),
            factories,
            observers,
            serial_changes: 0,
            next_op: 1,
            handles_gone: false,
            settling: false,
            config,
            entropy,
        };
        engine.prepare_recovery();
        Ok(engine)
    }

    /// Takes something that happened outside.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        self.watch_clocks(now);
        match input {
            Input::HandlesGone => {
                self.handles_gone = true;
                self.close(now);
            }
            Input::Timeout => self.on_timeout(now),
            Input::Opened { op } => self.on_opened(now, op),
            Input::Received { op, message } => self.on_received(now, op, message),
            Input::Activity { op } => self.on_activity(now, op),
            Input::Unsendable { op, serial, error } => self.on_unsendable(op, serial, error),
            Input::TransportClosed { op, error } => self.on_transport_closed(now, op, &error),
            Input::Token { op, result } => self.on_token(now, op, result),
            Input::Connectivity { op, online } => self.on_connectivity(now, op, online),
            Input::NetworkChanged { online } => self.on_network_changed(now, online),
        }
        self.settle(now);
        if self.handles_gone
            && !self.conn.state.is_active()
            && !matches!(
                self.conn.state,
                ConnectionState::Closing | ConnectionState::Suspended
            )
        {
            self.handles_gone = false;
            self.outputs.push_back(Output::Finished);
        }
    }

    /// Takes one thing to do outside; `None` when all is done until the next call that takes `now`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The connection's state. Spec: RTN4.
    pub fn connection_state(&self) -> ConnectionState {
        self.conn.state
    }

    /// The connection's id. Spec: RTN8.
    pub fn connection_id(&self) -> Option<Str> {
        self.conn.id.clone()
    }

    /// The connection's key, which resumes it: keep it secret. Spec: RTN9.
    pub fn connection_key(&self) -> Option<Str> {
        self.conn.key.clone()
    }

    /// Why the connection is in its state. Spec: RTN25.
    pub fn error_reason(&self) -> Option<ErrorInfo> {
        self.conn.error_reason.clone()
    }

    /// The host of the current or last attempt.
    pub fn host(&self) -> Option<Str> {
        self.conn.host.clone()
    }

    /// The identity of the client as far as it is known; `*` means any. Spec: RSA12.
    pub fn client_id(&self) -> Option<Str> {
        self.auth.client_id.clone()
    }

    /// The credential in use, which requests share with the connection.
    pub fn auth_mut(&mut self) -> &mut AuthState {
        &mut self.auth
    }

    /// The configuration, with what the server has changed of it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Calls the behaviour of type `B` of a channel; `None` when it has none.
    pub fn with<B: ChannelBehaviour, R>(
        &mut self,
        now: Now,
        id: ChannelId,
        f: impl FnOnce(&mut B, &mut BehaviourCx<'_>) -> R,
    ) -> Option<R> {
        let slot = self
            .channels
            .get(id)?
            .behaviours
            .iter()
            .position(|b| b.as_deref().is_some_and(|b| (b as &dyn Any).is::<B>()))?;
        let mut result = None;
        self.with_slot(now, id, slot, |b, cx| {
            if let Some(b) = (b as &mut dyn Any).downcast_mut::<B>() {
                result = Some(f(b, cx));
            }
        });
        self.settle(now);
        result
    }

    fn with_slot(
        &mut self,
        now: Now,
        id: ChannelId,
        slot: usize,
        f: impl FnOnce(&mut dyn ChannelBehaviour, &mut BehaviourCx<'_>),
    ) {
        let taken = self
            .channels
            .get_mut(id)
            .and_then(|c| c.behaviours.get_mut(slot))
            .and_then(Option::take);
        let Some(mut behaviour) = taken else { return };
        f(
            &mut *behaviour,
            &mut BehaviourCx {
                engine: self,
                now,
                channel: id,
                slot,
            },
        );
        match behaviour.next_timeout() {
            Some(at) => self.timers.start(Timer::Behaviour(id, slot), at),
            None => self.timers.stop(Timer::Behaviour(id, slot)),
        }
        if let Some(place) = self
            .channels
            .get_mut(id)
            .and_then(|c| c.behaviours.get_mut(slot))
        {
            *place = Some(behaviour);
        }
    }

    /// Shows a message to its owner first, then to those who observe its action.
    pub(crate) fn hand_to_behaviours(&mut self, now: Now, id: ChannelId, m: &ProtocolMessage) {
        let by = |owner: bool, f: &Arc<dyn BehaviourFactory>| {
            if owner { f.actions() } else { f.observes() }.contains(&m.action)
        };
        for owner in [true, false] {
            for slot in 0..self.factories.len() {
                if self.factories.get(slot).is_some_and(|f| by(owner, f)) {
                    self.with_slot(now, id, slot, |b, cx| b.on_message(cx, m));
                }
            }
        }
    }

    /// Does the work that behaviours are due. A behaviour may cause more; it is done in order.
    pub(crate) fn settle(&mut self, now: Now) {
        if core::mem::replace(&mut self.settling, true) {
            return;
        }
        self.watch_clocks(now);
        while let Some(due) = self.due.pop_front() {
            match due {
                Due::Channel(id, change) => {
                    for slot in 0..self.factories.len() {
                        self.with_slot(now, id, slot, |b, cx| b.on_channel(cx, &change));
                    }
                }
                Due::Connection(id) => {
                    let connection = self.conn.id.clone();
                    for slot in 0..self.factories.len() {
                        self.with_slot(now, id, slot, |b, cx| {
                            b.on_connection(cx, connection.as_ref());
                        });
                    }
                }
                Due::Sent(id, slot, sent, result) => {
                    self.with_slot(now, id, slot, |b, cx| b.on_sent(cx, sent, result));
                }
            }
        }
        self.settling = false;
    }

    fn on_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.take_due(now.mono) {
            match timer {
                Timer::ChannelState(_) | Timer::ChannelRetry(_) => {
                    self.on_channel_timer(now, timer);
                }
                Timer::Behaviour(id, slot) => {
                    self.with_slot(now, id, slot, |b, cx| b.on_timeout(cx));
                }
                _ => self.on_connection_timer(now, timer),
            }
            self.settle(now);
            // One event at a time, so that a listener sees the state that it is told of.
            if self.outputs.iter().any(|o| matches!(o, Output::Event(_))) {
                break;
            }
        }
    }

    pub(crate) fn new_op(&mut self) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        op
    }

    pub(crate) fn reply<T: MaybeSend + 'static>(
        &mut self,
        reply: Reply<T>,
        value: Result<T, ErrorInfo>,
    ) {
        self.outputs.push_back(Output::Reply {
            id: reply.id,
            value: Box::new(value),
        });
    }

    pub(crate) fn reply_by_id(&mut self, id: OpId, value: Result<(), ErrorInfo>) {
        self.outputs.push_back(Output::Reply {
            id,
            value: Box::new(value),
        });
    }

    pub(crate) fn log(
        &mut self,
        level: LogLevel,
        target: &'static str,
        message: impl FnOnce() -> String,
    ) {
        if level <= self.config.log_level {
            let message = message();
            self.outputs.push_back(Output::Log(LogRecord {
                level,
                target,
                message,
            }));
        }
    }

    pub(crate) fn behaviour_emit(&mut self, id: ChannelId, slot: usize, event: AnyArc) {
        if let Some(factory) = self.factories.get(slot) {
            let event = Event::Behaviour(id, factory.id(), event);
            self.outputs.push_back(Output::Event(event));
        }
    }

    pub(crate) fn channel_encode(
        &mut self,
        id: ChannelId,
        data: Data,
        encoding: Option<Str>,
    ) -> Result<(Data, Option<Str>), ErrorInfo> {
        match self.channels.get_mut(id) {
            Some(ch) => ch.chain.encode(data, encoding, &mut *self.entropy),
            None => Chain::default().encode(data, encoding, &mut *self.entropy),
        }
    }

    pub(crate) fn channel_decode(
        &mut self,
        id: ChannelId,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
    ) -> Decoded {
        match self.channels.get_mut(id) {
            Some(ch) => ch.chain.decode_apart(data, encoding, message),
            None => Chain::default().decode_apart(data, encoding, message),
        }
    }

    /// A ticket that is answered with `error`, for shells.
    pub fn refuse<T: MaybeSend + 'static>(&mut self, error: ErrorInfo) -> Ticket<T> {
        self.ready(Err(error))
    }
}

impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine")
            .field("state", &self.conn.state)
            .field("channels", &self.channels.ids().len())
            .field("outbox", &self.outbox.len())
            .finish_non_exhaustive()
    }
}
