//! Listings: pages of subcollections first, then of members, with as few calls to the host as can
//! be.

use module::{Mailbox, MailboxScope, Part};

use super::MailboxStore;
use super::convert::{
    PROPERTY_PREFIX, annotation_name, etag, store_error, stored_property, term, time, uid,
};
use super::tree::Place;
use crate::Path;
use crate::resource::{Collection, Fields, Member, Resource, Stored, Want};
use crate::store::{Listing, Page, StoreError};

/// What one call to the host may list.
const PAGE_MAX: usize = 2000;

/// What one call to the host may read.
const READ_MAX: u64 = 8 << 20;

/// Where a page ended, as [`Page::next`] keeps it.
enum Cursor<'a> {
    /// After the subcollection of this name.
    Collection(&'a str),
    /// After the message of this uid.
    Member(u32),
    /// After so many of the names, or of the matches.
    Offset(usize),
}

impl<'a> Cursor<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("c", name) => Some(Cursor::Collection(name)),
            ("m", uid) => Some(Cursor::Member(uid.parse().ok()?)),
            ("o", offset) => Some(Cursor::Offset(offset.parse().ok()?)),
            _ => None,
        }
    }

    fn write(&self) -> String {
        match self {
            Cursor::Collection(name) => format!("c{name}"),
            Cursor::Member(uid) => format!("m{uid}"),
            Cursor::Offset(offset) => format!("o{offset}"),
        }
    }
}

impl MailboxStore {
    /// One page of what is in a collection.
    pub(super) fn list_children(
        &self,
        collection: &Collection,
        listing: &Listing<'_>,
    ) -> Result<Page, StoreError> {
        match self.place(&collection.path) {
            Some(Place::Lead) => self.list_leads(&collection.path, listing),
            Some(Place::Inside(path)) => match self.open(&path)? {
                Some(opened) => self.list_mailbox(&path, &opened.mailbox, collection, listing),
                None => self.list_below(&path, listing),
            },
            None => Ok(Page::default()),
        }
    }

    fn list_mailbox(
        &self,
        path: &[String],
        mailbox: &Mailbox,
        collection: &Collection,
        listing: &Listing<'_>,
    ) -> Result<Page, StoreError> {
        let cursor = match listing.after {
            None => None,
            Some(text) => Some(Cursor::parse(text).ok_or_else(bad_cursor)?),
        };
        let limit = listing.limit.clamp(1, PAGE_MAX);
        if let Some(names) = listing.names {
            return list_named(mailbox, names, &cursor, limit, &listing.want);
        }
        if !listing.filter.is_empty() {
            return search(mailbox, listing, &cursor, limit);
        }
        let mut page = Page::default();
        let leaf = self.layout.leaf_kinds.contains(&collection.kind.as_str());
        let first_uid = match cursor {
            Some(Cursor::Member(uid)) => uid,
            Some(Cursor::Offset(_)) => return Err(bad_cursor()),
            None | Some(Cursor::Collection(_)) => {
                if listing.collections && !leaf {
                    let after = match cursor {
                        Some(Cursor::Collection(name)) => Some(name),
                        _ => None,
                    };
                    self.add_collections(path, after, limit, listing, &mut page)?;
                }
                0
            }
        };
        if page.next.is_none() && listing.members {
            let left = limit.saturating_sub(page.collections.len());
            match left {
                0 => page.next = Some(Cursor::Member(first_uid).write()),
                left => list_members(mailbox, first_uid, left, &listing.want, &mut page)?,
            }
        }
        Ok(page)
    }

    fn add_collections(
        &self,
        path: &[String],
        after: Option<&str>,
        limit: usize,
        listing: &Listing<'_>,
        page: &mut Page,
    ) -> Result<(), StoreError> {
        let after: Option<Vec<String>> =
            after.map(|name| path.iter().cloned().chain([name.to_owned()]).collect());
        let scope = MailboxScope::Children(path.to_vec());
        let found = Mailbox::list_all(&scope, None, after.as_deref(), host_limit(limit));
        let found = found.map_err(store_error)?;
        if found.len() == limit {
            page.next = found
                .last()
                .map(|status| Cursor::Collection(status.name()).write());
        }
        for status in &found {
            page.collections
                .extend(self.collection(status, None, &listing.want)?);
        }
        Ok(())
    }

    /// The collections above homes, and the homes themselves: the own one, and those of others in
    /// which something is shared.
    fn list_leads(&self, path: &Path, listing: &Listing<'_>) -> Result<Page, StoreError> {
        let mut page = Page::default();
        if !listing.collections || listing.after.is_some() {
            return Ok(page);
        }
        if path.parts().is_empty() {
            page.collections.push(self.lead(&path.join("user")));
            return Ok(page);
        }
        let mut owners: Vec<String> = self.identity.principal.iter().cloned().collect();
        self.each_status(&MailboxScope::Shared, |status| {
            if let (Some(_), Some(owner)) = (self.path_of(&status.path), &status.owner)
                && !owners.contains(owner)
            {
                owners.push(owner.clone());
            }
        })?;
        for owner in &owners {
            let home = path.join(owner);
            let Some(Place::Inside(mailbox)) = self.place(&home) else {
                continue;
            };
            if let Some(Resource::Collection(collection)) =
                self.find_inside(&home, &mailbox, &listing.want)?
            {
                page.collections.push(collection);
            }
        }
        Ok(page)
    }

