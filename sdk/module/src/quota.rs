//! Used and allowed bytes and messages: `wit/quota.wit`. RFC 9208.

use crate::{Mailbox, Result};

/// What the owner of a mailbox uses and may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes stored.
    pub bytes: u64,
    /// Bytes allowed; none if there is no limit.
    pub bytes_limit: Option<u64>,
    /// Messages stored.
    pub messages: u64,
    /// Messages allowed; none if there is no limit.
    pub messages_limit: Option<u64>,
}

impl Mailbox {
    /// Returns the usage of the mailbox's owner.
    pub fn usage(&self) -> Result<Usage> {
        crate::backend::quota::of(&self.raw)
    }
}
