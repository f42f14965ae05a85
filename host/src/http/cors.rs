//! Cross-origin requests: pages of other sites that may read answers. The Fetch standard §3.3.
//!
//! Off unless `httpallowcors` names origins. Nothing is echoed that wasn't allowed: an origin gets
//! fields of its own only if a pattern names it; one that only a bare `*` lets in is answered as
//! everybody, without the credentials that its user's browser may have stored.

use super::reply::Reply;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE,
    HeaderName, ORIGIN, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

/// How long a browser remembers what a preflight said.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");
/// The types of bodies that a page may send without asking; none is one of them.
const PLAIN_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];
/// Fields that a page may ask to send, at most.
const HEADERS_MAX: usize = 32;

/// The origins that may read answers.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    excludes: bool,
}

/// What an origin may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Read what everybody may read.
    Anyone,
    /// Read what its user may, with the credentials that the browser has.
    Listed(HeaderValue),
}

impl Origins {
    /// Takes patterns between commas or white space, as Cyrus does: `*` stands for anything but a
    /// slash, `?` for one character, `!` before a pattern excludes; the last that matches decides.
    pub fn parse(text: &str) -> Self {
        let words = text.split(|c: char| c == ',' || c.is_whitespace());
        let pattern = |word: &str| Pattern {
            text: word.trim_start_matches('!').to_ascii_lowercase(),
            excludes: word.starts_with('!'),
        };
        Self(words.filter(|word| !word.is_empty()).map(pattern).collect())
    }

    /// Says whether any is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds what an origin may do, by the field of that name.
    pub fn find(&self, value: &HeaderValue) -> Option<Allowed> {
        let origin = value.to_str().ok()?;
        // Any sandboxed page is "null".
        if origin == "null" {
            return None;
        }
        let matches = |pattern: &&Pattern| {
            pattern.text == "*" || matches(pattern.text.as_bytes(), origin.as_bytes())
        };
        let pattern = self.0.iter().rev().find(matches)?;
        match pattern.text.as_str() {
            _ if pattern.excludes => None,
            "*" => Some(Allowed::Anyone),
            _ => Some(Allowed::Listed(value.clone())),
        }
    }

    /// Adds what lets the origin read an answer.
    pub fn permit(&self, allowed: Option<&Allowed>, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
        match allowed {
            None => return,
            Some(Allowed::Anyone) => {
                let anyone = HeaderValue::from_static("*");
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
            }
            Some(Allowed::Listed(origin)) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                let yes = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
        }
        // What the protocol says in its fields is for the page as much as the body.
        let names = headers.keys().filter(|name| is_exposed(name));
        let names: Vec<&str> = names.map(HeaderName::as_str).collect();
        if let Ok(names) = HeaderValue::try_from(names.join(", ")) {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
        }
    }
}

/// Says whether a page of another site has made a browser send this without asking whether it may:
/// the Fetch standard lets it post what a form could, with the credentials that the browser remembers,
/// and only keeps the answer from it. Fetch §4.8, and CORS-safelisted fields in §2.2.2. Whatever else a
/// page sends is asked for first, by a preflight.
pub fn is_unasked(request: &Request<()>, authority: Option<&str>, origins: &Origins) -> bool {
    let headers = request.headers();
    if *request.method() != Method::POST || !headers.contains_key(AUTHORIZATION) {
        return false;
    }
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = content_type.unwrap_or_default().split(|&byte| byte == b';');
    let essence = content_type
        .map(<[u8]>::trim_ascii)
        .next()
        .unwrap_or_default();
    let is_plain = essence.is_empty()
        || PLAIN_TYPES
            .iter()
            .any(|plain| essence.eq_ignore_ascii_case(plain.as_bytes()));
    // Browsers say with every post where it comes from. RFC 6454 §7.3; the scheme may have changed on
    // the way, by a proxy that ends TLS.
    let Some(origin) = headers.get(ORIGIN).filter(|_| is_plain) else {
        return false;
    };
    let host = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    let is_own = host.is_some_and(|(_, host)| {
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    });
    !is_own && !matches!(origins.find(origin), Some(Allowed::Listed(_)))
}

