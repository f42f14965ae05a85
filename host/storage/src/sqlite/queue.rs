//! The queues that the host works off: deliveries and timers, and what submissions have in common with
//! the former.

use super::{SqliteStore, execute};
use crate::model::*;
use crate::store::Error;
use rusqlite::{Connection, OptionalExtension, Params, params};

/// A queue with a row for each recipient of what all of them get.
pub(super) struct Queue {
    /// Puts a row off: its id, and the time.
    retry: &'static str,
    /// Takes a row off, and returns what it is a row of.
    take: &'static str,
    /// Removes what no row is left of.
    sweep: &'static str,
}

/// Parcels for principals here.
pub(super) static DELIVERIES: Queue = Queue {
    retry: "UPDATE delivery SET due = ?2, attempts = attempts + 1 WHERE delivery = ?1",
    take: "DELETE FROM delivery WHERE delivery = ?1 RETURNING parcel",
    sweep: "DELETE FROM parcel WHERE parcel = ?1
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.parcel = ?1)",
};

/// Messages for the mail system.
pub(super) static SUBMISSIONS: Queue = Queue {
    retry: "UPDATE submission SET due = ?2, attempts = attempts + 1 WHERE submission = ?1",
    take: "DELETE FROM submission WHERE submission = ?1 RETURNING letter",
    sweep: "DELETE FROM letter WHERE letter = ?1
            AND NOT EXISTS (SELECT 1 FROM submission s WHERE s.letter = ?1)",
};

impl Queue {
    fn finish(&self, db: &Connection, id: i64) -> Result<(), Error> {
        let whole: Option<i64> = db
            .prepare_cached(self.take)?
            .query_row([id], |row| row.get(0))
            .optional()?;
        execute(db, self.sweep, [whole])?;
        Ok(())
    }
}

impl SqliteStore {
    pub(super) fn read_due_deliveries(
        &self,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<QueuedDelivery>, Error> {
        self.readers.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT d.delivery, d.module, d.sender, d.recipient, d.purpose, p.message,
                 d.queued, d.attempts FROM delivery d JOIN parcel p USING (parcel)
                 WHERE d.due <= ?1 ORDER BY d.due, d.delivery LIMIT ?2",
            )?;
            let rows = statement.query_map(params![now, limit], |row| {
                let sender: String = row.get(2)?;
                Ok(QueuedDelivery {
                    id: row.get(0)?,
                    module: row.get(1)?,
                    sender: (!sender.is_empty()).then_some(sender),
                    recipient: row.get(3)?,
                    purpose: if row.get(4)? {
                        DeliveryPurpose::Invite
                    } else {
                        DeliveryPurpose::Reply
                    },
                    message: row.get::<_, Vec<u8>>(5)?.into(),
                    queued: row.get(6)?,
                    attempts: row.get(7)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Puts a recipient's row of a queue off until `retry`, or takes it off the queue for good, and what
    /// all recipients get with the last of them.
    pub(super) async fn settle(
        &self,
        queue: &'static Queue,
        id: i64,
        retry: Option<Instant>,
    ) -> Result<(), Error> {
        self.writer
            .submit(256, move |db| match retry {
                Some(due) => execute(db, queue.retry, params![id, due]).map(drop),
                None => queue.finish(db, id),
            })
            .await
    }

    pub(super) fn read_timers(
        &self,
        principal: &str,
        module: &str,
        limit: u32,
    ) -> Result<Vec<Timer>, Error> {
        if limit > 1000 {
            return Err(Error::TooMany(1000));
        }
        self.timers_where(
            "principal = ?1 AND module = ?2 ORDER BY due, name LIMIT ?3",
            params![principal, module, limit],
        )
    }

    pub(super) fn read_due_timers(&self, now: Instant, limit: u32) -> Result<Vec<Timer>, Error> {
        self.timers_where(
            "next <= ?1 ORDER BY next, principal, module, name LIMIT ?2",
            params![now, limit],
        )
    }

    fn timers_where(&self, which: &str, params: impl Params) -> Result<Vec<Timer>, Error> {
        self.readers.read(|db| {
            let sql =
                format!("SELECT module, principal, name, due, token, next, attempts FROM timer WHERE {which}");
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params, |row| {
                Ok(Timer {
                    module: row.get(0)?,
                    principal: row.get(1)?,
                    name: row.get(2)?,
                    due: row.get(3)?,
                    token: row.get::<_, Vec<u8>>(4)?.into(),
                    next: row.get(5)?,
                    attempts: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(super) async fn write_timer(
        &self,
        timer: &Timer,
        retry: Option<Instant>,
    ) -> Result<(), Error> {
        let timer = timer.clone();
        self.writer
            .submit(256, move |db| {
                let keys = params![
                    timer.principal,
                    timer.module,
                    timer.name,
                    timer.due,
                    timer.token.as_ref(),
                    retry
                ];
                let sql = if retry.is_some() {
                    "UPDATE timer SET next = ?6, attempts = attempts + 1 WHERE principal = ?1 AND module = ?2
                     AND name = ?3 AND due = ?4 AND token = ?5"
                } else {
                    "DELETE FROM timer WHERE principal = ?1 AND module = ?2
                     AND name = ?3 AND due = ?4 AND token = ?5 AND ?6 IS NULL"
                };
                execute(db, sql, keys)?;
                Ok(())
            })
            .await
    }
}
