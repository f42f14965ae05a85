//! Connections for reading: as many as calls read at once. A call is one read transaction.

use super::schema;
use crate::store::Error;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::PathBuf;

/// Idle connections kept; more exist while more calls read.
const IDLE_MAX: usize = 16;

pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            file,
            idle: Mutex::default(),
        }
    }

    /// Reads one state of the store.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let idle = self.idle.lock().pop();
        let db = match idle {
            Some(db) => db,
            None => schema::open_reader(&self.file)?,
        };
        super::execute(&db, "BEGIN", ())?;
        let result = work(&db);
        // A connection that can't end its transaction is closed, which ends it.
        if super::execute(&db, "COMMIT", ()).is_ok() {
            let mut idle = self.idle.lock();
            if idle.len() < IDLE_MAX {
                idle.push(db);
            }
        }
        result
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
