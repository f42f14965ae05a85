//! The days of a rule in one of its periods, in another calendar than the Gregorian: RFC 7529 §4.
//!
//! # Not supported
//! BYWEEKNO, and rules that repeat within a day: nobody has defined what they would be for.

use std::cell::Cell;

use super::rule::{Frequency, Rule, Skip};
use super::scale::{Scale, ScaleDate, ScaleMonth};
use crate::value::weekday;

/// A rule with what it takes from DTSTART.
pub(super) struct ForeignDays<'r> {
    rule: &'r Rule,
    scale: &'r Scale,
    start: ScaleDate,
    /// Days since 1970-01-01.
    start_day: i64,
    /// A year, and how many months lie between that of DTSTART and its first.
    known: Cell<(i32, i64)>,
    /// How many years have been counted through since somebody asked.
    years: Cell<u64>,
}

impl<'r> ForeignDays<'r> {
    pub(super) fn new(rule: &'r Rule, scale: &'r Scale, start_day: i64) -> Self {
        let start = scale.date(start_day);
        let before = scale.months(start.year);
        let before = before.iter().position(|month| *month == start.month);
        Self {
            rule,
            scale,
            start,
            start_day,
            known: Cell::new((start.year, -(before.unwrap_or(0) as i64))),
            years: Cell::new(0),
        }
    }

    /// A period that is not after the one with this day: how many of YEARLY's years or MONTHLY's
    /// months it is after the first.
    pub(super) fn ahead(&self, day: i64) -> i64 {
        match self.rule.frequency {
            Frequency::Yearly => i64::from(self.scale.date(day).year - self.start.year) - 1,
            // No month has more days.
            _ => (day - self.start_day).div_euclid(31) - 1,
        }
    }

    /// The days of a period, and the first that it might have. None if no calendar goes so far.
    pub(super) fn period(&self, index: i64, out: &mut Vec<i64>) -> Option<i64> {
        if self.rule.frequency == Frequency::Yearly {
            let year = i32::try_from(i64::from(self.start.year) + index).ok()?;
            self.of_year(year, out)
        } else {
            let (year, month) = self.month_at(index)?;
            let (first, _) = self.scale.month(year, month)?;
            let wanted =
                self.rule.scale_months.is_empty() || self.rule.scale_months.contains(&month);
            if wanted {
                self.of_month(year, month, out);
            }
            Some(first)
        }
    }

    /// How much more work the last period took than one of our own calendar.
    pub(super) fn work(&self) -> u64 {
        100 + self.years.take() * 200
    }

    /// Whether DAILY or WEEKLY has this day, as far as months and their days are concerned: those of
    /// the calendar, which weekdays don't depend on.
    pub(super) fn admits(&self, day: i64) -> bool {
        let rule = self.rule;
        if rule.scale_months.is_empty() && rule.by_month_day.is_empty() {
            return true;
        }
        let date = self.scale.date(day);
        let in_month = rule.scale_months.is_empty() || rule.scale_months.contains(&date.month);
        let days = &rule.by_month_day;
        in_month
            && (days.is_empty()
                || rule.frequency == Frequency::Weekly
                || days.contains(&date.day)
                || self
                    .scale
                    .month(date.year, date.month)
                    .is_some_and(|(_, length)| days.contains(&(date.day - length - 1))))
    }

    /// The month so many after that of DTSTART.
    fn month_at(&self, index: i64) -> Option<(i32, ScaleMonth)> {
        let (mut year, mut before) = self.known.get();
        if index < before {
            return None;
        }
        loop {
            let months = self.scale.months(year);
            if months.is_empty() {
                return None;
            }
            let count = months.len() as i64;
            if index < before + count {
                self.known.set((year, before));
                let month = usize::try_from(index - before).ok()?;
                return months.get(month).map(|month| (year, *month));
            }
            before += count;
            year += 1;
            self.years.set(self.years.get() + 1);
        }
    }

    fn of_year(&self, year: i32, out: &mut Vec<i64>) -> Option<i64> {
        let rule = self.rule;
        let (first, length) = self.scale.year(year)?;
        if !rule.by_year_day.is_empty() {
            for number in &rule.by_year_day {
                let day = if *number > 0 {
                    first + number - 1
                } else {
                    first + length + number
                };
                let within = (first..first + length).contains(&day) && self.admits(day);
                out.extend(within.then_some(day));
            }
            return Some(first);
        }
        let own = [self.start.month];
        let all;
        let months: &[ScaleMonth] = if !rule.scale_months.is_empty() {
            &rule.scale_months
        } else if !rule.by_month_day.is_empty() {
            all = self.scale.months(year);
            &all
        } else if rule.by_day.is_empty() {
            &own
        } else {
            self.weekdays(first, first + length - 1, out);
            return Some(first);
        };
        for month in months {
            if self.scale.month(year, *month).is_some() {
                self.of_month(year, *month, out);
                continue;
            }
            // A leap month that the year doesn't have: RFC 7529 §4.1, "skip invalid months".
            let number = match rule.skip {
                Skip::Omit => continue,
                Skip::Backward => month.number,
                Skip::Forward => month.number % 12 + 1,
            };
            let leap = false;
            self.of_month(year, ScaleMonth { number, leap }, out);
        }
        Some(first)
    }

    fn of_month(&self, year: i32, month: ScaleMonth, out: &mut Vec<i64>) {
        let rule = self.rule;
        let Some((first, length)) = self.scale.month(year, month) else {
            return;
        };
        if rule.by_month_day.is_empty() && !rule.by_day.is_empty() {
            return self.weekdays(first, first + length - 1, out);
        }
        let own = [self.start.day];
        let numbers = if rule.by_month_day.is_empty() {
            &own[..]
        } else {
            &rule.by_month_day[..]
        };
        for number in numbers {
            let number = if *number < 0 {
                length + 1 + number
            } else {
                *number
            };
            let day = match rule.skip {
                _ if (1..=length).contains(&number) => first + number - 1,
                _ if number < 1 => continue,
                Skip::Omit => continue,
                Skip::Backward => first + length - 1,
                Skip::Forward => first + length,
            };
            let on_day = rule.by_day.is_empty()
                || rule
                    .by_day
                    .iter()
                    .any(|(_, wanted)| *wanted == weekday(day));
            out.extend(on_day.then_some(day));
        }
    }

    /// What BYDAY names from the first to the last day.
    fn weekdays(&self, first: i64, last: i64, out: &mut Vec<i64>) {
        for (ordinal, wanted) in &self.rule.by_day {
            let from = first + (7 + i64::from(*wanted) - i64::from(weekday(first))) % 7;
            let to = last - (7 + i64::from(weekday(last)) - i64::from(*wanted)) % 7;
            match ordinal {
                None => out.extend((from..=last).step_by(7)),
                Some(ordinal) => {
                    let day = if *ordinal > 0 {
                        from + (ordinal - 1) * 7
                    } else {
                        to + (ordinal + 1) * 7
                    };
                    out.extend((first..=last).contains(&day).then_some(day));
                }
            }
        }
    }
}
