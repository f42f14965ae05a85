//! RFC 4791: what calendar objects are, when they overlap a range, and which parts of them are
//! asked for. The calendars are those of appendix B.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use icalendar::data::{Components, Output, Properties, Recurrences, Selection};
use icalendar::object::{Invalid, Kind, Object, Precondition};
use icalendar::series::{Range, Series, effective_end_overlaps, property_overlaps};
use icalendar::zone::{Zone, Zones};
use icalendar::{Budget, Calendar};
use support::{event, overlaps, parse, range, stream};

/// A calendar of appendix B.
fn abcd(number: u8) -> String {
    let text = match number {
        1 => include_str!("fixtures/rfc4791/appendix_b/abcd1.ics"),
        2 => include_str!("fixtures/rfc4791/appendix_b/abcd2.ics"),
        3 => include_str!("fixtures/rfc4791/appendix_b/abcd3.ics"),
        4 => include_str!("fixtures/rfc4791/appendix_b/abcd4.ics"),
        5 => include_str!("fixtures/rfc4791/appendix_b/abcd5.ics"),
        6 => include_str!("fixtures/rfc4791/appendix_b/abcd6.ics"),
        7 => include_str!("fixtures/rfc4791/appendix_b/abcd7.ics"),
        _ => include_str!("fixtures/rfc4791/appendix_b/abcd8.ics"),
    };
    text.replace('\n', "\r\n")
}

