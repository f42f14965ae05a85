//! RFC 7809, and the zone of a calendar: RFC 4791 §5.2.2.

use super::*;

const ZONE: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN\n\
    BEGIN:VTIMEZONE\nTZID:Europe/Vienna\nBEGIN:STANDARD\nDTSTART:19961027T030000\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n\
    BEGIN:DAYLIGHT\nDTSTART:19810329T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n\
    TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\nEND:VCALENDAR\n";

const BOTH: &str = "<C:calendar-timezone/><C:calendar-timezone-id/>";

#[test]
fn rfc4791_5_2_2_a_zone_is_one_vtimezone() {
    let host = host();
    let set = |value: &str| {
        proppatch(
            &host,
            DEFAULT,
            &format!("<C:calendar-timezone>{value}</C:calendar-timezone>"),
        )
    };
    expect(&set(ZONE), 207, &["200 OK"]);
    expect(
        &propfind(&host, DEFAULT, "0", BOTH),
        207,
        &["BEGIN:VTIMEZONE", "<C:calendar-timezone-id>Europe/Vienna<"],
    );
    let twice = ZONE.replace(
        "END:VTIMEZONE\n",
        "END:VTIMEZONE\nBEGIN:VTIMEZONE\nEND:VTIMEZONE\n",
    );
    for bad in ["", "Europe/Vienna", &event("1", "20060714", ""), &twice] {
        expect(
            &set(bad),
            207,
            &["403 Forbidden", "<C:valid-calendar-data/>"],
        );
    }
    let made = mkcalendar(
        &host,
        &format!("{HOME}/zoned/"),
        &format!("<C:calendar-timezone>{ZONE}</C:calendar-timezone>"),
    );
    assert_eq!(made.status, 201, "{}", made.text());
}

#[test]
fn s5_2_names_of_zones_are_checked() {
    let host = host();
    let set = |value: &str| {
        proppatch(
            &host,
            DEFAULT,
            &format!("<C:calendar-timezone-id>{value}</C:calendar-timezone-id>"),
        )
    };
    expect(&set("Mars/Olympus"), 207, &["<C:valid-timezone/>"]);
    expect(&set("America/New_York"), 207, &["200 OK"]);
    expect(
        &propfind(&host, DEFAULT, "0", BOTH),
        207,
        &[
            "<C:calendar-timezone-id>America/New_York<",
            "BEGIN:VTIMEZONE",
            "TZID:America/New_York",
        ],
    );
    let body = format!(
        "<propertyupdate {NAMESPACES}><remove><prop><C:calendar-timezone-id/></prop></remove>\
         </propertyupdate>"
    );
    assert_eq!(send(&host, "PROPPATCH", DEFAULT, &[], &body).status, 207);
    expect(
        &propfind(&host, DEFAULT, "0", BOTH),
        207,
        &["404 Not Found"],
    );
}

/// A floating noon is another time in each zone.
#[test]
fn rfc4791_9_8_floating_times_are_in_the_zone_of_the_request_or_calendar() {
    let host = host();
    let floating = event("1", "20060714", "").replace("T120000Z", "T120000");
    assert_eq!(
        put(&host, &format!("{DEFAULT}/1.ics"), &floating).status,
        201
    );
    let found = |zone: &str, start: &str, end: &str| {
        let body = format!(
            "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter>\
             <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>\
             <C:time-range start='{start}' end='{end}'/></C:comp-filter></C:comp-filter></C:filter>\
             {zone}</C:calendar-query>"
        );
        names(&report(&host, DEFAULT, "1", &body)).len()
    };
    let utc = ("20060714T120000Z", "20060714T130000Z");
    let vienna = ("20060714T100000Z", "20060714T110000Z");
    let new_york = ("20060714T160000Z", "20060714T170000Z");
    assert_eq!(found("", utc.0, utc.1), 1);
    assert_eq!(found("", vienna.0, vienna.1), 0);
    let told = format!("<C:timezone>{ZONE}</C:timezone>");
    assert_eq!(found(&told, vienna.0, vienna.1), 1);
    assert_eq!(found(&told, utc.0, utc.1), 0);
    let told = "<C:timezone-id>America/New_York</C:timezone-id>";
    assert_eq!(found(told, new_york.0, new_york.1), 1);
    let set = format!("<C:calendar-timezone>{ZONE}</C:calendar-timezone>");
    expect(&proppatch(&host, DEFAULT, &set), 207, &["200 OK"]);
    assert_eq!(found("", vienna.0, vienna.1), 1);
    assert_eq!(found(told, vienna.0, vienna.1), 0);
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop/><C:filter><C:comp-filter name='VCALENDAR'/>\
         </C:filter><C:timezone-id>Mars/Olympus</C:timezone-id></C:calendar-query>"
    );
    expect(
        &report(&host, DEFAULT, "1", &body),
        403,
        &["<C:valid-timezone/>"],
    );
}

