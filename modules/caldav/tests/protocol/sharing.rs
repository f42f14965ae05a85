//! Calendars that several principals see. RFC 3744, RFC 4791 §6.

use super::*;

#[test]
fn rfc3744_5_5_homes_have_the_rights_of_cyrus() {
    let host = host();
    let reply = propfind(&host, DEFAULT, "0", "<acl/>");
    expect(
        &reply,
        207,
        &[
            "<D:principal><D:all/></D:principal><D:grant><D:privilege><C:read-free-busy/>",
            "/dav/principals/user/alice/",
        ],
    );
    host.act_as("bob");
    assert_eq!(
        send(&host, "PROPFIND", &format!("{DEFAULT}/"), &[], "").status,
        404
    );
}

#[test]
fn sharees_have_names_and_colours_of_their_own() {
    let host = host();
    propfind(&host, HOME, "0", "<displayname/>");
    grant(&host, "Default", "bob", &["<read/>"]);
    host.act_as("bob");
    let asked = "<displayname/><A:calendar-color/>";
    expect(&propfind(&host, DEFAULT, "0", asked), 207, &[">personal<"]);
    let set = "<displayname>Of Alice</displayname><A:calendar-color>#FF0000</A:calendar-color>";
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    expect(
        &propfind(&host, DEFAULT, "0", asked),
        207,
        &[">Of Alice<", "#FF0000"],
    );
    let shared = "<C:calendar-timezone>x</C:calendar-timezone>";
    expect(
        &proppatch(&host, DEFAULT, shared),
        403,
        &["<D:write-properties/>"],
    );
    host.act_as("alice");
    let seen = propfind(&host, DEFAULT, "0", asked);
    expect(&seen, 207, &[">personal<"]);
    assert!(!seen.text().contains("#FF0000"));
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    host.act_as("carol");
    assert_eq!(
        send(&host, "PROPFIND", &format!("{DEFAULT}/"), &[], "").status,
        404
    );
}

/// Bob subscribes to a calendar of alice's.
fn subscribe(host: &Host, calendar: &str) {
    host.act_as("bob");
    let path = ["user", "alice", "#calendars", calendar].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let batch = module::Batch::new();
    batch.subscribe(&mailbox, true);
    batch.commit().unwrap();
}

#[test]
fn subscribed_calendars_appear_in_the_own_home() {
    let host = host();
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    put(
        &host,
        &format!("{HOME}/work/1.ics"),
        &event("1", "20060714", ""),
    );
    grant(&host, "work", "bob", &["<read/>"]);
    host.act_as("bob");
    let home = "/dav/calendars/user/bob/";
    let before = hrefs(&propfind(&host, home, "1", "<displayname/>"));
    assert!(!before.contains(&format!("{home}alice.work/")));
    subscribe(&host, "work");
    let listed = propfind(&host, home, "1", "<resourcetype/><owner/>");
    let shared = format!("{home}alice.work/");
    assert!(hrefs(&listed).contains(&shared), "{}", listed.text());
    expect(
        &listed,
        207,
        &["<D:owner><D:href>/dav/principals/user/alice/"],
    );
    let inside = hrefs(&propfind(&host, &shared, "1", "<getetag/>"));
    assert_eq!(inside, [shared.clone(), format!("{shared}1.ics")]);
    let got = send(&host, "GET", &format!("{shared}1.ics"), &[], "");
    assert!(got.text().contains("UID:1"));
    let filter = "<C:comp-filter name='VEVENT'/>";
    assert_eq!(
        hrefs(&query(&host, home, filter)),
        [format!("{shared}1.ics")]
    );
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><getetag/></prop><href>{shared}1.ics</href>\
         <href>{shared}2.ics</href></C:calendar-multiget>"
    );
    let reply = report(&host, home, "0", &multiget);
    expect(&reply, 207, &["1.ics", "404 Not Found"]);
    let refused = put(
        &host,
        &format!("{shared}2.ics"),
        &event("2", "20060714", ""),
    );
    expect(&refused, 403, &["<D:need-privileges>"]);
    // Parting with it ends the subscription, and nothing else.
    assert_eq!(send(&host, "DELETE", &shared, &[], "").status, 204);
    assert_eq!(hrefs(&propfind(&host, home, "1", "<displayname/>")), before);
    host.act_as("alice");
    let kept = send(&host, "GET", &format!("{HOME}/work/1.ics"), &[], "");
    assert_eq!(kept.status, 200);
}

#[test]
fn rfc5545_3_8_1_3_private_objects_show_when_but_not_what() {
    let host = host();
    propfind(&host, HOME, "0", "<displayname/>");
    let path = format!("{DEFAULT}/1.ics");
    let secret = event(
        "1",
        "20060714",
        "CLASS:PRIVATE\nLOCATION:Where nobody knows",
    );
    assert_eq!(put(&host, &path, &secret).status, 201);
    grant(&host, "Default", "bob", &["<read/>", "<write/>"]);
    assert_eq!(send(&host, "GET", &path, &[], "").text(), secret);
    host.act_as("bob");
    let seen = send(&host, "GET", &path, &[], "").text();
    assert!(seen.contains("DTSTART:20060714T120000Z") && seen.contains("UID:1"));
    assert!(
        !seen.contains("SUMMARY") && !seen.contains("LOCATION"),
        "{seen}"
    );
    let all = send(&host, "GET", &format!("{DEFAULT}/"), &[], "").text();
    assert!(all.contains("UID:1") && !all.contains("LOCATION"), "{all}");
    let location = |text: &str| {
        query(
            &host,
            DEFAULT,
            &format!(
                "<C:comp-filter name='VEVENT'><C:prop-filter name='LOCATION'>{text}\
                 </C:prop-filter></C:comp-filter>"
            ),
        )
    };
    assert!(names(&location("")).is_empty());
    assert_eq!(names(&location("<C:is-not-defined/>")), ["1.ics"]);
    let data = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data/></prop><href>{path}</href>\
         </C:calendar-multiget>"
    );
    let reply = report(&host, DEFAULT, "1", &data);
    expect(&reply, 207, &["UID:1"]);
    assert!(!reply.text().contains("LOCATION"));
    let moved = seen.replace("20060714T12", "20060714T13");
    assert_eq!(put(&host, &path, &moved).status, 403);
    // An alarm of one's own changes nothing of it.
    let alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT";
    let alarmed = seen.replace("END:VEVENT", alarm);
    assert_eq!(put(&host, &path, &alarmed).status, 204);
    let own = send(&host, "GET", &path, &[], "").text();
    assert!(own.contains("VALARM") && !own.contains("LOCATION"), "{own}");
    host.act_as("alice");
    assert_eq!(send(&host, "GET", &path, &[], "").text(), secret);
    host.act_as("bob");
    assert_eq!(send(&host, "DELETE", &path, &[], "").status, 403);
    let destination = [("destination", "/dav/calendars/user/bob/Default/1.ics")];
    propfind(&host, "/dav/calendars/user/bob/", "0", "<displayname/>");
    assert_eq!(send(&host, "COPY", &path, &destination, "").status, 403);
    assert_eq!(send(&host, "MOVE", &path, &destination, "").status, 403);
    let copy = [("destination", "/dav/calendars/user/bob/copy/")];
    assert_eq!(
        send(&host, "COPY", &format!("{DEFAULT}/"), &copy, "").status,
        403
    );
}
