//! A recurrence rule, read: RFC 5545 §3.3.10, RFC 7529 §4.

use ical::recur::{IcalRecurFreq, IcalRecurRule, IcalRecurSkip};

use super::scale::{Scale, ScaleMonth};
use crate::value::{LocalTime, ValueError, excerpt};

/// How often a rule repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// `SECONDLY`.
    Secondly,
    /// `MINUTELY`.
    Minutely,
    /// `HOURLY`.
    Hourly,
    /// `DAILY`.
    Daily,
    /// `WEEKLY`.
    Weekly,
    /// `MONTHLY`.
    Monthly,
    /// `YEARLY`.
    Yearly,
}

/// What becomes of a day that a month doesn't have: RFC 7529 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    Omit,
    Backward,
    Forward,
}

/// The last time that a rule may generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// On DTSTART's clock.
    Local(LocalTime),
    /// In UTC.
    Utc(i64),
}

/// A recurrence rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: i64,
    pub(crate) count: Option<u32>,
    pub(crate) until: Option<Until>,
    pub(crate) by_month: Vec<u8>,
    pub(crate) by_week_no: Vec<i64>,
    pub(crate) by_year_day: Vec<i64>,
    pub(crate) by_month_day: Vec<i64>,
    /// Ordinal, if any, and weekday from 0 for Sunday.
    pub(crate) by_day: Vec<(Option<i64>, u8)>,
    pub(crate) by_hour: Vec<i64>,
    pub(crate) by_minute: Vec<i64>,
    pub(crate) by_second: Vec<i64>,
    pub(crate) by_set_pos: Vec<i64>,
    pub(crate) week_start: u8,
    pub(crate) skip: Skip,
    /// The calendar that it counts in, if it is not the Gregorian.
    pub(super) scale: Option<Scale>,
    /// BYMONTH in that calendar.
    pub(super) scale_months: Vec<ScaleMonth>,
    /// In a calendar that nobody knows, or in a way that it can't.
    unsupported: bool,
}

impl Rule {
    /// Reads the value of an RRULE.
    ///
    /// Fails if it is none. Parts that nobody knows are passed over, and UNTIL together with COUNT
    /// is tolerated: what comes first counts.
    pub fn read(value: &str) -> Result<Self, ValueError> {
        let value = value.trim();
        let error = |reason: String| ValueError::Rule {
            value: excerpt(value),
            reason,
        };
        let Some(scale) = Self::foreign_scale(value) else {
            let rule = IcalRecurRule::parse(value).map_err(|e| error(e.to_string()))?;
            return Ok(Self {
                until: Self::until(value)?,
                ..Self::from_read(rule)
            });
        };
        // ical-rs knows our months only.
        let others: Vec<&str> = value
            .split(';')
            .filter(|part| {
                !part
                    .trim_start()
                    .to_ascii_uppercase()
                    .starts_with("BYMONTH=")
            })
            .collect();
        let rule = IcalRecurRule::parse(&others.join(";")).map_err(|e| error(e.to_string()))?;
        let months = part(value, "BYMONTH").unwrap_or_default();
        let months: Option<Vec<ScaleMonth>> = months
            .split(',')
            .filter(|month| !month.is_empty())
            .take(64)
            .map(ScaleMonth::read)
            .collect();
        let rule = Self::from_read(rule);
        let scale = Scale::named(scale);
        let months = months.or_else(|| scale.is_none().then(Vec::new));
        Ok(Self {
            until: Self::until(value)?,
            unsupported: scale.is_none()
                || rule.frequency < Frequency::Daily
                || !rule.by_week_no.is_empty(),
            scale,
            scale_months: months.ok_or_else(|| error("BYMONTH names no months".to_owned()))?,
            ..rule
        })
    }

    fn from_read(rule: IcalRecurRule) -> Self {
        // Whatever a part names twice, in whatever order, has the size of what it can name.
        let sorted = |mut list: Vec<i64>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        let mut by_month = rule.by_month;
        by_month.sort_unstable();
        by_month.dedup();
        let mut by_day: Vec<(Option<i64>, u8)> = rule
            .by_day
            .into_iter()
            .map(|day| (day.ordinal.map(i64::from), day.weekday as u8))
            .filter(|(ordinal, _)| ordinal.is_none_or(|n| n != 0 && n.abs() <= 53))
            .collect();
        by_day.sort_unstable();
        by_day.dedup();
        let frequency = match rule.freq {
            IcalRecurFreq::Secondly => Frequency::Secondly,
            IcalRecurFreq::Minutely => Frequency::Minutely,
            IcalRecurFreq::Hourly => Frequency::Hourly,
            IcalRecurFreq::Daily => Frequency::Daily,
            IcalRecurFreq::Weekly => Frequency::Weekly,
            IcalRecurFreq::Monthly => Frequency::Monthly,
            IcalRecurFreq::Yearly => Frequency::Yearly,
        };
        Self {
            frequency,
            interval: rule.interval.into(),
            count: rule.count,
            until: None,
            by_month,
            by_week_no: sorted(rule.by_week_no.into_iter().map(i64::from).collect()),
            by_year_day: sorted(rule.by_year_day.into_iter().map(i64::from).collect()),
            by_month_day: sorted(rule.by_month_day.into_iter().map(i64::from).collect()),
            by_day,
            by_hour: sorted(rule.by_hour.into_iter().map(i64::from).collect()),
            by_minute: sorted(rule.by_minute.into_iter().map(i64::from).collect()),
            by_second: sorted(rule.by_second.into_iter().map(i64::from).collect()),
            by_set_pos: sorted(rule.by_set_pos.into_iter().map(i64::from).collect()),
            week_start: rule.week_start as u8,
            skip: match rule.skip {
                IcalRecurSkip::Omit => Skip::Omit,
                IcalRecurSkip::Backward => Skip::Backward,
                IcalRecurSkip::Forward => Skip::Forward,
            },
            scale: None,
            scale_months: Vec::new(),
            unsupported: false,
        }
    }

