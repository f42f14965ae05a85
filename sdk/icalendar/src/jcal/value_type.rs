//! The value types of properties that don't say it: RFC 7265 §3.4, §5.1.

use crate::property::Property;

/// How a value is written in iCalendar and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    Period,
    Recur,
    Text,
    Time,
    UtcOffset,
    /// A string as it is: BINARY, CAL-ADDRESS, DURATION, URI, and what nobody knows.
    Raw,
}

impl Type {
    /// That of a type identifier in lower case.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "float" => Self::Float,
            "integer" => Self::Integer,
            "period" => Self::Period,
            "recur" => Self::Recur,
            "text" | "uid" => Self::Text,
            "time" => Self::Time,
            "utc-offset" => Self::UtcOffset,
            _ => Self::Raw,
        }
    }
}

/// Properties by the type that they have without VALUE: RFC 5545 §3.7, §3.8, RFC 7953 §3.2,
/// RFC 7986 §5, RFC 9073 §6, RFC 9074 §6, RFC 9253 §8.
const DEFAULTS: [(&str, &[&str]); 10] = [
    (
        "date-time",
        &[
            "acknowledged",
            "completed",
            "created",
            "dtend",
            "dtstamp",
            "dtstart",
            "due",
            "exdate",
            "last-modified",
            "rdate",
            "recurrence-id",
            "tzuntil",
        ],
    ),
    (
        "text",
        &[
            "action",
            "busytype",
            "calscale",
            "categories",
            "class",
            "color",
            "comment",
            "contact",
            "description",
            "location",
            "location-type",
            "method",
            "name",
            "participant-type",
            "prodid",
            "proximity",
            "refid",
            "related-to",
            "request-status",
            "resource-type",
            "resources",
            "status",
            "styled-description",
            "summary",
            "transp",
            "tzid",
            "tzid-alias-of",
            "tzname",
            "uid",
            "version",
        ],
    ),
    (
        "cal-address",
        &["attendee", "calendar-address", "organizer"],
    ),
    ("duration", &["duration", "refresh-interval", "trigger"]),
    ("float", &["geo"]),
    (
        "integer",
        &["percent-complete", "priority", "repeat", "sequence"],
    ),
    ("period", &["freebusy"]),
    ("recur", &["exrule", "rrule"]),
    (
        "uri",
        &[
            "attach",
            "concept",
            "conference",
            "image",
            "link",
            "source",
            "tzurl",
            "url",
        ],
    ),
    ("utc-offset", &["tzoffsetfrom", "tzoffsetto"]),
];

/// The type that a property has without VALUE. The name is in lower case.
pub(super) fn default_type(name: &str) -> &'static str {
    DEFAULTS
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map_or("unknown", |(of, _)| of)
}

/// Properties that must say their type although there is one that everyone means. RFC 7986 §5.7, §5.8,
/// §5.10, §5.11: "no default"; RFC 9253 §8.2.
const WITHOUT_DEFAULT: [&str; 5] = ["conference", "image", "link", "refresh-interval", "source"];

/// Whether a property has to say in iCalendar that it is of a type. The names are in lower case.
pub(super) fn is_said(name: &str, of: &str) -> bool {
    of != "unknown" && (of != default_type(name) || WITHOUT_DEFAULT.contains(&name))
}

/// The type identifier of a property: that of VALUE, else that which it has without.
pub(super) fn type_of(property: &Property<'_>, name: &str) -> String {
    if let Some(value) = property.param("VALUE") {
        return value.to_ascii_lowercase();
    }
    let default = default_type(name);
    // Written without VALUE, but plain to see (also in appendix B.1).
    match default {
        "date-time" if property.times().all(|t| t.is_ok_and(|t| t.is_date())) => "date".to_owned(),
        "duration" if property.time().is_ok() => "date-time".to_owned(),
        _ => default.to_owned(),
    }
}

/// Whether commas separate values: RFC 5545 §3.1.2.
pub(super) fn is_list(name: &str, of: &str) -> bool {
    match name {
        "categories" | "exdate" | "freebusy" | "rdate" | "resources" => true,
        // Those of nobody's own may be lists where a comma can't be part of the value.
        _ => default_type(name) == "unknown" && !matches!(of, "text" | "unknown" | "uri" | "recur"),
    }
}
