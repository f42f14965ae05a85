//! A held connection: the body of an answer that goes on for as long as the client waits.

use super::hub::{Place, Unheld};
use crate::http::body::{BodyError, Pieces};
use crate::http::dispatch::Host;
use bytes::Bytes;
use futures_util::stream;
use runtime::{HandleError, Identity, Push, Subscription, Tenant, Topic, WakeReason, first_seen};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use storage::Error;
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
    host: Arc<Host>,
    tenant: Arc<Tenant>,
    identity: Identity,
    subscription: Subscription,
    place: Place,
    /// What is to be sent.
    pieces: VecDeque<Bytes>,
    /// Nothing follows.
    last: bool,
    /// It is not known that the client has seen everything.
    behind: bool,
    /// When it was last told of a change.
    told: Option<Instant>,
    end: Instant,
}

/// Why nothing is to be waited for.
pub enum Refused {
    /// Too many wait, or the server stops.
    Unheld(Unheld),
    /// The store says so.
    Store(Error),
}

/// Holds a connection: its place among those who wait is taken, if the principal may see what it
/// waits for.
pub async fn hold(
    host: &Arc<Host>,
    tenant: &Arc<Tenant>,
    identity: Identity,
    mut subscription: Subscription,
) -> Result<Held, Refused> {
    let actor = &identity.actor;
    let owners = owners(&subscription.topics);
    let place = host
        .hub
        .wait(tenant, actor.principal.as_deref(), owners.clone());
    let place = place.map_err(Refused::Unheld)?;
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
    Ok(Held {
        host: host.clone(),
        tenant: tenant.clone(),
        identity,
        subscription,
        place,
        pieces: Some(first)
            .filter(|it| !it.is_empty())
            .into_iter()
            .collect(),
        last: false,
        behind,
        told: None,
        end: Instant::now() + HELD_MAX,
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
    pub fn into_pieces(self) -> Pieces {
        Box::pin(stream::unfold(self, |mut held| async {
            let piece = held.next().await?;
            Some((Ok::<_, BodyError>(piece), held))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Some(piece);
            }
            if self.last {
                return None;
            }
            let reason = self.wait().await?;
            // Boxed, because it is big, and most of the time nobody asks.
            let woken = Box::pin(self.wake(reason)).await;
            match woken {
                Ok(push) => self.take(push?),
                Err(error) => match error.retry_after() {
                    Some(wait) => {
                        self.behind = true;
                        tokio::time::sleep(wait.min(WAIT_MAX)).await;
                    }
                    None => return None,
                },
            }
        }
    }

    /// Waits until the module is to be asked; none if the connection has to end.
    async fn wait(&mut self) -> Option<WakeReason> {
        if std::mem::take(&mut self.behind) {
            return Some(WakeReason::Changed);
        }
        let ping = self.subscription.ping.map(|ping| ping.max(PING_MIN));
        let now = Instant::now();
        let until = ping.map_or(self.end, |ping| self.end.min(now + ping));
        match tokio::time::timeout_at(until, self.place.changed()).await {
            Ok(true) => {
                let soon = Instant::now() + TOGETHER;
                let until = self.told.map_or(soon, |told| soon.max(told + PAUSE));
                tokio::time::sleep_until(until).await;
                self.told = Some(Instant::now());
                Some(WakeReason::Changed)
            }
            Ok(false) => None,
            Err(_) if Instant::now() >= self.end => None,
            Err(_) => Some(WakeReason::Ping),
        }
    }

    async fn wake(&self, reason: WakeReason) -> Result<Option<Push>, HandleError> {
        let Subscription {
            module,
            since,
            token,
            ..
        } = &self.subscription;
        let (identity, token) = (self.identity.clone(), token.clone());
        let runtime = &self.host.runtime;
        runtime
            .wake(module, &self.tenant, identity, reason, *since, token)
            .await
    }

    fn take(&mut self, push: Push) {
        self.subscription.since = push.since;
        self.subscription.token = push.token;
        self.last = push.close;
        self.pieces
            .extend(push.pieces.into_iter().filter(|it| !it.is_empty()));
    }
}
