//! Which content coding a client wants. RFC 9110 §12.5.3.

use super::Coding;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// What a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The coding it likes best; none if it likes none, or plain bytes better.
    pub coding: Option<Coding>,
    /// Plain bytes will do, too.
    pub identity: bool,
}

impl Accepted {
    /// Nothing but plain bytes.
    pub const PLAIN: Self = Self {
        coding: None,
        identity: true,
    };

    /// Chooses among what the field allows. Without the field nothing is compressed: who wants it
    /// says so, and other clients there are that can't read it.
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut named, mut identity, mut others) = ([None; Coding::ALL.len()], None, None);
        let lists = headers.get_all(ACCEPT_ENCODING).iter();
        let lists = lists.filter_map(|value| value.to_str().ok());
        for (name, weight) in lists.flat_map(|list| list.split(',')).filter_map(item) {
            if name == "*" {
                others = Some(weight);
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(weight);
            } else if let Some(coding) = Coding::find(name) {
                let known = Coding::ALL.into_iter().zip(&mut named);
                for (_, slot) in known.filter(|(known, _)| *known == coding) {
                    *slot = Some(weight);
                }
            }
        }
        let mut best = None;
        for (coding, weight) in Coding::ALL.into_iter().zip(named) {
            let weight = weight.or(others).unwrap_or(0);
            if weight > best.map_or(0, |(_, best)| best) {
                best = Some((coding, weight));
            }
        }
        Self {
            // "identity;q=1, gzip;q=0.5" is a wish for plain bytes.
            coding: best
                .filter(|(_, weight)| *weight >= identity.unwrap_or(0))
                .map(|(coding, _)| coding),
            identity: identity.or(others) != Some(0),
        }
    }
}

/// A member of the list and its weight in thousandths; none if it is malformed. RFC 9110 §12.4.2.
fn item(text: &str) -> Option<(&str, u16)> {
    let (name, weight) = match text.split_once(';') {
        Some((name, parameter)) => {
            let (q, weight) = parameter.trim().split_once('=')?;
            if !q.eq_ignore_ascii_case("q") {
                return None;
            }
            (name, thousandths(weight)?)
        }
        None => (text, 1000),
    };
    let name = name.trim();
    (!name.is_empty()).then_some((name, weight))
}

fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Coding::{Brotli, Gzip, Zstd};
    use http::HeaderValue;

    fn accepted(lists: &[&str]) -> (Option<Coding>, bool) {
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(list).unwrap());
        }
        let accepted = Accepted::of(&headers);
        (accepted.coding, accepted.identity)
    }

    #[test]
    fn s12_5_3_the_heaviest_wins_and_then_our_order() {
        for (list, expected) in [
            ("gzip", Some(Gzip)),
            ("X-GZIP", Some(Gzip)),
            ("gzip, deflate, br", Some(Brotli)),
            ("gzip, deflate, br, zstd", Some(Zstd)),
            ("zstd;q=0.5, gzip;q=0.8", Some(Gzip)),
            ("gzip;q=0.001,br;q=0", Some(Gzip)),
            ("compress, gzip ; q=1.000", Some(Gzip)),
            ("*", Some(Zstd)),
            ("*, zstd;q=0", Some(Brotli)),
            ("zstd;q=0.1, *;q=0.2", Some(Brotli)),
            ("", None),
            ("deflate", None),
            ("gzip;q=0", None),
            ("*;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("gzip;q=0.5, identity;q=0.5", Some(Gzip)),
        ] {
            assert_eq!(accepted(&[list]).0, expected, "{list}");
        }
        assert_eq!(accepted(&["gzip;q=0.1", "br;q=0.2"]).0, Some(Brotli));
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted::PLAIN);
    }

    #[test]
    fn s12_5_3_plain_bytes_unless_excluded() {
        for (list, expected) in [
            ("gzip", true),
            ("gzip, *;q=0", false),
            ("gzip, identity;q=0", false),
            ("identity;q=0.1, *;q=0", true),
            ("*;q=0.5", true),
        ] {
            assert_eq!(accepted(&[list]).1, expected, "{list}");
        }
    }

    #[test]
    fn s12_4_2_malformed_weights_count_nothing() {
        for list in [
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=0.1234",
            "gzip;q=",
            "gzip;x=1",
            "gzip;q=1.1",
        ] {
            assert_eq!(accepted(&[list]), (None, true), "{list}");
        }
    }
}
