//! `X-Trace-Id`: what clients say is taken if it is harmless, and there is one in every answer.

use crate::support::{Running, start};

fn trace(server: &Running, fields: &[(&str, &str)]) -> String {
    let answer = server.ask("GET", "/", fields);
    answer.field("x-trace-id").unwrap().to_owned()
}

#[test]
fn a_trace_is_taken_returned_or_made() {
    let server = start("", &[]);
    assert_eq!(trace(&server, &[("X-Trace-Id", "abc-1_2.3")]), "abc-1_2.3");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let given = trace(&server, &[("traceparent", parent)]);
    assert_eq!(given, "4bf92f3577b34da6a3ce929d0e0e4736");
    let is_new = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_new(&trace(&server, &[])));
    assert_ne!(trace(&server, &[]), trace(&server, &[]));
    let long = "a".repeat(256);
    for hostile in [
        "a b",
        "a\" status=200",
        "a,b",
        "é",
        "<script>",
        "",
        long.as_str(),
    ] {
        let made = trace(&server, &[("X-Trace-Id", hostile)]);
        assert!(is_new(&made), "{hostile:?} became {made}");
    }
    let twice = [("X-Trace-Id", "a"), ("X-Trace-Id", "b")];
    assert!(is_new(&trace(&server, &twice)));
    // Also where the request makes no sense.
    let answer = server.ask("GET", "/%zz", &[("X-Trace-Id", "mine")]);
    assert_eq!(
        (answer.status, answer.field("x-trace-id")),
        (400, Some("mine"))
    );
}
