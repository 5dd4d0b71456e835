//! The server without its sockets: apps, connections, channels, tokens and time-outs.
//!
//! Plain structs and synchronous functions. It opens nothing, sleeps never, and knows neither the
//! clock nor chance: `now` (Unix ms, never running backwards) is an argument of every call, a seed
//! of the constructor. After every call, drain [`Core::take_wakeups`], [`Core::poll_send`] each of
//! those transports until `None`, then wait for input or [`Core::next_timeout`].
//!
//! ```text
//! socket --connect/receive/lost--> Core --poll_send--> socket
//! HTTP   --rest------------------> Core --Response---> HTTP
//! clock  --handle_timeout--------> Core --next_timeout--> clock
//! ```

mod annotate;
mod app;
mod attach;
pub mod auth;
mod capability;
mod channel;
pub mod comet;
mod connection;
mod deadlines;
mod delta;
mod dispatch;
mod entropy;
mod entry;
mod faults;
mod filter;
mod history;
mod interval;
mod journal;
mod jwt;
mod limits;
mod name;
mod occupancy;
mod params;
mod presence;
mod publish;
mod push;
mod records;
mod replay;
pub mod rest;
mod resume;
mod revoke;
mod serial;
mod stats;
mod summary;
mod timers;
mod token;
mod transport;
#[doc(hidden)]
pub mod vcdiff;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use capability::Capability;
pub use connection::{ConnectRequest, ConnectionInfo};
pub use faults::Selector;
pub use limits::Limits;
pub(crate) use name::{parse_query, percent_decode};
pub use transport::{Outgoing, TransportId};

use crate::wire::error::BAD_REQUEST;
use crate::wire::{ErrorInfo, Value};
use app::{App, Key, KeyParts};
use channel::Channel;
use connection::Connection;
use entropy::Entropy;
use faults::Faults;
use journal::Journal;
use resume::Expired;
use timers::{Timer, Timers};
use token::Tokens;
use transport::Transport;

/// The whole server, sans IO.
pub struct Core {
    pub(crate) limits: Limits,
    entropy: Entropy,
    apps: BTreeMap<String, App>,
    tokens: Tokens,
    transports: BTreeMap<TransportId, Transport>,
    connections: BTreeMap<String, Connection>,
    connection_keys: BTreeMap<String, String>,
    /// Transports that are made of HTTP requests, by the key in their paths.
    comet_keys: BTreeMap<String, TransportId>,
    expired: Expired,
    timers: Timers,
    wakeups: BTreeSet<TransportId>,
    faults: Faults,
    journal: Journal,
    main_key: Option<String>,
    next_transport: u64,
    /// About how much all channels keep; counted anew with every sweep.
    kept_bytes: usize,
    counted_at: u64,
}

impl Core {
    /// Makes a server without apps. Equal seeds and calls give equal servers.
    pub fn new(limits: Limits, seed: [u8; 32], now: u64) -> Core {
        let mut timers = Timers::default();
        timers.schedule(now + SWEEP_EVERY, Timer::Sweep);
        Core {
            limits,
            entropy: Entropy::new(seed),
            apps: BTreeMap::new(),
            tokens: Tokens::default(),
            transports: BTreeMap::new(),
            connections: BTreeMap::new(),
            connection_keys: BTreeMap::new(),
            comet_keys: BTreeMap::new(),
            expired: Expired::default(),
            timers,
            wakeups: BTreeSet::new(),
            faults: Faults::default(),
            journal: Journal::default(),
            main_key: None,
            next_transport: 0,
            kept_bytes: 0,
            counted_at: now,
        }
    }

    /// Makes an app from a test-app body and returns its id with its first key.
    ///
    /// # Errors
    /// - `40000` the body is not one of an app.
    /// - `50004` there are too many apps.
    pub fn create_app(
        &mut self,
        spec: &Value,
        now: u64,
    ) -> Result<(String, Option<String>), ErrorInfo> {
        let id = self.insert_app(spec, now)?;
        let app = self.apps.get(&id);
        let key = app.and_then(|app| {
            let key = app.keys.first()?;
            Some(format!("{}.{}:{}", app.id, key.id, key.secret))
        });
        Ok((id, key))
    }

