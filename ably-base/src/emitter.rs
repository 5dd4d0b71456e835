//! [`Emitter`]: listeners as ably-js has them.
//!
//! Listeners for all events are called before those for one event, each group in the order in
//! which they were added. A `once` listener is removed before it is called. The list is fixed when
//! an event is emitted: a listener added by a listener is not called for the same event. A listener
//! that panics harms nobody.
//!
//! Spec: RTE1–RTE6.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The listeners that were added before a moment, of whatever emitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before(u64);

impl Before {
    /// The moment is this one.
    pub(crate) fn now() -> Self {
        Self(NEXT.load(Ordering::SeqCst))
    }
}

/// Names a listener, to take it off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(u64);

/// Which events a listener wants: `()` for all, one event, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events<E>(Option<Vec<E>>);

impl<E> Default for Events<E> {
    fn default() -> Self {
        Self::all()
    }
}

impl<E> Events<E> {
    /// All events.
    pub const fn all() -> Self {
        Self(None)
    }

    pub(crate) fn is_all(&self) -> bool {
        self.0.is_none()
    }
}

impl<E: PartialEq> Events<E> {
    /// True when `event` is among them.
    pub fn wants(&self, event: &E) -> bool {
        self.0.as_ref().is_none_or(|list| list.contains(event))
    }
}

impl<E> From<()> for Events<E> {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl<E, T: Into<E>, const N: usize> From<[T; N]> for Events<E> {
    fn from(list: [T; N]) -> Self {
        Self(Some(list.into_iter().map(Into::into).collect()))
    }
}

impl<E, T: Into<E>> From<Vec<T>> for Events<E> {
    fn from(list: Vec<T>) -> Self {
        Self(Some(list.into_iter().map(Into::into).collect()))
    }
}

macro_rules! one_event {
    ($($event:ty => $($from:ty),*;)*) => {$($(
        impl From<$from> for Events<$event> {
            fn from(event: $from) -> Self {
                Self(Some(vec![event.into()]))
            }
        }
    )*)*};
}

one_event! {
    ably_engine::ConnectionEvent => ably_engine::ConnectionEvent, ably_engine::ConnectionState;
    ably_engine::ChannelEvent => ably_engine::ChannelEvent, ably_engine::ChannelState;
    ably_engine::protocol::PresenceAction => ably_engine::protocol::PresenceAction;
}

type Callback<T> = Arc<Mutex<dyn FnMut(&T) + Send>>;

struct Listener<E, T> {
    id: ListenerId,
    events: Events<E>,
    once: bool,
    live: Arc<AtomicBool>,
    call: Callback<T>,
}

/// A list of listeners for events `E` that carry a `T`.
pub struct Emitter<E, T> {
    listeners: Mutex<Vec<Listener<E, T>>>,
    /// Nothing will be emitted any more. Read and written under the lock.
    ended: AtomicBool,
}

impl<E, T> Default for Emitter<E, T> {
    fn default() -> Self {
        Self {
            listeners: Mutex::new(Vec::new()),
            ended: AtomicBool::new(false),
        }
    }
}

impl<E, T> std::fmt::Debug for Emitter<E, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Emitter({})", self.lock().len())
    }
}

impl<E, T> Emitter<E, T> {
    fn lock(&self) -> MutexGuard<'_, Vec<Listener<E, T>>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: PartialEq, T> Emitter<E, T> {
    /// Adds a listener.
    pub fn on(
        &self,
        events: impl Into<Events<E>>,
        f: impl FnMut(&T) + Send + 'static,
    ) -> ListenerId {
        self.add(events.into(), f, false)
    }

    /// Adds a listener that is called once at most.
    pub fn once(
        &self,
        events: impl Into<Events<E>>,
        f: impl FnMut(&T) + Send + 'static,
    ) -> ListenerId {
        self.add(events.into(), f, true)
    }

    fn add(&self, events: Events<E>, f: impl FnMut(&T) + Send + 'static, once: bool) -> ListenerId {
        let id = ListenerId(NEXT.fetch_add(1, Ordering::SeqCst));
        let live = Arc::new(AtomicBool::new(true));
        let call: Callback<T> = Arc::new(Mutex::new(f));
        let listener = Listener {
            id,
            events,
            once,
            live,
            call,
        };
        let mut list = self.lock();
        if self.ended.load(Ordering::Relaxed) {
            // Never to be called: dropped, outside the lock.
            drop(list);
        } else {
            list.push(listener);
        }
        id
    }

