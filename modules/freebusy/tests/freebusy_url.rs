//! Free-busy URLs, over the in-memory host: CalConnect's "Freebusy Read URL" as Cyrus has it, and
//! RFC 4791 §7.10 for what makes somebody busy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use freebusy::FreeBusy;
use icalendar::keys::Keys;
use icalendar::{Calendar, Limits};
use module::native::{Host, Reply};
use module::{
    Annotation, Batch, Condition, Content, Grant, Identifier, Key, Mailbox, Put, Rights, Scope,
};
use serde_json::{Value, json};

const DAY: &str = "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z";

/// Alice has two calendars; the host asks principals by this module.
fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob").user("carol");
    host.group("staff", &["bob"]).act_as("alice");
    host.receiver::<FreeBusy>();
    make(&[], "calendar-home");
    make(&["Default"], "calendar");
    make(&["Work"], "calendar");
    make(&["Inbox"], "schedule-inbox");
    host
}

fn path(parts: &[&str]) -> Vec<String> {
    let home = ["user", "alice", "#calendars"];
    home.iter()
        .chain(parts)
        .map(|&part| part.to_owned())
        .collect()
}

fn make(parts: &[&str], type_: &str) {
    let own = Grant::new(Identifier::Principal("alice".to_owned()), Rights::all());
    let batch = Batch::new();
    batch.create_mailbox(&path(parts), type_, Some(&[own]));
    batch.commit().unwrap();
}

fn put(calendar: &str, name: &str, body: &str) {
    let batch = Batch::new();
    batch.put(
        &Mailbox::open(&path(&[calendar])).unwrap(),
        Put {
            name: Some(name.to_owned()),
            condition: Condition::None,
            header: b"Subject: x\r\n\r\n".to_vec(),
            content: Content::Bytes(body.as_bytes().to_vec()),
            content_type: "text/calendar".to_owned(),
            flags: Vec::new(),
            keys: keys(body),
            keys_version: icalendar::keys::KEYS_VERSION,
        },
    );
    batch.commit().unwrap();
}

/// The keys that modules/caldav stores with an object, those that matter here.
fn keys(body: &str) -> Vec<Key> {
    let parsed = Calendar::parse(body.as_bytes(), &Limits::default()).ok();
    let Some(keys) = parsed.as_ref().and_then(Keys::of) else {
        return Vec::new();
    };
    let times = keys.times.iter();
    times
        .map(|time| Key::interval(time.name, time.start, time.end))
        .collect()
}

/// Puts a VEVENT with these properties.
fn event(calendar: &str, name: &str, properties: &str) {
    let properties = properties.replace('\n', "\r\n");
    let body = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VEVENT\r\nUID:{name}\r\n\
         DTSTAMP:20260101T000000Z\r\nSUMMARY:secret\r\n{properties}\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n"
    );
    put(calendar, name, &body);
}

fn grant(calendar: &str, grants: &[(Identifier, &str)]) {
    let own = Grant::new(Identifier::Principal("alice".to_owned()), Rights::all());
    let others = grants.iter().map(|(identifier, letters)| {
        Grant::new(identifier.clone(), Rights::from_letters(letters).unwrap())
    });
    let grants: Vec<Grant> = [own].into_iter().chain(others).collect();
    let batch = Batch::new();
    batch.set_rights(&Mailbox::open(&path(&[calendar])).unwrap(), &grants);
    batch.commit().unwrap();
}

fn property(calendar: &str, annotation: &Annotation) {
    let batch = Batch::new();
    batch.annotate(
        &Mailbox::open(&path(&[calendar])).unwrap(),
        None,
        annotation,
    );
    batch.commit().unwrap();
}

fn get(host: &Host, target: &str) -> Reply {
    host.request("GET", target).send::<FreeBusy>()
}

/// The lines of an answer that say when somebody is busy.
fn busy(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!reply.text().contains("secret"));
    let text = reply.text().replace("\r\n ", "");
    let lines = text.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("FREEBUSY;FBTYPE="));
    let periods = lines.flat_map(|line| {
        let (kind, periods) = line.split_once(':').unwrap();
        let periods = periods.split(',');
        periods.map(move |period| format!("{kind}:{period}"))
    });
    periods.collect()
}

