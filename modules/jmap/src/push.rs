//! Telling clients of changes while they wait: `GET /jmap/eventsource/`. RFC 8620 §7.1, §7.3.
//!
//! The host holds the connection, and asks what to say when something has changed: so a client that
//! waits costs no instance. Those that don't wait are told by `push_subscription`.

use crate::account::Account;
use crate::context::Context;
use crate::json::{Object, object};
use crate::limits::Limits;
use crate::mail::identity::Identities;
use crate::mail::submission::Submissions;
use crate::mail::vacation::VacationResponses;
use crate::principal::notification::{self, ShareNotifications};
use crate::problem::Problem;
use crate::quota::Quotas;
use crate::sieve::SieveScripts;
use crate::standard::DataType;
use crate::state::State;
use module::query::Parameters;
use module::{Answer, Push, Reason, Request, Response, Subscription, Topic, Transport};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The types that clients are told of.
const TYPES: [&str; 9] = [
    "Email",
    "EmailSubmission",
    "Identity",
    "Mailbox",
    "Quota",
    "ShareNotification",
    "SieveScript",
    "Thread",
    "VacationResponse",
];

/// How often a client is told that all is well at most, and at least, in seconds.
const PING: std::ops::RangeInclusive<u64> = 30..=3600;
/// How many accounts are watched.
const ACCOUNTS_MAX: usize = 64;

/// What comes back with each waking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// The types that the client wants to know of; all if none.
    types: Vec<String>,
    /// The connection ends after the first change.
    close: bool,
    /// Seconds between pings; 0 for none.
    ping: u64,
    /// A hash of the states that the client knows, by account and type.
    known: Known,
}

/// Answers a GET.
pub fn handle(request: &Request) -> Result<Answer, Problem> {
    let malformed = |error: String| Problem::Malformed(error);
    let parameters = Parameters::of(request).map_err(|error| malformed(error.to_string()))?;
    let one = |name| {
        let value = parameters.one(name);
        value.map_err(|error| malformed(error.to_string()))
    };
    let types = match one("types")? {
        None | Some("" | "*") => Vec::new(),
        Some(types) => types.split(',').map(str::to_owned).collect(),
    };
    let close = match one("closeafter")? {
        None | Some("" | "no") => false,
        Some("state") => true,
        Some(other) => {
            return Err(malformed(format!(
                "closeafter is state or no, not {other:?}"
            )));
        }
    };
    let ping = match one("ping")? {
        None | Some("" | "0") => 0,
        Some(ping) => {
            let seconds: u64 = ping
                .parse()
                .map_err(|_| malformed("ping is a number of seconds".to_owned()))?;
            seconds.clamp(*PING.start(), *PING.end())
        }
    };
    let mut token = Token {
        types: types.into_iter().take(TYPES.len() * 2).collect(),
        close,
        ping,
        known: BTreeMap::new(),
    };
    let mut context = Context::new(request.received, Limits::load());
    let seen = look(&mut context)?;
    // Who comes back with what it knew is told at once if that is not so any more.
    let is_behind = request
        .headers
        .get("last-event-id")
        .is_some_and(|last| *last != *event_id(&seen.states));
    if !is_behind {
        token.known = hashes(&seen.states);
    }
    let subscription = Subscription {
        transport: Transport::Body,
        topics: seen.topics,
        since: match is_behind {
            true => 0,
            false => seen.modseq,
        },
        token: serde_json::to_vec(&token).map_err(|_| Problem::Unavailable)?,
        ping_ms: u32::try_from(ping * 1000).unwrap_or(u32::MAX),
    };
    let response = Response::new(200)
        .header("content-type", "text/event-stream; charset=utf-8")
        .header("cache-control", "no-cache, no-store");
    Ok(Answer::Subscribed(response, subscription))
}

/// Says what a client that waits is to be told.
pub fn wake(reason: Reason, since: module::Modseq, token: Vec<u8>) -> Push {
    let mut push = Push {
        pieces: Vec::new(),
        since,
        token,
        close: false,
    };
    let Ok(mut token) = serde_json::from_slice::<Token>(&push.token) else {
        push.close = true;
        return push;
    };
    if reason == Reason::Ping {
        let ping = object! { "interval": token.ping };
        push.pieces.push(event("ping", None, &Value::Object(ping)));
        return push;
    }
    let mut context = Context::new(0, Limits::load());
    let Ok(seen) = look(&mut context) else {
        // What can't be looked at now is looked at when the next change comes.
        return push;
    };
    push.since = seen.modseq;
    if let Some(changed) = token.tell(&seen.states) {
        let id = event_id(&seen.states);
        push.pieces.push(event("state", Some(&id), &changed));
        push.close = token.close;
    }
    push.token = serde_json::to_vec(&token).unwrap_or_default();
    push
}

