//! RFC 4918, clause by clause, on plain files in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::{Server, lockinfo};

/// Method, target, headers, body, and the status that is expected.
type Line<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

/// Asks for each line and compares the status.
#[track_caller]
fn check(server: &Server, lines: &[Line<'_>]) {
    for (method, target, headers, body, expected) in lines {
        let answer = server.ask(method, target, headers, body);
        assert_eq!(
            answer.status, *expected,
            "{method} {target} {headers:?} {}",
            answer.text
        );
    }
}

#[test]
fn s4_3_dead_properties_come_back_as_they_went_in() {
    let server = Server::new();
    server.fill(&["a"]);
    for (value, expected) in [
        (
            "<Z:p> two <b xmlns=''>mixed</b>\n</Z:p>",
            " two <b xmlns=\"\">mixed</b>\n</Z:p>",
        ),
        ("<Z:p xml:lang='de'>x</Z:p>", "xml:lang=\"de\">x</Z:p>"),
        ("<Z:p>&#x10000;&lt;&amp;</Z:p>", "\u{10000}&lt;&amp;</Z:p>"),
        (
            "<p xmlns='urn:z' a='1'><q xmlns=''/></p>",
            "<q xmlns=\"\"/></p>",
        ),
        (
            "<Z:p xmlns:Q='urn:q' Q:a='b'>Q:name</Z:p>",
            "xmlns:Q=\"urn:q\"",
        ),
    ] {
        server.set("/dav/a", value).expect(207, &["200 OK"]);
        server
            .propfind("/dav/a", "0", "<Z:p/>")
            .expect(207, &[expected]);
    }
    let in_scope = "<D:propertyupdate xmlns:D='DAV:' xml:lang='fr'><D:set><D:prop><p xmlns='urn:z'/>\
                    </D:prop></D:set></D:propertyupdate>";
    server
        .ask("PROPPATCH", "/dav/a", &[], in_scope)
        .expect(207, &["200 OK"]);
    server
        .propfind("/dav/a", "0", "<Z:p/>")
        .expect(207, &["xml:lang=\"fr\""]);
}

#[test]
fn s5_2_collections_with_and_without_slash() {
    let server = Server::new();
    server.fill(&["c/", "c/m"]);
    let answer = server.propfind("/dav/c", "1", "<D:resourcetype/>");
    assert_eq!(answer.hrefs(), ["/dav/c/", "/dav/c/m"]);
    assert_eq!(answer.header("Content-Location"), "/dav/c/");
    check(
        &server,
        &[
            ("PUT", "/dav/new/", &[], "x", 409),
            ("PUT", "/dav/c", &[], "x", 405),
            ("PUT", "/dav/c/", &[], "x", 405),
            ("DELETE", "/dav/c", &[], "", 204),
            ("MKCOL", "/dav/c", &[], "", 201),
        ],
    );
}

#[test]
fn s6_4_a_token_counts_only_with_its_creator() {
    let server = Server::new();
    server.fill(&["a"]);
    server
        .ask(
            "ACL",
            "/dav/",
            &[],
            "<D:acl xmlns:D='DAV:'><D:ace><D:principal><D:all/></D:principal>\
        <D:grant><D:privilege><D:all/></D:privilege></D:grant></D:ace></D:acl>",
        )
        .expect(200, &[]);
    let token = server.lock("/dav/a", "exclusive", &[]);
    let condition = format!("(<{token}>)");
    server.memory.sign_in(Some("bob"));
    assert_eq!(
        server.status("PUT", "/dav/a", &[("If", &condition)], "x"),
        423
    );
    server.memory.sign_in(Some("alice"));
    assert_eq!(
        server.status("PUT", "/dav/a", &[("If", &condition)], "x"),
        204
    );
}

#[test]
fn s7_3_locking_nothing_makes_an_empty_resource() {
    let server = Server::new();
    let answer = server.ask(
        "LOCK",
        "/dav/new",
        &[("Timeout", "Second-60")],
        &lockinfo("exclusive"),
    );
    answer.expect(
        201,
        &[
            "<D:timeout>Second-60</D:timeout>",
            "<D:lockroot><D:href>/dav/new<",
        ],
    );
    server.ask("GET", "/dav/new", &[], "").expect(200, &[]);
    check(
        &server,
        &[
            ("LOCK", "/dav/no/new", &[], &lockinfo("shared"), 409),
            ("PUT", "/dav/new", &[], "x", 423),
        ],
    );
}

#[test]
fn s7_4_collection_locks_protect_membership() {
    let server = Server::new();
    server.fill(&["zero/", "zero/m", "deep/", "deep/m"]);
    let zero = server.lock("/dav/zero/", "exclusive", &[("Depth", "0")]);
    let deep = server.lock("/dav/deep/", "exclusive", &[]);
    let zero_if = format!("</dav/zero/> (<{zero}>)");
    let deep_if = format!("</dav/deep/> (<{deep}>)");
    check(
        &server,
        &[
            ("PUT", "/dav/zero/m", &[], "x", 204),
            ("PUT", "/dav/zero/new", &[], "x", 423),
            ("DELETE", "/dav/zero/m", &[], "", 423),
            ("MKCOL", "/dav/zero/c", &[], "", 423),
            (
                "COPY",
                "/dav/deep/m",
                &[("Destination", "/dav/zero/n")],
                "",
                423,
            ),
            ("PUT", "/dav/zero/new", &[("If", &zero_if)], "x", 201),
            ("PUT", "/dav/deep/m", &[], "x", 423),
            (
                "PROPPATCH",
                "/dav/deep/m",
                &[],
                "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><a/></D:prop></D:set></D:propertyupdate>",
                423,
            ),
            ("PUT", "/dav/deep/m", &[("If", &deep_if)], "x", 204),
            ("LOCK", "/dav/deep/m", &[], &lockinfo("shared"), 423),
            ("DELETE", "/dav/deep/", &[], "", 423),
            ("DELETE", "/dav/deep/", &[("If", &deep_if)], "", 204),
        ],
    );
}

#[test]
fn s7_6_locks_do_not_move() {
    let server = Server::new();
    server.fill(&["a"]);
    let token = server.lock("/dav/a", "exclusive", &[]);
    let condition = format!("</dav/a> (<{token}>)");
    check(
        &server,
        &[
            ("MOVE", "/dav/a", &[("Destination", "/dav/b")], "", 423),
            (
                "MOVE",
                "/dav/a",
                &[("Destination", "/dav/b"), ("If", &condition)],
                "",
                201,
            ),
            ("PUT", "/dav/b", &[], "x", 204),
        ],
    );
}

/// davfs2 saves beside and renames over a file that it holds a lock on, and then goes on with that
/// lock: "if there is an existing lock at the destination, the server MUST add the moved resource
/// to the destination lock scope".
#[test]
fn s7_7_what_replaces_a_locked_member_is_locked() {
    for method in ["MOVE", "COPY"] {
        let server = Server::new();
        server.fill(&["a", "b"]);
        let token = server.lock("/dav/b", "exclusive", &[]);
        let condition = format!("</dav/b> (<{token}>)");
        let destination = ("Destination", "/dav/b");
        check(
            &server,
            &[
                (method, "/dav/a", &[destination], "", 423),
                (
                    method,
                    "/dav/a",
                    &[destination, ("If", &condition)],
                    "",
                    204,
                ),
                ("PUT", "/dav/b", &[], "x", 423),
                (
                    "LOCK",
                    "/dav/b",
                    &[("If", &format!("(<{token}>)"))],
                    "",
                    200,
                ),
                ("PUT", "/dav/b", &[("If", &condition)], "x", 204),
            ],
        );
    }
}

#[test]
fn s9_1_propfind() {
    let server = Server::new();
    server.fill(&["c/", "c/a b&c", "c/d/", "c/d/e"]);
    let asked = server.propfind("/dav/c/", "1", "<D:getcontentlength/><Z:nothing/>");
    asked.expect(
        207,
        &[
            "<D:getcontentlength>4</D:getcontentlength>",
            "404 Not Found",
        ],
    );
    assert_eq!(asked.hrefs(), ["/dav/c/", "/dav/c/d/", "/dav/c/a%20b%26c"]);
    assert_eq!(
        server.propfind("/dav/c/", "0", "<D:getetag/>").hrefs(),
        ["/dav/c/"]
    );
    assert_eq!(
        server
            .propfind("/dav/c/", "infinity", "<D:getetag/>")
            .hrefs()
            .len(),
        4
    );
    server
        .ask("PROPFIND", "/dav/c/d/e", &[], "")
        .expect(207, &["getetag", "supportedlock"]);
    let names = "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>";
    server
        .ask("PROPFIND", "/dav/c/d/e", &[], names)
        .expect(207, &["<D:getetag/>", "<D:acl/>"]);
    check(
        &server,
        &[
            ("PROPFIND", "/dav/none", &[], "", 404),
            ("PROPFIND", "/dav/c/", &[("Depth", "2")], "", 400),
            (
                "PROPFIND",
                "/dav/c/",
                &[],
                "<D:propfind xmlns:D='DAV:'><D:prop>",
                400,
            ),
            (
                "PROPFIND",
                "/dav/c/",
                &[],
                "<D:propfind xmlns:D='DAV:'><D:prop><b:a xmlns:b=''/></D:prop></D:propfind>",
                400,
            ),
            (
                "PROPFIND",
                "/dav/c/",
                &[],
                "<D:propfind xmlns:D='DAV:'/>",
                400,
            ),
            ("PROPFIND", "/dav/c/", &[], "<D:other xmlns:D='DAV:'/>", 400),
            (
                "PROPFIND",
                "/dav/c/",
                &[],
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                403,
            ),
        ],
    );
}

#[test]
fn s9_1_allprop_with_include_and_dead_properties() {
    let server = Server::new();
    server.fill(&["a"]);
    server.set("/dav/a", "<Z:dead>x</Z:dead>").expect(207, &[]);
    let body =
        "<D:propfind xmlns:D='DAV:'><D:allprop/><D:include><D:owner/></D:include></D:propfind>";
    let answer = server.ask("PROPFIND", "/dav/a", &[], body);
    answer.expect(
        207,
        &[
            "<Z:dead xmlns:Z=\"urn:z\">x</Z:dead>",
            "<D:owner><D:href>/principals/alice/",
        ],
    );
    assert!(
        !answer.text.contains("current-user-privilege-set"),
        "RFC 3744 §5"
    );
    assert!(!answer.text.contains("404"), "allprop gives what there is");
}

#[test]
fn s9_1_1_infinity_has_an_end() {
    static SMALL: dav::Profile = dav::Profile {
        limits: dav::Limits {
            resources_max: 3,
            page: 2,
            ..dav::Limits::DEFAULT
        },
        ..support::FILES
    };
    let server = Server::with(&SMALL, "files");
    server.fill(&["a", "b", "c/", "c/d", "c/e"]);
    let answer = server.propfind("/dav/", "infinity", "<D:getetag/>");
    answer.expect(
        207,
        &["507 Insufficient Storage", "<D:propfind-finite-depth/>"],
    );
    assert_eq!(
        server.propfind("/dav/", "1", "<D:getetag/>").hrefs().len(),
        4
    );
}

#[test]
fn s9_2_proppatch_is_atomic() {
    let server = Server::new();
    server.fill(&["a"]);
    let body = "<D:propertyupdate xmlns:D='DAV:' xmlns:Z='urn:z'><D:set><D:prop><Z:p>x</Z:p>\
                <D:getetag>y</D:getetag></D:prop></D:set></D:propertyupdate>";
    let answer = server.ask("PROPPATCH", "/dav/a", &[], body);
    let error = "<D:error><D:cannot-modify-protected-property/></D:error>";
    answer.expect(
        207,
        &["urn:z", "424 Failed Dependency", "403 Forbidden", error],
    );
    server
        .propfind("/dav/a", "0", "<Z:p/>")
        .expect(207, &["404"]);
    let body = "<D:propertyupdate xmlns:D='DAV:' xmlns:Z='urn:z'><D:set><D:prop><Z:p>x</Z:p></D:prop>\
                </D:set><D:remove><D:prop><Z:p/><Z:never/></D:prop></D:remove></D:propertyupdate>";
    server
        .ask("PROPPATCH", "/dav/a", &[], body)
        .expect(207, &["200 OK"]);
    server
        .propfind("/dav/a", "0", "<Z:p/>")
        .expect(207, &["404"]);
    check(
        &server,
        &[
            ("PROPPATCH", "/dav/a", &[], "", 400),
            ("PROPPATCH", "/dav/none", &[], body, 404),
            (
                "PROPPATCH",
                "/dav/a",
                &[],
                "<D:propertyupdate xmlns:D='DAV:'/>",
                400,
            ),
        ],
    );
    let minimal = server.ask("PROPPATCH", "/dav/a", &[("Prefer", "return=minimal")], body);
    assert_eq!(
        (minimal.status, minimal.text.as_str()),
        (200, ""),
        "RFC 8144 §2.2"
    );
}

#[test]
fn s9_3_mkcol() {
    let server = Server::new();
    server.fill(&["c/", "m"]);
    check(
        &server,
        &[
            ("MKCOL", "/dav/c/", &[], "", 405),
            ("MKCOL", "/dav/m", &[], "", 405),
            ("MKCOL", "/dav/no/c/", &[], "", 409),
            ("MKCOL", "/dav/m/c/", &[], "", 409),
            (
                "MKCOL",
                "/dav/d/",
                &[("Content-Type", "text/odd")],
                "odd",
                415,
            ),
            ("MKCOL", "/dav/d/", &[], "<odd/>", 415),
            ("MKCOL", "/dav/d/", &[], "<odd>", 400),
            ("MKCOL", "/dav/d/", &[], "", 201),
        ],
    );
}

#[test]
fn s9_4_get_and_head() {
    let server = Server::new();
    assert_eq!(
        server.status("PUT", "/dav/a", &[("Content-Type", "text/x")], "hello"),
        201
    );
    let answer = server.ask("GET", "/dav/a", &[], "");
    answer.expect(200, &["hello"]);
    assert_eq!(answer.header("Content-Type"), "text/x");
    assert!(
        answer.header("ETag").starts_with('"') && answer.header("Last-Modified").ends_with("GMT")
    );
    check(
        &server,
        &[
            ("HEAD", "/dav/a", &[], "", 200),
            ("GET", "/dav/", &[], "", 204),
            ("GET", "/dav/none", &[], "", 404),
            ("GET", "/elsewhere", &[], "", 404),
            ("GET", "/dav/a", &[("If-Match", "\"no\"")], "", 412),
            ("GET", "/dav/%ff", &[], "", 400),
            ("GET", "/dav/../x", &[], "", 400),
            ("BREW", "/dav/a", &[], "", 501),
        ],
    );
}

#[test]
fn s9_6_delete() {
    let server = Server::new();
    server.fill(&["c/", "c/m", "c/d/", "c/d/e"]);
    check(
        &server,
        &[
            ("DELETE", "/dav/none", &[], "", 404),
            ("DELETE", "/dav/c/", &[("Depth", "0")], "", 400),
            ("DELETE", "/dav/", &[], "", 405),
            ("DELETE", "/dav/c/", &[], "", 204),
            ("GET", "/dav/c/d/e", &[], "", 404),
        ],
    );
}

#[test]
fn s9_7_put() {
    let server = Server::new();
    let made = server.ask("PUT", "/dav/a", &[], "one");
    let etag = made.header("ETag").to_owned();
    let weak = format!("W/{etag}");
    let list = format!("\"x\", {etag}");
    check(
        &server,
        &[
            ("PUT", "/dav/no/a", &[], "x", 409),
            (
                "PUT",
                "/dav/a",
                &[("Content-Range", "bytes 0-1/2")],
                "x",
                400,
            ),
            ("PUT", "/dav/a", &[("If-None-Match", "*")], "x", 412),
            ("PUT", "/dav/a", &[("If-Match", "\"no\"")], "x", 412),
            ("PUT", "/dav/b", &[("If-Match", "*")], "x", 412),
            (
                "PUT",
                "/dav/a",
                &[("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")],
                "x",
                412,
            ),
            (
                "PUT",
                "/dav/a",
                &[("If-Unmodified-Since", "nonsense")],
                "one",
                204,
            ),
            ("PUT", "/dav/a", &[("If-Match", &weak)], "one", 204),
            ("PUT", "/dav/a", &[("If-Match", &list)], "two", 204),
            ("PUT", "/dav/a", &[("If-Match", &etag)], "three", 412),
            ("PUT", "/dav/b", &[("If-None-Match", "*")], "x", 201),
            ("PUT", "/dav/._b", &[], "x", 201),
            ("PUT", "/dav/.DS_Store", &[], "", 201),
        ],
    );
    let shown = server.ask(
        "PUT",
        "/dav/a",
        &[("Prefer", "return=representation")],
        "new",
    );
    shown.expect(200, &["new"]);
    let refused = [("Prefer", "return=representation"), ("If-Match", "\"no\"")];
    server
        .ask("PUT", "/dav/a", &refused, "newer")
        .expect(412, &["new"]);
    server.memory.set_quota(Some(10));
    server
        .ask("PUT", "/dav/big", &[], "0123456789")
        .expect(507, &["<D:quota-not-exceeded/>"]);
    assert_eq!(
        server.status("GET", "/dav/big", &[], ""),
        404,
        "nothing half-done"
    );
}

#[test]
fn s9_8_copy_and_s9_9_move() {
    let server = Server::new();
    server.fill(&["a", "c/", "c/m", "c/d/", "c/d/e", "old/", "old/x"]);
    server.set("/dav/c/m", "<Z:p>kept</Z:p>").expect(207, &[]);
    check(
        &server,
        &[
            (
                "COPY",
                "/dav/a",
                &[("Destination", "http://example.com/dav/b")],
                "",
                201,
            ),
            ("COPY", "/dav/a", &[("Destination", "/dav/b")], "", 204),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "/dav/b"), ("Overwrite", "F")],
                "",
                412,
            ),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "/dav/b"), ("Overwrite", "maybe")],
                "",
                400,
            ),
            ("COPY", "/dav/a", &[("Destination", "/dav/no/b")], "", 409),
            ("COPY", "/dav/a", &[("Destination", "/dav/a")], "", 403),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "http://other.example/dav/b")],
                "",
                502,
            ),
            ("COPY", "/dav/a", &[("Destination", "/other/b")], "", 502),
            ("COPY", "/dav/a", &[("Destination", "b")], "", 400),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "ht!tp://[::1/%%%")],
                "",
                400,
            ),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "http://[::1/b")],
                "",
                400,
            ),
            (
                "COPY",
                "/dav/a",
                &[("Destination", "http://[::1]:80/b")],
                "",
                502,
            ),
            ("COPY", "/dav/a", &[("Destination", "/other/%%%")], "", 400),
            ("COPY", "/dav/a", &[], "", 400),
            ("COPY", "/dav/none", &[("Destination", "/dav/b")], "", 404),
            (
                "COPY",
                "/dav/c/",
                &[("Destination", "/dav/c/d/c/")],
                "",
                403,
            ),
            (
                "COPY",
                "/dav/c/",
                &[("Destination", "/dav/e/"), ("Depth", "1")],
                "",
                400,
            ),
            (
                "COPY",
                "/dav/c/",
                &[("Destination", "/dav/shallow/"), ("Depth", "0")],
                "",
                201,
            ),
            ("GET", "/dav/shallow/m", &[], "", 404),
            ("COPY", "/dav/c/", &[("Destination", "/dav/old/")], "", 204),
            ("GET", "/dav/old/x", &[], "", 404),
            ("GET", "/dav/old/d/e", &[], "", 200),
            ("COPY", "/dav/c/d/", &[("Destination", "/dav/c/")], "", 403),
            (
                "MOVE",
                "/dav/c/",
                &[("Destination", "/dav/moved/"), ("Depth", "0")],
                "",
                400,
            ),
            (
                "MOVE",
                "/dav/c/",
                &[("Destination", "/dav/moved/")],
                "",
                201,
            ),
            ("GET", "/dav/c/", &[], "", 404),
            ("GET", "/dav/moved/d/e", &[], "", 200),
            (
                "MOVE",
                "/dav/b",
                &[("Destination", "/dav/moved/m"), ("Overwrite", "F")],
                "",
                412,
            ),
            (
                "MOVE",
                "/dav/b",
                &[("Destination", "/dav/shallow/")],
                "",
                204,
            ),
            ("MOVE", "/dav/", &[("Destination", "/dav/x")], "", 405),
        ],
    );
    server
        .propfind("/dav/moved/m", "0", "<Z:p/>")
        .expect(207, &["kept"]);
}

