//! What address objects are found by in the host's index.

use dav::store::{Key, KeyValue};
use module::Unindexed;

/// The UID, as it is compared.
pub(crate) const UID: &str = "uid";

/// The grams of what people look for: see [`vcard::grams`].
pub(crate) const GRAMS: &str = "grams";

/// Cards whose keys do not say all: name and value.
pub(crate) const BIG: &str = "big";

/// The longest UID that an index takes as it is, in bytes.
const UID_LEN_MAX: usize = 512;

/// The keys of a card.
pub(crate) fn of(card: &[u8]) -> Vec<Key> {
    let text = |name: &str, value| Key {
        name: name.to_owned(),
        value: KeyValue::Text(value),
    };
    let words = |name: &str, value| Key {
        name: name.to_owned(),
        value: KeyValue::Words(value),
    };
    vcard::keys(card)
        .into_iter()
        .map(|key| match key {
            vcard::Key::ObjectUid(uid) => text(UID, uid_value(&uid)),
            vcard::Key::Kind(kind) => text("kind", shorten(kind)),
            vcard::Key::Email(email) => text("email", email),
            vcard::Key::Telephone(number) => text("tel", number),
            vcard::Key::NameWords(name) => words("name", name),
            vcard::Key::Grams(grams) => words(GRAMS, grams),
            vcard::Key::Big => text(BIG, BIG.to_owned()),
        })
        .collect()
}

/// The keys of a message that came without.
pub(crate) fn of_message(message: &Unindexed) -> Vec<module::Key> {
    let card = body(&message.message);
    of(card)
        .into_iter()
        .filter_map(|key| {
            Some(match key.value {
                KeyValue::Text(text) => module::Key::text(&key.name, text),
                KeyValue::Words(words) => module::Key::words(&key.name, words),
                KeyValue::Number(_) | KeyValue::Interval(..) => return None,
            })
        })
        .collect()
}

/// What follows the header section.
fn body(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|end| end == b"\r\n\r\n");
    let start = end.map_or(0, |end| end + 4);
    message.get(start..).unwrap_or_default()
}

/// A UID as a key. Of one that is too long its digest, so that none is like another.
pub(crate) fn uid_value(uid: &str) -> String {
    if uid.len() <= UID_LEN_MAX {
        return uid.to_owned();
    }
    // FNV-1a, twice from different beginnings.
    let hash = |start: u64| {
        uid.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    };
    let start: String = uid.chars().take(64).collect();
    let (first, second) = (hash(0xcbf2_9ce4_8422_2325), hash(0x9e37_79b9_7f4a_7c15));
    format!("{start} {} {first:016x}{second:016x}", uid.len())
}

fn shorten(text: String) -> String {
    match text.len() <= UID_LEN_MAX {
        true => text,
        false => text.chars().take(64).collect(),
    }
}
