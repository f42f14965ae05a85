//! Connections for reading: as many as read at once. A call is one read transaction, or part of
//! that of its session.

use super::counts::Counts;
use super::rights::Access;
use super::schema;
use crate::model::{Actor, MailboxId};
use crate::session;
use crate::store::Error;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Idle connections kept; more exist while more calls read.
const IDLE_MAX: usize = 16;

/// Mailboxes whose rights a look remembers.
const ACCESSES_MAX: usize = 16;

type Idle = Mutex<Vec<Connection>>;

pub(super) struct Readers {
    file: PathBuf,
    counts: Arc<Counts>,
    idle: Arc<Idle>,
}

/// A read transaction: all that is read in it is of one state of the store.
pub(crate) struct Look {
    pub(crate) since: Instant,
    /// How much was committed before.
    commits: u64,
    db: Connection,
    known: Known,
    idle: Arc<Idle>,
}

/// What reads of one look have found already, and the next ones would find again.
#[derive(Default)]
struct Known {
    /// Whose rights these are.
    actor: RefCell<Actor>,
    accesses: RefCell<Vec<(MailboxId, Rc<Access>)>>,
    has_locks: Cell<Option<bool>>,
}

/// A look as one read has it.
pub(super) struct View<'a> {
    db: &'a Connection,
    known: &'a Known,
}

impl Readers {
    pub(super) fn new(file: PathBuf, counts: Arc<Counts>) -> Self {
        Self {
            file,
            counts,
            idle: Arc::default(),
        }
    }

    /// Reads one state of the store: in a session that of the read before, while it is the newest.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let look = match session::take() {
            Some(look) if self.is_newest(&look) => look,
            Some(old) => {
                old.end();
                self.look()?
            }
            None => self.look()?,
        };
        let result = work(&View {
            db: &look.db,
            known: &look.known,
        });
        match result {
            // What befell this transaction is not carried on.
            Err(Error::Unavailable(_)) => look.end(),
            _ => session::keep(look),
        }
        result
    }

    fn is_newest(&self, look: &Look) -> bool {
        Arc::ptr_eq(&look.idle, &self.idle) && look.commits == self.counts.commits()
    }

    fn look(&self) -> Result<Look, Error> {
        let commits = self.counts.commits();
        let idle = self.idle.lock().pop();
        let db = match idle {
            Some(db) => db,
            None => schema::open_reader(&self.file)?,
        };
        super::execute(&db, "BEGIN", ())?;
        Ok(Look {
            since: Instant::now(),
            commits,
            db,
            known: Known::default(),
            idle: self.idle.clone(),
        })
    }

    /// The same with a new connection: checking the index of words on one that has searched takes
    /// what it remembers of the index for the truth, and finds it damaged when another connection
    /// has written since.
    pub(super) fn read_afresh<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let db = schema::open_reader(&self.file)?;
        super::execute(&db, "BEGIN", ())?;
        work(&db)
    }

    /// Looks at the connections that nobody reads with just now.
    pub(super) fn idle(&self, look: impl FnMut(&Connection)) {
        self.idle.lock().iter().for_each(look);
    }

    pub(super) fn close(&self) {
        self.idle.lock().clear();
    }
}

impl Look {
    /// A connection that can't end its transaction is closed, which ends it.
    pub(crate) fn end(self) {
        if super::execute(&self.db, "COMMIT", ()).is_ok() {
            let mut idle = self.idle.lock();
            if idle.len() < IDLE_MAX {
                idle.push(self.db);
            }
        }
    }
}

impl View<'_> {
    /// What the actor may do in a mailbox, if it was asked before.
    pub(super) fn access(&self, actor: &Actor, mailbox: MailboxId) -> Option<Rc<Access>> {
        if *self.known.actor.borrow() != *actor {
            return None;
        }
        let accesses = self.known.accesses.borrow();
        let known = accesses.iter().find(|(known, _)| *known == mailbox);
        known.map(|(_, access)| access.clone())
    }

    /// Remembers what the actor may do in a mailbox.
    pub(super) fn remember(&self, actor: &Actor, mailbox: MailboxId, access: Rc<Access>) {
        let mut accesses = self.known.accesses.borrow_mut();
        if *self.known.actor.borrow() != *actor {
            self.known.actor.replace(actor.clone());
            accesses.clear();
        }
        let is_new = accesses.iter().all(|(known, _)| *known != mailbox);
        if is_new && accesses.len() < ACCESSES_MAX {
            accesses.push((mailbox, access));
        }
    }

    /// Whether there are locks at all, of anybody on anything.
    pub(super) fn has_locks(&self) -> Result<bool, Error> {
        if let Some(known) = self.known.has_locks.get() {
            return Ok(known);
        }
        let has_locks = super::lock::exist(self.db)?;
        self.known.has_locks.set(Some(has_locks));
        Ok(has_locks)
    }
}

impl Deref for View<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.db
    }
}
