//! The host's values as the engine's, and back.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use xml::Name;

use crate::resource::{Etag, StoredProperty};
use crate::store::{AclEntry, Filter, KeyValue, Refusal, StoreError, Who};
use crate::{Rights, Time};

/// The names of annotations that are properties begin with this.
pub(super) const PROPERTY_PREFIX: &str = "dav:";

/// Milliseconds as seconds.
pub(super) fn time(instant: module::Instant) -> Time {
    Time(instant.div_euclid(1000))
}

/// Seconds as milliseconds.
pub(super) fn instant(time: Time) -> module::Instant {
    time.0.saturating_mul(1000)
}

/// Bytes that do not repeat: the hasher's keys come from the host, other ones for each instance,
/// and change with each call.
pub(super) fn random(received: module::Instant) -> [u8; 16] {
    let state = RandomState::new();
    let (high, low) = (
        state.hash_one((0_u8, received)),
        state.hash_one((1_u8, received)),
    );
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

/// Rights letter by letter; there are more of them at the host than the engine has words for.
pub(super) fn rights(rights: module::Rights) -> Rights {
    Rights::of(&rights.letters())
}

/// The host's rights of these letters.
pub(super) fn host_rights(rights: Rights) -> module::Rights {
    let letters = rights.to_string();
    let known = letters
        .chars()
        .filter_map(|letter| module::Rights::from_letters(letter.encode_utf8(&mut [0; 4])));
    known.fold(module::Rights::empty(), |sum, right| sum | right)
}

/// The tag of a body: of its digest, so that it is the same for ever.
pub(super) fn etag(digest: module::Digest) -> Etag {
    Etag::from_digest([digest.a, digest.b, digest.c])
}

/// A version is a uid.
pub(super) fn uid(version: u64) -> Option<module::Uid> {
    u32::try_from(version).ok().filter(|uid| *uid != 0)
}

/// What a failed read means.
pub(super) fn store_error(error: module::Error) -> StoreError {
    use module::Error;
    match error {
        Error::NotFound | Error::Conflict => StoreError::NotFound,
        Error::Forbidden(missing) => StoreError::Denied(rights(missing)),
        Error::TooOld => StoreError::TooOld,
        Error::Unsupported(_) => StoreError::Unsupported("this"),
        Error::Unavailable(_) => StoreError::Busy,
        // Words that wait to be learned are, before they can be looked for.
        Error::Full => StoreError::Full,
        Error::Exists
        | Error::DuplicateKey(_)
        | Error::Locked(_)
        | Error::OverQuota(_)
        | Error::TooLarge(_)
        | Error::TooMany(_)
        | Error::Invalid(_) => StoreError::Failed(error.to_string()),
    }
}

/// What a refused change means; where a lock is, and which key it is, the caller knows better.
pub(super) fn refusal(error: module::Error) -> Refusal {
    use module::Error;
    match error {
        Error::NotFound => Refusal::NotFound,
        Error::Forbidden(missing) => Refusal::Denied(rights(missing)),
        Error::Exists => Refusal::Exists,
        Error::Conflict => Refusal::Changed,
        Error::DuplicateKey(_) => Refusal::NotUnique {
            name: String::new(),
            other: None,
        },
        Error::Locked(_) => Refusal::Locked(crate::Path::default()),
        Error::OverQuota(_) => Refusal::QuotaExceeded,
        Error::Full => Refusal::Full,
        Error::TooLarge(limit) => Refusal::TooLarge(limit),
        Error::TooMany(limit) => Refusal::TooMany(limit),
        Error::Invalid(why) => Refusal::BadName(why),
        Error::Unsupported(_) => Refusal::Unsupported("this"),
        Error::Unavailable(_) => Refusal::Busy,
        Error::TooOld => Refusal::Failed(error.to_string()),
    }
}

/// A read that failed while a batch was made ready.
pub(super) fn read_refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::Denied(missing) => Refusal::Denied(missing),
        StoreError::NotFound | StoreError::TooOld => Refusal::NotFound,
        StoreError::Unsupported(what) => Refusal::Unsupported(what),
        StoreError::Busy => Refusal::Busy,
        StoreError::Full => Refusal::Full,
        StoreError::Failed(why) => Refusal::Failed(why),
    }
}

/// The name of the annotation that keeps a property.
pub(super) fn annotation_name(name: &Name) -> String {
    format!("{PROPERTY_PREFIX}{name}")
}

/// A property that is text alone, as the shared annotation that keeps it: for what a protocol
/// provisions.
pub fn text_annotation(name: &Name, text: &str) -> module::Annotation {
    let mut xml = Vec::new();
    let element = xml::Element::new(name.clone()).with_text(text);
    element.write_standalone(&mut xml, &[]);
    module::Annotation::shared(annotation_name(name), Some(xml))
}

/// The property that an annotation keeps, if it keeps one.
pub(super) fn stored_property(annotation: module::Annotation) -> Option<StoredProperty> {
    let name = annotation
        .name
        .strip_prefix(PROPERTY_PREFIX)?
        .strip_prefix('{')?;
    let (namespace, local) = name.rsplit_once('}')?;
    Some(StoredProperty {
        name: Name::owned(namespace, local),
        is_own: annotation.visibility == module::Visibility::Private,
        xml: annotation.value?,
    })
}

/// A line of an access control list.
pub(super) fn acl_entry(grant: module::Grant) -> AclEntry {
    use module::Identifier;
    AclEntry {
        who: match grant.identifier {
            Identifier::Anyone => Who::All,
            Identifier::Authenticated => Who::Authenticated,
            Identifier::Principal(id) | Identifier::Group(id) => Who::Principal(id),
        },
        rights: rights(grant.rights),
        deny: grant.negative,
    }
}

/// A key for the host's index.
pub(super) fn key(key: crate::store::Key) -> module::Key {
    let name = key.name;
    let value = match key.value {
        KeyValue::Text(text) => module::Value::Text(text),
        KeyValue::Number(number) => module::Value::Number(number),
        KeyValue::Interval(start, end) => module::Value::Interval((start, end)),
        KeyValue::Words(words) => module::Value::Words(words),
    };
    module::Key { name, value }
}

/// A condition on keys for the host's index: any of these terms holds.
pub(super) fn terms(filter: &Filter<'_>) -> Vec<module::Term> {
    let mut terms = Vec::new();
    push_terms(filter, &mut terms);
    terms
}

fn push_terms(filter: &Filter<'_>, terms: &mut Vec<module::Term>) {
    use module::{Term, Test};
    terms.push(match filter {
        Filter::Equals(key, text) => Term::new(key, Test::Equal((*text).to_owned())),
        Filter::Prefix(key, text) => Term::new(key, Test::Prefix((*text).to_owned())),
        Filter::Between(key, from, to) => {
            Term::new(key, Test::Range((*from, to.saturating_add(1))))
        }
        Filter::Overlaps(key, from, to) => Term::new(key, Test::Overlap((*from, *to))),
        Filter::Words(key, words) => Term::new(key, Test::Words((*words).to_owned())),
        Filter::Any(filters) => {
            for filter in *filters {
                push_terms(filter, terms);
            }
            return;
        }
    });
}