/// Says whether a request only asks what a page may send.
pub fn is_preflight(request: &Request<()>) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight, where there are these methods.
pub fn preflight<S: AsRef<str>>(headers: &HeaderMap, methods: &[S]) -> Reply {
    let mut reply = Reply::empty(StatusCode::NO_CONTENT);
    let methods: Vec<&str> = methods.iter().map(AsRef::as_ref).collect();
    reply.set_text(ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", "));
    let lists = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let lists = lists.filter_map(|value| value.to_str().ok());
    let names = lists
        .flat_map(|list| list.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok());
    let names: Vec<HeaderName> = names.filter(may_be_sent).take(HEADERS_MAX).collect();
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
        reply.set_text(ACCESS_CONTROL_ALLOW_HEADERS, &names.join(", "));
    }
    reply.set(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    reply.set(
        VARY,
        HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers"),
    );
    reply
}

/// Says whether a page may send a field. Protocols have many, and the host knows none of them; what
/// tells about the way of a request, or who is at its other end, is nobody's page's to say.
fn may_be_sent(name: &HeaderName) -> bool {
    const OTHERS: [&str; 9] = [
        "connection",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    const FAMILIES: [&str; 4] = ["access-control-", "proxy-", "sec-", "x-forwarded-"];
    let name = name.as_str();
    name.len() <= 64
        && !OTHERS.contains(&name)
        && !FAMILIES.iter().any(|family| name.starts_with(family))
}

fn is_exposed(name: &HeaderName) -> bool {
    *name != SET_COOKIE && *name != VARY && !name.as_str().starts_with("access-control-")
}

/// Matches a pattern in time that is at most the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where the last star was, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
                continue;
            }
            Some(b'?') if *byte != b'/' => {
                (at, from) = (at + 1, from + 1);
                continue;
            }
            Some(same) if same == byte => {
                (at, from) = (at + 1, from + 1);
                continue;
            }
            _ => {}
        }
        match star {
            Some((place, taken)) if text.get(taken).is_some_and(|byte| *byte != b'/') => {
                star = Some((place, taken + 1));
                (at, from) = (place + 1, taken + 1);
            }
            _ => return false,
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(patterns: &str, origin: &str) -> Option<Allowed> {
        Origins::parse(patterns).find(&HeaderValue::from_str(origin).unwrap())
    }

    #[test]
    fn what_browsers_send_unasked_is_not_taken_from_other_sites() {
        let post = |fields: &[(&str, &str)]| {
            let mut request = Request::post("/a?action=add-member");
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            request.body(()).unwrap()
        };
        let (evil, own) = (
            ("origin", "http://evil.test"),
            ("origin", "https://HERE.test:8443"),
        );
        let (basic, plain) = (
            ("authorization", "Basic x"),
            ("content-type", "text/plain; a=b"),
        );
        let listed = Origins::parse("https://app.test");
        let unasked = |fields: &[(&str, &str)], origins: &Origins| {
            is_unasked(&post(fields), Some("here.test:8443"), origins)
        };
        for (fields, expected) in [
            (&[evil, basic, plain][..], true),
            (&[evil, basic], true),
            (
                &[
                    ("origin", "null"),
                    basic,
                    ("content-type", "multipart/form-data"),
                ],
                true,
            ),
            // What nobody signs is anybody's to send; and so is what was asked for.
            (&[evil, plain], false),
            (&[evil, basic, ("content-type", "text/calendar")], false),
            (&[own, basic, plain], false),
            (&[basic, plain], false),
            (&[("origin", "https://app.test"), basic, plain], false),
        ] {
            assert_eq!(unasked(fields, &listed), expected, "{fields:?}");
        }
        // That anyone may read what everybody may is no leave to write.
        assert!(unasked(&[evil, basic, plain], &Origins::parse("*")));
        let get = Request::get("/").header("origin", "http://evil.test");
        let get = get.header("authorization", "Basic x").body(()).unwrap();
        assert!(!is_unasked(&get, Some("here.test"), &listed));
    }

    #[test]
    fn only_what_a_pattern_names_is_allowed() {
        let app = "https://app.test";
        for (patterns, origin, expected) in [
            ("https://app.test", app, true),
            ("https://APP.test", app, true),
            ("http://app.test", app, false),
            ("https://app.test", "https://app.test:8443", false),
            ("https://app.test", "https://app.test.evil.test", false),
            ("https://*.app.test", "https://a.b.app.test", true),
            ("https://*.app.test", "https://app.test", false),
            ("https://*.app.test", "https://evil.test/.app.test", false),
            ("*.app.test", "https://a.app.test", false),
            ("https://app?.test", "https://app1.test", true),
            (
                "https://*.test, !https://evil.test",
                "https://evil.test",
                false,
            ),
            (
                "!https://evil.test https://*.test",
                "https://evil.test",
                true,
            ),
            ("https://*", "null", false),
            ("*", "null", false),
            ("", app, false),
        ] {
            let found = allowed(patterns, origin);
            assert_eq!(found.is_some(), expected, "{patterns} {origin}");
            assert_ne!(found, Some(Allowed::Anyone));
        }
        assert_eq!(allowed("*", app), Some(Allowed::Anyone));
        assert_eq!(
            allowed("* https://app.test", app),
            Some(Allowed::Listed(HeaderValue::from_static(
                "https://app.test"
            )))
        );
    }

    #[test]
    fn stars_take_no_exponential_time() {
        let pattern = format!("https://{}b", "*a".repeat(40));
        assert_eq!(
            allowed(&pattern, &format!("https://{}", "a".repeat(4000))),
            None
        );
    }

    #[test]
    fn credentials_are_for_listed_origins_only() {
        let permit = |patterns: &str, origin: &str| {
            let origins = Origins::parse(patterns);
            let mut headers = HeaderMap::new();
            headers.insert("etag", HeaderValue::from_static("\"a\""));
            headers.insert("x-of-module", HeaderValue::from_static("b"));
            headers.insert(SET_COOKIE, HeaderValue::from_static("c"));
            origins.permit(allowed(patterns, origin).as_ref(), &mut headers);
            headers
        };
        let listed = permit("https://app.test", "https://app.test");
        assert_eq!(listed[ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.test");
        assert_eq!(listed[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(listed[ACCESS_CONTROL_EXPOSE_HEADERS], "etag, x-of-module");
        assert_eq!(listed[VARY], "Origin");
        let anyone = permit("*", "https://app.test");
        assert_eq!(anyone[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!anyone.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let other = permit("https://app.test", "https://evil.test");
        assert!(!other.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(other[VARY], "Origin");
        assert!(!permit("", "https://app.test").contains_key(VARY));
    }

    #[test]
    fn a_preflight_allows_no_more_than_there_is() {
        let mut headers = HeaderMap::new();
        let wanted = "authorization, X-Of-Module, Cookie, Sec-Fetch-Site, b\u{e4}d";
        let many: Vec<String> = (0..100).map(|n| format!("x-{n}")).collect();
        for list in [wanted, &many.join(",")] {
            let value = HeaderValue::from_bytes(list.as_bytes()).unwrap();
            headers.append(ACCESS_CONTROL_REQUEST_HEADERS, value);
        }
        headers.append(
            ACCESS_CONTROL_REQUEST_HEADERS,
            HeaderValue::from_static("authorization, X-Of-Module, Cookie, Sec-Fetch-Site"),
        );
        let reply = preflight(&headers, &["GET", "STAMP"]);
        assert_eq!(reply.headers[ACCESS_CONTROL_ALLOW_METHODS], "GET, STAMP");
        let names = reply.headers[ACCESS_CONTROL_ALLOW_HEADERS]
            .to_str()
            .unwrap();
        assert_eq!(names.split(", ").count(), HEADERS_MAX);
        assert!(!names.contains("cookie") && !names.contains("sec-"));
    }
}
