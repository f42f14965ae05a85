//! What the operator says of calendars, by Cyrus's names where Cyrus has them.

use super::*;

/// A calendar-query that expands the events of a year.
fn expand_2006(host: &Host) -> Reply {
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><C:calendar-data><C:expand \
         start='20060101T000000Z' end='20070101T000000Z'/></C:calendar-data></prop><C:filter>\
         <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'/></C:comp-filter></C:filter>\
         </C:calendar-query>"
    );
    report(host, DEFAULT, "1", &body)
}

#[test]
fn bounds_on_instances_and_on_work_are_told_apart() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    put(
        &host,
        &path,
        &event("1", "20060101", "RRULE:FREQ=DAILY;COUNT=40"),
    );
    assert_eq!(expand_2006(&host).status, 207);
    host.option("caldav_max_instances", "39");
    let reply = expand_2006(&host);
    expect(
        &reply,
        507,
        &["<C:max-instances>39</C:max-instances></D:error>"],
    );
    host.option("caldav_max_instances", "40");
    assert_eq!(expand_2006(&host).status, 207);
    host.option("caldav_max_recurrence_work", "10");
    let reply = expand_2006(&host);
    expect(&reply, 507, &["max-recurrence-work", ">10</"]);
    assert!(!reply.text().contains("max-instances"));
}

#[test]
fn icalendar_max_size_bounds_objects_and_is_told() {
    let host = host();
    host.option("icalendar_max_size", "1K");
    let told = propfind(&host, DEFAULT, "0", "<C:max-resource-size/>");
    expect(&told, 207, &[">1024</C:max-resource-size>"]);
    let long = event("1", "20060714", &format!("COMMENT:{}", "x".repeat(1024)));
    let refused = put(&host, &format!("{DEFAULT}/1.ics"), &long);
    expect(&refused, 403, &["<C:max-resource-size/>"]);
    let short = put(
        &host,
        &format!("{DEFAULT}/1.ics"),
        &event("1", "20060714", ""),
    );
    assert_eq!(short.status, 201);
}

#[test]
fn calendar_component_set_holds_where_a_calendar_says_none() {
    let host = host();
    host.option("calendar_component_set", "VEVENT VPOLL");
    let asked = "<C:supported-calendar-component-set/>";
    let told = propfind(&host, DEFAULT, "0", asked);
    expect(&told, 207, &["<C:comp name=\"VEVENT\"/>"]);
    for other in ["VTODO", "VPOLL"] {
        assert!(!told.text().contains(other), "{}", told.text());
    }
    let task = calendar("BEGIN:VTODO\nUID:2\nDTSTAMP:20060206T001121Z\nEND:VTODO");
    let refused = put(&host, &format!("{DEFAULT}/2.ics"), &task);
    expect(&refused, 403, &["<C:supported-calendar-component/>"]);
    let tasks = "<C:supported-calendar-component-set><C:comp name='VTODO'/>\
        </C:supported-calendar-component-set>";
    assert_eq!(
        mkcalendar(&host, &format!("{HOME}/tasks/"), tasks).status,
        201
    );
    assert_eq!(
        put(&host, &format!("{HOME}/tasks/2.ics"), &task).status,
        201
    );
}

#[test]
fn mailbox_maxmessages_calendar_bounds_what_comes_in() {
    let host = host();
    host.option("mailbox_maxmessages_calendar", "2");
    let path = |name: &str| format!("{DEFAULT}/{name}.ics");
    for name in ["1", "2"] {
        let stored = put(&host, &path(name), &event(name, "20060714", ""));
        assert_eq!(stored.status, 201);
    }
    let refused = put(&host, &path("3"), &event("3", "20060714", ""));
    // RFC 4331 §6.
    expect(&refused, 507, &["<D:quota-not-exceeded>"]);
    // What is there already can be changed, renamed, and make room.
    assert_eq!(
        put(&host, &path("2"), &event("2", "20060715", "")).status,
        204
    );
    let renamed = format!("{DEFAULT}/4.ics");
    let to = [("destination", renamed.as_str())];
    assert_eq!(send(&host, "MOVE", &path("2"), &to, "").status, 201);
    assert_eq!(send(&host, "COPY", &path("1"), &to, "").status, 403);
    assert_eq!(send(&host, "DELETE", &path("4"), &[], "").status, 204);
    let two = calendar(
        "BEGIN:VEVENT\nUID:5\nDTSTAMP:20060206T001121Z\nDTSTART:20060714T120000Z\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:6\nDTSTAMP:20060206T001121Z\nDTSTART:20060714T120000Z\nEND:VEVENT",
    );
    let headers = [("content-type", "text/calendar")];
    let imported = send(&host, "POST", &format!("{DEFAULT}/"), &headers, &two);
    expect(
        &imported,
        207,
        &["200 OK", "507 Insufficient Storage", "quota-not-exceeded"],
    );
}

