//! The formats of time zone data, and which of them a client wants. RFC 7808 §4.1.2.

use crate::problem::{Kind, Problem};
use crate::query::Query;
use module::Headers;

/// A format of time zone data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 5545.
    ICalendar,
    /// RFC 7265.
    JCal,
    /// RFC 8536.
    TZif,
}

impl Format {
    /// All of them, the one that is sent without a wish first.
    pub(crate) const ALL: [Self; 3] = [Self::ICalendar, Self::JCal, Self::TZif];

    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::ICalendar => "text/calendar",
            Self::JCal => "application/calendar+json",
            Self::TZif => "application/tzif",
        }
    }

    /// What comes after the entity tag of the zone, so that each format has its own.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::ICalendar => "",
            Self::JCal => "-j",
            Self::TZif => "-z",
        }
    }

    /// The one that a client wants: by the parameter `format`, which Cyrus has, or by `Accept`.
    pub(crate) fn wanted(query: &Query, headers: &Headers) -> Result<Self, Problem> {
        let refused = |wanted: &str| {
            let known = Self::ALL.map(Self::media_type).join(", ");
            let detail = format!("{wanted:?} is none of {known}");
            Problem::new(Kind::InvalidFormat, detail)
        };
        if let Some(format) = query.one("format", Kind::InvalidFormat)? {
            let known = Self::ALL.into_iter();
            let mut known = known.filter(|known| format.eq_ignore_ascii_case(known.media_type()));
            return known.next().ok_or_else(|| refused(format));
        }
        let accept: Vec<&str> = headers.all("accept").collect();
        let accept = accept.join(",");
        if accept.trim().is_empty() {
            return Ok(Self::ICalendar);
        }
        let ranges: Vec<MediaRange<'_>> = accept.split(',').map(MediaRange::parse).collect();
        let mut best = None;
        for format in Self::ALL {
            let quality = quality(&ranges, format.media_type());
            // Of equal ones, the first.
            if quality > best.map_or(0, |(quality, _)| quality) {
                best = Some((quality, format));
            }
        }
        best.map(|(_, format)| format)
            .ok_or_else(|| refused(&accept))
    }
}

/// A media range with its quality, in thousandths. RFC 9110 §12.5.1.
struct MediaRange<'a> {
    name: &'a str,
    quality: u32,
}

impl<'a> MediaRange<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then_some(value.trim())
        });
        Self {
            name,
            quality: quality.map_or(1000, thousandths),
        }
    }

    /// How closely it names a media type: 3 is exactly, 0 not at all.
    fn precision(&self, media_type: &str) -> u32 {
        if self.name.eq_ignore_ascii_case(media_type) {
            3
        } else if self.name == "*/*" {
            1
        } else {
            let family = self.name.strip_suffix("/*");
            let own = media_type.split_once('/').map(|(family, _)| family);
            match (family, own) {
                (Some(family), Some(own)) if family.eq_ignore_ascii_case(own) => 2,
                _ => 0,
            }
        }
    }
}

/// The quality that the closest of the ranges gives a media type; 0 is none.
fn quality(ranges: &[MediaRange<'_>], media_type: &str) -> u32 {
    let matching = ranges
        .iter()
        .map(|range| (range.precision(media_type), range.quality));
    let closest = matching.filter(|(precision, _)| *precision > 0).max();
    closest.map_or(0, |(_, quality)| quality)
}

/// Reads `0.8` as 800; what is not a number is no wish at all. RFC 9110 §12.4.2.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let value = format!("{whole}{fraction}").parse();
    value.map_or(0, |value: u32| value.min(1000))
}
