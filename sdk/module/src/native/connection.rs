//! A client that waits for changes, or speaks over a WebSocket: what the real host keeps for it between
//! two calls, with the host's bounds.

use crate::{Modseq, Push, Reason, Socket, Subscription, Waker};

/// Longest token.
const TOKEN_LEN_MAX: usize = 4 << 10;

/// A connection that is held.
#[derive(Debug, Clone)]
pub struct Connection {
    since: Modseq,
    token: Vec<u8>,
    closed: bool,
}

impl Connection {
    /// Holds a connection; see [`super::Reply::subscription`].
    pub fn new(subscription: Subscription) -> Self {
        assert!(!subscription.topics.is_empty(), "nothing is watched");
        let mut connection = Self {
            since: subscription.since,
            token: Vec::new(),
            closed: false,
        };
        connection.keep(subscription.token);
        connection
    }

    /// Tells of a change, and gives what is sent. The module is not asked by a client that has seen
    /// all there can be.
    pub fn changed<M: Waker>(&mut self) -> Vec<Vec<u8>> {
        match self.since {
            Modseq::MAX => Vec::new(),
            _ => self.wake::<M>(Reason::Changed),
        }
    }

    /// Lets the time between pings pass, and gives what is sent.
    pub fn ping<M: Waker>(&mut self) -> Vec<Vec<u8>> {
        self.wake::<M>(Reason::Ping)
    }

    /// Sends a message of the client, and gives what is sent back.
    pub fn say<M: Socket>(&mut self, text: &str) -> Vec<Vec<u8>> {
        assert!(!self.closed, "the connection is closed");
        let said = M::message(text.into(), self.since, self.token.clone());
        self.take(said)
    }

    /// Says whether the module has closed it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn wake<M: Waker>(&mut self, reason: Reason) -> Vec<Vec<u8>> {
        assert!(!self.closed, "the connection is closed");
        let said = M::wake(reason, self.since, self.token.clone());
        self.take(said)
    }

    fn take(&mut self, said: Push) -> Vec<Vec<u8>> {
        (self.since, self.closed) = (said.since, said.close);
        self.keep(said.token);
        said.pieces
    }

    fn keep(&mut self, token: Vec<u8>) {
        assert!(token.len() <= TOKEN_LEN_MAX, "the token is too long");
        self.token = token;
    }
}
