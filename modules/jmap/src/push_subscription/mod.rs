//! PushSubscription: clients that hold no connection are told of changes by a push service.
//! RFC 8620 §7.2, RFC 9749.
//!
//! Each is an endpoint of the host's: where it leads to is written there once and never read again
//! here; what the client may read of it is in the endpoint's token.
//!
//! # Not supported
//! What is shared with the user after the subscription was made is watched from the next update on,
//! which a client makes within a week to extend it.

mod get;
mod set;

pub use get::get;
pub use set::set;

use crate::context::Context;
use crate::id::account_id;
use crate::json::{Object, object};
use crate::limits::Limits;
use crate::push::{Known, Seen, look, news, state_change};
use module::{Endpoint, Modseq, Push};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a message may have so that every push service takes it encrypted. RFC 8291 §4.
const MESSAGE_LEN_MAX: usize = 3993;
/// What the host keeps with an endpoint.
const TOKEN_LEN_MAX: usize = 4 << 10;

/// What is known of a subscription, but for where it leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The `deviceClientId`.
    device: String,
    /// The code that was sent, to be told by the client before anything else is.
    code: String,
    /// The client has told it.
    verified: bool,
    /// The types that the client wants to know of; all if none.
    types: Option<Vec<String>>,
    /// What the client knows.
    known: Known,
}

/// Says what a client is to be told that was subscribed with this token; none if the token is of
/// something else.
pub fn wake(since: Modseq, token: &[u8]) -> Option<Push> {
    let mut record = Record::read(token)?;
    let mut push = Push::nothing(since, token.to_vec());
    if !record.verified {
        return Some(push);
    }
    let mut context = Context::new(0, Limits::load());
    // What can't be looked at now is looked at when the next change comes.
    let Ok(mut seen) = look(&mut context) else {
        return Some(push);
    };
    push.since = seen.modseq;
    // Only what is watched is told: of the rest nobody would tell the next change.
    let watched = &record.known;
    seen.states.retain(|account, _| watched.has(account));
    let changed = news(record.types.as_deref(), &mut record.known, &seen.states);
    push.pieces = messages(changed);
    push.token = record.write();
    Some(push)
}

/// StateChange objects that each fit in a message.
fn messages(changed: Object) -> Vec<Vec<u8>> {
    let write = |changed: &Object| {
        Value::Object(state_change(changed.clone()))
            .to_string()
            .into_bytes()
    };
    let mut messages = Vec::new();
    let mut together = Object::new();
    for (account, types) in changed {
        let mut more = together.clone();
        more.insert(account.clone(), types.clone());
        if write(&more).len() > MESSAGE_LEN_MAX && !together.is_empty() {
            messages.push(write(&together));
            more = object! {};
            more.insert(account, types);
        }
        together = more;
    }
    if !together.is_empty() {
        messages.push(write(&together));
    }
    messages
}

impl Record {
    fn read(token: &[u8]) -> Option<Self> {
        serde_json::from_slice(token).ok()
    }

    fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes over what was looked at as what the client knows, and says what to watch. Of very many
    /// accounts, the last ones are left out.
    fn begin(&mut self, seen: &mut Seen, known: Known) {
        self.known = known;
        while self.write().len() > TOKEN_LEN_MAX
            && let Some(topic) = seen.topics.pop()
        {
            if let module::Topic::Owner(owner) = topic {
                self.known.forget(&account_id(&owner));
            }
        }
    }
}

/// The subscriptions there are, with what is known of each.
fn all() -> module::Result<Vec<(Endpoint, Record)>> {
    let endpoints = Endpoint::list()?.into_iter();
    let records = endpoints.filter_map(|endpoint| {
        let record = Record::read(&endpoint.token)?;
        Some((endpoint, record))
    });
    Ok(records.collect())
}

/// The code of a subscription, once the client knows it.
fn code(record: &Record) -> Value {
    match record.verified {
        true => record.code.clone().into(),
        false => Value::Null,
    }
}
