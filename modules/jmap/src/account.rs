//! Accounts: all the mail that one principal has, as far as whoever asks may know of it. RFC 8620
//! §1.6.2.

use crate::id::{account_id, principal_name};
use crate::mail::mailbox::Facts;
use crate::mail::provision;
use module::{Error, Identity, Mailbox, MailboxScope, Modseq, Result, Rights, Status};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The type of mailboxes that hold mail.
pub const MAILBOX_TYPE: &str = "email";
/// Mailboxes on a page of a listing.
const PAGE: u32 = 2000;
/// How many mailboxes an account, or all those shared to somebody, may have here.
const MAILBOXES_MAX: usize = 10_000;
/// How many accounts a Session object has; `Principal/query` finds the others.
const ACCOUNTS_MAX: usize = 256;
/// How often an account is looked at again that changes meanwhile.
const LOOKS_MAX: usize = 4;

/// An account, as it was when it was looked at.
#[derive(Debug)]
pub struct Account {
    /// Its id: its owner's name, written as an Id.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// It belongs to whoever asks.
    pub is_personal: bool,
    /// Nothing in it may be changed.
    pub is_read_only: bool,
    /// Its mailboxes that whoever asks may know of, ordered by path.
    pub mailboxes: Vec<Status>,
    handles: RefCell<BTreeMap<usize, Rc<Mailbox>>>,
}

impl Account {
    /// Looks at an account; none if there is nothing in it for whoever asks.
    pub fn load(identity: &Identity, id: &str) -> Result<Option<Self>> {
        let Some(owner) = principal_name(id) else {
            return Ok(None);
        };
        Self::of(identity, owner)
    }

    /// Looks at the account of an owner, as `load`.
    fn of(identity: &Identity, owner: String) -> Result<Option<Self>> {
        let is_personal = identity.principal.as_ref() == Some(&owner);
        let mut mailboxes = tree(&owner)?;
        if is_personal && provision::is_due(&mailboxes) && provision::run(identity, &mailboxes)? {
            mailboxes = tree(&owner)?;
        }
        if mailboxes.is_empty() && !is_personal {
            return Ok(None);
        }
        Ok(Some(Self::new(owner, is_personal, mailboxes)))
    }

    /// All accounts of which whoever asks may know: the own one, then those shared.
    pub fn all(identity: &Identity) -> Result<Vec<Self>> {
        let mut accounts = Vec::new();
        if let Some(own) = &identity.principal {
            accounts.extend(Self::of(identity, own.clone())?);
        }
        let mut shared: BTreeMap<String, Vec<Status>> = BTreeMap::new();
        for status in list(&MailboxScope::Shared)? {
            if let Some(owner) = status.owner.clone() {
                shared.entry(owner).or_default().push(status);
            }
        }
        let shared = shared
            .into_iter()
            .map(|(owner, mailboxes)| Self::new(owner, false, mailboxes));
        accounts.extend(shared);
        Ok(accounts)
    }

    /// Those of all accounts that are the own one, or have a Mailbox that whoever asks wants to see: as
    /// many as a Session object has. RFC 9670 §1.4.
    pub fn subscribed(identity: &Identity) -> Result<Vec<Self>> {
        let mut accounts = Vec::new();
        for account in Self::all(identity)? {
            if account.is_personal || account.has_subscribed()? {
                accounts.push(account);
            }
            if accounts.len() >= ACCOUNTS_MAX {
                break;
            }
        }
        Ok(accounts)
    }

