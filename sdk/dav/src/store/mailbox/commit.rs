//! A batch of the engine as a batch of the host.

use std::rc::Rc;

use module::{Annotation, Blob, Identifier, Kind};

use super::MailboxStore;
use super::convert::{annotation_name, etag, host_rights, instant, read_refusal, refusal, time};
use super::personal::fill_personal;
use super::put::Transfer;
use super::tree::{HOME_LEN, Opened, Place};
use crate::resource::{Member, Resource};
use crate::store::{AclEntry, Batch, CommitError, Done, Expect, Operation, Refusal, Who};
use crate::{Path, Want};

/// A batch of the host in the making.
pub(super) struct Making {
    pub(super) batch: module::Batch,
    /// The operation that each change of the host's batch belongs to.
    pub(super) origins: Vec<usize>,
    /// What each operation will have done.
    pub(super) outcomes: Vec<Outcome>,
    /// What the batch puts or creates, by its path: later operations build on it.
    pub(super) made: Vec<(Path, u32)>,
    /// Which key each uniqueness condition is about.
    pub(super) unique: Vec<(u32, String)>,
    /// Bodies on their way, alive until all is committed.
    pub(super) blobs: Vec<Blob>,
}

/// What an operation will have done.
pub(super) enum Outcome {
    Done,
    Written(Option<Rc<Opened>>, u32),
    Locked(u32),
}

