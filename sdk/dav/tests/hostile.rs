//! Whatever a client sends, it gets an answer that says what was wrong with it: no panic, no 500,
//! no time or memory that grows faster than the request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use dav::METHODS;
use support::{Server, lockinfo};

/// How long this thread has run so far, where Linux tells: what else the machine does is not in it.
fn ran() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// SplitMix64: the same requests every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % end
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn bodies() -> Vec<String> {
    let prop = "<D:prop><D:getetag/><D:owner/><a xmlns='u'/></D:prop>";
    [
        "",
        "x",
        "<a/>",
        &format!("<D:propfind xmlns:D='DAV:'>{prop}</D:propfind>"),
        "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>",
        &format!("<D:propertyupdate xmlns:D='DAV:'><D:set>{prop}</D:set></D:propertyupdate>"),
        "<D:propertyupdate xmlns:D='DAV:'><D:remove><D:prop><b/></D:prop></D:remove></D:propertyupdate>",
        &lockinfo("exclusive"),
        &lockinfo("shared"),
        &format!("<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1</D:sync-level>{prop}</D:sync-collection>"),
        "<D:expand-property xmlns:D='DAV:'><D:property name='owner'><D:property name='owner'/></D:property></D:expand-property>",
        &format!("<D:principal-match xmlns:D='DAV:'><D:principal-property><D:owner/></D:principal-property>{prop}</D:principal-match>"),
        "<D:acl xmlns:D='DAV:'><D:ace><D:principal><D:all/></D:principal><D:grant><D:privilege><D:all/></D:privilege></D:grant></D:ace></D:acl>",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn s8_2_any_request_gets_an_answer() {
    let bodies = bodies();
    let targets = [
        "/dav/",
        "/dav/a",
        "/dav/c/",
        "/dav/c/m",
        "/dav/new",
        "/dav/principals/bob/",
        "/dav/%zz",
        "/x",
    ];
    let headers: [(&str, &str); 18] = [
        ("Depth", "0"),
        ("Depth", "1"),
        ("Depth", "infinity"),
        ("Depth", "x"),
        ("Destination", "/dav/c/n"),
        ("Destination", "/dav/a/b"),
        ("Destination", "http://"),
        ("Overwrite", "F"),
        ("If", "(<x>)"),
        ("If", "(Not <x>)"),
        ("If", "(["),
        ("If-Match", "*"),
        ("If-None-Match", "*"),
        ("Timeout", "Second-1"),
        ("Lock-Token", "<x>"),
        ("Prefer", "return=representation"),
        ("Prefer", "return=minimal"),
        ("Content-Range", "x"),
    ];
    let mut random = Random(7);
    let server = Server::new();
    for round in 0..20_000 {
        if round % 200 == 0 {
            server.memory.advance(1_000_000);
            for name in ["/dav/a", "/dav/c/m"] {
                server.ask("MKCOL", "/dav/c/", &[], "");
                server.ask("PUT", name, &[], "body");
            }
        }
        let mut body = bodies[random.below(bodies.len())].clone().into_bytes();
        if random.below(2) == 0 && !body.is_empty() {
            for _ in 0..=random.below(4) {
                let at = random.below(body.len());
                body[at] =
                    *random.pick(&[&b'<', &b'>', &b'/', &b'&', &b'"', &b' ', &b'a', &0xFF, &0]);
            }
        }
        let mut sent = vec![("Content-Type", "application/xml")];
        for _ in 0..random.below(4) {
            sent.push(headers[random.below(headers.len())]);
        }
        let (method, target) = (random.pick(&METHODS), random.pick(&targets));
        server.memory.sign_in(
            random
                .pick(&[&Some("alice"), &Some("bob"), &None])
                .as_deref(),
        );
        let response = server
            .memory
            .handle(server.profile, method, target, &sent, &body);
        let status = response.status.0;
        assert!(
            status < 500 || matches!(status, 502 | 507),
            "{method} {target} {sent:?} {} gave {response:?}",
            String::from_utf8_lossy(&body)
        );
        server.memory.sign_in(Some("alice"));
    }
}

#[test]
fn s20_6_large_requests_are_bounded() {
    let server = Server::new();
    server.fill(&["a"]);
    let many =
        |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
    let names = many(50_000, &|number| format!("<p{number}/>"));
    let nested = "<a>".repeat(50_000) + &"</a>".repeat(50_000);
    let aces = "<D:ace/>".repeat(50_000);
    let start = ran();
    for (method, body, status) in [
        (
            "PROPFIND",
            format!("<D:propfind xmlns:D='DAV:'><D:prop>{names}</D:prop></D:propfind>"),
            400,
        ),
        (
            "PROPPATCH",
            format!(
                "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>{names}</D:prop></D:set></D:propertyupdate>"
            ),
            400,
        ),
        (
            "PROPPATCH",
            format!(
                "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>{nested}</D:prop></D:set></D:propertyupdate>"
            ),
            400,
        ),
        ("ACL", format!("<D:acl xmlns:D='DAV:'>{aces}</D:acl>"), 405),
        (
            "LOCK",
            lockinfo("shared").replace("mailto:", &"x".repeat(20_000)),
            413,
        ),
        ("PROPFIND", format!("<a>{}</a>", " ".repeat(11 << 20)), 413),
    ] {
        let answer = server.ask(method, "/dav/a", &[], &body);
        assert_eq!(
            answer.status, status,
            "{method} {:.100} {}",
            body, answer.text
        );
    }
    let acl = format!("<D:acl xmlns:D='DAV:'>{aces}</D:acl>");
    server
        .ask("ACL", "/dav/", &[], &acl)
        .expect(403, &["<D:limited-number-of-aces/>"]);
    let ran = ran() - start;
    assert!(ran < Duration::from_secs(10), "{ran:?}");
}

#[test]
fn s20_6_expansion_in_circles_ends() {
    let server = Server::new();
    for number in 0..200 {
        server
            .memory
            .add_principal(&format!("p{number}"), "individual");
        server.memory.join(&format!("p{number}"), "staff");
    }
    let mut body = "<D:property name='displayname'/>".to_owned();
    for round in 0..20 {
        let name = if round % 2 == 0 {
            "group-membership"
        } else {
            "group-member-set"
        };
        body = format!("<D:property name='{name}'>{body}</D:property>");
    }
    let body = format!("<D:expand-property xmlns:D='DAV:'>{body}</D:expand-property>");
    let answer = server.ask("REPORT", "/dav/principals/staff/", &[], &body);
    answer.expect(507, &["<D:number-of-matches-within-limits/>"]);
}

/// RFC 3253 §3.8: the properties to expand are named by attributes, which may hold any text. Found by
/// the fuzz target `request`.
#[test]
fn names_in_attributes_must_be_names() {
    let server = Server::new();
    for name in ["two\nlines", "a b", "", "a:b", "x/&gt;&lt;evil", "1st"] {
        let body = format!(
            "<D:expand-property xmlns:D='DAV:'><D:property name='owner'><D:property name='{name}'/></D:property></D:expand-property>"
        );
        let outer = format!(
            "<D:expand-property xmlns:D='DAV:'><D:property name='{name}'/></D:expand-property>"
        );
        for body in [body, outer] {
            assert_eq!(
                server.status("REPORT", "/dav/", &[], &body),
                400,
                "{name:?}"
            );
        }
    }
}
