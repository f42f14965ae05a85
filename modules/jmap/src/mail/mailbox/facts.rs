//! What a Mailbox says of itself, besides counts.

use super::{ROLE, SORT_ORDER, SUBSCRIBED};
use crate::account::Account;
use crate::id::{MailboxId, first_bits};
use module::{Error, Grant, Identifier, Modseq, Result, Rights, Status};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What annotations and subscriptions say of a Mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What it is for: `drafts`.
    pub role: Option<String>,
    /// Where clients show it.
    pub sort_order: u32,
    /// Whoever asks has subscribed to it.
    pub is_subscribed: bool,
    /// Who may do what with it, if whoever asks may know that.
    pub grants: Vec<Grant>,
}

thread_local! {
    /// The facts of own mailboxes, and when each had last changed.
    static KNOWN: RefCell<BTreeMap<String, (Modseq, Facts)>> = const { RefCell::new(BTreeMap::new()) };
}

/// How many mailboxes an instance remembers.
const KNOWN_MAX: usize = 4096;

/// Drops what is remembered.
pub fn forget() {
    KNOWN.take();
}

impl Facts {
    /// Of a mailbox of an account, given by its place.
    pub fn of(account: &Account, at: usize) -> Result<Self> {
        let status = account.mailboxes.get(at).ok_or(Error::NotFound)?;
        // What somebody has for himself on a mailbox of others does not move that.
        if !account.is_personal {
            return Self::read(account, at, status);
        }
        let known = KNOWN.with_borrow(|known| known.get(&status.id).cloned());
        if let Some((_, facts)) = known.filter(|(modseq, _)| *modseq == status.modseq) {
            return Ok(facts);
        }
        let facts = Self::read(account, at, status)?;
        KNOWN.with_borrow_mut(|all| {
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            all.insert(status.id.clone(), (status.modseq, facts.clone()));
        });
        Ok(facts)
    }

    fn read(account: &Account, at: usize, status: &Status) -> Result<Self> {
        let open = account.open(at)?;
        let annotations = open.annotations("jmap/")?;
        let text = |name: &str| {
            let annotation = annotations
                .iter()
                .find(|annotation| annotation.name == name);
            let value = annotation.and_then(|annotation| annotation.value.clone());
            value.and_then(|value| String::from_utf8(value).ok())
        };
        let is_inbox = is_inbox(&status.path);
        let sort_order = text(SORT_ORDER).and_then(|order| order.parse().ok());
        Ok(Self {
            role: match is_inbox {
                true => Some("inbox".to_owned()),
                false => text(ROLE),
            },
            sort_order: sort_order.unwrap_or(if is_inbox { 10 } else { 0 }),
            // Deviation: RFC 8621 §2 would have what others share hidden at first. But then the account
            // would not be in the Session object either (RFC 9670 §1.4), and who does not look for it
            // by `Principal/query` would never see it; there the default is the server's to choose.
            is_subscribed: text(SUBSCRIBED).is_none_or(|subscribed| subscribed == "yes"),
            grants: match status.rights.contains(Rights::ADMINISTER) {
                true => open.grants()?,
                false => Vec::new(),
            },
        })
    }

    /// A hash of these, and of what the host says of the mailbox, but for its messages.
    pub fn hash(&self, status: &Status) -> u32 {
        let mut hash = Sha256::new();
        for part in &status.path {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(self.role.as_deref().unwrap_or_default().as_bytes());
        hash.update(self.sort_order.to_be_bytes());
        hash.update(status.rights.bits().to_be_bytes());
        hash.update([u8::from(self.is_subscribed)]);
        for grant in &self.grants {
            let (kind, name) = match &grant.identifier {
                Identifier::Anyone => (0, ""),
                Identifier::Authenticated => (1, ""),
                Identifier::Principal(name) => (2, name.as_str()),
                Identifier::Group(name) => (3, name.as_str()),
            };
            hash.update([kind, u8::from(grant.negative)]);
            hash.update(name.as_bytes());
            hash.update(grant.rights.bits().to_be_bytes());
        }
        (first_bits(hash) >> 32) as u32
    }
}

/// Whether mail comes in at a path.
pub fn is_inbox(path: &[String]) -> bool {
    path.len() == 2
}

/// The path of the mailbox that a Mailbox is shown in; none at the top level.
pub fn parent_path(path: &[String]) -> Option<&[String]> {
    let (_, above) = path.split_last()?;
    (above.len() > 2).then_some(above)
}

/// The name that a Mailbox is shown by.
pub fn shown_name(status: &Status) -> &str {
    match is_inbox(&status.path) {
        true => "Inbox",
        false => status.name(),
    }
}

/// The id of the Mailbox that this one is shown in, as far as whoever asks may know of it.
pub fn parent_id(account: &Account, status: &Status) -> Option<MailboxId> {
    let above = parent_path(&status.path)?;
    let at = account
        .mailboxes
        .binary_search_by(|other| other.path.as_slice().cmp(above))
        .ok()?;
    account.mailboxes.get(at).map(MailboxId::of)
}
