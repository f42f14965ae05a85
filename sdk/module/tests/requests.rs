//! What a request says of itself: parameters, RFC 3986 §3.4, and wanted media types, RFC 9110
//! §12.5.1; and what the operator says in options.

#![allow(clippy::unwrap_used)]

use module::accept::preferred;
use module::native::Host;
use module::query::{Parameters, Repeated, Unreadable, percent_decode, percent_encode};
use module::{Headers, Request};

fn request(query: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        scheme: "https".to_owned(),
        authority: "example.org".to_owned(),
        path: "/".to_owned(),
        query: Some(query.to_owned()),
        mount: "/".to_owned(),
        headers: Headers::new(),
        body: None,
        received: 0,
    }
}

#[test]
fn parameters_are_decoded_and_there_once() {
    let parameters = Parameters::of(&request("a=1&b=x%20y+z&&c&a=2&%C3%BC=%3D")).unwrap();
    assert_eq!(parameters.one("b"), Ok(Some("x y z")));
    assert_eq!(parameters.one("c"), Ok(Some("")));
    assert_eq!(parameters.one("ü"), Ok(Some("=")));
    assert_eq!(parameters.one("d"), Ok(None));
    assert_eq!(parameters.one("a"), Err(Repeated("a")));
    assert!(parameters.has("a") && !parameters.has("d"));
}

#[test]
fn what_can_not_be_read_is_refused() {
    for query in ["a=%", "a=%4", "a=%zz", "%FF=1", "a=%é"] {
        let refused = Parameters::of(&request(query));
        assert_eq!(refused, Err(Unreadable::Malformed), "{query}");
    }
    let refused = Parameters::of(&request(&"a=1&".repeat(65)));
    assert_eq!(refused, Err(Unreadable::TooMany));
    assert_eq!(percent_decode("a%2Fb").as_deref(), Some("a/b"));
}

#[test]
fn s12_5_1_the_closest_range_decides() {
    let offered = ["text/calendar", "application/calendar+json"];
    for (accept, wanted) in [
        ("", Some(0)),
        (" , ", None),
        ("*/*", Some(0)),
        ("application/*", Some(1)),
        (
            "text/calendar;q=0.1, application/calendar+json;q=0.2",
            Some(1),
        ),
        ("text/calendar; charset=utf-8; Q=1", Some(0)),
        ("text/*;q=0, */*", Some(1)),
        ("*/*;q=0.5, text/calendar;q=0.4", Some(1)),
        ("TEXT/CALENDAR", Some(0)),
        ("text/html", None),
        ("text/calendar;q=0", None),
        ("text/calendar;q=x, application/calendar+json;q=-1", None),
    ] {
        let mut headers = Headers::new();
        headers.push("Accept", accept);
        assert_eq!(preferred(&headers, &offered), wanted, "{accept:?}");
    }
    assert_eq!(preferred(&Headers::new(), &offered), Some(0));
}

/// `imapd.conf(5)` of Cyrus: "Multiple units can be combined and will be summed together, for example
/// 1h30m is equivalent to 90m." Without a unit, the option has its own.
#[test]
fn options_are_durations_as_cyrus_has_them() {
    let host = Host::new();
    for (text, seconds) in [
        ("1h30m", Some(5400)),
        ("90m", Some(5400)),
        ("30d", Some(2_592_000)),
        ("2d12h", Some(216_000)),
        (" 45S ", Some(45)),
        ("3", Some(259_200)),
        ("0", None),
        ("h", None),
        ("1w", None),
        ("-1h", None),
        ("99999999999999999999d", None),
        ("", None),
    ] {
        host.option("age", text);
        assert_eq!(module::option_duration("age", 86_400), seconds, "{text:?}");
    }
}

/// RFC 3986 §2.3: letters, digits, `-`, `.`, `_` and `~` are unreserved.
#[test]
fn what_is_reserved_is_encoded_and_decoded_again() {
    let mut url = "/a/".to_owned();
    percent_encode(&mut url, "aZ09-._~ /ü%");
    assert_eq!(url, "/a/aZ09-._~%20%2F%C3%BC%25");
    assert_eq!(percent_decode(&url).as_deref(), Some("/a/aZ09-._~ /ü%"));
}
