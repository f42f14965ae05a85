//! RFC 4791.

use super::*;

#[test]
fn s5_2_calendars_say_what_they_are() {
    let host = host();
    let asked = "<resourcetype/><displayname/><C:supported-calendar-component-set/>\
        <C:supported-calendar-data/><C:max-resource-size/><C:min-date-time/><C:max-date-time/>\
        <C:max-attendees-per-instance/><C:supported-collation-set/><CS:getctag/><sync-token/>";
    let reply = propfind(&host, &format!("{DEFAULT}/"), "0", asked);
    expect(
        &reply,
        207,
        &[
            "<D:collection/><C:calendar/>",
            "<D:displayname>personal</D:displayname>",
            "<C:comp name=\"VEVENT\"/><C:comp name=\"VTODO\"/><C:comp name=\"VJOURNAL\"/>",
            "<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>",
            "<C:min-date-time>00010101T000000Z</C:min-date-time>",
            "<C:max-date-time>99991231T235959Z</C:max-date-time>",
            "<C:supported-collation>i;ascii-casemap</C:supported-collation>",
            "<C:supported-collation>i;octet</C:supported-collation>",
        ],
    );
    assert!(!reply.text().contains("404"), "{}", reply.text());
    assert_eq!(
        element(&reply, "CS:getctag"),
        element(&reply, "D:sync-token")
    );
}

#[test]
fn rfc7529_10_1_all_scales_that_rules_may_have_are_said() {
    let host = host();
    let asked = "<C:supported-rscale-set/>";
    let reply = propfind(&host, &format!("{DEFAULT}/"), "0", asked);
    for scale in [
        "GREGORIAN",
        "CHINESE",
        "HEBREW",
        "ETHIOPIC",
        "ISLAMIC-CIVIL",
    ] {
        expect(
            &reply,
            207,
            &[&format!("<C:supported-rscale>{scale}</C:supported-rscale>")],
        );
        let rule = format!("RRULE:RSCALE={scale};FREQ=YEARLY;SKIP=FORWARD");
        let path = format!("{DEFAULT}/{scale}.ics");
        assert_eq!(
            put(&host, &path, &event(scale, "20060714", &rule)).status,
            201,
            "{scale}"
        );
    }
}

#[test]
fn s5_3_1_1_resource_must_be_null() {
    let host = host();
    let reply = mkcalendar(&host, &format!("{DEFAULT}/"), "");
    expect(&reply, 405, &["<D:error", "<D:resource-must-be-null/>"]);
    assert!(reply.header("allow").is_some());
}

#[test]
fn s5_2_none_of_them_is_in_allprop() {
    let host = host();
    let reply = send(
        &host,
        "PROPFIND",
        &format!("{DEFAULT}/"),
        &[("depth", "0")],
        "",
    );
    expect(&reply, 207, &["<D:displayname>personal</D:displayname>"]);
    assert!(!reply.text().contains("<C:supported"), "{}", reply.text());
    assert!(!reply.text().contains("<C:max"), "{}", reply.text());
}

#[test]
fn s5_2_1_descriptions_keep_their_language() {
    let host = host();
    let set = "<C:calendar-description xml:lang='fr-CA'>Calendrier de Mathilde Desruisseaux\
        </C:calendar-description>";
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    let reply = propfind(&host, DEFAULT, "0", "<C:calendar-description/>");
    expect(
        &reply,
        207,
        &["xml:lang=\"fr-CA\"", "Calendrier de Mathilde Desruisseaux"],
    );
}

#[test]
fn s5_2_3_component_sets_are_set_at_creation_only() {
    let host = host();
    let set = "<C:supported-calendar-component-set><C:comp name='VTODO'/>\
        </C:supported-calendar-component-set>";
    assert_eq!(
        mkcalendar(&host, &format!("{HOME}/tasks/"), set).status,
        201
    );
    let asked = "<C:supported-calendar-component-set/>";
    let reply = propfind(&host, &format!("{HOME}/tasks/"), "0", asked);
    let content = element(&reply, "C:supported-calendar-component-set");
    assert_eq!(content.as_deref(), Some("<C:comp name=\"VTODO\"/>"));
    expect(
        &proppatch(&host, &format!("{HOME}/tasks/"), set),
        207,
        &["403 Forbidden", "<D:cannot-modify-protected-property/>"],
    );
    let unknown = set.replace("VTODO", "VPIZZA");
    let reply = mkcalendar(&host, &format!("{HOME}/pizza/"), &unknown);
    expect(&reply, 207, &["<C:supported-calendar-component/>"]);
    assert_eq!(
        send(&host, "PROPFIND", &format!("{HOME}/pizza/"), &[], "").status,
        404
    );
}

