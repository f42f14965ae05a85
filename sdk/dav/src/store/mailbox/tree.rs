//! Which mailbox a path means, and what is there.

use std::rc::Rc;

use module::{Annotation, Mailbox, MailboxScope, Status, Visibility};

use super::MailboxStore;
use super::convert::{instant, rights, store_error, stored_property, time, uid};
use crate::resource::{Collection, Resource, Stored, StoredProperty, Want};
use crate::store::{Lock, StoreError};
use crate::{Path, Rights};

/// An open mailbox, with what was known of it when it was opened.
pub(super) struct Opened {
    pub(super) mailbox: Mailbox,
    pub(super) status: Status,
}

/// What a path means, as far as its form tells.
pub(super) enum Place {
    /// One of the collections above all homes.
    Lead,
    /// The mailbox of this path, or the message that the last part names in the one above.
    Inside(Vec<String>),
}

/// The first part of what belongs to principals, here and in the paths of mailboxes.
const USER: &str = "user";

/// How many open mailboxes a request keeps, in case they are asked for again.
const OPENED_MAX: usize = 32;

/// How many parts the path of a home has.
pub(super) const HOME_LEN: usize = 3;

impl MailboxStore {
    /// What a path means.
    pub(super) fn place(&self, path: &Path) -> Option<Place> {
        match path.parts() {
            [] => Some(Place::Lead),
            [first] if first == USER => Some(Place::Lead),
            [first, owner, rest @ ..] if first == USER => {
                if let Some(shared) = self.shared_mailbox(path) {
                    return Some(Place::Inside(shared));
                }
                let head = [USER.to_owned(), owner.clone(), self.layout.home.to_owned()];
                Some(Place::Inside(
                    head.into_iter().chain(rest.iter().cloned()).collect(),
                ))
            }
            _ => None,
        }
    }

    /// The path of a mailbox; none if it lies outside of what the layout has.
    pub(super) fn path_of(&self, mailbox: &[String]) -> Option<Path> {
        match mailbox {
            [first, owner, home, rest @ ..] if first == USER && home == self.layout.home => {
                if let Some(path) = self.shared_path(mailbox) {
                    return Some(path);
                }
                Some(Path::new([first, owner].into_iter().chain(rest).cloned()))
            }
            _ => None,
        }
    }

    /// Opens a mailbox, if it is not open already; none if the principal may not know of one.
    ///
    /// Of those that were opened, only the latest are kept: each takes a handle, of which an instance
    /// has a bounded number, and a request may go through any number of mailboxes.
    pub(super) fn open(&self, mailbox: &[String]) -> Result<Option<Rc<Opened>>, StoreError> {
        let known = |opened: &&Rc<Opened>| opened.status.path == mailbox;
        if let Some(opened) = self.opened.borrow().iter().find(known) {
            return Ok(Some(opened.clone()));
        }
        if self.is_in_leaf(mailbox) {
            return Ok(None);
        }
        let mut opened = Mailbox::open(mailbox);
        if matches!(opened, Err(module::Error::NotFound)) && self.provision(mailbox)? {
            opened = Mailbox::open(mailbox);
        }
        let opened = match opened {
            Ok(opened) => opened,
            // A name that no mailbox can have is nobody's.
            Err(module::Error::NotFound | module::Error::Invalid(_)) => return Ok(None),
            Err(error) => return Err(store_error(error)),
        };
        let status = opened.status().map_err(store_error)?;
        let opened = Rc::new(Opened {
            mailbox: opened,
            status,
        });
        let mut kept = self.opened.borrow_mut();
        if kept.len() >= OPENED_MAX {
            kept.pop_front();
        }
        kept.push_back(opened.clone());
        Ok(Some(opened))
    }

    /// Whether it would lie in a mailbox that has none inside, as far as that is known without
    /// asking: most requests are about messages in such.
    fn is_in_leaf(&self, mailbox: &[String]) -> bool {
        let opened = self.opened.borrow();
        let above = mailbox.split_last().map(|(_, above)| above);
        let above = opened
            .iter()
            .find(|opened| Some(opened.status.path.as_slice()) == above);
        let kind = above.map(|above| above.status.type_.as_str());
        kind.is_some_and(|kind| self.layout.leaf_kinds.contains(&kind))
    }

