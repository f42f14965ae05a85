//! RFC 6578, with RFC 3253 §3.8, RFC 5689 and RFC 8144: reports and preferences.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::{Answer, Server};

fn sync(server: &Server, target: &str, token: &str, level: &str, limit: &str) -> Answer {
    let limit = match limit {
        "" => String::new(),
        count => format!("<D:limit><D:nresults>{count}</D:nresults></D:limit>"),
    };
    let body = format!(
        "<D:sync-collection xmlns:D='DAV:'><D:sync-token>{token}</D:sync-token>\
         <D:sync-level>{level}</D:sync-level>{limit}<D:prop><D:getetag/></D:prop></D:sync-collection>"
    );
    server.ask("REPORT", target, &[], &body)
}

fn token(answer: &Answer) -> String {
    answer
        .text
        .rsplit("<D:sync-token>")
        .next()
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn s3_4_first_and_s3_5_later() {
    let server = Server::new();
    server.fill(&["c/", "c/a", "c/b", "c/d/", "c/d/e"]);
    assert_eq!(server.status("DELETE", "/dav/c/b", &[], ""), 204);
    let first = sync(&server, "/dav/c/", "", "1", "");
    assert_eq!(first.expect(207, &[]).hrefs(), ["/dav/c/a", "/dav/c/d/"]);
    let none = sync(&server, "/dav/c/", &token(&first), "1", "");
    assert!(none.expect(207, &[]).hrefs().is_empty());
    server.fill(&["c/b", "c/n"]);
    assert_eq!(server.status("DELETE", "/dav/c/a", &[], ""), 204);
    assert_eq!(server.status("DELETE", "/dav/c/n", &[], ""), 204);
    let later = sync(&server, "/dav/c/", &token(&first), "1", "");
    assert_eq!(later.hrefs(), ["/dav/c/b", "/dav/c/a", "/dav/c/n"]);
    assert_eq!(
        later
            .text
            .matches("<D:status>HTTP/1.1 404 Not Found</D:status></D:response>")
            .count(),
        2
    );
    let property = server.propfind("/dav/c/", "0", "<D:sync-token/>");
    property.expect(207, &[&token(&later)]);
}

#[test]
fn s3_3_infinite_level() {
    let server = Server::new();
    server.fill(&["c/", "c/a", "c/d/", "c/d/e"]);
    let first = sync(&server, "/dav/c/", "", "infinite", "");
    assert_eq!(
        first.expect(207, &[]).hrefs(),
        ["/dav/c/a", "/dav/c/d/", "/dav/c/d/e"]
    );
    assert_eq!(server.status("PUT", "/dav/c/d/e", &[], "new"), 204);
    let later = sync(&server, "/dav/c/", &token(&first), "infinite", "");
    assert_eq!(later.hrefs(), ["/dav/c/d/e"]);
    assert_eq!(server.status("DELETE", "/dav/c/d/", &[], ""), 204);
    let gone = sync(&server, "/dav/c/", &token(&later), "infinite", "");
    assert_eq!(gone.hrefs(), ["/dav/c/d/"], "and none of its members");
}

#[test]
fn s3_6_truncation_pages_through_all() {
    let server = Server::new();
    server.fill(&["a", "b", "c", "d", "e"]);
    server.status("DELETE", "/dav/b", &[], "");
    let (mut seen, mut at, mut rounds) = (Vec::new(), String::new(), 0);
    loop {
        let page = sync(&server, "/dav/", &at, "1", "2");
        page.expect(207, &[]);
        at = token(&page);
        let truncated = page.text.contains("507 Insufficient Storage");
        assert_eq!(
            truncated,
            page.text.contains("<D:number-of-matches-within-limits/>")
        );
        let found = page
            .hrefs()
            .into_iter()
            .filter(|href| *href != "/dav/")
            .map(str::to_owned);
        seen.extend(found);
        rounds += 1;
        if rounds == 1 {
            // What the client never saw it need not forget, even if the server has forgotten.
            server.memory.forget_removals();
            server.status("DELETE", "/dav/a", &[], "");
        }
        if !truncated {
            break;
        }
    }
    assert_eq!(seen, ["/dav/a", "/dav/c", "/dav/d", "/dav/e", "/dav/a"]);
}

#[test]
fn s3_7_a_batch_is_told_together() {
    let server = Server::new();
    server.fill(&["c/", "c/1", "c/2", "c/3"]);
    let start = token(&sync(&server, "/dav/", "", "infinite", ""));
    assert_eq!(
        server.status("COPY", "/dav/c/", &[("Destination", "/dav/d/")], ""),
        201
    );
    sync(&server, "/dav/", &start, "infinite", "2")
        .expect(507, &["number-of-matches-within-limits"]);
    assert_eq!(
        sync(&server, "/dav/", &start, "infinite", "4")
            .hrefs()
            .len(),
        4
    );
}

#[test]
fn s3_2_invalid_requests() {
    let server = Server::new();
    server.fill(&["c/", "m"]);
    let own = token(&sync(&server, "/dav/", "", "1", ""));
    for (target, at, level, limit, status) in [
        ("/dav/", "nonsense", "1", "", 403),
        ("/dav/", "data:,c1-", "1", "", 403),
        ("/dav/", "data:,c1-99999999999999999999999", "1", "", 403),
        ("/dav/", "data:,c1-999999", "1", "", 403),
        ("/dav/c/", own.as_str(), "1", "", 403),
        ("/dav/", "", "2", "", 400),
        ("/dav/", "", "1", "many", 400),
        ("/dav/m", "", "1", "", 403),
        ("/dav/none", "", "1", "", 404),
    ] {
        let answer = sync(&server, target, at, level, limit);
        answer.expect(status, &[]);
        if status == 403 && target != "/dav/m" {
            answer.expect(403, &["<D:valid-sync-token/>"]);
        }
    }
    server.status("DELETE", "/dav/m", &[], "");
    server.memory.forget_removals();
    sync(&server, "/dav/", &own, "1", "").expect(403, &["<D:valid-sync-token/>"]);
}

#[test]
fn rfc3253_s3_8_expand_property() {
    let server = Server::new();
    let body = "<D:expand-property xmlns:D='DAV:'><D:property name='owner'><D:property \
        name='displayname'/><D:property name='nothing' namespace='urn:z'/></D:property>\
        <D:property name='group-member-set'/></D:expand-property>";
    let answer = server.ask("REPORT", "/dav/", &[], body);
    answer.expect(
        207,
        &[
            "<D:owner><D:response><D:href>/principals/alice/</D:href>",
            "<D:displayname xmlns:D=\"DAV:\">The alice</D:displayname>",
            "<D:prop><D:group-member-set/></D:prop><D:status>HTTP/1.1 404",
        ]
        .map(|piece| piece.trim()),
    );
    let group = "<D:expand-property xmlns:D='DAV:'><D:property name='group-member-set'><D:property \
        name='group-membership'><D:property name='displayname'/></D:property></D:property>\
        </D:expand-property>";
    let answer = server.ask("REPORT", "/dav/principals/staff/", &[], group);
    answer.expect(
        207,
        &[
            "<D:group-membership><D:response><D:href>/principals/staff/",
            "The staff",
        ],
    );
    let bad = "<D:expand-property xmlns:D='DAV:'><D:property/></D:expand-property>";
    assert_eq!(server.status("REPORT", "/dav/", &[], bad), 400);
    assert_eq!(server.status("REPORT", "/dav/", &[], ""), 400);
    let unknown = server.ask("REPORT", "/dav/", &[], "<D:version-tree xmlns:D='DAV:'/>");
    unknown.expect(403, &["<D:supported-report/>"]);
}

#[test]
fn rfc5689_s3_extended_mkcol() {
    let server = Server::new();
    let make = |properties: &str| {
        format!("<D:mkcol xmlns:D='DAV:'><D:set><D:prop>{properties}</D:prop></D:set></D:mkcol>")
    };
    let plain = "<D:resourcetype><D:collection/></D:resourcetype>";
    let protected = make(&format!(
        "{plain}<D:getetag>x</D:getetag><D:displayname>x</D:displayname>"
    ));
    let refused = server.ask("MKCOL", "/dav/c/", &[], &protected);
    refused.expect(
        403,
        &[
            "<D:mkcol-response",
            "cannot-modify-protected-property",
            "424 Failed",
        ],
    );
    assert_eq!(
        server.status("GET", "/dav/c/", &[], ""),
        404,
        "nothing was made"
    );
    let odd = make("<D:resourcetype><D:principal/></D:resourcetype>");
    server
        .ask("MKCOL", "/dav/c/", &[], &odd)
        .expect(403, &["<D:valid-resourcetype/>"]);
    let good = make(&format!("{plain}<D:displayname>x</D:displayname><a>b</a>"));
    assert_eq!(server.status("MKCOL", "/dav/c/", &[], &good), 201);
    server
        .propfind("/dav/c/", "0", "<D:displayname/><a/>")
        .expect(207, &[">x<", "<a>b</a>"]);
}

#[test]
fn rfc8144_s2_preferences() {
    let server = Server::new();
    server.fill(&["c/", "c/m"]);
    let body = "<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><a/></D:prop></D:propfind>";
    for (name, value, applied) in [
        ("Prefer", "return=minimal", "return=minimal"),
        ("Brief", "t", "return=minimal"),
        (
            "Prefer",
            "depth-noroot, return=\"minimal\"",
            "return=minimal, depth-noroot",
        ),
    ] {
        let answer = server.ask(
            "PROPFIND",
            "/dav/c/",
            &[("Depth", "1"), (name, value)],
            body,
        );
        assert_eq!(answer.header("Preference-Applied"), applied);
        assert!(!answer.text.contains("404"), "{}", answer.text);
        let roots = usize::from(!value.contains("noroot"));
        assert_eq!(answer.hrefs().len(), 1 + roots, "{value}");
        let empty = answer
            .text
            .matches("<D:prop></D:prop><D:status>HTTP/1.1 200")
            .count();
        assert_eq!(empty, roots, "a response has a propstat: {}", answer.text);
    }
}
