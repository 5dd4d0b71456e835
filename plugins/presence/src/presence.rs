//! [`Presence`], the handle, and [`ChannelPresence`], by which a channel gives it.

use std::sync::Arc;

use ably_base::{
    Channel, ChannelState, Events, ListenerId, Pending, PresenceAction, PresenceMessage,
    PresenceOf, Str, StreamReader, Subscribed,
};

use crate::{
    data::PresenceData, listeners::Listeners, machine::Machine, params::RealtimePresenceParams,
    plugin::missing, subscription::PresenceSubscription,
};

/// Gives a channel its presence.
///
/// Spec: RTL9.
pub trait ChannelPresence {
    /// The presence of this channel. Never fails: operations say when the plugin is missing.
    fn presence(&self) -> Presence;
}

impl ChannelPresence for Channel {
    fn presence(&self) -> Presence {
        Presence {
            channel: self.clone(),
        }
    }
}

/// The presence of a channel: who is there.
///
/// Cheap to clone. Every operation fails with `40019` when the plugin
/// [`crate::RealtimePresence`] is not installed.
///
/// Spec: RTP.
#[derive(Clone)]
pub struct Presence {
    channel: Channel,
}

impl Presence {
    /// Enters this client into the channel; resolves when the server has taken it.
    ///
    /// Sends PRESENCE (action 14) with an enter that names no client: the connection's is meant.
    /// Attaches a channel that never was attached; what is asked for meanwhile is sent together
    /// once it is attached. Entered members are entered again by themselves when the channel is
    /// attached anew; should that fail, the channel emits an `update` with `91004`.
    ///
    /// # Errors
    /// - `40012` connected without a clientId, or with `*`.
    /// - `40013` JSON data that is neither object nor array; what a cipher says.
    /// - `40019` the plugin is not installed.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `90001` the channel is detaching, detached, suspended or failed.
    /// - the channel's error when it cannot be attached; the connection's when it is suspended,
    ///   closed or failed.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP8, RTP16.
    pub fn enter(&self, data: impl Into<PresenceData>) -> Pending<()> {
        self.operate(PresenceAction::ENTER, None, data.into())
    }

    /// Changes this client's data, entering it when it was not there.
    ///
    /// # Errors
    /// As [`Presence::enter`].
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP9.
    pub fn update(&self, data: impl Into<PresenceData>) -> Pending<()> {
        self.operate(PresenceAction::UPDATE, None, data.into())
    }

    /// Takes this client out of the channel. Without data others see the last data it had.
    ///
    /// # Errors
    /// As [`Presence::enter`]; `90001` also when the channel never was attached.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP10.
    pub fn leave(&self, data: impl Into<PresenceData>) -> Pending<()> {
        self.operate(PresenceAction::LEAVE, None, data.into())
    }

    /// Enters `client_id`, for a connection that may act for any. See [`Presence::enter`].
    ///
    /// # Errors
    /// As [`Presence::enter`]; the server says when this client may not act for `client_id`.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP14, RTP15.
    pub fn enter_client(
        &self,
        client_id: impl Into<Str>,
        data: impl Into<PresenceData>,
    ) -> Pending<()> {
        self.operate(PresenceAction::ENTER, Some(client_id.into()), data.into())
    }

    /// Changes the data of `client_id`, entering it when it was not there.
    ///
    /// # Errors
    /// As [`Presence::enter_client`].
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP15.
    pub fn update_client(
        &self,
        client_id: impl Into<Str>,
        data: impl Into<PresenceData>,
    ) -> Pending<()> {
        self.operate(PresenceAction::UPDATE, Some(client_id.into()), data.into())
    }

    /// Takes `client_id` out of the channel. Without data others see the last data it had.
    ///
    /// # Errors
    /// As [`Presence::enter_client`]; `90001` also when the channel never was attached.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTP15.
    pub fn leave_client(
        &self,
        client_id: impl Into<Str>,
        data: impl Into<PresenceData>,
    ) -> Pending<()> {
        self.operate(PresenceAction::LEAVE, Some(client_id.into()), data.into())
    }

    fn operate(
        &self,
        action: PresenceAction,
        client_id: Option<Str>,
        data: PresenceData,
    ) -> Pending<()> {
        self.channel.behave(missing, |machine: &mut Machine, cx| {
            machine.operate(cx, action, client_id, data)
        })
    }

