//! What a client is told about going on where an earlier one was.

use std::{fmt, sync::Arc};

use ably_engine::{MaybeSend, MaybeSync, protocol::Str};

use super::ClientOptions;
use crate::{
    ext::Storage,
    shell::{OpenFn, open},
};

/// Whether to go on.
pub(crate) trait Decide: Fn(&LastConnection) -> bool + MaybeSend + MaybeSync {}
impl<F: Fn(&LastConnection) -> bool + MaybeSend + MaybeSync> Decide for F {}

/// A client without a storage does not carry the code: it comes with `open`.
#[derive(Clone)]
pub(crate) struct Keeping {
    pub(crate) storage: Option<Arc<dyn Storage>>,
    pub(crate) decide: Option<Arc<dyn Decide>>,
    pub(crate) name: Option<String>,
    pub(crate) open: OpenFn,
}

/// The connection that an earlier client had: ably-js's `lastConnectionDetails`.
///
/// `Debug` leaves out the recovery key.
#[derive(Clone)]
#[non_exhaustive]
pub struct LastConnection {
    /// What [`Connection::create_recovery_key`](crate::Connection::create_recovery_key) gave. Secret.
    pub recovery_key: String,
    /// When it was last seen connected, ms since the epoch; it may have been so for up to half a
    /// minute longer.
    pub disconnected_at: i64,
    /// The identity of that client, as far as it was known.
    pub client_id: Option<Str>,
}

impl fmt::Debug for LastConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastConnection")
            .field("disconnected_at", &self.disconnected_at)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    fn keeping(&mut self) -> &mut Keeping {
        self.keeping.get_or_insert_with(|| {
            Box::new(Keeping {
                storage: None,
                decide: None,
                name: None,
                open,
            })
        })
    }

    /// Keeps in `storage` what the next client may begin with: which transport gets through, and with
    /// [`ClientOptions::recover_if`] a recovery key. Default: nothing is kept. ably-js has the storage
    /// of the browser.
    pub fn storage(mut self, storage: impl Storage + 'static) -> Self {
        self.keeping().storage = Some(Arc::new(storage));
        self
    }

    /// Goes on with the connection of an earlier client where `decide` says so: of one with the same
    /// [storage](ClientOptions::storage) that has ended without closing its connection. Asked once,
    /// when the client is made, unless nothing is kept or the server has forgotten the connection.
    /// [`ClientOptions::recover`] takes the place of this.
    ///
    /// Such a client keeps a recovery key. It is written before anything is published, and when
    /// what came was delivered, then at most once a second; so what came right before the end may come
    /// again. The client forgets the key when the connection is closed (as it is with the last handle),
    /// failed or suspended.
    ///
    /// A message is delivered when callbacks have returned and streams have it, read or not. What waits
    /// in a stream when the program ends is lost: the next client begins behind it. Who must not lose
    /// it takes a callback that is done with a message when it returns, or keeps a position of its own
    /// and asks for the history from there.
    ///
    /// Each write has the position of every channel: some 0.15 ms for a thousand channels, and what
    /// the storage takes. A client with very many channels that publishes much is better off without.
    ///
    /// ably-js's `recover` with a callback. Spec: RTN16.
    pub fn recover_if(
        mut self,
        decide: impl Fn(&LastConnection) -> bool + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.keeping().decide = Some(Arc::new(decide));
        self
    }

    /// The name under which the recovery key is kept, default `ably-connection-recovery`: clients
    /// that are there at the same time need names of their own. ably-js's `recoveryKeyStorageName`.
    pub fn recovery_key_storage_name(mut self, name: impl Into<String>) -> Self {
        self.keeping().name = Some(name.into());
        self
    }
}
