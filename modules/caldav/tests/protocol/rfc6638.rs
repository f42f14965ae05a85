//! RFC 6638, as far as it means something without scheduling.

use super::*;

#[test]
fn s2_inbox_and_outbox_are_there() {
    let host = host();
    let inbox = propfind(&host, &format!("{HOME}/Inbox/"), "0", "<resourcetype/>");
    expect(&inbox, 207, &["<D:collection/><C:schedule-inbox/>"]);
    let outbox = propfind(&host, &format!("{HOME}/Outbox/"), "0", "<resourcetype/>");
    expect(&outbox, 207, &["<D:collection/><C:schedule-outbox/>"]);
    for name in ["Inbox/", "Outbox/"] {
        assert_eq!(
            send(&host, "DELETE", &format!("{HOME}/{name}"), &[], "").status,
            403
        );
        let put = send(&host, "PUT", &format!("{HOME}/{name}x.ics"), &[], "x");
        assert_eq!(put.status, 403);
    }
}

/// Clients that read so leave it to the server to send them.
#[test]
fn nothing_says_that_the_server_sends_invitations() {
    let host = host();
    for path in [HOME, DEFAULT] {
        let reply = send(&host, "OPTIONS", path, &[], "");
        let tokens = reply.header("dav").unwrap_or_default();
        assert!(tokens.contains("calendar-access"), "{tokens}");
        assert!(!tokens.contains("schedule"), "{tokens}");
    }
}

#[test]
fn s9_1_calendars_are_opaque_until_told() {
    let host = host();
    let asked = "<C:schedule-calendar-transp/>";
    expect(
        &propfind(&host, DEFAULT, "0", asked),
        207,
        &["<C:schedule-calendar-transp><C:opaque/></C:schedule-calendar-transp>"],
    );
    let set = |value: &str| {
        proppatch(
            &host,
            DEFAULT,
            &format!("<C:schedule-calendar-transp>{value}</C:schedule-calendar-transp>"),
        )
    };
    expect(&set("<C:transparent/>"), 207, &["200 OK"]);
    expect(
        &propfind(&host, DEFAULT, "0", asked),
        207,
        &["<C:transparent/>"],
    );
    expect(&set("<C:blue/>"), 207, &["409 Conflict"]);
}

#[test]
fn s9_2_the_default_calendar_must_stay() {
    let host = host();
    let asked = "<C:schedule-default-calendar-URL/>";
    let inbox = format!("{HOME}/Inbox/");
    expect(
        &propfind(&host, &inbox, "0", asked),
        207,
        &[&format!("<D:href>{DEFAULT}/</D:href>")],
    );
    expect(
        &send(&host, "DELETE", &format!("{DEFAULT}/"), &[], ""),
        403,
        &["<C:default-calendar-needed/>"],
    );
    let destination = [("destination", "/dav/calendars/user/alice/moved/")];
    assert_eq!(
        send(&host, "MOVE", &format!("{DEFAULT}/"), &destination, "").status,
        403
    );
    assert_eq!(mkcalendar(&host, &format!("{HOME}/work/"), "").status, 201);
    let set = |href: &str| {
        let value = format!("<href>{href}</href>");
        proppatch(
            &host,
            &inbox,
            &format!("<C:schedule-default-calendar-URL>{value}</C:schedule-default-calendar-URL>"),
        )
    };
    expect(
        &set("/dav/calendars/user/alice/none/"),
        207,
        &["<C:valid-schedule-default-calendar-URL/>"],
    );
    expect(
        &set("https://example.org/dav/calendars/user/alice/work/"),
        207,
        &["200 OK"],
    );
    expect(
        &propfind(&host, &inbox, "0", asked),
        207,
        &[&format!("<D:href>{HOME}/work/</D:href>")],
    );
    assert_eq!(
        send(&host, "DELETE", &format!("{HOME}/work/"), &[], "").status,
        403
    );
    assert_eq!(
        send(&host, "DELETE", &format!("{DEFAULT}/"), &[], "").status,
        204
    );
}