/// The request of §5.3.1.2, without the time zone.
#[test]
fn s5_3_1_2_mkcalendar_with_properties() {
    let host = host();
    let body = r#"<?xml version="1.0" encoding="utf-8" ?>
   <C:mkcalendar xmlns:D="DAV:"
                 xmlns:C="urn:ietf:params:xml:ns:caldav">
     <D:set>
       <D:prop>
         <D:displayname>Lisa's Events</D:displayname>
         <C:calendar-description xml:lang="en"
   >Calendar restricted to events.</C:calendar-description>
         <C:supported-calendar-component-set>
           <C:comp name="VEVENT"/>
         </C:supported-calendar-component-set>
       </D:prop>
     </D:set>
   </C:mkcalendar>"#;
    let path = format!("{HOME}/events/");
    let headers = [("content-type", "application/xml; charset=\"utf-8\"")];
    let reply = send(&host, "MKCALENDAR", &path, &headers, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    let asked = "<displayname/><C:calendar-description/><resourcetype/>";
    expect(
        &propfind(&host, &path, "0", asked),
        207,
        &[
            ">Lisa's Events<",
            "Calendar restricted to events.",
            "<C:calendar/>",
        ],
    );
}

#[test]
fn s5_3_1_mkcalendar_is_all_or_nothing() {
    let host = host();
    let path = format!("{HOME}/events/");
    let props = "<displayname>A</displayname><getetag>x</getetag>";
    let reply = mkcalendar(&host, &path, props);
    expect(&reply, 207, &["403 Forbidden", "424 Failed Dependency"]);
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(mkcalendar(&host, &path, "").status, 201);
    expect(&mkcalendar(&host, &path, ""), 405, &[]);
    let reply = send(
        &host,
        "MKCALENDAR",
        &format!("{HOME}/x/"),
        &[],
        "<C:x xmlns:C='urn:x'/>",
    );
    assert_eq!(reply.status, 415);
}

#[test]
fn s4_2_calendars_are_in_homes_alone() {
    let host = host();
    for place in ["Default/inner/", "Inbox/inner/"] {
        expect(
            &mkcalendar(&host, &format!("{HOME}/{place}"), ""),
            403,
            &["<C:calendar-collection-location-ok>"],
        );
    }
    assert_eq!(mkcalendar(&host, &format!("{HOME}/a/b/"), "").status, 409);
    assert_eq!(
        send(&host, "MKCOL", &format!("{HOME}/plain/"), &[], "").status,
        403
    );
    assert_eq!(
        mkcalendar(&host, "/dav/calendars/user/bob/x/", "").status,
        409
    );
}

#[test]
fn s5_3_1_extended_mkcol_makes_calendars_too() {
    let host = host();
    let body = format!(
        "<mkcol {NAMESPACES}><set><prop><resourcetype><collection/><C:calendar/></resourcetype>\
         <displayname>B</displayname></prop></set></mkcol>"
    );
    let path = format!("{HOME}/b/");
    assert_eq!(send(&host, "MKCOL", &path, &[], &body).status, 201);
    expect(
        &propfind(&host, &path, "0", "<resourcetype/>"),
        207,
        &["<C:calendar/>"],
    );
}

#[test]
fn s6_1_1_reading_includes_free_and_busy_times() {
    let host = host();
    let asked = "<supported-privilege-set/><current-user-privilege-set/>";
    let reply = propfind(&host, DEFAULT, "0", asked);
    assert_eq!(reply.text().matches("<C:read-free-busy/>").count(), 2);
}

#[test]
fn s6_2_1_homes_list_calendars() {
    let host = host();
    let reply = propfind(
        &host,
        &format!("{HOME}/"),
        "1",
        "<resourcetype/><CS:getctag/>",
    );
    assert_eq!(
        hrefs(&reply),
        ["", "Default/", "Inbox/", "Outbox/"].map(|name| format!("{HOME}/{name}"))
    );
    let descriptor = <CalDav as module::Module>::describe();
    let homes: Vec<&str> = descriptor
        .homes
        .iter()
        .map(|home| home.path.as_str())
        .collect();
    assert_eq!(homes, ["/dav/calendars/user/{principal}/"]);
}

#[test]
fn s5_1_the_dav_header_says_calendar_access() {
    let host = host();
    let reply = send(&host, "OPTIONS", &format!("{HOME}/"), &[], "");
    let dav = reply.header("dav").unwrap();
    assert!(dav.contains("calendar-access") && !dav.contains("calendar-auto-schedule"));
    let reply = send(&host, "OPTIONS", &format!("{HOME}/new/"), &[], "");
    assert!(reply.header("allow").unwrap().contains("MKCALENDAR"));
}

#[test]
fn apple_colours_and_places_are_kept() {
    let host = host();
    let before = element(&propfind(&host, HOME, "0", "<CS:getctag/>"), "CS:getctag");
    let set = "<A:calendar-color symbolic-color='custom'>#63DA38FF</A:calendar-color>\
        <A:calendar-order>3</A:calendar-order>";
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    let reply = propfind(
        &host,
        DEFAULT,
        "0",
        "<A:calendar-color/><A:calendar-order/>",
    );
    expect(
        &reply,
        207,
        &["#63DA38FF", "symbolic-color=\"custom\"", ">3<"],
    );
    let after = element(&propfind(&host, HOME, "0", "<CS:getctag/>"), "CS:getctag");
    assert_ne!(before, after, "the home changes with what is in it");
    let nested = "<A:calendar-color><X:b/></A:calendar-color>";
    expect(&proppatch(&host, DEFAULT, nested), 207, &["409 Conflict"]);
}
