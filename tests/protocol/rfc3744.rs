//! Access control: <https://www.rfc-editor.org/rfc/rfc3744>.

use super::{alice, properties, propfind, report};
use chapar_tests::support::{parse, shared};

const READ: &str = "<D:acl xmlns:D=\"DAV:\"><D:ace><D:principal>\
    <D:href>/dav/principals/user/bob/</D:href></D:principal>\
    <D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>";

#[test]
fn s8_1_acl_lets_another_read_and_takes_it_back() {
    let (mut alice, path) = alice("rfc3744_s8_1");
    let mut bob = shared().client("bob");
    let file = format!("{path}a");
    alice.send("PUT", &file, &[], b"1").expect(201);
    bob.send("GET", &file, &[], b"").expect_any(&[403, 404]);
    alice.send("ACL", &path, &[], READ.as_bytes()).expect(200);
    assert_eq!(bob.send("GET", &file, &[], b"").expect(200).body, b"1");
    bob.send("PUT", &file, &[], b"2").expect(403);
    bob.send("PUT", &format!("{path}b"), &[], b"2").expect(403);
    bob.send("ACL", &path, &[], READ.as_bytes()).expect(403);
    // A right that was revoked is gone with the next request, warm instances or not.
    alice
        .send("ACL", &path, &[], b"<D:acl xmlns:D=\"DAV:\"/>")
        .expect(200);
    bob.send("GET", &file, &[], b"").expect_any(&[403, 404]);
    alice.send("PUT", &file, &[], b"3").expect(204);
}

#[test]
fn s5_4_current_user_privilege_set_differs_by_user() {
    let (mut alice, path) = alice("rfc3744_s5_4");
    alice.send("ACL", &path, &[], READ.as_bytes()).expect(200);
    let asked = "<D:current-user-privilege-set/><D:owner/>";
    let mine = properties(&mut alice, &path, asked);
    let owner = mine.property("owner").unwrap().child("href").unwrap();
    assert_eq!(owner.text, "/dav/principals/user/alice/");
    let mine = mine.property("current-user-privilege-set").unwrap();
    for privilege in ["read", "write", "write-acl", "bind", "unbind"] {
        assert!(mine.has(privilege), "{mine:?}");
    }
    let theirs = properties(&mut shared().client("bob"), &path, asked);
    let theirs = theirs.property("current-user-privilege-set").unwrap();
    assert!(theirs.has("read") && !theirs.has("write"), "{theirs:?}");
}

#[test]
fn s5_5_acl_shows_what_was_set() {
    let (mut alice, path) = alice("rfc3744_s5_5");
    alice.send("ACL", &path, &[], READ.as_bytes()).expect(200);
    let found = properties(&mut alice, &path, "<D:acl/><D:supported-privilege-set/>");
    let hrefs: Vec<_> = found.property("acl").unwrap().all("href");
    assert!(
        hrefs
            .iter()
            .any(|href| href.text == "/dav/principals/user/bob/"),
        "{hrefs:?}"
    );
    assert!(
        found
            .property("supported-privilege-set")
            .unwrap()
            .has("supported-privilege")
    );
}

#[test]
fn s8_1_1_acl_for_an_unknown_principal_fails_with_its_precondition() {
    let (mut alice, path) = alice("rfc3744_s8_1_1");
    let unknown = READ.replace("/bob/", "/nobody-of-that-name/");
    let answer = alice
        .send("ACL", &path, &[], unknown.as_bytes())
        .expect(403);
    assert!(
        parse(&answer.body).has("recognized-principal"),
        "{}",
        answer.text()
    );
}

#[test]
fn s4_principals_have_their_properties() {
    let mut alice = shared().client("alice");
    let asked = "<D:principal-URL/><D:group-membership/><D:displayname/><D:resourcetype/>";
    let found = properties(&mut alice, "/dav/principals/user/bob/", asked);
    let href = found
        .property("principal-URL")
        .unwrap()
        .child("href")
        .unwrap();
    assert_eq!(href.text, "/dav/principals/user/bob/");
    let none = alice.send(
        "PROPFIND",
        "/dav/principals/user/no-one/",
        &[("depth", "0")],
        b"",
    );
    none.expect(404);
}

#[test]
fn s9_4_principal_property_search_finds_by_name() {
    let mut alice = shared().client("alice");
    let found = properties(
        &mut alice,
        "/dav/principals/user/alice/",
        "<D:principal-collection-set/>",
    );
    let sets = found
        .property("principal-collection-set")
        .unwrap()
        .all("href");
    let path = sets[0].text.clone();
    let body = "<D:principal-property-search xmlns:D=\"DAV:\"><D:property-search><D:prop>\
                <D:displayname/></D:prop><D:match>bob</D:match></D:property-search>\
                <D:prop><D:displayname/></D:prop></D:principal-property-search>";
    let answer = report(&mut alice, &path, "0", body);
    assert_eq!(answer.paths(), ["/dav/principals/user/bob/"]);
    let set = "<D:principal-search-property-set xmlns:D=\"DAV:\"/>";
    let answer = alice
        .send("REPORT", &path, &[("depth", "0")], set.as_bytes())
        .expect(200);
    assert_eq!(
        parse(&answer.body).name,
        "{DAV:}principal-search-property-set"
    );
}

#[test]
fn s9_2_acl_principal_prop_set_tells_of_those_in_the_acl() {
    let (mut alice, path) = alice("rfc3744_s9_2");
    alice.send("ACL", &path, &[], READ.as_bytes()).expect(200);
    let body = "<D:acl-principal-prop-set xmlns:D=\"DAV:\"><D:prop><D:displayname/></D:prop>\
                </D:acl-principal-prop-set>";
    let answer = report(&mut alice, &path, "0", body);
    answer.member("/dav/principals/user/bob/");
}

#[test]
fn s5_5_1_what_is_shared_does_not_show_its_neighbours() {
    let (mut alice, path) = alice("rfc3744_s5_5_1");
    for part in ["shared/", "private/"] {
        alice
            .send("MKCOL", &format!("{path}{part}"), &[], b"")
            .expect(201);
    }
    let shared_path = format!("{path}shared/");
    alice
        .send("ACL", &shared_path, &[], READ.as_bytes())
        .expect(200);
    let mut bob = shared().client("bob");
    propfind(&mut bob, &shared_path, "1", "<D:getetag/>").member(&shared_path);
    let headers = [("depth", "1")];
    let answer = bob.send("PROPFIND", &path, &headers, b"");
    assert!(!answer.text().contains("private"), "{}", answer.text());
    let answer = bob.send("PROPFIND", &format!("{path}private/"), &headers, b"");
    answer.expect_any(&[403, 404]);
}
