//! [`RealtimeAnnotations`], the handle, and [`ChannelAnnotations`], by which a channel gives it.

use std::sync::Arc;

use ably_base::{
    Annotation, AnnotationAction, Channel, ChannelState, ErrorInfo, Events, ListenerId, Pending,
    Str, StreamReader, Subscribed, engine::BoxFuture,
};
use ably_rest::PaginatedResult;

use crate::{
    AnnotationSubscription, AnnotationsQuery, MessageSerial, listeners::Listeners,
    machine::Machine, plugin::missing, rest,
};

/// Gives a channel its annotations.
///
/// Spec: RTL26.
pub trait ChannelAnnotations {
    /// What is added to messages of this channel. Never fails: operations say when the plugin is
    /// missing.
    fn annotations(&self) -> RealtimeAnnotations;
}

impl ChannelAnnotations for Channel {
    fn annotations(&self) -> RealtimeAnnotations {
        RealtimeAnnotations {
            channel: self.clone(),
        }
    }
}

/// The annotations of a channel: what is added to its messages.
///
/// Cheap to clone. Every operation but [`RealtimeAnnotations::get`] fails with `40019` when the
/// plugin [`crate::Annotations`] is not installed.
///
/// Spec: RTAN.
#[derive(Clone)]
pub struct RealtimeAnnotations {
    channel: Channel,
}

impl RealtimeAnnotations {
    /// Adds an annotation to a message; resolves when the server has taken it.
    ///
    /// Sends ANNOTATION (action 21) with a list of one, at once or as soon as there is a
    /// connection. Does not attach the channel. The annotation needs a type. Whether it needs a
    /// name, and what its count means, the server decides by the type. Its data is encoded as that
    /// of a message, but never encrypted: the server has to read it.
    ///
    /// # Errors
    /// - `40003` no type; no message, or one without a serial. The server's, for a name or count
    ///   that does not go with the type.
    /// - `40013` JSON data that is neither object nor array.
    /// - `40019` the plugin is not installed.
    /// - `40160` the capability does not allow it. `93002` the channel does not take annotations.
    /// - `90001` the channel is suspended or failed.
    /// - `40000` too much waits for an acknowledgement.
    /// - the connection's error when it is suspended, closed or failed.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTAN1.
    pub fn publish(
        &self,
        message: impl Into<MessageSerial>,
        annotation: Annotation,
    ) -> Pending<()> {
        self.send(&message.into(), annotation, AnnotationAction::CREATE)
    }

    /// Takes back an annotation of this client: the one of the same type and, where it has one,
    /// the same name. See [`RealtimeAnnotations::publish`].
    ///
    /// # Cancel safety
    /// Dropping the future forgets the acknowledgement, not the operation.
    ///
    /// Spec: RTAN2.
    pub fn delete(&self, message: impl Into<MessageSerial>, annotation: Annotation) -> Pending<()> {
        self.send(&message.into(), annotation, AnnotationAction::DELETE)
    }

    fn send(
        &self,
        message: &MessageSerial,
        annotation: Annotation,
        action: AnnotationAction,
    ) -> Pending<()> {
        self.channel.behave(missing, |machine: &mut Machine, cx| {
            machine.publish(cx, message, annotation, action)
        })
    }

    /// Asks for the annotations of a message over HTTP, the oldest first, page by page; `()` for the
    /// first hundred. As [`crate::RestAnnotations::get`], and without the plugin too.
    ///
    /// # Errors
    /// - `40003` no message, or one without a serial.
    /// - `40010` the channel is called `.` or `..`, or has no name.
    /// - `40019` there is no HTTP client.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RTAN3.
    pub fn get(
        &self,
        message: impl Into<MessageSerial>,
        query: impl Into<AnnotationsQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Annotation>, ErrorInfo>> {
        let channel = &self.channel;
        rest::get(
            channel.rest_core(),
            channel.name(),
            channel.options(),
            &message.into(),
            query.into(),
        )
    }

    /// Annotations from now on as a stream: all for `()`, or those of one or several types. Attaches
    /// the channel unless `attach_on_subscribe` is off; [`AnnotationSubscription::attached`] tells
    /// how that went, and that the server sends annotations at all: it does so only to channels
    /// with the mode `annotation_subscribe`. Without the plugin, and on a channel that has failed,
    /// the stream is at its end and `attached` says why.
    ///
    /// Spec: RTAN4.
    pub fn subscribe(&self, types: impl Into<Events<Str>>) -> AnnotationSubscription {
        let channel = self.channel.clone();
        if self.refuses() {
            let refused = self.attach_for(None);
            return AnnotationSubscription::new(channel, StreamReader::ended(), refused);
        }
        // The stream is there before the attach begins: another thread reads what comes of it.
        let reader = Listeners::of(&channel).streams.open(types.into());
        let attach = self.attach_for(None);
        AnnotationSubscription::new(channel, reader, attach)
    }

    /// Calls `f` for annotations: all for `()`, or those of one or several types. Attaches the
    /// channel unless `attach_on_subscribe` is off; awaiting the result tells how that went.
    ///
    /// # Errors
    /// Of the result, beside those of [`Channel::attach`]:
    /// - `40019` the plugin is not installed, `90001` the channel has failed. The listener is not
    ///   added then.
    /// - `93001` the channel is attached without the mode `annotation_subscribe`, so that no
    ///   annotations come; it is logged too. The listener stays.
    ///
    /// # Cancel safety
    /// Dropping the result leaves the listener on and the attach under way.
    ///
    /// Spec: RTAN4.
    pub fn subscribe_with(
        &self,
        types: impl Into<Events<Str>>,
        mut f: impl FnMut(&Annotation) + Send + 'static,
    ) -> Subscribed {
        if self.refuses() {
            return self.attach_for(None);
        }
        let listeners = Listeners::of(&self.channel);
        let id = listeners
            .callbacks
            .on(types, move |a: &Arc<Annotation>| f(a));
        self.attach_for(Some(id))
    }

    /// Whether nobody can subscribe now.
    fn refuses(&self) -> bool {
        let failed = self
            .channel
            .inspect(|_: &mut Machine, cx| cx.channel_state() == ChannelState::Failed);
        failed != Some(false)
    }

    /// Spec: RTAN4d, RTAN4e.
    fn attach_for(&self, id: Option<ListenerId>) -> Subscribed {
        let attach = self.channel.options().attaches_on_subscribe();
        let attached = self.channel.behave(missing, |machine: &mut Machine, cx| {
            machine.subscribe(cx, attach)
        });
        Subscribed::new(id, Some(attached))
    }

    /// Takes a listener off. Spec: RTAN5.
    pub fn unsubscribe(&self, listener: ListenerId) {
        Listeners::of(&self.channel).callbacks.off(listener);
    }

    /// Takes a listener off some types. Spec: RTAN5.
    pub fn unsubscribe_from(&self, types: impl Into<Events<Str>>, listener: ListenerId) {
        Listeners::of(&self.channel)
            .callbacks
            .off_events(types, listener);
    }

    /// Takes all listeners off some types.
    pub fn unsubscribe_types(&self, types: impl Into<Events<Str>>) {
        Listeners::of(&self.channel).callbacks.off_all_of(types);
    }

    /// Takes all listeners off. Streams go on. Spec: RTAN5.
    pub fn unsubscribe_all(&self) {
        Listeners::of(&self.channel).callbacks.off_all();
    }
}

impl std::fmt::Debug for RealtimeAnnotations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RealtimeAnnotations({:?})", self.channel.name())
    }
}
