//! [`RestRequest`]: one request, before it is known where it goes.
//!
//! Spec: RSC7c, RSC7d, RSC7e, RSC8, RSA7e2, RSA11.

use ably_engine::{
    HttpRequest,
    protocol::{PROTOCOL_VERSION, Secret},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;

use super::{RestConfig, RestPath, path};

/// A request to Ably. `Debug` leaves out query, headers and body.
#[derive(Clone)]
#[must_use]
pub struct RestRequest {
    method: &'static str,
    path: RestPath,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Bytes,
    pub(super) is_anonymous: bool,
}

impl RestRequest {
    /// A request of `method`, in upper case.
    pub fn new(method: &'static str, path: RestPath) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            is_anonymous: false,
        }
    }

    /// A GET request.
    pub fn get(path: RestPath) -> Self {
        Self::new("GET", path)
    }

    /// A POST request with a body in the client's format.
    pub fn post(path: RestPath, body: impl Into<Bytes>) -> Self {
        Self::new("POST", path).body(body)
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds parameters to the query.
    pub fn queries(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query.extend(query);
        self
    }

    /// Sets a header, in place of the client's own one of that name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, which is in the client's format.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends no credential.
    pub fn anonymous(mut self) -> Self {
        self.is_anonymous = true;
        self
    }

    /// The same with this id, in place of the one that a link to another page may have.
    pub(super) fn with_id(&self, id: String) -> Self {
        let mut request = self.clone();
        request.query.retain(|(name, _)| name != "request_id");
        request.query.push(("request_id".into(), id));
        request
    }

    /// The request to `host` with this credential.
    pub(super) fn to_host(
        &self,
        config: &RestConfig,
        host: &str,
        authorization: Option<Secret<String>>,
    ) -> HttpRequest {
        let url = path::url(config.tls, host, config.port, &self.path, &self.query);
        let mut request = HttpRequest::new(self.method, url);
        request.body = self.body.clone();
        let headers = &mut request.headers;
        let mut set = |name: &str, value: String| {
            headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
            headers.push((name.into(), value));
        };
        let format = config.format.content_type();
        set("X-Ably-Version", PROTOCOL_VERSION.into());
        set("Ably-Agent", config.agent.clone());
        set("Accept", format.into());
        if !self.body.is_empty() {
            set("Content-Type", format.into());
        }
        // It claims something only where there is a credential that allows it.
        if let Some(id) = config.client_id.as_ref().filter(|_| !self.is_anonymous) {
            set("X-Ably-ClientId", BASE64_STANDARD.encode(id.as_str()));
        }
        if let Some(authorization) = authorization {
            set("Authorization", authorization.expose().clone());
        }
        for (name, value) in &self.headers {
            set(name, value.clone());
        }
        request
    }
}

impl std::fmt::Debug for RestRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RestRequest({} {})", self.method, self.path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_takes_the_place_of_one_that_came_with_a_link() {
        let path = RestPath::of(["time"]).unwrap();
        let request = RestRequest::get(path).query("request_id", "old");
        let request = request.query("page", "2").with_id("new".into());
        let expected = [("page", "2"), ("request_id", "new")];
        let query = request.query.iter();
        assert!(query.map(|(n, v)| (&**n, &**v)).eq(expected));
    }
}
