//! [`StatsApi`]: asking for statistics.
//!
//! Spec: RSC6, RTC5.

use ably_base::{
    ErrorCode, ErrorInfo, Format, HasRest,
    engine::{BoxFuture, HttpReply},
    protocol::{Item, Value},
    rest::{RestCore, RestPath, RestRequest},
};
use ably_rest::{DecodePage, PaginatedResult};

use crate::{Stats, StatsQuery};

/// Statistics of the application that a client belongs to.
pub trait StatsApi: HasRest {
    /// Asks for statistics, page by page; `()` for the newest hundred minutes that have any.
    ///
    /// The answer is asked for in JSON whatever the client's format, as in ably-js.
    ///
    /// # Errors
    /// - `40019` there is no HTTP client.
    /// - `40003` a start after the end, or a limit over 1000, and other refusals of the server.
    /// - `40160` the capability does not allow it: `stats` is missing.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSC6a, RTC5a.
    fn stats(
        &self,
        query: impl Into<StatsQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Stats>, ErrorInfo>> {
        let request = RestPath::of(["stats"])
            .map(|path| RestRequest::get(path).header("Accept", Format::Json.content_type()));
        let query = query.into().into_params();
        PaginatedResult::first_page_of(self.rest_core(), request, Ok(query), StatsPage)
    }
}

impl<T: HasRest + ?Sized> StatsApi for T {}

/// A page of statistics.
struct StatsPage;

impl DecodePage<Stats> for StatsPage {
    fn decode(&self, core: &RestCore, reply: &HttpReply) -> Result<Vec<Stats>, ErrorInfo> {
        let codec = core.codec(reply.format().unwrap_or(Format::Json))?;
        let Value::List(items) = codec.decode_value(&reply.body)? else {
            return Err(malformed());
        };
        let read = items.into_iter().map(|item| match item {
            Value::Map(fields) => Ok(Stats::read(&Item::from_fields(fields))),
            _ => Err(malformed()),
        });
        read.collect()
    }
}

fn malformed() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        "the server's answer is not a list of statistics",
    )
}
