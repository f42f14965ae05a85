//! The bytes of messages: header section and body, wherever they lie.

use super::blob::{Chained, Memory};
use super::message::few;
use super::rights::access;
use super::{READ_MAX, SqliteStore};
use crate::model::*;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::{Connection, Row, params};

impl SqliteStore {
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

fn join(part: Part, header: Bytes, body: Bytes) -> Bytes {
    match part {
        Part::Header => header,
        Part::Body => body,
        Part::Whole => [header, body].concat().into(),
    }
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
            found.push(Some(Stored::of_row(row, 4, part, row.get(3).map(Digest)?)?));
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
