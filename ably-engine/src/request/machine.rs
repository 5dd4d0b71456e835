//! [`RequestMachine`].

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use ably_protocol::{ErrorCode, ErrorInfo, Secret, Str};

use super::{HostState, Outcome, RequestPolicy};
use crate::{AuthState, FailureKind, HttpReply, Instant, Now, TransportError, auth::Need};

/// One request with its retries.
///
/// > [`RequestMachine::poll`] says what to do. Do it, tell what came of it with
/// > [`RequestMachine::handle`], and poll again.
#[derive(Debug)]
pub struct RequestMachine {
    policy: RequestPolicy,
    is_anonymous: bool,
    connected: Option<Str>,
    state: State,
    came: Option<Outcome>,
    /// Hosts not tried yet, the next one last; `None` before the first attempt on the list.
    hosts: Option<Vec<Str>>,
    began: Option<Instant>,
    /// Generation of the token last sent.
    generation: u64,
    /// It has had its own renewal.
    has_renewed: bool,
    /// How often it was sent again with a token that others have got.
    resends: u32,
}

/// The most tokens of others that a request is sent again with.
const MAX_RESENDS: u32 = 3;

#[derive(Debug)]
enum State {
    Start,
    Token { until: Instant, host: Option<Str> },
    Sent { until: Instant, host: Str },
    Done,
}

/// What to do next.
#[non_exhaustive]
pub enum Step {
    /// Send the request, in place of an earlier attempt that is still under way.
    Send {
        /// To this host.
        host: Str,
        /// With this `Authorization` header.
        authorization: Option<Secret<String>>,
    },
    /// Get a token newer than `generation`; [`Outcome::Token`] tells how that went.
    NeedToken {
        /// [`AuthState::generation`] of the token that will not do.
        generation: u64,
    },
    /// Poll again when something came, or at this time.
    WaitUntil(Instant),
    /// It is over.
    Done(Result<HttpReply, ErrorInfo>),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { host, .. } => write!(f, "Send({host})"),
            Self::NeedToken { generation } => write!(f, "NeedToken({generation})"),
            Self::WaitUntil(at) => write!(f, "WaitUntil({at:?})"),
            Self::Done(Ok(reply)) => write!(f, "Done({})", reply.status),
            Self::Done(Err(error)) => write!(f, "Done({error:?})"),
        }
    }
}

impl RequestMachine {
    /// A request that has not begun.
    pub fn new(policy: RequestPolicy) -> Self {
        Self {
            policy,
            is_anonymous: false,
            connected: None,
            state: State::Start,
            came: None,
            hosts: None,
            began: None,
            generation: 0,
            has_renewed: false,
            resends: 0,
        }
    }