    /// The members: all for `()`, or those that `params` ask for. Attaches the channel when need be
    /// and waits until all members are known, unless told not to.
    ///
    /// # Errors
    /// - `40019` the plugin is not installed.
    /// - `90001` the channel has failed.
    /// - `91005` the channel is suspended, so that members may be out of date; they can be had
    ///   with `wait_for_sync(false)`.
    /// - the channel's error when it cannot be attached; the connection's when it is suspended,
    ///   closed or failed.
    ///
    /// # Cancel safety
    /// An attach that it has begun goes on; the members are asked for no more.
    ///
    /// Spec: RTP11.
    pub fn get(
        &self,
        params: impl Into<RealtimePresenceParams>,
    ) -> Pending<Vec<Arc<PresenceMessage>>> {
        let params = params.into();
        self.channel
            .behave(missing, |machine: &mut Machine, cx| machine.get(cx, params))
    }

    /// True when all members are known. Spec: RTP13.
    pub fn sync_complete(&self) -> bool {
        self.channel
            .inspect(|machine: &mut Machine, _| machine.sync_complete)
            .unwrap_or(false)
    }

    /// Events from now on as a stream: all for `()`, or those of one or several actions. Attaches
    /// the channel unless `attach_on_subscribe` is off; [`PresenceSubscription::attached`] tells
    /// how that went. Without the plugin, and on a channel that has failed, the stream is at its end
    /// and `attached` says why.
    ///
    /// Spec: RTP6.
    pub fn subscribe(&self, actions: impl Into<Events<PresenceAction>>) -> PresenceSubscription {
        let channel = self.channel.clone();
        if let Some(refused) = self.refusal() {
            return PresenceSubscription::new(channel, StreamReader::ended(), refused);
        }
        // The stream is there before the attach begins: another thread reads what comes of it.
        let reader = Listeners::of(&channel).streams.open(actions.into());
        let attach = self.attach_for(None);
        PresenceSubscription::new(channel, reader, attach)
    }

    /// Calls `f` for events: all for `()`, or those of one or several actions. Attaches the channel
    /// unless `attach_on_subscribe` is off; awaiting the result tells how that went.
    ///
    /// # Errors
    /// Of the result, beside those of [`Channel::attach`]: `40019` the plugin is not installed,
    /// `90001` the channel has failed. The listener is not added then.
    ///
    /// # Cancel safety
    /// Dropping the result leaves the listener on and the attach under way.
    ///
    /// Spec: RTP6.
    pub fn subscribe_with(
        &self,
        actions: impl Into<Events<PresenceAction>>,
        mut f: impl FnMut(&PresenceMessage) + Send + 'static,
    ) -> Subscribed {
        if let Some(refused) = self.refusal() {
            return refused;
        }
        let listeners = Listeners::of(&self.channel);
        let id = listeners
            .callbacks
            .on(actions, move |m: &Arc<PresenceMessage>| f(m));
        self.attach_for(Some(id))
    }

    /// Why nobody can subscribe now.
    fn refusal(&self) -> Option<Subscribed> {
        let failed = self
            .channel
            .inspect(|_: &mut Machine, cx| cx.channel_state() == ChannelState::Failed);
        (failed != Some(false)).then(|| {
            let refused = self.channel.behave(missing, |_: &mut Machine, cx| {
                let error = cx.channel_state_error();
                cx.ready(Err(error))
            });
            Subscribed::new(None, Some(refused))
        })
    }

    /// Spec: RTP6d, RTP6e.
    fn attach_for(&self, id: Option<ListenerId>) -> Subscribed {
        let attaches = self.channel.options().attaches_on_subscribe();
        Subscribed::new(id, attaches.then(|| self.channel.attach()))
    }

    /// Takes a listener off. Spec: RTP7a.
    pub fn unsubscribe(&self, listener: ListenerId) {
        Listeners::of(&self.channel).callbacks.off(listener);
    }

    /// Takes a listener off some actions. Spec: RTP7b.
    pub fn unsubscribe_from(
        &self,
        actions: impl Into<Events<PresenceAction>>,
        listener: ListenerId,
    ) {
        Listeners::of(&self.channel)
            .callbacks
            .off_events(actions, listener);
    }

    /// Takes all listeners off some actions.
    pub fn unsubscribe_actions(&self, actions: impl Into<Events<PresenceAction>>) {
        Listeners::of(&self.channel).callbacks.off_all_of(actions);
    }

    /// Takes all listeners off. Streams go on. Spec: RTP7c.
    pub fn unsubscribe_all(&self) {
        Listeners::of(&self.channel).callbacks.off_all();
    }
}

/// So that `rest` can add the history. Spec: RTP12.
impl PresenceOf for Presence {
    fn channel(&self) -> &Channel {
        &self.channel
    }
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presence({:?})", self.channel.name())
    }
}
