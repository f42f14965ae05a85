//! Whether two zones are the same where an object has times in them.
//!
//! A VTIMEZONE mostly says how clocks are changed in its time, and not in the past that the IANA
//! database knows: what makes a difference is what they show when something is.

use std::rc::Rc;

use super::{Shift, Zone, Zones};
use crate::component::Component;
use crate::value::{DAY, Form, PeriodEnd};

/// How long after its last written time what recurs is looked at.
const RECURS: i64 = 10 * 366 * DAY;

/// Over how long two zones are compared: what claims to be longer is as if they were not the same.
const SPAN_MAX: i64 = 300 * 366 * DAY;

impl Zone {
    /// Whether clocks show the same in another zone from a time up to another, in UTC seconds.
    pub fn agrees(&self, other: &Self, from: i64, to: i64) -> bool {
        let is_one = match (self, other) {
            (Self::Utc, Self::Utc) => true,
            (Self::Iana(one), Self::Iana(other)) => Rc::ptr_eq(one, other),
            (Self::Custom(one), Self::Custom(other)) => Rc::ptr_eq(one, other),
            _ => false,
        };
        if is_one {
            return true;
        }
        let changes = |zone: &Self| {
            let mut shifts = zone.shifts(from, to);
            shifts.retain(|shift: &Shift| {
                shift.before != shift.after && from < shift.utc && shift.utc < to
            });
            shifts
        };
        to - from <= SPAN_MAX
            && self.offset_at(from) == other.offset_at(from)
            && changes(self) == changes(other)
    }
}

impl Zones<'_> {
    /// Whether a zone is the same as the one of a TZID for all times of the object that are in it.
    pub fn agree(&self, tzid: &str, other: &Zone) -> bool {
        let used = self.used(tzid);
        used.is_none_or(|(from, to)| self.find(tzid).agrees(other, from, to))
    }

    /// From when until when, in UTC seconds and generously, the object has times in the zone of a
    /// TZID; none if it has none.
    pub fn used(&self, tzid: &str) -> Option<(i64, i64)> {
        let mut span = None;
        let mut recurs = false;
        for component in self.calendar.calendar_components() {
            read(component, tzid, &mut span, &mut recurs);
        }
        let (first, last) = span?;
        let more = if recurs { RECURS } else { 0 };
        // Offsets are shorter than a day.
        Some((first - DAY, last + DAY + more))
    }
}

/// Widens a span of times on the clock of a zone by those of a component and all in it.
fn read(component: &Component<'_>, tzid: &str, span: &mut Option<(i64, i64)>, recurs: &mut bool) {
    let duration = component.property("DURATION");
    let duration = duration.and_then(|property| property.duration().ok());
    let lasts = duration.map_or(0, |duration| duration.approximate_seconds().max(0));
    for property in component.properties() {
        *recurs |= property.is("RRULE");
        if property.param("TZID").is_none() {
            continue;
        }
        for period in property.periods().filter_map(Result::ok) {
            if !matches!(&period.start.form, Form::Zoned(known) if known.trim() == tzid) {
                continue;
            }
            let start = period.start.local.0;
            let end = match &period.end {
                Some(PeriodEnd::Time(end)) => end.local.0,
                Some(PeriodEnd::Duration(length)) => start + length.approximate_seconds().max(0),
                None => start + lasts,
            };
            let (first, last) = span.unwrap_or((start, end));
            *span = Some((first.min(start), last.max(end).max(start)));
        }
    }
    for inner in component.components() {
        read(inner, tzid, span, recurs);
    }
}