fn alice(host: &Host) -> Vec<String> {
    busy(&get(host, &format!("/freebusy/user/alice?{DAY}")))
}

/// Busy from 9 to 10, in one calendar.
fn morning() {
    event(
        "Default",
        "1",
        "DTSTART:20260302T090000Z\nDTEND:20260302T100000Z",
    );
}

/// Busy from 12 to 13, in another one.
fn noon() {
    event(
        "Work",
        "2",
        "DTSTART:20260302T120000Z\nDTEND:20260302T130000Z",
    );
}

#[test]
fn the_owner_sees_all_calendars() {
    let host = host();
    morning();
    event("Work", "2", "DTSTART:20260302T120000Z\nDURATION:PT1H30M");
    event("Work", "3", "DTSTART:20260304T120000Z\nDURATION:PT1H");
    let reply = get(&host, &format!("/freebusy/user/alice?{DAY}"));
    assert_eq!(
        busy(&reply),
        [
            "BUSY:20260302T090000Z/20260302T100000Z",
            "BUSY:20260302T120000Z/20260302T133000Z"
        ]
    );
    let text = reply.text();
    for line in [
        "METHOD:PUBLISH",
        "BEGIN:VFREEBUSY",
        "DTSTART:20260302T000000Z",
        "DTEND:20260303T000000Z",
        "DTSTAMP:20260101T000000Z",
        "ORGANIZER:mailto:alice@example.org",
        "URL:https://example.org/freebusy/user/alice",
    ] {
        assert!(
            text.lines()
                .any(|found| found == line || found.starts_with(line)),
            "{line}"
        );
    }
    assert_eq!(
        reply.header("content-disposition"),
        Some("inline; filename=\"alice.ifb\"")
    );
    assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
}

#[test]
fn one_calendar_alone() {
    let host = host();
    morning();
    noon();
    for name in ["Work", "W%6Frk", "Work/"] {
        let reply = get(&host, &format!("/freebusy/user/alice/{name}?{DAY}"));
        assert_eq!(busy(&reply), ["BUSY:20260302T120000Z/20260302T130000Z"]);
    }
    for name in ["Inbox", "Nothing", "Work/2", "%FF", "Work%2F2"] {
        let reply = get(&host, &format!("/freebusy/user/alice/{name}?{DAY}"));
        assert_eq!(reply.status, 404, "{name}");
    }
}

#[test]
fn rfc4791_s7_10_what_makes_busy() {
    let host = host();
    let at = |hour: u32| format!("DTSTART:20260302T{hour:02}0000Z\nDURATION:PT30M");
    event("Default", "1", &at(1));
    event("Default", "2", &format!("{}\nTRANSP:TRANSPARENT", at(2)));
    event("Default", "3", &format!("{}\nSTATUS:CANCELLED", at(3)));
    event("Default", "4", &format!("{}\nSTATUS:TENTATIVE", at(4)));
    event(
        "Default",
        "5",
        &format!("{}\nSTATUS:CONFIRMED\nTRANSP:OPAQUE", at(5)),
    );
    let attendee = |part| format!("ATTENDEE;PARTSTAT={part}:mailto:ALICE@example.org");
    event(
        "Default",
        "6",
        &format!("{}\n{}", at(6), attendee("DECLINED")),
    );
    event(
        "Default",
        "7",
        &format!("{}\n{}", at(7), attendee("TENTATIVE")),
    );
    event(
        "Default",
        "8",
        &format!("{}\n{}", at(8), attendee("ACCEPTED")),
    );
    let bob = "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org";
    event("Default", "9", &format!("{}\n{bob}", at(9)));
    // No time at all, and what is no object at all.
    event("Default", "10", "DTSTART:20260302T100000Z");
    put("Default", "11", "what is this?");
    assert_eq!(
        alice(&host),
        [
            "BUSY:20260302T010000Z/20260302T013000Z",
            "BUSY:20260302T050000Z/20260302T053000Z",
            "BUSY:20260302T080000Z/20260302T083000Z",
            "BUSY:20260302T090000Z/20260302T093000Z",
            "BUSY-TENTATIVE:20260302T040000Z/20260302T043000Z",
            "BUSY-TENTATIVE:20260302T070000Z/20260302T073000Z",
        ]
    );
}

