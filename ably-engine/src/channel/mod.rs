//! Channels: states, attachment, publishing, delivery.

mod attach;
mod connection_changes;
mod deliver;
mod options;
mod position;
mod publish;
mod state;

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use ably_protocol::{ChannelMode, ErrorCode, ErrorInfo, Params, Str};

use crate::{
    ChannelBehaviour, Engine, Event, LogLevel, Now, Output, Reply, Ticket, encoding::Chain,
    timers::Timer,
};

use position::Position;

pub use options::{ChannelOptions, PluginOption};
pub use publish::PublishError;
pub use state::{ChannelEvent, ChannelProperties, ChannelState, ChannelStateChange};

/// Names a channel within its engine: an index that is checked against reuse, not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    index: u32,
    generation: u32,
}

/// Someone who waits for a channel to settle.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// For `attached`; gets the change.
    Attach(Reply<Option<ChannelStateChange>>),
    /// For `detached`.
    Detach(Reply<()>),
    /// For the next ATTACHED.
    Options(Reply<()>),
}

pub(crate) struct Channel {
    pub(crate) name: Str,
    pub(crate) options: ChannelOptions,
    pub(crate) state: ChannelState,
    error_reason: Option<ErrorInfo>,
    params: Params,
    modes: Option<Vec<ChannelMode>>,
    attach_serial: Option<Str>,
    channel_serial: Position,
    /// It was attached, and not detached or failed since (RTL4j).
    attach_resume: bool,
    retries: u32,
    waiters: Vec<Waiter>,
    pub(crate) chain: Chain,
    pub(crate) behaviours: Vec<Option<Box<dyn ChannelBehaviour>>>,
    /// The last message of the last MESSAGE, and its serial, for deltas (RTL18–RTL20).
    last_message_id: Option<Str>,
    last_message_serial: Option<Str>,
    recovering: bool,
    /// Attaching came before the answer to a DETACH, which is still to come.
    /// DETACHes on this transport that were not answered: their DETACHED is not about an ATTACH that
    /// was sent after them.
    detaches_unanswered: u32,
    /// Where a detach that is not answered leads back to (RTL5f).
    before_detaching: ChannelState,
}

/// All channels, by id and by name.
#[derive(Default)]
pub(crate) struct Channels {
    slots: Vec<(u32, Option<Box<Channel>>)>,
    by_name: BTreeMap<Str, ChannelId>,
    free: Vec<u32>,
}

impl Channels {
    pub(crate) fn get(&self, id: ChannelId) -> Option<&Channel> {
        let (generation, channel) = self.slots.get(id.index as usize)?;
        if *generation == id.generation {
            channel.as_deref()
        } else {
            None
        }
    }

    pub(crate) fn get_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        let (generation, channel) = self.slots.get_mut(id.index as usize)?;
        if *generation == id.generation {
            channel.as_deref_mut()
        } else {
            None
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<ChannelId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn ids(&self) -> Vec<ChannelId> {
        self.by_name.values().copied().collect()
    }

    fn insert(&mut self, channel: Channel) -> ChannelId {
        let name = channel.name.clone();
        let channel = Some(Box::new(channel));
        let index = self.free.pop();
        let id = match index.and_then(|i| Some((i, self.slots.get_mut(i as usize)?))) {
            Some((index, slot)) => {
                slot.1 = channel;
                ChannelId {
                    index,
                    generation: slot.0,
                }
            }
            None => {
                let index = self.slots.len() as u32;
                self.slots.push((0, channel));
                ChannelId {
                    index,
                    generation: 0,
                }
            }
        };
        self.by_name.insert(name, id);
        id
    }

    fn remove(&mut self, id: ChannelId) -> Option<Box<Channel>> {
        let (generation, slot) = self.slots.get_mut(id.index as usize)?;
        if *generation != id.generation {
            return None;
        }
        let channel = slot.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(id.index);
        self.by_name.remove(&channel.name);
        Some(channel)
    }
}

impl Engine {
    /// The channel called `name`, made without options when it does not exist yet.
    ///
    /// A payload encoding that cannot open its step even without options is left out and logged:
    /// what it would have decoded is delivered as it came.
    ///
    /// Spec: RTS3a.
    pub fn channel(&mut self, name: &str) -> ChannelId {
        if let Some(id) = self.channels.find(name) {
            return id;
        }
        let (chain, refused) = Chain::open_plain(&self.encodings);
        for (encoding, error) in refused {
            self.log(LogLevel::Error, "channel", || {
                alloc::format!("{encoding} takes no part in {name}: {error}")
            });
        }
        self.insert_channel(name, ChannelOptions::default(), chain)
    }

