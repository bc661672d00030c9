//! Schedules of cron, read while the room compiles.

use crate::protocol::Millis;

const MINUTE: Millis = 60_000;
const MINUTES_OF_DAY: u64 = 1_440;

/// Days within which each schedule has a time: the longest gap is that of the 29th of February around a year like 2100.
const MAX_DAYS: u64 = 8 * 366;

/// A schedule of cron, in UTC: each field as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    text: &'static str,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day needs to be in one of `days` and `weekdays`, as neither begins with a star.
    either: bool,
}

const MONTHS: &[u8] = b"JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
const WEEKDAYS: &[u8] = b"SUNMONTUEWEDTHUFRISAT";

impl Cron {
    /// Reads a schedule: minute, hour, day of the month, month and day of the week, with `*`, lists, ranges, steps and English
    /// names of three letters. If both a day of the month and one of the week are given, either is enough.
    ///
    /// # Panics
    /// With the reason, when it is none, or has no time: while the room compiles.
    #[must_use]
    #[track_caller]
    pub const fn parse(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (minutes, at) = field(bytes, 0, 0, 59, b"");
        let (hours, at) = field(bytes, at, 0, 23, b"");
        let days_at = skip(bytes, at);
        let (days, at) = field(bytes, days_at, 1, 31, b"");
        let (months, at) = field(bytes, at, 1, 12, MONTHS);
        let weekdays_at = skip(bytes, at);
        let (weekdays, at) = field(bytes, weekdays_at, 0, 7, WEEKDAYS);
        assert!(
            skip(bytes, at) == bytes.len(),
            "a cron schedule has five fields: minute, hour, day, month and weekday"
        );
        // Sunday is 0 and 7.
        let weekdays = (weekdays | weekdays >> 7) & 0x7f;
        let either = bytes[days_at] != b'*' && bytes[weekdays_at] != b'*';
        let cron = Self { text, minutes, hours, days, months, weekdays, either };
        assert!(
            either || cron.has_day(),
            "a cron schedule needs a day that exists in one of its months, which the 31st of February does not"
        );
        cron
    }

