//! [`PushRecipient`]: where notifications go.
//!
//! Spec: RSH1a, PCP3.

use ably_base::{JsonText, Str, protocol::Value};

use crate::wire;

/// Where notifications go: a client, a device, or an address at a push service.
///
/// A JSON object; other than the ones below are made from [`JsonText`]. `Debug` shows no addresses:
/// they let others reach the device, and an `ablyChannel` has a key. Equal when the JSON text is.
///
/// Spec: RSH1a, PCP3.
#[derive(Clone, PartialEq, Eq)]
pub struct PushRecipient(JsonText);

impl PushRecipient {
    /// All devices of a client.
    pub fn client_id(id: &str) -> Self {
        Self::of(&[("clientId", id)])
    }

    /// A registered device.
    pub fn device_id(id: &str) -> Self {
        Self::of(&[("deviceId", id)])
    }

    /// A device of Apple's, by the token that APNs has given it.
    pub fn apns(device_token: &str) -> Self {
        Self::of(&[("transportType", "apns"), ("deviceToken", device_token)])
    }

    /// A device by the token that Firebase has given it.
    pub fn fcm(registration_token: &str) -> Self {
        Self::of(&[
            ("transportType", "fcm"),
            ("registrationToken", registration_token),
        ])
    }

    /// The JSON object itself. Holds addresses: not for logs.
    pub fn as_json(&self) -> &JsonText {
        &self.0
    }

    /// The push service, such as `apns`; `None` for a client or a device.
    pub fn transport_type(&self) -> Option<Str> {
        match Value::from_json(self.0.as_str()).ok()? {
            Value::Map(fields) => fields.into_iter().find_map(|(name, value)| match value {
                Value::Text(kind) if name == "transportType" => Some(kind),
                _ => None,
            }),
            _ => None,
        }
    }

    fn of(fields: &[(&'static str, &str)]) -> Self {
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, Value::from(*value)));
        Self::from_value(&wire::map(fields))
    }

    pub(crate) fn from_value(value: &Value) -> Self {
        Self(JsonText::from_checked(value.to_json().into()))
    }
}

impl From<JsonText> for PushRecipient {
    fn from(object: JsonText) -> Self {
        Self(object)
    }
}

impl std::fmt::Debug for PushRecipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.transport_type();
        write!(f, "PushRecipient({})", kind.as_deref().unwrap_or("-"))
    }
}
