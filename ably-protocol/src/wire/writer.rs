//! [`Writer`]: one format's half of writing, and items on top of it.

use alloc::{string::String, vec::Vec};

use crate::{Data, ErrorInfo, Item, Items, JsonText, Value, wire::Field};

/// Writes values of one format, front to back.
pub trait Writer {
    /// Writes a map; `body` writes keys and values by turns.
    ///
    /// # Errors
    /// - those of `body`.
    fn map(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<(), ErrorInfo>,
    ) -> Result<(), ErrorInfo>;

    /// Writes a list of `items`.
    ///
    /// # Errors
    /// - those of `each`.
    fn list<T>(
        &mut self,
        items: &[T],
        each: impl FnMut(&mut Self, &T) -> Result<(), ErrorInfo>,
    ) -> Result<(), ErrorInfo>;

    /// Writes the key of the next value.
    fn key(&mut self, name: &str);

    /// Writes the key of the next value, a field that is known.
    fn field(&mut self, field: Field) {
        self.key(field.name());
    }

    /// Writes null.
    fn null(&mut self);

    /// Writes a boolean.
    fn boolean(&mut self, value: bool);

    /// Writes an integer.
    fn int(&mut self, value: i64);

    /// Writes a number.
    fn float(&mut self, value: f64);

    /// Writes a string.
    fn text(&mut self, value: &str);

    /// Writes bytes: as such, or as base64 in a text format.
    fn binary(&mut self, value: &[u8]);

    /// Writes JSON as a value of this format, not as a string.
    ///
    /// # Errors
    /// - `40013` it is not JSON.
    fn json(&mut self, value: &JsonText) -> Result<(), ErrorInfo>;

    /// What bytes as data add to `encoding`: `base64` in a text format. Spec: RSL4c1, RSL4d1.
    const BINARY_ENCODING: Option<&'static str>;

    /// Writes a value.
    fn value(&mut self, value: &Value) {
        // The bodies below cannot fail.
        let _written = match value {
            Value::Null => {
                self.null();
                Ok(())
            }
            Value::Bool(b) => {
                self.boolean(*b);
                Ok(())
            }
            Value::Int(i) => {
                self.int(*i);
                Ok(())
            }
            Value::Float(f) => {
                self.float(*f);
                Ok(())
            }
            Value::Text(t) => {
                self.text(t);
                Ok(())
            }
            Value::Binary(b) => {
                self.binary(b);
                Ok(())
            }
            Value::List(l) => self.list(l, |w, v| {
                w.value(v);
                Ok(())
            }),
            Value::Map(m) => self.map(|w| {
                for (name, v) in m {
                    w.key(name);
                    w.value(v);
                }
                Ok(())
            }),
        };
    }
}

/// Writes items. Those that were received and never read are read first.
///
/// # Errors
/// - `40013` the unread items are not a list of maps.
pub fn write_items<W: Writer>(w: &mut W, items: &Items) -> Result<(), ErrorInfo> {
    let read: Vec<Item>;
    let list = match items {
        Items::Values(v) => v,
        other => {
            read = other.read()?;
            &read
        }
    };
    w.list(list, write_item)
}

/// Writes one item. Its `data`, when it is bytes, gets the `encoding` that the format needs.
///
/// # Errors
/// - none today; a format may refuse a value.
pub fn write_item<W: Writer>(w: &mut W, item: &Item) -> Result<(), ErrorInfo> {
    let suffix = match item.get("data") {
        Some(Value::Binary(_)) => W::BINARY_ENCODING,
        _ => None,
    };
    w.map(|w| {
        for (name, value) in item.fields() {
            match (suffix, value) {
                (Some(_), _) if name == "encoding" => {}
                _ => {
                    w.key(name);
                    w.value(value);
                }
            }
        }
        if let Some(suffix) = suffix {
            w.key("encoding");
            let before = item.text("encoding");
            w.text(&joined(before.as_deref(), suffix));
        }
        Ok(())
    })
}

/// Writes the fields `data` and `encoding` of a message, both left out when there is nothing.
pub(super) fn write_data<W: Writer>(w: &mut W, data: &Data, encoding: Option<&str>) {
    let step = match data {
        Data::None | Data::Text(_) => None,
        Data::Json(_) => Some("json").filter(|_| !ends_with_json(encoding)),
        Data::Binary(_) => W::BINARY_ENCODING,
    };
    match data {
        Data::None => {}
        Data::Text(t) => {
            w.field(Field::Data);
            w.text(t);
        }
        Data::Json(j) => {
            w.field(Field::Data);
            w.text(j.as_str());
        }
        Data::Binary(b) => {
            w.field(Field::Data);
            w.binary(b);
        }
    }
    match step {
        Some(step) => {
            w.field(Field::Encoding);
            w.text(&joined(encoding, step));
        }
        None => {
            if let Some(encoding) = encoding {
                w.field(Field::Encoding);
                w.text(encoding);
            }
        }
    }
}

fn ends_with_json(encoding: Option<&str>) -> bool {
    encoding.and_then(|e| e.rsplit('/').next()) == Some("json")
}

fn joined(encoding: Option<&str>, step: &str) -> String {
    match encoding {
        Some(e) if !e.is_empty() => alloc::format!("{e}/{step}"),
        _ => step.into(),
    }
}