    /// Takes all listeners off, and drops those that are added from now on.
    pub(crate) fn end(&self) {
        let list = self.lock();
        self.ended.store(true, Ordering::Relaxed);
        drop(list);
        self.off_all();
    }

    /// Takes a listener off.
    pub fn off(&self, id: ListenerId) {
        self.remove(|l| l.id == id);
    }

    /// Takes a listener off some of its events. One that listens to all events stays on, as in
    /// ably-js.
    pub fn off_events(&self, events: impl Into<Events<E>>, id: ListenerId) {
        let Events(Some(list)) = events.into() else {
            return self.off(id);
        };
        self.narrow(&list, |l| l.id == id);
    }

    /// Takes all listeners off `events`; those that listen to all events stay on.
    pub fn off_all_of(&self, events: impl Into<Events<E>>) {
        match events.into() {
            Events(None) => self.off_all(),
            Events(Some(list)) => self.narrow(&list, |_| true),
        }
    }

    /// Takes all listeners off.
    pub fn off_all(&self) {
        self.remove(|_| true);
    }

    /// The listeners for these events, in the order in which they were added; for `()` those that
    /// listen to all events, which are not among those of any one event.
    pub fn listeners(&self, events: impl Into<Events<E>>) -> Vec<ListenerId> {
        let events = events.into();
        let asked = |l: &Listener<E, T>| match (&events.0, &l.events.0) {
            (None, None) => true,
            (Some(asked), Some(wanted)) => wanted.iter().any(|e| asked.contains(e)),
            _ => false,
        };
        let list = self.lock();
        list.iter().filter(|l| asked(l)).map(|l| l.id).collect()
    }

    pub(crate) fn has_ended(&self) -> bool {
        let _list = self.lock();
        self.ended.load(Ordering::Relaxed)
    }

