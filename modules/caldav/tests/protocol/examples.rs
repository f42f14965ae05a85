//! The examples of RFC 4791: the calendar of appendix B, asked as §7.8 to §7.10 ask it, answered as
//! they answer.

use std::collections::BTreeMap;

use super::*;

const WORK: &str = "/dav/calendars/user/alice/work/";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/rfc4791/", $name))
    };
}

/// The calendar of appendix B, with what the answers in the examples show and the appendix lacks: an
/// override in abcd2, a property of abcd3, and other times in abcd8.
fn work() -> Host {
    let host = host();
    assert_eq!(mkcalendar(&host, WORK, "").status, 201);
    let override_ = "BEGIN:VEVENT\r\nDTSTAMP:20060206T001121Z\r\n\
        DTSTART;TZID=US/Eastern:20060106T140000\r\nDURATION:PT1H\r\n\
        RECURRENCE-ID;TZID=US/Eastern:20060106T120000\r\nSUMMARY:Event #2 bis bis\r\n\
        UID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR";
    let abcd2 = fixture!("appendix_b/abcd2.ics").replace("END:VCALENDAR", override_);
    let guid = "X-ABC-GUID:E1CX5Dr-0007ym-Hz@example.com\r\nEND:VEVENT";
    let abcd3 = fixture!("appendix_b/abcd3.ics").replace("END:VEVENT", guid);
    let abcd8 = fixture!("appendix_b/abcd8.ics").replace("T000000Z", "T100000Z");
    for (name, body) in [
        ("abcd1.ics", fixture!("appendix_b/abcd1.ics")),
        ("abcd2.ics", &abcd2),
        ("abcd3.ics", &abcd3),
        ("abcd4.ics", fixture!("appendix_b/abcd4.ics")),
        ("abcd5.ics", fixture!("appendix_b/abcd5.ics")),
        ("abcd6.ics", fixture!("appendix_b/abcd6.ics")),
        ("abcd7.ics", fixture!("appendix_b/abcd7.ics")),
        ("abcd8.ics", &abcd8),
    ] {
        let reply = put(&host, &format!("{WORK}{name}"), body);
        assert_eq!(reply.status, 201, "{name}: {}", reply.text());
        let got = send(&host, "GET", &format!("{WORK}{name}"), &[], "");
        assert_eq!(got.text(), body);
    }
    host
}

