//! What HTTP does by option: cross-origin requests, TRACE, other methods in POST, fields in every
//! answer.

use crate::support::start;

const PREFLIGHT: [(&str, &str); 3] = [
    ("Origin", "https://app.test"),
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "authorization, cookie"),
];

#[test]
fn a_preflight_needs_no_sign_in_and_allows_what_there_is() {
    let server = start("httpallowcors: https://*.test", &[]);
    let answer = server.ask("OPTIONS", "/", &PREFLIGHT);
    assert_eq!(answer.status, 204);
    let field = |name| answer.field(name);
    assert_eq!(
        field("access-control-allow-origin"),
        Some("https://app.test")
    );
    assert_eq!(field("access-control-allow-credentials"), Some("true"));
    assert_eq!(
        field("access-control-allow-methods"),
        Some("get, head, options")
    );
    assert_eq!(field("access-control-allow-headers"), Some("authorization"));
    let get = server.ask("GET", "/", &[("Origin", "https://app.test")]);
    assert_eq!(
        get.field("access-control-allow-origin"),
        Some("https://app.test")
    );
    assert!(get.fields("vary").any(|vary| vary == "origin"));
}

#[test]
fn who_is_not_allowed_is_told_nothing() {
    for options in ["", "httpallowcors: https://other.test"] {
        let server = start(options, &[]);
        for (method, fields) in [("OPTIONS", &PREFLIGHT[..]), ("GET", &PREFLIGHT[..1])] {
            let answer = server.ask(method, "/", fields);
            assert!(!answer.head.contains("access-control-"), "{}", answer.head);
            let varies = answer.fields("vary").any(|vary| vary == "origin");
            assert_eq!(varies, !options.is_empty());
        }
    }
}

#[test]
fn s9_3_8_trace_is_an_option_and_keeps_secrets() {
    let fields = [("X-A", "1"), ("Authorization", "Basic YTpi")];
    let server = start("httpallowtrace: yes", &[]);
    let answer = server.ask("TRACE", "/a", &fields);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("content-type"), Some("message/http"));
    assert!(answer.body.starts_with("TRACE /a HTTP/1.1\r\n"));
    assert!(answer.body.contains("x-a: 1\r\n") && !answer.body.contains("YTpi"));
    assert_eq!(start("", &[]).ask("TRACE", "/a", &fields).status, 405);
}

#[test]
fn a_post_may_stand_for_another_method() {
    let server = start("", &[]);
    let of = |method, name| {
        let fields = [("X-HTTP-Method-Override", name)];
        server.ask(method, "/", &fields).status
    };
    assert_eq!(of("POST", "GET"), 200);
    assert_eq!(of("POST", "OPTIONS"), 204);
    assert_eq!(of("POST", "HEAD"), 400);
    assert_eq!(of("GET", "PUT"), 200);
    assert_eq!(server.ask("POST", "/", &[]).status, 405);
}

#[test]
fn the_other_way_to_the_server_is_told_where_there_is_no_tls() {
    let server = start("http_h2_altsvc: :8443", &[]);
    let answer = server.ask("GET", "/", &[]);
    assert_eq!(answer.field("alt-svc"), Some("h2=\":8443\""));
    // RFC 6797 §7.2
    assert_eq!(answer.field("strict-transport-security"), None);
}

#[test]
fn s7_8_an_upgrade_that_is_not_offered_is_not_made() {
    let server = start("", &[]);
    let fields = [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")];
    let answer = server.ask("GET", "/", &fields);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("upgrade"), None);
}

#[test]
fn s7_1_2_trailers_are_read_over() {
    let server = start("", &[]);
    let head = "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n";
    let body = "3\r\nabc\r\n0\r\nX-A: 1\r\nHost: b\r\n\r\n";
    let next = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = server.send(&format!("{head}{body}{next}"));
    assert!(answers.starts_with("HTTP/1.1 405"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200"), "{answers}");
}
