//! The index of words is put in order while nobody writes.
//!
//! Every commit adds a piece to it, and every word looked for is looked for in every piece. SQLite
//! merges pieces while it writes, many at a time, so that a dozen lie there mostly. What merges them
//! here merges two of a size, so that each word is written as often as there are sizes, and no more.

use super::execute;
use crate::store::Error;
use rusqlite::Connection;
use std::time::Duration;

/// How long nobody must have written.
pub(super) const REST: Duration = Duration::from_millis(200);
/// How many pages are merged at a time: so many take few milliseconds, and who comes to write waits.
const PAGES: u32 = 64;

/// Merges some of what there is to merge. Says whether there may be more.
pub(super) fn merge(db: &Connection) -> Result<bool, Error> {
    let before = db.total_changes();
    execute(
        db,
        "INSERT INTO words (words, rank) VALUES ('merge', ?1)",
        [PAGES],
    )?;
    // The statement itself counts as a change; more are pages.
    Ok(db.total_changes() - before >= 2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn many_commits_leave_few_pieces() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        for number in 0..500 {
            let text = format!("both w{number}");
            db.execute("INSERT INTO words (scope, text) VALUES ('m1', ?1)", [text])
                .unwrap();
        }
        let pieces = || -> u32 {
            let sql = "SELECT count(DISTINCT segid) FROM words_idx";
            db.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let found = |wanted: &str| -> u32 {
            let sql = "SELECT count(*) FROM words WHERE words MATCH ?1";
            db.query_row(sql, [wanted], |row| row.get(0)).unwrap()
        };
        let before = pieces();
        let mut rounds = 0;
        while merge(&db).unwrap() {
            rounds += 1;
            assert!(rounds < 100);
        }
        assert!(before > 4 && pieces() <= 4, "{before} became {}", pieces());
        assert_eq!(found("both"), 500);
        assert_eq!(found("w77 AND scope : m1"), 1);
        db.execute_batch("INSERT INTO words (words) VALUES ('integrity-check')")
            .unwrap();
    }
}
