//! Reading back what a channel keeps, in pages.
//!
//! A page ends with a cursor, the place of its last item; the next page starts behind it, whatever
//! was published meanwhile.
//!
//! Spec: RSL2, RSP4, RTL10, TG.

use crate::core::channel::Channel;
use crate::core::serial::Position;
use crate::wire::error::BAD_PARAM;
use crate::wire::{ErrorInfo, Format, Value};

/// Which part of the history is asked for.
#[derive(Debug)]
pub(crate) struct HistoryQuery {
    start: u64,
    end: u64,
    forwards: bool,
    limit: usize,
    until: Option<Position>,
    after: Option<Place>,
}

/// One page, and where the next one starts if there is one.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
}

type Place = (Position, usize);

impl HistoryQuery {
    /// Reads the query of a request.
    pub(crate) fn read(
        query: &[(String, String)],
        channel: Option<&Channel>,
    ) -> Result<HistoryQuery, ErrorInfo> {
        let param = |key: &str| {
            let found = query.iter().rev().find(|(name, _)| name == key);
            found
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
        };
        let number = |key: &str| match param(key) {
            None => Ok(None),
            Some(text) => text.parse::<u64>().map(Some).map_err(|_| {
                ErrorInfo::bad(BAD_PARAM, format!("{key} must be a time in milliseconds"))
            }),
        };
        let start = number("start")?.unwrap_or(0);
        let end = number("end")?.unwrap_or(u64::MAX);
        if start > end {
            return Err(ErrorInfo::bad(BAD_PARAM, "start must not be after end"));
        }
        let forwards = match param("direction") {
            None | Some("backwards") => false,
            Some("forwards") => true,
            Some(_) => {
                let why = "direction must be forwards or backwards";
                return Err(ErrorInfo::bad(BAD_PARAM, why));
            }
        };
        let until = match param("from_serial").or(param("fromSerial")) {
            None => None,
            Some(serial) => {
                let position = channel.and_then(|channel| channel.series.parse(serial));
                let why = || ErrorInfo::bad(BAD_PARAM, "from_serial is not one of this channel");
                Some(position.ok_or_else(why)?)
            }
        };
        let after = match param("cursor") {
            None => None,
            Some(text) => {
                let why = || ErrorInfo::bad(BAD_PARAM, "the cursor is invalid");
                Some(parse_place(text).ok_or_else(why)?)
            }
        };
        Ok(HistoryQuery {
            start,
            end,
            forwards,
            limit: read_limit(query)?,
            until,
            after,
        })
    }

    /// Returns a page of messages.
    pub(crate) fn messages(&self, channel: &Channel, format: Format) -> Page {
        let entries = channel.entries.iter().filter(|entry| entry.is_publish());
        let items = entries.flat_map(|entry| {
            let messages = entry.messages.iter().enumerate();
            messages.map(move |(index, message)| ((entry.at, index), entry.timestamp, message))
        });
        self.page(items.collect(), |message| message.to_value(format))
    }

    /// Returns a page of presence events.
    pub(crate) fn presence(&self, channel: &Channel, format: Format) -> Page {
        let items = channel.presence_entries.iter().flat_map(|entry| {
            let events = entry.events.iter().enumerate();
            events.map(move |(index, event)| ((entry.at, index), entry.timestamp, event))
        });
        self.page(items.collect(), |event| event.to_value(format))
    }

    fn page<T>(&self, mut items: Vec<(Place, u64, &T)>, render: impl Fn(&T) -> Value) -> Page {
        if !self.forwards {
            items.reverse();
        }
        let wanted = items.iter().filter(|(place, time, _)| {
            (self.start..=self.end).contains(time)
                && self.until.is_none_or(|until| place.0 <= until)
                && self.after.is_none_or(|after| {
                    if self.forwards {
                        *place > after
                    } else {
                        *place < after
                    }
                })
        });
        let mut wanted = wanted.peekable();
        let mut page = Page {
            items: Vec::new(),
            next: None,
        };
        while let Some((place, _, item)) = wanted.next() {
            page.items.push(render(item));
            if page.items.len() == self.limit {
                let (position, index) = place;
                page.next = wanted.peek().map(|_| format!("{position}:{index}"));
                break;
            }
        }
        page
    }
}

/// Reads the page size: 100 unless asked otherwise, at most 1,000.
pub(crate) fn read_limit(query: &[(String, String)]) -> Result<usize, ErrorInfo> {
    let found = query.iter().rev().find(|(name, _)| name == "limit");
    match found.map(|(_, value)| value.parse::<usize>()) {
        None => Ok(100),
        Some(Ok(limit @ 1..=1_000)) => Ok(limit),
        Some(_) => Err(ErrorInfo::bad(BAD_PARAM, "limit must be 1 to 1000")),
    }
}

fn parse_place(text: &str) -> Option<Place> {
    let (position, index) = text.split_once(':')?;
    let (time, counter) = position.split_once('-')?;
    let position = Position {
        time: time.parse().ok()?,
        counter: counter.parse().ok()?,
    };
    Some((position, index.parse().ok()?))
}
