//! The namespaces that calendars are spoken of in.

/// RFC 4791 §4, and everything that extends it.
pub const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";

/// What Apple's server added.
pub const CALENDARSERVER: &str = "http://calendarserver.org/ns/";

/// What Apple's clients added.
pub const APPLE: &str = "http://apple.com/ns/ical/";

/// What only this server has.
pub const CHAPAR: &str = "urn:chapar:caldav";
