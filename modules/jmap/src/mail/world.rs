//! All Emails of an account: the messages of its mailboxes, put together. An Email is in as many
//! Mailboxes as have a message of its id.

use super::keywords::Keywords;
use super::table::{Row, Table};
use crate::account::{Account, is_readable};
use crate::id::{EmailId, MailboxId, ThreadId};
use module::{Result, Uid};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The Emails of an account.
#[derive(Debug, Clone)]
pub struct World {
    /// The account.
    pub account: Rc<Account>,
    shelves: Rc<[Shelf]>,
}

/// A mailbox that may be read.
#[derive(Debug)]
pub struct Shelf {
    /// Its place among the account's mailboxes.
    pub at: usize,
    /// Its id.
    pub id: MailboxId,
    /// Its messages.
    pub table: Rc<Table>,
}

/// A message that is an Email, or one of several that are.
#[derive(Debug, Clone, Copy)]
pub struct Place<'w> {
    /// Where it lies.
    pub shelf: &'w Shelf,
    /// What is known of it.
    pub row: Row<'w>,
}

impl Place<'_> {
    /// Its number in its mailbox.
    pub fn uid(&self) -> Uid {
        self.row.uid
    }
}

impl World {
    /// Looks at all mailboxes that may be read.
    pub fn load(account: &Rc<Account>) -> Result<Self> {
        let mut shelves = Vec::new();
        for (at, status) in account.mailboxes.iter().enumerate() {
            if is_readable(status) {
                shelves.push(Shelf {
                    at,
                    id: MailboxId::of(status),
                    table: Table::load(account, at)?,
                });
            }
        }
        Ok(Self {
            account: Rc::clone(account),
            shelves: shelves.into(),
        })
    }

    /// The mailboxes that may be read, without what is in them: what putting something there needs to
    /// know.
    pub fn outline(account: &Rc<Account>) -> Self {
        let mailboxes = account.mailboxes.iter().enumerate();
        let shelves = mailboxes
            .filter(|(_, status)| is_readable(status))
            .map(|(at, status)| Shelf {
                at,
                id: MailboxId::of(status),
                table: Rc::default(),
            });
        Self {
            account: Rc::clone(account),
            shelves: shelves.collect(),
        }
    }

    /// The mailboxes.
    pub fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    /// The mailbox of this id.
    pub fn shelf(&self, id: MailboxId) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.id == id)
    }

    /// The messages that are an Email; none if there is no such one.
    pub fn places(&self, id: EmailId) -> Vec<Place<'_>> {
        self.shelves
            .iter()
            .filter_map(|shelf| {
                let row = shelf.table.find(id)?;
                Some(Place { shelf, row })
            })
            .collect()
    }

    /// All Emails, each once, in the order of their ids; of each one of its messages.
    pub fn emails(&self) -> BTreeMap<EmailId, Place<'_>> {
        let mut emails = BTreeMap::new();
        for shelf in self.shelves.iter() {
            for row in shelf.table.rows() {
                emails.entry(row.id).or_insert(Place { shelf, row });
            }
        }
        emails
    }

    /// The Emails of Threads, each once, in the order in which they were received.
    pub fn threads(&self, wanted: &[ThreadId]) -> BTreeMap<ThreadId, Vec<EmailId>> {
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        let mut threads: BTreeMap<ThreadId, Vec<(i64, EmailId)>> = BTreeMap::new();
        for row in self.shelves.iter().flat_map(|shelf| shelf.table.rows()) {
            if wanted.binary_search(&row.thread).is_ok() {
                let emails = threads.entry(row.thread).or_default();
                emails.push((row.received, row.id));
            }
        }
        let sorted = threads.into_iter().map(|(thread, mut emails)| {
            emails.sort_unstable();
            emails.dedup();
            (thread, emails.into_iter().map(|(_, id)| id).collect())
        });
        sorted.collect()
    }
}

/// The keywords of an Email. What changes them here changes all its messages alike.
pub fn keywords<'t>(places: &[Place<'t>]) -> Cow<'t, Keywords> {
    let mut rows = places.iter().map(|place| place.row.keywords);
    let Some(first) = rows.next() else {
        return Cow::Owned(Keywords::none());
    };
    match rows.all(|other| other == first) {
        true => Cow::Borrowed(first),
        false => Cow::Owned(Keywords::joined(
            places.iter().map(|place| place.row.keywords),
        )),
    }
}
