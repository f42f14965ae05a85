//! A held connection: what it waits for, when the module is asked, and what it is told. As the body
//! of an answer that goes on for as long as the client waits it is here, as a WebSocket in
//! [`super::conversation`].

use super::hub::{Place, Unheld};
use super::standing::Standing;
use crate::auth::SignedIn;
use crate::http::body::{BodyError, Pieces};
use crate::http::dispatch::Host;
use crate::tenant::Open;
use crate::websocket::Rooms;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use runtime::{HandleError, Push, Subscription, Topic, WakeReason, first_seen};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use storage::{Error, Modseq};
use tokio::time::Instant;

/// What follows a change within this is told together with it.
const TOGETHER: Duration = Duration::from_millis(5);
/// How soon a client is told again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a module is asked at most though nothing has changed.
const PING_MIN: Duration = Duration::from_secs(1);
/// After so long the client has to come anew, and sign in anew: it may not be let in any more.
const HELD_MAX: Duration = Duration::from_secs(3600);
/// How long a module is waited for that can't be asked now.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// A connection that is held.
pub struct Held {
    standing: Arc<Standing>,
    subscription: Subscription,
    place: Place,
    /// Sent at once.
    first: Bytes,
    /// Nothing follows.
    last: bool,
    /// When the module is to be asked, since it is not known that the client has seen everything.
    due: Option<Instant>,
    /// When it was last told of a change.
    told: Option<Instant>,
    /// Since when nothing has changed.
    quiet: Instant,
    end: Instant,
}

/// What a module has to say, or why it says nothing.
pub type Said = Result<Push, Silence>;

/// Why a module says nothing.
pub enum Silence {
    /// It is not asked any more for whoever this is: the client has to come anew, and sign in anew.
    Over,
    /// It is gone.
    Gone,
    /// It has failed, or can't be asked.
    Failed(HandleError),
}

/// Why nothing is to be waited for.
pub enum Refused {
    /// Too many wait, or nothing will be told here any more.
    Unheld(Unheld),
    /// The store says so.
    Store(Error),
}

/// Holds a connection: its place among those who wait is taken, if the principal may see what it
/// waits for.
pub async fn hold(
    host: &Arc<Host>,
    open: &Arc<Open>,
    signed_in: &Arc<SignedIn>,
    mut subscription: Subscription,
) -> Result<Held, Refused> {
    let tenant = &open.tenant;
    let actor = &signed_in.identity.actor;
    let owners = owners(&subscription.topics);
    let place = host
        .hub
        .wait(tenant, actor.principal.as_deref(), owners.clone());
    let place = place.map_err(Refused::Unheld)?;
    // Whoever comes by what was before a reload, when the others have been let go, would stay.
    if !host.is_in_force(tenant) {
        return Err(Refused::Unheld(Unheld::Stopping));
    }
    // What has changed since the module looked, and before the place was taken, nobody tells.
    let mut behind = false;
    for owner in owners {
        match first_seen(&*tenant.store, actor, &owner)
            .await
            .map_err(Refused::Store)?
        {
            Some(status) => behind |= status.owner_modseq > subscription.since,
            None if actor.principal.as_deref() == Some(owner.as_str()) => {}
            // Not even that there is such an owner is theirs to know.
            None => return Err(Refused::Store(Error::NotFound)),
        }
    }
    let first = std::mem::take(&mut subscription.first);
    let now = Instant::now();
    Ok(Held {
        standing: Standing::new(host, open, signed_in),
        subscription,
        place,
        first,
        last: false,
        due: behind.then_some(now),
        told: None,
        quiet: now,
        end: now + HELD_MAX,
    })
}

/// Whose changes matter.
fn owners(topics: &[Topic]) -> Vec<String> {
    topics
        .iter()
        .map(|topic| topic.owner().to_owned())
        .collect()
}

impl Held {
    /// What is sent, as it comes.
    pub fn into_pieces(mut self) -> Pieces {
        let first = self.take_first();
        let state = (self, VecDeque::from_iter(first));
        Box::pin(stream::unfold(state, |(mut held, mut pieces)| async {
            let piece = held.next(&mut pieces).await?;
            Some((Ok::<_, BodyError>(piece), (held, pieces)))
        }))
    }

