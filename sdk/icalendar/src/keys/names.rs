//! The names of keys that say when objects are: how certain they are of it.

use crate::object::Kind;
use crate::series::Range;
use crate::value::DAY;

/// The longest times that stretches leave free, in seconds, and the names of their keys. Whole days,
/// weeks, fortnights and months are a bit longer where clocks are changed.
pub(super) const GRAINS: [(i64, &str); 4] = [
    (0, "at"),
    (8 * DAY, "at-8"),
    (16 * DAY, "at-16"),
    (36 * DAY, "at-36"),
];

/// The names of events, those of finer grains first.
const EVENT: [&str; 5] = ["at", "at-8", "at-16", "at-36", "may-be-event"];

/// The names of whatever there is, in the same order.
const ANY: [&str; 10] = [
    "at",
    "at-8",
    "at-16",
    "at-36",
    "may-be-event",
    "may-be-todo",
    "may-be-journal",
    "may-be-freebusy",
    "may-be-availability",
    "may-be-poll",
];

/// The names of what lies beyond the horizon, of the kinds that recur.
const BEYOND: [&str; 3] = ["beyond-event", "beyond-todo", "beyond-journal"];

/// The names of the keys under which an index finds what is in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// What is found under these is in the range, by RFC 4791 §9.9.
    pub certain: &'static [&'static str],
    /// What is found under these has to be looked at.
    pub possible: &'static [&'static str],
    /// The same, because its keys do not reach so far: they can be made anew ([`super::Keys::of`]).
    pub beyond: &'static [&'static str],
}

impl Names {
    /// All under which there is what makes somebody busy: events, free-busy objects, availability.
    pub const BUSY: [&'static str; 8] = [
        "at",
        "at-8",
        "at-16",
        "at-36",
        "may-be-event",
        "beyond-event",
        "may-be-freebusy",
        "may-be-availability",
    ];

    /// Those for objects of a kind in a range, of any kind if none is given.
    pub fn of(kind: Option<Kind>, range: Range) -> Self {
        let length = range.end.saturating_sub(range.start);
        let certain = match kind {
            None | Some(Kind::Event) => GRAINS.iter().filter(|(gap, _)| *gap < length).count(),
            Some(_) => 0,
        };
        let (certain, possible) = Self::all(kind)
            .split_at_checked(certain)
            .unwrap_or_default();
        Self {
            certain,
            possible,
            beyond: Self::beyond(kind),
        }
    }

    pub(super) fn beyond(kind: Option<Kind>) -> &'static [&'static str] {
        match kind {
            None => &BEYOND,
            Some(Kind::Event) => &["beyond-event"],
            Some(Kind::Todo) => &["beyond-todo"],
            Some(Kind::Journal) => &["beyond-journal"],
            Some(Kind::FreeBusy | Kind::Availability | Kind::Poll) => &[],
        }
    }

    fn all(kind: Option<Kind>) -> &'static [&'static str] {
        match kind {
            None => &ANY,
            Some(Kind::Event) => &EVENT,
            Some(Kind::Todo) => &["may-be-todo"],
            Some(Kind::Journal) => &["may-be-journal"],
            Some(Kind::FreeBusy) => &["may-be-freebusy"],
            Some(Kind::Availability) => &["may-be-availability"],
            Some(Kind::Poll) => &["may-be-poll"],
        }
    }
}

/// The name for what may be.
pub(super) fn possible_name(kind: Kind) -> &'static str {
    Names::all(Some(kind)).last().copied().unwrap_or_default()
}
