//! Nothing that is logged at the finest level, by us or by what we stand on, and no error, holds a
//! credential.
//!
//! A program of its own: it is the logger of the whole process. The sandbox runs in another one,
//! which is this program again: what a server logs is not what is looked at.

use std::{
    env,
    error::Error,
    fmt::{Debug, Display, Write},
    io::{self, BufRead, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ably::{
    AuthOptions, ChannelOptions, ClientOptions, ConnectionEvent, ConnectionState, ErrorInfo,
    JsonText, LogLevel, LogRecord, Plugin, Plugins, Realtime, Rest, TokenDetails, TokenParams,
    ext::PushPlatform,
    plugins::{
        push::{DeviceDetails, DeviceFormFactor, DevicePlatform, PushRecipient},
        rustls::Rustls,
    },
    prelude::*,
};
use ably_sandbox::{Sandbox, Selector};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use tokio::time::timeout;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Set for the process that is to be the server.
const SERVE: &str = "ABLY_SECRETS_SERVE";
/// Begins the lines of that process that are not the test harness's.
const ANSWER: &str = "server:";

/// The test that either process runs.
const TEST: &str = "nothing_logged_and_no_error_holds_a_secret";

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(40);

const CIPHER_KEY: &[u8; 32] = b"\xf3\x07cipher key / of + 32 bytes~\xfe\xff!";
const DEVICE_SECRET: &str = "device+secret/0123456789==";
const DEVICE_TOKEN: &str = "device+identity/token?&=";
const WRONG_SECRET: &str = "wrong+secret/0123456789";
const WRONG_TOKEN: &str = "appid.wrong+token/0123456789";
const PASSWORD: &str = "a password & more, for the authUrl";

/// What was logged, and the errors that were met: where, and what.
static SEEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
/// What must not be in there, by name.
static SECRETS: Mutex<Vec<(String, Vec<u8>)>> = Mutex::new(Vec::new());

fn saw(place: impl Into<String>, text: String) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push((place.into(), text));
}

fn secret(name: &str, value: impl AsRef<[u8]>) {
    assert!(value.as_ref().len() >= 12, "{name} is found by chance");
    let mut secrets = SECRETS.lock().expect("no panic");
    secrets.push((name.into(), value.as_ref().to_vec()));
}

fn secret_token(details: &TokenDetails) {
    secret("token", details.token.expose());
    saw("token details", format!("{details:?}"));
}

/// Takes an error to the things seen, with all that led to it.
fn met(error: &ErrorInfo) {
    saw("error", format!("{error} {error:?} {error:#?}"));
    let mut source = error.source();
    while let Some(error) = source {
        saw("cause", format!("{error} {error:?}"));
        source = error.source();
    }
}

/// The error of what must fail.
#[track_caller]
fn failed<T>(result: Result<T, ErrorInfo>, code: u32) {
    let error = result.err().expect("an error");
    met(&error);
    assert_eq!(error.code().0, code, "{error:?}");
}

/// Every shape that a secret may take in a text.
fn shapes(secret: &[u8]) -> Vec<String> {
    let mut shapes = Vec::new();
    if let Ok(text) = std::str::from_utf8(secret) {
        shapes.push(text.to_owned());
        // As Debug and JSON show it.
        shapes.push(text.escape_debug().to_string());
    }
    shapes.push(secret.escape_ascii().to_string());
    for keep in ["-_.~", "-_.~!*'()", "-_.~/", "-_.*"] {
        let encoded = percent_encoded(secret, keep);
        shapes.push(encoded.replace("%20", "+"));
        shapes.extend([encoded.to_lowercase(), encoded]);
    }
    // Within something else, base64 may begin at any of three places.
    for skip in 0..3 {
        let bytes = [&vec![0; skip], secret].concat();
        let (from, to) = ((skip * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [STANDARD, URL_SAFE] {
            shapes.push(engine.encode(&bytes)[from..to].to_owned());
        }
    }
    let joined = |form: fn(&u8) -> String, between: &str| {
        let parts: Vec<_> = secret.iter().map(form).collect();
        parts.join(between)
    };
    shapes.push(joined(|b| format!("{b:02x}"), ""));
    shapes.push(joined(|b| format!("{b:02X}"), ""));
    shapes.push(joined(u8::to_string, ", "));
    shapes.sort();
    shapes.dedup();
    shapes
}

fn percent_encoded(bytes: &[u8], keep: &str) -> String {
    let mut text = String::new();
    for &b in bytes {
        match b.is_ascii_alphanumeric() || keep.as_bytes().contains(&b) {
            true => text.push(b.into()),
            false => write!(text, "%{b:02X}").expect("a string takes all"),
        }
    }
    text
}

/// Takes all that comes through `tracing` and `log`.
struct Everything;

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("a string takes all");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, "{field}={value} ").expect("a string takes all");
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        write!(self.0, "{field}={value} {value:?} ").expect("a string takes all");
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        saw(span.metadata().target(), fields.0);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        saw("span", fields.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        saw(event.metadata().target(), fields.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        saw(record.target(), record.args().to_string());
    }

    fn flush(&self) {}
}

/// The log of half of the clients goes to a handler, that of the others to `tracing`.
fn logging(options: ClientOptions, to_handler: bool) -> ClientOptions {
    let options = options.log_level(LogLevel::Micro);
    match to_handler {
        true => options.log_handler(|record: &LogRecord| {
            saw("handler", format!("{record:?} {}", record.message));
        }),
        false => options,
    }
}

/// A sandbox in another process.
struct Server {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    host: String,
    port: u16,
    key: String,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", TEST, "--nocapture"])
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let orders = process.stdin.take().expect("a pipe");
        let answers = process.stdout.take().expect("a pipe");
        let mut server = Self {
            process,
            orders,
            answers: BufReader::new(answers),
            host: String::new(),
            port: 0,
            key: String::new(),
        };
        let answer = server.answer();
        let [host, port, key] = answer.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{answer:?} is no address");
        };
        (server.host, server.key) = (host.to_owned(), key.to_owned());
        server.port = port.parse().expect("a port");
        server
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let n = self.answers.read_line(&mut line).expect("an answer");
            assert!(n > 0, "the server is gone");
            // The harness has begun the first line.
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.trim().to_owned();
            }
        }
    }

    /// Cuts every connection.
    fn cut(&mut self) {
        writeln!(self.orders, "cut").expect("the server takes orders");
        assert_ne!(self.answer(), "0", "there was nothing to cut");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is a server, until nobody gives orders any more.
async fn serve() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let (host, port, key) = (sandbox.host(), sandbox.port(), sandbox.key());
    println!("{ANSWER} {host} {port} {key}");
    let (order, mut orders) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            let _ = order.send(line);
        }
    });
    while orders.recv().await.is_some() {
        println!("{ANSWER} {}", sandbox.cut(Selector::All));
    }
}

