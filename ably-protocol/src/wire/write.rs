//! Writes protocol messages and messages to any [`Writer`].
//!
//! Sparse: what is absent, empty or zero is left out, except where the protocol wants it
//! (`action`, `msgSerial`).
//!
//! Spec: TR4, TM2, RTN7b.

use alloc::{collections::BTreeMap, sync::Arc};

use crate::{
    AuthDetails, ConnectionDetails, ErrorInfo, Items, Message, Operation, ProtocolMessage, Str,
    wire::{
        Field, Writer,
        writer::{write_data, write_items},
    },
};

type Done = Result<(), ErrorInfo>;

/// Writes one protocol message.
///
/// # Errors
/// - `40013` a field cannot be written.
pub fn write_protocol_message<W: Writer>(w: &mut W, pm: &ProtocolMessage) -> Done {
    w.map(|w| {
        int(w, Field::Action, Some(pm.action.0.into()));
        text(w, Field::Channel, &pm.channel);
        text(w, Field::Id, &pm.id);
        text(w, Field::ConnectionId, &pm.connection_id);
        text(w, Field::ChannelSerial, &pm.channel_serial);
        int(w, Field::MsgSerial, pm.msg_serial);
        int(w, Field::Count, pm.count.map(i64::from));
        int(w, Field::Timestamp, pm.timestamp);
        if !pm.flags.is_empty() {
            int(w, Field::Flags, Some(pm.flags.0 as i64));
        }
        if let Some(error) = &pm.error {
            w.field(Field::Error);
            write_error(w, error)?;
        }
        if let Some(params) = &pm.params {
            texts(w, Field::Params, params)?;
        }
        if let Some(details) = &pm.connection_details {
            w.field(Field::ConnectionDetails);
            write_connection_details(w, details)?;
        }
        if let Some(auth) = &pm.auth {
            w.field(Field::Auth);
            write_auth(w, auth)?;
        }
        if !pm.messages.is_empty() {
            w.field(Field::Messages);
            write_messages(w, &pm.messages)?;
        }
        items(w, Field::Presence, &pm.presence)?;
        items(w, Field::Annotations, &pm.annotations)?;
        items(w, Field::State, &pm.state)
    })
}

/// Writes a list of messages.
///
/// # Errors
/// - `40013` a field cannot be written.
pub fn write_messages<W: Writer>(w: &mut W, messages: &[Arc<Message>]) -> Done {
    w.list(messages, |w, m| write_message(w, m))
}

/// Writes one message. JSON data that has not been through an encoding chain goes out as text with
/// `json` added to its encoding.
///
/// # Errors
/// - `40013` a field cannot be written.
pub fn write_message<W: Writer>(w: &mut W, m: &Message) -> Done {
    w.map(|w| {
        text(w, Field::Id, &m.id);
        text(w, Field::Name, &m.name);
        write_data(w, &m.data, m.encoding.as_deref());
        text(w, Field::ClientId, &m.client_id);
        text(w, Field::ConnectionId, &m.connection_id);
        text(w, Field::ConnectionKey, &m.connection_key);
        int(w, Field::Timestamp, m.timestamp);
        if let Some(extras) = &m.extras {
            w.field(Field::Extras);
            w.json(extras)?;
        }
        text(w, Field::Serial, &m.serial);
        text(w, Field::Version, &m.version);
        int(w, Field::CreatedAt, m.created_at);
        if let Some(op) = &m.operation {
            w.field(Field::Operation);
            write_operation(w, op)?;
        }
        if let Some(summary) = &m.summary {
            w.field(Field::Summary);
            w.json(summary)?;
        }
        int(w, Field::Action, Some(m.action.0.into()));
        Ok(())
    })
}

/// Always with code, status and message: ably-js loses the frame without them.
fn write_error<W: Writer>(w: &mut W, error: &ErrorInfo) -> Done {
    w.map(|w| {
        int(w, Field::Code, Some(error.code().0.into()));
        int(w, Field::StatusCode, Some(error.status_code().into()));
        w.field(Field::Message);
        w.text(error.message());
        text(w, Field::Href, error.given_href());
        if let Some(id) = error.request_id() {
            w.field(Field::RequestId);
            w.text(id);
        }
        if let Some(cause) = error.cause() {
            w.field(Field::Cause);
            write_error(w, cause)?;
        }
        Ok(())
    })
}

fn write_connection_details<W: Writer>(w: &mut W, d: &ConnectionDetails) -> Done {
    let number = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    w.map(|w| {
        text(w, Field::ConnectionKey, &d.connection_key);
        text(w, Field::ClientId, &d.client_id);
        int(w, Field::MaxMessageSize, number(d.max_message_size));
        int(w, Field::MaxFrameSize, number(d.max_frame_size));
        int(w, Field::MaxInboundRate, number(d.max_inbound_rate));
        int(w, Field::ConnectionStateTtl, number(d.connection_state_ttl));
        int(w, Field::MaxIdleInterval, number(d.max_idle_interval));
        text(w, Field::ServerId, &d.server_id);
        int(
            w,
            Field::ObjectsGcGracePeriod,
            number(d.objects_gc_grace_period),
        );
        Ok(())
    })
}

fn write_auth<W: Writer>(w: &mut W, auth: &AuthDetails) -> Done {
    w.map(|w| {
        w.field(Field::AccessToken);
        w.text(auth.access_token.expose());
        Ok(())
    })
}

fn write_operation<W: Writer>(w: &mut W, op: &Operation) -> Done {
    w.map(|w| {
        text(w, Field::ClientId, &op.client_id);
        text(w, Field::Description, &op.description);
        if !op.metadata.is_empty() {
            texts(w, Field::Metadata, &op.metadata)?;
        }
        Ok(())
    })
}

fn text<W: Writer>(w: &mut W, field: Field, value: &Option<Str>) {
    if let Some(value) = value {
        w.field(field);
        w.text(value);
    }
}

fn int<W: Writer>(w: &mut W, field: Field, value: Option<i64>) {
    if let Some(value) = value {
        w.field(field);
        w.int(value);
    }
}

fn texts<W: Writer>(w: &mut W, field: Field, texts: &BTreeMap<Str, Str>) -> Done {
    w.field(field);
    w.map(|w| {
        for (name, value) in texts {
            w.key(name);
            w.text(value);
        }
        Ok(())
    })
}

fn items<W: Writer>(w: &mut W, field: Field, items: &Items) -> Done {
    if items.is_none() {
        return Ok(());
    }
    w.field(field);
    write_items(w, items)
}
