//! What an actor may do: grants, negative ones, the owner's and the administrator's own rights.
//! RFC 4314 §2.

use super::execute;
use super::readers::View;
use crate::model::{Actor, Grant, Identifier, MailboxId, Rights};
use crate::store::Error;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use std::rc::Rc;

/// What an administrator may do everywhere, as in Cyrus.
const ADMIN: Rights =
    Rights(Rights::LOOKUP.0 | Rights::ADMINISTER.0 | Rights::CREATE.0 | Rights::DELETE_MAILBOX.0);
/// What an owner never loses.
const OWNER: Rights = Rights(Rights::LOOKUP.0 | Rights::ADMINISTER.0);

/// A mailbox and what the actor may do there.
pub(super) struct Access {
    pub(super) path: String,
    pub(super) owner: String,
    pub(super) rights: Rights,
}

/// Makes sure that the mailbox is there and the actor has these rights on it.
pub(super) fn access(
    db: &View<'_>,
    actor: &Actor,
    mailbox: MailboxId,
    needed: Rights,
) -> Result<Rc<Access>, Error> {
    let access = match db.access(actor, mailbox) {
        Some(access) => access,
        None => {
            let access = Rc::new(read_access(db, actor, mailbox)?);
            db.remember(actor, mailbox, access.clone());
            access
        }
    };
    need(access.rights, needed)?;
    Ok(access)
}

fn read_access(db: &Connection, actor: &Actor, mailbox: MailboxId) -> Result<Access, Error> {
    let mut statement = db.prepare_cached(
        "SELECT a.kind, a.name, a.negative, a.rights, m.path, m.owner
         FROM mailbox m LEFT JOIN acl a USING (mailbox) WHERE m.mailbox = ?1",
    )?;
    let mut rows = statement.query([mailbox])?;
    let mut tally = Tally::default();
    let mut found = None;
    while let Some(row) = rows.next()? {
        if found.is_none() {
            found = Some((row.get(4)?, row.get::<_, String>(5)?));
        }
        // A mailbox without grants is one row without one.
        if row.get_ref(0)? != ValueRef::Null {
            tally.add_row(actor, row)?;
        }
    }
    let (path, owner) = found.ok_or(Error::NotFound)?;
    Ok(Access {
        rights: tally.rights(actor, &owner),
        path,
        owner,
    })
}

/// Refuses what lacks rights: as if there were nothing without `lookup`.
pub(super) fn need(rights: Rights, needed: Rights) -> Result<(), Error> {
    if !rights.contains(Rights::LOOKUP) {
        Err(Error::NotFound)
    } else if !rights.contains(needed) {
        Err(Error::Forbidden(needed & !rights))
    } else {
        Ok(())
    }
}

/// What the actor may do in a mailbox of this owner.
pub(super) fn effective(
    db: &Connection,
    actor: &Actor,
    mailbox: MailboxId,
    owner: &str,
) -> Result<Rights, Error> {
    let mut statement =
        db.prepare_cached("SELECT kind, name, negative, rights FROM acl WHERE mailbox = ?1")?;
    let mut rows = statement.query([mailbox])?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        tally.add_row(actor, row)?;
    }
    Ok(tally.rights(actor, owner))
}

impl Actor {
    /// What the actor may do in a mailbox of this owner (empty for none) that has these grants.
    pub fn rights_by(&self, owner: &str, grants: &[Grant]) -> Rights {
        let mut tally = Tally::default();
        for grant in grants {
            let (kind, name) = columns(&grant.identifier);
            tally.add(self, kind, name, grant.negative, grant.rights.0);
        }
        tally.rights(self, owner)
    }
}

#[derive(Default)]
struct Tally {
    given: u32,
    taken: u32,
    taken_by_name: u32,
}

impl Tally {
    /// A row of kind, name, negative and rights.
    fn add_row(&mut self, actor: &Actor, row: &Row<'_>) -> Result<(), Error> {
        let name = row.get_ref(1)?.as_str().unwrap_or_default();
        self.add(actor, row.get(0)?, name, row.get(2)?, row.get(3)?);
        Ok(())
    }

    fn add(&mut self, actor: &Actor, kind: u8, name: &str, negative: bool, rights: u32) {
        let principal = actor.principal.as_deref();
        let matches = match kind {
            0 => true,
            1 => principal.is_some(),
            2 => principal == Some(name),
            _ => actor.groups.iter().any(|group| group == name),
        };
        match (matches, negative) {
            (false, _) => {}
            (true, false) => self.given |= rights,
            (true, true) => self.taken |= rights,
        }
        if matches && negative && kind == 2 {
            self.taken_by_name |= rights;
        }
    }

    fn rights(&self, actor: &Actor, owner: &str) -> Rights {
        let owns = !owner.is_empty() && actor.principal.as_deref() == Some(owner);
        // What is taken from groups or everyone is not meant for the owner.
        let own = if owns {
            (Rights::ALL & !Rights(self.taken_by_name)) | OWNER
        } else {
            Rights(self.given) & !Rights(self.taken)
        };
        if actor.admin { own | ADMIN } else { own }
    }
}

/// The grants of a mailbox.
pub(super) fn grants(db: &Connection, mailbox: MailboxId) -> Result<Vec<Grant>, Error> {
    let mut statement =
        db.prepare_cached("SELECT kind, name, negative, rights FROM acl WHERE mailbox = ?1")?;
    let rows = statement.query_map([mailbox], |row| {
        Ok(Grant {
            identifier: identifier(row.get(0)?, row.get(1)?),
            negative: row.get(2)?,
            rights: Rights(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces the grants of a mailbox.
pub(super) fn set_grants(
    db: &Connection,
    mailbox: MailboxId,
    grants: &[Grant],
) -> Result<(), Error> {
    execute(db, "DELETE FROM acl WHERE mailbox = ?1", [mailbox])?;
    for grant in grants {
        let (kind, name) = columns(&grant.identifier);
        execute(
            db,
            "INSERT INTO acl VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET rights = rights | excluded.rights",
            params![
                mailbox,
                kind,
                name,
                grant.negative,
                (grant.rights & Rights::ALL).0
            ],
        )?;
    }
    Ok(())
}

fn columns(identifier: &Identifier) -> (u8, &str) {
    match identifier {
        Identifier::Anyone => (0, ""),
        Identifier::Authenticated => (1, ""),
        Identifier::Principal(id) => (2, id),
        Identifier::Group(id) => (3, id),
    }
}

fn identifier(kind: u8, name: String) -> Identifier {
    match kind {
        0 => Identifier::Anyone,
        1 => Identifier::Authenticated,
        2 => Identifier::Principal(name),
        _ => Identifier::Group(name),
    }
}

/// Writes grants into one column, for tombstones.
pub(super) fn pack(grants: &[Grant]) -> String {
    grants
        .iter()
        .map(|grant| {
            let (kind, name) = columns(&grant.identifier);
            let negative = u8::from(grant.negative);
            format!("{kind} {negative} {} {name}\n", grant.rights.0)
        })
        .collect()
}

/// Reads what `pack` wrote.
pub(super) fn unpack(text: &str) -> Vec<Grant> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.splitn(4, ' ');
            let kind = words.next()?.parse().ok()?;
            let negative = words.next()? == "1";
            let rights = Rights(words.next()?.parse().ok()?);
            Some(Grant {
                identifier: identifier(kind, words.next()?.to_owned()),
                rights,
                negative,
            })
        })
        .collect()
}
