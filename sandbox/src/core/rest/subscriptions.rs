//! Which devices and clients are subscribed to the notifications of which channels.
//!
//! Spec: RSH1c, RSH7, PCS.

use crate::core::Core;
use crate::core::name::ChannelName;
use crate::core::push::Subscriber;
use crate::core::records;
use crate::core::rest::push::{Caller, refused};
use crate::core::rest::{Request, Response, page};
use crate::wire::error::{BAD_REQUEST, NOT_FOUND, UNAVAILABLE};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    pub(crate) fn post_subscription(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        let body = &request.body;
        let name = body.text("channel")?.unwrap_or_default();
        let channel = ChannelName::without_filter(&name)?;
        let to = match (body.text("deviceId")?, body.text("clientId")?) {
            (Some(id), None) => Subscriber::Device(id),
            (None, Some(id)) if (1..=MAX_ID).contains(&id.len()) => Subscriber::Client(id),
            _ => {
                let why = "a subscription names either a deviceId or a clientId";
                return Err(ErrorInfo::bad(BAD_REQUEST, why));
            }
        };
        require(&caller, Some(&channel), &to)?;
        let Some(app) = self.apps.get_mut(&caller.identity.app) else {
            return Ok(Response::empty());
        };
        if let Subscriber::Device(id) = &to {
            if !app.push.devices.contains_key(id) {
                return Err(ErrorInfo::new(NOT_FOUND, 404, "there is no such device"));
            }
        }
        if app.push.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let why = "there are too many subscriptions";
            return Err(ErrorInfo::new(UNAVAILABLE, 503, why));
        }
        let answer = to_value(&channel, &to);
        app.push.subscriptions.insert((channel.clone(), to.clone()));
        let app = &caller.identity.app;
        self.note(|_| Some(records::subscription("sub", app, &channel, &to)));
        Ok(Response::new(201, answer))
    }

    pub(crate) fn get_subscriptions(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        let app = self.apps.get(&caller.identity.app);
        let all = app
            .into_iter()
            .flat_map(|app| app.push.subscriptions.iter());
        // Whoever is no admin sees its own only.
        let meant = all.filter(|(channel, to)| {
            is_meant(request, channel, to) && (caller.is_admin || is_own(&caller, to))
        });
        let mut meant: Vec<_> = meant
            .map(|(channel, to)| (key(channel, to), (channel, to)))
            .collect();
        meant.sort_by(|a, b| a.0.cmp(&b.0));
        let render = |(channel, to): (&String, &Subscriber)| to_value(channel, to);
        let page = page::by_key(request, meant.into_iter(), render)?;
        Ok(page::respond(request, page))
    }

    pub(crate) fn delete_subscriptions(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        let named = targets(request);
        let channel = request.param("channel");
        if named.is_empty() && channel.is_none() {
            let why = "channel, deviceId or clientId must say which subscriptions";
            return Err(ErrorInfo::bad(BAD_REQUEST, why));
        }
        if named.is_empty() {
            caller.require_admin()?;
        }
        for to in &named {
            require(&caller, channel, to)?;
        }
        let id = &caller.identity.app;
        let mut ended = Vec::new();
        if let Some(app) = self.apps.get_mut(id) {
            app.push.subscriptions.retain(|known| {
                let (channel, to) = known;
                let ends = is_meant(request, channel, to);
                if ends {
                    ended.push(known.clone());
                }
                !ends
            });
        }
        for (channel, to) in ended {
            self.note(|_| Some(records::subscription("nosub", id, &channel, &to)));
        }
        Ok(Response::empty())
    }

    /// Lists the channels that anybody is subscribed to.
    pub(crate) fn get_push_channels(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let caller = self.push_caller(request, now)?;
        caller.require_admin()?;
        let app = self.apps.get(&caller.identity.app);
        let all = app
            .into_iter()
            .flat_map(|app| app.push.subscriptions.iter());
        let mut names: Vec<_> = all.map(|(channel, _)| channel.clone()).collect();
        names.dedup();
        let names = names.into_iter().map(|name| (name.clone(), name));
        let page = page::by_key(request, names, Value::from)?;
        Ok(page::respond(request, page))
    }
}

fn require(caller: &Caller, channel: Option<&str>, to: &Subscriber) -> Result<(), ErrorInfo> {
    let capability = &caller.identity.capability;
    let may = |operation: &str| match channel {
        Some(channel) => capability.allows(channel, operation),
        None => capability.allows_somewhere(operation),
    };
    if may("push-admin") || (may("push-subscribe") && is_own(caller, to)) {
        return Ok(());
    }
    Err(refused("this subscription"))
}

fn is_own(caller: &Caller, to: &Subscriber) -> bool {
    match to {
        Subscriber::Device(id) => caller.device.as_ref() == Some(id),
        Subscriber::Client(id) => caller.identity.client_id() == Some(id),
    }
}

fn targets(request: &Request) -> Vec<Subscriber> {
    let device = request.param("deviceId").map(str::to_owned);
    let client = request.param("clientId").map(str::to_owned);
    let device = device.map(Subscriber::Device).into_iter();
    device.chain(client.map(Subscriber::Client)).collect()
}

// With `concatFilters` a subscription of either the device or the client is meant. Without, no
// subscription can be of both.
fn is_meant(request: &Request, channel: &str, to: &Subscriber) -> bool {
    let named = targets(request);
    let concat = request.param("concatFilters") == Some("true");
    let fits = match named.len() {
        0 => true,
        1 => named.contains(to),
        _ => concat && named.contains(to),
    };
    fits && request.param("channel").is_none_or(|name| name == channel)
}

fn key(channel: &str, to: &Subscriber) -> String {
    match to {
        Subscriber::Client(id) => format!("{channel}\u{0}c{id}"),
        Subscriber::Device(id) => format!("{channel}\u{0}d{id}"),
    }
}

fn to_value(channel: &str, to: &Subscriber) -> Value {
    let fields = Fields::new().with("channel", channel);
    let fields = match to {
        Subscriber::Client(id) => fields.with("clientId", id.as_str()),
        Subscriber::Device(id) => fields.with("deviceId", id.as_str()),
    };
    fields.into()
}

const MAX_ID: usize = 1_000;
const MAX_SUBSCRIPTIONS: usize = 100_000;
