//! `CALDAV:filter`: which calendar objects a query means. RFC 4791 §9.7. As with Cyrus, `comp-filter`
//! and `prop-filter` take the attribute `test` of CardDAV (RFC 6352 §10.5.1): `allof`, which is meant
//! without it, or `anyof`.
//!
//! Parsed once a request, then held against each object; what the index of the host can tell
//! beforehand, it is asked.

mod evaluate;
mod narrow;
mod parse;

use dav::TextMatch;
use icalendar::series::Range;

/// A filter: the condition on VCALENDAR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    root: CompTest,
    /// Whether anything in it asks when things are.
    has_times: bool,
}

/// A condition on the components of one type. RFC 4791 §9.7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CompFilter {
    /// The type, in upper case.
    name: String,
    /// What one of them must be like; none if there may be no such component.
    test: Option<CompTest>,
}

/// What a component must be like: all of this must hold, and nothing if there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CompTest {
    /// One of several conditions is enough.
    any: bool,
    time_range: Option<Range>,
    props: Vec<PropFilter>,
    comps: Vec<CompFilter>,
}

/// A condition on the properties of one name. RFC 4791 §9.7.2.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PropFilter {
    name: String,
    /// What one of them must be like; none if there may be no such property.
    test: Option<PropTest>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PropTest {
    /// One of several conditions is enough.
    any: bool,
    time_range: Option<Range>,
    text: Vec<TextMatch>,
    params: Vec<ParamFilter>,
}

/// A condition on the parameters of one name. RFC 4791 §9.7.3.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ParamFilter {
    name: String,
    /// What it must be like; none if there may be no such parameter.
    test: Option<Vec<TextMatch>>,
}
