//! Which messages belong to one thread: RFC 8621 §3.

use crate::header::Header;
use crate::text::cut;
use mail_parser::parsers::fields::thread::thread_name;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Message ids that count: the first ones, with which the thread began, and the last ones.
const IDS_MAX: usize = 50;

/// The subject without what is added by replying and forwarding, and by mailing lists: RFC 5256
/// §2.1, and the prefixes of other languages.
pub fn base_subject(subject: &str) -> String {
    let subject = cut(subject, 1024);
    let base = thread_name(subject);
    let words: Vec<&str> = base.split_whitespace().collect();
    words.join(" ")
}

/// What a message has in common with every other one of its thread: two messages that have one of
/// these keys in common belong together, because they name the same message id and have the same
/// subject. A message without message ids has none.
pub fn thread_keys(header: &Header<'_>) -> Vec<String> {
    let subject = header.last("Subject").map(|field| field.text());
    let mut subject = base_subject(&subject.unwrap_or_default()).to_lowercase();
    subject.retain(|char| !char.is_whitespace());
    let keys = message_ids(header).into_iter().map(|id| {
        let mut hash = Sha256::new();
        hash.update(id.as_bytes());
        hash.update([0]);
        hash.update(subject.as_bytes());
        let digest = hash.finalize();
        let half = digest.iter().take(16);
        half.map(|octet| format!("{octet:02x}")).collect()
    });
    keys.collect()
}

/// All message ids in Message-ID, In-Reply-To and References.
pub(crate) fn message_ids(header: &Header<'_>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for name in ["Message-ID", "In-Reply-To", "References"] {
        let found = header.last(name).and_then(|field| field.message_ids());
        let found = found.unwrap_or_default();
        let left_out = found.len().saturating_sub(IDS_MAX);
        let half = IDS_MAX / 2;
        let counts = |(at, id): (usize, String)| (at < half || at >= half + left_out).then_some(id);
        ids.extend(found.into_iter().enumerate().filter_map(counts));
    }
    ids
}
