//! `Mailbox/set`. RFC 8621 §2.5.

use super::facts::{Facts, is_inbox, parent_id, shown_name};
use super::rights::{patchable, set_shares};
use super::wanted::Wanted;
use super::{Mailboxes, ROLE, SORT_ORDER, SUBSCRIBED};
use crate::account::{Account, MAILBOX_TYPE};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::id::MailboxId;
use crate::json::{Object, object};
use crate::mail::table::Table;
use crate::standard::{Done, Extra, Set, Stage, apply, changed};
use module::{Annotation, Batch, Error, Mailbox, Status};
use serde_json::Value;
use std::rc::Rc;

/// `onDestroyRemoveEmails`.
#[derive(Debug, Clone, Copy)]
pub struct RemoveEmails(bool);

impl Extra for RemoveEmails {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        arguments.boolean("onDestroyRemoveEmails").map(Self)
    }
}

impl Set for Mailboxes {
    type Extra = RemoveEmails;

    // Anybody may subscribe to what he may read.
    const HAS_PRIVATE: bool = true;

    fn create(stage: &mut Stage<'_>, _: &RemoveEmails, object: Object) -> SetResult<Done> {
        let given: Vec<String> = object.keys().cloned().collect();
        let mut defaults = object! { "parentId": Value::Null, "role": Value::Null, "sortOrder": 0 };
        defaults.insert("isSubscribed".to_owned(), true.into());
        let mut whole = defaults.clone();
        whole.extend(object);
        let shares = whole.remove("shareWith");
        let wanted = Wanted::read(&whole, &stage.account, stage.context)?;
        let path = wanted.path(&stage.account, None)?;
        wanted.check_role(&stage.account, None)?;
        let batch = Batch::new();
        let grants = wanted.grants(&stage.account)?;
        let created = batch.create_mailbox(&path, MAILBOX_TYPE, grants.as_deref());
        for (name, value) in [
            (ROLE, wanted.role.clone()),
            (
                SORT_ORDER,
                (wanted.sort_order > 0).then(|| wanted.sort_order.to_string()),
            ),
        ] {
            if let Some(value) = value {
                let value = Annotation::shared(name, Some(value.into_bytes()));
                batch.annotate_outcome(created, &value);
            }
        }
        batch.commit().map_err(|failure| refused(failure.error))?;
        let open = Mailbox::open(&path)?;
        let batch = Batch::new();
        stage_subscribed(&batch, &open, wanted.is_subscribed);
        if let Some(shares) = shares {
            let grants = set_shares(&open.grants()?, &shares, &stage.account.owner)?;
            batch.set_rights(&open, &grants);
        }
        batch.commit().map_err(|failure| failure.error)?;
        stage.renew()?;
        let status = open.status()?;
        let id = MailboxId::of(&status).to_string();
        let mut told = defaults;
        told.retain(|name, _| !given.contains(name));
        told.append(&mut server_set(stage.context, &stage.account, &id)?);
        told.retain(|name, _| name != "shareWith" || !given.contains(name));
        Ok(Done { id, told })
    }

