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
