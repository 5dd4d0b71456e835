//! [`PushAdmin`]: what a server does about push notifications.
//!
//! Spec: RSH1.

use ably_base::{ErrorInfo, HasRest, JsonText, engine::BoxFuture, protocol::Value, rest::RestCore};

use crate::{
    PushChannelSubscriptions, PushDeviceRegistrations, PushRecipient, call::Call, wire::refused,
};

/// Push notifications of a client.
pub trait PushApi: HasRest {
    /// Push notifications. Getting it does nothing; what is missing shows when it is used.
    ///
    /// Spec: RSC21, RTC13.
    fn push(&self) -> Push {
        Push {
            admin: PushAdmin {
                core: self.rest_core(),
            },
        }
    }
}

impl<T: HasRest + ?Sized> PushApi for T {}

/// Push notifications of a client.
///
/// Spec: RSH1.
#[derive(Clone, Debug)]
pub struct Push {
    admin: PushAdmin,
}

impl Push {
    /// What a server does about push notifications. Spec: RSH1.
    pub fn admin(&self) -> PushAdmin {
        self.admin.clone()
    }
}

/// What a server does about push notifications. Most of it needs the capability `push-admin`.
///
/// Spec: RSH1.
#[derive(Clone, Debug)]
pub struct PushAdmin {
    core: Result<RestCore, ErrorInfo>,
}

impl PushAdmin {
    /// Sends a notification to a recipient, past all channels.
    ///
    /// The payload is a JSON object: `notification`, `data` and what is for one push service only.
    ///
    /// # Errors
    /// - `40000` the recipient or the payload is no JSON object or an empty one, or the payload has a
    ///   `recipient` of its own; nothing is sent. Also what the server says about either.
    /// - `40019` there is no HTTP client.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1a.
    pub fn publish(
        &self,
        recipient: impl Into<PushRecipient>,
        payload: JsonText,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        let (core, body) = (self.core.clone(), body(&recipient.into(), &payload));
        Box::pin(async move {
            let call = Call::new("POST", ["push", "publish"]).body(body?);
            call.full_wait().send(&core?).await.map(drop)
        })
    }

    /// The devices that are registered. Spec: RSH1b.
    pub fn device_registrations(&self) -> PushDeviceRegistrations {
        PushDeviceRegistrations::new(self.core.clone())
    }

    /// Who gets the notifications of channels. Spec: RSH1c.
    pub fn channel_subscriptions(&self) -> PushChannelSubscriptions {
        PushChannelSubscriptions::new(self.core.clone())
    }
}

/// The fields of the payload beside `recipient`.
fn body(recipient: &PushRecipient, payload: &JsonText) -> Result<Value, ErrorInfo> {
    let recipient = Value::from_json(recipient.as_json().as_str())?;
    if !matches!(&recipient, Value::Map(fields) if !fields.is_empty()) {
        return Err(refused(
            "a push recipient is a JSON object with something in it",
        ));
    }
    let mut fields = match Value::from_json(payload.as_str())? {
        Value::Map(fields) if !fields.is_empty() => fields,
        _ => {
            return Err(refused(
                "a push payload is a JSON object with something in it",
            ));
        }
    };
    if fields.iter().any(|(name, _)| name == "recipient") {
        return Err(refused(
            "a push payload has no `recipient`: that is an argument of its own",
        ));
    }
    fields.insert(0, ("recipient".into(), recipient));
    Ok(Value::Map(fields))
}
