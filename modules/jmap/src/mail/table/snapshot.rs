//! Tables that outlive the instance: remembered by the host, as they lie in memory, with the modseq that
//! they were true at.

use super::rows::{Rows, WIDTH};
use super::{Counts, Table};
use crate::mail::keywords::Keywords;
use module::memory::{recall, remember};
use module::{Modseq, Status};
use std::cell::OnceCell;

/// What bytes of this form begin with, at their end; another number for another form.
const FORM: u64 = 2;
/// Bytes of room behind the rows, so that some more can come without all being moved.
const ROOM: usize = 64 * WIDTH;
/// Numbers at the end.
const NUMBERS: usize = 8;

/// Remembers a table of a mailbox.
pub fn keep(table: &mut Table, status: &Status) {
    let counts = table.counts();
    let bytes = &mut table.rows.bytes;
    let len = bytes.len();
    let mut tail = vec![0; ROOM];
    for keywords in table.rows.sets() {
        let text = keywords.to_flags();
        tail.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        tail.extend(text.as_bytes());
    }
    for number in [
        counts.emails,
        counts.unread_emails,
        counts.threads,
        counts.unread_threads,
        table.modseq,
        len as u64,
        table.rows.sets().len() as u64,
        FORM,
    ] {
        tail.extend(number.to_le_bytes());
    }
    let bytes = &mut table.rows.bytes;
    bytes.reserve_exact(tail.len());
    bytes.extend(tail);
    remember(&name(status), bytes);
    bytes.truncate(len);
}

/// Recalls a table of a mailbox, as it was at a modseq of its own.
pub fn find(status: &Status) -> Option<Table> {
    let bytes = recall(&name(status))?;
    let (rest, numbers) = bytes.split_last_chunk::<{ NUMBERS * 8 }>()?;
    let (numbers, _) = numbers.as_chunks();
    let mut numbers = numbers.iter().copied().map(u64::from_le_bytes);
    let mut next = || numbers.next();
    let counts = Counts {
        emails: next()?,
        unread_emails: next()?,
        threads: next()?,
        unread_threads: next()?,
    };
    let modseq: Modseq = next()?;
    let len = usize::try_from(next()?).ok()?;
    let sets = next()?;
    if next()? != FORM || !len.is_multiple_of(WIDTH) {
        return None;
    }
    let mut texts = rest.get(len.checked_add(ROOM)?..)?;
    let mut rows = Rows::default();
    for _ in 0..sets {
        let (size, after) = texts.split_first_chunk()?;
        let (text, after) = after.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        texts = after;
        rows.set(Keywords::of(
            std::str::from_utf8(text).ok()?.split_terminator(' '),
        ));
    }
    let mut bytes = bytes;
    bytes.truncate(len);
    rows.bytes = bytes;
    Some(Table {
        modseq,
        rows,
        counts: OnceCell::from(counts),
        ..Table::default()
    })
}

fn name(status: &Status) -> String {
    format!("table {}", status.id)
}
