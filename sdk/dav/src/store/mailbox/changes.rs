//! What changed in a collection since a state. RFC 6578.

use std::collections::HashSet;

use module::{Mailbox, MailboxChange, MailboxScope};

use super::MailboxStore;
use super::convert::store_error;
use super::fill::fill;
use super::members::{entry_member, host_fields};
use super::tree::Opened;
use crate::Path;
use crate::resource::{Collection, Member, Resource, Want};
use crate::store::{Change, ChangeQuery, Changes, StoreError};

/// How many messages one call to the host lists.
const LIST_MAX: u32 = 2000;

impl MailboxStore {
    /// Lists changes, oldest first, those of one state together.
    pub(super) fn list_changes(
        &self,
        collection: &Collection,
        query: &ChangeQuery<'_>,
    ) -> Result<Changes, StoreError> {
        let opened = self.reopen(&collection.path)?;
        let state = self.state(&opened.status);
        if query.since > state {
            return Err(StoreError::TooOld);
        }
        let limit = query.limit.max(1);
        let leaf = self
            .layout
            .leaf_kinds
            .contains(&opened.status.type_.as_str());
        let mut search = Search {
            store: self,
            query,
            limit,
            found: Vec::new(),
            complete: u64::MAX,
        };
        search.members(&opened)?;
        if !leaf {
            search.collections(&opened)?;
        }
        if query.deep && !leaf {
            search.below(&opened)?;
        }
        let Search {
            mut found,
            complete,
            ..
        } = search;
        // What one of the lists did not reach is left for the next time in all of them.
        let listed = found.len();
        found.retain(|change| change.state <= complete);
        drop_superseded(&mut found);
        found.sort_by(|a, b| (a.state, &a.path).cmp(&(b.state, &b.path)));
        let end = cut(&found, limit);
        let is_cut = end < found.len();
        let more = is_cut || found.len() < listed || complete != u64::MAX;
        found.truncate(end);
        let last = found.last().map(|change| change.state);
        Ok(Changes {
            state: match (is_cut, more) {
                (true, _) => last.unwrap_or(query.since),
                // All is known up to there, even if there was nothing to tell: removals of what the
                // client never saw would else be listed again and again.
                (false, true) => complete.min(state),
                (false, false) => state,
            },
            more,
            changes: found,
        })
    }
}

/// What is looked for, and what was found so far.
struct Search<'s> {
    store: &'s MailboxStore,
    query: &'s ChangeQuery<'s>,
    /// How many changes are wanted, at least one.
    limit: usize,
    found: Vec<Change>,
    /// Up to which state all that has changed is among them.
    complete: u64,
}

