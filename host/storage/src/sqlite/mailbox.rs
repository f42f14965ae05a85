//! Reading what is known of mailboxes.

use super::rights::{Access, access, effective, need, unpack};
use super::{PAGE_MAX, SqliteStore};
use crate::model::*;
use crate::path::tree_end;
use crate::store::Error;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use std::rc::Rc;

/// What a status is made of; ?1 is the principal, whose private annotations move its own state.
macro_rules! statuses {
    ($which:literal) => {
        concat!(
            "SELECT m.mailbox, m.path, m.id, m.type, m.owner, m.uid_next, m.messages, m.bytes,
                m.created, m.placed,
                max(m.modseq, coalesce((SELECT max(p.modseq) FROM private_change p
                    WHERE p.mailbox = m.mailbox AND p.principal = ?1), 0)),
                max(o.modseq, coalesce((SELECT s.modseq FROM private_state s
                    WHERE s.owner = m.owner AND s.principal = ?1), 0))
             FROM mailbox m JOIN owner o USING (owner) WHERE ",
            $which
        )
    };
}

fn status(db: &Connection, actor: &Actor, row: &Row<'_>) -> Result<Status, Error> {
    let mailbox = row.get(0)?;
    let owner: String = row.get(4)?;
    let rights = effective(db, actor, mailbox, &owner)?;
    Ok(Status {
        mailbox,
        path: Path::decode(row.get_ref(1)?.as_str().unwrap_or_default()),
        id: row.get(2)?,
        mailbox_type: row.get(3)?,
        owner: (!owner.is_empty()).then_some(owner),
        rights,
        modseq: row.get(10)?,
        owner_modseq: row.get(11)?,
        placed_modseq: row.get(9)?,
        uid_next: row.get(5)?,
        messages: row.get(6)?,
        bytes: row.get(7)?,
        created: row.get(8)?,
    })
}

/// The name by which an actor's private rows are found; anonymous has none.
pub(super) fn principal(actor: &Actor) -> &str {
    actor.principal.as_deref().unwrap_or("")
}

impl SqliteStore {
    pub(super) fn read_open(&self, actor: &Actor, path: &Path) -> Result<Status, Error> {
        path.check()?;
        self.read_status(actor, statuses!("m.path = ?2"), &path.encode())
    }

    pub(super) fn read_status_of(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
    ) -> Result<Status, Error> {
        self.read_status(actor, statuses!("m.mailbox = ?2"), &mailbox)
    }

    fn read_status(&self, actor: &Actor, sql: &str, key: &dyn ToSql) -> Result<Status, Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query(params![principal(actor), key])?;
            let row = rows.next()?.ok_or(Error::NotFound)?;
            let status = status(db, actor, row)?;
            need(status.rights, Rights::LOOKUP)?;
            let access = Access {
                path: row.get(1)?,
                owner: row.get(4)?,
                rights: status.rights,
            };
            db.remember(actor, status.mailbox, Rc::new(access));
            Ok(status)
        })
    }

    pub(super) fn read_mailboxes(
        &self,
        actor: &Actor,
        scope: &ListScope,
        mailbox_type: Option<&str>,
        after: Option<&Path>,
        limit: u32,
    ) -> Result<Vec<Status>, Error> {
        if limit > PAGE_MAX {
            return Err(Error::TooMany(PAGE_MAX.into()));
        }
        let after = after.map(Path::encode).unwrap_or_default();
        let groups = super::json(actor.groups.iter().map(String::as_str));
        let (which, low, high) = match scope {
            ListScope::Children(path) => (
                "m.above = ?4 AND ?5 IS NOT NULL",
                path.encode(),
                String::new(),
            ),
            ListScope::Tree(path) => {
                let root = path.encode();
                let end = tree_end(&root);
                ("m.path > ?4 AND m.path < ?5", root, end)
            }
            ListScope::Shared if actor.admin => (
                "m.owner <> ?1 AND ?4 IS NOT NULL AND ?5 IS NOT NULL",
                String::new(),
                String::new(),
            ),
            ListScope::Shared => (
                "m.owner <> ?1 AND m.mailbox IN (
                    SELECT mailbox FROM acl WHERE kind = 0
                    UNION SELECT mailbox FROM acl WHERE kind = 1 AND ?4 <> ''
                    UNION SELECT mailbox FROM acl WHERE kind = 2 AND name = ?4
                    UNION SELECT mailbox FROM acl WHERE kind = 3
                        AND name IN (SELECT value FROM json_each(?5)))",
                principal(actor).to_owned(),
                groups,
            ),
            ListScope::Subscribed => (
                "m.mailbox IN (SELECT mailbox FROM subscription WHERE principal = ?4)
                 AND ?5 IS NOT NULL",
                principal(actor).to_owned(),
                String::new(),
            ),
        };
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                concat!(
                    statuses!("{}"),
                    " AND m.path > ?2 AND (?3 IS NULL OR m.type = ?3) ORDER BY m.path"
                ),
                which
            ))?;
            let mut rows =
                statement.query(params![principal(actor), after, mailbox_type, low, high])?;
            let mut found = Vec::new();
            while found.len() < limit as usize
                && let Some(row) = rows.next()?
            {
                let status = status(db, actor, row)?;
                if status.rights.contains(Rights::LOOKUP) {
                    found.push(status);
                }
            }
            Ok(found)
        })
    }

    pub(super) fn read_mailbox_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>, Error> {
        self.readers.read(|db| {
            let root = access(db, actor, mailbox, Rights::LOOKUP)?;
            if since > 0 {
                remembered(db, &root.owner, since)?;
            }
            let mut found = changed(db, actor, &root.path, deep, since)?;
            if since > 0 {
                found.extend(removed(db, actor, &root.path, deep, since)?);
            }
            found.sort_by(|a, b| (a.modseq, &a.path).cmp(&(b.modseq, &b.path)));
            cut(&mut found, limit);
            Ok(found)
        })
    }
}

