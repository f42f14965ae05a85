//! What calendar objects are found by: names of keys in the host's index.

use std::borrow::Cow;

use dav::store::{Key, KeyValue};
use icalendar::object::Object;

/// The version of the rule that makes keys.
pub(crate) const VERSION: u32 = 1;

/// The UID.
pub(crate) const UID: &str = "uid";

/// The kind of the components.
pub(crate) const KIND: &str = "kind";

/// The keys of an object.
pub(crate) fn of(object: &Object<'_>) -> Vec<Key> {
    let text = |name: &str, value: Cow<'_, str>| Key {
        name: name.to_owned(),
        value: KeyValue::Text(value.into_owned()),
    };
    vec![
        text(UID, uid_value(object.object_uid())),
        text(KIND, object.kind().name().into()),
    ]
}

/// A UID as a key, which is at most 1024 bytes: a longer one is told apart by its beginning and a
/// digest of all of it.
pub(crate) fn uid_value(uid: &str) -> Cow<'_, str> {
    const LEN_MAX: usize = 1000;
    if uid.len() <= LEN_MAX {
        return Cow::Borrowed(uid);
    }
    // FNV-1a.
    let digest = uid.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let cut = (0..=LEN_MAX - 20)
        .rev()
        .find(|at| uid.is_char_boundary(*at));
    let head = uid.get(..cut.unwrap_or(0)).unwrap_or_default();
    Cow::Owned(format!("{head}#{digest:016x}"))
}
