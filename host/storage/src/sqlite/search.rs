//! Searching by keys: a query becomes one statement whose conditions each read one range of an
//! index.

use super::content::Stored;
use super::entry::{entry, message};
use super::mailbox::principal;
use super::readers::View;
use super::rights::{access, effective};
use super::{PAGE_MAX, READ_MAX, SqliteStore};
use crate::model::*;
use crate::path::tree_end;
use crate::store::Error;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

const TERMS_MAX: usize = 64;

impl SqliteStore {
    pub(super) async fn read_search(
        &self,
        actor: &Actor,
        scope: SearchScope,
        query: &Query,
    ) -> Result<Results, Error> {
        let terms = query.all_of.iter().map(Vec::len).sum::<usize>() + query.order.len();
        if query.limit > PAGE_MAX || terms > TERMS_MAX {
            let limit = if terms > TERMS_MAX {
                TERMS_MAX as u64
            } else {
                PAGE_MAX.into()
            };
            return Err(Error::TooMany(limit));
        }
        if query
            .all_of
            .iter()
            .flatten()
            .any(|term| matches!(term.test, Test::Words(_)))
        {
            self.learn_words().await?;
        }
        let (found, more) = self.readers.read(|db| {
            let mailboxes = mailboxes(db, actor, scope)?;
            let in_tree = matches!(scope, SearchScope::Tree(_));
            let statement = Statement::new(&mailboxes, actor, in_tree, query)?;
            hits(db, &statement, query)
        })?;
        let mut results = Results {
            found: Vec::with_capacity(found.len()),
            more,
        };
        for Hit {
            mailbox,
            message,
            stored,
        } in found
        {
            let body = match (stored, query.body) {
                (Some(stored), Some(part)) => Some(self.whole(stored, part).await?),
                _ => None,
            };
            results.found.push(Found {
                mailbox,
                message,
                body,
            });
        }
        Ok(results)
    }
}

struct Hit {
    mailbox: Path,
    message: Message,
    stored: Option<Stored>,
}

/// The mailboxes to look in, as the actor may.
fn mailboxes(db: &View<'_>, actor: &Actor, scope: SearchScope) -> Result<Vec<MailboxId>, Error> {
    let root = match scope {
        SearchScope::Mailbox(mailbox) => {
            access(db, actor, mailbox, Rights::READ)?;
            return Ok(vec![mailbox]);
        }
        SearchScope::Tree(root) => access(db, actor, root, Rights::LOOKUP)?.path.clone(),
    };
    let mut statement = db.prepare_cached(
        "SELECT mailbox, owner FROM mailbox WHERE path >= ?1 AND path < ?2 ORDER BY path",
    )?;
    let mut rows = statement.query(params![root, tree_end(&root)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (mailbox, owner): (MailboxId, String) = (row.get(0)?, row.get(1)?);
        if effective(db, actor, mailbox, &owner)?.contains(Rights::LOOKUP | Rights::READ) {
            found.push(mailbox);
        }
    }
    Ok(found)
}

fn hits(db: &Connection, statement: &Statement, query: &Query) -> Result<(Vec<Hit>, bool), Error> {
    let mut prepared = db.prepare_cached(&statement.sql)?;
    let mut rows = prepared.query(params_from_iter(&statement.values))?;
    let mut found: Vec<Hit> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if found.len() >= query.limit as usize {
            return Ok((found, true));
        }
        let message = message(row)?;
        let mut stored = None;
        if let Some(part) = query.body {
            let more = part.of(message.header_size.into(), message.size);
            if bytes + more > READ_MAX as u64 && !found.is_empty() {
                return Ok((found, true));
            }
            // One that is too large by itself comes without its bytes.
            if more <= READ_MAX as u64 {
                bytes += more;
                stored = Some(Stored::of_row(row, 12, part, message.digest)?);
            } else {
                bytes = READ_MAX as u64;
            }
        }
        found.push(Hit {
            mailbox: Path::decode(row.get_ref(11)?.as_str().unwrap_or_default()),
            message,
            stored,
        });
    }
    Ok((found, false))
}

