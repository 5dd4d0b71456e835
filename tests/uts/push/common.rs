//! What the cases of push share.

pub(super) use ably_base::{BaseRest, Plugin, Plugins, ext::PushPlatform};
pub(super) use ably_push::{
    ChannelPush, DeviceDetails, DeviceFormFactor, DevicePlatform, DevicePushState,
    DeviceRegistrationQuery, PushApi, PushChannelSubscription, PushChannelSubscriptionQuery,
    PushChannelSubscriptions, PushChannelsQuery, PushDeviceRegistrations, PushRecipient,
};
pub(super) use ably_rest::PaginatedResult;
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};

pub(super) use crate::support::*;

/// A client with the spec's key and these mocks.
pub(super) fn rest(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let options = ClientOptions::with_key(KEY)
        .plugin(rt.clone())
        .plugin(http.clone());
    let client = BaseRest::new(options).expect("the options are fine");
    (rt, client)
}

/// A client whose server always answers so, and its mocks.
pub(super) fn answered(reply: HttpMockReply) -> (MockHttp, VirtualRuntime, BaseRest) {
    let http = MockHttp::replying([reply]);
    let (rt, client) = rest(&http);
    (http, rt, client)
}

/// 200 with this body.
pub(super) fn ok(body: Value) -> HttpMockReply {
    HttpMockReply::json(200, body)
}

/// 204 without a body.
pub(super) fn no_content() -> HttpMockReply {
    HttpMockReply::empty(204)
}

/// This status with an error of that status, times a hundred.
pub(super) fn refusal(status: u16, message: &str) -> HttpMockReply {
    let error = error(u32::from(status) * 100, status, message);
    HttpMockReply::json(status, json!({ "error": error }))
}

/// The one request that was sent.
#[track_caller]
pub(super) fn only(http: &MockHttp) -> SentRequest {
    let requests = http.requests();
    assert_eq!(requests.len(), 1);
    requests[0].clone()
}

/// Asserts method and path.
#[track_caller]
pub(super) fn assert_is(request: &SentRequest, method: &str, path: &str) {
    assert_eq!((&*request.method, &*request.path), (method, path));
}

/// JSON text.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn text(value: Value) -> JsonText {
    JsonText::from_value(&value).unwrap()
}

/// A field of a JSON object.
#[track_caller]
pub(super) fn field(object: &JsonText, name: &str) -> Value {
    object.parse::<Value>().unwrap()[name].clone()
}

/// The device that a client runs on, as far as its platform has it stored (UTS: `LocalDevice`).
#[derive(Clone)]
pub(super) struct LocalDevice {
    pub(super) id: &'static str,
    pub(super) token: Option<&'static str>,
}

impl PushPlatform for LocalDevice {
    fn load(&self, name: &str) -> Option<String> {
        match name {
            "ably.push.deviceId" => Some(self.id.into()),
            "ably.push.deviceIdentityToken" => self.token.map(|token| json!(token).to_string()),
            _ => None,
        }
    }

    fn store(&self, name: &str, _: Option<&str>) {
        panic!("{name} is not to be stored")
    }
}

impl Plugin for LocalDevice {
    fn id(&self) -> &'static str {
        "LocalDevice"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_push(Arc::new(self.clone()));
        Ok(())
    }
}
