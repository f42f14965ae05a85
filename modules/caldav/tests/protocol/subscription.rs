//! Calendars of others in one's own home: Apple's "Shared and Published Calendars in CalDAV" §5.4.1,
//! RFC 6578.

use super::*;

const BOBS: &str = "/dav/calendars/user/bob/";

/// A host on which alice lets bob read her calendar `work`, with an event in it; bob is acting.
fn shared() -> Host {
    let host = host();
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    put(
        &host,
        &format!("{HOME}/work/1.ics"),
        &event("1", "20060714", ""),
    );
    grant(&host, "work", "bob", &["<read/>"]);
    host.act_as("bob");
    host
}

fn answer(host: &Host, answer: &str, calendar: &str, more: &str) -> Reply {
    let body = format!(
        "<CS:invite-reply {NAMESPACES}><href>mailto:bob@example.org</href><CS:{answer}/>\
         <CS:hosturl><href>{HOME}/{calendar}/</href></CS:hosturl>\
         <CS:in-reply-to>x</CS:in-reply-to>{more}</CS:invite-reply>"
    );
    send(host, "POST", BOBS, &[], &body)
}

/// The sync token of bob's home, which is its ctag, too.
fn token(host: &Host) -> String {
    host.act_as("bob");
    let reply = propfind(host, BOBS, "0", "<sync-token/><CS:getctag/>");
    let token = element(&reply, "D:sync-token").unwrap();
    assert_eq!(element(&reply, "CS:getctag").as_ref(), Some(&token));
    token
}

/// What bob's home says changed since a token, and its token then.
fn sync(host: &Host, token: &str, more: &str) -> (Reply, String) {
    host.act_as("bob");
    let body = format!(
        "<sync-collection {NAMESPACES}><sync-token>{token}</sync-token><sync-level>1</sync-level>\
         {more}<prop><displayname/></prop></sync-collection>"
    );
    let reply = report(host, BOBS, "0", &body);
    assert_eq!(reply.status, 207, "{}", reply.text());
    let token = element(&reply, "D:sync-token").unwrap();
    (reply, token)
}

#[test]
fn who_accepts_has_the_calendar_in_the_home() {
    let host = shared();
    let named = "<CS:summary>Of Alice</CS:summary>";
    let reply = answer(&host, "invite-accepted", "work", named);
    let path = format!("{BOBS}alice.work/");
    let shared_as = format!("<D:href>{path}</D:href></CS:shared-as>");
    expect(&reply, 200, &[&shared_as]);
    assert_eq!(reply.header("location"), Some(path.as_str()));
    let asked = "<displayname/><A:calendar-color/>";
    expect(&propfind(&host, &path, "0", asked), 207, &[">Of Alice<"]);
    let color = "<A:calendar-color>#FF0000</A:calendar-color>";
    expect(&proppatch(&host, &path, color), 207, &["200 OK"]);
    expect(&propfind(&host, BOBS, "1", asked), 207, &["#FF0000"]);
    host.act_as("alice");
    let hers = propfind(&host, &format!("{HOME}/work/"), "0", asked);
    assert!(!hers.text().contains("Of Alice") && !hers.text().contains("#FF0000"));
    host.act_as("bob");
    assert_eq!(answer(&host, "invite-declined", "work", "").status, 204);
    assert!(!hrefs(&propfind(&host, BOBS, "1", asked)).contains(&path));
}

#[test]
fn what_may_not_be_subscribed_to_is_not() {
    let host = shared();
    assert_eq!(answer(&host, "invite-accepted", "Default", "").status, 404);
    assert_eq!(answer(&host, "invite-accepted", "none", "").status, 404);
    assert_eq!(answer(&host, "invite-noresponse", "work", "").status, 400);
    host.act_as("alice");
    grant(&host, "work", "bob", &["<C:read-free-busy/>"]);
    host.act_as("bob");
    let reply = answer(&host, "invite-accepted", "work", "");
    assert!([403, 404].contains(&reply.status), "{}", reply.text());
    host.act_as("carol");
    assert_eq!(answer(&host, "invite-accepted", "work", "").status, 404);
}

