//! When an object is, as an index keeps it, and what to ask the index for.
//!
//! A series that goes on for years is a few stretches of time, each with the longest time that it
//! leaves free: whoever asks about a longer range than that, anywhere in the stretch, is sure to meet
//! an instance. Birthdays are kept one by one. What is not known for certain (what has no time zone
//! of its own, tasks, which RFC 4791 §9.9 has many rules for) is found too, under another name, and
//! has to be looked at. So is what lies beyond the horizon, under a name that says so: keys that are
//! made anew can have it farther away.

use super::names::{GRAINS, Names, possible_name};
use crate::budget::Budget;
use crate::object::Kind;
use crate::series::{Instance, Range, Series};
use crate::value::DAY;

/// What stands for "always before" and "always after" in intervals: the years 0 and 10000.
pub const DISTANT: (i64, i64) = (-62_167_219_200, 253_402_300_800);

/// So few stretches are no reason to look for a coarser grain.
const FEW: usize = 8;

/// The most intervals, for what happens rarely: birthdays of a century.
const INTERVALS_MAX: usize = 120;

/// The same of an object whose horizon was moved: birthdays since the Gregorian calendar.
const MOVED_INTERVALS_MAX: usize = 480;

/// What is not certain is one interval if it is no farther apart than this: whoever looks for a month
/// finds what happens each month.
pub(super) const GAP: i64 = 40 * DAY;

/// Floating times are somewhere within this, in any zone that ever was: local mean time in Alaska
/// and Manila was more than 15 hours from Greenwich's.
const FLOATING: i64 = 16 * 3600;

/// How far ahead a series is known that nothing but its rule says anything about.
const HORIZON: i64 = 40 * 366 * DAY;

/// How much farther than was asked for a horizon moves, or it would move with each day that is asked
/// about.
const AHEAD: i64 = 20 * 366 * DAY;

/// How far from the first instance a horizon moves at most: zones and rules are walked up to there.
const FARTHEST: i64 = 600 * 366 * DAY;

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

/// The most intervals of an object whose horizon is where it was, or was moved.
pub(super) fn intervals_max(reach: Option<i64>) -> usize {
    match reach {
        Some(_) => MOVED_INTERVALS_MAX,
        None => INTERVALS_MAX,
    }
}

/// How much of a series is wanted in its keys.
#[derive(Clone, Copy)]
struct Wanted {
    /// When it begins.
    first: i64,
    /// Up to when somebody has looked, and found that the keys did not reach so far.
    reach: Option<i64>,
}

impl Wanted {
    /// What going through the instances may cost.
    fn budget(self) -> Budget {
        match self.reach {
            Some(_) => Budget::new(500_000, 15_000),
            None => Budget::new(50_000, 1500),
        }
    }

    /// Whether what is known up to a time is all that was asked for.
    fn is_reached(self, until: i64) -> bool {
        self.reach.is_none_or(|reach| until >= reach)
    }

    /// What there may be after all that is known. What could not be known that was asked for will
    /// not be known the next time either: that is nothing to be asked for again.
    fn rest(self, kind: Kind, until: i64) -> Stretch {
        let beyond = Names::beyond(Some(kind)).first();
        let name = beyond.filter(|_| self.is_reached(until));
        let (start, end) = clamp((until, DISTANT.1));
        let name = name.copied().unwrap_or_else(|| possible_name(kind));
        Stretch { start, end, name }
    }
}

