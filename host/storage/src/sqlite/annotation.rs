//! Reading annotations.

use super::mailbox::principal;
use super::rights::access;
use super::{PAGE_MAX, READ_MAX, SqliteStore};
use crate::model::*;
use crate::store::Error;
use bytes::Bytes;
use rusqlite::{Connection, params};

impl SqliteStore {
    pub(super) fn read_mailbox_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        prefix: &str,
    ) -> Result<Vec<Annotation>, Error> {
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::LOOKUP)?;
            of(db, actor, mailbox, 0, prefix, &mut { READ_MAX })
        })
    }

    pub(super) fn read_message_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        prefix: &str,
    ) -> Result<Vec<MessageAnnotation>, Error> {
        if uids.len() > PAGE_MAX as usize {
            return Err(Error::TooMany(PAGE_MAX.into()));
        }
        let mut uids: Vec<Uid> = uids.iter().copied().filter(|&uid| uid > 0).collect();
        uids.sort_unstable();
        uids.dedup();
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::READ)?;
            let mut found = Vec::new();
            let mut left = READ_MAX;
            for uid in uids {
                let of_uid = of(db, actor, mailbox, uid, prefix, &mut left)?;
                let of_uid = of_uid.into_iter();
                found.extend(of_uid.map(|annotation| MessageAnnotation { uid, annotation }));
            }
            Ok(found)
        })
    }
}

/// The annotations of a message, or with uid 0 of the mailbox itself, if their values have no more
/// bytes than are left.
fn of(
    db: &Connection,
    actor: &Actor,
    mailbox: MailboxId,
    uid: Uid,
    prefix: &str,
    left: &mut usize,
) -> Result<Vec<Annotation>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT name, principal, value FROM annotation
         WHERE mailbox = ?1 AND uid = ?2 AND name >= ?3 AND principal IN ('', ?4)
         ORDER BY name, principal",
    )?;
    let mut rows = statement.query(params![mailbox, uid, prefix, principal(actor)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if !name.starts_with(prefix) {
            break;
        }
        let value = row.get_ref(2)?.as_blob().unwrap_or_default();
        let rest = left.checked_sub(value.len());
        *left = rest.ok_or(Error::TooLarge(READ_MAX as u64))?;
        let value = Some(Bytes::copy_from_slice(value));
        let shared = row.get_ref(1)?.as_str().unwrap_or_default().is_empty();
        found.push(Annotation {
            name,
            visibility: if shared {
                Visibility::Shared
            } else {
                Visibility::Private
            },
            value,
        });
    }
    Ok(found)
}
