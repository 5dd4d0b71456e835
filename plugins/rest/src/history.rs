//! [`History`]: what was published on a channel.
//!
//! Spec: RSL2, RTL10.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ably_base::{
    Channel, ChannelState, ErrorCode, ErrorInfo, Message, RestChannel, engine::BoxFuture,
    rest::RestPath,
};

use crate::{decode::Messages, page::PaginatedResult};

/// Which messages are wanted, and in what order. Both times are inclusive.
///
/// Spec: RSL2b, RTL10a, RTL10b.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct HistoryQuery {
    params: Vec<(String, String)>,
    until_attach: bool,
}

/// A time in ms since the epoch, which is how Ably writes times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl From<i64> for UnixMillis {
    fn from(ms: i64) -> Self {
        Self(ms)
    }
}

/// Rounded towards the epoch.
impl From<SystemTime> for UnixMillis {
    fn from(time: SystemTime) -> Self {
        let ms = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Self(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => ms(after),
            Err(before) => -ms(before.duration()),
        })
    }
}

/// The order of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Newest first: the server's default.
    Backwards,
    /// Oldest first.
    Forwards,
}

impl HistoryQuery {
    /// The newest hundred, the newest first.
    pub fn new() -> Self {
        Self::default()
    }

    /// From this time on: ms since the epoch or a [`SystemTime`]. Spec: RSL2b1, RSP4b1.
    pub fn start(self, time: impl Into<UnixMillis>) -> Self {
        self.param("start", time.into().0)
    }

    /// Up to this time: ms since the epoch or a [`SystemTime`]. Spec: RSL2b1, RSP4b1.
    pub fn end(self, time: impl Into<UnixMillis>) -> Self {
        self.param("end", time.into().0)
    }

    /// In this order. Spec: RSL2b2.
    pub fn direction(self, direction: Direction) -> Self {
        self.param(
            "direction",
            match direction {
                Direction::Backwards => "backwards",
                Direction::Forwards => "forwards",
            },
        )
    }

    /// So many a page; the server's default is 100 and its maximum 1000. Spec: RSL2b3.
    pub fn limit(self, n: u32) -> Self {
        self.param("limit", n)
    }

    /// Only what came before the channel was attached, so that nothing is missed or seen twice
    /// beside a subscription. Realtime channels only. Spec: RTL10b.
    pub fn until_attach(mut self) -> Self {
        self.until_attach = true;
        self
    }

    /// Any other parameter, in place of an earlier one of this name.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let name = name.into();
        self.params.retain(|(n, _)| *n != name);
        self.params.push((name, value.to_string()));
        self
    }

    /// For a channel that is never attached.
    pub(crate) fn without_attach(self) -> Result<Vec<(String, String)>, ErrorInfo> {
        if self.until_attach {
            return Err(refused("until_attach is for channels of a realtime client"));
        }
        Ok(self.params)
    }

    /// For a channel that may be attached. Spec: RTL10b.
    pub(crate) fn of_channel(self, channel: &Channel) -> Result<Vec<(String, String)>, ErrorInfo> {
        if !self.until_attach {
            return Ok(self.params);
        }
        if channel.state() != ChannelState::Attached {
            return Err(refused("until_attach needs the channel to be attached"));
        }
        let serial = channel.properties().attach_serial.ok_or_else(|| {
            refused("until_attach needs to know where the channel was attached, and the server did not say")
        })?;
        Ok(self.param("from_serial", serial).params)
    }
}

/// The default query.
impl From<()> for HistoryQuery {
    fn from((): ()) -> Self {
        Self::new()
    }
}

fn refused(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, why)
}

/// The history of a channel.
pub trait History {
    /// Asks for messages of the channel, page by page; `()` for the newest hundred. They come
    /// decoded and, with the channel's cipher, decrypted; one that cannot be decoded keeps the rest
    /// of its encoding.
    ///
    /// # Errors
    /// - `40000` until-attach is asked for and the channel is not attached.
    /// - `40019` there is no HTTP client.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSL2, RTL10.
    fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Arc<Message>>, ErrorInfo>>;
}

impl History for RestChannel {
    fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Arc<Message>>, ErrorInfo>> {
        let query = query.into().without_attach();
        let path = RestPath::of_channel(self.name(), ["messages"]);
        let decode = Messages::new(self.options());
        PaginatedResult::first_page(Ok(self.core().clone()), path, query, decode)
    }
}

impl History for Channel {
    fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Arc<Message>>, ErrorInfo>> {
        let query = query.into().of_channel(self);
        let path = RestPath::of_channel(self.name(), ["messages"]);
        let decode = Messages::new(self.options());
        PaginatedResult::first_page(self.rest_core(), path, query, decode)
    }
}
