//! What may be stored, and what comes back. RFC 4791 §4.1, §5.3.2.

use super::*;

const WHERE: &str = "/dav/calendars/user/alice/Default/1.ics";

#[test]
fn s5_3_2_objects_are_stored_byte_by_byte() {
    let host = host();
    // Line ends, folds and what nobody knows stay as they are.
    let body = event("1", "20060714", "X-A;B=\"c\":d\r\n e").replace("\r\n", "\n");
    let reply = put(&host, WHERE, &body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let etag = reply.header("etag").unwrap().to_owned();
    assert!(etag.starts_with('"'), "{etag}");
    let got = send(&host, "GET", WHERE, &[], "");
    assert_eq!(got.text(), body);
    assert_eq!(got.header("etag"), Some(etag.as_str()));
    assert_eq!(
        got.header("content-type"),
        Some("text/calendar; charset=utf-8; component=VEVENT")
    );
    let found = propfind(&host, WHERE, "0", "<getetag/><C:calendar-data/>");
    expect(&found, 207, &[&etag, "404"]);
}

#[test]
fn s5_3_2_new_objects_with_if_none_match() {
    let host = host();
    let headers = [("content-type", "text/calendar"), ("if-none-match", "*")];
    let body = event("1", "20060714", "");
    assert_eq!(send(&host, "PUT", WHERE, &headers, &body).status, 201);
    assert_eq!(send(&host, "PUT", WHERE, &headers, &body).status, 412);
    let wrong = [("content-type", "text/calendar"), ("if-match", "\"x\"")];
    assert_eq!(send(&host, "PUT", WHERE, &wrong, &body).status, 412);
    assert_eq!(put(&host, WHERE, &body).status, 204);
}

#[test]
fn s5_3_2_1_supported_calendar_data() {
    let host = host();
    let body = event("1", "20060714", "");
    for media_type in ["text/plain", "text/vcard", "application/json"] {
        let reply = send(&host, "PUT", WHERE, &[("content-type", media_type)], &body);
        expect(&reply, 403, &["<C:supported-calendar-data"]);
    }
    let version = body.replace("VERSION:2.0", "VERSION:1.0");
    expect(
        &put(&host, WHERE, &version),
        403,
        &["<C:supported-calendar-data"],
    );
    assert_eq!(send(&host, "PUT", WHERE, &[], &body).status, 201);
}

#[test]
fn s5_3_2_1_valid_calendar_data_names_the_line() {
    let host = host();
    for (body, line) in [
        ("hello", "line 1"),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
            "line 3",
        ),
        ("BEGIN:VCALENDAR\r\nno colon\r\nEND:VCALENDAR\r\n", "line 2"),
    ] {
        expect(
            &put(&host, WHERE, body),
            403,
            &["<C:valid-calendar-data>", line],
        );
    }
    let no_uid = event("1", "20060714", "").replace("UID:1\r\n", "");
    expect(&put(&host, WHERE, &no_uid), 403, &["<C:valid-calendar"]);
    let no_time = event("1", "2006x714", "");
    expect(
        &put(&host, WHERE, &no_time),
        403,
        &["<C:valid-calendar-data>", "line 7"],
    );
}

#[test]
fn s5_3_2_1_valid_calendar_object_resource() {
    let host = host();
    let one = "BEGIN:VEVENT\nUID:1\nDTSTAMP:20060206T001121Z\nDTSTART:20060714T120000Z\nEND:VEVENT";
    let two = one.replace("UID:1", "UID:2");
    let todo = "BEGIN:VTODO\nUID:1\nDTSTAMP:20060206T001121Z\nEND:VTODO";
    for (lines, why) in [
        (format!("METHOD:REQUEST\n{one}"), "METHOD"),
        (format!("{one}\n{two}"), "UID"),
        (format!("{one}\n{todo}"), "VTODO"),
        (format!("{one}\n{one}"), "RECURRENCE-ID"),
        ("X-NOTHING:1".to_owned(), "no calendar component"),
    ] {
        let reply = put(&host, WHERE, &calendar(&lines));
        expect(&reply, 403, &["<C:valid-calendar-object-resource>", why]);
    }
    assert_eq!(send(&host, "GET", WHERE, &[], "").status, 404);
}

#[test]
fn s5_3_2_1_supported_calendar_component() {
    let host = host();
    let set = "<C:supported-calendar-component-set><C:comp name='VTODO'/>\
        </C:supported-calendar-component-set>";
    assert_eq!(
        mkcalendar(&host, &format!("{HOME}/tasks/"), set).status,
        201
    );
    let path = format!("{HOME}/tasks/1.ics");
    let reply = put(&host, &path, &event("1", "20060714", ""));
    expect(&reply, 403, &["<C:supported-calendar-component/>"]);
    put(&host, WHERE, &event("1", "20060714", ""));
    let destination = [("destination", path.as_str())];
    let reply = send(&host, "COPY", WHERE, &destination, "");
    expect(&reply, 403, &["<C:supported-calendar-component/>"]);
    let todo = calendar("BEGIN:VTODO\nUID:1\nDTSTAMP:20060206T001121Z\nEND:VTODO");
    assert_eq!(put(&host, &path, &todo).status, 201);
}

