//! Which answers are worth compressing.

use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE};

/// What is shorter fits in one packet as it is, and there is nothing to gain.
const LEN_MIN: u64 = 1400;

/// Says whether the answer with these fields and this length would be compressed for a client
/// that likes it: then it varies by Accept-Encoding.
///
/// An unknown type isn't: what people store in files is mostly compressed already, and a client
/// that fetches it may want to know how much is left.
pub fn is_worthwhile(headers: &HeaderMap, len: Option<u64>) -> bool {
    len.is_none_or(|len| len >= LEN_MIN) && is_possible(headers) && shrinks(headers)
}

/// Says whether compressing would be right, if not wise.
pub fn is_possible(headers: &HeaderMap) -> bool {
    // Digests are those of the bytes as they are sent. RFC 9530 §2, RFC 1864.
    const EXCLUDE: [&str; 2] = ["content-digest", "content-md5"];
    // RFC 9111 §5.2.2.6: whoever says no-transform wants its bytes to arrive as they are.
    let fixed = headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        let mut directives = value.split(',');
        directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
    });
    !fixed
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !EXCLUDE.iter().any(|name| headers.contains_key(*name))
}

/// Says whether the media type is one of text or the like.
fn shrinks(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let structured = ["+xml", "+json", "+yaml", "+text"];
    match kind {
        // An event stream is made of small pieces that mustn't wait.
        "text" => subtype != "event-stream",
        "message" => true,
        _ if structured.iter().any(|suffix| subtype.ends_with(suffix)) => true,
        "application" => matches!(
            subtype,
            "xml"
                | "xml-dtd"
                | "json"
                | "jsonl"
                | "javascript"
                | "ecmascript"
                | "ld-json"
                | "mbox"
                | "rtf"
                | "sql"
                | "toml"
                | "wasm"
                | "x-javascript"
                | "x-ndjson"
                | "x-sh"
                | "x-tar"
                | "x-tex"
                | "x-yaml"
                | "yaml"
                | "vnd.ms-fontobject"
        ),
        "image" => matches!(
            subtype,
            "bmp" | "x-ms-bmp" | "x-icon" | "vnd.microsoft.icon"
        ),
        "font" => matches!(subtype, "ttf" | "otf" | "sfnt" | "collection"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn worthwhile(fields: &[(&'static str, &'static str)], len: Option<u64>) -> bool {
        let fields = fields.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        is_worthwhile(&fields.collect(), len)
    }

    #[test]
    fn text_shrinks_and_what_is_compressed_does_not() {
        for (media_type, expected) in [
            ("text/plain", true),
            ("Text/HTML; charset=utf-8", true),
            ("application/xml; charset=utf-8", true),
            ("application/atom+xml", true),
            ("image/svg+xml", true),
            ("image/jpeg", false),
            ("video/mp4", false),
            ("audio/flac", false),
            ("font/woff2", false),
            ("application/zip", false),
            ("application/gzip", false),
            ("application/octet-stream", false),
            ("text/event-stream", false),
            ("nonsense", false),
        ] {
            let fields = [("content-type", media_type)];
            assert_eq!(worthwhile(&fields, Some(5000)), expected, "{media_type}");
            assert_eq!(worthwhile(&fields, None), expected, "{media_type}");
            assert!(!worthwhile(&fields, Some(1000)), "{media_type}");
        }
        assert!(!worthwhile(&[], Some(5000)));
    }

    #[test]
    fn never_twice_and_never_against_the_modules_word() {
        for field in [
            ("content-encoding", "gzip"),
            ("content-range", "bytes 0-1/2"),
            ("cache-control", "private, No-Transform"),
            ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ] {
            let fields = [("content-type", "text/plain"), field];
            assert!(!worthwhile(&fields, None), "{field:?}");
        }
    }
}