    /// As it is written.
    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    /// Whether one of the months has one of the days.
    const fn has_day(&self) -> bool {
        let mut month = 1;
        while month <= 12 {
            let last = match month {
                2 => 29,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if has(self.months, month) && self.days.trailing_zeros() <= last {
                return true;
            }
            month += 1;
        }
        false
    }

    /// Returns the first time after `now`.
    pub(super) fn next(&self, now: Millis) -> Millis {
        let first = now / MINUTE + 1;
        let (today, mut minute) = (first / MINUTES_OF_DAY, first % MINUTES_OF_DAY);
        for day in today..today + MAX_DAYS {
            if self.has_date(day) {
                while minute < MINUTES_OF_DAY {
                    match (has(self.hours, (minute / 60) as u32), has(self.minutes, (minute % 60) as u32)) {
                        (true, true) => return (day * MINUTES_OF_DAY + minute) * MINUTE,
                        (true, false) => minute += 1,
                        (false, _) => minute += 60 - minute % 60,
                    }
                }
            }
            minute = 0;
        }
        Millis::MAX
    }

    /// Whether it has times on a day, counted from the Unix epoch.
    fn has_date(&self, day: u64) -> bool {
        let (month, date) = date(day);
        // The epoch was a Thursday.
        let (in_month, in_week) = (has(self.days, date), has(self.weekdays, ((day + 4) % 7) as u32));
        has(self.months, month) && if self.either { in_month || in_week } else { in_month && in_week }
    }
}

const fn has(set: u64, bit: u32) -> bool {
    set >> bit & 1 == 1
}

/// Returns the month and the day of the month of a day, counted from the Unix epoch, in the Gregorian calendar.
fn date(day: u64) -> (u32, u32) {
    // Years begin in March, so that a leap day is their last; eras of 400 years begin in the year 0.
    let of_era = (day + 719_468) % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    ((if month < 10 { month + 3 } else { month - 9 }) as u32, date as u32)
}

const fn skip(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text[at] == b' ' {
        at += 1;
    }
    at
}

/// Reads a field: a list of ranges with steps. Returns its set and where it ends.
#[track_caller]
const fn field(text: &[u8], at: usize, min: u32, max: u32, names: &[u8]) -> (u64, usize) {
    let (mut set, mut at) = (0, skip(text, at));
    loop {
        let (first, last);
        if at < text.len() && text[at] == b'*' {
            (first, last, at) = (min, max, at + 1);
        } else {
            let (from, end) = number(text, at, min, names);
            (first, at) = (from, end);
            if at < text.len() && text[at] == b'-' {
                (last, at) = number(text, at + 1, min, names);
            } else {
                assert!(
                    at == text.len() || text[at] != b'/',
                    "a step of a cron schedule follows `*` or a range: write `*/20` or `5-59/20`"
                );
                last = first;
            }
        }
        assert!(
            min <= first && first <= last && last <= max,
            "a field of a cron schedule is out of its range: minutes are 0-59, hours 0-23, days 1-31, months 1-12 and weekdays 0-7"
        );
        let mut step = 1;
        if at < text.len() && text[at] == b'/' {
            (step, at) = number(text, at + 1, min, b"");
            assert!(step > 0, "a step of a cron schedule is at least 1");
        }
        let mut value = first;
        while value <= last {
            set |= 1 << value;
            value += step;
        }
        if at == text.len() || text[at] == b' ' {
            return (set, at);
        }
        assert!(text[at] == b',', "a field of a cron schedule is `*`, or numbers with `,`, `-` and `/`");
        at += 1;
    }
}

/// Reads a number or a name, of which the first is `min`. Returns it and where it ends.
#[track_caller]
const fn number(text: &[u8], mut at: usize, min: u32, names: &[u8]) -> (u32, usize) {
    let mut index = 0;
    while at + 3 <= text.len() && index < names.len() {
        if text[at].to_ascii_uppercase() == names[index]
            && text[at + 1].to_ascii_uppercase() == names[index + 1]
            && text[at + 2].to_ascii_uppercase() == names[index + 2]
        {
            return (min + index as u32 / 3, at + 3);
        }
        index += 3;
    }
    let (mut value, start) = (0, at);
    while at < text.len() && text[at].is_ascii_digit() && at < start + 3 {
        value = value * 10 + (text[at] - b'0') as u32;
        at += 1;
    }
    assert!(
        at > start,
        "a cron schedule has five fields of `*` or numbers: minute, hour, day, month and weekday, as in `0 9 * * MON-FRI`"
    );
    (value, at)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn times_are_those_that_another_reader_finds() {
        let schedules = [
            "* * * * *",
            "0 9 * * *",
            "*/7 * * * *",
            "5-59/20 3-6 * * *",
            "30 4 1,15 * 5",
            "0 0 29 2 *",
            "0 0 31 * *",
            "15 14 1 * *",
            "0 22 * * 1-5",
            "23 0-20/2 * * *",
            "5 4 * * SUN",
            "0 0 1 JAN,jul *",
            "59 23 28-31 12 7",
            "0 12 */10 * *",
        ];
        for text in schedules {
            let (cron, other) = (Cron::parse(text), croner::Cron::from_str(text).expect("it is a schedule"));
            // The last one is in a century without a leap day.
            for start in [0, 951_782_399_000, 1_767_225_600_000, 1_772_323_199_999, 4_102_444_800_000] {
                let mut now = start;
                for _ in 0..30 {
                    let from = chrono::DateTime::from_timestamp_millis(now as i64).expect("it is a time");
                    let expected = other.find_next_occurrence(&from, false).expect("there is a next time");
                    now = cron.next(now);
                    assert_eq!(now, expected.timestamp_millis() as u64, "{text} after {from}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let texts = [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1, * * * *",
            "0 0 30 2 *",
            "0 0 31 4,6 *",
            "1-2-3 * * * *",
            "5/20 * * * *",
            "@daily",
        ];
        for text in texts {
            assert!(std::panic::catch_unwind(|| Cron::parse(text)).is_err(), "{text}");
        }
    }
}
