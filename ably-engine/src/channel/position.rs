//! [`Position`]: a serial that changes with every message.

use alloc::string::String;

use ably_protocol::Str;

/// A serial kept in a buffer of its own: it neither keeps the frame alive that it came in, nor
/// costs an allocation a message.
#[derive(Debug, Default)]
pub(crate) struct Position(String);

impl Position {
    pub(crate) fn set(&mut self, serial: &str) {
        self.0.clear();
        self.0.push_str(serial);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The serial; `None` when there is none.
    pub(crate) fn get(&self) -> Option<Str> {
        (!self.0.is_empty()).then(|| Str::new(&self.0))
    }
}
