//! What owners use and may use. RFC 9208.

use super::rights::access;
use super::{SqliteStore, execute};
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

impl SqliteStore {
    pub(super) fn read_usage(&self, actor: &Actor, mailbox: MailboxId) -> Result<Usage, Error> {
        self.readers.read(|db| {
            let place = access(db, actor, mailbox, Rights::LOOKUP)?;
            usage(db, &self.limits, &place.owner)
        })
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
