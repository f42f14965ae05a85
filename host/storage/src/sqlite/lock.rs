//! Reading locks.

use super::rights::access;
use super::{SqliteStore, clock, json};
use crate::model::*;
use crate::path::{child, lineage, tree_end};
use crate::store::Error;
use rusqlite::{Connection, Params, Row, params};

/// The row of a lock, with the column of its mailbox's path.
pub(super) struct Held {
    pub(super) token: String,
    pub(super) mailbox: MailboxId,
    pub(super) path: String,
    pub(super) name: Option<String>,
    pub(super) exclusive: bool,
    pub(super) deep: bool,
    pub(super) owner: Vec<u8>,
    pub(super) principal: String,
    pub(super) expires: Instant,
}

const COLUMNS: &str = "l.token, l.mailbox, m.path, l.name, l.exclusive, l.deep, l.owner,
    l.principal, l.expires FROM lock l JOIN mailbox m USING (mailbox)";

/// Whether there are locks at all. Mostly there are none, and this costs less than looking for some.
pub(super) fn exist(db: &Connection) -> Result<bool, Error> {
    let mut statement = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM lock)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// All locks on and in the mailboxes of these paths that have not ended.
pub(super) fn on_paths(
    db: &Connection,
    paths: &[String],
    now: Instant,
) -> Result<Vec<Held>, Error> {
    held(
        db,
        "l.expires > ?1 AND m.path IN (SELECT value FROM json_each(?2))",
        params![now, json(paths.iter().map(|path| path.as_str()))],
    )
}

/// All locks on and in the mailboxes of a tree that have not ended.
pub(super) fn in_tree(db: &Connection, path: &str, now: Instant) -> Result<Vec<Held>, Error> {
    held(
        db,
        "l.expires > ?1 AND m.path >= ?2 AND m.path < ?3",
        params![now, path, tree_end(path)],
    )
}

fn held(db: &Connection, which: &str, params: impl Params) -> Result<Vec<Held>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE {which} ORDER BY m.path, l.name, l.token");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params, |row: &Row<'_>| {
        Ok(Held {
            token: row.get(0)?,
            mailbox: row.get(1)?,
            path: row.get(2)?,
            name: row.get(3)?,
            exclusive: row.get(4)?,
            deep: row.get(5)?,
            owner: row.get(6)?,
            principal: row.get(7)?,
            expires: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl From<Held> for Lock {
    fn from(held: Held) -> Self {
        Self {
            token: held.token,
            mailbox: Path::decode(&held.path),
            name: held.name,
            exclusion: if held.exclusive {
                Exclusion::Exclusive
            } else {
                Exclusion::Shared
            },
            deep: held.deep,
            owner: held.owner.into(),
            principal: (!held.principal.is_empty()).then_some(held.principal),
            expires: held.expires,
        }
    }
}

impl SqliteStore {
    pub(super) fn read_locks(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        name: Option<&str>,
        below: bool,
    ) -> Result<Vec<Lock>, Error> {
        let now = clock();
        self.readers.read(|db| {
            let place = access(db, actor, mailbox, Rights::LOOKUP)?;
            if !db.has_locks()? {
                return Ok(Vec::new());
            }
            let root = match name {
                Some(name) => child(&place.path, name),
                None => place.path.clone(),
            };
            let mut found: Vec<Held> = on_paths(db, &lineage(&root), now)?
                .into_iter()
                .filter(|lock| match &lock.name {
                    Some(locked) => child(&lock.path, locked) == root,
                    None => lock.deep || lock.path == root,
                })
                .collect();
            if below {
                for lock in in_tree(db, &root, now)? {
                    if !found.iter().any(|known| known.token == lock.token) {
                        found.push(lock);
                    }
                }
            }
            Ok(found.into_iter().map(Lock::from).collect())
        })
    }
}
