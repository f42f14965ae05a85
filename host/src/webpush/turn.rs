//! One endpoint's turn: the module is asked what to say, and it is posted.

use super::destination::Destination;
use super::pace::{self, Next};
use super::post::Poster;
use super::seal::seal;
use super::vapid::Vapid;
use super::{now, pace::next};
use crate::auth;
use crate::config::webpush::Destinations;
use crate::http::dispatch::Host;
use crate::tenant::{Open, Site};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::WakeReason;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use storage::{Instant, Pace, Posted, QueuedEndpoint};

/// How long a push service keeps a message for a device that is away, in seconds: what has changed
/// since a day the device finds out by itself. RFC 8030 §5.2.
const TTL_S: &str = "86400";
/// The first message is given up after so many attempts: hours.
const FIRST_ATTEMPTS_MAX: u32 = 8;
const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");

/// What a turn takes.
pub struct Turn {
    /// What asks modules.
    pub host: Arc<Host>,
    /// The tenant.
    pub site: Arc<Site>,
    /// Its store, kept open.
    pub open: Arc<Open>,
    /// What signs.
    pub vapid: Arc<Vapid>,
    /// What posts.
    pub poster: Arc<Poster>,
    /// Whose turn it is.
    pub endpoint: QueuedEndpoint,
    /// Where it leads to.
    pub destination: Destination,
}

impl Turn {
    /// Takes the turn; returns when the next one may be.
    pub async fn run(self) -> Option<Instant> {
        let posted = match &self.endpoint.first {
            Some(first) => self.first(first.clone()).await,
            None => self.tell().await,
        };
        let due = match &posted {
            Posted::First(pace) | Posted::Later(pace) | Posted::Told { pace, .. } => Some(pace.due),
            Posted::Gone => None,
        };
        let tenant = &self.site.name;
        let store = &self.open.tenant.store;
        match store.finish_endpoint(self.endpoint.id, posted).await {
            Ok(()) => due,
            // It is tried again: better twice than not at all.
            Err(error) => {
                tracing::warn!(%tenant, "what was posted can't be noted: {error}");
                Some(pace::later(self.endpoint.pace, now()).due)
            }
        }
    }

    async fn first(&self, message: Bytes) -> Posted {
        match self.post(message, "high").await {
            // Who gives the code back needs not wait for the next message.
            Next::Out(pace) => Posted::First(Pace { due: now(), ..pace }),
            Next::Later(pace) if pace.attempts < FIRST_ATTEMPTS_MAX => Posted::Later(pace),
            Next::Later(_) | Next::Gone => self.gone(),
        }
    }

    async fn tell(&self) -> Posted {
        let QueuedEndpoint {
            endpoint,
            since,
            behind,
            ..
        } = &self.endpoint;
        let mut pace = self.endpoint.pace;
        let later = || Posted::Later(pace::later(pace, now()));
        let tenant = &self.open.tenant;
        let identity = auth::on_behalf(&*tenant.store, &self.endpoint.principal).await;
        let Ok(identity) = identity else {
            return later();
        };
        let (runtime, reason) = (&self.host.runtime, WakeReason::Changed);
        let (module, token) = (&self.endpoint.module, endpoint.token.clone());
        let woken = runtime.wake(module, tenant, identity, reason, *since, token);
        // Boxed, because it is big.
        let push = match Box::pin(woken).await {
            Ok(Some(push)) => push,
            // The module may come back.
            Ok(None) => return later(),
            Err(error) => {
                tracing::warn!(tenant = %tenant.name, %module, "nothing to post: {error}");
                return later();
            }
        };
        // No Topic field: a message that replaces another one that is still to be delivered would
        // take what only that one tells with it. RFC 8030 §5.4.
        for piece in push.pieces {
            match self.post(piece, "normal").await {
                Next::Out(next) => pace = next,
                Next::Later(pace) => return Posted::Later(pace),
                Next::Gone => return self.gone(),
            }
        }
        if push.close {
            return self.gone();
        }
        Posted::Told {
            version: endpoint.version,
            since: push.since,
            token: push.token,
            seen: behind.clone(),
            pace,
        }
    }

    fn gone(&self) -> Posted {
        self.site.traffic.pushes.gone.fetch_add(1, Relaxed);
        let (tenant, user) = (&self.site.name, &self.endpoint.principal);
        let origin = &self.destination.origin;
        tracing::info!(%tenant, %user, %origin, "an endpoint is gone");
        Posted::Gone
    }

    /// Posts one message. The log has its origin only: who knows the URL may post there.
    async fn post(&self, message: Bytes, urgency: &'static str) -> Next {
        let pace: Pace = self.endpoint.pace;
        let counts = &self.site.traffic.pushes;
        let (tenant, user) = (&self.site.name, &self.endpoint.principal);
        let origin = &self.destination.origin;
        let answer = match self.message(message, urgency) {
            Ok((headers, body)) => {
                let private = self.site.config.webpush.destinations == Destinations::Any;
                let poster = &self.poster;
                poster.post(&self.destination, private, headers, body).await
            }
            Err(reason) => Err(reason.to_owned()),
        };
        let next = next(pace, answer.as_ref().ok().copied(), now());
        match (&next, answer) {
            (Next::Out(_), _) => {
                counts.sent.fetch_add(1, Relaxed);
                tracing::debug!(%tenant, %user, %origin, "posted");
            }
            (_, Ok(answer)) => {
                counts.deferred.fetch_add(1, Relaxed);
                let status = answer.status.as_u16();
                tracing::warn!(%tenant, %user, %origin, status, "a push service refuses");
            }
            (_, Err(reason)) => {
                counts.deferred.fetch_add(1, Relaxed);
                tracing::warn!(%tenant, %user, %origin, "nothing was posted: {reason}");
            }
        }
        next
    }

    fn message(
        &self,
        message: Bytes,
        urgency: &'static str,
    ) -> Result<(HeaderMap, Bytes), &'static str> {
        let target = &self.endpoint.target;
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::try_from(&target.content_type);
        let content_type = content_type.map_err(|_| "its media type is none")?;
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(TTL, HeaderValue::from_static(TTL_S));
        headers.insert(URGENCY, HeaderValue::from_static(urgency));
        let contact = &self.site.config.webpush.contact;
        let origin = &self.destination.origin;
        let signed = self.vapid.authorization(origin, contact, now() / 1000);
        headers.insert(AUTHORIZATION, signed.ok_or("it can't be signed")?);
        let Some(keys) = &target.keys else {
            return Ok((headers, message));
        };
        let sealed = seal(keys, &message).map_err(|_| "it can't be encrypted for this key")?;
        let coding = HeaderValue::from_static("aes128gcm");
        headers.insert(CONTENT_ENCODING, coding);
        Ok((headers, sealed.into()))
    }
}
