//! [`JsonReader`]: a pull reader over JSON text.
//!
//! Strict as `JSON.parse`, one pass, no tree. It is not serde_json because an application's features
//! (`arbitrary_precision`, `unbounded_depth`) would change what we read, and because half a
//! surrogate pair in one message would cost the whole frame.
//!
//! Spec: RFC 8259; depth is limited to 128, the values made of one input to [`MAX_VALUES`].

use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Range;

use super::{
    arena::Arena,
    scan::{self, Number, plain_end},
    string::{escape_end, unescape},
};
use crate::{
    Data, ErrorCode, ErrorInfo, Items, JsonText, RawItems, Str, Value,
    wire::{Field, Kind, MAX_VALUES, Reader},
};

const MAX_DEPTH: u32 = 128;

pub(super) struct JsonReader<'a> {
    text: &'a str,
    /// The text as bytes that can be shared; without them raw lists are copied.
    source: Option<&'a Bytes>,
    at: usize,
    depth: u32,
    /// How many values may still be made.
    values: usize,
    arena: Arena<'a>,
}

/// True until the first member of a map or list.
pub(super) struct First(bool);

impl<'a> JsonReader<'a> {
    pub(super) fn new(source: &'a Bytes) -> Result<Self, ErrorInfo> {
        let text = core::str::from_utf8(source)
            .map_err(|e| malformed("it is not UTF-8", e.valid_up_to()))?;
        Ok(Self {
            source: Some(source),
            ..Self::of_text(text)
        })
    }

    pub(super) const fn of_text(text: &'a str) -> Self {
        Self {
            text,
            source: None,
            at: 0,
            depth: 0,
            values: MAX_VALUES,
            arena: Arena::new(text),
        }
    }

    /// Checks that nothing follows the value that was read.
    pub(super) fn end(&mut self) -> Result<(), ErrorInfo> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("something follows the value"),
        }
    }

    /// Passes over a value and tells where it is.
    pub(super) fn span(&mut self) -> Result<Range<usize>, ErrorInfo> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(start..self.at)
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        match self.text.as_bytes().get(self.at) {
            Some(b' ' | b'\n' | b'\r' | b'\t') => self.peek_far(),
            other => other.copied(),
        }
    }

    #[cold]
    fn peek_far(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    #[cold]
    fn fail<T>(&self, what: &'static str) -> Result<T, ErrorInfo> {
        Err(malformed(what, self.at))
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), ErrorInfo> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.fail(what)
        }
    }

    /// Consumes `null` when it comes next.
    fn null(&mut self) -> Result<bool, ErrorInfo> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word("null").map(|()| true)
    }

    fn word(&mut self, word: &'static str) -> Result<(), ErrorInfo> {
        match self.text.get(self.at..) {
            Some(rest) if rest.starts_with(word) => {
                self.at += word.len();
                Ok(())
            }
            _ => self.fail("a value is not spelt right"),
        }
    }

    /// Passes over the opening quote of a string.
    #[inline]
    fn quote(&mut self) -> Result<(), ErrorInfo> {
        self.expect(b'"', "a string is expected")
    }

    /// The inside of a string without escapes, whose opening quote was passed; `None`, and nothing
    /// passed, when there is something in it that needs a closer look.
    #[inline]
    fn plain(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let end = plain_end(bytes, self.at);
        (bytes.get(end) == Some(&b'"')).then(|| {
            let inside = self.at..end;
            self.at = end + 1;
            inside
        })
    }

    /// The inside of a string that may have escapes, whose opening quote was passed.
    #[cold]
    fn escaped(&mut self) -> Result<Range<usize>, ErrorInfo> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start;
        loop {
            end = plain_end(bytes, end);
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => match escape_end(bytes, end) {
                    Some(after) => end = after,
                    None => return self.fail("a string has an unknown escape"),
                },
                Some(_) => return self.fail("a string holds a control character"),
                None => return self.fail("a string does not end"),
            }
        }
        self.at = end + 1;
        Ok(start..end)
    }

    #[inline]
    fn string(&mut self) -> Result<Str, ErrorInfo> {
        self.quote()?;
        match self.plain() {
            Some(inside) => Ok(self.arena.string(inside)),
            None => self.unescaped(),
        }
    }

    #[cold]
    fn unescaped(&mut self) -> Result<Str, ErrorInfo> {
        let inside = self.escaped()?;
        Ok(unescape(self.text.get(inside).unwrap_or_default()))
    }

    fn skip_string(&mut self) -> Result<(), ErrorInfo> {
        self.quote()?;
        if self.plain().is_none() {
            self.escaped()?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Number, ErrorInfo> {
        self.peek();
        match scan::number(self.text, self.at) {
            Some((n, end)) => {
                self.at = end;
                Ok(n)
            }
            None => self.fail("a number is expected"),
        }
    }

    fn enter(&mut self) -> Result<First, ErrorInfo> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("it is nested too deeply");
        }
        Ok(First(true))
    }

    /// True when another member of a map or list follows; leaves it otherwise.
    #[inline]
    fn more(&mut self, first: &mut First, close: u8) -> Result<bool, ErrorInfo> {
        match self.peek() {
            Some(b) if b == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !first.0 => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first.0 => {
                first.0 = false;
                Ok(true)
            }
            _ => self.fail("a comma or the end of a map or list is expected"),
        }
    }
}

