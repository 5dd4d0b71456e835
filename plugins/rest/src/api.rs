//! [`RestApi`]: what every client can ask.
//!
//! Spec: RSC16, RSC19, RSC22, RSC24, RTC6, RTC9.

use ably_base::{ErrorInfo, HasRest, engine::BoxFuture};

use crate::{
    BatchPresenceResult, BatchPublish, BatchResult, Request, batch_presence, batch_publish, time,
};

/// REST operations of a client.
pub trait RestApi: HasRest {
    /// Asks the server for its time, in ms since the epoch. Sends no credential. From then on the
    /// client knows when a token has expired.
    ///
    /// # Errors
    /// - `40019` there is no HTTP client.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSC16, RTC6.
    fn time(&self) -> BoxFuture<Result<i64, ErrorInfo>> {
        Box::pin(time::ask(self.rest_core()))
    }

    /// Makes a request that this library has no method for: to any path, in any version of the
    /// protocol, with the client's hosts, retries, credential and format. Add parameters, headers
    /// and a body, and await it: see [`Request`].
    ///
    /// ```no_run
    /// # use ably_base::{BaseRest, ErrorInfo};
    /// use ably_rest::RestApi;
    ///
    /// # async fn example(rest: BaseRest) -> Result<(), ErrorInfo> {
    /// let answer = rest.request("GET", "/channels", 3).param("limit", 10).await?;
    /// if answer.success() {
    ///     println!("{} channels", answer.items().len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Request`], when it is awaited. A refusal that can be read is no error.
    ///
    /// # Cancel safety
    /// Nothing is sent until it is awaited; then as [`Request`].
    ///
    /// Spec: RSC19, RTC9.
    fn request(&self, method: &str, path: &str, version: u32) -> Request {
        Request::new(self.rest_core(), method, path, version)
    }

    /// Publishes to many channels with one request: one [`BatchPublishSpec`], which gives one
    /// [`BatchResult`], or a list of them, which gives a list. Every channel succeeds or fails by
    /// itself.
    ///
    /// Data is encoded as for a publish, but never encrypted, whatever cipher a channel has. Unless
    /// `idempotent_rest_publishing` is off, the messages of a spec of which none has an id get
    /// `BASE:0`, `BASE:1` and so on, so that a retry cannot publish twice.
    ///
    /// # Errors
    /// - `40003` there is no spec, or one without channels or without messages.
    /// - `40013` data that cannot be sent; an answer that cannot be read.
    /// - `40019` there is no HTTP client.
    /// - refusals of the request as a whole.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken the messages.
    ///
    /// Spec: RSC22.
    ///
    /// [`BatchPublishSpec`]: crate::BatchPublishSpec
    fn batch_publish<S: BatchPublish>(&self, specs: S) -> BoxFuture<Result<S::Answer, ErrorInfo>> {
        let core = self.rest_core();
        let (specs, answer) = specs.into_specs();
        Box::pin(async move { answer(batch_publish::send(core?, specs).await?) })
    }

    /// Asks who is present on each of these channels. Every channel succeeds or fails by itself.
    ///
    /// Data comes decoded, but never decrypted, whatever cipher a channel has.
    ///
    /// # Errors
    /// - `40003` there is no channel.
    /// - `40010` a channel has no name or one with a comma, which would be taken for two.
    /// - `40013` an answer that cannot be read.
    /// - `40019` there is no HTTP client.
    /// - refusals of the request as a whole.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSC24.
    fn batch_presence<N: AsRef<str>>(
        &self,
        channels: impl IntoIterator<Item = N>,
    ) -> BoxFuture<Result<BatchResult<BatchPresenceResult>, ErrorInfo>> {
        let core = self.rest_core();
        let names = batch_presence::join(channels);
        Box::pin(async move { batch_presence::ask(core?, names?).await })
    }
}

impl<T: HasRest + ?Sized> RestApi for T {}
