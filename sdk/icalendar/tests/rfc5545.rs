//! RFC 5545: content lines, values and components.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use icalendar::value::{Duration, Form, LocalTime};
use icalendar::{Calendar, Component, Limits, Problem, Property, escape_text, unescape_text};

fn stream(body: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n")
}

fn parse(text: &str) -> Calendar<'_> {
    Calendar::parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn refused(text: &str) -> (u32, Problem) {
    let error = Calendar::parse(text.as_bytes(), &Limits::default()).unwrap_err();
    (error.line, error.problem)
}

/// The one property of a calendar that has this line.
fn property(line: &str) -> Property<'static> {
    let text = stream(&format!("{line}\r\n"));
    let calendar = parse(&text);
    let found = calendar.root().properties().nth(1).unwrap().clone();
    found.into_owned()
}

#[test]
fn s3_1_folded_lines_are_one() {
    let folded = "DESCRIPTION:This is a lo\r\n ng description\r\n  that exists on a long line.";
    let property = property(folded);
    assert_eq!(
        property.value(),
        "This is a long description that exists on a long line."
    );
}

#[test]
fn s3_1_a_fold_may_cut_a_character() {
    let mut bytes = b"BEGIN:VCALENDAR\r\nSUMMARY:caf\xc3\r\n \xa9\r\nEND:VCALENDAR\r\n".to_vec();
    let calendar = Calendar::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(calendar.root().text("SUMMARY").unwrap(), "café");
    assert_eq!(calendar.to_bytes(), bytes);
    bytes.retain(|byte| *byte != 0xa9);
    let error = Calendar::parse(&bytes, &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.problem), (2, Problem::Encoding));
}

#[test]
fn s3_1_long_lines_are_folded_at_75_bytes_between_characters() {
    let mut calendar = Calendar::new("-//Test//EN");
    calendar
        .root_mut()
        .add(Property::text_valued("X-LONG", &"é,".repeat(100)));
    let bytes = calendar.to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 75));
    let read = Calendar::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.root().text("X-LONG").unwrap(), "é,".repeat(100));
}

