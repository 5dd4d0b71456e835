//! [`PresenceData`]: what a member says about itself.

use ably_base::{Data, JsonText};

/// Data and extras of a member; anything that is [`Data`] will do where this is asked for, `()`
/// for none.
///
/// Spec: RTP8e, TP3e, TP3i.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PresenceData {
    pub(crate) data: Data,
    pub(crate) extras: Option<JsonText>,
}

impl PresenceData {
    /// Data without extras.
    pub fn new(data: impl Into<Data>) -> Self {
        Self {
            data: data.into(),
            extras: None,
        }
    }

    /// Sets the extras, a JSON object.
    #[must_use]
    pub fn extras(mut self, extras: JsonText) -> Self {
        self.extras = Some(extras);
        self
    }
}

impl<T: Into<Data>> From<T> for PresenceData {
    fn from(data: T) -> Self {
        Self::new(data)
    }
}
