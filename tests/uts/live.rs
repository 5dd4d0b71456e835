//! What the cases share that run over real sockets and in real time.
//!
//! They run against the sandbox, a new one for each. With `ABLY_ENDPOINT` set, they run against
//! Ably, in an app that is created for each; with `ABLY_API_KEY` besides, in the app of that key.
#![allow(dead_code, unused_imports)] // each document uses some of it
pub use std::future::Future;

pub use ably::{
    Credential, PresenceAction, PresenceMessage, Realtime, Rest, TokenDetails, TokenParams,
    plugins::{
        presence::{ChannelPresence, RealtimePresenceParams},
        rest::{
            Direction, History, HistoryQuery, PresenceQuery, RestApi, RestPresenceApi, RestPublish,
        },
    },
};
pub use ably_testkit_proxy::{
    Direction as To, Event, Initiator, Log, Position, Session, Target, What,
};

pub use crate::support::*;

use ably_sandbox::Sandbox;
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};

/// Runs a test on a runtime of its own. The limit is against a hanging test; nothing waits for it.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(within(s(60), test));
}

/// `WITH timeout`
#[track_caller]
pub fn within<T>(limit: Duration, f: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(limit, f).await {
            Ok(done) => done,
            Err(_) => panic!("not in time: {place}"),
        }
    }
}

/// An app to test with: `BEFORE ALL TESTS`.
pub struct TestApp {
    /// Its id; empty when only one key is known.
    pub app_id: String,
    /// Its keys, `app_config.keys`.
    pub keys: Vec<String>,
    target: Target,
    /// What the client must be told to reach the server without the proxy.
    direct: ClientOptions,
    _sandbox: Option<Sandbox>,
}

impl TestApp {
    /// A new app, as ably-common's `test-app-setup.json` describes it.
    pub async fn start() -> Self {
        let endpoint = std::env::var("ABLY_ENDPOINT").ok();
        let key = std::env::var("ABLY_API_KEY").ok();
        let (target, direct, sandbox) = if endpoint.is_some() || key.is_some() {
            let endpoint = endpoint.unwrap_or_else(|| "main".into());
            let target = Target::parse(&endpoint).expect("an endpoint");
            (target, ClientOptions::new().endpoint(endpoint), None)
        } else {
            let sandbox = Sandbox::start().await.expect("the sandbox starts");
            let (host, port) = (sandbox.host(), sandbox.port());
            let direct = ClientOptions::new().endpoint(&*host).port(port).tls(false);
            (Target::plain(host, port), direct, Some(sandbox))
        };
        let (app_id, keys) = match key {
            Some(key) => (String::new(), vec![key]),
            None => create_app(&target).await,
        };
        Self {
            app_id,
            keys,
            target,
            direct,
            _sandbox: sandbox,
        }
    }

    /// `api_key`
    pub fn key(&self) -> &str {
        &self.keys[0]
    }

    /// Options for the server itself: `endpoint: SANDBOX_ENDPOINT`.
    pub fn direct(&self) -> ClientOptions {
        self.direct.clone()
    }

    /// The same with the key, not connecting by itself.
    pub fn with_key(&self) -> ClientOptions {
        self.direct().key(self.key()).auto_connect(false)
    }

    /// `create_proxy_session(rules)`
    pub async fn proxy(&self, rules: Value) -> Session {
        let session = Session::builder(self.target.clone()).rules(rules);
        let session = session.expect("the rules are as specified").start().await;
        session.expect("a port")
    }

    /// The options that all clients of a proxy have.
    pub fn through(&self, session: &Session) -> ClientOptions {
        ClientOptions::new()
            .endpoint("localhost")
            .port(session.port())
            .tls(false)
            .use_binary_protocol(false)
            .auto_connect(false)
    }

    /// The same with the key.
    pub fn through_with_key(&self, session: &Session) -> ClientOptions {
        self.through(session).key(self.key())
    }

    /// The same with an authCallback that makes JWTs.
    pub fn through_with_jwt(&self, session: &Session) -> ClientOptions {
        self.with_jwt(self.through(session), json!({}))
    }

