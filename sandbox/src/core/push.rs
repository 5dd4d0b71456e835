//! Push notifications: devices, who is subscribed to what, and delivery.
//!
//! There is no phone here. A device whose recipient is of the transport `ablyChannel` gets its
//! notifications as messages `__ably_push__` on that channel of this sandbox, whatever `ablyUrl`
//! says; those of other transports are taken and go nowhere.
//!
//! Spec: RSH1, PCD, PCS.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::core::Core;
use crate::core::auth::Credential;
use crate::core::name::ChannelName;
use crate::core::publish::Origin;
use crate::core::stats::Meter;
use crate::wire::error::{BAD_REQUEST, NOT_FOUND, TOO_LARGE};
use crate::wire::value::Fields;
use crate::wire::{Data, ErrorInfo, Format, Message, Value};

/// A registered device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) client_id: Option<String>,
    pub(crate) secret: Option<String>,
    /// The token that identifies it.
    pub(crate) token: Option<String>,
    pub(crate) recipient: Value,
    /// What is only kept: platform, formFactor, metadata.
    pub(crate) about: Vec<(String, Value)>,
}

impl Device {
    /// Reads a registration.
    ///
    /// # Errors
    /// - `40000` something is missing or unknown.
    pub(crate) fn read(record: &Value) -> Result<Device, ErrorInfo> {
        let bad = |why: &str| ErrorInfo::bad(BAD_REQUEST, format!("a device's {why}"));
        if record.weight() > MAX_SIZE {
            return Err(ErrorInfo::bad(TOO_LARGE, "the device takes too many bytes"));
        }
        let text =
            |key: &str| Ok::<_, ErrorInfo>(record.text(key)?.filter(|text| !text.is_empty()));
        let id = text("id")?.filter(|id| id.len() <= MAX_ID);
        let platform = text("platform")?;
        let platform = platform.filter(|name| PLATFORMS.contains(&name.as_str()));
        let form = text("formFactor")?.unwrap_or_else(|| "other".to_owned());
        if !FORM_FACTORS.contains(&form.as_str()) {
            return Err(bad("formFactor is unknown"));
        }
        let recipient = record.get("push").and_then(|push| push.get("recipient"));
        let recipient = recipient.cloned().unwrap_or(Value::Map(Vec::new()));
        check_recipient(&recipient)?;
        let mut about = vec![
            (
                "platform",
                platform.ok_or_else(|| bad("platform is unknown"))?.into(),
            ),
            ("formFactor", form.into()),
        ];
        match record.get("metadata") {
            None => {}
            Some(metadata @ Value::Map(_)) => about.push(("metadata", metadata.clone())),
            Some(_) => return Err(bad("metadata must be an object")),
        }
        Ok(Device {
            id: id.ok_or_else(|| bad("id is missing or too long"))?,
            client_id: text("clientId")?,
            secret: text("deviceSecret")?,
            token: None,
            recipient,
            about: about
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        })
    }