    /// The channel called `name` with `options`, which replace those that it had.
    ///
    /// # Errors
    /// - `40000` the channel is attached or attaching and the options would attach it anew: use
    ///   [`Engine::set_channel_options`] (RTS3c1).
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what a payload encoding says of its options.
    ///
    /// Spec: RTS3b, RTS3c.
    pub fn channel_with(
        &mut self,
        name: &str,
        options: ChannelOptions,
    ) -> Result<ChannelId, ErrorInfo> {
        let chain = Chain::open(&self.encodings, &options)?;
        let Some(id) = self.channels.find(name) else {
            return Ok(self.insert_channel(name, options, chain));
        };
        if let Some(ch) = self.channels.get_mut(id) {
            let active = matches!(ch.state, ChannelState::Attached | ChannelState::Attaching);
            if active && ch.options.needs_reattach(&options) {
                return Err(ErrorInfo::new(
                    ErrorCode::BAD_REQUEST,
                    400,
                    "these options would attach the channel anew: use set_options, which waits \
                     for that",
                ));
            }
            ch.chain = chain;
            ch.last_message_id = None;
            ch.options = options;
        }
        Ok(id)
    }

    fn insert_channel(&mut self, name: &str, options: ChannelOptions, chain: Chain) -> ChannelId {
        let name = Str::new(name);
        let behaviours = self
            .factories
            .iter()
            .map(|f| Some(f.create(&name)))
            .collect();
        // RTN16j: a recovered connection goes on where its channels were.
        let mut channel_serial = Position::default();
        if let Some(recovery) = self.conn.recovery_serials() {
            if let Some(serial) = recovery.channel_serials.get(&name) {
                channel_serial.set(serial);
            }
        }
        self.channels.insert(Channel {
            name,
            options,
            state: ChannelState::Initialized,
            error_reason: None,
            params: Params::new(),
            modes: None,
            attach_serial: None,
            channel_serial,
            attach_resume: false,
            retries: 0,
            waiters: Vec::new(),
            chain,
            behaviours,
            last_message_id: None,
            last_message_serial: None,
            recovering: false,
            detaches_unanswered: 0,
            before_detaching: ChannelState::Initialized,
        })
    }

    /// The channel called `name`, if it exists.
    pub fn find_channel(&self, name: &str) -> Option<ChannelId> {
        self.channels.find(name)
    }

    /// All channels.
    pub fn channel_ids(&self) -> Vec<ChannelId> {
        self.channels.ids()
    }

    /// Removes a channel. Its behaviours are told that what they sent has failed, as nobody will be
    /// there to hear more.
    ///
    /// # Errors
    /// - `90001` it could still get messages: detach it first (RTS4a as in 2.12.0).
    pub fn release_channel(&mut self, now: Now, id: ChannelId) -> Result<(), ErrorInfo> {
        use ChannelState as S;
        match self.channels.get(id).map(|c| c.state) {
            None => return Ok(()),
            Some(S::Initialized | S::Detached | S::Failed) => {}
            Some(state) => {
                return Err(ErrorInfo::new(
                    ErrorCode::CHANNEL_STATE,
                    400,
                    alloc::format!(
                        "a channel can only be released when it is initialized, detached or \
                         failed; it is {state}: detach it first"
                    ),
                ));
            }
        }
        self.timers.stop(Timer::ChannelState(id));
        self.timers.stop(Timer::ChannelRetry(id));
        for (slot, sent) in self.outbox.sent_by_behaviours_of(id) {
            let error = ErrorInfo::new(
                ErrorCode::CHANNEL_STATE,
                400,
                "the channel was released before the server answered",
            );
            self.due
                .push_back(crate::behaviour::Due::Sent(id, slot, sent, Err(error)));
        }
        self.settle(now);
        for slot in 0..self.factories.len() {
            self.timers.stop(Timer::Behaviour(id, slot));
        }
        self.channels.remove(id);
        self.serial_changes += 1;
        Ok(())
    }

    /// The channel's name.
    pub fn channel_name(&self, id: ChannelId) -> Option<Str> {
        self.channels.get(id).map(|c| c.name.clone())
    }

    /// The channel's state; `initialized` when it was released.
    pub fn channel_state(&self, id: ChannelId) -> ChannelState {
        self.channels.get(id).map(|c| c.state).unwrap_or_default()
    }

