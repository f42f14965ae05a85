//! The action "leapseconds": when UTC fell behind. RFC 7808 §5.6.

use crate::json;
use crate::list::PUBLISHER;
use icalendar::tzdb;
use module::Response;
use serde::Serialize;

/// Up to when the table below is known to be complete: IERS Bulletin C, as of the IANA database
/// 2026f.
const EXPIRES: &str = "2027-06-28";

/// From which day on UTC is how many seconds behind TAI.
const LEAP_SECONDS: [(&str, i32); 28] = [
    ("1972-01-01", 10),
    ("1972-07-01", 11),
    ("1973-01-01", 12),
    ("1974-01-01", 13),
    ("1975-01-01", 14),
    ("1976-01-01", 15),
    ("1977-01-01", 16),
    ("1978-01-01", 17),
    ("1979-01-01", 18),
    ("1980-01-01", 19),
    ("1981-07-01", 20),
    ("1982-07-01", 21),
    ("1983-07-01", 22),
    ("1985-07-01", 23),
    ("1988-01-01", 24),
    ("1990-01-01", 25),
    ("1991-01-01", 26),
    ("1992-07-01", 27),
    ("1993-07-01", 28),
    ("1994-07-01", 29),
    ("1996-01-01", 30),
    ("1997-07-01", 31),
    ("1999-01-01", 32),
    ("2006-01-01", 33),
    ("2009-01-01", 34),
    ("2012-07-01", 35),
    ("2015-07-01", 36),
    ("2017-01-01", 37),
];

/// RFC 7808 §6.4.
#[derive(Serialize)]
struct Table {
    expires: &'static str,
    publisher: &'static str,
    version: &'static str,
    leapseconds: Vec<LeapSecond>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LeapSecond {
    utc_offset: i32,
    onset: &'static str,
}

pub(crate) fn answer() -> Response {
    let entries = LEAP_SECONDS.iter();
    let table = Table {
        expires: EXPIRES,
        publisher: PUBLISHER,
        version: tzdb::version(),
        leapseconds: entries
            .map(|&(onset, utc_offset)| LeapSecond { utc_offset, onset })
            .collect(),
    };
    // It is the module's own, whatever zones the operator has.
    json(tzdb::version().to_owned(), &table)
}