/// Refuses a modseq from before what is remembered of an owner's mailboxes, or from the future.
fn remembered(db: &Connection, owner: &str, since: Modseq) -> Result<(), Error> {
    let (oldest, counter): (Modseq, Modseq) = db
        .prepare_cached("SELECT oldest, counter FROM owner WHERE owner = ?1")?
        .query_row([owner], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default();
    if since < oldest || since > counter {
        return Err(Error::TooOld);
    }
    Ok(())
}

fn changed(
    db: &Connection,
    actor: &Actor,
    root: &str,
    deep: bool,
    since: Modseq,
) -> Result<Vec<MailboxChange>, Error> {
    let mut statement = db.prepare_cached(if deep {
        statuses!("m.path > ?2 AND m.path < ?3")
    } else {
        statuses!("m.above = ?2 AND ?3 IS NOT NULL")
    })?;
    let mut rows = statement.query(params![principal(actor), root, tree_end(root)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let modseq: Modseq = row.get(10)?;
        if modseq <= since {
            continue;
        }
        let status = status(db, actor, row)?;
        if status.rights.contains(Rights::LOOKUP) {
            found.push(MailboxChange {
                path: status.path,
                id: status.id,
                modseq,
                removed: false,
            });
        }
    }
    Ok(found)
}

fn removed(
    db: &Connection,
    actor: &Actor,
    root: &str,
    deep: bool,
    since: Modseq,
) -> Result<Vec<MailboxChange>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT path, id, modseq, owner, grants FROM mailbox_removed
         WHERE path > ?1 AND path < ?2 AND (?3 OR above = ?1) AND modseq > ?4",
    )?;
    let mut rows = statement.query(params![root, tree_end(root), deep, since])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let owner: String = row.get(3)?;
        let grants = unpack(row.get_ref(4)?.as_str().unwrap_or_default());
        if actor.rights_by(&owner, &grants).contains(Rights::LOOKUP) {
            found.push(MailboxChange {
                path: Path::decode(row.get_ref(0)?.as_str().unwrap_or_default()),
                id: row.get(1)?,
                modseq: row.get(2)?,
                removed: true,
            });
        }
    }
    Ok(found)
}

/// Cuts at the limit, but never between changes that share a modseq: the caller could not go on.
fn cut(found: &mut Vec<MailboxChange>, limit: u32) {
    let limit = limit.clamp(1, PAGE_MAX) as usize;
    if let Some(last) = found.get(limit - 1).map(|change| change.modseq) {
        let end = found.partition_point(|change| change.modseq <= last);
        found.truncate(end);
    }
}
