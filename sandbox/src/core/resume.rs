//! Resuming and recovering connections.
//!
//! A connection outlives its transport for connectionStateTtl. Every transport gets a new
//! connectionKey; the one used to resume stays valid too, since the CONNECTED that carries the new
//! one may be lost with its socket.
//!
//! Spec: RTN15, RTN16.

use std::collections::{BTreeSet, VecDeque};

use crate::core::Core;
use crate::core::auth::Identity;
use crate::core::transport::{Outgoing, TransportId};
use crate::wire::error::{EXPIRED, SUPERSEDED, UNKNOWN_KEY};
use crate::wire::{ErrorInfo, ProtocolMessage, action};

/// Keys of connections whose time has passed: a better answer than "unknown".
#[derive(Default)]
pub(crate) struct Expired {
    keys: BTreeSet<String>,
    by_age: VecDeque<String>,
}

impl Expired {
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn insert(&mut self, key: String) {
        if self.keys.insert(key.clone()) {
            self.by_age.push_back(key);
        }
        if self.by_age.len() > MAX_EXPIRED {
            if let Some(oldest) = self.by_age.pop_front() {
                self.keys.remove(&oldest);
            }
        }
    }
}

impl Core {
    /// Gives the connection of `key` to a new transport, if it can be resumed by this client.
    pub(crate) fn resume(
        &mut self,
        key: &str,
        identity: &Identity,
        transport: TransportId,
        now: u64,
    ) -> Result<String, ErrorInfo> {
        let Some(id) = self.connection_keys.get(key).cloned() else {
            return Err(if self.expired.contains(key) {
                ErrorInfo::bad(EXPIRED, "the connection's state has expired")
            } else {
                ErrorInfo::bad(UNKNOWN_KEY, "the connectionKey is unknown")
            });
        };
        let unfit = || ErrorInfo::bad(UNKNOWN_KEY, "the connection belongs to another client");
        let Some(connection) = self.connections.get(&id) else {
            return Err(unfit());
        };
        let same_client = connection.identity.app == identity.app
            && connection.identity.client_id() == identity.client_id();
        if !same_client {
            return Err(unfit());
        }
        if let Some(old) = connection.transport {
            let error = ErrorInfo::bad(SUPERSEDED, "the connection was resumed elsewhere");
            self.send(
                old,
                ProtocolMessage::new(action::DISCONNECTED).with_error(error),
                now,
            );
            self.end_transport(old, Outgoing::Close, now);
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.identity = identity.clone();
            connection.transport = Some(transport);
            connection.expires_at = None;
            connection.leaves_at = None;
            connection.processed_before = connection.processed;
        }
        self.rotate_key(&id, Some(key));
        Ok(id)
    }

    /// Gives a connection a new key and keeps only `old` of its earlier ones.
    pub(crate) fn rotate_key(&mut self, id: &str, old: Option<&str>) -> String {
        let key = self.entropy.name(24);
        if let Some(connection) = self.connections.get_mut(id) {
            for earlier in std::mem::take(&mut connection.keys) {
                if Some(earlier.as_str()) == old {
                    connection.keys.push(earlier);
                } else {
                    self.connection_keys.remove(&earlier);
                }
            }
            connection.keys.push(key.clone());
            self.connection_keys.insert(key.clone(), id.to_owned());
        }
        key
    }

    /// Forgets a connection's keys; `expired` keeps them known as such.
    pub(crate) fn drop_keys(&mut self, keys: Vec<String>, expired: bool) {
        for key in keys {
            self.connection_keys.remove(&key);
            if expired {
                self.expired.insert(key);
            }
        }
    }
}

const MAX_EXPIRED: usize = 10_000;