#[test]
fn rfc6578_the_state_of_the_home_covers_what_is_shared_in_it() {
    let host = shared();
    let path = format!("{BOBS}alice.work/");
    let before = token(&host);
    answer(&host, "invite-accepted", "work", "");
    let subscribed = token(&host);
    assert_ne!(subscribed, before);
    let (reply, told) = sync(&host, &before, "");
    assert_eq!(hrefs(&reply), std::slice::from_ref(&path));
    assert_eq!(told, subscribed);
    let (reply, _) = sync(&host, "", "");
    assert!(hrefs(&reply).contains(&path));
    let (reply, same) = sync(&host, &subscribed, "");
    assert!(hrefs(&reply).is_empty());
    assert_eq!(same, subscribed);
    // What changes in it.
    host.act_as("alice");
    let second = format!("{HOME}/work/2.ics");
    put(&host, &second, &event("2", "20060714", ""));
    let changed = token(&host);
    assert_ne!(changed, subscribed);
    let (reply, told) = sync(&host, &subscribed, "");
    assert_eq!((hrefs(&reply), told.clone()), (vec![path.clone()], changed));
    // The own calendars are another matter.
    put(
        &host,
        &format!("{BOBS}Default/3.ics"),
        &event("3", "20060714", ""),
    );
    let (reply, told) = sync(&host, &told, "");
    assert_eq!(hrefs(&reply), [format!("{BOBS}Default/")]);
    // It goes when its owner takes the right away, or removes it.
    host.act_as("alice");
    grant(&host, "work", "carol", &["<read/>"]);
    let (reply, told) = sync(&host, &told, "");
    expect(&reply, 207, &[&path, "404 Not Found"]);
    let (reply, _) = sync(&host, &told, "");
    assert!(hrefs(&reply).is_empty());
}

/// RFC 6578 §3.6.
#[test]
fn rfc6578_limits_count_what_is_shared() {
    let host = shared();
    host.act_as("alice");
    mkcalendar(&host, &format!("{HOME}/play/"), "");
    grant(&host, "play", "bob", &["<read/>"]);
    let before = token(&host);
    answer(&host, "invite-accepted", "work", "");
    answer(&host, "invite-accepted", "play", "");
    let one = "<limit><nresults>1</nresults></limit>";
    let (mut seen, mut at) = (Vec::new(), before);
    for _ in 0..2 {
        let (reply, next) = sync(&host, &at, one);
        seen.extend(hrefs(&reply).into_iter().filter(|href| href != BOBS));
        at = next;
    }
    seen.sort();
    assert_eq!(
        seen,
        [format!("{BOBS}alice.play/"), format!("{BOBS}alice.work/")]
    );
    let (reply, _) = sync(&host, &at, one);
    assert!(hrefs(&reply).is_empty(), "{}", reply.text());
    assert_eq!(at, token(&host));
}

#[test]
fn the_page_subscribes_and_ends_that() {
    let host = shared();
    host.option("caldav_allowcalendaradmin", "yes");
    let page = || send(&host, "GET", BOBS, &[("accept", "text/html")], "").text();
    let submit = |form: &str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://example.org"),
            ("sec-fetch-site", "same-origin"),
        ];
        send(&host, "POST", BOBS, &headers, form).status
    };
    assert!(page().contains("name=\"shared\" value=\"alice/work\""));
    assert_eq!(submit("action=subscribe&shared=alice%2Fwork"), 303);
    let shown = page();
    assert!(shown.contains("value=\"alice.work\"") && shown.contains(">Unsubscribe<"));
    assert!(!shown.contains("value=\"alice/work\""));
    assert_eq!(submit("action=subscribe&shared=alice%2FDefault"), 404);
    assert_eq!(submit("action=delete&calendar=alice.work"), 303);
    assert!(page().contains("value=\"alice/work\""));
}
