//! What modules have to say to those who hold no connection is posted to push services: Web Push,
//! RFC 8030, encrypted (RFC 8291) and signed (RFC 8292).
//!
//! Nothing is kept here that a restart could lose. The store knows for each endpoint what has changed
//! since it was told last, and an endpoint counts as told once the push service has the message: so a
//! message may come twice, and is never lost.
//!
//! [`agenda`] knows whose turn it is, [`turn`] asks the module and posts, [`pace`] says when next.

mod agenda;
mod destination;
mod pace;
mod post;
mod seal;
mod turn;
mod vapid;

pub use destination::{check_any, check_public};
pub use vapid::{Vapid, VapidError};

use crate::config::webpush::Destinations;
use crate::http::dispatch::Host;
use crate::tenant::{Open, Site};
use agenda::Agenda;
use destination::Destination;
use post::Poster;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use storage::{Error, Instant, Posted, Store};
use tokio::task::JoinSet;
use turn::Turn;

/// How often is looked whether anything is due.
const TICK: Duration = Duration::from_millis(250);
/// How long after the start stores are looked at that nobody has needed yet.
const FIRST_LOOK_MS: i64 = 10_000;
/// How long a tenant is left alone whose store can't be read.
const REST_MS: i64 = 30_000;
/// Turns at once: of all, of one principal, and to one push service.
const TURNS_MAX: usize = 64;
const TURNS_OF_PRINCIPAL_MAX: usize = 2;
const TURNS_TO_ORIGIN_MAX: usize = 16;
/// First messages of a principal within an hour: they go to where nobody has asked for them yet.
const FIRSTS_MAX: usize = 60;
const HOUR_MS: i64 = 3_600_000;

/// Posts what there is to post, for ever.
pub async fn run(host: Arc<Host>) {
    let poster = tokio::task::spawn_blocking(Poster::new).await;
    let poster = poster.map_err(|error| error.to_string());
    let poster = match poster.and_then(|poster| poster) {
        Ok(poster) => Arc::new(poster),
        Err(reason) => {
            tracing::error!("nothing can be posted to push services: {reason}");
            return;
        }
    };
    let mut courier = Courier {
        host,
        poster,
        began: now(),
        tenants: HashMap::new(),
        turns: JoinSet::new(),
        taken: HashMap::new(),
        firsts: HashMap::new(),
    };
    loop {
        tokio::time::sleep(TICK).await;
        courier.tick().await;
    }
}

/// Who posts, for all tenants.
struct Courier {
    host: Arc<Host>,
    poster: Arc<Poster>,
    began: Instant,
    tenants: HashMap<String, Tenant>,
    /// Each says of which tenant and endpoint it was, and when the next turn may be.
    turns: JoinSet<(Key, Option<Instant>)>,
    taken: HashMap<Key, Taken>,
    /// When first messages were posted, by tenant and principal.
    firsts: HashMap<(String, String), Vec<Instant>>,
}

/// A tenant and the number of an endpoint.
type Key = (String, i64);

/// A turn that is taken.
struct Taken {
    /// Tenant and principal.
    whose: (String, String),
    origin: String,
}

/// What is known of a tenant.
#[derive(Default)]
struct Tenant {
    /// While its store is open.
    agenda: Option<Agenda>,
    /// The store that the agenda is of: a reload may have put another in its place.
    store: Option<Weak<dyn Store>>,
    /// When the store is needed, if it is closed.
    next: Option<Instant>,
    /// It is left alone until then, because it could not be read.
    rest: Instant,
}

impl Courier {
    async fn tick(&mut self) {
        self.end_turns();
        let now = now();
        self.firsts.retain(|_, times| {
            times.retain(|time| now.saturating_sub(*time) < HOUR_MS);
            !times.is_empty()
        });
        let snapshot = self.host.snapshot();
        self.tenants
            .retain(|name, _| snapshot.named(name).is_some());
        for site in snapshot.sites() {
            if site.config.webpush.destinations == Destinations::None {
                self.tenants.remove(&site.name);
                continue;
            }
            if let Err(error) = self.visit(site, now).await {
                tracing::warn!(tenant = %site.name, "endpoints can't be read: {error}");
                if let Some(tenant) = self.tenants.get_mut(&site.name) {
                    tenant.rest = now.saturating_add(REST_MS);
                    tenant.next = Some(tenant.rest);
                }
            }
        }
    }

    /// Hears of turns that have ended.
    fn end_turns(&mut self) {
        while let Some(ended) = self.turns.try_join_next_with_id() {
            // One that panicked is found again when all are asked for.
            let Ok((_, (key, next))) = ended else {
                continue;
            };
            self.taken.remove(&key);
            let tenant = self.tenants.get_mut(&key.0);
            if let Some(agenda) = tenant.and_then(|tenant| tenant.agenda.as_mut())
                && let Some(next) = next
            {
                agenda.put(key.1, next);
            }
        }
        if self.turns.is_empty() {
            self.taken.clear();
        }
    }

