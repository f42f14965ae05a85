//! Takes credentials out of what is written: fields that carry them, what stands before an `@` in
//! an address, and values that are named like secrets in queries and bodies.
//!
//! This looks at characters, not at any format, and rather takes out too much.

use http::{HeaderName, HeaderValue, Uri};
use std::borrow::Cow;

const REMOVED: &[u8] = b"[removed]";

/// Names in bodies whose values are secrets. Not `token` alone: that is what synchronisation and
/// locks are about.
const IN_BODIES: [&str; 8] = [
    "passw",
    "passphrase",
    "secret",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apikey",
];
/// Names in queries whose values are secrets.
const IN_QUERIES: [&str; 7] = ["pass", "secret", "token", "auth", "key", "sig", "code"];
/// Parts of the names of fields that carry credentials.
const IN_FIELDS: [&str; 8] = [
    "authorization",
    "authentication",
    "cookie",
    "password",
    "secret",
    "token",
    "api-key",
    "apikey",
];
/// Fields with such names that carry none.
const PLAIN_FIELDS: [&str; 3] = ["lock-token", "server-info-token", "www-authenticate"];

/// What is written of a field's value.
pub fn field<'a>(name: &HeaderName, value: &'a HeaderValue) -> Cow<'a, [u8]> {
    let name = name.as_str();
    let bytes = value.as_bytes();
    if PLAIN_FIELDS.contains(&name) || !IN_FIELDS.iter().any(|part| name.contains(part)) {
        return without_userinfo(bytes);
    }
    // The scheme of an Authorization tells much and betrays nothing.
    let scheme = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let has_scheme = name.ends_with("authorization") && scheme.len() < bytes.len();
    match has_scheme
        && scheme
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    {
        true => Cow::Owned([scheme, b" ", REMOVED].concat()),
        false => Cow::Borrowed(REMOVED),
    }
}

/// What is written of a request's target.
pub fn target(uri: &Uri) -> String {
    let Some(query) = uri.query() else {
        return uri.path().to_owned();
    };
    let is_secret = |name: &str| {
        // An encoded name could be any.
        let name = name.to_ascii_lowercase();
        name.contains('%') || IN_QUERIES.iter().any(|part| name.contains(part))
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}=[removed]"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{}?{}", uri.path(), pairs.join("&"))
}

/// Says whether a media type is that of a form.
pub fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        || kind.eq_ignore_ascii_case("multipart/form-data")
}

/// What is written of a body: `"password": "x"`, `password=x` and `<password>x<` lose their x.
pub fn body(text: &[u8]) -> Vec<u8> {
    let text = without_userinfo(text);
    let mut written = Vec::with_capacity(text.len());
    let mut rest: &[u8] = &text;
    while let Some(found) = next_secret(rest) {
        let (before, value) = rest.split_at(found.start);
        written.extend_from_slice(before);
        written.extend_from_slice(REMOVED);
        rest = value.get(found.len()..).unwrap_or_default();
    }
    written.extend_from_slice(rest);
    written
}

/// Finds the next value that is a secret.
fn next_secret(text: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let name = IN_BODIES.iter().find(|name| begins_with(rest, name));
        match name.map(|name| (at, at + name.len())) {
            None => at += 1,
            Some((start, end)) => {
                if let Some(value) = value_of(text, start, end) {
                    return Some(value);
                }
                at = end;
            }
        }
    }
    None
}

fn begins_with(text: &[u8], name: &str) -> bool {
    let begin = text.get(..name.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
}

/// Finds the value that belongs to a name. Looks only so far that hostile text takes no long time.
fn value_of(text: &[u8], name: usize, end: usize) -> Option<std::ops::Range<usize>> {
    const FAR: usize = 256;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let near = text.get(name.saturating_sub(FAR)..name)?;
    if near.iter().rev().find(|byte| !is_name(**byte)) == Some(&b'<') {
        let open = position(text.get(..text.len().min(end + FAR))?, end, |byte| {
            byte == b'>'
        })?;
        let close = position(text, open, |byte| byte == b'<').unwrap_or(text.len());
        return (open + 1 < close).then_some(open + 1..close);
    }
    let near = text.get(..text.len().min(end + FAR))?;
    let end = position(near, end, |byte| !is_name(byte) || byte == b':')?;
    let sign = position(near, end, |byte| !b"\"'\\ \t".contains(&byte))?;
    if !matches!(text.get(sign), Some(b':' | b'=')) {
        return None;
    }
    let start = position(near, sign + 1, |byte| !byte.is_ascii_whitespace())?;
    let quote = text
        .get(start)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\''));
    let Some(quote) = quote else {
        let is_end = |byte: u8| byte.is_ascii_whitespace() || b"&,;}<\"'".contains(&byte);
        let end = position(text, start, is_end).unwrap_or(text.len());
        return (start < end).then_some(start..end);
    };
    let mut escaped = false;
    let end = position(text, start + 1, |byte| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let value = start + 1..end.unwrap_or(text.len());
    (!value.is_empty()).then_some(value)
}