    /// What can be looked up below a mailbox that cannot: its children, real ones or such that
    /// lead on.
    fn list_below(&self, above: &[String], listing: &Listing<'_>) -> Result<Page, StoreError> {
        let mut page = Page::default();
        if !listing.collections || listing.after.is_some() {
            return Ok(page);
        }
        let mut names: Vec<String> = Vec::new();
        self.each_status(&MailboxScope::Tree(above.to_vec()), |status| {
            let name = status.path.get(above.len());
            if let Some(name) = name.filter(|name| names.last() != Some(name)) {
                names.push(name.clone());
            }
        })?;
        for name in &names {
            let mailbox: Vec<String> = above.iter().chain([name]).cloned().collect();
            let Some(path) = self.path_of(&mailbox) else {
                continue;
            };
            if let Some(Resource::Collection(collection)) =
                self.find_inside(&path, &mailbox, &listing.want)?
            {
                page.collections.push(collection);
            }
        }
        Ok(page)
    }

    /// Goes through all mailboxes of a scope, page by page.
    pub(super) fn each_status(
        &self,
        scope: &MailboxScope,
        mut visit: impl FnMut(&module::Status),
    ) -> Result<(), StoreError> {
        let mut after: Option<Vec<String>> = None;
        loop {
            let limit = host_limit(PAGE_MAX);
            let found = Mailbox::list_all(scope, None, after.as_deref(), limit);
            let found = found.map_err(store_error)?;
            found.iter().for_each(&mut visit);
            match found.last() {
                Some(last) if found.len() == PAGE_MAX => after = Some(last.path.clone()),
                _ => return Ok(()),
            }
        }
    }
}

fn bad_cursor() -> StoreError {
    StoreError::Failed("a listing goes on where none ended".to_owned())
}

fn host_limit(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

/// Members in the order of their uids: one call, and one more for the properties if there are any.
fn list_members(
    mailbox: &Mailbox,
    after: u32,
    limit: usize,
    want: &Want<'_>,
    page: &mut Page,
) -> Result<(), StoreError> {
    let found = match mailbox.list(after, host_limit(limit), host_fields(want)) {
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
    let stored = if with_annotations {
        want.stored
    } else {
        Stored::None
    };
    fill(mailbox, &mut page.members, &Want { stored, ..*want })
}

/// The members of these names.
fn list_named(
    mailbox: &Mailbox,
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
    let found = mailbox.find_all(&asked).map_err(store_error)?;
    let mut members: Vec<Member> = found.into_iter().flatten().map(member).collect();
    fill(mailbox, &mut members, want)?;
    let end = offset + asked.len();
    let next = (end < names.len()).then(|| Cursor::Offset(end).write());
    Ok(Page {
        members,
        next,
        ..Page::default()
    })
}

/// The members whose keys pass the filter.
fn search(
    mailbox: &Mailbox,
    listing: &Listing<'_>,
    cursor: &Option<Cursor<'_>>,
    limit: usize,
) -> Result<Page, StoreError> {
    let offset = match cursor {
        None => 0,
        Some(Cursor::Offset(offset)) => *offset,
        Some(_) => return Err(bad_cursor()),
    };
    let query = module::Query {
        all_of: listing
            .filter
            .iter()
            .map(|filter| vec![term(filter)])
            .collect(),
        offset: host_limit(offset),
        limit: host_limit(limit),
        body: listing.want.fields.has(Fields::BODY).then_some(Part::Body),
        ..module::Query::default()
    };
    let results = mailbox.search(&query).map_err(store_error)?;
    let count = results.found.len();
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
    fill(mailbox, &mut members, &listing.want)?;
    let next = (results.more && count > 0).then(|| Cursor::Offset(offset + count).write());
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

/// Adds to members what is wanted of properties, bodies and header sections.
pub(super) fn fill(
    mailbox: &Mailbox,
    members: &mut [Member],
    want: &Want<'_>,
) -> Result<(), StoreError> {
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
        let uids: Vec<u32> = chunk
            .iter()
            .filter_map(|member| uid(member.version))
            .collect();
        let found = mailbox
            .message_annotations(&uids, &prefix)
            .map_err(store_error)?;
        for annotated in found {
            let version = u64::from(annotated.uid);
            let Some(property) = stored_property(annotated.annotation) else {
                continue;
            };
            let wanted = match want.stored {
                Stored::Names(names) => names.contains(&property.name),
                Stored::All => true,
                Stored::None => false,
            };
            let member = chunk.iter_mut().find(|member| member.version == version);
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