/// A server, and the format that its clients speak.
struct World {
    server: Mutex<Server>,
    host: String,
    port: u16,
    key: String,
    is_binary: bool,
}

impl World {
    fn new(is_binary: bool) -> Self {
        let server = Server::start();
        Self {
            host: server.host.clone(),
            port: server.port,
            key: server.key.clone(),
            server: Mutex::new(server),
            is_binary,
        }
    }

    fn cut(&self) {
        self.server.lock().expect("no panic").cut();
    }

    fn there(&self, options: ClientOptions) -> ClientOptions {
        let options = options
            .endpoint(&self.host)
            .port(self.port)
            .tls_port(self.port)
            .tls(false)
            .use_binary_protocol(self.is_binary);
        let options = logging(options, self.is_binary);
        saw("options", format!("{options:?}"));
        options
    }

    fn with_key(&self) -> ClientOptions {
        self.there(ClientOptions::with_key(&self.key))
    }

    fn wrong_key(&self) -> String {
        let (name, _) = self.key.split_once(':').expect("a key");
        format!("{name}:{WRONG_SECRET}")
    }
}

async fn reached(client: &Realtime, state: ConnectionState) -> Option<ErrorInfo> {
    let change = client
        .connection()
        .when_state(state)
        .await
        .expect("a state");
    let reason = match change {
        Some(change) => change.reason,
        None => client.connection().error_reason(),
    };
    if let Some(error) = &reason {
        met(error);
    }
    reason
}

/// Waits for the connection, and makes secrets of what it came with.
async fn connected(client: &Realtime) {
    reached(client, ConnectionState::Connected).await;
    secret(
        "connection key",
        &*client.connection().key().expect("a key"),
    );
    if let Some(details) = client.auth().token_details() {
        secret_token(&details);
    }
}

async fn closed(client: Realtime) {
    client.close();
    reached(&client, ConnectionState::Closed).await;
}