    /// Why the channel is in its state. Spec: RTL24.
    pub fn channel_error(&self, id: ChannelId) -> Option<ErrorInfo> {
        self.channels.get(id)?.error_reason.clone()
    }

    /// The parameters in force. Spec: RTL4k1.
    pub fn channel_params(&self, id: ChannelId) -> Params {
        self.channels
            .get(id)
            .map(|c| c.params.clone())
            .unwrap_or_default()
    }

    /// The modes that the server granted. Spec: RTL4m.
    pub fn channel_modes(&self, id: ChannelId) -> Option<Vec<ChannelMode>> {
        self.channels.get(id)?.modes.clone()
    }

    /// The channel's options.
    pub fn channel_options(&self, id: ChannelId) -> Option<&ChannelOptions> {
        self.channels.get(id).map(|c| &c.options)
    }

    /// Positions of the channel. Spec: RTL15.
    pub fn channel_properties(&self, id: ChannelId) -> ChannelProperties {
        self.channels
            .get(id)
            .map(|c| ChannelProperties {
                attach_serial: c.attach_serial.clone(),
                channel_serial: c.channel_serial.get(),
            })
            .unwrap_or_default()
    }

    /// Serials of all channels that have one, by name. Spec: RTN16g1.
    pub(crate) fn channel_serials(&self) -> Vec<(Str, Str)> {
        let of = |id: ChannelId| {
            let c = self.channels.get(id)?;
            Some((c.name.clone(), c.channel_serial.get()?))
        };
        self.channels.ids().into_iter().filter_map(of).collect()
    }

    /// `90001`: the state does not allow the operation.
    pub fn channel_state_error(&self, id: ChannelId) -> ErrorInfo {
        let state = self.channel_state(id);
        let mut text =
            alloc::format!("the channel is {state}, which does not allow this operation");
        let cause = self.channel_error(id);
        if let Some(cause) = &cause {
            text.push_str(": ");
            text.push_str(cause.message());
        }
        let error = ErrorInfo::builder(ErrorCode::CHANNEL_STATE, 400, text);
        match cause {
            Some(cause) => error.cause(cause),
            None => error,
        }
        .build()
    }

    /// Enters `state`, whose cause is not an ATTACHED.
    pub(crate) fn channel_notify(
        &mut self,
        now: Now,
        id: ChannelId,
        state: ChannelState,
        reason: Option<ErrorInfo>,
    ) {
        self.channel_enter(now, id, state, reason, None);
    }

    /// Enters `state`; `flags` are those of the ATTACHED that led there.
    pub(crate) fn channel_enter(
        &mut self,
        now: Now,
        id: ChannelId,
        state: ChannelState,
        reason: Option<ErrorInfo>,
        flags: Option<ably_protocol::Flags>,
    ) {
        use ChannelState as S;
        use ably_protocol::Flags;
        self.timers.stop(Timer::ChannelState(id));
        let sends = self.conn.state == crate::ConnectionState::Connected;
        let retry = self.config.timeouts.channel_retry;
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        if matches!(state, S::Detached | S::Suspended | S::Failed) {
            self.serial_changes += 1;
            ch.channel_serial.clear();
        }
        let previous = ch.state;
        if state == previous {
            return;
        }
        if state == S::Detaching {
            ch.before_detaching = previous;
        }
        ch.state = state;
        if let Some(reason) = &reason {
            ch.error_reason = Some(reason.clone());
        }
        match state {
            S::Attached => ch.attach_resume = true,
            S::Initialized | S::Detaching | S::Failed => ch.attach_resume = false,
            _ => {}
        }
        if !matches!(state, S::Attaching | S::Suspended) {
            ch.retries = 0;
        }
        if state != S::Attaching {
            ch.recovering = false;
        }
        if state == S::Suspended && sends {
            ch.retries = ch.retries.saturating_add(1);
            let wait = crate::connection::backoff(retry, ch.retries, &mut *self.entropy);
            self.timers
                .start(Timer::ChannelRetry(id), now.mono.after(wait));
        } else {
            self.timers.stop(Timer::ChannelRetry(id));
        }
        let flag = |f| flags.is_some_and(|all: Flags| all.contains(f));
        let change = ChannelStateChange {
            previous,
            current: state,
            event: ChannelEvent::State(state),
            resumed: flag(Flags::RESUMED),
            has_backlog: flag(Flags::HAS_BACKLOG),
            reason: reason.clone(),
        };
        let name = ch.name.clone();
        let level = if state == S::Failed {
            LogLevel::Error
        } else {
            LogLevel::Major
        };
        self.log(level, "channel", || match &reason {
            Some(r) => alloc::format!("{name:?} {state}: {r}"),
            None => alloc::format!("{name:?} {state}"),
        });
        self.answer_waiters(id, &change);
        self.outputs
            .push_back(Output::Event(Event::Channel(id, change)));
        self.due.push_back(crate::behaviour::Due::Channel(
            id,
            crate::ChannelChange::new(previous, state, flags, reason),
        ));
    }

