//! The index of words learns texts many at a time, and is put in order while nobody writes.
//!
//! To learn a text writes a handful of pages, whether it is one text or a hundred. So a commit only
//! puts its texts into `new_words`; they are learned when some have gathered, when nobody writes,
//! and before a search for words. A text is in `new_words` or in `words`, never in both.
//!
//! What is learned together is a piece of the index, and every word looked for is looked for in every
//! piece. SQLite merges pieces while it writes, many at a time, so that a dozen lie there mostly.
//! What merges them here merges two of a size, so that each word is written as often as there are
//! sizes, and no more.

use super::{SqliteStore, execute};
use crate::store::Error;
use rusqlite::{Connection, params};
use std::time::Duration;

/// How long nobody must have written.
pub(super) const REST: Duration = Duration::from_millis(200);
/// How many pages are merged at a time: so many take few milliseconds, and who comes to write waits.
const PAGES: u32 = 64;
/// How many texts are learned at a time, for the same reason, and how many gather before that.
const TEXTS: u32 = 256;

/// Why texts can't be learned, as it was said last: who writes to a full disk hears of it each time,
/// and the log once.
#[derive(Default)]
pub(super) struct Trouble(Option<Error>);

impl Trouble {
    /// Says how learning went, if it is news.
    pub(super) fn note(&mut self, error: Option<&Error>) {
        match error {
            _ if !self.is_news(error) => {}
            Some(error) => tracing::warn!(
                %error,
                "the index of words learns nothing: until it does, searches for words that came \
                 meanwhile fail"
            ),
            None => tracing::info!("the index of words learns again"),
        }
    }

    fn is_news(&mut self, error: Option<&Error>) -> bool {
        let is_news = self.0.as_ref() != error;
        if is_news {
            self.0 = error.cloned();
        }
        is_news
    }
}

/// Puts a text aside, to be learned.
pub(super) fn add(db: &Connection, words: i64, scope: &str, text: &str) -> Result<usize, Error> {
    execute(
        db,
        "INSERT INTO new_words (words, scope, text) VALUES (?1, ?2, ?3)",
        params![words, scope, text],
    )
}

impl SqliteStore {
    /// Lets the index of words learn all that was committed before.
    pub(super) async fn learn_words(&self) -> Result<(), Error> {
        let Some(last) = self.readers.read(|db| last(db))? else {
            return Ok(());
        };
        loop {
            let some = |db: &Connection| {
                learn(db)?;
                first(db)
            };
            match self.writer.submit(0, some).await? {
                Some(first) if first <= last => {}
                _ => return Ok(()),
            }
        }
    }
}

/// The last of the texts that are to be learned, if there are any.
pub(super) fn last(db: &Connection) -> Result<Option<i64>, Error> {
    let mut statement = db.prepare_cached("SELECT max(words) FROM new_words")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The first of them.
pub(super) fn first(db: &Connection) -> Result<Option<i64>, Error> {
    let mut statement = db.prepare_cached("SELECT min(words) FROM new_words")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Whether so many are to be learned that it is time to: by their numbers, which grow.
pub(super) fn have_gathered(db: &Connection) -> Result<bool, Error> {
    let sql = "SELECT coalesce((SELECT max(words) FROM new_words)
                   - (SELECT min(words) FROM new_words), 0) >= ?1";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_row([TEXTS], |row| row.get(0))?)
}

/// Learns the oldest texts of those that wait. Says how many; it is part of the transaction at hand.
pub(super) fn learn(db: &Connection) -> Result<usize, Error> {
    execute(
        db,
        "INSERT INTO words (rowid, scope, text)
         SELECT words, scope, text FROM new_words ORDER BY words LIMIT ?1",
        [TEXTS],
    )?;
    execute(
        db,
        "DELETE FROM new_words WHERE words IN (
            SELECT words FROM new_words ORDER BY words LIMIT ?1)",
        [TEXTS],
    )
}

/// Does some of what there is to do while nobody writes: learns texts, then merges pieces. Says
/// whether there may be more.
pub(super) fn tidy(db: &Connection) -> Result<bool, Error> {
    Ok(learn_alone(db)? > 0 || merge(db)?)
}

/// Learns texts in a transaction of its own.
pub(super) fn learn_alone(db: &Connection) -> Result<usize, Error> {
    if last(db)?.is_none() {
        return Ok(0);
    }
    let tx = db.unchecked_transaction()?;
    let learned = learn(&tx)?;
    tx.commit()?;
    Ok(learned)
}

/// Merges some of what there is to merge. Says whether there may be more.
fn merge(db: &Connection) -> Result<bool, Error> {
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
    use crate::store::StoreLimits;

    #[test]
    fn many_commits_leave_few_pieces() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        db.execute_batch(include_str!("schema_3.sql")).unwrap();
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

    #[test]
    fn trouble_is_news_once() {
        let mut trouble = Trouble::default();
        let other = Error::Unavailable("x".into());
        let full = Some(&Error::Full);
        let told = [None, full, full, Some(&other), full, None, None, full];
        let news = told.map(|error| trouble.is_news(error));
        assert_eq!(news, [false, true, false, true, true, true, false, true]);
    }

    #[test]
    fn texts_are_learned_some_at_a_time() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        db.execute_batch(include_str!("schema_3.sql")).unwrap();
        let texts = i64::from(TEXTS);
        for number in 1..=texts {
            add(&db, number, "m1", "both").unwrap();
        }
        assert!(!have_gathered(&db).unwrap());
        add(&db, texts + 1, "m1", "last").unwrap();
        assert!(have_gathered(&db).unwrap());
        assert_eq!(last(&db).unwrap(), Some(texts + 1));
        let found = |wanted: &str| -> i64 {
            let sql = "SELECT count(*) FROM words WHERE words MATCH ?1";
            db.query_row(sql, [wanted], |row| row.get(0)).unwrap()
        };
        assert!(tidy(&db).unwrap());
        assert_eq!((found("both"), found("last")), (texts, 0));
        assert!(tidy(&db).unwrap());
        assert_eq!((found("last"), last(&db).unwrap()), (1, None));
        db.execute_batch("INSERT INTO words (words) VALUES ('integrity-check')")
            .unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_why_words_cannot_be_looked_for_until_there_is_space() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), "a", StoreLimits::default()).unwrap();
        let pages = async |limit: u32| {
            let set = move |db: &Connection| -> Result<u32, Error> {
                let sql = format!("PRAGMA max_page_count = {limit}");
                Ok(db.query_row(&sql, [], |row| row.get(0))?)
            };
            store.writer.submit(0, set).await.unwrap();
        };
        // Together: the writer learns when it rests, and not when the file may not grow.
        let fill = |db: &Connection| -> Result<(), Error> {
            for number in 0..200 {
                let text: String = (0..200).map(|word| format!("w{number}x{word} ")).collect();
                add(db, number, "m1", &text)?;
            }
            db.query_row("PRAGMA max_page_count = 1", [], |_| Ok(()))?;
            Ok(())
        };
        store.writer.submit(0, fill).await.unwrap();
        for _ in 0..3 {
            assert_eq!(store.learn_words().await, Err(Error::Full));
        }
        pages(1_000_000).await;
        store.learn_words().await.unwrap();
        assert_eq!(store.readers.read(|db| last(db)).unwrap(), None);
    }
}
