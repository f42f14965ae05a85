//! The Range field: which bytes of a representation a client wants. RFC 9110 §14.

use std::ops::Range;

/// What a Range field leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of it: the field is malformed, of another unit, or asks for too much.
    Whole,
    /// These bytes; at least one range, none empty.
    Parts(Vec<Range<u64>>),
    /// 416.
    Unsatisfiable,
}

/// More ranges than this are answered with the whole. RFC 9110 §14.2 and §17.15 allow it.
const RANGES_MAX: usize = 64;

/// Ranges with a smaller gap than the head of a part are sent as one. RFC 9110 §15.3.7.2.
const GAP_MIN: u64 = 80;

/// Selects from a representation of this length.
pub fn select(field: &str, len: u64) -> Selection {
    let Some((unit, set)) = field.split_once('=') else {
        return Selection::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let mut parts: Vec<Range<u64>> = Vec::new();
    let mut count = 0;
    for spec in set
        .split(',')
        .map(str::trim)
        .filter(|spec| !spec.is_empty())
    {
        count += 1;
        if count > RANGES_MAX {
            return Selection::Whole;
        }
        match parse(spec, len) {
            Err(Malformed) => return Selection::Whole,
            Ok(range) if range.is_empty() => {}
            Ok(range) => merge(&mut parts, range),
        }
    }
    match (count, parts.is_empty()) {
        (0, _) => Selection::Whole,
        (_, true) => Selection::Unsatisfiable,
        _ => Selection::Parts(parts),
    }
}

struct Malformed;

/// Parses `5-9`, `5-` or `-5`; an empty range can't be satisfied. RFC 9110 §14.1.1.
fn parse(spec: &str, len: u64) -> Result<Range<u64>, Malformed> {
    let (first, last) = spec.split_once('-').ok_or(Malformed)?;
    if first.is_empty() {
        let suffix = number(last)?;
        return Ok(len.saturating_sub(suffix)..len);
    }
    let first = number(first)?;
    let end = match last {
        "" => len,
        last => {
            let last = number(last)?;
            if last < first {
                return Err(Malformed);
            }
            last.saturating_add(1).min(len)
        }
    };
    Ok(first..end.max(first))
}

/// Digits alone; more than fit mean the end.
fn number(digits: &str) -> Result<u64, Malformed> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Malformed);
    }
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// Adds a range, joined with those that it overlaps or nearly touches; else in the order asked for.
fn merge(parts: &mut Vec<Range<u64>>, mut range: Range<u64>) {
    let near = |a: &Range<u64>, b: &Range<u64>| {
        a.start <= b.end.saturating_add(GAP_MIN) && b.start <= a.end.saturating_add(GAP_MIN)
    };
    let mut place = parts.len();
    while let Some(index) = parts.iter().position(|part| near(part, &range)) {
        let part = parts.remove(index);
        range = range.start.min(part.start)..range.end.max(part.end);
        place = place.min(index);
    }
    parts.insert(place.min(parts.len()), range);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(field: &str, len: u64) -> Vec<(u64, u64)> {
        match select(field, len) {
            Selection::Parts(parts) => parts.into_iter().map(|r| (r.start, r.end)).collect(),
            other => panic!("{field}: {other:?}"),
        }
    }

    #[test]
    fn s14_1_2_byte_ranges() {
        assert_eq!(parts("bytes=0-499", 10_000), [(0, 500)]);
        assert_eq!(parts("bytes=9500-", 10_000), [(9500, 10_000)]);
        assert_eq!(parts("bytes=-500", 10_000), [(9500, 10_000)]);
        assert_eq!(parts("bytes=-20000", 10_000), [(0, 10_000)]);
        assert_eq!(parts("Bytes=0-0, -1", 10_000), [(0, 1), (9999, 10_000)]);
        assert_eq!(parts("bytes=0-99999999999999999999999", 5), [(0, 5)]);
        assert_eq!(parts("bytes=2-3,,9-", 4), [(2, 4)]);
    }

    #[test]
    fn s14_2_what_is_malformed_is_ignored() {
        for field in [
            "bytes",
            "bytes=",
            "bytes=,",
            "lines=1-2",
            "bytes=5-4",
            "bytes=a-",
            "bytes=--1",
            "bytes=1",
            "bytes=-",
            "bytes=+1-2",
        ] {
            assert_eq!(select(field, 100), Selection::Whole, "{field}");
        }
        let many = format!("bytes={}", "0-0,".repeat(RANGES_MAX + 1));
        assert_eq!(select(&many, 100), Selection::Whole);
    }

    #[test]
    fn s15_5_17_nothing_in_reach_is_unsatisfiable() {
        for (field, len) in [
            ("bytes=100-", 100),
            ("bytes=100-200,500-", 100),
            ("bytes=-0", 100),
            ("bytes=0-", 0),
            ("bytes=-5", 0),
        ] {
            assert_eq!(select(field, len), Selection::Unsatisfiable, "{field}");
        }
    }

    #[test]
    fn s15_3_7_2_overlapping_ranges_become_one_and_order_is_kept() {
        assert_eq!(parts("bytes=0-9,5-19", 100), [(0, 20)]);
        assert_eq!(parts("bytes=0-9,20-29", 100), [(0, 30)]);
        assert_eq!(parts("bytes=500-599,0-9", 1000), [(500, 600), (0, 10)]);
        assert_eq!(parts("bytes=0-9,500-509,5-505", 1000), [(0, 510)]);
    }
}
