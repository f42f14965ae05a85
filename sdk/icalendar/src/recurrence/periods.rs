//! The periods of a rule that repeats once a day or less often, by their number from that of DTSTART.

use super::foreign::ForeignDays;
use super::period::Days;
use super::rule::{Frequency, Rule};
use crate::value::{LocalTime, days_from_civil, weekday};

/// The periods of a rule.
pub(super) struct Periods<'r> {
    rule: &'r Rule,
    days: Days<'r>,
    foreign: Option<ForeignDays<'r>>,
    /// DTSTART's.
    year: i64,
    month: u8,
    day: i64,
    /// The first day of the week of DTSTART.
    week: i64,
}

impl<'r> Periods<'r> {
    pub(super) fn new(rule: &'r Rule, start: LocalTime) -> Self {
        let (year, month, _) = start.date();
        let day = start.days();
        let into_week = (7 + i64::from(weekday(day)) - i64::from(rule.week_start)) % 7;
        let foreign = rule.scale.as_ref();
        Self {
            rule,
            days: Days::new(rule, start),
            foreign: foreign.map(|scale| ForeignDays::new(rule, scale, day)),
            year,
            month,
            day,
            week: day - into_week,
        }
    }

    /// The number of the period with this time, or of one before that.
    pub(super) fn ahead(&self, at: LocalTime) -> i64 {
        let (year, month, _) = at.date();
        match (self.rule.frequency, &self.foreign) {
            (Frequency::Yearly | Frequency::Monthly, Some(foreign)) => foreign.ahead(at.days()),
            (Frequency::Yearly, None) => year - self.year,
            (Frequency::Monthly, None) => months(year, month) - months(self.year, self.month),
            (Frequency::Weekly, _) => (at.days() - self.week).div_euclid(7),
            _ => at.days() - self.day,
        }
    }

    /// The days of a period. Tells the first that there may be, and how many were tried; none if
    /// the calendar ends before.
    pub(super) fn days(&self, index: i64, out: &mut Vec<i64>) -> Option<(i64, u64)> {
        Some(match (self.rule.frequency, &self.foreign) {
            (Frequency::Yearly | Frequency::Monthly, Some(foreign)) => {
                (foreign.period(index, out)?, foreign.work())
            }
            (Frequency::Yearly, None) => {
                let year = self.year + index;
                // Week 1 may begin before the year.
                (
                    days_from_civil(year, 1, 1) - 7,
                    self.days.of_year(year, out),
                )
            }
            (Frequency::Monthly, None) => {
                let number = months(self.year, self.month) + index;
                let year = number.div_euclid(12);
                let month = u8::try_from(number.rem_euclid(12) + 1).ok()?;
                let list = &self.rule.by_month;
                let tried = if list.is_empty() || list.contains(&month) {
                    self.days.of_month(year, month, out)
                } else {
                    0
                };
                (days_from_civil(year, month, 1), tried)
            }
            (Frequency::Weekly, foreign) => {
                let first = self.week + index * 7;
                let tried = self.days.of_week(first, out);
                if let Some(foreign) = foreign {
                    out.retain(|day| foreign.admits(*day));
                }
                (first, tried)
            }
            (_, foreign) => {
                let day = self.day + index;
                let admitted = match foreign {
                    Some(foreign) => self.days.on_weekday(day) && foreign.admits(day),
                    None => self.days.admits(day),
                };
                out.extend(admitted.then_some(day));
                (day, 1)
            }
        })
    }
}

fn months(year: i64, month: u8) -> i64 {
    year * 12 + i64::from(month) - 1
}
