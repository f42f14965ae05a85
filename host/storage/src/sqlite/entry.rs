//! What is known of a message, as statements read it: the columns, and what is made of a row of them.

use crate::model::*;
use crate::store::Error;
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// What an entry is made of. ?1 is the mailbox and ?2 the principal, whose private annotations
/// count and move its own state only. A modseq is given where it is known which one counts, so that
/// an index gives the order.
macro_rules! entry {
    () => {
        entry!(
            "CASE WHEN m.private = 0 THEN m.modseq ELSE max(m.modseq, coalesce((
            SELECT p.modseq FROM private_change p
            WHERE p.mailbox = m.mailbox AND p.uid = m.uid AND p.principal = ?2), 0)) END"
        )
    };
    ($modseq:literal) => {
        entry!(
            $modseq,
            "CASE WHEN m.private = 0 THEN m.shared ELSE m.shared + (
            SELECT count(*) FROM annotation a
            WHERE a.mailbox = m.mailbox AND a.uid = m.uid AND a.principal = ?2 AND ?2 <> '') END"
        )
    };
    ($modseq:literal, $annotations:literal) => {
        concat!(
            "m.uid, ",
            $modseq,
            ", m.created, m.modified, m.size, m.header_size, m.digest, ",
            $annotations,
            ", m.name, m.content_type, m.flags"
        )
    };
}

pub(super) use entry;

/// The columns of text.
const NAME: usize = 8;
const CONTENT_TYPE: usize = 9;
const FLAGS: usize = 10;
/// The column behind them, where what is gone is among the rows.
pub(super) const REMOVED: usize = 11;

/// The columns before them.
struct Numbers {
    uid: Uid,
    modseq: Modseq,
    created: Instant,
    modified: Instant,
    size: u64,
    header_size: u32,
    digest: Digest,
    annotations: u32,
}

impl Numbers {
    fn of(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            uid: row.get(0)?,
            modseq: row.get(1)?,
            created: row.get(2)?,
            modified: row.get(3)?,
            size: row.get(4)?,
            header_size: row.get(5)?,
            digest: row.get(6).map(Digest)?,
            annotations: row.get(7)?,
        })
    }
}

/// A row of `entry` as a message.
pub(super) fn message(row: &Row<'_>) -> Result<Message, rusqlite::Error> {
    let numbers = Numbers::of(row)?;
    let flags = row.get_ref(FLAGS)?.as_str().unwrap_or_default();
    Ok(Message {
        uid: numbers.uid,
        modseq: numbers.modseq,
        created: numbers.created,
        modified: numbers.modified,
        size: numbers.size,
        header_size: numbers.header_size,
        digest: numbers.digest,
        annotations: numbers.annotations,
        name: row.get(NAME)?,
        content_type: row.get(CONTENT_TYPE)?,
        flags: flags.split_terminator(' ').map(str::to_owned).collect(),
    })
}

/// A page that is being filled.
pub(super) struct Filling {
    pub(super) page: Page,
    fields: Fields,
    /// Flags that lie in its text: most messages have those that others have.
    flags: Vec<Span>,
}

/// How many different flags of messages are looked through.
const FLAGS_KNOWN: usize = 16;

impl Filling {
    pub(super) fn new(fields: Fields) -> Self {
        Self {
            page: Page::default(),
            fields,
            flags: Vec::new(),
        }
    }

    /// Adds a row of `entry`.
    pub(super) fn push(&mut self, row: &Row<'_>, removed: bool) -> Result<(), Error> {
        let Fields {
            name,
            content_type,
            flags,
        } = self.fields;
        let numbers = Numbers::of(row)?;
        let entry = Entry {
            uid: numbers.uid,
            modseq: numbers.modseq,
            created: numbers.created,
            modified: numbers.modified,
            size: numbers.size,
            header_size: numbers.header_size,
            digest: numbers.digest,
            annotations: numbers.annotations,
            // What is gone is known by its name alone.
            name: self.text(name || removed, row, NAME)?,
            content_type: self.text(content_type, row, CONTENT_TYPE)?,
            flags: self.flags(flags && !removed, row)?,
            removed,
        };
        self.page.entries.push(entry);
        Ok(())
    }

    fn text(&mut self, wanted: bool, row: &Row<'_>, column: usize) -> Result<Span, Error> {
        if !wanted {
            return Ok(Span::default());
        }
        let ValueRef::Text(text) = row.get_ref(column)? else {
            return Ok(Span::default());
        };
        Ok(self.add(text))
    }

    fn flags(&mut self, wanted: bool, row: &Row<'_>) -> Result<Span, Error> {
        if !wanted {
            return Ok(Span::default());
        }
        let flags = row.get_ref(FLAGS)?.as_bytes().unwrap_or_default();
        if flags.is_empty() {
            return Ok(Span::default());
        }
        let text = self.page.text.as_bytes();
        let same = |span: &&Span| {
            let (start, len) = (span.start as usize, span.len as usize);
            text.get(start..start.saturating_add(len)) == Some(flags)
        };
        if let Some(span) = self.flags.iter().find(same) {
            return Ok(*span);
        }
        let span = self.add(flags);
        if self.flags.len() < FLAGS_KNOWN {
            self.flags.push(span);
        }
        Ok(span)
    }

    fn add(&mut self, text: &[u8]) -> Span {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let start = u32::try_from(self.page.text.len()).unwrap_or(u32::MAX);
        self.page.text.push_str(text);
        Span {
            start,
            len: u32::try_from(text.len()).unwrap_or(u32::MAX),
        }
    }
}
