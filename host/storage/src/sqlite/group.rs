//! Groups and who is in them.

use super::directory::load;
use super::{SqliteStore, execute};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, params};

/// All groups around a principal; UNION makes it end even if a group contained itself.
const AROUND: &str = "WITH RECURSIVE around (grp) AS (
        SELECT grp FROM member WHERE member = ?1
        UNION SELECT m.grp FROM member m JOIN around a ON m.member = a.grp)
    SELECT grp FROM around ORDER BY grp";

impl SqliteStore {
    pub(super) fn read_members(&self, group: &str) -> Result<Vec<String>, Error> {
        self.readers.read(|db| {
            load(db, group)?.ok_or(Error::NotFound)?;
            names(
                db,
                "SELECT member FROM member WHERE grp = ?1 ORDER BY member",
                group,
            )
        })
    }

    pub(super) fn read_groups(&self, id: &str) -> Result<Vec<String>, Error> {
        self.readers.read(|db| {
            load(db, id)?.ok_or(Error::NotFound)?;
            names(db, AROUND, id)
        })
    }

    pub(super) async fn write_members(&self, group: &str, members: &[String]) -> Result<(), Error> {
        let (group, members) = (group.to_owned(), members.to_vec());
        self.writer
            .submit(256 + 64 * members.len(), move |db| {
                if load(db, &group)?.ok_or(Error::NotFound)?.kind != Kind::Group {
                    return Err(Error::Invalid(format!("{group} is not a group")));
                }
                execute(db, "DELETE FROM member WHERE grp = ?1", [&group])?;
                for member in &members {
                    if load(db, member)?.is_none() {
                        return Err(Error::Invalid(format!("there is no principal {member}")));
                    }
                    execute(
                        db,
                        "INSERT OR IGNORE INTO member VALUES (?1, ?2)",
                        params![group, member],
                    )?;
                }
                if names(db, AROUND, &group)?.contains(&group) {
                    return Err(Error::Invalid(format!("{group} would contain itself")));
                }
                Ok(())
            })
            .await
    }
}

fn names(db: &Connection, sql: &str, key: &str) -> Result<Vec<String>, Error> {
    Ok(db
        .prepare_cached(sql)?
        .query_map([key], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}
