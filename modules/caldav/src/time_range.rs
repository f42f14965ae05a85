//! Ranges of time as reports give them. RFC 4791 §9.9, and the attributes of §9.6.5 to §9.6.7.

use icalendar::series::Range;
use icalendar::value::LocalTime;
use xml::Element;

/// Reads `start` and `end`. One of them may be missing: the range is open at that end.
///
/// There is no range if both are missing, one is no UTC time, or the end is not after the start.
pub(crate) fn parse(element: &Element) -> Option<Range> {
    let time = |name: &str| match element.attribute(name) {
        Some(value) => parse_utc(value).map(Some),
        None => Some(None),
    };
    let (start, end) = (time("start")?, time("end")?);
    if start.is_none() && end.is_none() {
        return None;
    }
    let range = Range::new(start, end);
    (range.start < range.end).then_some(range)
}

/// The same, where both must be there.
pub(crate) fn parse_closed(element: &Element) -> Option<Range> {
    parse(element).filter(|range| range.start > i64::MIN && range.end < i64::MAX)
}

/// A "date with UTC time" value. RFC 5545 §3.3.5.
///
/// DATE values and times without a `Z` are taken for UTC: khal and Home Assistant have sent them.
fn parse_utc(value: &str) -> Option<i64> {
    let value = value.trim();
    let value = value.strip_suffix(['Z', 'z']).unwrap_or(value);
    LocalTime::parse(value).ok().map(|time| time.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn s9_9_ranges_are_in_utc_and_open_at_one_end_at_most() {
        let read = |attributes: &str| {
            let xml = format!("<time-range {attributes}/>");
            let element = xml::parse(xml.as_bytes(), &xml::Limits::default()).unwrap();
            parse(&element)
        };
        let range = read("start='20060104T000000Z' end='20060105T000000Z'").unwrap();
        assert_eq!((range.start, range.end), (1_136_332_800, 1_136_419_200));
        let open = read("start='20060104T000000Z'").unwrap();
        assert_eq!((open.start, open.end), (1_136_332_800, i64::MAX));
        for bad in [
            "",
            "start='tomorrow'",
            "start='20060105T000000Z' end='20060105T000000Z'",
            "start='20060105T000000Z' end='20060104T000000Z'",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
