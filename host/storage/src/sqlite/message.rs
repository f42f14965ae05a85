//! Reading messages: listings, changes, single ones, and their bytes.

use super::blob::{Chained, Memory};
use super::mailbox::principal;
use super::rights::access;
use super::{PAGE_MAX, READ_MAX, SqliteStore};
use crate::model::*;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

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

/// Messages by uid.
const LIST: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid > ?3 ORDER BY m.uid"
);

/// The same where nobody has anything of his own: what need not be asked for each.
const LIST_SHARED: &str = concat!(
    "SELECT ",
    entry!("m.modseq", "m.shared"),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid > ?3 AND ?2 IS NOT NULL ORDER BY m.uid"
);

/// Messages changed after ?3, those that moved for this principal alone, and tombstones; each part
/// comes from an index in the order of the whole.
const CHANGES: &str = concat!(
    "SELECT ",
    entry!("m.modseq"),
    ", 0 FROM message m WHERE m.mailbox = ?1 AND m.modseq > ?3
        AND NOT (m.private > 0 AND EXISTS (SELECT 1 FROM private_change p
            WHERE p.mailbox = ?1 AND p.uid = m.uid AND p.principal = ?2
            AND p.modseq > m.modseq))
     UNION ALL
     SELECT ",
    entry!("q.modseq"),
    ", 0 FROM private_change q JOIN message m
        ON m.mailbox = q.mailbox AND m.uid = q.uid AND q.modseq > m.modseq
        WHERE q.mailbox = ?1 AND q.principal = ?2 AND q.modseq > ?3
     UNION ALL
     SELECT uid, modseq, 0, 0, 0, 0, zeroblob(32), 0, name, NULL, NULL, 1 FROM removed
        WHERE mailbox = ?1 AND modseq > ?3 AND ?3 > 0
     ORDER BY 2, 1"
);

/// One message.
const BY_NAME: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.name = ?3"
);
const BY_UID: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid = ?3"
);

fn digest(row: &Row<'_>, column: usize) -> Result<Digest, rusqlite::Error> {
    row.get(column).map(Digest)
}

/// A row of `entry` as a message.
pub(super) fn message(row: &Row<'_>) -> Result<Message, rusqlite::Error> {
    Ok(Message {
        uid: row.get(0)?,
        modseq: row.get(1)?,
        created: row.get(2)?,
        modified: row.get(3)?,
        size: row.get(4)?,
        header_size: row.get(5)?,
        digest: digest(row, 6)?,
        annotations: row.get(7)?,
        name: row.get(8)?,
        content_type: row.get(9)?,
        flags: split(row.get_ref(10)?.as_str().unwrap_or_default()),
    })
}

fn split(flags: &str) -> Vec<String> {
    flags.split_terminator(' ').map(str::to_owned).collect()
}

/// A page that is being filled.
struct Filling {
    page: Page,
    fields: Fields,
    /// Flags that lie in its text: most messages have those that others have.
    flags: Vec<Span>,
}

/// How many different flags of messages are looked through.
const FLAGS_KNOWN: usize = 16;

impl Filling {
    fn new(fields: Fields) -> Self {
        Self {
            page: Page::default(),
            fields,
            flags: Vec::new(),
        }
    }

