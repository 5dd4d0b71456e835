//! Connecting: what is asked, and what answers lead to.

use ably_base::{
    ErrorInfo, HttpClient, LogLevel, Plugin, Plugins, RestAgentOptions, TransportError,
    engine::{BoxFuture, HttpRequest},
    ext::{HttpContext, HttpResponse},
};
use ably_msgpack::MsgPack;
use ably_testkit::{LogCapture, MockWebSocket};

use crate::support::*;

#[test]
fn connect_is_asked_with_the_parameters_of_the_connection() {
    for kind in KINDS {
        let world = World::with(kind, |o| {
            o.plugin(MsgPack)
                .use_binary_protocol(true)
                .echo_messages(false)
                .transport_param("remainPresentFor", 1000)
        });
        world.client.connect();
        let request = world.accept("id", "key!1");
        let sent = request.request();
        assert_eq!((&*sent.scheme, &*sent.host), ("http", "localhost"));
        assert_eq!(sent.port, Some(8080));
        for (name, value) in [
            ("key", Some("app.key:sec/ret")),
            ("v", Some("3")),
            ("heartbeats", Some("true")),
            ("echo", Some("false")),
            ("remainPresentFor", Some("1000")),
            // Always JSON, which is not said.
            ("format", None),
            ("resume", None),
            ("stream", (kind == Kind::Polling).then_some("false")),
        ] {
            assert_eq!(sent.query(name), value, "{kind:?} {name}");
        }
        assert_eq!(world.state(), S::Connected);
        let connection = world.client.connection();
        assert_eq!(connection.id().as_deref(), Some("id"));
        assert_eq!(connection.key().as_deref(), Some("key!1"));
    }
}

#[test]
fn no_request_has_a_header_of_its_own_kind() {
    // A browser asks the server for leave before it sends others: credentials are in the query.
    for kind in KINDS {
        let (world, _) = World::attached(kind);
        for request in world.http.requests() {
            let names: Vec<&str> = request.headers.keys().map(String::as_str).collect();
            match &*request.method {
                "POST" => assert_eq!(names, ["accept", "content-type"]),
                _ => assert_eq!(names, ["accept"]),
            }
            assert!(request.headers.values().all(|v| v == "application/json"));
        }
    }
}

#[test]
fn requests_of_the_connection_carry_its_key_and_the_credential() {
    let world = World::connected(Kind::Polling);
    let request = world.waiting();
    let sent = request.request();
    assert_eq!((&*sent.method, &*sent.path), ("GET", "/comet/key%211/recv"));
    let query: Vec<(&str, &str)> = sent.query.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(query, [("key", "app.key:sec/ret")]);
}

#[test]
fn a_connection_key_that_changes_is_used_from_then_on() {
    for kind in KINDS {
        let world = World::connected(kind);
        world.say(&[connected("id", "key 2")]);
        assert_eq!(world.client.connection().key().as_deref(), Some("key 2"));
        world.ping();
        world.asked("POST", "/comet/key%202/send");
    }
}

#[test]
fn a_host_that_fails_is_followed_by_the_next() {
    let fail = [
        HttpMockReply::failure(FailureKind::Refused),
        HttpMockReply::failure(FailureKind::Dns),
        HttpMockReply::bytes(502, "text/html", "<html>bad gateway</html>"),
        ably_error(500, 50000),
        ably_error(503, 50003),
        ably_error(400, 80003),
        HttpMockReply::bytes(200, "text/html", "<html>sign in to the hotel</html>"),
        HttpMockReply::json(200, json!({})),
        HttpMockReply::json(200, json!([])),
        HttpMockReply::empty(200),
        HttpMockReply::empty(204),
    ];
    for kind in KINDS {
        for reply in &fail {
            let world = World::with(kind, |o| {
                o.fallback_hosts(["fallback.example"])
                    .disable_connectivity_check(true)
                    .allow_basic_auth_without_tls(true)
            });
            world.client.connect();
            let request = world.asked("GET", "/comet/connect");
            request.respond(reply.clone());
            let request = world.accept("id", "key!1");
            assert_eq!(request.request().host, "fallback.example", "{reply:?}");
            assert_eq!(world.state(), S::Connected);
        }
    }
}

#[test]
fn a_failure_that_is_the_last_disconnects_with_its_cause() {
    let world = World::new(Kind::Polling);
    world.client.connect();
    let request = world.asked("GET", "/comet/connect");
    request.respond(HttpMockReply::empty(503));
    assert_eq!(world.state(), S::Disconnected);
    assert_eq!(world.reason(), (DISCONNECTED, 404));
    let error = world.client.connection().error_reason().unwrap();
    assert!(error.message().contains("HTTP status 503"), "{error}");
}

#[test]
fn an_error_that_is_fatal_fails_the_connection() {
    for kind in KINDS {
        for (status, code) in [(404, 40400), (400, 80015), (400, 80017), (400, 80030)] {
            let world = World::new(kind);
            world.client.connect();
            let request = world.asked("GET", "/comet/connect");
            request.respond(ably_error(status, code));
            assert_eq!(world.state(), S::Failed);
            assert_eq!(world.reason(), (code, status));
            world.asks_nothing();
        }
    }
}