#[test]
fn rfc4791_s7_10_vfreebusy_counts() {
    let host = host();
    put(
        "Default",
        "1",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VFREEBUSY\r\nUID:1\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:20260302T000000Z\r\nDTEND:20260303T000000Z\r\n\
         FREEBUSY:20260302T010000Z/20260302T020000Z,20260302T030000Z/PT1H\r\n\
         FREEBUSY;FBTYPE=FREE:20260302T050000Z/20260302T060000Z\r\n\
         FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260301T220000Z/20260302T003000Z\r\n\
         FREEBUSY;FBTYPE=X-NEW:20260302T070000Z/20260302T080000Z\r\n\
         END:VFREEBUSY\r\nEND:VCALENDAR\r\n",
    );
    assert_eq!(
        alice(&host),
        [
            "BUSY:20260302T010000Z/20260302T020000Z",
            "BUSY:20260302T030000Z/20260302T040000Z",
            "BUSY:20260302T070000Z/20260302T080000Z",
            "BUSY-UNAVAILABLE:20260302T000000Z/20260302T003000Z",
        ]
    );
}

#[test]
fn times_are_cut_and_merged() {
    let host = host();
    event(
        "Default",
        "1",
        "DTSTART:20260301T230000Z\nDTEND:20260302T010000Z",
    );
    event(
        "Default",
        "2",
        "DTSTART:20260302T003000Z\nDTEND:20260302T020000Z",
    );
    event(
        "Work",
        "3",
        "DTSTART:20260302T020000Z\nDTEND:20260302T030000Z",
    );
    event(
        "Work",
        "4",
        "DTSTART:20260302T230000Z\nDTEND:20260303T120000Z",
    );
    assert_eq!(
        alice(&host),
        [
            "BUSY:20260302T000000Z/20260302T030000Z",
            "BUSY:20260302T230000Z/20260303T000000Z"
        ]
    );
}

#[test]
fn recurrences_and_zones() {
    let host = host();
    // 9 o'clock in Berlin is 8 before summer time and 7 in it, by the name that Outlook writes.
    event(
        "Default",
        "1",
        "DTSTART;TZID=W. Europe Standard Time:20260101T090000\nDURATION:PT1H\n\
         RRULE:FREQ=DAILY\nEXDATE;TZID=W. Europe Standard Time:20260329T090000",
    );
    let reply = get(
        &host,
        "/freebusy/user/alice?start=2026-03-28T00:00:00Z&end=2026-03-31T00:00:00Z",
    );
    assert_eq!(
        busy(&reply),
        [
            "BUSY:20260328T080000Z/20260328T090000Z",
            "BUSY:20260330T070000Z/20260330T080000Z"
        ]
    );
}

#[test]
fn floating_times_are_in_the_zone_of_the_calendar() {
    let host = host();
    event(
        "Default",
        "1",
        "DTSTART:20260302T090000\nDTEND:20260302T100000",
    );
    event("Work", "2", "DTSTART;VALUE=DATE:20260302");
    assert_eq!(
        alice(&host),
        ["BUSY:20260302T000000Z/20260303T000000Z"],
        "UTC, if nothing is set"
    );
    let zone = "<x:calendar-timezone-id xmlns:x='urn:ietf:params:xml:ns:caldav'>\
                America/New_York</x:calendar-timezone-id>";
    let name = "dav:{urn:ietf:params:xml:ns:caldav}calendar-timezone-id";
    property(
        "Default",
        &Annotation::shared(name, Some(zone.as_bytes().to_vec())),
    );
    property(
        "Work",
        &Annotation::shared(name, Some(zone.as_bytes().to_vec())),
    );
    assert_eq!(alice(&host), ["BUSY:20260302T050000Z/20260303T000000Z"]);
    let reply = get(&host, &format!("/freebusy/user/alice/Default?{DAY}"));
    assert_eq!(busy(&reply), ["BUSY:20260302T140000Z/20260302T150000Z"]);
}

