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

/// It multigets what its last sync told, gone or not, and hrefs of servers that it was moved from.
#[test]
fn davx5_asks_for_what_is_gone_and_elsewhere() {
    let host = host();
    put(&host, WHERE, &event("1", "20060714", ""));
    let gone = format!("{DEFAULT}/gone.ics");
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><getetag/></prop><href>{gone}</href>\
         <href>/elsewhere/1.ics</href><href>{WHERE}</href></C:calendar-multiget>"
    );
    let reply = report(&host, DEFAULT, "1", &multiget);
    expect(&reply, 207, &["<D:getetag>", "404 Not Found"]);
    assert_eq!(
        hrefs(&reply),
        [WHERE.to_owned(), gone, "/elsewhere/1.ics".to_owned()]
    );
}

/// It polls the ctag of the home, takes no href of a collection without a slash, and only the first of
/// several homes.
#[test]
fn apple_calendar_watches_the_home() {
    let host = host();
    let ctag = || {
        let reply = propfind(&host, HOME, "1", "<CS:getctag/><resourcetype/>");
        for href in hrefs(&reply) {
            assert!(href.ends_with('/'), "{href}");
        }
        element(&reply, "CS:getctag").unwrap()
    };
    let before = ctag();
    put(&host, WHERE, &event("1", "20060714", ""));
    assert_ne!(ctag(), before);
}

/// Its zones have the names of IANA and rules of their own: those count, not the name.
#[test]
fn apple_reminders_writes_zones_that_are_not_what_they_are_called() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Europe/Vienna\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
        TZOFFSETFROM:+1200\nTZOFFSETTO:+1200\nEND:STANDARD\nEND:VTIMEZONE\n";
    let task = |due: &str| {
        calendar(&format!(
            "{zone}BEGIN:VTODO\nUID:1\nDTSTAMP:20060206T001121Z\n\
             DUE;TZID=Europe/Vienna:{due}\nEND:VTODO"
        ))
    };
    // On the 15th where Vienna is not, and still on the 14th in UTC.
    stored_and_found(&task("20060715T060000"));
}

/// All of them come in one query: a calendar whose zone was set to nothing must answer, too.
#[test]
fn home_assistant_and_cal_com_expand_a_range() {
    let host = host();
    let emptied = proppatch(&host, DEFAULT, "<C:calendar-timezone/>");
    assert_eq!(emptied.status, 207);
    let daily = at(
        "DTSTART:20060714T120000",
        "RRULE:FREQ=DAILY\nDURATION:PT1H\n",
    );
    put(&host, WHERE, &daily);
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/><C:calendar-data><C:expand \
         start='20060714T000000Z' end='20060717T000000Z'/></C:calendar-data></prop><C:filter>\
         <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range \
         start='20060714T000000Z' end='20060717T000000Z'/></C:comp-filter></C:comp-filter>\
         </C:filter></C:calendar-query>"
    );
    let reply = report(&host, DEFAULT, "1", &body);
    expect(&reply, 207, &["RECURRENCE-ID"]);
    assert_eq!(reply.text().matches("BEGIN:VEVENT").count(), 3);
}

/// It takes a 404 in a sync for the calendar's: only what is gone for good may have one.
#[test]
fn thunderbird_hides_a_calendar_after_a_404() {
    let host = host();
    put(&host, WHERE, &event("1", "20060714", ""));
    let sync = |token: &str| {
        let body = format!(
            "<sync-collection xmlns='DAV:'><sync-token>{token}</sync-token><sync-level>1\
             </sync-level><prop><getetag/></prop></sync-collection>"
        );
        report(&host, DEFAULT, "0", &body)
    };
    let first = sync("");
    let token = element(&first, "D:sync-token").unwrap();
    // Removed and there again, and never seen.
    send(&host, "DELETE", WHERE, &[], "");
    put(&host, WHERE, &event("1", "20060715", ""));
    let reply = sync(&token);
    assert_eq!(names(&reply), ["1.ics"]);
    assert!(!reply.text().contains("404"), "{}", reply.text());
    send(&host, "DELETE", WHERE, &[], "");
    assert!(!sync("").text().contains("404"));
}

/// They take the same UID for another object only when the first is gone for good.
#[test]
fn vdirsyncer_removes_and_adds_again_in_another_calendar() {
    let host = host();
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    let body = event("1", "20060714", "");
    let other = format!("{HOME}/work/1.ics");
    assert_eq!(put(&host, WHERE, &body).status, 201);
    // It copies first and removes after that.
    assert_eq!(put(&host, &other, &body).status, 201);
    assert_eq!(send(&host, "DELETE", WHERE, &[], "").status, 204);
    assert_eq!(put(&host, WHERE, &body).status, 201);
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
