//! Observances: the periods of a constant offset that a zone's time consists of. RFC 7808 §3.5.

use super::bounded;
use super::zone::{Zone, timestamp};
use jiff_core::tz::OffsetInfo;

/// A period of a constant offset, up to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observance {
    /// When it begins, in UTC.
    pub onset: i64,
    /// The offset before, in seconds ahead of UTC.
    pub from: i32,
    /// The offset from now on, in seconds ahead of UTC.
    pub to: i32,
    /// Whether it is daylight saving time.
    pub daylight: bool,
    /// The abbreviation, such as `CEST`.
    pub name: String,
}

impl Observance {
    /// What clocks showed when it began, had they not been changed. RFC 5545 §3.6.5 counts in it.
    pub fn local_onset(&self) -> i64 {
        self.onset.saturating_add(self.from.into())
    }

    /// Whether this one differs from another only by when it begins.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.from, self.to, self.daylight) == (other.from, other.to, other.daylight)
            && self.name == other.name
    }

    fn is(&self, state: &OffsetInfo) -> bool {
        self.to == state.offset().seconds()
            && self.daylight == state.dst().is_dst()
            && self.name == state.abbreviation().as_str()
    }

    fn next(&self, onset: i64, state: &OffsetInfo) -> Self {
        Self {
            onset,
            from: self.to,
            to: state.offset().seconds(),
            daylight: state.dst().is_dst(),
            name: state.abbreviation().as_str().to_owned(),
        }
    }
}

impl Zone {
    /// The observance in effect at `start`, as if it began there, and those that begin later but
    /// before `end`. There are two a year at most, but for some hundred of the past.
    pub fn observances(&self, start: i64, end: i64) -> Vec<Observance> {
        let (start, end) = (bounded(start), bounded(end));
        let mut observances = vec![self.first_observance(Some(start))];
        let mut at = timestamp(start);
        while let Some(transition) = self.rules.next_transition(at) {
            at = transition.timestamp();
            if at.as_second() >= end {
                break;
            }
            push(
                &mut observances,
                at.as_second(),
                &transition.into_offset_info(),
            );
        }
        observances
    }

    /// The observance in effect at `start`, as if it began there; if it does begin there, it says
    /// what was before. Without a start: the first of all.
    pub(crate) fn first_observance(&self, start: Option<i64>) -> Observance {
        // Older than any transition.
        const ANCIENT: i64 = -100_000_000_000;
        let (at, before) = start.map_or((ANCIENT, ANCIENT), |start| (start, start - 1));
        let state = self.state_at(at);
        Observance {
            onset: at,
            from: self.offset_at(before),
            to: state.offset().seconds(),
            daylight: state.dst().is_dst(),
            name: state.abbreviation().as_str().to_owned(),
        }
    }

    /// The last time that the data lists, whether or not anything changed then.
    pub(crate) fn listed_until(&self) -> i64 {
        let last = self.rules.transitions.timestamps.last();
        last.map_or(i64::MIN, |last| last.as_second())
    }

    /// The first observance of all, and those that begin at times which the data lists; after them
    /// there is a rule, or nothing changes any more.
    pub(crate) fn listed_observances(&self) -> Vec<Observance> {
        let transitions = &self.rules.transitions;
        let listed = transitions.timestamps.iter().zip(transitions.infos.iter());
        let mut observances = vec![self.first_observance(None)];
        // The reader has put one before all others, which is the state at the beginning.
        for (onset, _) in listed.skip(1) {
            let onset = onset.as_second();
            push(&mut observances, onset, &self.state_at(onset));
        }
        observances
    }
}

/// Adds an observance; one that changes nothing is none.
fn push(observances: &mut Vec<Observance>, onset: i64, state: &OffsetInfo) {
    if let Some(last) = observances.last().filter(|last| !last.is(state)) {
        let next = last.next(onset, state);
        observances.push(next);
    }
}
