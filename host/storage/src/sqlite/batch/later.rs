//! What a batch leaves for later: deliveries and timers.

use super::{Made, Work};
use crate::model::*;
use crate::path::check_principal;
use crate::sqlite::execute;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::params;

const RECIPIENTS_MAX: usize = 200;
const PARCEL_MAX: usize = 8 << 20;
const TOKEN_MAX: usize = 4 << 10;

impl Work<'_> {
    pub(super) fn deliver(&mut self, delivery: &Delivery) -> Result<Made, Error> {
        let sender = self.principal()?;
        if delivery.recipients.len() > RECIPIENTS_MAX {
            return Err(Error::TooMany(RECIPIENTS_MAX as u64));
        }
        if delivery.message.len() > PARCEL_MAX {
            return Err(Error::TooLarge(PARCEL_MAX as u64));
        }
        if delivery.recipients.is_empty() {
            return Ok(Made::default());
        }
        execute(
            self.db,
            "INSERT INTO parcel (message) VALUES (?1)",
            [delivery.message.as_ref()],
        )?;
        let parcel = self.db.last_insert_rowid();
        for recipient in &delivery.recipients {
            check_principal(recipient)?;
            execute(
                self.db,
                "INSERT INTO delivery (parcel, module, sender, recipient, purpose, queued, due)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                params![
                    parcel,
                    delivery.module,
                    sender,
                    recipient,
                    delivery.purpose == DeliveryPurpose::Invite,
                    self.now
                ],
            )?;
        }
        Ok(Made::default())
    }

    pub(super) fn set_timer(
        &mut self,
        module: &str,
        name: &str,
        due: Option<Instant>,
        token: &Bytes,
    ) -> Result<Made, Error> {
        let principal = self.principal()?;
        if name.is_empty() || name.len() > 1024 {
            return Err(Error::Invalid(
                "the name of a timer has 1 to 1024 bytes".into(),
            ));
        }
        if token.len() > TOKEN_MAX {
            return Err(Error::TooLarge(TOKEN_MAX as u64));
        }
        match due {
            Some(due) => execute(
                self.db,
                "INSERT OR REPLACE INTO timer (principal, module, name, due, token, next)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?4)",
                params![principal, module, name, due, token.as_ref()],
            )?,
            None => execute(
                self.db,
                "DELETE FROM timer WHERE principal = ?1 AND module = ?2 AND name = ?3",
                params![principal, module, name],
            )?,
        };
        Ok(Made::default())
    }
}
