//! A batch: its changes applied in order within one savepoint of the writer.
//!
//! What the changes read of mailboxes and owners is kept here, counted on, and written back once at
//! the end.

mod annotate;
mod copy;
mod index;
mod later;
mod lock;
mod mailbox;
mod message;
mod prepare;
mod put;
mod rights;
mod tree;
mod unique;

use super::blob::Bodies;
use super::{clock, execute, quota};
use crate::faulty::Faults;
use crate::feed::Changed;
use crate::model::*;
use crate::store::{Error, Failure, StoreLimits};
pub(super) use index::index;
pub(super) use prepare::{Body, Prepared};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::rc::Rc;

/// After so many changed messages a batch takes another modseq, so that what shares one fits in a
/// page.
const GROUP: u64 = 1000;

/// What a batch is applied with.
pub(super) struct Scene<'a> {
    pub(super) actor: &'a Actor,
    pub(super) limits: &'a StoreLimits,
    pub(super) bodies: &'a Bodies,
    pub(super) faults: &'a Faults,
}

/// Applies a batch; returns what the changes made, and what to tell once it is committed.
pub(super) fn apply(
    db: &Connection,
    scene: &Scene<'_>,
    batch: &Prepared,
) -> Result<(Vec<Outcome>, Changed), Failure> {
    let failed = |change: usize| {
        move |error| Failure {
            change: u32::try_from(change).unwrap_or(u32::MAX),
            error,
        }
    };
    let mut work = Work::new(db, scene, &batch.tokens).map_err(failed(0))?;
    let mut outcomes = Vec::with_capacity(batch.changes.len());
    for (number, (change, body)) in batch.changes.iter().enumerate() {
        let made = scene
            .faults
            .before_change()
            .and_then(|()| work.change(change, body.as_ref()))
            .map_err(failed(number))?;
        work.made.push((made.mailbox, made.uid));
        outcomes.push(Outcome {
            uid: made.uid.unwrap_or(0),
            digest: made.digest,
            modified: made.modified,
            modseq: made.modseq,
            replaced: made.replaced,
            lock_token: made.lock_token,
        });
    }
    work.flush()
        .map_err(failed(batch.changes.len().saturating_sub(1)))?;
    Ok((outcomes, work.changed()))
}

/// What a change made.
#[derive(Default)]
struct Made {
    mailbox: Option<MailboxId>,
    uid: Option<Uid>,
    digest: Digest,
    modified: Instant,
    modseq: Modseq,
    replaced: bool,
    lock_token: String,
}

/// A mailbox that the batch works on.
struct Place {
    mailbox: MailboxId,
    path: String,
    owner: String,
    kind: String,
    rights: Rights,
}

/// What a mailbox counts.
struct Counters {
    /// The modseq before this batch.
    before: Modseq,
    modseq: Modseq,
    uid_next: u64,
    messages: i64,
    bytes: i64,
    dirty: bool,
}

/// What an owner counts.
struct Ledger {
    before: Modseq,
    /// The last modseq given, and how many changes share it.
    counter: Modseq,
    sharing: u64,
    /// The last one that everyone sees.
    modseq: Modseq,
    usage: Usage,
}

/// A batch at work.
struct Work<'a> {
    db: &'a Connection,
    scene: &'a Scene<'a>,
    tokens: &'a [String],
    now: Instant,
    /// There are locks at all.
    locks: bool,
    places: HashMap<MailboxId, Rc<Place>>,
    counters: HashMap<MailboxId, Counters>,
    ledgers: HashMap<String, Ledger>,
    made: Vec<(Option<MailboxId>, Option<Uid>)>,
    /// Mailboxes that got messages without keys, with their types.
    unindexed: Vec<(MailboxId, String)>,
}

impl<'a> Work<'a> {
    fn new(db: &'a Connection, scene: &'a Scene<'a>, tokens: &'a [String]) -> Result<Self, Error> {
        if scene.actor.read_only {
            return Err(Error::Forbidden(Rights::WRITE));
        }
        let locks = super::lock::exist(db)?;
        Ok(Self {
            db,
            scene,
            tokens,
            now: clock(),
            locks,
            places: HashMap::new(),
            counters: HashMap::new(),
            ledgers: HashMap::new(),
            made: Vec::new(),
            unindexed: Vec::new(),
        })
    }

