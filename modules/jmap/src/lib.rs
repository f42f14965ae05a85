//! JMAP: RFC 8620, and mail over it: RFC 8621, with Sieve scripts (RFC 9661) and sharing (RFC 9670). At
//! `/jmap`.
//!
//! An Email may be in several Mailboxes, and a message of the store lies in one mailbox: so an Email
//! is all messages of one id. A message that came by itself is named by where it came to; one that is
//! copied or moved here is named for what it was (`mail/name.rs`), so that its id stays. What two
//! messages hold does not make them one Email: the digest that the store keeps is of the body alone,
//! and two that say "thank you" to different people are two.
//!
//! Nothing is kept for a client, but where it is told of changes (`push_subscription/`): a state says
//! what is needed to find in the store's log of changes what has happened since (`state.rs`). What an
//! instance remembers from one request to the next (`mail/table.rs`) is used only as long as the store
//! says that nothing has changed.
//!
//! # Not supported
//! SieveScripts are kept and checked, and not run yet.
//! `unreadThreads` counts the Threads with an unread Email in the Mailbox itself. Of an Email that
//! came by itself and is destroyed where it came to, the Thread is not known afterwards:
//! `Thread/changes` and queries by Thread can't tell then, and clients read anew; so they do after a
//! Mailbox is destroyed.

mod account;
mod api;
mod blob;
mod call;
mod context;
mod error;
mod id;
mod json;
mod limits;
mod mail;
mod methods;
mod principal;
mod problem;
mod push;
mod push_subscription;
mod quota;
mod records;
mod reference;
mod session;
mod sieve;
mod standard;
mod state;
mod utc_date;
mod websocket;

use ::mail::keys::{self, KEYS_VERSION, KeyValue};
use ::module::{
    Access, Answer, Descriptor, Error, Extent, Identity, Indexer, Key, Modseq, Module, Parcel,
    Purpose, Push, Reason, Receiver, Refusal, Request, Response, Socket, Unindexed, Value, Waker,
};
use problem::Problem;

/// The module.
pub struct Jmap;

module::export!(Jmap: indexer, receiver, waker, socket);

/// Where the service is.
const MOUNT: &str = "/jmap";

const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "POST"];

const CAPABILITIES: [&str; 14] = [
    "annotation",
    "batch",
    "blob",
    "config",
    "directory",
    "endpoint",
    "exchange",
    "identity",
    "index",
    "mailbox",
    "quota",
    "rights",
    "submission",
    "watch",
];

impl Module for Jmap {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("jmap", version, "Mail over JMAP.")
            .mount(
                MOUNT,
                Extent::Prefix,
                &METHODS,
                Access::AuthenticatedButOptions,
            )
            // RFC 8620 §2.2.
            .well_known("jmap", &format!("{MOUNT}/"))
            .mailbox_types(&[account::MAILBOX_TYPE, sieve::MAILBOX_TYPE])
            .options(&limits::OPTIONS)
            .capabilities(&CAPABILITIES)
    }

    fn handle(request: Request) -> Answer {
        if request.method == "OPTIONS" {
            return Response::options(&METHODS).into();
        }
        answer(request).unwrap_or_else(|problem| problem.into_response().into())
    }
}

impl Waker for Jmap {
    fn wake(reason: Reason, since: Modseq, token: Vec<u8>) -> Push {
        push_subscription::wake(since, &token).unwrap_or_else(|| push::wake(reason, since, token))
    }
}

/// Mail that has come: the host hands it on in the name of whom it has come to.
impl Receiver for Jmap {
    fn receive(parcel: Parcel) -> Result<Option<Vec<u8>>, Refusal> {
        let own = Identity::current().principal;
        if parcel.purpose != Purpose::Invite || parcel.sender != own {
            return Err(Refusal::Never("mail comes by LMTP".to_owned()));
        }
        match mail::vacation::reply(&parcel.message) {
            Ok(()) => Ok(None),
            Err(
                error @ (Error::Conflict
                | Error::Full
                | Error::Locked(_)
                | Error::OverQuota(_)
                | Error::TooMany(_)
                | Error::Unavailable(_)),
            ) => Err(Refusal::Later(error.to_string())),
            Err(error) => Err(Refusal::Never(error.to_string())),
        }
    }
}

impl Socket for Jmap {
    fn message(text: Vec<u8>, since: Modseq, token: Vec<u8>) -> Push {
        websocket::message(&text, since, token)
    }
}

impl Indexer for Jmap {
    fn version() -> u32 {
        KEYS_VERSION
    }

    fn keys(message: Unindexed) -> Vec<Key> {
        match message.mailbox_type.as_str() {
            account::MAILBOX_TYPE => index_keys(&message.message, message.created),
            _ => Vec::new(),
        }
    }
}

/// What a message is found by that was received at a time, in milliseconds since 1970.
fn index_keys(message: &[u8], received: ::module::Instant) -> Vec<Key> {
    let keys = keys::keys(message, received.div_euclid(1000)).into_iter();
    let keys = keys.map(|key| Key {
        name: key.name.to_owned(),
        value: match key.value {
            KeyValue::Text(text) => Value::Text(text),
            KeyValue::Number(number) => Value::Number(number),
            KeyValue::Words(words) => Value::Words(words),
        },
    });
    keys.collect()
}

/// What stands behind the mount decides.
fn answer(request: Request) -> Result<Answer, Problem> {
    let path = request.path.strip_prefix(MOUNT).unwrap_or_default();
    let path = path.trim_start_matches('/').to_owned();
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    let response = match path.split_once('/').unwrap_or((path.as_str(), "")) {
        ("eventsource", "") if request.method == "GET" => return push::handle(&request),
        ("ws", "") if request.method == "GET" => return websocket::handle(&request),
        ("", _) if is_read => session::handle(&request, MOUNT),
        ("", _) => api::handle(request),
        ("download", rest) if is_read => blob::download(&request, rest),
        ("upload", account) if request.method == "POST" => {
            let account = account.trim_end_matches('/').to_owned();
            blob::upload(request, &account)
        }
        ("eventsource" | "ws", "") => Err(Problem::MethodNotAllowed("GET")),
        ("download", _) => Err(Problem::MethodNotAllowed("GET, HEAD")),
        ("upload", _) => Err(Problem::MethodNotAllowed("POST")),
        _ => Err(Problem::NotFound("no such resource of JMAP")),
    };
    response.map(Answer::from)
}

/// Drops what this instance remembers from request to request, as the host does when it drops the
/// instance.
pub fn forget() {
    mail::forget();
    session::forget();
}
