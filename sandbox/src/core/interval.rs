//! Intervals of statistics and their names, such as `2026-02-03:15:04`, in UTC.
//!
//! Spec: TS12.

/// How long an interval is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Minute,
    Hour,
    Day,
    Month,
}

impl Unit {
    pub(crate) fn parse(text: &str) -> Option<Unit> {
        match text {
            "minute" => Some(Unit::Minute),
            "hour" => Some(Unit::Hour),
            "day" => Some(Unit::Day),
            "month" => Some(Unit::Month),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Month => "month",
        }
    }

    /// Returns when the interval starts that a time in Unix ms lies in.
    pub(crate) fn start(self, time: u64) -> u64 {
        match self {
            Unit::Minute => time - time % MINUTE,
            Unit::Hour => time - time % HOUR,
            Unit::Day => time - time % DAY,
            Unit::Month => {
                let (year, month, _) = date(time / DAY);
                days(year, month, 1).map_or(0, |days| days * DAY)
            }
        }
    }

    /// Returns the name of the interval that a time in Unix ms lies in.
    pub(crate) fn id(self, time: u64) -> String {
        let (year, month, day) = date(time / DAY);
        let (hour, minute) = (time % DAY / HOUR, time % HOUR / MINUTE);
        match self {
            Unit::Minute => format!("{year:04}-{month:02}-{day:02}:{hour:02}:{minute:02}"),
            Unit::Hour => format!("{year:04}-{month:02}-{day:02}:{hour:02}"),
            Unit::Day => format!("{year:04}-{month:02}-{day:02}"),
            Unit::Month => format!("{year:04}-{month:02}"),
        }
    }
}

/// Reads the name of an interval and returns when it starts, in Unix ms.
pub(crate) fn parse(id: &str) -> Option<u64> {
    let mut parts = id.split(':');
    let mut date = parts.next()?.split('-');
    let number = |text: Option<&str>, default: u64, range: std::ops::RangeInclusive<u64>| {
        let Some(text) = text else {
            return Some(default);
        };
        let number = text.parse().ok()?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        (plain && range.contains(&number)).then_some(number)
    };
    let year = number(Some(date.next()?), 0, 1970..=9999)?;
    let month = number(Some(date.next()?), 1, 1..=12)?;
    let day = number(date.next(), 1, 1..=31)?;
    let hour = number(parts.next(), 0, 0..=23)?;
    let minute = number(parts.next(), 0, 0..=59)?;
    if date.next().is_some() || parts.next().is_some() {
        return None;
    }
    Some(days(year, month, day)? * DAY + hour * HOUR + minute * MINUTE)
}

// The year is taken to start in March, so that the day that leap years have more is its last.
const MONTH_STARTS: [u64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

/// Returns the days from 1970-01-01 to a date.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let start = MONTH_STARTS.get(usize::try_from(month).ok()?)?;
    let all = year * 365 + year / 4 - year / 100 + year / 400 + start + (day - 1);
    all.checked_sub(EPOCH)
}

/// Returns the date of a day counted from 1970-01-01.
fn date(days_since: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days_since / 366;
    while days(year + 1, 1, 1).is_some_and(|next| next <= days_since) {
        year += 1;
    }
    let months = (1..=12).rev();
    let mut starts = months.filter_map(|month| Some((month, days(year, month, 1)?)));
    match starts.find(|(_, start)| *start <= days_since) {
        Some((month, start)) => (year, month, days_since - start + 1),
        None => (year, 1, 1),
    }
}

/// Days from the March of year 0 to 1970-01-01.
const EPOCH: u64 = 719_468;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_names_and_starts() {
        // 2024-02-29T23:59:59.999Z, a leap day.
        let time = 1_709_251_199_999;
        for (unit, id, start) in [
            (Unit::Minute, "2024-02-29:23:59", 1_709_251_140_000),
            (Unit::Hour, "2024-02-29:23", 1_709_247_600_000),
            (Unit::Day, "2024-02-29", 1_709_164_800_000),
            (Unit::Month, "2024-02", 1_706_745_600_000),
        ] {
            assert_eq!((unit.id(time), unit.start(time)), (id.to_owned(), start));
            assert_eq!(parse(id), Some(start), "{id}");
        }
        assert_eq!(Unit::Day.id(time + 1), "2024-03-01");
        assert_eq!(Unit::Minute.id(0), "1970-01-01:00:00");
        assert_eq!(Unit::Day.id(951_782_400_000), "2000-02-29");
        assert_eq!(Unit::Day.id(4_107_542_400_000), "2100-03-01");
    }

    #[test]
    fn every_day_of_four_centuries_has_its_own_name() {
        for day in 0..146_097 {
            let id = Unit::Day.id(day * DAY);
            assert_eq!(parse(&id), Some(day * DAY), "{id}");
        }
    }

    #[test]
    fn other_texts_are_no_intervals() {
        for text in [
            "",
            "x",
            "2024",
            "2024-13",
            "2024-00-01",
            "1969-12-31",
            "2024-01-01:24",
            "2024-01-01:01:60",
            "2024-01-01:01:01:01",
            "2024-01-01-01",
            "+024-01-01",
            "2024-1a",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