    /// Returns the registration without its secrets.
    pub(crate) fn to_fields(&self) -> Fields {
        let push = Fields::new()
            .with("recipient", self.recipient.clone())
            .with("state", "ACTIVE");
        let fields = Fields::new()
            .with("id", self.id.as_str())
            .maybe("clientId", self.client_id.as_deref());
        let about = self.about.iter();
        let fields = about.fold(fields, |fields, (key, value)| {
            fields.with(key, value.clone())
        });
        fields.with("push", push)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Who is subscribed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Subscriber {
    /// All devices of a client.
    Client(String),
    /// One device.
    Device(String),
}

/// The push side of an app.
#[derive(Debug, Default)]
pub(crate) struct Push {
    pub(crate) devices: BTreeMap<String, Device>,
    /// Channels and their subscribers.
    pub(crate) subscriptions: BTreeSet<(String, Subscriber)>,
}

impl Push {
    /// Returns where the notifications of a subscriber go.
    fn recipients<'a>(&'a self, to: &'a Subscriber) -> impl Iterator<Item = &'a Device> {
        self.devices.values().filter(move |device| match to {
            Subscriber::Client(id) => device.client_id.as_ref() == Some(id),
            Subscriber::Device(id) => device.id == *id,
        })
    }
}

impl Core {
    /// Sends a notification to a recipient that was named.
    pub(crate) fn push(
        &mut self,
        app_id: &str,
        recipient: &Value,
        payload: &Value,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let subscriber = match (recipient.text("deviceId")?, recipient.text("clientId")?) {
            (Some(id), _) => Subscriber::Device(id),
            (None, Some(id)) => Subscriber::Client(id),
            (None, None) if recipient.get("transportType").is_some() => {
                check_recipient(recipient)?;
                return self.push_out(app_id, recipient, payload, now);
            }
            (None, None) => {
                let why = "a recipient names a deviceId, a clientId or a transportType";
                return Err(ErrorInfo::bad(BAD_REQUEST, why));
            }
        };
        let push = self.apps.get(app_id).map(|app| &app.push);
        let devices = push
            .into_iter()
            .flat_map(|push| push.recipients(&subscriber));
        let recipients: Vec<_> = devices.map(|device| device.recipient.clone()).collect();
        if recipients.is_empty() && matches!(subscriber, Subscriber::Device(_)) {
            return Err(ErrorInfo::new(NOT_FOUND, 404, "there is no such device"));
        }
        for recipient in recipients {
            self.push_out(app_id, &recipient, payload, now)?;
        }
        Ok(())
    }

    /// Sends what messages ask to be pushed to everybody who is subscribed to their channel.
    pub(crate) fn push_messages(
        &mut self,
        app_id: &str,
        channel: &str,
        messages: &[Message],
        now: u64,
    ) {
        let payloads = messages.iter().filter_map(|message| {
            let payload = message.extras.as_ref()?.get("push")?;
            matches!(payload, Value::Map(_)).then(|| payload.clone())
        });
        let payloads: Vec<_> = payloads.collect();
        let app = self.apps.get(app_id).filter(|_| !payloads.is_empty());
        let Some(app) = app.filter(|app| app.has(channel, "pushEnabled")) else {
            return;
        };
        let subscribers = app.push.subscriptions.iter();
        let subscribers = subscribers.filter(|(name, _)| name == channel);
        let devices = subscribers.flat_map(|(_, to)| app.push.recipients(to));
        let devices: BTreeMap<_, _> = devices
            .map(|device| (device.id.clone(), device.recipient.clone()))
            .collect();
        for recipient in devices.values() {
            for payload in &payloads {
                // A device that cannot be reached is no fault of the one who publishes.
                let _ = self.push_out(app_id, recipient, payload, now);
            }
        }
    }

    fn push_out(
        &mut self,
        app_id: &str,
        recipient: &Value,
        payload: &Value,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let text = String::from_utf8_lossy(&Format::Json.encode(payload)).into_owned();
        if let Some(app) = self.apps.get_mut(app_id) {
            app.stats.messages(Meter::PUSH_OUT, 1, text.len(), now);
        }
        let field = |key: &str| recipient.get(key).and_then(Value::as_text);
        let (Some(TEST_TRANSPORT), Some(channel), Some(key)) =
            (field("transportType"), field("channel"), field("ablyKey"))
        else {
            return Ok(());
        };
        let channel = ChannelName::without_filter(channel)?;
        let key = Credential::Key(key.to_owned());
        let identity = self.authenticate(Some(&key), None, now)?;
        identity.require_any(&channel, &["publish"])?;
        let message = Message {
            name: Some("__ably_push__".to_owned()),
            data: Data::Text(text),
            ..Message::default()
        };
        let origin = Origin {
            connection_id: None,
            base_id: format!("{}:0", self.entropy.name(10)),
            meter: Meter::REST_IN,
        };
        self.publish(&identity, &channel, vec![message], origin, now)?;
        Ok(())
    }
}

/// Makes sure that a recipient has what its transport needs.
pub(crate) fn check_recipient(recipient: &Value) -> Result<(), ErrorInfo> {
    let bad = |why: String| Err(ErrorInfo::bad(BAD_REQUEST, why));
    let Some(transport) = recipient.text("transportType")? else {
        // A device may be registered before it has anything to be reached by.
        return Ok(());
    };
    let needed: &[&str] = match transport.as_str() {
        TEST_TRANSPORT => &["channel", "ablyKey"],
        "apns" => &["deviceToken"],
        "fcm" | "gcm" => &["registrationToken"],
        "web" => &["targetUrl"],
        _ => return bad("the transportType of the recipient is unknown".to_owned()),
    };
    for key in needed {
        if recipient.text(key)?.is_none_or(|text| text.is_empty()) {
            return bad(format!("a recipient of type {transport} needs {key}"));
        }
    }
    Ok(())
}

const TEST_TRANSPORT: &str = "ablyChannel";
const PLATFORMS: [&str; 3] = ["android", "browser", "ios"];
const FORM_FACTORS: [&str; 8] = [
    "car", "desktop", "embedded", "other", "phone", "tablet", "tv", "watch",
];
const MAX_ID: usize = 200;
const MAX_SIZE: usize = 16 << 10;
