//! Whether there is a network at all: a small request that tells a dead network from a dead host.
//!
//! Spec: REC3, RTN17j.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

use ably_engine::{HttpRequest, TransportError};

use super::RestCore;
use crate::ext::collect;

/// Asked unless the options say otherwise; it answers `yes`. Spec: REC3a.
const DEFAULT_URL: &str = "https://internet-up.ably-realtime.com/is-the-internet-up.txt";
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024;

/// What the options say about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connectivity {
    /// The application's own URL. Spec: REC3b.
    pub(crate) url: Option<String>,
    pub(crate) is_disabled: bool,
}

impl RestCore {
    /// Asks a host that is not Ably's service whether the network can be reached: the
    /// `connectivity_check_url` of the options. No credential is sent.
    ///
    /// True when the answer is `yes`, from a URL of the application's any status of 200 to 399, as
    /// redirects are not followed; false when there is another answer or none within
    /// `http_request_timeout`. True without asking when `disable_connectivity_check` is set, or the
    /// HTTP client has no TLS for the URL.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: REC3, RTN17j.
    pub async fn check_connectivity(&self) -> bool {
        let Connectivity { url, is_disabled } = &self.config().connectivity;
        let address = match url.as_deref() {
            None => String::from(DEFAULT_URL),
            Some(url) if url.contains("://") => url.into(),
            Some(url) => format!("https://{url}"),
        };
        let needs_tls = address.starts_with("https:");
        if *is_disabled || (needs_tls && !self.http().has_tls()) {
            return true;
        }
        let executed = self.http().execute(HttpRequest::new("GET", address));
        let only_status = url.is_some();
        let mut asking = Box::pin(async move {
            let response = executed.await?;
            if only_status {
                return Ok((200..400).contains(&response.status));
            }
            if !(200..300).contains(&response.status) {
                return Ok(false);
            }
            let reply = collect(response, MAX_ANSWER).await?;
            Ok::<_, TransportError>(reply.body.trim_ascii() == b"yes")
        });
        let until = self.runtime().now().mono;
        let until = until.after(self.config().policy.request_timeout);
        let mut timer = self.runtime().timer();
        let answered = poll_fn(|cx| match asking.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(answer.ok()),
            Poll::Pending => timer.poll_until(cx, until).map(|()| None),
        });
        answered.await.unwrap_or(false)
    }
}