fn position(text: &[u8], from: usize, mut is: impl FnMut(u8) -> bool) -> Option<usize> {
    let found = text.get(from..)?.iter().position(|byte| is(*byte))?;
    Some(from + found)
}

/// Takes out `user:password@` after `://`.
fn without_userinfo(text: &[u8]) -> Cow<'_, [u8]> {
    let mut written: Option<Vec<u8>> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| rest.windows(3).position(|w| w == b"://"))
    {
        let start = at + found + 3;
        let is_end = |byte: u8| byte.is_ascii_whitespace() || b"/?#@<>\"'".contains(&byte);
        at = start;
        let end = position(text, start, is_end).unwrap_or(text.len());
        if text.get(end) == Some(&b'@') {
            let written = written.get_or_insert_default();
            written.extend_from_slice(text.get(copied..start).unwrap_or_default());
            written.extend_from_slice(REMOVED);
            copied = end;
        }
    }
    match written {
        None => Cow::Borrowed(text),
        Some(mut written) => {
            written.extend_from_slice(text.get(copied..).unwrap_or_default());
            Cow::Owned(written)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &'static str, value: &str) -> String {
        let value = HeaderValue::from_str(value).unwrap();
        let name = HeaderName::from_static(name);
        String::from_utf8(field(&name, &value).into_owned()).unwrap()
    }

    #[test]
    fn fields_lose_their_credentials() {
        for (name, value, expected) in [
            ("authorization", "Basic YTpi", "Basic [removed]"),
            ("authorization", "YTpi", "[removed]"),
            ("proxy-authorization", "Bearer x", "Bearer [removed]"),
            ("cookie", "session=1 2", "[removed]"),
            ("set-cookie", "session=1", "[removed]"),
            ("authentication-info", "data=x", "[removed]"),
            ("x-auth-token", "x", "[removed]"),
            ("lock-token", "<urn:uuid:1>", "<urn:uuid:1>"),
            (
                "destination",
                "http://a:b@host/x",
                "http://[removed]@host/x",
            ),
            ("destination", "http://host/a@b", "http://host/a@b"),
            ("if", "(<urn:uuid:1>)", "(<urn:uuid:1>)"),
        ] {
            assert_eq!(shown(name, value), expected);
        }
    }

    #[test]
    fn queries_lose_theirs() {
        let shown = |text: &str| target(&text.parse().unwrap());
        assert_eq!(shown("/a"), "/a");
        assert_eq!(
            shown("/a?x=1&Access_Token=2&y&%74oken=3"),
            "/a?x=1&Access_Token=[removed]&y&%74oken=[removed]"
        );
    }

    #[test]
    fn bodies_lose_theirs() {
        for (text, expected) in [
            (
                r#"{"password": "a\"b", "x": 1}"#,
                r#"{"password": "[removed]", "x": 1}"#,
            ),
            (
                r#"{"newPassword":"a","n":1}"#,
                r#"{"newPassword":"[removed]","n":1}"#,
            ),
            ("password=a&x=1", "password=[removed]&x=1"),
            ("client_secret = a", "client_secret = [removed]"),
            (
                "<x:password a='1'>b</x:password>",
                "<x:password a='1'>[removed]</x:password>",
            ),
            ("<password>", "<password>"),
            ("PASSWORD: never", "PASSWORD: [removed]"),
            ("the password of the day", "the password of the day"),
            (
                "<sync-token>http://x/1</sync-token>",
                "<sync-token>http://x/1</sync-token>",
            ),
            (r#"{"password":"cut"#, r#"{"password":"[removed]"#),
            ("see https://a:b@c/d", "see https://[removed]@c/d"),
            ("password", "password"),
            ("", ""),
        ] {
            let written = String::from_utf8(body(text.as_bytes())).unwrap();
            assert_eq!(written, expected, "{text}");
        }
    }

    #[test]
    fn many_names_take_no_long_time() {
        let began = std::time::Instant::now();
        for part in [
            "password ",
            "<password ",
            "passw",
            "<passw:",
            "://",
            "://a",
            "passw=\"",
            "passw =",
        ] {
            let text = part.repeat(65_536 / part.len());
            body(text.as_bytes());
        }
        let took = began.elapsed();
        assert!(took < std::time::Duration::from_secs(5), "{took:?}");
    }
}
