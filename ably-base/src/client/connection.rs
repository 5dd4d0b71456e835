//! [`Connection`].

use std::{sync::Arc, time::Duration};

use ably_engine::{
    ConnectionEvent, ConnectionState, ConnectionStateChange, Engine, Input, MaybeSend,
    protocol::{ErrorInfo, Str},
};

use super::StateChanges;
use crate::{
    emitter::{Events, ListenerId},
    shell::{Handles, Pending},
};

/// The connection of a client: it is made, kept and made again by itself.
///
/// Comes from [`BaseRealtime::connection`](super::BaseRealtime::connection). Cheap to clone.
///
/// ```no_run
/// # async fn f(client: ably_base::BaseRealtime) -> Result<(), ably_base::ErrorInfo> {
/// use ably_base::ConnectionState;
///
/// let connection = client.connection();
/// connection.on(ConnectionState::Failed, |change| println!("for good: {:?}", change.reason));
/// connection.when_state(ConnectionState::Connected).await?;
/// println!("there and back in {:?}", connection.ping().await?);
/// # Ok(())
/// # }
/// ```
///
/// Spec: RTN.
#[derive(Clone)]
pub struct Connection {
    pub(super) handles: Arc<Handles>,
}

impl Connection {
    /// The state, at this moment. Spec: RTN4.
    pub fn state(&self) -> ConnectionState {
        self.handles.0.read(Engine::connection_state)
    }

    /// The id of the connection while there is one. Spec: RTN8.
    pub fn id(&self) -> Option<Str> {
        self.handles.0.read(Engine::connection_id)
    }

    /// The key that resumes the connection: keep it secret. Spec: RTN9.
    pub fn key(&self) -> Option<Str> {
        self.handles.0.read(Engine::connection_key)
    }

    /// Why the connection is in its state. Spec: RTN25.
    pub fn error_reason(&self) -> Option<ErrorInfo> {
        self.handles.0.read(Engine::error_reason)
    }

    /// The host of the current or last attempt.
    pub fn host(&self) -> Option<Str> {
        self.handles.0.read(Engine::host)
    }

    /// The key with which another client can go on from here; `None` while there is no connection to
    /// go on with. Secret, as the connection's key is.
    ///
    /// That client gets what comes after the messages that were delivered to this one: also after those
    /// that wait in a stream, read or not. Read these first.
    ///
    /// Spec: RTN16g.
    pub fn create_recovery_key(&self) -> Option<String> {
        self.handles.0.read(Engine::create_recovery_key)
    }

    /// Connects, unless connected or connecting. The state is `connecting` when this returns.
    ///
    /// Spec: RTN11.
    pub fn connect(&self) {
        self.handles.0.mutate(|l, now| l.engine.connect(now));
    }

    /// Closes the connection: the state is `closing` or `closed` when this returns, and `closed`
    /// after `realtime_request_timeout` at the latest.
    ///
    /// Spec: RTN12.
    pub fn close(&self) {
        self.handles.0.mutate(|l, now| l.engine.close(now));
    }

    /// Resolves when the connection is closed for good: after [`Connection::close`], when it has
    /// failed, or when the client has ended. At once when that is so already.
    ///
    /// # Cancel safety
    /// Dropping the future stops waiting and has no other effect.
    ///
    /// Not in ably-js: a program that ends wants to know that CLOSE was sent.
    pub async fn closed(&self) {
        let mut changes = self.state_changes();
        let over = |s| matches!(s, ConnectionState::Closed | ConnectionState::Failed);
        let mut state = self.state();
        while !over(state) {
            match changes.next().await {
                Some(change) => state = change.current,
                None => return,
            }
        }
    }

    /// Measures the time to the server and back. Waits for the connection when it is being made.
    ///
    /// # Errors
    /// - `40000` there is no connection, and none is being made.
    /// - `50003` no answer within `realtime_request_timeout` (10 s).
    ///
    /// # Cancel safety
    /// Dropping the future forgets the answer.
    ///
    /// Spec: RTN13.
    pub fn ping(&self) -> Pending<Duration> {
        Pending::call(&self.handles, |l, now| Ok(l.engine.ping(now)))
    }

    /// Tells the client that the network went or came back, where the platform says so.
    ///
    /// Spec: RTN20.
    pub fn network_changed(&self, online: bool) {
        self.handles
            .0
            .mutate(|l, now| l.engine.handle_input(now, Input::NetworkChanged { online }));
    }

    /// Calls `f` for events: `()` for all, a state, or several. Listeners for all events come first,
    /// each group in the order in which they were added. `f` runs on the client's own task, where
    /// [`Connection::state`] is that of the event.
    ///
    /// Spec: RTN4d.
    pub fn on(
        &self,
        events: impl Into<Events<ConnectionEvent>>,
        f: impl FnMut(&ConnectionStateChange) + Send + 'static,
    ) -> ListenerId {
        self.handles.0.connection.on(events, f)
    }

    /// Calls `f` for the first of these events, and takes it off before. See [`Connection::on`].
    pub fn once(
        &self,
        events: impl Into<Events<ConnectionEvent>>,
        f: impl FnMut(&ConnectionStateChange) + Send + 'static,
    ) -> ListenerId {
        self.handles.0.connection.once(events, f)
    }

    /// Takes a listener off.
    pub fn off(&self, listener: ListenerId) {
        self.handles.0.connection.off(listener);
    }

    /// Takes a listener off some of its events.
    pub fn off_events(&self, events: impl Into<Events<ConnectionEvent>>, listener: ListenerId) {
        self.handles.0.connection.off_events(events, listener);
    }

    /// Takes all listeners off these events.
    pub fn off_all_of(&self, events: impl Into<Events<ConnectionEvent>>) {
        self.handles.0.connection.off_all_of(events);
    }

    /// Takes all listeners off.
    pub fn off_all(&self) {
        self.handles.0.connection.off_all();
    }

    /// The listeners for these events; for `()` those that listen to all.
    pub fn listeners(&self, events: impl Into<Events<ConnectionEvent>>) -> Vec<ListenerId> {
        self.handles.0.connection.listeners(events)
    }

    /// The changes from now on, as a stream. It ends when the client has ended. Keeps 1,024 changes for
    /// a reader that does not read; then the oldest go.
    pub fn state_changes(&self) -> StateChanges<ConnectionStateChange> {
        let changes = StateChanges::new(self.handles.clone());
        let sink = changes.sink();
        let id = self.on((), move |change| sink.push(change));
        changes.until_dropped(move |handles| handles.0.connection.off(id))
    }

    /// Resolves when the connection is in `state`: at once with `None` when it is already at the
    /// time of the call, else with the change that leads there. Waits from the call on, polled or
    /// not.
    ///
    /// # Errors
    /// - `80017` the client has ended.
    ///
    /// # Cancel safety
    /// Dropping the future stops waiting and has no other effect.
    ///
    /// Spec: RTN26.
    pub fn when_state(
        &self,
        state: ConnectionState,
    ) -> impl Future<Output = Result<Option<ConnectionStateChange>, ErrorInfo>> + MaybeSend + use<>
    {
        let mut changes = self.state_changes();
        let there = self.state() == state;
        async move {
            if there {
                return Ok(None);
            }
            while let Some(change) = changes.next().await {
                if change.event == ConnectionEvent::State(state) {
                    return Ok(Some(change));
                }
            }
            Err(crate::shell::ended())
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.state())
    }
}
