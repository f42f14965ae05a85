//! Handing a message to other principals: `wit/delivery.wit`. A delivery is part of a batch.

use crate::Result;
use crate::backend::delivery as raw;

/// What is delivered, which decides the right that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A reply to something of the recipient's.
    Reply,
    /// Something new.
    Invite,
    /// A question that is answered at once.
    Question,
}

/// A message for other principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub recipients: Vec<String>,
    /// What for.
    pub purpose: Purpose,
    /// The message.
    pub message: Vec<u8>,
}

/// How a delivery to one recipient stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It waits.
    Pending,
    /// It was received; the answer, if the receiver gave one.
    Received(Vec<u8>),
    /// The recipient's rights do not allow it.
    Refused,
    /// It failed for good; the text says why.
    Failed(String),
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The recipient.
    pub recipient: String,
    /// How it stands.
    pub outcome: DeliveryOutcome,
}

impl Report {
    /// Waits at most `wait_ms` milliseconds (10,000 at most) for the results of the deliveries of
    /// the last batch that this instance committed.
    pub fn results(wait_ms: u32) -> Result<Vec<Self>> {
        raw::results(wait_ms)
    }

    /// Asks principals (200 at most) a question and returns their answers; nothing is stored.
    pub fn ask(recipients: &[String], question: &[u8], wait_ms: u32) -> Result<Vec<Self>> {
        raw::ask(recipients, question, wait_ms)
    }
}

/// A message that has come for the principal of this instance: `wit/receiver.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// From whom.
    pub sender: Option<String>,
    /// What for.
    pub purpose: Purpose,
    /// The message.
    pub message: Vec<u8>,
}

/// Why a delivery was not taken; the text is for the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Try again later.
    Later(String),
    /// Never.
    Never(String),
}
