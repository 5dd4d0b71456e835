//! [`Annotation`]: what somebody adds to a message that is published already.

use core::fmt;

use crate::{Data, ErrorInfo, Item, JsonText, Str, Value};

/// An annotation of a message, such as a reaction to it.
///
/// Its [`type`](Annotation::type) names what it is and how the server sums it up:
/// `reaction:distinct.v1`. Fields that the server fills in are `None` on an annotation that the
/// application makes.
///
/// Spec: TAN1–TAN2.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Annotation {
    /// Unique id: given by the publisher, else `connectionId:msgSerial:index`. Spec: TAN2a.
    pub id: Option<Str>,
    /// Whether it is made or taken back. Spec: TAN2b.
    pub action: AnnotationAction,
    /// The client that published it. Spec: TAN2c.
    pub client_id: Option<Str>,
    /// The connection it was published on.
    pub connection_id: Option<Str>,
    /// The serial of the message that it belongs to. Spec: TAN2j.
    pub message_serial: Option<Str>,
    /// What it is and how it is summed up. Spec: TAN2k.
    pub r#type: Option<Str>,
    /// Which of its type it is, for example which emoji; some ways of summing up need it. Spec:
    /// TAN2d.
    pub name: Option<Str>,
    /// How often it counts, for `multiple.v1`; the server's default is once. Spec: TAN2e.
    pub count: Option<u64>,
    /// Its place in the channel's order. Spec: TAN2i.
    pub serial: Option<Str>,
    /// When the server received it, ms since the epoch. Spec: TAN2h.
    pub timestamp: Option<i64>,
    /// The data. It is never encrypted. Spec: TAN2f.
    pub data: Data,
    /// What is left of the encoding chain when it could not be undone entirely. Spec: TAN2g.
    pub encoding: Option<Str>,
    /// A JSON object of further facts. Spec: TAN2l.
    pub extras: Option<JsonText>,
}

impl Annotation {
    /// An annotation of this type, ready to publish.
    pub fn new(r#type: impl Into<Str>) -> Self {
        Self {
            r#type: Some(r#type.into()),
            ..Self::default()
        }
    }

    /// Sets which of its type it is.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how often it counts.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Sets the data.
    #[must_use]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.data = data.into();
        self
    }

    /// Sets the id (idempotent publishing).
    #[must_use]
    pub fn id(mut self, id: impl Into<Str>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the client that is named as the publisher.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Str>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the extras, a JSON object.
    #[must_use]
    pub fn extras(mut self, extras: JsonText) -> Self {
        self.extras = Some(extras);
        self
    }

    /// Reads the wire form. The data is still encoded.
    ///
    /// # Errors
    /// - `40013` the extras cannot be written as JSON.
    pub fn from_item(item: &Item) -> Result<Self, ErrorInfo> {
        let action = item.int("action").and_then(|a| u8::try_from(a).ok());
        Ok(Self {
            id: item.text("id"),
            action: AnnotationAction(action.unwrap_or(0)),
            client_id: item.text("clientId"),
            connection_id: item.text("connectionId"),
            message_serial: item.text("messageSerial"),
            r#type: item.text("type"),
            name: item.text("name"),
            count: item.int("count").and_then(|c| u64::try_from(c).ok()),
            serial: item.text("serial"),
            timestamp: item.int("timestamp"),
            data: match item.get("data") {
                None | Some(Value::Null) => Data::None,
                Some(Value::Text(t)) => Data::Text(t.clone()),
                Some(Value::Binary(b)) => Data::Binary(b.clone()),
                Some(other) => Data::Json(JsonText::from_checked(other.to_json().into())),
            },
            encoding: item.text("encoding"),
            extras: match item.get("extras") {
                None | Some(Value::Null) => None,
                Some(other) => Some(JsonText::from_checked(other.to_json().into())),
            },
        })
    }

    /// Writes the wire form. The data must be encoded already; JSON goes out as text.
    ///
    /// # Errors
    /// - `40013` the extras are not JSON.
    pub fn to_item(&self) -> Result<Item, ErrorInfo> {
        let mut item = Item::new();
        item.set("id", self.id.clone());
        item.set("action", i64::from(self.action.0));
        item.set("clientId", self.client_id.clone());
        item.set("connectionId", self.connection_id.clone());
        item.set("messageSerial", self.message_serial.clone());
        item.set("type", self.r#type.clone());
        item.set("name", self.name.clone());
        let count = self.count.map(|c| i64::try_from(c).unwrap_or(i64::MAX));
        item.set("count", count);
        item.set("serial", self.serial.clone());
        item.set("timestamp", self.timestamp);
        match &self.data {
            Data::None => {}
            Data::Text(t) => item.set("data", t.clone()),
            Data::Json(j) => item.set("data", j.to_text()),
            Data::Binary(b) => item.set("data", b.clone()),
        }
        item.set("encoding", self.encoding.clone());
        if let Some(extras) = &self.extras {
            item.set("extras", Value::from_json(extras.as_str())?);
        }
        Ok(item)
    }
}

/// What an [`Annotation`] does. An open number.
///
/// Spec: TAN2b.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AnnotationAction(pub u8);

impl AnnotationAction {
    /// `annotation.create`
    pub const CREATE: Self = Self(0);
    /// `annotation.delete`
    pub const DELETE: Self = Self(1);

    /// The name that ably-js uses; `unknown` for a number that is new.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            0 => "annotation.create",
            1 => "annotation.delete",
            _ => "unknown",
        }
    }
}

