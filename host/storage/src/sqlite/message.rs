//! Reading messages: listings, changes, single ones. Their bytes are read in [`super::content`].

use super::entry::{Filling, REMOVED, entry, message};
use super::mailbox::principal;
use super::rights::access;
use super::{PAGE_MAX, SqliteStore};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

/// Messages by uid.
const LIST: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid > ?3 ORDER BY m.uid"
);

/// The same where nobody has anything of his own: what need not be asked for each.
const LIST_SHARED: &str = concat!(
    "SELECT ",
    entry!("m.modseq", "m.shared"),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid > ?3 AND ?2 IS NOT NULL ORDER BY m.uid"
);

/// Messages changed after ?3, those that moved for this principal alone, and tombstones; each part
/// comes from an index in the order of the whole.
const CHANGES: &str = concat!(
    "SELECT ",
    entry!("m.modseq"),
    ", 0 FROM message m WHERE m.mailbox = ?1 AND m.modseq > ?3
        AND NOT (m.private > 0 AND EXISTS (SELECT 1 FROM private_change p
            WHERE p.mailbox = ?1 AND p.uid = m.uid AND p.principal = ?2
            AND p.modseq > m.modseq))
     UNION ALL
     SELECT ",
    entry!("q.modseq"),
    ", 0 FROM private_change q JOIN message m
        ON m.mailbox = q.mailbox AND m.uid = q.uid AND q.modseq > m.modseq
        WHERE q.mailbox = ?1 AND q.principal = ?2 AND q.modseq > ?3
     UNION ALL
     SELECT uid, modseq, 0, 0, 0, 0, zeroblob(32), 0, name, NULL, NULL, 1 FROM removed
        WHERE mailbox = ?1 AND modseq > ?3 AND ?3 > 0
     ORDER BY 2, 1"
);

/// One message.
const BY_NAME: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.name = ?3"
);
const BY_UID: &str = concat!(
    "SELECT ",
    entry!(),
    " FROM message m WHERE m.mailbox = ?1 AND m.uid = ?3"
);

impl SqliteStore {
    pub(super) fn read_list(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        after: Uid,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        let limit = limit.min(PAGE_MAX) as usize;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            let list = if has_private(db, mailbox)? {
                LIST
            } else {
                LIST_SHARED
            };
            let mut statement = db.prepare_cached(list)?;
            let mut rows = statement.query(params![mailbox, principal(actor), after])?;
            let mut filling = Filling::new(fields);
            while let Some(row) = rows.next()? {
                if filling.page.entries.len() >= limit {
                    filling.page.more = true;
                    break;
                }
                filling.push(row, false)?;
            }
            Ok(filling.page)
        })
    }

    pub(super) fn read_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            remembered(db, mailbox, since)?;
            let mut statement = db.prepare_cached(CHANGES)?;
            let mut rows = statement.query(params![mailbox, principal(actor), since])?;
            let mut filling = Filling::new(fields);
            while let Some(row) = rows.next()? {
                let page = &mut filling.page;
                let modseq: Modseq = row.get(1)?;
                // Changes that share a modseq stay together: the caller goes on after a modseq. A
                // batch takes a new one after every thousand, so a page stays bounded.
                let last = page.entries.last().map(|entry| entry.modseq);
                if page.entries.len() >= limit && last != Some(modseq) {
                    page.more = true;
                    break;
                }
                filling.push(row, row.get(REMOVED)?)?;
            }
            Ok(filling.page)
        })
    }

    pub(super) fn read_find(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        names: &[String],
    ) -> Result<Vec<Option<Message>>, Error> {
        few(names.len())?;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            names
                .iter()
                .map(|name| one(db, actor, mailbox, BY_NAME, name))
                .collect()
        })
    }

    pub(super) fn read_get(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<Vec<Message>, Error> {
        few(uids.len())?;
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            uids.iter()
                .filter_map(|uid| one(db, actor, mailbox, BY_UID, uid).transpose())
                .collect()
        })
    }
}

pub(super) fn few(count: usize) -> Result<(), Error> {
    if count > PAGE_MAX as usize {
        return Err(Error::TooMany(PAGE_MAX.into()));
    }
    Ok(())
}

/// Refuses a modseq from before what is remembered of a mailbox, or from the future.
fn remembered(db: &Connection, mailbox: MailboxId, since: Modseq) -> Result<(), Error> {
    if since == 0 {
        return Ok(());
    }
    let (oldest, counter): (Modseq, Modseq) = db
        .prepare_cached(
            "SELECT m.oldest, o.counter FROM mailbox m JOIN owner o USING (owner)
             WHERE m.mailbox = ?1",
        )?
        .query_row([mailbox], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if since < oldest || since > counter {
        return Err(Error::TooOld);
    }
    Ok(())
}

/// Whether anyone has annotations of his own in a mailbox.
fn has_private(db: &Connection, mailbox: MailboxId) -> Result<bool, Error> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM private_change WHERE mailbox = ?1)")?
        .query_row([mailbox], |row| row.get(0))?)
}

fn one(
    db: &Connection,
    actor: &Actor,
    mailbox: MailboxId,
    sql: &str,
    key: &dyn ToSql,
) -> Result<Option<Message>, Error> {
    Ok(db
        .prepare_cached(sql)?
        .query_row(params![mailbox, principal(actor), key], message)
        .optional()?)
}
