//! Endpoints: made, changed and removed by modules, and worked off by the host.

use super::{SqliteStore, clock, execute, json};
use crate::endpoint::*;
use crate::feed::Changed;
use crate::model::*;
use crate::path::check_principal;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Params, params};

const NAME_LEN_MAX: usize = 255;
const URL_LEN_MAX: usize = 2048;
const TOPICS_MAX: usize = 64;
const TOKEN_LEN_MAX: usize = 4 << 10;
const FIRST_LEN_MAX: usize = 4 << 10;
/// How long an endpoint may last: a place that nobody renews is not asked for ever.
const LIFE_MS_MAX: i64 = 90 * 86_400_000;

impl SqliteStore {
    pub(super) async fn write_endpoint(&self, new: NewEndpoint) -> Result<(), Error> {
        check_principal(&new.principal)?;
        check(&new.endpoint)?;
        let target = &new.target;
        if target.url.len() > URL_LEN_MAX || target.content_type.len() > NAME_LEN_MAX {
            return Err(Error::TooLarge(URL_LEN_MAX as u64));
        }
        if new.first.len() > FIRST_LEN_MAX {
            return Err(Error::TooLarge(FIRST_LEN_MAX as u64));
        }
        let bytes = FIRST_LEN_MAX + TOKEN_LEN_MAX;
        self.change_endpoint(bytes, move |db| insert(db, &new))
            .await
    }

    pub(super) async fn rewrite_endpoint(
        &self,
        principal: &str,
        module: &str,
        endpoint: &Endpoint,
    ) -> Result<(), Error> {
        check(endpoint)?;
        let (principal, module) = (principal.to_owned(), module.to_owned());
        let endpoint = endpoint.clone();
        let change = move |db: &Connection| update(db, &principal, &module, &endpoint);
        self.change_endpoint(TOKEN_LEN_MAX, change).await
    }

    /// Makes or changes an endpoint, and tells which it was.
    async fn change_endpoint(
        &self,
        bytes: usize,
        change: impl FnOnce(&Connection) -> Result<i64, Error> + Send + 'static,
    ) -> Result<(), Error> {
        let feed = self.feed.clone();
        let tell = move |id| {
            feed.tell(Changed {
                endpoints: vec![id],
                ..Changed::default()
            });
        };
        self.writer.submit_then(bytes, change, tell).await
    }

    pub(super) async fn erase_endpoint(
        &self,
        principal: &str,
        module: &str,
        name: &str,
    ) -> Result<bool, Error> {
        let keys = [principal.to_owned(), module.to_owned(), name.to_owned()];
        self.writer
            .submit(256, move |db| {
                let which = "principal = ?1 AND module = ?2 AND name = ?3";
                Ok::<_, Error>(erase(db, which, keys)? > 0)
            })
            .await
    }

