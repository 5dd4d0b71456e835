//! Recovery keys.
//!
//! Spec: RTN16.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::time::Duration;

use ably_protocol::{Str, Value};

use crate::{ConnectionState, Engine, LogLevel};

/// What a recovery key says. Not to be printed: it takes a connection over.
#[derive(Clone)]
pub(crate) struct RecoveryKey {
    pub(crate) connection_key: Str,
    pub(crate) msg_serial: i64,
    pub(crate) channel_serials: BTreeMap<Str, Str>,
}

impl RecoveryKey {
    /// Reads a recovery key; `None` when it cannot be read, which means a fresh connection
    /// (RTN16f1).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Ok(Value::Map(fields)) = Value::from_json(text) else {
            return None;
        };
        let mut key = Self {
            connection_key: Str::default(),
            msg_serial: 0,
            channel_serials: BTreeMap::new(),
        };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("connectionKey", Value::Text(k)) => key.connection_key = k,
                ("msgSerial", Value::Int(n)) => key.msg_serial = n.max(0),
                ("channelSerials", Value::Map(serials)) => {
                    for (channel, serial) in serials {
                        if let Value::Text(serial) = serial {
                            key.channel_serials.insert(channel, serial);
                        }
                    }
                }
                _ => {}
            }
        }
        (!key.connection_key.is_empty()).then_some(key)
    }
}

/// What a recovery key is made of, without the work for each channel. Not to be printed: it takes a
/// connection over.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryMark {
    /// The connection's key.
    pub connection_key: Str,
    /// The serial of the next message that is sent.
    pub msg_serial: i64,
    /// How often serials of channels may have changed.
    pub serial_changes: u64,
}

impl Engine {
    /// Makes the channels of a recovery key, so that they go on where they were. Spec: RTN16f1,
    /// RTN16j.
    pub(crate) fn prepare_recovery(&mut self) {
        if self.config.recover.is_none() {
            return;
        }
        let Some(key) = self.conn.recovery_serials() else {
            self.log(LogLevel::Error, "connection", || {
                "the recovery key is malformed: connecting as if there were none".into()
            });
            return;
        };
        let names: Vec<Str> = key.channel_serials.keys().cloned().collect();
        for name in names {
            self.channel(&name);
        }
    }

    /// How long the server keeps the connection after it was last heard of.
    pub fn connection_kept_for(&self) -> Duration {
        let idle = self.conn.max_idle.unwrap_or_default();
        self.conn.state_ttl.saturating_add(idle)
    }

    /// Changes when [`Engine::create_recovery_key`] does; `None` when that is.
    pub fn recovery_mark(&self) -> Option<RecoveryMark> {
        use ConnectionState as S;
        let state = self.conn.state;
        if matches!(state, S::Closing | S::Closed | S::Failed | S::Suspended) {
            return None;
        }
        Some(RecoveryMark {
            connection_key: self.conn.key.clone()?,
            msg_serial: self.outbox.next_serial(),
            serial_changes: self.serial_changes,
        })
    }

    /// The key with which another client can go on where this connection is now; `None` while
    /// there is nothing to go on with. Spec: RTN16g.
    pub fn create_recovery_key(&self) -> Option<String> {
        let mark = self.recovery_mark()?;
        let serials = self
            .channel_serials()
            .into_iter()
            .map(|(n, s)| (n, Value::Text(s)));
        Some(
            Value::Map(alloc::vec![
                ("connectionKey".into(), Value::Text(mark.connection_key)),
                ("msgSerial".into(), Value::Int(mark.msg_serial)),
                ("channelSerials".into(), Value::Map(serials.collect())),
            ])
            .to_json(),
        )
    }
}
