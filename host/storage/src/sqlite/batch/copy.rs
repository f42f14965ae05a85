//! Copying and moving single messages. Their bytes stay where they are.

use super::put::{MessageRow, REMOVAL};
use super::{Made, Place, Work};
use crate::model::*;
use crate::sqlite::execute;
use crate::store::Error;
use rusqlite::params;
use std::rc::Rc;

impl Work<'_> {
    pub(super) fn copy_or_move(&mut self, change: &Change) -> Result<Made, Error> {
        let (source, uid, target, name, condition, moving) = match change {
            Change::Copy {
                source,
                uid,
                target,
                name,
                condition,
            } => (*source, *uid, *target, name, *condition, false),
            Change::Move {
                source,
                uid,
                target,
                name,
                condition,
            } => (*source, *uid, *target, name, *condition, true),
            _ => return Err(Error::Invalid("neither a copy nor a move".into())),
        };
        let needed = if moving { REMOVAL } else { Rights::default() };
        let source = self.place(source, Rights::READ | needed)?;
        let target = self.place(target, Rights::INSERT)?;
        let from = self.message(source.mailbox, uid)?;
        if moving {
            self.check_locks(&source, from.name.as_deref(), true)?;
        }
        let onto_itself = source.mailbox == target.mailbox && name.is_some() && *name == from.name;
        if onto_itself {
            return Err(Error::Exists);
        }
        let old = self.make_room(&target, name.as_deref(), condition)?;
        if moving {
            // First, so that a move within one owner needs no free quota.
            self.count(&source, -from.bytes(), -1)?;
        }
        self.count_replacing(&target, from.bytes(), old.as_ref())?;
        let to = self.copied_row(&from, name.clone(), old.as_ref(), moving)?;
        let (new_uid, mut modseq) = self.insert(&target, &to, old.as_ref(), false)?;
        self.copy_annotations(&source, uid, &target, new_uid, moving)?;
        self.copy_keys(source.mailbox, uid, target.mailbox, new_uid)?;
        if moving {
            modseq = self.bury(&source, &from)?;
        }
        Ok(Made {
            mailbox: Some(target.mailbox),
            uid: Some(new_uid),
            digest: to.digest,
            modified: to.modified,
            modseq,
            replaced: old.is_some(),
            ..Made::default()
        })
    }

    fn copied_row(
        &self,
        from: &MessageRow,
        name: Option<String>,
        old: Option<&MessageRow>,
        moving: bool,
    ) -> Result<MessageRow, Error> {
        execute(
            self.db,
            "UPDATE content SET refs = refs + 1 WHERE content = ?1",
            [from.content],
        )?;
        let created = old.map(|old| old.created);
        Ok(MessageRow {
            uid: 0,
            created: created.unwrap_or(if moving { from.created } else { self.now }),
            modified: if moving { from.modified } else { self.now },
            name,
            content_type: from.content_type.clone(),
            flags: from.flags.clone(),
            shared: from.shared,
            private: 0,
            ..*from
        })
    }

    /// Carries annotations: a move takes those of everyone, a copy the shared ones and the actor's.
    fn copy_annotations(
        &mut self,
        source: &Rc<Place>,
        uid: Uid,
        target: &Rc<Place>,
        new_uid: Uid,
        all: bool,
    ) -> Result<(), Error> {
        let keys = params![
            source.mailbox,
            uid,
            target.mailbox,
            new_uid,
            all,
            self.actor().principal.as_deref().unwrap_or("")
        ];
        execute(
            self.db,
            "INSERT INTO annotation SELECT ?3, ?4, name, principal, value FROM annotation
             WHERE mailbox = ?1 AND uid = ?2 AND (?5 OR principal IN ('', ?6))",
            keys,
        )?;
        let modseq = self.ledger(&target.owner)?.counter;
        let private = execute(
            self.db,
            "INSERT INTO private_change SELECT DISTINCT ?1, principal, ?2, ?3 FROM annotation
             WHERE mailbox = ?1 AND uid = ?2 AND principal <> ''",
            params![target.mailbox, new_uid, modseq],
        )?;
        if private > 0 {
            execute(
                self.db,
                "UPDATE message SET private = ?3 WHERE mailbox = ?1 AND uid = ?2",
                params![target.mailbox, new_uid, private],
            )?;
        }
        Ok(())
    }

    fn copy_keys(
        &self,
        source: MailboxId,
        uid: Uid,
        target: MailboxId,
        new_uid: Uid,
    ) -> Result<(), Error> {
        for sql in [
            "INSERT INTO key_text SELECT ?3, name, value, ?4 FROM key_text
             WHERE mailbox = ?1 AND uid = ?2",
            "INSERT INTO key_number SELECT ?3, name, value, ?4 FROM key_number
             WHERE mailbox = ?1 AND uid = ?2",
            "INSERT INTO key_interval SELECT ?3, name, class, value, until, ?4 FROM key_interval
             WHERE mailbox = ?1 AND uid = ?2",
        ] {
            execute(self.db, sql, params![source, uid, target, new_uid])?;
        }
        let words: Vec<(String, String)> = self
            .db
            .prepare_cached(
                "SELECT k.name, coalesce(n.text, w.text) FROM key_words k
             LEFT JOIN new_words n ON n.words = k.words
             LEFT JOIN words w ON n.words IS NULL AND w.rowid = k.words
             WHERE k.mailbox = ?1 AND k.uid = ?2 AND coalesce(n.text, w.text) IS NOT NULL",
            )?
            .query_map(params![source, uid], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (name, text) in words {
            self.add_words(target, new_uid, &name, &text)?;
        }
        Ok(())
    }
}
