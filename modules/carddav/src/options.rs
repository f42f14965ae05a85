//! What the operator says of address books. The names are those of Cyrus.

/// The largest address object that there can be, in bytes: there is room for photos.
pub(crate) const LEN_MAX: u64 = 10 << 20;

/// What the address book that everyone has is called.
pub(crate) fn default_displayname() -> String {
    module::option("addressbook_default_displayname").unwrap_or_else(|| "Personal".to_owned())
}

/// The largest address object that may be stored, in bytes.
pub(crate) fn len_max() -> u64 {
    let told = module::option("vcard_max_size").and_then(|text| size(&text));
    told.filter(|len| *len > 0).unwrap_or(LEN_MAX).min(LEN_MAX)
}

/// Whether control characters are taken out of cards instead of refusing them.
pub(crate) fn repairs() -> bool {
    module::option("carddav_repair_vcard").is_some_and(|text| is_yes(&text))
}

/// Whether browsers get a page to look after address books. Cyrus has it off by itself.
pub(crate) fn has_page() -> bool {
    module::option("carddav_allowaddressbookadmin").is_none_or(|text| is_yes(&text))
}

fn is_yes(text: &str) -> bool {
    ["yes", "on", "true", "1", "y", "t"].contains(&text.trim().to_ascii_lowercase().as_str())
}

/// A number of bytes, with a letter for 1024 of the next smaller: `512K`, `2M`.
fn size(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches(['b', 'B']);
    let (digits, shift) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (text.get(..at)?, 10),
        (at, 'm' | 'M') => (text.get(..at)?, 20),
        (at, 'g' | 'G') => (text.get(..at)?, 30),
        _ => (text, 0),
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}
