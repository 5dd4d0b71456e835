//! [`MsgPackReader`]: a pull reader over MessagePack bytes.
//!
//! Allocates nothing for lengths that the input only claims. Text that is not UTF-8 is read with
//! U+FFFD in its place, as ably-js does. Depth is limited to 128,
//! the values made of one input to [`MAX_VALUES`].

use alloc::{string::String, vec::Vec};
use core::ops::Range;

use ably_protocol::{
    Data, ErrorCode, ErrorInfo, Items, JsonText, RawItems, Str, Value,
    wire::{Field, Kind, MAX_VALUES, Reader},
};
use bytes::Bytes;

use crate::{
    arena::Arena,
    codec::read_items,
    token::{Token, kind, short_text, token},
};

const MAX_DEPTH: u32 = 128;
/// Bytes of this size that are half of the frame or more are slices of it; the rest is copied, so
/// that whoever keeps a payload keeps little else. A transport reads small frames into one block, of
/// about this size.
const SLICE_FROM: usize = 16 * 1024;

pub(crate) struct MsgPackReader<'a> {
    source: &'a Bytes,
    at: usize,
    depth: u32,
    /// How many values may still be made.
    values: usize,
    arena: Arena,
}

/// How many members of a map or list are left.
pub(crate) struct Left(usize);

impl<'a> MsgPackReader<'a> {
    pub(crate) fn new(source: &'a Bytes) -> Self {
        Self {
            source,
            at: 0,
            depth: 0,
            values: MAX_VALUES,
            arena: Arena::default(),
        }
    }

    /// Checks that nothing follows the value that was read.
    pub(crate) fn end(&self) -> Result<(), ErrorInfo> {
        if self.at == self.source.len() {
            Ok(())
        } else {
            self.fail("something follows the value")
        }
    }

    #[cold]
    fn fail<T>(&self, what: &'static str) -> Result<T, ErrorInfo> {
        Err(ErrorInfo::new(
            ErrorCode::INVALID_DATA,
            400,
            alloc::format!("malformed MessagePack: {what}, at byte {}", self.at),
        ))
    }

    #[inline]
    fn token(&mut self) -> Result<Token, ErrorInfo> {
        match token(self.source, self.at) {
            Some((token, end)) => {
                self.at = end;
                Ok(token)
            }
            None => self.fail("a value is cut off or of an unknown type"),
        }
    }

    /// Enters a map or list of `members`, each at least `size` bytes.
    fn enter(&mut self, members: usize, size: usize) -> Result<Left, ErrorInfo> {
        let rest = self.source.len().saturating_sub(self.at);
        if members.checked_mul(size).is_none_or(|least| least > rest) {
            return self.fail("a map or list is longer than the input");
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("it is nested too deeply");
        }
        Ok(Left(members))
    }

    #[inline]
    fn more(&mut self, left: &mut Left) -> bool {
        match left.0.checked_sub(1) {
            Some(rest) => {
                left.0 = rest;
                true
            }
            None => {
                self.depth -= 1;
                false
            }
        }
    }

    #[inline]
    fn string(&mut self, range: Range<usize>) -> Str {
        match self.arena.string(self.source, range.clone()) {
            Some(text) => text,
            None => self.mended(range),
        }
    }

    #[cold]
    fn mended(&self, range: Range<usize>) -> Str {
        let bytes = self.source.get(range).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned().into()
    }

    fn binary(&self, range: Range<usize>) -> Bytes {
        if range.len() >= SLICE_FROM && range.len() * 2 >= self.source.len() {
            self.source.slice(range)
        } else {
            Bytes::copy_from_slice(self.source.get(range).unwrap_or_default())
        }
    }

    fn value_of(&mut self, token: Token) -> Result<Value, ErrorInfo> {
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => return self.fail("it has too many values"),
        }
        Ok(match token {
            Token::Nil => Value::Null,
            Token::Bool(b) => Value::Bool(b),
            Token::Int(i) => Value::Int(i),
            Token::Float(f) => Value::Float(f),
            Token::Text(range) => Value::Text(self.string(range)),
            Token::Binary(range) => Value::Binary(self.binary(range)),
            Token::List(len) => {
                let mut items = Vec::new();
                let mut left = self.enter(len, 1)?;
                while self.more(&mut left) {
                    items.push(self.value()?);
                }
                Value::List(items)
            }
            Token::Map(len) => {
                let mut fields = Vec::new();
                let mut left = self.enter(len, 2)?;
                while let Some(key) = self.key(&mut left)? {
                    fields.push((key, self.value()?));
                }
                Value::Map(fields)
            }
        })
    }
}

