//! `VTIMEZONE` components of the database's zones, over all of time or a part of it.
//! RFC 5545 §3.6.5, RFC 7808 §3.9.

use super::Range;
use super::observance::Observance;
use super::rule::{Recurrence, Tail, Yearly};
use super::zone::Zone;

/// A `VTIMEZONE` component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vtimezone {
    /// `TZID`.
    pub(crate) tzid: String,
    /// `TZID-ALIAS-OF`, RFC 7808 §7.2.
    pub(crate) alias_of: Option<String>,
    /// `TZUNTIL`, RFC 7808 §7.1: UTC.
    pub(crate) until: Option<i64>,
    /// `STANDARD` and `DAYLIGHT` components.
    pub(crate) parts: Vec<Part>,
}

/// A `STANDARD` or `DAYLIGHT` component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its first observance.
    pub(crate) observance: Observance,
    /// The local onset of the first observance.
    pub(crate) start: i64,
    /// The local onsets of the others, where they are listed.
    pub(crate) dates: Vec<i64>,
    /// Their rule, where they have one.
    pub(crate) rule: Option<Recurrence>,
}

impl Part {
    fn new(observance: Observance) -> Self {
        Self {
            start: observance.local_onset(),
            observance,
            dates: Vec::new(),
            rule: None,
        }
    }
}

/// The beginning of time where nothing truncates it: 1601-01-01, which is that of Windows, so that
/// Outlook can read it.
const BEGINNING: i64 = -11_644_473_600;

impl Zone {
    /// Its `VTIMEZONE` component, under the name that is asked for.
    ///
    /// The rule that the zone follows now, and in the future, is an `RRULE`; what was irregular in
    /// the past is a list of dates. An end is said by `TZUNTIL`.
    pub fn vtimezone(&self, tzid: &str, range: Range) -> Vtimezone {
        let range = range.bounded();
        let tail = self.tail();
        let mut listed = self.listed_observances();
        let mut until = range.end;
        // When each of the rules comes into force.
        let mut since = [i64::MIN; 2];
        if let Tail::Yearly(rules) = &tail {
            since = leave_to(rules, self.listed_until(), &mut listed);
        } else if let (Tail::Unknown, Some(last)) = (&tail, listed.last()) {
            until = Some(range.end.unwrap_or(i64::MAX).min(last.onset + 1));
        }

        let mut first = Part::new(self.first_observance(range.start));
        if range.start.is_none() {
            first.start = BEGINNING;
        }
        let begin = range.start.unwrap_or(first.observance.onset);
        let end = range.end.unwrap_or(i64::MAX);
        let mut parts = vec![first];
        let inside = |onset: i64| onset > begin && onset < end;
        for observance in listed {
            if inside(observance.onset) {
                add(&mut parts, observance);
            }
        }
        if let Tail::Yearly(rules) = &tail {
            let rules = rules.iter().zip(since);
            parts.extend(
                { rules }.filter_map(|(rule, since)| yearly(rule, since.max(begin), range.end)),
            );
        }
        let name = self.name();
        Vtimezone {
            tzid: tzid.to_owned(),
            alias_of: self
                .alias_of()
                .or((tzid != name).then_some(name))
                .map(str::to_owned),
            until,
            parts,
        }
    }
}

/// Takes away the last of the listed observances as far as the rules give them, too, so that a rule
/// begins when it came into force and the list is short. Returns after which time each rule holds;
/// after `listed_until` both do, which may be long after the last change.
fn leave_to(rules: &[Yearly; 2], listed_until: i64, listed: &mut Vec<Observance>) -> [i64; 2] {
    let next = |utc| {
        let next = rules.each_ref().map(|rule| rule.after(utc));
        { next }.into_iter().min_by_key(|next| next.onset)
    };
    let last = listed.last().map_or(i64::MIN, |last| last.onset);
    if last < listed_until && next(last) != next(listed_until) {
        return [listed_until; 2];
    }
    while let [.., before, last] = listed.as_slice() {
        if next(before.onset).as_ref() != Some(last) {
            // The first of a rule may have come after something else.
            let first = |rule: &Yearly| rule.after(last.onset - 1) == *last;
            let since = rules
                .each_ref()
                .map(|rule| last.onset - i64::from(first(rule)));
            if since.iter().any(|&since| since < last.onset) {
                listed.pop();
            }
            return since;
        }
        listed.pop();
    }
    [listed.last().map_or(i64::MIN, |last| last.onset); 2]
}

/// Adds an observance to the component of those that are like it; the first component stands for
/// the beginning and takes no others.
fn add(parts: &mut Vec<Part>, observance: Observance) {
    let others = parts.iter_mut().skip(1);
    match { others }.find(|part| part.observance.is_like(&observance)) {
        Some(part) => part.dates.push(observance.local_onset()),
        None => parts.push(Part::new(observance)),
    }
}

/// The component of a rule, for the onsets after `begin` and before `end`; none if there are none.
fn yearly(rule: &Yearly, begin: i64, end: Option<i64>) -> Option<Part> {
    let mut part = Part::new(rule.after(begin));
    let onset = part.observance.onset;
    let last = end.map(|end| rule.before(end).onset);
    if last.is_some_and(|last| last < onset) {
        return None;
    }
    if last != Some(onset) {
        part.rule = rule.recurrence().map(|recurrence| Recurrence {
            until: last,
            ..recurrence
        });
    }
    Some(part)
}
