//! What became of Emails since a state: from the changes of the mailboxes, put together. An Email
//! that moves is gone from one mailbox and new in another, and only updated.

use super::mailbox::{Content, content};
use super::name::Name;
use super::world::World;
use crate::call::Result;
use crate::error::MethodError;
use crate::id::{EmailId, ThreadId};
use crate::standard::Kind;
use crate::state::State;
use module::{Error, Fields, Modseq, Uid};
use std::collections::BTreeMap;

/// Messages on a page of changes.
const PAGE: u32 = 2000;
/// How many changes are looked at: a client that is further behind reads all anew.
const CHANGES_MAX: usize = 200_000;

/// What became of Emails.
#[derive(Debug, Default)]
pub struct History {
    /// Of each that has changed.
    pub fates: BTreeMap<EmailId, Fate>,
}

/// What became of an Email.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    /// Its last change.
    pub modseq: Modseq,
    /// What became of it.
    pub kind: Kind,
    /// Its Thread, if that is known.
    pub thread: Option<ThreadId>,
    /// A message of it was there before. Of one that was put here, left every mailbox since and came
    /// back, it is not known.
    pub existed: bool,
}

impl History {
    /// What became of all Emails since a state.
    ///
    /// Fails with `cannotCalculateChanges` if that is not known any more.
    pub fn since(world: &World, since: &State) -> Result<Self> {
        let unknown = || MethodError::new("cannotCalculateChanges");
        let account = &world.account;
        let contents = content(account, since).ok_or_else(unknown)?;
        let mut history = Self::default();
        for shelf in world.shelves() {
            match contents.get(shelf.at) {
                None | Some(Content::Same) => {}
                Some(Content::New) => {
                    for row in shelf.table.rows() {
                        history.note(row.id, row.modseq, false, Some(row.thread));
                    }
                }
                Some(Content::Changed(uid_next)) => {
                    let mailbox = account.open(shelf.at)?;
                    let mut after = since.modseq;
                    loop {
                        let page = match mailbox.changes(after, PAGE, Fields::NAME) {
                            Err(Error::TooOld) => return Err(unknown()),
                            page => page?,
                        };
                        for entry in page.iter() {
                            let name = Name::parse(entry.name());
                            let uid: Uid = entry.uid();
                            let id = match name {
                                Some(name) => name.id,
                                None => EmailId::found(shelf.id, uid),
                            };
                            let row = shelf.table.row(uid);
                            let thread = name
                                .map(|name| name.thread)
                                .or_else(|| row.map(|row| row.thread));
                            history.note(id, entry.modseq(), uid < *uid_next, thread);
                        }
                        match page.last() {
                            Some(last) if page.more => after = last.modseq(),
                            _ => break,
                        }
                        if history.fates.len() > CHANGES_MAX {
                            return Err(unknown());
                        }
                    }
                }
            }
        }
        history.settle(world, since, &contents);
        Ok(history)
    }

    fn note(&mut self, id: EmailId, modseq: Modseq, existed: bool, thread: Option<ThreadId>) {
        let fate = self.fates.entry(id).or_insert(Fate {
            modseq,
            kind: Kind::Updated,
            thread,
            existed,
        });
        fate.modseq = fate.modseq.max(modseq);
        fate.existed |= existed;
        fate.thread = fate.thread.or(thread);
    }

    /// Says what kind of change each is, by what there is now, and what there was.
    fn settle(&mut self, world: &World, since: &State, contents: &[Content]) {
        for (id, fate) in &mut self.fates {
            let places = world.places(*id);
            // Whoever is shared with may not have seen it where it came to.
            if let (true, Some((mailbox, uid))) = (world.account.is_personal, id.came_to()) {
                fate.existed |= since.mark(mailbox).is_some_and(|mark| uid < mark.uid_next);
            }
            for place in &places {
                fate.thread = fate.thread.or(Some(place.row.thread));
                let is_old = match contents.get(place.shelf.at) {
                    Some(Content::Same) => true,
                    Some(Content::Changed(uid_next)) => place.uid() < *uid_next,
                    Some(Content::New) | None => false,
                };
                fate.existed |= is_old;
            }
            fate.kind = match (places.is_empty(), fate.existed) {
                // RFC 8620 §5.2: what was created and destroyed since may be told as well. It may have
                // been there before, left and come back under another uid; or a page of changes has
                // told of it.
                (true, _) => Kind::Destroyed,
                (false, true) => Kind::Updated,
                (false, false) => Kind::Created,
            };
        }
    }
}
