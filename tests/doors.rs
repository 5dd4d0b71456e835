//! The two doors by which plugins come into a client, what happens when two want the same place,
//! and what is said about a plugin that is missing.
//!
//! This program registers a plugin of its own, as a crate that is linked in would.

use std::sync::Arc;

use ably::{
    BaseRealtime, BehaviourCx, BehaviourFactory, ChannelBehaviour, ChannelChange, ClientOptions,
    ConnectContext, ErrorCode, ErrorInfo, Plugin, Plugins, Realtime, Rest, Target, Transport,
    TransportError, TransportLink, default_plugins,
    engine::{BoxFuture, SendId},
    ext::{NoTls, NoTransport},
    plugins,
    protocol::{Action, ProtocolMessage, Str},
};

/// A transport that is known by its name and reaches nobody.
struct Named(&'static str);

impl Transport for Named {
    fn id(&self) -> &'static str {
        self.0
    }

    fn connect(
        &self,
        target: Target,
        cx: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        NoTransport.connect(target, cx)
    }
}

ably::register_plugin!("OfAThirdParty", 0, |into| {
    into.add_transport(Arc::new(Named("third_party")));
    Ok(())
});

/// A plugin with an id of one's choice that fills the slot of TLS.
struct OtherTls(&'static str);

impl Plugin for OtherTls {
    fn id(&self) -> &'static str {
        self.0
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_tls(Arc::new(NoTls));
        Ok(())
    }
}

/// A behaviour that owns PRESENCE.
struct Owner(&'static str);

impl BehaviourFactory for Owner {
    fn id(&self) -> &'static str {
        self.0
    }

    fn actions(&self) -> &'static [Action] {
        &[Action::PRESENCE]
    }

    fn create(&self, _: &Str) -> Box<dyn ChannelBehaviour> {
        Box::new(Idle)
    }
}

impl Plugin for Owner {
    fn id(&self) -> &'static str {
        self.0
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_behaviour(Arc::new(Owner(self.0)));
        Ok(())
    }
}

struct Idle;

