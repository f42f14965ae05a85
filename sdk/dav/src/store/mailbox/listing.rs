//! Listings: pages of subcollections first, then of members, with as few calls to the host as can
//! be.

use module::{Mailbox, MailboxScope};

use super::MailboxStore;
use super::convert::store_error;
use super::members::{list_members, list_named, search};
use super::tree::{HOME_LEN, Place};
use crate::Path;
use crate::resource::{Collection, Resource};
use crate::store::{Listing, Page, StoreError};

/// What one call to the host may list.
pub(super) const PAGE_MAX: usize = 2000;

/// Where a page ended, as [`Page::next`] keeps it.
pub(super) enum Cursor<'a> {
    /// After the subcollection of this name.
    Collection(&'a str),
    /// After the message of this uid.
    Member(u32),
    /// After so many of the names, or of the matches.
    Offset(usize),
}

impl<'a> Cursor<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("c", name) => Some(Cursor::Collection(name)),
            ("m", uid) => Some(Cursor::Member(uid.parse().ok()?)),
            ("o", offset) => Some(Cursor::Offset(offset.parse().ok()?)),
            _ => None,
        }
    }

    pub(super) fn write(&self) -> String {
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
        let source = self.source(mailbox, collection.owner.as_deref());
        if let Some(names) = listing.names {
            return list_named(source, names, &cursor, limit, &listing.want);
        }
        if !listing.filter.is_empty() {
            return search(source, listing, &cursor, limit);
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
                    if after.is_none() {
                        self.add_shared(path, listing, &mut page)?;
                    }
                    self.add_collections(path, after, limit, listing, &mut page)?;
                }
                0
            }
        };
        if page.next.is_none() && listing.members {
            let left = limit.saturating_sub(page.collections.len());
            match left {
                0 => page.next = Some(Cursor::Member(first_uid).write()),
                left => list_members(source, first_uid, left, &listing.want, &mut page)?,
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

    /// What others share with whoever looks into their own home.
    fn add_shared(
        &self,
        path: &[String],
        listing: &Listing<'_>,
        page: &mut Page,
    ) -> Result<(), StoreError> {
        let own = path.len() == HOME_LEN && path.get(1) == self.identity.principal.as_ref();
        if own && self.in_own_home {
            for shared in self.shared()? {
                page.collections
                    .extend(self.collection(&shared.status, None, &listing.want)?);
            }
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

pub(super) fn bad_cursor() -> StoreError {
    StoreError::Failed("a listing goes on where none ended".to_owned())
}

pub(super) fn host_limit(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
