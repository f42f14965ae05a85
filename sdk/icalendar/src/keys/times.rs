//! When an object is, as an index keeps it, and what to ask the index for.
//!
//! A series that goes on for years is a few stretches of time, each with the longest time that it
//! leaves free: whoever asks about a longer range than that, anywhere in the stretch, is sure to meet
//! an instance. Birthdays are kept one by one. What is not known for certain (what lies beyond the
//! horizon, what has no time zone of its own, tasks, which RFC 4791 §9.9 has many rules for) is found
//! too, under another name, and has to be looked at.

use crate::budget::Budget;
use crate::object::Kind;
use crate::series::{Instance, Range, Series};
use crate::value::DAY;

/// What stands for "always before" and "always after" in intervals: the years 0 and 10000.
pub const DISTANT: (i64, i64) = (-62_167_219_200, 253_402_300_800);

/// The longest times that stretches leave free, in seconds, and the names of their keys. Whole days,
/// weeks, fortnights and months are a bit longer where clocks are changed.
const GRAINS: [(i64, &str); 4] = [
    (0, "at"),
    (8 * DAY, "at-8"),
    (16 * DAY, "at-16"),
    (36 * DAY, "at-36"),
];

/// The names of events, those of finer grains first.
const EVENT: [&str; 5] = ["at", "at-8", "at-16", "at-36", "may-be-event"];

/// So few stretches are no reason to look for a coarser grain.
const FEW: usize = 8;

/// The most intervals, for what happens rarely: birthdays of a century.
const INTERVALS_MAX: usize = 120;

/// What is not certain is one interval if it is no farther apart than this: whoever looks for a month
/// finds what happens each month.
pub(super) const GAP: i64 = 40 * DAY;

/// Floating times are somewhere within this, in any zone that ever was: local mean time in Alaska
/// and Manila was more than 15 hours from Greenwich's.
const FLOATING: i64 = 16 * 3600;

/// How far ahead a series is known that nothing but its rule says anything about.
const HORIZON: i64 = 40 * 366 * DAY;

/// A stretch of time in which an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Its first second, in UTC.
    pub start: i64,
    /// The first second after it. A stretch that ends where it begins is a moment.
    pub end: i64,
    /// Under which name the index keeps it.
    pub name: &'static str,
}

/// The names of the keys under which an index finds what is in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// What is found under these is in the range, by RFC 4791 §9.9.
    pub certain: &'static [&'static str],
    /// What is found under these has to be looked at.
    pub possible: &'static [&'static str],
}

impl Names {
    /// All under which there is what makes somebody busy: events, free-busy objects, availability.
    pub const BUSY: &'static [&'static str] = &[
        "at",
        "at-8",
        "at-16",
        "at-36",
        "may-be-event",
        "may-be-freebusy",
        "may-be-availability",
    ];

    /// Those for objects of a kind in a range.
    pub fn of(kind: Kind, range: Range) -> Self {
        let length = range.end.saturating_sub(range.start);
        let certain = match kind {
            Kind::Event => GRAINS.iter().filter(|(gap, _)| *gap < length).count(),
            _ => 0,
        };
        let (certain, possible) = Self::all(kind)
            .split_at_checked(certain)
            .unwrap_or_default();
        Self { certain, possible }
    }

    /// All for objects of a kind.
    pub fn all(kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Event => &EVENT,
            Kind::Todo => &["may-be-todo"],
            Kind::Journal => &["may-be-journal"],
            Kind::FreeBusy => &["may-be-freebusy"],
            Kind::Availability => &["may-be-availability"],
            Kind::Poll => &["may-be-poll"],
        }
    }
}

/// The name for what may be.
fn possible_name(kind: Kind) -> &'static str {
    Names::all(kind).last().copied().unwrap_or_default()
}

/// When an object of a kind is.
pub(super) fn of(series: &Series<'_>, kind: Kind) -> Vec<Stretch> {
    let Some(first) = series.earliest().filter(|_| !series.has_undated()) else {
        // A VTODO without a time is at any time, so is availability, and the rest at none.
        let at_any_time = series.has_undated().then_some(DISTANT);
        return at_any_time
            .map(|all| may_be(kind, all))
            .into_iter()
            .collect();
    };
    let first = first.clamp(DISTANT.0, DISTANT.1);
    if kind == Kind::Event && !series.is_floating() {
        return certain(series, first);
    }
    // Other kinds are also found at the very end of a range.
    let slack = i64::from(kind != Kind::Event)
        + match series.is_floating() {
            true => FLOATING,
            false => 0,
        };
    let widened = possible(series, first)
        .into_iter()
        .map(|(start, end)| (start.saturating_sub(slack), end.saturating_add(slack)));
    widened.map(|interval| may_be(kind, interval)).collect()
}

fn may_be(kind: Kind, interval: (i64, i64)) -> Stretch {
    let (start, end) = clamp(interval);
    let name = possible_name(kind);
    Stretch { start, end, name }
}

/// What is known of when a series is.
struct Known {
    /// From when until when each instance lasts.
    each: Vec<(i64, i64)>,
    /// Up to when these are all; none if there are no others.
    until: Option<i64>,
}

