//! Time on a wall clock, and the Gregorian calendar behind it.

use std::fmt;

use super::{ValueError, digits, excerpt};

/// A date and time on a wall clock, in the proleptic Gregorian calendar: seconds since
/// 1970-01-01T00:00:00 on that clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(pub i64);

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

impl LocalTime {
    /// The beginning of the year 0, and the end of the year 9999: what a DATE can name.
    pub const MIN: Self = Self(-62_167_219_200);
    /// See [`LocalTime::MIN`].
    pub const MAX: Self = Self(253_402_300_799);

    /// Midnight at the beginning of that day.
    pub fn from_date(year: i64, month: u8, day: u8) -> Self {
        Self(days_from_civil(year, month, day) * DAY)
    }

    /// Reads `YYYYMMDD`, `YYYYMMDDTHHMMSS`, or that with a `Z`, which doesn't count here.
    ///
    /// A second of 60 is the next minute's first, a hour of 24 with nothing after it the next
    /// day's first.
    pub fn parse(value: &str) -> Result<Self, ValueError> {
        Self::read(value.as_bytes()).ok_or_else(|| ValueError::Time(excerpt(value)))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes
            .strip_suffix(b"Z")
            .or_else(|| bytes.strip_suffix(b"z"))
            .unwrap_or(bytes);
        let (date, time) = match bytes.len() {
            8 => (bytes, None),
            15 => {
                let (date, time) = bytes.split_at_checked(8)?;
                let time = time
                    .strip_prefix(b"T")
                    .or_else(|| time.strip_prefix(b"t"))?;
                (date, Some(digits(time)?))
            }
            _ => return None,
        };
        let date = digits(date)?;
        let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let time = time.unwrap_or(0);
        let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
        let in_day = hour * 3600 + minute * 60 + second;
        if minute > 59 || second > 60 || in_day > DAY {
            return None;
        }
        Some(Self(Self::from_date(year, month, day).0 + in_day))
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// Year, month and day of the month.
    pub fn date(self) -> (i64, u8, u8) {
        civil_from_days(self.days())
    }

    /// Seconds since midnight.
    pub fn second_of_day(self) -> i64 {
        self.0.rem_euclid(DAY)
    }

    /// Midnight at the beginning of its day.
    pub fn midnight(self) -> Self {
        Self(self.days() * DAY)
    }

    /// `YYYYMMDD`.
    pub fn date_text(self) -> String {
        self.written()
            .iter()
            .take(8)
            .copied()
            .map(char::from)
            .collect()
    }

    /// `YYYYMMDDTHHMMSSZ`, if it is UTC.
    pub(crate) fn utc_text(self) -> String {
        self.written().into_iter().map(char::from).collect()
    }

    /// `YYYYMMDDTHHMMSSZ`, of which a date is the first 8 bytes, and a local time all but the last.
    /// Without allocating: expanding writes some thousand.
    pub(crate) fn written(self) -> [u8; 16] {
        let (year, month, day) = self.date();
        let year = u16::try_from(year.clamp(0, 9999)).unwrap_or(0);
        let second = u32::try_from(self.second_of_day()).unwrap_or(0);
        let (century, year) = ((year / 100) as u8, (year % 100) as u8);
        let (hour, minute, second) = (
            (second / 3600) as u8,
            (second / 60 % 60) as u8,
            (second % 60) as u8,
        );
        let two = |number: u8| [b'0' + number / 10 % 10, b'0' + number % 10];
        let ([a, b], [c, d]) = (two(century), two(year));
        let ([e, f], [g, h]) = (two(month), two(day));
        let ([i, j], [k, l], [m, n]) = (two(hour), two(minute), two(second));
        [a, b, c, d, e, f, g, h, b'T', i, j, k, l, m, n, b'Z']
    }
}

/// `YYYYMMDDTHHMMSS`.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.utc_text();
        f.write_str(text.strip_suffix('Z').unwrap_or(&text))
    }
}

/// Days since 1970-01-01. The algorithm is that of "chrono-Compatible Low-Level Date Algorithms"
/// (H. Hinnant): years are counted from March, so that the leap day is the last of its year.
pub(crate) fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of the month, of days since 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_year(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

pub(crate) fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Sunday.
pub(crate) fn weekday(days: i64) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((days + 4).rem_euclid(7)).unwrap_or(0)
}
