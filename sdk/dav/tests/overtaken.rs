//! Requests that another one overtakes, between what they read and their commit: conditions speak of
//! what is there when they commit, and without conditions it does not matter. RFC 9110 §13.1, §15.5.13.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::{FILES, Server};

/// Has another client put something there before the next commit.
fn overtake(server: &Server, target: &'static str, body: &'static str) {
    server.memory.overtake(move |memory| {
        let (method, body) = match target.ends_with('/') {
            true => ("MKCOL", ""),
            false => ("PUT", body),
        };
        let response = memory.handle(&FILES, method, target, &[], body.as_bytes());
        assert!(matches!(response.status.0, 201 | 204), "{response:?}");
    });
}

#[test]
fn rfc9110_13_1_2_whoever_wants_a_free_name_hears_that_it_was_taken() {
    let server = Server::new();
    overtake(&server, "/dav/a", "theirs");
    let free = [("If-None-Match", "*")];
    assert_eq!(server.status("PUT", "/dav/a", &free, "mine"), 412);
    assert_eq!(server.ask("GET", "/dav/a", &[], "").text, "theirs");
}

#[test]
fn rfc9110_13_1_1_whoever_wants_a_version_hears_that_it_has_changed() {
    let server = Server::new();
    server.fill(&["a"]);
    let etag = server
        .ask("GET", "/dav/a", &[], "")
        .header("ETag")
        .to_owned();
    overtake(&server, "/dav/a", "theirs");
    let version = [("If-Match", etag.as_str())];
    assert_eq!(server.status("PUT", "/dav/a", &version, "mine"), 412);
    assert_eq!(server.ask("GET", "/dav/a", &[], "").text, "theirs");
    // It holds again if what was put meanwhile is the same.
    overtake(&server, "/dav/a", "theirs");
    let etag = server
        .ask("GET", "/dav/a", &[], "")
        .header("ETag")
        .to_owned();
    let version = [("If-Match", etag.as_str())];
    assert_eq!(
        server.status(
            "COPY",
            "/dav/a",
            &[("Destination", "/dav/b"), version[0]],
            ""
        ),
        201
    );
}

#[test]
fn rfc9110_15_5_13_no_condition_has_failed_where_there_is_none() {
    let server = Server::new();
    server.fill(&["a", "b"]);
    let over = [("Destination", "/dav/b")];
    for body in ["1", "2", "3"] {
        overtake(&server, "/dav/b", body);
    }
    assert_eq!(server.status("COPY", "/dav/a", &over, ""), 204);
    assert_eq!(server.ask("GET", "/dav/b", &[], "").text, "body");
    // Where it never gets its turn, it may come back.
    for _ in 0..50 {
        overtake(&server, "/dav/b", "theirs");
    }
    let answer = server.ask("COPY", "/dav/a", &over, "");
    assert_eq!(answer.status, 503);
    assert!(!answer.header("Retry-After").is_empty());
}

#[test]
fn rfc4918_9_6_what_is_gone_meanwhile_is_not_there() {
    let server = Server::new();
    server.fill(&["a"]);
    server.memory.overtake(|memory| {
        memory.handle(&FILES, "DELETE", "/dav/a", &[], b"");
    });
    assert_eq!(server.status("DELETE", "/dav/a", &[], ""), 404);
    // Something else in its place is.
    server.fill(&["a", "b"]);
    server.memory.overtake(|memory| {
        memory.handle(&FILES, "DELETE", "/dav/a", &[], b"");
        memory.handle(&FILES, "PUT", "/dav/a", &[], b"theirs");
    });
    let to = [("Destination", "/dav/c")];
    assert_eq!(server.status("MOVE", "/dav/a", &to, ""), 201);
    assert_eq!(server.ask("GET", "/dav/c", &[], "").text, "theirs");
}

#[test]
fn rfc4918_9_8_5_and_9_3_1_names_that_were_taken_meanwhile() {
    let server = Server::new();
    server.fill(&["a"]);
    overtake(&server, "/dav/b", "theirs");
    let kept = [("Destination", "/dav/b"), ("Overwrite", "F")];
    assert_eq!(server.status("COPY", "/dav/a", &kept, ""), 412);
    overtake(&server, "/dav/c/", "");
    let answer = server.ask("MKCOL", "/dav/c/", &[], "");
    answer.expect(405, &["<D:resource-must-be-null/>"]);
    overtake(&server, "/dav/d/", "");
    assert_eq!(
        server.status("MOVE", "/dav/a", &[("Destination", "/dav/d")], ""),
        204
    );
}
