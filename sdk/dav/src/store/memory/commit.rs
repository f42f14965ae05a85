//! How the store in memory does a batch: each operation on a copy, with rights and locks checked
//! as a real store would.

use std::rc::Rc;

use super::Memory;
use super::state::{MemberNode, State};
use xml::Name;

use crate::resource::{Etag, StoredProperty};
use crate::store::{
    Accept, Batch, CommitError, Content, Done, Expect, Lock, Operation, Refusal, Store, UniqueScope,
};
use crate::{Path, Rights};

/// Does all operations on `state`, or says which was refused.
pub(super) fn apply(
    state: &mut State,
    memory: &Memory,
    user: Option<&str>,
    batch: Batch,
) -> Result<Vec<Done>, CommitError> {
    let mut work = Work {
        state,
        memory,
        user,
        tokens: batch.lock_tokens,
    };
    work.state.locks.retain(|lock| lock.expires > memory.now());
    let mut done = Vec::with_capacity(batch.operations.len());
    for (index, operation) in batch.operations.into_iter().enumerate() {
        let outcome = work.run(operation);
        done.push(outcome.map_err(|refusal| CommitError {
            operation: Some(index),
            refusal,
        })?);
    }
    if work
        .state
        .quota
        .is_some_and(|quota| work.state.used() > quota)
    {
        return Err(CommitError {
            operation: None,
            refusal: Refusal::QuotaExceeded,
        });
    }
    Ok(done)
}

/// A batch that is being done.
pub(super) struct Work<'w> {
    pub(super) state: &'w mut State,
    pub(super) memory: &'w Memory,
    pub(super) user: Option<&'w str>,
    tokens: Vec<String>,
}

