//! Free-busy by those who may know nothing else: RFC 4791 §6.1.1, §7.10.

use super::*;

/// A day of alice's, asked for by whoever acts.
fn ask(host: &Host, path: &str, depth: &str) -> Reply {
    let body = format!(
        "<C:free-busy-query {NAMESPACES}><C:time-range start='20060714T000000Z' \
         end='20060715T000000Z'/></C:free-busy-query>"
    );
    report(host, path, depth, &body)
}

/// Alice with an event in Default, which anyone may ask about, and one in a calendar of her own.
fn alice() -> Host {
    let host = host();
    host.receiver::<CalDav>();
    mkcalendar(&host, &format!("{HOME}/own/"), "");
    let event = |at: &str| {
        event("1", "20060714", "").replace("DTSTART:20060714T12", &format!("DTSTART:20060714T{at}"))
    };
    put(&host, &format!("{DEFAULT}/1.ics"), &event("12"));
    put(&host, &format!("{HOME}/own/1.ics"), &event("15"));
    grant(&host, "own", "alice", &[]);
    host
}

#[test]
fn s6_1_1_read_free_busy_alone_is_enough() {
    let host = alice();
    host.act_as("bob");
    let of_default = ask(&host, DEFAULT, "1");
    expect(&of_default, 200, &["FREEBUSY", "20060714T12"]);
    assert!(
        of_default
            .header("content-type")
            .unwrap()
            .starts_with("text/calendar")
    );
    assert!(!of_default.text().contains("SUMMARY"));
    assert_eq!(
        send(&host, "GET", &format!("{DEFAULT}/1.ics"), &[], "").status,
        404
    );
    let of_home = ask(&host, HOME, "1");
    expect(&of_home, 200, &["20060714T12"]);
    assert!(
        !of_home.text().contains("20060714T15"),
        "{}",
        of_home.text()
    );
    assert!(!ask(&host, DEFAULT, "0").text().contains("\nFREEBUSY"));
}

#[test]
fn s7_10_without_the_privilege_nothing_is_there() {
    let host = alice();
    host.act_as("bob");
    for path in [
        "own",
        "missing",
        "Inbox",
        "Outbox",
        "Default/1.ics",
        "Default/missing.ics",
    ] {
        assert_eq!(
            ask(&host, &format!("{HOME}/{path}"), "1").status,
            404,
            "{path}"
        );
    }
    let nobody = "/dav/calendars/user/nobody/Default";
    assert_eq!(ask(&host, nobody, "1").status, 404);
    for lead in ["/dav/calendars", "/dav/calendars/user"] {
        expect(&ask(&host, lead, "1"), 403, &["<D:supported-report/>"]);
    }
    let other = format!("<C:calendar-query {NAMESPACES}><prop/></C:calendar-query>");
    assert_eq!(report(&host, DEFAULT, "1", &other).status, 404);
    assert_eq!(send(&host, "REPORT", DEFAULT, &[], "").status, 404);
    host.act_as("alice");
    let own = format!("{HOME}/missing");
    assert_eq!(ask(&host, &own, "1").status, 404);
}

#[test]
fn who_may_read_one_calendar_of_a_home_may_ask_about_the_others() {
    let host = alice();
    grant(&host, "own", "bob", &["<read/>"]);
    host.act_as("bob");
    expect(&ask(&host, HOME, "1"), 200, &["20060714T12", "20060714T15"]);
    host.act_as("carol");
    let of_carol = ask(&host, HOME, "1");
    assert!(!of_carol.text().contains("20060714T15"));
}

#[test]
fn who_may_read_the_home_hears_no_less_than_who_may_not() {
    let host = alice();
    // Default may be asked about, and not read; what is in `read` may be read.
    mkcalendar(&host, &format!("{HOME}/read/"), "");
    let other = event("2", "20060714", "").replace("DTSTART:20060714T12", "DTSTART:20060714T18");
    put(&host, &format!("{HOME}/read/2.ics"), &other);
    grant(&host, "read", "bob", &["<read/>"]);
    grant(&host, "", "bob", &["<read/>"]);
    host.act_as("bob");
    let of_home = ask(&host, HOME, "1");
    expect(&of_home, 200, &["20060714T12", "20060714T18"]);
    assert!(!of_home.text().contains("20060714T15"));
    let default = propfind(&host, HOME, "1", "<getetag/>");
    assert!(!default.text().contains("/Default/"));
    assert!(!ask(&host, HOME, "0").text().contains("\nFREEBUSY"));
}

#[test]
fn whoever_comes_hears_what_whoever_comes_may_ask() {
    let host = alice();
    let acl = format!(
        "<acl {NAMESPACES}><ace><principal><all/></principal><grant><privilege><read/></privilege>\
         </grant></ace></acl>"
    );
    assert_eq!(
        send(&host, "ACL", &format!("{HOME}/"), &[], &acl).status,
        200
    );
    host.act_as_anonymous();
    expect(&ask(&host, HOME, "1"), 200, &["20060714T12"]);
    assert_eq!(ask(&host, DEFAULT, "1").status, 401);
}

#[test]
fn who_may_read_the_home_and_ask_about_nothing_hears_of_nothing() {
    let host = alice();
    grant(&host, "Default", "alice", &[]);
    grant(&host, "", "bob", &["<read/>"]);
    host.act_as("bob");
    let of_home = ask(&host, HOME, "1");
    expect(&of_home, 200, &["BEGIN:VFREEBUSY"]);
    assert!(!of_home.text().contains("\nFREEBUSY"), "{}", of_home.text());
}

#[test]
fn rfc7265_the_answer_is_jcal_if_that_is_wanted() {
    let host = alice();
    host.act_as("bob");
    let body = format!(
        "<C:free-busy-query {NAMESPACES}><C:time-range start='20060714T000000Z' \
         end='20060715T000000Z'/></C:free-busy-query>"
    );
    let headers = [("accept", "application/calendar+json")];
    let reply = send(&host, "REPORT", DEFAULT, &headers, &body);
    expect(&reply, 200, &["[\"vcalendar\"", "\"freebusy\""]);
}

#[test]
fn the_owners_zone_and_transparency_count() {
    let host = alice();
    let transparent = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>";
    expect(&proppatch(&host, DEFAULT, transparent), 207, &["200 OK"]);
    host.act_as("bob");
    assert!(!ask(&host, HOME, "1").text().contains("\nFREEBUSY"));
    expect(&ask(&host, DEFAULT, "1"), 200, &["FREEBUSY"]);
}

#[test]
fn questions_of_any_bytes_are_refused() {
    use module::{Parcel, Purpose, Receiver};
    for message in [
        &b""[..],
        b"\0",
        b"\0\0\0",
        b"x\x001\0\0<a/>",
        b"1\x001\0\0",
        b"1\0\xff\0\0<a/>",
        b"9223372036854775807\x001\0Default\0<a",
        b"-9223372036854775808\0infinity\0Default\0<a xmlns='DAV:'/>",
    ] {
        let _host = alice();
        let parcel = Parcel {
            sender: None,
            purpose: Purpose::Question,
            message: message.to_vec(),
        };
        let answer = CalDav::receive(parcel);
        assert!(
            answer.is_err() || answer == Ok(Some(Vec::new())),
            "{answer:?}"
        );
    }
}
