//! Changing who may do what.

use super::{Made, Work};
use crate::model::*;
use crate::path::check_principal;
use crate::sqlite::rights::set_grants;
use crate::store::Error;

const GRANTS_MAX: usize = 1000;

impl Work<'_> {
    pub(super) fn set_rights(
        &mut self,
        mailbox: MailboxId,
        grants: &[Grant],
    ) -> Result<Made, Error> {
        let place = self.place(mailbox, Rights::ADMINISTER)?;
        check(grants)?;
        self.check_mailbox_locks(&place)?;
        set_grants(self.db, mailbox, grants)?;
        let modseq = self.touch(&place)?;
        // Later changes of the batch are judged by the new rights.
        self.places.remove(&mailbox);
        Ok(Made {
            modseq,
            ..Made::default()
        })
    }
}

pub(super) fn check(grants: &[Grant]) -> Result<(), Error> {
    if grants.len() > GRANTS_MAX {
        return Err(Error::TooMany(GRANTS_MAX as u64));
    }
    grants.iter().try_for_each(|grant| match &grant.identifier {
        Identifier::Principal(id) | Identifier::Group(id) => check_principal(id),
        Identifier::Anyone | Identifier::Authenticated => Ok(()),
    })
}
