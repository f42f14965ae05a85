//! The directory: principals, their addresses and what their passwords are checked against.

use super::{SqliteStore, endpoint, execute};
use crate::model::*;
use crate::path::check_principal;
use crate::store::Error;
use rusqlite::{Connection, OptionalExtension, params};

const SEARCH_MAX: u32 = 1000;

/// What is forgotten with a principal, beside its mailboxes.
const TRACES: &[&str] = &[
    "DELETE FROM acl WHERE kind IN (2, 3) AND name = ?1",
    "DELETE FROM subscription WHERE principal = ?1",
    "DELETE FROM lock WHERE principal = ?1",
    "DELETE FROM timer WHERE principal = ?1",
    "DELETE FROM letter WHERE principal = ?1",
    "DELETE FROM delivery WHERE recipient = ?1",
    "DELETE FROM parcel WHERE ?1 <> '' AND parcel NOT IN (SELECT parcel FROM delivery)",
    "INSERT OR REPLACE INTO unlinked SELECT digest, unixepoch() * 1000 FROM kept
        WHERE principal = ?1 AND body IS NULL",
    "DELETE FROM kept WHERE principal = ?1",
    "DELETE FROM annotation WHERE principal = ?1",
    "DELETE FROM private_state WHERE principal = ?1",
    "UPDATE message SET private = private - 1 WHERE (mailbox, uid) IN (
        SELECT mailbox, uid FROM private_change WHERE principal = ?1)",
    "DELETE FROM private_change WHERE principal = ?1",
    "DELETE FROM member WHERE grp = ?1 OR member = ?1",
    "DELETE FROM address WHERE principal = ?1",
    "DELETE FROM principal WHERE id = ?1",
];

impl SqliteStore {
    pub(super) fn read_principal(&self, id: &str) -> Result<Principal, Error> {
        self.readers.read(|db| load(db, id)?.ok_or(Error::NotFound))
    }

    pub(super) fn read_principal_by_address(&self, address: &str) -> Result<Principal, Error> {
        self.readers.read(|db| {
            let id: String = db
                .prepare_cached("SELECT principal FROM address WHERE folded = ?1")?
                .query_row([address.to_lowercase()], |row| row.get(0))
                .optional()?
                .ok_or(Error::NotFound)?;
            load(db, &id)?.ok_or(Error::NotFound)
        })
    }

