//! What a module uses for a tenant, and what that says about its next request.

use crate::allowance::{Bucket, UsageLimits};
use crate::backoff::{Backoff, Trial};
use crate::gate::Party;
use crate::load::Module;
use crate::usage::{Counters, Usage, count};
use crate::{HandleError, Tenant};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Requests that usually use more than this begin on the guests' threads.
const LONG: Duration = Duration::from_millis(1);
/// After one that had to be moved, so many begin there until they turn out to be short.
const WARY: u32 = 4;

/// All accounts: by tenant, then by module.
pub(crate) struct Accounts {
    tenants: RwLock<HashMap<String, Tenancy>>,
    modules: RwLock<HashMap<String, Arc<Share>>>,
    module_limits: RwLock<Vec<(String, UsageLimits)>>,
    tenant_limits: RwLock<HashMap<String, UsageLimits>>,
    /// Instances that may live, of all tenants.
    places: AtomicUsize,
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
    limits: Mutex<UsageLimits>,
    rate: Bucket,
    cpu: Bucket,
}

/// What one module uses for one tenant.
pub(crate) struct Account {
    pub(crate) tenant: Arc<Share>,
    pub(crate) module: Arc<Share>,
    pub(crate) counters: Counters,
    backoff: Arc<Backoff>,
    /// What a request uses: a moving average, in nanoseconds.
    usual: AtomicU64,
    /// So many requests will begin on the guests' threads, because one had to be moved.
    wary: AtomicU32,
}

impl Accounts {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            tenants: RwLock::default(),
            modules: RwLock::default(),
            module_limits: RwLock::default(),
            tenant_limits: RwLock::default(),
            places: AtomicUsize::new(places),
        }
    }

    /// Changes how many instances may live, of all tenants.
    pub(crate) fn set_places(&self, places: usize) {
        self.places.store(places, Ordering::Relaxed);
        self.follow();
    }

    /// None may have all places, so that there is always one for others.
    fn places_max(&self) -> usize {
        let places = self.places.load(Ordering::Relaxed);
        (places - places / 8).max(1)
    }

    /// Has what is open go by what holds now.
    fn follow(&self) {
        let places = self.places_max();
        for (name, tenancy) in &*self.tenants.read() {
            tenancy.share.limit(self.limits_of_tenant(name), places);
        }
    }

    /// Finds or opens an account; without a tenant, that of what is done for nobody in particular.
    pub(crate) fn of(&self, tenant: Option<&Tenant>, module: &str) -> Arc<Account> {
        let tenant = tenant.map_or("", |tenant| tenant.name.as_str());
        if let Some(tenancy) = self.tenants.read().get(tenant)
            && let Some(account) = tenancy.accounts.get(module)
        {
            return account.clone();
        }
        let mut modules = self.modules.write();
        let of_module = modules.entry(module.to_owned()).or_insert_with(|| {
            let share = Share::new();
            share.limit(self.limits_of(module), usize::MAX);
            share
        });
        let mut tenants = self.tenants.write();
        let tenancy = tenants.entry(tenant.to_owned()).or_insert_with(|| {
            let share = Share::new();
            share.limit(self.limits_of_tenant(tenant), self.places_max());
            Tenancy {
                share,
                accounts: HashMap::new(),
            }
        });
        let account = tenancy.accounts.entry(module.to_owned());
        let new = || Account::new(tenancy.share.clone(), of_module.clone());
        account.or_insert_with(|| Arc::new(new())).clone()
    }

    /// Sets what tenants may use, by name, whoever acts for them: what has begun under what held before,
    /// too.
    pub(crate) fn limit_tenants(&self, limits: HashMap<String, UsageLimits>) {
        *self.tenant_limits.write() = limits;
        self.follow();
    }

    /// What a tenant may use.
    pub(crate) fn limits_of_tenant(&self, tenant: &str) -> UsageLimits {
        let limits = self.tenant_limits.read();
        limits.get(tenant).copied().unwrap_or_default()
    }

    /// Sets what modules may use, by name; `*` for those that are not named.
    pub(crate) fn limit_modules(&self, limits: &[(String, UsageLimits)]) {
        *self.module_limits.write() = limits.to_vec();
        for (name, share) in &*self.modules.read() {
            share.limit(self.limits_of(name), usize::MAX);
        }
    }

    /// What a module may use. Behind a colon stands what of it an account is for.
    pub(crate) fn limits_of(&self, module: &str) -> UsageLimits {
        let module = module.split(':').next().unwrap_or(module);
        let limits = self.module_limits.read();
        let find = |name: &str| limits.iter().find(|(of, _)| of == name);
        let found = find(module).or_else(|| find("*"));
        found.map(|(_, limits)| *limits).unwrap_or_default()
    }

    /// All that is counted, with the accounts.
    pub(crate) fn usage(&self) -> Vec<(Arc<Account>, Usage)> {
        let tenants = self.tenants.read();
        let accounts = tenants.iter().flat_map(|(tenant, tenancy)| {
            let accounts = tenancy.accounts.iter();
            accounts.map(move |(module, account)| (tenant, module, account))
        });
        let usage = |(tenant, module, account): (&String, &String, &Arc<Account>)| {
            let usage = Usage {
                tenant: tenant.clone(),
                module: module.clone(),
                pause: account.backoff.left(),
                ..account.counters.usage()
            };
            (account.clone(), usage)
        };
        accounts.map(usage).collect()
    }
}