    fn change(&mut self, change: &Change, body: Option<&Body>) -> Result<Made, Error> {
        match change {
            Change::ExpectModseq { mailbox, modseq } => self.expect_modseq(*mailbox, *modseq),
            Change::ExpectUnique {
                mailbox,
                name,
                key,
                scope,
            } => self.expect_unique(*mailbox, name.as_deref(), key, *scope),
            Change::Put { target, put } => self.put(*target, put, body, None),
            Change::PutAsOf {
                mailbox,
                put,
                created,
            } => self.put(Target::Mailbox(*mailbox), put, body, Some(*created)),
            Change::Copy { .. } | Change::Move { .. } => self.copy_or_move(change),
            Change::Remove { mailbox, uid } => self.remove(*mailbox, *uid),
            Change::SetFlags {
                mailbox,
                uid,
                add,
                remove,
            } => self.set_flags(*mailbox, *uid, add, remove),
            Change::SetKeys {
                mailbox,
                uid,
                keys,
                keys_version,
            } => self.set_keys(*mailbox, *uid, keys, *keys_version),
            Change::Annotate {
                mailbox,
                uid,
                annotation,
            } => self.annotate(*mailbox, *uid, annotation),
            Change::AnnotateOutcome { change, annotation } => {
                self.annotate_outcome(*change, annotation)
            }
            _ => self.change_mailbox(change),
        }
    }

    fn change_mailbox(&mut self, change: &Change) -> Result<Made, Error> {
        match change {
            Change::CreateMailbox {
                path,
                mailbox_type,
                grants,
            } => self.create_mailbox(path, mailbox_type, grants.as_deref()),
            Change::RenameMailbox { mailbox, path } => self.rename_mailbox(*mailbox, path),
            Change::CopyMailbox {
                mailbox,
                path,
                deep,
            } => self.copy_mailbox(*mailbox, path, *deep),
            Change::DeleteMailbox { mailbox } => self.delete_mailbox(*mailbox),
            Change::Subscribe {
                mailbox,
                subscribed,
            } => self.subscribe(*mailbox, *subscribed),
            Change::SetRights { mailbox, grants } => self.set_rights(*mailbox, grants),
            Change::Lock {
                mailbox,
                name,
                request,
            } => self.lock(*mailbox, name.as_deref(), request),
            Change::RefreshLock {
                mailbox,
                token,
                expires,
            } => self.refresh_lock(*mailbox, token, *expires),
            Change::Unlock { mailbox, token } => self.unlock(*mailbox, token),
            Change::Deliver { delivery } => self.deliver(delivery),
            Change::SetTimer {
                module,
                name,
                due,
                token,
            } => self.set_timer(module, name, *due, token),
            // The others are those of `change`.
            _ => Err(Error::Invalid("not a change of a mailbox".into())),
        }
    }

