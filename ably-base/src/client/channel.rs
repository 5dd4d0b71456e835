//! [`Channel`].

use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use ably_engine::{
    AnyArc, BehaviourCx, ChannelBehaviour, ChannelEvent, ChannelId, ChannelOptions,
    ChannelProperties, ChannelState, ChannelStateChange, MaybeSend, Ticket,
    protocol::{ChannelMode, Data, ErrorInfo, Message, Params, Str},
};

use super::{Names, StateChanges, Subscription};
use crate::{
    emitter::{Emitter, Events, ListenerId},
    rest::RestCore,
    shell::{ChannelListeners, Full, Handles, Pending, Publish},
};

/// A channel of a realtime client: what is published on it comes to all who have attached it.
///
/// Comes from [`Channels::get`](super::Channels::get). Cheap to clone; all handles are of the same
/// channel. Dropping them does not detach it. Its presence, history, annotations and push are methods
/// of extension traits in plugins.
///
/// ```no_run
/// # async fn f(client: ably_base::BaseRealtime) -> Result<(), Box<dyn std::error::Error>> {
/// let channel = client.channels().get("news");
/// let mut messages = channel.subscribe("headline");
/// messages.attached().await?;
/// channel.publish("headline", "rain").await?;
/// while let Some(message) = messages.next().await {
///     match message {
///         Ok(message) => println!("{:?}", message.data),
///         Err(lagged) => println!("{lagged}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// Spec: RTL.
#[derive(Clone)]
pub struct Channel {
    handles: Arc<Handles>,
    id: ChannelId,
    name: Str,
}

impl Channel {
    pub(super) fn new(handles: Arc<Handles>, id: ChannelId, name: &str) -> Self {
        Self {
            handles,
            id,
            name: Str::new(name),
        }
    }

    /// The name. Spec: RTL23.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The state, at this moment. Spec: RTL2b.
    pub fn state(&self) -> ChannelState {
        self.handles.0.read(|e| e.channel_state(self.id))
    }

    /// Why the channel is in its state. Spec: RTL24.
    pub fn error_reason(&self) -> Option<ErrorInfo> {
        self.handles.0.read(|e| e.channel_error(self.id))
    }

    /// The parameters in force. Spec: RTL4k1.
    pub fn params(&self) -> Params {
        self.handles.0.read(|e| e.channel_params(self.id))
    }

    /// The modes that the server granted; `None` when it did not say. Spec: RTL4m.
    pub fn modes(&self) -> Option<Vec<ChannelMode>> {
        self.handles.0.read(|e| e.channel_modes(self.id))
    }

    /// Positions of the channel in its history. Spec: RTL15.
    pub fn properties(&self) -> ChannelProperties {
        self.handles.0.read(|e| e.channel_properties(self.id))
    }

    /// The options.
    pub fn options(&self) -> ChannelOptions {
        self.handles
            .0
            .read(|e| e.channel_options(self.id).cloned())
            .unwrap_or_default()
    }

    /// Attaches; resolves with the change, or with `None` when attached already. Waits for the
    /// connection while it is being made. The state is `attaching` when this returns.
    ///
    /// # Errors
    /// - `90007` no ATTACHED within `realtime_request_timeout` (10 s); retried by itself.
    /// - `90000` a detach came in between.
    /// - `40160` the capability does not allow it, `40010` the name is not valid, and other
    ///   refusals of the server.
    /// - the connection's error when it is suspended, closed or failed.
    ///
    /// # Cancel safety
    /// The attach goes on without its future; [`Channel::state_changes`] still tells how it ends.
    ///
    /// Spec: RTL4.
    pub fn attach(&self) -> Pending<Option<ChannelStateChange>> {
        Pending::call(&self.handles, |l, now| Ok(l.engine.attach(now, self.id)))
    }

    /// Detaches. The state is `detaching` or `detached` when this returns.
    ///
    /// # Errors
    /// - `90001` the channel has failed.
    /// - `90007` no DETACHED within `realtime_request_timeout`.
    /// - `90000` an attach came in between.
    /// - the connection's error when it is suspended, closed or failed.
    ///
    /// # Cancel safety
    /// The detach goes on without its future.
    ///
    /// Spec: RTL5.
    pub fn detach(&self) -> Pending<()> {
        Pending::call(&self.handles, |l, now| Ok(l.engine.detach(now, self.id)))
    }

