//! The server's time.
//!
//! Spec: RSC16.

use ably_base::{
    ErrorCode, ErrorInfo,
    engine::HttpReply,
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};

/// Asks for it, and has the client learn it.
pub(crate) async fn ask(core: Result<RestCore, ErrorInfo>) -> Result<i64, ErrorInfo> {
    let core = core?;
    let path = RestPath::of(["time"])?;
    let reply = core.request(RestRequest::get(path).anonymous()).await?;
    let time = read(&core, &reply)?;
    core.learn_server_time(time);
    Ok(time)
}

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
