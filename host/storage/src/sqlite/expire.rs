//! What time removes: tombstones, kept blobs, locks, endpoints, and bodies without a link.
//!
//! Every step is a short job of the writer's, so that others write in between. What it does depends
//! on the clock alone: when the clock jumps ahead, what would have expired by then goes at once, and
//! does not come back when the clock does; when it jumps back, things live longer. Nothing that a
//! message refers to ever goes, whatever the clock says.

use super::writer::ALONE;
use super::{GRACE_MS, SqliteStore, clock, endpoint, execute, unavailable};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, params};

/// Bodies removed in one transaction: each is a call to the file system while the writer waits.
const BODIES_AT_ONCE: usize = 50;
/// Rows removed in one transaction: so many take a few milliseconds.
const ROWS_AT_ONCE: usize = 1000;
/// Bodies that came so long ago are looked at for a link: a crash may have come between a body and
/// its row. Older ones are for `check`, which looks at all.
const STRANDED_MS: i64 = 72 * 3_600_000;

impl SqliteStore {
    pub(super) async fn expire_all(&self) -> Result<(), Error> {
        let now = clock();
        let forgotten = now.saturating_sub(self.limits.tombstone_expiry_ms);
        self.rounds(move |db| forget_locks(db, now)).await?;
        self.rounds(move |db| forget_kept(db, now)).await?;
        self.rounds(move |db| forget_endpoints(db, now)).await?;
        self.rounds(move |db| forget_mailboxes(db, forgotten))
            .await?;
        self.rounds(move |db| forget_messages(db, forgotten))
            .await?;
        let bodies = self.bodies.clone();
        let stranded = tokio::task::spawn_blocking(move || bodies.all(GRACE_MS, STRANDED_MS));
        let stranded = self.orphans(stranded.await.map_err(unavailable)??)?;
        if !stranded.is_empty() {
            self.disown(stranded).await;
        }
        while self.remove_bodies(now).await? == BODIES_AT_ONCE {}
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

    /// Repeats a step until there is less to do than it does at once.
    async fn rounds(
        &self,
        step: impl Fn(&Connection) -> Result<usize, Error> + Copy + Send + 'static,
    ) -> Result<(), Error> {
        while self.writer.submit(1 << 16, step).await? == ROWS_AT_ONCE {}
        Ok(())
    }

    /// Removes bodies that lost their last link an hour ago. In a group of its own: were a change of
    /// the same group undone because its commit fails, a file would not come back.
    async fn remove_bodies(&self, now: Instant) -> Result<usize, Error> {
        let bodies = self.bodies.clone();
        self.writer
            .submit(ALONE, move |db| {
                let Some(_alone) = bodies.claim()? else {
                    tracing::debug!("bodies are not removed while a backup is made");
                    return Ok(0);
                };
                let digests = unlinked(db, now.saturating_sub(GRACE_MS))?;
                for &digest in &digests {
                    if !referenced(db, digest)? && bodies.has(digest) && !bodies.remove(digest)? {
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
                Ok(digests.len())
            })
            .await
    }

    /// Those of these bodies that nothing links and nobody remembers to remove.
    pub(super) fn orphans(&self, digests: Vec<Digest>) -> Result<Vec<Digest>, Error> {
        let waits = |db: &Connection, digest: Digest| -> Result<bool, Error> {
            Ok(db
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM unlinked WHERE digest = ?1)")?
                .query_row([digest.0], |row| row.get(0))?)
        };
        self.readers.read(|db| {
            let mut orphans = Vec::new();
            for digest in digests {
                if !waits(db, digest)? && !referenced(db, digest)? {
                    orphans.push(digest);
                }
            }
            Ok(orphans)
        })
    }
}

/// Says whether a message or a kept blob has this body.
fn referenced(db: &Connection, digest: Digest) -> Result<bool, Error> {
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

fn forget_locks(db: &Connection, now: Instant) -> Result<usize, Error> {
    execute(
        db,
        "DELETE FROM lock WHERE token IN (
            SELECT token FROM lock WHERE expires <= ?1 LIMIT ?2)",
        params![now, ROWS_AT_ONCE],
    )
}

fn forget_endpoints(db: &Connection, now: Instant) -> Result<usize, Error> {
    let which = "endpoint IN (SELECT endpoint FROM endpoint WHERE expires <= ?1 LIMIT ?2)";
    endpoint::erase(db, which, params![now, ROWS_AT_ONCE])
}

fn forget_kept(db: &Connection, now: Instant) -> Result<usize, Error> {
    // Rows are numbered, so both statements mean the same ones.
    const EXPIRED: &str = "SELECT rowid FROM kept WHERE expires <= ?1 ORDER BY expires LIMIT ?2";
    execute(
        db,
        &format!(
            "INSERT OR REPLACE INTO unlinked SELECT digest, ?1 FROM kept
             WHERE body IS NULL AND rowid IN ({EXPIRED})"
        ),
        params![now, ROWS_AT_ONCE],
    )?;
    execute(
        db,
        &format!("DELETE FROM kept WHERE rowid IN ({EXPIRED})"),
        params![now, ROWS_AT_ONCE],
    )
}

fn forget_mailboxes(db: &Connection, before: Instant) -> Result<usize, Error> {
    let mut statement = db.prepare_cached(
        "SELECT path, owner, modseq FROM mailbox_removed WHERE removed <= ?1 LIMIT ?2",
    )?;
    let gone: Vec<(String, String, Modseq)> = statement
        .query_map(params![before, ROWS_AT_ONCE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    for (path, owner, modseq) in &gone {
        execute(
            db,
            "UPDATE owner SET oldest = ?2 WHERE owner = ?1 AND oldest < ?2",
            params![owner, modseq],
        )?;
        execute(db, "DELETE FROM mailbox_removed WHERE path = ?1", [path])?;
    }
    Ok(gone.len())
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