#[test]
fn s9_10_lock_and_s9_11_unlock() {
    let server = Server::new();
    server.fill(&["a", "c/", "c/m"]);
    let one = server.lock("/dav/a", "shared", &[("Depth", "0")]);
    let two = server.lock("/dav/a", "shared", &[("Depth", "0")]);
    assert_ne!(one, two);
    let conflict = server.ask("LOCK", "/dav/a", &[], &lockinfo("exclusive"));
    conflict.expect(423, &["<D:no-conflicting-lock><D:href>/dav/a</D:href>"]);
    let refused = server.ask("PUT", "/dav/a", &[], "x");
    refused.expect(423, &["<D:lock-token-submitted><D:href>/dav/a</D:href>"]);
    let (if_one, if_wrong) = (format!("(<{one}>)"), "(<urn:uuid:no>)");
    let (token_one, token_two) = (format!("<{one}>"), format!("<{two}>"));
    let inner = server.lock("/dav/c/m", "exclusive", &[]);
    check(
        &server,
        &[
            ("PUT", "/dav/a", &[("If", &if_one)], "x", 204),
            (
                "LOCK",
                "/dav/a",
                &[("If", &if_one), ("Timeout", "Infinite, Second-5")],
                "",
                200,
            ),
            ("LOCK", "/dav/a", &[("If", if_wrong)], "", 412),
            ("LOCK", "/dav/a", &[], "", 412),
            (
                "LOCK",
                "/dav/a",
                &[("Depth", "1")],
                &lockinfo("shared"),
                400,
            ),
            ("LOCK", "/dav/a", &[], "<D:lockinfo xmlns:D='DAV:'/>", 400),
            ("LOCK", "/dav/c/", &[], &lockinfo("exclusive"), 423),
            (
                "LOCK",
                "/dav/c/",
                &[("Depth", "0")],
                &lockinfo("exclusive"),
                200,
            ),
            ("UNLOCK", "/dav/a", &[], "", 400),
            (
                "UNLOCK",
                "/dav/a",
                &[("Lock-Token", "no brackets")],
                "",
                400,
            ),
            ("UNLOCK", "/dav/c/m", &[("Lock-Token", &token_one)], "", 409),
            (
                "UNLOCK",
                "/dav/none",
                &[("Lock-Token", &token_one)],
                "",
                409,
            ),
            ("UNLOCK", "/dav/a", &[("Lock-Token", &token_one)], "", 204),
            ("UNLOCK", "/dav/a", &[("Lock-Token", &token_two)], "", 204),
            ("PUT", "/dav/a", &[], "x", 204),
        ],
    );
    let found = server.propfind("/dav/c/", "1", "<D:lockdiscovery/>");
    found.expect(
        207,
        &[
            &inner,
            "<D:depth>0</D:depth>",
            "<D:owner xmlns:D=\"DAV:\"><D:href>mailto:",
        ],
    );
    assert_eq!(found.text.matches("<D:activelock>").count(), 2);
}