    async fn next(&mut self, pieces: &mut VecDeque<Bytes>) -> Option<Bytes> {
        loop {
            if let Some(piece) = pieces.pop_front() {
                return Some(piece);
            }
            if self.last {
                return None;
            }
            let reason = self.wait().await?;
            let said = self.wake(reason).await;
            pieces.extend(self.take(said).ok()?);
        }
    }

    /// What is sent at once.
    pub fn take_first(&mut self) -> Option<Bytes> {
        Some(std::mem::take(&mut self.first)).filter(|first| !first.is_empty())
    }

    /// Nothing more is to be sent.
    pub fn is_over(&self) -> bool {
        self.last
    }

    /// What messages of its principal may take.
    pub fn rooms(&self) -> Rooms {
        self.place.rooms()
    }

    /// Waits until the module is to be asked; none if the connection has to end. Whoever stops waiting
    /// misses nothing by it.
    pub async fn wait(&mut self) -> Option<WakeReason> {
        loop {
            if let Some(due) = self.due {
                tokio::time::sleep_until(due).await;
                (self.due, self.told) = (None, Some(Instant::now()));
                return Some(WakeReason::Changed);
            }
            let ping = self.subscription.ping.map(|ping| ping.max(PING_MIN));
            let until = ping.map_or(self.end, |ping| self.end.min(self.quiet + ping));
            match tokio::time::timeout_at(until, self.place.changed()).await {
                // Who wants to see nothing is as good as told.
                Ok(true) if self.subscription.since == Modseq::MAX => {}
                Ok(true) => {
                    let soon = Instant::now() + TOGETHER;
                    self.due = Some(self.told.map_or(soon, |told| soon.max(told + PAUSE)));
                }
                Ok(false) => return None,
                Err(_) if Instant::now() >= self.end => return None,
                Err(_) => return Some(WakeReason::Ping),
            }
        }
    }

    /// Asks the module what to send. Boxed, because it is big, and most of the time nobody asks.
    pub fn wake(&self, reason: WakeReason) -> BoxFuture<'static, Said> {
        let standing = self.standing.clone();
        let Subscription { since, .. } = self.subscription;
        let (module, token) = (self.subscription.module.clone(), self.token());
        Box::pin(async move {
            let identity = standing.identity().await.ok_or(Silence::Over)?;
            let (runtime, tenant) = (&standing.host().runtime, standing.tenant());
            let said = runtime.wake(&module, tenant, identity, reason, since, token);
            said.await.map_err(Silence::Failed)?.ok_or(Silence::Gone)
        })
    }

    /// Asks the module to answer a message. Where too much goes on, the message waits a while.
    pub fn message(&self, text: Bytes) -> BoxFuture<'static, Said> {
        let standing = self.standing.clone();
        let Subscription { since, .. } = self.subscription;
        let (module, token) = (self.subscription.module.clone(), self.token());
        Box::pin(async move {
            let until = Instant::now() + WAIT_MAX;
            loop {
                let identity = standing.identity().await.ok_or(Silence::Over)?;
                let (runtime, tenant) = (&standing.host().runtime, standing.tenant());
                let (text, token) = (text.clone(), token.clone());
                let said = runtime.message(&module, tenant, identity, text, since, token);
                let said = said.await;
                match said.as_ref().err().and_then(HandleError::not_begun) {
                    Some(wait) if Instant::now() + wait < until => tokio::time::sleep(wait).await,
                    _ => return said.map_err(Silence::Failed)?.ok_or(Silence::Gone),
                }
            }
        })
    }

    fn token(&self) -> Bytes {
        self.subscription.token.clone()
    }

    /// Notes what the module said, and returns what is to be sent. A module that can't be asked now is
    /// asked again later; any other silence stays.
    pub fn take(&mut self, said: Said) -> Result<Vec<Bytes>, Silence> {
        self.quiet = Instant::now();
        let push = match said {
            Ok(push) => push,
            Err(Silence::Failed(error)) => match error.retry_after() {
                Some(wait) => {
                    self.due = Some(Instant::now() + wait.min(WAIT_MAX));
                    return Ok(Vec::new());
                }
                None => return Err(Silence::Failed(error)),
            },
            Err(silence) => return Err(silence),
        };
        self.subscription.since = push.since;
        self.subscription.token = push.token;
        self.last = push.close;
        let pieces = push.pieces.into_iter();
        Ok(pieces.filter(|it| !it.is_empty()).collect())
    }
}
