//! Synchronisation of collections: <https://www.rfc-editor.org/rfc/rfc6578>.

use super::{alice, properties, propfind, report};
use chapar_tests::support::{parse, shared};

fn sync(token: &str, limit: &str) -> String {
    format!(
        "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>{token}</D:sync-token>\
         <D:sync-level>1</D:sync-level>{limit}<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
}

#[test]
fn s3_sync_collection_reports_what_changed_since_the_token() {
    // Somebody's own: a token is of all that is in a home, and other tests write into alice's.
    shared().add_user("rfc6578");
    let mut client = shared().client("rfc6578");
    let path = "/dav/drive/user/rfc6578/s3/".to_owned();
    client.send("MKCOL", &path, &[], b"").expect(201);
    for name in ["a", "b", "c"] {
        client
            .send("PUT", &format!("{path}{name}"), &[], b"1")
            .expect(201);
    }
    let shown = properties(&mut client, &path, "<D:sync-token/>");
    let first = report(&mut client, &path, "0", &sync("", ""));
    assert_eq!(first.members.len(), 3, "{:?}", first.paths());
    let token = first.sync_token.expect("a token");
    // §4: the property has what the report would give.
    assert_eq!(shown.text("sync-token"), token);

    client
        .send("PUT", &format!("{path}a"), &[], b"2")
        .expect(204);
    client
        .send("DELETE", &format!("{path}b"), &[], b"")
        .expect(204);
    client
        .send("PUT", &format!("{path}d"), &[], b"1")
        .expect(201);
    let second = report(&mut client, &path, "0", &sync(&token, ""));
    assert_eq!(second.members.len(), 3, "{:?}", second.paths());
    assert!(
        second
            .member(&format!("{path}a"))
            .property("getetag")
            .is_some()
    );
    assert!(
        second
            .member(&format!("{path}d"))
            .property("getetag")
            .is_some()
    );
    assert_eq!(second.member(&format!("{path}b")).status, Some(404));

    let token = second.sync_token.expect("a token");
    let third = report(&mut client, &path, "0", &sync(&token, ""));
    assert!(third.members.is_empty(), "{:?}", third.paths());
}

#[test]
fn s3_6_a_limit_cuts_the_report_and_the_token_goes_on() {
    let (mut client, path) = alice("rfc6578_s3_6");
    for n in 0..7 {
        client
            .send("PUT", &format!("{path}{n}"), &[], b"1")
            .expect(201);
    }
    let limit = "<D:limit><D:nresults>3</D:nresults></D:limit>";
    let (mut token, mut seen) = (String::new(), Vec::new());
    for _ in 0..10 {
        let page = report(&mut client, &path, "0", &sync(&token, limit));
        let cut = page.members.get(&path).and_then(|itself| itself.status) == Some(507);
        seen.extend(page.members.keys().filter(|href| **href != path).cloned());
        token = page.sync_token.expect("a token");
        if !cut {
            break;
        }
    }
    seen.sort();
    let all: Vec<String> = (0..7).map(|n| format!("{path}{n}")).collect();
    assert_eq!(seen, all);
}

/// More collections than an instance has handles.
#[test]
fn s3_3_thousands_of_collections_are_in_one_answer() {
    const COUNT: usize = 2100;
    shared().add_user("rfc6578_many");
    let home = "/dav/drive/user/rfc6578_many/";
    let mut client = shared().client("rfc6578_many");
    let path = format!("{home}s3.3/");
    client.send("MKCOL", &path, &[], b"").expect(201);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (mut client, path) = (shared().client("rfc6578_many"), &path);
            scope.spawn(move || {
                for number in (part..COUNT).step_by(8) {
                    let path = format!("{path}{number}/");
                    client.send("MKCOL", &path, &[], b"").expect(201);
                }
            });
        }
    });
    let rights = propfind(&mut client, &path, "1", "<D:acl/>");
    assert_eq!(rights.members.len(), COUNT + 1);
    let all = propfind(&mut client, &path, "infinity", "<D:getetag/>");
    assert_eq!(all.members.len(), COUNT + 1);
    let new = report(&mut client, &path, "0", &sync("", ""));
    assert_eq!(new.members.len(), COUNT);
}

#[test]
fn s3_2_a_foreign_token_is_refused_with_its_precondition() {
    let (mut client, path) = alice("rfc6578_s3_2");
    for token in [
        "nonsense",
        "http://elsewhere.invalid/1",
        "urn:x:99999999999999999999",
    ] {
        let body = sync(token, "");
        let answer = client.send("REPORT", &path, &[("depth", "0")], body.as_bytes());
        let answer = answer.expect_any(&[403, 409, 507]);
        assert!(
            parse(&answer.body).has("valid-sync-token"),
            "{}",
            answer.text()
        );
    }
}