    /// Makes sure that a key exists, with every capability, and its app with it.
    ///
    /// # Errors
    /// - `40005` the text is not a key.
    pub fn add_key(&mut self, key: &str) -> Result<(), ErrorInfo> {
        let parts = KeyParts::parse(key)?;
        if !self.apps.contains_key(parts.app) {
            let app = App::new(parts.app.to_owned(), &self.limits, &mut self.entropy);
            self.apps.insert(parts.app.to_owned(), app);
        }
        let id = parts.app;
        if let Some(app) = self.apps.get_mut(id) {
            app.keys.retain(|key| key.id != parts.key);
            app.keys.push(Key {
                id: parts.key.to_owned(),
                secret: parts.secret.to_owned(),
                capability: Capability::full(),
                revocable_tokens: false,
            });
        }
        self.note_app(id);
        Ok(())
    }

    /// Adds what a test-app body asks for to the app that `key` belongs to.
    ///
    /// # Errors
    /// - `40000` the body is not one of an app, or there is no such app.
    pub fn extend_app(&mut self, key: &str, spec: &Value, now: u64) -> Result<(), ErrorInfo> {
        let parts = KeyParts::parse(key)?;
        let Some(app) = self.apps.get_mut(parts.app) else {
            return Err(ErrorInfo::bad(BAD_REQUEST, "there is no such app"));
        };
        app.apply(spec, &self.limits, &mut self.entropy, now)?;
        self.note_whole_app(parts.app);
        Ok(())
    }

