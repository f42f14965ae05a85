//! The namespaces that address books are spoken of in.

/// RFC 6352 §4.
pub const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";

/// What Apple's server added.
pub const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