#[test]
fn s10_4_if_header() {
    let server = Server::new();
    server.fill(&["a", "b"]);
    let etag = server
        .ask("GET", "/dav/a", &[], "")
        .header("ETag")
        .to_owned();
    let token = server.lock("/dav/a", "exclusive", &[]);
    for (condition, expected) in [
        (format!("(<{token}> [{etag}])"), 204),
        (format!("(<{token}> [W/{etag}])"), 204),
        (format!("(<{token}> [\"no\"])"), 412),
        (format!("(<{token}> [\"no\"]) (Not <DAV:no-lock>)"), 204),
        (format!("(<{token}x>) (Not <DAV:no-lock>)"), 423),
        ("(<DAV:no-lock>)".to_owned(), 412),
        (format!("([{etag}])"), 423),
        (
            format!("</dav/b> (Not <{token}>) </dav/a> (<{token}>)"),
            204,
        ),
        (format!("<http://example.com/dav/a> (<{token}>)"), 204),
        (format!("<http://elsewhere.example/dav/a> (<{token}>)"), 412),
        (
            format!("</dav/none> (Not [{etag}]) </dav/a> (<{token}>)"),
            204,
        ),
        ("(".to_owned(), 400),
        (String::new(), 400),
    ] {
        let answer = server.ask("PUT", "/dav/a", &[("If", &condition)], "body");
        assert_eq!(answer.status, expected, "{condition} {}", answer.text);
    }
    let sync = server.propfind("/dav/", "0", "<D:sync-token/>");
    let state = sync
        .text
        .split("<D:sync-token>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let condition = format!("</dav/> (<{state}>)");
    assert_eq!(
        server.status("PUT", "/dav/b", &[("If", &condition)], "x"),
        204,
        "RFC 6578 §5"
    );
    assert_eq!(
        server.status("PUT", "/dav/b", &[("If", &condition)], "x"),
        412,
        "it changed"
    );
}

#[test]
fn s10_7_timeouts_are_honoured_and_capped() {
    let server = Server::new();
    server.fill(&["a"]);
    for (wish, expected) in [
        ("Second-30", 30),
        ("Infinite", 604_800),
        ("Second-4100000000", 604_800),
        ("Second-99999999999999999999", 604_800),
        ("Days-3, Second-7", 7),
        ("nonsense", 604_800),
        ("Second-0", 1),
    ] {
        let token = server.lock("/dav/a", "exclusive", &[("Timeout", wish)]);
        let found = server.propfind("/dav/a", "0", "<D:lockdiscovery/>");
        found.expect(207, &[&format!("Second-{expected}<")]);
        let header = format!("<{token}>");
        assert_eq!(
            server.status("UNLOCK", "/dav/a", &[("Lock-Token", &header)], ""),
            204
        );
    }
    server.lock("/dav/a", "exclusive", &[("Timeout", "Second-30")]);
    server.memory.advance(29);
    assert_eq!(server.status("PUT", "/dav/a", &[], "x"), 423);
    server.memory.advance(2);
    assert_eq!(server.status("PUT", "/dav/a", &[], "x"), 204);
}

#[test]
fn s15_live_properties() {
    let server = Server::new();
    server.fill(&["c/", "c/m"]);
    server
        .propfind(
            "/dav/c/m",
            "0",
            "<D:creationdate/><D:getlastmodified/><D:resourcetype/>",
        )
        .expect(
            207,
            &[
                "<D:creationdate>2001-09-09T01:46:40Z<",
                "<D:getlastmodified>Sun, 09 Sep 2001 01:46:40 GMT<",
                "<D:resourcetype/>",
            ],
        );
    server
        .set("/dav/c/", "<D:displayname>A &amp; B</D:displayname>")
        .expect(207, &["200 OK"]);
    server
        .set("/dav/c/", "<D:displayname><b/></D:displayname>")
        .expect(207, &["409 Conflict"]);
    let found = server.propfind(
        "/dav/c/",
        "0",
        "<D:displayname/><D:resourcetype/><D:getetag/>",
    );
    found.expect(
        207,
        &[
            "<D:displayname>A &amp; B<",
            "<D:resourcetype><D:collection/><",
            "404",
        ],
    );
    server.set("/dav/c/m", "<W:Win32FileAttributes xmlns:W='urn:schemas-microsoft-com:'>20</W:Win32FileAttributes>")
        .expect(207, &["200 OK"]);
}

#[test]
fn s18_options() {
    let server = Server::new();
    server.fill(&["a"]);
    server.memory.sign_in(None);
    let answer = server.ask("OPTIONS", "/dav/", &[], "");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("DAV"),
        "1, 2, 3, access-control, extended-mkcol"
    );
    assert_eq!(answer.header("MS-Author-Via"), "DAV");
    assert!(answer.header("Allow").contains("PROPFIND"));
    assert!(
        server
            .ask("OPTIONS", "/dav/a", &[], "")
            .header("Allow")
            .contains("PUT")
    );
    assert!(
        server
            .ask("OPTIONS", "/dav/none", &[], "")
            .header("Allow")
            .contains("MKCOL")
    );
}

#[test]
fn s20_windows_redirector_saves_a_file() {
    let server = Server::new();
    assert_eq!(server.status("PUT", "/dav/w.txt", &[], ""), 201);
    let token = server.lock("/dav/w.txt", "exclusive", &[("Timeout", "Second-3600")]);
    let condition = format!("(<{token}>)");
    let times = "<D:propertyupdate xmlns:D='DAV:' xmlns:Z='urn:schemas-microsoft-com:'><D:set><D:prop>\
        <Z:Win32CreationTime>Mon, 01 Jan 2024 00:00:00 GMT</Z:Win32CreationTime></D:prop></D:set>\
        </D:propertyupdate>";
    check(
        &server,
        &[
            ("HEAD", "/dav/w.txt", &[], "", 200),
            ("PUT", "/dav/w.txt", &[("If", &condition)], "content", 204),
            ("PROPPATCH", "/dav/w.txt", &[("If", &condition)], times, 207),
            (
                "UNLOCK",
                "/dav/w.txt",
                &[("Lock-Token", &format!("<{token}>"))],
                "",
                204,
            ),
        ],
    );
}
