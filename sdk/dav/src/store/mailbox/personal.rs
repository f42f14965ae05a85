//! What a principal has for himself of members in the collections of others: a private annotation
//! beside the bytes that all see. It is a part of what the member is to that principal, and so of its
//! entity tag.

use module::{Annotation, Mailbox, Visibility};

use super::MailboxStore;
use super::convert::{store_error, uid};
use super::listing::PAGE_MAX;
use crate::resource::Member;
use crate::store::StoreError;

/// A mailbox that members are read from.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) mailbox: &'s Mailbox,
    /// The annotation with what is the principal's own, where it may have any.
    pub(super) personal: Option<&'static str>,
}

impl MailboxStore {
    /// The mailbox of this owner, with what is the principal's own there.
    pub(super) fn source<'s>(&self, mailbox: &'s Mailbox, owner: Option<&str>) -> Source<'s> {
        let me = self.identity.principal.as_deref();
        let is_others = owner.is_some() && me.is_some() && owner != me;
        Source {
            mailbox,
            personal: self.layout.personal.filter(|_| is_others),
        }
    }

    /// The annotation that keeps what is the principal's own; none removes it.
    pub(super) fn personal_annotation(&self, value: Option<Vec<u8>>) -> Option<Annotation> {
        let name = self.layout.personal?;
        Some(Annotation::private(name, value))
    }
}

/// Adds to members what is the principal's own of them.
pub(super) fn fill_personal(source: Source<'_>, members: &mut [Member]) -> Result<(), StoreError> {
    let Some(name) = source.personal else {
        return Ok(());
    };
    for chunk in members.chunks_mut(PAGE_MAX) {
        let numbered = chunk.iter().zip(0..);
        let places = numbered.filter_map(|(member, place)| Some((uid(member.version)?, place)));
        let mut places: Vec<(u32, usize)> = places.collect();
        places.sort_unstable();
        let uids: Vec<u32> = places.iter().map(|(uid, _)| *uid).collect();
        let found = source.mailbox.message_annotations(&uids, name);
        for annotated in found.map_err(store_error)? {
            let annotation = annotated.annotation;
            let is_own = annotation.name == name && annotation.visibility == Visibility::Private;
            let place = uids.binary_search(&annotated.uid).ok();
            let place = place.and_then(|at| places.get(at)).map(|(_, place)| *place);
            let member = place.and_then(|place| chunk.get_mut(place));
            if let (true, Some(member), Some(value)) = (is_own, member, annotation.value) {
                member.etag = member.etag.with_personal(&value);
                member.personal = Some(value);
            }
        }
    }
    Ok(())
}
