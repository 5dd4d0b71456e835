//! Bodies to messages.
//!
//! Spec: RSL6, RSL2a, RSP3a, RSP4a, TM2.

use std::sync::Arc;

use ably_base::{
    ChannelOptions, Data, DecodeFailure, ErrorCode, ErrorInfo, LogLevel, Message, MessageMeta,
    PresenceMessage, Str,
    engine::{HttpReply, encoding::Chain},
    protocol::{Item, Value},
    rest::RestCore,
};

use crate::page::DecodePage;

/// A page of messages of a channel with these options.
pub(crate) struct Messages(ChannelOptions);

impl Messages {
    pub(crate) fn new(options: ChannelOptions) -> Self {
        Self(options)
    }
}

impl DecodePage<Arc<Message>> for Messages {
    fn decode(&self, core: &RestCore, reply: &HttpReply) -> Result<Vec<Arc<Message>>, ErrorInfo> {
        let mut chain = core.open_chain(&self.0)?;
        let messages = core.codec_of(reply)?.decode_messages(&reply.body)?;
        let decoded = messages.into_iter().map(|mut shared| {
            let m = Arc::make_mut(&mut shared);
            let id = m.id.clone();
            undo(core, &mut chain, id, &mut m.data, &mut m.encoding);
            m.fill_defaults();
            shared
        });
        Ok(decoded.collect())
    }
}

/// A page of presence messages of a channel with these options.
pub(crate) struct PresenceMessages(ChannelOptions);

impl PresenceMessages {
    pub(crate) fn new(options: ChannelOptions) -> Self {
        Self(options)
    }
}

impl DecodePage<PresenceMessage> for PresenceMessages {
    fn decode(
        &self,
        core: &RestCore,
        reply: &HttpReply,
    ) -> Result<Vec<PresenceMessage>, ErrorInfo> {
        let mut chain = core.open_chain(&self.0)?;
        let Value::List(items) = core.codec_of(reply)?.decode_value(&reply.body)? else {
            return Err(malformed());
        };
        let decoded = items
            .into_iter()
            .map(|item| presence_message(core, &mut chain, item));
        decoded.collect()
    }
}

/// Reads a presence message and undoes its encoding as far as it goes.
pub(crate) fn presence_message(
    core: &RestCore,
    chain: &mut Chain,
    item: Value,
) -> Result<PresenceMessage, ErrorInfo> {
    let Value::Map(fields) = item else {
        return Err(malformed());
    };
    let mut m = PresenceMessage::from_item(&Item::from_fields(fields))?;
    let id = m.id.clone();
    undo(core, chain, id, &mut m.data, &mut m.encoding);
    Ok(m)
}

fn malformed() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        "the server's answer is not a list of presence messages",
    )
}

/// Undoes the encoding as far as it goes.
fn undo(
    core: &RestCore,
    chain: &mut Chain,
    id: Option<Str>,
    data: &mut Data,
    encoding: &mut Option<Str>,
) {
    let mut meta = MessageMeta::default();
    meta.id = id.as_deref().unwrap_or_default();
    let done = chain.decode(std::mem::take(data), encoding.take(), &meta);
    *data = done.data;
    *encoding = done.encoding;
    if let Some(
        DecodeFailure::Leave(error) | DecodeFailure::Recover(error) | DecodeFailure::Fail(error),
    ) = done.failure
    {
        core.log(LogLevel::Error, || {
            format!("a message could not be decoded: {error}")
        });
    }
}
