//! Calendar objects and what they must be like: RFC 4791 §4.1, §5.3.2.1.
//!
//! Only what would leave the meaning open is refused. Tolerated, and by whom it is written: no
//! DTSTAMP, SEQUENCE or PRODID (scripts); an end before the start, which counts as none (Outlook);
//! DTEND beside DURATION, which then doesn't count; a TZID without a VTIMEZONE (RFC 7809, and
//! Google); Windows' names of zones and spaces after them, and an ATTENDEE without an address
//! (Outlook CalDav Synchronizer); `VALUE=DATE` with a TZID, and overrides of a time before DTSTART
//! (Fantastical); an alarm in 1976, which means "none" (Apple); UNTIL of another form than DTSTART
//! (Google, Exchange); empty EXDATE and RDATE; control characters in texts (Outlook).

use crate::component::{Calendar, Component};
use crate::property::Property;
use crate::recurrence::Rule;
use crate::value::{Duration, ValueError};

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

/// Why a calendar is no calendar object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// VERSION is not 2.0. Precondition `supported-calendar-data`.
    #[error("line {line}: the version is {found:?}, but only 2.0 is supported")]
    Version {
        /// Where.
        line: u32,
        /// The version.
        found: String,
    },
    /// A component that has no place in a calendar. Precondition `valid-calendar-data`.
    #[error("line {line}: {name} is no calendar component")]
    Component {
        /// Where.
        line: u32,
        /// Its name.
        name: String,
    },
    /// A value that is not what it must be. Precondition `valid-calendar-data`.
    #[error("line {line}: {property}: {error}")]
    Value {
        /// Where.
        line: u32,
        /// The name of the property.
        property: String,
        /// What is wrong.
        error: ValueError,
    },
    /// A property is missing. Precondition `valid-calendar-data`.
    #[error("line {line}: {component} has no {property}")]
    Missing {
        /// Where the component begins.
        line: u32,
        /// Its name.
        component: String,
        /// What it lacks.
        property: &'static str,
    },
    /// A calendar that is not the Gregorian: RFC 7529 §7.1, precondition `supported-rscale`.
    #[error("line {line}: recurrences in the calendar {scale} are not supported")]
    Scale {
        /// Where.
        line: u32,
        /// The calendar.
        scale: String,
    },
    /// "MUST NOT specify the iCalendar METHOD property". This and what follows: precondition
    /// `valid-calendar-object-resource`.
    #[error("line {line}: a stored calendar has no METHOD")]
    Method {
        /// Where.
        line: u32,
    },
    /// Nothing but time zones.
    #[error("there is no calendar component")]
    NoComponent,
    /// "MUST NOT contain more than one type of calendar component".
    #[error("line {line}: {second} in an object of {first}")]
    MixedKinds {
        /// Where the second begins.
        line: u32,
        /// The kind of the first component.
        first: &'static str,
        /// The other kind.
        second: &'static str,
    },
    /// "MUST have the same UID property value".
    #[error("line {line}: the UID {second:?} in the object of {first:?}")]
    DifferentUids {
        /// Where the second component begins.
        line: u32,
        /// The UID of the first.
        first: String,
        /// The other UID.
        second: String,
    },
    /// Two components of one UID without RECURRENCE-ID.
    #[error("line {line}: a second component without RECURRENCE-ID")]
    TwoMasters {
        /// Where it begins.
        line: u32,
    },
    /// Two components with one UID and RECURRENCE-ID.
    #[error("line {line}: a second component for the instance {id}")]
    TwoOverrides {
        /// Where it begins.
        line: u32,
        /// The RECURRENCE-ID.
        id: String,
    },
}

/// Which of CalDAV's preconditions an error breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// `CALDAV:supported-calendar-data`, RFC 4791 §5.3.2.1.
    SupportedCalendarData,
    /// `CALDAV:valid-calendar-data`.
    ValidCalendarData,
    /// `CALDAV:valid-calendar-object-resource`.
    ValidCalendarObjectResource,
    /// `CALDAV:supported-rscale`, RFC 7529 §7.1.
    SupportedRscale,
}

