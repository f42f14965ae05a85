//! Finding messages by the keys that their module stored with them: `wit/index.wit`.

use crate::backend::index as raw;
use crate::{Mailbox, Message, Part, Result, Uid};

/// A value under which a message can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Compared byte by byte: equal, or by prefix. At most 1024 bytes.
    Text(String),
    /// Compared as numbers.
    Number(i64),
    /// From the first number up to, not including, the second: compared by overlap.
    Interval((i64, i64)),
    /// Words for full-text search, separated by white space.
    Words(String),
}

/// A named value. A message may have several of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name, at most 64 bytes, chosen by the module.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Key {
    /// A text, at most 1024 bytes.
    pub fn text(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Text(value.into()),
        }
    }

    /// A number.
    pub fn number(name: &str, value: i64) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Number(value),
        }
    }

    /// From the first number up to, not including, the second.
    pub fn interval(name: &str, start: i64, end: i64) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Interval((start, end)),
        }
    }

    /// Words, separated by white space.
    pub fn words(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Words(value.into()),
        }
    }
}

/// What a key must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The text is this.
    Equal(String),
    /// The text begins with this.
    Prefix(String),
    /// The number is at least the first and below the second.
    Range((i64, i64)),
    /// The interval has a point in common with this one (or begins there, if either is empty).
    Overlap((i64, i64)),
    /// All these words occur.
    Words(String),
    /// A key of that name is there at all.
    Present,
}

/// A condition on the keys of one name: at least one passes the test; if negated, none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The name.
    pub key: String,
    /// The test.
    pub test: Test,
    /// None may pass.
    pub negated: bool,
}

impl Term {
    /// A condition that a key must pass.
    pub fn new(key: &str, test: Test) -> Self {
        Self {
            key: key.to_owned(),
            test,
            negated: false,
        }
    }
}

/// By which keys to order; messages without the key come last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The key's name.
    pub key: String,
    /// Biggest first.
    pub descending: bool,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// All of these must hold, and each holds if any of its terms does.
    pub all_of: Vec<Vec<Term>>,
    /// The order; by mailbox and uid if empty and among equals.
    pub order: Vec<Order>,
    /// Only messages of higher uids, in one mailbox and without an order.
    pub after: Uid,
    /// How many to pass over.
    pub offset: u32,
    /// How many to return, at most 2000.
    pub limit: u32,
    /// Which part of each message to return with it, as long as together they stay under 8 MiB.
    pub body: Option<Part>,
}

/// A message found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its mailbox; empty if the search was in a single one.
    pub mailbox: Vec<String>,
    /// The message.
    pub message: Message,
    /// The part asked for.
    pub body: Option<Vec<u8>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Results {
    /// The messages, in order.
    pub found: Vec<Found>,
    /// More follow: ask again with a bigger offset.
    pub more: bool,
}

impl Mailbox {
    /// Looks for messages in this mailbox.
    pub fn search(&self, query: &Query) -> Result<Results> {
        raw::search(&raw::Scope::Mailbox(&self.raw), query)
    }

    /// Says that somebody has looked farther than the keys of these messages, at most 2000, reach.
    pub fn extend_keys(&self, uids: &[Uid], reach: i64) -> Result<()> {
        raw::extend_keys(&self.raw, uids, reach)
    }

    /// Looks for messages in this mailbox and all below it that the principal may read.
    pub fn search_tree(&self, query: &Query) -> Result<Results> {
        raw::search(&raw::Scope::Tree(&self.raw), query)
    }
}
