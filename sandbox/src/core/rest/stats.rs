//! Statistics over REST, and those that tests put there.
//!
//! Spec: RSC6, TS.

use crate::core::Core;
use crate::core::app::KeyParts;
use crate::core::auth::Credential;
use crate::core::history::{Page, read_limit};
use crate::core::interval::{self, Unit};
use crate::core::jwt::Jwt;
use crate::core::rest::{Request, Response, page};
use crate::core::stats::Entries;
use crate::wire::error::{BAD_BODY, BAD_PARAM, BAD_REQUEST, NEEDS_BASIC, NO_CAPABILITY};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

impl Core {
    /// Adds statistics, in the nested form of version 2.
    pub(crate) fn post_stats(
        &mut self,
        request: &Request,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        if identity.issued.is_some() {
            let why = "adding statistics needs a key";
            return Err(ErrorInfo::unauthorized(NEEDS_BASIC, why));
        }
        let records = match &request.body {
            Value::List(records) => records.as_slice(),
            record @ Value::Map(_) => std::slice::from_ref(record),
            _ => return Err(ErrorInfo::bad(BAD_BODY, "statistics must be objects")),
        };
        if records.len() > MAX_RECORDS {
            return Err(ErrorInfo::bad(BAD_REQUEST, "too many statistics at once"));
        }
        let records = records.iter().map(|record| {
            let id = record.text("intervalId")?.unwrap_or_default();
            let time = interval::parse(&id);
            let why = || ErrorInfo::bad(BAD_PARAM, "intervalId must be like 2026-02-03:15:04");
            Ok((time.ok_or_else(why)?, record))
        });
        let records = records.collect::<Result<Vec<_>, ErrorInfo>>()?;
        if let Some(app) = self.apps.get_mut(&identity.app) {
            for (time, record) in records {
                app.stats.add_fixture(time, record);
            }
        }
        self.note_minutes(&identity.app);
        Ok(Response::new(201, Value::Map(Vec::new())))
    }

    pub(crate) fn get_stats(&mut self, request: &Request, now: u64) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        if !identity.capability.allows("*", "stats") {
            let why = "no capability for statistics";
            return Err(ErrorInfo::unauthorized(NO_CAPABILITY, why));
        }
        let unit = match request.param("unit").or(request.param("by")) {
            None => Unit::Minute,
            Some(text) => Unit::parse(text).ok_or_else(|| {
                ErrorInfo::bad(BAD_PARAM, "unit must be minute, hour, day or month")
            })?,
        };
        let start = time(request, "start")?.unwrap_or(0);
        let end = time(request, "end")?.unwrap_or(u64::MAX);
        if start > end {
            return Err(ErrorInfo::bad(BAD_PARAM, "start must not be after end"));
        }
        let forwards = match request.param("direction") {
            None | Some("backwards") => false,
            Some("forwards") => true,
            Some(_) => {
                let why = "direction must be forwards or backwards";
                return Err(ErrorInfo::bad(BAD_PARAM, why));
            }
        };
        let cursor = match request.param("cursor") {
            None => None,
            Some(text) => {
                let why = |_| ErrorInfo::bad(BAD_PARAM, "the cursor is invalid");
                Some(text.parse::<u64>().map_err(why)?)
            }
        };
        let limit = read_limit(&request.query)?;
        let app = self.apps.get(&identity.app);
        let intervals = app.map(|app| app.stats.intervals(unit, start, end));
        let intervals = intervals.unwrap_or_default().into_iter();
        let mut wanted: Vec<_> = intervals
            .filter(|(start, _)| match cursor {
                Some(cursor) if forwards => *start > cursor,
                Some(cursor) => *start < cursor,
                None => true,
            })
            .collect();
        if !forwards {
            wanted.reverse();
        }
        let more = wanted.len() > limit;
        wanted.truncate(limit);
        let next = wanted
            .last()
            .filter(|_| more)
            .map(|(start, _)| start.to_string());
        let items = wanted.iter();
        let items = items.map(|(start, entries)| record(&identity.app, unit, *start, entries, now));
        let items = items.collect();
        Ok(page::respond(request, Page { items, next }))
    }

    /// Counts a request for the app that it is for, if that can be told.
    pub(crate) fn count_request(&mut self, request: &Request, status: u16, now: u64) {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let (kind, id) = match path.as_slice() {
            ["keys", key, "requestToken"] => (1, key.split('.').next().map(str::to_owned)),
            _ => (0, self.app_of(request)),
        };
        let outcome = match status {
            ..300 => 0,
            401 | 403 | 429 => 2,
            _ => 1,
        };
        let app = id.and_then(|id| self.apps.get_mut(&id));
        let path = PATHS.get(kind).and_then(|paths| paths.get(outcome));
        if let (Some(app), Some(path)) = (app, path) {
            app.stats.count(path, 1, now);
        }
    }

    /// Returns the app of the first credential that names one.
    pub(crate) fn app_of(&self, request: &Request) -> Option<String> {
        request
            .credentials
            .iter()
            .find_map(|credential| match credential {
                Credential::Key(key) => Some(KeyParts::parse(key).ok()?.app.to_owned()),
                Credential::Token(token) => match self.tokens.get(token) {
                    Some(details) => Some(details.app.clone()),
                    None => Jwt::parse(token).ok()?.app(),
                },
            })
    }
}

fn record(app: &str, unit: Unit, start: u64, entries: &Entries, now: u64) -> Value {
    let entries = entries.iter().fold(Fields::new(), |all, (path, amount)| {
        let amount = if amount.fract() == 0.0 && amount.abs() < 9e15 {
            Value::Int(*amount as i64)
        } else {
            Value::Float(*amount)
        };
        all.with(path, amount)
    });
    let current = unit.start(now) == start;
    Fields::new()
        .with("intervalId", unit.id(start))
        .with("unit", unit.name())
        .maybe("inProgress", current.then(|| Unit::Minute.id(now)))
        .with("schema", SCHEMA)
        .with("appId", app)
        .with("entries", entries)
        .into()
}

// A time in ms, or the name of an interval.
fn time(request: &Request, key: &str) -> Result<Option<u64>, ErrorInfo> {
    let Some(text) = request.param(key) else {
        return Ok(None);
    };
    let time = text.parse().ok().or_else(|| interval::parse(text));
    let why = || ErrorInfo::bad(BAD_PARAM, format!("{key} must be a time or an intervalId"));
    time.map(Some).ok_or_else(why)
}

const PATHS: [[&str; 3]; 2] = [
    [
        "apiRequests.other.succeeded",
        "apiRequests.other.failed",
        "apiRequests.other.refused",
    ],
    [
        "apiRequests.tokenRequests.succeeded",
        "apiRequests.tokenRequests.failed",
        "apiRequests.tokenRequests.refused",
    ],
];
const SCHEMA: &str = "https://schemas.ably.com/json/app-stats-0.0.1.json";
const MAX_RECORDS: usize = 1_000;
