//! [`RestCore`]: sends requests.
//!
//! Performs what the engine's [`RequestMachine`] says; holds no policy of its own.
//!
//! Spec: RSC7, RSC8, RSC10, RSC13, RSC15.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use ably_engine::{
    AuthState, BoxFuture, ChannelOptions, Entropy, HttpReply, LogLevel, LogRecord,
    encoding::Chain,
    protocol::{Codec, ErrorInfo, Format, Str, json::JsonCodec},
    request::{HostState, Outcome, RequestMachine, Step},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{RestConfig, RestRequest};
use crate::{
    HttpClient, Runtime,
    auth::{Authority, Site, TokenWait, join},
    ext::{LogSink, Plugins, collect},
    shell::{Shared, ended},
};

/// The largest body of a reply, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// What sends requests for a client. Cheap to clone; keeps no connection open by itself.
#[derive(Clone)]
pub struct RestCore {
    inner: Arc<Inner>,
    door: Door,
}

/// Where the credential is.
#[derive(Clone)]
pub(crate) enum Door {
    /// In a client without a connection.
    Own(Arc<Mutex<AuthState>>),
    /// In a realtime client's engine, which its connection uses as well.
    Realtime(Arc<Shared>),
}

/// All of it that a realtime client keeps in itself.
pub(crate) struct Inner {
    config: RestConfig,
    plugins: Plugins,
    http: Arc<dyn HttpClient>,
    runtime: Arc<dyn Runtime>,
    authority: Arc<Authority>,
    log: Arc<dyn LogSink>,
    entropy: Mutex<Box<dyn Entropy>>,
    hosts: Mutex<HostState>,
}

impl Inner {
    /// # Errors
    /// - `40019` no runtime; TLS is wanted and the HTTP client has none.
    pub(crate) fn new(
        config: RestConfig,
        http: Arc<dyn HttpClient>,
        plugins: Plugins,
        authority: Arc<Authority>,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<Self>, ErrorInfo> {
        config.check_tls(&*http, &plugins)?;
        let runtime = plugins.require_runtime()?;
        let mut entropy = runtime.entropy();
        let hosts = HostState::new(&config.hosts, &config.policy, &mut *entropy);
        Ok(Arc::new(Self {
            config,
            plugins,
            http,
            runtime,
            authority,
            log,
            entropy: Mutex::new(entropy),
            hosts: Mutex::new(hosts),
        }))
    }
}

/// A client that can send requests: for extensions that compose them.
pub trait HasRest {
    /// What sends them.
    ///
    /// # Errors
    /// - `40019` there is no HTTP client.
    fn rest_core(&self) -> Result<RestCore, ErrorInfo>;
}

impl RestCore {
    pub(crate) fn new(inner: Arc<Inner>, door: Door) -> Self {
        Self { inner, door }
    }

    /// Sends a request, to further hosts and with a new token where that may help.
    ///
    /// # Errors
    /// - what the server says, with the status of its reply.
    /// - `50003` no host answered in time; `80003` none could be reached.
    /// - `40170`, `40171` or the callback's error: no token to be had.
    /// - `80013` the reply is larger than 64 MiB.
    /// - `80017` the runtime that the client was made in was shut down.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    pub async fn request(&self, request: RestRequest) -> Result<HttpReply, ErrorInfo> {
        if !self.inner.config.add_request_ids {
            return self.perform(&request).await;
        }
        let id = self.random_id();
        let result = self.perform(&request.with_id(id.clone())).await;
        result.map_err(|error| error.with_request_id(id))
    }

    /// 96 random bits, safe in a URL. Spec: RSC7c.
    fn random_id(&self) -> String {
        let mut bytes = [0; 12];
        self.with_entropy(|entropy| entropy.fill(&mut bytes));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    async fn perform(&self, request: &RestRequest) -> Result<HttpReply, ErrorInfo> {
        let mut machine = RequestMachine::new(self.inner.config.policy);
        if request.is_anonymous {
            machine = machine.anonymous();
        }
        let mut attempt = Attempt {
            core: self,
            request,
            machine: machine.connected_to(self.connected_host()),
            sending: None,
            token: None,
        };
        let mut timer = self.inner.runtime.timer();
        poll_fn(|cx| {
            loop {
                // What would carry it on has gone, and what would end it in time as well.
                if self.inner.runtime.is_shut_down() {
                    return Poll::Ready(Err(ended()));
                }
                let step = attempt.consult();
                match step {
                    Step::Done(result) => return Poll::Ready(result),
                    Step::WaitUntil(at) => {
                        if attempt.poll_work(cx) || timer.poll_until(cx, at).is_ready() {
                            continue;
                        }
                        return Poll::Pending;
                    }
                    step => attempt.perform(step),
                }
            }
        })
        .await
    }

    /// The wire format of bodies.
    pub fn format(&self) -> Format {
        self.inner.config.format
    }

    /// The codec of `format`.
    ///
    /// # Errors
    /// - `40019` it is MessagePack, and that is not installed.
    pub fn codec(&self, format: Format) -> Result<Arc<dyn Codec>, ErrorInfo> {
        if format == Format::Json {
            return Ok(Arc::new(JsonCodec));
        }
        let mut codecs = self.inner.plugins.codecs().iter();
        codecs
            .find(|c| c.format() == format)
            .cloned()
            .ok_or_else(|| ErrorInfo::missing_plugin("MsgPack", "msgpack"))
    }

    /// The codec of a reply: of the format that it names, else the client's.
    ///
    /// # Errors
    /// - `40013` it names a format that is none of Ably's.
    /// - `40019` it is MessagePack, and that is not installed.
    pub fn codec_of(&self, reply: &HttpReply) -> Result<Arc<dyn Codec>, ErrorInfo> {
        if let Some(error) = reply.unsupported_type() {
            return Err(error);
        }
        self.codec(reply.format().unwrap_or(self.format()))
    }

    /// Opens the encoding chain that `options` ask for: for one publish or one page, so that no
    /// chain is shared with a connection.
    ///
    /// # Errors
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what a plugin says about its options.
    pub fn open_chain(&self, options: &ChannelOptions) -> Result<Chain, ErrorInfo> {
        Chain::open(self.inner.plugins.encodings(), options)
    }

    /// Calls `f` with the client's source of randomness.
    pub fn with_entropy<R>(&self, f: impl FnOnce(&mut dyn Entropy) -> R) -> R {
        let mut entropy = self
            .inner
            .entropy
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        f(&mut **entropy)
    }

    /// The identity of the client as far as it is known; `*` means any. Spec: RSA12.
    pub fn client_id(&self) -> Option<Str> {
        self.with_auth(|auth| auth.client_id().cloned())
    }

    /// Whether publishes get ids. Spec: RSL1k1.
    pub fn idempotent_publishing(&self) -> bool {
        self.inner.config.idempotent_publishing
    }

    /// Whether requests of the push plugin wait until all is done: ably-js's `pushFullWait`.
    pub fn push_full_wait(&self) -> bool {
        self.inner.config.push_full_wait
    }

    /// The largest publish in bytes. Spec: TO3l8.
    pub fn max_message_size(&self) -> u64 {
        self.inner.config.max_message_size
    }

    /// The client's runtime.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.inner.runtime
    }