    fn update(
        stage: &mut Stage<'_>,
        _: &RemoveEmails,
        id: &str,
        patch: &Object,
    ) -> SetResult<Done> {
        let (at, status) = find(&stage.account, id)?;
        let facts = Facts::of(&stage.account, at)?;
        let current = object! {
            "name": shown_name(&status),
            "parentId": parent_id(&stage.account, &status).map(|id| id.to_string()),
            "role": facts.role.clone(),
            "sortOrder": facts.sort_order,
            "isSubscribed": facts.is_subscribed,
        };
        let mut whole = current.clone();
        whole.append(&mut server_set(stage.context, &stage.account, id)?);
        let shares = patchable(&facts.grants, &stage.account.owner);
        whole.insert("shareWith".to_owned(), Value::Object(shares));
        whole.insert("id".to_owned(), id.into());
        let defaults = |name: &str| match name {
            "parentId" | "role" => Some(Value::Null),
            "sortOrder" => Some(0.into()),
            "isSubscribed" => Some(true.into()),
            "shareWith" => Some(Object::new().into()),
            _ => None,
        };
        let patched = apply(&whole, patch, defaults)?;
        let changed = changed(&whole, &patched);
        let server: Vec<&str> = changed
            .iter()
            .copied()
            .filter(|name| !current.contains_key(*name) && *name != "shareWith")
            .collect();
        if !server.is_empty() {
            return Err(SetError::invalid_properties(server, "these can't be set"));
        }
        if changed.is_empty() {
            return Ok(Done::default());
        }
        let settable: Object = patched
            .iter()
            .filter(|(name, _)| current.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let wanted = Wanted::read(&settable, &stage.account, stage.context)?;
        let is_inbox = is_inbox(&status.path);
        let fixed = ["name", "parentId", "role"];
        let fixed: Vec<&str> = changed
            .iter()
            .copied()
            .filter(|name| fixed.contains(name))
            .collect();
        if is_inbox && !fixed.is_empty() {
            return Err(SetError::described(
                "forbidden",
                "the inbox stays what it is",
            ));
        }
        let open = stage.account.open(at)?;
        let batch = Batch::new();
        if changed.contains(&"role") {
            wanted.check_role(&stage.account, Some(&status))?;
            let value = wanted.role.clone().map(String::into_bytes);
            batch.annotate(&open, None, &Annotation::shared(ROLE, value));
        }
        if changed.contains(&"sortOrder") {
            let value = Some(wanted.sort_order.to_string().into_bytes());
            batch.annotate(&open, None, &Annotation::shared(SORT_ORDER, value));
        }
        if changed.contains(&"shareWith") {
            let wanted = patched.get("shareWith").unwrap_or(&Value::Null);
            let grants = set_shares(&open.grants()?, wanted, &stage.account.owner)?;
            batch.set_rights(&open, &grants);
        }
        if changed.contains(&"isSubscribed") {
            stage_subscribed(&batch, &open, wanted.is_subscribed);
        }
        if changed.contains(&"name") || changed.contains(&"parentId") {
            let path = wanted.path(&stage.account, Some(&status))?;
            if path != status.path {
                batch.rename_mailbox(&open, &path);
            }
        }
        batch.commit().map_err(|failure| refused(failure.error))?;
        stage.renew()?;
        Ok(Done::default())
    }

    fn destroy(stage: &mut Stage<'_>, remove: &RemoveEmails, id: &str) -> SetResult<()> {
        let (at, status) = find(&stage.account, id)?;
        if is_inbox(&status.path) {
            return Err(SetError::described(
                "forbidden",
                "mail has to come in somewhere",
            ));
        }
        let has_child = stage.account.mailboxes.iter().any(|other| {
            other.path.len() > status.path.len() && other.path.starts_with(&status.path)
        });
        if has_child {
            return Err(SetError::new("mailboxHasChild"));
        }
        let has_email = match crate::account::is_readable(&status) {
            true => Table::load(&stage.account, at)?.rows().next().is_some(),
            false => status.messages > 0,
        };
        if has_email && !remove.0 {
            return Err(SetError::new("mailboxHasEmail"));
        }
        let open = stage.account.open(at)?;
        let batch = Batch::new();
        // A message that has come meanwhile must not go with it unasked.
        if !remove.0 {
            batch.expect_modseq(&open, status.modseq);
        }
        batch.delete_mailbox(&open);
        batch.commit().map_err(|failure| match failure.error {
            Error::Conflict => SetError::new("mailboxHasEmail"),
            error => error.into(),
        })?;
        stage.renew()
    }
}

/// The Mailbox of an id.
pub fn find(account: &Account, id: &str) -> SetResult<(usize, Status)> {
    let id = MailboxId::parse(id).ok_or_else(|| SetError::new("notFound"))?;
    let mut mailboxes = account.mailboxes.iter().enumerate();
    let found = mailboxes.find(|(_, status)| MailboxId::of(status) == id);
    found
        .map(|(at, status)| (at, status.clone()))
        .ok_or_else(|| SetError::new("notFound"))
}

/// What only the server sets.
fn server_set(context: &Context, account: &Rc<Account>, id: &str) -> SetResult<Object> {
    let (at, status) = find(account, id)?;
    let mut object = super::get::read_whole(context, account, at, &status)
        .map_err(|error| SetError::new(error.kind))?;
    for name in [
        "id",
        "name",
        "parentId",
        "role",
        "sortOrder",
        "isSubscribed",
    ] {
        object.remove(name);
    }
    Ok(object)
}

/// Adds to a batch that whoever asks wants to see a mailbox, or not.
fn stage_subscribed(batch: &Batch, mailbox: &Mailbox, is: bool) {
    let value = if is { "yes" } else { "no" };
    let value = Some(value.as_bytes().to_vec());
    batch.annotate(mailbox, None, &Annotation::private(SUBSCRIBED, value));
    batch.subscribe(mailbox, is);
}

fn refused(error: Error) -> SetError {
    match error {
        Error::Exists => SetError::invalid("name", "there is a Mailbox of this name"),
        Error::NotFound => SetError::invalid("parentId", "there is no such Mailbox"),
        Error::Invalid(reason) => SetError::invalid("name", reason),
        error => error.into(),
    }
}