    /// Replaces the options. When that means attaching anew, resolves once the server has
    /// confirmed.
    ///
    /// # Errors
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what the server says.
    ///
    /// # Cancel safety
    /// Dropping the future does not take the options back.
    ///
    /// Spec: RTL16.
    pub fn set_options(&self, options: ChannelOptions) -> Pending<()> {
        Pending::call(&self.handles, |l, now| {
            Ok(l.engine.set_channel_options(now, self.id, options))
        })
    }

    /// Publishes one message; resolves when the server has taken it. Sent when this is called, or
    /// queued while the connection is being made; waits while too many publishes are under way.
    /// Does not attach.
    ///
    /// # Errors
    /// - `40009` larger than `max_message_size`.
    /// - `40012` a clientId that this client may not use.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `90001` the channel is suspended or failed.
    /// - the connection's error when it is suspended, closed or failed.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement. A message that still waits for room is
    /// then not sent.
    ///
    /// Spec: RTL6.
    pub fn publish(&self, name: impl Into<Str>, data: impl Into<Data>) -> Publish {
        self.publish_messages(vec![Message::new(name, data)])
    }

    /// Publishes one message with all its fields; the rest is as for [`Channel::publish`].
    ///
    /// # Errors
    /// As [`Channel::publish`].
    ///
    /// # Cancel safety
    /// As [`Channel::publish`].
    ///
    /// Spec: RTL6i.
    pub fn publish_message(&self, message: Message) -> Publish {
        self.publish_messages(vec![message])
    }

    /// Publishes several messages together: all are taken or none. They arrive in this order, and
    /// count together against `max_message_size`.
    ///
    /// # Errors
    /// As [`Channel::publish`].
    ///
    /// # Cancel safety
    /// As [`Channel::publish`].
    ///
    /// Spec: RTL6i2.
    pub fn publish_messages(&self, messages: Vec<Message>) -> Publish {
        Publish::start(&self.handles, self.id, messages)
    }

    /// Publishes unless too many publishes are under way: more than `max_queued_messages` (10,000) or
    /// `max_queued_bytes` (16 MiB). Otherwise as [`Channel::publish_messages`].
    ///
    /// # Errors
    /// [`Full`] with the messages, which are not sent. The future has those of [`Channel::publish`].
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement; the messages are on their way.
    ///
    /// Not in ably-js, whose queue has no bound.
    pub fn try_publish(&self, messages: Vec<Message>) -> Result<Pending<()>, Full> {
        Publish::attempt(&self.handles, self.id, messages)
    }

    /// Messages from now on as a stream: all for `()`, or those of one or several names. Attaches
    /// the channel unless `attach_on_subscribe` is off; [`Subscription::attached`] tells how that
    /// went.
    ///
    /// Spec: RTL7.
    pub fn subscribe(&self, names: impl Into<Names>) -> Subscription {
        let subscription = Subscription::new(self.handles.clone(), &self.registry(), names.into());
        subscription.with_attach(self.implicit_attach())
    }

    /// Calls `f` for messages: all for `()`, or those of one or several names. Attaches the channel
    /// unless `attach_on_subscribe` is off; awaiting the result tells how that went.
    ///
    /// `f` runs on the client's own task: while it does not return, nothing else is delivered.
    ///
    /// # Errors
    /// Of the result, as [`Channel::attach`]. `90001` the channel has failed: the listener is not
    /// added then. After other errors it stays.
    ///
    /// # Cancel safety
    /// Dropping the result leaves the listener on and the attach under way.
    ///
    /// Spec: RTL7.
    pub fn subscribe_with(
        &self,
        names: impl Into<Names>,
        mut f: impl FnMut(&Message) + Send + 'static,
    ) -> Subscribed {
        if self.state() == ChannelState::Failed {
            let error = self.handles.0.read(|e| e.channel_state_error(self.id));
            return Subscribed {
                id: None,
                attach: Some(Pending::failed(&self.handles, error)),
            };
        }
        let id = self
            .registry()
            .messages
            .callbacks
            .on(names, move |m: &Arc<Message>| f(m));
        Subscribed {
            id: Some(id),
            attach: self.implicit_attach(),
        }
    }

    /// Takes a message listener off. Spec: RTL8a.
    pub fn unsubscribe(&self, listener: ListenerId) {
        self.registry().messages.callbacks.off(listener);
    }

    /// Takes a message listener off some names. Spec: RTL8b.
    pub fn unsubscribe_from(&self, names: impl Into<Names>, listener: ListenerId) {
        self.registry()
            .messages
            .callbacks
            .off_events(names, listener);
    }

    /// Takes all message listeners off some names.
    pub fn unsubscribe_names(&self, names: impl Into<Names>) {
        self.registry().messages.callbacks.off_all_of(names);
    }

