//! UTCDate, RFC 8620 §1.4, and the moments that they are.

use mail::Date;
use module::Instant;

/// A moment as UTCDate, to the second.
pub fn write(instant: Instant) -> String {
    let date = Date::from_seconds(instant.div_euclid(1000));
    date.map_or_else(
        || "1970-01-01T00:00:00Z".to_owned(),
        |date| date.to_rfc3339(),
    )
}

/// Reads a UTCDate; none if it is no date, or of another zone than UTC.
pub fn parse(text: &str) -> Option<Instant> {
    parse_date(text).filter(|_| text.ends_with('Z'))
}

/// Reads a Date, of whichever zone.
pub fn parse_date(text: &str) -> Option<Instant> {
    Date::parse_rfc3339(text)?.seconds().checked_mul(1000)
}
