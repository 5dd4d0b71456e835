//! Publishing, history, presence and status over REST.

use std::collections::BTreeSet;

use crate::core::Core;
use crate::core::auth::Identity;
use crate::core::history::{HistoryQuery, Page, read_limit};
use crate::core::name::ChannelName;
use crate::core::rest::{Request, Response, page};
use crate::wire::error::{BAD_BODY, FORCED_NACK, NO_CAPABILITY};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value, flags};

impl Core {
    pub(crate) fn post_messages(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let channel = ChannelName::parse(name)?.channel;
        if request.param("_forceNack") == Some("true") {
            return Err(ErrorInfo::bad(
                FORCED_NACK,
                "the publish was refused as asked for",
            ));
        }
        if !matches!(request.body, Value::Map(_) | Value::List(_)) {
            return Err(ErrorInfo::bad(
                BAD_BODY,
                "a publish must be an object or an array",
            ));
        }
        let format = request.body_format;
        let id = self.publish_rest(&identity, &channel, &request.body, format, now)?;
        let body = Fields::new().with("channel", name).with("messageId", id);
        Ok(Response::new(201, body))
    }

    pub(crate) fn get_messages(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let page = self.read_history(request, name, now, |query, channel| {
            query.messages(channel, request.format)
        })?;
        Ok(page::respond(request, page))
    }

    pub(crate) fn get_presence_history(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let page = self.read_history(request, name, now, |query, channel| {
            query.presence(channel, request.format)
        })?;
        Ok(page::respond(request, page))
    }

    pub(crate) fn get_presence(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let name = ChannelName::parse(name)?.channel;
        let allowed = ["presence", "subscribe"];
        may_any(&identity, &name, &allowed)?;
        let limit = read_limit(&request.query)?;
        let cursor = request.param("cursor");
        let channel = self.existing_channel(&identity.app, &name);
        let members = channel.iter().flat_map(|channel| channel.members.iter());
        let mut members = members
            .map(|((client, connection), member)| {
                (format!("{connection}:{client}"), client, connection, member)
            })
            .collect::<Vec<_>>();
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let mut members = members
            .into_iter()
            .filter(|(place, client, connection, _)| {
                cursor.is_none_or(|cursor| place.as_str() > cursor)
                    && request
                        .param("clientId")
                        .is_none_or(|wanted| wanted == *client)
                    && request
                        .param("connectionId")
                        .is_none_or(|wanted| wanted == *connection)
            })
            .peekable();
        let mut page = Page {
            items: Vec::new(),
            next: None,
        };
        while let Some((place, _, _, member)) = members.next() {
            page.items.push(member.to_value(request.format));
            if page.items.len() == limit {
                page.next = members.peek().map(|_| place);
                break;
            }
        }
        Ok(page::respond(request, page))
    }

    pub(crate) fn get_channel(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let channel_name = ChannelName::parse(name)?.channel;
        may_any(&identity, &channel_name, &["channel-metadata"])?;
        let channel = self.existing_channel(&identity.app, &channel_name);
        let count = |bit: u64| {
            let attached = channel.iter().flat_map(|channel| channel.attached.iter());
            let connections = attached.filter(|(connection, name)| {
                let connection = self.connections.get(connection);
                let attachment = connection.and_then(|found| found.attachments.get(name));
                attachment.is_some_and(|attachment| attachment.modes & bit != 0)
            });
            let connections: BTreeSet<_> = connections.map(|(connection, _)| connection).collect();
            connections.len() as u64
        };
        let members = channel.map_or(0, |channel| channel.members.len());
        let connections = count(u64::MAX);
        let metrics = Fields::new()
            .with("connections", connections)
            .with("presenceConnections", count(flags::PRESENCE))
            .with("presenceMembers", members as u64)
            .with("presenceSubscribers", count(flags::PRESENCE_SUBSCRIBE))
            .with("publishers", count(flags::PUBLISH))
            .with("subscribers", count(flags::SUBSCRIBE));
        let occupancy = Fields::new().with("metrics", metrics);
        let status = Fields::new()
            .with("isActive", connections > 0 || members > 0)
            .with("occupancy", occupancy);
        let details = Fields::new()
            .with("channelId", name)
            .with("name", name)
            .with("status", status);
        Ok(Response::new(200, details))
    }

    fn read_history(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
        read: impl FnOnce(&HistoryQuery, &crate::core::channel::Channel) -> Page,
    ) -> Result<Page, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let name = ChannelName::parse(name)?.channel;
        may_any(&identity, &name, &["history"])?;
        // What is too old must not be served just because nobody has swept yet.
        let limits = self.limits.clone();
        let app = self.apps.get_mut(&identity.app);
        let channel = app.and_then(|app| app.channels.get_mut(&name));
        let Some(channel) = channel else {
            HistoryQuery::read(&request.query, None)?;
            let items = Vec::new();
            return Ok(Page { items, next: None });
        };
        channel.evict(&limits, now);
        let query = HistoryQuery::read(&request.query, Some(channel))?;
        Ok(read(&query, channel))
    }
}

fn may_any(identity: &Identity, channel: &str, operations: &[&str]) -> Result<(), ErrorInfo> {
    let mut operations = operations.iter();
    if operations.any(|operation| identity.capability.allows(channel, operation)) {
        return Ok(());
    }
    let why = format!("no capability for this on '{channel}'");
    Err(ErrorInfo::unauthorized(NO_CAPABILITY, why))
}
