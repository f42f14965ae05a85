//! The queue of messages for the mail system: a row for each recipient, gone when it has been served
//! or given up, and the message with the last of them.

use super::{SqliteStore, clock, execute, random_id};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Most recipients of a message.
const RECIPIENTS_MAX: usize = 1000;
/// The biggest message.
const MESSAGE_LEN_MAX: usize = 64 << 20;
/// Messages that a principal may have in the queue.
const LETTERS_MAX: u32 = 1000;

impl SqliteStore {
    pub(super) async fn write_letter(&self, letter: Letter) -> Result<String, Error> {
        if letter.recipients.len() > RECIPIENTS_MAX {
            return Err(Error::TooMany(RECIPIENTS_MAX as u64));
        }
        if letter.recipients.is_empty() {
            return Err(Error::Invalid("a message for nobody".into()));
        }
        if letter.message.len() > MESSAGE_LEN_MAX {
            return Err(Error::TooLarge(MESSAGE_LEN_MAX as u64));
        }
        let bytes = letter.message.len() + 128 * letter.recipients.len();
        self.writer
            .submit(bytes, move |db| queue(db, &letter))
            .await
    }

    pub(super) async fn erase_letter(&self, principal: &str, name: &str) -> Result<bool, Error> {
        let (principal, name) = (principal.to_owned(), name.to_owned());
        self.writer
            .submit(256, move |db| {
                // One that was sent to some already is not taken back.
                let gone = execute(
                    db,
                    "DELETE FROM letter WHERE name = ?2 AND principal = ?1 AND recipients = (
                        SELECT count(*) FROM submission s
                        WHERE s.letter = letter.letter AND s.attempts = 0)",
                    params![principal, name],
                )?;
                Ok::<_, Error>(gone > 0)
            })
            .await
    }

    pub(super) fn read_due_submissions(
        &self,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<Submission>, Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT s.submission, l.letter, l.name, l.principal, l.sender, s.recipient, l.queued,
                 s.attempts FROM submission s JOIN letter l USING (letter)
                 WHERE s.due <= ?1 ORDER BY s.due, s.submission LIMIT ?2",
            )?;
            let rows = statement.query_map(params![now, limit], submission)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(super) fn read_letter(&self, letter: i64) -> Result<bytes::Bytes, Error> {
        self.readers.read(|db| {
            let found: Option<Vec<u8>> = db
                .prepare_cached("SELECT message FROM letter WHERE letter = ?1")?
                .query_row([letter], |row| row.get(0))
                .optional()?;
            found.map(Into::into).ok_or(Error::NotFound)
        })
    }
}

fn queue(db: &Connection, letter: &Letter) -> Result<String, Error> {
    let waiting: u32 = db
        .prepare_cached("SELECT count(*) FROM letter WHERE principal = ?1")?
        .query_row([&letter.principal], |row| row.get(0))?;
    if waiting >= LETTERS_MAX {
        return Err(Error::TooMany(LETTERS_MAX.into()));
    }
    let (name, now) = (random_id()?, clock());
    execute(
        db,
        "INSERT INTO letter (name, principal, sender, queued, recipients, message)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            name,
            letter.principal,
            letter.sender,
            now,
            letter.recipients.len(),
            letter.message.as_ref()
        ],
    )?;
    let id = db.last_insert_rowid();
    for recipient in &letter.recipients {
        execute(
            db,
            "INSERT INTO submission (letter, recipient, due) VALUES (?1, ?2, ?3)",
            params![id, recipient, letter.not_before.unwrap_or(now)],
        )?;
    }
    Ok(name)
}

fn submission(row: &Row<'_>) -> Result<Submission, rusqlite::Error> {
    Ok(Submission {
        id: row.get(0)?,
        letter: row.get(1)?,
        name: row.get(2)?,
        principal: row.get(3)?,
        sender: row.get(4)?,
        recipient: row.get(5)?,
        queued: row.get(6)?,
        attempts: row.get(7)?,
    })
}