    /// Takes all message listeners off. Streams go on. Spec: RTL8c.
    pub fn unsubscribe_all(&self) {
        self.registry().messages.callbacks.off_all();
    }

    /// Calls `f` for events of the channel: `()` for all, a state, or several. Listeners for all
    /// events come first, each group in the order in which they were added. `f` runs on the client's
    /// own task, where [`Channel::state`] is that of the event.
    ///
    /// Spec: RTL2a.
    pub fn on(
        &self,
        events: impl Into<Events<ChannelEvent>>,
        f: impl FnMut(&ChannelStateChange) + Send + 'static,
    ) -> ListenerId {
        self.registry().states.on(events, f)
    }

    /// Calls `f` for the first of these events, and takes it off before. See [`Channel::on`].
    pub fn once(
        &self,
        events: impl Into<Events<ChannelEvent>>,
        f: impl FnMut(&ChannelStateChange) + Send + 'static,
    ) -> ListenerId {
        self.registry().states.once(events, f)
    }

    /// Takes a listener off.
    pub fn off(&self, listener: ListenerId) {
        self.registry().states.off(listener);
    }

    /// Takes a listener off some of its events.
    pub fn off_events(&self, events: impl Into<Events<ChannelEvent>>, listener: ListenerId) {
        self.registry().states.off_events(events, listener);
    }

    /// Takes all listeners off these events.
    pub fn off_all_of(&self, events: impl Into<Events<ChannelEvent>>) {
        self.registry().states.off_all_of(events);
    }

    /// Takes all listeners off.
    pub fn off_all(&self) {
        self.registry().states.off_all();
    }

    /// The listeners for these events; for `()` those that listen to all.
    pub fn listeners(&self, events: impl Into<Events<ChannelEvent>>) -> Vec<ListenerId> {
        self.registry().states.listeners(events)
    }

    /// The changes from now on, as a stream. It ends when the channel is released or the client has
    /// ended. Keeps 1,024 changes for a reader that does not read; then the oldest go.
    pub fn state_changes(&self) -> StateChanges<ChannelStateChange> {
        let changes = StateChanges::new(self.handles.clone());
        let sink = changes.sink();
        let id = self.on((), move |change| sink.push(change));
        let channel = self.id;
        changes.until_dropped(move |handles| {
            if let Some(listeners) = handles.0.find_listeners(channel) {
                listeners.states.off(id);
            }
        })
    }

    /// Resolves when the channel is in `state`: at once with `None` when it is already, else with
    /// the change that leads there. What counts is the state when this is called, and what follows.
    ///
    /// # Errors
    /// - `80017` the client has ended.
    ///
    /// # Cancel safety
    /// Dropping the future stops waiting and has no other effect.
    ///
    /// Spec: RTL25.
    pub fn when_state(
        &self,
        state: ChannelState,
    ) -> impl Future<Output = Result<Option<ChannelStateChange>, ErrorInfo>> + MaybeSend + use<>
    {
        let mut changes = self.state_changes();
        let there = self.state() == state;
        async move {
            if there {
                return Ok(None);
            }
            while let Some(change) = changes.next().await {
                if change.event == ChannelEvent::State(state) {
                    return Ok(Some(change));
                }
            }
            Err(crate::shell::ended())
        }
    }

    /// For plugins: calls the behaviour `B` of this channel and returns a future of the ticket
    /// that it gives. `missing` is the error when the behaviour is not installed.
    ///
    /// # Errors
    /// - `missing`, and what the behaviour answers.
    /// - `80017` the client has ended, or the channel was released.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the answer, not the call.
    pub fn behave<B: ChannelBehaviour, T: MaybeSend + 'static>(
        &self,
        missing: impl FnOnce() -> ErrorInfo,
        f: impl FnOnce(&mut B, &mut BehaviourCx<'_>) -> Ticket<T>,
    ) -> Pending<T> {
        Pending::call(&self.handles, |l, now| {
            match l.engine.with(now, self.id, f) {
                Some(ticket) => Ok(ticket),
                None if l.engine.channel_name(self.id).is_none() => Ok(l.engine.gone()),
                None => Err(missing()),
            }
        })
    }

