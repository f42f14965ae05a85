//! Members: messages of a mailbox as records, listed, named or searched.

use module::Part;

use super::convert::{etag, store_error, terms, time, uid};
use super::fill::{fill, holdable};
use super::listing::{Cursor, bad_cursor, host_limit};
use super::personal::Source;
use crate::resource::{Fields, Member, Stored, Want};
use crate::store::{Listing, Page, StoreError};

/// Members in the order of their uids: one call, and one more for the properties if there are any.
pub(super) fn list_members(
    source: Source<'_>,
    after: u32,
    limit: usize,
    want: &Want<'_>,
    page: &mut Page,
) -> Result<(), StoreError> {
    let found = match source
        .mailbox
        .list(after, host_limit(limit), host_fields(want))
    {
        Ok(found) => found,
        Err(module::Error::Forbidden(_)) => return Ok(()),
        Err(error) => return Err(store_error(error)),
    };
    // What has no name has no URL.
    let named = found.iter().filter(|entry| !entry.name().is_empty());
    let mut with_annotations = false;
    page.members = named
        .map(|entry| {
            with_annotations |= entry.annotations() > 0;
            entry_member(entry)
        })
        .collect();
    if found.more {
        let last = found.last();
        page.next = last.map(|entry| Cursor::Member(entry.uid()).write());
    }
    let count = holdable(page.members.iter(), want);
    if count < page.members.len() {
        page.members.truncate(count);
        let last = page.members.last();
        page.next = last.and_then(|last| Some(Cursor::Member(uid(last.version)?).write()));
    }
    let stored = if with_annotations {
        want.stored
    } else {
        Stored::None
    };
    let personal = source.personal.filter(|_| with_annotations);
    let source = Source { personal, ..source };
    fill(source, &mut page.members, &Want { stored, ..*want })
}

/// The members of these names.
pub(super) fn list_named(
    source: Source<'_>,
    names: &[&str],
    cursor: &Option<Cursor<'_>>,
    limit: usize,
    want: &Want<'_>,
) -> Result<Page, StoreError> {
    let offset = match cursor {
        None => 0,
        Some(Cursor::Offset(offset)) => *offset,
        Some(_) => return Err(bad_cursor()),
    };
    let rest = names.get(offset..).unwrap_or_default();
    let asked: Vec<String> = rest
        .iter()
        .take(limit)
        .map(|&name| name.to_owned())
        .collect();
    let found = source.mailbox.find_all(&asked).map_err(store_error)?;
    let mut end = offset + asked.len();
    let found: Vec<Option<Member>> = found.into_iter().map(|found| found.map(member)).collect();
    let count = holdable(found.iter().flatten(), want);
    let mut members = Vec::with_capacity(found.len().min(count));
    for (at, member) in (offset..).zip(found) {
        if member.is_some() && members.len() == count {
            end = at;
            break;
        }
        members.extend(member);
    }
    fill(source, &mut members, want)?;
    let next = (end < names.len()).then(|| Cursor::Offset(end).write());
    Ok(Page {
        members,
        next,
        ..Page::default()
    })
}

/// The members whose keys pass the filter.
pub(super) fn search(
    source: Source<'_>,
    listing: &Listing<'_>,
    cursor: &Option<Cursor<'_>>,
    limit: usize,
) -> Result<Page, StoreError> {
    let after = match cursor {
        None => 0,
        Some(Cursor::Member(uid)) => *uid,
        Some(_) => return Err(bad_cursor()),
    };
    let query = module::Query {
        all_of: listing.filter.iter().map(terms).collect(),
        after,
        limit: host_limit(limit),
        body: listing.want.fields.has(Fields::BODY).then_some(Part::Body),
        ..module::Query::default()
    };
    let results = source.mailbox.search(&query).map_err(store_error)?;
    let last = results.found.last().map(|found| found.message.uid);
    let named = results
        .found
        .into_iter()
        .filter(|found| found.message.name.is_some());
    let mut members: Vec<Member> = named
        .map(|found| Member {
            body: found.body,
            ..member(found.message)
        })
        .collect();
    fill(source, &mut members, &listing.want)?;
    let last = last.filter(|_| results.more);
    let next = last.map(|uid| Cursor::Member(uid).write());
    Ok(Page {
        members,
        next,
        ..Page::default()
    })
}

/// The strings that a listing must carry for this.
pub(super) fn host_fields(want: &Want<'_>) -> module::Fields {
    match want.fields.has(Fields::CONTENT_TYPE) {
        true => module::Fields::NAME | module::Fields::CONTENT_TYPE,
        false => module::Fields::NAME,
    }
}

/// A listed message as a member.
pub(super) fn entry_member(entry: module::Entry<'_>) -> Member {
    let content_type = entry.content_type();
    Member {
        name: entry.name().to_owned(),
        version: u64::from(entry.uid()),
        state: entry.modseq(),
        etag: etag(entry.digest()),
        length: entry.size(),
        content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
        created: Some(time(entry.created())),
        modified: Some(time(entry.modified())),
        ..Member::default()
    }
}

/// A message as a member, without what costs a call more.
pub(super) fn member(message: module::Message) -> Member {
    Member {
        name: message.name.unwrap_or_default(),
        version: u64::from(message.uid),
        state: message.modseq,
        etag: etag(message.digest),
        length: message.size,
        content_type: Some(message.content_type).filter(|text| !text.is_empty()),
        created: Some(time(message.created)),
        modified: Some(time(message.modified)),
        ..Member::default()
    }
}