/// When an object of a kind is, known up to a time if that is possible.
pub(super) fn of(series: &Series<'_>, kind: Kind, reach: Option<i64>) -> Vec<Stretch> {
    let Some(first) = series.earliest().filter(|_| !series.has_undated()) else {
        // A VTODO without a time is at any time, so is availability, and the rest at none.
        let at_any_time = series.has_undated().then_some(DISTANT);
        return at_any_time
            .map(|all| may_be(kind, all))
            .into_iter()
            .collect();
    };
    let first = first.clamp(DISTANT.0, DISTANT.1);
    // What floats is a bit earlier or later for some.
    let reach = reach.map(|reach| reach.saturating_add(2 * DAY).min(DISTANT.1));
    let wanted = Wanted { first, reach };
    if kind == Kind::Event && !series.is_floating() {
        return certain(series, wanted);
    }
    // Other kinds are also found at the very end of a range.
    let slack = i64::from(kind != Kind::Event)
        + match series.is_floating() {
            true => FLOATING,
            false => 0,
        };
    let widened = possible(series, kind, wanted).into_iter().map(|stretch| {
        let (start, end) = (stretch.start - slack, stretch.end + slack);
        let (start, end) = clamp((start, end));
        Stretch {
            start,
            end,
            ..stretch
        }
    });
    widened.collect()
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
    wanted: Wanted,
    is_enough: impl Fn(&[(i64, i64)], i64) -> bool,
) -> Known {
    let first = wanted.first;
    let mut known = Known {
        each: Vec::new(),
        until: Some(first),
    };
    let mut budget = wanted.budget();
    if !series.is_endless() {
        if let Ok(all) = series.instances(Range::ALL, &mut budget) {
            known.each = all.iter().map(lasting).collect();
            known.until = None;
        }
        return known;
    }
    let last = match wanted.reach {
        Some(reach) => reach.saturating_add(AHEAD).min(first + FARTHEST),
        None => first + 120 * 366 * DAY,
    };
    // What is only due is in a range that begins before that.
    let (mut until, mut ahead) = (first - 1, GAP * 10);
    while until < last.min(DISTANT.1) && !is_enough(&known.each, until) {
        let end = match wanted.reach {
            Some(_) => (until + ahead).min(last),
            None => until + ahead,
        };
        let range = Range::new(Some(until), Some(end));
        let Ok(more) = series.instances(range, &mut budget) else {
            break;
        };
        known.each.extend(more.iter().map(lasting));
        until = end;
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
fn certain(series: &Series<'_>, wanted: Wanted) -> Vec<Stretch> {
    let max = intervals_max(wanted.reach);
    let many = |each: &[_], _| each.len() >= max && wanted.reach.is_none();
    let (mut known, gap) = match steady(series, wanted) {
        Some((known, gap)) => (known, gap),
        None => (instances(series, wanted, many), 0),
    };
    known.each.sort_unstable();
    let mut runs = Vec::new();
    for (grain, _) in GRAINS.iter().filter(|(grain, _)| gap <= *grain) {
        runs = join(&known.each, *grain);
        if runs.len() <= FEW {
            break;
        }
    }
    if let Some(cut) = runs.get(max) {
        known.until = Some(cut.start);
        runs.truncate(max);
    } else if let (true, Some(until), Some(last)) = (gap > 0, known.until, runs.last_mut()) {
        last.end = last.end.max(until);
        last.gap = last.gap.max(gap);
    }
    let more = known.until.map(|until| wanted.rest(Kind::Event, until));
    runs.into_iter().map(Run::stretch).chain(more).collect()
}

/// What is known of a series that nothing but a simple rule says anything about after its first
/// instances: those, and until when others follow with no longer gaps than this.
fn steady(series: &Series<'_>, wanted: Wanted) -> Option<(Known, i64)> {
    let first = wanted.first;
    let asked = wanted.reach.map(|reach| reach.saturating_add(AHEAD));
    let horizon = (first + HORIZON).max(asked.unwrap_or(first));
    let horizon = horizon.min(first + FARTHEST).min(DISTANT.1);
    let steady = series.steady(horizon)?;
    let gap = steady.gap;
    let after = steady.from.saturating_add(2 * gap);
    let until = horizon - gap;
    if gap > GRAINS.last()?.0 || after >= until {
        return None;
    }
    let range = Range::new(None, Some(after));
    let all = series.instances(range, &mut wanted.budget());
    let each: Vec<_> = all.ok()?.iter().map(lasting).collect();
    let until = Some(until);
    (!each.is_empty()).then_some((Known { each, until }, gap))
}

/// When it may be.
fn possible(series: &Series<'_>, kind: Kind, wanted: Wanted) -> Vec<Stretch> {
    let max = intervals_max(wanted.reach);
    // More than once in each gap is one stretch for ever.
    let always = |each: &[(i64, i64)], until| {
        let mut each = each.to_vec();
        each.push((until, DISTANT.1));
        each.sort_unstable();
        each.len() > 10 && join(&each, GAP).len() == 1
    };
    let enough =
        |each: &[_], until| (each.len() > max && wanted.reach.is_none()) || always(each, until);
    let mut known = instances(series, wanted, enough);
    known.each.sort_unstable();
    let few = known.until.is_none() && known.each.len() <= 32;
    let Some(mut until) = known.until else {
        let runs = at_most(&known.each, if few { 0 } else { GAP }, max);
        return runs.into_iter().map(|run| may_be(kind, run)).collect();
    };
    if always(&known.each, until) {
        let start = known.each.first().map_or(until, |(start, _)| *start);
        return vec![may_be(kind, (start.min(until), DISTANT.1))];
    }
    let mut runs = join(&known.each, GAP);
    if let Some(cut) = runs.get(max) {
        until = cut.start;
        runs.truncate(max);
    }
    let runs = runs
        .into_iter()
        .map(|run| may_be(kind, (run.start, run.end)));
    runs.chain([wanted.rest(kind, until)]).collect()
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
pub(super) fn at_most(sorted: &[(i64, i64)], gap: i64, max: usize) -> Vec<(i64, i64)> {
    let mut runs = join(sorted, gap);
    let rest = runs.iter().skip(max).map(|run| run.end).max();
    runs.truncate(max);
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