impl Share {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Party::new(usize::MAX),
            slices: Party::new(usize::MAX),
            limits: Mutex::default(),
            rate: Bucket::default(),
            cpu: Bucket::default(),
        })
    }

    /// Sets what it may use, and how many places it may have without a limit.
    fn limit(&self, limits: UsageLimits, places: usize) {
        self.places
            .set_max(limits.requests.unwrap_or(places).clamp(1, places));
        let mut current = self.limits.lock();
        if *current == limits {
            return;
        }
        *current = limits;
        self.rate.limit_rate(limits.rate);
        self.cpu.limit_minute(limits.cpu_minute);
    }
}

impl Account {
    fn new(tenant: Arc<Share>, module: Arc<Share>) -> Self {
        Self {
            tenant,
            module,
            counters: Counters::default(),
            backoff: Arc::default(),
            usual: AtomicU64::new(0),
            wary: AtomicU32::new(0),
        }
    }

    /// Lets a request in, or says why not.
    pub(crate) fn admit(self: &Arc<Self>, module: &Arc<Module>) -> Result<Tally, HandleError> {
        count(&self.counters.requests);
        let name = || module.facts.name.clone();
        let trial = self.backoff.enter(module).map_err(|wait| {
            count(&self.counters.backed_off);
            HandleError::BackedOff {
                module: name(),
                wait,
            }
        })?;
        for share in [&self.tenant, &self.module] {
            share.cpu.take(0.0).map_err(|wait| {
                count(&self.counters.over_cpu);
                HandleError::OverCpu {
                    module: name(),
                    wait,
                }
            })?;
            share.rate.take(1.0).map_err(|wait| {
                count(&self.counters.over_rate);
                HandleError::OverRate {
                    module: name(),
                    wait,
                }
            })?;
        }
        Ok(Tally {
            account: self.clone(),
            module: module.clone(),
            trial,
            told: false,
        })
    }

    /// Charges CPU time, in nanoseconds.
    pub(crate) fn charge(&self, nanos: u64) {
        self.counters.cpu.fetch_add(nanos, Ordering::Relaxed);
        let seconds = Duration::from_nanos(nanos).as_secs_f64();
        self.tenant.cpu.charge(seconds);
        self.module.cpu.charge(seconds);
    }

    /// Whether the next request should not begin on its caller's thread.
    pub(crate) fn takes_long(&self) -> bool {
        self.wary.load(Ordering::Relaxed) > 0
            || u128::from(self.usual.load(Ordering::Relaxed)) > LONG.as_nanos()
    }

    /// A request had to be moved.
    pub(crate) fn moved(&self) {
        count(&self.counters.moved);
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

/// Counts how a request ends, whatever way it does.
pub(crate) struct Tally {
    account: Arc<Account>,
    module: Arc<Module>,
    trial: Option<Trial>,
    told: bool,
}

impl Tally {
    /// The request was answered.
    pub(crate) fn answered(mut self) {
        self.told = true;
        count(&self.account.counters.answered);
        if self.account.backoff.answered(self.trial.as_ref()) {
            tracing::warn!(module = %self.module.facts.name, "module answers again");
        }
    }

    /// The request has failed. The log is told of what the client is not.
    pub(crate) fn failed(mut self, tenant: &str, error: &HandleError) {
        self.told = true;
        let counters = &self.account.counters;
        match error {
            HandleError::Trapped { module, reason } => {
                count(&counters.trapped);
                let trial = self.trial.as_ref();
                let said = self.account.backoff.trapped(&self.module, trial);
                if said.logged {
                    tracing::error!(%module, %tenant, %reason, "module failed");
                }
                if let Some(wait) = said.pause {
                    tracing::error!(%module, %tenant, "module keeps failing: not asked for {wait:?}, and longer each time");
                }
                return;
            }
            HandleError::Deadline { .. } => count(&counters.deadline),
            HandleError::Memory { .. } => count(&counters.memory),
            HandleError::Busy { .. } => count(&counters.busy),
            HandleError::OverRate { .. }
            | HandleError::OverCpu { .. }
            | HandleError::BackedOff { .. } => {}
        }
        let module = &self.module.facts.name;
        tracing::warn!(%module, %tenant, reason = %error, "request not answered");
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if !self.told {
            count(&self.account.counters.abandoned);
        }
    }
}

/// Counts an instance for as long as it lives.
pub(crate) struct Alive(pub(crate) Arc<Account>);

impl Alive {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        count(&account.counters.instances_made);
        Self(account)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        count(&self.0.counters.instances_gone);
    }
}