#[test]
fn rfc6638_s9_1_transparent_calendars_make_nobody_busy() {
    let host = host();
    morning();
    let value = "<x:schedule-calendar-transp xmlns:x='urn:ietf:params:xml:ns:caldav'>\
                 <x:transparent/></x:schedule-calendar-transp>";
    let name = "dav:{urn:ietf:params:xml:ns:caldav}schedule-calendar-transp";
    property(
        "Default",
        &Annotation::shared(name, Some(value.as_bytes().to_vec())),
    );
    assert_eq!(alice(&host), Vec::<String>::new());
    // Who asks for it by name wants it.
    let reply = get(&host, &format!("/freebusy/user/alice/Default?{DAY}"));
    assert_eq!(busy(&reply).len(), 1);
}

#[test]
fn rfc7953_s5_availability_of_the_inbox() {
    let host = host();
    morning();
    let availability = "<x:calendar-availability xmlns:x='urn:ietf:params:xml:ns:caldav'>\
        BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x\nBEGIN:VAVAILABILITY\nUID:a\n\
        DTSTAMP:20260101T000000Z\nBEGIN:AVAILABLE\nUID:b\nDTSTAMP:20260101T000000Z\n\
        DTSTART:20260302T080000Z\nDTEND:20260302T180000Z\nEND:AVAILABLE\nEND:VAVAILABILITY\n\
        END:VCALENDAR\n</x:calendar-availability>";
    let name = "dav:{urn:ietf:params:xml:ns:caldav}calendar-availability";
    property(
        "Inbox",
        &Annotation::shared(name, Some(availability.as_bytes().to_vec())),
    );
    let expected = [
        "BUSY:20260302T090000Z/20260302T100000Z",
        "BUSY-UNAVAILABLE:20260302T000000Z/20260302T080000Z",
        "BUSY-UNAVAILABLE:20260302T180000Z/20260303T000000Z",
    ];
    assert_eq!(alice(&host), expected);
    // The same for who only has the right to ask, and nothing of it for one calendar.
    grant("Default", &[(Identifier::Anyone, "9")]);
    host.act_as_anonymous();
    assert_eq!(alice(&host), expected);
    let reply = get(&host, &format!("/freebusy/user/alice/Default?{DAY}"));
    assert_eq!(busy(&reply).len(), 1);
}

#[test]
fn right_9_is_enough_and_opens_nothing() {
    let host = host();
    morning();
    noon();
    grant("Default", &[(Identifier::Principal("bob".to_owned()), "9")]);
    host.act_as("bob");
    assert!(Mailbox::open(&path(&["Default"])).is_err());
    assert_eq!(alice(&host), ["BUSY:20260302T090000Z/20260302T100000Z"]);
    let one = |name| get(&host, &format!("/freebusy/user/alice/{name}?{DAY}")).status;
    assert_eq!((one("Default"), one("Work")), (200, 404));
    host.act_as("carol");
    assert_eq!(get(&host, "/freebusy/user/alice").status, 404);
    // Whose name is not there is as whose times are not to be seen.
    assert_eq!(get(&host, "/freebusy/user/nobody").status, 404);
}

#[test]
fn right_9_of_groups_and_of_who_signed_in_and_taken_away() {
    let host = host();
    morning();
    noon();
    grant("Default", &[(Identifier::Group("staff".to_owned()), "9")]);
    grant("Work", &[(Identifier::Authenticated, "9")]);
    host.act_as("bob");
    assert_eq!(alice(&host).len(), 2);
    host.act_as("carol");
    assert_eq!(alice(&host), ["BUSY:20260302T120000Z/20260302T130000Z"]);
    host.act_as_anonymous();
    assert_eq!(get(&host, "/freebusy/user/alice").status, 401);
    host.act_as("alice");
    let own = Grant::new(Identifier::Principal("alice".to_owned()), Rights::all());
    let mut away = Grant::new(Identifier::Principal("carol".to_owned()), Rights::FREE_BUSY);
    away.negative = true;
    let all = Grant::new(Identifier::Authenticated, Rights::FREE_BUSY);
    let batch = Batch::new();
    batch.set_rights(&Mailbox::open(&path(&["Work"])).unwrap(), &[own, all, away]);
    batch.commit().unwrap();
    host.act_as("carol");
    assert_eq!(get(&host, "/freebusy/user/alice").status, 404);
}

