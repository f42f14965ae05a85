//! Calendars for tests, and what comes out of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(dead_code)] // Each test binary uses its part.

use icalendar::series::{Instance, Range, Series};
use icalendar::value::LocalTime;
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits};

/// A calendar with this in it.
pub fn stream(body: &str) -> String {
    let body = body.replace("\r\n", "\n").replace('\n', "\r\n");
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{body}END:VCALENDAR\r\n")
}

/// A VEVENT with these lines.
pub fn event(lines: &str) -> String {
    stream(&format!("BEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\n"))
}

pub fn parse(text: &str) -> Calendar<'_> {
    Calendar::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// UTC seconds of `YYYYMMDDTHHMMSSZ`.
pub fn utc(text: &str) -> i64 {
    assert!(text.ends_with('Z'));
    LocalTime::parse(text).unwrap().0
}

pub fn range(start: &str, end: &str) -> Range {
    let time = |text: &str| (!text.is_empty()).then(|| utc(text));
    Range::new(time(start), time(end))
}

/// The instances in a range, floating times in UTC.
pub fn with_instances<T>(text: &str, range: Range, then: impl Fn(&Instance<'_>) -> T) -> Vec<T> {
    let calendar = parse(text);
    let series = Series::of(&calendar, Zone::Utc);
    let found = series.instances(range, &mut Budget::default()).unwrap();
    found.iter().map(then).collect()
}

/// The starts of instances in a range, in UTC.
pub fn starts(text: &str, range: Range) -> Vec<String> {
    with_instances(text, range, |i| format!("{}Z", LocalTime(i.start)))
}

pub fn overlaps(text: &str, range: Range) -> bool {
    let calendar = parse(text);
    let series = Series::of(&calendar, Zone::Utc);
    series.overlaps(range, &mut Budget::default()).unwrap()
}
