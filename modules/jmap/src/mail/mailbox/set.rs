//! `Mailbox/set`. RFC 8621 §2.5.

use super::facts::{Facts, is_inbox};
use super::get::read_whole;
use super::rights::{set_shares, share_map};
use super::wanted::{SETTABLE, Wanted};
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
        stage.expect_unchanged(&batch)?;
        let grants = wanted.grants(&stage.account)?;
        // What can't be shared like this is not made, either.
        if let Some(shares) = &shares {
            set_shares(&[], shares, &stage.account.owner)?;
        }
        let created = batch.create_mailbox(&path, MAILBOX_TYPE, grants.as_deref());
        let sort_order = (wanted.sort_order > 0).then(|| wanted.sort_order.to_string());
        for (name, value) in [(ROLE, wanted.role.clone()), (SORT_ORDER, sort_order)] {
            if let Some(value) = value {
                let value = Annotation::shared(name, Some(value.into_bytes()));
                batch.annotate_outcome(created, &value);
            }
        }
        batch
            .commit()
            .map_err(|failure| refused(stage, failure.error))?;
        *stage.guard = None;
        let open = Mailbox::open(&path)?;
        let batch = Batch::new();
        stage_subscribed(&batch, &open, wanted.is_subscribed);
        if let Some(shares) = shares {
            let grants = set_shares(&open.grants()?, &shares, &stage.account.owner)?;
            batch.set_rights(&open, &grants);
        }
        batch.commit().map_err(|failure| failure.error)?;
        stage.committed()?;
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
        let before = patchable(stage, at, &status)?;
        let after = apply(&before, patch, default)?;
        let changed = changed(&before, &after);
        check_changed(&changed, is_inbox(&status.path))?;
        if changed.is_empty() {
            return Ok(Done::default());
        }
        let mut settable = after.clone();
        settable.retain(|name, _| SETTABLE.contains(&name.as_str()));
        let batch = Batch::new();
        stage.expect_unchanged(&batch)?;
        let change = Change {
            account: &stage.account,
            status: &status,
            wanted: Wanted::read(&settable, &stage.account, stage.context)?,
            shares: after.get("shareWith").unwrap_or(&Value::Null),
        };
        change.stage(&batch, &*stage.account.open(at)?, &changed)?;
        batch
            .commit()
            .map_err(|failure| refused(stage, failure.error))?;
        stage.committed()?;
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
        stage.expect_unchanged(&batch)?;
        // A message that has come meanwhile must not go with it unasked.
        if !remove.0 {
            batch.expect_modseq(&open, status.modseq);
        }
        batch.delete_mailbox(&open);
        batch.commit().map_err(|failure| match failure.error {
            Error::Conflict => stage
                .is_outdated(&Error::Conflict)
                .unwrap_or_else(|| SetError::new("mailboxHasEmail")),
            error => error.into(),
        })?;
        stage.committed()
    }
}

/// A Mailbox as it is patched, `shareWith` being a map even if it is empty.
fn patchable(stage: &Stage<'_>, at: usize, status: &Status) -> SetResult<Object> {
    let mut whole = read_whole(stage.context, &stage.account, at, status)
        .map_err(|error| SetError::new(error.kind))?;
    let facts = Facts::of(&stage.account, at)?;
    let shares = share_map(&facts.grants, &stage.account.owner);
    whole.insert("shareWith".to_owned(), Value::Object(shares));
    Ok(whole)
}

/// What a property is that a client sets to null.
fn default(name: &str) -> Option<Value> {
    match name {
        "parentId" | "role" => Some(Value::Null),
        "sortOrder" => Some(0.into()),
        "isSubscribed" => Some(true.into()),
        "shareWith" => Some(Object::new().into()),
        _ => None,
    }
}

/// Refuses to change what clients can't.
fn check_changed(changed: &[&str], is_inbox: bool) -> SetResult<()> {
    let is_server = |name: &&&str| !SETTABLE.contains(name) && **name != "shareWith";
    let server: Vec<&str> = changed.iter().filter(is_server).copied().collect();
    if !server.is_empty() {
        return Err(SetError::invalid_properties(server, "these can't be set"));
    }
    let is_fixed = |name: &&str| matches!(*name, "name" | "parentId" | "role");
    match is_inbox && changed.iter().any(is_fixed) {
        true => Err(SetError::described(
            "forbidden",
            "the inbox stays what it is",
        )),
        false => Ok(()),
    }
}

/// What becomes of a Mailbox.
struct Change<'a> {
    account: &'a Account,
    status: &'a Status,
    wanted: Wanted,
    shares: &'a Value,
}

impl Change<'_> {
    /// Adds to a batch what has changed.
    fn stage(&self, batch: &Batch, open: &Mailbox, changed: &[&str]) -> SetResult<()> {
        if changed.contains(&"role") {
            self.wanted.check_role(self.account, Some(self.status))?;
            let value = self.wanted.role.clone().map(String::into_bytes);
            batch.annotate(open, None, &Annotation::shared(ROLE, value));
        }
        if changed.contains(&"sortOrder") {
            let value = Some(self.wanted.sort_order.to_string().into_bytes());
            batch.annotate(open, None, &Annotation::shared(SORT_ORDER, value));
        }
        if changed.contains(&"shareWith") {
            let grants = set_shares(&open.grants()?, self.shares, &self.account.owner)?;
            batch.set_rights(open, &grants);
        }
        if changed.contains(&"isSubscribed") {
            stage_subscribed(batch, open, self.wanted.is_subscribed);
        }
        if changed.contains(&"name") || changed.contains(&"parentId") {
            let path = self.wanted.path(self.account, Some(self.status))?;
            if path != self.status.path {
                batch.rename_mailbox(open, &path);
            }
        }
        Ok(())
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
    let mut object =
        read_whole(context, account, at, &status).map_err(|error| SetError::new(error.kind))?;
    object.retain(|name, _| name != "id" && !SETTABLE.contains(&name.as_str()));
    Ok(object)
}

/// Adds to a batch that whoever asks wants to see a mailbox, or not.
fn stage_subscribed(batch: &Batch, mailbox: &Mailbox, is: bool) {
    let value = if is { "yes" } else { "no" };
    let value = Some(value.as_bytes().to_vec());
    batch.annotate(mailbox, None, &Annotation::private(SUBSCRIBED, value));
    batch.subscribe(mailbox, is);
}

fn refused(stage: &Stage<'_>, error: Error) -> SetError {
    if let Some(outdated) = stage.is_outdated(&error) {
        return outdated;
    }
    match error {
        Error::Exists => SetError::invalid("name", "there is a Mailbox of this name"),
        Error::NotFound => SetError::invalid("parentId", "there is no such Mailbox"),
        Error::Invalid(reason) => SetError::invalid("name", reason),
        error => error.into(),
    }
}