    /// Adds a row of `entry`.
    fn push(&mut self, row: &Row<'_>, removed: bool) -> Result<(), Error> {
        let Fields {
            name,
            content_type,
            flags,
        } = self.fields;
        let entry = Entry {
            uid: row.get(0)?,
            modseq: row.get(1)?,
            created: row.get(2)?,
            modified: row.get(3)?,
            size: row.get(4)?,
            header_size: row.get(5)?,
            digest: digest(row, 6)?,
            annotations: row.get(7)?,
            // What is gone is known by its name alone.
            name: self.text(name || removed, row, 8)?,
            content_type: self.text(content_type, row, 9)?,
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
        let flags = row.get_ref(10)?.as_bytes().unwrap_or_default();
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

impl SqliteStore {
    pub(super) fn read_list(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        after: Uid,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        let limit = limit.min(PAGE_MAX) as usize;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            let list = if has_private(db, mailbox)? {
                LIST
            } else {
                LIST_SHARED
            };
            let mut statement = db.prepare_cached(list)?;
            let mut rows = statement.query(params![mailbox, principal(actor), after])?;
            let mut filling = Filling::new(fields);
            while let Some(row) = rows.next()? {
                if filling.page.entries.len() >= limit {
                    filling.page.more = true;
                    break;
                }
                filling.push(row, false)?;
            }
            Ok(filling.page)
        })
    }

    pub(super) fn read_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            remembered(db, mailbox, since)?;
            let mut statement = db.prepare_cached(CHANGES)?;
            let mut rows = statement.query(params![mailbox, principal(actor), since])?;
            let mut filling = Filling::new(fields);
            while let Some(row) = rows.next()? {
                let page = &mut filling.page;
                let modseq: Modseq = row.get(1)?;
                // Changes that share a modseq stay together: the caller goes on after a modseq. A
                // batch takes a new one after every thousand, so a page stays bounded.
                let last = page.entries.last().map(|entry| entry.modseq);
                if page.entries.len() >= limit && last != Some(modseq) {
                    page.more = true;
                    break;
                }
                filling.push(row, row.get(11)?)?;
            }
            Ok(filling.page)
        })
    }

    pub(super) fn read_find(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        names: &[String],
    ) -> Result<Vec<Option<Message>>, Error> {
        few(names.len())?;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            names
                .iter()
                .map(|name| one(db, actor, mailbox, BY_NAME, name))
                .collect()
        })
    }

    pub(super) fn read_get(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<Vec<Message>, Error> {
        few(uids.len())?;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            uids.iter()
                .filter_map(|uid| one(db, actor, mailbox, BY_UID, uid).transpose())
                .collect()
        })
    }

    pub(super) async fn read_message(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uid: Uid,
        part: Part,
    ) -> Result<Blob, Error> {
        let bytes = self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            let found = contents(db, mailbox, &[uid], part, u64::MAX)?;
            found.into_iter().next().flatten().ok_or(Error::NotFound)
        })?;
        let digest = if part == Part::Body {
            bytes.digest
        } else {
            Digest::default()
        };
        let Some(body) = bytes.body else {
            if part == Part::Header {
                return Ok(Memory::blob(bytes.header, digest));
            }
            let body = self.bodies.blob(bytes.digest).await?;
            return Ok(match part {
                Part::Whole => Chained::blob(bytes.header, &body),
                _ => body,
            });
        };
        Ok(Memory::blob(join(part, bytes.header, body), digest))
    }

    pub(super) async fn read_bodies(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        part: Part,
    ) -> Result<Vec<Bytes>, Error> {
        few(uids.len())?;
        let found = self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            contents(db, mailbox, uids, part, READ_MAX as u64)
        })?;
        let mut bodies = Vec::with_capacity(found.len());
        for stored in found {
            bodies.push(match stored {
                None => Bytes::new(),
                Some(stored) => self.whole(stored, part).await?,
            });
        }
        Ok(bodies)
    }

    /// Reads a part into memory, wherever it lies.
    pub(super) async fn whole(&self, stored: Stored, part: Part) -> Result<Bytes, Error> {
        let body = match stored.body {
            Some(body) => body,
            None if part == Part::Header => Bytes::new(),
            None => {
                let blob = self.bodies.blob(stored.digest).await?;
                let len = usize::try_from(blob.size).map_err(super::unavailable)?;
                blob.source.read(0, len).await?
            }
        };
        Ok(join(part, stored.header, body))
    }
}

fn few(count: usize) -> Result<(), Error> {
    if count > PAGE_MAX as usize {
        return Err(Error::TooMany(PAGE_MAX.into()));
    }
    Ok(())
}

fn join(part: Part, header: Bytes, body: Bytes) -> Bytes {
    match part {
        Part::Header => header,
        Part::Body => body,
        Part::Whole => [header, body].concat().into(),
    }
}