impl Reader for MsgPackReader<'_> {
    type Scope = Left;

    fn kind(&mut self) -> Kind {
        self.source.get(self.at).map_or(Kind::Invalid, |t| kind(*t))
    }

    fn map(&mut self) -> Result<Option<Left>, ErrorInfo> {
        match self.token()? {
            Token::Map(len) => self.enter(len, 2).map(Some),
            Token::Nil => Ok(None),
            _ => self.fail("a map is expected"),
        }
    }

    fn field(&mut self, scope: &mut Left) -> Result<Option<Field>, ErrorInfo> {
        if !self.more(scope) {
            return Ok(None);
        }
        if let Some(range) = short_text(self.source, self.at) {
            self.at = range.end;
            let name = self.source.get(range).unwrap_or_default();
            return Ok(Some(Field::of(name)));
        }
        match self.token()? {
            Token::Text(range) => {
                let name = self.source.get(range).unwrap_or_default();
                Ok(Some(Field::of(name)))
            }
            // No field has a name that is not a string.
            other => {
                self.value_of(other)?;
                Ok(Some(Field::Unknown))
            }
        }
    }

    /// A key that is not a string becomes one, as in JavaScript. Not a map or list: inside one
    /// another, each would double the escapes of the text of the one within.
    fn key(&mut self, scope: &mut Left) -> Result<Option<Str>, ErrorInfo> {
        if !self.more(scope) {
            return Ok(None);
        }
        Ok(Some(match self.token()? {
            Token::Text(range) => self.string(range),
            Token::Map(_) | Token::List(_) => return self.fail("a key is a map or list"),
            other => self.value_of(other)?.to_json().into(),
        }))
    }

    fn list(&mut self) -> Result<Option<Left>, ErrorInfo> {
        match self.token()? {
            Token::List(len) => self.enter(len, 1).map(Some),
            Token::Nil => Ok(None),
            _ => self.fail("a list is expected"),
        }
    }

    fn item(&mut self, scope: &mut Left) -> Result<bool, ErrorInfo> {
        Ok(self.more(scope))
    }

    fn text(&mut self) -> Result<Option<Str>, ErrorInfo> {
        if let Some(range) = short_text(self.source, self.at) {
            self.at = range.end;
            return Ok(Some(self.string(range)));
        }
        match self.token()? {
            Token::Text(range) => Ok(Some(self.string(range))),
            Token::Nil => Ok(None),
            _ => self.fail("a string is expected"),
        }
    }

    fn int(&mut self) -> Result<Option<i64>, ErrorInfo> {
        match self.token()? {
            Token::Int(i) => Ok(Some(i)),
            Token::Float(f) => Ok(Some(f as i64)),
            Token::Nil => Ok(None),
            _ => self.fail("a number is expected"),
        }
    }

    fn json(&mut self) -> Result<Option<JsonText>, ErrorInfo> {
        Ok(match self.value()? {
            Value::Null => None,
            other => Some(JsonText::from_checked(other.to_json().into())),
        })
    }

    fn data(&mut self) -> Result<Data, ErrorInfo> {
        Ok(match self.token()? {
            Token::Text(range) => Data::Text(self.string(range)),
            Token::Binary(range) => Data::Binary(self.binary(range)),
            Token::Nil => Data::None,
            other => {
                let json = self.value_of(other)?.to_json();
                Data::Json(JsonText::from_checked(json.into()))
            }
        })
    }

    fn items(&mut self) -> Result<Items, ErrorInfo> {
        match self.kind() {
            Kind::List => {
                let start = self.at;
                self.skip()?;
                let raw = self.source.slice(start..self.at);
                Ok(Items::Raw(RawItems::other(raw, read_items)))
            }
            Kind::Null => self.skip().map(|()| Items::None),
            _ => self.fail("a list is expected"),
        }
    }

    fn value(&mut self) -> Result<Value, ErrorInfo> {
        let token = self.token()?;
        self.value_of(token)
    }

    fn skip(&mut self) -> Result<(), ErrorInfo> {
        let (members, size) = match self.token()? {
            Token::List(len) => (len, 1),
            Token::Map(len) => (len, 2),
            _ => return Ok(()),
        };
        let mut left = self.enter(members, size)?;
        while self.more(&mut left) {
            for _ in 0..size {
                self.skip()?;
            }
        }
        Ok(())
    }
}
