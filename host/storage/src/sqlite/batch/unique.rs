//! Conditions of a batch: a mailbox unchanged, a key not taken.

use super::{Made, Work};
use crate::model::*;
use crate::store::Error;
use rusqlite::{ToSql, params};

impl Work<'_> {
    /// Compares with the state before this batch, the principal's own part of it included.
    pub(super) fn expect_modseq(
        &mut self,
        mailbox: MailboxId,
        modseq: Modseq,
    ) -> Result<Made, Error> {
        let place = self.place(mailbox, Rights::LOOKUP)?;
        let given_before = self.ledger(&place.owner)?.before;
        let private: Modseq = self
            .db
            .prepare_cached(
                "SELECT coalesce(max(modseq), 0) FROM private_change
                 WHERE mailbox = ?1 AND principal = ?2 AND modseq <= ?3",
            )?
            .query_row(
                params![
                    mailbox,
                    self.actor().principal.as_deref().unwrap_or(""),
                    given_before
                ],
                |row| row.get(0),
            )?;
        let shared = self
            .counters
            .get(&mailbox)
            .map_or(0, |counters| counters.before);
        if shared.max(private) != modseq {
            return Err(Error::Conflict);
        }
        Ok(Made::default())
    }

    pub(super) fn expect_unique(
        &mut self,
        mailbox: MailboxId,
        name: Option<&str>,
        key: &Key,
        scope: UniqueScope,
    ) -> Result<Made, Error> {
        let place = self.place(mailbox, Rights::LOOKUP)?;
        let (table, value): (&str, &dyn ToSql) = match &key.value {
            KeyValue::Text(text) => ("key_text", text),
            KeyValue::Number(number) => ("key_number", number),
            _ => {
                return Err(Error::Invalid(
                    "only a text or a number can be the only one".into(),
                ));
            }
        };
        let within = match scope {
            UniqueScope::Mailbox => "b.mailbox = ?1",
            UniqueScope::Owner => {
                "(b.owner, b.type) = (SELECT owner, type FROM mailbox WHERE mailbox = ?1)"
            }
        };
        let sql = format!(
            "SELECT b.mailbox, b.path, k.uid, m.name FROM mailbox b
             JOIN {table} k ON k.mailbox = b.mailbox AND k.name = ?2 AND k.value = ?3
             JOIN message m ON m.mailbox = k.mailbox AND m.uid = k.uid
             WHERE {within} AND NOT (b.mailbox = ?1 AND m.name IS ?4)"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![mailbox, key.name, value, name])?;
        let Some(row) = rows.next()? else {
            return Ok(Made::default());
        };
        let found: MailboxId = row.get(0)?;
        let rights = crate::sqlite::rights::effective(self.db, self.actor(), found, &place.owner)?;
        // Who may not look it up learns that there is one, and not where.
        Err(Error::DuplicateKey(if rights.contains(Rights::LOOKUP) {
            Duplicate {
                mailbox: Path::decode(row.get_ref(1)?.as_str().unwrap_or_default()),
                uid: row.get(2)?,
                name: row.get(3)?,
            }
        } else {
            Duplicate {
                mailbox: Path::default(),
                uid: 0,
                name: None,
            }
        }))
    }
}
