//! [`RestPublish`]: publishing without a connection.
//!
//! Spec: RSL1, RSL4, RSL5, RSL1k, TM6.

use std::{future::IntoFuture, sync::Arc};

use ably_base::{
    Data, ErrorCode, ErrorInfo, Message, RestChannel, Str,
    engine::BoxFuture,
    rest::{RestCore, RestPath, RestRequest},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::BytesMut;

/// Random bytes of an id, as in ably-js.
const ID_BYTES: usize = 9;

/// Publishing on a REST channel.
///
/// Nothing is sent until the [`Publish`] is awaited.
pub trait RestPublish {
    /// Publishes one message.
    ///
    /// # Errors
    /// Those of [`Publish`], when it is awaited.
    ///
    /// # Cancel safety
    /// As [`Publish`].
    ///
    /// Spec: RSL1.
    fn publish(&self, name: impl Into<Str>, data: impl Into<Data>) -> Publish {
        self.publish_messages(vec![Message::new(name, data)])
    }

    /// Publishes one message with all its fields.
    ///
    /// # Errors
    /// Those of [`Publish`], when it is awaited.
    ///
    /// # Cancel safety
    /// As [`Publish`].
    ///
    /// Spec: RSL1.
    fn publish_message(&self, message: Message) -> Publish {
        self.publish_messages(vec![message])
    }

    /// Publishes several messages together: all are taken or none.
    ///
    /// # Errors
    /// Those of [`Publish`], when it is awaited.
    ///
    /// # Cancel safety
    /// As [`Publish`].
    ///
    /// Spec: RSL1.
    fn publish_messages(&self, messages: Vec<Message>) -> Publish;
}

impl RestPublish for RestChannel {
    fn publish_messages(&self, messages: Vec<Message>) -> Publish {
        Publish {
            channel: self.clone(),
            messages,
            params: Vec::new(),
        }
    }
}

/// A publish, to be awaited.
///
/// Resolves when the server has taken the messages, as a list in one POST to
/// `/channels/NAME/messages`. Unless `idempotent_rest_publishing` is off, messages of which none
/// has an id get `BASE:0`, `BASE:1` and so on, so that a retry cannot publish twice.
///
/// # Errors
/// - `40009` larger than `max_message_size` (65,536 bytes, after encoding).
/// - `40010` the channel is called `.` or `..`, or has no name.
/// - `40012` a clientId that this client may not use.
/// - `40013` data that cannot be sent. What a cipher says: nothing is sent then.
/// - `40160` the capability does not allow it, and other refusals of the server.
/// - `50003` no answer in time; `80003` no host could be reached.
///
/// # Cancel safety
/// Dropping the future abandons the request; the server may have taken the messages.
///
/// Spec: RSL1.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Publish {
    channel: RestChannel,
    messages: Vec<Message>,
    params: Vec<(String, String)>,
}

impl Publish {
    /// Adds a parameter to the request's query. Spec: RSL1l.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    async fn send(self) -> Result<(), ErrorInfo> {
        let core = self.channel.core();
        let path = RestPath::of_channel(self.channel.name(), ["messages"])?;
        let mut messages = self.messages;
        check_client_ids(core, &messages)?;
        give_ids(core, &mut messages);
        let messages = encode(core, &self.channel, messages)?;
        let mut body = BytesMut::new();
        core.codec(core.format())?
            .encode_messages(&messages, &mut body)?;
        let request = RestRequest::post(path, body.freeze()).queries(self.params);
        core.request(request).await.map(drop)
    }
}

impl IntoFuture for Publish {
    type Output = Result<(), ErrorInfo>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Gives ids to messages that are published together, if none has one. Spec: RSL1k1, RSL1k3.
pub(crate) fn give_ids(core: &RestCore, messages: &mut [Message]) {
    if core.idempotent_publishing() && messages.iter().all(has_no_id) {
        let mut random = [0; ID_BYTES];
        core.with_entropy(|entropy| entropy.fill(&mut random));
        let base = BASE64_STANDARD.encode(random);
        for (i, message) in messages.iter_mut().enumerate() {
            message.id = Some(format!("{base}:{i}").into());
        }
    }
}

fn has_no_id(message: &Message) -> bool {
    message.id.as_deref().is_none_or(str::is_empty)
}

/// Spec: RSL1m, RTL6g3; 2.12.0 leaves it to the server, which answers with the same code.
fn check_client_ids(core: &RestCore, messages: &[Message]) -> Result<(), ErrorInfo> {
    let own = core.client_id().filter(|id| *id != "*");
    for claimed in messages.iter().filter_map(|m| m.client_id.as_ref()) {
        if *claimed == "*" || own.as_ref().is_some_and(|own| own != claimed) {
            return Err(ErrorInfo::new(
                ErrorCode::INVALID_CLIENT_ID,
                400,
                "a message names a clientId that this client may not use",
            ));
        }
    }
    Ok(())
}

/// Applies the channel's chain and checks the size. Spec: RSL1i, RSL4, RSL5.
fn encode(
    core: &RestCore,
    channel: &RestChannel,
    messages: Vec<Message>,
) -> Result<Vec<Arc<Message>>, ErrorInfo> {
    let mut chain = core.open_chain(&channel.options())?;
    let mut size = 0;
    let encoded: Result<Vec<_>, ErrorInfo> = messages
        .into_iter()
        .map(|mut message| {
            let data = std::mem::take(&mut message.data);
            let encoding = message.encoding.take();
            (message.data, message.encoding) =
                core.with_entropy(|entropy| chain.encode(data, encoding, entropy))?;
            size += message.size() as u64;
            Ok(Arc::new(message))
        })
        .collect();
    let limit = core.max_message_size();
    if size > limit {
        return Err(ErrorInfo::new(
            ErrorCode::MESSAGE_TOO_LARGE,
            400,
            format!(
                "the messages are larger than may be published at once: {size} bytes, the limit \
                 is {limit}"
            ),
        ));
    }
    encoded
}