impl fmt::Debug for AnnotationAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.as_str(), self.0)
    }
}

/// The name that ably-js uses.
impl fmt::Display for AnnotationAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, Format, json::JsonCodec};
    use bytes::{Bytes, BytesMut};

    #[test]
    fn the_wire_form_comes_back_as_it_was() {
        let mut whole = Annotation::new("reaction:multiple.v1")
            .name("👍")
            .count(3)
            .data("d")
            .id("base:0")
            .client_id("me")
            .extras(JsonText::new(r#"{"a":[1]}"#).unwrap());
        whole.action = AnnotationAction::DELETE;
        whole.connection_id = Some("c".into());
        whole.message_serial = Some("m@1".into());
        whole.serial = Some("s@2".into());
        whole.timestamp = Some(5);
        whole.encoding = Some("x".into());
        for annotation in [whole, Annotation::default()] {
            let item = annotation.to_item().unwrap();
            assert_eq!(Annotation::from_item(&item).unwrap(), annotation);
        }
    }

    #[test]
    fn bytes_in_a_json_body_are_base64_and_say_so() {
        for (encoding, told) in [(None, "base64"), (Some("x"), "x/base64")] {
            let mut annotation = Annotation::new("t").data(&[0, 255]);
            annotation.encoding = encoding.map(Str::from);
            let item = annotation.to_item().unwrap();
            let binary = item.clone().into_value(Format::MsgPack);
            assert_eq!(binary, Value::Map(item.fields().to_vec()));
            let mut body = BytesMut::new();
            let value = item.into_value(Format::Json);
            JsonCodec.encode_value(&value, &mut body).unwrap();
            let body: Bytes = body.freeze();
            let Value::Map(fields) = JsonCodec.decode_value(&body).unwrap() else {
                panic!("a map")
            };
            let read = Item::from_fields(fields);
            assert_eq!(read.text("data").unwrap(), "AP8=");
            assert_eq!(read.text("encoding").unwrap(), told);
        }
    }

    #[test]
    fn what_is_new_or_wrong_is_kept_or_left_out() {
        let mut item = Item::new();
        item.set("action", 7);
        item.set("count", -1);
        item.set("data", 5);
        let read = Annotation::from_item(&item).unwrap();
        assert_eq!(read.action.as_str(), "unknown");
        assert_eq!((read.action.0, read.count), (7, None));
        assert_eq!(read.data.as_json().unwrap().as_str(), "5");
    }
}