/// The calendar data of a multistatus by name, as sorted lines: neither the RFC nor we promise an
/// order. Without data it is what the status is.
fn answers(xml: &str) -> BTreeMap<String, Vec<String>> {
    const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
    let root = xml::parse(xml.as_bytes(), &xml::Limits::default()).unwrap();
    let mut answers = BTreeMap::new();
    for response in root.find_all("DAV:", "response") {
        let href = response.find("DAV:", "href").unwrap().trimmed_text();
        let name = href.rsplit('/').next().unwrap().to_owned();
        let propstat = response.find("DAV:", "propstat");
        let data = propstat
            .and_then(|propstat| propstat.find("DAV:", "prop"))
            .and_then(|prop| prop.find(CALDAV, "calendar-data"));
        let lines = match (data, response.find("DAV:", "status")) {
            (Some(data), _) => lines(&data.text()),
            (None, Some(status)) => vec![status.trimmed_text()],
            (None, None) => Vec::new(),
        };
        answers.insert(name, lines);
    }
    answers
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

#[track_caller]
fn check(request: &str, response: &str) {
    check_on(&work(), request, response);
}

#[track_caller]
fn check_on(host: &Host, request: &str, response: &str) {
    let request = request.replace("/bernard/work/", WORK);
    let reply = report(host, WORK, "1", &request);
    assert_eq!(reply.status, 207, "{}", reply.text());
    assert_eq!(answers(&reply.text()), answers(response));
}

/// Of the PRODID, which nobody asked for, the answer has one and lacks the other.
#[test]
fn s7_8_1_partial_retrieval_of_events_by_time_range() {
    let product = "PRODID:-//Example Corp.//CalDAV Client//EN\n";
    let response = fixture!("s7_8_1_response.xml").replace(product, "");
    check(fixture!("s7_8_1_request.xml"), &response);
}

#[test]
fn s7_8_2_partial_retrieval_of_recurring_events() {
    check(
        fixture!("s7_8_2_request.xml"),
        fixture!("s7_8_2_response.xml"),
    );
}

/// The times in the response lack the `Z` that §9.6.5 wants ("date with UTC time"): RFC erratum.
#[test]
fn s7_8_3_expanded_retrieval_of_recurring_events() {
    let response = fixture!("s7_8_3_response.xml");
    let mut corrected = String::new();
    for line in response.lines() {
        corrected.push_str(line);
        let is_time = line.starts_with("DTSTART:") || line.starts_with("RECURRENCE-ID:");
        corrected.push_str(if is_time { "Z\n" } else { "\n" });
    }
    check(fixture!("s7_8_3_request.xml"), &corrected);
}

#[test]
fn s7_8_4_partial_retrieval_of_stored_free_busy_components() {
    check(
        fixture!("s7_8_4_request.xml"),
        fixture!("s7_8_4_response.xml"),
    );
}

/// The answer calls abcd5 abcd4, and has it due at noon and not on the whole day of the appendix.
#[test]
fn s7_8_5_retrieval_of_todos_by_alarm_time_range() {
    let host = work();
    let due = "DUE;TZID=US/Eastern:20060106T120000";
    let abcd5 = fixture!("appendix_b/abcd5.ics").replace("DUE;VALUE=DATE:20060106", due);
    assert_eq!(put(&host, &format!("{WORK}abcd5.ics"), &abcd5).status, 204);
    let response = fixture!("s7_8_5_response.xml").replace("abcd4", "abcd5");
    check_on(&host, fixture!("s7_8_5_request.xml"), &response);
}

#[test]
fn s7_8_6_retrieval_of_event_by_uid() {
    check(
        fixture!("s7_8_6_request.xml"),
        fixture!("s7_8_6_response.xml"),
    );
}

#[test]
fn s7_8_7_retrieval_of_events_by_partstat() {
    check(
        fixture!("s7_8_7_request.xml"),
        fixture!("s7_8_7_response.xml"),
    );
}

#[test]
fn s7_8_8_retrieval_of_events_only() {
    check(
        fixture!("s7_8_8_request.xml"),
        fixture!("s7_8_8_response.xml"),
    );
}

#[test]
fn s7_8_9_retrieval_of_all_pending_todos() {
    check(
        fixture!("s7_8_9_request.xml"),
        fixture!("s7_8_9_response.xml"),
    );
}

/// "This is a limitation of the server": we have none, and no such property holds that text.
#[test]
fn s7_8_10_every_property_can_be_queried() {
    let host = work();
    let reply = report(&host, WORK, "1", fixture!("s7_8_10_request.xml"));
    assert!(names(&reply).is_empty());
    let request = fixture!("s7_8_10_request.xml").replace("ABC<", "e1cx5dr<");
    assert_eq!(names(&report(&host, WORK, "1", &request)), ["abcd3.ics"]);
}

#[test]
fn s7_9_1_successful_multiget() {
    check(
        fixture!("s7_9_1_request.xml"),
        fixture!("s7_9_1_response.xml"),
    );
}

/// The answer knows nothing of abcd8, and forgets event #2 on the 5th: it is every day at noon in New
/// York.
#[test]
fn s7_10_1_successful_free_busy_query() {
    let host = work();
    assert_eq!(
        send(&host, "DELETE", &format!("{WORK}abcd8.ics"), &[], "").status,
        204
    );
    let reply = report(&host, WORK, "1", fixture!("s7_10_1_request.xml"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let content_type = reply.header("content-type");
    assert_eq!(content_type, Some("text/calendar; charset=utf-8"));
    let busy = |text: &str| {
        let mut lines = lines(&text.replace("\r\n ", ""));
        lines.retain(|line| line.starts_with("FREEBUSY") || line.starts_with("DTSTART"));
        lines
    };
    // The example writes durations, and leaves a type out that is the default.
    let ours = reply.text().replace("\r\n ", "");
    let ours = ours
        .replace(";FBTYPE=BUSY:", ":")
        .replace("150000Z/20060104T160000Z", "150000Z/PT1H")
        .replace("190000Z/20060104T200000Z", "190000Z/PT1H")
        .replace(",20060105T170000Z/20060105T180000Z", "");
    assert_eq!(busy(&ours), busy(fixture!("s7_10_1_response.ics")));
}