    /// Looks what there is to do for a tenant, and begins with it.
    async fn visit(&mut self, site: &Arc<Site>, now: Instant) -> Result<(), Error> {
        let first = self.began.saturating_add(FIRST_LOOK_MS);
        let tenant = self.tenants.entry(site.name.clone());
        let tenant = tenant.or_insert_with(|| Tenant {
            agenda: None,
            store: None,
            next: Some(first),
            rest: 0,
        });
        if now < tenant.rest {
            return Ok(());
        }
        let (open, needed) = match site.opened() {
            Some(open) => (open, true),
            None if tenant.next.is_some_and(|next| next <= now) => (site.open().await?, false),
            None => {
                tenant.agenda = None;
                return Ok(());
            }
        };
        // Why there is no key was said when the store was opened.
        let Some(vapid) = open.vapid.clone() else {
            tenant.agenda = None;
            return Ok(());
        };
        let (store, of) = (&*open.tenant.store, Arc::downgrade(&open.tenant.store));
        let mut agenda = tenant.agenda.take();
        agenda = agenda.filter(|_| tenant.store.as_ref().is_some_and(|it| it.ptr_eq(&of)));
        tenant.store = Some(of);
        if agenda.as_mut().is_none_or(|agenda| !agenda.listen(now)) {
            store.retain_endpoints(vapid.public_key()).await?;
            agenda = Some(Agenda::new(store));
        }
        let Some(mut agenda) = agenda else {
            return Ok(());
        };
        agenda.look(store, now).await?;
        let due = agenda.take_due(now, TURNS_MAX);
        let is_idle = due.is_empty();
        for id in due {
            if let Some(later) = self.begin(site, (&open, &vapid), id, now).await? {
                agenda.put(id, later);
            }
        }
        let next = agenda.next();
        if let Some(tenant) = self.tenants.get_mut(&site.name) {
            tenant.next = next;
            tenant.agenda = Some(agenda);
        }
        if !needed && is_idle {
            drop(open);
            // Or all that there are would be open at once.
            let site = site.clone();
            let close = move || site.close_if_idle(Duration::ZERO);
            let _ = tokio::task::spawn_blocking(close).await;
        }
        Ok(())
    }

    /// Begins an endpoint's turn; says when to ask again if it can't begin now.
    async fn begin(
        &mut self,
        site: &Arc<Site>,
        (open, vapid): (&Arc<Open>, &Arc<Vapid>),
        id: i64,
        now: Instant,
    ) -> Result<Option<Instant>, Error> {
        let store = &open.tenant.store;
        let endpoint = match store.endpoint(id).await {
            Ok(endpoint) => endpoint,
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if endpoint.first.is_none() && endpoint.behind.is_empty() {
            return Ok(None);
        }
        if endpoint.pace.due > now {
            return Ok(Some(endpoint.pace.due));
        }
        let key = (site.name.clone(), id);
        let Ok(destination) = Destination::parse(&endpoint.target.url) else {
            store.finish_endpoint(id, Posted::Gone).await?;
            return Ok(None);
        };
        let whose = (site.name.clone(), endpoint.principal.clone());
        let taken = Taken {
            whose: whose.clone(),
            origin: destination.origin.clone(),
        };
        if self.taken.contains_key(&key) || !self.has_room(&taken) {
            return Ok(Some(now.saturating_add(1000)));
        }
        if endpoint.first.is_some() {
            let times = self.firsts.entry(whose).or_default();
            if times.len() >= FIRSTS_MAX {
                return Ok(Some(now.saturating_add(60_000)));
            }
            times.push(now);
        }
        self.taken.insert(key.clone(), taken);
        let turn = Turn {
            host: self.host.clone(),
            site: site.clone(),
            open: open.clone(),
            vapid: vapid.clone(),
            poster: self.poster.clone(),
            endpoint,
            destination,
        };
        self.turns.spawn(async move { (key, turn.run().await) });
        Ok(None)
    }

    /// Whether one more turn is within the bounds.
    fn has_room(&self, wanted: &Taken) -> bool {
        let count = |which: &dyn Fn(&Taken) -> bool| {
            let taken = self.taken.values();
            taken.filter(|taken| which(taken)).count()
        };
        self.taken.len() < TURNS_MAX
            && count(&|taken| taken.whose == wanted.whose) < TURNS_OF_PRINCIPAL_MAX
            && count(&|taken| taken.origin == wanted.origin) < TURNS_TO_ORIGIN_MAX
    }
}

/// Milliseconds since 1970.
fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
