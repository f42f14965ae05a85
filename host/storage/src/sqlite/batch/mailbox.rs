//! Creating and deleting mailboxes, and subscribing to them.

use super::{Made, Place, Work};
use crate::model::*;
use crate::path::{above, child, tree_end};
use crate::sqlite::directory::is_principal;
use crate::sqlite::rights::{grants, pack, set_grants};
use crate::sqlite::{SMALL_MAX, execute, random_id};
use crate::store::Error;
use rusqlite::{OptionalExtension, params};
use std::rc::Rc;

/// Mailboxes that one change moves, copies or deletes: all other writers of the tenant wait for it.
const TREE_MAX: usize = 10_000;

/// What goes with a mailbox, in this order; the rest cascades from its row.
const CONTENTS: &[&str] = &[
    "UPDATE content SET refs = refs - gone.count FROM (
        SELECT content, count(*) AS count FROM message WHERE mailbox = ?1 GROUP BY content) gone
     WHERE content.content = gone.content",
    "DELETE FROM content WHERE refs <= 0 AND content IN (
        SELECT content FROM message WHERE mailbox = ?1)",
    "DELETE FROM key_text WHERE mailbox = ?1",
    "DELETE FROM key_number WHERE mailbox = ?1",
    "DELETE FROM key_interval WHERE mailbox = ?1",
    "DELETE FROM words WHERE rowid IN (SELECT words FROM key_words WHERE mailbox = ?1)",
    "DELETE FROM new_words WHERE words IN (SELECT words FROM key_words WHERE mailbox = ?1)",
    "DELETE FROM key_words WHERE mailbox = ?1",
    "DELETE FROM annotation WHERE mailbox = ?1",
    "DELETE FROM private_change WHERE mailbox = ?1",
    "DELETE FROM removed WHERE mailbox = ?1",
    "DELETE FROM message WHERE mailbox = ?1",
    "DELETE FROM mailbox WHERE mailbox = ?1",
];