    /// Returns when [`Core::handle_timeout`] wants to be called next.
    pub fn next_timeout(&self) -> Option<u64> {
        self.timers.next()
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: u64) {
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::Transport(id) => self.check_transport(id, now),
                Timer::Connection(id) => self.check_connection(&id, now),
                Timer::Occupancy(app, channel) => self.tell_occupancy(&app, &channel, now),
                Timer::Sweep => self.sweep(now),
            }
        }
    }

    /// Takes the transports that have something new to send.
    pub fn take_wakeups(&mut self) -> Vec<TransportId> {
        std::mem::take(&mut self.wakeups).into_iter().collect()
    }

    /// Takes the next thing to do on a socket; `None` when nothing waits. For a transport that the
    /// core does not know, that thing is to cut.
    pub fn poll_send(&mut self, id: TransportId) -> Option<Outgoing> {
        let Some(transport) = self.transports.get_mut(&id) else {
            return Some(Outgoing::Cut);
        };
        let next = transport.poll(&self.journal);
        if next.is_none() && transport.has_waiting() {
            self.journal.wait(id);
        }
        next
    }

    /// Says whether so much waits for a client that reading from it should pause.
    pub fn is_congested(&self, id: TransportId) -> bool {
        let transport = self.transports.get(&id);
        transport.is_some_and(|transport| {
            let is_behind = self.journal.is_behind() && transport.has_waiting();
            is_behind || transport.is_congested(&self.limits)
        })
    }

    /// Drops the sockets of clients without a word, as a broken network would; their connections
    /// can be resumed. Returns how many there were.
    pub fn cut(&mut self, selector: &Selector, now: u64) -> usize {
        let connections = self.connections.iter();
        let meant: Vec<_> = connections
            .filter(|(id, connection)| selector.matches(Some(id), connection.identity.client_id()))
            .filter_map(|(_, connection)| connection.transport)
            .collect();
        for id in &meant {
            self.end_transport(*id, Outgoing::Cut, now);
        }
        meant.len()
    }

    /// Keeps clients out: their sockets are dropped before they are told anything.
    pub fn refuse(&mut self, selector: Selector) {
        self.faults.refuse(selector);
    }

    /// Lets clients in again.
    pub fn restore(&mut self, selector: &Selector) {
        self.faults.restore(selector);
    }

    fn insert_app(&mut self, spec: &Value, now: u64) -> Result<String, ErrorInfo> {
        if self.apps.len() >= self.limits.max_apps {
            let why = "there are too many apps";
            return Err(ErrorInfo::new(crate::wire::error::UNAVAILABLE, 503, why));
        }
        let id = self.entropy.name(6);
        let mut app = App::new(id.clone(), &self.limits, &mut self.entropy);
        app.apply(spec, &self.limits, &mut self.entropy, now)?;
        self.apps.insert(id.clone(), app);
        self.note_whole_app(&id);
        Ok(id)
    }

    fn note_whole_app(&mut self, id: &str) {
        self.note_app(id);
        let channels = self.apps.get(id).map(|app| app.channels.keys().cloned());
        for name in channels.into_iter().flatten().collect::<Vec<_>>() {
            self.note_channel(id, &name);
            self.note_fixtures(id, &name);
        }
    }

    /// Returns a channel, which comes into being when it is first used.
    fn channel(&mut self, app_id: &str, name: &str, now: u64) -> Result<&mut Channel, ErrorInfo> {
        let missing = || ErrorInfo::new(crate::wire::error::NOT_FOUND, 404, "the app is gone");
        let app = self.apps.get_mut(app_id).ok_or_else(missing)?;
        if !app.channels.contains_key(name) {
            if app.channels.len() >= self.limits.max_channels {
                let why = "there are too many channels";
                return Err(ErrorInfo::bad(crate::wire::error::TOO_MANY_CHANNELS, why));
            }
            let retention = app.retention(name, &self.limits);
            let channel = Channel::new(self.entropy.name(8), retention, now);
            app.channels.insert(name.to_owned(), channel);
            let count = app.channels.len() as u64;
            app.stats.count("channels.opened", 1, now);
            app.stats.count("channels.peak", count, now);
            self.note_channel(app_id, name);
        }
        let app = self.apps.get_mut(app_id).ok_or_else(missing)?;
        let channel = app.channels.get_mut(name).ok_or_else(missing)?;
        channel.evict(&self.limits, now);
        Ok(channel)
    }

    fn existing_channel(&self, app: &str, name: &str) -> Option<&Channel> {
        self.apps.get(app)?.channels.get(name)
    }

    /// Makes sure that something of a size may be kept, and notes that it is.
    fn take_room(&mut self, size: usize, now: u64) -> Result<(), ErrorInfo> {
        let is_full = self.kept_bytes + size > self.limits.max_kept_bytes;
        // Looking through everything is not for every publish of a flood.
        if is_full && now >= self.counted_at + 1_000 {
            self.forget_old(now);
        }
        if self.kept_bytes + size > self.limits.max_kept_bytes {
            let why = "the sandbox keeps as many bytes as it may";
            return Err(ErrorInfo::new(crate::wire::error::RATE_LIMITED, 429, why));
        }
        self.kept_bytes += size;
        Ok(())
    }

    fn sweep(&mut self, now: u64) {
        self.forget_old(now);
        self.tokens.evict(self.limits.token_request_window, now);
        for app in self.apps.values_mut() {
            app.stats.tick(app.channels.len(), now);
        }
        for app in self.apps.keys().cloned().collect::<Vec<_>>() {
            self.note_minutes(&app);
        }
        self.timers.schedule(now + SWEEP_EVERY, Timer::Sweep);
    }

    fn forget_old(&mut self, now: u64) {
        self.kept_bytes = 0;
        self.counted_at = now;
        for app in self.apps.values_mut() {
            for channel in app.channels.values_mut() {
                channel.evict(&self.limits, now);
                self.kept_bytes += channel.kept_bytes();
            }
            app.channels
                .retain(|_, channel| !channel.is_idle(&self.limits, now));
        }
    }
}

impl fmt::Debug for Core {
    // Almost everything in here is a secret or somebody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("apps", &self.apps.len())
            .field("connections", &self.connections.len())
            .field("transports", &self.transports.len())
            .finish_non_exhaustive()
    }
}

/// How often memory is given back, in ms. What is too old is never served, swept or not.
const SWEEP_EVERY: u64 = 30_000;
