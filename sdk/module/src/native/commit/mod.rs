//! Committing a batch to the in-memory host: on a copy, which takes the old one's place if every
//! change went well.

mod mailbox;
mod message;

use super::change::Change;
use super::state::{Row, State, StoredMessage, owner_of};
use crate::{Error, Failure, Modseq, Outcome, Result, Rights, Scope, Timer, Uid};
use std::collections::BTreeMap;

/// Makes all changes, or none.
pub(super) fn commit(
    state: &mut State,
    tokens: Vec<String>,
    changes: Vec<Change>,
) -> std::result::Result<Vec<Outcome>, Failure> {
    let mut commit = Commit {
        state: state.clone(),
        tokens,
        modseqs: BTreeMap::new(),
        made: Vec::new(),
    };
    commit.state.now += 1;
    let mut outcomes = Vec::new();
    for (number, change) in (0..).zip(changes) {
        let outcome = commit.apply(change).map_err(|error| Failure {
            change: number,
            error,
        })?;
        outcomes.push(outcome);
    }
    *state = commit.state;
    Ok(outcomes)
}

struct Commit {
    state: State,
    tokens: Vec<String>,
    /// The modseqs that this batch took, by owner.
    modseqs: BTreeMap<Option<String>, Modseq>,
    /// What each change put or created.
    made: Vec<Option<(Row, Option<Uid>)>>,
}

impl Commit {
    fn apply(&mut self, change: Change) -> Result<Outcome> {
        if self.state.identity.scope.contains(Scope::READ_ONLY)
            && !matches!(change, Change::ExpectModseq(..) | Change::ExpectUnique(..))
        {
            return Err(Error::Forbidden(Rights::empty()));
        }
        self.made.push(None);
        match change {
            Change::ExpectModseq(row, modseq) => {
                let mailbox = self.state.mailbox(row)?;
                let holds = self.state.mailbox_modseq(mailbox) == modseq;
                if holds {
                    Ok(Outcome::default())
                } else {
                    Err(Error::Conflict)
                }
            }
            Change::ExpectUnique(row, name, key, scope) => {
                self.expect_unique(row, name.as_deref(), &key, scope)
            }
            Change::Put(row, message) => self.put(row, message),
            Change::PutInto(number, message) => {
                let (row, _) = self.made(number)?;
                self.put(row, message)
            }
            Change::Copy {
                source,
                uid,
                target,
                name,
                condition,
            } => self.copy(source, uid, target, name, condition),
            Change::Move {
                source,
                uid,
                target,
                name,
                condition,
            } => self.move_(source, uid, target, name, condition),
            Change::Remove(row, uid) => self.remove(row, uid),
            Change::SetFlags {
                mailbox,
                uid,
                add,
                remove,
            } => self.set_flags(mailbox, uid, add, &remove),
            Change::SetKeys(row, uid, keys) => {
                self.state.check(row, Rights::INSERT)?;
                self.message_mut(row, uid)?.keys = keys;
                self.touch(row, Some(uid))
            }
            Change::Annotate(row, uid, annotation) => self.annotate(row, uid, annotation),
            Change::AnnotateOutcome(number, annotation) => {
                let (row, uid) = self.made(number)?;
                self.annotate(row, uid, annotation)
            }
            Change::CreateMailbox(path, type_, grants) => self.create(path, type_, grants),
            Change::RenameMailbox(row, path) => self.rename(row, path),
            Change::CopyMailbox(row, path, deep) => self.copy_mailbox(row, path, deep),
            Change::DeleteMailbox(row) => self.delete(row),
            Change::Subscribe(row, subscribed) => self.subscribe(row, subscribed),
            Change::SetRights(row, grants) => {
                self.state.check(row, Rights::ADMINISTER)?;
                let path = self.state.mailbox(row)?.path.clone();
                self.state.check_mailbox(&path, &self.tokens)?;
                self.state.mailbox_mut(row)?.grants = grants;
                self.touch(row, None)
            }
            Change::Lock(row, name, request) => {
                let rights = self.state.rights(self.state.mailbox(row)?);
                if !rights.contains(Rights::WRITE) && !rights.contains(Rights::INSERT) {
                    self.state.check(row, Rights::WRITE)?;
                }
                let path = self.state.mailbox(row)?.path.clone();
                let lock_token = self.state.take_lock(&path, name, request)?;
                Ok(Outcome {
                    lock_token,
                    ..Outcome::default()
                })
            }
            Change::RefreshLock(token, expires) => {
                let me = self.state.identity.principal.clone();
                let mut locks = self.state.locks.iter_mut();
                let lock = locks.find(|lock| lock.token == token && lock.principal == me);
                lock.ok_or(Error::NotFound)?.expires = expires;
                Ok(Outcome::default())
            }
            Change::Unlock(row, token) => self.unlock(row, &token),
            Change::Deliver(delivery) => {
                let sender = self.state.identity.principal.clone();
                self.state.deliveries.push((sender, delivery));
                Ok(Outcome::default())
            }
            Change::SetTimer(name, due, token) => {
                let me = self.state.identity.principal.clone().unwrap_or_default();
                let key = (me, name.clone());
                match due {
                    Some(due) => self.state.timers.insert(key, Timer { name, due, token }),
                    None => self.state.timers.remove(&key),
                };
                Ok(Outcome::default())
            }
        }
    }

