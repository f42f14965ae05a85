//! What a module uses for a tenant, and what that says about its next request.

use crate::gate::Party;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Requests that usually use more than this begin on the guests' threads.
const LONG: Duration = Duration::from_millis(1);
/// After one that had to be moved, so many begin there until they turn out to be short.
const WARY: u32 = 4;

/// All accounts: by tenant, then by module.
#[derive(Default)]
pub(crate) struct Accounts {
    tenants: RwLock<HashMap<String, Tenancy>>,
    modules: RwLock<HashMap<String, Arc<Share>>>,
}

struct Tenancy {
    share: Arc<Share>,
    accounts: HashMap<String, Arc<Account>>,
}

/// What a tenant, or a module, has a share in.
pub(crate) struct Share {
    /// Instances that may live.
    pub(crate) places: Arc<Party>,
    /// Slices of the guests' threads.
    pub(crate) slices: Arc<Party>,
}

/// What one module uses for one tenant.
pub(crate) struct Account {
    pub(crate) tenant: Arc<Share>,
    pub(crate) module: Arc<Share>,
    /// CPU time, in nanoseconds.
    cpu: AtomicU64,
    /// What a request uses: a moving average, in nanoseconds.
    usual: AtomicU64,
    /// So many requests will begin on the guests' threads, because one had to be moved.
    wary: AtomicU32,
}

impl Accounts {
    /// Finds or opens an account.
    pub(crate) fn of(&self, tenant: &str, module: &str) -> Arc<Account> {
        if let Some(tenancy) = self.tenants.read().get(tenant)
            && let Some(account) = tenancy.accounts.get(module)
        {
            return account.clone();
        }
        let mut modules = self.modules.write();
        let module_share = modules.entry(module.to_owned()).or_insert_with(Share::new);
        let mut tenants = self.tenants.write();
        let tenancy = tenants.entry(tenant.to_owned()).or_insert_with(|| Tenancy {
            share: Share::new(),
            accounts: HashMap::new(),
        });
        let account = tenancy.accounts.entry(module.to_owned());
        let new = || Account::new(tenancy.share.clone(), module_share.clone());
        account.or_insert_with(|| Arc::new(new())).clone()
    }
}

impl Share {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Party::new(usize::MAX),
            slices: Party::new(usize::MAX),
        })
    }
}

impl Account {
    fn new(tenant: Arc<Share>, module: Arc<Share>) -> Self {
        Self {
            tenant,
            module,
            cpu: AtomicU64::new(0),
            usual: AtomicU64::new(0),
            wary: AtomicU32::new(0),
        }
    }

    /// Charges CPU time, in nanoseconds.
    pub(crate) fn charge(&self, nanos: u64) {
        self.cpu.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Whether the next request should not begin on its caller's thread.
    pub(crate) fn takes_long(&self) -> bool {
        self.wary.load(Ordering::Relaxed) > 0
            || u128::from(self.usual.load(Ordering::Relaxed)) > LONG.as_nanos()
    }

    /// A request had to be moved.
    pub(crate) fn moved(&self) {
        self.wary.store(WARY, Ordering::Relaxed);
    }

    /// A request has ended, having used so much. Counts that are lost between threads don't matter.
    pub(crate) fn ended(&self, used: Duration) {
        if used < LONG {
            let wary = self.wary.load(Ordering::Relaxed);
            self.wary.store(wary.saturating_sub(1), Ordering::Relaxed);
        }
        let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        let usual = self.usual.load(Ordering::Relaxed);
        // A single one that took very long is forgotten soon.
        let nanos = nanos.min(16 * LONG.as_nanos() as u64);
        self.usual
            .store(usual / 8 * 7 + nanos / 8, Ordering::Relaxed);
    }
}
