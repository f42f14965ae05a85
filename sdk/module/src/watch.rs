//! Waiting for changes without keeping an instance: `wit/watch.wit`, `wit/waker.wit`,
//! `wit/socket.wit`.

use crate::Modseq;

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// A mailbox and all below it.
    Mailbox(Vec<String>),
    /// Everything that a principal owns and this one may see.
    Owner(String),
}

/// How the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// As an endless body.
    Body,
    /// As a WebSocket. RFC 6455.
    Websocket,
}

/// A connection that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// How it goes on.
    pub transport: Transport,
    /// What it waits for.
    pub topics: Vec<Topic>,
    /// What the client has seen already; [`Modseq::MAX`] if it wants to see nothing.
    pub since: Modseq,
    /// Comes back with each call; at most 4 KiB.
    pub token: Vec<u8>,
    /// Wake also after so many milliseconds without a change; 0 for never.
    pub ping_ms: u32,
}

/// Why an instance is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Something watched has changed.
    Changed,
    /// Nothing has, for as long as the subscription said.
    Ping,
}

/// What to send to a client that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Pieces of the body, or messages, in order.
    pub pieces: Vec<Vec<u8>>,
    /// What the client has seen now; [`Modseq::MAX`] if it wants to see nothing.
    pub since: Modseq,
    /// The new token.
    pub token: Vec<u8>,
    /// Close the connection after this.
    pub close: bool,
}

impl Push {
    /// Nothing to send; the client stays, and has seen what it had.
    pub const fn nothing(since: Modseq, token: Vec<u8>) -> Self {
        Self {
            pieces: Vec::new(),
            since,
            token,
            close: false,
        }
    }
}
