//! Busy time: RFC 4791 §7.10, RFC 5545 §3.6.4, RFC 7953 §5.

mod availability;
mod intervals;
mod write;

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component};
use crate::object::Kind;
use crate::property::Property;
use crate::series::{Range, Series, period_utc};
use crate::zone::{Zone, Zones};
use availability::Availability;
use intervals::{Interval, merge, subtract};
pub use write::Answer;

/// In which way time is busy: FBTYPE, RFC 5545 §3.2.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusyType {
    /// BUSY.
    Busy,
    /// BUSY-UNAVAILABLE.
    Unavailable,
    /// BUSY-TENTATIVE.
    Tentative,
}

impl BusyType {
    /// All, what counts most first.
    pub const ALL: [Self; 3] = [Self::Busy, Self::Unavailable, Self::Tentative];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "BUSY",
            Self::Unavailable => "BUSY-UNAVAILABLE",
            Self::Tentative => "BUSY-TENTATIVE",
        }
    }

    /// Reads FBTYPE or BUSYTYPE; none if it is free time. What nobody knows is busy: RFC 5545
    /// §3.2.9.
    fn read(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("FREE") {
            return None;
        }
        Some(match name {
            _ if name.eq_ignore_ascii_case("BUSY-UNAVAILABLE") => Self::Unavailable,
            _ if name.eq_ignore_ascii_case("BUSY-TENTATIVE") => Self::Tentative,
            _ => Self::Busy,
        })
    }
}

/// How many instances one object may have in a range, before they are taken for all of it.
const INSTANCES_MAX: u64 = 5000;

/// Time that is busy in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BusyPeriod {
    /// Its first second, in UTC.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
    /// In which way.
    pub busy_type: BusyType,
}

/// The busy time of someone within a range.
#[derive(Clone, Debug)]
pub struct Busy {
    range: Range,
    /// By type: what events and free-busy objects take.
    taken: [Vec<Interval>; 3],
    availability: Availability,
}

impl Busy {
    /// None yet.
    pub fn new(range: Range) -> Self {
        Self {
            range,
            taken: Default::default(),
            availability: Availability::default(),
        }
    }

    /// Adds the busy time of an object: of its VEVENTs, VFREEBUSYs and VAVAILABILITYs. The
    /// addresses are those of whose time it is, as `mailto:…`: an event that they have declined
    /// takes none of it. Floating times are in this zone.
    ///
    /// An object that alone takes too much is busy from its start on, tentatively, as far as it is not
    /// known: else the time would seem free, or one object would keep all others from being told.
    ///
    /// Fails if the budget runs out.
    pub fn add(
        &mut self,
        calendar: &Calendar<'_>,
        floating: &Zone,
        addresses: &[&str],
        budget: &mut Budget,
    ) -> Result<(), Exceeded> {
        let series = Series::of(calendar, floating.clone());
        for component in calendar.components() {
            match Kind::of_name(component.name()) {
                Some(Kind::FreeBusy) => self.add_periods(component, series.zones()),
                Some(Kind::Availability) => {
                    let (availability, range) = (&mut self.availability, self.range);
                    budget.share(INSTANCES_MAX, |budget| {
                        availability.add(component, series.zones(), range, budget)
                    })?;
                }
                _ => {}
            }
        }
        let range = self.range;
        let taken = &mut self.taken;
        // Instances of one component, which may have many attendees, come together.
        let mut last: Option<(*const Component<'_>, Option<BusyType>)> = None;
        let all = budget.share(INSTANCES_MAX, |budget| {
            series.events(range, budget, &mut |instance| {
                let component: *const Component<'_> = instance.component;
                let busy_type = match last {
                    Some((known, busy_type)) if known == component => busy_type,
                    _ => event_type(instance.component, addresses),
                };
                last = Some((component, busy_type));
                if let Some(busy_type) = busy_type {
                    take(taken, range, instance.start, instance.end, busy_type);
                }
            })
        })?;
        let mut events = calendar.components().filter(|event| event.is("VEVENT"));
        if all.is_none() && events.any(|event| event_type(event, addresses).is_some()) {
            let start = series.earliest().unwrap_or(range.start);
            take(taken, range, start, range.end, BusyType::Tentative);
        }
        Ok(())
    }

    fn add_periods(&mut self, component: &Component<'_>, zones: &Zones<'_>) {
        for property in component.properties_named("FREEBUSY") {
            let name = property.param("FBTYPE").unwrap_or_default();
            let Some(busy_type) = BusyType::read(&name) else {
                continue;
            };
            for period in property.periods().filter_map(Result::ok) {
                let (start, end) = period_utc(&period, zones);
                take(&mut self.taken, self.range, start, end, busy_type);
            }
        }
    }

    /// The busy time by its start, within the range. Periods of one type don't overlap or touch.
    pub fn periods(&self) -> Vec<BusyPeriod> {
        let taken = self.taken.each_ref().map(|list| merge(list.clone()));
        let all = merge(taken.iter().flatten().copied().collect());
        let mut periods = Vec::new();
        for ((busy_type, taken), unavailable) in BusyType::ALL
            .into_iter()
            .zip(&taken)
            .zip(&self.availability.by_type())
        {
            // Events are laid over what availability says: RFC 7953 §5.
            let mut list = subtract(unavailable, &all);
            list.extend(taken);
            periods.extend(merge(list).into_iter().map(|(start, end)| BusyPeriod {
                start,
                end,
                busy_type,
            }));
        }
        periods.sort_unstable();
        periods
    }
}

/// Takes what is in the range.
fn take(taken: &mut [Vec<Interval>; 3], range: Range, start: i64, end: i64, busy_type: BusyType) {
    let (start, end) = (start.max(range.start), end.min(range.end));
    if start < end {
        let [busy, unavailable, tentative] = taken;
        match busy_type {
            BusyType::Busy => busy.push((start, end)),
            BusyType::Unavailable => unavailable.push((start, end)),
            BusyType::Tentative => tentative.push((start, end)),
        }
    }
}

/// In which way an event makes busy, by TRANSP and STATUS (RFC 4791 §7.10) and by PARTSTAT.
fn event_type(component: &Component<'_>, addresses: &[&str]) -> Option<BusyType> {
    let is = |name: &str, value: &str| {
        component
            .property(name)
            .is_some_and(|p| p.value().trim_ascii().eq_ignore_ascii_case(value))
    };
    if is("TRANSP", "TRANSPARENT") || is("STATUS", "CANCELLED") {
        return None;
    }
    let own = |p: &&Property<'_>| {
        let value = p.value().trim();
        addresses.iter().any(|own| value.eq_ignore_ascii_case(own))
    };
    let partstat = component
        .properties_named("ATTENDEE")
        .find(own)
        .map(|p| p.param("PARTSTAT").unwrap_or("NEEDS-ACTION".into()));
    let answered = |value: &str| {
        partstat
            .as_ref()
            .is_some_and(|partstat| partstat.eq_ignore_ascii_case(value))
    };
    if answered("DECLINED") || answered("DELEGATED") {
        return None;
    }
    if is("STATUS", "TENTATIVE") || answered("TENTATIVE") || answered("NEEDS-ACTION") {
        return Some(BusyType::Tentative);
    }
    Some(BusyType::Busy)
}
