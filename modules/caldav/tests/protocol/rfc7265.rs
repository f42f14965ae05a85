//! RFC 7265: jCal wherever iCalendar is.

use super::*;

const WHERE: &str = "/dav/calendars/user/alice/Default/1.ics";
const JCAL: &str = "application/calendar+json";

#[test]
fn s3_objects_are_jcal_for_those_who_want_it() {
    let host = host();
    assert_eq!(put(&host, WHERE, &event("1", "20060714", "")).status, 201);
    let stored = send(&host, "GET", WHERE, &[], "");
    let reply = send(&host, "GET", WHERE, &[("accept", JCAL)], "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("content-type").unwrap().starts_with(JCAL));
    assert!(
        reply.text().starts_with("[\"vcalendar\","),
        "{}",
        reply.text()
    );
    assert!(
        reply
            .text()
            .contains("[\"dtstart\",{},\"date-time\",\"2006-07-14T12:00:00Z\"]")
    );
    let tag = stored.header("etag").unwrap();
    assert_eq!(reply.header("etag"), Some(format!("W/{tag}").as_str()));
    // Which still is the tag of what it was made of.
    let weak = format!("W/{tag}");
    let headers = [
        ("content-type", "text/calendar"),
        ("if-match", weak.as_str()),
    ];
    let again = send(&host, "PUT", WHERE, &headers, &event("1", "20060715", ""));
    assert_eq!(again.status, 204);
    assert_eq!(
        send(&host, "GET", WHERE, &[("accept", "text/html")], "").status,
        406
    );
}

#[test]
fn s4_jcal_is_stored_as_icalendar() {
    let host = host();
    let body = r#"["vcalendar",[["version",{},"text","2.0"],["prodid",{},"text","-//X//EN"]],
        [["vevent",[["uid",{},"text","j"],["dtstamp",{},"date-time","2006-02-06T00:11:21Z"],
        ["dtstart",{},"date","2006-07-14"],["summary",{},"text","a; b"]],[]]]]"#;
    let reply = send(&host, "PUT", WHERE, &[("content-type", JCAL)], body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("etag"), None, "it has to be read to be known");
    let stored = send(&host, "GET", WHERE, &[], "").text();
    assert!(
        stored.contains("DTSTART;VALUE=DATE:20060714\r\n"),
        "{stored}"
    );
    assert!(stored.contains("SUMMARY:a\\; b\r\n"), "{stored}");
    let bad = send(
        &host,
        "PUT",
        WHERE,
        &[("content-type", JCAL)],
        "[\"vcalendar\"",
    );
    expect(&bad, 403, &["<C:valid-calendar-data>"]);
}

#[test]
fn s7_reports_and_whole_calendars() {
    let host = host();
    assert_eq!(put(&host, WHERE, &event("1", "20060714", "")).status, 201);
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data content-type='{JCAL}'/></prop>\
         <href>{WHERE}</href></C:calendar-multiget>"
    );
    let reply = report(&host, DEFAULT, "1", &multiget);
    expect(
        &reply,
        207,
        &[
            "<C:calendar-data content-type=\"application/calendar+json\" version=\"2.0\">[\"vcalendar\"",
        ],
    );
    let unknown = multiget.replace(JCAL, "application/calendar+xml");
    expect(
        &report(&host, DEFAULT, "1", &unknown),
        403,
        &["<C:supported-calendar-data/>"],
    );
    let whole = send(
        &host,
        "GET",
        &format!("{DEFAULT}/"),
        &[("accept", JCAL)],
        "",
    );
    assert_eq!(whole.status, 200);
    assert!(whole.text().starts_with("[\"vcalendar\",") && whole.text().contains("\"vevent\""));
    let other = send(&host, "GET", &format!("{DEFAULT}/"), &[], "");
    assert_ne!(whole.header("etag"), other.header("etag"));
}