impl Work<'_> {
    pub(super) fn create_mailbox(
        &mut self,
        path: &Path,
        mailbox_type: &str,
        given: Option<&[Grant]>,
    ) -> Result<Made, Error> {
        if mailbox_type.len() > 255 || mailbox_type.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "the type of a mailbox has at most 255 bytes and no control characters".into(),
            ));
        }
        let parent = self.check_new(path)?;
        if let (Some(parent), Some(_)) = (parent, given) {
            // Else whoever may create could give away what is not theirs.
            self.place(parent, Rights::ADMINISTER)?;
        }
        self.check_room(path.owner().unwrap_or(""), 1)?;
        let made = self.add_mailbox(&path.encode(), mailbox_type, parent)?;
        if let (Some(mailbox), Some(grants)) = (made.mailbox, given) {
            super::rights::check(grants)?;
            set_grants(self.db, mailbox, grants)?;
            self.places.remove(&mailbox);
        }
        Ok(made)
    }

    /// Checks that a mailbox may be made at a path, and returns the one above it.
    pub(super) fn check_new(&mut self, path: &Path) -> Result<Option<MailboxId>, Error> {
        path.check()?;
        let encoded = path.encode();
        let parent: Option<MailboxId> = self
            .db
            .prepare_cached("SELECT mailbox FROM mailbox WHERE path = ?1")?
            .query_row([above(&encoded)], |row| row.get(0))
            .optional()?;
        if let Some(parent) = parent {
            let place = self.place(parent, Rights::CREATE)?;
            if self.is_mailbox(&encoded)? || self.row(parent, "name = ?2", &path.leaf())?.is_some()
            {
                return Err(Error::Exists);
            }
            self.check_locks(&place, Some(path.leaf()), true)?;
            return Ok(Some(parent));
        }
        let actor = self.actor();
        let home = path.0.len() <= 3
            && path.owner().is_some()
            && (actor.admin || path.owner() == actor.principal.as_deref());
        let outermost = path.0.len() == 1 && path.leaf() != "user" && actor.admin;
        if !home && !outermost {
            return Err(Error::NotFound);
        }
        // Who was removed a moment ago may still have requests on their way, and whoever gets the
        // name next would find what those had left.
        if let Some(owner) = path.owner()
            && !is_principal(self.db, owner)?
        {
            return Err(Error::NotFound);
        }
        if self.is_mailbox(&encoded)? {
            return Err(Error::Exists);
        }
        Ok(None)
    }

    /// Adds the row of a mailbox with the rights of the one above it.
    pub(super) fn add_mailbox(
        &mut self,
        path: &str,
        mailbox_type: &str,
        parent: Option<MailboxId>,
    ) -> Result<Made, Error> {
        let owner = Path::decode(path).owner().unwrap_or("").to_owned();
        let modseq = self.stamp_shared(&owner)?;
        execute(
            self.db,
            "INSERT INTO mailbox (path, above, id, type, owner, modseq, oldest, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
            params![
                path,
                above(path),
                random_id()?,
                mailbox_type,
                owner,
                modseq,
                self.now
            ],
        )?;
        let mailbox = self.db.last_insert_rowid();
        execute(
            self.db,
            "DELETE FROM mailbox_removed WHERE path = ?1",
            [path],
        )?;
        if let Some(parent) = parent {
            execute(
                self.db,
                "INSERT INTO acl SELECT ?1, kind, name, negative, rights FROM acl
                 WHERE mailbox = ?2",
                [mailbox, parent],
            )?;
        }
        Ok(Made {
            mailbox: Some(mailbox),
            modseq,
            ..Made::default()
        })
    }

    /// The modseq of a change that everyone sees and that is in no mailbox.
    pub(super) fn stamp_shared(&mut self, owner: &str) -> Result<Modseq, Error> {
        let modseq = self.stamp_many(owner, 1)?;
        self.ledger(owner)?.modseq = modseq;
        Ok(modseq)
    }

    pub(super) fn delete_mailbox(&mut self, mailbox: MailboxId) -> Result<Made, Error> {
        let root = self.place(mailbox, Rights::DELETE_MAILBOX)?;
        let tree = self.whole_tree(&root, Rights::DELETE_MAILBOX)?;
        self.check_leaving(&root)?;
        let mut modseq = 0;
        for place in tree.iter().rev() {
            modseq = self.delete_one(place.mailbox)?;
        }
        Ok(Made {
            modseq,
            ..Made::default()
        })
    }

    /// Deletes one mailbox whose tree is checked, and leaves a tombstone.
    pub(super) fn delete_one(&mut self, mailbox: MailboxId) -> Result<Modseq, Error> {
        let place = match self.places.get(&mailbox) {
            Some(place) => place.clone(),
            None => self.load(mailbox)?,
        };
        let modseq = self.stamp_shared(&place.owner)?;
        self.mailbox_tombstone(mailbox, modseq)?;
        let (bytes, messages) = {
            let counters = self.counters(&place)?;
            (counters.bytes, counters.messages)
        };
        self.count(&place, -bytes, -messages)?;
        execute(
            self.db,
            "INSERT OR REPLACE INTO unlinked SELECT DISTINCT digest, ?2 FROM message
             WHERE mailbox = ?1 AND size > ?3",
            params![mailbox, self.now, SMALL_MAX],
        )?;
        for sql in CONTENTS {
            execute(self.db, sql, [mailbox])?;
        }
        self.places.remove(&mailbox);
        self.counters.remove(&mailbox);
        Ok(modseq)
    }

    /// Remembers that a mailbox is gone from its path, and who could see it there.
    pub(super) fn mailbox_tombstone(
        &self,
        mailbox: MailboxId,
        modseq: Modseq,
    ) -> Result<(), Error> {
        let packed = pack(&grants(self.db, mailbox)?);
        execute(
            self.db,
            "INSERT OR REPLACE INTO mailbox_removed
             SELECT path, above, id, owner, ?2, ?3, ?4 FROM mailbox WHERE mailbox = ?1",
            params![mailbox, modseq, packed, self.now],
        )?;
        Ok(())
    }

    /// A mailbox and all below it, parents first.
    pub(super) fn tree(&self, path: &str) -> Result<Vec<MailboxId>, Error> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT mailbox FROM mailbox WHERE path >= ?1 AND path < ?2 ORDER BY path",
            )?
            .query_map([path, &tree_end(path)], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// A mailbox and all below it, parents first, if the actor has these rights on each of them. One
    /// that the actor may not even see is in the way, too.
    pub(super) fn whole_tree(
        &mut self,
        root: &Place,
        needed: Rights,
    ) -> Result<Vec<Rc<Place>>, Error> {
        let tree = self.tree(&root.path)?;
        if tree.len() > TREE_MAX {
            return Err(Error::TooMany(TREE_MAX as u64));
        }
        let mut places = Vec::with_capacity(tree.len());
        for mailbox in tree {
            places.push(match self.place(mailbox, needed) {
                Err(Error::NotFound) => return Err(Error::Forbidden(needed)),
                place => place?,
            });
        }
        Ok(places)
    }

    /// Checks that an owner may have so many mailboxes more.
    pub(super) fn check_room(&self, owner: &str, more: usize) -> Result<(), Error> {
        let limit = self.scene.limits.mailboxes_max;
        let sql = "SELECT count(*) FROM (SELECT 1 FROM mailbox WHERE owner = ?1 LIMIT ?2)";
        let mut statement = self.db.prepare_cached(sql)?;
        let there: u64 = statement.query_row(params![owner, limit], |row| row.get(0))?;
        match there.saturating_add(more as u64) > limit {
            true => Err(Error::TooMany(limit)),
            false => Ok(()),
        }
    }

    pub(super) fn subscribe(
        &mut self,
        mailbox: MailboxId,
        subscribed: bool,
    ) -> Result<Made, Error> {
        let principal = self.principal()?;
        self.place(mailbox, Rights::LOOKUP)?;
        let sql = if subscribed {
            "INSERT OR IGNORE INTO subscription VALUES (?1, ?2)"
        } else {
            "DELETE FROM subscription WHERE principal = ?1 AND mailbox = ?2"
        };
        execute(self.db, sql, params![principal, mailbox])?;
        Ok(Made::default())
    }

    /// Checks the locks in the way of a mailbox that leaves its path with all in and below it.
    pub(super) fn check_leaving(&mut self, root: &Place) -> Result<(), Error> {
        self.check_tree_locks(&root.path)?;
        let parent: Option<MailboxId> = self
            .db
            .prepare_cached("SELECT mailbox FROM mailbox WHERE path = ?1")?
            .query_row([above(&root.path)], |row| row.get(0))
            .optional()?;
        self.check_path_locks(&root.path, parent)
    }

    /// Says whether a mailbox lies at a path or below it.
    pub(super) fn is_tree(&self, path: &str) -> Result<bool, Error> {
        Ok(!self.tree(path)?.is_empty())
    }

    /// The path of a name in a mailbox.
    pub(super) fn name_path(place: &Place, name: &str) -> String {
        child(&place.path, name)
    }
}