#[test]
fn anyone_may_ask_where_anyone_has_the_right() {
    let host = host();
    morning();
    grant("Default", &[(Identifier::Anyone, "9")]);
    host.act_as_anonymous();
    assert_eq!(alice(&host), ["BUSY:20260302T090000Z/20260302T100000Z"]);
    assert_eq!(get(&host, "/freebusy/user/nobody").status, 401);
}

#[test]
fn who_may_read_may_ask_even_where_the_host_asks_nobody() {
    let host = host();
    morning();
    noon();
    grant(
        "Default",
        &[(Identifier::Principal("bob".to_owned()), "lr")],
    );
    grant("Work", &[(Identifier::Principal("bob".to_owned()), "l9")]);
    host.act_as("bob");
    assert_eq!(alice(&host).len(), 2);
    let alone = Host::new();
    alone.user("alice").user("bob").act_as("alice");
    make(&[], "calendar-home");
    make(&["Default"], "calendar");
    morning();
    grant(
        "Default",
        &[(Identifier::Principal("bob".to_owned()), "lr")],
    );
    alone.act_as("bob");
    assert_eq!(alice(&alone), ["BUSY:20260302T090000Z/20260302T100000Z"]);
    alone.act_as("alice");
    grant("Default", &[(Identifier::Principal("bob".to_owned()), "9")]);
    alone.act_as("bob");
    assert_eq!(get(&alone, "/freebusy/user/alice").status, 404);
}

#[test]
fn a_sign_in_that_may_only_read_may_ask() {
    let host = host();
    morning();
    host.scope(Scope::READ_ONLY);
    assert_eq!(alice(&host).len(), 1);
}

