//! Annotations of messages and mailboxes.

use super::{Made, Place, Work};
use crate::model::*;
use crate::sqlite::execute;
use crate::store::Error;
use rusqlite::{OptionalExtension, params};

const NAME_MAX: usize = 1024;
const VALUE_MAX: usize = 64 << 10;
/// Bytes of the annotations of one message, or of a mailbox itself, that everyone sees, and of those
/// of each principal's own: whoever asks for all of them gets them at once.
const ALL_MAX: u64 = 4 << 20;

impl Work<'_> {
    pub(super) fn annotate(
        &mut self,
        mailbox: MailboxId,
        uid: Option<Uid>,
        annotation: &Annotation,
    ) -> Result<Made, Error> {
        check(annotation)?;
        let private = annotation.visibility == Visibility::Private;
        let place = self.place(mailbox, Rights::LOOKUP)?;
        let enough = match (private, uid) {
            (true, _) => Rights::READ,
            (false, None) => Rights::WRITE,
            (false, Some(_)) if place.rights.contains(Rights::ANNOTATE) => Rights::ANNOTATE,
            (false, Some(_)) => Rights::WRITE,
        };
        super::super::rights::need(place.rights, enough)?;
        let name = match uid {
            Some(uid) => Some(self.message(mailbox, uid)?.name),
            None => None,
        };
        let modseq = if private {
            let principal = self.principal()?;
            self.set(mailbox, uid, annotation, principal)?;
            self.touch_private(&place, uid, principal)?
        } else {
            match &name {
                Some(name) => self.check_locks(&place, name.as_deref(), false)?,
                None => self.check_mailbox_locks(&place)?,
            }
            let more = self.set(mailbox, uid, annotation, "")?;
            self.touch_shared(&place, uid, more)?
        };
        Ok(Made {
            modseq,
            ..Made::default()
        })
    }

    /// Annotates what an earlier change of the batch made.
    pub(super) fn annotate_outcome(
        &mut self,
        change: u32,
        annotation: &Annotation,
    ) -> Result<Made, Error> {
        match self.made.get(change as usize) {
            Some((Some(mailbox), uid)) => self.annotate(*mailbox, *uid, annotation),
            _ => Err(Error::Invalid(format!(
                "change {change} made nothing that can be annotated"
            ))),
        }
    }

    /// The mailbox that an earlier change of the batch created.
    pub(super) fn created(&self, change: u32) -> Result<MailboxId, Error> {
        match self.made.get(change as usize) {
            Some((Some(mailbox), None)) => Ok(*mailbox),
            _ => Err(Error::Invalid(format!(
                "change {change} created no mailbox"
            ))),
        }
    }

    /// Writes or removes the value, and says how many annotations there are more.
    fn set(
        &self,
        mailbox: MailboxId,
        uid: Option<Uid>,
        annotation: &Annotation,
        principal: &str,
    ) -> Result<i64, Error> {
        let uid = uid.unwrap_or(0);
        let name = &annotation.name;
        let there: bool = self
            .db
            .prepare_cached(
                "SELECT 1 FROM annotation
                 WHERE mailbox = ?1 AND uid = ?2 AND name = ?3 AND principal = ?4",
            )?
            .exists(params![mailbox, uid, name, principal])?;
        match &annotation.value {
            Some(value) => {
                self.check_annotations(mailbox, uid, annotation, principal)?;
                execute(
                    self.db,
                    "INSERT OR REPLACE INTO annotation VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![mailbox, uid, name, principal, value.as_ref()],
                )?
            }
            None => execute(
                self.db,
                "DELETE FROM annotation
                 WHERE mailbox = ?1 AND uid = ?2 AND name = ?3 AND principal = ?4",
                params![mailbox, uid, name, principal],
            )?,
        };
        Ok(i64::from(annotation.value.is_some()) - i64::from(there))
    }

    /// Checks that there is room for a value among the others of the same message and principal.
    fn check_annotations(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        annotation: &Annotation,
        principal: &str,
    ) -> Result<(), Error> {
        let others: u64 = self
            .db
            .prepare_cached(
                "SELECT coalesce(sum(octet_length(name) + octet_length(value)), 0) FROM annotation
                 WHERE mailbox = ?1 AND uid = ?2 AND principal = ?3 AND name <> ?4",
            )?
            .query_row(params![mailbox, uid, principal, annotation.name], |row| {
                row.get(0)
            })?;
        let value = annotation.value.as_ref().map_or(0, |value| value.len());
        let free = ALL_MAX.saturating_sub(others);
        match (annotation.name.len() + value) as u64 > free {
            true => Err(Error::OverQuota(free)),
            false => Ok(()),
        }
    }

    fn touch_shared(
        &mut self,
        place: &Place,
        uid: Option<Uid>,
        more: i64,
    ) -> Result<Modseq, Error> {
        let modseq = self.touch(place)?;
        if let Some(uid) = uid {
            execute(
                self.db,
                "UPDATE message SET modseq = ?3, shared = shared + ?4
                 WHERE mailbox = ?1 AND uid = ?2",
                params![place.mailbox, uid, modseq, more],
            )?;
        }
        Ok(modseq)
    }

    /// Moves the state of one principal, and nobody else's.
    fn touch_private(
        &mut self,
        place: &Place,
        uid: Option<Uid>,
        principal: &str,
    ) -> Result<Modseq, Error> {
        let modseq = self.stamp_many(&place.owner, 1)?;
        let keys = params![place.mailbox, uid.unwrap_or(0), principal, modseq];
        let known: Option<Modseq> = self
            .db
            .prepare_cached(
                "SELECT modseq FROM private_change
                 WHERE mailbox = ?1 AND uid = ?2 AND principal = ?3",
            )?
            .query_row(params![place.mailbox, uid.unwrap_or(0), principal], |row| {
                row.get(0)
            })
            .optional()?;
        execute(
            self.db,
            "INSERT OR REPLACE INTO private_change (mailbox, uid, principal, modseq)
             VALUES (?1, ?2, ?3, ?4)",
            keys,
        )?;
        execute(
            self.db,
            "INSERT OR REPLACE INTO private_state VALUES (?1, ?2, ?3)",
            params![place.owner, principal, modseq],
        )?;
        if let (Some(uid), None) = (uid, known) {
            execute(
                self.db,
                "UPDATE message SET private = private + 1 WHERE mailbox = ?1 AND uid = ?2",
                params![place.mailbox, uid],
            )?;
        }
        Ok(modseq)
    }
}

fn check(annotation: &Annotation) -> Result<(), Error> {
    let len = annotation.name.len();
    if len == 0 || len > NAME_MAX {
        return Err(Error::Invalid(format!(
            "the name of an annotation has 1 to {NAME_MAX} bytes, not {len}"
        )));
    }
    match &annotation.value {
        Some(value) if value.len() > VALUE_MAX => Err(Error::TooLarge(VALUE_MAX as u64)),
        _ => Ok(()),
    }
}
