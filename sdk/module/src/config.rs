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
