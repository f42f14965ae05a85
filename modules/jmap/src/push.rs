//! Telling clients of changes while they wait: `GET /jmap/eventsource/`. RFC 8620 §7.1, §7.3. What
//! `websocket.rs` tells of changes is found out here, too.
//!
//! The host holds the connection, and asks what to say when something has changed: so a client that
//! waits costs no instance. Those that don't wait are told by `push_subscription`.

use crate::account::Account;
use crate::context::Context;
use crate::id::first_bits;
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
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use module::query::Parameters;
use module::{Answer, Push, Reason, Request, Response, Subscription, Topic, Transport};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The types that clients are told of.
pub const TYPES: [&str; 10] = [
    "Email",
    "EmailDelivery",
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
    /// It is told over a WebSocket.
    #[serde(default)]
    socket: bool,
    /// What the client knows.
    known: Known,
}

/// A hash of each state that a client knows, by the hash of the account's id, in the order of [`TYPES`];
/// 0 for a type that the account has not. As text it is short enough for any number of accounts that
/// are watched: four bytes a state, in base64.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known(BTreeMap<u32, [u32; TYPES.len()]>);

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
        socket: false,
        known: Known::default(),
    };
    let mut context = Context::new(request.received, Limits::load());
    let seen = look(&mut context)?;
    // Who comes back with what it knew is told at once if that is not so any more.
    let is_behind = request
        .headers
        .get("last-event-id")
        .is_some_and(|last| *last != *event_id(&seen.states));
    if !is_behind {
        token.known = Known::of(&seen.states);
    }
    let subscription = Subscription {
        transport: Transport::Body,
        topics: seen.topics,
        since: match is_behind {
            true => 0,
            false => seen.modseq,
        },
        token: token.write(),
        ping_ms: u32::try_from(ping * 1000).unwrap_or(u32::MAX),
    };
    let response = Response::new(200)
        .header("content-type", "text/event-stream; charset=utf-8")
        .header("cache-control", "no-cache, no-store");
    Ok(Answer::Subscribed(response, subscription))
}

/// Says what a client that waits is to be told.
pub fn wake(reason: Reason, since: module::Modseq, token: Vec<u8>) -> Push {
    let mut push = Push::nothing(since, token);
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
    if let Some(changed) = token.tell(&seen) {
        let changed = Value::Object(changed);
        let piece = match token.socket {
            true => changed.to_string().into_bytes(),
            false => event("state", Some(&event_id(&seen.states)), &changed),
        };
        push.pieces.push(piece);
        push.close = token.close;
    }
    push.token = token.write();
    push
}

impl Token {
    /// The StateChange object for what the client does not know, if there is any; from then on it
    /// does.
    pub fn tell(&mut self, seen: &Seen) -> Option<Object> {
        let types = Some(self.types.as_slice()).filter(|types| !types.is_empty());
        let changed = news(types, &mut self.known, &seen.states);
        if changed.is_empty() {
            return None;
        }
        let mut change = state_change(changed);
        if self.socket {
            change.insert("pushState".to_owned(), self.known.write().into());
        }
        Some(change)
    }

    /// For a client that is told over a WebSocket, from now on or from what it knew; of these types,
    /// or of all if there are none.
    pub fn of_socket(types: Vec<String>, known: Option<Known>, seen: &Seen) -> Self {
        Self {
            types,
            socket: true,
            known: known.unwrap_or_else(|| Known::of(&seen.states)),
            ..Self::default()
        }
    }

    /// As it comes back with each waking.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Known {
    /// What is known of who knows these states.
    pub fn of(states: &States) -> Self {
        let of_account = |(account, types): (&String, &BTreeMap<String, String>)| {
            let of_type = |name| types.get(name).map_or(0, |state| hash(state).max(1));
            (hash(account), TYPES.map(of_type))
        };
        Self(states.iter().map(of_account).collect())
    }

    fn state(&self, account: &str, name: &str) -> u32 {
        let at = TYPES.iter().position(|known| *known == name);
        let states = self.0.get(&hash(account));
        let state = at.and_then(|at| states?.get(at));
        state.copied().unwrap_or_default()
    }

    /// Whether something is known of an account.
    pub fn has(&self, account: &str) -> bool {
        self.0.contains_key(&hash(account))
    }

    /// Knows nothing of an account any more.
    pub fn forget(&mut self, account: &str) {
        self.0.remove(&hash(account));
    }

    /// Knows of the accounts that there are in both what was known before.
    pub fn keep(&mut self, before: &Self) {
        for (account, states) in &mut self.0 {
            if let Some(before) = before.0.get(account) {
                *states = *before;
            }
        }
    }

    /// As text: the `pushState` of RFC 8887 §4.3.5.1.
    pub fn write(&self) -> String {
        let words = self.0.iter();
        let words = words.flat_map(|(account, states)| [*account].into_iter().chain(*states));
        let bytes: Vec<u8> = words.flat_map(u32::to_be_bytes).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads it; none if it is nothing that was written here.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (words, []) = bytes.as_chunks::<4>() else {
            return None;
        };
        let words: Vec<u32> = words.iter().map(|word| u32::from_be_bytes(*word)).collect();
        let (accounts, []) = words.as_chunks::<{ TYPES.len() + 1 }>() else {
            return None;
        };
        let of_account = |words: &[u32; TYPES.len() + 1]| {
            let (account, states) = words.split_first()?;
            Some((*account, states.try_into().ok()?))
        };
        let accounts = accounts.iter().take(ACCOUNTS_MAX);
        accounts.map(of_account).collect::<Option<_>>().map(Self)
    }
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.write())
    }
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("these are no states"))
    }
}

/// TypeState objects of what is not known, by account, of these types or of all; from then on it is.
pub fn news(types: Option<&[String]>, known: &mut Known, states: &States) -> Object {
    let is_wanted = |name: &str| types.is_none_or(|types| types.iter().any(|it| it == name));
    let now = Known::of(states);
    let mut changed = Object::new();
    for (account, types) in states {
        let is_known = |name: &str| now.state(account, name) == known.state(account, name);
        let new: Object = types
            .iter()
            .filter(|(name, _)| is_wanted(name) && !is_known(name))
            .map(|(name, state)| (name.clone(), state.clone().into()))
            .collect();
        if !new.is_empty() {
            changed.insert(account.clone(), Value::Object(new));
        }
    }
    *known = now;
    changed
}

/// The StateChange object for these TypeState objects. RFC 8620 §7.1.
pub fn state_change(changed: Object) -> Object {
    object! { "@type": "StateChange", "changed": changed }
}

/// All accounts, as they are now.
pub struct Seen {
    /// The states.
    pub states: States,
    /// Whose changes there may be.
    pub topics: Vec<Topic>,
    /// The client's own account's.
    pub modseq: module::Modseq,
}

/// States by account and type.
pub type States = BTreeMap<String, BTreeMap<String, String>>;

/// Looks at all accounts.
pub fn look(context: &mut Context) -> Result<Seen, Problem> {
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
        add("EmailDelivery", Ok(deliveries(&account)));
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

/// The state of EmailDelivery, which changes when an Email has come. RFC 8621 §1.5.
///
/// Deviation: it also changes when one is put into another Mailbox, and when a Mailbox goes.
fn deliveries(account: &Account) -> String {
    let mailboxes = account.mailboxes.iter();
    let next: u64 = mailboxes.map(|status| u64::from(status.uid_next)).sum();
    next.to_string()
}

fn hash(state: &str) -> u32 {
    (first_bits(Sha256::new_with_prefix(state)) >> 32) as u32
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
