//! Intervals of statistics and their ids, in UTC and the Gregorian calendar.
//!
//! Spec: TS12a, TS12c, TS12p, RSC6b4.

use std::ops::RangeInclusive;

use ably_base::Str;

/// How long an interval is.
///
/// Spec: TS12c.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatsIntervalGranularity {
    /// A minute: `2026-02-03:15:04`.
    Minute,
    /// An hour: `2026-02-03:15`.
    Hour,
    /// A day: `2026-02-03`.
    Day,
    /// A month: `2026-02`.
    Month,
    /// One that this library does not know.
    Unknown(Str),
}

impl StatsIntervalGranularity {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Unknown(name) => name,
        }
    }

    /// The id of the interval of this length that a time lies in, given in ms since the epoch;
    /// `None` outside the years 0 to 9999, and when the length is not known.
    pub fn interval_id(&self, ms: i64) -> Option<String> {
        let (year, month, day) = date(ms.div_euclid(DAY));
        if !(0..=9999).contains(&year) {
            return None;
        }
        let of_day = ms.rem_euclid(DAY);
        let (hour, minute) = (of_day / HOUR, of_day % HOUR / MINUTE);
        match self {
            Self::Minute => Some(format!(
                "{year:04}-{month:02}-{day:02}:{hour:02}:{minute:02}"
            )),
            Self::Hour => Some(format!("{year:04}-{month:02}-{day:02}:{hour:02}")),
            Self::Day => Some(format!("{year:04}-{month:02}-{day:02}")),
            Self::Month => Some(format!("{year:04}-{month:02}")),
            Self::Unknown(_) => None,
        }
    }
}

impl From<Str> for StatsIntervalGranularity {
    fn from(name: Str) -> Self {
        match &*name {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "month" => Self::Month,
            _ => Self::Unknown(name),
        }
    }
}

/// When the interval of this id begins, in ms since the epoch; `None` when it is no id.
///
/// Takes the forms of all lengths, from `2026-02` to `2026-02-03:15:04:05`.
///
/// Spec: TS12p.
pub fn interval_time(id: &str) -> Option<i64> {
    let mut parts = id.split(':');
    let mut date = parts.next()?.split('-');
    let year = number(date.next()?, 4, 0..=9999)?;
    let month = number(date.next()?, 2, 1..=12)?;
    let day = date.next().map_or(Some(1), |d| number(d, 2, 1..=31))?;
    let mut time = |most| parts.next().map_or(Some(0), |p| number(p, 2, 0..=most));
    let (hour, minute, second) = (time(23)?, time(59)?, time(59)?);
    let days = days(year, month, day);
    let is_whole = date.next().is_none() && parts.next().is_none();
    // A day that its month does not have would be one of the next month.
    if !is_whole || self::date(days) != (year, month, day) {
        return None;
    }
    Some(days * DAY + hour * HOUR + minute * MINUTE + second * 1000)
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize, range: RangeInclusive<i64>) -> Option<i64> {
    let is_plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let n = text.parse().ok().filter(|_| is_plain)?;
    range.contains(&n).then_some(n)
}

// Years are taken to begin in March, so that the day that leap years have more is the last one, and
// to be counted in eras of 400, which all have the same number of days.

/// Days from 1970-01-01 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

/// The year, month and day of a day counted from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let since = days + EPOCH;
    let (era, of_era) = (since.div_euclid(ERA), since.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = year + era * 400;
    (if month > 2 { year } else { year + 1 }, month, day)
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from the March of year 0 to 1970-01-01.
const EPOCH: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::StatsIntervalGranularity::{Day, Hour, Minute, Month, Unknown};
    use super::*;

    #[test]
    fn a_time_has_an_id_of_every_length() {
        // 2024-02-29T23:59:59.999Z, a leap day.
        let time = 1_709_251_199_999;
        for (unit, id, start) in [
            (Minute, "2024-02-29:23:59", 1_709_251_140_000),
            (Hour, "2024-02-29:23", 1_709_247_600_000),
            (Day, "2024-02-29", 1_709_164_800_000),
            (Month, "2024-02", 1_706_745_600_000),
        ] {
            assert_eq!(unit.interval_id(time).as_deref(), Some(id));
            assert_eq!(interval_time(id), Some(start), "{id}");
        }
        assert_eq!(Day.interval_id(time + 1).as_deref(), Some("2024-03-01"));
        assert_eq!(Minute.interval_id(-1).as_deref(), Some("1969-12-31:23:59"));
        assert_eq!(Unknown("week".into()).interval_id(time), None);
        for outside in [i64::MIN, i64::MAX, 253_402_300_800_000] {
            assert_eq!(Minute.interval_id(outside), None);
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_its_own_id() {
        let first = interval_time("1900-01-01").unwrap();
        let mut before = String::new();
        for day in 0..ERA {
            let id = Day.interval_id(first + day * DAY).unwrap();
            assert!(id > before, "{id} after {before}");
            assert_eq!(interval_time(&id), Some(first + day * DAY), "{id}");
            before = id;
        }
        assert_eq!(before, "2299-12-31");
    }

    #[test]
    fn longer_forms_of_an_id_are_read() {
        let month = interval_time("2026-02");
        for id in [
            "2026-02-01",
            "2026-02-01:00",
            "2026-02-01:00:00",
            "2026-02-01:00:00:00",
        ] {
            assert_eq!(interval_time(id), month, "{id}");
        }
        assert_eq!(interval_time("1970-01-01:00:01:02"), Some(62_000));
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "2026",
            "2026-2",
            "2026-00",
            "2026-13",
            "2026-02-00",
            "2026-02-29",
            "2026-04-31",
            "2026-02-03:24",
            "2026-02-03:15:60",
            "2026-02-03:15:04:05:06",
            "2026-02-03-04",
            "+026-02",
            "2026-02-03:-1",
            "2026-02-03T15:04",
            "2026-02-03 ",
            "２０２６-02",
        ] {
            assert_eq!(interval_time(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_lengths_stay() {
        for name in ["minute", "hour", "day", "month", "week", "Minute", ""] {
            assert_eq!(
                StatsIntervalGranularity::from(Str::new(name)).as_str(),
                name
            );
        }
    }
}
