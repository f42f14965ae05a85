//! One component and when it is.

use crate::component::Component;
use crate::object::Kind;
use crate::property::Property;
use crate::value::{DAY, Duration, LocalTime, Time};
use crate::zone::{Zone, Zones};

/// A time in its zone.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) local: LocalTime,
    pub(crate) zone: Zone,
    pub(crate) date: bool,
    /// Without a zone of its own, or with one that nobody knows.
    pub(super) floating: bool,
}

/// How long something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Exactly so many seconds, as the time from DTSTART to DTEND: RFC 5545 §3.8.5.3.
    Seconds(i64),
    /// Whole days on the clock, and seconds after that.
    Nominal(Duration),
}

/// One component and when it is.
pub(super) struct Entry<'c> {
    pub(super) component: &'c Component<'c>,
    pub(super) kind: Kind,
    /// DTSTART. Of a VTODO without one, DUE: Apple's Reminders and Tasks.org let such recur.
    pub(super) start: Option<Stamp>,
    pub(super) extent: Extent,
    /// RECURRENCE-ID.
    pub(super) id: Option<Stamp>,
    pub(super) this_and_future: bool,
    pub(super) floating: bool,
    pub(super) has: Has,
}

/// Which of the properties that RFC 4791 §9.9 asks about are there.
#[derive(Clone, Copy, Default)]
pub(super) struct Has {
    pub(super) start: bool,
    /// DTEND or DUE.
    pub(super) end: bool,
    pub(super) duration: bool,
    pub(super) completed: Option<i64>,
    pub(super) created: Option<i64>,
}

impl Stamp {
    pub(crate) fn of(time: &Time<'_>, zones: &Zones<'_>) -> Self {
        Self {
            local: time.local,
            zone: zones.of(time),
            date: time.is_date(),
            floating: zones.is_floating(time),
        }
    }

    pub(crate) fn utc(&self) -> i64 {
        self.zone.to_utc(self.local)
    }

    /// What the clock of this stamp shows at another time. A time without a zone is on this very
    /// clock, also where this one has a zone: clients forget it on EXDATE and RECURRENCE-ID.
    pub(super) fn local_of(&self, time: &Time<'_>, zones: &Zones<'_>) -> LocalTime {
        self.local_of_stamp(&Self::of(time, zones))
    }

    pub(super) fn local_of_stamp(&self, other: &Self) -> LocalTime {
        if self.date {
            other.local.midnight()
        } else if other.date || other.floating {
            other.local
        } else {
            self.zone.to_local(other.utc())
        }
    }

    /// By what an instance at that local time is known.
    pub(super) fn key(&self, local: LocalTime) -> i64 {
        if self.date {
            local.0
        } else {
            self.zone.to_utc(local)
        }
    }
}

impl Extent {
    /// The time after so long, on the clock of a zone and in UTC.
    pub(super) fn after(self, local: LocalTime, utc: i64, zone: &Zone) -> (LocalTime, i64) {
        match self {
            Self::Seconds(0) => (local, utc),
            Self::Seconds(seconds) => (zone.to_local(utc + seconds), utc + seconds),
            Self::Nominal(duration) => {
                let day = LocalTime(local.0 + duration.days * DAY);
                let end = zone.to_utc(day) + duration.seconds;
                if duration.seconds == 0 {
                    (day, end)
                } else {
                    (zone.to_local(end), end)
                }
            }
        }
    }

    /// Not shorter than it can be.
    pub(super) fn seconds_max(self) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Nominal(duration) if duration.days == 0 => duration.seconds,
            Self::Nominal(duration) => duration.approximate_seconds() + DAY,
        }
    }
}

/// The first of each of the properties that decide when a component is. Found in one pass: there
/// are many objects to look at.
#[derive(Default)]
struct Times<'c> {
    start: Option<&'c Property<'c>>,
    /// DTEND, or of a VTODO DUE.
    end: Option<&'c Property<'c>>,
    duration: Option<&'c Property<'c>>,
    completed: Option<&'c Property<'c>>,
    created: Option<&'c Property<'c>>,
    id: Option<&'c Property<'c>>,
}

impl<'c> Times<'c> {
    fn of(component: &'c Component<'c>, kind: Kind) -> Self {
        let mut times = Self::default();
        let end = if kind == Kind::Todo { "DUE" } else { "DTEND" };
        for property in component.properties() {
            let name = property.name();
            let slot = match name.len() {
                7 if property.is("DTSTART") => &mut times.start,
                7 if property.is("CREATED") => &mut times.created,
                3 | 5 if property.is(end) => &mut times.end,
                8 if property.is("DURATION") => &mut times.duration,
                9 if property.is("COMPLETED") => &mut times.completed,
                13 if property.is("RECURRENCE-ID") => &mut times.id,
                _ => continue,
            };
            slot.get_or_insert(property);
        }
        times
    }
}

impl<'c> Entry<'c> {
    pub(super) fn read(component: &'c Component<'c>, kind: Kind, zones: &Zones<'c>) -> Self {
        let times = Times::of(component, kind);
        let stamp = |property: Option<&Property<'_>>| {
            let time = property?.time().ok()?;
            Some(Stamp::of(&time, zones))
        };
        let utc = |property| {
            let wanted = if kind == Kind::Todo { property } else { None };
            stamp(wanted).map(|stamp| stamp.utc())
        };
        let (start, end) = (stamp(times.start), stamp(times.end));
        let duration = times
            .duration
            .and_then(|p| p.duration().ok())
            // RFC 4791 §9.9: "Any DURATION property is ignored" in VFREEBUSY.
            .filter(|_| kind != Kind::FreeBusy);
        let has = Has {
            start: start.is_some(),
            end: end.is_some(),
            duration: duration.is_some(),
            completed: utc(times.completed),
            created: utc(times.created),
        };
        let extent = match (&start, &end, duration) {
            (Some(start), Some(end), _) => between(start, end),
            (Some(_), None, Some(duration)) if duration.approximate_seconds() >= 0 => {
                Extent::Nominal(duration)
            }
            (Some(start), None, None)
                if start.date && matches!(kind, Kind::Event | Kind::Journal) =>
            {
                whole_days(1)
            }
            _ => Extent::Seconds(0),
        };
        Self {
            component,
            kind,
            extent,
            id: stamp(times.id),
            this_and_future: times
                .id
                .and_then(|p| p.param("RANGE"))
                .is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE")),
            floating: start.iter().chain(&end).any(|stamp| stamp.floating),
            has,
            start: start.or(if kind == Kind::Todo { end } else { None }),
        }
    }
}

/// The length of time between two stamps; nothing if the second is the earlier one.
fn between(start: &Stamp, end: &Stamp) -> Extent {
    if start.date && end.date {
        whole_days((end.local.days() - start.local.days()).max(0))
    } else {
        Extent::Seconds((end.utc() - start.utc()).max(0))
    }
}

fn whole_days(days: i64) -> Extent {
    Extent::Nominal(Duration { days, seconds: 0 })
}
