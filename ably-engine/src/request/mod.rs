//! REST requests as a state machine: which host, how often, with which credential.
//!
//! [`RequestMachine`] builds no request and reads no body; it says what to do next and is told what
//! came of it. [`HostState`] remembers hosts and [`crate::AuthState`] credentials for all requests
//! of a client. What a reply means is told by [`Outcome::of_reply`], outside any lock.
//!
//! ```text
//!            .-------- token refused, another one to be had: once ---------.
//!            v                                                             |
//!  start -> [token?] -> NeedToken -> Send -> waiting --reply-----------> Done
//!                                      ^        |
//!                                      `--------'  host failed or took too long: the next host
//! ```
//!
//! Spec: RSC10, RSC15, RSC25, RTN17e, RSA4a2, RSA4b, TO3l4–TO3l6, TO3l10.

mod hosts;
mod machine;
mod reply;

pub use hosts::HostState;
pub use machine::{RequestMachine, Step};
pub use reply::{Outcome, read_error};

use core::time::Duration;

/// Limits of a request, with ably-js's defaults.
///
/// Spec: TO3l.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestPolicy {
    /// For one attempt (10 s). Spec: TO3l4.
    pub request_timeout: Duration,
    /// Most fallback hosts tried for one request (3). Spec: TO3l5.
    pub max_retry_count: u32,
    /// For all attempts together (15 s); cuts a retry short, never the first attempt. Spec: TO3l6.
    pub max_retry_duration: Duration,
    /// How long a fallback host that worked is preferred (10 minutes). Spec: TO3l10.
    pub fallback_retry_timeout: Duration,
    /// How long a token may take (10 s).
    pub token_timeout: Duration,
}

impl Default for RequestPolicy {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            max_retry_count: 3,
            max_retry_duration: Duration::from_secs(15),
            fallback_retry_timeout: Duration::from_secs(600),
            token_timeout: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests;
