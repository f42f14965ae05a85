//! RFC 7953, and free-busy of a whole home.

use super::*;

const AVAILABILITY: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//EN\n\
    BEGIN:VAVAILABILITY\nUID:a\nDTSTAMP:20060206T001121Z\nBEGIN:AVAILABLE\nUID:b\n\
    DTSTAMP:20060206T001121Z\nDTSTART:20060714T090000Z\nDTEND:20060714T170000Z\nEND:AVAILABLE\n\
    END:VAVAILABILITY\nEND:VCALENDAR\n";

fn busy(host: &Host, path: &str) -> String {
    let body = format!(
        "<C:free-busy-query {NAMESPACES}><C:time-range start='20060714T000000Z' \
         end='20060715T000000Z'/></C:free-busy-query>"
    );
    let reply = report(host, path, "1", &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().replace("\r\n ", "")
}

#[test]
fn s7_2_availability_counts_for_the_home() {
    let host = host();
    let inbox = format!("{HOME}/Inbox/");
    let set = |value: &str| {
        let value = format!("<C:calendar-availability>{value}</C:calendar-availability>");
        proppatch(&host, &inbox, &value)
    };
    expect(&set("nonsense"), 207, &["<C:valid-calendar-data/>"]);
    expect(
        &set(&event("1", "20060714", "")),
        207,
        &["<C:valid-calendar-data/>"],
    );
    expect(&set(AVAILABILITY), 207, &["200 OK"]);
    put(
        &host,
        &format!("{DEFAULT}/1.ics"),
        &event("1", "20060714", ""),
    );
    let all = busy(&host, HOME);
    assert!(all.contains("20060714T120000Z/"), "{all}");
    assert!(
        all.contains("FBTYPE=BUSY-UNAVAILABLE:20060714T000000Z/"),
        "{all}"
    );
    let one = busy(&host, DEFAULT);
    assert!(!one.contains("UNAVAILABLE"), "{one}");
    let dav = send(&host, "OPTIONS", HOME, &[], "");
    assert!(dav.header("dav").unwrap().contains("calendar-availability"));
}

#[test]
fn rfc6638_9_1_transparent_calendars_make_nobody_busy() {
    let host = host();
    put(
        &host,
        &format!("{DEFAULT}/1.ics"),
        &event("1", "20060714", ""),
    );
    assert!(busy(&host, HOME).contains("FREEBUSY"));
    let set = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>";
    proppatch(&host, DEFAULT, set);
    assert!(!busy(&host, HOME).contains("\r\nFREEBUSY"));
}

#[test]
fn rfc4791_7_10_what_makes_busy_and_what_does_not() {
    let host = host();
    for (uid, more) in [
        ("transparent", "TRANSP:TRANSPARENT"),
        ("cancelled", "STATUS:CANCELLED"),
        (
            "declined",
            "ATTENDEE;PARTSTAT=DECLINED:mailto:alice@example.org",
        ),
    ] {
        put(
            &host,
            &format!("{DEFAULT}/{uid}.ics"),
            &event(uid, "20060714", more),
        );
    }
    assert!(!busy(&host, DEFAULT).contains("\r\nFREEBUSY"));
    put(
        &host,
        &format!("{DEFAULT}/t.ics"),
        &event("t", "20060714", "STATUS:TENTATIVE"),
    );
    let tentative = busy(&host, DEFAULT);
    assert!(
        tentative.contains("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060714T120000Z/"),
        "{tentative}"
    );
    for body in [
        "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'/>",
        "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'><C:time-range/>\
         </C:free-busy-query>",
    ] {
        assert_eq!(report(&host, DEFAULT, "1", body).status, 400);
    }
    let object = format!("{DEFAULT}/t.ics");
    let body = "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'><C:time-range \
        start='20060714T000000Z'/></C:free-busy-query>";
    assert_eq!(report(&host, &object, "1", body).status, 403);
    assert_eq!(report(&host, DEFAULT, "1", body).status, 200, "an open end");
}
