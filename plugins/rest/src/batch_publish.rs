//! Publishing to many channels with one request.
//!
//! Spec: RSC22, BSP, BPR.

use std::sync::Arc;

use ably_base::{
    ChannelOptions, ErrorInfo, Message, Str,
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};
use bytes::BytesMut;

use crate::{
    BatchFailureResult, BatchResult,
    batch::{invalid, unreadable},
    publish::give_ids,
};

/// What to publish on which channels: every message on every channel.
///
/// Spec: BSP1–BSP2.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BatchPublishSpec {
    /// The names of the channels. Spec: BSP2a.
    pub channels: Vec<Str>,
    /// The messages. Spec: BSP2b.
    pub messages: Vec<Message>,
}

impl BatchPublishSpec {
    /// These messages on these channels.
    pub fn new<N: Into<Str>>(
        channels: impl IntoIterator<Item = N>,
        messages: impl IntoIterator<Item = Message>,
    ) -> Self {
        Self {
            channels: channels.into_iter().map(Into::into).collect(),
            messages: messages.into_iter().collect(),
        }
    }
}

/// What came of one channel.
pub type BatchPublishResult = Result<BatchPublishSuccessResult, BatchPublishFailureResult>;

/// A channel on which the messages were published.
///
/// Spec: BPR1–BPR2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchPublishSuccessResult {
    /// The channel. Spec: BPR2a.
    pub channel: Str,
    /// What the ids of the messages begin with. Spec: BPR2b.
    pub message_id: Str,
}

/// A channel on which nothing was published.
pub type BatchPublishFailureResult = BatchFailureResult;

/// One [`BatchPublishSpec`] or a list of them.
pub trait BatchPublish: sealed::Sealed {
    /// One [`BatchResult`] for one spec, a list for a list.
    type Answer: Send + 'static;

    #[doc(hidden)]
    fn into_specs(self) -> (Vec<BatchPublishSpec>, Read<Self::Answer>);
}

type Results = Vec<BatchResult<BatchPublishResult>>;

/// Takes from the results what the application asked for.
type Read<T> = fn(Results) -> Result<T, ErrorInfo>;

impl BatchPublish for BatchPublishSpec {
    type Answer = BatchResult<BatchPublishResult>;

    fn into_specs(self) -> (Vec<BatchPublishSpec>, Read<Self::Answer>) {
        let only = |results: Results| results.into_iter().next().ok_or_else(unreadable);
        (vec![self], only)
    }
}

impl BatchPublish for Vec<BatchPublishSpec> {
    type Answer = Results;

    fn into_specs(self) -> (Vec<BatchPublishSpec>, Read<Self::Answer>) {
        (self, Ok)
    }
}

impl BatchPublish for &[BatchPublishSpec] {
    type Answer = Results;

    fn into_specs(self) -> (Vec<BatchPublishSpec>, Read<Self::Answer>) {
        (self.to_vec(), Ok)
    }
}

impl<const N: usize> BatchPublish for [BatchPublishSpec; N] {
    type Answer = Results;

    fn into_specs(self) -> (Vec<BatchPublishSpec>, Read<Self::Answer>) {
        (self.into(), Ok)
    }
}

mod sealed {
    use super::BatchPublishSpec;

    pub trait Sealed {}

    impl Sealed for BatchPublishSpec {}
    impl Sealed for Vec<BatchPublishSpec> {}
    impl Sealed for &[BatchPublishSpec] {}
    impl<const N: usize> Sealed for [BatchPublishSpec; N] {}
}

pub(crate) async fn send(
    core: RestCore,
    specs: Vec<BatchPublishSpec>,
) -> Result<Results, ErrorInfo> {
    if specs.is_empty() {
        return Err(invalid("a batch needs something to publish"));
    }
    let specs = specs.into_iter().map(|spec| encode(&core, spec));
    let specs = Value::List(specs.collect::<Result<_, _>>()?);
    let mut body = BytesMut::new();
    core.codec(core.format())?.encode_value(&specs, &mut body)?;
    let path = RestPath::of(["messages"])?;
    let request = RestRequest::post(path, body.freeze());
    let reply = core.request(request).await?;
    let Value::List(results) = core.codec_of(&reply)?.decode_value(&reply.body)? else {
        return Err(unreadable());
    };
    let results = results.into_iter().map(|result| {
        BatchResult::read(result, |channel, part| {
            Ok(BatchPublishSuccessResult {
                channel,
                message_id: part.text("messageId").unwrap_or_default(),
            })
        })
    });
    results.collect()
}

/// Spec: RSC22c, RSC22d, RSL4.
fn encode(core: &RestCore, spec: BatchPublishSpec) -> Result<Value, ErrorInfo> {
    if spec.channels.is_empty() {
        return Err(invalid("a batch needs channels to publish on"));
    }
    if spec.messages.is_empty() {
        return Err(invalid("a batch needs messages to publish"));
    }
    let mut messages = spec.messages;
    give_ids(core, &mut messages);
    let mut chain = core.open_chain(&ChannelOptions::default())?;
    let messages = messages.into_iter().map(|mut message| {
        let data = std::mem::take(&mut message.data);
        let encoding = message.encoding.take();
        (message.data, message.encoding) =
            core.with_entropy(|entropy| chain.encode(data, encoding, entropy))?;
        Ok(Arc::new(message))
    });
    let messages = messages.collect::<Result<Vec<_>, ErrorInfo>>()?;
    let codec = core.codec(core.format())?;
    let mut written = BytesMut::new();
    codec.encode_messages(&messages, &mut written)?;
    let messages = codec.decode_value(&written.freeze())?;
    let channels = spec.channels.into_iter().map(Value::Text).collect();
    Ok(Value::Map(vec![
        (Str::from_static("channels"), Value::List(channels)),
        (Str::from_static("messages"), messages),
    ]))
}
