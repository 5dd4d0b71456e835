//! Who may do what with push notifications, and publishing them.
//!
//! Spec: RSH1a, RSH6.

use crate::core::Core;
use crate::core::auth::{Credential, Identity};
use crate::core::entropy::same_secret;
use crate::core::rest::{Request, Response};
use crate::wire::error::{BAD_BODY, BAD_REQUEST, NO_CAPABILITY};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

/// Somebody who asks for something about push notifications.
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// May do everything somewhere.
    pub(crate) is_admin: bool,
    /// The device that the caller has shown to be.
    pub(crate) device: Option<String>,
}

impl Caller {
    /// Says whether the caller may speak for a device.
    pub(crate) fn may_be(&self, device: &str) -> bool {
        self.is_admin || self.device.as_deref() == Some(device)
    }

    pub(crate) fn require_device(&self, device: &str) -> Result<(), ErrorInfo> {
        if self.may_be(device) {
            return Ok(());
        }
        Err(refused("this device"))
    }

    pub(crate) fn require_admin(&self) -> Result<(), ErrorInfo> {
        if self.is_admin {
            return Ok(());
        }
        Err(refused("this"))
    }
}

impl Core {
    /// Finds out who asks.
    pub(crate) fn push_caller(&self, request: &Request, now: u64) -> Result<Caller, ErrorInfo> {
        let by_header = request.device_token.clone().map(Credential::Token);
        let identity = match (&by_header, request.credentials.is_empty()) {
            (Some(token), true) => self.authenticate(Some(token), None, now)?,
            _ => self.identify(request, now)?,
        };
        let may = |operation| identity.capability.allows_somewhere(operation);
        let is_admin = may("push-admin");
        if !is_admin && !may("push-subscribe") {
            return Err(refused("push notifications"));
        }
        // Device tokens may come beside other credentials, in several places.
        let mut device = identity.device.clone();
        for token in request.credentials.iter().chain(&by_header) {
            if let (None, Credential::Token(token)) = (&device, token) {
                let known = self
                    .tokens
                    .get(token)
                    .filter(|known| known.app == identity.app);
                device = known.and_then(|known| known.device.clone());
            }
        }
        let claimed = request.path.get(2).map(String::as_str);
        let claimed = claimed.or(request.param("deviceId"));
        let claimed = claimed.or(request.body.get("deviceId").and_then(Value::as_text));
        let claimed = claimed.or(request.body.get("id").and_then(Value::as_text));
        if let (None, Some(secret), Some(id)) = (&device, &request.device_secret, claimed) {
            let app = self.apps.get(&identity.app);
            let known = app.and_then(|app| app.push.devices.get(id));
            let own = known.and_then(|known| known.secret.as_ref());
            let fits = own.is_some_and(|own| same_secret(own.as_bytes(), secret.as_bytes()));
            device = fits.then(|| id.to_owned());
        }
        Ok(Caller {
            identity,
            is_admin,
            device,
        })
    }

    pub(crate) fn post_push(&mut self, request: &Request, now: u64) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_admin()?;
        self.push_one(&caller.identity.app, &request.body, now)?;
        Ok(Response::empty())
    }

    pub(crate) fn post_push_batch(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_admin()?;
        let items = match &request.body {
            Value::List(items) if items.len() <= MAX_BATCH => items,
            _ => {
                return Err(ErrorInfo::bad(
                    BAD_BODY,
                    "a batch must be an array, not too long",
                ));
            }
        };
        let results = items.iter().map(|item| {
            let outcome = self.push_one(&caller.identity.app, item, now);
            let error = outcome.err().map(|error| error.to_value());
            Fields::new().maybe("error", error).into()
        });
        Ok(Response::new(200, Value::List(results.collect())))
    }

    // The payload stands beside the recipient, or in a field of its own.
    fn push_one(&mut self, app: &str, item: &Value, now: u64) -> Result<(), ErrorInfo> {
        let (Value::Map(entries), Some(recipient)) = (item, item.get("recipient")) else {
            let why = "a notification must be an object with a recipient";
            return Err(ErrorInfo::bad(BAD_REQUEST, why));
        };
        let payload = match item.get("payload") {
            Some(payload @ Value::Map(_)) => payload.clone(),
            _ => {
                let rest = entries.iter().filter(|(key, _)| key != "recipient");
                Value::Map(rest.cloned().collect())
            }
        };
        let recipients = match recipient {
            Value::List(several) if several.len() <= MAX_BATCH => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        for recipient in recipients {
            self.push(app, recipient, &payload, now)?;
        }
        Ok(())
    }
}

pub(crate) fn refused(what: &str) -> ErrorInfo {
    ErrorInfo::unauthorized(NO_CAPABILITY, format!("no capability for {what}"))
}

const MAX_BATCH: usize = 100;
