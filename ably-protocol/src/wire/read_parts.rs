//! Reads what protocol messages and messages are made of: errors, details, operations, params.

use alloc::{collections::BTreeMap, string::String};

use crate::{
    AuthDetails, ConnectionDetails, ErrorCode, ErrorInfo, Operation, Secret, Str, Value,
    wire::{Field, Kind, Reader},
};

/// A number that is kept in a byte. One that does not fit is unknown anyway and becomes 255.
pub(super) fn small<R: Reader>(r: &mut R) -> Result<u8, ErrorInfo> {
    Ok(r.int()?.map_or(0, |n| u8::try_from(n).unwrap_or(u8::MAX)))
}

/// A string, or nothing when it is something else.
pub(super) fn text_if_text<R: Reader>(r: &mut R) -> Result<Option<Str>, ErrorInfo> {
    if r.kind() == Kind::Text {
        r.text()
    } else {
        r.skip()?;
        Ok(None)
    }
}

fn int_if_number<R: Reader>(r: &mut R) -> Result<Option<i64>, ErrorInfo> {
    if r.kind() == Kind::Number {
        r.int()
    } else {
        r.skip()?;
        Ok(None)
    }
}

fn unsigned<R: Reader>(r: &mut R) -> Result<Option<u64>, ErrorInfo> {
    Ok(r.int()?.and_then(|n| u64::try_from(n).ok()))
}

/// A map of free keys to strings. Numbers and booleans become strings, as servers send both.
pub(super) fn read_texts<R: Reader>(r: &mut R) -> Result<Option<BTreeMap<Str, Str>>, ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(None);
    };
    let mut texts = BTreeMap::new();
    while let Some(key) = r.key(&mut scope)? {
        match r.value()? {
            Value::Null => {}
            Value::Text(text) => {
                texts.insert(key, text);
            }
            other => {
                texts.insert(key, other.to_json().into());
            }
        }
    }
    Ok(Some(texts))
}

/// An error. Taken even when it lacks message, code or status.
///
/// DEVIATION: TI1 — ably-js throws on an incomplete error and loses the frame that says what is
/// wrong.
pub(super) fn read_error<R: Reader>(r: &mut R) -> Result<Option<ErrorInfo>, ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(None);
    };
    let (mut code, mut status, mut message) = (0, 0, Str::default());
    let (mut href, mut request_id, mut cause) = (None, None, None);
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::Code => code = int_if_number(r)?.unwrap_or(0),
            Field::StatusCode => status = int_if_number(r)?.unwrap_or(0),
            Field::Message => message = text_if_text(r)?.unwrap_or_default(),
            Field::Href => href = text_if_text(r)?,
            Field::RequestId => request_id = text_if_text(r)?,
            Field::Cause if r.kind() == Kind::Map => cause = read_error(r)?,
            _ => r.skip()?,
        }
    }
    let error = ErrorInfo::builder(
        ErrorCode(u32::try_from(code).unwrap_or(0)),
        u16::try_from(status).unwrap_or(0),
        String::from(message),
    )
    .href(href)
    .request_id(request_id);
    Ok(Some(match cause {
        Some(cause) => error.cause(cause).build(),
        None => error.build(),
    }))
}

pub(super) fn read_connection_details<R: Reader>(
    r: &mut R,
) -> Result<Option<ConnectionDetails>, ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(None);
    };
    let mut d = ConnectionDetails::default();
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::ClientId => d.client_id = r.text()?,
            Field::ConnectionKey => d.connection_key = r.text()?,
            Field::MaxMessageSize => d.max_message_size = unsigned(r)?,
            Field::MaxFrameSize => d.max_frame_size = unsigned(r)?,
            Field::MaxInboundRate => d.max_inbound_rate = unsigned(r)?,
            Field::ConnectionStateTtl => d.connection_state_ttl = unsigned(r)?,
            Field::MaxIdleInterval => d.max_idle_interval = unsigned(r)?,
            Field::ServerId => d.server_id = r.text()?,
            Field::ObjectsGcGracePeriod => d.objects_gc_grace_period = unsigned(r)?,
            _ => r.skip()?,
        }
    }
    Ok(Some(d))
}

pub(super) fn read_auth<R: Reader>(r: &mut R) -> Result<Option<AuthDetails>, ErrorInfo> {
    let Some(mut scope) = r.map()? else {
        return Ok(None);
    };
    let mut auth = AuthDetails::default();
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::AccessToken => {
                auth.access_token = Secret::new(String::from(r.text()?.unwrap_or_default()));
            }
            _ => r.skip()?,
        }
    }
    Ok(Some(auth))
}

pub(super) fn read_operation<R: Reader>(r: &mut R) -> Result<Option<Operation>, ErrorInfo> {
    if r.kind() != Kind::Map {
        r.skip()?;
        return Ok(None);
    }
    let Some(mut scope) = r.map()? else {
        return Ok(None);
    };
    let mut op = Operation::default();
    while let Some(field) = r.field(&mut scope)? {
        match field {
            Field::ClientId => op.client_id = text_if_text(r)?,
            Field::Description => op.description = text_if_text(r)?,
            Field::Metadata if r.kind() == Kind::Map => {
                op.metadata = read_texts(r)?.unwrap_or_default();
            }
            _ => r.skip()?,
        }
    }
    Ok(Some(op))
}
