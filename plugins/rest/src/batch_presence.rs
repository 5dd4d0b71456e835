//! Who is present on many channels.
//!
//! Spec: RSC24, BGR.

use ably_base::{
    ChannelOptions, ErrorCode, ErrorInfo, PresenceMessage, Str,
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};

use crate::{
    BatchFailureResult, BatchResult,
    batch::{invalid, unreadable},
    decode::presence_message,
};

/// What came of one channel.
pub type BatchPresenceResult = Result<BatchPresenceSuccessResult, BatchPresenceFailureResult>;

/// A channel and who is on it.
///
/// Spec: BGR1–BGR2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchPresenceSuccessResult {
    /// The channel. Spec: BGR2a.
    pub channel: Str,
    /// Its members. Spec: BGR2b.
    pub presence: Vec<PresenceMessage>,
}

/// A channel that may not be looked at.
pub type BatchPresenceFailureResult = BatchFailureResult;

/// The names as the server takes them. It has no way to tell a comma in a name.
pub(crate) fn join<N: AsRef<str>>(
    channels: impl IntoIterator<Item = N>,
) -> Result<String, ErrorInfo> {
    let mut joined = String::new();
    for name in channels {
        let name = name.as_ref();
        if name.is_empty() || name.contains(',') {
            return Err(ErrorInfo::new(
                ErrorCode::INVALID_CHANNEL_NAME,
                400,
                "a channel without a name, or with a comma in it, cannot be asked for in a batch",
            ));
        }
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(name);
    }
    if joined.is_empty() {
        return Err(invalid("a batch needs channels to ask for"));
    }
    Ok(joined)
}

pub(crate) async fn ask(
    core: RestCore,
    names: String,
) -> Result<BatchResult<BatchPresenceResult>, ErrorInfo> {
    let path = RestPath::of(["presence"])?;
    let request = RestRequest::get(path).query("channels", names);
    let reply = core.request(request).await?;
    let answer = core.codec_of(&reply)?.decode_value(&reply.body)?;
    let mut chain = core.open_chain(&ChannelOptions::default())?;
    BatchResult::read(answer, |channel, part| {
        let Some(Value::List(members)) = part.get("presence") else {
            return Err(unreadable());
        };
        let members = members.iter().cloned();
        let presence = members.map(|member| presence_message(&core, &mut chain, member));
        Ok(BatchPresenceSuccessResult {
            channel,
            presence: presence.collect::<Result<_, _>>()?,
        })
    })
}
