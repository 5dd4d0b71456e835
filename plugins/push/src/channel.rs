//! [`PushChannel`]: the notifications of a channel, for this device and this client.
//!
//! Spec: RSH7.

use ably_base::{
    Channel, ErrorCode, ErrorInfo, RestChannel, Str, engine::BoxFuture, rest::RestCore,
};
use ably_rest::PaginatedResult;

use crate::{
    PushChannelSubscription, PushChannelSubscriptionQuery, PushChannelSubscriptions, call::Call,
    local::LocalDevice, subscriptions::PATH,
};

/// Push notifications of a channel.
pub trait ChannelPush {
    /// Push notifications. Getting it does nothing; what is missing shows when it is used.
    ///
    /// Spec: RSH7.
    fn push(&self) -> PushChannel;
}

impl ChannelPush for RestChannel {
    fn push(&self) -> PushChannel {
        PushChannel::new(Ok(self.core().clone()), self.name())
    }
}

impl ChannelPush for Channel {
    fn push(&self) -> PushChannel {
        PushChannel::new(self.rest_core(), self.name())
    }
}

/// The notifications of a channel, for the device that the client runs on and for its clientId.
///
/// All operations fail with
/// - `40019` when there is no HTTP client,
/// - `40160` when the capability does not allow it: `push-subscribe` for the channel is missing; and
///   with other refusals of the server,
/// - `50003` when no answer comes in time, `80003` when no host could be reached.
///
/// Those of the device fail with
/// - `40019` when no plugin brings a [`ably_base::ext::PushPlatform`],
/// - `50000` when the device has no `deviceIdentityToken`: it is not registered.
///
/// # Cancel safety
/// Dropping a future abandons the request; the server may have taken it.
///
/// Spec: RSH7.
#[derive(Clone, Debug)]
pub struct PushChannel {
    core: Result<RestCore, ErrorInfo>,
    channel: Str,
}

impl PushChannel {
    fn new(core: Result<RestCore, ErrorInfo>, channel: &str) -> Self {
        Self {
            core,
            channel: Str::new(channel),
        }
    }

    /// Subscribes this device. Spec: RSH7a.
    ///
    /// # Errors
    /// - those of the device.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    pub fn subscribe_device(&self) -> BoxFuture<Result<(), ErrorInfo>> {
        self.of_device("POST")
    }

    /// Unsubscribes this device. Spec: RSH7c.
    ///
    /// # Errors
    /// - those of the device.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    pub fn unsubscribe_device(&self) -> BoxFuture<Result<(), ErrorInfo>> {
        self.of_device("DELETE")
    }

    /// Subscribes all devices of this client. Spec: RSH7b.
    ///
    /// # Errors
    /// - `50000` the client has no clientId.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    pub fn subscribe_client(&self) -> BoxFuture<Result<(), ErrorInfo>> {
        self.of_client("POST")
    }

    /// Unsubscribes all devices of this client. Spec: RSH7d.
    ///
    /// # Errors
    /// - `50000` the client has no clientId.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    pub fn unsubscribe_client(&self) -> BoxFuture<Result<(), ErrorInfo>> {
        self.of_client("DELETE")
    }

    /// Asks for subscriptions to this channel, page by page; `()` for no further filter.
    ///
    /// Where the client runs on a device that can receive notifications: those of this device, and
    /// those of its clientId if it has one. Elsewhere: all.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSH7e.
    pub fn list_subscriptions(
        &self,
        query: impl Into<PushChannelSubscriptionQuery>,
    ) -> BoxFuture<Result<PaginatedResult<PushChannelSubscription>, ErrorInfo>> {
        let wanted = query.into();
        let mut query = PushChannelSubscriptionQuery::new();
        let device = self.core.as_ref().ok().and_then(LocalDevice::load);
        if let (Ok(core), Some(id)) = (&self.core, device.and_then(|device| device.id)) {
            query = query.device_id(id);
            if let Some(id) = client_id(core) {
                query = query.client_id(id);
            }
        }
        // What the caller asks for goes before what is known of the device.
        for (name, value) in wanted.0 {
            query = query.param(name, value);
        }
        let query = query.channel(&self.channel).param("concatFilters", true);
        PushChannelSubscriptions::new(self.core.clone()).list(query)
    }

    fn of_device(&self, method: &'static str) -> BoxFuture<Result<(), ErrorInfo>> {
        let this = self.clone();
        Box::pin(async move {
            let core = this.core?;
            let (id, token) = LocalDevice::registered(&core)?;
            let subscription = PushChannelSubscription::for_device(this.channel, id);
            let call = request(method, subscription)?.token(Some(token));
            call.send(&core).await.map(drop)
        })
    }

    fn of_client(&self, method: &'static str) -> BoxFuture<Result<(), ErrorInfo>> {
        let this = self.clone();
        Box::pin(async move {
            let core = this.core?;
            let id = client_id(&core).ok_or_else(|| {
                ErrorInfo::new(
                    ErrorCode::INTERNAL,
                    500,
                    "push subscriptions of a client need a clientId, and this client has none",
                )
            })?;
            let subscription = PushChannelSubscription::for_client(this.channel, id);
            request(method, subscription)?.send(&core).await.map(drop)
        })
    }
}

/// The identity of the client, if it has one and not any.
fn client_id(core: &RestCore) -> Option<Str> {
    core.client_id().filter(|id| *id != "*")
}

/// The request that makes or ends a subscription.
fn request(
    method: &'static str,
    subscription: PushChannelSubscription,
) -> Result<Call<'static>, ErrorInfo> {
    let call = Call::new(method, PATH);
    if method == "POST" {
        return Ok(call.body(subscription.into_value()?));
    }
    Ok(call.query(subscription.into_query()?))
}
