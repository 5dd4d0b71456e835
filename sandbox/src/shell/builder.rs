//! Starting a sandbox.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;

use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::{mpsc, watch};

use crate::core::{Core, Limits};
use crate::shell::accept::Slots;
use crate::shell::clock::Clock;
use crate::shell::hub::Hub;
use crate::shell::sandbox::{Parts, Sandbox};
use crate::shell::store::Store;
use crate::shell::writer::Signals;
use crate::shell::{accept, http, tls, writer};
use crate::wire::{ErrorInfo, Format};

/// Says how to start a [`Sandbox`].
#[derive(Clone)]
pub struct Builder {
    listen: String,
    keys: Vec<String>,
    app_spec: Option<String>,
    tls: Option<(Vec<u8>, Vec<u8>)>,
    limits: Limits,
    data: Option<PathBuf>,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            listen: "127.0.0.1:0".to_owned(),
            keys: Vec::new(),
            app_spec: None,
            tls: None,
            limits: Limits::default(),
            data: None,
        }
    }

    /// Sets where to listen, as `host:port`; by default a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: impl fmt::Display) -> Builder {
        self.listen = address.to_string();
        self
    }

    /// Adds a key, `app.key:secret`, with every capability; its app comes into being with it.
    /// Without this the sandbox makes an app and a key of its own.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Builder {
        self.keys.push(key.into());
        self
    }

    /// Adds keys, namespaces and channels: the JSON that `POST /apps` takes. They belong to the app
    /// of the first key.
    #[must_use]
    pub fn app_spec(mut self, json: impl Into<String>) -> Builder {
        self.app_spec = Some(json.into());
        self
    }

    /// Serves https and wss, with a PEM certificate chain and a PEM private key.
    #[must_use]
    pub fn tls(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Builder {
        self.tls = Some((certificates.into(), key.into()));
        self
    }

    /// Keeps state in a directory, which is made if need be; by default nothing is kept.
    ///
    /// Nobody is told of a change before it is on disk, so what was acknowledged survives any crash.
    /// Connections and presence do not survive. Without [`Builder::key`] the app and key of the
    /// first start come back; an app specification counts when its app is new only.
    #[must_use]
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Builder {
        self.data = Some(directory.into());
        self
    }

    /// Replaces the bounds and intervals.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// Starts the sandbox on the caller's tokio runtime and returns when it accepts connections.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is left running.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let Made {
            core,
            key,
            clock,
            store,
        } = self.make()?;
        let acceptor = match &self.tls {
            None => None,
            Some((certificates, key)) => {
                Some(tls::acceptor(certificates, key).map_err(StartError::Tls)?)
            }
        };
        let listener = TcpListener::bind(&self.listen)
            .await
            .map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let (stop, stop_seen) = watch::channel(false);
        let (alive, done) = mpsc::channel(1);
        let (tell_durable, durable) = watch::channel(0);
        let (tell_failure, failure) = watch::channel(None);
        let (batches, queue) = writer::queue();
        let batches = store.is_some().then_some(batches);
        let hub = Arc::new(Hub::new(core, clock, stop_seen, batches, durable));
        if let Some(store) = store {
            let signals = Signals {
                durable: tell_durable,
                failure: tell_failure,
                stop: stop.clone(),
                alive: alive.clone(),
            };
            writer::start(store, queue, &hub, signals).map_err(StartError::Data)?;
        }
        let router = http::router(Arc::clone(&hub), self.limits.max_frame_size, &alive);
        let is_tls = acceptor.is_some();
        let slots = Slots::new(self.limits.max_sockets);
        let accept = accept::run(
            Arc::clone(&hub),
            listener,
            acceptor,
            router,
            slots.clone(),
            alive.clone(),
        );
        tokio::spawn(accept);
        let timers = Arc::clone(&hub).run_timers();
        tokio::spawn(async move {
            let _held = alive;
            timers.await;
        });
        Ok(Sandbox::new(Parts {
            hub,
            slots,
            address,
            key,
            is_tls,
            stop,
            done,
            failure,
        }))
    }

    /// Starts the sandbox on a thread of its own and returns when it accepts connections. For
    /// callers without a tokio runtime, and for those who want theirs undisturbed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start_on_thread(self) -> Result<Sandbox, StartError> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartError::Listen)?;
        let (tell, started) = std_mpsc::sync_channel(1);
        let named = thread::Builder::new().name("ably-sandbox".to_owned());
        let thread = named.spawn(move || {
            runtime.block_on(async move {
                let outcome = self.start().await;
                let ended = outcome.as_ref().ok().map(Sandbox::ended);
                let told = tell.send(outcome);
                if let (Ok(()), Some(ended)) = (told, ended) {
                    ended.await;
                }
            });
        });
        let thread = thread.map_err(StartError::Listen)?;
        match started.recv() {
            Ok(outcome) => outcome.map(|sandbox| sandbox.on_thread(thread)),
            Err(_) => Err(StartError::Listen(io::Error::other("the thread has ended"))),
        }
    }

    fn make(&self) -> Result<Made, StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| StartError::Listen(error.into()))?;
        let clock = Clock::new();
        let now = clock.now();
        let mut core = Core::new(self.limits.clone(), seed, now);
        let mut store = None;
        if let Some(directory) = &self.data {
            let each = |record: &[u8]| core.replay(record, now);
            store = Some(Store::open(directory, each).map_err(StartError::Data)?);
            core.replayed(now);
        }
        let key = self.make_apps(&mut core, now)?;
        if let Some(store) = &mut store {
            // So the journal starts with what is, and forgets what has become of no use.
            store.replace(&core.snapshot()).map_err(StartError::Data)?;
            core.keep_journal();
        }
        Ok(Made {
            core,
            key,
            clock,
            store,
        })
    }

    // Makes sure that the apps are there that were asked for, and returns the first key.
    fn make_apps(&self, core: &mut Core, now: u64) -> Result<String, StartError> {
        let decode = |json: &[u8]| Format::Json.decode(json).map_err(StartError::Spec);
        let spec = self.app_spec.as_ref();
        let spec = spec.map(|json| decode(json.as_bytes())).transpose()?;
        let as_spec_error = |error: ErrorInfo| StartError::Spec(error.to_string());
        let app = self.keys.first().and_then(|key| key.split('.').next());
        let is_new = !app.is_some_and(|app| core.has_app(app));
        for key in &self.keys {
            core.add_key(key).map_err(StartError::Key)?;
        }
        if let Some(key) = self.keys.first() {
            if let Some(spec) = spec.filter(|_| is_new) {
                core.extend_app(key, &spec, now).map_err(as_spec_error)?;
            }
            return Ok(key.clone());
        }
        if let Some(key) = core.main_key() {
            return Ok(key.to_owned());
        }
        let spec = match spec {
            Some(spec) => spec,
            None => decode(br#"{"keys":[{}]}"#)?,
        };
        let (_, key) = core.create_app(&spec, now).map_err(as_spec_error)?;
        let key = key.ok_or_else(|| StartError::Spec("the app has no keys".to_owned()))?;
        core.set_main_key(&key);
        Ok(key)
    }
}

/// What a sandbox starts from.
struct Made {
    core: Core,
    key: String,
    clock: Clock,
    store: Option<Store>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("keys", &self.keys.len())
            .field("tls", &self.tls.is_some())
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// Why a sandbox did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    Listen(io::Error),
    /// A key is not formed as one.
    Key(ErrorInfo),
    /// The app's specification is of no use.
    Spec(String),
    /// The certificates or the private key are of no use.
    Tls(String),
    /// The data directory cannot be used.
    Data(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen(error) => write!(f, "cannot listen: {error}"),
            StartError::Key(error) => write!(f, "bad key: {error}"),
            StartError::Spec(why) => write!(f, "bad app specification: {why}"),
            StartError::Tls(why) => write!(f, "bad TLS files: {why}"),
            StartError::Data(error) => write!(f, "cannot keep data: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Listen(error) | StartError::Data(error) => Some(error),
            StartError::Key(error) => Some(error),
            StartError::Spec(_) | StartError::Tls(_) => None,
        }
    }
}