impl ChannelBehaviour for Idle {
    fn on_channel(&mut self, _: &mut BehaviourCx<'_>, _: &ChannelChange) {}
    fn on_message(&mut self, _: &mut BehaviourCx<'_>, _: &ProtocolMessage) {}
    fn on_sent(&mut self, _: &mut BehaviourCx<'_>, _: SendId, _: Result<(), ErrorInfo>) {}
}

fn options() -> ClientOptions {
    ClientOptions::with_key("appId.keyId:secret").auto_connect(false)
}

/// The transports, without those of the feature `polling`, which may be on.
fn transports(client: &BaseRealtime) -> Vec<&'static str> {
    let all = client.plugins().transports().iter();
    let ids = all.map(|transport| transport.id());
    ids.filter(|id| !["xhr_polling", "comet"].contains(id))
        .collect()
}

/// What a client without one of its parts says.
fn refused(options: ClientOptions) -> (ErrorCode, u16, String) {
    let error = BaseRealtime::new(options).unwrap_err();
    (
        error.code(),
        error.status_code(),
        error.message().to_owned(),
    )
}

fn names(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn both_doors_bring_the_same_plugins() {
    let mut registered = Plugins::none();
    registered.install_registered().unwrap();
    let mut explicit = Plugins::none();
    explicit.install(&default_plugins()).unwrap();

    // Each door has one thing of its own: the third party, and the name of the bundle.
    let mut registered = registered.ids().to_vec();
    let mut explicit = explicit.ids().to_vec();
    registered.retain(|id| *id != "OfAThirdParty");
    explicit.retain(|id| *id != "Default");
    registered.sort_unstable();
    explicit.sort_unstable();
    assert_eq!(registered, explicit);
    for (feature, id) in [
        ("tokio", "tokio"),
        ("websocket", "WebSocketTransport"),
        ("http", "FetchRequest"),
        ("msgpack", "MsgPack"),
        ("crypto", "Crypto"),
        ("presence", "RealtimePresence"),
        ("rustls", "rustls"),
        ("proxy", "Proxy"),
    ] {
        assert!(explicit.contains(&id), "the feature {feature}");
    }
}

#[tokio::test]
async fn explicit_comes_before_registered_and_registered_before_default() {
    let client = Realtime::new(options()).unwrap();
    assert_eq!(transports(&client), ["third_party", "web_socket"]);

    let client = Realtime::new(options().transport(Named("mine"))).unwrap();
    assert_eq!(transports(&client), ["mine", "third_party", "web_socket"]);

    let client = Realtime::new(options().transport(Named("third_party"))).unwrap();
    assert_eq!(transports(&client), ["third_party", "web_socket"]);
}

#[tokio::test]
async fn explicit_keeps_its_slot_whatever_its_id() {
    let client = Realtime::new(options()).unwrap();
    assert_eq!(client.plugins().tls().unwrap().id(), "rustls");
    for id in ["mine", "rustls"] {
        let client = Realtime::new(options().plugin(OtherTls(id))).unwrap();
        assert_eq!(client.plugins().tls().unwrap().id(), "none");
    }
}

#[tokio::test]
async fn the_base_takes_what_it_is_given_and_no_more() {
    let (code, _, message) = refused(options());
    assert_eq!(code, ErrorCode::MISSING_PLUGIN);
    names(&message, &["Runtime", "`tokio`"]);

    let options = options()
        .plugin(plugins::tokio::Tokio)
        .plugin(plugins::websocket::WebSocketTransport)
        .tls(false)
        .allow_basic_auth_without_tls(true);
    let client = BaseRealtime::new(options).unwrap();
    assert_eq!(client.plugins().ids(), ["tokio", "WebSocketTransport"]);
    assert_eq!(transports(&client), ["web_socket"]);
}

#[tokio::test]
async fn the_base_with_default_plugins_is_whole() {
    let client = BaseRealtime::new(options().plugin(default_plugins())).unwrap();
    assert_eq!(transports(&client), ["web_socket"]);
    assert!(client.plugins().http().is_some());
}

#[tokio::test]
async fn pc1_what_is_missing_is_named_with_the_feature_that_brings_it() {
    let runtime = || options().plugin(plugins::tokio::Tokio);

    let (code, status, message) = refused(runtime());
    assert_eq!((code, status), (ErrorCode::MISSING_PLUGIN, 400));
    names(
        &message,
        &["WebSocketTransport plugin not provided", "`websocket`"],
    );

    let web_socket = plugins::websocket::WebSocketTransport;
    let (code, status, message) = refused(options().plugin(web_socket));
    assert_eq!((code, status), (ErrorCode::MISSING_PLUGIN, 400));
    names(&message, &["Runtime plugin not provided", "`tokio`"]);

    let (code, status, message) = refused(runtime().plugin(web_socket));
    assert_eq!((code, status), (ErrorCode::MISSING_PLUGIN, 400));
    names(
        &message,
        &["TLS plugin not provided", "`rustls`", "`native-tls`"],
    );

    let error = ably::BaseRest::new(runtime()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    names(
        error.message(),
        &["FetchRequest plugin not provided", "`http`"],
    );
}

#[test]
fn outside_a_runtime_the_error_names_the_feature() {
    for error in [
        Realtime::new(options()).unwrap_err(),
        Rest::new(options()).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
        names(error.message(), &["`tokio`", "#[tokio::main]"]);
    }
}

#[tokio::test]
async fn two_plugins_that_own_one_action_are_refused() {
    for options in [
        options().plugin(Owner("Mine")),
        options().plugin(Owner("Mine")).plugin(Owner("Yours")),
    ] {
        let error = Realtime::new(options).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
        names(error.message(), &["Mine"]);
    }
    // The id is that of the plugin it takes the place of.
    let options = options().plugin(Owner("RealtimePresence"));
    let client = Realtime::new(options).unwrap();
    let behaviours = client.plugins().behaviours().iter();
    let mut ids: Vec<_> = behaviours.map(|b| b.id()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["Annotations", "RealtimePresence"]);
}

#[tokio::test]
async fn two_explicit_plugins_of_one_id_are_refused() {
    let options = options().plugin(OtherTls("mine")).plugin(OtherTls("mine"));
    let error = Realtime::new(options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
    names(error.message(), &["mine"]);
}
