//! PATCH by VPATCH: draft-daboo-icalendar-vpatch-00, RFC 5789. What patches do is tested where they are
//! applied.

use super::*;

fn vpatch(lines: &str) -> String {
    calendar(&format!(
        "BEGIN:VPATCH\nUID:p\nDTSTAMP:20160901T000000Z\nBEGIN:PATCH\n\
         PATCH-TARGET:/VCALENDAR/VEVENT\n{lines}\nEND:PATCH\nEND:VPATCH"
    ))
}

fn patch(host: &Host, path: &str, headers: &[(&str, &str)], lines: &str) -> Reply {
    let mut all = vec![("content-type", "text/calendar; component=VPATCH")];
    all.extend_from_slice(headers);
    send(host, "PATCH", path, &all, &vpatch(lines))
}

#[test]
fn rfc5789_2_a_patch_changes_what_it_names() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    put(
        &host,
        &path,
        &event("1", "20060714", "X-KEPT;a=1:as it is "),
    );
    let before = send(&host, "GET", &path, &[], "");
    let reply = patch(&host, &path, &[], "SUMMARY:Patched");
    assert_eq!(reply.status, 204, "{}", reply.text());
    let after = send(&host, "GET", &path, &[], "");
    assert_eq!(reply.header("etag"), after.header("etag"));
    assert_ne!(after.header("etag"), before.header("etag"));
    assert!(after.text().contains("SUMMARY:Patched"));
    assert!(after.text().contains("X-KEPT;a=1:as it is \r\n"));
    // The index knows of it.
    let found = "<C:comp-filter name='VEVENT'><C:prop-filter name='SUMMARY'>\
        <C:text-match>patched</C:text-match></C:prop-filter></C:comp-filter>";
    assert_eq!(names(&query(&host, DEFAULT, found)), ["1.ics"]);
    // Nothing to change is no failure, and no change.
    let same = patch(&host, &path, &[], "PATCH-DELETE:#LOCATION");
    assert_eq!(
        (same.status, same.header("etag")),
        (204, after.header("etag"))
    );
    let prefer = [("prefer", "return=representation")];
    let shown = patch(&host, &path, &prefer, "LOCATION:Here");
    expect(&shown, 200, &["LOCATION:Here", "SUMMARY:Patched"]);
}

#[test]
fn rfc5789_2_2_what_is_wrong_is_said() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    assert_eq!(patch(&host, &path, &[], "SUMMARY:x").status, 404);
    put(&host, &path, &event("1", "20060714", ""));
    let json = [("content-type", "application/json")];
    let reply = send(&host, "PATCH", &path, &json, "{}");
    assert_eq!(reply.status, 415);
    let accepted = reply.header("accept-patch").unwrap();
    assert!(accepted.starts_with("text/calendar; component=VPATCH"));
    let options = send(&host, "OPTIONS", &path, &[], "");
    assert_eq!(options.header("accept-patch"), Some(accepted));
    assert!(options.header("allow").unwrap().contains("PATCH"));
    assert_eq!(
        send(&host, "PATCH", &format!("{DEFAULT}/"), &[], "").status,
        405
    );
    assert_eq!(patch(&host, &path, &[], "PATCH-DELETE:x").status, 400);
    let stale = [("if-match", "\"stale\"")];
    assert_eq!(patch(&host, &path, &stale, "SUMMARY:x").status, 412);
    // What comes of it must be one. RFC 5545 §3.8.4.7.
    let reply = patch(&host, &path, &[], "PATCH-DELETE:#UID");
    expect(&reply, 403, &["<C:valid-calendar-data>"]);
    let reply = patch(&host, &path, &[], "UID:2");
    expect(&reply, 403, &["<C:no-uid-conflict>"]);
    let seen = send(&host, "GET", &path, &[], "").text();
    assert_eq!(seen, event("1", "20060714", ""));
}

#[test]
fn sharees_patch_what_is_their_own() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    let hers = event("1", "20060714", "CATEGORIES:Garden");
    put(&host, &path, &hers);
    grant(&host, "Default", "bob", &["<read/>"]);
    host.act_as("bob");
    let alarm = "BEGIN:VALARM\nUID:a\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM";
    assert_eq!(patch(&host, &path, &[], alarm).status, 204);
    assert!(
        send(&host, "GET", &path, &[], "")
            .text()
            .contains("TRIGGER:-PT5M")
    );
    assert_eq!(patch(&host, &path, &[], "SUMMARY:x").status, 403);
    host.act_as("alice");
    assert_eq!(send(&host, "GET", &path, &[], "").text(), hers);
}
