//! Who waits for changes of whom.

use crate::websocket::Rooms;
use parking_lot::Mutex;
use runtime::Tenant;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use storage::Changed;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore};

/// Connections that one principal may have waiting: a few for each of its devices.
const PER_PRINCIPAL_MAX: usize = 256;

/// Why a connection is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheld {
    /// The principal has too many.
    TooMany,
    /// The server stops, or the tenant is another now.
    Stopping,
}

/// Everyone who waits, of all tenants.
#[derive(Default)]
pub struct Hub {
    /// By the address of the tenant's value, which lives as long as somebody waits.
    tenants: Mutex<HashMap<usize, Arc<Waiters>>>,
    stopping: AtomicBool,
    held: Arc<AtomicU64>,
}

/// Those who wait in one tenant.
struct Waiters {
    all: Mutex<Lists>,
    tenant: Weak<Tenant>,
    /// Room for messages of all of them.
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct Lists {
    /// Who waits for changes of an owner.
    by_owner: HashMap<String, Vec<Arc<Waiter>>>,
    /// What a principal has; the empty name is anonymous.
    by_principal: HashMap<String, Having>,
}

/// What a principal has.
struct Having {
    /// So many places.
    places: usize,
    /// Room for messages on all of them.
    rooms: Rooms,
}

/// One who waits.
#[derive(Default)]
struct Waiter {
    /// Stays set until it is seen.
    changed: Notify,
    ended: AtomicBool,
}

/// A place among those who wait, until it is dropped.
pub struct Place {
    waiters: Arc<Waiters>,
    waiter: Arc<Waiter>,
    owners: Vec<String>,
    principal: String,
    rooms: Rooms,
    held: Arc<AtomicU64>,
}

impl Hub {
    /// Waits for changes of these owners from now on.
    pub fn wait(
        &self,
        tenant: &Arc<Tenant>,
        principal: Option<&str>,
        mut owners: Vec<String>,
    ) -> Result<Place, Unheld> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(Unheld::Stopping);
        }
        owners.sort();
        owners.dedup();
        let waiters = self.waiters(tenant);
        let waiter = Arc::new(Waiter::default());
        let principal = principal.unwrap_or_default().to_owned();
        let rooms = {
            let mut lists = waiters.all.lock();
            let having = lists.by_principal.entry(principal.clone());
            let having = having.or_insert_with(|| Having {
                places: 0,
                rooms: Rooms::of_principal(&waiters.room),
            });
            if having.places >= PER_PRINCIPAL_MAX {
                return Err(Unheld::TooMany);
            }
            having.places += 1;
            let rooms = having.rooms.clone();
            for owner in &owners {
                let list = lists.by_owner.entry(owner.clone()).or_default();
                list.push(waiter.clone());
            }
            rooms
        };
        self.held.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            waiters,
            waiter,
            owners,
            principal,
            rooms,
            held: self.held.clone(),
        };
        match self.stopping.load(Ordering::Acquire) {
            // It may have come too late to be told.
            true => Err(Unheld::Stopping),
            false => Ok(place),
        }
    }

    /// How many wait.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Lets everyone go who waits, and nobody wait any more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.tenants.lock().values().for_each(|it| it.end());
    }

    /// Lets those go who wait in a tenant that is another since a reload: what held when they came may
    /// hold no longer, and of changes in a store that is not served any more nobody would tell them. Who
    /// comes back waits in what is served now.
    pub fn keep(&self, is_in_force: impl Fn(&Arc<Tenant>) -> bool) {
        let tenants = self.tenants.lock();
        let is_kept = |it: &Waiters| it.tenant.upgrade().is_some_and(|it| is_in_force(&it));
        let leaving = tenants.values().filter(|it| !is_kept(it));
        leaving.for_each(|it| it.end());
    }

    /// Those who wait in a tenant; listens to its store from the first one on.
    fn waiters(&self, tenant: &Arc<Tenant>) -> Arc<Waiters> {
        let key = Arc::as_ptr(tenant).addr();
        let mut tenants = self.tenants.lock();
        // A tenant whose value is gone has nobody who waits.
        tenants.retain(|of, waiters| *of == key || Arc::strong_count(waiters) > 1);
        if let Some(waiters) = tenants.get(&key)
            && !waiters.is_deserted()
        {
            return waiters.clone();
        }
        let waiters = Arc::new(Waiters {
            all: Mutex::default(),
            tenant: Arc::downgrade(tenant),
            room: Rooms::of_tenant(),
        });
        let feed = tenant.store.feed();
        tokio::spawn(listen(feed, Arc::downgrade(&waiters)));
        tenants.insert(key, waiters.clone());
        waiters
    }
}

impl Waiters {
    fn is_deserted(&self) -> bool {
        self.all.lock().by_principal.is_empty()
    }

    fn end(&self) {
        for waiter in self.all.lock().by_owner.values().flatten() {
            waiter.end();
        }
    }

    fn tell(&self, changed: &Changed) {
        let lists = self.all.lock();
        let lists = changed
            .owners
            .iter()
            .filter_map(|it| lists.by_owner.get(it));
        lists
            .flatten()
            .for_each(|waiter| waiter.changed.notify_one());
    }

