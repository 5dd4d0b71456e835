//! [`VirtualRuntime`]: an executor whose clock stands still until a test moves it.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use ably_base::{
    BaseRealtime, Channel, ChannelState, ConnectionState, ErrorInfo, Plugin, Plugins, Runtime,
    engine::{BoxFuture, Entropy, Instant, Now},
    ext::Timer,
};

/// How much virtual time [`VirtualRuntime::wait`] and the `await_*` helpers let pass at most.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where the wall clock begins: 2023-11-14T22:13:20Z.
const EPOCH_MS: i64 = 1_700_000_000_000;

/// A single-threaded executor with virtual clocks and seeded randomness. Clones share it.
#[derive(Clone)]
pub struct VirtualRuntime(Arc<Inner>);

struct Inner {
    now: AtomicU64,
    /// How far the wall clock is ahead of the monotonic one, ms.
    wall_offset: AtomicI64,
    seed: AtomicU64,
    next_id: AtomicU64,
    tasks: Mutex<BTreeMap<u64, BoxFuture<()>>>,
    ready: Arc<Mutex<BTreeSet<u64>>>,
    timers: Arc<Mutex<BTreeMap<(Instant, u64), Waker>>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

struct TaskWaker {
    id: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).insert(self.id);
    }
}

/// Notes that a future wants to be polled.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Default for VirtualRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl VirtualRuntime {
    /// A runtime with a fixed seed.
    pub fn new() -> Self {
        Self::seeded(1)
    }

    /// A runtime with a seed of your own: the same seed replays exactly.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Inner {
            now: AtomicU64::new(1_000_000),
            wall_offset: AtomicI64::new(EPOCH_MS),
            seed: AtomicU64::new(seed),
            next_id: AtomicU64::new(0),
            tasks: Mutex::default(),
            ready: Arc::default(),
            timers: Arc::default(),
        }))
    }

    /// Runs tasks until none can go on without time passing (UTS: `process_pending_events`).
    pub fn run_until_idle(&self) {
        loop {
            let next = lock(&self.0.ready).pop_first();
            let Some(id) = next else { return };
            let task = lock(&self.0.tasks).remove(&id);
            let Some(mut task) = task else { continue };
            let waker = Waker::from(Arc::new(TaskWaker {
                id,
                ready: self.0.ready.clone(),
            }));
            if task
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
            {
                lock(&self.0.tasks).insert(id, task);
            }
        }
    }

    /// Lets `d` pass: timers fire in order, tasks run at each (UTS: `ADVANCE_TIME`).
    pub fn advance(&self, d: Duration) {
        let end = self.clock().after(d);
        self.run_until_idle();
        while self.step(end) {}
        self.0.now.store(end.0, Ordering::Relaxed);
        self.run_until_idle();
    }

    /// Moves the wall clock alone.
    pub fn jump_wall_clock(&self, ms: i64) {
        self.0.wall_offset.fetch_add(ms, Ordering::Relaxed);
    }

    /// Moves to the next timer up to `end` and runs what it wakes; false when there is none.
    fn step(&self, end: Instant) -> bool {
        let due = {
            let mut timers = lock(&self.0.timers);
            match timers.first_key_value() {
                Some(((at, _), _)) if *at <= end => timers.pop_first(),
                _ => None,
            }
        };
        let Some(((at, _), waker)) = due else {
            return false;
        };
        self.0.now.fetch_max(at.0, Ordering::Relaxed);
        waker.wake();
        self.run_until_idle();
        true
    }

    fn clock(&self) -> Instant {
        Instant(self.0.now.load(Ordering::Relaxed))
    }

    /// Virtual time since the runtime was made.
    pub fn elapsed(&self) -> Duration {
        self.clock().since(Instant(1_000_000))
    }

    /// The output of `future` if it comes without time passing.
    pub fn poll_now<F: Future + Unpin>(&self, future: &mut F) -> Option<F::Output> {
        self.run_until_idle();
        match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(out) => Some(out),
            Poll::Pending => None,
        }
    }

    /// The output of `future`, letting at most 15 s of virtual time pass (UTS: `AWAIT`).
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.wait_for(PATIENCE, future)
    }

    /// The output of `future`, letting at most `most` pass.
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn wait_for<F: Future>(&self, most: Duration, future: F) -> F::Output {
        let end = self.clock().after(most);
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        loop {
            // Twice, for what is ready without waking; then for as long as something wakes it.
            for _ in 0..2 {
                self.run_until_idle();
                let mut cx = Context::from_waker(&waker);
                if let Poll::Ready(out) = future.as_mut().poll(&mut cx) {
                    return out;
                }
            }
            self.run_until_idle();
            assert!(
                woken.0.swap(false, Ordering::Relaxed) || self.step(end),
                "the future was not ready within {most:?} of virtual time"
            );
        }
    }

    /// Lets time pass until `done` is true, at most `most`.
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn wait_until(&self, most: Duration, what: &str, done: impl Fn() -> bool) {
        let end = self.clock().after(most);
        loop {
            self.run_until_idle();
            if done() {
                return;
            }
            assert!(
                self.step(end),
                "{what} did not come about within {most:?} of virtual time"
            );
        }
    }

    /// Lets time pass until the connection is in `state`, at most 15 s (UTS: `AWAIT_STATE`).
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn await_state(&self, client: &BaseRealtime, state: ConnectionState) {
        self.await_state_for(PATIENCE, client, state);
    }

    /// As [`VirtualRuntime::await_state`], with a limit of your own.
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn await_state_for(&self, most: Duration, client: &BaseRealtime, state: ConnectionState) {
        let what = format!(
            "connection state {state} (now {})",
            client.connection().state()
        );
        self.wait_until(most, &what, || client.connection().state() == state);
    }

    /// Lets time pass until the channel is in `state`, at most 15 s.
    ///
    /// # Panics
    /// When it takes longer.
    #[track_caller]
    pub fn await_channel_state(&self, channel: &Channel, state: ChannelState) {
        let what = format!("channel state {state} (now {})", channel.state());
        self.wait_until(PATIENCE, &what, || channel.state() == state);
    }

    /// How many tasks have not ended.
    pub fn tasks(&self) -> usize {
        lock(&self.0.tasks).len()
    }

    /// Drops all tasks, as a runtime does that is shut down.
    pub fn shut_down(&self) {
        let tasks = std::mem::take(&mut *lock(&self.0.tasks));
        drop(tasks);
    }
}

