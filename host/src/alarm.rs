//! Timers go off: what a module wants to be told at a time is told to it then, in an instance that acts
//! for the principal whose timer it is. `wit/timer.wit`, `wit/alarm.wit`.
//!
//! Timers are in the store, and survive a stop, however sudden. One may go off twice if the stop comes
//! between the module's return and the note of it, and is never lost. A store that nobody needs is
//! closed; when its next timer goes off is remembered, and it is opened for that.

use crate::auth;
use crate::http::dispatch::Host;
use crate::tenant::{Open, Site};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use storage::{Error, Instant, Timer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How often is looked whether anything is due.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long after the start stores are looked at that nobody has needed yet.
const FIRST_LOOK_MS: i64 = 10_000;
/// How long after one of them the next: of hundreds, each opened and closed, not all come at once.
const FIRST_LOOKS_APART_MS: i64 = 50;
/// Stores that nobody has open which are looked at at once: each takes descriptors and threads.
const CLOSED_AT_ONCE: usize = 8;
/// How long a tenant is left alone whose store can't be read.
const REST_MS: i64 = 30_000;
/// Timers of a tenant that are fired at once.
const AT_ONCE: u32 = 4;
/// After how many minutes it is tried again, the last for ever.
const RETRY_MINUTES: [i64; 6] = [1, 5, 15, 60, 120, 240];
/// It is given up after so many attempts, and not before so long.
const ATTEMPTS_MAX: u32 = 16;
const GIVE_UP_MS: i64 = 2 * 86_400_000;

/// Has timers go off, for ever.
pub async fn run(host: Arc<Host>) {
    let mut alarms = Alarms {
        first_look: now().saturating_add(FIRST_LOOK_MS),
        turns: Arc::new(Semaphore::new(CLOSED_AT_ONCE)),
        host,
        next: HashMap::new(),
        passes: JoinSet::new(),
    };
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        alarms.look();
    }
}

/// When timers are looked at, of all tenants.
struct Alarms {
    host: Arc<Host>,
    /// When the next store is looked at of which nothing is known.
    first_look: Instant,
    /// Who may open a store.
    turns: Arc<Semaphore>,
    /// When the next timer of a store goes off, by its folder; none while its timers are looked at.
    next: HashMap<PathBuf, Option<Instant>>,
    passes: JoinSet<(PathBuf, Instant)>,
}

impl Alarms {
    fn look(&mut self) {
        while let Some(ended) = self.passes.try_join_next() {
            if let Ok((folder, next)) = ended {
                self.next.insert(folder, Some(next));
            }
        }
        if self.passes.is_empty() {
            // One that panicked has told nothing.
            self.next.retain(|_, next| next.is_some());
        }
        let snapshot = self.host.snapshot();
        let mut known = std::mem::take(&mut self.next);
        let now = now();
        for site in snapshot.sites() {
            let folder = site.store_folder();
            let next = match known.remove(&folder) {
                Some(next) => next,
                None => Some(apart(&mut self.first_look, now)),
            };
            self.next.insert(folder.clone(), next);
            let Some(next) = next else { continue };
            // Of a store that is open others may have come meanwhile.
            if next > now && site.opened().is_none() {
                continue;
            }
            self.next.insert(folder.clone(), None);
            let (host, site, turns) = (self.host.clone(), site.clone(), self.turns.clone());
            self.passes.spawn(async move {
                let next = pass(&host, &site, &turns).await.unwrap_or_else(|error| {
                    tracing::warn!(tenant = %site.name, "timers can't be read: {error}");
                    now.saturating_add(REST_MS)
                });
                (folder, next)
            });
        }
    }
}

/// When the first look at a store may be, at some distance from the one before.
fn apart(next: &mut Instant, now: Instant) -> Instant {
    let look = now.max(*next);
    *next = look.saturating_add(FIRST_LOOKS_APART_MS);
    look
}

/// Fires what is due of a tenant, and returns when its next timer goes off. A store that is not open
/// waits for its turn.
async fn pass(host: &Arc<Host>, site: &Arc<Site>, turns: &Semaphore) -> Result<Instant, Error> {
    let turn = match site.opened() {
        Some(_) => None,
        None => turns.acquire().await.ok(),
    };
    let needed = site.opened().is_some();
    let open = site.visit().await?;
    let next = loop {
        let timers = open.tenant.store.due_timers(Instant::MAX, AT_ONCE).await?;
        let now = now();
        let (due, later): (Vec<Timer>, Vec<Timer>) =
            timers.into_iter().partition(|timer| timer.next <= now);
        if due.is_empty() {
            break later.first().map_or(Instant::MAX, |timer| timer.next);
        }
        let mut firing = JoinSet::new();
        for timer in due {
            let (host, open) = (host.clone(), open.clone());
            firing.spawn(async move { fire(&host, &open, timer).await });
        }
        while let Some(fired) = firing.join_next().await {
            // It is due again at once: not in a circle without end.
            fired.map_err(|error| Error::Unavailable(error.to_string()))??;
        }
    };
    drop(open);
    if !needed {
        // Or all that there are would be open at once.
        let site = site.clone();
        let close = move || site.close_if_idle(Duration::ZERO);
        let _ = tokio::task::spawn_blocking(close).await;
    }
    drop(turn);
    Ok(next)
}

/// Fires a timer, and notes what came of it.
async fn fire(host: &Host, open: &Open, timer: Timer) -> Result<(), Error> {
    let tenant = &open.tenant;
    let identity = match auth::on_behalf(&*tenant.store, &timer.principal).await {
        Ok(identity) => identity,
        Err(Error::NotFound) => return tenant.store.finish_timer(&timer, None).await,
        Err(error) => return Err(error),
    };
    let (name, token) = (timer.name.clone(), timer.token.clone());
    let fired = host
        .runtime
        .fire(&timer.module, tenant, identity, name, timer.due, token);
    let (reason, wait) = match fired.await {
        Ok(true) => return tenant.store.finish_timer(&timer, None).await,
        Ok(false) => (
            "the module takes no timers, or is not there".to_owned(),
            None,
        ),
        Err(error) => (error.to_string(), error.not_begun()),
    };
    let (name, module, user) = (&tenant.name, &timer.module, &timer.principal);
    let is_old = now().saturating_sub(timer.due) > GIVE_UP_MS;
    if wait.is_none() && is_old && timer.attempts + 1 >= ATTEMPTS_MAX {
        tracing::warn!(tenant = %name, %module, %user, "a timer is given up: {reason}");
        return tenant.store.finish_timer(&timer, None).await;
    }
    tracing::info!(tenant = %name, %module, %user, "a timer did not go off yet: {reason}");
    let minutes = RETRY_MINUTES.get(timer.attempts as usize);
    let minutes = minutes.or(RETRY_MINUTES.last()).copied().unwrap_or(240);
    let wait = wait.map_or(minutes * 60_000, |wait| {
        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
    });
    let retry = now().saturating_add(wait);
    tenant.store.finish_timer(&timer, Some(retry)).await
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_looks_come_one_after_the_other() {
        let mut next = 10_000;
        let looks = [0, 0, 0, 20_000, 20_000, 20_010].map(|now| apart(&mut next, now));
        assert_eq!(looks, [10_000, 10_050, 10_100, 20_000, 20_050, 20_100]);
    }
}
