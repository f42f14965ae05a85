//! All that an object happens: its components, when each is, and which instances a range of time
//! has. RFC 5545 §3.8.5, §3.8.4.4; RFC 4791 §9.9.
//!
//! Reading is lenient: a stored object must never break a query. What can't be read is as if it
//! were not there.

mod alarm;
mod entry;
mod overlap;
mod range;
mod steady;
mod visit;

use std::ops::ControlFlow;
use std::rc::Rc;

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component};
use crate::object::Kind;
use crate::recurrence::Rule;
use crate::value::{LocalTime, Period, PeriodEnd};
use crate::zone::{Zone, Zones};
pub(crate) use entry::Stamp;
use entry::{Entry, Extent};
pub(crate) use overlap::period_utc;
pub use overlap::{effective_end_overlaps, property_overlaps};
pub use range::Range;
pub use visit::{Instance, InstanceId};

/// A calendar object in time.
pub struct Series<'c> {
    zones: Rc<Zones<'c>>,
    /// The components, time zones left out, in their order.
    entries: Vec<Entry<'c>>,
    /// The one without RECURRENCE-ID.
    master: Option<usize>,
    rules: Vec<Rule>,
    exclusions: Vec<Rule>,
    /// RDATEs on the master's clock, and how long each is, if it says so.
    dates: Vec<(LocalTime, Option<Extent>)>,
    /// What EXDATEs and overrides take away.
    without: Exclusions,
    /// The overrides with RANGE=THISANDFUTURE, by the time of their instance in UTC.
    futures: Vec<(i64, usize)>,
}

/// Instances that are not generated.
#[derive(Default)]
struct Exclusions {
    /// By UTC time; for a master with a DATE, by the local time of its midnight. Sorted.
    times: Vec<i64>,
    /// Days on the master's clock of which nothing is left. Sorted.
    days: Vec<i64>,
}

impl<'c> Series<'c> {
    /// Reads when the components of a calendar object are. DATEs and floating times are in this
    /// zone.
    pub fn of<'a>(calendar: &'c Calendar<'a>, floating: Zone) -> Self
    where
        'a: 'c,
    {
        let zones = Rc::new(Zones::new(calendar, floating));
        let components = calendar.components().map(|c| -> &'c Component<'c> { c });
        Self::read(components, zones)
    }

    /// Reads when some components of one UID are, in zones that are known already.
    pub(crate) fn of_components<'a: 'c>(
        components: impl IntoIterator<Item = &'c Component<'a>>,
        zones: &Zones<'c>,
    ) -> Self {
        let components = components.into_iter().map(|c| -> &'c Component<'c> { c });
        Self::read(components, Rc::new(zones.clone()))
    }

    fn read(components: impl Iterator<Item = &'c Component<'c>>, zones: Rc<Zones<'c>>) -> Self {
        let entries: Vec<Entry<'c>> = components
            .filter_map(|component| {
                let kind = Kind::of_name(component.name())
                    // AVAILABLE is when it is as events are: RFC 7953 §3.1.
                    .or_else(|| component.is("AVAILABLE").then_some(Kind::Event))?;
                Some(Entry::read(component, kind, &zones))
            })
            .collect();
        let master = entries.iter().position(|entry| entry.id.is_none());
        let mut series = Self {
            zones,
            entries,
            master,
            rules: Vec::new(),
            exclusions: Vec::new(),
            dates: Vec::new(),
            without: Exclusions::default(),
            futures: Vec::new(),
        };
        series.read_recurrence();
        series
    }

    fn master(&self) -> Option<(&Entry<'c>, &Stamp)> {
        let entry = self.entries.get(self.master?)?;
        Some((entry, entry.start.as_ref()?))
    }

    /// Whether it has more than one instance, or might have.
    pub fn is_recurring(&self) -> bool {
        !self.rules.is_empty() || !self.dates.is_empty() || self.entries.len() > 1
    }

    /// Whether it goes on for ever.
    pub fn is_endless(&self) -> bool {
        self.rules.iter().any(Rule::is_endless)
    }

    /// Whether when it is depends on the zone for floating times.
    pub fn is_floating(&self) -> bool {
        self.entries.iter().any(|entry| entry.floating)
    }

    /// Whether the DTSTART of all instances floats.
    pub(crate) fn master_floats(&self) -> Option<bool> {
        self.master().map(|(_, start)| start.floating)
    }

    /// When the first instance begins, in UTC seconds, or something before that.
    pub fn earliest(&self) -> Option<i64> {
        let starts = self.entries.iter().filter_map(|e| e.start.as_ref());
        let dates = self.master().map(|(_, start)| {
            self.dates
                .iter()
                .map(|(local, _)| start.zone.to_utc(*local))
        });
        starts
            .map(Stamp::utc)
            .chain(dates.into_iter().flatten())
            .min()
    }

