//! [`Call`]: one request of this plugin.

use ably_base::{
    ErrorInfo,
    engine::HttpReply,
    protocol::{Secret, Value},
    rest::{RestCore, RestPath, RestRequest},
};
use bytes::BytesMut;

use crate::{local, wire::refused};

/// What tells the server that a request comes from a device. Spec: RSH6a.
const DEVICE_TOKEN: &str = "X-Ably-DeviceToken";

/// One request, before it is known whether it can be sent.
#[must_use]
pub(crate) struct Call<'a> {
    method: &'static str,
    path: Vec<&'a str>,
    query: Vec<(String, String)>,
    body: Option<Value>,
    token: Option<Secret<String>>,
    waits: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'static str, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            method,
            path: path.into_iter().collect(),
            query: Vec::new(),
            body: None,
            token: None,
            waits: false,
        }
    }

    pub(crate) fn query(mut self, query: Vec<(String, String)>) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The request is authenticated as coming from a device. Spec: RSH6a.
    pub(crate) fn token(mut self, token: Option<Secret<String>>) -> Self {
        self.token = token;
        self
    }

    /// The request is about this device: if that is the one that the client runs on, it says so.
    /// Spec: RSH1b1, RSH1b3, RSH1b5, RSH1c3, RSH1c4.
    pub(crate) fn about(self, core: &RestCore, device_id: Option<&str>) -> Self {
        let token = device_id.and_then(|id| local::token_of(core, id));
        self.token(token)
    }

    /// The request waits for its effects where the client wants that.
    pub(crate) fn full_wait(mut self) -> Self {
        self.waits = true;
        self
    }

    pub(crate) async fn send(self, core: &RestCore) -> Result<HttpReply, ErrorInfo> {
        if self.path.iter().any(|segment| segment.is_empty()) {
            return Err(refused("a device has no empty id"));
        }
        let path = RestPath::of(self.path.iter().copied())?;
        let mut request = RestRequest::new(self.method, path).queries(self.query);
        if self.waits && core.push_full_wait() {
            request = request.query("fullWait", "true");
        }
        if let Some(body) = &self.body {
            let mut bytes = BytesMut::new();
            core.codec(core.format())?.encode_value(body, &mut bytes)?;
            request = request.body(bytes.freeze());
        }
        if let Some(token) = &self.token {
            request = request.header(DEVICE_TOKEN, token.expose().as_str());
        }
        core.request(request).await
    }
}
