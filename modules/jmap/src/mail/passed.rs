//! What comes and goes while a client is told of changes page by page: what one page has told as new,
//! in a mailbox that is new itself, and is gone before the next.

use super::history::{Fate, History};
use super::mailbox::{Content, content};
use super::name::Name;
use super::world::World;
use crate::account::{Account, is_readable};
use crate::call::Result;
use crate::error::MethodError;
use crate::id::{EmailId, MailboxId};
use crate::standard::Kind;
use crate::state::{Mark, State};
use module::{Error, Fields, Status};

/// Messages on a page of changes.
const PAGE: u32 = 2000;

/// Adds to a history what is gone from new mailboxes, if the client is on its way through pages.
///
/// Fails with `cannotCalculateChanges` if that is not known any more.
pub fn add(history: &mut History, world: &World, since: &State) -> Result<()> {
    if since.cursor.is_none() {
        return Ok(());
    }
    let unknown = || MethodError::new("cannotCalculateChanges");
    let contents = content(&world.account, since).ok_or_else(unknown)?;
    let is_new = |at: usize| matches!(contents.get(at), Some(Content::New));
    for shelf in world.shelves().iter().filter(|shelf| is_new(shelf.at)) {
        let mailbox = world.account.open(shelf.at)?;
        let mut after = since.modseq;
        loop {
            let page = match mailbox.changes(after, PAGE, Fields::NAME) {
                Err(Error::TooOld) => return Err(unknown()),
                page => page?,
            };
            let gone = page
                .iter()
                .filter(|entry| shelf.table.row(entry.uid()).is_none());
            for entry in gone {
                let name = Name::parse(entry.name());
                let id = name.map_or_else(|| EmailId::found(shelf.id, entry.uid()), |name| name.id);
                let fate = history.fates.entry(id).or_insert_with(|| Fate {
                    modseq: entry.modseq(),
                    kind: match world.places(id).is_empty() {
                        true => Kind::Destroyed,
                        false => Kind::Updated,
                    },
                    thread: None,
                    existed: false,
                });
                fate.modseq = fate.modseq.max(entry.modseq());
                fate.thread = fate.thread.or(name.map(|name| name.thread));
            }
            match page.last() {
                Some(last) if page.more => after = last.modseq(),
                _ => break,
            }
        }
    }
    Ok(())
}

/// Adds to a state that some changes since were told of all mailboxes that are new and had something in
/// them: what that was is not known once one of them is gone.
pub fn mark(account: &Account, state: &mut State) {
    let had_some = |status: &&Status| is_readable(status) && status.uid_next > 1;
    for status in account.mailboxes.iter().filter(had_some) {
        let id = MailboxId::of(status);
        match state.marks.binary_search_by_key(&id, |mark| mark.id) {
            Ok(at) => {
                if let Some(mark) = state.marks.get_mut(at).filter(|it| it.uid_next == 0) {
                    mark.uid_next = Mark::ALL_NEW;
                }
            }
            Err(at) => state.marks.insert(
                at,
                Mark {
                    id,
                    facts: 0,
                    uid_next: Mark::ALL_NEW,
                },
            ),
        }
    }
}
