//! The one writer: a thread that commits what is queued in groups, a savepoint for each job, one
//! fsync for all of a group. Nobody is answered before the commit.

use super::Faults;
use super::checkpoint::Checkpointer;
use super::counts::Counts;
use super::gather;
use super::words;
use crate::store::Error;
use parking_lot::{Condvar, Mutex, MutexGuard};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const GROUP_JOBS: usize = 256;
const GROUP_BYTES: usize = 8 << 20;
/// The bytes of a job that is to be a group of its own.
pub(super) const ALONE: usize = usize::MAX;
/// The longest that a group which is smaller than the last one waits for stragglers.
const LINGER_MAX: Duration = Duration::from_millis(1);
/// A commit so short is not worth waiting for: while it lasts, the next group's requests are worked
/// on, and who waits for all to be in one group leaves processors idle.
const COMMIT_SHORT: Duration = Duration::from_millis(1);

/// Tells a job whether it was committed.
type Finish = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Does its work, if there is a transaction for it, and says why it is not to be kept.
type Run = Box<dyn FnOnce(Result<&Connection, Error>) -> (Result<(), Error>, Finish) + Send>;

struct Job {
    bytes: usize,
    run: Run,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
}

/// The way to the writer thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        db: Connection,
        checkpointer: Arc<Checkpointer>,
        counts: Arc<Counts>,
        faults: Arc<Faults>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            db,
            shared: shared.clone(),
            checkpointer,
            counts,
            faults,
            last_group: 0,
            last_commit: Duration::ZERO,
            untidy: true,
            trouble: words::Trouble::default(),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || worker.work())
            .map_err(|error| Error::Unavailable(format!("no thread for the writer: {error}")))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues work of about so many bytes, and waits until it is durable. What fails is undone.
    pub(super) async fn submit<T, E>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + AsRef<Error> + Send + 'static,
    {
        self.submit_then(bytes, work, std::convert::identity).await
    }

    /// The same, and what is to be done with it once it is durable, also if nobody waits any more:
    /// whoever asked may have gone.
    pub(super) async fn submit_then<T, U, E>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, E>
    where
        T: Send + 'static,
        U: Send + 'static,
        E: From<Error> + AsRef<Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let run: Run = Box::new(move |db| {
            let result = db.map_err(E::from).and_then(work);
            let keep = result
                .as_ref()
                .map(|_| ())
                .map_err(|error| error.as_ref().clone());
            let finish: Finish = Box::new(move |committed| {
                let done = match committed {
                    Ok(()) => result.map(then),
                    Err(error) => result.and(Err(error.into())),
                };
                // Whoever no longer waits needs no answer.
                let _ = sender.send(done);
            });
            (keep, finish)
        });
        {
            let mut queue = self.shared.queue.lock();
            if queue.closed {
                return Err(Error::Unavailable("the store is closed".into()).into());
            }
            queue.jobs.push_back(Job { bytes, run });
        }
        self.shared.filled.notify_one();
        receiver.await.unwrap_or_else(|_| {
            Err(Error::Unavailable("the store failed while writing".into()).into())
        })
    }

    /// Commits what is queued and ends the thread.
    pub(super) fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.filled.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Worker {
    db: Connection,
    shared: Arc<Shared>,
    checkpointer: Arc<Checkpointer>,
    counts: Arc<Counts>,
    faults: Arc<Faults>,
    last_group: usize,
    last_commit: Duration,
    /// Whether there may be something to put in order while nobody writes.
    untidy: bool,
    trouble: words::Trouble,
}

impl Worker {
    fn work(mut self) {
        while let Some(first) = self.next() {
            self.group(first);
            self.untidy = true;
            if words::have_gathered(&self.db).unwrap_or(false) {
                self.tidy(words::learn_alone);
            }
            self.checkpointer.after_commit(&self.db);
        }
    }

