//! [`TokenFlight`]: one fetch of a token for all who wait for it.
//!
//! The fetch is a task of its own: a caller who goes away leaves the others their token. A call of
//! `authorize` supersedes a fetch under way, with another one or with the token that it was given;
//! those who wait for that get the newer token.
//!
//! Locks are taken in this order: the flight's, the waiters', that of the credential.
//!
//! Spec: RSA8d, RSA10, RSA4c, RSA4d.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_engine::{
    AuthState, TokenDetails,
    protocol::{ErrorCode, ErrorInfo},
};

use super::{Obtain, Site, authority::Stored, obtain::simple};

type Landed = Result<TokenDetails, ErrorInfo>;

/// The fetch that is under way, if any.
#[derive(Default)]
pub(super) struct TokenFlight(Mutex<Option<Arc<Landing>>>);

#[derive(Default)]
struct Landing {
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    /// Which fetch counts: the last one begun.
    attempt: u64,
    result: Option<Landed>,
    /// Of those who wait: each its own, until it goes.
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resolves when a token was taken into use, or there is none to be had.
///
/// # Cancel safety
/// Dropping it does not stop the fetch.
pub(crate) struct TokenWait(Wait);

enum Wait {
    Over(Option<TokenDetails>),
    For(Seat),
}

/// Somebody who waits.
struct Seat {
    landing: Arc<Landing>,
    number: u64,
}

impl Seat {
    fn at(landing: Arc<Landing>) -> Self {
        let mut waiters = lock(&landing.waiters);
        let number = waiters.next;
        waiters.next += 1;
        drop(waiters);
        Self { landing, number }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // It may be the last of its task: dropped when the lock is free again.
        let waker = lock(&self.landing.waiters).wakers.remove(&self.number);
        drop(waker);
    }
}

impl Future for TokenWait {
    /// The token, when it was fetched; `None` when there was one already.
    type Output = Result<Option<TokenDetails>, ErrorInfo>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let seat = match &self.0 {
            Wait::For(seat) => seat,
            Wait::Over(details) => return Poll::Ready(Ok(details.clone())),
        };
        let mut waiters = lock(&seat.landing.waiters);
        if let Some(result) = &waiters.result {
            return Poll::Ready(result.clone().map(Some));
        }
        let before = match waiters.wakers.get(&seat.number) {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => waiters.wakers.insert(seat.number, cx.waker().clone()),
        };
        drop(waiters);
        drop(before);
        Poll::Pending
    }
}

/// Waits for a token newer than `generation`: joins the fetch under way or begins one.
pub(crate) fn join(site: &Site, generation: u64) -> TokenWait {
    let authority = site.authority();
    let landing = {
        let mut current = lock(&authority.flight.0);
        if let Some(landing) = &*current {
            return TokenWait(Wait::For(Seat::at(landing.clone())));
        }
        // A token is taken into use before its fetch ends.
        if site.with_auth(|auth| auth.generation()) != generation {
            return TokenWait(Wait::Over(None));
        }
        current.insert(Arc::default()).clone()
    };
    begin(site, landing, 0, authority.stored())
}

/// Fetches a token, whatever is under way. Spec: RSA10.
pub(super) fn supersede(site: &Site, with: Stored) -> TokenWait {
    let (landing, attempt) = {
        let mut current = lock(&site.authority().flight.0);
        let landing = current.get_or_insert_default().clone();
        let mut waiters = lock(&landing.waiters);
        waiters.attempt += 1;
        let attempt = waiters.attempt;
        drop(waiters);
        (landing, attempt)
    };
    begin(site, landing, attempt, with)
}

/// Takes a token into use that need not be fetched, and ends the fetch under way, if any, with it.
///
/// # Errors
/// Those of `take`; the fetch goes on then.
///
/// Spec: RSA10. DEVIATION: RSA10 - in ably-js the fetch goes on and its token wins.
pub(super) fn land(
    site: &Site,
    details: TokenDetails,
    take: impl FnOnce(&mut AuthState, TokenDetails) -> Result<(), ErrorInfo>,
) -> Landed {
    let wakers = {
        let mut current = lock(&site.authority().flight.0);
        let landing = current.clone();
        let mut waiters = landing.as_ref().map(|landing| lock(&landing.waiters));
        site.with_auth(|auth| take(auth, details.clone()))?;
        *current = None;
        waiters.as_mut().map(|waiters| {
            waiters.attempt += 1;
            waiters.result = Some(Ok(details.clone()));
            std::mem::take(&mut waiters.wakers)
        })
    };
    for waker in wakers.unwrap_or_default().into_values() {
        waker.wake();
    }
    Ok(details)
}

fn begin(site: &Site, landing: Arc<Landing>, attempt: u64, with: Stored) -> TokenWait {
    let task = Task {
        site: site.clone(),
        landing: landing.clone(),
        attempt,
        result: None,
    };
    site.authority().runtime.spawn(Box::pin(task.fly(with)));
    TokenWait(Wait::For(Seat::at(landing)))
}

/// The fetch. However it ends, those who wait are told.
struct Task {
    site: Site,
    landing: Arc<Landing>,
    attempt: u64,
    result: Option<Landed>,
}

impl Task {
    async fn fly(mut self, with: Stored) {
        let Stored { options, params } = with;
        let wish = Obtain {
            site: self.site.clone(),
            options,
            params,
        };
        let fetched = match self.site.authority().plugins.obtain() {
            Some(obtain) => obtain(wish).await,
            None => simple(wish).await,
        };
        let waiters = lock(&self.landing.waiters);
        // Nobody may supersede it between the question and the answer.
        if waiters.attempt != self.attempt {
            return;
        }
        let taken = fetched.and_then(|details| {
            self.site
                .with_auth(|auth| auth.take_token(details.clone()))
                .map(|()| details)
        });
        drop(waiters);
        self.result = Some(taken);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let current = &self.site.authority().flight.0;
        let wakers = {
            let mut current = lock(current);
            let mut waiters = lock(&self.landing.waiters);
            if waiters.attempt != self.attempt || waiters.result.is_some() {
                return;
            }
            current.take_if(|current| Arc::ptr_eq(current, &self.landing));
            waiters.result = Some(self.result.take().unwrap_or_else(|| {
                Err(ErrorInfo::new(
                    ErrorCode::AUTH_CALLBACK_FAILED,
                    401,
                    "the fetch of a token ended without an answer",
                ))
            }));
            std::mem::take(&mut waiters.wakers)
        };
        for waker in wakers.into_values() {
            waker.wake();
        }
    }
}
