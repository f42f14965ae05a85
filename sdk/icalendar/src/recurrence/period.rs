//! The days that a rule has in one of its periods: the table of RFC 5545 §3.3.10.

use super::rule::{Frequency, Rule, Skip};
use crate::value::{
    LocalTime, civil_from_days, days_from_civil, days_in_month, days_in_year, weekday,
};

/// A rule with what it takes from DTSTART: days are counted since 1970-01-01.
pub(super) struct Days<'r> {
    rule: &'r Rule,
    /// DTSTART's.
    month: u8,
    day: u8,
    weekday: u8,
}

impl<'r> Days<'r> {
    pub(super) fn new(rule: &'r Rule, start: LocalTime) -> Self {
        let (_, month, day) = start.date();
        Self {
            rule,
            month,
            day,
            weekday: weekday(start.days()),
        }
    }

    /// The days in a year. Tells how many were tried.
    pub(super) fn of_year(&self, year: i64, out: &mut Vec<i64>) -> u64 {
        let rule = self.rule;
        let first = days_from_civil(year, 1, 1);
        let last = first + days_in_year(year) - 1;
        if !rule.by_week_no.is_empty() {
            return self.of_weeks(year, out);
        }
        if !rule.by_year_day.is_empty() {
            for number in &rule.by_year_day {
                let day = if *number > 0 {
                    first + number - 1
                } else {
                    last + 1 + number
                };
                let limited = (first..=last).contains(&day)
                    && self.month_matches(day)
                    && self.month_day_matches(day)
                    && self.weekday_matches(day);
                out.extend(limited.then_some(day));
            }
            return rule.by_year_day.len() as u64;
        }
        let all_months: Vec<u8> = (1..=12).collect();
        let own_month = [self.month];
        let months: &[u8] = if !rule.by_month.is_empty() {
            &rule.by_month
        } else if !rule.by_month_day.is_empty() {
            &all_months
        } else if rule.by_day.is_empty() {
            &own_month
        } else {
            return self.weekdays_between(first, last, out);
        };
        months
            .iter()
            .map(|month| self.of_month(year, *month, out))
            .sum()
    }

