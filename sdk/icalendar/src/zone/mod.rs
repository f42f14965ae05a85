//! Time zones: what clocks show, and when. RFC 5545 §3.2.19, §3.6.5.
//!
//! A VTIMEZONE in an object is what its client meant, so it holds, whatever the IANA database says
//! about the name; the database is for names without a (usable) VTIMEZONE: RFC 7809.

mod agree;
mod custom;
mod iana;

use std::cell::RefCell;
use std::rc::Rc;

use crate::component::{Calendar, Component};
use crate::known::Known;
use crate::value::{Form, LocalTime, Time};
use custom::Custom;
use iana::Iana;

/// A time zone. Copies are cheap.
#[derive(Clone, Debug)]
pub enum Zone {
    /// UTC.
    Utc,
    /// Of the IANA database.
    Iana(Rc<Iana>),
    /// Of a VTIMEZONE.
    Custom(Rc<Custom>),
}

thread_local! {
    /// The zones of the VTIMEZONEs read last: the objects of a calendar have the same one each, and
    /// to find its transitions takes longer than the rest of the object.
    static RECENT: RefCell<Vec<(Vec<u8>, Zone)>> = const { RefCell::new(Vec::new()) };
}

/// How many VTIMEZONEs are remembered.
const RECENT_MAX: usize = 8;

/// The longest VTIMEZONE that is remembered, in bytes.
const RECENT_BYTES: usize = 32 << 10;

/// How many time zones an object may use; to look for more would take long, and no client does.
const ZONES_MAX: usize = 200;

/// A change of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    /// When, in UTC seconds.
    pub(crate) utc: i64,
    /// How many seconds clocks are ahead of UTC before it.
    pub(crate) before: i32,
    /// And from then on.
    pub(crate) after: i32,
}

/// What a local time means in a zone, in UTC seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// This time.
    Unique(i64),
    /// Clocks show it twice, first at the one and then at the other time.
    Fold(i64, i64),
    /// Clocks never show it: the times by the offset before and by that after the gap.
    Gap(i64, i64),
}

impl Resolved {
    /// The time that a written DATE-TIME means: of two the first; in a gap, by the offset before
    /// it. RFC 5545 §3.3.5.
    pub fn utc(self) -> i64 {
        match self {
            Self::Unique(utc) | Self::Fold(utc, _) | Self::Gap(utc, _) => utc,
        }
    }
}

impl Zone {
    /// The zone that a TZID names without a VTIMEZONE: one of IANA (in any case, also after a
    /// prefix), of Windows, of Outlook.
    pub fn named(tzid: &str) -> Option<Self> {
        let tzid = tzid.trim();
        if ["UTC", "Z", "GMT", "Etc/UTC"]
            .iter()
            .any(|utc| tzid.eq_ignore_ascii_case(utc))
        {
            return Some(Self::Utc);
        }
        Iana::find(tzid).map(Self::Iana)
    }

    /// The zone that a VTIMEZONE describes. None if it doesn't: without a STANDARD or DAYLIGHT
    /// that has DTSTART and both offsets.
    pub fn of_component(component: &Component<'_>) -> Option<Self> {
        Known::zone(component, || Self::by_bytes(component))
    }

    fn by_bytes(component: &Component<'_>) -> Option<Self> {
        let is_it = |(bytes, _): &(Vec<u8>, Zone)| {
            component.strip_from(bytes).is_some_and(<[u8]>::is_empty)
        };
        RECENT.with_borrow_mut(|recent| {
            if let Some(at) = recent.iter().position(is_it) {
                recent.swap(0, at);
            } else {
                let zone = Self::Custom(Rc::new(Custom::read(component)?));
                let bytes = component.to_bytes();
                if bytes.len() > RECENT_BYTES {
                    return Some(zone);
                }
                recent.truncate(RECENT_MAX - 1);
                recent.insert(0, (bytes, zone));
            }
            recent.first().map(|(_, zone)| zone.clone())
        })
    }

    /// The zone of a stream with a VTIMEZONE, as in CALDAV:calendar-timezone: RFC 4791 §5.2.2.
    pub fn of_calendar(calendar: &Calendar<'_>) -> Option<Self> {
        let component = calendar.components().find(|c| c.is("VTIMEZONE"))?;
        Self::of_component(component).or_else(|| Self::named(&component.text("TZID")?))
    }

