//! [`TokenSource`] and [`TokenSigner`]: where tokens come from.

use std::future::Future;

use ably_engine::{
    BoxFuture, Credential, MaybeSend, MaybeSync, TokenParams,
    protocol::{ErrorInfo, Secret},
};

/// The application's way to get a token: ably-js's `authCallback`.
///
/// Implemented for functions that return a future of a [`Credential`].
///
/// ```
/// use ably_base::{ClientOptions, Credential, ErrorInfo, TokenParams};
///
/// async fn token(params: TokenParams) -> Result<Credential, ErrorInfo> {
///     // Ask the application's server; `Credential::from_json` reads token details and requests.
///     # let answer = String::from("a JWT");
///     Ok(Credential::from(answer))
/// }
///
/// let options = ClientOptions::new().auth_callback(token);
/// ```
///
/// Spec: RSA4, RSA8d.
pub trait TokenSource: MaybeSend + MaybeSync {
    /// Gets a token.
    ///
    /// # Errors
    /// Whatever went wrong; a `status_code` of 403 fails the connection for good (RSA4d).
    ///
    /// # Cancel safety
    /// The client drops the future when no answer comes within `realtime_request_timeout` (10 s). When
    /// `authorize` asks anew meanwhile, it runs on and its answer is ignored.
    fn token(&self, params: TokenParams) -> BoxFuture<Result<Credential, ErrorInfo>>;
}

impl<F, Fut> TokenSource for F
where
    F: Fn(TokenParams) -> Fut + MaybeSend + MaybeSync,
    Fut: Future<Output = Result<Credential, ErrorInfo>> + MaybeSend + 'static,
{
    fn token(&self, params: TokenParams) -> BoxFuture<Result<Credential, ErrorInfo>> {
        Box::pin(self(params))
    }
}

/// Signs token requests.
///
/// Spec: RSA9g.
pub trait TokenSigner: MaybeSend + MaybeSync {
    /// The base64 of the HMAC-SHA256 of `text` under the key secret.
    fn sign(&self, secret: &Secret<String>, text: &str) -> String;
}
