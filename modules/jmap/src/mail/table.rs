//! What is known of all messages of a mailbox: a row each, kept from request to request while the
//! instance lives, and brought up to date from the mailbox's changes.
//!
//! Nothing here is true because it is remembered: a table is used only if its modseq is the one that
//! the mailbox has now, and the mailbox may be read now.

use super::keywords::Keywords;
use super::name::Name;
use super::thread::thread_of;
use crate::account::Account;
use crate::id::{EmailId, MailboxId, ThreadId};
use module::{Entry, Error, Fields, Instant, Mailbox, Modseq, Part, Result, Status, Uid};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Messages that are read at once.
const PAGE: u32 = 2000;
/// Bytes of header sections that are read at once.
const HEADERS_MAX: u64 = 4 << 20;
/// Changes above which a table is made anew: a row is found, moved and sorted for each.
const CHANGES_MAX: usize = 20_000;
/// How many rows an instance remembers.
const ROWS_MAX: usize = 400_000;

/// A message.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number in the mailbox.
    pub uid: Uid,
    /// Its last change.
    pub modseq: Modseq,
    /// The Email that it is.
    pub id: EmailId,
    /// The Thread that the Email is in.
    pub thread: ThreadId,
    /// When it was received.
    pub received: Instant,
    /// Bytes, header section included.
    pub size: u64,
    /// Bytes of the header section.
    pub header_size: u32,
    /// Its keywords.
    pub keywords: Rc<Keywords>,
}

/// All messages of a mailbox.
#[derive(Debug, Default)]
pub struct Table {
    modseq: Modseq,
    /// By uid.
    rows: Vec<Row>,
    by_id: OnceCell<Vec<u32>>,
    newest: OnceCell<Vec<u32>>,
    counts: OnceCell<Counts>,
}

/// Counts of a Mailbox. RFC 8621 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

#[derive(Default)]
struct Cache {
    tables: BTreeMap<String, Rc<Table>>,
    keywords: BTreeSet<Rc<Keywords>>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// Drops what is remembered.
pub fn forget() {
    CACHE.take();
}

impl Table {
    /// The messages of a mailbox of an account.
    pub fn load(account: &Account, at: usize) -> Result<Rc<Self>> {
        let status = account.mailboxes.get(at).ok_or(Error::NotFound)?;
        let known = CACHE.with_borrow_mut(|cache| cache.tables.remove(&status.id));
        let table = match known {
            Some(known) if known.modseq == status.modseq => known,
            known => {
                let mailbox = account.open(at)?;
                let id = MailboxId::of(status);
                let renewed = match known {
                    Some(known) => {
                        let since = known.modseq;
                        // Hardly ever does anybody else still hold it.
                        let rows = Rc::try_unwrap(known)
                            .map_or_else(|held| held.rows.clone(), |table| table.rows);
                        Self::renew(rows, since, &mailbox, id, status.modseq)?
                    }
                    None => None,
                };
                let table = match renewed {
                    Some(table) => table,
                    None => Self::read(&mailbox, id, status)?,
                };
                Rc::new(table)
            }
        };
        CACHE.with_borrow_mut(|cache| {
            let held: usize = cache.tables.values().map(|table| table.rows.len()).sum();
            if held + table.rows.len() > ROWS_MAX {
                cache.tables.clear();
                cache.keywords.clear();
            }
            cache.tables.insert(status.id.clone(), Rc::clone(&table));
        });
        Ok(table)
    }

    /// The messages, by uid. Those about to be removed are not among them.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.keywords.is_deleted())
    }

    /// The message that is an Email.
    pub fn find(&self, id: EmailId) -> Option<&Row> {
        let id_of = |at: u32| self.rows.get(at as usize).map(|row| row.id);
        let by_id = self.by_id.get_or_init(|| {
            let rows = self.rows.iter().zip(0u32..);
            let shown = rows.filter(|(row, _)| !row.keywords.is_deleted());
            let mut by_id: Vec<u32> = shown.map(|(_, at)| at).collect();
            // Stable, here and below: what is in order already costs next to nothing.
            by_id.sort_by_key(|&at| id_of(at));
            by_id
        });
        let at = by_id
            .binary_search_by_key(&Some(id), |&at| id_of(at))
            .ok()?;
        self.rows.get(*by_id.get(at)? as usize)
    }

    /// The message of this uid.
    pub fn row(&self, uid: Uid) -> Option<&Row> {
        let at = self.rows.binary_search_by_key(&uid, |row| row.uid).ok()?;
        self.rows.get(at)
    }

    /// The messages, last received first; of those received at one time the greatest id.
    pub fn newest(&self) -> impl Iterator<Item = &Row> {
        let newest = self.newest.get_or_init(|| {
            let mut newest: Vec<u32> = (0u32..).take(self.rows.len()).collect();
            newest.reverse();
            let key = |at: &u32| {
                self.rows
                    .get(*at as usize)
                    .map(|row| (row.received, row.id))
            };
            newest.sort_by_key(|at| std::cmp::Reverse(key(at)));
            newest
        });
        let rows = newest.iter().filter_map(|&at| self.rows.get(at as usize));
        rows.filter(|row| !row.keywords.is_deleted())
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        *self.counts.get_or_init(|| {
            let mut threads: Vec<(ThreadId, bool)> = self
                .rows()
                .map(|row| (row.thread, row.keywords.is_unread()))
                .collect();
            let emails = threads.len() as u64;
            let unread = threads.iter().filter(|(_, unread)| *unread).count() as u64;
            threads.sort_unstable();
            threads.dedup();
            let unread_threads = threads.iter().filter(|(_, unread)| *unread).count() as u64;
            threads.dedup_by_key(|(thread, _)| *thread);
            Counts {
                emails,
                unread_emails: unread,
                threads: threads.len() as u64,
                unread_threads,
            }
        })
    }

