//! The formats of time zone data, and which of them a client wants. RFC 7808 §4.1.2.

use crate::problem::{Kind, Problem};
use crate::query;
use module::Headers;
use module::accept::preferred;
use module::query::Parameters;

/// A format of time zone data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 5545.
    ICalendar,
    /// RFC 7265.
    JCal,
    /// RFC 8536.
    TZif,
}

impl Format {
    /// All of them, the one that is sent without a wish first.
    pub(crate) const ALL: [Self; 3] = [Self::ICalendar, Self::JCal, Self::TZif];

    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::ICalendar => "text/calendar",
            Self::JCal => "application/calendar+json",
            Self::TZif => "application/tzif",
        }
    }

    /// What comes after the entity tag of the zone, so that each format has its own.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::ICalendar => "",
            Self::JCal => "-j",
            Self::TZif => "-z",
        }
    }

    /// The one that a client wants: by the parameter `format`, which Cyrus has, or by `Accept`.
    pub(crate) fn wanted(parameters: &Parameters, headers: &Headers) -> Result<Self, Problem> {
        let offered = Self::ALL.map(Self::media_type);
        let place = match query::one(parameters, "format", Kind::InvalidFormat)? {
            Some(format) => {
                let mut offered = offered.iter();
                offered.position(|offered| format.eq_ignore_ascii_case(offered))
            }
            None => preferred(headers, &offered),
        };
        let wanted = place.and_then(|place| Self::ALL.get(place).copied());
        wanted.ok_or_else(|| {
            let known = offered.join(", ");
            Problem::new(Kind::InvalidFormat, format!("there is {known}"))
        })
    }
}
