//! The shape of the wire types, once for all formats.
//!
//! [`read_protocol_message`] and [`write_protocol_message`] know field names, tolerance and order;
//! a [`Reader`] or [`Writer`] knows how one format spells maps, strings and numbers. A codec is a
//! reader, a writer and the few lines that join them. This module holds no format.
//!
//! Spec: TR4, TM2, TI1, CD2, AD2, RSF1.

mod field;
mod read;
mod read_parts;
mod reader;
mod write;
mod writer;

pub use field::Field;
pub(crate) use read::check_room;
pub use read::{
    MAX_MEMBERS, MAX_VALUES, read_item, read_items, read_messages, read_protocol_message,
};
pub use reader::{Kind, Reader};
pub use write::{write_message, write_messages, write_protocol_message};
pub use writer::{Writer, write_item, write_items};
