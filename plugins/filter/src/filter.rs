//! [`MessageFilter`]: which messages are wanted.

use ably_base::{
    JsonText, Message, Str,
    protocol::{Item, Value},
};

/// Which messages are wanted: those that meet all that is set. Nothing set means all.
///
/// Spec: MFI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct MessageFilter {
    name: Option<Str>,
    client_id: Option<Str>,
    ref_timeserial: Option<Str>,
    ref_type: Option<Str>,
    is_ref: Option<bool>,
}

impl MessageFilter {
    /// All messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this name. Spec: MFI2d.
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Those of this client. Spec: MFI2e.
    pub fn client_id(mut self, client_id: impl Into<Str>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Those that refer to this message: `ref.timeserial` of their extras. Spec: MFI2b.
    pub fn ref_timeserial(mut self, timeserial: impl Into<Str>) -> Self {
        self.ref_timeserial = Some(timeserial.into());
        self
    }

    /// Those that refer to another one in this way: `ref.type` of their extras. Spec: MFI2c.
    pub fn ref_type(mut self, r#type: impl Into<Str>) -> Self {
        self.ref_type = Some(r#type.into());
        self
    }

    /// Those that refer to another one, or those that do not. Spec: MFI2a.
    pub fn is_ref(mut self, yes: bool) -> Self {
        self.is_ref = Some(yes);
        self
    }

    /// Whether this message meets all that is set. Spec: RTL22c.
    #[must_use]
    pub fn admits(&self, message: &Message) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, is: Option<&T>) -> bool {
            wanted.is_none() || wanted == is
        }
        if !fits(self.name.as_ref(), message.name.as_ref())
            || !fits(self.client_id.as_ref(), message.client_id.as_ref())
        {
            return false;
        }
        if self.ref_timeserial.is_none() && self.ref_type.is_none() && self.is_ref.is_none() {
            return true;
        }
        let (timeserial, r#type) = reference(message.extras.as_ref());
        let is_ref = timeserial.as_deref().is_some_and(|t| !t.is_empty());
        fits(self.ref_timeserial.as_ref(), timeserial.as_ref())
            && fits(self.ref_type.as_ref(), r#type.as_ref())
            && fits(self.is_ref.as_ref(), Some(&is_ref))
    }
}

/// `ref.timeserial` and `ref.type` of extras.
fn reference(extras: Option<&JsonText>) -> (Option<Str>, Option<Str>) {
    let extras = extras.and_then(|extras| Value::from_json(extras.as_str()).ok());
    let Some(Value::Map(extras)) = extras else {
        return (None, None);
    };
    match Item::from_fields(extras).get("ref") {
        Some(Value::Map(reference)) => {
            let reference = Item::from_fields(reference.clone());
            (reference.text("timeserial"), reference.text("type"))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_extras(extras: &str) -> Message {
        Message::new("n", "d").extras(JsonText::new(extras).unwrap())
    }

    #[test]
    fn odd_extras_refer_to_nothing() {
        let plain = MessageFilter::new().is_ref(false);
        for extras in [
            "{}",
            r#"{"ref":null}"#,
            r#"{"ref":"t"}"#,
            r#"{"ref":{"type":"x"}}"#,
            r#"{"ref":{"timeserial":""}}"#,
            r#"{"ref":{"timeserial":7}}"#,
        ] {
            assert!(plain.admits(&with_extras(extras)), "{extras}");
        }
        assert!(plain.admits(&Message::new("n", "d")));
        let reply = with_extras(r#"{"ref":{"timeserial":"t","type":"x"}}"#);
        assert!(!plain.admits(&reply));
        assert!(MessageFilter::new().is_ref(true).admits(&reply));
    }
}
