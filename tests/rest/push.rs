//! Push notifications: administration, and the subscriptions of channels.

use std::collections::BTreeMap;

use ably_base::{BaseRealtime, JsonText, Plugin, Plugins, TokenDetails, ext::PushPlatform};
use ably_msgpack::MsgPack;
use ably_push::{
    ChannelPush, DeviceDetails, DeviceFormFactor, DevicePlatform, DevicePushState,
    DeviceRegistrationQuery, PushApi, PushChannelSubscription, PushChannelSubscriptionQuery,
    PushRecipient,
};
use ably_testkit::MockWebSocket;

use crate::support::*;

const ID: &str = "ably.push.deviceId";
const TOKEN: &str = "ably.push.deviceIdentityToken";

/// What a device has stored.
#[derive(Clone)]
struct Device(BTreeMap<&'static str, String>);

impl Device {
    fn new(id: &str, token: &str) -> Self {
        Self([(ID, id.into()), (TOKEN, token.into())].into())
    }
}

impl PushPlatform for Device {
    fn load(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn store(&self, _: &str, _: Option<&str>) {}
}

impl Plugin for Device {
    fn id(&self) -> &'static str {
        "Device"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_push(Arc::new(self.clone()));
        Ok(())
    }
}

fn text(value: &Value) -> JsonText {
    JsonText::from_value(value).unwrap()
}

fn phone(id: &str) -> DeviceDetails {
    let recipient = PushRecipient::fcm("registration");
    DeviceDetails::new(
        id,
        DevicePlatform::Android,
        DeviceFormFactor::Phone,
        recipient,
    )
}

/// A client on this device, whose server answers every request with an object.
fn on(device: Device) -> (MockHttp, VirtualRuntime, BaseRest) {
    let http = always(Reply::json(200, json!({})));
    let rt = VirtualRuntime::new();
    let rest = BaseRest::new(options(&rt, &http).client_id("me").plugin(device)).unwrap();
    (http, rt, rest)
}

#[test]
fn every_body_is_in_the_clients_format() {
    let rt = VirtualRuntime::new();
    let mut reply = Vec::new();
    let empty = rmpv::Value::Map(Vec::new());
    rmpv::encode::write_value(&mut reply, &empty).unwrap();
    let http = always(Reply::bytes(200, "application/x-msgpack", reply));
    let rest = BaseRest::new(options(&rt, &http).client_id("me").plugin(MsgPack)).unwrap();
    let push = rest.push();
    let admin = push.admin();
    let payload = text(&json!({"data": {"a": [1, 2.5, null, true, "é"]}}));
    rt.wait(admin.publish(PushRecipient::client_id("c"), payload))
        .unwrap();
    rt.wait(admin.device_registrations().save(phone("d")))
        .unwrap();
    let subscription = PushChannelSubscription::for_client("ch", "c");
    rt.wait(admin.channel_subscriptions().save(subscription))
        .unwrap();
    rt.wait(rest.channels().get("ch").push().subscribe_client())
        .unwrap();
    let bodies: Vec<_> = http
        .requests()
        .iter()
        .map(|sent| {
            let binary = Some("application/x-msgpack");
            assert_eq!(sent.header("content-type"), binary);
            assert_eq!(sent.header("accept"), binary);
            rmpv::decode::read_value(&mut &sent.body[..])
                .unwrap()
                .to_string()
        })
        .collect();
    assert_eq!(
        bodies,
        [
            r#"{"recipient": {"clientId": "c"}, "data": {"a": [1, 2.5, nil, true, "é"]}}"#,
            r#"{"id": "d", "platform": "android", "formFactor": "phone", "push": {"recipient": {"transportType": "fcm", "registrationToken": "registration"}}}"#,
            r#"{"channel": "ch", "clientId": "c"}"#,
            r#"{"channel": "ch", "clientId": "me"}"#,
        ]
    );
}

#[test]
fn a_device_is_written_and_read_whole() {
    let whole = json!({
        "id": "d", "clientId": "c", "platform": "toaster", "formFactor": "embedded",
        "metadata": {"model": "m"}, "deviceSecret": "secret",
        "push": {
            "recipient": {"transportType": "ablyChannel", "channel": "x"}, "state": "FAILING",
            "error": {"code": 40000, "statusCode": 400, "message": "no"},
        },
    });
    let http = always(Reply::json(200, whole.clone()));
    let (rt, rest) = client(&http);
    let push = rest.push();
    let devices = push.admin().device_registrations();
    let device = rt.wait(devices.get("d")).unwrap();
    assert_eq!(
        device.platform,
        Some(DevicePlatform::Unknown("toaster".into()))
    );
    assert_eq!(device.form_factor, Some(DeviceFormFactor::Embedded));
    assert_eq!(device.push.state, Some(DevicePushState::Failing));
    let error = device.push.error.clone().unwrap();
    assert_eq!(
        (error.code().0, error.status_code(), error.message()),
        (40000, 400, "no")
    );
    assert_eq!(device.device_secret.as_ref().unwrap().expose(), "secret");
    rt.wait(devices.save(device.clone())).unwrap();
    assert_eq!(http.last().json(), whole);
    rt.wait(devices.remove(&device)).unwrap();
    assert_eq!(http.last().path, "/push/deviceRegistrations/d");
    assert!(http.last().body.is_empty());
}

#[test]
fn addresses_secrets_and_tokens_are_not_printed() {
    let hidden = "hidden-value";
    let recipients = [
        PushRecipient::apns(hidden),
        PushRecipient::fcm(hidden),
        text(&json!({"transportType": "ablyChannel", "ablyKey": hidden})).into(),
        text(&json!({"transportType": "web", "encryptionKey": {"auth": hidden}})).into(),
    ];
    for recipient in recipients {
        let device = DeviceDetails::new(
            "d",
            DevicePlatform::Browser,
            DeviceFormFactor::Other,
            recipient.clone(),
        );
        let device = device.device_secret(hidden);
        let printed = format!("{recipient:?} {device:?}");
        assert!(!printed.contains(hidden), "{printed}");
        let kind = recipient.transport_type().unwrap();
        assert!(printed.contains(&*kind), "{printed}");
    }
    // A token that cannot stand in a header is refused without being told.
    for token in [
        "hidden-value\r\nX-Other: 1",
        "hidden-value ü",
        "hidden-value\u{0}",
    ] {
        let (http, rt, rest) = on(Device::new("d", &json!(token).to_string()));
        let push = rest.channels().get("c").push();
        for error in [
            rt.wait(push.subscribe_device()).unwrap_err(),
            rt.wait(push.unsubscribe_device()).unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::INTERNAL);
            let printed = format!("{error:?} {error} {push:?}");
            assert!(!printed.contains("hidden"), "{printed}");
        }
        assert_eq!(http.requests().len(), 0);
        rt.wait(rest.push().admin().device_registrations().get("d"))
            .unwrap();
        assert_eq!(http.last().header("x-ably-devicetoken"), None);
    }
}

