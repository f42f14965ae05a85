//! Writes all time zones as iCalendar, jCal and TZif into a folder, for other programs to judge:
//! `cargo run -p chapar-icalendar --example vtimezones FOLDER`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use icalendar::tzdb::{self, Range, Zone};
use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    // From 2000 up to 2030.
    let part = Range {
        start: Some(946_684_800),
        end: Some(1_893_456_000),
    };
    for (number, name) in tzdb::names().enumerate() {
        let zone = Zone::iana(name).expect("a zone");
        for (kind, range) in [("all", Range::ALL), ("part", part)] {
            let vtimezone = zone.vtimezone(name, range);
            let path = folder.join(format!("{number:03}.{kind}"));
            let write = |ending: &str, content: &[u8]| {
                fs::write(path.with_extension(format!("{kind}.{ending}")), content).unwrap();
            };
            write("ics", vtimezone.to_icalendar().as_bytes());
            write("jcs", vtimezone.to_jcal().as_bytes());
            write("tzif", &zone.tzif(range));
        }
    }
    fs::write(folder.join("version"), tzdb::version()).unwrap();
}