    /// Whether it has a component that a range finds without its having a time.
    pub(crate) fn has_undated(&self) -> bool {
        self.entries.iter().any(|entry| match entry.kind {
            Kind::Todo => !entry.has.start && !entry.has.end,
            Kind::Availability => !entry.has.start || (!entry.has.end && !entry.has.duration),
            Kind::FreeBusy => !entry.has.end || !entry.has.start,
            Kind::Event | Kind::Journal | Kind::Poll => false,
        })
    }

    /// The components without a time that overlap a range all the same.
    pub(crate) fn undated(&self, range: Range) -> impl Iterator<Item = &'c Component<'c>> {
        self.entries
            .iter()
            .filter(move |entry| entry.start.is_none() && self.undated_overlaps(entry, range))
            .map(|entry| entry.component)
    }

    /// From when until when the first component is, open where it doesn't say: VAVAILABILITY.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let entry = self.entries.first()?;
        let end = match &entry.start {
            Some(start) if entry.has.end || entry.has.duration => {
                entry.extent.after(start.local, start.utc(), &start.zone).1
            }
            Some(_) => i64::MAX,
            None => {
                let end = entry
                    .component
                    .property("DTEND")
                    .and_then(|p| p.time().ok());
                end.map_or(i64::MAX, |end| self.zones.utc(&end))
            }
        };
        Some((entry.start.as_ref().map_or(i64::MIN, Stamp::utc), end))
    }

    /// The instances of VEVENTs that overlap a range, in no order.
    pub(crate) fn events(
        &self,
        range: Range,
        budget: &mut Budget,
        found: &mut dyn FnMut(&Instance<'c>),
    ) -> Result<(), Exceeded> {
        let _all = self.visit(range, budget, &mut |instance, budget| {
            let kind = self.entries.get(instance.entry).map(|entry| entry.kind);
            if kind == Some(Kind::Event) && self.instance_overlaps(instance, range) {
                budget.instance()?;
                found(instance);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(())
    }

    /// Where the overrides begin, sorted, that have to do with a range: that are in it, or of an instance
    /// that was. RFC 4791 §9.6.6.
    pub(crate) fn overrides_for(
        &self,
        range: Range,
        budget: &mut Budget,
    ) -> Result<Vec<u32>, Exceeded> {
        let mut kept = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(id) = &entry.id else { continue };
            budget.instance()?;
            let own = entry.start.as_ref().is_some_and(|start| {
                let instance = self.instance(index, entry, start.local, start, None, None);
                self.instance_overlaps(&instance, range)
            });
            let original = self.master().is_some_and(|(master, start)| {
                let local = start.local_of_stamp(id);
                let index = self.master.unwrap_or(0);
                let instance = self.instance(index, master, local, start, None, None);
                self.instance_overlaps(&instance, range)
            });
            if own || original || (entry.this_and_future && id.utc() < range.end) {
                kept.push(entry.component.line());
            }
        }
        Ok(kept)
    }

    /// The zones that its times are in.
    pub fn zones(&self) -> &Zones<'c> {
        &self.zones
    }

    fn read_recurrence(&mut self) {
        let Some((master, start)) = self.master() else {
            return;
        };
        let component = master.component;
        let rules = |name| -> Vec<Rule> {
            component
                .properties_named(name)
                .filter_map(|p| Rule::read(p.value()).ok())
                .collect()
        };
        let (found, exclusions) = (rules("RRULE"), rules("EXRULE"));
        let mut dates = Vec::new();
        for property in component.properties_named("RDATE") {
            for period in property.periods().filter_map(Result::ok) {
                let local = start.local_of(&period.start, &self.zones);
                dates.push((local, self.extent_of(&period)));
            }
        }
        let mut without = Exclusions::default();
        for property in component.properties_named("EXDATE") {
            for time in property.times().filter_map(Result::ok) {
                let local = start.local_of(&time, &self.zones);
                if time.is_date() {
                    // A date beside a DTSTART with a time (some clients) takes away that day.
                    without.days.push(local.days());
                } else {
                    without.times.push(start.key(local));
                }
            }
        }
        let mut futures = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(id) = &entry.id else { continue };
            without.times.push(start.key(start.local_of_stamp(id)));
            if entry.this_and_future && entry.start.is_some() {
                futures.push((id.utc(), index));
            }
        }
        without.times.sort_unstable();
        without.days.sort_unstable();
        futures.sort_unstable();
        self.futures = futures;
        self.rules = found;
        self.exclusions = exclusions;
        self.dates = dates;
        self.without = without;
    }

    /// How long a period is, if it says.
    fn extent_of(&self, period: &Period<'_>) -> Option<Extent> {
        Some(match period.end.as_ref()? {
            PeriodEnd::Duration(duration) => Extent::Nominal(*duration),
            PeriodEnd::Time(end) => {
                let seconds = self.zones.utc(end) - self.zones.utc(&period.start);
                Extent::Seconds(seconds.max(0))
            }
        })
    }
}
