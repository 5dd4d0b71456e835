//! Reads protocol messages and messages from any [`Reader`].
//!
//! Absent, null and unknown fields are alike; unknown numbers are kept. A field of the wrong type is
//! an error, except where it only informs (`error`, `version`, `operation`). A member costs a few
//! bytes on the wire and hundreds in memory, so a list of more than [`MAX_MEMBERS`] is one too.
//!
//! Spec: TR4, TM2, RTF1, RSF1.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use crate::{
    Action, ErrorCode, ErrorInfo, Flags, Item, Message, MessageAction, Messages, ProtocolMessage,
    wire::{Field, Reader, read_parts as parts},
};

/// Most messages, or items, in one frame or body: ten times a REST page, a hundred times a page of a
/// presence sync.
pub const MAX_MEMBERS: usize = 10_000;

/// Most nodes of [`crate::Value`] in one frame or body: eight fields and a little more for each of
/// [`MAX_MEMBERS`] items.
pub const MAX_VALUES: usize = 100_000;

/// Reads one protocol message into `pm`, an empty one.
///
/// # Errors
/// - `40013` the input is malformed or a field has the wrong type.
pub fn read_protocol_message<R: Reader>(
    r: &mut R,
    pm: &mut ProtocolMessage,
) -> Result<(), ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(());
    };
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::Action => pm.action = Action(parts::small(r)?),
            Field::Flags => pm.flags = Flags(r.int()?.unwrap_or(0) as u64),
            Field::Id => pm.id = r.text()?,
            Field::Channel => pm.channel = r.text()?,
            Field::ChannelSerial => pm.channel_serial = r.text()?,
            Field::ConnectionId => pm.connection_id = r.text()?,
            Field::MsgSerial => pm.msg_serial = r.int()?,
            Field::Count => pm.count = r.int()?.map(|n| n.clamp(0, u32::MAX.into()) as u32),
            Field::Timestamp => pm.timestamp = r.int()?,
            Field::Error => pm.error = parts::read_error(r)?,
            Field::Params => pm.params = parts::read_texts(r)?.map(Box::new),
            Field::ConnectionDetails => {
                pm.connection_details = parts::read_connection_details(r)?.map(Box::new);
            }
            Field::Auth => pm.auth = parts::read_auth(r)?.map(Box::new),
            Field::Messages => pm.messages = read_messages(r)?,
            Field::Presence => pm.presence = r.items()?,
            Field::Annotations => pm.annotations = r.items()?,
            Field::State => pm.state = r.items()?,
            _ => r.skip()?,
        }
    }
    Ok(())
}

/// Reads a list of messages.
///
/// # Errors
/// - `40013` the input is malformed, a field has the wrong type, or there are more than
///   [`MAX_MEMBERS`] messages.
pub fn read_messages<R: Reader>(r: &mut R) -> Result<Messages, ErrorInfo> {
    let mut messages = Messages::new();
    if let Some(mut scope) = r.list()? {
        while r.item(&mut scope)? {
            check_room(messages.len())?;
            // Read in place: a message is large to move.
            let mut message = Arc::<Message>::default();
            if let Some(m) = Arc::get_mut(&mut message) {
                read_message(r, m)?;
            }
            messages.push(message);
        }
    }
    Ok(messages)
}

fn read_message<R: Reader>(r: &mut R, m: &mut Message) -> Result<(), ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(());
    };
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::Id => m.id = r.text()?,
            Field::Name => m.name = r.text()?,
            Field::Data => m.data = r.data()?,
            // Some servers send an empty encoding for none.
            Field::Encoding => m.encoding = r.text()?.filter(|e| !e.is_empty()),
            Field::ClientId => m.client_id = r.text()?,
            Field::ConnectionId => m.connection_id = r.text()?,
            Field::ConnectionKey => m.connection_key = r.text()?,
            Field::Timestamp => m.timestamp = r.int()?,
            Field::Extras => m.extras = r.json()?,
            Field::Action => m.action = MessageAction(parts::small(r)?),
            Field::Serial => m.serial = r.text()?,
            // An object from protocol 4 on.
            Field::Version => m.version = parts::text_if_text(r)?,
            Field::CreatedAt => m.created_at = r.int()?,
            Field::Operation => m.operation = parts::read_operation(r)?.map(Arc::new),
            Field::Summary => m.summary = r.json()?,
            _ => r.skip()?,
        }
    }
    Ok(())
}

/// Reads a list of items: presence messages, annotations or object messages.
///
/// # Errors
/// - `40013` it is not a list of maps, or one of more than [`MAX_MEMBERS`].
pub fn read_items<R: Reader>(r: &mut R) -> Result<Vec<Item>, ErrorInfo> {
    let mut items = Vec::new();
    if let Some(mut scope) = r.list()? {
        while r.item(&mut scope)? {
            check_room(items.len())?;
            items.push(read_item(r)?);
        }
    }
    Ok(items)
}

/// Reads one item.
///
/// # Errors
/// - `40013` it is not a map.
pub fn read_item<R: Reader>(r: &mut R) -> Result<Item, ErrorInfo> {
    let mut fields = Vec::new();
    if let Some(mut scope) = r.map()? {
        while let Some(name) = r.key(&mut scope)? {
            fields.push((name, r.value()?));
        }
    }
    Ok(Item::from_fields(fields))
}

/// Allows one more member after `read` of them.
pub(crate) fn check_room(read: usize) -> Result<(), ErrorInfo> {
    if read < MAX_MEMBERS {
        return Ok(());
    }
    Err(ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        alloc::format!("a list is too long: it has more than {MAX_MEMBERS} members"),
    ))
}
