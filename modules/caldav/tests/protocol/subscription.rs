//! Calendars of others in one's own home: Apple's "Shared and Published Calendars in CalDAV" §5.4.1,
//! RFC 6578.

use super::*;

const BOBS: &str = "/dav/calendars/user/bob/";

const BROWSER: [(&str, &str); 1] = [("accept", "text/html")];
const FORM: [(&str, &str); 3] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("origin", "https://example.org"),
    ("sec-fetch-site", "same-origin"),
];

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

/// Names of one's own have dots where clients make them: vdirsyncer copies calendars of Google's.
#[test]
fn what_is_ones_own_is_never_hidden_by_what_others_share() {
    let host = shared();
    let path = format!("{BOBS}alice.work/");
    expect(&mkcalendar(&host, &path, ""), 201, &[]);
    let mine = format!("{path}2.ics");
    put(&host, &mine, &event("2", "20060714", ""));
    expect(
        &answer(&host, "invite-accepted", "work", ""),
        409,
        &["alice.work"],
    );
    // Subscribed to without this protocol, or before the own one was moved there.
    let mailbox = ["user", "alice", "#calendars", "work"].map(str::to_owned);
    let mailbox = module::Mailbox::open(&mailbox).unwrap();
    let batch = module::Batch::new();
    batch.subscribe(&mailbox, true);
    batch.commit().unwrap();
    let listed = hrefs(&propfind(&host, BOBS, "1", "<displayname/>"));
    assert_eq!(listed.iter().filter(|href| **href == path).count(), 1);
    assert_eq!(send(&host, "GET", &mine, &[], "").status, 200);
    expect(
        &propfind(&host, &path, "0", "<owner/>"),
        207,
        &["/user/bob/"],
    );
    let (reply, _) = sync(&host, "", "");
    assert_eq!(
        hrefs(&reply).iter().filter(|href| **href == path).count(),
        1
    );
    // Once the name is free, the other one has it.
    assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
    expect(
        &propfind(&host, &path, "0", "<owner/>"),
        207,
        &["/user/alice/"],
    );
    expect(
        &mkcalendar(&host, &path, ""),
        405,
        &["<D:resource-must-be-null/>"],
    );
    expect(
        &answer(&host, "invite-accepted", "work", ""),
        200,
        &["alice.work"],
    );
}