fn write(text: &str, output: &Output) -> String {
    let calendar = parse(text);
    let bytes = output
        .write(&calendar, &Zone::Utc, &mut Budget::default())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The lines of a text, sorted: the order of properties has no meaning.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn january(from: u8, to: u8) -> Range {
    range(
        &format!("200601{from:02}T000000Z"),
        &format!("200601{to:02}T000000Z"),
    )
}

#[test]
fn s7_8_1_events_of_a_range() {
    let found: Vec<u8> = (1..=8)
        .filter(|n| overlaps(&abcd(*n), january(4, 5)))
        .collect();
    // Events 2 and 3, and the free-busy object of that week. A task is due before the range that
    // begins with its DUE.
    assert_eq!(found, [2, 3, 8]);
}

#[test]
fn s7_8_1_partial_retrieval() {
    let named = |names: &[&str]| {
        Properties::Named(
            names
                .iter()
                .map(|name| ((*name).to_owned(), false))
                .collect(),
        )
    };
    let output = Output {
        selection: Some(Selection {
            name: "VCALENDAR".to_owned(),
            properties: named(&["VERSION"]),
            components: Components::Named(vec![
                Selection {
                    name: "VEVENT".to_owned(),
                    properties: named(&[
                        "SUMMARY",
                        "UID",
                        "DTSTART",
                        "DTEND",
                        "DURATION",
                        "RRULE",
                        "RDATE",
                        "EXRULE",
                        "EXDATE",
                        "RECURRENCE-ID",
                    ]),
                    components: Components::Named(vec![]),
                },
                Selection {
                    name: "VTIMEZONE".to_owned(),
                    properties: Properties::All,
                    components: Components::All,
                },
            ]),
        }),
        ..Output::default()
    };
    let found = write(&abcd(3), &output);
    let event = found.split("END:VTIMEZONE\r\n").nth(1).unwrap();
    assert_eq!(
        sorted(event),
        sorted(
            "BEGIN:VEVENT\r\nDTSTART;TZID=US/Eastern:20060104T100000\r\nDURATION:PT1H\r\nSUMMARY:Event #3\r\nUID:DC6C50A017428C5216A2F1CD@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    );
    assert!(found.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\n"));
}

#[test]
fn s9_6_4_novalue() {
    let output = Output {
        selection: Some(Selection {
            name: "VCALENDAR".to_owned(),
            properties: Properties::Named(vec![("prodid".to_owned(), true)]),
            components: Components::Named(vec![]),
        }),
        ..Output::default()
    };
    assert_eq!(
        write(&abcd(1), &output),
        "BEGIN:VCALENDAR\r\nPRODID:\r\nEND:VCALENDAR\r\n"
    );
}

#[test]
fn s7_8_2_limit_recurrence_set() {
    let text = abcd(2);
    let limited = |from, to| {
        write(
            &text,
            &Output {
                recurrences: Recurrences::Limit(january(from, to)),
                ..Output::default()
            },
        )
    };
    assert_eq!(limited(3, 5), text);
    let without = limited(5, 7);
    assert!(!without.contains("RECURRENCE-ID"));
    assert!(text.starts_with(&without[..without.len() - 15]));
}

#[test]
fn s7_8_3_expand() {
    let expand = |number| {
        write(
            &abcd(number),
            &Output {
                recurrences: Recurrences::Expand(january(3, 5)),
                ..Output::default()
            },
        )
    };
    // With the Z that §9.6.5 wants and the example lacks.
    let expected = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN\n\
        BEGIN:VEVENT\nDTSTAMP:20060206T001121Z\nDTSTART:20060103T170000Z\n\
        RECURRENCE-ID:20060103T170000Z\nDURATION:PT1H\nSUMMARY:Event #2\n\
        UID:00959BC664CA650E933C892C@example.com\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTAMP:20060206T001121Z\nDTSTART:20060104T190000Z\n\
        RECURRENCE-ID:20060104T170000Z\nDURATION:PT1H\nSUMMARY:Event #2 bis\n\
        UID:00959BC664CA650E933C892C@example.com\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(expand(2), expected.replace('\n', "\r\n"));
    let third = expand(3);
    assert!(third.contains("DTSTART:20060104T150000Z\r\n"));
    assert!(!third.contains("RECURRENCE-ID") && !third.contains("TZID"));
}

#[test]
fn s9_6_5_expand_keeps_dates_and_floating_times() {
    let expand = |lines: &str| {
        let output = Output {
            recurrences: Recurrences::Expand(january(2, 3)),
            ..Output::default()
        };
        write(&event(lines), &output)
    };
    let dates =
        expand("DTSTART;VALUE=DATE:20060101\nDTEND;VALUE=DATE:20060103\nRRULE:FREQ=WEEKLY\n");
    assert!(dates.contains("\r\nDTSTART;VALUE=DATE:20060101\r\nRECURRENCE-ID;VALUE=DATE:20060101\r\nDTEND;VALUE=DATE:20060103\r\nEND"));
    let floating = expand("DTSTART:20060101T100000\nRRULE:FREQ=DAILY\n");
    assert!(
        floating.contains("\r\nDTSTART:20060102T100000\r\nRECURRENCE-ID:20060102T100000\r\nEND")
    );
}

/// The times of the instances of an event in 2026, in UTC: the lines of each from DTSTART on.
fn instances(lines: &str) -> Vec<String> {
    let output = Output {
        recurrences: Recurrences::Expand(range("20260101T000000Z", "20270101T000000Z")),
        ..Output::default()
    };
    let text = write(&event(lines), &output);
    let parts = text.split("BEGIN:VEVENT").skip(1);
    parts
        .map(|part| {
            let times = ["DTSTART", "DTEND", "DURATION"];
            let is_time = |line: &&str| times.iter().any(|name| line.starts_with(name));
            part.lines().filter(is_time).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// RFC 5545 §3.8.5.2: "the duration of the recurrence instance will be the one specified by the
/// "RDATE" property".
#[test]
fn s9_6_5_expand_of_periods() {
    let periods = "RDATE;VALUE=PERIOD:20260105T100000Z/PT3H,20260106T100000Z/20260106T150000Z\n";
    let expected = [
        "DTSTART:20260105T100000Z DTEND:20260105T130000Z",
        "DTSTART:20260106T100000Z DTEND:20260106T150000Z",
    ];
    let lasting = instances(&format!(
        "DTSTART:20260104T100000Z\nDURATION:PT1H\n{periods}"
    ));
    assert_eq!(lasting[0], "DTSTART:20260104T100000Z DURATION:PT1H");
    assert_eq!(lasting[1..], expected);
    let ending = instances(&format!(
        "DTSTART:20260104T100000Z\nDTEND:20260104T110000Z\n{periods}"
    ));
    assert_eq!(ending[0], "DTSTART:20260104T100000Z DTEND:20260104T110000Z");
    assert_eq!(ending[1..], expected);
    let instant = instances(&format!("DTSTART:20260104T100000Z\n{periods}"));
    assert_eq!(instant[0], "DTSTART:20260104T100000Z");
    assert_eq!(instant[1..], expected);
    let floating = instances(
        "DTSTART:20260104T100000\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260105T100000/PT3H\n",
    );
    let expected = [
        "DTSTART:20260104T100000 DURATION:PT1H",
        "DTSTART:20260105T100000 DTEND:20260105T130000",
    ];
    assert_eq!(floating, expected);
}

/// RFC 5545 §3.3.6: days are those of the clock that DTSTART is on, and in UTC not all are as long.
#[test]
fn s9_6_5_expand_of_days_over_a_change_of_clocks() {
    let days =
        "DTSTART;TZID=Europe/Berlin:20260327T120000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=3\n";
    let expected = [
        "DTSTART:20260327T110000Z DURATION:P1D",
        "DTSTART:20260328T110000Z DTEND:20260329T100000Z",
        "DTSTART:20260329T100000Z DURATION:P1D",
    ];
    assert_eq!(instances(days), expected);
    let hours = days.replace("P1D", "PT24H");
    for instance in instances(&hours) {
        assert!(instance.ends_with("DURATION:PT24H"), "{instance}");
    }
    let dates = "DTSTART;VALUE=DATE:20260328\nDURATION:P2D\n";
    let expected = ["DTSTART;VALUE=DATE:20260328 DURATION:P2D"];
    assert_eq!(instances(dates), expected);
}

/// A VTODO is due, and what is not expanded has no end made up.
#[test]
fn s9_6_5_expand_of_days_of_tasks() {
    let output = Output {
        recurrences: Recurrences::Expand(range("20260101T000000Z", "20270101T000000Z")),
        ..Output::default()
    };
    let task = |lines: &str| write(&event(lines).replace("VEVENT", "VTODO"), &output);
    let days = task("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D\n");
    assert!(days.contains("\r\nDUE:20260329T100000Z\r\n"), "{days}");
    assert!(!days.contains("DURATION"), "{days}");
    let bare = task("DTSTART;TZID=Europe/Berlin:20260328T120000\n");
    assert!(!bare.contains("DUE"), "{bare}");
}

#[test]
fn s9_6_5_expand_of_some_properties() {
    let output = Output {
        recurrences: Recurrences::Expand(january(3, 5)),
        selection: Some(Selection {
            name: "VCALENDAR".to_owned(),
            properties: Properties::Named(vec![]),
            components: Components::Named(vec![Selection {
                name: "VEVENT".to_owned(),
                properties: Properties::Named(vec![
                    ("DTSTART".to_owned(), false),
                    ("RECURRENCE-ID".to_owned(), true),
                    ("DURATION".to_owned(), false),
                ]),
                components: Components::All,
            }]),
        }),
        ..Output::default()
    };
    let expected = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20060103T170000Z\nRECURRENCE-ID:\nDURATION:PT1H\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20060104T190000Z\nRECURRENCE-ID:\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(write(&abcd(2), &output), expected.replace('\n', "\r\n"));
}

#[test]
fn s9_6_5_an_override_alone_keeps_its_id() {
    let text = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20060102T100000\nDTSTART;TZID=Europe/Berlin:20060102T110000\n",
    );
    let output = Output {
        recurrences: Recurrences::Expand(january(2, 3)),
        ..Output::default()
    };
    let found = write(&text, &output);
    assert!(found.contains("DTSTART:20060102T100000Z\r\nRECURRENCE-ID:20060102T090000Z\r\nEND"));
}

#[test]
fn s7_8_4_limit_freebusy_set() {
    let output = Output {
        limit_freebusy_set: Some(january(2, 3)),
        ..Output::default()
    };
    let limited = write(&abcd(8), &output);
    let periods: Vec<&str> = limited
        .lines()
        .filter(|l| l.starts_with("FREEBUSY"))
        .collect();
    assert_eq!(
        periods,
        ["FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T100000Z/20060102T120000Z"]
    );
}

fn check(text: &str) -> Result<(Kind, String), Invalid> {
    let calendar = parse(text);
    Object::check(&calendar).map(|object| (object.kind(), object.object_uid().to_owned()))
}

#[test]
fn s4_1_objects_of_appendix_b_are_valid() {
    for number in 1..=8 {
        let text = abcd(number);
        let found = check(&text);
        assert!(found.is_ok(), "{number}: {found:?}");
        assert_eq!(parse(&text).to_bytes(), text.as_bytes());
    }
    let calendar = abcd(3);
    let calendar = parse(&calendar);
    let object = Object::check(&calendar).unwrap();
    assert_eq!(object.organizer().unwrap(), "mailto:cyrus@example.com");
    assert_eq!(object.attendees_max(), 2);
}

#[test]
fn s5_3_2_1_valid_calendar_object_resource() {
    let vevent =
        |lines: &str| format!("BEGIN:VEVENT\nDTSTART:20060101T000000Z\n{lines}END:VEVENT\n");
    let refused = |body: String| {
        let error = check(&stream(&body)).unwrap_err();
        assert_eq!(
            error.precondition(),
            Precondition::ValidCalendarObjectResource,
            "{error}"
        );
        error
    };
    let one = vevent("UID:1\n");
    assert!(matches!(
        refused(format!("METHOD:REQUEST\n{one}")),
        Invalid::Method { line: 4 }
    ));
    assert!(matches!(refused(String::new()), Invalid::NoComponent));
    assert!(matches!(
        refused(format!("{one}BEGIN:VTODO\nUID:1\nEND:VTODO\n")),
        Invalid::MixedKinds { line: 8, .. }
    ));
    assert!(matches!(
        refused(format!("{one}{}", vevent("UID:2\n"))),
        Invalid::DifferentUids { .. }
    ));
    assert!(matches!(
        refused(format!("{one}{one}")),
        Invalid::TwoMasters { .. }
    ));
    let over = vevent("UID:1\nRECURRENCE-ID:20060102T000000Z\n");
    assert!(check(&stream(&format!("{over}{one}"))).is_ok());
    assert!(matches!(
        refused(format!("{over}{one}{over}")),
        Invalid::TwoOverrides { .. }
    ));
}

#[test]
fn s5_3_2_1_valid_calendar_data() {
    let refused = |lines: &str, precondition| {
        let error = check(&event(lines)).unwrap_err();
        assert_eq!(error.precondition(), precondition, "{error}");
        error.to_string()
    };
    let data = Precondition::ValidCalendarData;
    let error = refused("DTSTART:tomorrow\n", data);
    assert!(
        error.contains("line 6") && error.contains("tomorrow"),
        "{error}"
    );
    refused("SUMMARY:no start\n", data);
    let start = "DTSTART:20060101T000000Z\n";
    for wrong in [
        "RRULE:FREQ=OFTEN",
        "RRULE:COUNT=2",
        "DURATION:1 hour",
        "EXDATE:x",
        "BEGIN:VALARM\nTRIGGER:soon\nEND:VALARM",
    ] {
        refused(&format!("{start}{wrong}\n"), data);
    }
    refused(
        &format!("{start}RRULE:RSCALE=MAYAN;FREQ=YEARLY\n"),
        Precondition::SupportedRscale,
    );
    let nothing = check(&stream("BEGIN:VALARM\nEND:VALARM\n")).unwrap_err();
    assert_eq!(nothing.precondition(), data);
    let old = check(&abcd(1).replace("VERSION:2.0", "VERSION:1.0")).unwrap_err();
    assert_eq!(old.precondition(), Precondition::SupportedCalendarData);
}

/// What clients are known to write, and must be able to store.
#[test]
fn s5_3_2_1_faults_of_clients_are_tolerated() {
    let start = "DTSTART:20060101T000000Z\n";
    for (client, lines) in [
        (
            "Outlook CalDav Synchronizer",
            "ATTENDEE:\nDTSTART;TZID=Romance Standard Time :20060101T000000\n",
        ),
        (
            "Fantastical",
            "DTSTART;VALUE=DATE;TZID=Europe/Paris:20060101\n",
        ),
        (
            "Apple Calendar",
            "DTSTART:20060101T000000Z\nBEGIN:VALARM\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nEND:VALARM\n",
        ),
        (
            "Google",
            "DTSTART;VALUE=DATE:20060101\nRRULE:FREQ=DAILY;UNTIL=20060105T235959Z\n",
        ),
        (
            "Exchange",
            "DTSTART:20060101T000000Z\nRRULE:FREQ=WEEKLY;UNTIL=20060301;BYMINUTE=30;BYHOUR=9;BYDAY=MO\n",
        ),
        (
            "Outlook",
            "DTSTART:20060101T100000Z\nDTEND:20060101T090000Z\nDESCRIPTION:a\u{b}b\n",
        ),
        ("scripts", start),
    ] {
        assert!(check(&event(lines)).is_ok(), "{client}");
    }
}

/// Whether a component overlaps from 2 to 3 January 2006, and at the edges.
fn at(kind: &str, lines: &str, from: &str, to: &str) -> bool {
    let text = stream(&format!("BEGIN:{kind}\nUID:1\n{lines}\nEND:{kind}\n"));
    let time = |t: &str| match t {
        "" => String::new(),
        t => format!("200601{t}0000Z"),
    };
    overlaps(&text, range(&time(from), &time(to)))
}

#[test]
fn s9_9_vevent() {
    let e = |lines: &str, from: &str, to: &str| at("VEVENT", lines, from, to);
    let with_end = "DTSTART:20060102T100000Z\nDTEND:20060102T120000Z";
    let with_duration = "DTSTART:20060102T100000Z\nDURATION:PT2H";
    for lines in [with_end, with_duration] {
        assert!(e(lines, "02T11", "02T12"));
        assert!(e(lines, "02T09", "02T11"));
        assert!(!e(lines, "02T12", "02T13"));
        assert!(!e(lines, "02T09", "02T10"));
        assert!(e(lines, "", "02T11") && e(lines, "02T11", "") && e(lines, "", ""));
        assert!(!e(lines, "", "02T10") && !e(lines, "02T12", ""));
    }
    for lines in [
        "DTSTART:20060102T100000Z",
        "DTSTART:20060102T100000Z\nDURATION:PT0S",
    ] {
        assert!(e(lines, "02T10", "02T11"));
        assert!(!e(lines, "02T09", "02T10"));
        assert!(!e(lines, "02T11", "02T12"));
    }
    let day = "DTSTART;VALUE=DATE:20060102";
    assert!(e(day, "02T23", "03T23") && e(day, "01T23", "02T01"));
    assert!(!e(day, "03T00", "03T23") && !e(day, "01T00", "02T00"));
}

#[test]
fn s9_9_a_date_is_in_the_zone_that_is_given() {
    let text = event("DTSTART;VALUE=DATE:20060102\n");
    let calendar = parse(&text);
    let overlaps = |zone: &str, from: &str, to: &str| {
        let series = Series::of(&calendar, Zone::named(zone).unwrap());
        let range = range(&format!("200601{from}0000Z"), &format!("200601{to}0000Z"));
        series.overlaps(range, &mut Budget::default()).unwrap()
    };
    assert!(overlaps("America/Los_Angeles", "03T07", "03T08"));
    assert!(!overlaps("America/Los_Angeles", "02T07", "02T08"));
    assert!(overlaps("Asia/Tokyo", "01T15", "01T16"));
    assert!(!overlaps("Asia/Tokyo", "02T15", "02T16"));
}

#[test]
fn s9_9_vtodo() {
    let t = |lines: &str, from: &str, to: &str| at("VTODO", lines, from, to);
    let start_duration = "DTSTART:20060102T100000Z\nDURATION:PT2H";
    assert!(t(start_duration, "02T12", "02T13") && t(start_duration, "02T09", "02T11"));
    assert!(!t(start_duration, "02T13", "02T14") && !t(start_duration, "02T09", "02T10"));
    let start_due = "DTSTART:20060102T100000Z\nDUE:20060102T120000Z";
    assert!(t(start_due, "02T11", "02T13") && !t(start_due, "02T12", "02T13"));
    assert!(!t(start_due, "02T09", "02T10"));
    let start = "DTSTART:20060102T100000Z";
    assert!(t(start, "02T10", "02T11") && !t(start, "02T09", "02T10"));
    let due = "DUE:20060102T100000Z";
    assert!(t(due, "02T09", "02T10") && !t(due, "02T10", "02T11") && t(due, "", "02T10"));
    let both = "COMPLETED:20060102T120000Z\nCREATED:20060102T100000Z";
    assert!(t(both, "02T11", "02T12") && t(both, "02T12", "02T13") && t(both, "02T09", "02T10"));
    assert!(!t(both, "02T13", "02T14") && !t(both, "02T08", "02T09"));
    let completed = "COMPLETED:20060102T120000Z";
    assert!(t(completed, "02T11", "02T12") && t(completed, "02T12", "02T13"));
    assert!(!t(completed, "02T13", "02T14") && !t(completed, "02T10", "02T11"));
    let created = "CREATED:20060102T100000Z";
    assert!(t(created, "03T00", "04T00") && !t(created, "02T09", "02T10"));
    assert!(t("SUMMARY:any time", "02T09", "02T10"));
    // Apple's Reminders and Tasks.org: what is due each day has no DTSTART.
    let daily = "DUE:20060102T100000Z\nRRULE:FREQ=DAILY";
    assert!(t(daily, "09T09", "09T11") && !t(daily, "09T11", "09T12"));
}

#[test]
fn s9_9_vjournal() {
    let j = |lines: &str, from: &str, to: &str| at("VJOURNAL", lines, from, to);
    assert!(j("DTSTART:20060102T100000Z", "02T10", "02T11"));
    assert!(!j("DTSTART:20060102T100000Z", "02T11", "02T12"));
    assert!(j("DTSTART;VALUE=DATE:20060102", "02T22", "02T23"));
    assert!(!j("SUMMARY:x", "02T22", "02T23"));
}

#[test]
fn s9_9_vfreebusy() {
    let f = |lines: &str, from: &str, to: &str| at("VFREEBUSY", lines, from, to);
    let both = "DTSTART:20060102T100000Z\nDTEND:20060102T120000Z";
    assert!(f(both, "02T12", "02T13") && !f(both, "02T13", "02T14") && !f(both, "02T09", "02T10"));
    let periods = "FREEBUSY:20060102T100000Z/PT1H,20060104T100000Z/20060104T110000Z";
    assert!(f(periods, "02T10", "02T12") && f(periods, "04T00", "05T00"));
    assert!(!f(periods, "03T00", "04T00") && !f("SUMMARY:x", "03T00", "04T00"));
}

#[test]
fn s9_9_properties() {
    let text = event("DTSTART:20060102T100000Z\nDURATION:PT2H\nDTSTAMP:20060101T000000Z\n");
    let calendar = parse(&text);
    let zones = Zones::new(&calendar, Zone::Utc);
    let component = calendar.components().next().unwrap();
    let span =
        |from: &str, to: &str| range(&format!("200601{from}0000Z"), &format!("200601{to}0000Z"));
    let stamp = component.property("DTSTAMP").unwrap();
    assert!(property_overlaps(stamp, &zones, span("01T00", "01T01")));
    assert!(!property_overlaps(stamp, &zones, span("01T01", "01T02")));
    assert!(effective_end_overlaps(
        component,
        &zones,
        span("02T12", "02T13")
    ));
    assert!(!effective_end_overlaps(
        component,
        &zones,
        span("02T11", "02T12")
    ));
}

#[test]
fn s9_9_valarm() {
    let alarm = |lines: &str, alarm: &str, from: &str, to: &str| {
        let text = event(&format!(
            "{lines}\nBEGIN:VALARM\nACTION:DISPLAY\n{alarm}\nEND:VALARM\n"
        ));
        let calendar = parse(&text);
        let series = Series::of(&calendar, Zone::Utc);
        let range = range(&format!("200601{from}0000Z"), &format!("200601{to}0000Z"));
        series
            .any_alarm(range, &mut Budget::default(), &mut |_, _| true)
            .unwrap()
    };
    let once = "DTSTART:20060102T100000Z\nDTEND:20060102T120000Z";
    assert!(alarm(once, "TRIGGER:-PT1H", "02T09", "02T10"));
    assert!(!alarm(once, "TRIGGER:-PT1H", "02T10", "02T11"));
    assert!(!alarm(once, "TRIGGER:-PT1H", "02T08", "02T09"));
    assert!(alarm(once, "TRIGGER;RELATED=END:PT1H", "02T13", "02T14"));
    assert!(alarm(
        once,
        "TRIGGER;VALUE=DATE-TIME:20060109T000000Z",
        "09T00",
        "09T01"
    ));
    let repeated = "TRIGGER:-PT1H\nREPEAT:4\nDURATION:PT2H";
    assert!(alarm(once, repeated, "02T17", "02T18"));
    assert!(!alarm(once, repeated, "02T18", "02T19") && !alarm(once, repeated, "02T19", "02T20"));
    let daily = "DTSTART:20050102T100000Z\nRRULE:FREQ=DAILY";
    assert!(alarm(daily, "TRIGGER:-P14D", "09T10", "09T11"));
    assert!(!alarm(daily, "TRIGGER:-P14D", "09T11", "09T12"));
}

/// §9.6.5 leaves nothing of a recurrence: what was expanded is read again.
#[test]
fn s9_6_5_what_is_expanded_is_a_calendar() {
    for number in 1..=8 {
        let text = abcd(number);
        let output = Output {
            recurrences: Recurrences::Expand(january(1, 9)),
            ..Output::default()
        };
        let found = write(&text, &output);
        let calendar: Calendar<'_> = parse(&found);
        assert!(
            calendar
                .components()
                .all(|c| c.property("RRULE").is_none() && !c.is("VTIMEZONE"))
        );
    }
}
