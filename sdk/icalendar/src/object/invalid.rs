//! Why something is no calendar object: RFC 4791 §5.3.2.1.

use crate::value::ValueError;

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
