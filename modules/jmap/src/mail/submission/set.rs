//! `EmailSubmission/set`. RFC 8621 §7.5.

use super::outgoing::Outgoing;
use super::{Submissions, told};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{SetError, SetResult, check_properties};
use crate::id;
use crate::json::{Object, object};
use crate::records::{Kept, Records, save};
use crate::standard::{Done, Extra, Set, Stage, apply, changed};
use module::Error;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// `onSuccessUpdateEmail` and `onSuccessDestroyEmail`.
pub struct OnSuccess {
    update: Object,
    destroy: Vec<String>,
    /// The Emails of submissions that were created or updated, some of which may be forgotten already.
    emails: RefCell<BTreeMap<String, String>>,
}

impl Extra for OnSuccess {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            update: arguments.map("onSuccessUpdateEmail")?.unwrap_or_default(),
            destroy: arguments
                .strings("onSuccessDestroyEmail")?
                .unwrap_or_default(),
            emails: RefCell::default(),
        })
    }
}

impl Set for Submissions {
    type Extra = OnSuccess;

    fn create(stage: &mut Stage<'_>, extra: &OnSuccess, object: Object) -> SetResult<Done> {
        let known = ["identityId", "emailId", "envelope"];
        check_properties(
            &object,
            |name, _| known.contains(&name),
            "these can't be set",
        )?;
        let outgoing = Outgoing::read(stage, &object)?;
        let queue = outgoing.submit()?;
        let kept = outgoing.kept(stage.context.now, &queue);
        let id = id::random('s')?;
        let saved = save::<Self, ()>(stage, |records, _, _| {
            records.put(&id, kept.clone());
            Ok(())
        });
        // It goes out whatever else: a submission that is told to have failed would be sent again.
        if saved.is_err() && !module::Envelope::cancel(&queue).unwrap_or(false) {
            stage.renew()?;
        } else {
            saved?;
        }
        let mut answer = told(&kept);
        for name in object.keys().filter(|name| *name != "envelope") {
            answer.remove(name);
        }
        let email = outgoing.email().to_string();
        extra.emails.borrow_mut().insert(id.clone(), email);
        Ok(Done { id, told: answer })
    }

    fn update(
        stage: &mut Stage<'_>,
        extra: &OnSuccess,
        id: &str,
        patch: &Object,
    ) -> SetResult<Done> {
        let records = Records::load(&stage.account, Submissions::ANNOTATION)?;
        let kept = records.find(id).ok_or_else(|| SetError::new("notFound"))?;
        if let Some(email) = kept.get("emailId").and_then(Value::as_str) {
            let mut emails = extra.emails.borrow_mut();
            emails.insert(id.to_owned(), email.to_owned());
        }
        let mut current = told(kept);
        current.insert("id".to_owned(), id.into());
        let patched = apply(&current, patch, |_| None)?;
        let changed = changed(&current, &patched);
        if changed.is_empty() {
            return Ok(Done::default());
        }
        let is_cancel = patched.get("undoStatus").and_then(Value::as_str) == Some("canceled");
        if changed != ["undoStatus"] || !is_cancel {
            return Err(SetError::invalid_properties(
                changed,
                "these can't be changed",
            ));
        }
        let queue = kept
            .get("queue")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match module::Envelope::cancel(queue) {
            Ok(true) => {}
            Ok(false) | Err(Error::Unsupported(_)) => return Err(SetError::new("cannotUnsend")),
            Err(error) => return Err(error.into()),
        }
        save::<Self, ()>(stage, |records, _, _| {
            // One that is destroyed meanwhile stays so.
            if let Some(mut kept) = records.find(id).cloned() {
                kept.insert("undoStatus".to_owned(), "canceled".into());
                records.put(id, kept);
            }
            Ok(())
        })?;
        Ok(Done::default())
    }

    fn destroy(stage: &mut Stage<'_>, _: &OnSuccess, id: &str) -> SetResult<()> {
        save::<Self, ()>(stage, |records, _, _| match records.remove(id) {
            true => Ok(()),
            false => Err(SetError::new("notFound")),
        })
    }

    fn after(
        context: &mut Context,
        extra: OnSuccess,
        account: &str,
        answer: &mut Object,
    ) -> Result<()> {
        let succeeded = |name: &str, id: &str| match answer.get(name) {
            Some(Value::Object(map)) => map.contains_key(id),
            Some(Value::Array(ids)) => ids.iter().any(|known| known == id),
            _ => false,
        };
        let emails = extra.emails.into_inner();
        let email = |id: &str| -> Option<String> {
            let real = match id.strip_prefix('#') {
                Some(creation) if succeeded("created", creation) => context.real_id(id)?,
                Some(_) => return None,
                None if succeeded("updated", id) => id,
                None => return None,
            };
            emails.get(real).cloned()
        };
        let mut update = Object::new();
        for (id, patch) in &extra.update {
            if let Some(email) = email(id) {
                update.insert(email, patch.clone());
            }
        }
        let destroy: Vec<String> = extra.destroy.iter().filter_map(|id| email(id)).collect();
        if update.is_empty() && destroy.is_empty() {
            return Ok(());
        }
        let set = object! { "accountId": account, "update": update, "destroy": destroy };
        context.implicit.push(("Email/set", set));
        Ok(())
    }
}
