//! Stores that a reload has put others in the place of, or whose tenants are gone: what has begun with
//! them ends with them, and then they are closed.

use crate::tenant::{Site, Snapshot};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;
use storage::Store;

/// How often is looked whether a store is closed.
const LOOK: Duration = Duration::from_secs(1);

/// A store that is not served any more, and is closed when nobody needs it.
pub struct Leaving {
    tenant: String,
    folder: PathBuf,
    store: Weak<dyn Store>,
}

impl Leaving {
    /// The stores that only the snapshot before has.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Vec<Self> {
        let store = |site: &Arc<Site>| Some(site.opened()?.tenant.store.clone());
        let kept: Vec<_> = after.sites().filter_map(store).collect();
        let left = before.sites().filter_map(|site| {
            let store = store(site).filter(|store| !kept.iter().any(|it| Arc::ptr_eq(it, store)));
            Some(Self {
                tenant: site.name.clone(),
                folder: site.store_folder(),
                store: Arc::downgrade(&store?),
            })
        });
        left.collect()
    }

    /// Says when it is closed: its folder may be taken away then.
    pub async fn say(self) {
        while self.store.strong_count() > 0 {
            tokio::time::sleep(LOOK).await;
        }
        let folder = self.folder.display();
        tracing::info!(tenant = %self.tenant, "the store that was served from {folder} is closed");
    }
}