#[test]
fn names_and_parameters_do_not_break_out() {
    let hostile = "../..\\a b/?x=1&y#é\r\nX: y%2e";
    let encoded = "..%2F..%5Ca%20b%2F%3Fx%3D1%26y%23%C3%A9%0D%0AX%3A%20y%252e";
    let (http, rt, rest) = on(Device::new(hostile, r#""token""#));
    let push = rest.push();
    let devices = push.admin().device_registrations();
    rt.wait(devices.save(phone(hostile))).unwrap();
    rt.wait(devices.get(hostile)).unwrap();
    rt.wait(devices.remove(hostile)).unwrap();
    for sent in http.requests() {
        assert_eq!(sent.path, format!("/push/deviceRegistrations/{encoded}"));
        assert!(sent.query.is_empty());
    }
    let query = DeviceRegistrationQuery::new()
        .device_id(hostile)
        .param(hostile, hostile);
    rt.wait(devices.remove_where(query)).unwrap();
    let sent = http.last();
    assert_eq!(
        (sent.query("deviceId"), sent.query(hostile)),
        (Some(hostile), Some(hostile))
    );
    assert_eq!(
        (&*sent.path, sent.query.len()),
        ("/push/deviceRegistrations", 2)
    );
    rt.wait(rest.channels().get(hostile).push().unsubscribe_device())
        .unwrap();
    let sent = http.last();
    assert_eq!(sent.path, "/push/channelSubscriptions");
    assert_eq!(
        (sent.query("channel"), sent.query("deviceId")),
        (Some(hostile), Some(hostile))
    );
    let before = http.requests().len();
    for id in ["", ".", ".."] {
        for error in [
            rt.wait(devices.get(id)).unwrap_err(),
            rt.wait(devices.remove(id)).unwrap_err(),
            rt.wait(devices.save(phone(id))).unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{id}");
        }
    }
    assert_eq!(http.requests().len(), before);
}

#[test]
fn a_publish_without_a_recipient_or_payload_is_not_sent() {
    let (http, rt, rest) = on(Device::new("d", ""));
    let push = rest.push();
    let (to, payload) = (json!({"clientId": "c"}), json!({"data": {}}));
    for (recipient, payload) in [
        (json!({}), payload.clone()),
        (json!(null), payload.clone()),
        (json!([]), payload.clone()),
        (json!("c"), payload.clone()),
        (to.clone(), json!({})),
        (to.clone(), json!(null)),
        (to.clone(), json!([{"data": {}}])),
        (to, json!({"data": {}, "recipient": {"clientId": "other"}})),
    ] {
        let published = push.admin().publish(text(&recipient), text(&payload));
        let error = rt.wait(published).unwrap_err();
        assert_eq!(
            error.code(),
            ErrorCode::BAD_REQUEST,
            "{recipient} {payload}"
        );
    }
    assert_eq!(http.requests().len(), 0);
}

#[test]
fn a_subscription_that_is_not_whole_removes_nothing() {
    let (http, rt, rest) = on(Device::new("d", ""));
    let push = rest.push();
    let subscriptions = push.admin().channel_subscriptions();
    let mut neither = PushChannelSubscription::for_device("c", "d");
    neither.device_id = None;
    let mut both = PushChannelSubscription::for_device("c", "d");
    both.client_id = Some("me".into());
    let nowhere = PushChannelSubscription::for_client("", "me");
    let nobody = PushChannelSubscription::for_client("c", "");
    for broken in [neither, both, nowhere, nobody] {
        let removed = rt.wait(subscriptions.remove(broken.clone()));
        assert_eq!(removed.unwrap_err().code(), ErrorCode::BAD_REQUEST);
        let saved = rt.wait(subscriptions.save(broken));
        assert_eq!(saved.unwrap_err().code(), ErrorCode::BAD_REQUEST);
    }
    assert_eq!(http.requests().len(), 0);
}

#[test]
fn rsh1_requests_about_the_own_device_say_so() {
    let (http, rt, rest) = on(Device::new("own", r#""token""#));
    let push = rest.push();
    let devices = push.admin().device_registrations();
    let subscriptions = push.admin().channel_subscriptions();
    for (id, token) in [("own", Some("token")), ("other", None)] {
        let assert = |what: &str| {
            let sent = http.last();
            assert_eq!(sent.header("x-ably-devicetoken"), token, "{what} {id}");
            assert!(sent.header("authorization").unwrap().starts_with("Basic "));
        };
        rt.wait(devices.get(id)).unwrap();
        assert("get");
        rt.wait(devices.save(phone(id))).unwrap();
        assert("save");
        let query = DeviceRegistrationQuery::new().device_id(id);
        rt.wait(devices.remove_where(query)).unwrap();
        assert("remove_where");
        rt.wait(devices.remove(id)).unwrap();
        assert("remove");
        let subscription = PushChannelSubscription::for_device("c", id);
        rt.wait(subscriptions.save(subscription.clone())).unwrap();
        assert("subscribe");
        rt.wait(subscriptions.remove(subscription)).unwrap();
        assert("unsubscribe");
    }
    rt.wait(subscriptions.remove(PushChannelSubscription::for_client("c", "own")))
        .unwrap();
    assert_eq!(http.last().header("x-ably-devicetoken"), None);
}

#[test]
fn full_wait_is_asked_for_where_ably_js_does() {
    let http = MockHttp::answering(|sent| {
        let is_list = sent.method == "GET" && !sent.path.ends_with("/d");
        let body = if is_list { json!([]) } else { json!({}) };
        Some(Reply::json(200, body))
    });
    let rt = VirtualRuntime::new();
    for wanted in [false, true] {
        let options = options(&rt, &http).client_id("me").push_full_wait(wanted);
        let rest = BaseRest::new(options.plugin(Device::new("d", "token"))).unwrap();
        let push = rest.push();
        let (devices, subscriptions) = (
            push.admin().device_registrations(),
            push.admin().channel_subscriptions(),
        );
        let assert = |waits: bool| {
            let expected = (waits && wanted).then_some("true");
            let sent = http.last();
            assert_eq!(
                sent.query("fullWait"),
                expected,
                "{} {}",
                sent.method,
                sent.path
            );
        };
        let to = PushRecipient::device_id("d");
        rt.wait(push.admin().publish(to, text(&json!({"data": {}}))))
            .unwrap();
        assert(true);
        rt.wait(devices.save(phone("d"))).unwrap();
        assert(true);
        rt.wait(devices.get("d")).unwrap();
        assert(false);
        rt.wait(devices.list(())).unwrap();
        assert(false);
        rt.wait(devices.remove("d")).unwrap();
        assert(true);
        rt.wait(devices.remove_where(DeviceRegistrationQuery::new()))
            .unwrap();
        assert(true);
        let subscription = PushChannelSubscription::for_client("c", "x");
        rt.wait(subscriptions.save(subscription.clone())).unwrap();
        assert(true);
        rt.wait(subscriptions.list(())).unwrap();
        assert(false);
        rt.wait(subscriptions.list_channels(())).unwrap();
        assert(true);
        rt.wait(subscriptions.remove(subscription)).unwrap();
        assert(true);
        rt.wait(subscriptions.remove_where(PushChannelSubscriptionQuery::new()))
            .unwrap();
        assert(true);
        let channel = rest.channels().get("c").push();
        rt.wait(channel.subscribe_device()).unwrap();
        assert(false);
        rt.wait(channel.unsubscribe_client()).unwrap();
        assert(false);
    }
}

#[test]
fn what_is_missing_says_so() {
    // No HTTP client.
    let rt = VirtualRuntime::new();
    let options = ClientOptions::with_key(KEY)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(MockWebSocket::new());
    let realtime = BaseRealtime::new(options.clone()).unwrap();
    let push = realtime.push();
    let error = rt
        .wait(push.admin().channel_subscriptions().list_channels(()))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().contains("`http`"), "{error}");
    // No platform, on channels of either kind.
    let http = always(Reply::json(200, json!([])));
    let realtime = BaseRealtime::new(options.client_id("me").plugin(http.clone())).unwrap();
    let channel = realtime.channels().get("c").push();
    let (_, rest) = client(&http);
    for channel in [channel.clone(), rest.channels().get("c").push()] {
        for error in [
            rt.wait(channel.subscribe_device()).unwrap_err(),
            rt.wait(channel.unsubscribe_device()).unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
            assert!(error.message().contains("PushPlatform"), "{error}");
        }
    }
    assert_eq!(http.requests().len(), 0);
    // What does not need one works, and asks for all as ably-js does.
    rt.wait(channel.subscribe_client()).unwrap();
    let body = json!({"channel": "c", "clientId": "me"});
    assert_eq!(http.last().json(), body);
    assert_eq!(http.last().header("x-ably-devicetoken"), None);
    rt.wait(channel.list_subscriptions(())).unwrap();
    let query = http.last().query.into_iter().collect::<Vec<_>>();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(query, [pair("channel", "c"), pair("concatFilters", "true")]);
}

#[test]
fn a_client_that_may_be_anybody_is_nobody_to_subscribe() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let mut token = TokenDetails::new("token");
    token.client_id = Some("*".into());
    let options = ClientOptions::new()
        .token_details(token)
        .plugin(rt.clone())
        .plugin(http.clone())
        .plugin(Device::new("d", "t"));
    let rest = BaseRest::new(options).unwrap();
    assert_eq!(rest.client_id().as_deref(), Some("*"));
    let push = rest.channels().get("c").push();
    for error in [
        rt.wait(push.subscribe_client()).unwrap_err(),
        rt.wait(push.unsubscribe_client()).unwrap_err(),
    ] {
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::INTERNAL, 500)
        );
    }
    assert_eq!(http.requests().len(), 0);
    rt.wait(push.list_subscriptions(())).unwrap();
    assert_eq!(http.last().query("clientId"), None);
    assert_eq!(http.last().query("deviceId"), Some("d"));
}

