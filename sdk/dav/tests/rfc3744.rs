//! RFC 3744, with RFC 5397 and RFC 4331: who may do what, and who that is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::Server;

fn acl(aces: &str) -> String {
    format!("<D:acl xmlns:D='DAV:'>{aces}</D:acl>")
}

fn grant(who: &str, privileges: &[&str]) -> String {
    let list: String = privileges
        .iter()
        .map(|name| format!("<D:privilege><D:{name}/></D:privilege>"))
        .collect();
    format!("<D:ace><D:principal>{who}</D:principal><D:grant>{list}</D:grant></D:ace>")
}

const BOB: &str = "<D:href>/principals/bob/</D:href>";

#[test]
fn s3_rights_decide() {
    for (privileges, allowed) in [
        (&["read"][..], &["GET"][..]),
        (&["read", "bind"], &["GET", "PUT new", "MKCOL"]),
        (&["read", "unbind"], &["GET", "DELETE"]),
        (&["read", "write-properties"], &["GET", "PROPPATCH"]),
        (&["read", "write-acl"], &["GET", "ACL"]),
        (
            &["all"],
            &["GET", "PUT new", "MKCOL", "DELETE", "PROPPATCH", "ACL"],
        ),
        (&[], &[]),
    ] {
        for method in ["GET", "PUT new", "MKCOL", "DELETE", "PROPPATCH", "ACL"] {
            let server = Server::new();
            server.fill(&["c/", "c/m"]);
            let body = acl(&grant(BOB, privileges));
            assert_eq!(server.status("ACL", "/dav/c/", &[], &body), 200);
            server.memory.sign_in(Some("bob"));
            let answer = match method {
                "PUT new" => server.ask("PUT", "/dav/c/n", &[], "x"),
                "MKCOL" => server.ask("MKCOL", "/dav/c/d/", &[], ""),
                "PROPPATCH" => server.set("/dav/c/m", "<Z:p/>"),
                "ACL" => server.ask("ACL", "/dav/c/", &[], &body),
                plain => server.ask(plain, "/dav/c/m", &[], ""),
            };
            let expected = allowed.contains(&method);
            assert_eq!(
                answer.status < 300,
                expected,
                "{privileges:?} {method} {answer:?}"
            );
            if !expected && !privileges.is_empty() {
                answer.expect(403, &["<D:need-privileges><D:resource><D:href>/dav/c"]);
            } else if !expected && method != "PUT new" {
                assert!(answer.status == 404 || answer.status == 409, "{answer:?}");
            }
        }
    }
}

#[test]
fn s3_anonymous_is_asked_to_sign_in() {
    let server = Server::new();
    server.fill(&["c/", "c/m", "open"]);
    server
        .ask("ACL", "/dav/c/", &[], &acl(&grant(BOB, &["read"])))
        .expect(200, &[]);
    server.memory.sign_in(None);
    assert_eq!(server.status("GET", "/dav/open", &[], ""), 200);
    // Nothing there, nothing for anonymous, and a right that is missing.
    for (method, target) in [
        ("GET", "/dav/none"),
        ("GET", "/dav/c/"),
        ("GET", "/dav/c/m"),
        ("PROPFIND", "/dav/c/m"),
        ("REPORT", "/dav/c/"),
        ("DELETE", "/dav/open"),
        ("ACL", "/dav/"),
        ("POST", "/dav/?action=add-member"),
        ("UNLOCK", "/dav/c/m"),
    ] {
        assert_eq!(server.status(method, target, &[], ""), 401, "{method}");
    }
    // Before the body is looked at, which is malformed.
    for method in ["PUT", "LOCK", "PROPPATCH", "MKCOL"] {
        for target in ["/dav/open", "/dav/new", "/dav/c/m", "/dav/no/new"] {
            let status = server.status(method, target, &[], "<");
            assert_eq!(status, 401, "{method} {target}");
        }
    }
    for to in ["/dav/copy", "/dav/open", "/dav/c/m", "/dav/no/copy"] {
        let headers = [("Destination", to), ("Overwrite", "F")];
        assert_eq!(server.status("COPY", "/dav/open", &headers, ""), 401);
    }
    server
        .propfind("/dav/", "0", "<D:current-user-principal/>")
        .expect(207, &["<D:unauthenticated/>"]);
    assert!(
        !server
            .propfind("/dav/", "1", "<D:owner/>")
            .hrefs()
            .contains(&"/dav/c/"),
        "not seen"
    );
}