    pub(super) fn read_principals(
        &self,
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Principal>, Error> {
        if limit > SEARCH_MAX {
            return Err(Error::TooMany(SEARCH_MAX.into()));
        }
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id FROM principal p WHERE id > ?1 AND (?2 IS NULL OR kind = ?2)
                 AND (?3 = '' OR instr(folded, ?3) > 0 OR EXISTS (
                    SELECT 1 FROM address a WHERE a.principal = p.id AND instr(a.folded, ?3) > 0))
                 ORDER BY id LIMIT ?4",
            )?;
            let ids: Vec<String> = statement
                .query_map(
                    params![
                        after.unwrap_or(""),
                        kind.map(kind_column),
                        text.to_lowercase(),
                        limit
                    ],
                    |row| row.get(0),
                )?
                .collect::<Result<_, _>>()?;
            ids.iter()
                .filter_map(|id| load(db, id).transpose())
                .collect()
        })
    }

    pub(super) async fn write_principal(&self, principal: &Principal) -> Result<(), Error> {
        check_principal(&principal.id)?;
        let name = &principal.display_name;
        if name.len() > 255 || name.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "a display name has at most 255 bytes and no control characters".into(),
            ));
        }
        let principal = principal.clone();
        self.writer
            .submit(1024, move |db| put(db, &principal))
            .await
    }

    pub(super) async fn erase_principal(&self, id: &str) -> Result<(), Error> {
        let id = id.to_owned();
        let (limits, bodies, faults) = (
            self.limits.clone(),
            self.bodies.clone(),
            self.faults.clone(),
        );
        self.writer
            .submit(1 << 20, move |db| {
                if load(db, &id)?.is_none() {
                    return Err(Error::NotFound);
                }
                let actor = Actor {
                    principal: Some(id.clone()),
                    ..Actor::default()
                };
                let scene = super::batch::Scene {
                    actor: &actor,
                    limits: &limits,
                    bodies: &bodies,
                    faults: &faults,
                };
                super::batch::delete_all_of(db, &scene, &id)?;
                for sql in TRACES {
                    execute(db, sql, [&id])?;
                }
                endpoint::erase(db, "principal = ?1", [&id])?;
                Ok(())
            })
            .await
    }

    pub(super) fn read_credentials(&self, id: &str) -> Result<Credentials, Error> {
        self.readers.read(|db| {
            db.prepare_cached(
                "SELECT argon2id, scram_sha_256, scram_sha_1 FROM principal WHERE id = ?1",
            )?
            .query_row([id], |row| {
                Ok(Credentials {
                    argon2id: row.get(0)?,
                    scram_sha_256: row.get(1)?,
                    scram_sha_1: row.get(2)?,
                })
            })
            .optional()?
            .ok_or(Error::NotFound)
        })
    }

    pub(super) async fn write_credentials(
        &self,
        id: &str,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        let (id, credentials) = (id.to_owned(), credentials.clone());
        self.writer
            .submit(1024, move |db| {
                let changed = execute(
                    db,
                    "UPDATE principal SET argon2id = ?2, scram_sha_256 = ?3, scram_sha_1 = ?4
                     WHERE id = ?1",
                    params![
                        id,
                        credentials.argon2id,
                        credentials.scram_sha_256,
                        credentials.scram_sha_1
                    ],
                )?;
                if changed == 0 {
                    return Err(Error::NotFound);
                }
                // RFC 8620 §7.2: "Should these credentials expire or be revoked, the push
                // subscription MUST be destroyed".
                endpoint::erase(db, "principal = ?1", [&id])?;
                Ok(())
            })
            .await
    }
}

fn kind_column(kind: Kind) -> u8 {
    match kind {
        Kind::User => 0,
        Kind::Group => 1,
        Kind::Room => 2,
        Kind::Resource => 3,
    }
}

/// Whether there is such a principal.
pub(super) fn is_principal(db: &Connection, id: &str) -> Result<bool, Error> {
    Ok(db
        .prepare_cached("SELECT 1 FROM principal WHERE id = ?1")?
        .exists([id])?)
}

/// A principal with its addresses.
pub(super) fn load(db: &Connection, id: &str) -> Result<Option<Principal>, Error> {
    let found: Option<(u8, String)> = db
        .prepare_cached("SELECT kind, display_name FROM principal WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((kind, display_name)) = found else {
        return Ok(None);
    };
    let addresses = db
        .prepare_cached("SELECT address FROM address WHERE principal = ?1 ORDER BY position")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Principal {
        id: id.to_owned(),
        kind: match kind {
            0 => Kind::User,
            1 => Kind::Group,
            2 => Kind::Room,
            _ => Kind::Resource,
        },
        display_name,
        addresses,
    }))
}

/// Creates or replaces; `Exists` if another principal has one of the addresses.
fn put(db: &Connection, principal: &Principal) -> Result<(), Error> {
    let folded = format!("{}\n{}", principal.id, principal.display_name).to_lowercase();
    execute(
        db,
        "INSERT INTO principal (id, kind, display_name, folded) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET kind = excluded.kind,
            display_name = excluded.display_name, folded = excluded.folded",
        params![
            principal.id,
            kind_column(principal.kind),
            principal.display_name,
            folded
        ],
    )?;
    execute(
        db,
        "DELETE FROM address WHERE principal = ?1",
        [&principal.id],
    )?;
    for (position, address) in principal.addresses.iter().enumerate() {
        let folded = address.to_lowercase();
        execute(
            db,
            "INSERT INTO address VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![folded, address, principal.id, position],
        )?;
        let taken: String = db
            .prepare_cached("SELECT principal FROM address WHERE folded = ?1")?
            .query_row([folded], |row| row.get(0))?;
        if taken != principal.id {
            return Err(Error::Exists);
        }
    }
    Ok(())
}
