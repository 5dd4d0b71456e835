//! [`DeviceDetails`]: a registered device.
//!
//! Spec: PCD, PCP.

use ably_base::{
    ErrorCode, ErrorInfo, JsonText, Str,
    protocol::{Item, Secret, Value},
};

use crate::{
    DeviceFormFactor, DevicePlatform, DevicePushState, PushRecipient,
    wire::{self, json, json_of, map, map_of},
};

/// A device that is registered for push notifications, or is to be.
///
/// Spec: PCD1–PCD7.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DeviceDetails {
    /// The id that the device has given itself. Spec: PCD2.
    pub id: Str,
    /// The client that the device belongs to. Spec: PCD3.
    pub client_id: Option<Str>,
    /// What the device runs. Spec: PCD6.
    pub platform: Option<DevicePlatform>,
    /// What the device is. Spec: PCD4.
    pub form_factor: Option<DeviceFormFactor>,
    /// A JSON object of what else is to be known about it. Spec: PCD5.
    pub metadata: Option<JsonText>,
    /// What the device proves with that it is the one of this id. The server tells it to nobody.
    pub device_secret: Option<Secret<String>>,
    /// How notifications reach it. Spec: PCD7.
    pub push: DevicePushDetails,
}

/// How notifications reach a device.
///
/// Spec: PCP1–PCP4.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DevicePushDetails {
    /// The address. Spec: PCP3.
    pub recipient: Option<PushRecipient>,
    /// Whether they do. Spec: PCP4.
    pub state: Option<DevicePushState>,
    /// Why the last one did not. Spec: PCP2.
    pub error: Option<ErrorInfo>,
}

impl DeviceDetails {
    /// A device of this id, reached at this address.
    pub fn new(
        id: impl Into<Str>,
        platform: DevicePlatform,
        form_factor: DeviceFormFactor,
        recipient: impl Into<PushRecipient>,
    ) -> Self {
        Self {
            id: id.into(),
            platform: Some(platform),
            form_factor: Some(form_factor),
            push: DevicePushDetails {
                recipient: Some(recipient.into()),
                ..DevicePushDetails::default()
            },
            ..Self::default()
        }
    }

    /// With this client. Spec: PCD3.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<Str>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// With this JSON object. Spec: PCD5.
    #[must_use]
    pub fn metadata(mut self, object: JsonText) -> Self {
        self.metadata = Some(object);
        self
    }

    /// With this secret.
    #[must_use]
    pub fn device_secret(mut self, secret: impl Into<String>) -> Self {
        self.device_secret = Some(Secret::new(secret.into()));
        self
    }

    pub(crate) fn read(item: &Item) -> Self {
        let push = map_of(item, "push").unwrap_or_default();
        Self {
            id: item.text("id").unwrap_or_default(),
            client_id: item.text("clientId"),
            platform: item.text("platform").map(Into::into),
            form_factor: item.text("formFactor").map(Into::into),
            metadata: json_of(item, "metadata"),
            device_secret: item
                .text("deviceSecret")
                .map(|secret| Secret::from(&*secret)),
            push: DevicePushDetails {
                recipient: json_of(&push, "recipient").map(Into::into),
                state: push.text("state").map(Into::into),
                error: map_of(&push, "error").map(|error| read_error(&error)),
            },
        }
    }

    pub(crate) fn read_value(value: Value) -> Option<Self> {
        wire::item_of(value).as_ref().map(Self::read)
    }

    /// # Errors
    /// - `40013` the metadata or the recipient is nested too deep.
    pub(crate) fn to_value(&self) -> Result<Value, ErrorInfo> {
        let text = |text: Option<&str>| Value::from(text);
        let push = &self.push;
        let recipient = push.recipient.as_ref().map(PushRecipient::as_json);
        let details = map([
            ("recipient", json(recipient)?),
            (
                "state",
                text(push.state.as_ref().map(DevicePushState::as_str)),
            ),
            (
                "error",
                push.error.as_ref().map_or(Value::Null, error_value),
            ),
        ]);
        let secret = self.device_secret.as_ref().map(|s| s.expose().as_str());
        let form_factor = self.form_factor.as_ref().map(DeviceFormFactor::as_str);
        Ok(map([
            ("id", text(Some(&self.id))),
            ("clientId", text(self.client_id.as_deref())),
            (
                "platform",
                text(self.platform.as_ref().map(DevicePlatform::as_str)),
            ),
            ("formFactor", text(form_factor)),
            ("metadata", json(self.metadata.as_ref())?),
            ("deviceSecret", text(secret)),
            ("push", details),
        ]))
    }
}

fn read_error(item: &Item) -> ErrorInfo {
    let number = |name| item.int(name).unwrap_or(0);
    let code = ErrorCode(u32::try_from(number("code")).unwrap_or(0));
    let status = u16::try_from(number("statusCode")).unwrap_or(0);
    let message = item.text("message").unwrap_or_default();
    ErrorInfo::builder(code, status, String::from(&*message))
        .href(item.text("href"))
        .build()
}

fn error_value(error: &ErrorInfo) -> Value {
    map([
        ("code", i64::from(error.code().0).into()),
        ("statusCode", i64::from(error.status_code()).into()),
        ("message", error.message().into()),
    ])
}
