//! [`JsonWriter`]: writes JSON straight into the frame.

use alloc::string::String;
use base64::{Engine, engine::general_purpose::STANDARD};
use core::fmt::Write as _;

use super::{out::Out, scan::plain_end};
use crate::{
    ErrorInfo, JsonText,
    digits::Digits,
    wire::{Field, Writer},
};

type Done = Result<(), ErrorInfo>;

pub(super) struct JsonWriter<'a, O> {
    out: &'a mut O,
    /// A key or item came before on this level.
    comma: bool,
}

impl<'a, O: Out> JsonWriter<'a, O> {
    pub(super) const fn new(out: &'a mut O) -> Self {
        Self { out, comma: false }
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.put(",");
        }
        self.comma = true;
    }

    fn string(&mut self, value: &str) {
        self.out.put("\"");
        let mut rest = value;
        loop {
            let (plain, tail) = rest
                .split_at_checked(plain_end(rest.as_bytes(), 0))
                .unwrap_or((rest, ""));
            self.out.put(plain);
            let mut chars = tail.chars();
            let Some(c) = chars.next() else {
                break;
            };
            self.escape(c);
            rest = chars.as_str();
        }
        self.out.put("\"");
    }

    fn escape(&mut self, c: char) {
        self.out.put(match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            control => {
                let hex = |n: u32| char::from_digit(n, 16).unwrap_or('0');
                let mut text = String::from("\\u00");
                text.push(hex(u32::from(control) >> 4));
                text.push(hex(u32::from(control) & 15));
                self.out.put(&text);
                return;
            }
        });
    }
}

impl<O: Out> Writer for JsonWriter<'_, O> {
    const BINARY_ENCODING: Option<&'static str> = Some("base64");

    fn map(&mut self, body: impl FnOnce(&mut Self) -> Done) -> Done {
        self.out.put("{");
        self.comma = false;
        body(self)?;
        self.out.put("}");
        self.comma = true;
        Ok(())
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Done) -> Done {
        self.out.put("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.put(",");
            }
            each(self, item)?;
        }
        self.out.put("]");
        self.comma = true;
        Ok(())
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.string(name);
        self.out.put(":");
    }

    fn field(&mut self, field: Field) {
        self.separate();
        self.out.put(field.quoted());
    }

    fn null(&mut self) {
        self.out.put("null");
    }

    fn boolean(&mut self, value: bool) {
        self.out.put(if value { "true" } else { "false" });
    }

    fn int(&mut self, value: i64) {
        if value < 0 {
            self.out.put("-");
        }
        self.out.put(Digits::of(value.unsigned_abs()).as_str());
    }

    fn float(&mut self, value: f64) {
        let mut text = String::new();
        let size = value.abs();
        let _infallible = if !value.is_finite() {
            write!(text, "null")
        } else if value == 0.0 {
            // Of either sign, as from JavaScript.
            write!(text, "0")
        } else if (1e-7..1e21).contains(&size) {
            write!(text, "{value}")
        } else {
            write!(text, "{value:e}")
        };
        self.out.put(&text);
    }

    fn text(&mut self, value: &str) {
        self.string(value);
    }

    fn binary(&mut self, value: &[u8]) {
        self.out.put("\"");
        // In steps of whole groups of three, so that nothing as large as the value is allocated.
        let mut group = [0u8; 1024];
        for part in value.chunks(group.len() / 4 * 3) {
            let text = STANDARD
                .encode_slice(part, &mut group)
                .ok()
                .and_then(|len| group.get(..len))
                .and_then(|text| core::str::from_utf8(text).ok());
            self.out.put(text.unwrap_or_default());
        }
        self.out.put("\"");
    }

    fn json(&mut self, value: &JsonText) -> Done {
        self.out.put(value.as_str());
        Ok(())
    }
}
