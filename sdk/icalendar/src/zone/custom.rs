//! A zone as a VTIMEZONE describes it: RFC 5545 §3.6.5.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::{Resolved, Shift};
use crate::budget::Budget;
use crate::component::Component;
use crate::recurrence::{Frequency, Rule, Until, Walk};
use crate::value::{DAY, LocalTime, utc_offset};

/// How many steps finding the transitions of one stretch of time may take. A yearly rule takes
/// some ten a year.
const WORK: u64 = 20_000;

/// How many steps a zone may take in all: whoever asks about distant times in turn asks for more.
const WORK_TOTAL: u64 = 5_000_000;

/// How many observances are read. Zones with a long past have some hundred.
const OBSERVANCES: usize = 1000;

/// The most days in a year and a bit.
const YEAR: i64 = 400 * DAY;

/// A zone of a VTIMEZONE.
#[derive(Debug)]
pub struct Custom {
    observances: Vec<Observance>,
    /// The offset before anything is said.
    first: i32,
    known: RefCell<Known>,
}

/// A STANDARD or DAYLIGHT component.
#[derive(Debug)]
struct Observance {
    start: LocalTime,
    from: i32,
    to: i32,
    rules: Vec<Rule>,
    dates: Vec<LocalTime>,
}

/// When an offset comes into force, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transition {
    utc: i64,
    to: i32,
}

/// The transitions of a stretch of time, which grows with what is asked about.
#[derive(Debug, Default)]
struct Known {
    /// In UTC; both 0 at first.
    start: i64,
    end: i64,
    before: i32,
    transitions: Vec<Transition>,
    /// How many steps it took, and what was known before it.
    work: u64,
}

impl Known {
    /// How many transitions there are up to a time, that included.
    fn index(&self, utc: i64) -> usize {
        self.transitions.partition_point(|t| t.utc <= utc)
    }

    fn offset(&self, index: usize) -> i32 {
        index
            .checked_sub(1)
            .and_then(|last| self.transitions.get(last))
            .map_or(self.before, |t| t.to)
    }
}

impl Custom {
    pub(super) fn read(component: &Component<'_>) -> Option<Self> {
        let observances: Vec<Observance> = component
            .components()
            .filter(|c| c.is("STANDARD") || c.is("DAYLIGHT"))
            .filter_map(Observance::read)
            .take(OBSERVANCES)
            .collect();
        let first = observances
            .iter()
            .min_by_key(|o| o.start.0 - i64::from(o.from))?
            .from;
        Some(Self {
            observances,
            first,
            known: RefCell::default(),
        })
    }

    pub(super) fn offset_at(&self, utc: i64) -> i32 {
        self.reach(utc, utc);
        let known = self.known.borrow();
        known.offset(known.index(utc))
    }

    pub(super) fn resolve(&self, local: i64) -> Resolved {
        // Offsets are shorter than a day.
        self.reach(local - DAY, local + DAY);
        let known = self.known.borrow();
        let (first, last) = (known.index(local - DAY), known.index(local + DAY));
        let at = |index| local - i64::from(known.offset(index));
        if first == last {
            return Resolved::Unique(at(first));
        }
        // The offsets that are in force at the time at which they make clocks show this one.
        let mut fitting = (first..=last)
            .map(|index| (index, at(index)))
            .filter(|(index, utc)| known.index(*utc) == *index)
            .map(|(_, utc)| utc);
        match (fitting.next(), fitting.next_back()) {
            (Some(one), Some(other)) => Resolved::Fold(one.min(other), one.max(other)),
            (Some(one), None) => Resolved::Unique(one),
            // In the gap of the transition that is the first to be over by the offset before it.
            (None, _) => {
                let index = (first..last)
                    .find(|index| known.index(at(*index)) > *index)
                    .unwrap_or(first);
                Resolved::Gap(at(index), at(index + 1))
            }
        }
    }

    pub(super) fn shifts(&self, from: i64, to: i64) -> Vec<Shift> {
        self.reach(from, to);
        let known = self.known.borrow();
        let (first, last) = (known.index(from), known.index(to));
        (first..last)
            .filter_map(|index| {
                Some(Shift {
                    utc: known.transitions.get(index)?.utc,
                    before: known.offset(index),
                    after: known.offset(index + 1),
                })
            })
            .collect()
    }

