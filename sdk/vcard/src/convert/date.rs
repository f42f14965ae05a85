//! Dates, times and offsets: extended as vCard 3.0 likes them, basic as 4.0 has them.
//! RFC 2426 §3.1.5, RFC 6350 §4.3.

/// `1985-04-12T10:22:00-05:00` to `19850412T102200-0500`. What is basic stays.
pub(super) fn to_basic(text: &str) -> String {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut basic = match date.as_bytes() {
        // `--MM-DD`, which some programs write into vCard 3.0.
        [b'-', b'-', _, _, b'-', _, _] => format!("--{}", date.replace('-', "")),
        // `YYYY-MM` is the same in both, and without its hyphen would be something else.
        [_, _, _, _, b'-', _, _] => date.to_owned(),
        [b'-', ..] => date.to_owned(),
        _ => date.replace('-', ""),
    };
    if let Some(time) = time {
        basic.push('T');
        let (clock, zone) = split_zone(time);
        // No fraction in vCard 4.0. RFC 6350 §4.3.2.
        let clock = clock.split(['.', ',']).next().unwrap_or_default();
        basic.push_str(&clock.replace(':', ""));
        basic.push_str(&zone.replace(':', ""));
    }
    basic
}

/// `19850412T102200-0500` to `1985-04-12T10:22:00-05:00`: only whole dates, with a time or
/// without. None for all others, which vCard 3.0 doesn't have.
pub(super) fn to_extended(text: &str) -> Option<String> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let digits: String = date.chars().filter(|char| *char != '-').collect();
    let whole = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !whole || date.starts_with('-') {
        return None;
    }
    let mut extended = String::with_capacity(25);
    extended.push_str(digits.get(..4)?);
    extended.push('-');
    extended.push_str(digits.get(4..6)?);
    extended.push('-');
    extended.push_str(digits.get(6..)?);
    if let Some(time) = time {
        let (clock, zone) = split_zone(time);
        extended.push('T');
        extended.push_str(&extended_clock(clock));
        extended.push_str(&extended_offset(zone));
    }
    Some(extended)
}

/// The time of day and its offset.
pub(crate) fn split_zone(time: &str) -> (&str, &str) {
    match time.rfind(['Z', 'z', '+', '-']) {
        // A hyphen at the beginning stands for hours that are left out.
        Some(at) if at > 0 => time.split_at(at),
        _ => (time, ""),
    }
}

/// `102200` to `10:22:00`.
pub(crate) fn extended_clock(clock: &str) -> String {
    let digits = clock.bytes().all(|byte| byte.is_ascii_digit());
    match (digits, clock.len()) {
        (true, 4 | 6) => {
            let mut extended = String::with_capacity(8);
            for (at, digit) in clock.chars().enumerate() {
                if at == 2 || at == 4 {
                    extended.push(':');
                }
                extended.push(digit);
            }
            extended
        }
        _ => clock.to_owned(),
    }
}

/// `-0500` to `-05:00`.
pub(crate) fn extended_offset(zone: &str) -> String {
    match (zone.len(), zone.get(..3), zone.get(3..)) {
        (5, Some(hours), Some(minutes)) => format!("{hours}:{minutes}"),
        _ => zone.to_owned(),
    }
}

/// Whether a text is an offset from UTC. RFC 2426 §3.4.1.
pub(crate) fn is_offset(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix(['+', '-']) {
        Some(rest) => match rest.split_once(':') {
            Some((hours, minutes)) => digits(hours) && digits(minutes),
            None => digits(rest) && rest.len() <= 4,
        },
        None => text.eq_ignore_ascii_case("Z"),
    }
}
