//! [`Storage`]: what outlives a client.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ably_engine::{MaybeSend, MaybeSync};

/// Keeps small texts by name, for the next client: in memory, in a file, in a keychain.
///
/// # Behaviour
/// - Called by the client's driver and constructor: it must be quick, nothing is sent or received
///   meanwhile. With [`recover_if`](crate::ClientOptions::recover_if) a text with the name and
///   position of each channel is set whenever something is published, and once a second while messages
///   come.
/// - There are no errors: what cannot be kept is given up, and the text before it is forgotten. To
///   begin with an outdated one would lose messages.
/// - What it keeps is secret: who can read it can take a connection over.
/// - A name belongs to one client at a time. But for `ably-transport-preference`, which is the same
///   for all: of clients that share a storage the next one begins with what the last one found out.
pub trait Storage: MaybeSend + MaybeSync {
    /// The text of this name.
    fn get(&self, name: &str) -> Option<String>;

    /// Keeps a text in the place of the one before. After `ttl` it is of no use to anyone; `None`:
    /// for good.
    fn set(&self, name: &str, text: &str, ttl: Option<Duration>);

    /// Forgets a text.
    fn remove(&self, name: &str);
}

/// A storage that lasts as long as the program. Clones share it. It forgets nothing by itself; what
/// is too old is not used.
#[derive(Clone, Default)]
pub struct MemoryStorage(Arc<Mutex<BTreeMap<String, String>>>);

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<R>(&self, f: impl FnOnce(&mut BTreeMap<String, String>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Storage for MemoryStorage {
    fn get(&self, name: &str) -> Option<String> {
        self.with(|all| all.get(name).cloned())
    }

    fn set(&self, name: &str, text: &str, _: Option<Duration>) {
        self.with(|all| all.insert(name.into(), text.into()));
    }

    fn remove(&self, name: &str) {
        self.with(|all| all.remove(name));
    }
}

/// Leaves out the texts.
impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.with(|all| all.keys().cloned().collect());
        f.debug_tuple("MemoryStorage").field(&names).finish()
    }
}
