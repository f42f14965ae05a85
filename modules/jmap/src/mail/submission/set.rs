//! `EmailSubmission/set`. RFC 8621 §7.5.

use super::envelope::Envelope;
use super::{COUNT_MAX, Submissions, told};
use crate::blob::{BlobId, Whole, bytes};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{SetError, SetResult, check_properties};
use crate::id::{self, EmailId};
use crate::json::{Object, object};
use crate::mail::identity;
use crate::mail::world::World;
use crate::records::{Kept, Records, save};
use crate::standard::{Done, Extra, Set, Stage, apply, changed};
use crate::utc_date;
use mail::{Header, Limits};
use module::{Blob, Error};
use serde_json::Value;
use std::rc::Rc;

/// `onSuccessUpdateEmail` and `onSuccessDestroyEmail`.
pub struct OnSuccess {
    update: Object,
    destroy: Vec<String>,
}

impl Extra for OnSuccess {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            update: arguments.map("onSuccessUpdateEmail")?.unwrap_or_default(),
            destroy: arguments
                .strings("onSuccessDestroyEmail")?
                .unwrap_or_default(),
        })
    }
}

impl Set for Submissions {
    type Extra = OnSuccess;

    fn create(stage: &mut Stage<'_>, _: &OnSuccess, object: Object) -> SetResult<Done> {
        let known = ["identityId", "emailId", "envelope"];
        check_properties(
            &object,
            |name, _| known.contains(&name),
            "these can't be set",
        )?;
        let account = Rc::clone(&stage.account);
        let id = |name: &str| {
            let id = object.get(name).and_then(Value::as_str);
            let id = id.and_then(|id| stage.context.real_id(id));
            id.map(str::to_owned)
                .ok_or_else(|| SetError::invalid(name, "there is no such object"))
        };
        let (identity_id, email_id) = (id("identityId")?, id("emailId")?);
        let identities = identity::all(&account)?;
        let sender = identities
            .get(&identity_id)
            .and_then(|identity| identity.get("email")?.as_str())
            .ok_or_else(|| SetError::invalid("identityId", "there is no such Identity"))?;
        let email = EmailId::parse(&email_id);
        let world = World::load(&account)?;
        let place = email.and_then(|id| world.places(id).into_iter().next());
        let (Some(email), Some(place)) = (email, place) else {
            return Err(SetError::invalid("emailId", "there is no such Email"));
        };
        let message = bytes(&account, &BlobId::whole(Whole::Email(email)))?;
        let header = Header::parse(&message, &Limits::default());
        if header.is_cut() {
            return Err(SetError::described(
                "invalidEmail",
                "its header section is too long",
            ));
        }
        let may_send = |from: &str| {
            let mut known = identities.values();
            let from = from.to_lowercase();
            known.any(|identity| {
                let email = identity.get("email").and_then(Value::as_str);
                email.is_some_and(|email| email.to_lowercase() == from)
            })
        };
        let from = header.last("From").map(|field| field.addresses());
        let from = from.unwrap_or_default();
        if from.is_empty() {
            let error = SetError::described("invalidEmail", "it is from nobody");
            return Err(error.with("properties", crate::json::strings(["from"])));
        }
        if !from.iter().all(|from| may_send(&from.email)) {
            return Err(SetError::new("forbiddenFrom"));
        }
        let delay_max = stage.context.limits.max_delayed_send;
        let now = stage.context.now;
        let envelope = match object.get("envelope") {
            None | Some(Value::Null) => Envelope::make(&header, sender, may_send)?,
            Some(given) => Envelope::read(given, now, delay_max)?,
        };
        if !envelope.mail_from.is_empty() && !may_send(&envelope.mail_from) {
            return Err(SetError::new("forbiddenMailFrom"));
        }
        let blob = Blob::create(&without_bcc(&message, &header))?;
        let queued = module::Envelope {
            sender: envelope.mail_from.clone(),
            recipients: envelope.rcpt_to.clone(),
            not_before: envelope.hold_until,
        };
        let queue = queued.submit(&blob).map_err(refused)?;
        let thread = place.row.thread.to_string();
        let kept = object! {
            "identityId": identity_id,
            "emailId": email_id,
            "threadId": thread.clone(),
            "envelope": envelope.told.clone(),
            "sendAt": utc_date::write(envelope.hold_until.unwrap_or(now)),
            "undoStatus": match envelope.hold_until {
                Some(_) => "pending",
                None => "final",
            },
            "queue": queue.clone(),
        };
        let id = id::random('s')?;
        let saved = save::<Self, ()>(stage, |records, _, _| {
            // Those that are kept, and this one.
            records.forget_oldest("sendAt", COUNT_MAX - 1);
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
        Ok(Done { id, told: answer })
    }

    fn update(stage: &mut Stage<'_>, _: &OnSuccess, id: &str, patch: &Object) -> SetResult<Done> {
        let records = Records::load(&stage.account, Submissions::ANNOTATION)?;
        let kept = records.find(id).ok_or_else(|| SetError::new("notFound"))?;
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
        let mut kept = kept.clone();
        kept.insert("undoStatus".to_owned(), "canceled".into());
        save::<Self, ()>(stage, |records, _, _| {
            records.put(id, kept.clone());
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
        let records = context
            .account_of(account)
            .ok()
            .and_then(|account| Records::load(&account, Submissions::ANNOTATION).ok())
            .unwrap_or_default();
        let email = |id: &str| -> Option<String> {
            let real = match id.strip_prefix('#') {
                Some(creation) if succeeded("created", creation) => context.real_id(id)?,
                Some(_) => return None,
                None if succeeded("updated", id) => id,
                None => return None,
            };
            let kept = records.find(real)?;
            Some(kept.get("emailId")?.as_str()?.to_owned())
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

/// The message as it goes out: nobody sees who else gets it blindly. RFC 8621 §7.5.
fn without_bcc(message: &[u8], header: &Header<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let start = message.as_ptr() as usize;
    let mut at = 0;
    for field in header.fields().iter().filter(|field| field.is("Bcc")) {
        // Where a field lies, by where its name and its value lie.
        let from = (field.name.as_ptr() as usize).wrapping_sub(start);
        let value = (field.value.as_ptr() as usize).wrapping_sub(start);
        let mut to = value + field.value.len();
        for end in *b"\r\n" {
            to += usize::from(message.get(to) == Some(&end));
        }
        out.extend_from_slice(message.get(at..from).unwrap_or_default());
        at = to;
    }
    out.extend_from_slice(message.get(at..).unwrap_or_default());
    out
}

fn refused(error: Error) -> SetError {
    match error {
        Error::Unsupported(_) => {
            SetError::described("forbiddenToSend", "this server sends no mail")
        }
        Error::Forbidden(_) => SetError::new("forbiddenMailFrom"),
        Error::TooMany(max) => SetError::new("tooManyRecipients").with("maxRecipients", max),
        Error::TooLarge(max) => SetError::new("tooLarge").with("maxSize", max),
        error => error.into(),
    }
}
