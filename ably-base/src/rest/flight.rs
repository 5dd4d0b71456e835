//! [`TokenFlight`]: one fetch of a token for all who wait for it.
//!
//! The fetch is a task of its own: a caller who goes away leaves the others their token.
//!
//! Spec: RSA8d, RSA4c, RSA4d; ably-js's `authCallback` rules.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_engine::{
    Credential, Instant, TokenDetails, TokenParams,
    protocol::{ErrorCode, ErrorInfo},
};

use super::RestCore;
use crate::ext::TokenSource;

/// The longest token that is taken, as in ably-js.
const MAX_TOKEN: usize = 128 * 1024;

type Landed = Result<(), ErrorInfo>;

/// The fetch that is under way, if any.
#[derive(Default)]
pub(super) struct TokenFlight(Mutex<Option<Arc<Landing>>>);

struct Landing {
    /// When the fetch is given up.
    until: Instant,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    result: Option<Landed>,
    wakers: Vec<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resolves when there is a token, or none to be had.
///
/// # Cancel safety
/// Dropping it does not stop the fetch.
pub(super) struct TokenWait(Result<Arc<Landing>, Landed>);

impl Future for TokenWait {
    type Output = Landed;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed> {
        let landing = match &self.0 {
            Ok(landing) => landing,
            Err(landed) => return Poll::Ready(landed.clone()),
        };
        let mut waiters = lock(&landing.waiters);
        if let Some(result) = &waiters.result {
            return Poll::Ready(result.clone());
        }
        if !waiters.wakers.iter().any(|w| w.will_wake(cx.waker())) {
            waiters.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl TokenFlight {
    /// Waits for a token newer than `generation`: joins the fetch under way or begins one.
    pub(super) fn join(
        &self,
        core: &RestCore,
        source: Option<Arc<dyn TokenSource>>,
        generation: u64,
    ) -> TokenWait {
        let Some(source) = source else {
            return TokenWait(Err(Err(ErrorInfo::missing_plugin("Token", "token"))));
        };
        let now = core.runtime().now().mono;
        let landing = {
            let mut current = lock(&self.0);
            if let Some(landing) = &*current {
                // One that is overdue is about to fail.
                if now < landing.until {
                    return TokenWait(Ok(landing.clone()));
                }
            }
            // A token is taken into use before its fetch ends.
            if core.with_auth(|auth| auth.generation()) != generation {
                return TokenWait(Err(Ok(())));
            }
            let landing = Arc::new(Landing {
                until: now.after(core.config().policy.token_timeout),
                waiters: Mutex::default(),
            });
            current.insert(landing).clone()
        };
        let task = Task {
            core: core.clone(),
            landing: landing.clone(),
            result: None,
        };
        core.runtime().spawn(Box::pin(task.fly(source)));
        TokenWait(Ok(landing))
    }
}

/// The fetch. However it ends, those who wait are told.
struct Task {
    core: RestCore,
    landing: Arc<Landing>,
    result: Option<Landed>,
}

impl Task {
    async fn fly(mut self, source: Arc<dyn TokenSource>) {
        let mut params = TokenParams::default();
        params.client_id.clone_from(&self.core.config().client_id);
        let runtime = self.core.runtime().clone();
        let until = self.landing.until;
        let mut timer = runtime.timer();
        let mut fetch = source.token(params);
        let fetched = poll_fn(|cx| match fetch.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => timer.poll_until(cx, until).map(|()| None),
        })
        .await;
        let taken = match fetched {
            Some(Ok(credential)) => usable(credential)
                .and_then(|details| self.core.with_auth(|auth| auth.take_token(details))),
            Some(Err(error)) => Err(explain(error)),
            None => Err(unusable("the token callback took too long")),
        };
        self.result = Some(taken);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let result = self
            .result
            .take()
            .unwrap_or_else(|| Err(unusable("the token callback ended without an answer")));
        lock(&self.core.flight().0).take_if(|current| Arc::ptr_eq(current, &self.landing));
        let wakers = {
            let mut waiters = lock(&self.landing.waiters);
            waiters.result = Some(result);
            std::mem::take(&mut waiters.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }
}

fn usable(credential: Credential) -> Result<TokenDetails, ErrorInfo> {
    let details = match credential {
        Credential::Token(details) => details,
        _ => return Err(unusable("the token callback gave something unknown")),
    };
    match details.token.expose().len() {
        0 => Err(unusable("the token callback gave an empty token")),
        1..=MAX_TOKEN => Ok(details),
        _ => Err(unusable("the token is larger than 128 KiB")),
    }
}

fn unusable(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::AUTH_CALLBACK_FAILED, 401, why)
}

/// An error of the application's passes as it is when it has a code.
fn explain(error: ErrorInfo) -> ErrorInfo {
    if error.code() != ErrorCode::NONE {
        return error;
    }
    let (code, status) = match error.status_code() {
        403 => (ErrorCode::FORBIDDEN, 403),
        _ => (ErrorCode::AUTH_CALLBACK_FAILED, 401),
    };
    ErrorInfo::builder(code, status, "the token callback failed; see the cause")
        .cause(error)
        .build()
}
