//! What a calendar object is found by in an index: plain values that the module turns into keys.
//!
//! An object is never missed by its intervals; that one is found which is not meant happens, unless
//! they are [`exact`](Keys::exact). There is no clock here, so how far ahead single instances are
//! told apart is by their number: what follows them is one interval without end.

use crate::budget::Budget;
use crate::component::Calendar;
use crate::object::{Kind, Object};
use crate::series::{Range, Series};
use crate::value::DAY;
use crate::zone::Zone;

/// Changes whenever the keys of an object do.
pub const KEYS_VERSION: u32 = 1;

/// What stands for "always before" and "always after" in intervals: the years 0 and 10000.
pub const DISTANT: (i64, i64) = (-62_167_219_200, 253_402_300_800);

/// The most instances that are told apart if they lie close.
const EXACT_MAX: usize = 32;

/// The most intervals, for what happens rarely: birthdays of a century.
const INTERVALS_MAX: usize = 120;

/// Instances that are no farther from each other are one interval: whoever looks for a month finds
/// what happens each month.
const GAP: i64 = 40 * DAY;

/// Floating times are somewhere within this, in any zone that ever was: local mean time in Alaska
/// and Manila was more than 15 hours from Greenwich's.
const FLOATING: i64 = 16 * 3600;

/// The longest text for words, in bytes.
const WORDS_MAX: usize = 4096;

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The UID.
    pub object_uid: String,
    /// What it is.
    pub kind: Kind,
    /// The organizer's address, in lower case.
    pub organizer: Option<String>,
    /// The categories, in lower case.
    pub categories: Vec<String>,
    /// Summary, place and description.
    pub words: String,
    /// When it is, in UTC seconds: from the first up to the second. An empty one is a moment.
    pub intervals: Vec<(i64, i64)>,
    /// Whether the intervals are those of RFC 4791 §9.9, so that nobody needs to look at the
    /// object again to know that it is in a range of time.
    pub exact: bool,
    /// When its alarms go off: within these.
    pub alarms: Vec<(i64, i64)>,
}

impl Keys {
    /// The keys of a stored calendar; none if there is no calendar object in it.
    pub fn of(calendar: &Calendar<'_>) -> Option<Self> {
        let object = Object::of(calendar)?;
        let series = Series::of(calendar, Zone::Utc);
        let mut categories = Vec::new();
        let mut words = String::new();
        for component in object.components() {
            for property in component.properties_named("CATEGORIES") {
                categories.extend(property.text_list().map(|item| item.trim().to_lowercase()));
            }
            for name in ["SUMMARY", "LOCATION", "DESCRIPTION"] {
                let text = component.text(name).unwrap_or_default();
                for word in text.split_whitespace() {
                    if words.len() + word.len() < WORDS_MAX {
                        words.push_str(word);
                        words.push(' ');
                    }
                }
            }
        }
        categories.retain(|category| !category.is_empty());
        categories.sort_unstable();
        categories.dedup();
        let (mut intervals, mut exact) = intervals(&series);
        if object.kind() != Kind::Event {
            // Other kinds are also found at the very end of a range.
            widen(&mut intervals, 1);
            exact = false;
        }
        if series.is_floating() {
            widen(&mut intervals, FLOATING);
            exact = false;
        }
        let alarms = alarms(&series, &object, &intervals);
        Some(Self {
            object_uid: object.object_uid().to_owned(),
            kind: object.kind(),
            organizer: object.organizer(),
            categories,
            words,
            intervals,
            exact,
            alarms,
        })
    }
}

fn widen(intervals: &mut [(i64, i64)], by: i64) {
    for (start, end) in intervals {
        *start = start.saturating_sub(by).max(DISTANT.0);
        *end = end.saturating_add(by).min(DISTANT.1);
    }
}

/// Intervals, and whether they are exact.
fn intervals(series: &Series<'_>) -> (Vec<(i64, i64)>, bool) {
    let all = vec![DISTANT];
    // A VTODO without a time is at any time, so is availability, and the rest at none.
    if series.has_undated() {
        return (all, false);
    }
    let Some(first) = series.earliest() else {
        return (Vec::new(), true);
    };
    let first = first.clamp(DISTANT.0, DISTANT.1);
    let open = (vec![(first, DISTANT.1)], false);
    let mut budget = Budget::new(50_000, 450);
    if !series.is_endless() {
        return match series.instances(Range::ALL, &mut budget) {
            Ok(found) if found.len() <= EXACT_MAX => {
                let each = found.iter().map(|i| clamp((i.start, i.end)));
                (each.collect(), true)
            }
            Ok(found) => (runs(found.iter().map(|i| (i.start, i.end)), None), false),
            Err(_) => open,
        };
    }
    // Looks ahead until it is clear how often it happens.
    let mut found: Vec<(i64, i64)> = Vec::new();
    let mut known = first;
    let mut ahead = GAP * 10;
    while found.len() < INTERVALS_MAX && known < first + 120 * 366 * DAY && known < DISTANT.1 {
        let range = Range::new(Some(known), Some(known + ahead));
        let Ok(more) = series.instances(range, &mut budget) else {
            break;
        };
        found.extend(more.iter().map(|i| (i.start, i.end)));
        known += ahead;
        ahead *= 2;
        // More than once in each gap, so that it will be one run for ever.
        if found.len() > 9 && runs(found.iter().copied(), Some(known)).len() == 1 {
            return open;
        }
    }
    (runs(found.into_iter(), Some(known)), false)
}

fn clamp((start, end): (i64, i64)) -> (i64, i64) {
    let start = start.clamp(DISTANT.0, DISTANT.1);
    (start, end.clamp(start, DISTANT.1))
}

/// Joins what lies close. What is not known to have ended goes on without end from the time up to
/// which it is known.
fn runs(each: impl Iterator<Item = (i64, i64)>, known: Option<i64>) -> Vec<(i64, i64)> {
    let mut each: Vec<(i64, i64)> = each.collect();
    each.extend(known.map(|known| (known, DISTANT.1)));
    each.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (start, end) in each.into_iter().map(clamp) {
        let full = runs.len() == INTERVALS_MAX;
        match runs.last_mut() {
            Some(run) if full || start <= run.1.saturating_add(GAP) => run.1 = run.1.max(end),
            _ => runs.push((start, end)),
        }
    }
    runs
}

/// When alarms may go off, given when the object is.
fn alarms(series: &Series<'_>, object: &Object<'_>, intervals: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    let mut reach: Option<(i64, i64)> = None;
    for component in object.components() {
        for alarm in series.alarms(component) {
            if alarm.is_absolute() {
                let (first, last) = alarm.times(None, series);
                found.push(clamp((first, last.saturating_add(1))));
            } else {
                let (earlier, later) = alarm.within();
                let (e, l) = reach.unwrap_or((earlier, later));
                reach = Some((e.min(earlier), l.max(later)));
            }
        }
    }
    if let Some((earlier, later)) = reach {
        let around = |(start, end): &(i64, i64)| {
            clamp((
                start.saturating_add(earlier),
                end.saturating_add(later).saturating_add(1),
            ))
        };
        found.extend(intervals.iter().map(around));
    }
    if found.len() > INTERVALS_MAX {
        found = runs(found.into_iter(), None);
    }
    found.sort_unstable();
    found.dedup();
    found
}
