//! Handing a message to the mail system: `wit/submission.wit`.

use crate::backend::submission as raw;
use crate::{Blob, Instant, Result};

/// The envelope. RFC 5321 §2.3.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The address for bounces; empty for none.
    pub sender: String,
    /// To whom.
    pub recipients: Vec<String>,
    /// Not before this time.
    pub not_before: Option<Instant>,
}

impl Envelope {
    /// Queues a message, durably, and returns its name in the queue.
    pub fn submit(&self, message: &Blob) -> Result<String> {
        raw::submit(self, &message.raw)
    }

    /// Takes a message out of the queue if it was not sent yet; says whether it was there.
    pub fn cancel(name: &str) -> Result<bool> {
        raw::cancel(name)
    }
}