    /// Waits for a job; none when the store closes and the queue is empty.
    fn next(&mut self) -> Option<Job> {
        let shared = self.shared.clone();
        let mut queue = shared.queue.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            if !self.untidy {
                shared.filled.wait(&mut queue);
            } else if shared.filled.wait_for(&mut queue, words::REST).timed_out() {
                MutexGuard::unlocked(&mut queue, || {
                    self.untidy = self.tidy(words::tidy) == Some(true);
                });
            }
        }
    }

    /// Does some of what makes reading cheaper. That it fails takes nothing from anybody.
    fn tidy<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Option<T> {
        let done = work(&self.db);
        self.trouble.note(done.as_ref().err());
        self.checkpointer.after_commit(&self.db);
        done.ok()
    }

    fn group(&mut self, first: Job) {
        let mut finishes = Vec::new();
        let result = self.fill(first, &mut finishes);
        let began = Instant::now();
        let result = result.and_then(|()| self.commit());
        self.last_commit = began.elapsed();
        self.last_group = finishes.len();
        if let Err(error) = &result {
            self.counts.failed();
            tracing::error!(%error, jobs = finishes.len(), "a group of batches was not committed");
            if !self.db.is_autocommit() {
                let _ = self.db.execute_batch("ROLLBACK");
            }
        } else {
            self.counts
                .committed(&self.db, finishes.len(), self.last_commit);
        }
        for finish in finishes {
            finish(result.clone());
        }
    }

    /// Runs the first job and those that are queued behind it.
    fn fill(&mut self, first: Job, finishes: &mut Vec<Finish>) -> Result<(), Error> {
        let mut bytes = first.bytes;
        let mut job = Some(first);
        let begun = self.faults.before("beginning");
        let begun = begun.and_then(|()| super::execute(&self.db, "BEGIN IMMEDIATE", ()));
        let mut result = begun.map(|_| ());
        // After a failure, what is in hand is still run down, so that everyone gets the reason.
        while let Some(Job { run, .. }) = job.take() {
            match &result {
                Ok(()) => result = self.run(run, finishes),
                Err(error) => finishes.push(run(Err(error.clone())).1),
            }
            if result.is_ok() && finishes.len() < GROUP_JOBS && bytes < GROUP_BYTES {
                job = self.more(finishes.len());
                bytes = bytes.saturating_add(job.as_ref().map_or(0, |job| job.bytes));
            }
        }
        result
    }

    fn run(&self, run: Run, finishes: &mut Vec<Finish>) -> Result<(), Error> {
        // The first of a group has nothing before it that must stay. Most groups have one alone, and
        // for a savepoint every page that changes is copied.
        let is_first = finishes.is_empty();
        let begun = match is_first {
            true => Ok(0),
            false => super::execute(&self.db, "SAVEPOINT job", ()),
        };
        if let Err(error) = begun {
            finishes.push(run(Err(error.clone())).1);
            return Err(error);
        }
        // A bug in one job must not take the others along, nor the writer.
        let keep = match catch_unwind(AssertUnwindSafe(|| run(Ok(&self.db)))) {
            Ok((keep, finish)) => {
                finishes.push(finish);
                keep
            }
            Err(_) => {
                let bug = "a job of the store's writer panicked";
                tracing::error!("{bug}");
                Err(Error::Unavailable(bug.to_owned()))
            }
        };
        // SQLite itself rolls everything back when the disk is full or fails.
        if self.db.is_autocommit() {
            let why = keep.err();
            return Err(why.unwrap_or_else(|| Error::Unavailable("the disk fails".into())));
        }
        let ends: &[&str] = match (is_first, keep.is_err()) {
            (true, true) => &["ROLLBACK", "BEGIN IMMEDIATE"],
            (true, false) => &[],
            (false, true) => &["ROLLBACK TO job", "RELEASE job"],
            (false, false) => &["RELEASE job"],
        };
        for sql in ends {
            super::execute(&self.db, sql, ())?;
        }
        Ok(())
    }

    /// The next job of the group. Where commits take long, a group smaller than the last one waits a
    /// moment, so that callers who were answered by the last commit come back into one group, not
    /// into two that alternate.
    fn more(&self, count: usize) -> Option<Job> {
        let mut queue = self.shared.queue.lock();
        let lingers = count < self.last_group && self.last_commit > COMMIT_SHORT;
        if queue.jobs.is_empty() && lingers && !queue.closed {
            let linger = (self.last_commit / 8).min(LINGER_MAX);
            self.shared.filled.wait_for(&mut queue, linger);
        }
        let alone = |job: &Job| job.bytes == ALONE;
        match queue.jobs.front().is_some_and(alone) {
            true => None,
            false => queue.jobs.pop_front(),
        }
    }

    fn commit(&self) -> Result<(), Error> {
        self.faults.before_commit()?;
        gather::whole(|| super::execute(&self.db, "COMMIT", ())).map(|_| ())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::sqlite::{SqliteStore, execute};
    use crate::store::{Error, Store, StoreLimits};

    async fn pages(store: &SqliteStore, limit: u32) {
        let result: Result<u32, Error> = store
            .writer
            .submit(1, move |db| {
                let sql = format!("PRAGMA max_page_count = {limit}");
                Ok(db.query_row(&sql, [], |row| row.get(0))?)
            })
            .await;
        result.unwrap();
    }

    async fn keep(store: &SqliteStore, bytes: usize) -> Result<(), Error> {
        store
            .writer
            .submit(bytes, move |db| {
                execute(
                    db,
                    "INSERT INTO parcel (message) VALUES (zeroblob(?1))",
                    [bytes],
                )?;
                Ok(())
            })
            .await
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let limits = StoreLimits::default();
        let store = SqliteStore::open(folder.path(), "example.org", limits).unwrap();
        // A file that may not grow is what SQLite sees of a full disk.
        pages(&store, 1).await;
        for _ in 0..3 {
            let refused = keep(&store, 300_000).await;
            assert_eq!(refused, Err(Error::Full));
        }
        pages(&store, 1_000_000).await;
        keep(&store, 300_000).await.unwrap();
        assert_eq!(store.check(false).await.unwrap().problems, [""; 0]);
    }

    #[tokio::test]
    async fn a_job_that_panics_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let limits = StoreLimits::default();
        let store = SqliteStore::open(folder.path(), "example.org", limits).unwrap();
        let result: Result<(), Error> = store
            .writer
            .submit(1, |db| {
                execute(db, "INSERT INTO parcel (message) VALUES (x'00')", [])?;
                panic!("on purpose")
            })
            .await;
        assert!(matches!(result, Err(Error::Unavailable(_))));
        keep(&store, 10).await.unwrap();
        let count: Result<i64, Error> = store
            .readers
            .read(|db| Ok(db.query_row("SELECT count(*) FROM parcel", [], |row| row.get(0))?));
        assert_eq!(count.unwrap(), 1);
    }
}
