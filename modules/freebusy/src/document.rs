//! The answer as an iCalendar object with a VFREEBUSY: RFC 5545 §3.6.4, RFC 5546 §3.3.1; or as jCal.

use crate::query::{Format, Question};
use crate::times::{Kind, Period};
use icalendar::value::LocalTime;
use icalendar::{Calendar, Component, Property};
use serde_json::{Value, json};

/// Who says that it made the object. RFC 5545 §3.7.3.
const PRODID: &str = "-//Chapar//Chapar//EN";

/// Writes the answer to a question.
pub(crate) fn write(question: &Question, addresses: &[String], periods: &[Period]) -> String {
    match question.format {
        Format::ICalendar => icalendar(question, addresses, periods),
        Format::JCal => jcal(question, addresses, periods).to_string(),
    }
}

fn icalendar(question: &Question, addresses: &[String], periods: &[Period]) -> String {
    let mut component = Component::new("VFREEBUSY");
    component.add(Property::new("UID", &uid(question)));
    component.add(Property::new("DTSTAMP", &basic(question.asked)));
    component.add(Property::new("DTSTART", &basic(question.start)));
    component.add(Property::new("DTEND", &basic(question.end)));
    if let Some(organizer) = organizer(addresses) {
        component.add(Property::new("ORGANIZER", &organizer));
    }
    component.add(Property::new("URL", &question.url));
    for period in periods {
        let value = format!("{}/{}", basic(period.start), basic(period.end));
        let property = Property::new("FREEBUSY", &value);
        component.add(property.with_param("FBTYPE", name(period.kind)));
    }
    let mut calendar = Calendar::new(PRODID);
    calendar.root_mut().add(Property::new("METHOD", "PUBLISH"));
    calendar.root_mut().add_component(component);
    String::from_utf8_lossy(&calendar.to_bytes()).into_owned()
}

/// RFC 7265 §3.
fn jcal(question: &Question, addresses: &[String], periods: &[Period]) -> Value {
    let mut properties = vec![
        json!(["uid", {}, "text", uid(question)]),
        json!(["dtstamp", {}, "date-time", extended(question.asked)]),
        json!(["dtstart", {}, "date-time", extended(question.start)]),
        json!(["dtend", {}, "date-time", extended(question.end)]),
    ];
    if let Some(organizer) = organizer(addresses) {
        properties.push(json!(["organizer", {}, "cal-address", organizer]));
    }
    properties.push(json!(["url", {}, "uri", question.url]));
    properties.extend(periods.iter().map(|period| {
        // RFC 7265 §3.6.9: a period is its two ends in an array.
        let ends = [extended(period.start), extended(period.end)];
        json!(["freebusy", {"fbtype": name(period.kind)}, "period", ends])
    }));
    json!([
        "vcalendar",
        [
            ["version", {}, "text", "2.0"],
            ["prodid", {}, "text", PRODID],
            ["method", {}, "text", "PUBLISH"],
        ],
        [["vfreebusy", properties, []]]
    ])
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Busy => "BUSY",
        Kind::Unavailable => "BUSY-UNAVAILABLE",
        Kind::Tentative => "BUSY-TENTATIVE",
    }
}

/// RFC 5546 §3.3.1 wants one; who asks may not see addresses.
fn organizer(addresses: &[String]) -> Option<String> {
    addresses.first().map(|address| format!("mailto:{address}"))
}

/// The same for the same question: a name for the answer, which nobody keeps.
fn uid(question: &Question) -> String {
    let asked = format!("{} {} {}", question.url, question.start, question.end);
    // FNV-1a.
    let hash = asked.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("freebusy-{hash:016x}")
}

fn basic(utc: i64) -> String {
    format!("{}Z", LocalTime(utc))
}

fn extended(utc: i64) -> String {
    let time = LocalTime(utc);
    let (year, month, day) = time.date();
    let second = time.second_of_day();
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