/// Refuses a modseq from before what is remembered of a mailbox, or from the future.
fn remembered(db: &Connection, mailbox: MailboxId, since: Modseq) -> Result<(), Error> {
    if since == 0 {
        return Ok(());
    }
    let (oldest, counter): (Modseq, Modseq) = db
        .prepare_cached(
            "SELECT m.oldest, o.counter FROM mailbox m JOIN owner o USING (owner)
             WHERE m.mailbox = ?1",
        )?
        .query_row([mailbox], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if since < oldest || since > counter {
        return Err(Error::TooOld);
    }
    Ok(())
}

/// Whether anyone has annotations of his own in a mailbox.
fn has_private(db: &Connection, mailbox: MailboxId) -> Result<bool, Error> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM private_change WHERE mailbox = ?1)")?
        .query_row([mailbox], |row| row.get(0))?)
}

fn one(
    db: &Connection,
    actor: &Actor,
    mailbox: MailboxId,
    sql: &str,
    key: &dyn ToSql,
) -> Result<Option<Message>, Error> {
    Ok(db
        .prepare_cached(sql)?
        .query_row(params![mailbox, principal(actor), key], message)
        .optional()?)
}

/// The bytes of a part of a message; no body if that lies in the object store, or is no part of it.
pub(super) struct Stored {
    pub(super) header: Bytes,
    pub(super) body: Option<Bytes>,
    pub(super) digest: Digest,
}

impl Stored {
    /// From a row with header and body in two columns, of which only what is wanted is read.
    pub(super) fn of_row(
        row: &Row<'_>,
        column: usize,
        part: Part,
        digest: Digest,
    ) -> Result<Self, rusqlite::Error> {
        let header = match part {
            Part::Header | Part::Whole => row.get::<_, Vec<u8>>(column)?,
            Part::Body => Vec::new(),
        };
        let body = match part {
            Part::Body | Part::Whole => row.get::<_, Option<Vec<u8>>>(column + 1)?,
            Part::Header => None,
        };
        Ok(Self {
            header: header.into(),
            body: body.map(Bytes::from),
            digest,
        })
    }
}

/// How far apart the uids of messages may be that are read in one go: to step over a message costs
/// less than to look for the next one.
const GAP_MAX: Uid = 4;

/// A part of each of these messages, in the order asked; none for one that is gone. Messages that
/// follow one another, as they do where a whole mailbox is read, are read in one go.
///
/// Fails with [`Error::TooLarge`] if they have more bytes than this together.
pub(super) fn contents(
    db: &Connection,
    mailbox: MailboxId,
    uids: &[Uid],
    part: Part,
    mut left: u64,
) -> Result<Vec<Option<Stored>>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT m.uid, m.header_size, m.size, m.digest, c.header, c.body
         FROM message m JOIN content c USING (content)
         WHERE m.mailbox = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
    )?;
    let mut found = Vec::with_capacity(uids.len());
    for run in uids.chunk_by(|one, next| one < next && next - one <= GAP_MAX) {
        let mut rows = statement.query(params![mailbox, run.first(), run.last()])?;
        let mut wanted = run.iter().copied().peekable();
        while let Some(row) = rows.next()? {
            let uid: Uid = row.get(0)?;
            while wanted.next_if(|&gone| gone < uid).is_some() {
                found.push(None);
            }
            if wanted.next_if_eq(&uid).is_none() {
                continue;
            }
            let size = part.of(row.get(1)?, row.get(2)?);
            left = left
                .checked_sub(size)
                .ok_or(Error::TooLarge(READ_MAX as u64))?;
            found.push(Some(Stored::of_row(row, 4, part, digest(row, 3)?)?));
        }
        found.extend(wanted.map(|_| None));
    }
    Ok(found)
}

impl Part {
    /// How many bytes it has, of a header section and a body of so many.
    pub(super) fn of(self, header: u64, body: u64) -> u64 {
        match self {
            Self::Header => header,
            Self::Body => body,
            Self::Whole => header + body,
        }
    }
}