#[test]
fn the_range_has_the_defaults_of_cyrus() {
    let host = host();
    // It is 2026-01-01T00:00:00Z, and some milliseconds more.
    let range = |query: &str| {
        let reply = get(&host, &format!("/freebusy/user/alice?{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let text = reply.text();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().to_owned()
        };
        (value("DTSTART:"), value("DTEND:"))
    };
    for (query, start, end) in [
        ("", "20260101T000000Z", "20260212T000000Z"),
        (
            "start=2026-05-01T10:00:00Z",
            "20260501T100000Z",
            "20260502T000000Z",
        ),
        ("start=2026-05-01", "20260501T000000Z", "20260502T000000Z"),
        (
            "end=2026-01-08T00:00:00Z",
            "20260101T000000Z",
            "20260108T000000Z",
        ),
        ("period=P7D", "20260101T000000Z", "20260108T000000Z"),
        ("period=P1W", "20260101T000000Z", "20260108T000000Z"),
        (
            "start=2026-05-01T10:00:00Z&period=PT90M",
            "20260501T100000Z",
            "20260501T113000Z",
        ),
        (
            "start=2026-05-01T10:00:00%2B02:00&end=2026-05-01T10:00:00-02:00",
            "20260501T080000Z",
            "20260501T120000Z",
        ),
        (
            "start=2026-05-01T10:00:00+02:00",
            "20260501T080000Z",
            "20260502T000000Z",
        ),
        (
            "start=20260501T100000Z&end=20260502",
            "20260501T100000Z",
            "20260502T000000Z",
        ),
        (
            "start=2026-05-01T10:00:00.000Z",
            "20260501T100000Z",
            "20260502T000000Z",
        ),
    ] {
        let (start, end) = (start.to_owned(), end.to_owned());
        assert_eq!(range(query), (start, end), "{query}");
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let host = host();
    for query in [
        "start=tomorrow",
        "start=",
        "start=2026-02-30",
        "start=2026-05-01T10:00:00",
        "start=2026-05-01T10:00:00%2B99:00",
        "start=2026-05-01T10:00:00%2B1:00",
        "start=%F0%9F%95%90",
        "start=0000-01-01",
        "start=2026-05-01&start=2026-05-01",
        "end=2026-05-01&end=2026-05-01",
        "period=P1D&period=P1D",
        "format=text/calendar&format=text/calendar",
        "end=2026-05-01&period=P1D",
        "start=2026-05-02&end=2026-05-01",
        "start=2026-05-02&end=2026-05-02",
        "period=-P1D",
        "period=PT0S",
        "period=1%20day",
        "period=P99999999999999999999D",
        "period=P9999999999W",
        "start=9999-12-31&end=99991231T235959Z&period=P1D",
        "x=%FF",
        "x=%1",
    ] {
        let reply = get(&host, &format!("/freebusy/user/alice?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(!reply.body.is_empty());
    }
    for path in [
        "",
        "/",
        "/user",
        "/user/",
        "/group/staff",
        "/user/alice/a/b",
        "/user//x",
    ] {
        let reply = get(&host, &format!("/freebusy{path}"));
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[test]
fn formats() {
    let host = host();
    morning();
    let with = |query: &str, accept: &str| {
        let request = host.request("GET", &format!("/freebusy/user/alice?{DAY}{query}"));
        request.header("accept", accept).send::<FreeBusy>()
    };
    let calendar = "text/calendar; component=VFREEBUSY; charset=utf-8";
    for (query, accept) in [
        ("", ""),
        ("", "*/*"),
        ("&format=text/calendar", "application/json"),
    ] {
        let reply = with(query, accept);
        assert_eq!(
            reply.header("content-type"),
            Some(calendar),
            "{query} {accept}"
        );
    }
    for (query, accept) in [
        ("", "application/calendar+json"),
        ("&format=application/calendar%2Bjson", "text/calendar"),
    ] {
        let reply = with(query, accept);
        let object: Value = serde_json::from_slice(&reply.body).unwrap();
        let component = &object[2][0];
        assert_eq!(
            (&object[0], &component[0]),
            (&json!("vcalendar"), &json!("vfreebusy"))
        );
        let properties = component[1].as_array().unwrap();
        assert_eq!(
            properties.last(),
            Some(&json!(["freebusy", {"fbtype": "BUSY"}, "period",
                ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"]]))
        );
        let disposition = reply.header("content-disposition");
        assert_eq!(disposition, Some("inline; filename=\"alice.jfb\""));
    }
    assert_eq!(with("", "application/calendar+xml").status, 406);
    assert_eq!(with("&format=xml", "").status, 406);
}

#[test]
fn a_recurrence_that_costs_too_much_is_refused_by_name() {
    let host = host();
    event(
        "Default",
        "1",
        "DTSTART:20260101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY",
    );
    // One object alone does not keep everybody from asking.
    event("Default", "2", "DTSTART:20250301T100000Z\nDURATION:PT1H");
    let reply = get(&host, "/freebusy/user/alice?start=2025-01-01&period=P730D");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains("20250301T100000Z") && reply.text().contains("BUSY-TENTATIVE"));
    host.option("caldav_max_recurrence_work", "1000");
    let reply = get(&host, "/freebusy/user/alice?start=2026-01-01&period=P365D");
    assert_eq!(reply.status, 507, "{}", reply.text());
    assert!(reply.text().contains("instances") || reply.text().contains("work"));
    // The same for somebody else, through the owner's instance.
    grant("Default", &[(Identifier::Principal("bob".to_owned()), "9")]);
    host.act_as("bob");
    let reply = get(&host, "/freebusy/user/alice?start=2026-01-01&period=P365D");
    assert_eq!(reply.status, 507);
}

#[test]
fn many_objects_are_read_in_pages() {
    let host = host();
    for number in 0..1203 {
        let minute = number % 60;
        let hour = number / 60;
        event(
            "Default",
            &format!("e{number}"),
            &format!("DTSTART:20260302T{hour:02}{minute:02}00Z\nDURATION:PT30S"),
        );
    }
    assert_eq!(alice(&host).len(), 1203);
}

#[test]
fn only_reading_is_possible() {
    let host = host();
    let options = host
        .request("OPTIONS", "/freebusy/user/alice")
        .send::<FreeBusy>();
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    let put = host
        .request("PUT", "/freebusy/user/alice")
        .send::<FreeBusy>();
    assert_eq!(put.status, 405);
}
