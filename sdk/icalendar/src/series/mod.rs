//! All that an object happens: its components, when each is, and which instances a range of time
//! has. RFC 5545 §3.8.5, §3.8.4.4; RFC 4791 §9.9.
//!
//! Reading is lenient: a stored object must never break a query. What can't be read is as if it
//! were not there.

mod alarm;
mod entry;
mod overlap;
mod range;
mod visit;

use crate::component::Calendar;
use crate::object::Kind;
use crate::recurrence::Rule;
use crate::value::{LocalTime, Period, PeriodEnd};
use crate::zone::{Zone, Zones};
pub(crate) use entry::Stamp;
use entry::{Entry, Extent};
pub use overlap::property_overlaps;
pub use range::Range;
pub use visit::{Instance, InstanceId};

/// A calendar object in time.
pub struct Series<'c> {
    zones: Zones<'c>,
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
    /// The overrides with RANGE=THISANDFUTURE, by the time of their instance.
    futures: Vec<usize>,
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
        let zones = Zones::new(calendar, floating);
        let entries: Vec<Entry<'c>> = calendar
            .components()
            .filter_map(|component| {
                let kind = Kind::of_name(component.name())?;
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
        self.futures = futures.into_iter().map(|(_, index)| index).collect();
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
