//! Ranges of time.

/// A range of time in UTC seconds, from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first second; `i64::MIN` if it is open.
    pub start: i64,
    /// The first second after it; `i64::MAX` if it is open.
    pub end: i64,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self {
        start: i64::MIN,
        end: i64::MAX,
    };

    /// A range that is open where nothing is given, as CALDAV:time-range is: RFC 4791 §9.9.
    pub fn new(start: Option<i64>, end: Option<i64>) -> Self {
        Self {
            start: start.unwrap_or(i64::MIN),
            end: end.unwrap_or(i64::MAX),
        }
    }

    /// The same with so many seconds more on both ends.
    pub(crate) fn widened(self, before: i64, after: i64) -> Self {
        Self {
            start: self.start.saturating_sub(before),
            end: self.end.saturating_add(after),
        }
    }

    /// Whether a time is in it.
    pub fn contains(self, time: i64) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether it has a time in common with what lasts from one time up to another; with what
    /// lasts no time, if that is in it.
    pub fn overlaps(self, start: i64, end: i64) -> bool {
        if start >= end {
            self.contains(start)
        } else {
            self.start < end && start < self.end
        }
    }
}