impl Work<'_> {
    fn run(&mut self, operation: Operation) -> Result<Done, Refusal> {
        match operation {
            Operation::Check { path, expect } => self.check(&path, expect)?,
            Operation::Put {
                path,
                accept,
                expect,
            } => return self.put(path, accept, expect),
            Operation::Remove { path, expect } => {
                self.check(&path, expect)?;
                self.take(&path)?;
            }
            Operation::Copy(transfer) => {
                self.check(&transfer.from, transfer.expect)?;
                let node = self.state.member(&transfer.from).cloned();
                let node = node.ok_or(Refusal::NotFound)?;
                self.check(&transfer.to, transfer.over)?;
                return self.insert(transfer.to, node, transfer.accept);
            }
            Operation::Move(transfer) => {
                self.check(&transfer.from, transfer.expect)?;
                let node = self.take(&transfer.from)?;
                self.check(&transfer.to, transfer.over)?;
                return self.insert(transfer.to, node, transfer.accept);
            }
            Operation::Personal { path, value } => {
                self.need(&path.parent().unwrap_or_default(), Rights::READ)?;
                let user = self.user.unwrap_or_default().to_owned();
                let node = self.state.member_mut(&path).ok_or(Refusal::NotFound)?;
                node.personal.retain(|(owner, _)| *owner != user);
                node.personal.extend(value.map(|value| (user, value)));
            }
            Operation::Property {
                path,
                name,
                xml,
                personal,
            } => {
                let property = xml.map(|xml| StoredProperty {
                    is_own: personal,
                    name: name.clone(),
                    xml,
                });
                if personal {
                    self.set_personal(&path, &name, property)?;
                } else {
                    let stored = self.stored(&path)?;
                    stored.retain(|known| known.name != name);
                    stored.extend(property);
                }
            }
            Operation::Lock(lock) => return self.lock(lock),
            Operation::Refresh { lock, expires } => {
                let mut locks = self.state.locks.iter_mut();
                let found = locks.find(|known| known.token == lock.token);
                found.ok_or(Refusal::NotFound)?.expires = expires;
            }
            Operation::Unlock(lock) => self.state.locks.retain(|known| known.token != lock.token),
            of_collection => self.run_on_collection(of_collection)?,
        }
        Ok(Done::Done)
    }

    fn check(&self, path: &Path, expect: Expect) -> Result<(), Refusal> {
        let collection = self.state.collections.get(path);
        let member = self.state.member(path);
        let holds = match expect {
            Expect::Anything => true,
            Expect::Missing => collection.is_none() && member.is_none(),
            Expect::Present => collection.is_some() || member.is_some(),
            Expect::Version(version) => member.is_some_and(|member| member.version == version),
            Expect::State(state) => collection.is_some_and(|node| node.state == state),
        };
        if holds { Ok(()) } else { Err(Refusal::Changed) }
    }

    pub(super) fn need(&self, collection: &Path, rights: Rights) -> Result<(), Refusal> {
        let held = self.memory.rights(self.state, collection);
        match held.has(rights) {
            true => Ok(()),
            false => Err(Refusal::Denied(rights.without(held))),
        }
    }

    /// The locks on a resource and all inside of it must have been submitted.
    pub(super) fn need_locks(&self, path: &Path) -> Result<(), Refusal> {
        let in_the_way = self.state.locks.iter().find(|lock| {
            let others = self
                .state
                .locks
                .iter()
                .filter(|other| other.covers(&lock.root));
            let held = others.into_iter().any(|other| self.holds(other));
            (lock.covers(path) || lock.root.is_within(path)) && !self.holds(lock) && !held
        });
        in_the_way.map_or(Ok(()), |lock| Err(Refusal::Locked(lock.root.clone())))
    }

    fn holds(&self, lock: &Lock) -> bool {
        lock.principal.as_deref() == self.user && self.tokens.contains(&lock.token)
    }

    pub(super) fn free(&self, path: &Path) -> Result<(), Refusal> {
        let parent = path.parent().ok_or(Refusal::Exists)?;
        if !self.state.collections.contains_key(&parent) {
            return Err(Refusal::ParentMissing);
        }
        match self.check(path, Expect::Missing) {
            Ok(()) => Ok(()),
            Err(_) => Err(Refusal::Exists),
        }
    }

    fn put(&mut self, path: Path, accept: Accept, expect: Expect) -> Result<Done, Refusal> {
        self.check(&path, expect)?;
        let body = match &accept.content {
            Content::Request => self.memory.body.borrow().clone(),
            Content::Bytes(bytes) => bytes.clone(),
            Content::Unchanged => return Err(Refusal::Unsupported("a PUT of nothing")),
        };
        let now = self.memory.now();
        let old = match self.state.member(&path) {
            Some(_) => Some(self.take(&path)?),
            None => None,
        };
        let node = MemberNode {
            version: 0,
            state: 0,
            etag: Etag::from_digest(digest(&body)),
            body: Rc::new(body),
            content_type: None,
            created: old.as_ref().map_or(now, |old| old.created),
            modified: now,
            personal: old
                .as_ref()
                .map(|old| old.personal.clone())
                .unwrap_or_default(),
            stored: old.map(|old| old.stored).unwrap_or_default(),
            keys: Vec::new(),
            unique: Vec::new(),
        };
        self.insert(path, node, Some(accept))
    }

    fn insert(
        &mut self,
        path: Path,
        mut node: MemberNode,
        accept: Option<Accept>,
    ) -> Result<Done, Refusal> {
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
            return Err(Refusal::ParentMissing);
        };
        match self.state.member(&path) {
            Some(_) => self.need(&parent, Rights::REMOVE)?,
            None => self.free(&path)?,
        }
        self.need(&parent, Rights::INSERT)?;
        self.need_locks(&path)?;
        if let Some(accept) = accept {
            node.content_type = accept.content_type;
            node.keys = accept.keys;
            node.unique = accept.unique;
            for (name, xml) in accept.properties {
                node.stored.retain(|known| known.name != name);
                node.stored.extend(xml.map(|xml| StoredProperty {
                    name,
                    xml,
                    is_own: false,
                }));
            }
        }
        self.check_unique(&parent, &node)?;
        self.state.counter += 1;
        node.version = self.state.counter;
        node.state = self.state.counter;
        let done = Done::Written {
            etag: node.etag,
            modified: node.modified,
        };
        let holder = self
            .state
            .collections
            .get_mut(&parent)
            .ok_or(Refusal::ParentMissing)?;
        holder.members.insert(name.to_owned(), node);
        let now = self.memory.now();
        self.state.touch_parent(&path, now);
        Ok(done)
    }

    fn check_unique(&self, parent: &Path, node: &MemberNode) -> Result<(), Refusal> {
        let kind = self
            .state
            .collections
            .get(parent)
            .map(|holder| holder.kind.clone());
        for unique in &node.unique {
            for (path, holder) in &self.state.collections {
                let in_scope = match unique.scope {
                    UniqueScope::Collection => path == parent,
                    UniqueScope::Owner => Some(&holder.kind) == kind.as_ref(),
                };
                let same = |other: &&MemberNode| {
                    let mut theirs = other.unique.iter();
                    theirs.any(|one| one.name == unique.name && one.value == unique.value)
                };
                let found = holder
                    .members
                    .iter()
                    .find(|(_, other)| in_scope && same(other));
                if let Some((name, _)) = found {
                    let (name, other) = (unique.name.clone(), Some(path.join(name)));
                    return Err(Refusal::NotUnique { name, other });
                }
            }
        }
        Ok(())
    }

    /// Removes a member and gives it back.
    fn take(&mut self, path: &Path) -> Result<MemberNode, Refusal> {
        let parent = path.parent().ok_or(Refusal::NotFound)?;
        self.need(&parent, Rights::REMOVE)?;
        self.need_locks(path)?;
        let holder = self
            .state
            .collections
            .get_mut(&parent)
            .ok_or(Refusal::NotFound)?;
        let name = path.name().unwrap_or_default();
        let node = holder.members.remove(name).ok_or(Refusal::NotFound)?;
        self.state.counter += 1;
        let now = self.memory.now();
        self.state.bury(path.clone(), false, now);
        Ok(node)
    }

    fn set_personal(
        &mut self,
        path: &Path,
        name: &Name,
        property: Option<StoredProperty>,
    ) -> Result<(), Refusal> {
        self.need(path, Rights::READ)?;
        let user = self.user.unwrap_or_default().to_owned();
        let node = self.state.collections.get_mut(path);
        let node = node.ok_or(Refusal::Unsupported("a personal property of a member"))?;
        node.personal
            .retain(|(owner, known)| *owner != user || known.name != *name);
        node.personal
            .extend(property.map(|property| (user, property)));
        Ok(())
    }

    fn stored(&mut self, path: &Path) -> Result<&mut Vec<StoredProperty>, Refusal> {
        self.need_own_lock(path)?;
        self.state.counter += 1;
        let counter = self.state.counter;
        let now = self.memory.now();
        self.state.touch_parent(path, now);
        if self.state.collections.contains_key(path) {
            self.need(path, Rights::WRITE)?;
            let node = self
                .state
                .collections
                .get_mut(path)
                .ok_or(Refusal::NotFound)?;
            node.own_state = counter;
            return Ok(&mut node.stored);
        }
        let parent = path.parent().ok_or(Refusal::NotFound)?;
        let holder = self
            .state
            .collections
            .get_mut(&parent)
            .ok_or(Refusal::NotFound)?;
        let member = holder
            .members
            .get_mut(path.name().unwrap_or_default())
            .ok_or(Refusal::NotFound)?;
        member.state = counter;
        Ok(&mut member.stored)
    }

    /// The locks that cover one resource must have been submitted.
    fn need_own_lock(&self, path: &Path) -> Result<(), Refusal> {
        let mut covering = self
            .state
            .locks
            .iter()
            .filter(|lock| lock.covers(path))
            .peekable();
        match covering.peek().map(|lock| lock.root.clone()) {
            Some(root) if !covering.any(|lock| self.holds(lock)) => Err(Refusal::Locked(root)),
            _ => Ok(()),
        }
    }

    fn lock(&mut self, mut lock: Lock) -> Result<Done, Refusal> {
        let conflict = self.state.locks.iter().find(|other| {
            let meets = other.covers(&lock.root) || lock.deep && other.root.is_within(&lock.root);
            meets && (lock.exclusive || other.exclusive)
        });
        if let Some(other) = conflict {
            return Err(Refusal::Locked(other.root.clone()));
        }
        let number = u128::from_le_bytes(self.memory.random());
        lock.token = format!("urn:uuid:{:08x}-{number:032x}", self.state.locks.len());
        let token = lock.token.clone();
        self.state.locks.push(lock);
        Ok(Done::Locked { token })
    }
}

/// Good enough to tell bodies apart in tests: FNV-1a, four times over.
fn digest(body: &[u8]) -> [u64; 3] {
    [0, 1, 2].map(|round| {
        body.iter()
            .fold(0xCBF2_9CE4_8422_2325 + round, |hash: u64, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
            })
    })
}
