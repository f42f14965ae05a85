//! GET of whole calendars: each TZID means one zone in a stream. RFC 5545 §3.6.5.

use super::*;
use icalendar::series::{Range, Series};
use icalendar::value::LocalTime;
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits};

/// A VTIMEZONE with the same offset for ever.
fn fixed(tzid: &str, offset: &str) -> String {
    format!(
        "BEGIN:VTIMEZONE\nTZID:{tzid}\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
         TZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
}

/// Noon of the 14th of July 2006 in a zone, with what describes it.
fn noon(uid: &str, zone: &str, tzid: &str) -> String {
    calendar(&format!(
        "{zone}BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20060206T001121Z\n\
         DTSTART;TZID={tzid}:20060714T120000\nDURATION:PT1H\nEND:VEVENT"
    ))
}

/// When each event of a stream begins, by its UID. They are looked at one by one, with all zones.
fn starts(text: &str) -> Vec<(String, String)> {
    let parsed = Calendar::parse(text.as_bytes(), &Limits::default()).unwrap();
    let mut starts = Vec::new();
    for event in parsed.calendar_components() {
        let mut alone = parsed.clone();
        let uid = event.text("UID").unwrap().into_owned();
        alone.root_mut().retain(|item| match item {
            icalendar::Item::Component(component) => {
                component.is("VTIMEZONE") || component.text("UID").unwrap() == uid
            }
            icalendar::Item::Property(_) => true,
        });
        let series = Series::of(&alone, Zone::Utc);
        let found = series.instances(Range::new(None, None), &mut Budget::default());
        let start = found.unwrap().first().unwrap().start;
        starts.push((uid, LocalTime(start).to_string()));
    }
    starts.sort();
    starts
}

/// The stream of a calendar with these objects, put in this order; and as jCal, made iCalendar again.
fn exported(objects: &[String]) -> [String; 2] {
    let host = host();
    for (number, object) in objects.iter().enumerate() {
        let path = format!("{DEFAULT}/{number}.ics");
        assert_eq!(put(&host, &path, object).status, 201, "{object}");
    }
    let plain = send(&host, "GET", DEFAULT, &[], "");
    assert_eq!(plain.status, 200);
    let accept = [("accept", "application/calendar+json")];
    let jcal = send(&host, "GET", DEFAULT, &accept, "").text();
    let back = icalendar::jcal::from_jcal(&jcal, &Limits::default()).unwrap();
    [plain.text(), String::from_utf8(back).unwrap()]
}

fn tzids(text: &str) -> Vec<&str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("TZID:"));
    lines.collect()
}

fn expect_starts(text: &str, expected: &[(&str, &str)]) {
    let found = starts(text);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(uid, start)| (uid.as_str(), start.as_str()))
        .collect();
    assert_eq!(found, expected, "{text}");
    let mut zones = tzids(text);
    let all = zones.len();
    zones.sort_unstable();
    zones.dedup();
    assert_eq!(zones.len(), all, "{text}");
}

#[test]
fn zones_of_one_name_that_are_not_the_same() {
    const NAME: &str = "Customized Time Zone";
    let objects = [
        noon("a", &fixed(NAME, "-0300"), NAME),
        noon("b", &fixed(NAME, "+0500"), NAME),
        noon("c", &fixed(NAME, "-0300"), NAME),
        noon("d", &fixed(NAME, "+0500"), NAME),
        // What looks like a name that was made.
        noon(
            "e",
            &fixed("Customized Time Zone 2", "+0600"),
            "Customized Time Zone 2",
        ),
    ];
    for text in exported(&objects) {
        let expected = [
            ("a", "20060714T150000"),
            ("b", "20060714T070000"),
            ("c", "20060714T150000"),
            ("d", "20060714T070000"),
            ("e", "20060714T060000"),
        ];
        expect_starts(&text, &expected);
        assert_eq!(tzids(&text).len(), 3);
    }
}

/// RFC 7809: objects without the VTIMEZONE of a name of IANA's, that others have for something else.
#[test]
fn names_of_iana_that_others_mean_otherwise() {
    let plain = noon("a", "", "Europe/Berlin");
    let other = noon("b", &fixed("Europe/Berlin", "-0300"), "Europe/Berlin");
    for objects in [[plain.clone(), other.clone()], [other, plain]] {
        for text in exported(&objects) {
            let expected = [("a", "20060714T100000"), ("b", "20060714T150000")];
            expect_starts(&text, &expected);
            assert_eq!(tzids(&text).len(), 2);
        }
    }
}

/// Each client describes a zone in its own words.
#[test]
fn zones_that_are_the_same_are_there_once() {
    let summer = fixed("Europe/Berlin", "+0200");
    let objects = [
        noon("a", &summer, "Europe/Berlin"),
        noon(
            "b",
            &summer.replace("STANDARD", "DAYLIGHT"),
            "Europe/Berlin",
        ),
        noon("c", "", "Europe/Berlin"),
    ];
    for text in exported(&objects) {
        let expected = ["a", "b", "c"].map(|uid| (uid, "20060714T100000"));
        expect_starts(&text, &expected);
        assert_eq!(tzids(&text), ["Europe/Berlin"]);
    }
    // In winter the first of them is another one.
    let winter = noon("d", "", "Europe/Berlin").replace(":20060714T", ":20061214T");
    for text in exported(&[objects[0].clone(), winter]) {
        expect_starts(&text, &[("a", "20060714T100000"), ("d", "20061214T110000")]);
        assert_eq!(tzids(&text).len(), 2);
    }
}

/// Alarms and overrides go by the new name, too.
#[test]
fn all_of_an_object_goes_by_the_new_name() {
    let first = noon("a", &fixed("Mine", "-0300"), "Mine");
    let zone = fixed("Mine", "+0500");
    let second = calendar(&format!(
        "{zone}BEGIN:VEVENT\nUID:b\nDTSTAMP:20060206T001121Z\nDTSTART;TZID=Mine:20060714T120000\n\
         RRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nDTSTAMP:20060206T001121Z\n\
         RECURRENCE-ID;TZID=Mine:20060715T120000\nDTSTART;TZID=Mine:20060715T130000\n\
         BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT5M\n\
         X-AT;TZID=Mine:20060715T120000\nEND:VALARM\nEND:VEVENT"
    ));
    let [text, _] = exported(&[first, second]);
    assert_eq!(text.matches("TZID=Mine:").count(), 1, "{text}");
    assert_eq!(text.matches("TZID=Mine 2:").count(), 4, "{text}");
}
