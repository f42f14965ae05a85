//! Putting a message, and the parts of it that copying shares.

use super::{Body, Made, Place, Work};
use crate::model::*;
use crate::path::{check_name, child};
use crate::sqlite::{SMALL_MAX, execute};
use crate::store::Error;
use rusqlite::{OptionalExtension, ToSql, params};
use std::rc::Rc;

const CONTENT_TYPE_MAX: usize = 1024;
const FLAGS_MAX: usize = 128;
/// What it takes to replace or remove a message.
pub(super) const REMOVAL: Rights = Rights(Rights::DELETE_MESSAGE.0 | Rights::EXPUNGE.0);

/// The row of a message.
pub(super) struct MessageRow {
    pub(super) uid: Uid,
    pub(super) created: Instant,
    pub(super) modified: Instant,
    pub(super) size: u64,
    pub(super) header_size: u32,
    pub(super) digest: Digest,
    pub(super) name: Option<String>,
    pub(super) content_type: String,
    pub(super) flags: String,
    pub(super) shared: i64,
    pub(super) private: i64,
    pub(super) keys_version: u32,
    pub(super) content: i64,
}

impl MessageRow {
    /// What it counts for a quota.
    pub(super) fn bytes(&self) -> i64 {
        i64::try_from(self.size + u64::from(self.header_size)).unwrap_or(i64::MAX)
    }
}

