//! [`PushChannelSubscriptions`]: who gets the notifications of channels.
//!
//! Spec: RSH1c.

use ably_base::{
    ErrorInfo, Str,
    engine::BoxFuture,
    protocol::Value,
    rest::{RestCore, RestPath},
};
use ably_rest::PaginatedResult;

use crate::{
    PushChannelSubscription, PushChannelSubscriptionQuery, PushChannelsQuery,
    call::Call,
    wire::{Page, read_item},
};

pub(crate) const PATH: [&str; 2] = ["push", "channelSubscriptions"];

/// Who gets the notifications of channels.
///
/// All operations fail with
/// - `40019` when there is no HTTP client,
/// - `40160` when the capability does not allow it, and other refusals of the server,
/// - `50003` when no answer comes in time, `80003` when no host could be reached.
///
/// Saving and removing a subscription of the device that the client runs on is authenticated by its
/// `deviceIdentityToken` too, once it has one.
///
/// Spec: RSH1c.
#[derive(Clone, Debug)]
pub struct PushChannelSubscriptions {
    core: Result<RestCore, ErrorInfo>,
}

impl PushChannelSubscriptions {
    pub(crate) fn new(core: Result<RestCore, ErrorInfo>) -> Self {
        Self { core }
    }

    /// Subscribes a device or a client. Gives the subscription as the server has it.
    ///
    /// # Errors
    /// - `40000` it has not a channel and precisely one of device and client; nothing is sent.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1c3.
    pub fn save(
        &self,
        subscription: PushChannelSubscription,
    ) -> BoxFuture<Result<PushChannelSubscription, ErrorInfo>> {
        let core = self.core.clone();
        Box::pin(async move {
            let core = core?;
            let call = Call::new("POST", PATH).about(&core, subscription.device_id.as_deref());
            let call = call.body(subscription.into_value()?);
            let reply = call.full_wait().send(&core).await?;
            read_item(&core, &reply).map(|item| PushChannelSubscription::read(&item))
        })
    }

    /// Asks for subscriptions, page by page; `()` for all.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSH1c1.
    pub fn list(
        &self,
        query: impl Into<PushChannelSubscriptionQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PushChannelSubscription>, ErrorInfo>> {
        PaginatedResult::first_page(
            self.core.clone(),
            RestPath::of(PATH),
            Ok(query.into().0),
            Page(PushChannelSubscription::read_value),
        )
    }

    /// Asks for the names of channels that have subscriptions, page by page; `()` for all.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSH1c2.
    pub fn list_channels(
        &self,
        query: impl Into<PushChannelsQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Str>, ErrorInfo>> {
        let mut query = query.into();
        if self.core.as_ref().is_ok_and(RestCore::push_full_wait) {
            query = query.param("fullWait", true);
        }
        let name = |value| match value {
            Value::Text(name) => Some(name),
            _ => None,
        };
        let path = RestPath::of(["push", "channels"]);
        PaginatedResult::first_page(self.core.clone(), path, Ok(query.0), Page(name))
    }

    /// Unsubscribes a device or a client; one that is not subscribed is no error.
    ///
    /// # Errors
    /// - `40000` it has not a channel and precisely one of device and client; nothing is sent.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1c4.
    pub fn remove(
        &self,
        subscription: PushChannelSubscription,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        let core = self.core.clone();
        Box::pin(async move {
            let core = core?;
            let call = Call::new("DELETE", PATH).about(&core, subscription.device_id.as_deref());
            let call = call.query(subscription.into_query()?);
            call.full_wait().send(&core).await.map(drop)
        })
    }

    /// Removes all subscriptions that fit; none is no error.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1c5.
    pub fn remove_where(
        &self,
        query: PushChannelSubscriptionQuery,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        let core = self.core.clone();
        Box::pin(async move {
            let call = Call::new("DELETE", PATH).query(query.0);
            call.full_wait().send(&core?).await.map(drop)
        })
    }
}
