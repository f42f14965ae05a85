//! The identifier of a request, by which its traces are found in all logs: the client's, if it
//! sent one (`X-Trace-Id` as Cyrus takes it, or the trace of a W3C `traceparent`), or a new one.
//! It stands in the answer, in the log, and in what the module gets.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The field, in requests and in answers.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const LEN_MAX: usize = 255;

/// The identifier of one request.
#[derive(Clone, Debug)]
pub struct TraceId(HeaderValue);

impl TraceId {
    /// Takes what a request says, if it is what it should be, or makes a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(X_TRACE_ID).iter();
        if let (Some(value), None) = (given.next(), given.next())
            && (1..=LEN_MAX).contains(&value.len())
            && value.as_bytes().iter().all(is_safe)
        {
            return Self(value.clone());
        }
        let parent = headers.get(TRACEPARENT).map(HeaderValue::as_bytes);
        match parent.and_then(trace_of).map(HeaderValue::from_bytes) {
            Some(Ok(value)) => Self(value),
            _ => Self::new(),
        }
    }

    /// Makes one that this process has not made before, nor probably any other: 32 hexadecimal
    /// digits, as in `traceparent`.
    fn new() -> Self {
        static SEEDS: OnceLock<[u64; 2]> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let random = || RandomState::new().build_hasher().finish();
        let [one, other] = *SEEDS.get_or_init(|| [random(), random()]);
        let count = COUNT.fetch_add(1, Relaxed);
        let number = u128::from(mix(one.wrapping_add(count))) << 64
            | u128::from(mix(other.wrapping_add(count)));
        let mut digits = [b'0'; 32];
        for (place, digit) in digits.iter_mut().enumerate() {
            let nibble = (number >> (124 - 4 * place) & 0xf) as u8;
            *digit = if nibble < 10 {
                b'0' + nibble
            } else {
                b'a' + nibble - 10
            };
        }
        // Digits are allowed in a field.
        Self(HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0")))
    }

    /// As a field.
    pub fn value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// What can stand in a log unquoted: the characters of base64url, and the dot.
fn is_safe(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// The trace of a `traceparent`: `00-<32 digits>-<16 digits>-<2 digits>`, where a later version may
/// add more. W3C Trace Context §3.2.
fn trace_of(parent: &[u8]) -> Option<&[u8]> {
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == b'0');
    let (head, rest) = parent.split_at_checked(55)?;
    let mut parts = head.split(|byte| *byte == b'-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = [version.len(), trace.len(), span.len(), flags.len()];
    let hex = [version, trace, span, flags];
    let ends = if version == b"00" {
        rest.is_empty()
    } else {
        rest.first().is_none_or(|b| *b == b'-')
    };
    let valid = lengths == [2, 32, 16, 2]
        && hex.iter().all(|part| part.iter().all(is_hex))
        && parts.next().is_none()
        && ends
        && version != b"ff"
        && !zeros(trace)
        && !zeros(span);
    valid.then_some(trace)
}

/// Spreads a counter over all bits (splitmix64): neighbours look nothing alike.
fn mix(count: u64) -> u64 {
    let mut z = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(HeaderName, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        TraceId::of(&headers).as_str().to_owned()
    }

    fn is_new(id: &str) -> bool {
        id.len() == 32
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }

    #[test]
    fn what_is_safe_is_taken() {
        let long = "a".repeat(255);
        for id in ["a", "A-z_0.9", long.as_str()] {
            assert_eq!(of(&[(X_TRACE_ID, id)]), id);
        }
        let too_long = "a".repeat(256);
        for id in [
            "",
            "a b",
            "a\"b",
            "a=b",
            "é",
            "a\tb",
            "a%0ab",
            "a/b",
            too_long.as_str(),
        ] {
            assert!(is_new(&of(&[(X_TRACE_ID, id)])), "{id}");
        }
        assert!(is_new(&of(&[(X_TRACE_ID, "a"), (X_TRACE_ID, "b")])));
    }

    // The examples are of W3C Trace Context §3.2.2.5 and §3.2.2.3.
    #[test]
    fn the_trace_of_a_traceparent_is_taken() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(of(&[(TRACEPARENT, &good)]), trace);
        let later = format!("cc-{trace}-00f067aa0ba902b7-01-what-the-future-brings");
        assert_eq!(of(&[(TRACEPARENT, &later)]), trace);
        assert_eq!(of(&[(X_TRACE_ID, "mine"), (TRACEPARENT, &good)]), "mine");
        for bad in [
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("cc-{trace}-00f067aa0ba902b7-01x"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            "00-".to_owned(),
        ] {
            assert!(is_new(&of(&[(TRACEPARENT, &bad)])), "{bad}");
        }
    }

    #[test]
    fn new_ones_differ() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| of(&[])).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| is_new(id)));
    }
}
