//! What a key or token allows, channel by channel.
//!
//! On the wire it is JSON text of the form `{"channel":["operation"]}`, and it is kept as that
//! text. This writes it.
//!
//! Spec: TK2b, TD5.

use alloc::string::String;
use alloc::vec::Vec;

use ably_protocol::{Str, Value};

/// A capability in the making: [`allow`](Self::allow) names a resource and what is allowed there.
///
/// A resource is the name of a channel, or a pattern such as `chat:*` or `*`. For operations that
/// [`CapabilityOp`] does not know, write the JSON text itself.
///
/// ```
/// use ably_engine::{Capability, CapabilityOp, TokenParams};
///
/// let capability = Capability::new()
///     .allow("news", [CapabilityOp::Subscribe, CapabilityOp::History])
///     .allow("chat:*", [CapabilityOp::All]);
/// assert_eq!(capability.to_json(), r#"{"news":["subscribe","history"],"chat:*":["*"]}"#);
/// let params = TokenParams::new().capability(capability);
/// ```
///
/// Spec: TK2b.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Capability(Vec<(Str, Vec<CapabilityOp>)>);

impl Capability {
    /// Allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows operations on a resource; those allowed there before stay so.
    #[must_use]
    pub fn allow(
        mut self,
        resource: impl Into<Str>,
        operations: impl IntoIterator<Item = CapabilityOp>,
    ) -> Self {
        let resource = resource.into();
        match self.0.iter_mut().find(|(name, _)| *name == resource) {
            Some((_, allowed)) => allowed.extend(operations),
            None => self.0.push((resource, operations.into_iter().collect())),
        }
        self
    }

    /// The text that goes over the wire.
    pub fn to_json(&self) -> String {
        let name = |op: &CapabilityOp| Value::Text(Str::from_static(op.as_str()));
        let resources = self.0.iter().map(|(resource, operations)| {
            let operations = operations.iter().map(name).collect();
            (resource.clone(), Value::List(operations))
        });
        Value::Map(resources.collect()).to_json()
    }
}

impl From<Capability> for Str {
    fn from(capability: Capability) -> Self {
        Self::from(capability.to_json())
    }
}

/// Something that a key or token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CapabilityOp {
    /// `*`: everything.
    All,
    /// `publish`: publish messages.
    Publish,
    /// `subscribe`: receive messages, and who is present.
    Subscribe,
    /// `presence`: be present.
    Presence,
    /// `message-update-any`: change messages of anybody.
    MessageUpdateAny,
    /// `message-update-own`: change own messages.
    MessageUpdateOwn,
    /// `message-delete-any`: delete messages of anybody.
    MessageDeleteAny,
    /// `message-delete-own`: delete own messages.
    MessageDeleteOwn,
    /// `history`: read what was published and who was present.
    History,
    /// `stats`: read the statistics of the application.
    Stats,
    /// `channel-metadata`: read which channels there are and how they are used.
    ChannelMetadata,
    /// `push-subscribe`: subscribe the own device or client to push notifications.
    PushSubscribe,
    /// `push-admin`: register and subscribe devices and clients, and push to them.
    PushAdmin,
    /// `privileged-headers`: publish extras that only the server may set otherwise.
    PrivilegedHeaders,
}

impl CapabilityOp {
    /// The word that goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "*",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Presence => "presence",
            Self::MessageUpdateAny => "message-update-any",
            Self::MessageUpdateOwn => "message-update-own",
            Self::MessageDeleteAny => "message-delete-any",
            Self::MessageDeleteOwn => "message-delete-own",
            Self::History => "history",
            Self::Stats => "stats",
            Self::ChannelMetadata => "channel-metadata",
            Self::PushSubscribe => "push-subscribe",
            Self::PushAdmin => "push-admin",
            Self::PrivilegedHeaders => "privileged-headers",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenParams;

    #[test]
    fn resources_are_escaped_and_written_once() {
        assert_eq!(Capability::new().to_json(), "{}");
        let capability = Capability::new()
            .allow("a\"]}\n", [CapabilityOp::MessageUpdateOwn])
            .allow("b", [])
            .allow("a\"]}\n", [CapabilityOp::PrivilegedHeaders]);
        let text = r#"{"a\"]}\n":["message-update-own","privileged-headers"],"b":[]}"#;
        assert_eq!(capability.to_json(), text);
        let params = TokenParams::new().capability(capability);
        assert_eq!(params.capability.as_deref(), Some(text));
    }
}
