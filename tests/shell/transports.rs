//! Which transport is used, and what is said when none can be.

use ably_base::{
    ConnectContext, Format, Frame, LogLevel, Plugin, Plugins, Runtime, Target, Transport,
    TransportError, TransportLink,
    engine::BoxFuture,
    protocol::{Codec, Messages, ProtocolMessage, Value},
};
use bytes::{Bytes, BytesMut};

use crate::world::*;

/// A codec that is not to be used.
struct Refusing;

impl Codec for Refusing {
    fn format(&self) -> Format {
        Format::MsgPack
    }

    fn decode(&self, _: &Frame) -> Result<ProtocolMessage, ErrorInfo> {
        refuse()
    }

    fn encode(&self, _: &ProtocolMessage, _: &mut BytesMut) -> Result<(), ErrorInfo> {
        refuse()
    }

    fn decode_messages(&self, _: &Bytes) -> Result<Messages, ErrorInfo> {
        refuse()
    }

    fn encode_messages(&self, _: &[Arc<Message>], _: &mut BytesMut) -> Result<(), ErrorInfo> {
        refuse()
    }

    fn decode_value(&self, _: &Bytes) -> Result<Value, ErrorInfo> {
        refuse()
    }

    fn encode_value(&self, _: &Value, _: &mut BytesMut) -> Result<(), ErrorInfo> {
        refuse()
    }
}

fn refuse<T>() -> Result<T, ErrorInfo> {
    Err(ErrorInfo::missing_plugin("Refusing", "none"))
}

impl Plugin for Refusing {
    fn id(&self) -> &'static str {
        "MsgPack"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_codec(Arc::new(Refusing));
        Ok(())
    }
}

/// Both kinds of transport, each of which accepts.
fn both() -> (VirtualRuntime, MockWebSocket, MockWebSocket) {
    let polling = MockWebSocket::serving().base("xhr_polling");
    (VirtualRuntime::new(), MockWebSocket::serving(), polling)
}

#[track_caller]
fn refused(options: ClientOptions) -> (u32, String) {
    let error = BaseRealtime::new(options).unwrap_err();
    (error.code().0, error.message().to_owned())
}

#[test]
fn a_second_transport_does_not_take_the_place_of_the_first() {
    let (rt, ws, polling) = both();
    for options in [
        options(&rt, &ws).plugin(polling.clone()),
        options(&rt, &polling).plugin(ws.clone()),
        options(&rt, &polling)
            .plugin(ws.clone())
            .transports(["xhr_polling", "web_socket"]),
    ] {
        let client = connect(&rt, options);
        assert!(client.plugins().transport("web_socket").is_some());
        assert!(client.plugins().transport("xhr_polling").is_some());
    }
    assert_eq!((ws.attempts().len(), polling.attempts().len()), (3, 0));
    assert_eq!(ws.attempts()[0].target().transport, "web_socket");
}

#[test]
fn a_link_of_json_has_its_own_codec_and_names_no_format() {
    let (rt, ws, polling) = both();
    let options = options(&rt, &ws)
        .plugin(polling.clone())
        .plugin(Refusing)
        .transports(["xhr_polling"]);
    let client = connect(&rt, options);
    rt.wait(client.channels().get("c").publish("name", "data"))
        .unwrap();
    assert_eq!(polling.client_messages_of(action::MESSAGE).len(), 1);
    let attempt = &polling.attempts()[0];
    assert_eq!(attempt.query("format"), None);
    assert_eq!(attempt.query("heartbeats").as_deref(), Some("true"));
    assert_eq!(attempt.target().transport, "xhr_polling");
    assert_eq!(attempt.target().format, Format::Json);
    assert_eq!(ws.attempts().len(), 0);
}

#[test]
fn of_two_base_transports_xhr_polling_is_taken() {
    let rt = VirtualRuntime::new();
    let comet = MockWebSocket::serving().base("comet");
    let xhr = MockWebSocket::serving().base("xhr_polling");
    connect(&rt, options(&rt, &comet).plugin(xhr.clone()));
    connect(
        &rt,
        options(&rt, &comet)
            .plugin(xhr.clone())
            .transports(["comet"]),
    );
    connect(&rt, options(&rt, &comet));
    assert_eq!((xhr.attempts().len(), comet.attempts().len()), (1, 2));
}

#[test]
fn names_of_what_is_not_installed_are_left_out_and_none_left_is_refused() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    connect(
        &rt,
        options(&rt, &ws).transports(["xhr_polling", "web_socket"]),
    );
    let (code, message) = refused(options(&rt, &ws).transports(["comet"]));
    assert_eq!(code, 40019);
    assert!(message.contains("`polling`"), "{message}");
    let (code, message) = refused(options(&rt, &ws).transports(["web_sockets", "web_socket"]));
    assert_eq!(code, 40000);
    assert!(message.contains("web_sockets"), "{message}");
    let known = "there are `web_socket`, `xhr_polling`, `comet`";
    assert!(message.contains(known), "{message}");
    let nothing: [&str; 0] = [];
    assert_eq!(refused(options(&rt, &ws).transports(nothing)).0, 40000);
}

/// Notes what it is given to build on.
#[derive(Clone, Default)]
struct Curious {
    is_base: bool,
    uses_http: bool,
    given: Arc<Mutex<Option<ConnectContext>>>,
}

impl Transport for Curious {
    fn id(&self) -> &'static str {
        if self.is_base { "comet" } else { "curious" }
    }

    fn uses_http(&self) -> bool {
        self.uses_http
    }

    fn connect(
        &self,
        _: Target,
        cx: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        *self.given.lock().unwrap() = Some(cx);
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_transport_over_http_gets_the_http_client_of_the_client() {
    let rt = VirtualRuntime::new();
    let http = ably_testkit::http::MockHttp::new();
    let base = |uses_http| {
        let curious = Curious {
            uses_http,
            ..Curious::default()
        };
        let options = ClientOptions::with_key("appId.keyId:keySecret").plugin(rt.clone());
        (curious.given.clone(), options.transport(curious))
    };
    let (_, without) = base(true);
    let (code, message) = refused(without);
    assert_eq!(code, 40019);
    assert!(message.contains("`http`"), "{message}");

    for uses_http in [true, false] {
        let (given, options) = base(uses_http);
        let _client = BaseRealtime::new(options.plugin(http.clone())).unwrap();
        rt.run_until_idle();
        let cx = given.lock().unwrap().take().unwrap();
        assert_eq!(cx.http.is_some(), uses_http);
        assert_eq!(cx.runtime.unwrap().now(), rt.now());
    }
}

#[test]
fn a_client_whose_transport_to_fall_back_to_lacks_http_can_still_connect() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let log = LogCapture::default();
    let mut options = options(&rt, &ws)
        .log_level(LogLevel::Major)
        .log_handler(log.clone());
    options.plugins_mut().add_base_transport(Arc::new(Curious {
        is_base: true,
        uses_http: true,
        ..Curious::default()
    }));
    connect(&rt, options);
    assert!(log.contains(LogLevel::Major, "`http`"));
}