    /// What an earlier change put or created.
    fn made(&self, number: u32) -> Result<(Row, Option<Uid>)> {
        let made = self.made.get(number as usize).copied().flatten();
        made.ok_or_else(|| Error::Invalid(format!("change {number} made nothing")))
    }

    fn makes(&mut self, row: Row, uid: Option<Uid>) {
        if let Some(last) = self.made.last_mut() {
            *last = Some((row, uid));
        }
    }

    /// The modseq of this batch for an owner.
    fn modseq(&mut self, owner: Option<String>) -> Modseq {
        let modseq = self.issue(owner.clone());
        self.state.modseqs.insert(owner, modseq);
        modseq
    }

    /// Takes a modseq, one in each batch, that moves no state yet.
    fn issue(&mut self, owner: Option<String>) -> Modseq {
        let (issued, owner_key) = (&mut self.state.issued, owner.clone());
        *self.modseqs.entry(owner).or_insert_with(|| {
            let counter = issued.entry(owner_key).or_insert(0);
            *counter += 1;
            *counter
        })
    }

    /// Notes that what is private to a principal has changed: that moves its state alone.
    fn touch_private(&mut self, row: Row, uid: Option<Uid>, me: String) -> Result<Outcome> {
        let owner = owner_of(&self.state.mailbox(row)?.path);
        let modseq = self.issue(owner.clone());
        let private = match uid {
            Some(uid) => &mut self.message_mut(row, uid)?.private,
            None => &mut self.state.mailbox_mut(row)?.private,
        };
        private.insert(me.clone(), modseq);
        self.state.private_states.insert((owner, me), modseq);
        Ok(Outcome {
            modseq,
            ..Outcome::default()
        })
    }

    /// Notes that a mailbox, or a message of it, has changed.
    fn touch(&mut self, row: Row, uid: Option<Uid>) -> Result<Outcome> {
        let owner = owner_of(&self.state.mailbox(row)?.path);
        let modseq = self.modseq(owner);
        let mailbox = self.state.mailbox_mut(row)?;
        mailbox.modseq = modseq;
        if let Some(message) = uid.and_then(|uid| mailbox.messages.get_mut(&uid)) {
            message.modseq = modseq;
        }
        Ok(Outcome {
            modseq,
            ..Outcome::default()
        })
    }

    fn message_mut(&mut self, row: Row, uid: Uid) -> Result<&mut StoredMessage> {
        self.state
            .mailbox_mut(row)?
            .messages
            .get_mut(&uid)
            .ok_or(Error::Conflict)
    }

    fn unlock(&mut self, row: Row, token: &str) -> Result<Outcome> {
        let me = self.state.identity.principal.clone();
        let rights = self.state.rights(self.state.mailbox(row)?);
        let found = self.state.locks.iter().position(|lock| lock.token == token);
        let at = found.ok_or(Error::NotFound)?;
        let mine = self
            .state
            .locks
            .get(at)
            .is_some_and(|lock| lock.principal == me);
        if !mine && !rights.contains(Rights::ADMINISTER) {
            return Err(Error::Forbidden(Rights::ADMINISTER));
        }
        self.state.locks.remove(at);
        Ok(Outcome::default())
    }

    fn check_quota(&self, row: Row) -> Result<()> {
        let Some(owner) = owner_of(&self.state.mailbox(row)?.path) else {
            return Ok(());
        };
        let Some(&(bytes_max, messages_max)) = self.state.quotas.get(&owner) else {
            return Ok(());
        };
        let (bytes, messages) = self.state.used(Some(&owner));
        let over = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used > limit);
        if over(bytes, bytes_max) || over(messages, messages_max) {
            return Err(Error::OverQuota(0));
        }
        Ok(())
    }
}