impl std::fmt::Debug for VirtualRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VirtualRuntime({:?})", self.elapsed())
    }
}

impl Runtime for VirtualRuntime {
    fn now(&self) -> Now {
        let mono = self.clock();
        let ms = i64::try_from(mono.0 / 1000).unwrap_or(i64::MAX);
        Now {
            mono,
            unix_ms: self.0.wall_offset.load(Ordering::Relaxed) + ms,
        }
    }

    fn spawn(&self, task: BoxFuture<()>) {
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        lock(&self.0.tasks).insert(id, task);
        lock(&self.0.ready).insert(id);
    }

    fn timer(&self) -> Box<dyn Timer> {
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        Box::new(VirtualTimer {
            runtime: self.clone(),
            id,
            set: None,
        })
    }

    fn entropy(&self) -> Box<dyn Entropy> {
        // Each source continues from a seed of its own, so that clients differ.
        let seed = self.0.seed.fetch_add(0x9e37_79b9, Ordering::Relaxed);
        Box::new(Seeded(seed.wrapping_mul(2).wrapping_add(1)))
    }
}

impl Plugin for VirtualRuntime {
    fn id(&self) -> &'static str {
        "VirtualRuntime"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_runtime(Arc::new(self.clone()));
        Ok(())
    }
}

struct VirtualTimer {
    runtime: VirtualRuntime,
    id: u64,
    set: Option<Instant>,
}

impl VirtualTimer {
    fn clear(&mut self) {
        if let Some(at) = self.set.take() {
            lock(&self.runtime.0.timers).remove(&(at, self.id));
        }
    }
}

impl Timer for VirtualTimer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        self.clear();
        if self.runtime.clock() >= at {
            return Poll::Ready(());
        }
        lock(&self.runtime.0.timers).insert((at, self.id), cx.waker().clone());
        self.set = Some(at);
        Poll::Pending
    }
}

impl Drop for VirtualTimer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// SplitMix64.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