impl MailboxStore {
    /// Does all of a batch, or nothing of it.
    pub(super) fn commit_batch(&self, batch: Batch) -> Result<Vec<Done>, CommitError> {
        let mut making = Making {
            batch: module::Batch::new(),
            origins: Vec::new(),
            outcomes: Vec::new(),
            made: Vec::new(),
            unique: Vec::new(),
            blobs: Vec::new(),
        };
        making.batch.submit_tokens(&batch.lock_tokens);
        let mut paths = Vec::new();
        for (number, operation) in batch.operations.into_iter().enumerate() {
            paths.push(subject(&operation));
            let outcome = self
                .add(&mut making, operation)
                .map_err(|refusal| CommitError {
                    operation: Some(number),
                    refusal,
                })?;
            making.outcomes.push(outcome);
            making.origins.resize(making.batch.len() as usize, number);
        }
        if making.batch.is_empty() {
            return Ok(making.outcomes.iter().map(|_| Done::Done).collect());
        }
        let Making {
            batch,
            origins,
            outcomes,
            unique,
            blobs,
            ..
        } = making;
        let committed = batch.commit();
        drop(blobs);
        // What was known of mailboxes is old now.
        self.opened.borrow_mut().clear();
        let results = committed.map_err(|failure| {
            let operation = origins.get(failure.change as usize).copied();
            let path = operation
                .and_then(|number| paths.get(number).cloned())
                .flatten();
            let key = unique.iter().find(|(change, _)| *change == failure.change);
            let key = key.map(|(_, name)| name.clone());
            CommitError {
                operation,
                refusal: self.refused(failure.error, path, key),
            }
        })?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| self.done(outcome, &results))
            .collect())
    }

    fn add(&self, making: &mut Making, operation: Operation) -> Result<Outcome, Refusal> {
        match operation {
            Operation::Check { path, expect } => self.check(making, &path, expect)?,
            Operation::Put {
                path,
                accept,
                expect,
            } => {
                return self.put(making, &path, accept, expect);
            }
            Operation::Remove { path, expect } => {
                let (parent, uid) = self.existing(&path, expect)?;
                making.batch.remove(&parent.mailbox, uid);
            }
            Operation::RemoveTree { path } => {
                if let Some(mailbox) = self.shared_root(&path).map_err(read_refusal)? {
                    making.batch.subscribe(&mailbox, false);
                    return Ok(Outcome::Done);
                }
                let opened = self.tree_root(&path)?;
                making.batch.delete_mailbox(&opened.mailbox);
            }
            Operation::MakeCollection { path, kind } => {
                let mailbox = self.inside(&path)?;
                check_name(&path)?;
                let change = making.batch.create_mailbox(&mailbox, &kind, None);
                making.made.push((path, change));
            }
            Operation::Copy {
                from,
                to,
                over,
                expect,
                accept,
            } => {
                let transfer = Transfer {
                    moving: false,
                    over,
                    expect,
                    accept,
                };
                return self.transfer(making, &from, &to, transfer);
            }
            Operation::Move {
                from,
                to,
                over,
                expect,
                accept,
            } => {
                let transfer = Transfer {
                    moving: true,
                    over,
                    expect,
                    accept,
                };
                return self.transfer(making, &from, &to, transfer);
            }
            Operation::CopyTree { from, to, deep } => {
                let opened = self.reopen(&from).map_err(read_refusal)?;
                check_name(&to)?;
                let target = self.inside(&to)?;
                let change = match deep {
                    true => making.batch.copy_mailbox(&opened.mailbox, &target, true),
                    false => copy_shallow(&making.batch, &opened, &target)?,
                };
                making.made.push((to, change));
            }
            Operation::MoveTree { from, to } => {
                let opened = self.tree_root(&from)?;
                check_name(&to)?;
                making
                    .batch
                    .rename_mailbox(&opened.mailbox, &self.inside(&to)?);
            }
            Operation::Property {
                path,
                name,
                xml,
                personal,
            } => {
                let annotation = match personal {
                    true => Annotation::private(annotation_name(&name), xml),
                    false => Annotation::shared(annotation_name(&name), xml),
                };
                self.annotate(making, &path, &annotation)?;
            }
            Operation::Personal { path, value } => {
                let annotation = self.personal_annotation(value);
                let annotation =
                    annotation.ok_or(Refusal::Unsupported("a part of one's own of this"))?;
                self.annotate(making, &path, &annotation)?;
            }
            Operation::SetAcl { path, acl } => {
                let opened = self.reopen(&path).map_err(read_refusal)?;
                let owner = opened.status.owner.as_deref();
                let grants: Result<Vec<_>, _> =
                    acl.into_iter().map(|entry| grant(entry, owner)).collect();
                making.batch.set_rights(&opened.mailbox, &grants?);
            }
            Operation::Lock(lock) => {
                let (opened, name) = self.locked(&lock.root, lock.is_collection)?;
                let request = Self::lock_request(&lock);
                let change = making.batch.lock(&opened.mailbox, name, &request);
                return Ok(Outcome::Locked(change));
            }
            Operation::Refresh { lock, expires } => {
                let (opened, _) = self.locked(&lock.root, lock.is_collection)?;
                making
                    .batch
                    .refresh_lock(&opened.mailbox, &lock.token, instant(expires));
            }
            Operation::Unlock(lock) => {
                let (opened, _) = self.locked(&lock.root, lock.is_collection)?;
                making.batch.unlock(&opened.mailbox, &lock.token);
            }
            Operation::Extension(extension) => match extension.downcast::<Extension>() {
                Ok(extension) => (*extension)(&making.batch),
                Err(_) => return Err(Refusal::Unsupported("this extension")),
            },
        }
        Ok(Outcome::Done)
    }

    pub(super) fn inside(&self, path: &Path) -> Result<Vec<String>, Refusal> {
        match self.place(path) {
            Some(Place::Inside(mailbox)) => Ok(mailbox),
            Some(Place::Lead) | None => Err(Refusal::Unsupported("changing this collection")),
        }
    }

    /// The mailbox of a collection that is removed or moved: anything but a home.
    fn tree_root(&self, path: &Path) -> Result<Rc<Opened>, Refusal> {
        if self.inside(path)?.len() <= HOME_LEN {
            return Err(Refusal::Unsupported("removing a home"));
        }
        self.reopen(path).map_err(read_refusal)
    }

    /// The message that an operation is about.
    pub(super) fn existing(
        &self,
        path: &Path,
        expect: Expect,
    ) -> Result<(Rc<Opened>, u32), Refusal> {
        let version = match expect {
            Expect::Version(version) => Some(version),
            Expect::Anything | Expect::Present => None,
            Expect::Missing | Expect::State(_) => return Err(Refusal::Changed),
        };
        let found = self
            .message(&self.inside(path)?, version)
            .map_err(read_refusal)?;
        found.ok_or(Refusal::NotFound)
    }

    fn check(&self, making: &Making, path: &Path, expect: Expect) -> Result<(), Refusal> {
        if expect == Expect::Anything {
            return Ok(());
        }
        let mailbox = self.inside(path)?;
        let found = self
            .find_inside(path, &mailbox, &Want::default())
            .map_err(read_refusal)?;
        let holds = match (expect, &found) {
            (Expect::Missing, None) => true,
            (Expect::Present, Some(_)) => true,
            (Expect::Version(version), Some(Resource::Member(_, member))) => {
                member.version == version
            }
            (Expect::State(state), Some(Resource::Collection(collection))) => {
                // From here to the commit the host watches over it.
                if let Some(opened) = self.open(&mailbox).map_err(read_refusal)? {
                    making
                        .batch
                        .expect_modseq(&opened.mailbox, opened.status.modseq);
                }
                collection.state == state
            }
            _ => false,
        };
        if holds { Ok(()) } else { Err(Refusal::Changed) }
    }

    fn annotate(
        &self,
        making: &Making,
        path: &Path,
        annotation: &Annotation,
    ) -> Result<(), Refusal> {
        if let Some((_, change)) = making.made.iter().rev().find(|(made, _)| made == path) {
            making.batch.annotate_outcome(*change, annotation);
            return Ok(());
        }
        let mailbox = self.inside(path)?;
        if let Some(opened) = self.open(&mailbox).map_err(read_refusal)? {
            making.batch.annotate(&opened.mailbox, None, annotation);
            return Ok(());
        }
        let (parent, uid) = self.existing(path, Expect::Present)?;
        making
            .batch
            .annotate(&parent.mailbox, Some(uid), annotation);
        Ok(())
    }

    /// The mailbox that a lock is on or in, and the name that it is on.
    fn locked<'p>(
        &self,
        root: &'p Path,
        is_collection: bool,
    ) -> Result<(Rc<Opened>, Option<&'p str>), Refusal> {
        if is_collection {
            return Ok((self.reopen(root).map_err(read_refusal)?, None));
        }
        let parent = root.parent().ok_or(Refusal::NotFound)?;
        Ok((
            self.reopen(&parent).map_err(read_refusal)?,
            Some(check_name(root)?),
        ))
    }

    /// What a refused change means, with what is known of paths.
    fn refused(&self, error: module::Error, path: Option<Path>, key: Option<String>) -> Refusal {
        let other = match &error {
            module::Error::DuplicateKey(other) => {
                let collection = self.path_of(&other.mailbox);
                collection
                    .zip(other.name.as_deref())
                    .map(|(path, name)| path.join(name))
            }
            _ => None,
        };
        match (refusal(error.clone()), error) {
            (Refusal::NotUnique { .. }, _) => Refusal::NotUnique {
                name: key.unwrap_or_default(),
                other,
            },
            (Refusal::Locked(_), module::Error::Locked(token)) => {
                let seen = self.locks_seen.borrow();
                let root = seen.iter().find(|(known, _)| *known == token);
                let root = root.map(|(_, root)| root.clone());
                Refusal::Locked(root.or(path).unwrap_or_default())
            }
            (refusal, _) => refusal,
        }
    }
}