impl Reader for JsonReader<'_> {
    type Scope = First;

    fn kind(&mut self) -> Kind {
        match self.peek() {
            Some(b'"') => Kind::Text,
            Some(b'{') => Kind::Map,
            Some(b'[') => Kind::List,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Invalid,
        }
    }

    fn map(&mut self) -> Result<Option<First>, ErrorInfo> {
        match self.peek() {
            Some(b'{') => self.enter().map(Some),
            _ if self.null()? => Ok(None),
            _ => self.fail("a map is expected"),
        }
    }

    fn field(&mut self, scope: &mut First) -> Result<Option<Field>, ErrorInfo> {
        if !self.more(scope, b'}')? {
            return Ok(None);
        }
        self.quote()?;
        let field = match self.plain() {
            Some(inside) => Field::of(self.text.as_bytes().get(inside).unwrap_or_default()),
            None => Field::of(self.unescaped()?.as_bytes()),
        };
        self.expect(b':', "a colon is expected")?;
        Ok(Some(field))
    }

    fn key(&mut self, scope: &mut First) -> Result<Option<Str>, ErrorInfo> {
        if !self.more(scope, b'}')? {
            return Ok(None);
        }
        let key = self.string()?;
        self.expect(b':', "a colon is expected")?;
        Ok(Some(key))
    }

    fn list(&mut self) -> Result<Option<First>, ErrorInfo> {
        match self.peek() {
            Some(b'[') => self.enter().map(Some),
            _ if self.null()? => Ok(None),
            _ => self.fail("a list is expected"),
        }
    }

    fn item(&mut self, scope: &mut First) -> Result<bool, ErrorInfo> {
        self.more(scope, b']')
    }

    fn text(&mut self) -> Result<Option<Str>, ErrorInfo> {
        if self.peek() == Some(b'"') {
            return self.string().map(Some);
        }
        if self.null()? {
            return Ok(None);
        }
        self.fail("a string is expected")
    }

    fn int(&mut self) -> Result<Option<i64>, ErrorInfo> {
        if self.peek() == Some(b'n') {
            return self.word("null").map(|()| None);
        }
        Ok(Some(match self.number()? {
            Number::Int(i) => i,
            Number::Float(f) => f as i64,
        }))
    }

    fn json(&mut self) -> Result<Option<JsonText>, ErrorInfo> {
        if self.null()? {
            return Ok(None);
        }
        let span = self.span()?;
        Ok(Some(JsonText::from_checked(self.arena.string(span))))
    }

    fn data(&mut self) -> Result<Data, ErrorInfo> {
        Ok(match self.peek() {
            Some(b'"') => Data::Text(self.string()?),
            _ => self.json()?.map_or(Data::None, Data::Json),
        })
    }

    fn items(&mut self) -> Result<Items, ErrorInfo> {
        match self.kind() {
            Kind::List => {
                let span = self.span()?;
                let raw = match self.source {
                    Some(source) => source.slice(span),
                    None => {
                        Bytes::copy_from_slice(self.text.get(span).unwrap_or_default().as_bytes())
                    }
                };
                Ok(Items::Raw(RawItems::json(raw)))
            }
            _ if self.null()? => Ok(Items::None),
            _ => self.fail("a list is expected"),
        }
    }

    fn value(&mut self) -> Result<Value, ErrorInfo> {
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => return self.fail("it has too many values"),
        }
        Ok(match self.kind() {
            Kind::Text => Value::Text(self.string()?),
            Kind::Number => match self.number()? {
                Number::Int(i) => Value::Int(i),
                Number::Float(f) => Value::Float(f),
            },
            Kind::Map => {
                let mut fields = Vec::new();
                let mut scope = self.enter()?;
                while let Some(key) = self.key(&mut scope)? {
                    fields.push((key, self.value()?));
                }
                Value::Map(fields)
            }
            Kind::List => {
                let mut items = Vec::new();
                let mut scope = self.enter()?;
                while self.item(&mut scope)? {
                    items.push(self.value()?);
                }
                Value::List(items)
            }
            _ => {
                let truth = self.peek() == Some(b't');
                if self.null()? {
                    Value::Null
                } else {
                    self.skip()?;
                    Value::Bool(truth)
                }
            }
        })
    }

    fn skip(&mut self) -> Result<(), ErrorInfo> {
        match self.kind() {
            Kind::Text => self.skip_string(),
            Kind::Number => self.number().map(|_| ()),
            Kind::Map => {
                let mut scope = self.enter()?;
                while self.more(&mut scope, b'}')? {
                    self.skip_string()?;
                    self.expect(b':', "a colon is expected")?;
                    self.skip()?;
                }
                Ok(())
            }
            Kind::List => {
                let mut scope = self.enter()?;
                while self.more(&mut scope, b']')? {
                    self.skip()?;
                }
                Ok(())
            }
            Kind::Null => self.word("null"),
            Kind::Bool if self.peek() == Some(b't') => self.word("true"),
            Kind::Bool => self.word("false"),
            _ => self.fail("a value is expected"),
        }
    }
}

#[cold]
fn malformed(what: &'static str, at: usize) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        alloc::format!("malformed JSON: {what}, at byte {at}"),
    )
}
