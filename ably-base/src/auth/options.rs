//! [`AuthOptions`]: how to get tokens.
//!
//! Spec: AO2, TO3j.

use std::sync::Arc;

use ably_engine::{
    Key, TokenDetails,
    protocol::{ErrorInfo, Secret},
};

use crate::ext::TokenSource;

/// The HTTP method with which an authUrl is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// With the parameters in the query.
    #[default]
    Get,
    /// With the parameters as a form in the body.
    Post,
}

/// How to get tokens. Of several ways the first of callback, URL and key is used.
///
/// Spec: AO2.
#[derive(Clone, Default)]
#[must_use]
pub struct AuthOptions {
    pub(crate) key: Option<Secret<String>>,
    pub(crate) token: Option<TokenDetails>,
    pub(crate) callback: Option<Arc<dyn TokenSource>>,
    pub(crate) url: Option<String>,
    pub(crate) method: AuthMethod,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query_time: bool,
    pub(crate) use_token_auth: Option<bool>,
}

impl AuthOptions {
    /// No way yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sign token requests with this API key, `appId.keyId:secret`. Spec: AO2a.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(Secret::new(key.into()));
        self
    }

    /// A token, of which nothing else is known. Spec: AO2h.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.token_details(TokenDetails::new(token.into()))
    }

    /// A token and what is known about it. Spec: AO2i.
    pub fn token_details(mut self, details: TokenDetails) -> Self {
        self.token = Some(details);
        self
    }

    /// Ask the application: ably-js's `authCallback`. Spec: AO2b.
    pub fn auth_callback(mut self, source: impl TokenSource + 'static) -> Self {
        self.callback = Some(Arc::new(source));
        self
    }

    /// Ask this URL, which answers with a token, token details or a token request. Spec: AO2c.
    pub fn auth_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// How to ask the URL, default GET. Spec: AO2d.
    pub fn auth_method(mut self, method: AuthMethod) -> Self {
        self.method = method;
        self
    }

    /// Headers for the URL, in place of those set before. Spec: AO2e.
    pub fn auth_headers(
        mut self,
        headers: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        self.headers = texts(headers);
        self
    }

    /// One more header for the URL. Spec: AO2e.
    pub fn auth_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Parameters for the URL, in place of those set before. Spec: AO2f.
    pub fn auth_params(
        mut self,
        params: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        self.params = texts(params);
        self
    }

    /// One more parameter for the URL. Spec: AO2f.
    pub fn auth_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Ask the server for its time before the first token request is signed. Spec: AO2g.
    pub fn query_time(mut self, yes: bool) -> Self {
        self.query_time = yes;
        self
    }

    /// True when there is a way to get a token.
    pub(crate) fn is_renewable(&self) -> bool {
        self.callback.is_some() || self.url.is_some() || self.key.is_some()
    }

    /// The key taken apart, when there is one.
    pub(crate) fn parsed_key(&self) -> Result<Option<Key>, ErrorInfo> {
        let key = self.key.as_ref();
        key.map(|k| Key::parse(k.expose())).transpose()
    }
}

fn texts(
    pairs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
) -> Vec<(String, String)> {
    let pairs = pairs.into_iter();
    pairs.map(|(n, v)| (n.into(), v.into())).collect()
}

impl std::fmt::Debug for AuthOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthOptions")
            .field("key", &self.key)
            .field("token", &self.token)
            .field("auth_callback", &self.callback.is_some())
            .field("auth_url", &self.url.is_some())
            .field("auth_method", &self.method)
            .field("query_time", &self.query_time)
            .finish_non_exhaustive()
    }
}
