//! Publishing, history and presence over REST.

use crate::core::Core;
use crate::core::history::{HistoryQuery, Page};
use crate::core::name::ChannelName;
use crate::core::rest::{Request, Response, page};
use crate::core::stats::Meter;
use crate::wire::error::{BAD_BODY, FORCED_NACK};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    pub(crate) fn post_messages(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let channel = ChannelName::without_filter(name)?;
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
        if let Some(app) = self.app_of(request).and_then(|id| self.apps.get_mut(&id)) {
            let bytes = page.items.iter().map(Value::weight).sum();
            app.stats
                .messages(Meter::REST_OUT, page.items.len(), bytes, now);
        }
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
        let name = ChannelName::without_filter(name)?;
        identity.require_any(&name, &["presence", "subscribe"])?;
        let channel = self.existing_channel(&identity.app, &name);
        let members = channel.iter().flat_map(|channel| channel.members.iter());
        let mut members = members
            .filter(|((client, connection), _)| {
                let is = |key: &str, own: &String| request.param(key).is_none_or(|id| id == own);
                is("clientId", client) && is("connectionId", connection)
            })
            .map(|((client, connection), member)| (format!("{connection}:{client}"), member))
            .collect::<Vec<_>>();
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let page = page::by_key(request, members.into_iter(), |member| {
            member.to_value(request.format)
        })?;
        Ok(page::respond(request, page))
    }

    fn read_history(
        &mut self,
        request: &Request,
        name: &str,
        now: u64,
        read: impl FnOnce(&HistoryQuery, &crate::core::channel::Channel) -> Page,
    ) -> Result<Page, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let name = ChannelName::without_filter(name)?;
        identity.require_any(&name, &["history"])?;
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