/// A statement that is being written.
struct Statement {
    sql: String,
    values: Vec<Value>,
    /// The condition that a key is in one of the mailboxes.
    within: String,
    mailboxes: Vec<MailboxId>,
    /// Whoever searches a tree wants to know where a message is.
    in_tree: bool,
}

impl Statement {
    fn new(
        mailboxes: &[MailboxId],
        actor: &Actor,
        in_tree: bool,
        query: &Query,
    ) -> Result<Self, Error> {
        let ids = mailboxes
            .iter()
            .map(MailboxId::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let (which, within) = match mailboxes {
            [mailbox] => (Value::Integer(*mailbox), "mailbox = ?1"),
            _ => (
                Value::Text(format!("[{ids}]")),
                "mailbox IN (SELECT value FROM json_each(?1))",
            ),
        };
        let (bytes, content) = match query.body {
            Some(_) => (", c.header, c.body", " JOIN content c USING (content)"),
            None => ("", ""),
        };
        let (path, paths) = match in_tree {
            true => ("b.path", " JOIN mailbox b USING (mailbox)"),
            false => ("''", ""),
        };
        let mut statement = Self {
            // The principal is ?2, as in all that reads messages.
            sql: format!(
                concat!("SELECT ", entry!(), ", {}{} FROM message m{}{} WHERE m.{}"),
                path, bytes, paths, content, within
            ),
            values: vec![which, Value::Text(principal(actor).to_owned())],
            within: within.to_owned(),
            mailboxes: mailboxes.to_vec(),
            in_tree,
        };
        for (number, any_of) in query.all_of.iter().enumerate() {
            let condition = statement.any_of(any_of, number == 0)?;
            statement.sql.push_str(&format!(" AND ({condition})"));
        }
        statement.order(query);
        Ok(statement)
    }

    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// That any of these terms holds. The messages come from the index by what must hold first, and
    /// each is looked at for the rest: so a search costs what the first condition finds, however
    /// many messages there are.
    fn any_of(&mut self, terms: &[Term], first: bool) -> Result<String, Error> {
        // No term can hold where there is none.
        if terms.is_empty() {
            return Ok("0".to_owned());
        }
        let leads = first && !terms.iter().any(|term| term.negated);
        let mut conditions = Vec::with_capacity(terms.len());
        for term in terms {
            let keys = self.keys(term, leads)?;
            conditions.push(match (leads, term.negated) {
                (true, _) => keys,
                (false, false) => format!("EXISTS ({keys})"),
                (false, true) => format!("NOT EXISTS ({keys})"),
            });
        }
        Ok(match (leads, self.mailboxes.as_slice()) {
            (true, [_]) => format!("m.uid IN ({})", conditions.join(" UNION ALL ")),
            (true, _) => format!("(m.mailbox, m.uid) IN ({})", conditions.join(" UNION ALL ")),
            (false, _) => conditions.join(" OR "),
        })
    }

    /// The keys that pass the test of a term: of all messages there are, or of the one at hand.
    fn keys(&mut self, term: &Term, all: bool) -> Result<String, Error> {
        let name = self.value(term.key.clone());
        Ok(match &term.test {
            Test::Equal(text) => {
                let text = self.value(text.clone());
                self.select("key_text", &name, &format!("k.value = {text}"), all)
            }
            Test::Prefix(text) => {
                let low = self.value(text.clone());
                let high = match after_prefix(text) {
                    Some(end) => format!(" AND k.value < {}", self.value(end)),
                    None => String::new(),
                };
                let test = format!("k.value >= {low}{high}");
                self.select("key_text", &name, &test, all)
            }
            Test::Range(low, high) => {
                let (low, high) = (self.value(*low), self.value(*high));
                let test = format!("k.value >= {low} AND k.value < {high}");
                self.select("key_number", &name, &test, all)
            }
            Test::Overlap(start, end) if end < start => {
                return Err(Error::Invalid("the interval ends before it begins".into()));
            }
            Test::Overlap(start, end) => self.overlap(&name, *start, *end, all),
            Test::Words(words) => self.words(&name, words, all),
            Test::Present => ["key_text", "key_number", "key_interval", "key_words"]
                .map(|table| self.select(table, &name, "1", all))
                .join(" UNION ALL "),
        })
    }

    fn select(&self, table: &str, name: &str, test: &str, all: bool) -> String {
        let (columns, of) = self.of(all);
        format!("SELECT {columns} FROM {table} k WHERE {of} AND k.name = {name} AND {test}")
    }

    /// What is selected of keys, and of which messages they are.
    fn of(&self, all: bool) -> (&'static str, String) {
        match (all, self.mailboxes.as_slice()) {
            (true, [_]) => ("k.uid", format!("k.{}", self.within)),
            (true, _) => ("k.mailbox, k.uid", format!("k.{}", self.within)),
            (false, _) => ("1", "k.mailbox = m.mailbox AND k.uid = m.uid".to_owned()),
        }
    }

    /// Those of each class of length that begin less than their length before the window. Of one
    /// mailbox, the classes that there are come from the index, one step each: few of all are.
    fn overlap(&mut self, name: &str, start: i64, end: i64, all: bool) -> String {
        let start_value = self.value(start);
        let end = self.value(end.max(start.saturating_add(1)));
        if !all {
            let test = format!("k.value < {end} AND k.until > {start_value}");
            return self.select("key_interval", name, &test, all);
        }
        let (columns, of) = self.of(all);
        let classes = match self.mailboxes.as_slice() {
            [_] => {
                let least = format!(
                    "SELECT min(class) FROM key_interval WHERE {} AND name = {name}",
                    self.within
                );
                format!(
                    "(WITH RECURSIVE present (class) AS ({least} UNION ALL
                      SELECT ({least} AND class > p.class) FROM present p WHERE p.class IS NOT NULL)
                     SELECT class, width FROM present JOIN interval_class USING (class))"
                )
            }
            _ => "interval_class".to_owned(),
        };
        format!(
            "SELECT {columns} FROM {classes} c CROSS JOIN key_interval k
             ON k.class = c.class WHERE {of} AND k.name = {name}
             AND k.value < {end} AND k.value >= {start_value} - c.width * 2
             AND k.until > {start_value}"
        )
    }

    fn words(&mut self, name: &str, words: &str, all: bool) -> String {
        let phrases: Vec<String> = words
            .split_whitespace()
            .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
            .collect();
        if phrases.is_empty() {
            return self.select("key_words", name, "1", all);
        }
        let mut wanted = format!("text : ({})", phrases.join(" AND "));
        if let [mailbox] = self.mailboxes.as_slice() {
            wanted.push_str(&format!(" AND scope : \"m{mailbox}\""));
        }
        let wanted = self.value(wanted);
        if all {
            // The words first: few texts have them, and a mailbox has many texts.
            let (columns, of) = self.of(all);
            return format!(
                "SELECT {columns} FROM words w CROSS JOIN key_words k ON k.words = w.rowid
                 WHERE w.words MATCH {wanted} AND {of} AND k.name = {name}"
            );
        }
        let test = format!("k.words IN (SELECT rowid FROM words WHERE words MATCH {wanted})");
        self.select("key_words", name, &test, all)
    }

    /// A message is ordered by the least of its keys of that name, or the greatest if the biggest
    /// come first.
    fn order(&mut self, query: &Query) {
        let mut columns = Vec::new();
        for order in &query.order {
            let name = self.value(order.key.clone());
            let (pick, direction) = if order.descending {
                ("max", "DESC")
            } else {
                ("min", "ASC")
            };
            let of = |table: &str| {
                format!(
                    "(SELECT {pick}(value) FROM {table} k WHERE k.mailbox = m.mailbox
                      AND k.uid = m.uid AND k.name = {name})"
                )
            };
            columns.push(format!(
                "coalesce({}, {}, {}) {direction} NULLS LAST",
                of("key_number"),
                of("key_interval"),
                of("key_text")
            ));
        }
        columns.push(match self.in_tree {
            true => "b.path, m.uid".to_owned(),
            false => "m.uid".to_owned(),
        });
        let limit = self.value(i64::from(query.limit) + 1);
        let offset = self.value(i64::from(query.offset));
        self.sql.push_str(&format!(
            " ORDER BY {} LIMIT {limit} OFFSET {offset}",
            columns.join(", ")
        ));
    }
}

/// The first text after all that begin with this one.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}
