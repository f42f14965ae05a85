//! States: what an account looked like when a client asked. RFC 8620 §5.1.
//!
//! A state has the modseq of the last change, and for each mailbox what tells whether something in it
//! was there already: the uid that the next message would have got. With those, what has changed is
//! found in the host's log of changes, and told apart into created, updated and destroyed, although
//! nothing is kept for any client.

use crate::account::{Account, is_readable};
use crate::id::MailboxId;
use crate::mail::mailbox::Facts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use module::{Modseq, Uid};

/// A state of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The modseq of the last change in any mailbox.
    pub modseq: Modseq,
    /// The mailboxes there were, ordered by id.
    pub marks: Vec<Mark>,
    /// How far the changes since then were told already, if not all fitted into one answer.
    pub cursor: Option<Cursor>,
}

/// A mailbox in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its id.
    pub id: MailboxId,
    /// A hash of what its Mailbox says besides counts.
    pub facts: u32,
    /// The uid of its next message; 0 if its messages may not be read.
    pub uid_next: Uid,
}

impl Mark {
    /// As `uid_next`, in a state with a cursor: the messages may not have been read before, but some
    /// may have been told as new.
    pub const ALL_NEW: Uid = Uid::MAX;
}

/// The last change that was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Its modseq.
    pub modseq: Modseq,
    /// The id of what it changed.
    pub id: String,
}

/// Bytes of a mark.
const MARK: usize = 16;

impl State {
    /// The state of an account now.
    pub fn of(account: &Account) -> module::Result<Self> {
        let mut marks = Vec::with_capacity(account.mailboxes.len());
        for (at, status) in account.mailboxes.iter().enumerate() {
            marks.push(Mark {
                id: MailboxId::of(status),
                facts: Facts::of(account, at)?.hash(status),
                uid_next: match is_readable(status) {
                    true => status.uid_next,
                    false => 0,
                },
            });
        }
        marks.sort_unstable_by_key(|mark| mark.id);
        Ok(Self {
            modseq: account.modseq(),
            marks,
            cursor: None,
        })
    }

    /// The mark of a mailbox.
    pub fn mark(&self, id: MailboxId) -> Option<&Mark> {
        let at = self.marks.binary_search_by_key(&id, |mark| mark.id).ok()?;
        self.marks.get(at)
    }

    /// As clients get it.
    pub fn write(&self) -> String {
        let mut bytes = Vec::with_capacity(8 + self.marks.len() * MARK);
        bytes.extend(self.modseq.to_be_bytes());
        for mark in &self.marks {
            bytes.extend(mark.id.0.to_be_bytes());
            bytes.extend(mark.facts.to_be_bytes());
            bytes.extend(mark.uid_next.to_be_bytes());
        }
        let mut text = URL_SAFE_NO_PAD.encode(bytes);
        if let Some(cursor) = &self.cursor {
            text.push_str(&format!(".{:x}.{}", cursor.modseq, cursor.id));
        }
        text
    }

    /// Reads one; none if it was never given.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let (modseq, marks) = bytes.split_first_chunk()?;
        let (marks, []) = marks.as_chunks::<MARK>() else {
            return None;
        };
        let marks = marks.iter().map(|&mark| {
            let number = u128::from_be_bytes(mark);
            Mark {
                id: MailboxId((number >> 64) as u64),
                facts: (number >> 32) as u32,
                uid_next: number as u32,
            }
        });
        let cursor = match parts.next() {
            None => None,
            Some(modseq) => Some(Cursor {
                modseq: u64::from_str_radix(modseq, 16).ok()?,
                id: parts.next()?.to_owned(),
            }),
        };
        Some(Self {
            modseq: u64::from_be_bytes(*modseq),
            marks: marks.collect(),
            cursor,
        })
    }
}
