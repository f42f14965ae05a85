//! What each user of a shared calendar has for himself: alarms, whether an event takes time, colour
//! and categories. Cyrus has the same, by the same properties.

use super::*;

const ALARM: &str = "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Tea\nTRIGGER:-PT5M\nEND:VALARM";
const LATE_ALARM: &str = "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Tea\nTRIGGER:-PT1M\nEND:VALARM";

/// A host on which alice has shared her calendar with bob, with one event of hers in it.
fn shared(more: &str, privileges: &[&str]) -> (Host, String) {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    assert_eq!(put(&host, &path, &event("1", "20060714", more)).status, 201);
    grant(&host, "Default", "bob", privileges);
    (host, path)
}

fn get(host: &Host, path: &str, user: &str) -> Reply {
    host.act_as(user);
    let reply = send(host, "GET", path, &[], "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply
}

fn etag(reply: &Reply) -> String {
    reply.header("etag").expect("an entity tag").to_owned()
}

fn sync_token(host: &Host, user: &str) -> String {
    host.act_as(user);
    let reply = propfind(host, DEFAULT, "0", "<sync-token/><CS:getctag/>");
    let token = element(&reply, "D:sync-token").unwrap();
    assert_eq!(element(&reply, "CS:getctag").as_ref(), Some(&token));
    token
}

/// The names of what changed since a token.
fn changed(host: &Host, user: &str, token: &str) -> Vec<String> {
    host.act_as(user);
    let body = format!(
        "<sync-collection {NAMESPACES}><sync-token>{token}</sync-token><sync-level>1</sync-level>\
         <prop><getetag/></prop></sync-collection>"
    );
    names(&report(host, DEFAULT, "0", &body))
}

#[test]
fn alarms_of_the_owner_ring_for_nobody_else() {
    let (host, path) = shared(&format!("CATEGORIES:Garden\n{ALARM}"), &["<read/>"]);
    assert!(get(&host, &path, "alice").text().contains("VALARM"));
    let seen = get(&host, &path, "bob").text();
    assert!(!seen.contains("VALARM"), "{seen}");
    assert!(seen.contains("CATEGORIES:Garden") && seen.contains("SUMMARY:Event 1"));
    let whole = get(&host, &format!("{DEFAULT}/"), "bob").text();
    assert!(whole.contains("UID:1") && !whole.contains("VALARM"));
}

#[test]
fn who_may_only_read_has_alarms_of_his_own() {
    let (host, path) = shared("CATEGORIES:Garden", &["<read/>"]);
    let alice = (get(&host, &path, "alice"), sync_token(&host, "alice"));
    let before = (get(&host, &path, "bob"), sync_token(&host, "bob"));
    let own = format!("CATEGORIES:Tea\nTRANSP:TRANSPARENT\n{LATE_ALARM}");
    let sent = event("1", "20060714", &own);
    let headers = [
        ("content-type", "text/calendar"),
        ("if-match", &etag(&before.0)),
    ];
    assert_eq!(send(&host, "PUT", &path, &headers, &sent).status, 204);
    let seen = get(&host, &path, "bob");
    for piece in [
        "CATEGORIES:Tea",
        "TRANSP:TRANSPARENT",
        "TRIGGER:-PT1M",
        "SUMMARY:Event 1",
    ] {
        assert!(seen.text().contains(piece), "{}", seen.text());
    }
    assert!(!seen.text().contains("Garden"));
    // His tag and state have moved, as every listing tells, and nobody else's.
    assert_ne!(etag(&seen), etag(&before.0));
    let listed = propfind(&host, DEFAULT, "1", "<getetag/>");
    let quoted = etag(&seen).replace('"', "&quot;");
    assert!(
        listed.text().contains(&quoted) || listed.text().contains(&etag(&seen)),
        "{}",
        listed.text()
    );
    let token = sync_token(&host, "bob");
    assert_ne!(token, before.1);
    assert_eq!(changed(&host, "bob", &before.1), ["1.ics"]);
    assert!(changed(&host, "bob", &token).is_empty());
    assert_eq!(sync_token(&host, "alice"), alice.1);
    assert!(changed(&host, "alice", &alice.1).is_empty());
    let hers = get(&host, &path, "alice");
    assert_eq!(hers.text(), alice.0.text());
    assert_eq!(etag(&hers), etag(&alice.0));
    // The tag from before is no longer his.
    host.act_as("bob");
    assert_eq!(send(&host, "PUT", &path, &headers, &sent).status, 412);
    // What he may not change is still refused.
    let moved = event("1", "20060715", &own);
    expect(&put(&host, &path, &moved), 403, &["<D:need-privileges>"]);
}

#[test]
fn the_same_once_more_changes_nothing() {
    let (host, path) = shared("", &["<read/>"]);
    host.act_as("bob");
    let sent = event("1", "20060714", ALARM);
    assert_eq!(put(&host, &path, &sent).status, 204);
    let before = (etag(&get(&host, &path, "bob")), sync_token(&host, "bob"));
    assert_eq!(put(&host, &path, &sent).status, 204);
    let after = (etag(&get(&host, &path, "bob")), sync_token(&host, "bob"));
    assert_eq!(before, after);
}

#[test]
fn what_the_owner_changes_keeps_what_sharees_have() {
    let (host, path) = shared("", &["<read/>"]);
    host.act_as("bob");
    put(&host, &path, &event("1", "20060714", LATE_ALARM));
    let before = etag(&get(&host, &path, "bob"));
    host.act_as("alice");
    let moved = event("1", "20060716", ALARM);
    assert_eq!(put(&host, &path, &moved).status, 204);
    let seen = get(&host, &path, "bob");
    assert!(seen.text().contains("DTSTART:20060716") && seen.text().contains("TRIGGER:-PT1M"));
    assert!(!seen.text().contains("TRIGGER:-PT5M"), "{}", seen.text());
    assert_ne!(etag(&seen), before);
}

#[test]
fn what_sharees_change_keeps_what_the_owner_has() {
    let rights = ["<read/>", "<write/>"];
    let (host, path) = shared(&format!("CATEGORIES:Garden\n{ALARM}"), &rights);
    host.act_as("bob");
    let moved = event("1", "20060716", &format!("CATEGORIES:Tea\n{LATE_ALARM}"));
    let reply = put(&host, &path, &moved);
    assert_eq!(reply.status, 204);
    // RFC 9110 §9.3.4: it is not stored as it was sent.
    assert!(reply.header("etag").is_none());
    let hers = get(&host, &path, "alice").text();
    assert!(hers.contains("DTSTART:20060716T120000Z") && hers.contains("CATEGORIES:Garden"));
    assert!(hers.contains("TRIGGER:-PT5M") && !hers.contains("TRIGGER:-PT1M"));
    let his = get(&host, &path, "bob").text();
    assert!(his.contains("CATEGORIES:Tea") && his.contains("TRIGGER:-PT1M"));
    assert!(!his.contains("Garden") && !his.contains("TRIGGER:-PT5M"));
    // What is new of his makes no noise for her.
    host.act_as("bob");
    let own = format!("{DEFAULT}/2.ics");
    assert_eq!(put(&host, &own, &event("2", "20060716", ALARM)).status, 201);
    assert!(!get(&host, &own, "alice").text().contains("VALARM"));
    assert!(get(&host, &own, "bob").text().contains("TRIGGER:-PT5M"));
}

#[test]
fn filters_see_what_is_the_asking_principals_own() {
    let (host, path) = shared(&format!("CATEGORIES:Garden\n{ALARM}"), &["<read/>"]);
    host.act_as("bob");
    put(
        &host,
        &path,
        &event("1", "20060714", &format!("CATEGORIES:Tea\n{LATE_ALARM}")),
    );
    let of = |category: &str| {
        format!(
            "<C:comp-filter name='VEVENT'><C:prop-filter name='CATEGORIES'>\
             <C:text-match>{category}</C:text-match></C:prop-filter></C:comp-filter>"
        )
    };
    let alarm = |start: &str, end: &str| {
        format!(
            "<C:comp-filter name='VEVENT'><C:comp-filter name='VALARM'>\
             <C:time-range start='20060714T{start}Z' end='20060714T{end}Z'/></C:comp-filter>\
             </C:comp-filter>"
        )
    };
    let (early, late) = (alarm("115400", "115600"), alarm("115830", "115930"));
    for (user, category, yes, no) in [
        ("bob", "Tea", &late, &early),
        ("alice", "Garden", &early, &late),
    ] {
        host.act_as(user);
        assert_eq!(names(&query(&host, DEFAULT, &of(category))), ["1.ics"]);
        assert_eq!(names(&query(&host, DEFAULT, yes)), ["1.ics"], "{user}");
        assert!(names(&query(&host, DEFAULT, no)).is_empty(), "{user}");
    }
    host.act_as("bob");
    assert!(names(&query(&host, DEFAULT, &of("Garden"))).is_empty());
    let multiget = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data/></prop><href>{path}</href>\
         </C:calendar-multiget>"
    );
    let reply = report(&host, DEFAULT, "0", &multiget);
    expect(&reply, 207, &["CATEGORIES:Tea", "TRIGGER:-PT1M"]);
}

