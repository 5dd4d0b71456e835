//! [`MsgPackWriter`]: writes MessagePack straight into the frame, in its shortest forms.

use ably_protocol::{ErrorInfo, JsonText, Value, wire::Writer};
use bytes::{BufMut, BytesMut};

type Done = Result<(), ErrorInfo>;

pub(crate) struct MsgPackWriter<'a> {
    out: &'a mut BytesMut,
    /// Keys written on this level.
    keys: u32,
}

impl<'a> MsgPackWriter<'a> {
    pub(crate) const fn new(out: &'a mut BytesMut) -> Self {
        Self { out, keys: 0 }
    }

    /// Writes a tag with the length in its low bits or behind it, in one, two or four bytes.
    fn head(&mut self, len: usize, fix: Option<(u8, usize)>, tag8: Option<u8>, tag16: u8) {
        match (fix, tag8) {
            (Some((fix, most)), _) if len <= most => self.out.put_u8(fix | len as u8),
            (_, Some(tag8)) if len <= 0xff => {
                self.out.put_u8(tag8);
                self.out.put_u8(len as u8);
            }
            _ if len <= 0xffff => {
                self.out.put_u8(tag16);
                self.out.put_u16(len as u16);
            }
            _ => {
                self.out.put_u8(tag16 + 1);
                self.out.put_u32(len as u32);
            }
        }
    }
}

impl Writer for MsgPackWriter<'_> {
    const BINARY_ENCODING: Option<&'static str> = None;

    fn map(&mut self, body: impl FnOnce(&mut Self) -> Done) -> Done {
        let outer = core::mem::take(&mut self.keys);
        let at = self.out.len();
        self.out.put_u8(0x80);
        body(self)?;
        let keys = core::mem::replace(&mut self.keys, outer);
        let mut head = BytesMut::new();
        if let Some(tag) = self.out.get_mut(at).filter(|_| keys < 16) {
            *tag |= keys as u8;
            return Ok(());
        }
        // More keys than a short head can count: the body moves to make room.
        let body = self.out.split_off(at);
        if keys <= 0xffff {
            head.put_u8(0xde);
            head.put_u16(keys as u16);
        } else {
            head.put_u8(0xdf);
            head.put_u32(keys);
        }
        self.out.put_slice(&head);
        self.out.put_slice(body.get(1..).unwrap_or_default());
        Ok(())
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Done) -> Done {
        self.head(items.len(), Some((0x90, 15)), None, 0xdc);
        items.iter().try_for_each(|item| each(self, item))
    }

    fn key(&mut self, name: &str) {
        self.keys += 1;
        self.text(name);
    }

    fn null(&mut self) {
        self.out.put_u8(0xc0);
    }

    fn boolean(&mut self, value: bool) {
        self.out.put_u8(if value { 0xc3 } else { 0xc2 });
    }

    fn int(&mut self, value: i64) {
        let (tag, width) = match value {
            -32..=0x7f => (None, 1),
            0x80..=0xff => (Some(0xcc), 1),
            0x100..=0xffff => (Some(0xcd), 2),
            0x1_0000..=0xffff_ffff => (Some(0xce), 4),
            0x1_0000_0000.. => (Some(0xcf), 8),
            -0x80..-32 => (Some(0xd0), 1),
            -0x8000..-0x80 => (Some(0xd1), 2),
            -0x8000_0000..-0x8000 => (Some(0xd2), 4),
            ..-0x8000_0000 => (Some(0xd3), 8),
        };
        if let Some(tag) = tag {
            self.out.put_u8(tag);
        }
        self.out.put_int(value, width);
    }

    /// A whole number goes out as an integer, as from JavaScript, which has no other.
    fn float(&mut self, value: f64) {
        let int = value as i64;
        if int as f64 == value && int != i64::MAX {
            self.int(int);
        } else {
            self.out.put_u8(0xcb);
            self.out.put_f64(value);
        }
    }

    fn text(&mut self, value: &str) {
        self.head(value.len(), Some((0xa0, 31)), Some(0xd9), 0xda);
        self.out.put_slice(value.as_bytes());
    }

    fn binary(&mut self, value: &[u8]) {
        self.head(value.len(), None, Some(0xc4), 0xc5);
        self.out.put_slice(value);
    }

    fn json(&mut self, value: &JsonText) -> Done {
        self.value(&Value::from_json(value.as_str())?);
        Ok(())
    }
}
