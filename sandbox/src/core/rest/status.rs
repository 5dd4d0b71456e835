//! Which channels are active, and who is on them.
//!
//! Spec: RSL8, CHD.

use crate::core::Core;
use crate::core::name::ChannelName;
use crate::core::occupancy::Occupancy;
use crate::core::rest::{Request, Response, page};
use crate::wire::error::{BAD_PARAM, NO_CAPABILITY};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    pub(crate) fn get_channel(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let channel = ChannelName::without_filter(name)?;
        identity.require_any(&channel, &["channel-metadata"])?;
        let occupancy = self.occupancy(&identity.app, &channel);
        Ok(Response::new(200, details(name, &occupancy)))
    }

    /// Lists the active channels that the caller may know of.
    pub(crate) fn get_channels(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        if !identity.capability.allows_somewhere("channel-metadata") {
            let why = "no capability to list channels";
            return Err(ErrorInfo::unauthorized(NO_CAPABILITY, why));
        }
        let whole = match request.param("by") {
            None | Some("value") => true,
            Some("id") => false,
            Some(_) => return Err(ErrorInfo::bad(BAD_PARAM, "by must be id or value")),
        };
        let prefix = request.param("prefix").unwrap_or_default();
        let app = self.apps.get(&identity.app);
        let names = app.iter().flat_map(|app| app.channels.iter());
        let names = names.filter(|(name, channel)| {
            let used = !channel.attached.is_empty() || !channel.members.is_empty();
            let allowed = || identity.capability.allows(name, "channel-metadata");
            used && name.starts_with(prefix) && allowed()
        });
        let names = names.map(|(name, _)| (name.clone(), name.as_str()));
        let page = page::by_key(request, names, |name| {
            if whole {
                details(name, &self.occupancy(&identity.app, name))
            } else {
                Value::from_text(name)
            }
        })?;
        Ok(page::respond(request, page))
    }
}

fn details(name: &str, occupancy: &Occupancy) -> Value {
    let status = Fields::new()
        .with("isActive", occupancy.is_active())
        .with("occupancy", occupancy.metrics(None));
    Fields::new()
        .with("channelId", name)
        .with("name", name)
        .with("status", status)
        .into()
}
