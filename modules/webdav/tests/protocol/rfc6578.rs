//! RFC 6578.

use super::*;

fn sync(host: &Host, path: &str, token: &str, level: &str, limit: &str) -> Reply {
    let body = format!(
        "<sync-collection xmlns='DAV:'><sync-token>{token}</sync-token>\
         <sync-level>{level}</sync-level>{limit}<prop><getetag/></prop></sync-collection>"
    );
    send(host, "REPORT", path, &[("depth", "0")], &body)
}

fn token(reply: &Reply) -> String {
    assert_eq!(reply.status, 207, "{}", reply.text());
    element(reply, "D:sync-token").unwrap_or_else(|| panic!("{}", reply.text()))
}

#[test]
fn s3_4_changes_and_removals_since_a_token() {
    let host = host();
    put(&host, &format!("{HOME}/a"), "1");
    put(&host, &format!("{HOME}/b"), "1");
    let first = sync(&host, HOME, "", "1", "");
    assert_eq!(hrefs(&first), [format!("{HOME}/a"), format!("{HOME}/b")]);
    assert_eq!(hrefs(&sync(&host, HOME, &token(&first), "1", "")), [""; 0]);
    put(&host, &format!("{HOME}/b"), "2");
    put(&host, &format!("{HOME}/c"), "1");
    mkcol(&host, &format!("{HOME}/d"));
    send(&host, "DELETE", &format!("{HOME}/a"), &[], "");
    let second = sync(&host, HOME, &token(&first), "1", "");
    let all = ["a", "b", "c", "d/"].map(|name| format!("{HOME}/{name}"));
    assert_eq!(hrefs(&second), all);
    let gone = format!("<D:href>{HOME}/a</D:href><D:status>HTTP/1.1 404 Not Found</D:status>");
    assert!(second.text().contains(&gone), "{}", second.text());
    assert_eq!(hrefs(&sync(&host, HOME, &token(&second), "1", "")), [""; 0]);
    send(&host, "DELETE", &format!("{HOME}/d/"), &[], "");
    let third = sync(&host, HOME, &token(&second), "1", "");
    assert_eq!(hrefs(&third), [format!("{HOME}/d/")]);
}

#[test]
fn s3_3_infinite_level_goes_down() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    let first = sync(&host, HOME, "", "infinite", "");
    put(&host, &format!("{HOME}/c/f"), "1");
    let second = sync(&host, HOME, &token(&first), "infinite", "");
    assert!(
        hrefs(&second).contains(&format!("{HOME}/c/f")),
        "{}",
        second.text()
    );
    let third = sync(&host, HOME, &token(&second), "infinite", "");
    assert_eq!(hrefs(&third), [""; 0]);
}

#[test]
fn s3_6_with_a_limit_all_comes_in_the_end() {
    let host = host();
    for number in 0..7 {
        put(&host, &format!("{HOME}/f{number}"), "1");
    }
    let limit = "<limit><nresults>3</nresults></limit>";
    let (mut since, mut seen) = (String::new(), Vec::new());
    for _ in 0..10 {
        let reply = sync(&host, HOME, &since, "1", limit);
        since = token(&reply);
        let members = hrefs(&reply)
            .into_iter()
            .filter(|href| !href.ends_with("/alice/"));
        seen.extend(members);
        if !reply.text().contains("507") {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7, "{seen:?}");
}

#[test]
fn s3_2_foreign_and_future_tokens_are_refused() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    let other = token(&sync(&host, &format!("{HOME}/c/"), "", "1", ""));
    for bad in [other.as_str(), "urn:nonsense", &format!("{other}9999")] {
        let reply = sync(&host, HOME, bad, "1", "");
        assert_eq!(reply.status, 403, "{bad}");
        assert!(
            reply.text().contains("valid-sync-token"),
            "{}",
            reply.text()
        );
    }
}

#[test]
fn s3_2_after_removals_are_forgotten_only_newer_tokens_hold() {
    let host = host();
    put(&host, &format!("{HOME}/a"), "1");
    put(&host, &format!("{HOME}/b"), "1");
    let old = token(&sync(&host, HOME, "", "1", ""));
    send(&host, "DELETE", &format!("{HOME}/a"), &[], "");
    put(&host, &format!("{HOME}/c"), "1");
    host.forget_removals();
    assert_eq!(sync(&host, HOME, &old, "1", "").status, 403);
    // Who starts over and goes through all there is, piece by piece, gets to the end.
    let limit = "<limit><nresults>1</nresults></limit>";
    let (mut since, mut seen) = (String::new(), Vec::new());
    for _ in 0..5 {
        let reply = sync(&host, HOME, &since, "1", limit);
        since = token(&reply);
        seen.extend(
            hrefs(&reply)
                .into_iter()
                .filter(|href| !href.ends_with("/alice/")),
        );
        if !reply.text().contains("507") {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, [format!("{HOME}/b"), format!("{HOME}/c")]);
}

/// A client that has been told of the new place has to be told of what is there: §3.5.1.
#[test]
fn s3_5_1_members_of_a_moved_collection_are_new() {
    let host = host();
    for name in ["b", "b/d"] {
        mkcol(&host, &format!("{HOME}/{name}"));
    }
    let files = ["b/x", "b/y", "b/d/z"];
    for name in files {
        put(&host, &format!("{HOME}/{name}"), "1");
    }
    let first = token(&sync(&host, HOME, "", "infinite", ""));
    let target = format!("{HOME}/c/");
    let headers = [("destination", target.as_str())];
    assert_eq!(
        send(&host, "MOVE", &format!("{HOME}/b/"), &headers, "").status,
        201
    );
    let second = sync(&host, HOME, &first, "infinite", "");
    let found = hrefs(&second);
    for name in ["c/", "c/d/", "c/x", "c/y", "c/d/z"] {
        let href = format!("{HOME}/{name}");
        assert!(found.contains(&href), "{name}: {}", second.text());
    }
    let now = token(&second);
    assert_eq!(hrefs(&sync(&host, HOME, &now, "infinite", "")), [""; 0]);
    // In steps it comes to the same, and so it does for who begins then.
    for (token, limits) in [(first.as_str(), 8..10), ("", 2..6)] {
        for limit in limits {
            let seen = steps(&host, token, limit);
            let there = seen.iter().filter(|href| href.starts_with(&target));
            assert_eq!(there.count(), 5, "{limit}: {seen:?}");
        }
    }
}

/// What is told of the home and all below it in steps of so many, sorted.
fn steps(host: &Host, token: &str, limit: usize) -> Vec<String> {
    let limit = format!("<limit><nresults>{limit}</nresults></limit>");
    let (mut since, mut seen) = (token.to_owned(), Vec::new());
    loop {
        let reply = sync(host, HOME, &since, "infinite", &limit);
        assert_eq!(reply.status, 207, "{}", reply.text());
        since = element(&reply, "D:sync-token").unwrap();
        seen.extend(hrefs(&reply));
        assert!(seen.len() < 50, "it goes on and on: {seen:?}");
        if !reply.text().contains("507") {
            seen.sort();
            return seen;
        }
    }
}