impl Token {
    /// The StateChange object for what the client does not know, if there is any; from then on it
    /// does.
    fn tell(&mut self, states: &States) -> Option<Value> {
        let types = Some(self.types.as_slice()).filter(|types| !types.is_empty());
        let changed = news(types, &mut self.known, states);
        (!changed.is_empty()).then(|| state_change(changed))
    }
}

/// What is known of states: hashes, by account and type.
pub(crate) type Known = BTreeMap<String, Vec<(String, u32)>>;

/// TypeState objects of what is not known, by account, of these types or of all; from then on it is.
pub(crate) fn news(types: Option<&[String]>, known: &mut Known, states: &States) -> Object {
    let is_wanted = |name: &str| types.is_none_or(|types| types.iter().any(|it| it == name));
    let mut changed = Object::new();
    for (account, types) in states {
        let known = known.get(account);
        let is_known = |pair: &(String, u32)| known.is_some_and(|known| known.contains(pair));
        let new: Object = types
            .iter()
            .filter(|(name, state)| is_wanted(name) && !is_known(&((*name).clone(), hash(state))))
            .map(|(name, state)| (name.clone(), state.clone().into()))
            .collect();
        if !new.is_empty() {
            changed.insert(account.clone(), Value::Object(new));
        }
    }
    *known = hashes(states);
    changed
}

/// The StateChange object for these TypeState objects. RFC 8620 §7.1.
pub(crate) fn state_change(changed: Object) -> Value {
    Value::Object(object! { "@type": "StateChange", "changed": changed })
}

/// States by account and type.
pub(crate) type States = BTreeMap<String, BTreeMap<String, String>>;

/// What was found in the accounts.
pub(crate) struct Seen {
    /// The states.
    pub(crate) states: States,
    /// What to watch.
    pub(crate) topics: Vec<Topic>,
    /// Up to where the personal account was seen.
    pub(crate) modseq: module::Modseq,
}

/// Looks at all accounts.
pub(crate) fn look(context: &mut Context) -> Result<Seen, Problem> {
    // First: what is found out is kept with the inbox, and moves the states of mail. What can't be kept
    // is found out the next time.
    let _ = notification::look(context);
    let accounts = Account::subscribed(&context.identity)?;
    let mut seen = Seen {
        states: States::new(),
        topics: Vec::new(),
        modseq: 0,
    };
    for account in accounts.into_iter().take(ACCOUNTS_MAX) {
        let account = Rc::new(account);
        let mail = State::of(&account)?.write();
        let mut states: BTreeMap<String, String> = ["Email", "Mailbox", "Thread"]
            .map(|name| (name.to_owned(), mail.clone()))
            .into();
        let mut add = |name: &str, state: crate::call::Result<String>| {
            states.extend(state.ok().map(|state| (name.to_owned(), state)));
        };
        add("Quota", Quotas::state(context, &account));
        if account.is_personal {
            add("Identity", Identities::state(context, &account));
            add("EmailSubmission", Submissions::state(context, &account));
            add("SieveScript", SieveScripts::state(context, &account));
            add(
                "VacationResponse",
                VacationResponses::state(context, &account),
            );
            add(
                "ShareNotification",
                ShareNotifications::state(context, &account),
            );
            let owner = account.mailboxes.first().map(|status| status.owner_modseq);
            seen.modseq = owner.unwrap_or_default();
        }
        seen.topics.push(Topic::Owner(account.owner.clone()));
        seen.states.insert(account.id.clone(), states);
    }
    Ok(seen)
}

pub(crate) fn hashes(states: &States) -> Known {
    let of_account = |(account, types): (&String, &BTreeMap<String, String>)| {
        let types = types.iter();
        let types = types.map(|(name, state)| (name.clone(), hash(state)));
        (account.clone(), types.collect())
    };
    states.iter().map(of_account).collect()
}

fn hash(state: &str) -> u32 {
    let digest = Sha256::digest(state.as_bytes());
    u32::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

fn event_id(states: &States) -> String {
    let text = serde_json::to_string(states).unwrap_or_default();
    format!("{:08x}", hash(&text))
}

/// An event, as the HTML Standard has them: "server-sent events".
fn event(name: &str, id: Option<&str>, data: &Value) -> Vec<u8> {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    format!("event: {name}\n{id}data: {data}\n\n").into_bytes()
}
