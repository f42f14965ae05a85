//! `Mailbox/changes`. RFC 8621 §2.2.

use super::Mailboxes;
use super::facts::Facts;
use crate::account::{Account, is_readable};
use crate::call::Result;
use crate::context::Context;
use crate::id::MailboxId;
use crate::json::{Object, object, strings};
use crate::standard::{Change, Changes, Kind, Log};
use crate::state::{Mark, State};
use serde_json::Value;
use std::rc::Rc;

/// What became of the messages of an account's mailboxes since a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The mailbox is new, or may be read now: so is all in it.
    New,
    /// Its messages have changed, perhaps; those with this uid and above are new.
    Changed(module::Uid),
    /// Nothing has changed.
    Same,
}

impl Changes for Mailboxes {
    fn unchanged() -> Object {
        object! { "updatedProperties": Value::Null }
    }

    fn log(_: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        let mut log = Log::default();
        let mut counts_only = true;
        for (at, status) in account.mailboxes.iter().enumerate() {
            let id = MailboxId::of(status);
            let facts = Facts::of(account, at)?.hash(status);
            let uid_next = match is_readable(status) {
                true => status.uid_next,
                false => 0,
            };
            let kind = match since.mark(id) {
                None => Kind::Created,
                Some(mark) => {
                    let is_same = mark.facts == facts && (mark.uid_next == 0) == (uid_next == 0);
                    counts_only &= is_same;
                    if is_same && status.modseq <= since.modseq {
                        continue;
                    }
                    Kind::Updated
                }
            };
            log.changes.push(Change {
                id: id.to_string(),
                modseq: status.modseq,
                kind,
            });
        }
        let now = |id| {
            let mut mailboxes = account.mailboxes.iter();
            mailboxes.any(|status| MailboxId::of(status) == id)
        };
        let gone = since.marks.iter().filter(|mark| !now(mark.id));
        log.changes.extend(gone.map(|mark| Change {
            id: mark.id.to_string(),
            modseq: 0,
            kind: Kind::Destroyed,
        }));
        let is_updated = |change: &Change| change.kind == Kind::Updated;
        let updated = match counts_only && log.changes.iter().any(is_updated) {
            true => strings([
                "totalEmails",
                "unreadEmails",
                "totalThreads",
                "unreadThreads",
            ]),
            false => Value::Null,
        };
        log.more = object! { "updatedProperties": updated };
        Ok(log)
    }

    // What is new and was told is missed when it is gone.
    fn learn(_: &Account, state: &mut State, told: &[Change]) {
        let created = told.iter().filter(|change| change.kind == Kind::Created);
        let marks = created.filter_map(|change| {
            Some(Mark {
                id: MailboxId::parse(&change.id)?,
                facts: 0,
                uid_next: 0,
            })
        });
        state.marks.extend(marks);
        state.marks.sort_unstable_by_key(|mark| mark.id);
    }
}

/// What became of the messages of each mailbox of an account since a state; none if some that were
/// there can't be known of any more.
pub fn content(account: &Account, since: &State) -> Option<Vec<Content>> {
    let mut all = Vec::with_capacity(account.mailboxes.len());
    let mut known = 0;
    for status in &account.mailboxes {
        let mark = since.mark(MailboxId::of(status));
        let before = mark.map_or(0, |mark| mark.uid_next);
        known += usize::from(before > 0);
        all.push(match (before, is_readable(status)) {
            (0, false) => Content::Same,
            (0 | Mark::ALL_NEW, true) => Content::New,
            (_, false) => return None,
            (_, true) if status.modseq <= since.modseq => Content::Same,
            (before, true) => Content::Changed(before),
        });
    }
    let then = since.marks.iter().filter(|mark| mark.uid_next > 0).count();
    (known == then).then_some(all)
}