    fn read(mailbox: &Mailbox, id: MailboxId, status: &Status) -> Result<Self> {
        // As much memory as it takes and no more: an instance that has grown too much is not kept.
        let count = usize::try_from(status.messages).unwrap_or(0).min(ROWS_MAX);
        let mut rows = Vec::with_capacity(count);
        let mut after = 0;
        loop {
            let page = mailbox.list(after, PAGE, Fields::NAME)?;
            let entries: Vec<Entry<'_>> = page.iter().collect();
            rows.extend(read_rows(mailbox, id, &entries)?);
            match page.last() {
                Some(last) if page.more => after = last.uid(),
                _ => break,
            }
        }
        Ok(Self {
            modseq: status.modseq,
            rows,
            ..Self::default()
        })
    }

    /// Brings rows up to date; none if that is not possible, or not less work.
    fn renew(
        mut rows: Vec<Row>,
        mut since: Modseq,
        mailbox: &Mailbox,
        id: MailboxId,
        modseq: Modseq,
    ) -> Result<Option<Self>> {
        let mut changed: BTreeMap<Uid, Option<Row>> = BTreeMap::new();
        loop {
            let page = match mailbox.changes(since, PAGE, Fields::NAME) {
                Err(Error::TooOld) => return Ok(None),
                page => page?,
            };
            let entries: Vec<Entry<'_>> = page.iter().filter(|entry| !entry.removed()).collect();
            for entry in page.iter().filter(|entry| entry.removed()) {
                changed.insert(entry.uid(), None);
            }
            for row in read_rows(mailbox, id, &entries)? {
                changed.insert(row.uid, Some(row));
            }
            match page.last() {
                Some(last) if page.more => since = last.modseq(),
                _ => break,
            }
            if changed.len() > CHANGES_MAX {
                return Ok(None);
            }
        }
        rows.retain_mut(|row| match changed.remove(&row.uid) {
            None => true,
            Some(None) => false,
            Some(Some(new)) => {
                *row = new;
                true
            }
        });
        rows.extend(changed.into_values().flatten());
        rows.sort_by_key(|row| row.uid);
        Ok(Some(Self {
            modseq,
            rows,
            ..Self::default()
        }))
    }
}

/// The rows of messages in a listing.
fn read_rows(mailbox: &Mailbox, id: MailboxId, entries: &[Entry<'_>]) -> Result<Vec<Row>> {
    let uids: Vec<Uid> = entries.iter().map(|entry| entry.uid()).collect();
    let mut keywords: BTreeMap<Uid, Rc<Keywords>> = BTreeMap::new();
    for uids in uids.chunks(PAGE as usize) {
        for message in mailbox.get(uids)? {
            keywords.insert(message.uid, shared(Keywords::of(&message.flags)));
        }
    }
    let mut threads = read_threads(mailbox, entries)?;
    let rows = entries.iter().filter_map(|entry| {
        let name = Name::parse(entry.name());
        let uid = entry.uid();
        Some(Row {
            uid,
            modseq: entry.modseq(),
            id: name.map_or_else(|| EmailId::found(id, uid), |name| name.id),
            thread: match name {
                Some(name) => name.thread,
                None => threads.remove(&uid)?,
            },
            received: name.map_or_else(|| entry.created(), |name| name.received),
            size: entry.size() + u64::from(entry.header_size()),
            header_size: entry.header_size(),
            // What is gone since it was listed is none of the rows.
            keywords: keywords.remove(&uid)?,
        })
    });
    Ok(rows.collect())
}

/// The Threads of those that have no name, from their header sections.
fn read_threads(mailbox: &Mailbox, entries: &[Entry<'_>]) -> Result<BTreeMap<Uid, ThreadId>> {
    let mut threads = BTreeMap::new();
    let nameless = entries
        .iter()
        .filter(|entry| Name::parse(entry.name()).is_none());
    let mut chunk: Vec<Uid> = Vec::new();
    let mut bytes = 0;
    let mut flush = |chunk: &mut Vec<Uid>| -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let headers = mailbox.read(chunk, Part::Header)?;
        for (uid, header) in chunk.drain(..).zip(headers) {
            threads.insert(uid, thread_of(&header));
        }
        Ok(())
    };
    for entry in nameless {
        let size = u64::from(entry.header_size());
        if bytes + size > HEADERS_MAX || chunk.len() >= PAGE as usize {
            flush(&mut chunk)?;
            bytes = 0;
        }
        bytes += size;
        chunk.push(entry.uid());
    }
    flush(&mut chunk)?;
    Ok(threads)
}

/// One of equal sets of keywords, so that a hundred thousand messages hold a few.
fn shared(keywords: Keywords) -> Rc<Keywords> {
    CACHE.with_borrow_mut(|cache| match cache.keywords.get(&keywords) {
        Some(known) => Rc::clone(known),
        None => {
            let keywords = Rc::new(keywords);
            cache.keywords.insert(Rc::clone(&keywords));
            keywords
        }
    })
}
