//! Whether something overlaps a range of time: the tables of RFC 4791 §9.9.

use std::ops::ControlFlow;

use super::entry::Entry;
use super::{Instance, Range, Series};
use crate::budget::{Budget, Exceeded};
use crate::component::Component;
use crate::object::Kind;
use crate::property::Property;
use crate::value::{Period, PeriodEnd};
use crate::zone::Zones;

impl<'c> Series<'c> {
    /// Whether any instance overlaps a range.
    ///
    /// Fails if the budget runs out.
    pub fn overlaps(&self, range: Range, budget: &mut Budget) -> Result<bool, Exceeded> {
        self.any(range, budget, &mut |_| true)
    }

    /// Whether any instance overlaps a range of which the component passes.
    ///
    /// Fails if the budget runs out.
    pub fn any(
        &self,
        range: Range,
        budget: &mut Budget,
        passes: &mut dyn FnMut(&Component<'c>) -> bool,
    ) -> Result<bool, Exceeded> {
        for entry in self.entries.iter().filter(|entry| entry.start.is_none()) {
            if self.undated_overlaps(entry, range) && passes(entry.component) {
                return Ok(true);
            }
        }
        let found = self.visit(range, budget, &mut |instance, budget| {
            if !self.instance_overlaps(instance, range) {
                return Ok(ControlFlow::Continue(()));
            }
            budget.instance()?;
            Ok(if passes(instance.component) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(found.is_break())
    }

    pub(super) fn instance_overlaps(&self, instance: &Instance<'c>, range: Range) -> bool {
        let Some(entry) = self.entries.get(instance.entry) else {
            return false;
        };
        let (start, end) = (instance.start, instance.end);
        match entry.kind {
            Kind::Event | Kind::Journal | Kind::Poll => range.overlaps(start, end),
            Kind::Todo => todo_overlaps(entry, start, end, range),
            Kind::FreeBusy if entry.has.end => range.start <= end && range.end > start,
            Kind::FreeBusy => self.periods_overlap(entry, range),
            // RFC 7953 §3.1: without an end it goes on.
            Kind::Availability if !entry.has.end && !entry.has.duration => range.end > start,
            Kind::Availability => range.overlaps(start, end),
        }
    }

    pub(super) fn undated_overlaps(&self, entry: &Entry<'c>, range: Range) -> bool {
        match entry.kind {
            Kind::Event | Kind::Journal | Kind::Poll => false,
            Kind::FreeBusy => self.periods_overlap(entry, range),
            Kind::Availability if entry.has.end => {
                let end = entry
                    .component
                    .property("DTEND")
                    .and_then(|p| p.time().ok());
                end.is_none_or(|end| range.start < self.zones.utc(&end))
            }
            Kind::Availability => true,
            Kind::Todo => match (entry.has.completed, entry.has.created) {
                (Some(completed), Some(created)) => {
                    (range.start <= created || range.start <= completed)
                        && (range.end >= created || range.end >= completed)
                }
                (Some(completed), None) => range.start <= completed && range.end >= completed,
                (None, Some(created)) => range.end > created,
                (None, None) => true,
            },
        }
    }

    fn periods_overlap(&self, entry: &Entry<'c>, range: Range) -> bool {
        entry
            .component
            .properties_named("FREEBUSY")
            .any(|property| period_overlaps(property, &self.zones, range))
    }
}

fn todo_overlaps(entry: &Entry<'_>, start: i64, end: i64, range: Range) -> bool {
    let has = entry.has;
    match (has.start, has.end, has.duration) {
        // DUE beside DURATION is not in the table: DUE says more.
        (true, true, _) => {
            (range.start < end || range.start <= start) && (range.end > start || range.end >= end)
        }
        (true, false, true) => range.start <= end && (range.end > start || range.end >= end),
        (true, false, false) => range.start <= start && range.end > start,
        (false, ..) => range.start < end && range.end >= end,
    }
}

fn period_overlaps(property: &Property<'_>, zones: &Zones<'_>, range: Range) -> bool {
    property.periods().filter_map(Result::ok).any(|period| {
        let (start, end) = period_utc(&period, zones);
        range.start < end && range.end > start
    })
}

/// A period in UTC seconds. One without an end lasts no time.
pub(crate) fn period_utc(period: &Period<'_>, zones: &Zones<'_>) -> (i64, i64) {
    let start = zones.utc(&period.start);
    let end = match &period.end {
        Some(PeriodEnd::Time(end)) => zones.utc(end),
        Some(PeriodEnd::Duration(duration)) => start + duration.approximate_seconds(),
        None => start,
    };
    (start, end)
}

/// Whether the value of a property is in a range, for a CALDAV:prop-filter with a
/// CALDAV:time-range. Of a DATE, its first second counts.
pub fn property_overlaps(property: &Property<'_>, zones: &Zones<'_>, range: Range) -> bool {
    if property.is("FREEBUSY") {
        return period_overlaps(property, zones, range);
    }
    property
        .times()
        .filter_map(Result::ok)
        .any(|time| range.contains(zones.utc(&time)))
}

/// Whether a component's DTEND or DUE is in a range although it has none, because DTSTART and
/// DURATION say when it is: RFC 4791 §9.9, "the 'effective' DTEND".
pub fn effective_end_overlaps<'c, 'a: 'c>(
    component: &'c Component<'a>,
    zones: &Zones<'c>,
    range: Range,
) -> bool {
    let Some(kind) = Kind::of_name(component.name()) else {
        return false;
    };
    let entry = Entry::read(component, kind, zones);
    let Some(start) = entry.start.filter(|_| entry.has.start && !entry.has.end) else {
        return false;
    };
    let (_, end) = entry.extent.after(start.local, start.utc(), &start.zone);
    entry.has.duration && range.contains(end)
}
