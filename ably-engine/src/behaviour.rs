//! Behaviours: child state machines of a channel, such as presence.
//!
//! A channel does not know its behaviours by name. It hands them the messages of the actions they
//! own or observe, tells them of changes, and lets them send, attach, encode and emit through
//! [`BehaviourCx`].

use alloc::boxed::Box;
use core::any::Any;

use ably_protocol::{Action, ChannelMode, Data, ErrorInfo, Flags, ProtocolMessage, Str};

use crate::{
    AnyArc, ChannelId, ChannelState, ConnectionState, Engine, Instant, LogLevel, MaybeSend,
    MaybeSync, Now, Reply, Ticket,
    encoding::{Decoded, MessageMeta},
    op,
};

/// Makes a behaviour for every channel; one per plugin.
///
/// # Behaviour
/// - Two factories that own the same action are refused when the client is made.
pub trait BehaviourFactory: MaybeSend + MaybeSync {
    /// ably-js's name of the plugin, for example `RealtimePresence`.
    fn id(&self) -> &'static str;

    /// The actions it owns: it alone reads their contents.
    fn actions(&self) -> &'static [Action];

    /// Further actions that it is shown, after their owner or the channel has dealt with them.
    fn observes(&self) -> &'static [Action] {
        &[]
    }

    /// Makes the behaviour of the channel called `channel`.
    fn create(&self, channel: &Str) -> Box<dyn ChannelBehaviour>;
}

/// A child state machine of one channel. Synchronous; time and effects come through `cx`.
pub trait ChannelBehaviour: Any + MaybeSend {
    /// The channel entered a state, or was attached anew without leaving `attached`.
    fn on_channel(&mut self, cx: &mut BehaviourCx<'_>, change: &ChannelChange);

    /// The connection has another id, or none.
    fn on_connection(&mut self, _cx: &mut BehaviourCx<'_>, _connection_id: Option<&Str>) {}

    /// A message of an owned or observed action came.
    fn on_message(&mut self, cx: &mut BehaviourCx<'_>, message: &ProtocolMessage);

    /// What became of something sent; exactly once per [`BehaviourCx::send`].
    fn on_sent(&mut self, cx: &mut BehaviourCx<'_>, sent: SendId, result: Result<(), ErrorInfo>);

    /// [`ChannelBehaviour::next_timeout`] has come.
    fn on_timeout(&mut self, _cx: &mut BehaviourCx<'_>) {}

    /// When to be called next. Asked after every call.
    fn next_timeout(&self) -> Option<Instant> {
        None
    }
}

/// What happened to the channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChannelChange {
    /// The state before.
    pub previous: ChannelState,
    /// The state now.
    pub current: ChannelState,
    /// Set when ATTACHED came: what it said.
    pub attached: Option<Attachment>,
    /// Why.
    pub reason: Option<ErrorInfo>,
}

/// What an ATTACHED said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Its flags.
    pub flags: Flags,
    /// No message was missed.
    pub resumed: bool,
}

impl ChannelChange {
    pub(crate) fn new(
        previous: ChannelState,
        current: ChannelState,
        flags: Option<Flags>,
        reason: Option<ErrorInfo>,
    ) -> Self {
        let attached = flags.map(|flags| Attachment {
            flags,
            resumed: flags.contains(Flags::RESUMED),
        });
        Self {
            previous,
            current,
            attached,
            reason,
        }
    }
}

/// Names something that a behaviour sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub(crate) u64);

/// What a behaviour may do: the engine, seen from one behaviour of one channel.
pub struct BehaviourCx<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) now: Now,
    pub(crate) channel: ChannelId,
    pub(crate) slot: usize,
}

impl BehaviourCx<'_> {
    /// Both clocks.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The channel's name.
    pub fn channel_name(&self) -> Str {
        self.engine.channel_name(self.channel).unwrap_or_default()
    }

    /// The channel's state.
    pub fn channel_state(&self) -> ChannelState {
        self.engine.channel_state(self.channel)
    }

    /// The modes that the server granted; `None` when it did not say.
    pub fn channel_modes(&self) -> Option<alloc::vec::Vec<ChannelMode>> {
        self.engine.channel_modes(self.channel)
    }

    /// `90001`: the channel's state does not allow the operation. Keeps the channel's error.
    pub fn channel_state_error(&self) -> ErrorInfo {
        self.engine.channel_state_error(self.channel)
    }

    /// The connection's state.
    pub fn connection_state(&self) -> ConnectionState {
        self.engine.connection_state()
    }

