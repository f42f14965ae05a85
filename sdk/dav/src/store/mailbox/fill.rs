//! What costs a call more than a listing: properties, bodies and header sections, in bulk.

use module::{Mailbox, Part};

use super::convert::{PROPERTY_PREFIX, annotation_name, store_error, stored_property, uid};
use super::listing::PAGE_MAX;
use super::personal::{Source, fill_personal};
use crate::resource::{Fields, Member, Stored, Want};
use crate::store::StoreError;

/// What one call to the host may read.
const READ_MAX: u64 = 8 << 20;

/// How many of these members can be held in memory with what is wanted of them: at least one, and
/// more as long as their bodies are small.
pub(super) fn holdable<'m>(members: impl Iterator<Item = &'m Member>, want: &Want<'_>) -> usize {
    if !want.fields.has(Fields::BODY) {
        return usize::MAX;
    }
    let mut bytes = 0u64;
    let fits = |member: &&Member| {
        bytes = bytes.saturating_add(member.length);
        bytes <= READ_MAX
    };
    members.take_while(fits).count().max(1)
}

/// Adds to members what is the principal's own, and what is wanted of properties, bodies and header
/// sections.
pub(super) fn fill(
    source: Source<'_>,
    members: &mut [Member],
    want: &Want<'_>,
) -> Result<(), StoreError> {
    let mailbox = source.mailbox;
    fill_personal(source, members)?;
    if !matches!(want.stored, Stored::None) {
        fill_properties(mailbox, members, want)?;
    }
    if want.fields.has(Fields::BODY) {
        fill_parts(mailbox, members, Part::Body, |member| &mut member.body)?;
    }
    if want.fields.has(Fields::HEADER) {
        fill_parts(mailbox, members, Part::Header, |member| &mut member.header)?;
    }
    Ok(())
}

/// The longest beginning that the annotations of all wanted properties have.
pub(super) fn property_prefix(want: &Want<'_>) -> String {
    match want.stored {
        Stored::Names([name]) => annotation_name(name),
        Stored::Names(_) | Stored::All | Stored::None => PROPERTY_PREFIX.to_owned(),
    }
}

fn fill_properties(
    mailbox: &Mailbox,
    members: &mut [Member],
    want: &Want<'_>,
) -> Result<(), StoreError> {
    let prefix = property_prefix(want);
    for chunk in members.chunks_mut(PAGE_MAX) {
        let versions = chunk.iter().map(|member| member.version);
        let mut places: Vec<(u64, usize)> = versions.zip(0..).collect();
        places.sort_unstable();
        let uids: Vec<u32> = places
            .iter()
            .filter_map(|(version, _)| uid(*version))
            .collect();
        let found = mailbox
            .message_annotations(&uids, &prefix)
            .map_err(store_error)?;
        for annotated in found {
            let Some(property) = stored_property(annotated.annotation) else {
                continue;
            };
            let wanted = match want.stored {
                Stored::Names(names) => names.contains(&property.name),
                Stored::All => true,
                Stored::None => false,
            };
            let version = u64::from(annotated.uid);
            let place = places
                .binary_search_by_key(&version, |(version, _)| *version)
                .ok();
            let place = place.and_then(|at| places.get(at)).map(|(_, place)| *place);
            let member = place.and_then(|place| chunk.get_mut(place));
            if let Some(member) = member.filter(|_| wanted) {
                member.stored.push(property);
            }
        }
    }
    Ok(())
}

/// Reads a part of all members that lack it, many in one call as long as they are small.
fn fill_parts(
    mailbox: &Mailbox,
    members: &mut [Member],
    part: Part,
    slot: fn(&mut Member) -> &mut Option<Vec<u8>>,
) -> Result<(), StoreError> {
    // Header sections are ours, and short.
    let size = |member: &Member| {
        if part == Part::Body {
            member.length
        } else {
            4096
        }
    };
    let mut waiting: Vec<&mut Member> = Vec::new();
    let mut bytes = 0;
    for member in members
        .iter_mut()
        .filter(|member| part != Part::Body || member.body.is_none())
    {
        if size(member) > READ_MAX {
            if let Some(uid) = uid(member.version) {
                *slot(member) = Some(read_whole(mailbox, uid, part)?);
            }
            continue;
        }
        if bytes + size(member) > READ_MAX || waiting.len() == PAGE_MAX {
            read_parts(mailbox, &mut waiting, part, slot)?;
            bytes = 0;
        }
        bytes += size(member);
        waiting.push(member);
    }
    read_parts(mailbox, &mut waiting, part, slot)
}

fn read_parts(
    mailbox: &Mailbox,
    waiting: &mut Vec<&mut Member>,
    part: Part,
    slot: fn(&mut Member) -> &mut Option<Vec<u8>>,
) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let uids: Vec<u32> = waiting
        .iter()
        .filter_map(|member| uid(member.version))
        .collect();
    let parts = mailbox.read(&uids, part).map_err(store_error)?;
    for (member, bytes) in waiting.drain(..).zip(parts) {
        *slot(member) = Some(bytes);
    }
    Ok(())
}

/// Reads a part of a message piece by piece.
pub(super) fn read_whole(mailbox: &Mailbox, uid: u32, part: Part) -> Result<Vec<u8>, StoreError> {
    let blob = mailbox.open_message(uid, part).map_err(store_error)?;
    let mut bytes = Vec::new();
    loop {
        let piece = blob
            .read(bytes.len() as u64, READ_MAX as u32)
            .map_err(store_error)?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 >= blob.size() {
            return Ok(bytes);
        }
    }
}
