//! [`Reader`]: one format's half of reading.

use crate::{Data, ErrorInfo, Items, JsonText, Str, Value, wire::Field};

/// What the next value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Null, nil or a type that Ably does not use.
    Null,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// Bytes.
    Binary,
    /// A list.
    List,
    /// A map.
    Map,
    /// Nothing that a value can start with.
    Invalid,
}

/// Reads values of one format, front to back.
///
/// Every method that yields a value consumes it. Null is `None`; a value of another type than asked
/// for is a `40013`. The reader bounds depth and the number of values.
pub trait Reader {
    /// Where the reader stands in a map or list.
    type Scope;

    /// The type of the next value, without consuming it.
    fn kind(&mut self) -> Kind;

    /// Enters a map.
    ///
    /// # Errors
    /// - `40013` it is neither a map nor null.
    fn map(&mut self) -> Result<Option<Self::Scope>, ErrorInfo>;

    /// The next field of a map, `None` at its end (which leaves the map).
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn field(&mut self, scope: &mut Self::Scope) -> Result<Option<Field>, ErrorInfo>;

    /// The next key of a map of free keys, `None` at its end.
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn key(&mut self, scope: &mut Self::Scope) -> Result<Option<Str>, ErrorInfo>;

    /// Enters a list.
    ///
    /// # Errors
    /// - `40013` it is neither a list nor null.
    fn list(&mut self) -> Result<Option<Self::Scope>, ErrorInfo>;

    /// True when another item follows; false at the end of the list (which leaves it).
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn item(&mut self, scope: &mut Self::Scope) -> Result<bool, ErrorInfo>;

    /// A string.
    ///
    /// # Errors
    /// - `40013` it is neither a string nor null.
    fn text(&mut self) -> Result<Option<Str>, ErrorInfo>;

    /// A number, as an integer: a fraction is cut off, what is out of range becomes the nearest.
    ///
    /// # Errors
    /// - `40013` it is neither a number nor null.
    fn int(&mut self) -> Result<Option<i64>, ErrorInfo>;

    /// Any value, as JSON text.
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn json(&mut self) -> Result<Option<JsonText>, ErrorInfo>;

    /// Any value, as the data of a message. What is not a string or bytes is kept as JSON.
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn data(&mut self) -> Result<Data, ErrorInfo>;

    /// A list that stays unread.
    ///
    /// # Errors
    /// - `40013` it is neither a list nor null.
    fn items(&mut self) -> Result<Items, ErrorInfo>;

    /// Any value.
    ///
    /// # Errors
    /// - `40013` the input is malformed, or this makes more than [`crate::wire::MAX_VALUES`] values of
    ///   one input.
    fn value(&mut self) -> Result<Value, ErrorInfo>;

    /// Passes over any value.
    ///
    /// # Errors
    /// - `40013` the input is malformed.
    fn skip(&mut self) -> Result<(), ErrorInfo>;
}