#[test]
fn s3_1_3_zones_are_there_if_the_client_wishes() {
    let host = host();
    let vtimezone = ZONE.lines().filter(|line| {
        !line.contains("VCALENDAR") && !line.starts_with("VERSION") && !line.starts_with("PRODID")
    });
    let vtimezone = vtimezone.collect::<Vec<_>>().join("\n");
    let own = vtimezone.replace("Europe/Vienna", "Mine");
    let lines = "BEGIN:VEVENT\nUID:1\nDTSTAMP:20060206T001121Z\n\
        DTSTART;TZID=Europe/Vienna:20060714T120000\nDTEND;TZID=Mine:20060714T130000\nEND:VEVENT";
    let whole = calendar(&format!("{vtimezone}\n{own}\n{lines}"));
    let bare = calendar(&lines.replace("UID:1", "UID:2"));
    let (one, two) = (format!("{DEFAULT}/1.ics"), format!("{DEFAULT}/2.ics"));
    assert_eq!(put(&host, &one, &whole).status, 201);
    assert_eq!(put(&host, &two, &bare).status, 201);
    let got = |path: &str, wish: &str| {
        let reply = send(&host, "GET", path, &[("caldav-timezones", wish)], "");
        assert!(reply.header("etag").unwrap().starts_with("W/"));
        assert_eq!(reply.header("vary"), Some("Accept, CalDAV-Timezones"));
        reply.text()
    };
    assert_eq!(send(&host, "GET", &one, &[], "").text(), whole);
    assert_eq!(send(&host, "GET", &two, &[], "").text(), bare);
    let without = got(&one, "F");
    assert!(without.contains("TZID:Mine") && !without.contains("TZID:Europe/Vienna"));
    let with = got(&two, "T");
    assert!(with.contains("TZID:Europe/Vienna\r\n"), "{with}");
    assert!(!with.contains("TZID:Mine"), "nobody knows that one");
    assert_eq!(got(&one, "T"), whole);
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data/></prop><href>{one}</href>\
         </C:calendar-multiget>"
    );
    let headers = [("depth", "1"), ("caldav-timezones", "F")];
    let reply = send(&host, "REPORT", DEFAULT, &headers, &multiget);
    assert!(
        !reply.text().contains("TZID:Europe/Vienna"),
        "{}",
        reply.text()
    );
}

#[test]
fn s3_1_1_without_a_service_nothing_is_advertised() {
    let host = host();
    let dav = |host: &Host| {
        let reply = send(host, "OPTIONS", HOME, &[], "");
        reply
            .header("dav")
            .unwrap()
            .contains("calendar-no-timezone")
    };
    let service = "<C:timezone-service-set/>";
    assert!(!dav(&host));
    expect(&propfind(&host, HOME, "0", service), 207, &["404"]);
    host.load_descriptor(module::Descriptor {
        name: "tzdist".to_owned(),
        mounts: vec![module::Mount::new(
            "/tzdist",
            module::Extent::Prefix,
            &["GET"],
            module::Access::Anonymous,
        )],
        ..module::Descriptor::default()
    });
    assert!(dav(&host));
    expect(
        &propfind(&host, HOME, "0", service),
        207,
        &["<D:href>/tzdist</D:href>"],
    );
}

/// What an object means by a name of IANA's holds: without its VTIMEZONE its times would be others.
#[test]
fn s3_1_3_zones_that_differ_from_their_names_stay() {
    let host = host();
    let zone = ZONE.split_once("BEGIN:VTIMEZONE").unwrap().1;
    let zone = zone.split_once("END:VCALENDAR").unwrap().0;
    let zone = format!("BEGIN:VTIMEZONE{zone}");
    let shifted = zone.replace("+0100", "-0300").replace("+0200", "-0200");
    let object = |zone: &str, start: &str, more: &str| {
        calendar(&format!(
            "{zone}BEGIN:VEVENT\nUID:1\nDTSTAMP:20060206T001121Z\n\
             DTSTART;TZID=Europe/Vienna:{start}\nDURATION:PT1H\n{more}SUMMARY:x\nEND:VEVENT"
        ))
    };
    let path = format!("{DEFAULT}/1.ics");
    for (zone, start, more, stays) in [
        (&zone, "20060714T120000", "", false),
        (&zone, "20060714T120000", "RRULE:FREQ=WEEKLY\n", false),
        (&shifted, "20060714T120000", "", true),
        // Before 1981 it does not say how clocks were in Vienna.
        (&zone, "19430714T120000", "", true),
    ] {
        put(&host, &path, &object(zone, start, more));
        let reply = send(&host, "GET", &path, &[("caldav-timezones", "F")], "");
        let found = reply.text().contains("BEGIN:VTIMEZONE");
        assert_eq!(found, stays, "{start} {more} {}", reply.text());
        assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
    }
}
