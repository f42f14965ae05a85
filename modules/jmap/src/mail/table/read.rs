//! Rows of messages, as the host lists them.

use super::rows::{Packed, Row, Rows, pack};
use crate::id::{EmailId, MailboxId, ThreadId};
use crate::mail::keywords::Keywords;
use crate::mail::name::Name;
use crate::mail::thread::thread_of;
use module::{Entry, Error, Fields, Mailbox, Modseq, Part, Result, Status, Uid};
use std::collections::BTreeMap;

/// Messages that are read at once.
const PAGE: u32 = 2000;
/// What is asked of each.
const FIELDS: Fields = Fields::NAME.with(Fields::FLAGS);
/// Bytes of header sections that are read at once.
const HEADERS_MAX: u64 = 4 << 20;
/// Changes above which rows are read anew: each is looked up and put in its place.
const CHANGES_MAX: usize = 20_000;

/// All messages of a mailbox.
pub fn all(mailbox: &Mailbox, status: &Status, count_max: usize) -> Result<Rows> {
    let id = MailboxId::of(status);
    // As much memory as it takes and no more: an instance that has grown too much is not kept.
    let count = usize::try_from(status.messages).unwrap_or(0).min(count_max);
    let mut rows = Rows::with_capacity(count);
    let mut after = 0;
    loop {
        let page = mailbox.list(after, PAGE, FIELDS)?;
        let entries: Vec<Entry<'_>> = page.iter().collect();
        for (_, packed) in read(&mut rows, mailbox, id, &entries)? {
            rows.push(&packed);
        }
        match page.last() {
            Some(last) if page.more => after = last.uid(),
            _ => return Ok(rows),
        }
    }
}

/// Brings rows up to date, and says how many changes that were; none if it is not possible, or not
/// less work than to read all.
pub fn renew(
    rows: &mut Rows,
    mut since: Modseq,
    mailbox: &Mailbox,
    status: &Status,
) -> Result<Option<usize>> {
    let id = MailboxId::of(status);
    let mut changed: BTreeMap<Uid, Option<Packed>> = BTreeMap::new();
    // A name is unique in its mailbox. What left and came back has another uid, and that the one it
    // had is gone is not told: of each the last uid is the one that counts.
    let mut latest: BTreeMap<EmailId, Uid> = BTreeMap::new();
    loop {
        let page = match mailbox.changes(since, PAGE, FIELDS) {
            Err(Error::TooOld) => return Ok(None),
            page => page?,
        };
        for entry in page.iter() {
            if let Some(name) = Name::parse(entry.name()) {
                let last = latest.entry(name.id).or_default();
                *last = entry.uid().max(*last);
            }
        }
        let entries: Vec<Entry<'_>> = page.iter().filter(|entry| !entry.removed()).collect();
        let gone = page.iter().filter(|entry| entry.removed());
        changed.extend(gone.map(|entry| (entry.uid(), None)));
        let read = read(rows, mailbox, id, &entries)?;
        changed.extend(read.into_iter().map(|(uid, packed)| (uid, Some(packed))));
        match page.last() {
            Some(last) if page.more => since = last.modseq(),
            _ => break,
        }
        if changed.len() > CHANGES_MAX {
            return Ok(None);
        }
    }
    let count = changed.len();
    rows.change(changed, &latest);
    Ok(Some(count))
}

/// The rows of messages in a listing; their sets of keywords become some of `rows`.
fn read(
    rows: &mut Rows,
    mailbox: &Mailbox,
    id: MailboxId,
    entries: &[Entry<'_>],
) -> Result<Vec<(Uid, Packed)>> {
    let mut sets: BTreeMap<&str, u32> = BTreeMap::new();
    let mut threads = read_threads(mailbox, entries)?;
    let read = entries.iter().filter_map(|entry| {
        let name = Name::parse(entry.name());
        let uid = entry.uid();
        let set = *sets.entry(entry.flags()).or_insert_with_key(|flags| {
            let keywords = Keywords::of(flags.split_terminator(' '));
            rows.set(keywords)
        });
        let row = Row {
            uid,
            modseq: entry.modseq(),
            id: name.map_or_else(|| EmailId::found(id, uid), |name| name.id),
            thread: match name {
                Some(name) => name.thread,
                // What is gone since it was listed is none of the rows.
                None => threads.remove(&uid)?,
            },
            received: name.map_or_else(|| entry.created(), |name| name.received),
            size: entry.size() + u64::from(entry.header_size()),
            header_size: entry.header_size(),
            keywords: &Keywords::none(),
        };
        Some((uid, pack(&row, set)))
    });
    Ok(read.collect())
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
