//! Calendar objects and what they must be like: RFC 4791 §4.1, §5.3.2.1.
//!
//! Only what would leave the meaning open is refused. Tolerated, and by whom it is written: no
//! DTSTAMP, SEQUENCE or PRODID (scripts); an end before the start, which counts as none (Outlook);
//! DTEND beside DURATION, which then doesn't count; a TZID without a VTIMEZONE (RFC 7809, and
//! Google); Windows' names of zones and spaces after them, and an ATTENDEE without an address
//! (Outlook CalDav Synchronizer); `VALUE=DATE` with a TZID, and overrides of a time before DTSTART
//! (Fantastical); an alarm in 1976, which means "none" (Apple); UNTIL of another form than DTSTART
//! (Google, Exchange); empty EXDATE and RDATE; control characters in texts (Outlook).

mod check;
mod instance;
mod invalid;

use crate::component::{Calendar, Component};
pub use instance::instance;
pub use invalid::{Invalid, Precondition};

/// What an object is about: the kind of its components, which are all of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// VEVENT.
    Event,
    /// VTODO.
    Todo,
    /// VJOURNAL.
    Journal,
    /// VFREEBUSY.
    FreeBusy,
    /// VAVAILABILITY: RFC 7953.
    Availability,
    /// VPOLL.
    Poll,
}

impl Kind {
    /// The kind of components with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [
            Self::Event,
            Self::Todo,
            Self::Journal,
            Self::FreeBusy,
            Self::Availability,
            Self::Poll,
        ]
        .into_iter()
        .find(|kind| name.eq_ignore_ascii_case(kind.name()))
    }

    /// The name of its components.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "VEVENT",
            Self::Todo => "VTODO",
            Self::Journal => "VJOURNAL",
            Self::FreeBusy => "VFREEBUSY",
            Self::Availability => "VAVAILABILITY",
            Self::Poll => "VPOLL",
        }
    }
}

/// A calendar that is one calendar object: RFC 4791 §4.1.
#[derive(Clone, Debug)]
pub struct Object<'c> {
    object_uid: String,
    kind: Kind,
    /// The component without RECURRENCE-ID first, if there is one.
    components: Vec<&'c Component<'c>>,
}

impl<'c> Object<'c> {
    /// The object in a stored calendar, whatever else is wrong with it.
    pub fn of<'a>(calendar: &'c Calendar<'a>) -> Option<Self>
    where
        'a: 'c,
    {
        let mut components: Vec<&'c Component<'c>> = calendar
            .components()
            .filter(|c| Kind::of_name(c.name()).is_some())
            .collect();
        let kind = components.iter().find_map(|c| Kind::of_name(c.name()))?;
        let object_uid = components.iter().find_map(|c| c.text("UID"))?;
        let object_uid = object_uid.trim().to_owned();
        components.sort_by_key(|c| c.property("RECURRENCE-ID").is_some());
        Some(Self {
            object_uid,
            kind,
            components,
        })
    }

    /// The UID of all its components.
    pub fn object_uid(&self) -> &str {
        &self.object_uid
    }

    /// The kind of all its components.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its components, time zones left out, that without RECURRENCE-ID first.
    pub fn components(&self) -> &[&'c Component<'c>] {
        &self.components
    }

    /// The component without RECURRENCE-ID.
    pub fn master(&self) -> Option<&'c Component<'c>> {
        self.components
            .first()
            .copied()
            .filter(|c| c.property("RECURRENCE-ID").is_none())
    }

    /// The address of the organizer, in lower case: `mailto:…` as a rule.
    pub fn organizer(&self) -> Option<String> {
        let property = self
            .components
            .iter()
            .find_map(|c| c.property("ORGANIZER"))?;
        let address = property.value().trim().to_lowercase();
        (!address.is_empty()).then_some(address)
    }

    /// The summary: of the component without RECURRENCE-ID, else of the first.
    pub fn summary(&self) -> Option<String> {
        let text = self.components.first()?.text("SUMMARY")?;
        Some(text.into_owned())
    }

    /// The most attendees that one of its components has, for CALDAV:max-attendees-per-instance.
    pub fn attendees_max(&self) -> usize {
        self.components
            .iter()
            .map(|c| c.properties_named("ATTENDEE").count())
            .max()
            .unwrap_or(0)
    }
}