    pub(super) fn read_endpoints(
        &self,
        principal: &str,
        module: &str,
    ) -> Result<Vec<Endpoint>, Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT endpoint, name, token, expires, version FROM endpoint
                 WHERE principal = ?1 AND module = ?2 AND expires > ?3 ORDER BY endpoint",
            )?;
            let rows = statement.query_map(params![principal, module, clock()], |row| {
                let endpoint = Endpoint {
                    name: row.get(1)?,
                    topics: Vec::new(),
                    token: row.get::<_, Vec<u8>>(2)?.into(),
                    expires: row.get(3)?,
                    version: row.get(4)?,
                };
                Ok((row.get(0)?, endpoint))
            })?;
            let mut endpoints = Vec::new();
            for row in rows {
                let (id, mut endpoint) = row?;
                endpoint.topics = topics(db, id)?;
                endpoints.push(endpoint);
            }
            Ok(endpoints)
        })
    }

    pub(super) fn read_endpoints_behind(
        &self,
        owners: Option<&[String]>,
    ) -> Result<Vec<(i64, Instant)>, Error> {
        const BEHIND: &str = "(first IS NOT NULL OR EXISTS (
            SELECT 1 FROM endpoint_topic t JOIN owner o USING (owner)
            WHERE t.endpoint = e.endpoint AND o.counter > t.seen))";
        let sql = match owners {
            None => format!("SELECT endpoint, due FROM endpoint e WHERE ?1 IS NULL AND {BEHIND}"),
            Some(_) => format!(
                "SELECT endpoint, due FROM endpoint e WHERE endpoint IN (
                    SELECT endpoint FROM endpoint_topic
                    WHERE owner IN (SELECT value FROM json_each(?1))) AND {BEHIND}"
            ),
        };
        let owners = owners.map(|owners| json(owners.iter().map(String::as_str)));
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map([owners], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(super) fn read_endpoint(&self, id: i64) -> Result<QueuedEndpoint, Error> {
        self.readers.read(|db| {
            let mut endpoint = db
                .prepare_cached(
                    "SELECT principal, module, name, token, expires, version, url, content_type,
                     public_key, auth_secret, server_key, first, since, due, attempts, slowed
                     FROM endpoint JOIN endpoint_target USING (endpoint)
                     WHERE endpoint = ?1 AND expires > ?2",
                )?
                .query_row(params![id, clock()], |row| queued(id, row))
                .optional()?
                .ok_or(Error::NotFound)?;
            endpoint.endpoint.topics = topics(db, id)?;
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT owner, o.counter FROM endpoint_topic t JOIN owner o USING (owner)
                 WHERE t.endpoint = ?1 AND o.counter > t.seen",
            )?;
            let behind = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            endpoint.behind = behind.collect::<Result<_, _>>()?;
            Ok(endpoint)
        })
    }

    pub(super) async fn write_posted(&self, id: i64, posted: Posted) -> Result<(), Error> {
        self.writer
            .submit(TOKEN_LEN_MAX, move |db| match &posted {
                Posted::Gone => erase(db, "endpoint = ?1", [id]).map(drop),
                Posted::Later(pace) => set_pace(db, id, pace, false),
                Posted::First(pace) => set_pace(db, id, pace, true),
                Posted::Told {
                    version,
                    since,
                    token,
                    seen,
                    pace,
                } => {
                    set_pace(db, id, pace, false)?;
                    let current = execute(
                        db,
                        "UPDATE endpoint SET version = version + 1, since = ?3, token = ?4
                         WHERE endpoint = ?1 AND version = ?2",
                        params![id, version, since, token.as_ref()],
                    )?;
                    for (owner, counter) in seen.iter().filter(|_| current > 0) {
                        execute(
                            db,
                            "UPDATE endpoint_topic SET seen = max(seen, ?3)
                             WHERE endpoint = ?1 AND owner = ?2",
                            params![id, owner, counter],
                        )?;
                    }
                    Ok(())
                }
            })
            .await
    }

    pub(super) async fn erase_endpoints_of_others(&self, server_key: Bytes) -> Result<(), Error> {
        self.writer
            .submit(1 << 16, move |db| {
                let which = "endpoint IN (
                    SELECT endpoint FROM endpoint_target WHERE server_key <> ?1)";
                erase(db, which, [server_key.as_ref()]).map(drop)
            })
            .await
    }
}

/// Removes endpoints, and overwrites what was known of them. RFC 8620 §7.2: "the server MUST
/// securely erase the URL and encryption keys from memory and storage as soon as possible".
pub(super) fn erase(db: &Connection, which: &str, params: impl Params) -> Result<usize, Error> {
    db.pragma_update(None, "secure_delete", true)?;
    let erased = execute(db, &format!("DELETE FROM endpoint WHERE {which}"), params);
    db.pragma_update(None, "secure_delete", false)?;
    erased
}

fn check(endpoint: &Endpoint) -> Result<(), Error> {
    if endpoint.name.is_empty() || endpoint.name.len() > NAME_LEN_MAX {
        return Err(Error::Invalid(format!(
            "the name of an endpoint has 1 to {NAME_LEN_MAX} bytes"
        )));
    }
    if endpoint.topics.len() > TOPICS_MAX {
        return Err(Error::TooMany(TOPICS_MAX as u64));
    }
    if endpoint.token.len() > TOKEN_LEN_MAX {
        return Err(Error::TooLarge(TOKEN_LEN_MAX as u64));
    }
    let now = clock();
    match endpoint.expires > now && endpoint.expires <= now.saturating_add(LIFE_MS_MAX) {
        true => Ok(()),
        false => Err(Error::Invalid(
            "an endpoint expires within 90 days, and not in the past".into(),
        )),
    }
}

fn insert(db: &Connection, new: &NewEndpoint) -> Result<i64, Error> {
    let (endpoint, target, now) = (&new.endpoint, &new.target, clock());
    erase(
        db,
        "principal = ?1 AND expires <= ?2",
        params![new.principal, now],
    )?;
    let known: usize = db
        .prepare_cached("SELECT count(*) FROM endpoint WHERE principal = ?1")?
        .query_row([&new.principal], |row| row.get(0))?;
    if known >= ENDPOINTS_MAX {
        return Err(Error::TooMany(ENDPOINTS_MAX as u64));
    }
    let first = Some(new.first.as_ref()).filter(|first| !first.is_empty());
    let made = execute(
        db,
        "INSERT INTO endpoint (principal, module, name, token, expires, first, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        params![
            new.principal,
            new.module,
            endpoint.name,
            endpoint.token.as_ref(),
            endpoint.expires,
            first,
            now
        ],
    )?;
    if made == 0 {
        return Err(Error::Exists);
    }
    let id = db.last_insert_rowid();
    execute(
        db,
        "INSERT INTO endpoint_target VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            target.url,
            target.content_type,
            target.keys.as_ref().map(|keys| keys.public_key.as_ref()),
            target.keys.as_ref().map(|keys| keys.auth_secret.as_ref()),
            target.server_key.as_ref()
        ],
    )?;
    watch(db, id, &endpoint.topics)?;
    Ok(id)
}