impl Work<'_> {
    /// Puts a message, which has lain elsewhere since `created` if it has.
    pub(super) fn put(
        &mut self,
        target: Target,
        put: &Put,
        body: Option<&Body>,
        created: Option<Instant>,
    ) -> Result<Made, Error> {
        let body = body.ok_or_else(|| Error::Invalid("a message without a body".into()))?;
        let mailbox = match target {
            Target::Mailbox(mailbox) => mailbox,
            Target::Created(change) => self.created(change)?,
        };
        let place = self.place(mailbox, Rights::INSERT)?;
        check_put(put)?;
        let old = self.make_room(&place, put.name.as_deref(), put.condition)?;
        let mut flags = put.flags.clone();
        if let Some(old) = &old {
            flags.extend(old.flags.split_terminator(' ').map(str::to_owned));
        }
        let row = MessageRow {
            uid: 0,
            created: old
                .as_ref()
                .map_or(created.unwrap_or(self.now), |old| old.created),
            modified: self.now,
            size: body.size(),
            header_size: u32::try_from(put.header.len()).unwrap_or(u32::MAX),
            digest: body.digest(),
            name: put.name.clone(),
            content_type: put.content_type.clone(),
            flags: join_flags(flags)?,
            shared: old.as_ref().map_or(0, |old| old.shared),
            private: old.as_ref().map_or(0, |old| old.private),
            keys_version: put.keys_version,
            content: 0,
        };
        let replaced = old.is_some();
        self.count_replacing(&place, row.bytes(), old.as_ref())?;
        let row = MessageRow {
            content: self.link(put, body)?,
            ..row
        };
        let (uid, modseq) = self.insert(&place, &row, old.as_ref(), true)?;
        self.add_keys(mailbox, uid, &put.keys)?;
        Ok(Made {
            mailbox: Some(mailbox),
            uid: Some(uid),
            digest: row.digest,
            modified: row.modified,
            modseq,
            replaced,
            ..Made::default()
        })
    }

    /// Checks that a message may be put under a name, and returns the one that it replaces.
    pub(super) fn make_room(
        &mut self,
        place: &Rc<Place>,
        name: Option<&str>,
        condition: Condition,
    ) -> Result<Option<MessageRow>, Error> {
        let Some(name) = name else {
            if let Condition::Unchanged(_) = condition {
                return Err(Error::Invalid(
                    "a condition on the name of a nameless message".into(),
                ));
            }
            self.check_locks(place, None, true)?;
            return Ok(None);
        };
        check_name(name)?;
        let old = self.row(place.mailbox, "name = ?2", &name)?;
        match (condition, &old) {
            (Condition::Free, Some(_)) => return Err(Error::Exists),
            (Condition::Unchanged(uid), old) if old.as_ref().map(|old| old.uid) != Some(uid) => {
                return Err(Error::Conflict);
            }
            (_, None) if self.is_mailbox(&child(&place.path, name))? => return Err(Error::Exists),
            (_, Some(_)) => super::super::rights::need(place.rights, REMOVAL)?,
            _ => {}
        }
        self.check_locks(place, Some(name), old.is_none())?;
        Ok(old)
    }

    pub(super) fn count_replacing(
        &mut self,
        place: &Place,
        bytes: i64,
        old: Option<&MessageRow>,
    ) -> Result<(), Error> {
        let less = old.map_or(0, MessageRow::bytes);
        self.count(place, bytes - less, i64::from(old.is_none()))
    }

    /// Keeps the bytes, and returns their row.
    fn link(&self, put: &Put, body: &Body) -> Result<i64, Error> {
        let small = match body {
            Body::Small(bytes, _) => Some(bytes.as_ref()),
            Body::Big(digest, _) if self.scene.bodies.has(*digest) => None,
            // It was removed, and gone for longer than the time of grace.
            Body::Big(..) => return Err(Error::NotFound),
        };
        execute(
            self.db,
            "INSERT INTO content (refs, header, body) VALUES (1, ?1, ?2)",
            params![put.header.as_ref(), small],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Writes the row under the next uid, in the place of an old one. `inherit` hands that one's
    /// annotations on.
    pub(super) fn insert(
        &mut self,
        place: &Place,
        row: &MessageRow,
        old: Option<&MessageRow>,
        inherit: bool,
    ) -> Result<(Uid, Modseq), Error> {
        let is_new = |(mailbox, _): &(MailboxId, String)| *mailbox != place.mailbox;
        if row.keys_version == 0 && self.unindexed.iter().all(is_new) {
            self.unindexed.push((place.mailbox, place.kind.clone()));
        }
        let modseq = self.touch(place)?;
        let counters = self.counters(place)?;
        let uid = Uid::try_from(counters.uid_next)
            .map_err(|_| Error::Unavailable("the mailbox has used up its uids".into()))?;
        counters.uid_next += 1;
        if let Some(old) = old {
            if inherit && (old.shared > 0 || old.private > 0) {
                self.move_annotations(place.mailbox, old.uid, uid)?;
            }
            self.erase(place.mailbox, old)?;
        } else if let Some(name) = &row.name {
            execute(
                self.db,
                "DELETE FROM removed WHERE mailbox = ?1 AND name = ?2",
                params![place.mailbox, name],
            )?;
        }
        execute(
            self.db,
            "INSERT INTO message VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                place.mailbox,
                uid,
                modseq,
                row.created,
                row.modified,
                row.size,
                row.header_size,
                row.digest.0,
                row.name,
                row.content_type,
                row.flags,
                row.shared,
                row.private,
                row.keys_version,
                row.content
            ],
        )?;
        Ok((uid, modseq))
    }

    fn move_annotations(&self, mailbox: MailboxId, from: Uid, to: Uid) -> Result<(), Error> {
        for sql in [
            "UPDATE annotation SET uid = ?3 WHERE mailbox = ?1 AND uid = ?2",
            "UPDATE private_change SET uid = ?3 WHERE mailbox = ?1 AND uid = ?2",
        ] {
            execute(self.db, sql, params![mailbox, from, to])?;
        }
        Ok(())
    }

    /// The row of a message; `key` is ?2 in `which`.
    pub(super) fn row(
        &self,
        mailbox: MailboxId,
        which: &str,
        key: &dyn ToSql,
    ) -> Result<Option<MessageRow>, Error> {
        let sql = format!(
            "SELECT uid, created, modified, size, header_size, digest, name, content_type, flags,
             shared, private, keys_version, content FROM message WHERE mailbox = ?1 AND {which}"
        );
        Ok(self
            .db
            .prepare_cached(&sql)?
            .query_row(params![mailbox, key], |row| {
                Ok(MessageRow {
                    uid: row.get(0)?,
                    created: row.get(1)?,
                    modified: row.get(2)?,
                    size: row.get(3)?,
                    header_size: row.get(4)?,
                    digest: Digest(row.get(5)?),
                    name: row.get(6)?,
                    content_type: row.get(7)?,
                    flags: row.get(8)?,
                    shared: row.get(9)?,
                    private: row.get(10)?,
                    keys_version: row.get(11)?,
                    content: row.get(12)?,
                })
            })
            .optional()?)
    }

    pub(super) fn is_mailbox(&self, path: &str) -> Result<bool, Error> {
        Ok(self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM mailbox WHERE path = ?1)")?
            .query_row([path], |row| row.get(0))?)
    }
}

fn check_put(put: &Put) -> Result<(), Error> {
    if put.header.len() > SMALL_MAX {
        return Err(Error::TooLarge(SMALL_MAX as u64));
    }
    let content_type = &put.content_type;
    if content_type.len() > CONTENT_TYPE_MAX || content_type.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "a media type has at most {CONTENT_TYPE_MAX} bytes and no control characters"
        )));
    }
    Ok(())
}

/// Writes flags into one column. They compare without case. RFC 9051 §2.3.2.
pub(super) fn join_flags(flags: Vec<String>) -> Result<String, Error> {
    let mut kept: Vec<String> = Vec::new();
    for flag in flags {
        let bad = |c: char| c.is_control() || c == ' ' || "(){%*\"".contains(c);
        if flag.is_empty() || flag.len() > 255 || flag.chars().any(bad) {
            return Err(Error::Invalid(format!("{flag:?} is not a flag")));
        }
        if !kept.iter().any(|kept| kept.eq_ignore_ascii_case(&flag)) {
            kept.push(flag);
        }
    }
    if kept.len() > FLAGS_MAX {
        return Err(Error::TooMany(FLAGS_MAX as u64));
    }
    Ok(kept.join(" "))
}
