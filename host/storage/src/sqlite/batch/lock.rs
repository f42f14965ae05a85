//! Locks: taking them, and being stopped by them. RFC 4918 §6 and §7 decide what stands in whose
//! way.

use super::{Made, Place, Work};
use crate::model::*;
use crate::path::{above, leaf, lineage};
use crate::sqlite::execute;
use crate::sqlite::lock::{Held, in_tree, on_paths};
use crate::store::Error;
use rusqlite::params;

const OWNER_MAX: usize = 1 << 10;
/// Locks that cover one name or mailbox: they are told with all properties of everything below it.
const SHARED_MAX: usize = 32;

impl Work<'_> {
    /// Checks the locks that cover a message. `membership`: it comes or goes, which changes the
    /// mailbox too.
    pub(super) fn check_locks(
        &self,
        place: &Place,
        name: Option<&str>,
        membership: bool,
    ) -> Result<(), Error> {
        if !self.locks {
            return Ok(());
        }
        match name {
            Some(name) => {
                let path = Self::name_path(place, name);
                self.check_path_locks(&path, membership.then_some(place.mailbox))
            }
            None => {
                let held = on_paths(self.db, &lineage(&place.path), self.now)?;
                self.pass(held.iter().filter(|lock| lock.deep && lock.name.is_none()))?;
                self.pass(held.iter().filter(|lock| {
                    membership && lock.mailbox == place.mailbox && lock.name.is_none()
                }))
            }
        }
    }

    /// Checks the locks that cover what lies at a path, a message or a mailbox; and those on the
    /// mailbox that it is coming to or going from, if it does.
    pub(super) fn check_path_locks(
        &self,
        path: &str,
        mailbox: Option<MailboxId>,
    ) -> Result<(), Error> {
        if !self.locks {
            return Ok(());
        }
        let held = on_paths(self.db, &lineage(path), self.now)?;
        self.pass(held.iter().filter(|lock| covers(lock, path)))?;
        self.pass(
            held.iter()
                .filter(|lock| Some(lock.mailbox) == mailbox && lock.name.is_none()),
        )
    }

    /// Checks the locks that cover a mailbox's own annotations and rights.
    pub(super) fn check_mailbox_locks(&self, place: &Place) -> Result<(), Error> {
        self.check_path_locks(&place.path, None)
    }

    /// Checks all locks in a tree: whoever removes it must hold them.
    pub(super) fn check_tree_locks(&self, path: &str) -> Result<(), Error> {
        if !self.locks {
            return Ok(());
        }
        let held = in_tree(self.db, path, self.now)?;
        for lock in &held {
            let same_root =
                |other: &&Held| other.mailbox == lock.mailbox && other.name == lock.name;
            self.pass(held.iter().filter(same_root))?;
        }
        Ok(())
    }

    /// Passes if there are none, or if the actor holds one of them and submitted its token: those
    /// that exclude each other can't be there at once.
    fn pass<'h>(&self, locks: impl Iterator<Item = &'h Held>) -> Result<(), Error> {
        let mut in_the_way = None;
        for lock in locks {
            if self.tokens.contains(&lock.token) && self.holds(lock) {
                return Ok(());
            }
            in_the_way = Some(lock);
        }
        match in_the_way {
            None => Ok(()),
            Some(lock) => Err(Error::Locked(lock.token.clone())),
        }
    }

    fn holds(&self, lock: &Held) -> bool {
        lock.principal == self.actor().principal.as_deref().unwrap_or("")
    }

    pub(super) fn lock(
        &mut self,
        mailbox: MailboxId,
        name: Option<&str>,
        request: &LockRequest,
    ) -> Result<Made, Error> {
        let place = self.place(mailbox, Rights::LOOKUP)?;
        if !place.rights.contains(Rights::WRITE) && !place.rights.contains(Rights::INSERT) {
            return Err(Error::Forbidden(Rights::WRITE));
        }
        name.map_or(Ok(()), crate::path::check_name)?;
        if request.owner.len() > OWNER_MAX {
            return Err(Error::TooLarge(OWNER_MAX as u64));
        }
        self.check_lockable(&place, name, request)?;
        let holder = self.actor().principal.as_deref().unwrap_or("");
        let held: u32 = self
            .db
            .prepare_cached("SELECT count(*) FROM lock WHERE principal = ?1 AND expires > ?2")?
            .query_row(params![holder, self.now], |row| row.get(0))?;
        if held >= self.scene.limits.locks_max {
            return Err(Error::TooMany(self.scene.limits.locks_max.into()));
        }
        let token = format!("urn:uuid:{}", uuid::Uuid::new_v4());
        execute(
            self.db,
            "INSERT INTO lock VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                token,
                mailbox,
                name,
                request.exclusion == Exclusion::Exclusive,
                request.deep && name.is_none(),
                request.owner.as_ref(),
                holder,
                self.end(request.expires)?
            ],
        )?;
        self.locks = true;
        Ok(Made {
            lock_token: token,
            ..Made::default()
        })
    }

    /// Checks that no lock stands in the way of another.
    fn check_lockable(
        &self,
        place: &Place,
        name: Option<&str>,
        request: &LockRequest,
    ) -> Result<(), Error> {
        if !self.locks {
            return Ok(());
        }
        let root = match name {
            Some(name) => Self::name_path(place, name),
            None => place.path.clone(),
        };
        let excludes = |lock: &&Held| lock.exclusive || request.exclusion == Exclusion::Exclusive;
        let above = on_paths(self.db, &lineage(&root), self.now)?;
        let below = if request.deep && name.is_none() {
            in_tree(self.db, &place.path, self.now)?
        } else {
            Vec::new()
        };
        let covering = || above.iter().filter(|lock| covers(lock, &root));
        match covering().chain(&below).find(excludes) {
            Some(lock) => Err(Error::Locked(lock.token.clone())),
            None if covering().count() >= SHARED_MAX => Err(Error::TooMany(SHARED_MAX as u64)),
            None => Ok(()),
        }
    }

    pub(super) fn refresh_lock(
        &mut self,
        mailbox: MailboxId,
        token: &str,
        expires: Instant,
    ) -> Result<Made, Error> {
        let (_, lock) = self.lock_of(mailbox, token)?;
        if !self.holds(&lock) {
            return Err(Error::Forbidden(Rights::ADMINISTER));
        }
        execute(
            self.db,
            "UPDATE lock SET expires = ?2 WHERE token = ?1",
            params![token, self.end(expires)?],
        )?;
        Ok(Made {
            lock_token: token.to_owned(),
            ..Made::default()
        })
    }

    pub(super) fn unlock(&mut self, mailbox: MailboxId, token: &str) -> Result<Made, Error> {
        let (rights, lock) = self.lock_of(mailbox, token)?;
        if !self.holds(&lock) && !rights.contains(Rights::ADMINISTER) {
            return Err(Error::Forbidden(Rights::ADMINISTER));
        }
        execute(self.db, "DELETE FROM lock WHERE token = ?1", [token])?;
        Ok(Made::default())
    }

    /// A lock that holds in or for a mailbox: taken there, or deep and above. `Conflict` if there
    /// is none.
    fn lock_of(&mut self, mailbox: MailboxId, token: &str) -> Result<(Rights, Held), Error> {
        let place = self.place(mailbox, Rights::LOOKUP)?;
        let mut around = on_paths(self.db, &lineage(&place.path), self.now)?;
        around.retain(|lock| {
            lock.token == token && (lock.mailbox == mailbox || covers(lock, &place.path))
        });
        around
            .pop()
            .map(|lock| (place.rights, lock))
            .ok_or(Error::Conflict)
    }

    fn end(&self, expires: Instant) -> Result<Instant, Error> {
        if expires <= self.now {
            return Err(Error::Invalid("the lock would have ended already".into()));
        }
        Ok(expires.min(self.now.saturating_add(self.scene.limits.lock_ms_max)))
    }
}

/// Says whether a lock taken on or above a path covers what lies there.
fn covers(lock: &Held, path: &str) -> bool {
    match &lock.name {
        Some(name) => above(path) == lock.path && leaf(path) == name,
        None => lock.path == path || (lock.deep && path.starts_with(&lock.path)),
    }
}