    /// Opens the mailbox above, and gives the last part as the name in it.
    pub(super) fn open_parent<'m>(
        &self,
        mailbox: &'m [String],
    ) -> Result<Option<(Rc<Opened>, &'m str)>, StoreError> {
        match mailbox.split_last() {
            Some((name, above)) if above.len() >= HOME_LEN => {
                Ok(self.open(above)?.map(|opened| (opened, name.as_str())))
            }
            _ => Ok(None),
        }
    }

    /// Opens again what was given out as a collection.
    pub(super) fn reopen(&self, path: &Path) -> Result<Rc<Opened>, StoreError> {
        match self.place(path) {
            Some(Place::Inside(mailbox)) => self.open(&mailbox)?.ok_or(StoreError::NotFound),
            Some(Place::Lead) | None => Err(StoreError::NotFound),
        }
    }

    /// Makes the principal's own home if a mailbox in it was missed, and it is missing itself; says
    /// whether it was made.
    #[inline(never)] // Seldom, and what it needs of the stack would be there for all that is opened.
    fn provision(&self, missed: &[String]) -> Result<bool, StoreError> {
        let Some((mailbox, _)) = missed.split_at_checked(HOME_LEN) else {
            return Ok(false);
        };
        let own = mailbox.get(1).is_some() && mailbox.get(1) == self.identity.principal.as_ref();
        let read_only = self.identity.scope.contains(module::Scope::READ_ONLY);
        if !own || read_only || self.provisioned.replace(true) {
            return Ok(false);
        }
        match Mailbox::open(mailbox) {
            Err(module::Error::NotFound) => {}
            Ok(_) | Err(_) => return Ok(false),
        }
        let batch = module::Batch::new();
        let grants = home_grants(self.layout.home_rights, mailbox.get(1));
        batch.create_mailbox(mailbox, self.layout.home_kind, grants.as_deref());
        (self.layout.provision)(&batch, mailbox);
        match batch.commit().map_err(|failure| failure.error) {
            // Another request of the same principal was faster.
            Ok(_) | Err(module::Error::Exists | module::Error::Conflict) => Ok(true),
            Err(module::Error::OverQuota(_) | module::Error::Forbidden(_)) => Ok(false),
            // A home that has no room must not look as if it were gone, nor that of nobody as if it
            // were there.
            Err(error) => {
                self.provisioned.set(false);
                Err(store_error(error))
            }
        }
    }

    /// What is at a path inside of a home.
    pub(super) fn find_inside(
        &self,
        path: &Path,
        mailbox: &[String],
        want: &Want<'_>,
    ) -> Result<Option<Resource>, StoreError> {
        // A name is that of a message or of a mailbox, never of both: the likelier one first.
        let is_open = |opened: &Rc<Opened>| opened.status.path == mailbox;
        let member_first = self.member_first && !self.opened.borrow().iter().any(is_open);
        if member_first && let Some(member) = self.find_member(mailbox, want)? {
            return Ok(Some(member));
        }
        if let Some(opened) = self.open(mailbox)? {
            let collection = self.collection(&opened.status, Some(&opened.mailbox), want)?;
            return Ok(collection.map(Resource::Collection));
        }
        if !member_first && let Some(member) = self.find_member(mailbox, want)? {
            return Ok(Some(member));
        }
        let leads = self.leads_on(mailbox)?;
        Ok(leads.then(|| Resource::Collection(self.lead(path))))
    }

    fn find_member(
        &self,
        mailbox: &[String],
        want: &Want<'_>,
    ) -> Result<Option<Resource>, StoreError> {
        let Some((parent, name)) = self.open_parent(mailbox)? else {
            return Ok(None);
        };
        let found = match parent.mailbox.find(name) {
            Ok(found) => found,
            // Who may only put things in does not learn what is there.
            Err(module::Error::Forbidden(_)) => None,
            Err(error) => return Err(store_error(error)),
        };
        let Some(message) = found else {
            return Ok(None);
        };
        let mut members = vec![super::members::member(message)];
        let source = self.source(&parent.mailbox, parent.status.owner.as_deref());
        super::fill::fill(source, &mut members, want)?;
        let collection = self.collection(&parent.status, None, &Want::default())?;
        let member = members.pop().zip(collection);
        Ok(member.map(|(member, collection)| Resource::Member(Box::new(collection), member)))
    }

    /// Whether something below a mailbox that may not be looked up may be.
    #[inline(never)] // Seldom, as above.
    fn leads_on(&self, mailbox: &[String]) -> Result<bool, StoreError> {
        if !self.sees_leads() || self.is_in_leaf(mailbox) {
            return Ok(false);
        }
        let owner = mailbox.get(1);
        if owner == self.identity.principal.as_ref() {
            // The own home is missing only where nothing may be written.
            return Ok(mailbox.len() == HOME_LEN);
        }
        match Mailbox::list_all(&MailboxScope::Tree(mailbox.to_vec()), None, None, 1) {
            Ok(below) => Ok(!below.is_empty()),
            Err(module::Error::Invalid(_) | module::Error::NotFound) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Anonymous sees only what is granted to anyone: shown an almost empty collection above it, a
    /// client that was never asked to sign in would take that for all there is.
    pub(super) fn sees_leads(&self) -> bool {
        self.identity.principal.is_some()
    }

    /// A collection that only leads to others.
    pub(super) fn lead(&self, path: &Path) -> Collection {
        Collection {
            path: path.clone(),
            kind: self.layout.lead_kind.to_owned(),
            rights: Rights::LOOKUP.and(Rights::READ),
            ..Collection::default()
        }
    }

    /// A mailbox as a collection. Its properties are read if they are wanted, through the handle
    /// if there is one.
    pub(super) fn collection(
        &self,
        status: &Status,
        mailbox: Option<&Mailbox>,
        want: &Want<'_>,
    ) -> Result<Option<Collection>, StoreError> {
        let Some(path) = self.path_of(&status.path) else {
            return Ok(None);
        };
        let stored = match (&want.stored, mailbox) {
            (Stored::None, _) => Vec::new(),
            (_, Some(mailbox)) => properties(mailbox, want)?,
            (_, None) => match Mailbox::open(&status.path) {
                Ok(mailbox) => properties(&mailbox, want)?,
                Err(module::Error::NotFound) => return Ok(None),
                Err(error) => return Err(store_error(error)),
            },
        };
        let kind = status.type_.clone();
        let mut rights = rights(status.rights);
        if self.shared_path(&status.path).is_some() {
            // It can be parted with here, whatever may be done where it really is.
            rights = rights.and(Rights::DELETE);
        }
        Ok(Some(Collection {
            path,
            id: status.id.clone(),
            rights,
            owner: status.owner.clone(),
            state: self.state(status),
            elsewhere: self.elsewhere(status)?,
            members: status.messages,
            created: Some(time(status.created)),
            modified: None,
            kind,
            stored,
        }))
    }

    /// The state of a collection: where collections can lie inside, the owner's counter covers
    /// them.
    pub(super) fn state(&self, status: &Status) -> u64 {
        match self.layout.leaf_kinds.contains(&status.type_.as_str()) {
            true => status.modseq,
            false => status.owner_modseq,
        }
    }

    /// The message of a path, with the mailbox it is in.
    pub(super) fn message(
        &self,
        mailbox: &[String],
        version: Option<u64>,
    ) -> Result<Option<(Rc<Opened>, module::Uid)>, StoreError> {
        let Some((parent, name)) = self.open_parent(mailbox)? else {
            return Ok(None);
        };
        if let Some(uid) = version.and_then(uid) {
            return Ok(Some((parent, uid)));
        }
        let found = parent.mailbox.find(name).map_err(store_error)?;
        Ok(found.map(|message| (parent, message.uid)))
    }

    /// A lock as the engine has it.
    pub(super) fn lock(&self, lock: module::Lock) -> Option<Lock> {
        let root = self.path_of(&lock.mailbox)?;
        Some(Lock {
            is_collection: lock.name.is_none(),
            root: match &lock.name {
                Some(name) => root.join(name),
                None => root,
            },
            token: lock.token,
            deep: lock.deep,
            exclusive: lock.exclusion == module::Exclusion::Exclusive,
            owner: lock.owner,
            principal: lock.principal,
            expires: time(lock.expires),
        })
    }

    /// The host's form of a lock to be taken.
    pub(super) fn lock_request(lock: &Lock) -> module::LockRequest {
        module::LockRequest {
            exclusion: match lock.exclusive {
                true => module::Exclusion::Exclusive,
                false => module::Exclusion::Shared,
            },
            deep: lock.deep,
            owner: lock.owner.clone(),
            expires: instant(lock.expires),
        }
    }
}

/// The rights of a new home, if they are others than the host gives by itself.
fn home_grants(everyone: &str, owner: Option<&String>) -> Option<Vec<module::Grant>> {
    use module::{Grant, Identifier, Rights};
    let everyone = Rights::from_letters(everyone).filter(|rights| !rights.is_empty())?;
    Some(vec![
        Grant::new(Identifier::Principal(owner?.clone()), Rights::all()),
        Grant::new(Identifier::Anyone, everyone),
    ])
}

/// What is private to the principal hides what everyone sees under the same name.
fn hide_shared(found: Vec<Annotation>) -> impl Iterator<Item = Annotation> {
    let private: Vec<String> = found
        .iter()
        .filter(|annotation| annotation.visibility == Visibility::Private)
        .map(|annotation| annotation.name.clone())
        .collect();
    found.into_iter().filter(move |annotation| {
        annotation.visibility == Visibility::Private || !private.contains(&annotation.name)
    })
}

/// The properties of a mailbox that are wanted.
fn properties(mailbox: &Mailbox, want: &Want<'_>) -> Result<Vec<StoredProperty>, StoreError> {
    let prefix = super::fill::property_prefix(want);
    let found = mailbox.annotations(&prefix).map_err(store_error)?;
    let wanted = |property: &StoredProperty| match want.stored {
        Stored::None => false,
        Stored::Names(names) => names.contains(&property.name),
        Stored::All => true,
    };
    Ok(hide_shared(found)
        .filter_map(stored_property)
        .filter(wanted)
        .collect())
}
