//! Committing a batch to the in-memory host: on a copy, which takes the old one's place if every
//! change went well.

use super::change::{Change, Message};
use super::state::{
    Annotations, Row, State, StoredMailbox, StoredMessage, Tombstone, check_path, digest, owner_of,
};
use crate::{
    Annotation, Condition, Error, Failure, Grant, Identifier, Key, MailboxChange, Modseq, Outcome,
    Result, Rights, Scope, Timer, Uid, Visibility,
};
use std::collections::{BTreeMap, BTreeSet};

/// What replacing or removing a message takes.
const REMOVE: Rights = Rights::DELETE_MESSAGE.with(Rights::EXPUNGE);

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
                let holds = self.state.mailbox(row)?.modseq == modseq;
                if holds {
                    Ok(Outcome::default())
                } else {
                    Err(Error::Conflict)
                }
            }
            Change::ExpectUnique(row, name, key) => self.expect_unique(row, name.as_deref(), &key),
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
        let (counters, owner_key) = (&mut self.state.modseqs, owner.clone());
        *self.modseqs.entry(owner).or_insert_with(|| {
            let counter = counters.entry(owner_key).or_insert(0);
            *counter += 1;
            *counter
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

    fn expect_unique(&self, row: Row, name: Option<&str>, key: &Key) -> Result<Outcome> {
        let here = self.state.mailbox(row)?;
        let owner = owner_of(&here.path);
        let all = self.state.mailboxes.iter();
        let scope = all
            .filter(|(_, mailbox)| mailbox.type_ == here.type_ && owner_of(&mailbox.path) == owner);
        for (other, mailbox) in scope {
            for (&uid, message) in &mailbox.messages {
                let itself = *other == row && name.is_some() && message.name.as_deref() == name;
                if !itself && message.keys.contains(key) {
                    return Err(Error::DuplicateKey(crate::Duplicate {
                        mailbox: mailbox.path.clone(),
                        uid,
                        name: message.name.clone(),
                    }));
                }
            }
        }
        Ok(Outcome::default())
    }

    /// Refuses unless the condition on a name holds, and takes what has the name out of the way.
    fn make_room(
        &mut self,
        row: Row,
        name: Option<&str>,
        condition: Condition,
    ) -> Result<Option<StoredMessage>> {
        let mailbox = self.state.mailbox(row)?;
        let path = mailbox.path.clone();
        let taken = name
            .and_then(|name| mailbox.named(name))
            .map(|(uid, _)| uid);
        let below: Vec<String> = path
            .iter()
            .cloned()
            .chain(name.map(str::to_owned))
            .collect();
        if name.is_some() && self.state.paths.contains_key(&below) {
            return Err(Error::Exists);
        }
        match (condition, taken) {
            (Condition::Free, Some(_)) => return Err(Error::Exists),
            (Condition::Unchanged(uid), taken) if taken != Some(uid) => {
                return Err(Error::Conflict);
            }
            _ => {}
        }
        self.state.check(row, Rights::INSERT)?;
        let Some(uid) = taken else {
            self.state.check_name(&path, name, &self.tokens)?;
            return Ok(None);
        };
        self.state.check(row, REMOVE)?;
        self.state.check_message(&path, name, &self.tokens)?;
        let modseq = self.modseq(owner_of(&path));
        let mailbox = self.state.mailbox_mut(row)?;
        let old = mailbox.messages.remove(&uid);
        let name = name.map(str::to_owned);
        mailbox.tombstones.push(Tombstone { uid, modseq, name });
        Ok(old)
    }

    fn store(&mut self, row: Row, message: StoredMessage, replaced: bool) -> Result<Outcome> {
        let mailbox = self.state.mailbox_mut(row)?;
        let uid = mailbox.uid_next;
        mailbox.uid_next += 1;
        mailbox.messages.insert(uid, message);
        self.check_quota(row)?;
        self.makes(row, Some(uid));
        Ok(Outcome {
            uid,
            replaced,
            ..self.touch(row, Some(uid))?
        })
    }

    fn put(&mut self, row: Row, message: Message) -> Result<Outcome> {
        let old = self.make_room(row, message.name.as_deref(), message.condition)?;
        let (replaced, now) = (old.is_some(), self.state.now);
        let (created, mut flags, annotations) = match old {
            Some(old) => (old.created, old.flags, old.annotations),
            None => (now, BTreeSet::new(), Annotations::new()),
        };
        flags.extend(message.flags);
        let stored = StoredMessage {
            name: message.name,
            modseq: 0,
            created,
            modified: now,
            digest: digest(&message.body),
            header: message.header,
            body: message.body,
            content_type: message.content_type,
            flags,
            keys: message.keys,
            annotations,
        };
        self.store(row, stored, replaced)
    }

    fn copy(
        &mut self,
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    ) -> Result<Outcome> {
        self.state.check(source, Rights::READ)?;
        let message = self
            .state
            .mailbox(source)?
            .messages
            .get(&uid)
            .ok_or(Error::Conflict)?
            .clone();
        let replaced = self
            .make_room(target, name.as_deref(), condition)?
            .is_some();
        let created = self.state.now;
        self.store(
            target,
            StoredMessage {
                name,
                created,
                ..message
            },
            replaced,
        )
    }

    fn move_(
        &mut self,
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    ) -> Result<Outcome> {
        self.state.check(source, Rights::READ | REMOVE)?;
        let message = self
            .state
            .mailbox(source)?
            .messages
            .get(&uid)
            .ok_or(Error::Conflict)?
            .clone();
        let replaced = self
            .make_room(target, name.as_deref(), condition)?
            .is_some();
        self.remove(source, uid)?;
        self.store(target, StoredMessage { name, ..message }, replaced)
    }

    fn remove(&mut self, row: Row, uid: Uid) -> Result<Outcome> {
        self.state.check(row, REMOVE)?;
        let mailbox = self.state.mailbox(row)?;
        let path = mailbox.path.clone();
        let name = mailbox
            .messages
            .get(&uid)
            .ok_or(Error::Conflict)?
            .name
            .clone();
        self.state
            .check_name(&path, name.as_deref(), &self.tokens)?;
        if name.is_some() {
            self.state.drop_locks(&path, name.as_deref());
        }
        let outcome = self.touch(row, None)?;
        let mailbox = self.state.mailbox_mut(row)?;
        mailbox.messages.remove(&uid);
        mailbox.tombstones.push(Tombstone {
            uid,
            modseq: outcome.modseq,
            name,
        });
        Ok(outcome)
    }

    fn set_flags(
        &mut self,
        row: Row,
        uid: Uid,
        add: Vec<String>,
        remove: &[String],
    ) -> Result<Outcome> {
        for flag in add.iter().chain(remove) {
            let needed = match flag.as_str() {
                "\\Seen" => Rights::KEEP_SEEN,
                "\\Deleted" => Rights::DELETE_MESSAGE,
                _ => Rights::WRITE,
            };
            self.state.check(row, needed)?;
        }
        let path = self.state.mailbox(row)?.path.clone();
        let name = self.message_mut(row, uid)?.name.clone();
        self.state
            .check_message(&path, name.as_deref(), &self.tokens)?;
        let flags = &mut self.message_mut(row, uid)?.flags;
        flags.retain(|flag| !remove.contains(flag));
        flags.extend(add);
        self.touch(row, Some(uid))
    }

    fn annotate(&mut self, row: Row, uid: Option<Uid>, annotation: Annotation) -> Result<Outcome> {
        let Annotation {
            name,
            visibility,
            value,
        } = annotation;
        if name.is_empty() || name.len() > 1024 {
            return Err(Error::Invalid(
                "an annotation's name has 1 to 1024 bytes".to_owned(),
            ));
        }
        if value.as_ref().is_some_and(|value| value.len() > 64 << 10) {
            return Err(Error::TooLarge(64 << 10));
        }
        let mailbox = self.state.mailbox(row)?;
        let (path, rights) = (mailbox.path.clone(), self.state.rights(mailbox));
        let me = self.state.identity.principal.clone();
        let private_to = match visibility {
            Visibility::Private if me.is_none() => return Err(Error::Forbidden(Rights::empty())),
            Visibility::Private => me.clone(),
            Visibility::Shared => None,
        };
        let needed = match (visibility, uid) {
            (Visibility::Private, _) => Rights::READ,
            (_, Some(_)) if rights.contains(Rights::ANNOTATE) => Rights::ANNOTATE,
            _ => Rights::WRITE,
        };
        self.state.check(row, needed)?;
        let annotations = match uid {
            None => {
                self.state.check_mailbox(&path, &self.tokens)?;
                &mut self.state.mailbox_mut(row)?.annotations
            }
            Some(uid) => {
                let name = self.message_mut(row, uid)?.name.clone();
                self.state
                    .check_message(&path, name.as_deref(), &self.tokens)?;
                &mut self.message_mut(row, uid)?.annotations
            }
        };
        match value {
            Some(value) => annotations.insert((name, private_to), value),
            None => annotations.remove(&(name, private_to)),
        };
        if visibility == Visibility::Private && me != owner_of(&path) {
            return Ok(Outcome {
                modseq: self.modseq(me),
                ..Outcome::default()
            });
        }
        self.touch(row, uid)
    }

    fn create(
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
    fn check_new(&self, path: &[String]) -> Result<Vec<Grant>> {
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
                    .filter(|_| path.len() == 3)
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

    fn insert(&mut self, path: Vec<String>, type_: String, grants: Vec<Grant>) -> Row {
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
                uid_next: 1,
                grants,
                annotations: Annotations::new(),
                messages: BTreeMap::new(),
                tombstones: Vec::new(),
            },
        );
        row
    }

    fn rename(&mut self, row: Row, path: Vec<String>) -> Result<Outcome> {
        self.state.check(row, Rights::DELETE_MAILBOX)?;
        let old = self.state.mailbox(row)?.path.clone();
        if path.starts_with(&old) {
            return Err(Error::Invalid(
                "a mailbox can't be moved into itself".to_owned(),
            ));
        }
        self.check_new(&path)?;
        self.state.check_tree(&old, &self.tokens)?;
        self.state.drop_locks(&old, None);
        for row in self.state.tree(&old) {
            self.leave(row)?;
            let mailbox = self.state.mailbox_mut(row)?;
            let below = mailbox.path.split_off(old.len());
            mailbox.path = [path.clone(), below].concat();
            let path = mailbox.path.clone();
            self.state.paths.insert(path, row);
            self.touch(row, None)?;
        }
        self.check_quota(row)?;
        self.touch(row, None)
    }

    /// Takes a mailbox's path away, and remembers that.
    fn leave(&mut self, row: Row) -> Result<Modseq> {
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

    fn copy_mailbox(&mut self, row: Row, path: Vec<String>, deep: bool) -> Result<Outcome> {
        let grants = self.check_new(&path)?;
        let old = self.state.mailbox(row)?.path.clone();
        let rows = if deep {
            self.state.tree(&old)
        } else {
            vec![row]
        };
        let mut copies = Vec::new();
        for row in rows {
            self.state.check(row, Rights::READ)?;
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

    fn delete(&mut self, row: Row) -> Result<Outcome> {
        let path = self.state.mailbox(row)?.path.clone();
        self.state.check_tree(&path, &self.tokens)?;
        self.state.drop_locks(&path, None);
        let mut modseq = 0;
        for row in self.state.tree(&path) {
            self.state.check(row, Rights::DELETE_MAILBOX)?;
            modseq = self.leave(row)?;
            self.state.mailboxes.remove(&row);
            self.state.subscriptions.retain(|(_, other)| *other != row);
        }
        Ok(Outcome {
            modseq,
            ..Outcome::default()
        })
    }

    fn subscribe(&mut self, row: Row, subscribed: bool) -> Result<Outcome> {
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