#[test]
fn what_a_new_home_has_is_the_operators_to_say() {
    let host = host();
    host.option("caldav_create_default", "no");
    host.option("caldav_create_sched", "0");
    let listed = propfind(&host, HOME, "1", "<displayname/>");
    assert_eq!(hrefs(&listed), [format!("{HOME}/")]);
}

#[test]
fn caldav_mindatetime_and_maxdatetime_bound_what_comes_in() {
    let host = host();
    let asked = "<C:min-date-time/><C:max-date-time/>";
    let told = propfind(&host, DEFAULT, "0", asked);
    expect(&told, 207, &[">00010101T000000Z<", ">99991231T235959Z<"]);
    host.option("caldav_mindatetime", "19011213T204552Z");
    host.option("caldav_maxdatetime", "20380119T031407Z");
    let told = propfind(&host, DEFAULT, "0", asked);
    expect(&told, 207, &[">19011213T204552Z<", ">20380119T031407Z<"]);
    let path = format!("{DEFAULT}/1.ics");
    let early = put(&host, &path, &event("1", "19000714", ""));
    expect(&early, 403, &["<C:min-date-time/>"]);
    let late = put(&host, &path, &event("1", "20380120", ""));
    expect(&late, 403, &["<C:max-date-time/>"]);
    assert_eq!(put(&host, &path, &event("1", "20380118", "")).status, 201);
}

/// What cannot be read of a rule is as if it were not there.
#[test]
fn caldav_accept_invalid_rrules_takes_what_happens_once() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    let broken = event("1", "20060714", "RRULE:FREQ=FORTNIGHTLY;COUNT=3");
    let refused = put(&host, &path, &broken);
    expect(&refused, 403, &["<C:valid-calendar-data>", "RRULE", "line"]);
    host.option("caldav_accept_invalid_rrules", "on");
    assert_eq!(put(&host, &path, &broken).status, 201);
    assert_eq!(send(&host, "GET", &path, &[], "").text(), broken);
    let expanded = expand_2006(&host);
    assert_eq!(expanded.text().matches("BEGIN:VEVENT").count(), 1);
    // Nothing else that is wrong is taken.
    let path = format!("{DEFAULT}/2.ics");
    let wrong = event("2", "20061314", "RRULE:FREQ=FORTNIGHTLY;COUNT=3");
    assert_eq!(put(&host, &path, &wrong).status, 403);
}

#[test]
fn webdav_attachments_baseurl_begins_the_urls_of_attachments() {
    let host = host();
    host.option("webdav_attachments_baseurl", "https://files.example.org/");
    let path = format!("{DEFAULT}/1.ics");
    put(&host, &path, &event("1", "20060714", ""));
    let add = format!("{path}?action=attachment-add");
    let headers = [("content-type", "text/plain")];
    let added = send(&host, "POST", &add, &headers, "hello");
    assert_eq!(added.status, 201, "{}", added.text());
    let text = send(&host, "GET", &path, &[], "")
        .text()
        .replace("\r\n ", "");
    let (_, url) = text.split_once("https://files.example.org").unwrap();
    let url = url.split("\r\n").next().unwrap();
    assert_eq!(send(&host, "GET", url, &[], "").text(), "hello");
    // They are ours, whatever host they name: an id that is nobody's is refused.
    let copy = format!("{DEFAULT}/2.ics");
    let of_two = text.replace("UID:1", "UID:2");
    let id = url.rsplit('=').next().unwrap();
    let refused = put(&host, &copy, &of_two.replace(id, "nothing"));
    expect(&refused, 403, &["valid-managed-id-parameter"]);
    assert_eq!(put(&host, &copy, &of_two).status, 201);
}

#[test]
fn caldav_allowattach_takes_attachments_away() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    put(&host, &path, &event("1", "20060714", ""));
    let add = format!("{path}?action=attachment-add");
    let headers = [("content-type", "text/plain")];
    host.option("caldav_allowattach", "off");
    assert_eq!(send(&host, "POST", &add, &headers, "x").status, 405);
    let told = send(&host, "OPTIONS", DEFAULT, &[], "");
    let dav = told.header("dav").unwrap_or_default();
    assert!(dav.contains("calendar-access") && !dav.contains("attachments"));
    let size = propfind(&host, DEFAULT, "0", "<C:max-attachment-size/>");
    expect(&size, 207, &["404 Not Found"]);
    host.option("caldav_allowattach", "on");
    assert_eq!(send(&host, "POST", &add, &headers, "x").status, 201);
}