/// Copies a mailbox as Depth 0 has it: with its properties, but without members, which the host's
/// own copy takes along. RFC 4918 §9.8.3.
fn copy_shallow(batch: &module::Batch, opened: &Opened, target: &[String]) -> Result<u32, Refusal> {
    let change = batch.create_mailbox(target, &opened.status.type_, None);
    for annotation in opened.mailbox.annotations("").map_err(refusal)? {
        batch.annotate_outcome(change, &annotation);
    }
    Ok(change)
}

/// What a protocol may add to the host's batch: the content of an [`Operation::Extension`].
pub type Extension = Box<dyn FnOnce(&module::Batch)>;

/// The path that a refusal of an operation is about.
fn subject(operation: &Operation) -> Option<Path> {
    match operation {
        Operation::Check { path, .. }
        | Operation::Put { path, .. }
        | Operation::Remove { path, .. }
        | Operation::RemoveTree { path }
        | Operation::MakeCollection { path, .. }
        | Operation::Property { path, .. }
        | Operation::Personal { path, .. }
        | Operation::SetAcl { path, .. } => Some(path.clone()),
        Operation::Copy { to, .. }
        | Operation::Move { to, .. }
        | Operation::CopyTree { to, .. }
        | Operation::MoveTree { to, .. } => Some(to.clone()),
        Operation::Lock(lock) | Operation::Refresh { lock, .. } | Operation::Unlock(lock) => {
            Some(lock.root.clone())
        }
        Operation::Extension(_) => None,
    }
}