    /// Adds an authCallback that makes JWTs with these claims.
    pub fn with_jwt(&self, options: ClientOptions, claims: Value) -> ClientOptions {
        let key = self.key().to_owned();
        options.auth_callback(move |_: TokenParams| {
            let jwt = generate_jwt(&key, claims.clone());
            std::future::ready(Ok(Credential::Token(TokenDetails::new(jwt))))
        })
    }

    /// Adds an authCallback that has the server issue tokens, and not through a proxy; and how
    /// often it was called.
    pub fn with_tokens(&self, options: ClientOptions) -> (ClientOptions, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let (counter, inner) = (calls.clone(), self.with_key());
        let options = options.auth_callback(move |_: TokenParams| {
            counter.fetch_add(1, Ordering::SeqCst);
            let inner = inner.clone();
            async move {
                let inner = Rest::new(inner)?;
                let token = inner.auth().request_token(None, None).await?;
                Ok(Credential::Token(token))
            }
        });
        (options, calls)
    }
}

/// Creates an app as Ably's client tests do, and returns its id and its keys.
async fn create_app(target: &Target) -> (String, Vec<String>) {
    let mut plugins = ably::Plugins::default();
    ably::Plugin::install(&ably::plugins::http::Http::new(), &mut plugins).expect("HTTP");
    let http = plugins.require_http().expect("HTTP");
    let mut request = ably::engine::HttpRequest::new("POST", format!("{}/apps", target.url()));
    let json = ("content-type".into(), "application/json".into());
    request.headers.push(json);
    request.body = include_str!("app.json").into();
    let answer = http.execute(request).await.expect("an answer");
    assert_eq!(answer.status, 201);
    let mut body = answer.body;
    let mut bytes = Vec::new();
    while let Some(chunk) = std::future::poll_fn(|cx| body.poll_chunk(cx)).await {
        bytes.extend_from_slice(&chunk.expect("the body"));
    }
    let app: Value = serde_json::from_slice(&bytes).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let keys = app["keys"].as_array().expect("keys");
    let keys = keys.iter().map(|key| text(&key["keyStr"])).collect();
    (text(&app["appId"]), keys)
}

/// `generateJWT`: with these claims besides the times, good for an hour.
pub fn generate_jwt(key: &str, mut claims: Value) -> String {
    let (name, secret) = key.split_once(':').expect("a key");
    let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    for (claim, time) in [("iat", now), ("exp", now + 3600)] {
        if claims[claim].is_null() {
            claims[claim] = json!(time);
        }
    }
    let header = json!({"typ": "JWT", "alg": "HS256", "kid": name});
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// A name that no other test uses: `unique_channel_name`.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let since = std::time::UNIX_EPOCH.elapsed().expect("a time");
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{:x}-{n}", since.as_micros())
}

/// A client of these options.
pub fn realtime(options: ClientOptions) -> Realtime {
    Realtime::new(options).expect("the options are fine")
}

/// A client of these options.
pub fn rest(options: ClientOptions) -> Rest {
    Rest::new(options).expect("the options are fine")
}

/// `AWAIT_STATE client.connection.state == state WITH timeout`
#[track_caller]
pub fn await_state(
    client: &Realtime,
    state: ConnectionState,
    limit: Duration,
) -> impl Future<Output = ()> {
    let there = within(limit, client.connection().when_state(state));
    async move {
        there.await.expect("the client lives");
    }
}

/// `AWAIT_STATE channel.state == state WITH timeout`
#[track_caller]
pub fn await_channel(
    channel: &Channel,
    state: ChannelState,
    limit: Duration,
) -> impl Future<Output = ()> {
    let there = within(limit, channel.when_state(state));
    async move {
        there.await.expect("the client lives");
    }
}

/// `client.connect()` and `AWAIT_STATE connected WITH timeout: 15s`
#[track_caller]
pub fn connect(client: &Realtime) -> impl Future<Output = ()> {
    client.connect();
    await_state(client, ConnectionState::Connected, s(15))
}