    /// Tells listeners of an `update`. Spec: RTL2g, RTL12.
    pub(crate) fn emit_channel_update(
        &mut self,
        id: ChannelId,
        resumed: bool,
        has_backlog: bool,
        reason: Option<ErrorInfo>,
    ) {
        let current = self.channel_state(id);
        let change = ChannelStateChange {
            previous: current,
            current,
            event: ChannelEvent::Update,
            resumed,
            has_backlog,
            reason,
        };
        self.outputs
            .push_back(Output::Event(Event::Channel(id, change)));
    }

    /// Answers those whom a change of state concerns. Every waiter is answered by the first state
    /// that settles or supersedes its operation.
    fn answer_waiters(&mut self, id: ChannelId, change: &ChannelStateChange) {
        use ChannelState as S;
        let Some(ch) = self.channels.get_mut(id) else {
            return;
        };
        if ch.waiters.is_empty() {
            return;
        }
        let waiters = core::mem::take(&mut ch.waiters);
        let mut kept = Vec::new();
        for waiter in waiters {
            match (waiter, change.current) {
                (Waiter::Attach(r), S::Attached) => self.reply(r, Ok(Some(change.clone()))),
                (Waiter::Attach(r), S::Detaching) => {
                    self.reply(r, Err(superseded("attach", "detach")));
                }
                (Waiter::Attach(r), S::Detached | S::Suspended | S::Failed) => {
                    let error = self.unable("attach", change);
                    self.reply(r, Err(error));
                }
                (Waiter::Detach(r), S::Detached) => self.reply(r, Ok(())),
                (Waiter::Detach(r), S::Attaching) => {
                    self.reply(r, Err(superseded("detach", "attach")));
                }
                (Waiter::Detach(r), S::Attached | S::Suspended | S::Failed) => {
                    let error = self.unable("detach", change);
                    self.reply(r, Err(error));
                }
                (Waiter::Options(r), S::Attached) => self.reply(r, Ok(())),
                (Waiter::Options(r), S::Detached | S::Suspended | S::Failed) => {
                    let error = self.unable("set the options", change);
                    self.reply(r, Err(error));
                }
                (waiter, _) => kept.push(waiter),
            }
        }
        if let Some(ch) = self.channels.get_mut(id) {
            kept.append(&mut ch.waiters);
            ch.waiters = kept;
        }
    }

    fn unable(&self, what: &str, change: &ChannelStateChange) -> ErrorInfo {
        change.reason.clone().unwrap_or_else(|| {
            ErrorInfo::new(
                ErrorCode::CHANNEL_OPERATION,
                500,
                alloc::format!("unable to {what}: the channel became {}", change.current),
            )
        })
    }

    /// Takes those who wait for the next ATTACHED.
    pub(crate) fn take_option_waiters(&mut self, id: ChannelId) -> Vec<Reply<()>> {
        let Some(ch) = self.channels.get_mut(id) else {
            return Vec::new();
        };
        let mut taken = Vec::new();
        for waiter in core::mem::take(&mut ch.waiters) {
            match waiter {
                Waiter::Options(reply) => taken.push(reply),
                other => ch.waiters.push(other),
            }
        }
        taken
    }

    pub(crate) fn wait(&mut self, id: ChannelId, waiter: Waiter) {
        if let Some(ch) = self.channels.get_mut(id) {
            ch.waiters.push(waiter);
        }
    }

    /// The answer for a channel that was released meanwhile.
    pub fn gone<T: crate::MaybeSend + 'static>(&mut self) -> Ticket<T> {
        self.ready(Err(ErrorInfo::new(
            ErrorCode::CHANNEL_STATE,
            400,
            "the channel was released: get it again from channels()",
        )))
    }
}

fn superseded(what: &str, by: &str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::CHANNEL_OPERATION,
        409,
        alloc::format!("the {what} was superseded by a later {by}"),
    )
}
