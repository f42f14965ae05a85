//! Dates and times as jCard has them, in the extended format, and as vCard 4.0 has them, in the
//! basic one. RFC 7095 §3.5.3 to §3.5.7.

use crate::convert::{extended_clock, extended_offset, split_zone};

/// Types whose values change.
pub(super) const KINDS: [&str; 6] = [
    "date",
    "time",
    "date-time",
    "date-and-or-time",
    "timestamp",
    "utc-offset",
];

/// Basic to extended.
pub(super) fn extend(kind: &str, text: &str) -> String {
    match kind {
        "utc-offset" => extended_offset(text),
        "time" => extend_time(text),
        _ => match text.split_once('T') {
            Some((date, time)) => format!("{}T{}", extend_date(date), extend_time(time)),
            None => extend_date(text),
        },
    }
}

fn extend_date(date: &str) -> String {
    match (date.len(), date.get(..2), date.starts_with('-')) {
        // `--0412`
        (6, Some("--"), _) if !date.starts_with("---") => {
            let (month, day) = (date.get(2..4), date.get(4..));
            format!(
                "--{}-{}",
                month.unwrap_or_default(),
                day.unwrap_or_default()
            )
        }
        (8, _, false) if !date.contains('-') => {
            let part = |range| date.get(range).unwrap_or_default();
            format!("{}-{}-{}", part(0..4), part(4..6), part(6..8))
        }
        _ => date.to_owned(),
    }
}

fn extend_time(time: &str) -> String {
    let (clock, zone) = split_zone(time);
    // `-2200` and `--00`: hours, or hours and minutes, are left out.
    let clock = match clock.strip_prefix('-') {
        Some(rest) if rest.len() == 4 && !rest.starts_with('-') => {
            let (minutes, seconds) = rest.split_at_checked(2).unwrap_or((rest, ""));
            format!("-{minutes}:{seconds}")
        }
        _ => extended_clock(clock),
    };
    clock + &extended_offset(zone)
}

/// Extended to basic.
pub(super) fn reduce(kind: &str, text: &str) -> String {
    let clock = |time: &str| time.replace(':', "");
    match kind {
        "time" | "utc-offset" => clock(text),
        _ => match text.split_once('T') {
            Some((date, time)) => format!("{}T{}", reduce_date(date), clock(time)),
            None => reduce_date(text),
        },
    }
}

fn reduce_date(date: &str) -> String {
    match date.as_bytes() {
        [b'-', b'-', _, _, b'-', _, _] => {
            let (month, day) = (date.get(2..4), date.get(5..));
            format!("--{}{}", month.unwrap_or_default(), day.unwrap_or_default())
        }
        [a, _, _, _, b'-', _, _, b'-', _, _] if *a != b'-' => date.replace('-', ""),
        _ => date.to_owned(),
    }
}