/// RFC 7240 §4.2, RFC 8144 §3.2: asking for the stored state shows no more than GET does.
#[test]
fn the_preferred_representation_is_that_of_get() {
    let rights = ["<read/>", "<write/>"];
    let (host, path) = shared(ALARM, &rights);
    host.act_as("bob");
    let headers = [
        ("content-type", "text/calendar"),
        ("prefer", "return=representation"),
    ];
    let moved = event("1", "20060716", LATE_ALARM);
    let reply = send(&host, "PUT", &path, &headers, &moved);
    assert_eq!(reply.status, 200);
    assert!(reply.text().contains("-PT1M") && !reply.text().contains("-PT5M"));
    assert_eq!(etag(&reply), etag(&get(&host, &path, "bob")));
    host.act_as("bob");
    let own = event("1", "20060716", ALARM);
    let reply = send(&host, "PUT", &path, &headers, &own);
    assert_eq!(reply.status, 200);
    assert_eq!(etag(&reply), etag(&get(&host, &path, "bob")));
    host.act_as("alice");
    let secret = event("1", "20060716", "CLASS:PRIVATE\nLOCATION:Nowhere");
    assert_eq!(put(&host, &path, &secret).status, 204);
    host.act_as("bob");
    let stale = [headers[0], headers[1], ("if-match", "\"stale\"")];
    let reply = send(&host, "PUT", &path, &stale, &own);
    assert_eq!(reply.status, 412);
    assert!(!reply.text().contains("Nowhere"), "{}", reply.text());
}

