//! Keys that the host had a module make, for messages that came without.

use super::{Scene, Work};
use crate::feed::Changed;
use crate::model::*;
use crate::sqlite::execute;
use crate::store::Error;
use rusqlite::{Connection, params};

/// Sets keys. A message that gets its first ones changes by that: whoever has looked for it before
/// has not found it, and must be told. Newer keys are no state that a client sees.
pub(in crate::sqlite) fn index(
    db: &Connection,
    scene: &Scene<'_>,
    made: &[Indexed],
) -> Result<Changed, Error> {
    let mut work = Work::new(db, scene, &[])?;
    for message in made {
        match work.index_one(message) {
            // It is gone meanwhile, or has been replaced.
            Err(Error::NotFound | Error::Conflict) => {}
            result => result?,
        }
    }
    work.flush()?;
    Ok(work.changed())
}

impl Work<'_> {
    fn index_one(&mut self, made: &Indexed) -> Result<(), Error> {
        let (mailbox, uid) = (made.mailbox, made.uid);
        let place = match self.places.get(&mailbox) {
            Some(place) => place.clone(),
            None => self.load(mailbox)?,
        };
        let row = self.message(mailbox, uid)?;
        self.drop_keys(mailbox, uid)?;
        match self.add_keys(mailbox, uid, &made.keys) {
            // A module that makes such keys makes them again: without them it is found by none.
            Err(error @ (Error::Invalid(_) | Error::TooMany(_))) => {
                tracing::warn!(mailbox, uid, "keys are refused: {error}");
                self.drop_keys(mailbox, uid)?;
            }
            added => added?,
        }
        execute(
            self.db,
            "UPDATE message SET keys_version = ?3 WHERE mailbox = ?1 AND uid = ?2",
            params![mailbox, uid, made.keys_version],
        )?;
        if row.keys_version == 0 {
            let modseq = self.touch(&place)?;
            execute(
                self.db,
                "UPDATE message SET modseq = ?3 WHERE mailbox = ?1 AND uid = ?2",
                params![mailbox, uid, modseq],
            )?;
        }
        Ok(())
    }
}
