//! Which endpoints of a tenant there is something to post to, and when.
//!
//! The store knows it for sure, and is asked for all at the start and now and then; in between its
//! feed tells whose changes to ask for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use storage::{Changed, Error, Instant, Store};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time;

/// What follows a change within this is told together with it, in milliseconds.
const TOGETHER_MS: i64 = 300;
/// How often all are asked for: other processes write, too, and nobody tells of it.
const ALL_INTERVAL: time::Duration = time::Duration::from_secs(60);
/// How often at most, when the feed was too fast to follow.
const ALL_PAUSE: time::Duration = time::Duration::from_secs(5);

/// What there is to do in a store.
pub struct Agenda {
    feed: Receiver<Arc<Changed>>,
    /// When each endpoint has its turn.
    due: HashMap<i64, Instant>,
    /// Whose changes were told.
    owners: BTreeSet<String>,
    /// Some were missed.
    lagging: bool,
    /// When all were asked for.
    asked: Option<time::Instant>,
}

impl Agenda {
    /// Follows a store from now on.
    pub fn new(store: &dyn Store) -> Self {
        Self {
            feed: store.feed(),
            due: HashMap::new(),
            owners: BTreeSet::new(),
            lagging: false,
            asked: None,
        }
    }

    /// Hears what the store has told; false if it is closed.
    pub fn listen(&mut self, now: Instant) -> bool {
        loop {
            match self.feed.try_recv() {
                Ok(changed) => {
                    self.owners.extend(changed.owners.iter().cloned());
                    for &id in &changed.endpoints {
                        self.put(id, now);
                    }
                }
                Err(TryRecvError::Lagged(_)) => self.lagging = true,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Closed) => return false,
            }
        }
    }

    /// Asks the store which endpoints what was heard is for.
    pub async fn look(&mut self, store: &dyn Store, now: Instant) -> Result<(), Error> {
        let since = self.asked.map(|asked| asked.elapsed());
        let wait = if self.lagging {
            ALL_PAUSE
        } else {
            ALL_INTERVAL
        };
        let behind = if since.is_none_or(|since| since >= wait) {
            let behind = store.endpoints_behind(None).await?;
            self.asked = Some(time::Instant::now());
            self.lagging = false;
            behind
        } else if self.owners.is_empty() {
            return Ok(());
        } else {
            let owners: Vec<String> = self.owners.iter().cloned().collect();
            store.endpoints_behind(Some(&owners)).await?
        };
        self.owners.clear();
        for (id, due) in behind {
            self.put(id, due.max(now.saturating_add(TOGETHER_MS)));
        }
        Ok(())
    }

    /// Puts an endpoint's turn at a time, unless it has one before that.
    pub fn put(&mut self, id: i64, due: Instant) {
        let known = self.due.entry(id).or_insert(due);
        *known = due.min(*known);
    }

    /// Takes those whose turn has come, longest waiting first.
    pub fn take_due(&mut self, now: Instant, max: usize) -> Vec<i64> {
        let mut due: Vec<(Instant, i64)> = self
            .due
            .iter()
            .filter(|(_, due)| **due <= now)
            .map(|(id, due)| (*due, *id))
            .collect();
        due.sort_unstable();
        due.truncate(max);
        for (_, id) in &due {
            self.due.remove(id);
        }
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// When the next turn is.
    pub fn next(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use storage::{Endpoint, EndpointTarget, NewEndpoint, Pace, Posted, SqliteStore, StoreLimits};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_made_has_its_turn_at_once_and_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), "a", StoreLimits::default()).unwrap();
        let mut agenda = Agenda::new(&*store);
        agenda.look(&*store, 0).await.unwrap();
        assert_eq!(agenda.next(), None);
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        let new = NewEndpoint {
            principal: "alice".into(),
            module: "jmap".into(),
            endpoint: Endpoint {
                name: "a".into(),
                topics: Vec::new(),
                token: Bytes::new(),
                expires: i64::try_from(now.as_millis()).unwrap() + 60_000,
                version: 0,
            },
            target: EndpointTarget {
                url: "https://push.test/".into(),
                content_type: "text/plain".into(),
                keys: None,
                server_key: Bytes::new(),
            },
            first: Bytes::from_static(b"x"),
        };
        store.create_endpoint(new).await.unwrap();
        assert!(agenda.listen(5));
        assert_eq!(agenda.next(), Some(5));
        assert!(agenda.take_due(4, 10).is_empty());
        let ids = agenda.take_due(5, 10);
        assert_eq!((ids.len(), agenda.next()), (1, None));
        // After a restart the store tells when it has to be tried again.
        let pace = Pace {
            due: 900,
            attempts: 1,
            slowed: 0,
        };
        let later = Posted::Later(pace);
        store.finish_endpoint(ids[0], later).await.unwrap();
        let mut agenda = Agenda::new(&*store);
        agenda.look(&*store, 0).await.unwrap();
        assert_eq!(agenda.next(), Some(900));
        store.close().await;
        drop(store);
        assert!(!agenda.listen(0));
    }
}
