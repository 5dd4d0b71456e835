//! [`RestApi`]: what every client can ask.
//!
//! Spec: RSC16.

use ably_base::{
    ErrorCode, ErrorInfo, HasRest,
    engine::{BoxFuture, HttpReply},
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};

/// REST operations of a client.
pub trait RestApi: HasRest {
    /// Asks the server for its time, in ms since the epoch. Sends no credential. From then on the
    /// client knows when a token has expired.
    ///
    /// # Errors
    /// - `40019` there is no HTTP client.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSC16, RTC6.
    fn time(&self) -> BoxFuture<Result<i64, ErrorInfo>> {
        let core = self.rest_core();
        Box::pin(async move {
            let core = core?;
            let path = RestPath::of(["time"])?;
            let reply = core.request(RestRequest::get(path).anonymous()).await?;
            let time = read(&core, &reply)?;
            core.learn_server_time(time);
            Ok(time)
        })
    }
}

impl<T: HasRest + ?Sized> RestApi for T {}

/// `[ms]`.
fn read(core: &RestCore, reply: &HttpReply) -> Result<i64, ErrorInfo> {
    match core.codec_of(reply)?.decode_value(&reply.body)? {
        Value::List(items) => match items.as_slice() {
            [Value::Int(ms)] => Ok(*ms),
            _ => Err(unexpected()),
        },
        _ => Err(unexpected()),
    }
}

fn unexpected() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INTERNAL,
        500,
        "the server's answer to GET /time is not a time",
    )
}
