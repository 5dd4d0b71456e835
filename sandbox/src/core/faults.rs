//! Trouble on purpose: cutting clients off and keeping them out.

use std::collections::BTreeSet;

/// Which clients are meant.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Selector {
    /// Those identified by this clientId. A plain string means this.
    ClientId(String),
    /// The one with this connectionId.
    ConnectionId(String),
    /// Everybody.
    All,
}

impl Selector {
    /// Says whether a connection is meant.
    pub fn matches(&self, connection_id: Option<&str>, client_id: Option<&str>) -> bool {
        match self {
            Selector::ClientId(id) => client_id == Some(id),
            Selector::ConnectionId(id) => connection_id == Some(id),
            Selector::All => true,
        }
    }
}

impl From<&str> for Selector {
    fn from(client_id: &str) -> Selector {
        Selector::ClientId(client_id.to_owned())
    }
}

impl From<String> for Selector {
    fn from(client_id: String) -> Selector {
        Selector::ClientId(client_id)
    }
}

/// Who is kept out.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeSet<Selector>);

impl Faults {
    pub(crate) fn refuse(&mut self, selector: Selector) {
        self.0.insert(selector);
    }

    pub(crate) fn restore(&mut self, selector: &Selector) {
        self.0.remove(selector);
    }

    pub(crate) fn refuses(&self, connection_id: Option<&str>, client_id: Option<&str>) -> bool {
        self.0
            .iter()
            .any(|selector| selector.matches(connection_id, client_id))
    }
}
