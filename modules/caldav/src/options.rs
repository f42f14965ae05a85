//! What the operator says of calendars. The names are those of Cyrus, where Cyrus has the option.

use icalendar::Budget;
use icalendar::value::LocalTime;

use crate::properties::rfc4791::COMPONENTS;

/// The largest calendar object that there can be, in bytes.
pub(crate) const LEN_MAX: u64 = 10 << 20;

/// What the calendar that everyone has is called.
pub(crate) fn default_displayname() -> String {
    module::option("calendar_default_displayname").unwrap_or_else(|| "personal".to_owned())
}

/// Whether a home in a browser is a page to manage calendars with.
pub(crate) fn has_page() -> bool {
    module::option_switch("caldav_allowcalendaradmin") == Some(true)
}

/// The largest calendar object that may be stored, in bytes.
pub(crate) fn len_max() -> u64 {
    let told = module::option_size("icalendar_max_size");
    told.unwrap_or(LEN_MAX).min(LEN_MAX)
}

/// How many objects may lie in a calendar; none for any number.
pub(crate) fn members_max() -> Option<u64> {
    module::option_number("mailbox_maxmessages_calendar")
}

/// The types of components for calendars that say nothing of it themselves: those that the operator
/// names, as far as calendars here can hold them.
pub(crate) fn component_set() -> Vec<String> {
    let told = module::option("calendar_component_set").unwrap_or_default();
    let told = told.to_ascii_uppercase();
    let named: Vec<String> = COMPONENTS
        .iter()
        .filter(|known| told.split([' ', ',', '\t']).any(|name| name == **known))
        .map(|&known| known.to_owned())
        .collect();
    match named.is_empty() {
        true => COMPONENTS.map(str::to_owned).to_vec(),
        false => named,
    }
}

/// What the recurrences of one request may cost.
pub(crate) fn budget() -> Budget {
    Budget::new(
        module::option_number("caldav_max_recurrence_work").unwrap_or(Budget::WORK),
        module::option_number("caldav_max_instances").unwrap_or(Budget::INSTANCES),
    )
}

/// Whether objects are taken whose recurrence rules cannot be read.
pub(crate) fn accepts_invalid_rules() -> bool {
    module::option_switch("caldav_accept_invalid_rrules") == Some(true)
}

/// What the URLs of attachments begin with, up to where the path begins; that of the request if none.
pub(crate) fn attachments_base() -> Option<String> {
    let told = module::option("webdav_attachments_baseurl")?;
    let told = told.trim().trim_end_matches('/');
    (!told.is_empty()).then(|| told.to_owned())
}

/// Whether a new home has a calendar in it.
pub(crate) fn creates_default() -> bool {
    module::option_switch("caldav_create_default") != Some(false)
}

/// Whether a new home has an Inbox and an Outbox in it.
pub(crate) fn creates_scheduling() -> bool {
    module::option_switch("caldav_create_sched") != Some(false)
}

/// Whether the server keeps attachments. RFC 8607.
pub(crate) fn allows_attachments() -> bool {
    module::option_switch("caldav_allowattach") != Some(false)
}

/// The earliest time that may be stored: the first year that has all its days in every calendar
/// system, or what the operator says.
pub(crate) fn min_date_time() -> LocalTime {
    let first = LocalTime::from_date(1, 1, 1);
    date_time("caldav_mindatetime").map_or(first, |told| told.max(first))
}

/// The latest time that may be stored: the last one that iCalendar can write, or what the operator
/// says.
pub(crate) fn max_date_time() -> LocalTime {
    let last = LocalTime(LocalTime::from_date(9999, 12, 31).0 + 86_399);
    date_time("caldav_maxdatetime").map_or(last, |told| told.min(last))
}

fn date_time(name: &str) -> Option<LocalTime> {
    LocalTime::parse(module::option(name)?.trim()).ok()
}
