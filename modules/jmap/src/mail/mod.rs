//! Mail: RFC 8621.

pub mod email;
mod history;
pub mod identity;
mod keywords;
pub mod mailbox;
pub mod mdn;
mod name;
mod passed;
pub mod provision;
pub mod submission;
mod table;
pub mod thread;
pub mod vacation;
pub mod world;

/// Orders of `Email/query`. RFC 8621 §4.4.2.
pub const SORTS: [&str; 9] = [
    "receivedAt",
    "size",
    "from",
    "to",
    "subject",
    "sentAt",
    "hasKeyword",
    "allInThreadHaveKeyword",
    "someInThreadHaveKeyword",
];

/// Drops what an instance remembers of mail.
pub fn forget() {
    email::forget();
    mailbox::forget();
    table::forget();
}