fn update(
    db: &Connection,
    principal: &str,
    module: &str,
    endpoint: &Endpoint,
) -> Result<i64, Error> {
    let known: Option<(i64, u64)> = db
        .prepare_cached(
            "SELECT endpoint, version FROM endpoint
             WHERE principal = ?1 AND module = ?2 AND name = ?3 AND expires > ?4",
        )?
        .query_row(params![principal, module, endpoint.name, clock()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (id, version) = known.ok_or(Error::NotFound)?;
    if version != endpoint.version {
        return Err(Error::Conflict);
    }
    execute(
        db,
        "UPDATE endpoint SET version = version + 1, token = ?2, expires = ?3 WHERE endpoint = ?1",
        params![id, endpoint.token.as_ref(), endpoint.expires],
    )?;
    watch(db, id, &endpoint.topics)?;
    Ok(id)
}

/// Sets what an endpoint waits for. What it waited for already keeps what was told of it; of the
/// rest nothing was, so that the module is asked once: it may have looked before this.
fn watch(db: &Connection, id: i64, wanted: &[Topic]) -> Result<(), Error> {
    for topic in topics(db, id)? {
        if !wanted.contains(&topic) {
            let (owner, path) = columns(&topic);
            execute(
                db,
                "DELETE FROM endpoint_topic WHERE endpoint = ?1 AND owner = ?2 AND path = ?3",
                params![id, owner, path],
            )?;
        }
    }
    for topic in wanted {
        let (owner, path) = columns(topic);
        execute(
            db,
            "INSERT INTO endpoint_topic VALUES (?1, ?2, ?3, 0) ON CONFLICT DO NOTHING",
            params![id, owner, path],
        )?;
    }
    Ok(())
}

fn columns(topic: &Topic) -> (&str, String) {
    match topic {
        Topic::Owner(_) => (topic.owner(), String::new()),
        Topic::Mailbox(path) => (topic.owner(), path.encode()),
    }
}

fn topics(db: &Connection, id: i64) -> Result<Vec<Topic>, Error> {
    let mut statement =
        db.prepare_cached("SELECT owner, path FROM endpoint_topic WHERE endpoint = ?1")?;
    let rows = statement.query_map([id], |row| {
        let path: String = row.get(1)?;
        Ok(match path.is_empty() {
            true => Topic::Owner(row.get(0)?),
            false => Topic::Mailbox(Path::decode(&path)),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn queued(id: i64, row: &rusqlite::Row<'_>) -> rusqlite::Result<QueuedEndpoint> {
    let bytes = |at| -> rusqlite::Result<Option<Bytes>> {
        Ok(row.get::<_, Option<Vec<u8>>>(at)?.map(Bytes::from))
    };
    let keys = bytes(8)?.zip(bytes(9)?);
    Ok(QueuedEndpoint {
        id,
        principal: row.get(0)?,
        module: row.get(1)?,
        endpoint: Endpoint {
            name: row.get(2)?,
            topics: Vec::new(),
            token: bytes(3)?.unwrap_or_default(),
            expires: row.get(4)?,
            version: row.get(5)?,
        },
        target: EndpointTarget {
            url: row.get(6)?,
            content_type: row.get(7)?,
            keys: keys.map(|(public_key, auth_secret)| EndpointKeys {
                public_key,
                auth_secret,
            }),
            server_key: bytes(10)?.unwrap_or_default(),
        },
        first: bytes(11)?,
        since: row.get(12)?,
        behind: Vec::new(),
        pace: Pace {
            due: row.get(13)?,
            attempts: row.get(14)?,
            slowed: row.get(15)?,
        },
    })
}

fn set_pace(db: &Connection, id: i64, pace: &Pace, first_is_out: bool) -> Result<(), Error> {
    execute(
        db,
        "UPDATE endpoint SET due = ?2, attempts = ?3, slowed = ?4,
            first = iif(?5, NULL, first) WHERE endpoint = ?1",
        params![id, pace.due, pace.attempts, pace.slowed, first_is_out],
    )?;
    Ok(())
}