#[test]
fn too_much_of_ones_own_is_refused() {
    let (host, path) = shared("", &["<read/>"]);
    host.act_as("bob");
    let long = format!("CATEGORIES:{}", "x".repeat(70_000));
    let refused = put(&host, &path, &event("1", "20060714", &long));
    expect(&refused, 403, &["<C:max-resource-size>"]);
}

/// RFC 4918 §9.8, §9.9: what goes from one owner to another is what whoever brings it has.
#[test]
fn copies_and_moves_take_ones_own_along() {
    let (host, path) = shared(ALARM, &["<read/>", "<write/>"]);
    host.act_as("bob");
    let home = "/dav/calendars/user/bob";
    propfind(&host, home, "0", "<displayname/>");
    let proppatched = proppatch(&host, &path, "<X:dead>kept</X:dead>");
    expect(&proppatched, 207, &["200 OK"]);
    let copy = format!("{home}/Default/1.ics");
    let to_copy = [("destination", copy.as_str())];
    assert_eq!(send(&host, "COPY", &path, &to_copy, "").status, 201);
    assert!(!get(&host, &copy, "bob").text().contains("VALARM"));
    host.act_as("bob");
    let dead = propfind(&host, &copy, "0", "<X:dead/>");
    expect(&dead, 207, &["kept"]);
    // Back again, with an alarm of his, and over what is there.
    put(&host, &copy, &event("1", "20060718", LATE_ALARM));
    let back = [("destination", path.as_str())];
    assert_eq!(send(&host, "MOVE", &copy, &back, "").status, 204);
    assert_eq!(send(&host, "GET", &copy, &[], "").status, 404);
    let his = get(&host, &path, "bob").text();
    assert!(his.contains("20060718") && his.contains("-PT1M"), "{his}");
    let hers = get(&host, &path, "alice").text();
    assert!(
        hers.contains("20060718") && hers.contains("-PT5M"),
        "{hers}"
    );
    assert!(!hers.contains("-PT1M"));
    // Under another name in the same calendar nothing is anybody else's.
    host.act_as("bob");
    let renamed = format!("{DEFAULT}/2.ics");
    let to = [("destination", renamed.as_str())];
    assert_eq!(send(&host, "MOVE", &path, &to, "").status, 201);
    assert_eq!(get(&host, &renamed, "bob").text(), his);
    assert_eq!(get(&host, &renamed, "alice").text(), hers);
}
