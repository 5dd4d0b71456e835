//! [`Auth`]: what an application can ask.
//!
//! Spec: RSA, RTC4, RTC8.

use std::sync::Arc;

use ably_engine::{
    Key, TokenDetails, TokenParams, TokenRequest,
    protocol::{ErrorInfo, Str},
};

use super::{
    AuthOptions, Obtain, Site,
    authority::Stored,
    flight::{land, supersede},
    obtain::{sign, simple},
};
use crate::{
    rest::{HasRest, RestCore},
    shell::{Handles, Pending},
};

/// Authentication of a client. Cheap to clone.
///
/// Parameters and options are given as they are, or as `None` for what the client has.
///
/// ```no_run
/// # async fn f(client: ably_base::BaseRealtime) -> Result<(), ably_base::ErrorInfo> {
/// use std::time::Duration;
///
/// use ably_base::TokenParams;
///
/// // What an application's server answers its clients with.
/// let params = TokenParams::new().client_id("alice").ttl(Duration::from_secs(60));
/// let request = client.auth().create_token_request(params, None).await?;
/// println!("{} asks for {:?}", request.key_name, request.client_id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Auth {
    site: Site,
    /// Those of a realtime client, which they keep open.
    handles: Option<Arc<Handles>>,
}

impl Auth {
    pub(crate) fn of_rest(core: RestCore) -> Self {
        Self {
            site: Site::Rest(core),
            handles: None,
        }
    }

    pub(crate) fn of_realtime(handles: Arc<Handles>) -> Self {
        Self {
            site: Site::Realtime(handles.0.clone()),
            handles: Some(handles),
        }
    }

    /// The identity of this client as far as it is known; `*` means any. Spec: RSA12.
    pub fn client_id(&self) -> Option<Str> {
        self.site.with_auth(|auth| auth.client_id().cloned())
    }

    /// The token in use; `None` with a key, and while there is no token. Spec: RSA16.
    pub fn token_details(&self) -> Option<TokenDetails> {
        self.site.with_auth(|auth| auth.token_details().cloned())
    }

    /// The key, when it is what authenticates: for extensions that need one. Spec: RSA11.
    pub fn basic_key(&self) -> Option<Key> {
        self.site.with_auth(|auth| auth.basic_key().cloned())
    }

    /// Gets a new token now and uses it from then on, with what `params` and `options` say; these
    /// replace what was stored for it, but for the time and the wish for the server's. Tokens are
    /// used even if the client was made with a key alone.
    ///
    /// On a realtime client it resolves when the connection uses the token, which connects when it
    /// has to. A fetch of a token that is under way is superseded, also by a token in `options`: who
    /// waits for it gets the newer one.
    ///
    /// # Errors
    /// - `40102` with status 401: another key than the client's. With status 403: the token is of
    ///   another client, and the connection has failed for it. A token that was given has changed
    ///   nothing else. After one that was fetched there is none in use, and the next use fetches one.
    /// - `40171` there is no way to get one; nothing has changed then.
    /// - `40170` the callback or URL failed; its own error when that has a code.
    /// - `40000` the capability is malformed, which the plugin `token` sees.
    /// - `40019` a plugin is missing: `token`, `http`.
    /// - the connection's error, when it fails, closes or is suspended instead.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch, and the token is used; a connection may not be
    /// told of it.
    ///
    /// Spec: RSA10, RTC8.
    pub async fn authorize(
        &self,
        params: impl Into<Option<TokenParams>>,
        options: impl Into<Option<AuthOptions>>,
    ) -> Result<TokenDetails, ErrorInfo> {
        self.authorize_with(params.into(), options.into()).await
    }

    async fn authorize_with(
        &self,
        params: Option<TokenParams>,
        options: Option<AuthOptions>,
    ) -> Result<TokenDetails, ErrorInfo> {
        let with = self.site.authority().plan(params, options)?;
        let details = match self.take_new_token(with).await {
            Ok(details) => details,
            Err(error) => {
                if let Some(handles) = &self.handles {
                    handles
                        .0
                        .mutate(|l, now| l.engine.authorize_failed(now, &error));
                }
                return Err(error);
            }
        };
        if let Some(handles) = &self.handles {
            Pending::call(handles, |l, now| Ok(l.engine.use_new_token(now))).await?;
        }
        Ok(details)
    }

    async fn take_new_token(&self, with: Stored) -> Result<TokenDetails, ErrorInfo> {
        if let Some(given) = &with.options.token {
            // Before anything is given up for it.
            self.site.with_auth(|auth| auth.fits(given))?;
        }
        self.site.authority().store(with.clone());
        let renewable = with.options.is_renewable();
        if let Some(given) = with.options.token.clone() {
            return land(&self.site, given, |auth, given| {
                auth.use_tokens(renewable);
                auth.take_token(given)
            });
        }
        self.site.with_auth(|auth| auth.use_tokens(renewable));
        let fetched = supersede(&self.site, with).await?;
        // A fetch that `authorize` begins always fetches.
        Ok(fetched.unwrap_or_default())
    }

    /// Gets a token without using it: with what `params` and `options` say where they are given,
    /// in place of what is stored.
    ///
    /// # Errors
    /// - `40171` there is no way to get one.
    /// - `40170` the callback or URL failed; its own error when that has a code.
    /// - `40000` the capability is malformed, which the plugin `token` sees.
    /// - `40019` a plugin is missing: `token`, `http`.
    /// - what the server says.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSA8.
    pub async fn request_token(
        &self,
        params: impl Into<Option<TokenParams>>,
        options: impl Into<Option<AuthOptions>>,
    ) -> Result<TokenDetails, ErrorInfo> {
        self.request_with(params.into(), options.into()).await
    }

    async fn request_with(
        &self,
        params: Option<TokenParams>,
        options: Option<AuthOptions>,
    ) -> Result<TokenDetails, ErrorInfo> {
        let stored = self.site.authority().stored();
        let wish = Obtain {
            site: self.site.clone(),
            options: options.unwrap_or(stored.options),
            params: params.unwrap_or(stored.params),
        };
        match self.site.authority().plugins.obtain() {
            Some(obtain) => obtain(wish).await,
            None => simple(wish).await,
        }
    }

    /// Makes and signs a request for a token, which whoever gets it can exchange. Only what is
    /// given, here or else in the client's options, is in it.
    ///
    /// # Errors
    /// - `40019` the plugin `token` is missing.
    /// - `40101` there is no key.
    /// - `40012` the clientId is empty. `40000` the capability is malformed.
    /// - what asking for the server's time says.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    ///
    /// Spec: RSA9.
    pub async fn create_token_request(
        &self,
        params: impl Into<Option<TokenParams>>,
        options: impl Into<Option<AuthOptions>>,
    ) -> Result<TokenRequest, ErrorInfo> {
        let stored = self.site.authority().stored();
        let options = options.into().unwrap_or(stored.options);
        let params = params.into().unwrap_or(stored.params);
        sign(&self.site, &options, params).await
    }
}

impl HasRest for Auth {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        self.site.rest_core()
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth")
    }
}