/// The last part of a path, if a mailbox or a message can have it as its name.
pub(super) fn check_name(path: &Path) -> Result<&str, Refusal> {
    const LEN_MAX: usize = 255;
    let name = path
        .name()
        .ok_or(Refusal::Unsupported("changing this collection"))?;
    if name.len() > LEN_MAX {
        return Err(Refusal::BadName(format!(
            "it is longer than {LEN_MAX} bytes"
        )));
    }
    // Those that XML knows may stand in the name of a member; in one of a mailbox none may, which the
    // host says.
    let barred = |character: char| character.is_control() && !"\t\n\r".contains(character);
    if name.chars().any(barred) {
        return Err(Refusal::BadName("it has control characters".to_owned()));
    }
    Ok(name)
}

fn grant(entry: AclEntry, owner: Option<&str>) -> Result<module::Grant, Refusal> {
    let identifier = match entry.who {
        Who::All => Identifier::Anyone,
        Who::Authenticated => Identifier::Authenticated,
        Who::Unauthenticated => return Err(Refusal::Unsupported("a grant to strangers alone")),
        Who::Owner => match owner {
            Some(owner) => Identifier::Principal(owner.to_owned()),
            None => return Err(Refusal::Unsupported("a grant to an owner who is none")),
        },
        Who::Principal(id) => match module::Principal::find(&id).map_err(refusal)?.kind {
            Kind::Group => Identifier::Group(id),
            Kind::User | Kind::Room | Kind::Resource => Identifier::Principal(id),
        },
    };
    Ok(module::Grant {
        identifier,
        rights: host_rights(entry.rights),
        negative: entry.deny,
    })
}

impl MailboxStore {
    fn done(&self, outcome: Outcome, results: &[module::Outcome]) -> Done {
        match outcome {
            Outcome::Done => Done::Done,
            Outcome::Locked(change) => match results.get(change as usize) {
                Some(result) => Done::Locked {
                    token: result.lock_token.clone(),
                },
                None => Done::Done,
            },
            Outcome::Written(opened, change) => {
                let written = opened.zip(results.get(change as usize));
                match written.and_then(|(opened, result)| self.written(&opened, result)) {
                    Some(member) => Done::Written {
                        etag: member.etag,
                        modified: member.modified.unwrap_or_default(),
                    },
                    None => Done::Done,
                }
            }
        }
    }

    /// The member that a message became. Who may put things in without reading them learns no tag.
    fn written(&self, opened: &Opened, result: &module::Outcome) -> Option<Member> {
        if !opened.status.rights.contains(module::Rights::READ) {
            return None;
        }
        let mut members = [Member {
            version: u64::from(result.uid),
            etag: etag(result.digest),
            modified: Some(time(result.modified)),
            ..Member::default()
        }];
        let source = self.source(&opened.mailbox, opened.status.owner.as_deref());
        fill_personal(source, &mut members).ok()?;
        let [member] = members;
        Some(member)
    }
}
