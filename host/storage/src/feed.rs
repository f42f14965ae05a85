//! What commits have changed, as it happens: for those who wait, so that nobody has to ask again and
//! again. A hint and no more: commits of other processes are not told, and who is too slow to listen
//! loses some and is told so.

use crate::model::{MailboxId, Outreached};
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many commits somebody may be behind.
const BACKLOG: usize = 1024;

/// What one batch has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Whose counters moved; the empty name is the tenant's.
    pub owners: Vec<String>,
    /// Mailboxes that got messages without keys, with their types.
    pub unindexed: Vec<(MailboxId, String)>,
    /// Messages whose keys do not reach far enough. Of these nothing has changed.
    pub outreached: Vec<Outreached>,
    /// Endpoints that were made or changed.
    pub endpoints: Vec<i64>,
}

/// Where a store tells what it has committed.
#[derive(Clone)]
pub(crate) struct Feed(broadcast::Sender<Arc<Changed>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Feed {
    pub(crate) fn tell(&self, changed: Changed) {
        if self.0.receiver_count() > 0 {
            // Whoever listened may have gone.
            let _ = self.0.send(Arc::new(changed));
        }
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Changed>> {
        self.0.subscribe()
    }
}