#[test]
fn one_that_a_proxy_made_up_is_not() {
    // Of somebody else's JSON only what Ably's header marks can end a connection for good.
    for kind in KINDS {
        let world = World::new(kind);
        world.client.connect();
        let request = world.asked("GET", "/comet/connect");
        request.respond(HttpMockReply::error(403, 40300));
        assert_eq!(world.state(), S::Disconnected);
        assert_eq!(world.reason(), (DISCONNECTED, 404));
        world.rt.advance(Duration::from_secs(15));
        world.accept("id", "key!1");
        assert_eq!(world.state(), S::Connected);
        world.ping();
        let (request, _) = world.sent();
        request.respond(HttpMockReply::error(403, 40300));
        assert_eq!(world.state(), S::Connecting);
        assert_eq!(world.reason(), (DISCONNECTED, 400));
    }
}

#[test]
fn an_error_that_is_not_is_retried() {
    for kind in KINDS {
        let world = World::new(kind);
        world.client.connect();
        let request = world.asked("GET", "/comet/connect");
        request.respond(ably_error(429, 42910 + 40_000));
        assert_eq!(world.state(), S::Disconnected);
        assert_eq!(world.reason(), (82910, 429));
        world.rt.advance(Duration::from_secs(15));
        world.accept("id", "key!1");
        assert_eq!(world.state(), S::Connected);
    }
}

#[test]
fn protocol_messages_in_a_refusal_are_taken_as_they_are() {
    let world = World::new(Kind::Polling);
    world.client.connect();
    let request = world.asked("GET", "/comet/connect");
    let error = json!({"code": 40101, "statusCode": 401, "message": "no such key"});
    let body = json!([{"action": action::ERROR, "error": error}]);
    request.respond(HttpMockReply::json(401, body));
    assert_eq!(world.state(), S::Failed);
    assert_eq!(world.reason(), (40101, 401));
}

#[test]
fn a_client_without_http_is_refused() {
    for kind in KINDS {
        let rt = VirtualRuntime::new();
        let options = ClientOptions::with_key("app.key:secret").plugin(rt.clone());
        let options = match kind {
            Kind::Polling => options.plugin(ably_polling::XhrPolling),
            Kind::Streaming => options.plugin(ably_polling::Comet),
        };
        let error = BaseRealtime::new(options).unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40019, 400));
        assert!(error.message().contains("FetchRequest"), "{error}");
        assert!(error.message().contains("`http`"), "{error}");
    }
}

#[test]
fn one_that_has_another_transport_does_without_unless_it_has_asked() {
    for kind in KINDS {
        let (rt, ws, log) = (
            VirtualRuntime::new(),
            MockWebSocket::serving(),
            LogCapture::default(),
        );
        let options = ClientOptions::with_key("app.key:secret")
            .plugin(rt.clone())
            .plugin(ws.clone())
            .log_handler(log.clone())
            .log_level(LogLevel::Major);
        let (options, name) = match kind {
            Kind::Polling => (options.plugin(ably_polling::XhrPolling), "xhr_polling"),
            Kind::Streaming => (options.plugin(ably_polling::Comet), "comet"),
        };
        let client = BaseRealtime::new(options.clone()).unwrap();
        rt.await_state(&client, S::Connected);
        assert!(log.contains(LogLevel::Major, &format!("transport {name} cannot be used")));
        let refused = BaseRealtime::new(options.transports(["web_socket", name])).unwrap_err();
        assert_eq!(refused.code(), 40019);
    }
}

/// Hands over HTTP clients that note with which limit each request was made.
#[derive(Clone)]
struct Counted {
    http: MockHttp,
    sockets: usize,
    used: Arc<Mutex<Vec<usize>>>,
}

impl HttpClient for Counted {
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        self.used.lock().unwrap().push(self.sockets);
        self.http.execute(request)
    }

    fn configured(&self, context: &HttpContext) -> Result<Option<Arc<dyn HttpClient>>, ErrorInfo> {
        let mut configured = self.clone();
        configured.sockets = context.agent.sockets();
        Ok(Some(Arc::new(configured)))
    }
}

impl Plugin for Counted {
    fn id(&self) -> &'static str {
        "Counted"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_http(Arc::new(self.clone()));
        Ok(())
    }
}

#[test]
fn a_receive_that_waits_does_not_take_a_socket_of_rest() {
    let rt = VirtualRuntime::new();
    let counted = Counted {
        http: MockHttp::new(),
        sockets: 0,
        used: Arc::default(),
    };
    let options = ClientOptions::with_key("app.key:secret")
        .plugin(rt.clone())
        .plugin(counted.clone())
        .plugin(ably_polling::XhrPolling)
        .rest_agent_options(RestAgentOptions::new().max_sockets(1));
    let client = BaseRealtime::new(options).unwrap();
    rt.run_until_idle();
    assert_eq!(*counted.used.lock().unwrap(), [40]);
    drop(client);
}

#[test]
fn giving_up_while_connecting_abandons_the_request() {
    for kind in KINDS {
        let world = World::new(kind);
        world.client.connect();
        let request = world.asked("GET", "/comet/connect");
        world.client.close();
        world.rt.run_until_idle();
        assert!(request.is_abandoned());
        assert_eq!(world.state(), S::Closed);
        world.asks_nothing();
    }
}