/// The instances of a series: all, or as many as are enough.
fn instances(
    series: &Series<'_>,
    first: i64,
    is_enough: impl Fn(&[(i64, i64)], i64) -> bool,
) -> Known {
    let mut known = Known {
        each: Vec::new(),
        until: Some(first),
    };
    let mut budget = Budget::new(50_000, 1500);
    if !series.is_endless() {
        if let Ok(all) = series.instances(Range::ALL, &mut budget) {
            known.each = all.iter().map(lasting).collect();
            known.until = None;
        }
        return known;
    }
    // What is only due is in a range that begins before that.
    let (mut until, mut ahead) = (first - 1, GAP * 10);
    while until < first + 120 * 366 * DAY && until < DISTANT.1 && !is_enough(&known.each, until) {
        let range = Range::new(Some(until), Some(until + ahead));
        let Ok(more) = series.instances(range, &mut budget) else {
            break;
        };
        known.each.extend(more.iter().map(lasting));
        until += ahead;
        ahead *= 2;
    }
    known.until = Some(until.max(first));
    known
}

/// A moment lasts a second, as in the index.
fn lasting(instance: &Instance<'_>) -> (i64, i64) {
    let start = instance.start;
    (start, instance.end.max(start.saturating_add(1)))
}

/// When it is for certain, and when it may be besides.
fn certain(series: &Series<'_>, first: i64) -> Vec<Stretch> {
    let many = |each: &[_], _| each.len() >= INTERVALS_MAX;
    let (mut known, gap) = match steady(series, first) {
        Some((known, gap)) => (known, gap),
        None => (instances(series, first, many), 0),
    };
    known.each.sort_unstable();
    let mut runs = Vec::new();
    for (grain, _) in GRAINS.iter().filter(|(grain, _)| gap <= *grain) {
        runs = join(&known.each, *grain);
        if runs.len() <= FEW {
            break;
        }
    }
    if let Some(cut) = runs.get(INTERVALS_MAX) {
        known.until = Some(cut.start);
        runs.truncate(INTERVALS_MAX);
    } else if let (true, Some(until), Some(last)) = (gap > 0, known.until, runs.last_mut()) {
        last.end = last.end.max(until);
        last.gap = last.gap.max(gap);
    }
    let more = known
        .until
        .map(|until| may_be(Kind::Event, (until, DISTANT.1)));
    runs.into_iter().map(Run::stretch).chain(more).collect()
}

/// What is known of a series that nothing but a simple rule says anything about after its first
/// instances: those, and until when others follow with no longer gaps than this.
fn steady(series: &Series<'_>, first: i64) -> Option<(Known, i64)> {
    let horizon = (first + HORIZON).min(DISTANT.1);
    let steady = series.steady(horizon)?;
    let gap = steady.gap;
    let after = steady.from.saturating_add(2 * gap);
    let until = horizon - gap;
    if gap > GRAINS.last()?.0 || after >= until {
        return None;
    }
    let range = Range::new(None, Some(after));
    let all = series.instances(range, &mut Budget::new(50_000, 1500));
    let each: Vec<_> = all.ok()?.iter().map(lasting).collect();
    let until = Some(until);
    (!each.is_empty()).then_some((Known { each, until }, gap))
}

/// When it may be.
fn possible(series: &Series<'_>, first: i64) -> Vec<(i64, i64)> {
    let open = |until| (until, DISTANT.1);
    // More than once in each gap is one stretch for ever.
    let enough = |each: &[_], until| {
        let mut each = each.to_vec();
        each.push(open(until));
        each.sort_unstable();
        each.len() > INTERVALS_MAX || (each.len() > 10 && join(&each, GAP).len() == 1)
    };
    let mut known = instances(series, first, enough);
    known.each.extend(known.until.map(open));
    known.each.sort_unstable();
    let few = known.until.is_none() && known.each.len() <= 32;
    at_most(&known.each, if few { 0 } else { GAP })
}

/// A stretch of instances.
struct Run {
    start: i64,
    end: i64,
    /// The longest time that they leave free.
    gap: i64,
}

impl Run {
    fn stretch(self) -> Stretch {
        let name = GRAINS.iter().find(|(grain, _)| self.gap <= *grain);
        let (start, end) = clamp((self.start, self.end));
        let name = name.map_or(possible_name(Kind::Event), |(_, name)| *name);
        Stretch { start, end, name }
    }
}

/// Joins sorted intervals that leave no more than this free between them.
fn join(sorted: &[(i64, i64)], gap: i64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &(start, end) in sorted {
        match runs.last_mut() {
            Some(run) if start <= run.end.saturating_add(gap) => {
                run.gap = run.gap.max(start.saturating_sub(run.end));
                run.end = run.end.max(end);
            }
            _ => runs.push(Run { start, end, gap: 0 }),
        }
    }
    runs
}

/// The same, the last ones as one if they are too many.
pub(super) fn at_most(sorted: &[(i64, i64)], gap: i64) -> Vec<(i64, i64)> {
    let mut runs = join(sorted, gap);
    let rest = runs.iter().skip(INTERVALS_MAX).map(|run| run.end).max();
    runs.truncate(INTERVALS_MAX);
    if let (Some(end), Some(last)) = (rest, runs.last_mut()) {
        last.end = last.end.max(end);
    }
    let each = runs.into_iter().map(|run| clamp((run.start, run.end)));
    each.collect()
}

pub(super) fn clamp((start, end): (i64, i64)) -> (i64, i64) {
    let start = start.clamp(DISTANT.0, DISTANT.1);
    (start, end.clamp(start, DISTANT.1))
}
