//! [`RestPresence`]: who is, and was, present on a channel.
//!
//! Spec: RSP, RTP12.

use ably_base::{
    ErrorInfo, PresenceMessage, PresenceOf, RestChannel, engine::BoxFuture, rest::RestPath,
};

use crate::{HistoryQuery, decode::PresenceMessages, page::PaginatedResult};

/// Which members are wanted.
///
/// Spec: RSP3a.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct PresenceQuery(Vec<(String, String)>);

impl PresenceQuery {
    /// All members.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many a page; the server's default is 100 and its maximum 1000. Spec: RSP3a1.
    pub fn limit(self, n: u32) -> Self {
        self.param("limit", n)
    }

    /// Only this client. Spec: RSP3a2.
    pub fn client_id(self, id: impl ToString) -> Self {
        self.param("clientId", id)
    }

    /// Only this connection. Spec: RSP3a3.
    pub fn connection_id(self, id: impl ToString) -> Self {
        self.param("connectionId", id)
    }

    /// Any other parameter, in place of an earlier one of this name.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let name = name.into();
        self.0.retain(|(n, _)| *n != name);
        self.0.push((name, value.to_string()));
        self
    }
}

/// All members.
impl From<()> for PresenceQuery {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// Presence of a REST channel.
pub trait RestPresenceApi {
    /// Who is present, and who was. Spec: RSL3.
    fn presence(&self) -> RestPresence;
}

impl RestPresenceApi for RestChannel {
    fn presence(&self) -> RestPresence {
        RestPresence(self.clone())
    }
}

/// The history of the presence of a realtime channel.
pub trait PresenceHistory {
    /// Asks who came, left and changed; `()` for the newest hundred events.
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
    /// Spec: RTP12.
    fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PresenceMessage>, ErrorInfo>>;
}

impl<P: PresenceOf> PresenceHistory for P {
    fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PresenceMessage>, ErrorInfo>> {
        let channel = self.channel();
        let path = RestPath::of_channel(channel.name(), ["presence", "history"]);
        let query = query.into().of_channel(channel);
        let decode = PresenceMessages::new(channel.options());
        PaginatedResult::first_page(channel.rest_core(), path, query, decode)
    }
}

/// Presence of a REST channel; equal to another one when it is of the same channel.
///
/// Spec: RSP1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestPresence(RestChannel);

impl RestPresence {
    /// Asks who is present; `()` for everyone.
    ///
    /// # Errors
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSP3.
    pub fn get(
        &self,
        query: impl Into<PresenceQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PresenceMessage>, ErrorInfo>> {
        self.pages(&["presence"], Ok(query.into().0))
    }

    /// Asks who came, left and changed; `()` for the newest hundred events.
    ///
    /// # Errors
    /// - as [`RestPresence::get`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSP4.
    pub fn history(
        &self,
        query: impl Into<HistoryQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PresenceMessage>, ErrorInfo>> {
        self.pages(&["presence", "history"], query.into().without_attach())
    }

    fn pages(
        &self,
        under: &[&'static str],
        query: Result<Vec<(String, String)>, ErrorInfo>,
    ) -> BoxFuture<Result<PaginatedResult<PresenceMessage>, ErrorInfo>> {
        let path = RestPath::of_channel(self.0.name(), under.iter().copied());
        let decode = PresenceMessages::new(self.0.options());
        PaginatedResult::first_page(Ok(self.0.core().clone()), path, query, decode)
    }
}
