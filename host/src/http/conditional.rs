//! Conditional requests on what is read. RFC 9110 §13.
//!
//! Used once for modules and static files: for GET and HEAD of something that would be answered
//! with 200. Conditions on writes are the module's, which turns them into conditions of its batch.

use http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, HeaderValue};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What identifies a representation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validators<'a> {
    /// The entity tag, in quotes, `W/` before it if weak.
    pub etag: Option<&'a str>,
    /// When it last changed, in milliseconds since 1970.
    pub last_modified: Option<i64>,
}

/// What the conditions lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answer as if there were none.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates the conditions in the order of RFC 9110 §13.2.2.
pub fn evaluate(headers: &HeaderMap, validators: Validators<'_>) -> Outcome {
    if headers.contains_key(IF_MATCH) {
        if !matches(headers, &IF_MATCH, validators.etag, strong_if_sent_plain) {
            return Outcome::Failed;
        }
    } else if let (Some(date), Some(modified)) = (
        date(headers, &IF_UNMODIFIED_SINCE),
        validators.last_modified,
    ) && whole_seconds(modified) > date
    {
        return Outcome::Failed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        if matches(headers, &IF_NONE_MATCH, validators.etag, weak) {
            return Outcome::NotModified;
        }
    } else if let (Some(date), Some(modified)) =
        (date(headers, &IF_MODIFIED_SINCE), validators.last_modified)
        && whole_seconds(modified) <= date
    {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// Takes the `W/` from tags in If-Match, before a module sees them.
///
/// Deviation: RFC 9110 §13.1.1 has weak tags match nothing there. But it is the host that made a
/// module's strong tag weak when it compressed the answer, and a client can only send back what it
/// got. What it wants is that nothing has changed since, which the strong tag tells. A tag that is
/// weak by its module's own word still matches nothing.
pub fn strengthen(headers: &mut HeaderMap) {
    let values = headers.get_all(IF_MATCH);
    let lists = || values.iter().filter_map(|value| value.to_str().ok());
    if !lists().any(|list| list.contains("W/")) {
        return;
    }
    let strong: Vec<&str> = lists()
        .flat_map(tags)
        .map(|tag| tag.trim_start_matches("W/"))
        .collect();
    if let Ok(value) = HeaderValue::try_from(strong.join(", ")) {
        headers.insert(IF_MATCH, value);
    }
}

/// Says whether Range is to be heeded. RFC 9110 §13.1.5.
pub fn range_applies(headers: &HeaderMap, validators: Validators<'_>) -> bool {
    let Some(value) = headers.get(IF_RANGE) else {
        return true;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let value = value.trim();
    if value.starts_with('"') || value.starts_with("W/") {
        return validators.etag.is_some_and(|etag| strong(value, etag));
    }
    // A date is a strong validator only if the representation can't have changed again within its
    // second. RFC 9110 §8.8.2.2.
    match (httpdate::parse_http_date(value), validators.last_modified) {
        (Ok(date), Some(modified)) => {
            let modified = whole_seconds(modified);
            let settled = SystemTime::now().duration_since(modified);
            date == modified && settled.is_ok_and(|age| age > Duration::from_secs(1))
        }
        _ => false,
    }
}

/// Says whether one of the tags in a field's list matches; `*` matches whatever is there.
fn matches(
    headers: &HeaderMap,
    name: &HeaderName,
    etag: Option<&str>,
    same: fn(&str, &str) -> bool,
) -> bool {
    headers.get_all(name).iter().any(|value| {
        let Ok(value) = value.to_str() else {
            return false;
        };
        value.trim() == "*" || etag.is_some_and(|etag| tags(value).any(|tag| same(tag, etag)))
    })
}

/// The entity tags of a list; ends at what is none. RFC 9110 §8.8.3.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let prefix = if rest.starts_with("W/") { 2 } else { 0 };
        let opaque = rest.get(prefix..)?.strip_prefix('"')?;
        let len = prefix + 1 + opaque.find('"')? + 1;
        let (tag, tail) = rest.split_at_checked(len)?;
        rest = tail;
        Some(tag)
    })
}

/// RFC 9110 §8.8.3.2: strong comparison.
fn strong(a: &str, b: &str) -> bool {
    a == b && !a.starts_with("W/")
}

/// As strong comparison, but for the client's `W/`: see [`strengthen`].
fn strong_if_sent_plain(sent: &str, ours: &str) -> bool {
    strong(ours, sent.trim_start_matches("W/"))
}

