//! What the operator says of address books. The names are those of Cyrus.

/// The largest address object that there can be, in bytes: there is room for photos.
pub(crate) const LEN_MAX: u64 = 10 << 20;

/// What the address book that everyone has is called.
pub(crate) fn default_displayname() -> String {
    module::option("addressbook_default_displayname").unwrap_or_else(|| "Personal".to_owned())
}

/// The largest address object that may be stored, in bytes.
pub(crate) fn len_max() -> u64 {
    let told = module::option_size("vcard_max_size");
    told.unwrap_or(LEN_MAX).min(LEN_MAX)
}

/// How many cards may lie in an address book; none for any number.
pub(crate) fn members_max() -> Option<u64> {
    module::option_number("mailbox_maxmessages_addressbook")
}

/// Whether control characters are taken out of cards instead of refusing them.
pub(crate) fn repairs() -> bool {
    module::option_switch("carddav_repair_vcard") == Some(true)
}

/// Whether browsers get a page to look after address books. Cyrus has it off by itself.
pub(crate) fn has_page() -> bool {
    module::option_switch("carddav_allowaddressbookadmin") != Some(false)
}
