//! Removing messages, their flags and their keys.

use super::put::{MessageRow, REMOVAL, join_flags};
use super::{Made, Place, Work};
use crate::model::*;
use crate::sqlite::words;
use crate::sqlite::{SMALL_MAX, execute};
use crate::store::Error;
use rusqlite::params;

const KEYS_MAX: usize = 2000;

impl Work<'_> {
    pub(super) fn remove(&mut self, mailbox: MailboxId, uid: Uid) -> Result<Made, Error> {
        let place = self.place(mailbox, REMOVAL)?;
        let row = self.message(mailbox, uid)?;
        self.check_locks(&place, row.name.as_deref(), true)?;
        self.count(&place, -row.bytes(), -1)?;
        let modseq = self.bury(&place, &row)?;
        Ok(Made {
            modseq,
            ..Made::default()
        })
    }

    /// The message of this uid; `Conflict` if it is gone.
    pub(super) fn message(&self, mailbox: MailboxId, uid: Uid) -> Result<MessageRow, Error> {
        self.row(mailbox, "uid = ?2", &uid)?.ok_or(Error::Conflict)
    }

    /// Takes a message away and leaves a tombstone.
    pub(super) fn bury(&mut self, place: &Place, row: &MessageRow) -> Result<Modseq, Error> {
        let modseq = self.touch(place)?;
        self.erase(place.mailbox, row)?;
        if let Some(name) = row.name.as_deref().filter(|_| self.locks) {
            // RFC 4918 §9.6.1: what is removed takes its locks along.
            execute(
                self.db,
                "DELETE FROM lock WHERE mailbox = ?1 AND name = ?2",
                params![place.mailbox, name],
            )?;
        }
        execute(
            self.db,
            "INSERT INTO removed VALUES (?1, ?2, ?3, ?4, ?5)",
            params![place.mailbox, modseq, row.uid, row.name, self.now],
        )?;
        Ok(modseq)
    }

    /// Takes away the row, its keys, and its bytes unless others share them. Annotations stay for
    /// whoever takes its place, or are gone already.
    pub(super) fn erase(&self, mailbox: MailboxId, row: &MessageRow) -> Result<(), Error> {
        if row.shared > 0 || row.private > 0 {
            for sql in [
                "DELETE FROM annotation WHERE mailbox = ?1 AND uid = ?2",
                "DELETE FROM private_change WHERE mailbox = ?1 AND uid = ?2",
            ] {
                execute(self.db, sql, params![mailbox, row.uid])?;
            }
        }
        self.drop_keys(mailbox, row.uid)?;
        execute(
            self.db,
            "DELETE FROM message WHERE mailbox = ?1 AND uid = ?2",
            params![mailbox, row.uid],
        )?;
        let gone = execute(
            self.db,
            "DELETE FROM content WHERE content = ?1 AND refs <= 1",
            [row.content],
        )?;
        if gone == 0 {
            execute(
                self.db,
                "UPDATE content SET refs = refs - 1 WHERE content = ?1",
                [row.content],
            )?;
        } else if row.size > SMALL_MAX as u64 {
            execute(
                self.db,
                "INSERT OR REPLACE INTO unlinked VALUES (?1, ?2)",
                params![row.digest.0, self.now],
            )?;
        }
        Ok(())
    }

    pub(super) fn set_flags(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        add: &[String],
        remove: &[String],
    ) -> Result<Made, Error> {
        let needed = add
            .iter()
            .chain(remove)
            .map(|flag| match flag.to_ascii_lowercase().as_str() {
                "\\seen" => Rights::KEEP_SEEN,
                "\\deleted" => Rights::DELETE_MESSAGE,
                _ => Rights::WRITE,
            })
            .fold(Rights::default(), |all, right| all | right);
        let place = self.place(mailbox, needed)?;
        let row = self.message(mailbox, uid)?;
        self.check_locks(&place, row.name.as_deref(), false)?;
        let flags = row
            .flags
            .split_terminator(' ')
            .filter(|flag| !remove.iter().any(|gone| gone.eq_ignore_ascii_case(flag)))
            .map(str::to_owned)
            .chain(add.iter().cloned())
            .collect();
        let flags = join_flags(flags)?;
        let modseq = self.touch(&place)?;
        execute(
            self.db,
            "UPDATE message SET flags = ?3, modseq = ?4 WHERE mailbox = ?1 AND uid = ?2",
            params![mailbox, uid, flags, modseq],
        )?;
        Ok(Made {
            modseq,
            ..Made::default()
        })
    }

    /// Replaces keys. They are no state that a client sees, so no modseq is taken.
    pub(super) fn set_keys(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        keys: &[Key],
        keys_version: u32,
    ) -> Result<Made, Error> {
        let place = self.place(mailbox, Rights::READ)?;
        if !place.rights.contains(Rights::INSERT) && !place.rights.contains(Rights::WRITE) {
            return Err(Error::Forbidden(Rights::WRITE));
        }
        self.message(mailbox, uid)?;
        self.drop_keys(mailbox, uid)?;
        self.add_keys(mailbox, uid, keys)?;
        execute(
            self.db,
            "UPDATE message SET keys_version = ?3 WHERE mailbox = ?1 AND uid = ?2",
            params![mailbox, uid, keys_version],
        )?;
        Ok(Made::default())
    }

    pub(super) fn drop_keys(&self, mailbox: MailboxId, uid: Uid) -> Result<(), Error> {
        for sql in [
            "DELETE FROM key_text WHERE mailbox = ?1 AND uid = ?2",
            "DELETE FROM key_number WHERE mailbox = ?1 AND uid = ?2",
            "DELETE FROM key_interval WHERE mailbox = ?1 AND uid = ?2",
            "DELETE FROM words WHERE rowid IN (
                SELECT words FROM key_words WHERE mailbox = ?1 AND uid = ?2)",
            "DELETE FROM new_words WHERE words IN (
                SELECT words FROM key_words WHERE mailbox = ?1 AND uid = ?2)",
            "DELETE FROM key_words WHERE mailbox = ?1 AND uid = ?2",
        ] {
            execute(self.db, sql, params![mailbox, uid])?;
        }
        Ok(())
    }

    pub(super) fn add_keys(&self, mailbox: MailboxId, uid: Uid, keys: &[Key]) -> Result<(), Error> {
        if keys.len() > KEYS_MAX {
            return Err(Error::TooMany(KEYS_MAX as u64));
        }
        for Key { name, value } in keys {
            if name.is_empty() || name.len() > 64 {
                return Err(Error::Invalid("the name of a key has 1 to 64 bytes".into()));
            }
            match value {
                KeyValue::Text(text) if text.len() > 1024 => {
                    return Err(Error::Invalid(format!(
                        "the key {name} has more than 1024 bytes"
                    )));
                }
                KeyValue::Text(text) => execute(
                    self.db,
                    "INSERT OR IGNORE INTO key_text VALUES (?1, ?2, ?3, ?4)",
                    params![mailbox, name, text, uid],
                )?,
                KeyValue::Number(number) => execute(
                    self.db,
                    "INSERT OR IGNORE INTO key_number VALUES (?1, ?2, ?3, ?4)",
                    params![mailbox, name, number, uid],
                )?,
                KeyValue::Interval(start, end) if end < start => {
                    return Err(Error::Invalid(format!(
                        "the key {name} ends before it begins"
                    )));
                }
                KeyValue::Interval(start, end) => execute(
                    self.db,
                    "INSERT OR IGNORE INTO key_interval VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        mailbox,
                        name,
                        class(*start, *end),
                        start,
                        until(*start, *end),
                        uid
                    ],
                )?,
                KeyValue::Words(text) => self.add_words(mailbox, uid, name, text)?,
            };
        }
        Ok(())
    }

    pub(super) fn add_words(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        name: &str,
        text: &str,
    ) -> Result<usize, Error> {
        execute(
            self.db,
            "INSERT INTO key_words (mailbox, uid, name) VALUES (?1, ?2, ?3)",
            params![mailbox, uid, name],
        )?;
        let row = self.db.last_insert_rowid();
        words::add(self.db, row, &format!("m{mailbox}"), text)
    }
}

/// How many bits the length of an interval has.
fn class(start: i64, end: i64) -> u32 {
    64 - until(start, end).abs_diff(start).leading_zeros()
}

/// An empty interval is found where it begins: it lasts for one unit.
fn until(start: i64, end: i64) -> i64 {
    end.max(start.saturating_add(1))
}