/// `AFTER EACH TEST`: closes the client as the specs do, and fails if it does not.
#[track_caller]
pub fn close(client: &Realtime) -> impl Future<Output = ()> {
    use ConnectionState as S;
    let open = [S::Connected, S::Connecting, S::Disconnected];
    let close = open.contains(&client.connection().state()).then(|| {
        client.connection().close();
        await_state(client, S::Closed, s(10))
    });
    async move {
        if let Some(closed) = close {
            closed.await;
        }
    }
}

/// A channel of a client.
pub fn channel(client: &Realtime, name: &str) -> Channel {
    client.channels().get(name)
}

/// Attaches and checks it.
pub async fn attach(channel: &Channel) {
    within(s(15), channel.attach()).await.expect("attached");
    assert_eq!(channel.state(), ChannelState::Attached);
}

/// UTS: `CONTAINS_IN_ORDER`.
#[track_caller]
pub fn assert_in_order<T: PartialEq + std::fmt::Debug>(all: &[T], wanted: &[T]) {
    let mut rest = all.iter();
    let found = wanted.iter().all(|w| rest.any(|s| s == w));
    assert!(found, "{all:?} does not contain {wanted:?} in order");
}

/// The states that were told.
pub fn connection_states(changes: &Recorder<ConnectionStateChange>) -> Vec<ConnectionState> {
    changes.all().iter().map(|change| change.current).collect()
}

/// The states that were told.
pub fn channel_states(changes: &Recorder<ChannelStateChange>) -> Vec<ChannelState> {
    changes.all().iter().map(|change| change.current).collect()
}

/// The frames of an action on a channel that the client sent.
pub fn sent<'a>(log: &'a Log, action: u64, channel: &str) -> Vec<&'a Event> {
    let frames = log.frames(To::ClientToServer, action).into_iter();
    frames
        .filter(|f| f.message()["channel"] == channel)
        .collect()
}

/// The reason of the connection's state.
#[track_caller]
pub fn reason(client: &Realtime) -> ErrorInfo {
    client.connection().error_reason().expect("a reason")
}

/// The time of this process, in milliseconds since 1970.
pub fn unix_ms() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("a time");
    since
        .as_millis()
        .try_into()
        .expect("before the year 292 million")
}

/// `poll_until` with the interval of 500 ms of the specs shortened: the sandbox is near.
pub async fn poll_until<T>(limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let polled = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(ms(50)).await;
        }
    };
    within(limit, polled).await
}

/// Runs a test for each of the protocol variants, with an app and options for it.
pub fn run_protocols(test: impl AsyncFn(&TestApp, ClientOptions)) {
    run(async {
        for binary in [false, true] {
            let app = TestApp::start().await;
            let options = app.with_key().use_binary_protocol(binary);
            test(&app, options).await;
        }
    });
}

/// What a listener heard.
pub struct Heard<T>(Arc<tokio::sync::watch::Sender<Vec<T>>>);

impl<T> Clone for Heard<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone + Send + Sync + 'static> Heard<T> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Arc::new(tokio::sync::watch::Sender::new(Vec::new())))
    }

    /// What to give an emitter.
    pub fn listener(&self) -> impl FnMut(&T) + Send + 'static {
        let sink = self.clone();
        move |value| sink.0.send_modify(|all| all.push(value.clone()))
    }

    /// All up to now.
    pub fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// `poll_until(condition, timeout)`, without polling.
    #[track_caller]
    pub fn until(
        &self,
        limit: Duration,
        mut condition: impl FnMut(&[T]) -> bool,
    ) -> impl Future<Output = Vec<T>> {
        let mut receiver = self.0.subscribe();
        within(limit, async move {
            let all = receiver.wait_for(|all| condition(all)).await;
            all.expect("the sender lives").clone()
        })
    }
}

/// The data, which must be JSON.
#[track_caller]
pub fn json_of(data: &Data) -> Value {
    data.as_json().expect("JSON").parse().expect("JSON")
}