    /// True when nobody listens.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn narrow(&self, list: &[E], which: impl Fn(&Listener<E, T>) -> bool) {
        for l in self.lock().iter_mut() {
            if which(l) {
                if let Some(wanted) = &mut l.events.0 {
                    wanted.retain(|e| !list.contains(e));
                }
            }
        }
        self.remove(|l| l.events.0.as_ref().is_some_and(Vec::is_empty));
    }

    fn remove(&self, which: impl Fn(&Listener<E, T>) -> bool) {
        // Closures are dropped outside the lock: they may own handles that come back here.
        let mut gone = Vec::new();
        let mut list = self.lock();
        let mut i = 0;
        while let Some(l) = list.get(i) {
            if which(l) {
                let l = list.remove(i);
                l.live.store(false, Ordering::Release);
                gone.push(l);
            } else {
                i += 1;
            }
        }
        drop(list);
        drop(gone);
    }

    /// Calls the listeners of `event`. Returns how many of them panicked.
    pub fn emit(&self, event: &E, value: &T) -> usize {
        self.call(value, |l| l.events.wants(event))
    }

    /// Calls the listeners of `event` that were added before it. Returns how many of them panicked.
    pub(crate) fn emit_to(&self, before: Before, event: &E, value: &T) -> usize {
        self.call(value, |l| l.id.0 < before.0 && l.events.wants(event))
    }

    /// Calls the listeners of all events with something that no event names. Returns how many of
    /// them panicked.
    pub(crate) fn emit_nameless(&self, value: &T) -> usize {
        self.call(value, |l| l.events.is_all())
    }

    fn call(&self, value: &T, wanted: impl Fn(&Listener<E, T>) -> bool) -> usize {
        let mut calls: Vec<(Callback<T>, Arc<AtomicBool>, bool)> = Vec::new();
        {
            let mut list = self.lock();
            for all in [true, false] {
                let wanted = list
                    .iter()
                    .filter(|l| l.events.is_all() == all && wanted(l));
                calls.extend(wanted.map(|l| (l.call.clone(), l.live.clone(), l.once)));
            }
            list.retain(|l| !(l.once && wanted(l)));
        }
        let mut panicked = 0;
        for (call, live, once) in calls {
            // Taken off by an earlier listener of the same event.
            if !live.load(Ordering::Acquire) {
                continue;
            }
            if once && !live.swap(false, Ordering::AcqRel) {
                continue;
            }
            let run = || (call.lock().unwrap_or_else(PoisonError::into_inner))(value);
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                panicked += 1;
            }
        }
        panicked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ably_engine::ConnectionState as S;

    type E = Emitter<ably_engine::ConnectionEvent, u32>;

    #[allow(clippy::type_complexity)]
    fn log() -> (
        Arc<Mutex<Vec<String>>>,
        impl Fn(&str) -> Box<dyn FnMut(&u32) + Send>,
    ) {
        let log = Arc::new(Mutex::new(Vec::new()));
        let out = log.clone();
        let make = move |name: &str| {
            let (log, name) = (log.clone(), name.to_owned());
            Box::new(move |v: &u32| log.lock().unwrap().push(format!("{name}{v}")))
                as Box<dyn FnMut(&u32) + Send>
        };
        (out, make)
    }

    #[test]
    fn listeners_of_all_events_come_first_then_in_order_of_adding() {
        let (seen, l) = log();
        let e = E::default();
        e.on(S::Connected, l("one"));
        e.on((), l("all"));
        e.once(S::Connected, l("once"));
        e.on([S::Connected, S::Closed], l("two"));
        e.emit(&S::Connected.into(), &1);
        e.emit(&S::Connected.into(), &2);
        e.emit(&S::Closed.into(), &3);
        let seen = seen.lock().unwrap();
        assert_eq!(
            *seen,
            [
                "all1", "one1", "once1", "two1", "all2", "one2", "two2", "all3", "two3"
            ]
        );
    }

    #[test]
    fn who_listens_later_is_not_told() {
        let (seen, l) = log();
        let e = E::default();
        e.on((), l("early"));
        let before = Before::now();
        e.on((), l("late"));
        e.once(S::Closed, l("once"));
        e.emit_to(before, &S::Closed.into(), &1);
        e.emit_to(Before::now(), &S::Closed.into(), &2);
        assert_eq!(
            *seen.lock().unwrap(),
            ["early1", "early2", "late2", "once2"]
        );
    }

    #[test]
    fn every_form_of_off() {
        let (seen, l) = log();
        let e = E::default();
        let a = e.on([S::Connected, S::Closed], l("a"));
        let b = e.on((), l("b"));
        e.on(S::Closed, l("c"));
        e.off_events(S::Connected, a);
        e.emit(&S::Connected.into(), &1);
        e.off_all_of(S::Closed);
        e.emit(&S::Closed.into(), &2);
        e.off(b);
        e.emit(&S::Closed.into(), &3);
        e.on((), l("d"));
        e.off_all();
        e.emit(&S::Closed.into(), &4);
        assert_eq!(*seen.lock().unwrap(), ["b1", "b2"]);
        assert!(e.is_empty());
    }

    #[test]
    fn listeners_are_those_of_an_event_or_of_all() {
        let e = E::default();
        let closed = e.on([S::Connected, S::Closed], |_| {});
        let all = e.on((), |_| {});
        let once = e.once(S::Closed, |_| {});
        assert_eq!(e.listeners(S::Closed), [closed, once]);
        assert_eq!(e.listeners([S::Failed, S::Connected]), [closed]);
        assert_eq!(e.listeners(()), [all]);
        e.emit(&S::Closed.into(), &1);
        assert_eq!(e.listeners(S::Closed), [closed]);
    }

    #[test]
    fn a_panicking_listener_harms_nobody_and_can_be_called_again() {
        let (seen, l) = log();
        let e = E::default();
        e.on((), |v: &u32| assert!(*v != 1, "on purpose"));
        e.on((), l("x"));
        assert_eq!(e.emit(&S::Closed.into(), &1), 1);
        assert_eq!(e.emit(&S::Closed.into(), &2), 0);
        assert_eq!(*seen.lock().unwrap(), ["x1", "x2"]);
    }

    #[test]
    fn a_listener_taken_off_by_an_earlier_one_is_not_called() {
        let (seen, l) = log();
        let e = Arc::new(E::default());
        let id = Arc::new(Mutex::new(None::<ListenerId>));
        let (e2, id2) = (e.clone(), id.clone());
        e.on((), move |_| {
            if let Some(id) = *id2.lock().unwrap() {
                e2.off(id);
            }
        });
        *id.lock().unwrap() = Some(e.on((), l("late")));
        e.emit(&S::Closed.into(), &1);
        assert!(seen.lock().unwrap().is_empty());
        e.off_all();
    }
}
