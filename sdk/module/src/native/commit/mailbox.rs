//! Changes of mailboxes.

use super::super::state::{Annotations, Row, StoredMailbox, check_path, digest, owner_of};
use super::Commit;
use crate::{Error, Grant, Identifier, MailboxChange, Modseq, Outcome, Result, Rights};
use std::collections::BTreeMap;

impl Commit {
    pub(super) fn create(
        &mut self,
        path: Vec<String>,
        type_: String,
        grants: Option<Vec<Grant>>,
    ) -> Result<Outcome> {
        let inherited = self.check_new(&path)?;
        let row = self.insert(path, type_, grants.unwrap_or(inherited));
        self.makes(row, None);
        self.touch(row, None)
    }

    /// Refuses unless a mailbox may be made at a path; returns the rights that it inherits.
    pub(super) fn check_new(&self, path: &[String]) -> Result<Vec<Grant>> {
        check_path(path)?;
        let (name, above) = path.split_last().ok_or(Error::NotFound)?;
        let parent = self.state.paths.get(above).copied();
        let inherited = match parent {
            Some(parent) => {
                self.state.check(parent, Rights::CREATE)?;
                let parent = self.state.mailbox(parent)?;
                if parent.named(name).is_some() {
                    return Err(Error::Exists);
                }
                self.state.check_name(above, Some(name), &self.tokens)?;
                parent.grants.clone()
            }
            None => {
                let owner = owner_of(path)
                    .filter(|_| path.len() <= 3)
                    .ok_or(Error::NotFound)?;
                if self.state.identity.principal.as_ref() != Some(&owner) {
                    return Err(Error::NotFound);
                }
                vec![Grant::new(Identifier::Principal(owner), Rights::all())]
            }
        };
        if self.state.paths.contains_key(path) {
            return Err(Error::Exists);
        }
        Ok(inherited)
    }

    pub(super) fn insert(&mut self, path: Vec<String>, type_: String, grants: Vec<Grant>) -> Row {
        let row = self.state.number();
        let modseq = self.modseq(owner_of(&path));
        self.state.paths.insert(path.clone(), row);
        let hash = digest(&row.to_be_bytes());
        self.state.mailboxes.insert(
            row,
            StoredMailbox {
                id: format!("{:016x}{:016x}", hash.a, hash.b),
                path,
                type_,
                modseq,
                created: self.state.now,
                oldest: 0,
                placed: 0,
                uid_next: 1,
                grants,
                annotations: Annotations::new(),
                private: BTreeMap::new(),
                messages: BTreeMap::new(),
                tombstones: Vec::new(),
            },
        );
        row
    }

    pub(super) fn rename(&mut self, row: Row, path: Vec<String>) -> Result<Outcome> {
        self.state.check(row, Rights::DELETE_MAILBOX)?;
        let old = self.state.mailbox(row)?.path.clone();
        if path.starts_with(&old) {
            return Err(Error::Invalid(
                "a mailbox can't be moved into itself".to_owned(),
            ));
        }
        self.check_new(&path)?;
        self.state.check_tree(&old, &self.tokens)?;
        let needed = match owner_of(&path) == owner_of(&old) {
            true => Rights::DELETE_MAILBOX,
            false => Rights::DELETE_MAILBOX | Rights::READ,
        };
        let tree = self.whole_tree(&old, needed)?;
        self.state.drop_locks(&old, None);
        for row in tree {
            self.leave(row)?;
            let mailbox = self.state.mailbox_mut(row)?;
            let below = mailbox.path.split_off(old.len());
            mailbox.path = [path.clone(), below].concat();
            let path = mailbox.path.clone();
            self.state.paths.insert(path, row);
            let placed = self.touch(row, None)?.modseq;
            self.state.mailbox_mut(row)?.placed = placed;
        }
        self.check_quota(row)?;
        self.touch(row, None)
    }

    /// A mailbox and all below it, if whoever acts has these rights on each of them.
    fn whole_tree(&self, path: &[String], needed: Rights) -> Result<Vec<Row>> {
        let tree = self.state.tree(path);
        for &row in &tree {
            match self.state.check(row, needed) {
                Err(Error::NotFound) if self.state.mailbox(row)?.path != path => {
                    return Err(Error::Forbidden(needed));
                }
                checked => checked?,
            }
        }
        Ok(tree)
    }

    /// Takes a mailbox's path away, and remembers that.
    pub(super) fn leave(&mut self, row: Row) -> Result<Modseq> {
        let mailbox = self.state.mailbox(row)?;
        let (path, id) = (mailbox.path.clone(), mailbox.id.clone());
        let modseq = self.modseq(owner_of(&path));
        self.state.paths.remove(&path);
        self.state.gone.push(MailboxChange {
            path,
            id,
            modseq,
            removed: true,
        });
        Ok(modseq)
    }

    pub(super) fn copy_mailbox(
        &mut self,
        row: Row,
        path: Vec<String>,
        deep: bool,
    ) -> Result<Outcome> {
        let grants = self.check_new(&path)?;
        let old = self.state.mailbox(row)?.path.clone();
        let rows = if deep {
            self.whole_tree(&old, Rights::READ)?
        } else {
            self.state.check(row, Rights::READ)?;
            vec![row]
        };
        let mut copies = Vec::new();
        for row in rows {
            copies.push(self.state.mailbox(row)?.clone());
        }
        let mut first = None;
        for original in copies {
            let below = original.path.get(old.len()..).unwrap_or_default();
            let target = [path.as_slice(), below].concat();
            let copy = self.insert(target, original.type_, grants.clone());
            first.get_or_insert(copy);
            self.state.mailbox_mut(copy)?.annotations = original.annotations;
            for message in original.messages.into_values() {
                self.store(copy, message, false)?;
            }
        }
        let copy = first.ok_or(Error::NotFound)?;
        self.makes(copy, None);
        self.touch(copy, None)
    }

    pub(super) fn delete(&mut self, row: Row) -> Result<Outcome> {
        let path = self.state.mailbox(row)?.path.clone();
        self.state.check_tree(&path, &self.tokens)?;
        let tree = self.whole_tree(&path, Rights::DELETE_MAILBOX)?;
        self.state.drop_locks(&path, None);
        let mut modseq = 0;
        for row in tree {
            modseq = self.leave(row)?;
            self.state.mailboxes.remove(&row);
            self.state.subscriptions.retain(|(_, other)| *other != row);
        }
        Ok(Outcome {
            modseq,
            ..Outcome::default()
        })
    }

    pub(super) fn subscribe(&mut self, row: Row, subscribed: bool) -> Result<Outcome> {
        self.state.check(row, Rights::LOOKUP)?;
        let me = self.state.identity.principal.clone();
        let me = me.ok_or(Error::Forbidden(Rights::empty()))?;
        if subscribed {
            self.state.subscriptions.insert((me, row));
        } else {
            self.state.subscriptions.remove(&(me, row));
        }
        Ok(Outcome::default())
    }
}
