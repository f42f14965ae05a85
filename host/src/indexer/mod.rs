//! Nothing lies unindexed for long: messages that came without keys (mail, what was imported, what
//! another module put), and those whose keys an older version of their module's rule has made, are
//! given to the module that owns their mailbox, in a sandbox, and get the keys that it makes.
//!
//! Keys that do not reach as far as somebody has looked are made anew, too. That is only told, and
//! forgotten by a stop: whoever looks there the next time tells of it again.
//!
//! What else is to be done is in the store: messages know the version of their keys, so that nothing is
//! forgotten by a stop, however sudden. Each store that is open has a worker, which is woken by what
//! is committed; now and then all stores are gone through, for what nobody has told.

mod outreach;
mod pass;
mod worker;

use crate::http::dispatch::Host;
use crate::tenant::Site;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use worker::Worker;

/// How often stores that were opened are looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often the stores of all tenants are gone through.
const ROUND_INTERVAL: Duration = Duration::from_secs(3600);
/// How long after the start that is done first.
const ROUND_FIRST: Duration = Duration::from_secs(90);

/// The rules of modules by which keys are made: their versions, by the module's name and the hash of
/// its file.
type Versions = Mutex<HashMap<(String, String), u32>>;

/// Has messages indexed, for ever.
pub async fn run(host: Arc<Host>) {
    let versions: Arc<Versions> = Arc::default();
    let mut at_work = AtWork::default();
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    let mut rounds =
        tokio::time::interval_at(tokio::time::Instant::now() + ROUND_FIRST, ROUND_INTERVAL);
    loop {
        tokio::select! {
            _ = looks.tick() => at_work.look(&host, &versions),
            _ = rounds.tick() => round(&host, &versions).await,
        }
    }
}

/// The workers of stores that are open.
#[derive(Default)]
struct AtWork {
    tasks: JoinSet<()>,
    /// By tenant: with the value that it works for, as an address that is only compared.
    workers: HashMap<String, (usize, AbortHandle)>,
}

impl AtWork {
    fn look(&mut self, host: &Arc<Host>, versions: &Arc<Versions>) {
        while self.tasks.try_join_next().is_some() {}
        self.workers.retain(|_, (_, task)| !task.is_finished());
        for site in host.snapshot().sites() {
            let Some(open) = site.opened() else { continue };
            let value = Arc::as_ptr(&open.tenant).addr();
            if self
                .workers
                .get(&site.name)
                .is_some_and(|(of, _)| *of == value)
            {
                continue;
            }
            let worker = Worker::new(host.clone(), versions.clone(), site.clone(), &open);
            let task = self.tasks.spawn(worker.run());
            if let Some((_, old)) = self.workers.insert(site.name.clone(), (value, task)) {
                old.abort();
            }
        }
    }
}

/// Goes through the stores that nobody has open: those that are have workers.
async fn round(host: &Arc<Host>, versions: &Arc<Versions>) {
    for site in host.snapshot().sites() {
        if site.opened().is_some() {
            continue;
        }
        match site.open().await {
            Ok(open) => {
                let mut worker = Worker::new(host.clone(), versions.clone(), site.clone(), &open);
                drop(open);
                worker.sweep().await;
            }
            Err(error) => tracing::warn!(tenant = %site.name, "can't index: {error}"),
        }
        close(site).await;
    }
}

/// Or all that there are would be open at once.
async fn close(site: &Arc<Site>) {
    let site = site.clone();
    let close = move || site.close_if_idle(Duration::ZERO);
    let _ = tokio::task::spawn_blocking(close).await;
}