#[test]
fn s5_3_2_1_no_uid_conflict() {
    let host = host();
    assert_eq!(put(&host, WHERE, &event("1", "20060714", "")).status, 201);
    let other = "/dav/calendars/user/alice/Default/2.ics";
    let conflict = format!("<C:no-uid-conflict><D:href>{WHERE}</D:href></C:no-uid-conflict>");
    expect(
        &put(&host, other, &event("1", "20060715", "")),
        403,
        &[&conflict],
    );
    let reply = send(&host, "COPY", WHERE, &[("destination", other)], "");
    expect(&reply, 403, &["<C:no-uid-conflict>"]);
    // Another UID for what is there.
    expect(
        &put(&host, WHERE, &event("2", "20060714", "")),
        403,
        &["<C:no-uid-conflict>"],
    );
    assert_eq!(
        send(&host, "MOVE", WHERE, &[("destination", other)], "").status,
        201
    );
    // "In the targeted calendar collection": in another one it is another object.
    assert_eq!(mkcalendar(&host, &format!("{HOME}/work/"), "").status, 201);
    let elsewhere = format!("{HOME}/work/1.ics");
    assert_eq!(
        put(&host, &elsewhere, &event("1", "20060714", "")).status,
        201
    );
    assert_eq!(
        put(&host, &elsewhere, &event("1", "20060715", "")).status,
        204
    );
    let again = format!("{HOME}/work/2.ics");
    let conflict = format!("<D:href>{elsewhere}</D:href>");
    expect(
        &put(&host, &again, &event("1", "20060714", "")),
        403,
        &[&conflict],
    );
    // Thunderbird deletes and adds the same UID again.
    assert_eq!(send(&host, "DELETE", &elsewhere, &[], "").status, 204);
    assert_eq!(put(&host, &again, &event("1", "20060714", "")).status, 201);
}

#[test]
fn s5_3_2_1_max_resource_size() {
    let host = host();
    let long = event(
        "1",
        "20060714",
        &format!("DESCRIPTION:{}", "x".repeat(11 << 20)),
    );
    expect(&put(&host, WHERE, &long), 403, &["<C:max-resource-size/>"]);
}

#[test]
fn s5_3_2_1_max_attendees_per_instance() {
    let host = host();
    let attendees = "ATTENDEE:mailto:x@example.com\n".repeat(2001);
    let body = event("1", "20060714", attendees.trim());
    expect(
        &put(&host, WHERE, &body),
        403,
        &["<C:max-attendees-per-instance/>"],
    );
}

#[test]
fn rfc5995_add_member() {
    let host = host();
    let found = propfind(&host, DEFAULT, "0", "<add-member/>");
    expect(&found, 207, &["/Default/?action=add-member"]);
    let headers = [("content-type", "text/calendar")];
    let path = format!("{DEFAULT}/?action=add-member");
    let reply = send(&host, "POST", &path, &headers, &event("1", "20060714", ""));
    assert_eq!(reply.status, 201, "{}", reply.text());
    let location = reply.header("location").unwrap().to_owned();
    assert!(location.ends_with(".ics"), "{location}");
    assert!(
        send(&host, "GET", &location, &[], "")
            .text()
            .contains("UID:1")
    );
    let again = send(&host, "POST", &path, &headers, &event("1", "20060714", ""));
    expect(&again, 403, &[&location]);
}

#[test]
fn many_components_are_many_objects() {
    let host = host();
    let body = calendar(
        "METHOD:PUBLISH\nBEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
         TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n\
         BEGIN:VEVENT\nUID:a\nDTSTAMP:20060206T001121Z\nDTSTART;TZID=Mine:20060714T120000\n\
         RRULE:FREQ=DAILY\nEND:VEVENT\n\
         BEGIN:VTODO\nUID:b\nDTSTAMP:20060206T001121Z\nEND:VTODO\n\
         BEGIN:VEVENT\nUID:a\nDTSTAMP:20060206T001121Z\nDTSTART;TZID=Mine:20060715T130000\n\
         RECURRENCE-ID;TZID=Mine:20060715T120000\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:bad\nDTSTART:never\nEND:VEVENT",
    );
    let headers = [("content-type", "text/calendar")];
    let reply = send(&host, "POST", &format!("{DEFAULT}/"), &headers, &body);
    expect(
        &reply,
        207,
        &[
            "<CS:uid>a</CS:uid></D:prop><D:status>HTTP/1.1 200 OK",
            "<CS:uid>b</CS:uid>",
            "<D:href/><D:status>HTTP/1.1 403 Forbidden</D:status><D:error><C:valid-calendar-data>",
            "<CS:uid>bad</CS:uid></D:error>",
        ],
    );
    let stored = hrefs(&propfind(&host, &format!("{DEFAULT}/"), "1", "<getetag/>"));
    assert_eq!(stored.len(), 3, "{stored:?}");
    let bodies: Vec<String> = stored[1..]
        .iter()
        .map(|href| send(&host, "GET", href, &[], "").text())
        .collect();
    let series = bodies.iter().find(|body| body.contains("UID:a")).unwrap();
    assert_eq!(series.matches("BEGIN:VEVENT").count(), 2);
    assert!(series.contains("TZID:Mine") && !series.contains("METHOD"));
    let todo = bodies.iter().find(|body| body.contains("UID:b")).unwrap();
    assert!(!todo.contains("VTIMEZONE"));
    let again = send(&host, "POST", &format!("{DEFAULT}/"), &headers, &body);
    expect(&again, 207, &["<C:no-uid-conflict>"]);
    assert_eq!(again.text().matches("200 OK").count(), 0);
}