#[test]
fn rsh8j_a_device_without_an_id_or_token_is_not_registered() {
    for device in [
        Device(BTreeMap::new()),
        Device([(TOKEN, String::from(r#""token""#))].into()),
        Device::new("", r#""token""#),
        Device::new("d", ""),
        Device::new("d", "null"),
        Device::new("d", r#""""#),
    ] {
        let (http, rt, rest) = on(device);
        let error = rt
            .wait(rest.channels().get("c").push().subscribe_device())
            .unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::INTERNAL, 500)
        );
        assert_eq!(http.requests().len(), 0);
    }
}

#[test]
fn rsh7e_what_the_caller_asks_for_goes_first_but_the_channel_stays() {
    let http = always(Reply::json(200, json!([])));
    let rt = VirtualRuntime::new();
    let options = options(&rt, &http)
        .client_id("me")
        .plugin(Device::new("d", "t"));
    let rest = BaseRest::new(options).unwrap();
    let query = PushChannelSubscriptionQuery::new()
        .client_id("somebody")
        .channel("elsewhere")
        .limit(3);
    rt.wait(rest.channels().get("here").push().list_subscriptions(query))
        .unwrap();
    let sent = http.last();
    let query: Vec<_> = sent.query.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(
        query,
        [
            "channel=here",
            "clientId=somebody",
            "concatFilters=true",
            "deviceId=d",
            "limit=3"
        ]
    );
}

#[test]
fn what_is_not_what_was_asked_for_is_an_error() {
    for body in [json!([]), json!("x"), json!(null), json!([1])] {
        let (rt, rest) = client(&always(Reply::json(200, body.clone())));
        let push = rest.push();
        let (devices, subscriptions) = (
            push.admin().device_registrations(),
            push.admin().channel_subscriptions(),
        );
        let error = rt.wait(devices.get("d")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA, "{body}");
        let saved = rt.wait(subscriptions.save(PushChannelSubscription::for_device("c", "d")));
        assert_eq!(saved.unwrap_err().code(), ErrorCode::INVALID_DATA, "{body}");
        if body == json!([]) {
            continue;
        }
        let codes = [
            rt.wait(devices.list(())).unwrap_err().code(),
            rt.wait(subscriptions.list(())).unwrap_err().code(),
            rt.wait(subscriptions.list_channels(())).unwrap_err().code(),
        ];
        assert_eq!(codes, [ErrorCode::INVALID_DATA; 3], "{body}");
    }
}
