//! [`Machine`]: annotations of one channel.
//!
//! What is published goes out at once, or waits for the connection in the outbox as messages do;
//! it does not wait for the channel. Subscribing waits for the channel where it attaches it, for
//! only then it is known whether the server sends annotations.
//!
//! Spec: RTAN.

use std::{collections::BTreeMap, sync::Arc};

use ably_base::{
    Annotation, AnnotationAction, BehaviourCx, ChannelBehaviour, ChannelChange, ChannelMode,
    ChannelOptions, ChannelState, ChannelStateChange, DecodeFailure, ErrorCode, ErrorInfo,
    LogLevel, MessageMeta,
    engine::{Entropy, Reply, SendId, Ticket, encoding::Chain},
    protocol::{Action, Item, Items, ProtocolMessage},
};

use crate::{MessageSerial, outgoing};

/// What listeners are told: what one message of the server brought, in order.
pub(crate) struct Received(pub(crate) Vec<Arc<Annotation>>);

/// How a subscription went, in the terms of [`ably_base::Subscribed`].
type Subscribing = Option<ChannelStateChange>;

/// Annotations of one channel.
#[derive(Default)]
pub(crate) struct Machine {
    sent: BTreeMap<SendId, Reply<()>>,
    /// Subscriptions that wait for the channel to be attached.
    waiting: Vec<Reply<Subscribing>>,
}

impl ChannelBehaviour for Machine {
    fn on_channel(&mut self, cx: &mut BehaviourCx<'_>, change: &ChannelChange) {
        let result = match change.current {
            ChannelState::Attached if self.waiting.is_empty() => return,
            ChannelState::Attached => check_mode(cx),
            ChannelState::Detaching
            | ChannelState::Detached
            | ChannelState::Suspended
            | ChannelState::Failed => Err(change
                .reason
                .clone()
                .unwrap_or_else(|| cx.channel_state_error())),
            _ => return,
        };
        for reply in std::mem::take(&mut self.waiting) {
            cx.reply(reply, result.clone());
        }
    }

    /// Spec: RTAN4b.
    fn on_message(&mut self, cx: &mut BehaviourCx<'_>, message: &ProtocolMessage) {
        // After these nothing of an earlier attachment is of use any more.
        if matches!(
            cx.channel_state(),
            ChannelState::Initialized | ChannelState::Detached | ChannelState::Failed
        ) {
            return;
        }
        let items = match message.annotations.read() {
            Ok(items) => items,
            Err(error) => {
                return cx.log(LogLevel::Error, || {
                    format!("a message of annotations could not be read: {error}")
                });
            }
        };
        let mut received = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match annotation_of(cx, message, index, item) {
                Ok(annotation) => received.push(annotation),
                Err(error) => cx.log(LogLevel::Error, || {
                    format!("an annotation was left out: {error}")
                }),
            }
        }
        if !received.is_empty() {
            cx.emit(Received(received));
        }
    }

    /// Spec: RTAN1d.
    fn on_sent(&mut self, cx: &mut BehaviourCx<'_>, sent: SendId, result: Result<(), ErrorInfo>) {
        if let Some(reply) = self.sent.remove(&sent) {
            cx.reply(reply, result);
        }
    }
}

impl Machine {
    /// Spec: RTAN1, RTAN2.
    pub(crate) fn publish(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        message: &MessageSerial,
        annotation: Annotation,
        action: AnnotationAction,
    ) -> Ticket<()> {
        match send(cx, message, annotation, action) {
            Err(error) => cx.ready(Err(error)),
            Ok(sent) => {
                let (reply, ticket) = cx.reply_pair();
                self.sent.insert(sent, reply);
                ticket
            }
        }
    }

    /// Attaches the channel if that is wanted, and checks that the server sends annotations.
    ///
    /// Spec: RTAN4d, RTAN4e, RTAN4e1.
    pub(crate) fn subscribe(
        &mut self,
        cx: &mut BehaviourCx<'_>,
        attach: bool,
    ) -> Ticket<Subscribing> {
        let known = match cx.channel_state() {
            ChannelState::Failed => Err(cx.channel_state_error()),
            ChannelState::Attached => check_mode(cx),
            _ if !attach => Ok(None),
            _ => match cx.ensure_attached() {
                Err(error) => Err(error),
                Ok(()) => {
                    let (reply, ticket) = cx.reply_pair();
                    self.waiting.push(reply);
                    return ticket;
                }
            },
        };
        cx.ready(known)
    }
}

/// DEVIATION: RTAN4e - fails as in ably-js; the specification has it log a warning, so that is done
/// too, for those who do not look at the outcome.
fn check_mode(cx: &mut BehaviourCx<'_>) -> Result<Subscribing, ErrorInfo> {
    let modes = cx.channel_modes().unwrap_or_default();
    if modes.contains(&ChannelMode::AnnotationSubscribe) {
        return Ok(None);
    }
    let error = ErrorInfo::new(
        ErrorCode::ANNOTATION_MODE,
        400,
        "the channel is attached without the mode ANNOTATION_SUBSCRIBE, so that no annotations \
         come: ask for it in the modes of the channel's options",
    );
    let name = cx.channel_name();
    cx.log(LogLevel::Error, || format!("{name:?}: {error}"));
    Err(error)
}

fn send(
    cx: &mut BehaviourCx<'_>,
    message: &MessageSerial,
    mut annotation: Annotation,
    action: AnnotationAction,
) -> Result<SendId, ErrorInfo> {
    outgoing::complete(&mut annotation, message.checked()?, action)?;
    let mut chain = Chain::open(&[], &ChannelOptions::default())?;
    outgoing::encode(&mut annotation, &mut chain, &mut Random(cx))?;
    // RTAN1b
    cx.check_connection()?;
    if matches!(
        cx.channel_state(),
        ChannelState::Failed | ChannelState::Suspended
    ) {
        return Err(cx.channel_state_error());
    }
    let mut message = ProtocolMessage::new(Action::ANNOTATION);
    message.annotations = Items::Values(vec![annotation.to_item()?]);
    cx.send(message)
}

/// Reads, completes and decodes one annotation.
fn annotation_of(
    cx: &mut BehaviourCx<'_>,
    pm: &ProtocolMessage,
    index: usize,
    item: &Item,
) -> Result<Arc<Annotation>, ErrorInfo> {
    let mut a = Annotation::from_item(item)?;
    // TAN2a, TAN2h
    if a.id.is_none() {
        a.id = pm.id.as_ref().map(|id| format!("{id}:{index}").into());
    }
    if a.connection_id.is_none() {
        a.connection_id.clone_from(&pm.connection_id);
    }
    a.timestamp = a.timestamp.or(pm.timestamp);
    let mut meta = MessageMeta::default();
    let id = a.id.clone();
    meta.id = id.as_deref().unwrap_or_default();
    let decoded = cx.decode(std::mem::take(&mut a.data), a.encoding.take(), &meta);
    a.data = decoded.data;
    a.encoding = decoded.encoding;
    // Its data is not worth the channel: it comes with what is left of its encoding.
    if let Some(
        DecodeFailure::Leave(error) | DecodeFailure::Recover(error) | DecodeFailure::Fail(error),
    ) = decoded.failure
    {
        cx.log(LogLevel::Error, || {
            format!("the data of an annotation could not be decoded: {error}")
        });
    }
    Ok(Arc::new(a))
}

/// The client's randomness.
struct Random<'a, 'b>(&'a mut BehaviourCx<'b>);

impl Entropy for Random<'_, '_> {
    fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_random(out);
    }
}
