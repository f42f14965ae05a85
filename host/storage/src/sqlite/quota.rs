//! What owners use and may use. RFC 9208.

use super::rights::access;
use super::{PAGE_MAX, SqliteStore, execute};
use crate::model::*;
use crate::store::{Error, StoreLimits};
use rusqlite::{Connection, OptionalExtension, params};

/// What an owner uses and may use now.
pub(super) fn usage(db: &Connection, limits: &StoreLimits, owner: &str) -> Result<Usage, Error> {
    let default = Usage {
        bytes_limit: limits.quota_bytes,
        messages_limit: limits.quota_messages,
        ..Usage::default()
    };
    let found = db
        .prepare_cached(
            "SELECT bytes, messages, limited, bytes_limit, messages_limit FROM owner
             WHERE owner = ?1",
        )?
        .query_row([owner], |row| {
            let usage = Usage {
                bytes: row.get(0)?,
                messages: row.get(1)?,
                ..default
            };
            if !row.get::<_, bool>(2)? {
                return Ok(usage);
            }
            Ok(Usage {
                bytes_limit: row.get(3)?,
                messages_limit: row.get(4)?,
                ..usage
            })
        })
        .optional()?;
    Ok(found.unwrap_or(default))
}

/// Counts what comes, or goes if it is negative; refuses what comes past a limit.
pub(super) fn charge(usage: &mut Usage, bytes: i64, messages: i64) -> Result<(), Error> {
    for (used, limit, more) in [
        (usage.bytes, usage.bytes_limit, bytes),
        (usage.messages, usage.messages_limit, messages),
    ] {
        if let Some(limit) = limit
            && more > 0
            && used.saturating_add_signed(more) > limit
        {
            return Err(Error::OverQuota(limit.saturating_sub(used)));
        }
    }
    usage.bytes = usage.bytes.saturating_add_signed(bytes);
    usage.messages = usage.messages.saturating_add_signed(messages);
    Ok(())
}

/// What an owner uses by what is there; the limits stay.
fn counted(db: &Connection, owner: &str, remembered: Usage) -> Result<Usage, Error> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(sum(m.size + m.header_size), 0), count(*)
             FROM mailbox b JOIN message m USING (mailbox) WHERE b.owner = ?1",
        )?
        .query_row([owner], |row| {
            Ok(Usage {
                bytes: row.get(0)?,
                messages: row.get(1)?,
                ..remembered
            })
        })?)
}

impl SqliteStore {
    pub(super) fn read_usage(&self, actor: &Actor, mailbox: MailboxId) -> Result<Usage, Error> {
        self.readers.read(|db| {
            let place = access(db, actor, mailbox, Rights::LOOKUP)?;
            usage(db, &self.limits, &place.owner)
        })
    }

    pub(super) fn read_usages(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Usage)>, Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT owner FROM owner WHERE ?1 IS NULL OR owner > ?1 ORDER BY owner LIMIT ?2",
            )?;
            let owners = statement.query_map(params![after, limit.min(PAGE_MAX)], |row| row.get(0));
            owners?
                .map(|owner| {
                    let owner: String = owner?;
                    let usage = usage(db, &self.limits, &owner)?;
                    Ok((owner, usage))
                })
                .collect()
        })
    }

    pub(super) async fn count_usage(&self, owner: &str) -> Result<(Usage, Usage), Error> {
        let compare = |db: &Connection| -> Result<(Usage, Usage), Error> {
            let before = usage(db, &self.limits, owner)?;
            Ok((before, counted(db, owner, before)?))
        };
        let (before, after) = self.readers.read(|db| compare(db))?;
        if before == after {
            return Ok((before, after));
        }
        // It is not the owner's sum alone that may be wrong, but those of mailboxes, too.
        let (owner, limits) = (owner.to_owned(), self.limits.clone());
        self.writer
            .submit(1 << 16, move |db| {
                let before = usage(db, &limits, &owner)?;
                execute(
                    db,
                    "UPDATE mailbox SET messages = (
                        SELECT count(*) FROM message m WHERE m.mailbox = mailbox.mailbox),
                     bytes = (SELECT coalesce(sum(m.size + m.header_size), 0) FROM message m
                        WHERE m.mailbox = mailbox.mailbox) WHERE owner = ?1",
                    [&owner],
                )?;
                let after = counted(db, &owner, before)?;
                execute(
                    db,
                    "UPDATE owner SET bytes = ?2, messages = ?3 WHERE owner = ?1",
                    params![owner, after.bytes, after.messages],
                )?;
                Ok((before, after))
            })
            .await
    }

    pub(super) async fn write_quota(
        &self,
        owner: &str,
        bytes: Option<u64>,
        messages: Option<u64>,
    ) -> Result<(), Error> {
        let owner = owner.to_owned();
        self.writer
            .submit(256, move |db| {
                execute(
                    db,
                    "INSERT INTO owner (owner, limited, bytes_limit, messages_limit)
                     VALUES (?1, 1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET limited = 1, bytes_limit = excluded.bytes_limit,
                        messages_limit = excluded.messages_limit",
                    params![owner, bytes, messages],
                )?;
                Ok(())
            })
            .await
    }
}
