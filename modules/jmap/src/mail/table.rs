//! What is known of all messages of a mailbox: a row each, kept from request to request while the
//! instance lives, and by the host for the next one, and brought up to date from the mailbox's changes.
//!
//! Nothing here is true because it is remembered: a table is used only if its modseq is the one that
//! the mailbox has now, and the mailbox may be read now.

mod read;
mod rows;
mod slots;
mod snapshot;

pub use rows::Row;

use crate::account::Account;
use crate::id::EmailId;
use module::{Error, Modseq, Result, Uid};
use rows::Rows;
use slots::Slots;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many rows an instance remembers.
const ROWS_MAX: usize = 400_000;
/// How many rows are worth being remembered by the host: fewer are on one page of a listing.
const KEPT_MIN: usize = 500;
/// How many changes are looked at again by each instance before all is handed to the host anew.
const UNKEPT_MAX: usize = 500;

/// All messages of a mailbox.
#[derive(Debug, Default)]
pub struct Table {
    modseq: Modseq,
    rows: Rows,
    by_id: OnceCell<Slots>,
    newest: OnceCell<Vec<u32>>,
    counts: OnceCell<Counts>,
    /// Changes since the host was last told.
    unkept: usize,
}

/// Counts of a Mailbox. RFC 8621 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// `totalEmails`.
    pub emails: u64,
    /// `unreadEmails`.
    pub unread_emails: u64,
    /// `totalThreads`.
    pub threads: u64,
    /// `unreadThreads`: those with an unread Email in this Mailbox.
    pub unread_threads: u64,
}

thread_local! {
    static TABLES: RefCell<BTreeMap<String, Rc<Table>>> = RefCell::default();
}

/// Drops what is remembered.
pub fn forget() {
    TABLES.take();
}

impl Table {
    /// The messages of a mailbox of an account.
    pub fn load(account: &Account, at: usize) -> Result<Rc<Self>> {
        let status = account.mailboxes.get(at).ok_or(Error::NotFound)?;
        let known = TABLES.with_borrow_mut(|tables| tables.remove(&status.id));
        let table = match known {
            Some(known) if known.modseq == status.modseq => known,
            // Hardly ever does anybody else still hold it.
            known => Rc::new(Self::make(account, at, known.and_then(Rc::into_inner))?),
        };
        TABLES.with_borrow_mut(|tables| {
            let held: usize = tables.values().map(|table| table.rows.len()).sum();
            if held + table.rows.len() > ROWS_MAX {
                tables.clear();
            }
            tables.insert(status.id.clone(), Rc::clone(&table));
        });
        Ok(table)
    }

    /// Makes a table of what is known of an older one, here or by the host, or reads all.
    fn make(account: &Account, at: usize, known: Option<Self>) -> Result<Self> {
        let status = account.mailboxes.get(at).ok_or(Error::NotFound)?;
        let is_small = status.messages < KEPT_MIN as u64;
        let mailbox = account.open(at)?;
        let known = match known {
            None if !is_small => snapshot::find(status),
            known => known,
        };
        let mut table = None;
        if let Some(mut known) = known {
            if known.modseq == status.modseq {
                return Ok(known);
            }
            let renewed = read::renew(&mut known.rows, known.modseq, &mailbox, status)?;
            table = renewed.map(|changes| Self {
                modseq: status.modseq,
                rows: known.rows,
                unkept: known.unkept.saturating_add(changes),
                ..Self::default()
            });
        }
        let mut table = match table {
            Some(table) => table,
            None => Self {
                modseq: status.modseq,
                rows: read::all(&mailbox, status, ROWS_MAX)?,
                unkept: usize::MAX,
                ..Self::default()
            },
        };
        if !is_small && table.unkept >= UNKEPT_MAX {
            snapshot::keep(&mut table, status);
            table.unkept = 0;
        }
        Ok(table)
    }

    /// The messages, by uid. Those about to be removed are not among them.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.rows.iter().filter(|row| !row.keywords.is_deleted())
    }

    /// The message that is an Email.
    pub fn find(&self, id: EmailId) -> Option<Row<'_>> {
        let is = |id: EmailId, at: u32| self.row_at(at).is_some_and(|row| row.id == id);
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id = Slots::new(self.rows.len());
            for (row, at) in self.rows.iter().zip(0u32..) {
                if !row.keywords.is_deleted() {
                    by_id.note(hash(row.id), at, |other| is(row.id, other));
                }
            }
            by_id
        });
        self.row_at(by_id.find(hash(id), |at| is(id, at))?)
    }

    /// The message of this uid.
    pub fn row(&self, uid: Uid) -> Option<Row<'_>> {
        self.rows.get(self.rows.position(uid).ok()?)
    }

    /// The messages, last received first; of those received at one time the greatest id.
    pub fn newest(&self) -> impl Iterator<Item = Row<'_>> {
        let newest = self.newest.get_or_init(|| {
            let mut newest: Vec<u32> = (0u32..).take(self.rows.len()).collect();
            newest.reverse();
            let key = |at: &u32| self.row_at(*at).map(|row| (row.received, row.id));
            // Stable: what is in order already costs next to nothing.
            newest.sort_by_key(|at| std::cmp::Reverse(key(at)));
            newest
        });
        let rows = newest.iter().filter_map(|&at| self.row_at(at));
        rows.filter(|row| !row.keywords.is_deleted())
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        *self.counts.get_or_init(|| {
            let mut counts = Counts::default();
            let mut threads = Slots::new(self.rows.len());
            // By the first message of each Thread, whether one of its messages is unread.
            let mut is_unread = vec![false; self.rows.len()];
            for (row, at) in self.rows.iter().zip(0u32..) {
                if row.keywords.is_deleted() {
                    continue;
                }
                counts.emails += 1;
                let is_same = |other| {
                    let other = self.row_at(other);
                    other.is_some_and(|other| other.thread == row.thread)
                };
                let first = threads.note(row.thread.0, at, is_same);
                counts.threads += u64::from(first.is_none());
                if !row.keywords.is_unread() {
                    continue;
                }
                counts.unread_emails += 1;
                if let Some(is) = is_unread.get_mut(first.unwrap_or(at) as usize)
                    && !std::mem::replace(is, true)
                {
                    counts.unread_threads += 1;
                }
            }
            counts
        })
    }

    fn row_at(&self, at: u32) -> Option<Row<'_>> {
        self.rows.get(at as usize)
    }
}

/// Of an id: random, or of a mailbox and a uid in it.
fn hash(id: EmailId) -> u64 {
    let EmailId(id) = id;
    (id >> 64) as u64 ^ id as u64
}