    /// Sees to it that the transitions of this time are known.
    fn reach(&self, from: i64, to: i64) {
        let known = self.known.borrow();
        if from > known.start && to < known.end {
            return;
        }
        let (mut start, mut end) = (from - 2 * YEAR, to + 2 * YEAR);
        // What is known already will be asked about again, and what follows it, too.
        if known.end > known.start {
            let length = known.end - known.start;
            if to >= known.end {
                end += length.min(100 * YEAR);
            }
            if start.max(known.start) - end.min(known.end) < 400 * YEAR {
                start = start.min(known.start);
                end = end.max(known.end);
            }
        }
        let done = known.work;
        if done > WORK_TOTAL {
            return;
        }
        drop(known);
        let mut stretch = self.stretch(start, end);
        stretch.work += done;
        *self.known.borrow_mut() = stretch;
    }

    fn stretch(&self, start: i64, end: i64) -> Known {
        let mut transitions = Vec::new();
        let mut budget = Budget::new(WORK, 0);
        let mut before: Option<Transition> = None;
        for observance in &self.observances {
            observance.between(start, end, &mut budget, &mut transitions);
            before = before.max(observance.last_before(start, &mut budget));
        }
        transitions.sort_unstable();
        transitions.dedup_by_key(|t| t.utc);
        Known {
            start,
            end,
            before: before.map_or(self.first, |t| t.to),
            transitions,
            work: budget.work_done() + self.observances.len() as u64,
        }
    }
}

impl Observance {
    fn read(component: &Component<'_>) -> Option<Self> {
        let offset = |name| utc_offset(component.property(name)?.value()).ok();
        let from = offset("TZOFFSETFROM")?;
        let to = offset("TZOFFSETTO")?;
        let start = component.property("DTSTART")?.time().ok()?.local;
        let rules = component
            .properties_named("RRULE")
            .filter_map(|p| Rule::read(p.value()).ok())
            // Clocks are not changed every day: what claims so only wants us to work.
            .filter(|rule| rule.frequency() >= Frequency::Monthly)
            .collect();
        let dates = component
            .properties_named("RDATE")
            .flat_map(|p| p.times().filter_map(Result::ok).collect::<Vec<_>>())
            .map(|time| time.local)
            .collect();
        Some(Self {
            start,
            from,
            to,
            rules,
            dates,
        })
    }

    fn transition(&self, local: LocalTime) -> Transition {
        Transition {
            utc: local.0 - i64::from(self.from),
            to: self.to,
        }
    }

    /// UNTIL on the clock of DTSTART, which is that before the transition.
    fn until(&self, rule: &Rule) -> Option<LocalTime> {
        rule.until.map(|until| match until {
            Until::Local(local) => local,
            Until::Utc(utc) => LocalTime(utc + i64::from(self.from)),
        })
    }

    /// All transitions from the one time up to the other. What takes too much work is left out.
    fn between(&self, start: i64, end: i64, budget: &mut Budget, out: &mut Vec<Transition>) {
        let within = |t: &Transition| (start..end).contains(&t.utc);
        let stated = std::iter::once(&self.start).chain(&self.dates);
        out.extend(stated.map(|local| self.transition(*local)).filter(within));
        for rule in &self.rules {
            let walk = Walk {
                rule,
                start: self.start,
                until: self.until(rule),
                from: LocalTime(start + i64::from(self.from)),
                to: LocalTime(end + i64::from(self.from)),
            };
            let walked = walk.run(budget, &|_| false, &mut |local, _| {
                out.push(self.transition(local));
                Ok(ControlFlow::Continue(()))
            });
            if walked.is_err() {
                return;
            }
        }
    }

    /// The last transition before a time.
    fn last_before(&self, utc: i64, budget: &mut Budget) -> Option<Transition> {
        let mut found = Vec::new();
        self.between(utc - YEAR, utc, budget, &mut found);
        if found.is_empty() && self.transition(self.start).utc < utc {
            // Nothing in the last year: what is ended has its last one before its end.
            let ended = self
                .rules
                .iter()
                .filter_map(|rule| self.until(rule))
                .map(|until| until.0 - i64::from(self.from) + 1)
                .filter(|until| *until < utc)
                .max();
            match ended {
                Some(ended) => self.between(ended - YEAR, ended, budget, &mut found),
                None if self.rules.is_empty() => {}
                None => self.between(i64::MIN / 2, utc, budget, &mut found),
            }
            let stated = std::iter::once(&self.start).chain(&self.dates);
            let before = |t: &Transition| t.utc < utc;
            found.extend(stated.map(|local| self.transition(*local)).filter(before));
        }
        found.into_iter().max()
    }
}