    /// Sends no credential.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.is_anonymous = true;
        self
    }

    /// Begins with the host that the realtime connection uses. Spec: RTN17e.
    #[must_use]
    pub fn connected_to(mut self, host: Option<Str>) -> Self {
        self.connected = host;
        self
    }

    /// Takes what came of the last step.
    pub fn handle(&mut self, outcome: Outcome) {
        self.came = Some(outcome);
    }

    /// Says what to do next.
    pub fn poll(&mut self, now: Now, hosts: &mut HostState, auth: &mut AuthState) -> Step {
        let came = self.came.take();
        match core::mem::replace(&mut self.state, State::Done) {
            State::Start => self.authorize(now, hosts, auth, None),
            State::Token { until, host } => match came {
                Some(Outcome::Token(Ok(()))) => self.send(now, hosts, auth, host),
                Some(Outcome::Token(Err(error))) => Step::Done(Err(error)),
                _ if now.mono >= until => Step::Done(Err(token_timeout())),
                _ => {
                    self.state = State::Token { until, host };
                    Step::WaitUntil(until)
                }
            },
            State::Sent { until, host } => match came {
                Some(Outcome::Success(reply)) => {
                    self.answered(now, hosts, &host);
                    Step::Done(Ok(reply))
                }
                Some(Outcome::Refused { status, error }) => {
                    self.refused(now, hosts, auth, host, status, error)
                }
                Some(Outcome::Failed(error)) => self.failed(now, hosts, auth, &host, &error),
                Some(Outcome::Token(_)) | None if now.mono < until => {
                    self.state = State::Sent { until, host };
                    Step::WaitUntil(until)
                }
                Some(Outcome::Token(_)) | None => {
                    let error = TransportError::new(FailureKind::Timeout);
                    self.failed(now, hosts, auth, &host, &error)
                }
            },
            State::Done => Step::Done(Err(ErrorInfo::new(
                ErrorCode::INTERNAL,
                500,
                "this request was over already",
            ))),
        }
    }

    /// Sends, or gets a token first.
    fn authorize(
        &mut self,
        now: Now,
        hosts: &mut HostState,
        auth: &mut AuthState,
        host: Option<Str>,
    ) -> Step {
        if self.is_anonymous {
            return self.send(now, hosts, auth, host);
        }
        match auth.need(now, false) {
            Need::Ready => self.send(now, hosts, auth, host),
            Need::Fetch => self.fetch(now, auth, host),
            Need::Impossible(error) => Step::Done(Err(error)),
        }
    }

    fn fetch(&mut self, now: Now, auth: &AuthState, host: Option<Str>) -> Step {
        let until = now.mono.after(self.policy.token_timeout);
        self.state = State::Token { until, host };
        Step::NeedToken {
            generation: auth.generation(),
        }
    }

    /// Sends to `host`, or to the next one.
    fn send(
        &mut self,
        now: Now,
        hosts: &mut HostState,
        auth: &AuthState,
        host: Option<Str>,
    ) -> Step {
        if !self.is_anonymous && auth.lacks_token() {
            // `authorize` has given up the one that was there a moment ago.
            return self.fetch(now, auth, host);
        }
        let Some(host) = host.or_else(|| self.next_host(now, hosts)) else {
            return Step::Done(Err(ErrorInfo::new(
                ErrorCode::INTERNAL,
                500,
                "there is no host to send the request to",
            )));
        };
        let is_first = self.began.is_none();
        let began = *self.began.get_or_insert(now.mono);
        let mut until = now.mono.after(self.policy.request_timeout);
        if !is_first {
            until = until.min(began.after(self.policy.max_retry_duration));
        }
        self.state = State::Sent {
            until,
            host: host.clone(),
        };
        self.generation = auth.generation();
        let authorization = if self.is_anonymous {
            None
        } else {
            auth.authorization()
        };
        Step::Send {
            host,
            authorization,
        }
    }

    /// The remembered fallback first, alone; when it fails, the whole list from its beginning.
    /// Spec: RSC15f, RSC25.
    fn next_host(&mut self, now: Now, hosts: &mut HostState) -> Option<Str> {
        if self.began.is_none() {
            if let Some(host) = hosts.remembered(now) {
                return Some(host);
            }
        }
        let connected = self.connected.as_ref();
        self.hosts
            .get_or_insert_with(|| hosts.sequence(connected))
            .pop()
    }

    /// `host` is alive. A preferred fallback does not become so for longer. Spec: RSC15f.
    fn answered(&self, now: Now, hosts: &mut HostState, host: &Str) {
        let by_sequence = self.hosts.is_some();
        if by_sequence && self.connected.as_ref() != Some(host) {
            hosts.remember(now, host, &self.policy);
        }
    }

    /// An answer that is an error.
    fn refused(
        &mut self,
        now: Now,
        hosts: &mut HostState,
        auth: &mut AuthState,
        host: Str,
        status: u16,
        error: ErrorInfo,
    ) -> Step {
        // RSC15l3.
        if (500..=504).contains(&status) {
            return self.next_or(now, hosts, auth, &host, error);
        }
        self.answered(now, hosts, &host);
        if !error.is_token_error() || self.is_anonymous {
            return Step::Done(Err(error));
        }
        // RSC10, with the new token and only once: 2.12.0 sends the old one for ever.
        let is_newer = auth.generation() != self.generation;
        if self.has_renewed || (is_newer && self.resends == MAX_RESENDS) {
            return Step::Done(Err(error));
        }
        // What the old token cost does not count against the new one's retries.
        self.began = None;
        if is_newer {
            self.resends += 1;
            return self.send(now, hosts, auth, Some(host));
        }
        self.has_renewed = true;
        match auth.need(now, true) {
            Need::Ready => Step::Done(Err(error)),
            Need::Fetch => self.fetch(now, auth, Some(host)),
            Need::Impossible(why) => Step::Done(Err(because(&why, error))),
        }
    }

    /// No answer.
    fn failed(
        &mut self,
        now: Now,
        hosts: &mut HostState,
        auth: &AuthState,
        host: &Str,
        failure: &TransportError,
    ) -> Step {
        let error = failure_info(failure);
        // RSC15l1, RSC15l2. Another host would not mend a certificate or a body that is too large.
        match failure.kind {
            FailureKind::Dns
            | FailureKind::Refused
            | FailureKind::Unreachable
            | FailureKind::Timeout
            | FailureKind::Closed { .. } => self.next_or(now, hosts, auth, host, error),
            _ => Step::Done(Err(error)),
        }
    }

    /// The next host while there is one and time, else `error`.
    fn next_or(
        &mut self,
        now: Now,
        hosts: &mut HostState,
        auth: &AuthState,
        host: &Str,
        error: ErrorInfo,
    ) -> Step {
        hosts.forget(host);
        if self.hosts.as_ref().is_some_and(Vec::is_empty) {
            return Step::Done(Err(error));
        }
        let spent = now.mono.since(self.began.unwrap_or(now.mono));
        if spent >= self.policy.max_retry_duration {
            return Step::Done(Err(out_of_time(error)));
        }
        self.send(now, hosts, auth, None)
    }
}

fn token_timeout() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::AUTH_CALLBACK_FAILED,
        401,
        "getting a token took longer than realtimeRequestTimeout and httpMaxRetryDuration",
    )
}

/// `why` there is no new token, after the old one was refused with `cause`. Spec: RSA4a2.
fn because(why: &ErrorInfo, cause: ErrorInfo) -> ErrorInfo {
    let message = String::from(why.message());
    ErrorInfo::builder(why.code(), why.status_code(), message)
        .cause(cause)
        .build()
}

/// Spec: TO3l6.
fn out_of_time(last: ErrorInfo) -> ErrorInfo {
    ErrorInfo::builder(
        ErrorCode::TIMEOUT,
        500,
        "no host answered within httpMaxRetryDuration; the cause is the last failure",
    )
    .cause(last)
    .build()
}

fn failure_info(failure: &TransportError) -> ErrorInfo {
    let (code, status) = match failure.kind {
        FailureKind::Timeout => (ErrorCode::TIMEOUT, 500),
        FailureKind::Protocol => (ErrorCode::PROTOCOL_ERROR, 400),
        _ => (ErrorCode::DISCONNECTED, 404),
    };
    ErrorInfo::builder(
        code,
        status,
        alloc::format!("the request failed: {failure}"),
    )
    .source(Arc::new(failure.clone()))
    .build()
}
