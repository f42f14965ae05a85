//! Which of several media types a client wants. RFC 9110 §12.5.1.

use crate::Headers;

/// The media type, of those offered, that a client wants most, by its place; the first of equal
/// ones, and without a wish the first of all. None if it wants none of them.
pub fn preferred(headers: &Headers, offered: &[&str]) -> Option<usize> {
    let fields: Vec<&str> = headers.all("accept").collect();
    let accept = fields.join(",");
    if accept.trim().is_empty() {
        return Some(0);
    }
    let ranges: Vec<Range<'_>> = accept.split(',').map(Range::parse).collect();
    let mut best = None;
    for (place, media_type) in offered.iter().enumerate() {
        let quality = quality(&ranges, media_type);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, place));
        }
    }
    best.map(|(_, place)| place)
}

/// A media range with its quality, in thousandths.
struct Range<'a> {
    name: &'a str,
    quality: u32,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_quality = name.trim().eq_ignore_ascii_case("q");
            is_quality.then_some(value.trim())
        });
        Self {
            name,
            quality: quality.map_or(1000, thousandths),
        }
    }

    /// How closely it names a media type: 3 is exactly, 0 not at all.
    fn precision(&self, media_type: &str) -> u32 {
        if self.name.eq_ignore_ascii_case(media_type) {
            return 3;
        }
        let family = self.name.strip_suffix("/*");
        let own = media_type.split_once('/').map(|(family, _)| family);
        match (family, own) {
            (Some("*"), _) => 1,
            (Some(family), Some(own)) if family.eq_ignore_ascii_case(own) => 2,
            _ => 0,
        }
    }
}

/// The quality that the closest of the ranges gives a media type; 0 is none.
fn quality(ranges: &[Range<'_>], media_type: &str) -> u32 {
    let all = ranges.iter();
    let matching = all.map(|range| (range.precision(media_type), range.quality));
    let closest = matching.filter(|(precision, _)| *precision > 0).max();
    closest.map_or(0, |(_, quality)| quality)
}

/// Reads `0.8` as 800; what is not a number is no wish at all. RFC 9110 §12.4.2.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return 0;
    }
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let value = format!("{whole}{fraction}").parse();
    value.map_or(0, |value: u32| value.min(1000))
}