    /// Asks whether messages can be sent, or queued until there is a connection.
    ///
    /// # Errors
    /// - the connection's error when it is suspended, closing, closed or failed.
    pub fn check_connection(&self) -> Result<(), ErrorInfo> {
        if self.engine.conn.state.is_active() {
            Ok(())
        } else {
            Err(self.engine.connection_error())
        }
    }

    /// The connection's id.
    pub fn connection_id(&self) -> Option<Str> {
        self.engine.connection_id()
    }

    /// The identity of the client, as far as it is known; `*` means any.
    pub fn client_id(&self) -> Option<Str> {
        self.engine.client_id()
    }

    /// Sends a message of an acknowledged action on this channel, or queues it while there is no
    /// connection. [`ChannelBehaviour::on_sent`] tells what became of it. Until then its items take room
    /// in the outbox, as messages do.
    ///
    /// # Errors
    /// - the connection's error when it is not active, or queueing is switched off.
    /// - `40000` the outbox has no room for it, in messages or bytes.
    pub fn send(&mut self, message: ProtocolMessage) -> Result<SendId, ErrorInfo> {
        self.engine
            .behaviour_send(self.channel, self.slot, message, true)
    }

    /// As [`BehaviourCx::send`], though the outbox be full: for what a behaviour restores by itself,
    /// which nobody could send again later. It is the behaviour's duty to have few of them under way.
    ///
    /// # Errors
    /// - the connection's error when it is not active, or queueing is switched off.
    pub fn send_beyond_bound(&mut self, message: ProtocolMessage) -> Result<SendId, ErrorInfo> {
        self.engine
            .behaviour_send(self.channel, self.slot, message, false)
    }

    /// The most bytes that one message may have. Spec: TO3l8.
    pub fn max_message_size(&self) -> usize {
        usize::try_from(self.engine.config.max_message_size).unwrap_or(usize::MAX)
    }

    /// Begins to attach the channel when it is neither attached nor attaching.
    ///
    /// # Errors
    /// - the connection's error when it is not active.
    pub fn ensure_attached(&mut self) -> Result<(), ErrorInfo> {
        self.engine.ensure_attached(self.now, self.channel)
    }

    /// Runs data through the channel's encoding chain.
    ///
    /// # Errors
    /// What a step says; nothing may be sent then.
    pub fn encode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
    ) -> Result<(Data, Option<Str>), ErrorInfo> {
        self.engine.channel_encode(self.channel, data, encoding)
    }

    /// Undoes the encoding of data that came on this channel.
    pub fn decode(
        &mut self,
        data: Data,
        encoding: Option<Str>,
        message: &MessageMeta<'_>,
    ) -> Decoded {
        self.engine
            .channel_decode(self.channel, data, encoding, message)
    }

    /// Tells listeners of this behaviour.
    pub fn emit<E: Any + Send + Sync>(&mut self, event: E) {
        let event: AnyArc = alloc::sync::Arc::new(event);
        self.engine.behaviour_emit(self.channel, self.slot, event);
    }

    /// Emits an `update` event of the channel with a reason. Used by presence for `91004`.
    pub fn emit_channel_update(&mut self, resumed: bool, reason: ErrorInfo) {
        self.engine
            .emit_channel_update(self.channel, resumed, false, Some(reason));
    }

    /// Fills `out` with random bytes.
    pub fn fill_random(&mut self, out: &mut [u8]) {
        self.engine.entropy.fill(out);
    }

    /// The two halves of an answer that will be given later.
    pub fn reply_pair<T: MaybeSend + 'static>(&mut self) -> (Reply<T>, Ticket<T>) {
        op::pair(self.engine.new_op())
    }

    /// Answers.
    pub fn reply<T: MaybeSend + 'static>(&mut self, reply: Reply<T>, value: Result<T, ErrorInfo>) {
        self.engine.reply(reply, value);
    }

    /// An answer that is known already.
    pub fn ready<T: MaybeSend + 'static>(&mut self, value: Result<T, ErrorInfo>) -> Ticket<T> {
        let (reply, ticket) = self.reply_pair();
        self.reply(reply, value);
        ticket
    }

    /// Writes a log line, made only when it will be written.
    pub fn log(&mut self, level: LogLevel, message: impl FnOnce() -> alloc::string::String) {
        self.engine.log(level, "behaviour", message);
    }
}

/// Work that a behaviour is due, done when the engine is consistent again.
#[derive(Debug)]
pub(crate) enum Due {
    Channel(ChannelId, ChannelChange),
    Connection(ChannelId),
    Sent(ChannelId, usize, SendId, Result<(), ErrorInfo>),
}
