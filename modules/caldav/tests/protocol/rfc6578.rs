//! RFC 6578, on calendars and homes.

use super::*;

fn sync(host: &Host, path: &str, token: &str, limit: Option<usize>) -> Reply {
    let limit = limit.map_or(String::new(), |limit| {
        format!("<limit><nresults>{limit}</nresults></limit>")
    });
    let body = format!(
        "<sync-collection xmlns='DAV:'><sync-token>{token}</sync-token><sync-level>1</sync-level>\
         {limit}<prop><getetag/></prop></sync-collection>"
    );
    let reply = report(host, path, "0", &body);
    assert_eq!(reply.status, 207, "{}", reply.text());
    reply
}

/// Follows tokens until an answer is not cut short; gives the names that were told, in order.
fn follow(host: &Host, token: &str, limit: usize) -> (Vec<String>, String) {
    let mut token = token.to_owned();
    let mut told = Vec::new();
    for _ in 0..50 {
        let reply = sync(host, DEFAULT, &token, Some(limit));
        let is_cut = reply.text().contains("507 Insufficient Storage");
        let mut found = names(&reply);
        found.retain(|name| !name.is_empty());
        assert!(found.len() <= limit, "{}", reply.text());
        told.extend(found);
        token = element(&reply, "D:sync-token").unwrap();
        if !is_cut {
            return (told, token);
        }
    }
    panic!("it goes on and on: {told:?}");
}

/// What was removed before the first sync is not told, and does not keep it from going on.
#[test]
fn s3_6_small_steps_reach_the_end() {
    let host = host();
    for uid in ["a", "b", "c", "d", "e", "f"] {
        let path = format!("{DEFAULT}/{uid}");
        assert_eq!(put(&host, &path, &event(uid, "20060714", "")).status, 201);
    }
    for uid in ["a", "b", "e"] {
        assert_eq!(
            send(&host, "DELETE", &format!("{DEFAULT}/{uid}"), &[], "").status,
            204
        );
    }
    for limit in 1..5 {
        let (told, token) = follow(&host, "", limit);
        assert_eq!(told, ["c", "d", "f"], "{limit}");
        assert!(names(&sync(&host, DEFAULT, &token, None)).is_empty());
    }
    let (_, token) = follow(&host, "", 1);
    assert_eq!(
        send(&host, "DELETE", &format!("{DEFAULT}/c"), &[], "").status,
        204
    );
    put(&host, &format!("{DEFAULT}/d"), &event("d", "20060715", ""));
    for limit in 1..4 {
        let (mut told, _) = follow(&host, &token, limit);
        told.sort();
        assert_eq!(told, ["c", "d"], "{limit}");
    }
}

#[test]
fn s3_homes_tell_of_their_calendars() {
    let host = host();
    let first = sync(&host, HOME, "", None);
    assert!(names(&first).len() >= 3);
    let token = element(&first, "D:sync-token").unwrap();
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    let changed = hrefs(&sync(&host, HOME, &token, None));
    assert_eq!(changed, [format!("{HOME}/work/")]);
    put(
        &host,
        &format!("{HOME}/work/1.ics"),
        &event("1", "20060714", ""),
    );
    let changed = hrefs(&sync(&host, HOME, &token, None));
    assert_eq!(changed, [format!("{HOME}/work/")]);
}

/// That another calendar was removed long ago means nothing to who follows this one.
#[test]
fn s3_2_tokens_outlive_the_removal_of_other_calendars() {
    let host = host();
    let path = format!("{DEFAULT}/a");
    assert_eq!(put(&host, &path, &event("a", "20060714", "")).status, 201);
    let first = element(&sync(&host, DEFAULT, "", None), "D:sync-token").unwrap();
    let old = format!("{HOME}/old/");
    assert_eq!(send(&host, "MKCALENDAR", &old, &[], "").status, 201);
    assert_eq!(send(&host, "DELETE", &old, &[], "").status, 204);
    host.forget_removals();
    assert!(names(&sync(&host, DEFAULT, &first, None)).is_empty());
}
