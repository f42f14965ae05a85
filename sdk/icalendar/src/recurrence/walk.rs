//! Walking through the times that a rule generates.

use std::ops::ControlFlow;

use super::period::Days;
use super::periods::Periods;
use super::rule::{Frequency, Rule};
use crate::budget::{Budget, Exceeded};
use crate::value::{DAY, LocalTime};

/// What to walk: a rule from its DTSTART, as far as a window is concerned.
pub(crate) struct Walk<'r> {
    pub(crate) rule: &'r Rule,
    /// DTSTART on its own clock. It is an instance by itself and is not visited, but counts for
    /// COUNT: "The DTSTART property value always counts as the first occurrence".
    pub(crate) start: LocalTime,
    /// UNTIL on that clock, inclusive.
    pub(crate) until: Option<LocalTime>,
    /// The first time of interest.
    pub(crate) from: LocalTime,
    /// The first time that is not of interest any more.
    pub(crate) to: LocalTime,
}

/// What is told each time, and what is left of the budget.
type Visitor<'w> = &'w mut dyn FnMut(LocalTime, &mut Budget) -> Result<ControlFlow<()>, Exceeded>;

/// Where a walk is.
struct Progress<'w> {
    /// The last time to visit, inclusive.
    end: i64,
    from: i64,
    after: i64,
    /// How many more may be generated.
    left: Option<u32>,
    /// Whether clocks never show this time.
    in_gap: &'w dyn Fn(LocalTime) -> bool,
    visit: Visitor<'w>,
}

