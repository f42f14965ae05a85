//! Managed attachments of objects that are copied, moved and shared: each calendar keeps its own as
//! long as an object there refers to it. RFC 8607 §3.7, §3.9, §3.12.2.

use super::*;

/// Adds an attachment to an object, and gives its URL below the server.
fn attach(host: &Host, path: &str, body: &str) -> String {
    let query = format!("{path}?action=attachment-add");
    let headers = [("content-type", "text/plain")];
    let reply = send(host, "POST", &query, &headers, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    url(host, path)
}

/// The URL of the attachment of an object, below the server.
fn url(host: &Host, path: &str) -> String {
    let text = send(host, "GET", path, &[], "").text().replace("\r\n ", "");
    let line = text.lines().find(|line| line.starts_with("ATTACH"));
    let url = line.unwrap().split_once(":https://example.org");
    url.unwrap().1.to_owned()
}

/// Calendars of alice's, with an event that has an attachment in the first one.
fn stored(calendars: &[&str]) -> (Host, String) {
    let host = host();
    for name in calendars {
        let reply = mkcalendar(&host, &format!("{HOME}/{name}/"), "");
        assert_eq!(reply.status, 201);
    }
    let path = format!("{HOME}/{}/1.ics", calendars[0]);
    put(&host, &path, &event("1", "20060714", ""));
    let url = attach(&host, &path, "minutes");
    (host, url)
}

fn transfer(host: &Host, method: &str, from: &str, to: &str) {
    let (from, to) = (format!("{HOME}/{from}"), format!("{HOME}/{to}"));
    let reply = send(host, method, &from, &[("destination", &to)], "");
    assert!(matches!(reply.status, 201 | 204), "{}", reply.text());
}

fn delete(host: &Host, path: &str) {
    let reply = send(host, "DELETE", &format!("{HOME}/{path}"), &[], "");
    assert_eq!(reply.status, 204, "{}", reply.text());
}

fn get(host: &Host, who: &str, url: &str) -> (u16, String) {
    host.act_as(who);
    let reply = send(host, "GET", url, &[], "");
    (
        reply.status,
        if reply.status == 200 {
            reply.text()
        } else {
            String::new()
        },
    )
}

fn has(host: &Host, who: &str, url: &str) -> bool {
    match get(host, who, url) {
        (200, text) => text == "minutes",
        (404, _) => false,
        other => panic!("{other:?}"),
    }
}

/// How many messages lie in a calendar of alice's: objects and attachments.
fn messages(host: &Host, calendar: &str) -> u64 {
    host.act_as("alice");
    let path = ["user", "alice", "#calendars", calendar].map(str::to_owned);
    module::Mailbox::open(&path)
        .unwrap()
        .status()
        .unwrap()
        .messages
}

fn subscribe(host: &Host, calendar: &str) {
    host.act_as("bob");
    let path = ["user", "alice", "#calendars", calendar].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let batch = module::Batch::new();
    batch.subscribe(&mailbox, true);
    batch.commit().unwrap();
}

/// Whoever removes one of two copies need not see the calendar with the other.
#[test]
fn a_copy_that_a_sharee_does_not_see_keeps_it() {
    for through_own_home in [false, true] {
        let (host, url) = stored(&["q1", "q2"]);
        transfer(&host, "COPY", "q1/1.ics", "q2/1.ics");
        grant(&host, "q1", "bob", &["<read/>", "<write/>"]);
        subscribe(&host, "q1");
        let path = match through_own_home {
            true => "/dav/calendars/user/bob/alice.q1/1.ics".to_owned(),
            false => format!("{HOME}/q1/1.ics"),
        };
        assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
        assert!(has(&host, "alice", &url));
        assert!(!has(&host, "bob", &url));
        assert_eq!((messages(&host, "q1"), messages(&host, "q2")), (0, 2));
        delete(&host, "q2/1.ics");
        assert!(!has(&host, "alice", &url));
        assert_eq!(messages(&host, "q2"), 0);
    }
}

#[test]
fn it_goes_along_when_its_object_moves() {
    let (host, url) = stored(&["a3", "a2"]);
    transfer(&host, "MOVE", "a3/1.ics", "a2/n.ics");
    assert_eq!((messages(&host, "a3"), messages(&host, "a2")), (0, 2));
    delete(&host, "a3/");
    assert!(has(&host, "alice", &url));
    // Another name in the same calendar.
    transfer(&host, "MOVE", "a2/n.ics", "a2/m.ics");
    assert!(has(&host, "alice", &url));
    assert_eq!(messages(&host, "a2"), 2);
    delete(&host, "a2/m.ics");
    assert!(!has(&host, "alice", &url));
    assert_eq!(messages(&host, "a2"), 0);
}

/// What stays behind and refers to it keeps its own.
#[test]
fn it_stays_with_other_objects_when_one_moves() {
    let (host, url) = stored(&["a1", "a2"]);
    let body = send(&host, "GET", &format!("{HOME}/a1/1.ics"), &[], "").text();
    let other = body.replace("UID:1", "UID:2");
    assert_eq!(put(&host, &format!("{HOME}/a1/2.ics"), &other).status, 201);
    assert_eq!(messages(&host, "a1"), 3);
    transfer(&host, "MOVE", "a1/1.ics", "a2/1.ics");
    assert_eq!((messages(&host, "a1"), messages(&host, "a2")), (2, 2));
    transfer(&host, "MOVE", "a1/2.ics", "a2/2.ics");
    // It is there already.
    assert_eq!((messages(&host, "a1"), messages(&host, "a2")), (0, 3));
    delete(&host, "a2/1.ics");
    assert!(has(&host, "alice", &url));
    delete(&host, "a2/2.ics");
    assert_eq!(messages(&host, "a2"), 0);
}

/// An object takes the place of another that refers to the same attachment.
#[test]
fn what_is_replaced_by_a_copy_leaves_what_the_copy_refers_to() {
    for method in ["COPY", "MOVE"] {
        let (host, url) = stored(&["a1", "a2"]);
        transfer(&host, "COPY", "a1/1.ics", "a2/1.ics");
        let bare = event("2", "20060715", "");
        put(&host, &format!("{HOME}/a2/2.ics"), &bare);
        let dropped = attach(&host, &format!("{HOME}/a2/1.ics"), "other");
        assert_eq!(dropped, url);
        assert_eq!(messages(&host, "a2"), 4);
        transfer(&host, method, "a1/1.ics", "a2/1.ics");
        // The one that was added there alone is gone.
        assert_eq!(messages(&host, "a2"), 3, "{method}");
        delete(&host, "a1/");
        assert!(has(&host, "alice", &url), "{method}");
    }
}

/// Clients that move by PUT and DELETE, and imports.
#[test]
fn a_body_that_refers_to_it_brings_it() {
    let (host, url) = stored(&["a1", "a2", "a3"]);
    let body = send(&host, "GET", &format!("{HOME}/a1/1.ics"), &[], "").text();
    assert_eq!(put(&host, &format!("{HOME}/a2/1.ics"), &body).status, 201);
    let headers = [("content-type", "text/calendar")];
    let import = send(&host, "POST", &format!("{HOME}/a3/"), &headers, &body);
    expect(&import, 207, &["200 OK"]);
    assert_eq!((messages(&host, "a2"), messages(&host, "a3")), (2, 2));
    delete(&host, "a1/1.ics");
    delete(&host, "a3/");
    assert!(has(&host, "alice", &url));
    // The same server, by another name.
    let foreign = body.replace("https://example.org", "https://cal.example.com");
    assert_eq!(
        put(&host, &format!("{HOME}/a1/1.ics"), &foreign).status,
        201
    );
    assert_eq!(messages(&host, "a1"), 2);
    // Twice the same body brings nothing more.
    assert_eq!(put(&host, &format!("{HOME}/a2/1.ics"), &body).status, 204);
    assert_eq!(messages(&host, "a2"), 2);
}

/// A whole calendar is copied with all in it, and each copy has its own.
#[test]
fn a_calendar_is_copied_with_its_attachments() {
    let (host, url) = stored(&["a1"]);
    transfer(&host, "COPY", "a1/", "a2/");
    assert_eq!(messages(&host, "a2"), 2);
    delete(&host, "a1/");
    assert!(has(&host, "alice", &url));
    delete(&host, "a2/1.ics");
    assert_eq!(messages(&host, "a2"), 0);
}

/// §3.12.2: "the server MUST prevent a calendar user from reusing a managed attachment".
#[test]
fn s3_12_2_nobody_reuses_what_they_may_not_read() {
    let (host, url) = stored(&["secret", "open"]);
    let body = send(&host, "GET", &format!("{HOME}/secret/1.ics"), &[], "").text();
    host.act_as("alice");
    put(
        &host,
        &format!("{HOME}/open/2.ics"),
        &event("2", "20060714", ""),
    );
    grant(&host, "open", "bob", &["<read/>", "<write/>"]);
    host.act_as("bob");
    propfind(&host, "/dav/calendars/user/bob/", "0", "<displayname/>");
    let at_home = body.replace("/user/alice/secret/", "/user/bob/Default/");
    let shared = body.replace("/user/alice/secret/", "/user/alice/open/");
    for body in [&body, &at_home, &shared] {
        for path in [
            "/dav/calendars/user/bob/Default/1.ics",
            &format!("{HOME}/open/1.ics"),
        ] {
            let refused = put(&host, path, body);
            expect(&refused, 403, &["<C:valid-managed-id-parameter/>"]);
        }
    }
    // As if it were another server's it is a name, and gives nothing.
    let foreign = body.replace("https://example.org", "https://example.com");
    let path = "/dav/calendars/user/bob/Default/1.ics";
    assert_eq!(put(&host, path, &foreign).status, 201);
    let to = [("destination", "/dav/calendars/user/alice/open/1.ics")];
    assert_eq!(send(&host, "COPY", path, &to, "").status, 201);
    assert_eq!(messages(&host, "open"), 2);
    assert!(!has(&host, "bob", &url));
    assert!(!has(&host, "bob", &url.replace("secret", "open")));
    delete(&host, "open/1.ics");
    assert!(has(&host, "alice", &url));
}

/// What a sharee does not see of an object, its attachments are not seen, either.
#[test]
fn what_private_objects_refer_to_is_the_owners() {
    let (host, url) = stored(&["a1"]);
    let path = format!("{HOME}/a1/1.ics");
    grant(&host, "a1", "bob", &["<read/>", "<write/>"]);
    assert!(has(&host, "bob", &url));
    host.act_as("alice");
    let public = send(&host, "GET", &path, &[], "").text();
    let private = public.replace("SUMMARY", "CLASS:PRIVATE\r\nSUMMARY");
    assert_eq!(put(&host, &path, &private).status, 204);
    assert!(!has(&host, "bob", &url));
    assert!(has(&host, "alice", &url));
    host.act_as("bob");
    let reused = public.replace("UID:1", "UID:2");
    for path in [
        "/dav/calendars/user/bob/Default/2.ics",
        &format!("{HOME}/a1/2.ics"),
    ] {
        let refused = put(&host, path, &reused);
        expect(&refused, 403, &["<C:valid-managed-id-parameter/>"]);
    }
    // Nor as if it were another server's.
    let foreign = reused.replace("https://example.org", "https://example.com");
    let foreign = foreign.replace("/dav/", "/");
    let own = "/dav/calendars/user/bob/Default/3.ics";
    assert_eq!(put(&host, own, &foreign).status, 201);
    let there = format!("{HOME}/a1/3.ics");
    let condition = ["<C:valid-managed-id-parameter/>"];
    expect(&put(&host, &there, &foreign), 403, &condition);
    let to = [("destination", there.as_str())];
    expect(&send(&host, "COPY", own, &to, ""), 403, &condition);
    assert!(!has(&host, "bob", &url));
    // Where one public object refers to it, it is seen.
    host.act_as("alice");
    assert_eq!(put(&host, &format!("{HOME}/a1/2.ics"), &reused).status, 201);
    assert!(has(&host, "bob", &url));
}

/// To another owner's calendar, and found there under the URL that it had.
#[test]
fn it_is_found_in_the_home_of_whoever_has_it_now() {
    let (host, url) = stored(&["a1"]);
    grant(&host, "a1", "bob", &["<read/>", "<write/>"]);
    host.act_as("bob");
    propfind(&host, "/dav/calendars/user/bob/", "0", "<displayname/>");
    let to = [("destination", "/dav/calendars/user/bob/Default/1.ics")];
    let moved = send(&host, "MOVE", &format!("{HOME}/a1/1.ics"), &to, "");
    assert_eq!(moved.status, 201, "{}", moved.text());
    assert!(has(&host, "bob", &url));
    assert!(!has(&host, "alice", &url));
    assert_eq!(messages(&host, "a1"), 0);
}

/// Attachments have no names: neither listings nor changes tell of them.
#[test]
fn changes_tell_of_objects_alone() {
    let (host, _) = stored(&["a1", "a2"]);
    let sync = |token: &str| {
        let body = format!(
            "<sync-collection {NAMESPACES}><sync-token>{token}</sync-token>\
             <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        );
        report(&host, &format!("{HOME}/a2/"), "0", &body)
    };
    let before = element(&sync(""), "D:sync-token").unwrap();
    transfer(&host, "MOVE", "a1/1.ics", "a2/1.ics");
    let changed = sync(&before);
    assert_eq!(hrefs(&changed), [format!("{HOME}/a2/1.ics")]);
    let after = element(&changed, "D:sync-token").unwrap();
    delete(&host, "a2/1.ics");
    let removed = sync(&after);
    assert_eq!(hrefs(&removed), [format!("{HOME}/a2/1.ics")]);
    expect(&removed, 207, &["404 Not Found"]);
}
