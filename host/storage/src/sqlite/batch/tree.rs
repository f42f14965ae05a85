//! Renaming and copying mailboxes with all below them.

use super::{GROUP, Made, Place, Work};
use crate::model::*;
use crate::path::above;
use crate::sqlite::execute;
use crate::store::Error;
use rusqlite::{OptionalExtension, params};
use std::rc::Rc;

impl Work<'_> {
    pub(super) fn rename_mailbox(
        &mut self,
        mailbox: MailboxId,
        path: &Path,
    ) -> Result<Made, Error> {
        let root = self.place(mailbox, Rights::DELETE_MAILBOX)?;
        let new_root = path.encode();
        if new_root.starts_with(&root.path) {
            return Err(Error::Invalid(
                "a mailbox can't be moved into itself".into(),
            ));
        }
        let parent = self.check_new(path)?;
        if self.is_tree(&new_root)? {
            return Err(Error::Exists);
        }
        self.check_leaving(&root)?;
        let owner = path.owner().unwrap_or("");
        // Whoever gets it for their own sees and keeps all of it.
        let needed = match owner == root.owner {
            true => Rights::DELETE_MAILBOX,
            false => Rights::DELETE_MAILBOX | Rights::READ,
        };
        let tree = self.whole_tree(&root, needed)?;
        if owner != root.owner {
            self.check_given_away(&root)?;
            self.check_room(owner, tree.len())?;
        }
        let moves = Self::moves(&root, &new_root, &tree)?;
        self.settle()?;
        let mut modseq = 0;
        for (place, to) in moves {
            modseq = self.rename_one(&place, &to, parent)?;
        }
        self.settle()?;
        Ok(Made {
            mailbox: Some(mailbox),
            modseq,
            ..Made::default()
        })
    }

    /// Checks that a mailbox may be taken from its owner: by the owner, or by whoever may do as much to
    /// the one that it lies in. To be let into a folder, with whatever rights, is not to be given it.
    /// RFC 3744 appendix B: MOVE needs `unbind` on the collection above.
    fn check_given_away(&mut self, root: &Place) -> Result<(), Error> {
        let actor = self.actor();
        if actor.admin
            || (actor.principal.is_some() && actor.principal.as_ref() == Some(&root.owner))
        {
            return Ok(());
        }
        let parent: Option<MailboxId> = self
            .db
            .prepare_cached("SELECT mailbox FROM mailbox WHERE path = ?1")?
            .query_row([above(&root.path)], |row| row.get(0))
            .optional()?;
        match parent.map(|parent| self.place(parent, Rights::DELETE_MAILBOX)) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error @ Error::Unavailable(_))) => Err(error),
            _ => Err(Error::Forbidden(Rights::DELETE_MAILBOX)),
        }
    }

    /// Where each mailbox of a tree comes to lie.
    fn moves(
        root: &Place,
        new_root: &str,
        tree: &[Rc<Place>],
    ) -> Result<Vec<(Rc<Place>, String)>, Error> {
        let to = |place: &Rc<Place>| {
            let path = format!(
                "{new_root}{}",
                place.path.get(root.path.len()..).unwrap_or_default()
            );
            Path::decode(&path).check()?;
            Ok((place.clone(), path))
        };
        tree.iter().map(to).collect()
    }

    fn rename_one(
        &mut self,
        place: &Rc<Place>,
        to: &str,
        parent: Option<MailboxId>,
    ) -> Result<Modseq, Error> {
        let gone = self.stamp_shared(&place.owner)?;
        self.mailbox_tombstone(place.mailbox, gone)?;
        // RFC 4918 §9.9: locks do not move.
        if self.locks {
            execute(
                self.db,
                "DELETE FROM lock WHERE mailbox = ?1",
                [place.mailbox],
            )?;
        }
        execute(self.db, "DELETE FROM mailbox_removed WHERE path = ?1", [to])?;
        let owner = Path::decode(to).owner().unwrap_or("").to_owned();
        let modseq = if owner == place.owner {
            self.touch(place)?
        } else {
            self.hand_over(place, &owner, parent)?
        };
        execute(
            self.db,
            "UPDATE mailbox SET path = ?2, above = ?3, owner = ?4, modseq = ?5, placed = ?5
             WHERE mailbox = ?1",
            params![place.mailbox, to, above(to), owner, modseq],
        )?;
        Ok(modseq)
    }

    /// Gives a mailbox to another owner: counted there, with modseqs from there, and with the
    /// rights of the mailbox above.
    fn hand_over(
        &mut self,
        place: &Rc<Place>,
        owner: &str,
        parent: Option<MailboxId>,
    ) -> Result<Modseq, Error> {
        let (bytes, messages) = {
            let counters = self.counters(place)?;
            (counters.bytes, counters.messages)
        };
        self.count(place, -bytes, -messages)?;
        let heir = Place {
            mailbox: place.mailbox,
            path: place.path.clone(),
            owner: owner.to_owned(),
            kind: place.kind.clone(),
            rights: place.rights,
        };
        self.count(&heir, bytes, messages)?;
        let first = self.touch_many(&heir, u64::try_from(messages).unwrap_or(0).max(1))?;
        let last = self.counters(&heir)?.modseq;
        execute(
            self.db,
            "UPDATE message SET modseq = ?2 + (n.number - 1) / ?3 FROM (
                SELECT uid, row_number() OVER (ORDER BY uid) AS number FROM message
                WHERE mailbox = ?1) n
             WHERE message.mailbox = ?1 AND message.uid = n.uid",
            params![place.mailbox, first, GROUP],
        )?;
        for sql in [
            "UPDATE private_change SET modseq = ?2 WHERE mailbox = ?1",
            "DELETE FROM removed WHERE mailbox = ?1 AND ?2 IS NOT NULL",
            // What was read under the former owner's modseqs means nothing here.
            "UPDATE mailbox SET oldest = ?2 WHERE mailbox = ?1",
        ] {
            execute(self.db, sql, params![place.mailbox, first])?;
        }
        execute(
            self.db,
            "DELETE FROM acl WHERE mailbox = ?1",
            [place.mailbox],
        )?;
        if let Some(parent) = parent {
            execute(
                self.db,
                "INSERT INTO acl SELECT ?1, kind, name, negative, rights FROM acl
                 WHERE mailbox = ?2",
                [place.mailbox, parent],
            )?;
        }
        Ok(last)
    }

    pub(super) fn copy_mailbox(
        &mut self,
        mailbox: MailboxId,
        path: &Path,
        deep: bool,
    ) -> Result<Made, Error> {
        let root = self.place(mailbox, Rights::READ)?;
        let new_root = path.encode();
        if new_root.starts_with(&root.path) {
            return Err(Error::Invalid(
                "a mailbox can't be copied into itself".into(),
            ));
        }
        let parent = self.check_new(path)?;
        if self.is_tree(&new_root)? {
            return Err(Error::Exists);
        }
        let tree = match deep {
            true => self.whole_tree(&root, Rights::READ)?,
            false => vec![root.clone()],
        };
        self.check_room(path.owner().unwrap_or(""), tree.len())?;
        let copies = Self::moves(&root, &new_root, &tree)?;
        self.settle()?;
        let mut first = Made::default();
        for (source, to) in copies {
            let made = self.copy_one(&source, &to, parent)?;
            if first.mailbox.is_none() {
                first = made;
            }
        }
        Ok(first)
    }

    fn copy_one(
        &mut self,
        source: &Rc<Place>,
        to: &str,
        parent: Option<MailboxId>,
    ) -> Result<Made, Error> {
        let mut made = self.add_mailbox(to, &source.kind, parent)?;
        let mailbox = made.mailbox.unwrap_or_default();
        let copy = self.load(mailbox)?;
        let (bytes, messages, uid_next) = {
            let counters = self.counters(source)?;
            (counters.bytes, counters.messages, counters.uid_next)
        };
        self.count(&copy, bytes, messages)?;
        self.counters(&copy)?.uid_next = uid_next;
        let first = self.touch_many(&copy, u64::try_from(messages).unwrap_or(0).max(1))?;
        made.modseq = self.counters(&copy)?.modseq;
        execute(
            self.db,
            "UPDATE content SET refs = refs + more.count FROM (
                SELECT content, count(*) AS count FROM message
                WHERE mailbox = ?1 GROUP BY content) more
             WHERE content.content = more.content",
            [source.mailbox],
        )?;
        // The shared annotations, and the actor's own.
        let principal = self.actor().principal.as_deref().unwrap_or("");
        execute(
            self.db,
            "INSERT INTO annotation SELECT ?2, uid, name, principal, value FROM annotation
             WHERE mailbox = ?1 AND principal IN ('', ?3)",
            params![source.mailbox, mailbox, principal],
        )?;
        execute(
            self.db,
            "INSERT INTO private_change SELECT DISTINCT mailbox, principal, uid, ?2
             FROM annotation WHERE mailbox = ?1 AND principal <> ''",
            params![mailbox, first],
        )?;
        execute(
            self.db,
            "INSERT INTO message SELECT ?2, m.uid,
                ?3 + (row_number() OVER (ORDER BY m.uid) - 1) / ?4, ?5, ?5, m.size, m.header_size,
                m.digest, m.name, m.content_type, m.flags, m.shared,
                (SELECT count(*) FROM private_change p WHERE p.mailbox = ?2 AND p.uid = m.uid),
                m.keys_version, m.content
             FROM message m WHERE m.mailbox = ?1",
            params![source.mailbox, mailbox, first, GROUP, self.now],
        )?;
        self.copy_all_keys(source.mailbox, mailbox)?;
        Ok(made)
    }

    fn copy_all_keys(&self, source: MailboxId, copy: MailboxId) -> Result<(), Error> {
        for sql in [
            "INSERT INTO key_text SELECT ?2, name, value, uid FROM key_text WHERE mailbox = ?1",
            "INSERT INTO key_number SELECT ?2, name, value, uid FROM key_number
             WHERE mailbox = ?1",
            "INSERT INTO key_interval SELECT ?2, name, class, value, until, uid
             FROM key_interval WHERE mailbox = ?1",
        ] {
            execute(self.db, sql, [source, copy])?;
        }
        let mut statement = self.db.prepare_cached(
            "SELECT k.uid, k.name, coalesce(n.text, w.text) FROM key_words k
             LEFT JOIN new_words n ON n.words = k.words
             LEFT JOIN words w ON n.words IS NULL AND w.rowid = k.words
             WHERE k.mailbox = ?1 AND coalesce(n.text, w.text) IS NOT NULL ORDER BY k.words",
        )?;
        let rows: Vec<(Uid, String, String)> = statement
            .query_map([source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (uid, name, text) in rows {
            self.add_words(copy, uid, &name, &text)?;
        }
        Ok(())
    }
}
