//! Filters: which messages of a channel a client wants to be sent.
//!
//! An expression is a predicate of JMESPath: paths (`headers.flavor`, `data.items[0]`), comparisons,
//! `&&`, `||`, `!`, parentheses, literals (`'text'`, `` `10` ``) and four functions (`contains`,
//! `starts_with`, `ends_with`, `length`). All else of JMESPath is refused with an error that says
//! so: a filter runs for every message, and a whole JMESPath can be made to take any time and memory.
//!
//! It sees a message as `name`, `data` (parsed if it is JSON), `clientId`, `connectionId`, `id`,
//! `timestamp`, `extras`, and `headers`, which are those of the extras.
//!
//! Spec: RTS5, DO2a; jmespath.org/specification.

mod evaluate;
mod lexer;
mod parser;

use crate::core::entry::Entry;
use crate::wire::value::Fields;
use crate::wire::{Data, Format, Message, Value};

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter(Expression);

/// A node of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Literal(Value),
    Path(Vec<Step>),
    Not(Box<Expression>),
    /// The first that is false, else the last.
    And(Vec<Expression>),
    /// The first that is true, else the last.
    Or(Vec<Expression>),
    Compare(Comparison, Box<(Expression, Expression)>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Contains,
    StartsWith,
    EndsWith,
    Length,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// The reason, in words.
    pub(crate) fn parse(text: &str) -> Result<Filter, String> {
        parser::parse(text).map(Filter)
    }

    /// Says whether a message fits.
    pub(crate) fn fits(&self, message: &Message) -> bool {
        evaluate::is_true(&evaluate::evaluate(&self.0, &seen(message)))
    }

    /// Returns what of an entry fits; annotations always do.
    pub(crate) fn apply(&self, entry: &Entry) -> Option<Entry> {
        if !entry.annotations.is_empty() {
            return Some(entry.clone());
        }
        let mut entry = entry.clone();
        entry.messages.retain(|message| self.fits(message));
        (!entry.messages.is_empty()).then_some(entry)
    }
}

/// A message as expressions see it.
fn seen(message: &Message) -> Value {
    let is_json = message.encoding.as_deref() == Some("json");
    let data = match &message.data {
        Data::Text(text) if is_json => Format::Json.decode(text.as_bytes()).ok(),
        Data::Text(text) => Some(Value::from_text(text)),
        Data::None | Data::Bytes(_) => None,
    };
    let extras = message.extras.as_ref();
    Fields::new()
        .maybe("name", message.name.as_deref())
        .maybe("data", data)
        .maybe("clientId", message.client_id.as_deref())
        .maybe("connectionId", message.connection_id.as_deref())
        .maybe("id", message.id.as_deref())
        .with("timestamp", message.timestamp)
        .maybe("extras", extras.cloned())
        .maybe(
            "headers",
            extras.and_then(|extras| extras.get("headers")).cloned(),
        )
        .into()
}
