//! What clients are known to send: it is stored, given back as it was, and found. Named by the client.

use super::*;

const WHERE: &str = "/dav/calendars/user/alice/Default/1.ics";

/// Stores an object, and finds it on the 14th of July 2006 (UTC).
#[track_caller]
fn stored_and_found(body: &str) {
    let host = host();
    let reply = put(&host, WHERE, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert!(reply.header("etag").is_some());
    assert_eq!(send(&host, "GET", WHERE, &[], "").text(), body);
    let kind = if body.contains("BEGIN:VTODO") {
        "VTODO"
    } else {
        "VEVENT"
    };
    let day = "<C:time-range start='20060714T000000Z' end='20060715T000000Z'/>";
    let filter = format!("<C:comp-filter name='{kind}'>{day}</C:comp-filter>");
    assert_eq!(names(&query(&host, DEFAULT, &filter)), ["1.ics"]);
    let expand = format!(
        "<C:calendar-query {NAMESPACES}><prop><C:calendar-data><C:expand start='20060714T000000Z' \
         end='20060715T000000Z'/></C:calendar-data></prop><C:filter><C:comp-filter \
         name='VCALENDAR'>{filter}</C:comp-filter></C:filter></C:calendar-query>"
    );
    expect(&report(&host, DEFAULT, "1", &expand), 207, &["DTSTAMP"]);
    // And everyone else's sync goes on.
    assert_eq!(
        send(&host, "GET", &format!("{DEFAULT}/"), &[], "").status,
        200
    );
}

fn at(start: &str, more: &str) -> String {
    calendar(&format!(
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20060206T001121Z\n{start}\n{more}END:VEVENT"
    ))
}

#[test]
fn outlook_writes_names_of_windows_zones() {
    stored_and_found(&at(
        "DTSTART;TZID=Romance Standard Time:20060714T120000",
        "",
    ));
    stored_and_found(&at(
        "DTSTART;TZID=\"W. Europe Standard Time \":20060714T120000",
        "",
    ));
    stored_and_found(&at("DTSTART:20060714T120000Z", "ATTENDEE:\n"));
    stored_and_found(&at("DTSTART:20060714T120000Z", "DTEND:20060714T110000Z\n"));
}

#[test]
fn apple_writes_an_alarm_in_1976_for_none() {
    let alarm = "BEGIN:VALARM\nUID:2\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nACTION:NONE\n\
        END:VALARM\n";
    stored_and_found(&at("DTSTART:20060714T120000Z", alarm));
    stored_and_found(&calendar(
        "BEGIN:VTODO\nUID:1\nDTSTAMP:20060206T001121Z\nDUE:20060714T120000Z\n\
         RRULE:FREQ=DAILY\nEND:VTODO",
    ));
}

#[test]
fn fantastical_writes_dates_with_zones_and_overrides_before_the_start() {
    stored_and_found(&at("DTSTART;TZID=Europe/Vienna;VALUE=DATE:20060714", ""));
    let override_ = "RRULE:FREQ=DAILY\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\n\
        DTSTAMP:20060206T001121Z\nDTSTART:20060701T120000Z\nRECURRENCE-ID:20060701T120000Z\n";
    stored_and_found(&at("DTSTART:20060710T120000Z", override_));
}

#[test]
fn google_and_exchange_write_until_in_another_form() {
    stored_and_found(&at(
        "DTSTART;VALUE=DATE:20060710",
        "RRULE:FREQ=DAILY;UNTIL=20060720T000000Z\n",
    ));
    stored_and_found(&at(
        "DTSTART:20060710T120000Z",
        "RRULE:FREQ=DAILY;UNTIL=20060720\n",
    ));
}

#[test]
fn scripts_leave_out_what_must_be_there() {
    let body = at("DTSTART:20060714T120000Z", "EXDATE:\n");
    stored_and_found(&body.replace("PRODID:-//Example Corp.//CalDAV Client//EN\r\n", ""));
}

/// The same UID again under another name, after the first was removed.
#[test]
fn thunderbird_removes_and_adds_again() {
    let host = host();
    let body = event("1", "20060714", "");
    for name in ["a.ics", "b.ics", "a.ics"] {
        let path = format!("{DEFAULT}/{name}");
        assert_eq!(put(&host, &path, &body).status, 201);
        assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
    }
}

/// It wants the tag of what it has put, and of all that a multiget finds.
#[test]
fn davx5_wants_tags() {
    let host = host();
    let tag = put(&host, WHERE, &event("1", "20060714", ""));
    let tag = tag.header("etag").unwrap().to_owned();
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><getcontenttype/><getetag/><C:calendar-data/>\
         </prop><href>{WHERE}</href></C:calendar-multiget>"
    );
    expect(
        &report(&host, DEFAULT, "1", &multiget),
        207,
        &[&format!("<D:getetag>{tag}<")],
    );
    let encoded = multiget.replace("1.ics", "%31.ics");
    expect(
        &report(&host, DEFAULT, "1", &encoded),
        207,
        &["BEGIN:VCALENDAR"],
    );
}

/// Its `@` is encoded, and it compares what it gets with what it sent, decoded.
#[test]
fn names_with_an_at_sign() {
    let host = host();
    let encoded = format!("{DEFAULT}/a%40b.ics");
    assert_eq!(
        put(&host, &encoded, &event("1", "20060714", "")).status,
        201
    );
    let plain = format!("{DEFAULT}/a@b.ics");
    assert_eq!(send(&host, "GET", &plain, &[], "").status, 200);
}

/// Broken objects that came by another way (an import, a restored backup) never break what others
/// ask for.
#[test]
fn what_cannot_be_read_breaks_nothing() {
    let host = host();
    assert_eq!(put(&host, WHERE, &event("1", "20060714", "")).status, 201);
    let path = ["user", "alice", "#calendars", "Default"].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let batch = module::Batch::new();
    for (name, body) in [
        ("junk.ics", &b"\xFF\xFEjunk"[..]),
        ("half.ics", b"BEGIN:VCALENDAR\r\n"),
    ] {
        batch.put(
            &mailbox,
            module::Put {
                name: Some(name.to_owned()),
                condition: module::Condition::None,
                header: b"\r\n".to_vec(),
                content: module::Content::Bytes(body.to_vec()),
                content_type: "text/calendar".to_owned(),
                flags: Vec::new(),
                keys: Vec::new(),
                keys_version: 1,
            },
        );
    }
    batch.commit().unwrap();
    assert_eq!(
        names(&query(&host, DEFAULT, "<C:comp-filter name='VEVENT'/>")),
        ["1.ics"]
    );
    let summary = "<C:comp-filter name='VEVENT'><C:prop-filter name='SUMMARY'/></C:comp-filter>";
    assert_eq!(names(&query(&host, DEFAULT, summary)), ["1.ics"]);
    let all = send(&host, "GET", &format!("{DEFAULT}/"), &[], "");
    assert_eq!(all.text().matches("BEGIN:VEVENT").count(), 1);
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data><C:expand \
         start='20060714T000000Z' end='20060715T000000Z'/></C:calendar-data></prop>\
         <href>{DEFAULT}/junk.ics</href><href>{DEFAULT}/half.ics</href></C:calendar-multiget>"
    );
    assert_eq!(names(&report(&host, DEFAULT, "1", &multiget)).len(), 2);
    let sync = "<sync-collection xmlns='DAV:'><sync-token/><sync-level>1</sync-level><prop>\
        <getetag/></prop></sync-collection>";
    assert_eq!(names(&report(&host, DEFAULT, "1", sync)).len(), 3);
}