#[test]
fn s4_principals() {
    let server = Server::new();
    let asked = "<D:resourcetype/><D:principal-URL/><D:alternate-URI-set/><D:group-membership/>\
                 <D:group-member-set/><D:displayname/>";
    server.propfind("/dav/principals/bob/", "0", asked).expect(
        207,
        &[
            "<D:resourcetype><D:principal/></D:resourcetype>",
            "<D:principal-URL><D:href>/principals/bob/</D:href></D:principal-URL>",
            "<D:href>mailto:bob@example.com</D:href>",
            "<D:group-membership><D:href>/principals/staff/</D:href></D:group-membership>",
            "<D:displayname>The bob</D:displayname>",
        ],
    );
    let group = server.propfind("/dav/principals/staff/", "0", "<D:group-member-set/>");
    group.expect(207, &["/principals/bob/"]);
    assert_eq!(server.status("PUT", "/dav/principals/bob", &[], "x"), 405);
    assert_eq!(server.status("DELETE", "/dav/principals/bob", &[], ""), 405);
}

#[test]
fn s5_properties() {
    let server = Server::new();
    server.memory.set_quota(Some(1000));
    server.fill(&["m"]);
    let asked = "<D:owner/><D:group/><D:current-user-privilege-set/><D:acl/><D:acl-restrictions/>\
        <D:inherited-acl-set/><D:principal-collection-set/><D:current-user-principal/>\
        <D:quota-available-bytes/><D:quota-used-bytes/><D:supported-method-set/>";
    server.propfind("/dav/", "0", asked).expect(207, &[
        "<D:owner><D:href>/principals/alice/</D:href></D:owner>",
        "<D:group/>",
        "<D:current-user-privilege-set><D:privilege><D:all/></D:privilege>",
        "<D:privilege><D:read-acl/></D:privilege>",
        "<D:principal><D:property><D:owner/></D:property></D:principal><D:grant><D:privilege><D:all/>",
        "<D:principal><D:all/></D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant>",
        "<D:acl-restrictions><D:no-invert/>",
        "<D:principal-collection-set><D:href>/principals/</D:href>",
        "<D:current-user-principal><D:href>/principals/alice/",
        "<D:quota-available-bytes>996</D:quota-available-bytes>",
        "<D:quota-used-bytes>4</D:quota-used-bytes>",
        "<D:supported-method name=\"PROPFIND\"/>",
    ]);
    server.memory.sign_in(Some("bob"));
    let as_bob = server.propfind("/dav/", "0", "<D:acl/><D:current-user-privilege-set/>");
    as_bob.expect(
        207,
        &[
            "<D:prop><D:acl/></D:prop><D:status>HTTP/1.1 403 Forbidden",
            "<D:read/>",
        ],
    );
}

#[test]
fn s8_1_acl() {
    let server = Server::new();
    server.fill(&["c/", "m"]);
    let invert = "<D:ace><D:invert><D:principal><D:all/></D:principal></D:invert></D:ace>";
    let deny = "<D:ace><D:principal><D:all/></D:principal><D:deny><D:privilege><D:read/></D:privilege>\
                </D:deny></D:ace>";
    let nothing = "<D:ace><D:principal><D:all/></D:principal></D:ace>";
    let stranger = "<D:href>/principals/nobody/</D:href>";
    for (aces, status, condition) in [
        (invert.to_owned(), 403, "<D:no-invert/>"),
        (grant(stranger, &["read"]), 403, "<D:recognized-principal/>"),
        (
            grant("<D:property><D:group/></D:property>", &["read"]),
            403,
            "<D:allowed-principal/>",
        ),
        (grant(BOB, &["fly"]), 403, "<D:not-supported-privilege/>"),
        (grant(BOB, &["read-acl"]), 403, "<D:no-abstract/>"),
        (nothing.to_owned(), 400, ""),
        (grant(BOB, &["read"]) + deny, 200, ""),
        (grant("<D:self/>", &["all"]), 200, ""),
    ] {
        server
            .ask("ACL", "/dav/c/", &[], &acl(&aces))
            .expect(status, &[condition]);
    }
    assert_eq!(server.status("ACL", "/dav/m", &[], &acl("")), 405);
    assert_eq!(server.status("ACL", "/dav/c/", &[], "<odd/>"), 400);
    assert_eq!(server.status("ACL", "/dav/c/", &[], ""), 400);
    server
        .ask("ACL", "/dav/c/", &[], &acl(&(grant(BOB, &["read"]) + deny)))
        .expect(200, &[]);
    server
        .propfind("/dav/c/", "0", "<D:acl/>")
        .expect(207, &["<D:deny>", "/principals/bob/"]);
}