#[test]
fn of_two_that_would_have_one_name_the_second_is_not_subscribed_to() {
    let host = host();
    host.user("al").user("al.ice").act_as("al");
    let share = |owner: &str, calendar: &str| {
        host.act_as(owner);
        let path = format!("/dav/calendars/user/{owner}/{calendar}/");
        expect(&mkcalendar(&host, &path, ""), 201, &[]);
        let acl = format!(
            "<acl {NAMESPACES}><ace><principal><href>/dav/principals/user/{owner}/</href>\
             </principal><grant><privilege><all/></privilege></grant></ace><ace><principal>\
             <href>/dav/principals/user/bob/</href></principal><grant><privilege><read/>\
             </privilege></grant></ace></acl>"
        );
        assert_eq!(send(&host, "ACL", &path, &[], &acl).status, 200);
        path
    };
    let (first, second) = (share("al", "ice.work"), share("al.ice", "work"));
    host.act_as("bob");
    let accept = |path: &str| {
        let body = format!(
            "<CS:invite-reply {NAMESPACES}><CS:invite-accepted/><CS:hosturl><href>{path}</href>\
             </CS:hosturl></CS:invite-reply>"
        );
        send(&host, "POST", BOBS, &[], &body)
    };
    expect(&accept(&second), 200, &["al.ice.work"]);
    expect(&accept(&first), 409, &["al.ice.work"]);
    let there = format!("{BOBS}al.ice.work/");
    expect(
        &propfind(&host, &there, "0", "<owner/>"),
        207,
        &["/user/al.ice/"],
    );
    expect(
        &propfind(&host, &first, "0", "<owner/>"),
        207,
        &["/user/al/"],
    );
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

/// Of very many, the page lists some, says so, and lists others once those are in the home.
#[test]
fn the_page_says_that_more_are_shared_than_it_lists() {
    let host = host();
    host.option("caldav_allowcalendaradmin", "yes");
    propfind(&host, &format!("{HOME}/"), "0", "<resourcetype/>");
    grant(&host, "", "bob", &["<read/>"]);
    for number in 0..502 {
        mkcalendar(&host, &format!("{HOME}/c{number:03}/"), "");
    }
    host.act_as("bob");
    let page = || send(&host, "GET", BOBS, &BROWSER, "").text();
    let offer = format!("name=\"name\" value=\"{HOME}/c");
    let count = |page: &str| page.matches(&offer).count();
    let shown = page();
    assert_eq!(count(&shown), 500);
    assert!(shown.contains("More are shared with you"));
    for number in 0..3 {
        let form = format!("action=subscribe&name={HOME}/c{number:03}/");
        assert_eq!(send(&host, "POST", BOBS, &FORM, &form).status, 303);
    }
    let shown = page();
    assert!(shown.contains(&format!("value=\"{HOME}/c501/\"")));
    assert!(!shown.contains("More are shared with you"));
}

#[test]
fn the_page_subscribes_and_ends_that() {
    let host = shared();
    host.option("caldav_allowcalendaradmin", "yes");
    let page = || send(&host, "GET", BOBS, &BROWSER, "").text();
    let submit = |form: &str| send(&host, "POST", BOBS, &FORM, form).status;
    let offer = format!("name=\"name\" value=\"{HOME}/work/\"");
    let shown = page();
    assert!(shown.contains(">Calendars of others</h2>") && shown.contains(&offer));
    // A calendar of alice's in her home is no subscription, whoever sees it there.
    host.act_as("alice");
    grant(&host, "", "bob", &["<read/>"]);
    let at_home = send(&host, "GET", &format!("{HOME}/"), &BROWSER, "").text();
    assert!(!at_home.contains(">Unsubscribe<") && !at_home.contains(&offer));
    host.act_as("bob");
    let of_alice = format!("{HOME}/");
    let foreign = send(&host, "GET", &of_alice, &BROWSER, "").text();
    assert!(foreign.contains(">work</h2>"), "{foreign}");
    assert!(
        !foreign.contains(">Unsubscribe<") && !foreign.contains(&offer),
        "{foreign}"
    );
    let work = format!("action=subscribe&name={HOME}/work/");
    let at_alice = send(&host, "POST", &of_alice, &FORM, &work);
    assert_eq!(at_alice.status, 403, "nobody subscribes for others");
    assert_eq!(submit(&work), 303);
    let shown = page();
    assert!(shown.contains("value=\"alice.work\"") && shown.contains(">Unsubscribe<"));
    assert!(!shown.contains(&offer) && !shown.contains("Calendars of others"));
    let refused = [
        (format!("action=subscribe&name={HOME}/Default/"), 404),
        (format!("action=subscribe&name={BOBS}Default/"), 403),
        (
            "action=subscribe&name=https://other.example/work/".to_owned(),
            404,
        ),
        ("action=subscribe&name=".to_owned(), 400),
        ("action=unsubscribe&name=Default".to_owned(), 409),
        ("action=unsubscribe&name=alice.play".to_owned(), 404),
        ("action=delete&name=alice.work".to_owned(), 409),
    ];
    for (form, status) in refused {
        assert_eq!(submit(&form), status, "{form}");
    }
    assert_eq!(submit("action=unsubscribe&name=alice.work"), 303);
    assert!(page().contains(&offer));
    host.act_as("alice");
    let path = format!("{HOME}/work/1.ics");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
}

/// What goes is the subscription: what lies in the calendar has no say.
#[test]
fn subscriptions_to_calendars_with_private_objects_end() {
    let host = shared();
    host.act_as("alice");
    let private = event("2", "20060714", "CLASS:PRIVATE");
    put(&host, &format!("{HOME}/work/2.ics"), &private);
    host.act_as("bob");
    host.option("caldav_allowcalendaradmin", "yes");
    let path = format!("{BOBS}alice.work/");
    for by_page in [false, true] {
        let answered = answer(&host, "invite-accepted", "work", "");
        assert_eq!(answered.status, 200);
        let ended = match by_page {
            true => {
                send(
                    &host,
                    "POST",
                    BOBS,
                    &FORM,
                    "action=unsubscribe&name=alice.work",
                )
                .status
            }
            false => send(&host, "DELETE", &path, &[], "").status,
        };
        assert_eq!(ended, if by_page { 303 } else { 204 });
        assert_eq!(send(&host, "PROPFIND", &path, &[], "").status, 404);
    }
    host.act_as("alice");
    let path = format!("{HOME}/work/2.ics");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
}

/// RFC 4918 §9.9.2: what is moved is copied and deleted, and who may not copy all that is private in
/// a calendar, nor delete it, must not get it by moving.
#[test]
fn a_calendar_is_not_taken_from_its_owner() {
    let host = shared();
    host.act_as("alice");
    let private = event("2", "20060714", "CLASS:PRIVATE\nSUMMARY:secret");
    put(&host, &format!("{HOME}/work/2.ics"), &private);
    grant(&host, "work", "bob", &["<read/>", "<write/>"]);
    host.act_as("bob");
    assert_eq!(
        answer(&host, "invite-accepted", "work", "").status,
        200,
        "to rename what is in one's own home is what some clients do"
    );
    let target = format!("{BOBS}mine/");
    let to = [("destination", target.as_str())];
    for from in [format!("{HOME}/work/"), format!("{BOBS}alice.work/")] {
        for method in ["COPY", "MOVE"] {
            let reply = send(&host, method, &from, &to, "");
            assert_eq!(reply.status, 403, "{method} {from}: {}", reply.text());
        }
    }
    assert_eq!(send(&host, "PROPFIND", &target, &[], "").status, 404);
    host.act_as("alice");
    let path = format!("{HOME}/work/2.ics");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
    // Whose it is may call it what they like.
    let renamed = format!("{HOME}/renamed/");
    let to = [("destination", renamed.as_str())];
    let reply = send(&host, "MOVE", &format!("{HOME}/work/"), &to, "");
    assert_eq!(reply.status, 201, "{}", reply.text());
}