    fn tell_all(&self) {
        let lists = self.all.lock();
        let all = lists.by_owner.values().flatten();
        all.for_each(|waiter| waiter.changed.notify_one());
    }
}

/// Passes on what a store tells, while anyone waits.
async fn listen(mut feed: Receiver<Arc<Changed>>, waiters: Weak<Waiters>) {
    loop {
        let told = feed.recv().await;
        let Some(waiters) = waiters.upgrade() else {
            return;
        };
        match told {
            Ok(changed) => waiters.tell(&changed),
            // Nobody knows whose changes were not heard.
            Err(RecvError::Lagged(_)) => waiters.tell_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

impl Waiter {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

impl Place {
    /// Waits for a change; false if there is nothing more to wait for.
    pub async fn changed(&self) -> bool {
        self.waiter.changed.notified().await;
        !self.waiter.ended.load(Ordering::Acquire)
    }

    /// Room for messages of the principal, whichever place they come by.
    pub fn rooms(&self) -> Rooms {
        self.rooms.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
        let mut lists = self.waiters.all.lock();
        for owner in &self.owners {
            if let Some(list) = lists.by_owner.get_mut(owner) {
                list.retain(|other| !Arc::ptr_eq(other, &self.waiter));
                if list.is_empty() {
                    lists.by_owner.remove(owner);
                }
            }
        }
        if let Some(having) = lists.by_principal.get_mut(&self.principal) {
            having.places -= 1;
            if having.places == 0 {
                lists.by_principal.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use storage::{Actor, Batch, Change, Kind, Path, Principal, SqliteStore, StoreLimits};

    fn tenant(folder: &std::path::Path) -> Arc<Tenant> {
        let store = SqliteStore::open(folder, "a", StoreLimits::default()).unwrap();
        Arc::new(Tenant {
            name: "a".to_owned(),
            store,
            options: HashMap::new(),
            folders: Vec::new(),
            modules: None,
            mail_domains: None,
            endpoints: None,
        })
    }

    async fn change(tenant: &Tenant, user: &str, name: &str) {
        let actor = Actor {
            principal: Some(user.to_owned()),
            ..Actor::default()
        };
        let principal = Principal {
            id: user.to_owned(),
            kind: Kind::User,
            display_name: String::new(),
            addresses: Vec::new(),
        };
        tenant.store.put_principal(&principal).await.unwrap();
        let create = Change::CreateMailbox {
            path: Path(vec!["user".into(), user.into(), name.into()]),
            mailbox_type: "files".into(),
            grants: None,
        };
        let batch = Batch {
            tokens: Vec::new(),
            changes: vec![create],
        };
        tenant.store.commit(&actor, batch).await.unwrap();
    }

    async fn is_told(place: &Place) -> bool {
        let told = tokio::time::timeout(Duration::from_millis(200), place.changed());
        told.await.is_ok()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn those_are_told_who_wait_for_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (hub, tenant) = (Hub::default(), tenant(folder.path()));
        let wait = |owner: &str| hub.wait(&tenant, Some("alice"), vec![owner.to_owned()]);
        let (alice, bob) = (wait("alice").unwrap(), wait("bob").unwrap());
        change(&tenant, "alice", "one").await;
        assert!(is_told(&alice).await);
        assert!(!is_told(&alice).await && !is_told(&bob).await);
        // Several changes before anyone looks are one.
        change(&tenant, "bob", "one").await;
        change(&tenant, "bob", "two").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(is_told(&bob).await && !is_told(&bob).await);
        assert_eq!(hub.held(), 2);
        drop((alice, bob));
        assert_eq!(hub.held(), 0);
        // After everyone has gone, the next one is told as well.
        let late = wait("bob").unwrap();
        change(&tenant, "bob", "three").await;
        assert!(is_told(&late).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_waits_in_what_is_not_in_force_any_more_is_let_go() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [before, other] = folders.each_ref().map(|folder| tenant(folder.path()));
        let hub = Hub::default();
        let wait = |tenant| hub.wait(tenant, Some("alice"), vec!["alice".to_owned()]);
        let (old, kept) = (wait(&before).unwrap(), wait(&other).unwrap());
        hub.keep(|tenant| Arc::ptr_eq(tenant, &other));
        assert!(!old.changed().await);
        assert!(!is_told(&kept).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn there_is_a_bound_and_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let (hub, tenant) = (Hub::default(), tenant(folder.path()));
        let wait = |who: &str| hub.wait(&tenant, Some(who), vec![who.to_owned()]);
        let mut places: Vec<Place> = (0..PER_PRINCIPAL_MAX).map(|_| wait("a").unwrap()).collect();
        assert_eq!(wait("a").err(), Some(Unheld::TooMany));
        let other = wait("b").unwrap();
        places.pop();
        places.push(wait("a").unwrap());
        hub.stop();
        assert!(!other.changed().await);
        assert_eq!(wait("b").err(), Some(Unheld::Stopping));
    }
}
