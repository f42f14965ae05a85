//! The worker of one store: waits for what is committed, and goes through the store now and then.

use super::Versions;
use super::outreach::Outreach;
use super::pass::{Pass, Rest};
use crate::http::dispatch::Host;
use crate::tenant::{Open, Site};
use runtime::Tenant;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;
use storage::{Changed, MailboxId, Store, Uid, Wanted};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// How often a store is gone through that nobody tells of: another process may have written.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// How long what could not be indexed waits at most, while its module is asked for nothing.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Messages of which is remembered that they could not be indexed.
const FAILED_MAX: usize = 10_000;

/// Has the messages of one store indexed.
pub struct Worker {
    host: Arc<Host>,
    versions: Arc<Versions>,
    site: Arc<Site>,
    tenant: Weak<Tenant>,
    store: Weak<dyn Store>,
    feed: Receiver<Arc<Changed>>,
    /// How often a message could not be indexed.
    failed: HashMap<(MailboxId, Uid), u32>,
    outreach: Outreach,
}

/// What is to be done next.
enum Next {
    /// Go through these mailboxes, and have keys reach farther that somebody has outreached.
    Some(BTreeSet<(MailboxId, String)>),
    /// Go through all.
    All,
    /// The store is closed.
    Nothing,
}

impl Worker {
    /// Listens from now on, and does not keep the store open.
    pub fn new(host: Arc<Host>, versions: Arc<Versions>, site: Arc<Site>, open: &Open) -> Self {
        Self {
            host,
            versions,
            site,
            tenant: Arc::downgrade(&open.tenant),
            store: Arc::downgrade(&open.tenant.store),
            feed: open.tenant.store.feed(),
            failed: HashMap::new(),
            outreach: Outreach::default(),
        }
    }

    /// Works until the store is closed.
    pub async fn run(mut self) {
        let mut rest = self.sweep().await;
        loop {
            let wait = match rest {
                Rest::Nothing => SWEEP_INTERVAL,
                Rest::After(wait) => wait.min(WAIT_MAX),
            };
            rest = match self.next(wait).await {
                Next::Some(mailboxes) => {
                    let rest = self.look_into(mailboxes).await;
                    self.extend().await;
                    rest
                }
                Next::All => self.sweep().await,
                Next::Nothing => return,
            };
        }
    }

    async fn next(&mut self, wait: Duration) -> Next {
        let sweep = tokio::time::Instant::now() + wait;
        loop {
            let changed = match tokio::time::timeout_at(sweep, self.feed.recv()).await {
                Err(_) | Ok(Err(RecvError::Lagged(_))) => return Next::All,
                Ok(Err(RecvError::Closed)) => return Next::Nothing,
                Ok(Ok(changed)) => changed,
            };
            self.outreach.add(&changed.outreached);
            if changed.unindexed.is_empty() && changed.outreached.is_empty() {
                continue;
            }
            let mut mailboxes: BTreeSet<_> = changed.unindexed.iter().cloned().collect();
            // What has come meanwhile is done with it.
            loop {
                match self.feed.try_recv() {
                    Ok(more) => {
                        mailboxes.extend(more.unindexed.iter().cloned());
                        self.outreach.add(&more.outreached);
                    }
                    Err(TryRecvError::Lagged(_)) => return Next::All,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => {
                        return Next::Some(mailboxes);
                    }
                }
            }
        }
    }

    /// Goes through the whole store.
    pub async fn sweep(&mut self) -> Rest {
        // A newer rule makes all keys anew, and they reach as far as it has them reach.
        self.outreach.forget();
        let mut rest = Rest::Nothing;
        for (module, mailbox_type, keys_version) in self.rules().await {
            let wanted = Wanted {
                mailbox_type,
                mailbox: None,
                uids: Vec::new(),
                keys_version,
            };
            rest = rest.or_sooner(self.pass(module, wanted, None).await);
        }
        rest
    }

    async fn look_into(&mut self, mailboxes: BTreeSet<(MailboxId, String)>) -> Rest {
        let mut rest = Rest::Nothing;
        for (module, mailbox_type, keys_version) in self.rules().await {
            let of_type = mailboxes.iter().filter(|(_, of)| *of == mailbox_type);
            for (mailbox, mailbox_type) in of_type {
                let wanted = Wanted {
                    mailbox_type: mailbox_type.clone(),
                    mailbox: Some(*mailbox),
                    uids: Vec::new(),
                    keys_version,
                };
                rest = rest.or_sooner(self.pass(module.clone(), wanted, None).await);
            }
        }
        rest
    }

    /// Has keys reach farther. What fails is not tried again: nothing is missing without it.
    async fn extend(&mut self) {
        let rules = match self.outreach.is_empty() {
            true => return,
            false => self.rules().await,
        };
        while let Some(outreached) = self.outreach.next() {
            let is_of_type = |(_, of, _): &&(_, String, _)| *of == outreached.mailbox_type;
            let Some((module, _, keys_version)) = rules.iter().find(is_of_type) else {
                continue;
            };
            let wanted = Wanted {
                mailbox_type: outreached.mailbox_type,
                mailbox: Some(outreached.mailbox),
                uids: outreached.uids,
                keys_version: *keys_version,
            };
            let reach = Some(outreached.reach);
            if self.pass(module.clone(), wanted, reach).await != Rest::Nothing {
                self.outreach.forget();
            }
        }
    }

    async fn pass(&mut self, module: String, wanted: Wanted, reach: Option<i64>) -> Rest {
        let (Some(tenant), Some(store)) = (self.tenant.upgrade(), self.store.upgrade()) else {
            return Rest::Nothing;
        };
        if self.failed.len() > FAILED_MAX {
            self.failed.clear();
        }
        let mut pass = Pass {
            runtime: &self.host.runtime,
            counts: &self.site.traffic.indexed,
            tenant: &tenant,
            store: &*store,
            module,
            wanted,
            reach,
            failed: &mut self.failed,
        };
        match pass.run().await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::warn!(tenant = %self.site.name, "can't index: {error}");
                Rest::After(SWEEP_INTERVAL)
            }
        }
    }

    /// Which module indexes mailboxes of which type, and the version of its rule.
    async fn rules(&self) -> Vec<(String, String, u32)> {
        let Some(tenant) = self.tenant.upgrade() else {
            return Vec::new();
        };
        let (mut rules, mut taken) = (Vec::new(), HashSet::new());
        for indexer in self.host.runtime.indexers(&tenant) {
            let key = (indexer.module.clone(), indexer.serving.clone());
            let known = self.versions.lock().get(&key).copied();
            let version = match known {
                Some(version) => version,
                None => match self
                    .host
                    .runtime
                    .keys_version(&indexer.module, &tenant)
                    .await
                {
                    // No keys have version 0.
                    Ok(Some(version)) => version.max(1),
                    Ok(None) => continue,
                    Err(error) => {
                        tracing::warn!(tenant = %self.site.name, "can't index: {error}");
                        continue;
                    }
                },
            };
            let mut versions = self.versions.lock();
            versions.retain(|(module, serving), _| *module != key.0 || *serving == key.1);
            versions.insert(key, version);
            for mailbox_type in indexer.mailbox_types {
                if taken.insert(mailbox_type.clone()) {
                    rules.push((indexer.module.clone(), mailbox_type, version));
                }
            }
        }
        rules
    }
}