#[test]
fn s9_2_acl_principal_prop_set() {
    let server = Server::new();
    let list = grant(BOB, &["read"]) + &grant(BOB, &["bind"]) + &grant("<D:all/>", &["read"]);
    server
        .ask("ACL", "/dav/", &[], &acl(&list))
        .expect(200, &[]);
    let body = "<D:acl-principal-prop-set xmlns:D='DAV:'><D:prop><D:displayname/></D:prop>\
                </D:acl-principal-prop-set>";
    let answer = server.ask("REPORT", "/dav/", &[], body);
    assert_eq!(
        answer.expect(207, &["The bob"]).hrefs(),
        ["/principals/bob/"]
    );
    assert_eq!(
        server.status("REPORT", "/dav/", &[("Depth", "1")], body),
        400
    );
    server.memory.sign_in(Some("bob"));
    server
        .ask("REPORT", "/dav/", &[], body)
        .expect(403, &["<D:read-acl/>"]);
}

#[test]
fn s9_3_principal_match() {
    let server = Server::new();
    server.fill(&["c/", "c/m"]);
    let owned = "<D:principal-match xmlns:D='DAV:'><D:principal-property><D:owner/>\
                 </D:principal-property></D:principal-match>";
    assert_eq!(
        server.ask("REPORT", "/dav/", &[], owned).hrefs(),
        ["/dav/c/", "/dav/c/m"]
    );
    server.memory.sign_in(Some("bob"));
    assert!(
        server
            .ask("REPORT", "/dav/", &[], owned)
            .expect(207, &[])
            .hrefs()
            .is_empty()
    );
    assert_eq!(
        server.status(
            "REPORT",
            "/dav/",
            &[],
            "<D:principal-match xmlns:D='DAV:'/>"
        ),
        400
    );
}

#[test]
fn s9_4_principal_property_search() {
    let server = Server::new();
    let search = |root: &str, property: &str, text: &str| {
        format!(
            "<D:principal-property-search xmlns:D='DAV:' {root}><D:property-search><D:prop>\
             <D:{property}/></D:prop><D:match {text}</D:match></D:property-search><D:property-search>\
             <D:prop><D:displayname/></D:prop><D:match>the</D:match></D:property-search>\
             <D:prop><D:displayname/></D:prop><D:apply-to-principal-collection-set/>\
             </D:principal-property-search>"
        )
    };
    for (root, property, text, expected) in [
        ("", "displayname", ">BOB", 1),
        ("", "displayname", ">e ", 3),
        ("", "displayname", "match-type='starts-with'>bob", 0),
        ("", "displayname", "match-type='ends-with'>bob", 1),
        ("", "displayname", "match-type='equals'>the bob", 1),
        ("test='anyof'", "displayname", ">bob", 3),
        ("", "owner", ">bob", 0),
    ] {
        let answer = server.ask("REPORT", "/dav/", &[], &search(root, property, text));
        assert_eq!(
            answer.expect(207, &[]).hrefs().len(),
            expected,
            "{root} {property} {text}"
        );
    }
    let odd = search("", "displayname", "match-type='odd'>x");
    assert_eq!(server.status("REPORT", "/dav/", &[], &odd), 400);
    // A library for Python asks for everyone so, and for properties beside an empty `DAV:prop`.
    let everyone = "<D:principal-property-search xmlns:D='DAV:'><D:prop/><D:displayname/>\
                    <D:apply-to-principal-collection-set/></D:principal-property-search>";
    let answer = server.ask("REPORT", "/dav/", &[], everyone);
    answer.expect(207, &["<D:displayname>The bob"]);
    assert_eq!(answer.hrefs().len(), 3);
}
