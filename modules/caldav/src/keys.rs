//! What calendar objects are found by: keys in the host's index. When they are is under the names
//! of [`icalendar::keys::Names`].

use std::borrow::Cow;

use dav::store::{Key, KeyValue};
use icalendar::Calendar;
use icalendar::keys::Keys;

use crate::managed_attachments::{self, managed_ids};

/// The version of the rule that makes keys: that of what iCalendar says, and that of what is added
/// here.
pub(crate) const VERSION: u32 = icalendar::keys::KEYS_VERSION * 100 + 1;

/// The UID.
pub(crate) const UID: &str = "uid";

/// The kind of the components.
pub(crate) const KIND: &str = "kind";

/// When its alarms go off.
pub(crate) const ALARM: &str = "alarm";

/// The managed id of an attachment that it refers to. RFC 8607 §4.3.
pub(crate) const ATTACHMENT: &str = "attachment";

/// The keys of a stored stream; none if there is no calendar object in it.
pub(crate) fn of(calendar: &Calendar<'_>) -> Vec<Key> {
    reaching(calendar, None)
}

/// The same, that tell when it is up to a time that somebody has looked at.
fn reaching(calendar: &Calendar<'_>, reach: Option<i64>) -> Vec<Key> {
    let Some(keys) = Keys::reaching(calendar, reach) else {
        return Vec::new();
    };
    let mut all = vec![
        text(UID, &short(&keys.object_uid)),
        text(KIND, keys.kind.name()),
        Key {
            name: "words".to_owned(),
            value: KeyValue::Words(keys.words),
        },
    ];
    let organizer = keys.organizer.iter().map(|address| ("organizer", address));
    let categories = keys
        .categories
        .iter()
        .map(|category| ("category", category));
    for (name, value) in organizer.chain(categories) {
        all.push(text(name, &short(value)));
    }
    for (managed_id, _) in managed_ids(calendar) {
        all.push(text(ATTACHMENT, &short(&managed_id)));
    }
    let times = keys
        .times
        .iter()
        .map(|time| (time.name, time.start, time.end));
    let alarms = keys.alarms.iter().map(|(start, end)| (ALARM, *start, *end));
    all.extend(times.chain(alarms).map(|(name, start, end)| Key {
        name: name.to_owned(),
        value: KeyValue::Interval(start, end),
    }));
    all
}

fn text(name: &str, value: &str) -> Key {
    Key {
        name: name.to_owned(),
        value: KeyValue::Text(value.to_owned()),
    }
}

/// A text as a key, which is at most 1024 bytes: a longer one is told apart by its beginning and a
/// digest of all of it.
pub(crate) fn short(value: &str) -> Cow<'_, str> {
    const LEN_MAX: usize = 1000;
    if value.len() <= LEN_MAX {
        return Cow::Borrowed(value);
    }
    // FNV-1a.
    let digest = value
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
    let ends = (0..=LEN_MAX - 20).rev();
    let cut = ends.into_iter().find(|at| value.is_char_boundary(*at));
    let head = value.get(..cut.unwrap_or(0)).unwrap_or_default();
    Cow::Owned(format!("{head}#{digest:016x}"))
}

/// The keys as the host takes them, for what comes without.
pub(crate) fn index(message: &module::Unindexed) -> Vec<module::Key> {
    let (header, body) = split(&message.message);
    if let Some(key) = managed_attachments::key_of(header) {
        return vec![key];
    }
    let Ok(calendar) = Calendar::parse(body, &icalendar::Limits::default()) else {
        return Vec::new();
    };
    let keys = reaching(&calendar, message.reach)
        .into_iter()
        .map(|key| module::Key {
            name: key.name,
            value: match key.value {
                KeyValue::Text(text) => module::Value::Text(text),
                KeyValue::Number(number) => module::Value::Number(number),
                KeyValue::Interval(start, end) => module::Value::Interval((start, end)),
                KeyValue::Words(words) => module::Value::Words(words),
            },
        });
    keys.collect()
}

/// The header section of a message, and what follows it. RFC 5322 §2.1.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let end = message.windows(4).position(|end| end == b"\r\n\r\n");
    let parts = end.and_then(|end| message.split_at_checked(end + 4));
    parts.unwrap_or((&[], message))
}
