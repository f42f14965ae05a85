//! RFC 4791 §7.10: busy time of events and stored free-busy objects.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::busy::{Answer, Busy, BusyType};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar};
use support::{event, parse, range, stream, utc};

fn add(busy: &mut Busy, text: &str, addresses: &[&str]) {
    // What is read for this alone says the same as the whole object.
    let part = Calendar::parse_busy(text.as_bytes()).unwrap();
    let mut of_part = busy.clone();
    for (busy, calendar) in [(&mut *busy, parse(text)), (&mut of_part, part)] {
        busy.add(&calendar, &Zone::Utc, addresses, &mut Budget::default())
            .unwrap();
    }
    assert_eq!(busy.periods(), of_part.periods(), "{text}");
}

/// The types of the busy time of an event, without and with overlaps.
fn types(lines: &str, addresses: &[&str]) -> Vec<BusyType> {
    let text = event(&format!("DTSTART:20260101T100000Z\nDURATION:PT1H\n{lines}"));
    let mut busy = Busy::new(range("20260101T000000Z", "20260102T000000Z"));
    add(&mut busy, &text, addresses);
    busy.periods()
        .iter()
        .map(|period| period.busy_type)
        .collect()
}

#[test]
fn s7_10_transp_and_status() {
    assert_eq!(types("", &[]), [BusyType::Busy]);
    assert_eq!(
        types("TRANSP:OPAQUE\nSTATUS:CONFIRMED\n", &[]),
        [BusyType::Busy]
    );
    assert_eq!(types("STATUS:TENTATIVE\n", &[]), [BusyType::Tentative]);
    assert_eq!(types("STATUS:X-NEW\n", &[]), [BusyType::Busy]);
    assert_eq!(types("STATUS:CANCELLED\n", &[]), []);
    assert_eq!(types("TRANSP:TRANSPARENT\n", &[]), []);
}

#[test]
fn s7_10_what_is_declined_takes_no_time() {
    let invited = |partstat: &str| {
        let lines = format!(
            "ATTENDEE{partstat}:MAILTO:Lisa@example.com\nATTENDEE;PARTSTAT=ACCEPTED:mailto:other@example.com\n"
        );
        types(&lines, &["mailto:lisa@example.com"])
    };
    assert_eq!(invited(";PARTSTAT=ACCEPTED"), [BusyType::Busy]);
    assert_eq!(invited(";PARTSTAT=DECLINED"), []);
    assert_eq!(invited(";PARTSTAT=TENTATIVE"), [BusyType::Tentative]);
    assert_eq!(invited(""), [BusyType::Tentative]);
}

#[test]
fn s7_10_1_example() {
    let mut busy = Busy::new(range("20060104T140000Z", "20060105T220000Z"));
    for text in [
        include_str!("fixtures/rfc4791/appendix_b/abcd1.ics"),
        include_str!("fixtures/rfc4791/appendix_b/abcd2.ics"),
        include_str!("fixtures/rfc4791/appendix_b/abcd3.ics"),
        include_str!("fixtures/rfc4791/appendix_b/abcd4.ics"),
    ] {
        add(&mut busy, text, &[]);
    }
    let answer = Answer {
        product: "-//Example Corp.//CalDAV Server//EN",
        stamp: utc("20050125T090000Z"),
        ..Answer::default()
    };
    let bytes = busy.to_calendar(&answer).to_bytes();
    // As in the RFC, but for what it forgot: the next day's instance of event 2.
    let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//CalDAV Server//EN\r\n\
        BEGIN:VFREEBUSY\r\nDTSTAMP:20050125T090000Z\r\nDTSTART:20060104T140000Z\r\nDTEND:20060105T220000Z\r\n\
        FREEBUSY;FBTYPE=BUSY:20060104T190000Z/20060104T200000Z,20060105T170000Z/20060105T180000Z\r\n\
        FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T150000Z/20060104T160000Z\r\n\
        END:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    let unfolded = String::from_utf8(bytes).unwrap().replace("\r\n ", "");
    assert_eq!(unfolded, expected);
}

#[test]
fn s7_10_periods_are_coalesced_and_cut() {
    let mut busy = Busy::new(range("20260101T000000Z", "20260102T000000Z"));
    add(
        &mut busy,
        &event("DTSTART:20251231T230000Z\nDURATION:PT2H\n"),
        &[],
    );
    add(
        &mut busy,
        &event("DTSTART:20260101T010000Z\nDURATION:PT1H\n"),
        &[],
    );
    add(&mut busy, &event("DTSTART:20260101T050000Z\n"), &[]);
    let stored = stream(
        "BEGIN:VFREEBUSY\nUID:1\nFREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260101T120000Z/PT1H\n\
         FREEBUSY;FBTYPE=FREE:20260101T150000Z/PT1H\nFREEBUSY:20260101T130000Z/20260101T230000Z,20260101T220000Z/PT9H\nEND:VFREEBUSY\n",
    );
    add(&mut busy, &stored, &[]);
    let list: Vec<_> = busy
        .periods()
        .iter()
        .map(|p| {
            (
                (p.start - utc("20260101T000000Z")) / 3600,
                (p.end - p.start) / 3600,
                p.busy_type,
            )
        })
        .collect();
    assert_eq!(
        list,
        [
            (0, 2, BusyType::Busy),
            (12, 1, BusyType::Unavailable),
            (13, 11, BusyType::Busy)
        ]
    );
}
