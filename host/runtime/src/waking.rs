//! Clients that wait for changes, or speak over a WebSocket: what a module's subscription says, and
//! asking the module what to send. `wit/watch.wit`, `wit/waker.wit`, `wit/socket.wit`. The connection
//! is held by whoever called; no instance is.

use crate::bindings::chapar::host::watch as wit;
use crate::bindings::exports::chapar::host::waker;
use crate::exports::{Kind, found};
use crate::instance::Instance;
use crate::{HandleError, Identity, Runtime, Tenant};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use storage::{Actor, Error, ListScope, Modseq, Path, Status, Store, Topic};

/// Most topics of a subscription.
const TOPICS_MAX: usize = 64;
/// Longest token of a subscription.
const TOKEN_LEN_MAX: usize = 4 << 10;
/// Most bytes that are sent for one change.
const PUSH_LEN_MAX: usize = 1 << 20;

/// A connection that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The module to ask what to send.
    pub module: String,
    /// It goes on as a WebSocket, and not as an endless body.
    pub websocket: bool,
    /// What it waits for.
    pub topics: Vec<Topic>,
    /// What is sent at once.
    pub first: Bytes,
    /// What the client has seen already.
    pub since: Modseq,
    /// The module's own words, for its next instance.
    pub token: Bytes,
    /// After how long the module is asked though nothing has changed.
    pub ping: Option<Duration>,
}

/// Why a module is asked what to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// Something has changed.
    Changed,
    /// Nothing has, for as long as it said.
    Ping,
}

/// What to send to a client that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Pieces of the body, or messages, in order.
    pub pieces: Vec<Bytes>,
    /// What the client has seen now.
    pub since: Modseq,
    /// The new token.
    pub token: Bytes,
    /// The connection is to be closed after this.
    pub close: bool,
}

impl Subscription {
    /// Reads what a module answered; says what is wrong with it if it can't be served.
    pub(crate) fn read(module: &str, said: wit::Subscription) -> Result<Self, &'static str> {
        if said.topics.is_empty() || said.topics.len() > TOPICS_MAX {
            return Err("a subscription without topics, or with too many");
        }
        if said.token.len() > TOKEN_LEN_MAX {
            return Err("a subscription with too long a token");
        }
        Ok(Self {
            module: module.to_owned(),
            websocket: matches!(said.transport, wit::Transport::Websocket),
            topics: said.topics.into_iter().map(Topic::from).collect(),
            first: Bytes::new(),
            since: said.since,
            token: said.token.into(),
            ping: (said.ping_ms > 0).then(|| Duration::from_millis(said.ping_ms.into())),
        })
    }
}

impl From<wit::Topic> for Topic {
    fn from(topic: wit::Topic) -> Self {
        match topic {
            wit::Topic::Mailbox(path) => Self::Mailbox(Path(path)),
            wit::Topic::Owner(owner) => Self::Owner(owner),
        }
    }
}

/// A mailbox of an owner that an actor may see, if there is one; the empty owner is the tenant.
/// Without one, not even that there is such an owner is theirs to know.
pub async fn first_seen(
    store: &dyn Store,
    actor: &Actor,
    owner: &str,
) -> Result<Option<Status>, Error> {
    let tree = match owner {
        "" => Path(Vec::new()),
        owner => Path(vec!["user".to_owned(), owner.to_owned()]),
    };
    if let Ok(status) = store.open(actor, &tree).await {
        return Ok(Some(status));
    }
    let scope = ListScope::Tree(tree);
    let found = store.list_mailboxes(actor, &scope, None, None, 1);
    Ok(found.await?.pop())
}

impl Runtime {
    /// Asks a module what to send to a client that waits, in a new instance that serves its
    /// identity. None if the module has no `waker`, or is not loaded.
    pub async fn wake(
        &self,
        module: &str,
        tenant: &Arc<Tenant>,
        identity: Identity,
        reason: WakeReason,
        since: Modseq,
        token: Bytes,
    ) -> Result<Option<Push>, HandleError> {
        let wakes = |module: &crate::load::Module| module.extras.waker.is_some();
        let Some(loaded) = self.loaded(Some(tenant), module, wakes) else {
            return Ok(None);
        };
        let call = move |mut instance: Instance| async move {
            let result = wake(&mut instance, reason, since, &token).await;
            result.map_err(|error| instance.failure(&error))
        };
        let serving = Some((tenant.clone(), identity));
        self.call_for(Some(tenant), module, loaded, serving, call)
            .await
            .map(Some)
    }

    /// Hands a module a message from a client that speaks over a WebSocket, in an instance that serves
    /// its identity, as a request is handed to one, and returns the answers. None if the module has no `socket`, or is not
    /// loaded.
    pub async fn message(
        &self,
        module: &str,
        tenant: &Arc<Tenant>,
        identity: Identity,
        text: Bytes,
        since: Modseq,
        token: Bytes,
    ) -> Result<Option<Push>, HandleError> {
        let speaks = |module: &crate::load::Module| module.extras.socket.is_some();
        let Some(loaded) = self.loaded(Some(tenant), module, speaks) else {
            return Ok(None);
        };
        let call = move |mut instance: Instance| async move {
            match message(&mut instance, &text, since, &token).await {
                Ok(push) => Ok((Some(instance), push)),
                Err(error) => Err(instance.failure(&error)),
            }
        };
        let serving = Some((tenant.clone(), identity));
        self.call_in(Some(tenant), module, loaded, (serving, Kind::Kept), call)
            .await
            .map(Some)
    }
}

async fn wake(
    instance: &mut Instance,
    reason: WakeReason,
    since: Modseq,
    token: &Bytes,
) -> wasmtime::Result<Push> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.waker)?.load(&mut *store, &instance.instance)?;
    let reason = match reason {
        WakeReason::Changed => waker::Reason::Changed,
        WakeReason::Ping => waker::Reason::Ping,
    };
    let push = guest.call_wake(&mut *store, reason, since, token).await?;
    let len: usize = push.pieces.iter().map(Vec::len).sum();
    if len > PUSH_LEN_MAX {
        wasmtime::bail!("it sends more than {PUSH_LEN_MAX} bytes at once");
    }
    Push::read(push)
}

/// What is answered is as long as the instance's memory lets it be, as an answer by HTTP is.
async fn message(
    instance: &mut Instance,
    text: &Bytes,
    since: Modseq,
    token: &Bytes,
) -> wasmtime::Result<Push> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.socket)?.load(&mut *store, &instance.instance)?;
    let called = guest.call_message(&mut *store, text, since, token);
    Push::read(called.await?)
}

impl Push {
    fn read(said: wit::Push) -> wasmtime::Result<Self> {
        if said.token.len() > TOKEN_LEN_MAX {
            wasmtime::bail!("it has a token longer than {TOKEN_LEN_MAX} bytes");
        }
        Ok(Self {
            pieces: said.pieces.into_iter().map(Bytes::from).collect(),
            since: said.since,
            token: said.token.into(),
            close: said.close,
        })
    }
}