    /// The days in a month, which BYMONTH allows. Tells how many were tried.
    pub(super) fn of_month(&self, year: i64, month: u8, out: &mut Vec<i64>) -> u64 {
        let rule = self.rule;
        let length = i64::from(days_in_month(year, month));
        let first = days_from_civil(year, month, 1);
        if rule.by_month_day.is_empty() && !rule.by_day.is_empty() {
            return self.weekdays_between(first, first + length - 1, out);
        }
        let own = [i64::from(self.day)];
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
                // "A rule part that counts from the end" can't be beyond it.
                _ if number < 1 => continue,
                Skip::Omit => continue,
                Skip::Backward => first + length - 1,
                Skip::Forward => first + length,
            };
            out.extend(self.weekday_matches(day).then_some(day));
        }
        numbers.len() as u64
    }

    /// The days in a week that begins there.
    pub(super) fn of_week(&self, first: i64, out: &mut Vec<i64>) -> u64 {
        for day in first..first + 7 {
            let wanted = if self.rule.by_day.is_empty() {
                weekday(day) == self.weekday
            } else {
                self.rule
                    .by_day
                    .iter()
                    .any(|(_, wanted)| *wanted == weekday(day))
            };
            out.extend((wanted && self.month_matches(day)).then_some(day));
        }
        7
    }

    /// Whether a rule that is DAILY or more frequent has this day.
    pub(super) fn admits(&self, day: i64) -> bool {
        let year_day = || {
            let (year, ..) = civil_from_days(day);
            let number = day - days_from_civil(year, 1, 1) + 1;
            let from_end = number - days_in_year(year) - 1;
            let list = &self.rule.by_year_day;
            list.contains(&number) || list.contains(&from_end)
        };
        // BYYEARDAY has no meaning beside DAILY.
        let limits_year_day =
            self.rule.frequency < Frequency::Daily && !self.rule.by_year_day.is_empty();
        self.month_matches(day)
            && self.month_day_matches(day)
            && self.on_weekday(day)
            && (!limits_year_day || year_day())
    }

    /// Whether BYDAY has this day, ordinals left aside.
    pub(super) fn on_weekday(&self, day: i64) -> bool {
        let list = &self.rule.by_day;
        list.is_empty() || list.iter().any(|(_, wanted)| *wanted == weekday(day))
    }

    /// The days of the numbered weeks of a year: RFC 5545 §3.3.10, BYWEEKNO. They may lie in the
    /// years before and after.
    fn of_weeks(&self, year: i64, out: &mut Vec<i64>) -> u64 {
        let rule = self.rule;
        let first = self.first_week(year);
        let weeks = (self.first_week(year + 1) - first) / 7;
        // Without any other part the day is that of DTSTART.
        let own =
            rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty();
        for number in &rule.by_week_no {
            let index = if *number > 0 {
                number - 1
            } else {
                weeks + number
            };
            if !(0..weeks).contains(&index) {
                continue;
            }
            for day in first + index * 7..first + index * 7 + 7 {
                // An ordinal has no meaning here.
                let on_day = if own {
                    weekday(day) == self.weekday
                } else {
                    rule.by_day.is_empty()
                        || rule
                            .by_day
                            .iter()
                            .any(|(_, wanted)| *wanted == weekday(day))
                };
                let limited = on_day && self.month_matches(day) && self.month_day_matches(day);
                out.extend(limited.then_some(day));
            }
        }
        rule.by_week_no.len() as u64 * 7
    }

    /// Where week 1 begins: the first with at least four days in the year.
    fn first_week(&self, year: i64) -> i64 {
        let fourth = days_from_civil(year, 1, 4);
        fourth - (7 + i64::from(weekday(fourth)) - i64::from(self.rule.week_start)) % 7
    }

    /// What BYDAY names from the first to the last day.
    fn weekdays_between(&self, first: i64, last: i64, out: &mut Vec<i64>) -> u64 {
        let mut tried = 0;
        for (ordinal, wanted) in &self.rule.by_day {
            let from = first + (7 + i64::from(*wanted) - i64::from(weekday(first))) % 7;
            match ordinal {
                None => {
                    let days = (from..=last).step_by(7);
                    tried += 5;
                    out.extend(days);
                }
                Some(ordinal) => {
                    let to = last - (7 + i64::from(weekday(last)) - i64::from(*wanted)) % 7;
                    let day = if *ordinal > 0 {
                        from + (ordinal - 1) * 7
                    } else {
                        to + (ordinal + 1) * 7
                    };
                    tried += 1;
                    out.extend((*ordinal != 0 && (first..=last).contains(&day)).then_some(day));
                }
            }
        }
        tried + out.len() as u64
    }

    fn month_matches(&self, day: i64) -> bool {
        self.rule.by_month.is_empty() || self.rule.by_month.contains(&civil_from_days(day).1)
    }

    fn month_day_matches(&self, day: i64) -> bool {
        let list = &self.rule.by_month_day;
        if list.is_empty() {
            return true;
        }
        let (year, month, number) = civil_from_days(day);
        let number = i64::from(number);
        let from_end = number - i64::from(days_in_month(year, month)) - 1;
        list.contains(&number) || list.contains(&from_end)
    }

    /// Whether BYDAY as a limit has this day. An ordinal counts within the month for MONTHLY, and
    /// for YEARLY with BYMONTH, else within the year.
    fn weekday_matches(&self, day: i64) -> bool {
        let rule = self.rule;
        if rule.by_day.is_empty() {
            return true;
        }
        rule.by_day.iter().any(|(ordinal, wanted)| {
            if *wanted != weekday(day) {
                return false;
            }
            let Some(ordinal) = ordinal else {
                return true;
            };
            let (year, month, number) = civil_from_days(day);
            let in_month = rule.frequency == Frequency::Monthly || !rule.by_month.is_empty();
            let (at, length) = if in_month {
                (i64::from(number), i64::from(days_in_month(year, month)))
            } else {
                (day - days_from_civil(year, 1, 1) + 1, days_in_year(year))
            };
            let forward = (at - 1) / 7 + 1;
            let backward = (length - at) / 7 + 1;
            *ordinal == forward || *ordinal == -backward
        })
    }
}
