//! The target of a request: which host, and a path that is safe to compare. RFC 9110 §7.1, §7.2,
//! RFC 9112 §3.2, RFC 3986 §6.2.2.

use http::header::HOST;
use http::uri::Authority;
use http::{Request, Version};
use std::borrow::Cow;

/// Why a request can't be understood; the text is for its client.
pub type Problem = &'static str;

/// Longest target taken; longer ones are answered with 414.
pub const LEN_MAX: usize = 8000;

/// Returns host and port as the client named them; none where Host is empty, or HTTP/1.0 left it out.
pub fn authority<B>(request: &Request<B>) -> Result<Option<Cow<'_, str>>, Problem> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err("more than one Host");
    }
    let field = match field {
        Some(value) => {
            let text = value.to_str().map_err(|_| "a malformed Host")?.trim();
            if !text.is_empty() && !well_formed(text) {
                return Err("a malformed Host");
            }
            Some(text)
        }
        None => None,
    };
    match (request.uri().authority(), field) {
        // RFC 9113 §8.3.1: Host and :authority must not differ. In HTTP/1.1 an absolute target
        // overrides Host (RFC 9112 §3.2.2).
        (Some(authority), Some(field))
            if request.version() == Version::HTTP_2
                && !field.eq_ignore_ascii_case(authority.as_str()) =>
        {
            Err("Host differs from :authority")
        }
        (Some(authority), _) if authority.as_str().contains('@') => Err("a user in the target"),
        // RFC 9112 §3.2: "A server MUST respond with a 400 to any HTTP/1.1 request message that
        // lacks a Host header field".
        (_, None) if request.version() == Version::HTTP_11 => Err("no Host"),
        (Some(authority), _) => Ok(Some(Cow::Borrowed(authority.as_str()))),
        // RFC 9110 §7.2: it may be empty, where the target has no authority. So nobody is named.
        (None, Some("")) => Ok(None),
        (None, Some(field)) => Ok(Some(Cow::Borrowed(field))),
        (None, None) if request.version() == Version::HTTP_2 => Err("no :authority"),
        (None, None) => Ok(None),
    }
}

/// Most hosts are plain names with a port; the rest is parsed.
fn well_formed(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    let simple = name.bytes().all(plain) && port.bytes().all(|b| b.is_ascii_digit());
    (simple && !name.is_empty()) || (!text.contains('@') && text.parse::<Authority>().is_ok())
}

/// Resolves dot segments, and writes what may be written plainly without percent signs: two paths
/// that mean the same become the same text. What can't be meant well is refused. An encoded slash
/// separates nothing and stays encoded: it is part of a name, such as a time zone's (RFC 7808 §4.1).
pub fn normalise(path: &str) -> Result<Cow<'_, str>, Problem> {
    if !path.starts_with('/') {
        return Err("a target without a path");
    }
    if !path.contains(['%', '\\']) && !path.contains("/.") {
        return Ok(Cow::Borrowed(path));
    }
    let decoded = decode_unreserved(path)?;
    if !decoded.contains("/.") {
        return Ok(Cow::Owned(decoded));
    }
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in decoded.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                segments.pop().ok_or("a path that leads above the root")?;
            }
            segment => segments.push(segment),
        }
    }
    let mut resolved = String::with_capacity(decoded.len());
    for segment in &segments {
        resolved.push('/');
        resolved.push_str(segment);
    }
    if ends_in_folder || segments.is_empty() {
        resolved.push('/');
    }
    Ok(Cow::Owned(resolved))
}

fn decode_unreserved(path: &str) -> Result<String, Problem> {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((plain, tail)) = rest.split_once('%') {
        decoded.push_str(plain);
        let (digits, tail) = tail
            .split_at_checked(2)
            .ok_or("a percent sign without two digits")?;
        let byte = u8::from_str_radix(digits, 16)
            .ok()
            .filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .ok_or("a percent sign without two digits")?;
        match byte {
            0 => return Err("an encoded NUL"),
            b'-' | b'.' | b'_' | b'~' => decoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => decoded.push(char::from(byte)),
            _ => {
                decoded.push('%');
                decoded.extend(digits.chars().map(|c| c.to_ascii_uppercase()));
            }
        }
        rest = tail;
    }
    decoded.push_str(rest);
    Ok(decoded)
}

/// Decodes all percent signs of a path that [`normalise`] has passed. An encoded slash is refused: it
/// would separate what it did not separate before.
pub fn decode(path: &str) -> Result<Cow<'_, str>, Problem> {
    if !path.contains('%') {
        return Ok(Cow::Borrowed(path));
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
        match (digit(), digit()) {
            (Some(2), Some(0xf)) => return Err("an encoded slash"),
            (Some(high), Some(low)) => decoded.push((high << 4 | low) as u8),
            _ => return Err("a percent sign without two digits"),
        }
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| "a path that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_s6_2_2_equal_paths_become_equal() {
        for (path, expected) in [
            ("/", "/"),
            ("/a/b/", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/a/%2e%2E/b", "/b"),
            ("/%7Ea%2d", "/~a-"),
            ("/a%c3%a9%20", "/a%C3%A9%20"),
            ("/a//b", "/a//b"),
            ("/.well-known/x", "/.well-known/x"),
            ("/...", "/..."),
            ("/a/..", "/"),
            ("/a%2fb%2F..", "/a%2Fb%2F.."),
            ("/..%2f../b", "/..%2F../b"),
        ] {
            assert_eq!(normalise(path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn what_can_not_be_meant_well_is_refused() {
        for path in [
            "",
            "*",
            "a",
            "/..",
            "/a/../../b",
            "/%2e%2e",
            "/a%00",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%é",
        ] {
            assert!(normalise(path).is_err(), "{path}");
        }
    }

    #[test]
    fn decoding_is_strict() {
        assert_eq!(decode("/a%20%C3%A9").unwrap(), "/a é");
        assert!(decode("/%FF").is_err());
        assert!(decode("/a%2Fb").is_err());
    }

    fn host(version: Version, target: &str, hosts: &[&str]) -> Result<Option<String>, Problem> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        authority(&request.body(()).unwrap()).map(|a| a.map(Cow::into_owned))
    }

    #[test]
    fn rfc9112_s3_2_one_host_it_must_be() {
        let (v10, v11, v2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        assert_eq!(host(v11, "/", &["a:80"]), Ok(Some("a:80".into())));
        assert_eq!(host(v11, "/", &["[::1]:80"]), Ok(Some("[::1]:80".into())));
        assert_eq!(host(v11, "http://b/", &["a"]), Ok(Some("b".into())));
        assert_eq!(host(v10, "/", &[]), Ok(None));
        assert_eq!(host(v11, "/", &[""]), Ok(None)); // RFC 9110 §7.2
        assert_eq!(host(v2, "https://b/", &[]), Ok(Some("b".into())));
        assert!(host(v11, "/", &[]).is_err());
        assert!(host(v11, "/", &["a", "a"]).is_err());
        assert!(host(v11, "/", &["a b"]).is_err());
        assert!(host(v11, "/", &["u@a"]).is_err());
        assert!(host(v2, "https://b/", &["a"]).is_err());
    }
}