    /// How many seconds clocks are ahead of UTC at a time.
    pub fn offset_at(&self, utc: i64) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Iana(zone) => zone.offset_at(utc),
            Self::Custom(zone) => zone.offset_at(utc),
        }
    }

    /// The changes of clocks after a time and before another.
    pub(crate) fn shifts(&self, from: i64, to: i64) -> Vec<Shift> {
        match self {
            Self::Utc => Vec::new(),
            Self::Iana(zone) => zone.shifts(from, to),
            Self::Custom(zone) => zone.shifts(from, to),
        }
    }

    /// What clocks show at a time.
    pub fn to_local(&self, utc: i64) -> LocalTime {
        LocalTime(utc.saturating_add(self.offset_at(utc).into()))
    }

    /// When clocks show a time.
    pub fn resolve(&self, local: LocalTime) -> Resolved {
        match self {
            Self::Utc => Resolved::Unique(local.0),
            Self::Iana(zone) => zone.resolve(local.0),
            Self::Custom(zone) => zone.resolve(local.0),
        }
    }

    /// The time that a written local time means: see [`Resolved::utc`].
    pub fn to_utc(&self, local: LocalTime) -> i64 {
        self.resolve(local).utc()
    }
}

/// The zones that an object's times are in.
#[derive(Clone)]
pub struct Zones<'c> {
    calendar: &'c Calendar<'c>,
    floating: Zone,
    found: RefCell<Vec<(String, Found)>>,
}

#[derive(Clone)]
struct Found {
    zone: Zone,
    known: bool,
}

impl<'c> Zones<'c> {
    /// Those of a calendar object, with the zone that DATEs and floating times are to be read in:
    /// that of the calendar collection or of the request (RFC 4791 §5.2.2, §9.8).
    pub fn new<'a>(calendar: &'c Calendar<'a>, floating: Zone) -> Self
    where
        'a: 'c,
    {
        Self {
            calendar,
            floating,
            found: RefCell::new(Vec::new()),
        }
    }

    /// The zone for DATEs and floating times.
    pub fn floating(&self) -> &Zone {
        &self.floating
    }

    /// The zone of a TZID. One that nobody knows is as if there were none: floating.
    pub fn find(&self, tzid: &str) -> Zone {
        self.lookup(tzid).zone
    }

    /// Whether the TZID means a zone.
    pub fn is_known(&self, tzid: &str) -> bool {
        self.lookup(tzid).known
    }

    fn lookup(&self, tzid: &str) -> Found {
        let known = self
            .found
            .borrow()
            .iter()
            .find(|(name, _)| name == tzid)
            .map(|(_, found)| found.clone());
        if let Some(found) = known {
            return found;
        }
        if self.found.borrow().len() >= ZONES_MAX {
            return Found {
                zone: self.floating.clone(),
                known: false,
            };
        }
        let zone = self
            .calendar
            .components()
            .filter(|c| c.is("VTIMEZONE"))
            .filter(|c| c.text("TZID").is_some_and(|id| id.trim() == tzid))
            .find_map(|c| {
                // What is no description may still say of which zone it is.
                Zone::of_component(c)
                    .or_else(|| Zone::named(&c.text("X-LIC-LOCATION")?))
                    .or_else(|| Zone::named(&c.text("TZID-ALIAS-OF")?))
            })
            .or_else(|| Zone::named(tzid));
        let found = Found {
            known: zone.is_some(),
            zone: zone.unwrap_or_else(|| self.floating.clone()),
        };
        self.found
            .borrow_mut()
            .push((tzid.to_owned(), found.clone()));
        found
    }

    /// The zone that a time is in.
    pub fn of(&self, time: &Time<'_>) -> Zone {
        match &time.form {
            Form::Utc => Zone::Utc,
            Form::Date | Form::Floating => self.floating.clone(),
            Form::Zoned(tzid) => self.find(tzid),
        }
    }

    /// A time in UTC seconds; of a DATE, its first.
    pub fn utc(&self, time: &Time<'_>) -> i64 {
        self.of(time).to_utc(time.local)
    }

    /// Whether a time depends on the zone given for floating ones.
    pub fn is_floating(&self, time: &Time<'_>) -> bool {
        match &time.form {
            Form::Utc => false,
            Form::Date | Form::Floating => true,
            Form::Zoned(tzid) => !self.is_known(tzid),
        }
    }
}
