//! The module's own options, from the operator's configuration: `wit/config.wit`.

/// Returns the value of an option that the module's descriptor names; none if it is not set.
pub fn option(name: &str) -> Option<String> {
    crate::backend::config::get(name)
}

/// Whether a switch is on, in one of Cyrus's words for it; none if it is not set.
pub fn option_switch(name: &str) -> Option<bool> {
    let told = option(name)?.trim().to_ascii_lowercase();
    Some(["yes", "on", "true", "1", "y", "t"].contains(&told.as_str()))
}

/// A number; none if it is not set, is 0, or is no number: then the default holds.
pub fn option_number(name: &str) -> Option<u64> {
    let told = option(name)?.trim().parse::<u64>().ok();
    told.filter(|number| *number > 0)
}

/// A duration in seconds: numbers with units, as in `30d` or `1h30m`, and `bare` seconds for each of a
/// number without; none if it is not set, is 0, or is no duration: then the default holds.
pub fn option_duration(name: &str, bare: u64) -> Option<u64> {
    let told = option(name)?;
    let mut rest = told.trim();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at_checked(len)?;
        let mut letters = after.chars();
        let unit = match letters.next() {
            None => bare,
            Some('d' | 'D') => 86_400,
            Some('h' | 'H') => 3600,
            Some('m' | 'M') => 60,
            Some('s' | 'S') => 1,
            Some(_) => return None,
        };
        rest = letters.as_str();
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    Some(total).filter(|total| *total > 0)
}

/// A number of bytes, with a letter for 1024 of the next smaller: `512K`, `2M`; none if it is not
/// set, is 0, or is no size: then the default holds.
pub fn option_size(name: &str) -> Option<u64> {
    let told = option(name)?;
    let text = told.trim().trim_end_matches(['b', 'B']);
    let text = text.trim_end_matches(['i', 'I']);
    let (digits, shift) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (text.get(..at)?, 10),
        (at, 'm' | 'M') => (text.get(..at)?, 20),
        (at, 'g' | 'G') => (text.get(..at)?, 30),
        _ => (text, 0),
    };
    let len = digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift);
    len.filter(|len| *len > 0)
}