    /// The client's plugins.
    pub fn plugins(&self) -> &Plugins {
        &self.inner.plugins
    }

    pub(super) fn config(&self) -> &RestConfig {
        &self.inner.config
    }

    pub(crate) fn http(&self) -> &Arc<dyn HttpClient> {
        &self.inner.http
    }

    /// Writes a log line, if the client logs at `level`.
    pub fn log(&self, level: LogLevel, message: impl FnOnce() -> String) {
        if level <= self.inner.config.log_level {
            self.inner.log.log(&LogRecord {
                level,
                target: "rest",
                message: message(),
            });
        }
    }

    pub(crate) fn authority(&self) -> &Arc<Authority> {
        &self.inner.authority
    }

    /// The server has told its time, ms since the epoch: for extensions that ask for it. From now
    /// on tokens that have expired by it are renewed before they are used. Spec: RSA4b1, RSA10k.
    pub fn learn_server_time(&self, server_ms: i64) {
        let now = self.inner.runtime.now();
        self.with_auth(|auth| auth.learn_server_time(now, server_ms));
    }

    pub(crate) fn with_auth<R>(&self, f: impl FnOnce(&mut AuthState) -> R) -> R {
        match &self.door {
            Door::Own(auth) => f(&mut auth.lock().unwrap_or_else(PoisonError::into_inner)),
            Door::Realtime(shared) => f(shared.lock().engine.auth_mut()),
        }
    }

    /// Spec: RTN17e.
    fn connected_host(&self) -> Option<Str> {
        match &self.door {
            Door::Own(_) => None,
            Door::Realtime(shared) => shared.read(|engine| {
                let is_connected =
                    engine.connection_state() == ably_engine::ConnectionState::Connected;
                engine.host().filter(|_| is_connected)
            }),
        }
    }
}

impl std::fmt::Debug for RestCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RestCore")
    }
}

/// A request under way.
struct Attempt<'a> {
    core: &'a RestCore,
    request: &'a RestRequest,
    machine: RequestMachine,
    sending: Option<BoxFuture<Outcome>>,
    token: Option<TokenWait>,
}

impl Attempt<'_> {
    fn consult(&mut self) -> Step {
        let inner = &self.core.inner;
        let now = inner.runtime.now();
        let mut hosts = inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        self.core
            .with_auth(|auth| self.machine.poll(now, &mut hosts, auth))
    }

    fn perform(&mut self, step: Step) {
        let (core, inner) = (self.core, &self.core.inner);
        match step {
            Step::Send {
                host,
                authorization,
            } => {
                core.log(LogLevel::Micro, || {
                    format!("sending {:?} to {host}", self.request)
                });
                let request = self.request.to_host(&inner.config, &host, authorization);
                let executed = inner.http.execute(request);
                let binary = core.codec(Format::MsgPack).ok();
                // The attempt before is abandoned here.
                self.sending = Some(Box::pin(async move {
                    let reply = match executed.await {
                        Ok(response) => collect(response, MAX_BODY).await,
                        Err(error) => Err(error),
                    };
                    match reply {
                        Ok(reply) => Outcome::of_reply(reply, binary.as_deref()),
                        Err(error) => Outcome::Failed(error),
                    }
                }));
            }
            Step::NeedToken { generation } => {
                self.sending = None;
                self.token = Some(join(&Site::Rest(core.clone()), generation));
            }
            _ => {}
        }
    }

    /// Hands what came to the machine; true when something did.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(sending) = &mut self.sending {
            if let Poll::Ready(outcome) = sending.as_mut().poll(cx) {
                self.sending = None;
                self.core.log(LogLevel::Minor, || match &outcome {
                    Outcome::Success(reply) => format!("{:?}: {}", self.request, reply.status),
                    Outcome::Refused { error, .. } => format!("{:?}: {error}", self.request),
                    Outcome::Failed(error) => format!("{:?}: {error}", self.request),
                    _ => String::new(),
                });
                self.machine.handle(outcome);
                return true;
            }
        }
        if let Some(token) = &mut self.token {
            if let Poll::Ready(result) = std::pin::Pin::new(token).poll(cx) {
                self.token = None;
                self.machine.handle(Outcome::Token(result.map(|_| ())));
                return true;
            }
        }
        false
    }
}
