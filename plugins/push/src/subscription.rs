//! [`PushChannelSubscription`]: who gets the notifications of a channel.
//!
//! Spec: PCS.

use ably_base::{
    ErrorInfo, Str,
    protocol::{Item, Value},
};

use crate::wire::{self, map, refused};

/// A device, or all devices of a client, that get the notifications of a channel.
///
/// Has a device or a client and not both: one that is neither or both is refused where it is used.
///
/// Spec: PCS1–PCS5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushChannelSubscription {
    /// The channel. Spec: PCS4.
    pub channel: Str,
    /// The device. Spec: PCS2.
    pub device_id: Option<Str>,
    /// The client. Spec: PCS3.
    pub client_id: Option<Str>,
}

impl PushChannelSubscription {
    /// Of a device. Spec: PCS5.
    pub fn for_device(channel: impl Into<Str>, device_id: impl Into<Str>) -> Self {
        Self {
            channel: channel.into(),
            device_id: Some(device_id.into()),
            client_id: None,
        }
    }

    /// Of all devices of a client. Spec: PCS5.
    pub fn for_client(channel: impl Into<Str>, client_id: impl Into<Str>) -> Self {
        Self {
            channel: channel.into(),
            device_id: None,
            client_id: Some(client_id.into()),
        }
    }

    pub(crate) fn read(item: &Item) -> Self {
        Self {
            channel: item.text("channel").unwrap_or_default(),
            device_id: item.text("deviceId"),
            client_id: item.text("clientId"),
        }
    }

    pub(crate) fn read_value(value: Value) -> Option<Self> {
        wire::item_of(value).as_ref().map(Self::read)
    }

    /// # Errors
    /// - `40000` it is not whole: removing it would remove others too.
    fn into_fields(self) -> Result<Vec<(&'static str, Str)>, ErrorInfo> {
        let who = match (self.device_id, self.client_id) {
            (Some(id), None) => ("deviceId", id),
            (None, Some(id)) => ("clientId", id),
            _ => return Err(refused("a push subscription has a deviceId or a clientId")),
        };
        if self.channel.is_empty() || who.1.is_empty() {
            return Err(refused(
                "a push subscription lacks its channel, deviceId or clientId",
            ));
        }
        Ok(vec![("channel", self.channel), who])
    }

    pub(crate) fn into_query(self) -> Result<Vec<(String, String)>, ErrorInfo> {
        let fields = self.into_fields()?.into_iter();
        Ok(fields.map(|(n, v)| (n.into(), String::from(&*v))).collect())
    }

    pub(crate) fn into_value(self) -> Result<Value, ErrorInfo> {
        let fields = self.into_fields()?;
        Ok(map(fields
            .into_iter()
            .map(|(name, text)| (name, text.into()))))
    }
}