    /// For plugins: calls the behaviour `B` of this channel; `None` when it is not installed.
    pub fn inspect<B: ChannelBehaviour, R>(
        &self,
        f: impl FnOnce(&mut B, &mut BehaviourCx<'_>) -> R,
    ) -> Option<R> {
        self.handles
            .0
            .mutate(|l, now| l.engine.with(now, self.id, f))
    }

    /// For plugins: something of type `T` that belongs to this channel, made by `make` when it is
    /// asked for first. `make` gets the emitter of behaviours' events, keyed by plugin id.
    pub fn extension<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce(&Emitter<&'static str, AnyArc>) -> Arc<T>,
    ) -> Arc<T> {
        self.registry().behaviours.extension(make)
    }

    /// For plugins: what sends requests for this channel's client.
    ///
    /// # Errors
    /// - `40019` there is no HTTP client.
    pub fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        self.handles.0.rest_core()
    }

    fn registry(&self) -> Arc<ChannelListeners> {
        self.handles.0.listeners(self.id)
    }

    /// Spec: RTL7g, RTL7h.
    fn implicit_attach(&self) -> Option<Pending<Option<ChannelStateChange>>> {
        let wanted = self.handles.0.read(|e| {
            e.channel_options(self.id)
                .is_none_or(ChannelOptions::attaches_on_subscribe)
        });
        if self.state() == ChannelState::Failed {
            let error = self.handles.0.read(|e| e.channel_state_error(self.id));
            return Some(Pending::failed(&self.handles, error));
        }
        wanted.then(|| self.attach())
    }
}

/// For plugins: a handle of the presence of a channel, to which another plugin adds its history.
pub trait PresenceOf {
    /// The channel.
    fn channel(&self) -> &Channel;
}

/// Two handles are equal when they are of one channel of one client. A channel that was released
/// is not equal to the one that takes its name.
impl PartialEq for Channel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.handles, &other.handles) && self.id == other.id
    }
}

impl Eq for Channel {}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Channel({:?}, {})", self.name, self.state())
    }
}

/// Events of behaviours, and what their plugins keep for a channel.
#[derive(Default)]
pub(crate) struct BehaviourListeners {
    events: Emitter<&'static str, AnyArc>,
    extensions: Mutex<BTreeMap<TypeId, AnyArc>>,
}

impl BehaviourListeners {
    pub(crate) fn emit(&self, plugin: &&'static str, event: &AnyArc) -> usize {
        self.events.emit(plugin, event)
    }

    fn extension<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce(&Emitter<&'static str, AnyArc>) -> Arc<T>,
    ) -> Arc<T> {
        let mut all = self.lock();
        let found = all
            .get(&TypeId::of::<T>())
            .cloned()
            .and_then(|any| any.downcast().ok());
        found.unwrap_or_else(|| {
            let made = make(&self.events);
            // Asked under the lock: an end that comes later empties the map.
            if !self.events.has_ended() {
                all.insert(TypeId::of::<T>(), made.clone());
            }
            made
        })
    }

    pub(crate) fn end(&self) {
        self.events.end();
        let extensions = std::mem::take(&mut *self.lock());
        drop(extensions);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TypeId, AnyArc>> {
        self.extensions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener that was added, and the implicit attach that came with it.
///
/// Awaiting it resolves when the attach has succeeded or failed; the listener is added already.
///
/// # Cancel safety
/// Dropping it leaves the listener on and the attach under way.
#[must_use = "awaiting this tells whether the channel could be attached"]
pub struct Subscribed {
    id: Option<ListenerId>,
    attach: Option<Pending<Option<ChannelStateChange>>>,
}

impl Subscribed {
    /// Of a listener and perhaps an attach, for plugins that subscribe.
    pub fn new(
        id: Option<ListenerId>,
        attach: Option<Pending<Option<ChannelStateChange>>>,
    ) -> Self {
        Self { id, attach }
    }

    /// The listener; `None` when it was not added because the channel has failed.
    pub fn id(&self) -> Option<ListenerId> {
        self.id
    }
}

impl Future for Subscribed {
    type Output = Result<Option<ChannelStateChange>, ErrorInfo>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.attach {
            Some(attach) => Pin::new(attach).poll(cx),
            None => Poll::Ready(Ok(None)),
        }
    }
}

impl std::fmt::Debug for Subscribed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Subscribed").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_after_the_end_is_not_kept() {
        let listeners = BehaviourListeners::default();
        let early = listeners.extension(|_| Arc::new(1_u32));
        assert!(Arc::ptr_eq(
            &early,
            &listeners.extension(|_| Arc::new(2_u32))
        ));
        assert_eq!(Arc::strong_count(&early), 2);
        listeners.end();
        assert_eq!(Arc::strong_count(&early), 1);
        let late = listeners.extension(|events| {
            events.on((), |_| {});
            Arc::new(3_u32)
        });
        assert_eq!((*late, Arc::strong_count(&late)), (3, 1));
        assert!(listeners.events.is_empty());
    }
}
