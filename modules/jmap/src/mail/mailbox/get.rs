//! `Mailbox/get`. RFC 8621 §2.1.

use super::Mailboxes;
use super::facts::{Facts, parent_id, shown_name};
use super::rights::{my_rights, share_with};
use crate::account::{Account, is_readable};
use crate::call::Result;
use crate::context::Context;
use crate::error::MethodError;
use crate::id::MailboxId;
use crate::json::{Object, object};
use crate::mail::table::Table;
use crate::session::PRINCIPALS;
use crate::standard::{Get, Listed, Properties};
use module::Status;
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

    fn is_property(name: &str) -> bool {
        name == "shareWith"
    }

    fn load(
        context: &mut Context,
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
                let object = read(context, account, at, status, properties)?;
                listed.list.push(properties.keep(object));
            }
        }
        listed.not_found = wanted.into_iter().flatten().collect();
        Ok(listed)
    }
}

/// A Mailbox with all its properties.
pub fn read_whole(
    context: &Context,
    account: &Account,
    at: usize,
    status: &Status,
) -> Result<Object> {
    read(
        context,
        account,
        at,
        status,
        &Properties::Default(Mailboxes::PROPERTIES),
    )
}

fn read(
    context: &Context,
    account: &Account,
    at: usize,
    status: &Status,
    properties: &Properties,
) -> Result<Object> {
    // RFC 9670 §4 adds to what RFC 8621 §2 has, for those who use it.
    let with_sharing = context.uses(PRINCIPALS);
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
        let rights = my_rights(status, with_sharing);
        object.insert("myRights".to_owned(), Value::Object(rights));
    }
    let is_default = matches!(properties, Properties::Default(_));
    if properties.has("shareWith") || (is_default && with_sharing) {
        let shares = share_with(&facts.grants, &account.owner);
        object.insert("shareWith".to_owned(), shares);
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