    fn has_subscribed(&self) -> Result<bool> {
        for at in 0..self.mailboxes.len() {
            match Facts::of(self, at) {
                Ok(facts) if facts.is_subscribed => return Ok(true),
                // One that is gone, or may not be read any more, since it was listed.
                Ok(_) | Err(Error::NotFound | Error::Forbidden(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn new(owner: String, is_personal: bool, mailboxes: Vec<Status>) -> Self {
        let writes = Rights::KEEP_SEEN
            .with(Rights::WRITE)
            .with(Rights::INSERT)
            .with(Rights::CREATE)
            .with(Rights::DELETE_MAILBOX)
            .with(Rights::DELETE_MESSAGE)
            .with(Rights::EXPUNGE);
        let may_write = |status: &Status| status.rights.without(!writes).bits() != 0;
        Self {
            is_read_only: !is_personal && !mailboxes.iter().any(may_write),
            id: account_id(&owner),
            owner,
            is_personal,
            mailboxes,
            handles: RefCell::default(),
        }
    }

    /// Opens a mailbox, given by its place in `mailboxes`; once a request.
    pub fn open(&self, at: usize) -> Result<Rc<Mailbox>> {
        if let Some(open) = self.handles.borrow().get(&at) {
            return Ok(Rc::clone(open));
        }
        let status = self.mailboxes.get(at).ok_or(Error::NotFound)?;
        let open = Rc::new(Mailbox::open(&status.path)?);
        self.handles.borrow_mut().insert(at, Rc::clone(&open));
        Ok(open)
    }

    /// What is kept as JSON in an annotation on the inbox; the default if there is none.
    pub fn kept<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        let annotations = self.open(0)?.annotations(name)?;
        let annotation = annotations.into_iter().find(|known| known.name == name);
        let value = annotation.and_then(|annotation| annotation.value);
        let kept = value.and_then(|value| serde_json::from_slice(&value).ok());
        Ok(kept.unwrap_or_default())
    }

    /// The last change in any of the mailboxes. The owner's own counter would do as well, but moves
    /// with calendars and files, too.
    ///
    /// Where they were looked at one after the other, a change after the first look counts for none:
    /// another one of that modseq may have been missed.
    pub fn modseq(&self) -> Modseq {
        let modseqs = self.mailboxes.iter().map(|status| status.modseq);
        let looks = self.mailboxes.iter().map(|status| status.owner_modseq);
        let first = looks.min().unwrap_or_default();
        modseqs.max().unwrap_or_default().min(first)
    }
}

/// Whether messages of a mailbox may be read.
pub fn is_readable(status: &Status) -> bool {
    status.rights.contains(Rights::LOOKUP.with(Rights::READ))
}

/// The mailboxes of an owner that hold mail: the inbox, and those in it.
fn tree(owner: &str) -> Result<Vec<Status>> {
    at_once(|| look(owner))
}

/// Looks until nothing changes between the first mailbox and the last, but not for ever.
fn at_once(mut look: impl FnMut() -> Result<Vec<Status>>) -> Result<Vec<Status>> {
    let mut all = look()?;
    for _ in 1..LOOKS_MAX {
        if all
            .iter()
            .map(|status| status.owner_modseq)
            .is_sorted_by(|a, b| a == b)
        {
            break;
        }
        all = look()?;
    }
    Ok(all)
}

fn look(owner: &str) -> Result<Vec<Status>> {
    let inbox = provision::inbox(owner);
    let mut all = Vec::new();
    match Mailbox::open(&inbox).and_then(|open| open.status()) {
        Ok(status) if status.type_ == MAILBOX_TYPE => all.push(status),
        Ok(_) | Err(Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    all.extend(list(&MailboxScope::Tree(inbox))?);
    Ok(all)
}

fn list(scope: &MailboxScope) -> Result<Vec<Status>> {
    let mut all: Vec<Status> = Vec::new();
    loop {
        let after = all.last().map(|status| status.path.as_slice());
        let page = Mailbox::list_all(scope, Some(MAILBOX_TYPE), after, PAGE)?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
        if all.len() >= MAILBOXES_MAX {
            return Err(Error::TooMany(MAILBOXES_MAX as u64));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A mailbox that changed at `modseq`, looked at when its owner's counter was at `counter`.
    fn status(modseq: Modseq, counter: Modseq) -> Status {
        Status {
            path: vec!["user".to_owned(), "alice".to_owned()],
            id: String::new(),
            type_: MAILBOX_TYPE.to_owned(),
            rights: Rights::LOOKUP,
            modseq,
            owner_modseq: counter,
            placed_modseq: 1,
            owner: Some("alice".to_owned()),
            uid_next: 1,
            messages: 0,
            bytes: 0,
            created: 0,
        }
    }

    fn account(mailboxes: Vec<Status>) -> Account {
        Account::new("alice".to_owned(), true, mailboxes)
    }

    /// RFC 8620 §5.2: what has changed since a state is told, once a client has it.
    #[test]
    fn s5_2_an_account_that_changes_while_it_is_looked_at_is_looked_at_again() {
        let mut looks = vec![
            vec![status(8, 8), status(8, 8)],
            vec![status(3, 7), status(8, 8)],
        ];
        let all = at_once(|| Ok(looks.pop().unwrap())).unwrap();
        assert_eq!(account(all).modseq(), 8);
        // One that always does: what the inbox was not yet looked at for is none of the state.
        let mut counter = 10;
        let all = at_once(|| {
            counter += 1;
            Ok(vec![status(3, counter - 1), status(counter, counter)])
        });
        assert_eq!(counter, 10 + LOOKS_MAX as Modseq);
        assert_eq!(account(all.unwrap()).modseq(), counter - 1);
        // Other things of the owner's move its counter, too.
        assert_eq!(account(vec![status(3, 9), status(5, 9)]).modseq(), 5);
    }
}