impl Invalid {
    /// The precondition that it breaks.
    pub fn precondition(&self) -> Precondition {
        match self {
            Self::Version { .. } => Precondition::SupportedCalendarData,
            Self::Scale { .. } => Precondition::SupportedRscale,
            Self::Component { .. } | Self::Value { .. } | Self::Missing { .. } => {
                Precondition::ValidCalendarData
            }
            Self::Method { .. }
            | Self::NoComponent
            | Self::MixedKinds { .. }
            | Self::DifferentUids { .. }
            | Self::TwoMasters { .. }
            | Self::TwoOverrides { .. } => Precondition::ValidCalendarObjectResource,
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
    /// Checks all rules for what may be stored.
    ///
    /// Fails with the first that is broken.
    pub fn check<'a>(calendar: &'c Calendar<'a>) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        let root: &'c Component<'c> = calendar.root();
        if let Some(version) = root
            .property("VERSION")
            .filter(|p| p.value().trim() != "2.0")
        {
            return Err(Invalid::Version {
                line: version.line(),
                found: crate::value::excerpt(version.value()),
            });
        }
        if let Some(method) = root.property("METHOD") {
            return Err(Invalid::Method {
                line: method.line(),
            });
        }
        let object = Self::collect(calendar)?;
        for component in root.components() {
            check_values(component)?;
        }
        for component in &object.components {
            let required = match object.kind {
                Kind::Event => Some("DTSTART"),
                _ => None,
            };
            if let Some(property) = required.filter(|name| component.property(name).is_none()) {
                return Err(missing(component, property));
            }
        }
        Ok(object)
    }

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

    fn collect<'a>(calendar: &'c Calendar<'a>) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        let mut found: Option<Self> = None;
        let mut ids: Vec<String> = Vec::new();
        for component in calendar.calendar_components() {
            let component: &'c Component<'c> = component;
            let line = component.line();
            let Some(kind) = Kind::of_name(component.name()) else {
                if is_extension(component.name()) {
                    continue;
                }
                return Err(Invalid::Component {
                    line,
                    name: component.name().to_owned(),
                });
            };
            let object_uid = component.text("UID").unwrap_or_default().trim().to_owned();
            if object_uid.is_empty() {
                return Err(missing(component, "UID"));
            }
            // The one time of RECURRENCE-ID can be written in several ways, but clients don't.
            let id = component.property("RECURRENCE-ID").map(Property::value);
            ids.extend(id.map(str::to_owned));
            let Some(object) = &mut found else {
                found = Some(Self {
                    object_uid,
                    kind,
                    components: vec![component],
                });
                continue;
            };
            if object.kind != kind {
                return Err(Invalid::MixedKinds {
                    line,
                    first: object.kind.name(),
                    second: kind.name(),
                });
            }
            if object.object_uid != object_uid {
                return Err(Invalid::DifferentUids {
                    line,
                    first: object.object_uid.clone(),
                    second: object_uid,
                });
            }
            if id.is_some() {
                object.components.push(component);
            } else if object.master().is_some() {
                return Err(Invalid::TwoMasters { line });
            } else {
                object.components.insert(0, component);
            }
        }
        let object = found.ok_or(Invalid::NoComponent)?;
        ids.sort_unstable();
        if let Some([id, _]) = ids.array_windows().find(|[a, b]| a == b) {
            let is_it =
                |c: &&&Component<'_>| c.property("RECURRENCE-ID").is_some_and(|p| p.value() == id);
            return Err(Invalid::TwoOverrides {
                line: object
                    .components
                    .iter()
                    .filter(is_it)
                    .nth(1)
                    .map_or(0, |c| c.line()),
                id: id.clone(),
            });
        }
        Ok(object)
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

/// `X-` components and such as nobody knows yet are kept, as RFC 5545 §3.6 asks.
fn is_extension(name: &str) -> bool {
    ![
        "VCALENDAR",
        "VALARM",
        "STANDARD",
        "DAYLIGHT",
        "AVAILABLE",
        "VCARD",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

fn missing(component: &Component<'_>, property: &'static str) -> Invalid {
    Invalid::Missing {
        line: component.line(),
        component: component.name().to_owned(),
        property,
    }
}

/// Checks the values that decide when something is, in a component and all within.
fn check_values(component: &Component<'_>) -> Result<(), Invalid> {
    for property in component.properties() {
        check_value(property)?;
    }
    for inner in component.components() {
        check_values(inner)?;
    }
    Ok(())
}

fn check_value(property: &Property<'_>) -> Result<(), Invalid> {
    let name = property.name();
    let one_of = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    let wrong = |error| Invalid::Value {
        line: property.line(),
        property: name.to_owned(),
        error,
    };
    if one_of(&["DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED"]) {
        property.time().map_err(wrong)?;
    } else if one_of(&["EXDATE", "RDATE", "FREEBUSY"]) {
        if property.value().trim().is_empty() {
            return Ok(());
        }
        for period in property.periods() {
            period.map_err(wrong)?;
        }
    } else if one_of(&["DURATION"]) {
        property.duration().map_err(wrong)?;
    } else if one_of(&["TRIGGER"]) {
        if property.time().is_err() {
            Duration::read(property.value()).map_err(wrong)?;
        }
    } else if one_of(&["RRULE", "EXRULE"]) {
        if let Some(scale) = Rule::foreign_scale(property.value()) {
            return Err(Invalid::Scale {
                line: property.line(),
                scale: scale.to_owned(),
            });
        }
        Rule::read(property.value()).map_err(wrong)?;
    } else if one_of(&["TZOFFSETFROM", "TZOFFSETTO"]) {
        crate::value::utc_offset(property.value()).map_err(wrong)?;
    }
    Ok(())
}