impl Walk<'_> {
    /// Visits what the rule generates after DTSTART and within the window, in order, until told to
    /// break. Tells whether it was.
    ///
    /// Times that `in_gap` tells not to exist are left out and don't count, as RFC 5545 §3.3.10
    /// has it. Fails if the budget runs out, in which case nothing may be concluded.
    pub(crate) fn run(
        &self,
        budget: &mut Budget,
        in_gap: &dyn Fn(LocalTime) -> bool,
        visit: Visitor<'_>,
    ) -> Result<ControlFlow<()>, Exceeded> {
        let rule = self.rule;
        if rule.is_unsupported() || rule.is_impossible() {
            return Ok(ControlFlow::Continue(()));
        }
        let end = (self.to.0 - 1)
            .min(self.until.map_or(i64::MAX, |until| until.0))
            .min(LocalTime::MAX.0);
        let mut progress = Progress {
            end,
            from: self.from.0,
            after: self.start.0,
            left: rule.count.map(|count| count.saturating_sub(1)),
            in_gap,
            visit,
        };
        // The end of what is generated comes out as a break, too.
        let done = if rule.frequency < Frequency::Daily {
            self.by_unit(budget, &mut progress)?
        } else {
            self.by_days(budget, &mut progress)?
        };
        Ok(match done {
            Some(Stop::Visitor) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    }

    /// From when on periods matter: all of them if they are counted.
    fn first(&self) -> i64 {
        // Weeks of a year reach into its neighbours, as a skipped day into the next month.
        let slack = if self.rule.frequency < Frequency::Daily {
            0
        } else {
            8 * DAY
        };
        match self.rule.count {
            Some(_) => self.start.0,
            None => (self.from.0 - slack).max(self.start.0),
        }
    }

    /// YEARLY to DAILY: periods of days.
    fn by_days(
        &self,
        budget: &mut Budget,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Stop>, Exceeded> {
        let periods = Periods::new(self.rule, self.start);
        let times = self.times();
        budget.work(times.len() as u64)?;
        let interval = self.rule.interval;
        let mut index = periods.ahead(LocalTime(self.first())).max(0) / interval * interval;
        let mut found = Vec::new();
        loop {
            found.clear();
            let Some((begins, tried)) = periods.days(index, &mut found) else {
                return Ok(None);
            };
            budget.work(1 + tried / 4)?;
            if begins * DAY > progress.end {
                return Ok(None);
            }
            found.sort_unstable();
            found.dedup();
            if let Some(stop) = self.period(&found, &times, budget, progress)? {
                return Ok(Some(stop));
            }
            index += interval;
        }
    }

    /// All times of a period, or those that BYSETPOS picks.
    fn period(
        &self,
        days: &[i64],
        times: &[i64],
        budget: &mut Budget,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Stop>, Exceeded> {
        let positions = &self.rule.by_set_pos;
        if !positions.is_empty() {
            let total = (days.len() * times.len()) as i64;
            let mut indices: Vec<i64> = positions
                .iter()
                .map(|at| if *at > 0 { at - 1 } else { total + at })
                .filter(|at| (0..total).contains(at))
                .collect();
            indices.sort_unstable();
            indices.dedup();
            budget.work(positions.len() as u64)?;
            let each = times.len() as i64;
            let at = |list: &[i64], index: i64| {
                usize::try_from(index)
                    .ok()
                    .and_then(|i| list.get(i).copied())
            };
            for index in indices {
                let (Some(day), Some(time)) = (at(days, index / each), at(times, index % each))
                else {
                    continue;
                };
                if let Some(stop) = progress.generate(day * DAY + time, budget)? {
                    return Ok(Some(stop));
                }
            }
            return Ok(None);
        }
        for day in days {
            // What isn't counted and lies before the window needn't be generated.
            if progress.left.is_none() && (day + 2) * DAY <= progress.from {
                continue;
            }
            budget.work(times.len() as u64)?;
            for time in times {
                if let Some(stop) = progress.generate(day * DAY + time, budget)? {
                    return Ok(Some(stop));
                }
            }
        }
        Ok(None)
    }

    /// The times of a day that has any, in seconds since midnight.
    fn times(&self) -> Vec<i64> {
        let second = self.start.second_of_day();
        let or = |list: &[i64], own: i64| {
            if list.is_empty() {
                vec![own]
            } else {
                list.to_vec()
            }
        };
        let seconds = or(&self.rule.by_second, second % 60);
        let minutes = or(&self.rule.by_minute, second / 60 % 60);
        let mut times = Vec::new();
        for hour in or(&self.rule.by_hour, second / 3600) {
            for minute in &minutes {
                times.extend(seconds.iter().map(|s| hour * 3600 + minute * 60 + s));
            }
        }
        times
    }

    /// HOURLY to SECONDLY: periods of seconds.
    fn by_unit(
        &self,
        budget: &mut Budget,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Stop>, Exceeded> {
        let rule = self.rule;
        let days = Days::new(rule, self.start);
        let unit = match rule.frequency {
            Frequency::Hourly => 3600,
            Frequency::Minutely => 60,
            _ => 1,
        };
        let step = unit * rule.interval;
        let base = self.start.0.div_euclid(unit) * unit;
        let mut at = base + (self.first() - base).max(0) / step * step;
        // The day that was admitted last, so that it needs no second look.
        let mut admitted = i64::MIN;
        while at <= progress.end {
            budget.work(1)?;
            let day = at.div_euclid(DAY);
            if day != admitted {
                if !days.admits(day) {
                    at = align(at, (day + 1) * DAY, step);
                    continue;
                }
                admitted = day;
            }
            if let Some(next) = self.gate(at) {
                at = align(at, next, step);
                continue;
            }
            let times = self.times_within(at);
            budget.work(times.len() as u64)?;
            let total = times.len() as i64;
            for (index, time) in (0..).zip(times) {
                let positions = &rule.by_set_pos;
                let picked = positions.is_empty()
                    || positions.contains(&(index + 1))
                    || positions.contains(&(index - total));
                if !picked {
                    continue;
                }
                if let Some(stop) = progress.generate(time, budget)? {
                    return Ok(Some(stop));
                }
            }
            at += step;
        }
        Ok(None)
    }

    /// When a part that limits a frequent rule could be met next, if it is not now.
    fn gate(&self, at: i64) -> Option<i64> {
        let rule = self.rule;
        let second = at.rem_euclid(DAY);
        let misses = |list: &[i64], value: i64| !list.is_empty() && !list.contains(&value);
        if misses(&rule.by_hour, second / 3600) {
            return Some(at.div_euclid(3600) * 3600 + 3600);
        }
        if rule.frequency < Frequency::Hourly && misses(&rule.by_minute, second / 60 % 60) {
            return Some(at.div_euclid(60) * 60 + 60);
        }
        if rule.frequency == Frequency::Secondly && misses(&rule.by_second, second % 60) {
            return Some(at + 1);
        }
        None
    }

    /// The times of one hour, minute or second.
    fn times_within(&self, at: i64) -> Vec<i64> {
        let rule = self.rule;
        let own = self.start.second_of_day();
        let or = |list: &[i64], own: i64| {
            if list.is_empty() {
                vec![own]
            } else {
                list.to_vec()
            }
        };
        match rule.frequency {
            Frequency::Hourly => {
                let seconds = or(&rule.by_second, own % 60);
                or(&rule.by_minute, own / 60 % 60)
                    .into_iter()
                    .flat_map(|minute| seconds.iter().map(move |s| at + minute * 60 + s))
                    .collect()
            }
            Frequency::Minutely => or(&rule.by_second, own % 60)
                .into_iter()
                .map(|second| at + second)
                .collect(),
            _ => vec![at],
        }
    }
}

/// Why a walk ended before its time.
enum Stop {
    /// The rule has no more.
    Rule,
    /// The visitor has enough.
    Visitor,
}

impl Progress<'_> {
    /// Takes one time that the rule has generated.
    fn generate(&mut self, time: i64, budget: &mut Budget) -> Result<Option<Stop>, Exceeded> {
        // DTSTART and what lies before it, or has been there already (days that were skipped to).
        if time <= self.after {
            return Ok(None);
        }
        if time > self.end {
            return Ok(Some(Stop::Rule));
        }
        self.after = time;
        let local = LocalTime(time);
        if let Some(0) = self.left {
            return Ok(Some(Stop::Rule));
        }
        let wanted = time >= self.from;
        if (wanted || self.left.is_some()) && (self.in_gap)(local) {
            return Ok(None);
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        if !wanted {
            return Ok(None);
        }
        Ok((self.visit)(local, budget)?
            .is_break()
            .then_some(Stop::Visitor))
    }
}

/// The first time at or after the target that is a multiple of steps after `at`.
fn align(at: i64, target: i64, step: i64) -> i64 {
    at + (target - at + step - 1).div_euclid(step) * step
}