impl Search<'_> {
    /// What changed among the members of a collection.
    fn members(&mut self, opened: &Opened) -> Result<(), StoreError> {
        let (store, query) = (self.store, self.query);
        let Some(collection) = store.collection(&opened.status, None, &Want::default())? else {
            return Ok(());
        };
        let fields = host_fields(&query.want);
        let (since, removed_since) = (query.since, query.removed_since.max(query.since));
        let limit = u32::try_from(self.limit).unwrap_or(u32::MAX);
        let ask = |since| opened.mailbox.changes(since, limit, fields);
        let (page, remembered) = remembered(query, ask)?;
        let asked = if remembered { since } else { removed_since };
        if page.more {
            let last = page.last().map_or(asked, |entry| entry.modseq());
            self.complete = last.min(self.complete);
        }
        let named = || page.iter().filter(|entry| !entry.name().is_empty());
        let gone = named().filter(|entry| entry.removed() && entry.modseq() > removed_since);
        self.found.extend(gone.map(|entry| Change {
            path: collection.path.join(entry.name()),
            state: entry.modseq(),
            resource: None,
            is_collection: false,
        }));
        // RFC 6578 §3.5.1: to a client that has not been told of the new place all in it is new.
        let placed = opened.status.placed_modseq;
        let came = if placed > removed_since { placed } else { 0 };
        let mut members: Vec<Member> = match remembered && came == 0 {
            true => named()
                .filter(|entry| !entry.removed())
                .map(entry_member)
                .collect(),
            false => self.members_there(opened, came)?,
        };
        let source = store.source(&opened.mailbox, opened.status.owner.as_deref());
        fill(source, &mut members, &query.want)?;
        self.found.extend(members.into_iter().map(|member| Change {
            path: collection.path.join(&member.name),
            state: member.state,
            resource: Some(Resource::Member(Box::new(collection.clone()), member)),
            is_collection: false,
        }));
        Ok(())
    }

    /// What changed among the collections inside of one.
    fn collections(&mut self, opened: &Opened) -> Result<(), StoreError> {
        let (store, query) = (self.store, self.query);
        // One more than may be given tells whether there are more.
        let asked = u32::try_from(self.limit)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let removed_since = query.removed_since.max(query.since);
        let ask = |since| opened.mailbox.mailbox_changes(since, query.deep, asked);
        let (mut changes, remembered) = remembered(query, ask)?;
        let since = if remembered {
            query.since
        } else {
            removed_since
        };
        if changes.len() > self.limit {
            let last = changes.last().map_or(since, |change| change.modseq);
            self.complete = last.min(self.complete);
        }
        if !remembered {
            changes.retain(|change| change.removed);
            let path = opened.status.path.clone();
            let scope = match query.deep {
                true => MailboxScope::Tree(path),
                false => MailboxScope::Children(path),
            };
            store.each_status(&scope, |status| {
                if status.modseq > query.since {
                    changes.push(MailboxChange {
                        path: status.path.clone(),
                        id: status.id.clone(),
                        modseq: status.modseq,
                        removed: false,
                    });
                }
            })?;
        }
        changes.retain(|change| !change.removed || change.modseq > removed_since);
        for change in changes {
            let Some(path) = store.path_of(&change.path) else {
                continue;
            };
            let resource = match change.removed {
                true => None,
                false => store.find_inside(&path, &change.path, &query.want)?,
            };
            self.found.push(Change {
                path,
                state: change.modseq,
                resource,
                is_collection: true,
            });
        }
        Ok(())
    }

    /// What changed among the members of all collections inside of one.
    fn below(&mut self, opened: &Opened) -> Result<(), StoreError> {
        let mut below = Vec::new();
        let scope = MailboxScope::Tree(opened.status.path.clone());
        self.store.each_status(&scope, |status| {
            if status.modseq > self.query.since {
                below.push(status.clone());
            }
        })?;
        for status in below {
            let mailbox = match Mailbox::open(&status.path) {
                Ok(mailbox) => mailbox,
                Err(module::Error::NotFound) => continue,
                Err(error) => return Err(store_error(error)),
            };
            match self.members(&Opened { mailbox, status }) {
                // What may be seen but not read has no members to tell of.
                Err(StoreError::Denied(_)) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// The members that changed, or came with their collection at the state `came`, after a state from
    /// before that, or from before what is remembered: a client is on its way through all there is,
    /// and began before tombstones expired.
    fn members_there(&mut self, opened: &Opened, came: u64) -> Result<Vec<Member>, StoreError> {
        let mut members: Vec<Member> = Vec::new();
        let mut after = 0;
        loop {
            let page = opened
                .mailbox
                .list(after, LIST_MAX, host_fields(&self.query.want))
                .map_err(store_error)?;
            let named = page.iter().filter(|entry| !entry.name().is_empty());
            let found = named.map(|entry| Member {
                state: entry.modseq().max(came),
                ..entry_member(entry)
            });
            members.extend(found.filter(|member| member.state > self.query.since));
            match page.last() {
                Some(last) if page.more => after = last.uid(),
                _ => break,
            }
        }
        members.sort_by_key(|member| member.state);
        let last = members.get(self.limit.saturating_sub(1));
        if let Some(last) = last.map(|member| member.state) {
            let end = members.partition_point(|member| member.state <= last);
            if end < members.len() {
                members.truncate(end);
                self.complete = last.min(self.complete);
            }
        }
        Ok(members)
    }
}

/// What changed after `since`, and true; or, if the host remembers that no more, what changed after
/// `removed_since`, and false. Then what is there has to be looked through; what was removed must be
/// known in any case.
fn remembered<T>(
    query: &ChangeQuery<'_>,
    ask: impl Fn(u64) -> module::Result<T>,
) -> Result<(T, bool), StoreError> {
    match ask(query.since) {
        Err(module::Error::TooOld) if query.removed_since > query.since => {
            Ok((ask(query.removed_since).map_err(store_error)?, false))
        }
        found => Ok((found.map_err(store_error)?, true)),
    }
}

/// A name that was removed and is taken again, perhaps by something of the other sort, is there.
fn drop_superseded(found: &mut Vec<Change>) {
    let live: HashSet<Path> = found
        .iter()
        .filter(|change| change.resource.is_some())
        .map(|change| change.path.clone())
        .collect();
    found.retain(|change| change.resource.is_some() || !live.contains(&change.path));
}

/// Where to cut so that there are at most `limit` changes, but all of one state together.
fn cut(found: &[Change], limit: usize) -> usize {
    let Some(first_left) = found.get(limit).map(|change| change.state) else {
        return found.len();
    };
    let before = found
        .iter()
        .position(|change| change.state == first_left)
        .unwrap_or(limit);
    match before {
        0 => found
            .iter()
            .take_while(|change| change.state == first_left)
            .count(),
        before => before,
    }
}
