//! Batches: publishing to, and asking for the presence of, several channels in one request.
//!
//! Every channel succeeds or fails by itself. Version 3 tells so in a record with counts; version 2
//! in one flat list, with status 400 and code 40020 as soon as one has failed.
//!
//! Spec: RSC22, RSC24, BSP, BPR, BPF.

use crate::core::Core;
use crate::core::auth::Identity;
use crate::core::name::ChannelName;
use crate::core::rest::{Request, Response};
use crate::wire::error::{BAD_BODY, BAD_PARAM, BAD_PUBLISH, BATCH_ERRORS};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    pub(crate) fn post_batch(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let specs = match &request.body {
            Value::List(specs) => specs.as_slice(),
            spec @ Value::Map(_) => std::slice::from_ref(spec),
            _ => {
                return Err(ErrorInfo::bad(
                    BAD_BODY,
                    "a batch must be an object or an array",
                ));
            }
        };
        let specs = specs.iter().map(Spec::read);
        let specs = specs.collect::<Result<Vec<_>, _>>()?;
        let publishes: usize = specs.iter().map(|spec| spec.channels.len()).sum();
        if publishes == 0 || publishes > MAX_CHANNELS {
            let why = format!("a batch names 1 to {MAX_CHANNELS} channels");
            return Err(ErrorInfo::bad(BAD_PUBLISH, why));
        }
        let mut results = Vec::with_capacity(specs.len());
        for spec in &specs {
            let outcomes = spec.channels.iter().map(|channel| {
                let outcome = self.publish_to(&identity, channel, spec.messages, request, now);
                Outcome::new(channel, "messageId", outcome.map(Value::from))
            });
            results.push(outcomes.collect::<Vec<_>>());
        }
        if is_flat(request) {
            return Ok(flat(201, results.into_iter().flatten().collect()));
        }
        let mut results: Vec<_> = results.into_iter().map(counted).collect();
        Ok(match (&request.body, results.pop()) {
            (Value::Map(_), Some(only)) => Response::new(201, only),
            (_, last) => {
                results.extend(last);
                Response::new(201, Value::List(results))
            }
        })
    }

    pub(crate) fn get_batch_presence(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let names = request.param("channels").unwrap_or_default().split(',');
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        if names.is_empty() || names.len() > MAX_CHANNELS {
            let why = format!("channels must name 1 to {MAX_CHANNELS} channels");
            return Err(ErrorInfo::bad(BAD_PARAM, why));
        }
        let outcomes = names.into_iter().map(|name| {
            let presence = self.presence_of(&identity, name, request);
            Outcome::new(name, "presence", presence.map(Value::List))
        });
        let outcomes: Vec<_> = outcomes.collect();
        if is_flat(request) {
            return Ok(flat(200, outcomes));
        }
        Ok(Response::new(200, counted(outcomes)))
    }

    fn publish_to(
        &mut self,
        identity: &Identity,
        channel: &str,
        messages: &Value,
        request: &Request,
        now: u64,
    ) -> Result<String, ErrorInfo> {
        let channel = ChannelName::without_filter(channel)?;
        self.publish_rest(identity, &channel, messages, request.body_format, now)
    }

    fn presence_of(
        &self,
        identity: &Identity,
        name: &str,
        request: &Request,
    ) -> Result<Vec<Value>, ErrorInfo> {
        let name = ChannelName::without_filter(name)?;
        identity.require_any(&name, &["presence", "subscribe"])?;
        let channel = self.existing_channel(&identity.app, &name);
        let members = channel.iter().flat_map(|channel| channel.members.values());
        Ok(members
            .map(|member| member.to_value(request.format))
            .collect())
    }
}

/// Messages for some channels.
struct Spec<'a> {
    channels: Vec<&'a str>,
    messages: &'a Value,
}

impl Spec<'_> {
    fn read(spec: &Value) -> Result<Spec<'_>, ErrorInfo> {
        let channels = match spec.get("channels") {
            Some(Value::Text(name)) => Some(vec![name.as_str()]),
            Some(Value::List(names)) => names.iter().map(Value::as_text).collect(),
            _ => None,
        };
        let messages = spec.get("messages").or(spec.get("message"));
        match (channels, messages) {
            (Some(channels), Some(messages @ (Value::Map(_) | Value::List(_)))) => {
                Ok(Spec { channels, messages })
            }
            (None, _) => Err(ErrorInfo::bad(BAD_BODY, "channels must be names")),
            _ => Err(ErrorInfo::bad(
                BAD_BODY,
                "messages must be an object or an array",
            )),
        }
    }
}

/// What became of one channel, or of one target.
pub(crate) struct Outcome {
    value: Value,
    failed: bool,
}

impl Outcome {
    fn new(channel: &str, key: &str, outcome: Result<Value, ErrorInfo>) -> Outcome {
        let fields = Fields::new().with("channel", channel);
        Outcome::with(fields, outcome.map(|value| vec![(key, value)]))
    }

    /// Adds the fields of a success, or the error, to a record.
    pub(crate) fn with(fields: Fields, outcome: Result<Vec<(&str, Value)>, ErrorInfo>) -> Outcome {
        match outcome {
            Ok(more) => {
                let whole = more.into_iter();
                let whole = whole.fold(fields, |fields, (key, value)| fields.with(key, value));
                Outcome {
                    value: whole.into(),
                    failed: false,
                }
            }
            Err(error) => {
                let value = fields.with("error", error.to_value()).into();
                Outcome {
                    value,
                    failed: true,
                }
            }
        }
    }
}

/// Puts outcomes into a record with counts.
pub(crate) fn counted(outcomes: Vec<Outcome>) -> Value {
    let failed = outcomes.iter().filter(|outcome| outcome.failed).count();
    let results = outcomes.iter().map(|outcome| outcome.value.clone());
    Fields::new()
        .with("successCount", (outcomes.len() - failed) as u64)
        .with("failureCount", failed as u64)
        .with("results", Value::List(results.collect()))
        .into()
}

fn is_flat(request: &Request) -> bool {
    request.version < 3 && request.param("newBatchResponse") != Some("true")
}

fn flat(status: u16, outcomes: Vec<Outcome>) -> Response {
    let failed = outcomes.iter().any(|outcome| outcome.failed);
    let list = Value::List(outcomes.into_iter().map(|outcome| outcome.value).collect());
    if !failed {
        return Response::new(status, list);
    }
    let error = ErrorInfo::bad(BATCH_ERRORS, "some of the batch failed; see batchResponse");
    let mut response = Response::error(&error);
    let body = Fields::new()
        .with("error", error.to_value())
        .with("batchResponse", list);
    response.body = Some(body.into());
    response
}

const MAX_CHANNELS: usize = 1_000;