    fn actor(&self) -> &'a Actor {
        self.scene.actor
    }

    /// The principal who changes something of its own; anonymous has nothing.
    fn principal(&self) -> Result<&'a str, Error> {
        self.actor()
            .principal
            .as_deref()
            .ok_or(Error::Forbidden(Rights::UPDATE_PRIVATE))
    }

    /// A mailbox on which the actor has these rights.
    fn place(&mut self, mailbox: MailboxId, needed: Rights) -> Result<Rc<Place>, Error> {
        let place = match self.places.get(&mailbox) {
            Some(place) => place.clone(),
            None => self.load(mailbox)?,
        };
        super::rights::need(place.rights, needed)?;
        Ok(place)
    }

    fn load(&mut self, mailbox: MailboxId) -> Result<Rc<Place>, Error> {
        let (path, owner, kind, counters) = self
            .db
            .prepare_cached(
                "SELECT path, owner, type, modseq, uid_next, messages, bytes
                 FROM mailbox WHERE mailbox = ?1",
            )?
            .query_row([mailbox], |row| {
                let counters = Counters {
                    before: row.get(3)?,
                    modseq: row.get(3)?,
                    uid_next: row.get(4)?,
                    messages: row.get(5)?,
                    bytes: row.get(6)?,
                    dirty: false,
                };
                Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, counters))
            })
            .optional()?
            .ok_or(Error::NotFound)?;
        let place = Rc::new(Place {
            mailbox,
            rights: super::rights::effective(self.db, self.actor(), mailbox, &owner)?,
            path,
            owner,
            kind,
        });
        self.counters.entry(mailbox).or_insert(counters);
        self.places.insert(mailbox, place.clone());
        Ok(place)
    }

    fn counters(&mut self, place: &Place) -> Result<&mut Counters, Error> {
        let counters = self
            .counters
            .get_mut(&place.mailbox)
            .ok_or_else(|| Error::Unavailable("a mailbox was lost from a batch".into()))?;
        counters.dirty = true;
        Ok(counters)
    }

    fn ledger(&mut self, owner: &str) -> Result<&mut Ledger, Error> {
        if !self.ledgers.contains_key(owner) {
            let ledger = self.load_ledger(owner)?;
            self.ledgers.insert(owner.to_owned(), ledger);
        }
        self.ledgers
            .get_mut(owner)
            .ok_or_else(|| Error::Unavailable("an owner was lost from a batch".into()))
    }

    fn load_ledger(&self, owner: &str) -> Result<Ledger, Error> {
        let known = self
            .db
            .prepare_cached("SELECT counter, modseq FROM owner WHERE owner = ?1")?
            .query_row([owner], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (counter, modseq) = match known {
            Some(known) => known,
            None => {
                execute(self.db, "INSERT INTO owner (owner) VALUES (?1)", [owner])?;
                (0, 0)
            }
        };
        Ok(Ledger {
            before: counter,
            counter,
            sharing: 0,
            modseq,
            usage: quota::usage(self.db, self.scene.limits, owner)?,
        })
    }

    /// The modseq of `count` changes of an owner: the first of one for every thousand.
    fn stamp_many(&mut self, owner: &str, count: u64) -> Result<Modseq, Error> {
        let ledger = self.ledger(owner)?;
        if ledger.counter == ledger.before || ledger.sharing + count > GROUP {
            ledger.counter += 1;
            ledger.sharing = 0;
        }
        let first = ledger.counter;
        let further = count.saturating_sub(1) / GROUP;
        ledger.counter += further;
        ledger.sharing += count - further * GROUP;
        Ok(first)
    }

    /// The modseq of a change that everyone sees in a mailbox.
    fn touch(&mut self, place: &Place) -> Result<Modseq, Error> {
        self.touch_many(place, 1)
    }

    /// The first modseq of changes that everyone sees in a mailbox.
    fn touch_many(&mut self, place: &Place, count: u64) -> Result<Modseq, Error> {
        let first = self.stamp_many(&place.owner, count)?;
        let ledger = self.ledger(&place.owner)?;
        ledger.modseq = ledger.counter;
        let last = ledger.counter;
        self.counters(place)?.modseq = last;
        Ok(first)
    }

    /// Counts what an owner and a mailbox have more, or less; refuses what exceeds the quota.
    fn count(&mut self, place: &Place, bytes: i64, messages: i64) -> Result<(), Error> {
        quota::charge(&mut self.ledger(&place.owner)?.usage, bytes, messages)?;
        let counters = self.counters(place)?;
        counters.bytes += bytes;
        counters.messages += messages;
        Ok(())
    }

    /// Writes back what was counted.
    fn flush(&mut self) -> Result<(), Error> {
        for (mailbox, counters) in &mut self.counters {
            if std::mem::take(&mut counters.dirty) {
                execute(
                    self.db,
                    "UPDATE mailbox SET modseq = ?2, uid_next = ?3, messages = ?4, bytes = ?5
                     WHERE mailbox = ?1",
                    params![
                        mailbox,
                        counters.modseq,
                        counters.uid_next,
                        counters.messages,
                        counters.bytes
                    ],
                )?;
            }
        }
        for (owner, ledger) in &self.ledgers {
            execute(
                self.db,
                "UPDATE owner SET counter = ?2, modseq = ?3, bytes = ?4, messages = ?5
                 WHERE owner = ?1",
                params![
                    owner,
                    ledger.counter,
                    ledger.modseq,
                    ledger.usage.bytes,
                    ledger.usage.messages
                ],
            )?;
        }
        Ok(())
    }

    /// What has changed.
    fn changed(self) -> Changed {
        let moved = self.ledgers.into_iter();
        let moved = moved.filter(|(_, ledger)| ledger.counter > ledger.before);
        Changed {
            owners: moved.map(|(owner, _)| owner).collect(),
            unindexed: self.unindexed,
            endpoints: Vec::new(),
        }
    }

    /// Writes back and forgets mailboxes, before a change of many at once.
    fn settle(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.places.clear();
        Ok(())
    }
}

/// Deletes all mailboxes of an owner, whatever stands in the way.
pub(super) fn delete_all_of(db: &Connection, scene: &Scene<'_>, owner: &str) -> Result<(), Error> {
    let mut work = Work::new(db, scene, &[])?;
    let root = Path(vec!["user".into(), owner.into()]).encode();
    for mailbox in work.tree(&root)?.into_iter().rev() {
        work.delete_one(mailbox)?;
    }
    work.flush()
}
