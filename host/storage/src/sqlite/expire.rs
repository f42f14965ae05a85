//! What time removes: tombstones, kept blobs, locks, and bodies without a link.

use super::{GRACE_MS, SqliteStore, clock, execute, unavailable};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, params};

/// Bodies removed in one transaction: each is a call to the file system while the writer waits.
const BODIES_AT_ONCE: u32 = 200;
/// Tombstones removed in one transaction.
const ROWS_AT_ONCE: u32 = 10_000;

impl SqliteStore {
    pub(super) async fn expire_all(&self) -> Result<(), Error> {
        let now = clock();
        let forgotten = now.saturating_sub(self.limits.tombstone_expiry_ms);
        self.writer
            .submit(1 << 16, move |db| {
                execute(db, "DELETE FROM lock WHERE expires <= ?1", [now])?;
                execute(
                    db,
                    "INSERT OR IGNORE INTO unlinked SELECT digest, ?1 FROM kept
                     WHERE expires <= ?1 AND body IS NULL",
                    [now],
                )?;
                execute(db, "DELETE FROM kept WHERE expires <= ?1", [now])?;
                forget_mailboxes(db, forgotten)
            })
            .await?;
        while self
            .writer
            .submit(1 << 20, move |db| forget_messages(db, forgotten))
            .await?
            == ROWS_AT_ONCE as usize
        {}
        loop {
            let bodies = self.bodies.clone();
            let more = self
                .writer
                .submit(1 << 16, move |db| {
                    let digests = unlinked(db, now.saturating_sub(GRACE_MS))?;
                    for &digest in &digests {
                        if !referenced(db, digest)?
                            && bodies.has(digest)
                            && !bodies.remove(digest)?
                        {
                            // It came again just now: ask again in an hour.
                            execute(
                                db,
                                "UPDATE unlinked SET since = ?2 WHERE digest = ?1",
                                params![digest.0, now],
                            )?;
                            continue;
                        }
                        execute(db, "DELETE FROM unlinked WHERE digest = ?1", [digest.0])?;
                    }
                    Ok::<_, Error>(digests.len() == BODIES_AT_ONCE as usize)
                })
                .await?;
            if !more {
                break;
            }
        }
        // Nothing takes longer to come in than an upload lives.
        let age = self.limits.upload_expiry_ms.max(24 * GRACE_MS);
        let bodies = self.bodies.clone();
        tokio::task::spawn_blocking(move || {
            bodies.sweep(age)?;
            bodies.recount()
        })
        .await
        .map_err(unavailable)?
    }
}

/// Says whether a message or a kept blob has this body.
pub(super) fn referenced(db: &Connection, digest: Digest) -> Result<bool, Error> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE digest = ?1)
             OR EXISTS (SELECT 1 FROM kept WHERE digest = ?1)",
        )?
        .query_row([digest.0], |row| row.get(0))?)
}

fn unlinked(db: &Connection, before: Instant) -> Result<Vec<Digest>, Error> {
    Ok(db
        .prepare_cached("SELECT digest FROM unlinked WHERE since <= ?1 LIMIT ?2")?
        .query_map(params![before, BODIES_AT_ONCE], |row| {
            row.get(0).map(Digest)
        })?
        .collect::<Result<_, _>>()?)
}

fn forget_mailboxes(db: &Connection, before: Instant) -> Result<(), Error> {
    execute(
        db,
        "UPDATE owner SET oldest = max(owner.oldest, gone.modseq) FROM (
            SELECT owner, max(modseq) AS modseq FROM mailbox_removed
            WHERE removed <= ?1 GROUP BY owner) gone
         WHERE owner.owner = gone.owner",
        [before],
    )?;
    execute(
        db,
        "DELETE FROM mailbox_removed WHERE removed <= ?1",
        [before],
    )?;
    Ok(())
}

fn forget_messages(db: &Connection, before: Instant) -> Result<usize, Error> {
    let mut statement =
        db.prepare_cached("SELECT mailbox, modseq, uid FROM removed WHERE removed <= ?1 LIMIT ?2")?;
    let gone: Vec<(MailboxId, Modseq, Uid)> = statement
        .query_map(params![before, ROWS_AT_ONCE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    for (mailbox, modseq, uid) in &gone {
        execute(
            db,
            "UPDATE mailbox SET oldest = ?2 WHERE mailbox = ?1 AND oldest < ?2",
            params![mailbox, modseq],
        )?;
        execute(
            db,
            "DELETE FROM removed WHERE mailbox = ?1 AND modseq = ?2 AND uid = ?3",
            params![mailbox, modseq, uid],
        )?;
    }
    Ok(gone.len())
}