    /// The calendar that a rule counts in, if it is not the Gregorian.
    pub(crate) fn foreign_scale(value: &str) -> Option<&str> {
        part(value, "RSCALE").filter(|scale| !scale.eq_ignore_ascii_case("GREGORIAN"))
    }

    /// UNTIL with its form, which ical-rs doesn't keep.
    fn until(value: &str) -> Result<Option<Until>, ValueError> {
        let Some(text) = part(value, "UNTIL") else {
            return Ok(None);
        };
        let local = LocalTime::parse(text)?;
        Ok(Some(if text.ends_with(['Z', 'z']) {
            Until::Utc(local.0)
        } else if text.len() == 8 {
            // A date beside a DTSTART with a time (some clients) means all of that day.
            Until::Local(LocalTime(local.0 + crate::value::DAY - 1))
        } else {
            Until::Local(local)
        }))
    }

    /// How often it repeats.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Whether it generates nothing because its calendar is not known: RFC 7529 §5.
    pub(crate) fn is_unsupported(&self) -> bool {
        self.unsupported
    }

    /// Whether it has neither COUNT nor UNTIL.
    pub fn is_endless(&self) -> bool {
        self.count.is_none() && self.until.is_none()
    }

    /// The most days from one time that it generates to the next, for ever; none if that is not
    /// plain from its parts. All of them are at the same time of day, that of DTSTART.
    pub(crate) fn days_between_max(&self, start: LocalTime) -> Option<i64> {
        let others = [
            &self.by_week_no,
            &self.by_year_day,
            &self.by_hour,
            &self.by_minute,
            &self.by_second,
            &self.by_set_pos,
        ];
        let is_plain = self.scale.is_none()
            && !self.unsupported
            && self.by_month.is_empty()
            && others.into_iter().all(Vec::is_empty);
        if !is_plain {
            return None;
        }
        let of_each_week = self.by_day.iter().all(|(ordinal, _)| ordinal.is_none());
        // Days that every month has.
        let mut ordinals = self.by_day.iter().map(|(ordinal, _)| ordinal.unwrap_or(1));
        let mut days = self.by_month_day.iter();
        let each_month = ordinals.any(|n| n.abs() <= 4);
        let each_day = days.any(|day| (1..=28).contains(&day.abs()));
        let (by_day, by_month_day) = (!self.by_day.is_empty(), !self.by_month_day.is_empty());
        match (self.frequency, by_day, by_month_day) {
            (Frequency::Daily, false, false) => Some(self.interval),
            (Frequency::Daily, true, false) if self.interval == 1 && of_each_week => Some(7),
            (Frequency::Weekly, _, false) if of_each_week => self.interval.checked_mul(7),
            (Frequency::Monthly, false, false) if start.date().2 <= 28 && self.interval == 1 => {
                Some(31)
            }
            (Frequency::Monthly, false, true) if each_day && self.interval == 1 => Some(31),
            (Frequency::Monthly, true, false) if each_month && self.interval == 1 => Some(35),
            _ => None,
        }
    }

    /// Whether no month has any of its days, as in `BYMONTH=2;BYMONTHDAY=30`: it could be searched
    /// for ever.
    pub(crate) fn is_impossible(&self) -> bool {
        let longest = |month: &u8| i64::from(crate::value::days_in_month(2000, *month));
        self.skip == Skip::Omit
            && self.scale.is_none()
            && !self.by_month.is_empty()
            && !self.by_month_day.is_empty()
            && self.frequency != Frequency::Weekly
            && self.by_month.iter().all(|month| {
                self.by_month_day
                    .iter()
                    .all(|day| day.abs() > longest(month))
            })
    }
}

/// A part of a rule.
fn part<'v>(value: &'v str, wanted: &str) -> Option<&'v str> {
    value.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let found = name.trim().eq_ignore_ascii_case(wanted);
        found.then(|| value.trim())
    })
}
