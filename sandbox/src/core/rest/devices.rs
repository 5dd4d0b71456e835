//! Registrations of devices.
//!
//! Spec: RSH1b, RSH3b, RSH3d, PCD.

use crate::core::Core;
use crate::core::capability::Capability;
use crate::core::entropy::same_secret;
use crate::core::push::{Device, Subscriber};
use crate::core::rest::push::{Caller, refused};
use crate::core::rest::{Request, Response, page};
use crate::core::token::TokenDetails;
use crate::wire::error::{BAD_BODY, BAD_REQUEST, NOT_FOUND, UNAVAILABLE};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    /// POST: a device, or somebody for it, registers it and gets its token.
    pub(crate) fn post_device(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let device = Device::read(&request.body)?;
        let id = device.id.clone();
        let caller = self.save_device(request, device, now)?;
        let token = self.renew_device_token(&caller, &id, now)?;
        Ok(Response::new(
            201,
            self.device(&caller, &id)?
                .to_fields()
                .with("deviceIdentityToken", token),
        ))
    }

    /// PUT: the same, without a token.
    pub(crate) fn put_device(
        &mut self,
        request: &Request,
        id: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let device = Device::read(&request.body)?;
        if device.id != id {
            return Err(ErrorInfo::bad(
                BAD_REQUEST,
                "the id is not that of the path",
            ));
        }
        let caller = self.save_device(request, device, now)?;
        Ok(Response::new(200, self.device(&caller, id)?.to_fields()))
    }

    pub(crate) fn patch_device(
        &mut self,
        request: &Request,
        id: Option<&str>,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        let Value::Map(changes) = &request.body else {
            return Err(ErrorInfo::bad(BAD_BODY, "changes must be an object"));
        };
        let named = request.body.text("id")?;
        let id = id.or(named.as_deref()).or(caller.device.as_deref());
        let id = id.ok_or_else(|| ErrorInfo::bad(BAD_REQUEST, "which device is meant?"))?;
        caller.require_device(id)?;
        let old = self.device(&caller, id)?;
        let Value::Map(mut merged) = old.to_fields().into() else {
            return Ok(Response::empty());
        };
        for (key, value) in changes
            .iter()
            .filter(|(key, _)| key != "id" && key != "deviceSecret")
        {
            merged.retain(|(known, _)| known != key);
            merged.push((key.clone(), value.clone()));
        }
        let mut device = Device::read(&Value::Map(merged))?;
        device.secret = old.secret.clone();
        device.token = old.token.clone();
        if !caller.is_admin && device.client_id != old.client_id {
            return Err(refused("another clientId"));
        }
        let answer = device.to_fields();
        self.insert_device(&caller, device)?;
        Ok(Response::new(200, answer))
    }

    pub(crate) fn get_device(
        &mut self,
        request: &Request,
        id: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_device(id)?;
        Ok(Response::new(200, self.device(&caller, id)?.to_fields()))
    }

    pub(crate) fn get_devices(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_admin()?;
        let app = self.apps.get(&caller.identity.app);
        let devices = app.into_iter().flat_map(|app| app.push.devices.values());
        let devices = devices.filter(|device| is_meant(request, device));
        let devices = devices.map(|device| (device.id.clone(), device));
        let page = page::by_key(request, devices, |device| device.to_fields().into())?;
        Ok(page::respond(request, page))
    }

    pub(crate) fn delete_device(
        &mut self,
        request: &Request,
        id: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_device(id)?;
        self.remove_device(&caller, id);
        Ok(Response::empty())
    }

    pub(crate) fn delete_devices(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        match (request.param("deviceId"), request.param("clientId")) {
            (None, None) => {
                let why = "a deviceId or a clientId must say which devices";
                return Err(ErrorInfo::bad(BAD_REQUEST, why));
            }
            (Some(id), _) => caller.require_device(id)?,
            (None, Some(_)) => caller.require_admin()?,
        }
        let app = self.apps.get(&caller.identity.app);
        let devices = app.into_iter().flat_map(|app| app.push.devices.values());
        let devices = devices.filter(|device| is_meant(request, device));
        let ids: Vec<_> = devices.map(|device| device.id.clone()).collect();
        for id in ids {
            self.remove_device(&caller, &id);
        }
        Ok(Response::empty())
    }

    pub(crate) fn reset_device_token(
        &mut self,
        request: &Request,
        id: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_device(id)?;
        let token = self.renew_device_token(&caller, id, now)?;
        let device = self.device(&caller, id)?.to_fields();
        Ok(Response::new(
            200,
            device.with("deviceIdentityToken", token),
        ))
    }

    // Who is no admin registers devices of its own: with its clientId, and again only with the
    // device's secret or token.
    fn save_device(
        &mut self,
        request: &Request,
        mut device: Device,
        now: u64,
    ) -> Result<Caller, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        let app = self.apps.get(&caller.identity.app);
        let old = app.and_then(|app| app.push.devices.get(&device.id));
        if !caller.is_admin {
            let own = caller.identity.client_id().map(str::to_owned);
            device.client_id = caller
                .identity
                .publish_as(device.client_id)
                .map_err(|error| ErrorInfo {
                    code: crate::wire::error::OTHER_CLIENT,
                    ..error
                })?;
            let known = old.is_none_or(|old| {
                let secrets = (old.secret.as_ref(), device.secret.as_ref());
                let fits = matches!(secrets, (Some(old), Some(new)) if same_secret(old.as_bytes(), new.as_bytes()));
                fits || caller.device.as_ref() == Some(&old.id)
            });
            if !known {
                return Err(refused("a device that is somebody else's"));
            }
            device.client_id = device.client_id.or(own);
        }
        if let Some(old) = old {
            device.token = old.token.clone();
            device.secret = device.secret.or(old.secret.clone());
        }
        self.insert_device(&caller, device)?;
        Ok(caller)
    }

    fn insert_device(&mut self, caller: &Caller, device: Device) -> Result<(), ErrorInfo> {
        let Some(app) = self.apps.get_mut(&caller.identity.app) else {
            return Ok(());
        };
        let devices = &mut app.push.devices;
        if devices.len() >= MAX_DEVICES && !devices.contains_key(&device.id) {
            return Err(ErrorInfo::new(
                UNAVAILABLE,
                503,
                "there are too many devices",
            ));
        }
        let id = device.id.clone();
        devices.insert(id.clone(), device);
        self.note_device(&caller.identity.app, &id);
        Ok(())
    }

    fn remove_device(&mut self, caller: &Caller, id: &str) {
        if let Some(app) = self.apps.get_mut(&caller.identity.app) {
            let own = Subscriber::Device(id.to_owned());
            app.push.subscriptions.retain(|(_, to)| *to != own);
            let device = app.push.devices.remove(id);
            if let Some(token) = device.and_then(|device| device.token) {
                self.forget_token(&token);
            }
            self.note_device(&caller.identity.app, id);
        }
    }

    fn device(&self, caller: &Caller, id: &str) -> Result<&Device, ErrorInfo> {
        let app = self.apps.get(&caller.identity.app);
        let device = app.and_then(|app| app.push.devices.get(id));
        device.ok_or_else(|| ErrorInfo::new(NOT_FOUND, 404, "there is no such device"))
    }

    fn renew_device_token(
        &mut self,
        caller: &Caller,
        id: &str,
        now: u64,
    ) -> Result<Value, ErrorInfo> {
        let (app, key) = (&caller.identity.app, &caller.identity.key);
        let (old, client_id) = {
            let device = self.device(caller, id)?;
            (device.token.clone(), device.client_id.clone())
        };
        let details = TokenDetails {
            app: app.clone(),
            key: key.clone(),
            capability: Capability::only("push-subscribe"),
            client_id: client_id.clone(),
            issued: now,
            expires: now.saturating_add(DEVICE_TOKEN_TTL),
            revocation_key: None,
            claims: Vec::new(),
            device: Some(id.to_owned()),
        };
        let answer = Fields::new()
            .with("keyName", format!("{app}.{key}"))
            .with("issued", now)
            .with("expires", details.expires)
            .with("capability", details.capability.canonical())
            .with("deviceId", id)
            .maybe("clientId", client_id);
        let token = self.issue(details, now)?;
        if let Some(old) = old {
            self.forget_token(&old);
        }
        let held = self.apps.get_mut(app);
        if let Some(device) = held.and_then(|app| app.push.devices.get_mut(id)) {
            device.token = Some(token.clone());
        }
        self.note_device(app, id);
        Ok(answer.with("token", token).into())
    }
}

fn is_meant(request: &Request, device: &Device) -> bool {
    let fits =
        |key: &str, own: Option<&str>| request.param(key).is_none_or(|wanted| Some(wanted) == own);
    fits("deviceId", Some(&device.id)) && fits("clientId", device.client_id.as_deref())
}

const MAX_DEVICES: usize = 10_000;
const DEVICE_TOKEN_TTL: u64 = 365 * 24 * 3_600_000;
