//! Messages that the host has to have indexed: those without keys, and, until they are done, those
//! whose keys were made by an older version of their module's rule.

use super::batch::{Scene, index};
use super::content::contents;
use super::rights::access;
use super::{PAGE_MAX, SqliteStore, execute};
use crate::feed::Changed;
use crate::model::*;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

/// Of one mailbox, or of all of a type from one on, by mailbox and uid: `{}` is which messages.
const SELECT: &str = "SELECT b.mailbox, m.uid, b.owner, m.content_type, m.created
    FROM mailbox b CROSS JOIN message m
    WHERE b.type = ?1 AND b.mailbox >= ?2 AND b.mailbox <= ?3 AND m.mailbox = b.mailbox
        AND m.uid > CASE WHEN b.mailbox = ?2 THEN ?4 ELSE 0 END AND {}
    ORDER BY b.mailbox, m.uid LIMIT ?5";

impl SqliteStore {
    pub(super) fn read_unindexed(
        &self,
        wanted: &Wanted,
        after: (MailboxId, Uid),
        limit: u32,
    ) -> Result<Vec<Unindexed>, Error> {
        let (first, last) = match wanted.mailbox {
            Some(mailbox) => (mailbox, mailbox),
            None => (after.0, MailboxId::MAX),
        };
        let above = if first == after.0 { after.1 } else { 0 };
        self.readers.read(|db| {
            let done = done(db, &wanted.mailbox_type)?;
            let these: Vec<String> = wanted.uids.iter().map(Uid::to_string).collect();
            let which = match wanted.mailbox.is_some() || done >= wanted.keys_version {
                // In this form it is the index of them that is gone through.
                _ if !these.is_empty() => "m.uid IN (SELECT value FROM json_each(?6))".to_owned(),
                true => "m.keys_version = 0 AND ?6 != ''".to_owned(),
                false => format!("m.keys_version < {} AND ?6 != ''", wanted.keys_version),
            };
            let sql = SELECT.replace("{}", &which);
            let mut statement = db.prepare_cached(&sql)?;
            let limit = limit.min(PAGE_MAX);
            let these = format!("[{}]", these.join(","));
            let rows = statement.query_map(
                params![wanted.mailbox_type, first, last, above, limit, these],
                |row| {
                    Ok(Unindexed {
                        mailbox: row.get(0)?,
                        uid: row.get(1)?,
                        owner: row.get(2)?,
                        content_type: row.get(3)?,
                        created: row.get(4)?,
                    })
                },
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(super) fn tell_outreached(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        reach: i64,
    ) -> Result<(), Error> {
        if uids.len() > PAGE_MAX as usize {
            return Err(Error::TooMany(PAGE_MAX.into()));
        }
        let mailbox_type = self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            let mut statement = db.prepare_cached("SELECT type FROM mailbox WHERE mailbox = ?1")?;
            Ok(statement.query_row([mailbox], |row| row.get(0))?)
        })?;
        self.feed.tell(Changed {
            outreached: vec![Outreached {
                mailbox,
                mailbox_type,
                uids: uids.to_vec(),
                reach,
            }],
            ..Changed::default()
        });
        Ok(())
    }

    pub(super) async fn read_beginning(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        len_max: usize,
    ) -> Result<Bytes, Error> {
        let stored = self.readers.read(|db| {
            let found = contents(db, mailbox, &[uid], Part::Whole, u64::MAX)?;
            found.into_iter().flatten().next().ok_or(Error::NotFound)
        })?;
        let room = len_max.saturating_sub(stored.header.len());
        let body = match stored.body {
            Some(body) => body,
            None => {
                let blob = self.bodies.blob(stored.digest).await?;
                let all = usize::try_from(blob.size).unwrap_or(usize::MAX);
                blob.source.read(0, all.min(room)).await?
            }
        };
        let body = body.get(..room).unwrap_or(&body);
        Ok([stored.header.as_ref(), body].concat().into())
    }

    pub(super) async fn write_indexed(&self, made: Vec<Indexed>) -> Result<(), Error> {
        let (limits, bodies, faults) = (
            self.limits.clone(),
            self.bodies.clone(),
            self.faults.clone(),
        );
        let bytes = made.iter().map(|one| 64 * one.keys.len() + 256).sum();
        let feed = self.feed.clone();
        let work = move |db: &Connection| {
            let actor = Actor::default();
            let scene = Scene {
                actor: &actor,
                limits: &limits,
                bodies: &bodies,
                faults: &faults,
            };
            index(db, &scene, &made)
        };
        let tell = move |changed| feed.tell(changed);
        self.writer.submit_then(bytes, work, tell).await
    }

    pub(super) async fn write_done(&self, mailbox_type: &str, version: u32) -> Result<(), Error> {
        if self.readers.read(|db| done(db, mailbox_type))? >= version {
            return Ok(());
        }
        let mailbox_type = mailbox_type.to_owned();
        self.writer
            .submit(256, move |db| {
                execute(
                    db,
                    "INSERT INTO indexed VALUES (?1, ?2)
                     ON CONFLICT DO UPDATE SET version = max(version, excluded.version)",
                    params![mailbox_type, version],
                )?;
                Ok(())
            })
            .await
    }
}

/// Up to which version all messages of a type have keys, but those that have none.
fn done(db: &Connection, mailbox_type: &str) -> Result<u32, Error> {
    let found = db
        .prepare_cached("SELECT version FROM indexed WHERE type = ?1")?
        .query_row([mailbox_type], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}
