//! Putting a message into mailboxes as an Email.

use crate::account::Account;
use crate::blob::{BlobId, Whole};
use crate::error::SetResult;
use crate::id::EmailId;
use crate::index_keys;
use crate::json::object;
use crate::mail::keywords::flag;
use crate::mail::name::Name;
use crate::mail::thread::thread_of;
use crate::mail::world::Shelf;
use crate::standard::Done;
use mail::{Limits, Message};
use module::{Batch, Condition, Content, Instant, Put};

/// A message that is to become an Email.
pub struct New<'a> {
    /// Its bytes.
    pub message: &'a [u8],
    /// Its Mailboxes.
    pub shelves: Vec<&'a Shelf>,
    /// Its keywords.
    pub keywords: Vec<String>,
    /// When it was received.
    pub received: Instant,
}

impl New<'_> {
    /// Adds it to a batch.
    pub fn stage(&self, account: &Account, batch: &Batch) -> SetResult<Done> {
        let message = Message::parse(self.message, &Limits::default());
        let root = message.parts().first();
        let start = root.map_or(0, |root| root.range.start);
        let (header, body) = self
            .message
            .split_at_checked(start)
            .unwrap_or((self.message, &[]));
        let name = Name {
            id: EmailId::random()?,
            thread: thread_of(header),
            received: self.received,
        };
        let keys = index_keys(self.message, self.received);
        for shelf in &self.shelves {
            let put = Put {
                name: Some(name.write()),
                condition: Condition::Free,
                header: header.to_vec(),
                content: Content::Bytes(body.to_vec()),
                content_type: root.map(|root| root.type_.clone()).unwrap_or_default(),
                flags: self.keywords.iter().map(|name| flag(name)).collect(),
                keys: keys.clone(),
                keys_version: mail::keys::KEYS_VERSION,
            };
            batch.put(&*account.open(shelf.at)?, put);
        }
        Ok(Done {
            id: name.id.to_string(),
            told: object! {
                "blobId": BlobId::whole(Whole::Email(name.id)).to_string(),
                "threadId": name.thread.to_string(),
                "size": self.message.len(),
            },
        })
    }
}
