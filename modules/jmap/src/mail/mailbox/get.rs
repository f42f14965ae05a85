//! `Mailbox/get`. RFC 8621 §2.1.

use super::Mailboxes;
use super::facts::{Facts, parent_id, shown_name};
use crate::account::{Account, is_readable};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::id::MailboxId;
use crate::json::{Object, object};
use crate::mail::table::Table;
use crate::standard::{Get, Listed, Properties};
use module::{Rights, Status};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

const COUNTS: [&str; 4] = [
    "totalEmails",
    "unreadEmails",
    "totalThreads",
    "unreadThreads",
];

impl Get for Mailboxes {
    type Extra = ();

    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "name",
        "parentId",
        "role",
        "sortOrder",
        "totalEmails",
        "unreadEmails",
        "totalThreads",
        "unreadThreads",
        "myRights",
        "isSubscribed",
    ];

    fn extra(_: &mut Arguments) -> Result<()> {
        Ok(())
    }

    fn load(
        _: &mut Context,
        account: &Rc<Account>,
        ids: Option<Vec<String>>,
        properties: &Properties,
        (): (),
        limit: usize,
    ) -> Result<Listed> {
        let mut listed = Listed::default();
        let mut wanted: Option<BTreeSet<String>> = ids.map(BTreeSet::from_iter);
        if wanted.is_none() && account.mailboxes.len() > limit {
            return Err(MethodError::new("requestTooLarge"));
        }
        for (at, status) in account.mailboxes.iter().enumerate() {
            let id = MailboxId::of(status).to_string();
            if wanted.as_mut().is_none_or(|wanted| wanted.remove(&id)) {
                let object = read(account, at, status, properties)?;
                listed.list.push(properties.keep(object));
            }
        }
        listed.not_found = wanted.into_iter().flatten().collect();
        Ok(listed)
    }
}

/// A Mailbox with all its properties.
pub fn read_whole(account: &Account, at: usize, status: &Status) -> Result<Object> {
    read(
        account,
        at,
        status,
        &Properties::Default(Mailboxes::PROPERTIES),
    )
}

fn read(account: &Account, at: usize, status: &Status, properties: &Properties) -> Result<Object> {
    let facts = Facts::of(account, at)?;
    let mut object = object! {
        "id": MailboxId::of(status).to_string(),
        "name": shown_name(status),
        "parentId": parent_id(account, status).map(|id| id.to_string()),
        "role": facts.role,
        "sortOrder": facts.sort_order,
        "isSubscribed": facts.is_subscribed,
    };
    if properties.has("myRights") {
        object.insert("myRights".to_owned(), rights(status));
    }
    if properties.has_any(&COUNTS) {
        let counts = match is_readable(status) {
            true => {
                let counts = Table::load(account, at)?.counts();
                [
                    counts.emails,
                    counts.unread_emails,
                    counts.threads,
                    counts.unread_threads,
                ]
            }
            false => [0; 4],
        };
        for (name, count) in COUNTS.into_iter().zip(counts) {
            object.insert(name.to_owned(), count.into());
        }
    }
    Ok(object)
}

/// MailboxRights. RFC 8621 §2.
fn rights(status: &Status) -> Value {
    let has = |rights: Rights| status.rights.contains(rights);
    let is_inbox = super::is_inbox(&status.path);
    Value::Object(object! {
        "mayReadItems": has(Rights::LOOKUP | Rights::READ),
        "mayAddItems": has(Rights::INSERT),
        "mayRemoveItems": has(Rights::DELETE_MESSAGE | Rights::EXPUNGE),
        "maySetSeen": has(Rights::KEEP_SEEN),
        "maySetKeywords": has(Rights::WRITE),
        "mayCreateChild": has(Rights::CREATE) && !is_inbox,
        "mayRename": has(Rights::DELETE_MAILBOX) && !is_inbox,
        "mayDelete": has(Rights::DELETE_MAILBOX) && !is_inbox,
        "maySubmit": has(Rights::POST),
    })
}
