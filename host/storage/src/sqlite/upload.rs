//! Blobs on their way in: taken in, kept, opened again.

use super::blob::Memory;
use super::mailbox::principal;
use super::rights::effective;
use super::{SMALL_MAX, SqliteStore, clock, execute};
use crate::model::*;
use crate::store::{ByteStream, Error};
use bytes::Bytes;
use futures_util::StreamExt;
use rusqlite::{Connection, OptionalExtension, params};

impl SqliteStore {
    pub(super) async fn take_in(
        &self,
        actor: &Actor,
        mut bytes: ByteStream,
        size_max: u64,
    ) -> Result<Blob, Error> {
        let size_max = size_max.min(self.limits.message_size_max);
        let mut small = Vec::new();
        let mut staging = None;
        let mut size = 0;
        while let Some(piece) = bytes.next().await {
            let piece = piece?;
            size += piece.len() as u64;
            if size > size_max {
                return Err(Error::TooLarge(size_max));
            }
            if staging.is_none() && size > SMALL_MAX as u64 {
                self.check_allowance(actor)?;
                let mut begun = self.bodies.stage().await?;
                begun.write(std::mem::take(&mut small).into()).await?;
                staging = Some(begun);
            }
            match &mut staging {
                Some(staging) => staging.write(piece).await?,
                None => small.extend_from_slice(&piece),
            }
        }
        match staging {
            Some(staging) => self.bodies.finish(staging).await,
            None => {
                let digest = Digest::of(&small);
                Ok(Memory::blob(small.into(), digest))
            }
        }
    }

    /// Takes in bytes that are at hand.
    pub(super) async fn take_in_bytes(&self, bytes: Bytes) -> Result<Blob, Error> {
        if bytes.len() <= SMALL_MAX {
            let digest = Digest::of(&bytes);
            return Ok(Memory::blob(bytes, digest));
        }
        let mut staging = self.bodies.stage().await?;
        staging.write(bytes).await?;
        self.bodies.finish(staging).await
    }

    /// Refuses to take more in from who has used up the allowance.
    fn check_allowance(&self, actor: &Actor) -> Result<(), Error> {
        let kept = self
            .readers
            .read(|db| kept_bytes(db, principal(actor), clock()))?;
        if kept >= self.limits.upload_allowance {
            return Err(Error::OverQuota(0));
        }
        Ok(())
    }

    pub(super) async fn write_kept(&self, actor: &Actor, blob: &Blob) -> Result<(), Error> {
        if actor.read_only {
            return Err(Error::Forbidden(Rights::INSERT));
        }
        if blob.digest == Digest::default() {
            // A header or a whole message: linked, and as durable as its message.
            return Ok(());
        }
        let (digest, size, body) = (blob.digest, blob.size, blob.inline.clone());
        if body.is_none() {
            self.bodies.settle(digest).await?;
        }
        let owner = principal(actor).to_owned();
        let (limits, bodies) = (self.limits.clone(), self.bodies.clone());
        let bytes = body.as_ref().map_or(256, Bytes::len);
        let kept = self
            .writer
            .submit(bytes, move |db| {
                let now = clock();
                let others = kept_bytes_but(db, &owner, digest, now)?;
                if others + size > limits.upload_allowance {
                    let left = limits.upload_allowance.saturating_sub(others);
                    return Err(Error::OverQuota(left));
                }
                if body.is_none() && !bodies.has(digest) {
                    return Err(Error::NotFound);
                }
                execute(
                    db,
                    "INSERT OR REPLACE INTO kept VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        owner,
                        digest.0,
                        size,
                        body.as_deref(),
                        now.saturating_add(limits.upload_expiry_ms)
                    ],
                )?;
                Ok(())
            })
            .await;
        if kept.is_err() && blob.inline.is_none() {
            self.disown(vec![digest]).await;
        }
        kept
    }

    /// Remembers bodies that came into place for nothing, so that they are removed in time.
    pub(super) async fn disown(&self, digests: Vec<Digest>) {
        let result: Result<(), Error> = self
            .writer
            .submit(256, move |db| {
                for digest in digests {
                    execute(
                        db,
                        "INSERT OR REPLACE INTO unlinked VALUES (?1, ?2)",
                        params![digest.0, clock()],
                    )?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = result {
            tracing::warn!(%error, "unlinked bodies stay until the store is checked");
        }
    }

    pub(super) async fn read_blob(&self, actor: &Actor, digest: Digest) -> Result<Blob, Error> {
        if digest == Digest::default() {
            return Err(Error::NotFound);
        }
        let bytes = self
            .readers
            .read(|db| match kept(db, principal(actor), digest)? {
                Some(kept) => Ok(kept),
                None => linked(db, actor, digest)?.ok_or(Error::NotFound),
            })?;
        match bytes {
            Some(bytes) => Ok(Memory::blob(bytes, digest)),
            None => self.bodies.blob(digest).await,
        }
    }
}

fn kept_bytes(db: &Connection, owner: &str, now: Instant) -> Result<u64, Error> {
    kept_bytes_but(db, owner, Digest::default(), now)
}

fn kept_bytes_but(
    db: &Connection,
    owner: &str,
    digest: Digest,
    now: Instant,
) -> Result<u64, Error> {
    // When a row expires stands behind its body, which is read only as far as it must be: so all are
    // summed, and those that have expired, which an index knows, are taken away.
    Ok(db
        .prepare_cached(
            "SELECT (SELECT coalesce(sum(size), 0) FROM kept
                     WHERE principal = ?1 AND digest <> ?2)
                  - (SELECT coalesce(sum(size), 0) FROM kept INDEXED BY kept_expires
                     WHERE expires <= ?3 AND principal = ?1 AND digest <> ?2)",
        )?
        .query_row(params![owner, digest.0, now], |row| row.get(0))?)
}

/// Whether there is a kept blob, and its bytes if they are in the row.
fn kept(db: &Connection, owner: &str, digest: Digest) -> Result<Option<Option<Bytes>>, Error> {
    Ok(db
        .prepare_cached(
            "SELECT body FROM kept WHERE principal = ?1 AND digest = ?2 AND expires > ?3",
        )?
        .query_row(params![owner, digest.0, clock()], |row| {
            Ok(row.get::<_, Option<Vec<u8>>>(0)?.map(Bytes::from))
        })
        .optional()?)
}

/// The same of the body of a message that the actor may read.
fn linked(db: &Connection, actor: &Actor, digest: Digest) -> Result<Option<Option<Bytes>>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT m.mailbox, b.owner, m.content FROM message m JOIN mailbox b USING (mailbox)
         WHERE m.digest = ?1",
    )?;
    let mut rows = statement.query([digest.0])?;
    while let Some(row) = rows.next()? {
        let owner: String = row.get(1)?;
        let rights = effective(db, actor, row.get(0)?, &owner)?;
        if rights.contains(Rights::LOOKUP | Rights::READ) {
            let content: i64 = row.get(2)?;
            return Ok(db
                .prepare_cached("SELECT body FROM content WHERE content = ?1")?
                .query_row([content], |row| {
                    Ok(row.get::<_, Option<Vec<u8>>>(0)?.map(Bytes::from))
                })
                .optional()?);
        }
    }
    Ok(None)
}