#[test]
fn s3_1_what_is_no_content_line_is_refused_with_its_number() {
    let text = stream("DESCRIPTION:folded\r\n over\r\n lines\r\n\r\nno colon\r\n");
    assert_eq!(refused(&text), (7, Problem::NoColon));
    assert_eq!(
        refused(&stream("Note to self: buy\r\n")),
        (3, Problem::Name("Note to self".to_owned()))
    );
    assert_eq!(refused(""), (1, Problem::Empty));
    assert_eq!(refused("BEGIN:VCARD\r\n"), (1, Problem::NoCalendar));
    assert_eq!(
        refused(&stream("BEGIN:VEVENT\r\nEND:VTODO\r\n")),
        (
            4,
            Problem::WrongEnd {
                found: "VTODO".to_owned(),
                open: "VEVENT".to_owned()
            }
        )
    );
    assert_eq!(
        refused("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"),
        (2, Problem::Unclosed("VEVENT".to_owned()))
    );
    let twice = stream("") + &stream("");
    assert_eq!(refused(&twice), (4, Problem::SecondCalendar));
    let many = Calendar::parse_many(twice.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(many.len(), 2);
}

#[test]
fn s3_2_parameters_have_lists_and_quotes() {
    let line = "ATTENDEE;DELEGATED-TO=\"mailto:a@example.com\",\"mailto:b;c@example.com\";CN=A:mailto:d@example.com";
    let property = property(line);
    let to = property.params().next().unwrap();
    let values: Vec<_> = to.values().collect();
    assert_eq!(values, ["mailto:a@example.com", "mailto:b;c@example.com"]);
    assert_eq!(property.param("cn").unwrap(), "A");
    assert_eq!(property.value(), "mailto:d@example.com");
}

#[test]
fn s3_3_5_forms_of_date_time() {
    let at = |line: &str| {
        let property = property(line);
        let time = property.time().unwrap();
        (time.local.to_string(), format!("{:?}", time.form))
    };
    let nine = || "19980118T230000".to_owned();
    assert_eq!(at("X:19980118T230000"), (nine(), "Floating".to_owned()));
    assert_eq!(at("X:19980118T230000Z"), (nine(), "Utc".to_owned()));
    assert_eq!(
        at("X;TZID=America/New_York:19980118T230000").1,
        "Zoned(\"America/New_York\")"
    );
    assert_eq!(at("X;VALUE=DATE;TZID=X:19980118").1, "Date");
    for wrong in ["19980230", "19980118T250000", "19980118T2300", "1998", ""] {
        assert!(property(&format!("X:{wrong}")).time().is_err(), "{wrong}");
    }
    assert_eq!(LocalTime::parse("19700101").unwrap(), LocalTime(0));
    assert_eq!(LocalTime::parse("20000301").unwrap().days(), 11_017);
    assert_eq!(LocalTime(-1).to_string(), "19691231T235959");
    assert!(matches!(
        property("X:20000101").time().unwrap().form,
        Form::Date
    ));
}

#[test]
fn s3_3_6_durations() {
    let read = |text| Duration::read(text).map(|d| (d.days, d.seconds)).ok();
    assert_eq!(read("P15DT5H0M20S"), Some((15, 18_020)));
    assert_eq!(read("P7W"), Some((49, 0)));
    assert_eq!(read("-PT15M"), Some((0, -900)));
    assert_eq!(read("PT1H30M"), Some((0, 5400)));
    // Nothing after the letter: some clients write "no time" so.
    assert_eq!(read("P1DT"), Some((1, 0)));
    for wrong in ["", "1D", "P1", "P1H", "PT1D", "P99999999999D"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
    for text in ["P15DT5H20S", "-PT15M", "PT0S", "P1D"] {
        assert_eq!(Duration::read(text).unwrap().to_string(), text);
    }
}

#[test]
fn s3_3_11_text_is_escaped() {
    let text = "Project XYZ Final Review\nConference Room - 3B\nCome Prepared.";
    let value = r"Project XYZ Final Review\nConference Room - 3B\nCome Prepared.";
    assert_eq!(unescape_text(value), text);
    assert_eq!(escape_text(text), value);
    assert_eq!(escape_text(r"a,b;c\d"), r"a\,b\;c\\d");
    let property = property(r"CATEGORIES:a\,b,c,\\,d\n");
    let items: Vec<_> = property.text_list().collect();
    assert_eq!(items, ["a,b", "c", "\\", "d\n"]);
}

#[test]
fn s3_6_edits_leave_all_other_bytes() {
    let text = stream(
        "begin:vevent\r\nUID:1\r\n\r\nDESCRIPTION:fo\r\n\tld\r\nSUMMARY:Lunch\nX-A;x=\"1\":2\r\nend:VEVENT\r\n",
    );
    let mut calendar = parse(&text);
    assert_eq!(calendar.to_bytes(), text.as_bytes());
    let event = calendar.root_mut().components_mut().next().unwrap();
    event.set(Property::text_valued("SUMMARY", "Dinner, late"));
    assert!(event.remove("X-A"));
    event.add(Property::new("STATUS", "TENTATIVE").with_param("X-P", "a;b\"c"));
    event.add_component(Component::new("VALARM"));
    let expected = text
        .replace("SUMMARY:Lunch\n", "SUMMARY:Dinner\\, late\r\n")
        .replace(
            "X-A;x=\"1\":2\r\n",
            "STATUS;X-P=\"a;b^'c\":TENTATIVE\r\nBEGIN:VALARM\r\nEND:VALARM\r\n",
        );
    assert_eq!(String::from_utf8(calendar.to_bytes()).unwrap(), expected);
}

#[test]
fn limits_are_named() {
    let check = |limits: Limits, text: &str, what: &str| {
        let error = Calendar::parse(text.as_bytes(), &limits).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    };
    let deep = "BEGIN:A\r\n".repeat(20);
    check(Limits::default(), &stream(&deep), "10 levels of components");
    let small = Limits {
        bytes: 60,
        components: 2,
        properties: 2,
        line: 20,
        ..Limits::default()
    };
    check(small, &stream(&"X:1\r\n".repeat(20)), "60 bytes");
    check(small, &stream("A:1\r\nB:1\r\n"), "2 properties");
    check(
        small,
        &stream(&format!("X:{}\r\n", "1".repeat(10)).replace("1111", "1\r\n 111111111\r\n 1")),
        "bytes",
    );
}

/// Many objects have the same time zone: what is read once is as if it were read again.
#[test]
fn s3_6_5_stored_objects_share_time_zones() {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
        TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
    let stream = |before: &str, zone: &str, after: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{before}{zone}{after}BEGIN:VEVENT\r\nUID:1\r\n\
             DTSTART;TZID=Here:20260101T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let plain = stream("", zone, "");
    for text in [
        plain.clone(),
        plain.clone(),
        stream("X-A:1\r\n\r\n", zone, ""),
        stream("", zone, "\r\n"),
        stream("", zone, zone),
        // The last line goes on.
        stream("", zone, " \r\n"),
        stream("", zone, "\tX\r\n"),
        stream("", zone.trim_end(), "X\r\n"),
        stream("", &zone.replace("+0100", "+0200"), ""),
        // Another component of the same bytes but for its depth.
        stream("BEGIN:X-A\r\n", zone, "END:X-A\r\n"),
        zone.trim_end().to_owned(),
        format!("BEGIN:VCALENDAR\r\n{}", zone.trim_end()),
        plain.replace("\r\n", "\n"),
        plain,
    ] {
        let fresh = Calendar::parse(text.as_bytes(), &Limits::default());
        let shared = Calendar::parse_stored(text.as_bytes());
        match (fresh, shared) {
            (Ok(fresh), Ok(shared)) => {
                assert_eq!(shared.to_bytes(), text.as_bytes());
                assert_eq!(
                    format!("{:?}", shared.calendar_components().collect::<Vec<_>>()),
                    format!("{:?}", fresh.calendar_components().collect::<Vec<_>>())
                );
                let names = |c: &Calendar<'_>| {
                    c.components()
                        .map(|c| c.name().to_owned())
                        .collect::<Vec<_>>()
                };
                assert_eq!(names(&shared), names(&fresh));
            }
            (fresh, shared) => assert_eq!(fresh.err(), shared.err(), "{text}"),
        }
    }
}
