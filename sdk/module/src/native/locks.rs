//! Locks of the in-memory host: which hold where, and whether they stand in the way.

use super::read::Mailbox;
use super::state::{State, with_state};
use crate::{Error, Exclusion, Lock, LockRequest, Result};

pub(crate) fn list(mailbox: &Mailbox, name: Option<&str>, below: bool) -> Result<Vec<Lock>> {
    with_state(|state| {
        let path = state.mailbox(mailbox.row)?.path.clone();
        let holds = |lock: &&Lock| {
            lock.expires > state.now
                && (covers(lock, &path, name) || below && lies_below(lock, &path))
        };
        Ok(state.locks.iter().filter(holds).cloned().collect())
    })
}

/// Says whether a lock holds for a name in a mailbox, or for the mailbox itself.
pub(super) fn covers(lock: &Lock, path: &[String], name: Option<&str>) -> bool {
    let itself = lock.mailbox == path && lock.name.as_deref() == name;
    let above = lock.name.is_none() && lock.deep && path.starts_with(&lock.mailbox);
    itself || above
}

fn lies_below(lock: &Lock, path: &[String]) -> bool {
    lock.mailbox.starts_with(path) && (lock.name.is_some() || lock.mailbox.len() > path.len())
}

impl State {
    /// Refuses a change of the message of a name.
    pub(super) fn check_message(
        &self,
        path: &[String],
        name: Option<&str>,
        tokens: &[String],
    ) -> Result<()> {
        match name {
            Some(name) => self.free(tokens, |lock| covers(lock, path, Some(name))),
            None => self.free(tokens, |lock| lock.deep && covers(lock, path, None)),
        }
    }

    /// Refuses a change of a mailbox itself, or of which members it has.
    pub(super) fn check_mailbox(&self, path: &[String], tokens: &[String]) -> Result<()> {
        self.free(tokens, |lock| covers(lock, path, None))
    }

    /// Refuses that a name appears in or goes from a mailbox.
    pub(super) fn check_name(
        &self,
        path: &[String],
        name: Option<&str>,
        tokens: &[String],
    ) -> Result<()> {
        self.check_mailbox(path, tokens)?;
        self.check_message(path, name, tokens)
    }

    /// Refuses that a mailbox goes with all below it.
    pub(super) fn check_tree(&self, path: &[String], tokens: &[String]) -> Result<()> {
        self.check_mailbox(path, tokens)?;
        let inside = self.locks.iter().filter(|lock| lies_below(lock, path));
        for lock in inside {
            self.free(tokens, |other| {
                other.mailbox == lock.mailbox && other.name == lock.name
            })?;
        }
        match path.split_last() {
            Some((name, above)) => self.check_name(above, Some(name), tokens),
            None => Ok(()),
        }
    }

    /// Of several locks on the same thing (shared ones), one token is enough.
    fn free(&self, tokens: &[String], in_the_way: impl Fn(&Lock) -> bool) -> Result<()> {
        let live = self.locks.iter().filter(|lock| lock.expires > self.now);
        let mut standing = live.filter(|lock| in_the_way(lock)).peekable();
        let Some(first) = standing.peek().map(|lock| lock.token.clone()) else {
            return Ok(());
        };
        let mine =
            |lock: &Lock| lock.principal == self.identity.principal && tokens.contains(&lock.token);
        if standing.any(mine) {
            Ok(())
        } else {
            Err(Error::Locked(first))
        }
    }

    /// Takes a lock, unless another stands in the way.
    pub(super) fn take_lock(
        &mut self,
        path: &[String],
        name: Option<String>,
        request: LockRequest,
    ) -> Result<String> {
        if request.owner.len() > 1 << 10 {
            return Err(Error::Invalid(
                "the owner of a lock has at most 1 KiB".to_owned(),
            ));
        }
        let now = self.now;
        self.locks.retain(|lock| lock.expires > now);
        let conflicts = |lock: &&Lock| {
            let exclusive =
                lock.exclusion == Exclusion::Exclusive || request.exclusion == Exclusion::Exclusive;
            let meets = covers(lock, path, name.as_deref())
                || name.is_none() && request.deep && lies_below(lock, path);
            exclusive && meets
        };
        if let Some(lock) = self.locks.iter().find(conflicts) {
            return Err(Error::Locked(lock.token.clone()));
        }
        let token = format!("urn:uuid:00000000-0000-4000-8000-{:012x}", self.number());
        self.locks.push(Lock {
            token: token.clone(),
            mailbox: path.to_vec(),
            name,
            exclusion: request.exclusion,
            deep: request.deep,
            owner: request.owner,
            principal: self.identity.principal.clone(),
            expires: request.expires,
        });
        Ok(token)
    }

    /// What is gone has no locks.
    pub(super) fn drop_locks(&mut self, path: &[String], name: Option<&str>) {
        self.locks.retain(|lock| match name {
            Some(_) => !(lock.mailbox == path && lock.name.as_deref() == name),
            None => !lock.mailbox.starts_with(path),
        });
    }
}
