//! The runtime on tokio, in paused time, and outside of it.

use std::{
    future::{poll_fn, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use ably_base::{
    BaseRealtime, ClientOptions, ConnectContext, Plugins, Runtime, Target, Transport,
    TransportError, TransportLink,
    engine::{BoxFuture, Instant},
    ext::Timer,
    protocol::ErrorCode,
};
use ably_tokio::{Tokio, TokioRuntime};
use tokio::{runtime::Builder, sync::oneshot};

const SECOND: u64 = 1_000_000;

async fn until(timer: &mut dyn Timer, at: u64) {
    poll_fn(|cx| timer.poll_until(cx, Instant(at))).await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_is_set_anew_and_never_early() {
    let runtime = TokioRuntime::new();
    let mut timer = runtime.timer();
    let now = || runtime.now().mono.0;

    until(&mut *timer, SECOND).await;
    assert_eq!(now(), SECOND);
    // The same point again is ready at once, a later one is not.
    until(&mut *timer, SECOND).await;
    until(&mut *timer, SECOND + 1500).await;
    assert!((SECOND + 1500..SECOND + 2500).contains(&now()), "{}", now());

    // Another point takes the place of the one before: earlier, then later.
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        timer
            .poll_until(&mut cx, Instant(100 * SECOND))
            .is_pending()
    );
    until(&mut *timer, 5 * SECOND).await;
    assert_eq!(now(), 5 * SECOND);
    assert!(timer.poll_until(&mut cx, Instant(6 * SECOND)).is_pending());
    assert!(timer.poll_until(&mut cx, Instant(9 * SECOND)).is_pending());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(timer.poll_until(&mut cx, Instant(9 * SECOND)).is_pending());
    // The past is ready, the end of time is not, and neither panics.
    assert!(timer.poll_until(&mut cx, Instant(0)).is_ready());
    assert!(timer.poll_until(&mut cx, Instant(u64::MAX)).is_pending());
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_tokio_s_in_microseconds() {
    let runtime = TokioRuntime::new();
    let before = runtime.now();
    tokio::time::advance(Duration::from_micros(1234)).await;
    let after = runtime.now();
    assert_eq!(after.mono.since(before.mono), Duration::from_micros(1234));
    // 2024 to 2100: milliseconds since the epoch.
    assert!((1_704_067_200_000..4_102_444_800_000).contains(&after.unix_ms));
}

#[tokio::test]
async fn tasks_run_in_the_background() {
    let runtime = TokioRuntime::new();
    let (done, wait) = oneshot::channel();
    runtime.spawn(Box::pin(async move { done.send(7).unwrap() }));
    assert_eq!(wait.await, Ok(7));
}

#[test]
fn random_bytes_differ() {
    let mut entropy = TokioRuntime::new().entropy();
    let (mut one, mut other) = ([0; 32], [0; 32]);
    entropy.fill(&mut one);
    entropy.fill(&mut other);
    assert_ne!(one, other);
    assert_ne!(one, [0; 32]);
    entropy.fill(&mut []);
}

/// Counts attempts, and lets none succeed.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<Vec<String>>>);

impl Transport for Attempts {
    fn id(&self) -> &'static str {
        "attempts"
    }

    fn connect(
        &self,
        target: Target,
        _: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        self.0.lock().unwrap().push(target.host.to_string());
        Box::pin(ready(Err(TransportError::new(
            ably_base::FailureKind::Refused,
        ))))
    }
}

fn options(attempts: &Attempts) -> ClientOptions {
    ClientOptions::with_key("appId.keyId:secret")
        .tls(false)
        .allow_basic_auth_without_tls(true)
        .endpoint("a.test")
        .transport(attempts.clone())
}

#[test]
fn outside_a_runtime_a_client_is_refused_and_the_feature_named() {
    let refused = BaseRealtime::new(options(&Attempts::default()).plugin(Tokio)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BAD_REQUEST);
    for part in ["`tokio`", "#[tokio::main]", "with_handle"] {
        assert!(refused.message().contains(part), "{refused}");
    }
    // The runtime that was not there may be there the next time.
    let mut plugins = Plugins::none();
    plugins.install(&Tokio).unwrap();
    assert!(plugins.require_runtime().is_err());
    let tokio = Builder::new_current_thread().enable_time().build().unwrap();
    let _guard = tokio.enter();
    plugins.require_runtime().unwrap();
}

#[test]
fn outside_a_runtime_nothing_panics() {
    let runtime = TokioRuntime::new();
    let (done, mut wait) = oneshot::channel::<()>();
    runtime.spawn(Box::pin(async move {
        let _ = done.send(());
    }));
    assert_eq!(wait.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    let mut cx = Context::from_waker(Waker::noop());
    let mut timer = runtime.timer();
    assert!(timer.poll_until(&mut cx, Instant(u64::MAX)).is_pending());
    runtime.now();
}

/// Says whether it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn when_the_runtime_goes_its_timers_are_ready_and_nothing_panics() {
    for threads in [0, 2] {
        let tokio = match threads {
            0 => Builder::new_current_thread().enable_time().build(),
            n => Builder::new_multi_thread()
                .worker_threads(n)
                .enable_time()
                .build(),
        };
        let tokio = tokio.unwrap();
        let runtime = TokioRuntime::with_handle(tokio.handle().clone());
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let (mut waiting, mut later) = (runtime.timer(), runtime.timer());
        assert!(
            waiting
                .poll_until(&mut cx, Instant(1000 * SECOND))
                .is_pending()
        );
        assert!(!runtime.is_shut_down());

        drop(tokio);
        assert!(runtime.is_shut_down());
        // Who waits is told, in whatever runtime that is.
        assert!(woken.0.load(Ordering::SeqCst));
        for timer in [&mut waiting, &mut later, &mut runtime.timer()] {
            for at in [1000, 2000] {
                assert!(timer.poll_until(&mut cx, Instant(at * SECOND)).is_ready());
            }
        }
    }
}

#[test]
fn a_runtime_that_has_gone_is_refused() {
    let tokio = Builder::new_current_thread().enable_time().build().unwrap();
    let runtime = TokioRuntime::with_handle(tokio.handle().clone());
    drop(tokio);
    assert!(runtime.is_shut_down());
    let refused = BaseRealtime::new(options(&Attempts::default()).plugin(runtime)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::CONNECTION_CLOSED);
    assert!(refused.message().contains("shut down"), "{refused}");
}

#[test]
fn a_runtime_without_timers_is_refused() {
    let tokio = Builder::new_current_thread().build().unwrap();
    let with_handle = TokioRuntime::with_handle(tokio.handle().clone());
    let of_handle = BaseRealtime::new(options(&Attempts::default()).plugin(with_handle));
    let _guard = tokio.enter();
    let of_here = BaseRealtime::new(options(&Attempts::default()).plugin(Tokio));
    for refused in [of_handle, of_here] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::BAD_REQUEST);
        assert!(refused.message().contains("`enable_all()`"), "{refused}");
    }
}

#[test]
fn a_handle_serves_clients_made_on_other_threads() {
    let tokio = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let attempts = Attempts::default();
    let runtime = TokioRuntime::with_handle(tokio.handle().clone());
    // No runtime is entered here.
    let client = BaseRealtime::new(options(&attempts).plugin(runtime)).unwrap();
    tokio.block_on(async {
        // The first attempt, and the retry after `disconnectedRetryTimeout`.
        tokio::time::sleep(Duration::from_secs(20)).await;
    });
    let hosts = attempts.0.lock().unwrap().clone();
    assert!(hosts.len() >= 2, "{hosts:?}");
    assert!(hosts.iter().all(|h| h == "a.test"), "{hosts:?}");
    drop(client);
}