/// A key, on a connection that is cut once, with an encrypted channel and presence.
async fn realtime_with_a_key(world: &World) {
    let client = Realtime::new(world.with_key().client_id("me")).expect("a client");
    connected(&client).await;
    let options = ChannelOptions::new().cipher(CIPHER_KEY);
    saw("channel options", format!("{options:?}"));
    let channel = client.channels().get_with("hidden", options);
    let channel = channel.expect("a channel");
    let mut messages = channel.subscribe(());
    channel.attach().await.expect("attached");
    channel.publish("n", "text").await.expect("acknowledged");
    let message = messages.next().await.expect("a message").expect("no gap");
    assert_eq!(message.data, "text");
    channel.presence().enter("here").await.expect("entered");
    let members = channel.presence().get(()).await.expect("members");
    assert_eq!(members.len(), 1);

    let recovery = client.connection().create_recovery_key();
    secret("recovery key", recovery.as_ref().expect("a recovery key"));
    world.cut();
    reached(&client, ConnectionState::Connecting).await;
    connected(&client).await;
    channel.presence().leave(()).await.expect("left");

    world.cut();
    let options = world.with_key().recover(recovery.expect("a recovery key"));
    saw("options", format!("{options:?}"));
    let other = Realtime::new(options.client_id("me")).expect("a client");
    connected(&other).await;
    closed(other).await;
    closed(client).await;
}

/// A key, over REST, for requests and for tokens.
async fn rest_with_a_key(world: &World) {
    let rest = Rest::new(world.with_key()).expect("a client");
    let options = ChannelOptions::new().cipher(CIPHER_KEY);
    let channel = rest.channels().get_with("hidden too", options);
    let channel = channel.expect("a channel");
    channel.publish("n", "text").await.expect("published");
    let page = channel.history(()).await.expect("a page");
    assert_eq!(page.items()[0].data, "text");
    rest.time().await.expect("a time");

    let made = rest.auth().create_token_request(None, None).await;
    let made = made.expect("a token request");
    secret("mac", &*made.mac);
    saw("token request", format!("{made:?}"));
    let details = rest.auth().request_token(None, None).await;
    let details = details.expect("a token");
    secret_token(&details);
    let limited = ClientOptions::new().token_details(details);
    let limited = Rest::new(world.there(limited)).expect("a client");
    let channel = limited.channels().get("c");
    channel.publish("n", "text").await.expect("published");
    let page = channel.history(()).await.expect("a page");
    assert_eq!(page.items()[0].data, "text");
}

/// Tokens that are renewed in place, before they expire, and after.
async fn realtime_with_tokens(world: &World) {
    // The server asks for another token 30 s before this one expires: soon.
    let options = world.with_key().use_token_auth(true);
    let options =
        options.default_token_params(TokenParams::new().ttl(Duration::from_millis(30_500)));
    let client = Realtime::new(options).expect("a client");
    let (update, updated) = tokio::sync::oneshot::channel();
    let mut update = Some(update);
    client.connection().on(ConnectionEvent::Update, move |_| {
        if let Some(update) = update.take() {
            let _ = update.send(());
        }
    });
    connected(&client).await;
    updated.await.expect("an update");
    connected(&client).await;
    let longer = TokenParams::new().ttl(Duration::from_secs(3_600));
    let details = client.auth().authorize(Some(longer), None).await;
    secret_token(&details.expect("a token"));
    connected(&client).await;
    let other = TokenParams::new().client_id("alice");
    failed(client.auth().authorize(Some(other), None).await, 40102);
    reached(&client, ConnectionState::Failed).await;

    let server = Rest::new(world.with_key()).expect("a client");
    let ttl = Mutex::new(Some(Duration::from_millis(1_500)));
    let callback = move |params: TokenParams| {
        let (auth, ttl) = (server.auth(), ttl.lock().expect("no panic").take());
        async move {
            let params = ttl.map_or(params.clone(), |ttl| params.ttl(ttl));
            let details = auth.request_token(Some(params), None).await?;
            secret_token(&details);
            Ok(details.into())
        }
    };
    let options = ClientOptions::new().auth_callback(callback);
    let client = Realtime::new(world.there(options)).expect("a client");
    let mut changes = client.connection().state_changes();
    let expired = loop {
        let change = changes.next().await.expect("a change");
        match change.current {
            ConnectionState::Connected => connected(&client).await,
            ConnectionState::Disconnected => break change.reason.expect("a reason"),
            _ => {}
        }
    };
    met(&expired);
    assert_eq!(expired.code().0, 40142);
    connected(&client).await;
    closed(client).await;
}

/// What a device has stored.
struct Stored;

