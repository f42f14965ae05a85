//! Timed locks on mailboxes and on names in them: `wit/lock.wit`.

use crate::{Instant, Mailbox, Result};

/// What a lock keeps out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// Every other lock.
    Exclusive,
    /// Exclusive locks.
    Shared,
}

/// A lock to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockRequest {
    /// What it keeps out.
    pub exclusion: Exclusion,
    /// It holds for everything in and below the mailbox, not for its own membership alone.
    pub deep: bool,
    /// What the client says of itself, at most 8 KiB.
    pub owner: Vec<u8>,
    /// When it ends; the host may set an earlier end.
    pub expires: Instant,
}

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its name: an absolute URI, never used again.
    pub token: String,
    /// The mailbox it was taken on, or in.
    pub mailbox: Vec<String>,
    /// The name in the mailbox; none if it is on the mailbox.
    pub name: Option<String>,
    /// What it keeps out.
    pub exclusion: Exclusion,
    /// It holds for everything in and below the mailbox.
    pub deep: bool,
    /// What the client said of itself.
    pub owner: Vec<u8>,
    /// Who holds it.
    pub principal: Option<String>,
    /// When it ends.
    pub expires: Instant,
}

impl Mailbox {
    /// Lists the locks that hold for a name in the mailbox, or for the mailbox itself: its own, and
    /// deep ones of the mailboxes above. With `below`, also all locks in and below it.
    pub fn locks(&self, name: Option<&str>, below: bool) -> Result<Vec<Lock>> {
        crate::backend::lock::list(&self.raw, name, below)
    }
}