#[test]
fn rfc7265_many_components_are_many_objects_as_jcal_too() {
    let host = host();
    let body = "[\"vcalendar\",[[\"version\",{},\"text\",\"2.0\"],[\"prodid\",{},\"text\",\"-//x//EN\"]],\
        [[\"vevent\",[[\"uid\",{},\"text\",\"a\"],[\"dtstamp\",{},\"date-time\",\"2006-02-06T00:11:21Z\"],\
        [\"dtstart\",{},\"date-time\",\"2006-07-14T12:00:00Z\"]],[]],\
        [\"vtodo\",[[\"uid\",{},\"text\",\"b\"],[\"dtstamp\",{},\"date-time\",\"2006-02-06T00:11:21Z\"]],[]]]]";
    let headers = [("content-type", "application/calendar+json; charset=utf-8")];
    let path = format!("{DEFAULT}/");
    let reply = send(&host, "POST", &path, &headers, body);
    expect(&reply, 207, &["<CS:uid>a</CS:uid>", "<CS:uid>b</CS:uid>"]);
    assert_eq!(reply.text().matches("HTTP/1.1 200 OK").count(), 2);
    let all = send(&host, "GET", &path, &[], "").text();
    assert!(
        all.contains("DTSTART:20060714T120000Z") && all.contains("BEGIN:VTODO"),
        "{all}"
    );
    let broken = send(&host, "POST", &path, &headers, "[\"vcalendar\"]");
    expect(&broken, 403, &["<C:valid-calendar-data>"]);
}

#[test]
fn whole_calendars_are_one_stream() {
    let host = host();
    let zone = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
         TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n";
    for uid in ["a", "b"] {
        let lines =
            format!("{zone}BEGIN:VEVENT\nUID:{uid}\nDTSTART;TZID=Mine:20060714T120000\nEND:VEVENT");
        put(&host, &format!("{DEFAULT}/{uid}.ics"), &calendar(&lines));
    }
    proppatch(&host, DEFAULT, "<displayname>Work, and more</displayname>");
    let reply = send(&host, "GET", &format!("{DEFAULT}/"), &[], "");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/calendar; charset=utf-8")
    );
    let text = reply.text();
    assert!(text.contains("X-WR-CALNAME:Work\\, and more\r\n"), "{text}");
    for (what, times) in [
        ("BEGIN:VCALENDAR", 1),
        ("BEGIN:VTIMEZONE", 1),
        ("BEGIN:VEVENT", 2),
    ] {
        assert_eq!(text.matches(what).count(), times, "{what}: {text}");
    }
    assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    let etag = reply.header("etag").unwrap().to_owned();
    let known = [("if-none-match", etag.as_str())];
    assert_eq!(
        send(&host, "GET", &format!("{DEFAULT}/"), &known, "").status,
        304
    );
    put(
        &host,
        &format!("{DEFAULT}/c.ics"),
        &event("c", "20060714", ""),
    );
    assert_eq!(
        send(&host, "GET", &format!("{DEFAULT}/"), &known, "").status,
        200
    );
}

#[test]
fn a_large_calendar_is_streamed() {
    let host = host();
    let long = format!("DESCRIPTION:{}", "x".repeat(60_000));
    for number in 0..10 {
        let uid = number.to_string();
        let path = format!("{DEFAULT}/{uid}.ics");
        assert_eq!(
            put(&host, &path, &event(&uid, "20060714", &long)).status,
            201
        );
    }
    let reply = send(&host, "GET", &format!("{DEFAULT}/"), &[], "");
    assert_eq!(reply.status, 200);
    assert!(reply.header("etag").is_some());
    assert_eq!(reply.text().matches("BEGIN:VEVENT").count(), 10);
    assert!(reply.text().ends_with("END:VCALENDAR\r\n"));
}

#[test]
fn s5_3_2_1_min_date_time() {
    let host = host();
    let reply = put(&host, WHERE, &event("1", "00000714", ""));
    expect(&reply, 403, &["<C:min-date-time/>"]);
    assert_eq!(put(&host, WHERE, &event("1", "00010714", "")).status, 201);
    let last = event("1", "99991231", "").replace("DURATION:PT1H", "DTEND:99991231T235959Z");
    assert_eq!(put(&host, WHERE, &last).status, 204);
}
