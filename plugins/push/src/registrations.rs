//! [`PushDeviceRegistrations`]: the devices that are registered.
//!
//! Spec: RSH1b.

use ably_base::{
    ErrorInfo, Str,
    engine::BoxFuture,
    rest::{RestCore, RestPath},
};
use ably_rest::PaginatedResult;

use crate::{
    DeviceDetails, DeviceRegistrationQuery,
    call::Call,
    wire::{Page, read_item},
};

const PATH: [&str; 2] = ["push", "deviceRegistrations"];

/// The devices that are registered for push notifications.
///
/// All operations fail with
/// - `40019` when there is no HTTP client,
/// - `40160` when the capability does not allow it, and other refusals of the server,
/// - `50003` when no answer comes in time, `80003` when no host could be reached.
///
/// A request about the device that the client runs on is authenticated by its `deviceIdentityToken`
/// too, once it has one.
///
/// Spec: RSH1b.
#[derive(Clone, Debug)]
pub struct PushDeviceRegistrations {
    core: Result<RestCore, ErrorInfo>,
}

impl PushDeviceRegistrations {
    pub(crate) fn new(core: Result<RestCore, ErrorInfo>) -> Self {
        Self { core }
    }

    /// Registers a device, or changes its registration. Gives what is registered then.
    ///
    /// # Errors
    /// - `40000` its id is empty, or the server does not like its details.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1b3.
    pub fn save(&self, device: DeviceDetails) -> BoxFuture<Result<DeviceDetails, ErrorInfo>> {
        let core = self.core.clone();
        Box::pin(async move {
            let core = core?;
            let call = at("PUT", &device.id)
                .body(device.to_value()?)
                .about(&core, Some(&device.id));
            let reply = call.full_wait().send(&core).await?;
            read_item(&core, &reply).map(|item| DeviceDetails::read(&item))
        })
    }

    /// Asks for the device of this id.
    ///
    /// # Errors
    /// - `40000` the id is empty. `40400` there is no such device.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSH1b1.
    pub fn get(&self, device: impl Into<DeviceId>) -> BoxFuture<Result<DeviceDetails, ErrorInfo>> {
        let (core, id) = (self.core.clone(), device.into());
        Box::pin(async move {
            let core = core?;
            let reply = at("GET", &id.0)
                .about(&core, Some(&id.0))
                .send(&core)
                .await?;
            read_item(&core, &reply).map(|item| DeviceDetails::read(&item))
        })
    }

    /// Asks for devices, page by page; `()` for all.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSH1b2.
    pub fn list(
        &self,
        query: impl Into<DeviceRegistrationQuery>,
    ) -> BoxFuture<Result<PaginatedResult<DeviceDetails>, ErrorInfo>> {
        PaginatedResult::first_page(
            self.core.clone(),
            RestPath::of(PATH),
            Ok(query.into().0),
            Page(DeviceDetails::read_value),
        )
    }

    /// Removes a device; one that is not there is no error.
    ///
    /// # Errors
    /// - `40000` the id is empty.
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1b4.
    pub fn remove(&self, device: impl Into<DeviceId>) -> BoxFuture<Result<(), ErrorInfo>> {
        let (core, id) = (self.core.clone(), device.into());
        Box::pin(async move {
            let core = core?;
            let call = at("DELETE", &id.0).about(&core, Some(&id.0));
            call.full_wait().send(&core).await.map(drop)
        })
    }

    /// Removes all devices that fit; none is no error.
    ///
    /// # Errors
    /// - as for all operations.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken it.
    ///
    /// Spec: RSH1b5.
    pub fn remove_where(&self, query: DeviceRegistrationQuery) -> BoxFuture<Result<(), ErrorInfo>> {
        let core = self.core.clone();
        Box::pin(async move {
            let core = core?;
            let device = query.0.iter().find(|(name, _)| name == "deviceId");
            let device = device.map(|(_, id)| id.clone());
            let call = Call::new("DELETE", PATH)
                .query(query.0)
                .about(&core, device.as_deref());
            call.full_wait().send(&core).await.map(drop)
        })
    }
}

/// A request about the device of this id.
fn at<'a>(method: &'static str, id: &'a str) -> Call<'a> {
    Call::new(method, PATH.into_iter().chain([id]))
}

/// Which device is meant: its id, or the device itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceId(Str);

impl From<&str> for DeviceId {
    fn from(id: &str) -> Self {
        Self(Str::new(id))
    }
}

impl From<String> for DeviceId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<Str> for DeviceId {
    fn from(id: Str) -> Self {
        Self(id)
    }
}

impl From<&DeviceDetails> for DeviceId {
    fn from(device: &DeviceDetails) -> Self {
        Self(device.id.clone())
    }
}