impl PushPlatform for Stored {
    fn load(&self, name: &str) -> Option<String> {
        match name {
            "ably.push.deviceId" => Some("own".into()),
            "ably.push.deviceIdentityToken" => Some(format!("\"{DEVICE_TOKEN}\"")),
            _ => None,
        }
    }

    fn store(&self, _: &str, _: Option<&str>) {}
}

impl Plugin for Stored {
    fn id(&self) -> &'static str {
        "Stored"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_push(Arc::new(Stored));
        Ok(())
    }
}

async fn devices(world: &World) {
    let rest = Rest::new(world.with_key().push_full_wait(true).plugin(Stored));
    let rest = rest.expect("a client");
    let key = &world.key;
    let recipient = format!(
        r#"{{"transportType":"ablyChannel","channel":"c","ablyKey":"{key}","ablyUrl":"http://localhost"}}"#
    );
    let device = DeviceDetails::new(
        "own",
        DevicePlatform::Android,
        DeviceFormFactor::Phone,
        JsonText::new(recipient).expect("JSON"),
    );
    let device = device.device_secret(DEVICE_SECRET);
    saw("device", format!("{device:?}"));
    let push = rest.push();
    let saved = push.admin().device_registrations().save(device).await;
    saw("device", format!("{:?}", saved.expect("saved")));
    let payload = JsonText::new(r#"{"notification":{"title":"t"}}"#).expect("JSON");
    let published = push
        .admin()
        .publish(PushRecipient::device_id("own"), payload);
    published.await.expect("published");
    let channel = rest.channels().get("pushenabled:c").push();
    channel.subscribe_device().await.expect("subscribed");
    let unknown = DeviceDetails::new(
        "d",
        DevicePlatform::Unknown("toaster".into()),
        DeviceFormFactor::Other,
        PushRecipient::fcm("t"),
    );
    let unknown = unknown.device_secret(DEVICE_SECRET);
    failed(
        push.admin().device_registrations().save(unknown).await,
        40000,
    );
}

/// Connections over HTTP, whose paths hold the connection key: one that is cut, one whose token is
/// replaced, and ones that are refused.
#[cfg(feature = "polling")]
async fn over_http(world: &World) {
    for transport in ["xhr_polling", "comet"] {
        let over_it = |options: ClientOptions| options.transports([transport]);
        let options = over_it(world.with_key().use_token_auth(true));
        let client = Realtime::new(options).expect("a client");
        connected(&client).await;
        let channel = client.channels().get("over HTTP");
        let mut messages = channel.subscribe(());
        channel.attach().await.expect("attached");
        channel.publish("n", "text").await.expect("acknowledged");
        messages.next().await.expect("a message").expect("no gap");
        let details = client.auth().authorize(None, None).await;
        secret_token(&details.expect("a token"));
        connected(&client).await;
        world.cut();
        reached(&client, ConnectionState::Connecting).await;
        connected(&client).await;
        closed(client).await;

        let wrong = world.there(ClientOptions::with_key(world.wrong_key()));
        let client = Realtime::new(over_it(wrong)).expect("a client");
        let why = reached(&client, ConnectionState::Failed).await;
        why.expect("why");
    }
}

/// Credentials that the server refuses, and those that are none.
async fn refused(world: &World) {
    let options = || world.there(ClientOptions::with_key(world.wrong_key()));
    let rest = Rest::new(options()).expect("a client");
    failed(rest.channels().get("c").publish("n", "x").await, 40101);
    let wrong = AuthOptions::new().key(world.wrong_key());
    saw("auth options", format!("{wrong:?}"));
    failed(rest.auth().request_token(None, Some(wrong)).await, 40101);
    let client = Realtime::new(options()).expect("a client");
    reached(&client, ConnectionState::Failed)
        .await
        .expect("why");
    let client = Realtime::new(options().use_token_auth(true)).expect("a client");
    reached(&client, ConnectionState::Disconnected)
        .await
        .expect("why");

    let options = || world.there(ClientOptions::with_token(WRONG_TOKEN));
    let rest = Rest::new(options()).expect("a client");
    failed(rest.channels().get("c").publish("n", "x").await, 40171);
    let client = Realtime::new(options()).expect("a client");
    reached(&client, ConnectionState::Failed)
        .await
        .expect("why");

    // A secret without a name.
    for none in [WRONG_SECRET.to_owned(), format!(":{WRONG_SECRET}")] {
        let options = world.there(ClientOptions::with_key(none));
        failed(Rest::new(options.clone()), 40400);
        failed(Realtime::new(options), 40400);
    }
    let options = world.with_key().recover(WRONG_SECRET);
    let client = Realtime::new(options).expect("a client");
    connected(&client).await;
    closed(client).await;
}

/// Servers that cannot be reached, or do not speak TLS.
async fn unreachable(world: &World) {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let options = || world.with_key().port(port).tls_port(port);
    let with_tls = || world.with_key().tls(true).plugin(Rustls::bundled_roots());
    for options in [options(), options().use_token_auth(true), with_tls()] {
        let rest = Rest::new(options.clone()).expect("a client");
        met(&rest
            .channels()
            .get("c")
            .publish("n", "x")
            .await
            .expect_err("nobody"));
        let client = Realtime::new(options).expect("a client");
        reached(&client, ConnectionState::Disconnected)
            .await
            .expect("why");
    }
    let limited = ClientOptions::with_token(WRONG_TOKEN);
    let limited = world.there(limited).port(port);
    let client = Realtime::new(limited).expect("a client");
    reached(&client, ConnectionState::Disconnected)
        .await
        .expect("why");

    let options = ClientOptions::new()
        .auth_url(format!("http://127.0.0.1:{port}/auth"))
        .auth_headers([("X-Password", PASSWORD)])
        .auth_params([("password", PASSWORD)]);
    let options = world.there(options);
    let rest = Rest::new(options.clone()).expect("a client");
    met(&rest
        .auth()
        .request_token(None, None)
        .await
        .expect_err("nobody"));
    let client = Realtime::new(options).expect("a client");
    reached(&client, ConnectionState::Disconnected)
        .await
        .expect("why");
}

#[tokio::test]
async fn nothing_logged_and_no_error_holds_a_secret() {
    if env::var_os(SERVE).is_some() {
        return serve().await;
    }
    tracing::subscriber::set_global_default(Everything).expect("the first");
    log::set_logger(&Everything).expect("the first");
    log::set_max_level(log::LevelFilter::Trace);
    secret("cipher key", CIPHER_KEY);
    secret("device secret", DEVICE_SECRET);
    secret("device identity token", DEVICE_TOKEN);
    secret("wrong secret", WRONG_SECRET);
    secret("wrong token", WRONG_TOKEN);
    secret("password", PASSWORD);
    for is_binary in [false, true] {
        let world = World::new(is_binary);
        let key = world.key.rsplit(':').next().expect("a secret");
        secret("key secret", key);
        let run = async {
            realtime_with_a_key(&world).await;
            rest_with_a_key(&world).await;
            realtime_with_tokens(&world).await;
            devices(&world).await;
            #[cfg(feature = "polling")]
            over_http(&world).await;
            refused(&world).await;
            unreachable(&world).await;
        };
        timeout(PATIENCE, run).await.expect("in time");
    }

    let seen = std::mem::take(&mut *SEEN.lock().expect("no panic"));
    // What should be heard is heard.
    for place in ["ably", "handler", "rustls", "hyper_util", "error"] {
        let heard = seen.iter().any(|(at, _)| at.starts_with(place));
        assert!(heard, "nothing of {place}");
    }
    let secrets = std::mem::take(&mut *SECRETS.lock().expect("no panic"));
    let mut leaks = Vec::new();
    for (name, secret) in &secrets {
        let shapes = shapes(secret);
        for (place, text) in &seen {
            if let Some(shape) = shapes.iter().find(|shape| text.contains(*shape)) {
                leaks.push(format!("{name} as {shape} at {place}: {text}"));
            }
        }
    }
    assert!(
        leaks.is_empty(),
        "{} leaks:\n{}",
        leaks.len(),
        shown(&leaks)
    );
}

fn shown(leaks: &[impl Display]) -> String {
    let lines: Vec<_> = leaks.iter().take(20).map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn every_shape_of_a_secret_is_found() {
    let secret = b"a+b/c&d=?\xff~secret";
    let found = |text: &str| shapes(secret).iter().any(|shape| text.contains(shape));
    for before in ["", "n:", "na:", "nam:"] {
        let text = [before.as_bytes(), secret, b"!"].concat();
        assert!(found(&STANDARD.encode(&text)), "{before:?}");
        assert!(found(&URL_SAFE.encode(&text)), "{before:?}");
    }
    assert!(found("GET /?k=a%2Bb%2Fc%26d%3D%3F%FF~secret HTTP/1.1"));
    assert!(found(r#"b"a+b/c&d=?\xff~secret""#));
    assert!(found(&format!("{:?}", secret.to_vec())));
    assert!(!found("a+b/c&d=?"));
}