/// RFC 9110 §8.8.3.2: weak comparison.
fn weak(a: &str, b: &str) -> bool {
    a.trim_start_matches("W/") == b.trim_start_matches("W/")
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let value = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

/// HTTP's dates have no fractions.
fn whole_seconds(instant_ms: i64) -> SystemTime {
    let seconds = u64::try_from(instant_ms.div_euclid(1000)).unwrap_or(0);
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const DATE_MS: i64 = 784_111_777_500;
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn headers(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn check(fields: &[(HeaderName, &str)], etag: Option<&str>) -> Outcome {
        let validators = Validators {
            etag,
            last_modified: Some(DATE_MS),
        };
        evaluate(&headers(fields), validators)
    }

    #[test]
    fn s13_1_1_if_match_compares_strongly() {
        let tag = Some("\"a\"");
        assert_eq!(check(&[(IF_MATCH, "\"b\", \"a\"")], tag), Outcome::Proceed);
        assert_eq!(check(&[(IF_MATCH, "*")], tag), Outcome::Proceed);
        assert_eq!(check(&[(IF_MATCH, "\"b\"")], tag), Outcome::Failed);
        assert_eq!(
            check(&[(IF_MATCH, "W/\"a\"")], Some("W/\"a\"")),
            Outcome::Failed
        );
        assert_eq!(check(&[(IF_MATCH, "W/\"a\"")], tag), Outcome::Proceed);
        assert_eq!(check(&[(IF_MATCH, "\"a\"")], None), Outcome::Failed);
    }

    #[test]
    fn s13_1_1_modules_see_no_weak_tags_in_if_match() {
        for (sent, seen) in [
            ("W/\"a\"", "\"a\""),
            ("\"W/\", W/\"a,b\"", "\"W/\", \"a,b\""),
            ("\"a\" , \"b\"", "\"a\" , \"b\""),
            ("*", "*"),
        ] {
            let mut headers = headers(&[(IF_MATCH, sent)]);
            strengthen(&mut headers);
            assert_eq!(headers[IF_MATCH], seen);
        }
    }

    #[test]
    fn s13_1_2_if_none_match_compares_weakly() {
        let tag = Some("\"a\"");
        assert_eq!(
            check(&[(IF_NONE_MATCH, "W/\"a\"")], tag),
            Outcome::NotModified
        );
        assert_eq!(
            check(&[(IF_NONE_MATCH, "\"x,y\" ,, \"a\"")], tag),
            Outcome::NotModified
        );
        assert_eq!(check(&[(IF_NONE_MATCH, "*")], tag), Outcome::NotModified);
        assert_eq!(check(&[(IF_NONE_MATCH, "\"b\"")], tag), Outcome::Proceed);
        assert_eq!(check(&[(IF_NONE_MATCH, "a")], tag), Outcome::Proceed);
        let two = [(IF_NONE_MATCH, "\"b\""), (IF_NONE_MATCH, "\"a\"")];
        assert_eq!(check(&two, tag), Outcome::NotModified);
    }

    #[test]
    fn s13_1_3_dates_count_only_without_tags() {
        assert_eq!(
            check(&[(IF_MODIFIED_SINCE, DATE)], None),
            Outcome::NotModified
        );
        assert_eq!(
            check(&[(IF_MODIFIED_SINCE, EARLIER)], None),
            Outcome::Proceed
        );
        assert_eq!(
            check(&[(IF_MODIFIED_SINCE, "yesterday")], None),
            Outcome::Proceed
        );
        let both = [(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, LATER)];
        assert_eq!(check(&both, Some("\"a\"")), Outcome::Proceed);
    }

    #[test]
    fn s13_1_4_if_unmodified_since() {
        assert_eq!(
            check(&[(IF_UNMODIFIED_SINCE, EARLIER)], None),
            Outcome::Failed
        );
        assert_eq!(
            check(&[(IF_UNMODIFIED_SINCE, DATE)], None),
            Outcome::Proceed
        );
        let both = [(IF_MATCH, "\"a\""), (IF_UNMODIFIED_SINCE, EARLIER)];
        assert_eq!(check(&both, Some("\"a\"")), Outcome::Proceed);
    }

    #[test]
    fn s13_1_5_if_range_takes_strong_validators_only() {
        let applies = |value: &str, etag| {
            let validators = Validators {
                etag: Some(etag),
                last_modified: Some(DATE_MS),
            };
            range_applies(&headers(&[(IF_RANGE, value)]), validators)
        };
        assert!(applies("\"a\"", "\"a\""));
        assert!(!applies("\"b\"", "\"a\""));
        assert!(!applies("W/\"a\"", "W/\"a\""));
        assert!(applies(DATE, "\"a\""));
        assert!(!applies(LATER, "\"a\""));
        assert!(!applies("nonsense", "\"a\""));
        assert!(range_applies(&HeaderMap::new(), Validators::default()));
    }
}
