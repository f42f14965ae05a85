//! RFC 7265: jCal.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::jcal::{JcalError, from_jcal};
use icalendar::{Calendar, Limits};
use serde_json::Value;
use support::{parse, stream};

/// The value with properties in one order: theirs has no meaning.
fn ordered(component: &Value) -> Value {
    let [name, properties, components] = component.as_array().unwrap().as_slice() else {
        panic!("{component}");
    };
    let mut properties = properties.as_array().unwrap().clone();
    properties.sort_by_key(Value::to_string);
    let components = components.as_array().unwrap().iter().map(ordered);
    Value::Array(vec![
        name.clone(),
        Value::Array(properties),
        components.collect(),
    ])
}

fn jcal(text: &str) -> Value {
    serde_json::from_str(&parse(text).to_jcal()).unwrap()
}

fn examples() -> [(String, String); 2] {
    [
        (
            include_str!("fixtures/rfc7265/b_1.ics").to_owned(),
            include_str!("fixtures/rfc7265/b_1.json").to_owned(),
        ),
        (
            include_str!("fixtures/rfc7265/b_2.ics").to_owned(),
            include_str!("fixtures/rfc7265/b_2.json").to_owned(),
        ),
    ]
}

#[test]
fn appendix_b_to_jcal() {
    for (text, json) in examples() {
        // Where the two forms in the RFC don't say the same, and where a period is a string
        // although "the value element is an array" (§3.6.9).
        let json = json
            .replace("2006-01-02T14:00:00", "2006-01-04T14:00:00")
            .replace(
                "\"2006-01-02T15:00:00/PT2H\"",
                "[\"2006-01-02T15:00:00\",\"PT2H\"]",
            );
        let text = text
            .replace("BYDAY=-1SU", "BYDAY=1SU")
            .replace("Event #2 bis", "Event #2");
        let expected: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(ordered(&jcal(&text)), ordered(&expected));
    }
}

#[test]
fn appendix_b_from_jcal() {
    let [(text, json), _] = examples();
    let bytes = from_jcal(&json, &Limits::default()).unwrap();
    let expected = text
        .replace("DTSTART:20081006", "DTSTART;VALUE=DATE:20081006")
        .replace('\n', "\r\n");
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

/// Back and forth nothing is lost.
#[test]
fn s4_round_trip() {
    let text = stream(
        "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260101T100000\nEXDATE;TZID=Europe/Berlin:20260102T100000,20260103T100000\nRRULE:FREQ=MONTHLY;BYDAY=-1SU,2MO;BYMONTHDAY=1,15,-1;INTERVAL=2;UNTIL=20131001T000000Z\nRDATE;VALUE=PERIOD:20260105T100000Z/PT1H\nDTSTAMP:20260101T000000Z\nCATEGORIES:a\\,b,c\nGEO:37.386013;-122.082932\nREQUEST-STATUS:3.7;Invalid\\; user;ATTENDEE:mailto:a\nATTENDEE;CN=\"A, B\";MEMBER=\"mailto:x\",\"mailto:y\":mailto:a@example.com\nATTACH;ENCODING=BASE64;FMTTYPE=text/plain;VALUE=BINARY:VGhl\nX-A;VALUE=INTEGER:1,2\nX-B:x;y\\,z\nPRIORITY:5\nX-C;VALUE=BOOLEAN:TRUE\nX-D;VALUE=UTC-OFFSET:+123456\nBEGIN:VALARM\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\n",
    );
    let first = parse(&text).to_jcal();
    let bytes = from_jcal(&first, &Limits::default()).unwrap();
    let read = Calendar::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.to_jcal(), first);
    let values = |calendar: &Calendar<'_>| -> Vec<String> {
        let event = calendar.components().next().unwrap();
        let list = event.properties().filter(|p| !p.is("RRULE"));
        list.map(|p| format!("{}:{}", p.name(), p.value()))
            .collect()
    };
    assert_eq!(values(&read), values(&parse(&text)));
}

#[test]
fn s3_4_2_values_and_parameters() {
    let text = stream(
        "BEGIN:VEVENT\nUID:1\nSUMMARY;LANGUAGE=en:a\\, b\nCATEGORIES:a\\,b,c\nGEO:37.386013;-122.082932\nATTENDEE;CN=\"A, B\":mailto:a@example.com\nX-A:x;y\\,z\nEND:VEVENT\n",
    );
    let value = jcal(&text);
    let properties = value.pointer("/2/0/1").unwrap().to_string();
    for part in [
        r#"["summary",{"language":"en"},"text","a, b"]"#,
        r#"["categories",{},"text","a,b","c"]"#,
        r#"["geo",{},"float",[37.386013,-122.082932]]"#,
        r#"["attendee",{"cn":"A, B"},"cal-address","mailto:a@example.com"]"#,
        r#"["x-a",{},"unknown","x;y\\,z"]"#,
    ] {
        assert!(properties.contains(part), "{part} is not in {properties}");
    }
}

#[test]
fn what_is_no_jcal_is_refused() {
    let read = |text: &str| from_jcal(text, &Limits::default());
    assert!(matches!(read("["), Err(JcalError::Json(_))));
    assert!(matches!(read("{}"), Err(JcalError::Shape(_))));
    assert!(matches!(
        read(r#"["vevent",[],[]]"#),
        Err(JcalError::Shape(_))
    ));
    let deep = "[\"vcalendar\",[],[".repeat(40) + &"]]".repeat(40);
    assert!(read(&deep).is_err());
    // A name can't bring lines of its own.
    let evil = r#"["vcalendar",[["x-a\r\nBEGIN:VEVENT\r\nX",{},"text","1"]],[]]"#;
    match read(evil) {
        Err(_) => {}
        Ok(bytes) => {
            let calendar = Calendar::parse(&bytes, &Limits::default()).unwrap();
            assert_eq!(calendar.components().count(), 0);
        }
    }
}

/// RFC 7986 §5.7, §5.8, §5.10, §5.11: "no default" type, so that VALUE has to be there.
#[test]
fn s4_types_without_a_default_are_said() {
    for line in [
        "IMAGE;VALUE=URI;FMTTYPE=image/png:http://example.com/a.png",
        "IMAGE;VALUE=BINARY;ENCODING=BASE64:QUJD",
        "CONFERENCE;VALUE=URI:https://example.com/1",
        "REFRESH-INTERVAL;VALUE=DURATION:P1W",
        "SOURCE;VALUE=URI:https://example.com/holidays.ics",
        "LINK;VALUE=URI;LINKREL=alternate:https://example.com/2",
    ] {
        let text = stream(&format!("{line}\n"));
        let back = from_jcal(&parse(&text).to_jcal(), &Limits::default()).unwrap();
        let back = String::from_utf8(back).unwrap().replace("\r\n ", "");
        let (name, rest) = line.split_once(';').unwrap();
        let found = back.lines().find(|line| line.starts_with(name)).unwrap();
        let (params, value) = rest.split_once(':').unwrap();
        assert!(found.ends_with(&format!(":{value}")), "{found}");
        for param in params.split(';') {
            assert!(found.contains(&format!(";{param}")), "{found}");
        }
    }
    // Where there is a default, nothing has to be said.
    let attach = stream("ATTACH;VALUE=URI:http://example.com/a.png\n");
    let back = from_jcal(&parse(&attach).to_jcal(), &Limits::default()).unwrap();
    let back = String::from_utf8(back).unwrap();
    assert!(back.contains("\r\nATTACH:http"), "{back}");
}
