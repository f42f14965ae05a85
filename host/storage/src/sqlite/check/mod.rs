//! `chapar check`: rows against each other, bytes against their digests, and bodies against links.
//!
//! Repairs recompute what follows from other rows and remove what nothing refers to. Bytes that are
//! gone or altered can't be repaired: they are named, to be restored from a backup.

mod rules;

use super::{GRACE_MS, SMALL_MAX, SqliteStore, clock, execute, unavailable};
use crate::model::*;
use crate::store::{CheckReport, Error};
use bytes::Bytes;
use futures_util::StreamExt;
use rules::RULES;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

/// Messages whose bytes are verified in one read.
const PAGE: u32 = 64;

impl SqliteStore {
    pub(super) async fn check_all(&self, repair: bool) -> Result<CheckReport, Error> {
        let (file, rows) = self
            .readers
            .read_afresh(|db| Ok((check_file(db)?, check_rows(db, false)?)))?;
        let words = file.iter().any(|wrong| wrong.contains("words"));
        let mut report = rows;
        if repair && (words || !report.problems.is_empty()) {
            // In the writer's thread: nothing changes between what it sees and what it repairs.
            report = self
                .writer
                .submit(1 << 20, move |db| {
                    let mut report = check_rows(db, true)?;
                    if words {
                        execute(db, "INSERT INTO words (words) VALUES ('rebuild')", [])?;
                        report.repaired.push("rebuilt the index of words".into());
                    }
                    Ok::<_, Error>(report)
                })
                .await?;
        }
        report.problems.extend(file);
        self.check_bytes(&mut report).await?;
        self.check_kept(&mut report)?;
        self.check_orphans(&mut report, repair).await?;
        Ok(report)
    }

    async fn check_bytes(&self, report: &mut CheckReport) -> Result<(), Error> {
        let mut after = (0, 0);
        loop {
            let page = self.readers.read(|db| messages_after(db, after))?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.mailbox, last.uid);
            for message in page {
                report.messages += 1;
                if let Some(wrong) = self.wrong_bytes(&message).await? {
                    // It may have been replaced since it was read.
                    if self.readers.read(|db| is_there(db, &message))? {
                        let (path, uid) = (message.path.replace('\u{1}', "/"), message.uid);
                        report
                            .problems
                            .push(format!("message {uid} in {path} {wrong}"));
                    }
                }
                report.bodies += 1;
            }
        }
    }

    /// Says what is wrong with the bytes of a message.
    async fn wrong_bytes(&self, message: &Checked) -> Result<Option<&'static str>, Error> {
        let digest = match &message.body {
            Some(body) => Digest::of(body),
            None if message.size <= SMALL_MAX as u64 => {
                return Ok(Some("has lost its body: restore it from a backup"));
            }
            None => match self.bodies.blob(message.digest).await {
                Err(_) => return Ok(Some("has lost its body: restore blobs/ from a backup")),
                Ok(blob) => hash(&blob).await?,
            },
        };
        Ok((digest != message.digest)
            .then_some("has another body than was put: restore it from a backup"))
    }

    fn check_kept(&self, report: &mut CheckReport) -> Result<(), Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT principal, digest FROM kept WHERE body IS NULL AND expires > ?1",
            )?;
            let mut rows = statement.query([clock()])?;
            while let Some(row) = rows.next()? {
                if !self.bodies.has(row.get(1).map(Digest)?) {
                    let principal: String = row.get(0)?;
                    report
                        .problems
                        .push(format!("a blob kept by {principal} has lost its bytes"));
                }
            }
            Ok(())
        })
    }

    /// Bodies that nothing links and nobody remembers to remove, as a crash may leave them.
    async fn check_orphans(&self, report: &mut CheckReport, repair: bool) -> Result<(), Error> {
        let orphans = self.orphans(self.bodies.all(GRACE_MS, i64::MAX)?)?;
        if orphans.is_empty() {
            return Ok(());
        }
        let count = orphans.len();
        report
            .problems
            .push(format!("{count} bodies in blobs/ belong to no message"));
        if repair {
            self.disown(orphans).await;
            report
                .repaired
                .push(format!("{count} bodies will be removed within two hours"));
        }
        Ok(())
    }
}

/// What SQLite itself finds wrong with its file.
fn check_file(db: &Connection) -> Result<Vec<String>, Error> {
    let mut found = sentences(db, "SELECT integrity_check FROM pragma_integrity_check")?;
    found.retain(|sentence| sentence != "ok");
    found.extend(sentences(
        db,
        "SELECT 'a row of ' || \"table\" || ' refers to none of ' || parent
         FROM pragma_foreign_key_check",
    )?);
    Ok(found)
}

fn check_rows(db: &Connection, repair: bool) -> Result<CheckReport, Error> {
    let mut report = CheckReport::default();
    for rule in RULES {
        let found = sentences(db, rule.problem)?;
        if found.is_empty() {
            continue;
        }
        report.problems.extend(found);
        if repair && !rule.repair.is_empty() {
            for sql in rule.repair {
                execute(db, sql, [])?;
            }
            report.repaired.push(rule.repaired.to_owned());
        }
    }
    Ok(report)
}

fn sentences(db: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.take(1000).collect::<Result<_, _>>()?)
}

struct Checked {
    mailbox: MailboxId,
    uid: Uid,
    path: String,
    size: u64,
    digest: Digest,
    body: Option<Bytes>,
}

fn messages_after(db: &Connection, after: (MailboxId, Uid)) -> Result<Vec<Checked>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT m.mailbox, m.uid, b.path, m.size, m.digest, c.body
         FROM message m JOIN mailbox b USING (mailbox) JOIN content c USING (content)
         WHERE (m.mailbox, m.uid) > (?1, ?2) ORDER BY m.mailbox, m.uid LIMIT ?3",
    )?;
    let rows = statement.query_map(params![after.0, after.1, PAGE], |row| {
        Ok(Checked {
            mailbox: row.get(0)?,
            uid: row.get(1)?,
            path: row.get(2)?,
            size: row.get(3)?,
            digest: Digest(row.get(4)?),
            body: row.get::<_, Option<Vec<u8>>>(5)?.map(Bytes::from),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_there(db: &Connection, message: &Checked) -> Result<bool, Error> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message
             WHERE mailbox = ?1 AND uid = ?2 AND digest = ?3)",
        )?
        .query_row(
            params![message.mailbox, message.uid, message.digest.0],
            |row| row.get(0),
        )?)
}

async fn hash(blob: &Blob) -> Result<Digest, Error> {
    let mut pieces = blob.source.clone().stream(0, blob.size);
    let mut hash = Sha256::new();
    while let Some(piece) = pieces.next().await {
        hash.update(piece.map_err(unavailable)?);
    }
    Ok(Digest(hash.finalize().into()))
}
