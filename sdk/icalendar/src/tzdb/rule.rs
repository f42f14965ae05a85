//! What a zone does every year: the rule after the last listed transition, RFC 8536 §3.3, as a
//! recurrence rule, RFC 5545 §3.3.10.

use super::observance::Observance;
use super::zone::Zone;
use crate::value::LocalTime;
use crate::value::local::{DAY, days_from_civil, days_in_month, weekday};
use jiff_core::tz::posix::{Day, DayTime};

/// An observance that begins every year on a certain day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Yearly {
    /// The month, 1 to 12.
    month: u8,
    /// Which of the weekdays in the month, 1 to 4; 5 is the last.
    week: i64,
    /// The day of the week, 0 to 6; 0 is Sunday.
    weekday: i64,
    /// The seconds from the beginning of that day, on clocks that are not changed yet. They may lie
    /// days before or after it.
    second: i64,
    /// The observance; its onset means nothing.
    like: Observance,
}

/// The recurrence of a yearly onset: its parts of an RRULE.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recurrence {
    /// `BYMONTH`, if there is one.
    pub(crate) month: Option<u8>,
    /// `BYMONTHDAY`.
    pub(crate) month_days: Vec<i64>,
    /// `BYYEARDAY`.
    pub(crate) year_days: Vec<i64>,
    /// The number in `BYDAY`, if there is one; -1 is the last.
    pub(crate) ordinal: Option<i64>,
    /// The day of the week in `BYDAY`, 0 to 6; 0 is Sunday.
    pub(crate) weekday: i64,
    /// `UNTIL`, in UTC.
    pub(crate) until: Option<i64>,
}

/// What a zone does after its last listed transition.
pub(crate) enum Tail {
    /// Nothing.
    Constant,
    /// Two changes every year.
    Yearly([Yearly; 2]),
    /// Something that can't be said in iCalendar. No zone does so, as a test knows.
    Unknown,
}

impl Zone {
    /// What it does after its last listed transition.
    pub(crate) fn tail(&self) -> Tail {
        let Some(posix) = &self.rules.posix_tz else {
            return Tail::Unknown;
        };
        let Some(dst) = &posix.dst else {
            return Tail::Constant;
        };
        let (standard, daylight) = (posix.std_offset.seconds(), dst.offset.seconds());
        let start = Observance {
            onset: 0,
            from: standard,
            to: daylight,
            daylight: true,
            name: dst.abbrev.as_str().to_owned(),
        };
        let end = Observance {
            onset: 0,
            from: daylight,
            to: standard,
            daylight: false,
            name: posix.std_abbrev.as_str().to_owned(),
        };
        match (
            Yearly::new(dst.rule.start, start),
            Yearly::new(dst.rule.end, end),
        ) {
            (Some(start), Some(end)) => Tail::Yearly([start, end]),
            _ => Tail::Unknown,
        }
    }
}

impl Yearly {
    fn new(at: DayTime, like: Observance) -> Option<Self> {
        let Day::WeekdayOfMonth {
            month,
            week,
            weekday,
        } = at.date
        else {
            return None;
        };
        let yearly = Self {
            month: u8::try_from(month).ok()?,
            week: week.into(),
            weekday: weekday.to_sunday_zero_offset().into(),
            second: at.time.second.into(),
            like,
        };
        yearly.recurrence().is_some().then_some(yearly)
    }

    /// The observance of a year.
    fn of_year(&self, year: i64) -> Observance {
        let day = if self.week == 5 {
            let last = days_from_civil(year, self.month, days_in_month(year, self.month));
            last - (i64::from(weekday(last)) - self.weekday).rem_euclid(7)
        } else {
            let first = days_from_civil(year, self.month, 1);
            let ahead = (self.weekday - i64::from(weekday(first))).rem_euclid(7);
            first + ahead + 7 * (self.week - 1)
        };
        Observance {
            onset: day * DAY + self.second - i64::from(self.like.from),
            ..self.like.clone()
        }
    }

    /// The first one that begins after a time.
    pub(crate) fn after(&self, utc: i64) -> Observance {
        let year = LocalTime(utc).date().0;
        let near = [year - 1, year].map(|year| self.of_year(year));
        let found = near.into_iter().find(|near| near.onset > utc);
        found.unwrap_or_else(|| self.of_year(year + 1))
    }

    /// The last one that begins before a time.
    pub(crate) fn before(&self, utc: i64) -> Observance {
        let year = LocalTime(utc).date().0;
        let near = [year + 1, year].map(|year| self.of_year(year));
        let found = near.into_iter().find(|near| near.onset < utc);
        found.unwrap_or_else(|| self.of_year(year - 1))
    }

    /// The recurrence; none if iCalendar has no way to say it.
    ///
    /// A time of day outside of the day, as Israel has it ("26 o'clock on the fourth Thursday"),
    /// moves the onset to another day, which is then one of seven days of the month, or, where
    /// those lie in two months, of the year, counted from its end: so leap years are no matter.
    pub(crate) fn recurrence(&self) -> Option<Recurrence> {
        let shift = self.second.div_euclid(DAY);
        let weekday = (self.weekday + shift).rem_euclid(7);
        let plain = Recurrence {
            month: Some(self.month),
            weekday,
            ..Recurrence::default()
        };
        if shift == 0 {
            let ordinal = if self.week == 5 { -1 } else { self.week };
            return Some(Recurrence {
                ordinal: Some(ordinal),
                ..plain
            });
        }
        // Any year that is no leap year: February is left out.
        let length = i64::from(days_in_month(2001, self.month));
        let first = match self.week {
            5 if self.month == 2 => return None,
            5 => length - 6,
            week => 7 * (week - 1) + 1,
        } + shift;
        let days = first..first + 7;
        if first >= 1 && first + 6 <= length {
            return Some(Recurrence {
                month_days: days.collect(),
                ..plain
            });
        }
        let of_year = days_from_civil(2001, self.month, 1) - days_from_civil(2001, 1, 1);
        // Day 59 of a year is the end of February.
        let in_spring_or_later = of_year + first > 59;
        in_spring_or_later.then(|| Recurrence {
            month: None,
            year_days: days.map(|day| of_year + day - 366).collect(),
            ..plain
        })
    }
}
