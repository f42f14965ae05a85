//! `SieveScript/set`. RFC 9661 §2.4.

use super::validate::text;
use super::{COUNT_MAX, NAME_MAX, SieveScripts, stage_removal, stage_text};
use crate::blob::{BlobId, Whole};
use crate::call::{Arguments, Result, is_id};
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult, check_properties};
use crate::id;
use crate::json::{Object, object};
use crate::records::{Records, save};
use crate::standard::{DataType, Done, Extra, Set, Stage, apply};
use module::{Batch, Digest};
use serde_json::Value;
use sha2::Digest as _;
use std::rc::Rc;

/// `onSuccessActivateScript` and `onSuccessDeactivateScript`.
pub struct OnSuccess {
    activate: Option<String>,
    deactivate: bool,
}

impl Extra for OnSuccess {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            activate: arguments.string("onSuccessActivateScript")?,
            deactivate: arguments.boolean("onSuccessDeactivateScript")?,
        })
    }
}

impl Set for SieveScripts {
    type Extra = OnSuccess;

    fn create(stage: &mut Stage<'_>, _: &OnSuccess, object: Object) -> SetResult<Done> {
        let id = id::random('v')?;
        let mut script = object! { "name": Value::Null, "isActive": false };
        let given = object.clone();
        script.extend(object);
        let text = check(stage, &script, None)?;
        if script.get("name").is_some_and(Value::is_null) {
            script.insert("name".to_owned(), id.clone().into());
        }
        script.insert("blobId".to_owned(), blob_id(&text).into());
        save::<Self, ()>(stage, |records, account, batch| {
            if records.iter().count() >= COUNT_MAX {
                let description = format!("an account has at most {COUNT_MAX} scripts");
                return Err(SetError::described("overQuota", description));
            }
            check_name_is_free(records, &id, &script)?;
            stage_text(batch, account, &id, &text)?;
            records.put(&id, script.clone());
            Ok(())
        })?;
        script.retain(|name, value| given.get(name) != Some(value));
        Ok(Done { id, told: script })
    }

    fn update(stage: &mut Stage<'_>, _: &OnSuccess, id: &str, patch: &Object) -> SetResult<Done> {
        let records = Records::load(&stage.account, <Self as crate::records::Kept>::ANNOTATION)?;
        let before = records.find(id).ok_or_else(|| SetError::new("notFound"))?;
        let mut current = before.clone();
        current.insert("id".to_owned(), id.into());
        let default = |name: &str| (name == "name").then(|| Value::String(id.to_owned()));
        let mut after = apply(&current, patch, default)?;
        if after.remove("id").is_none_or(|same| same != id) {
            return Err(SetError::invalid("id", "this can't be changed"));
        }
        let given = after.get("blobId").cloned();
        let text = match given.as_ref() == before.get("blobId") {
            true => {
                check_script(&after, Some(before))?;
                None
            }
            false => Some(check(stage, &after, Some(before))?),
        };
        if let Some(text) = &text {
            after.insert("blobId".to_owned(), blob_id(text).into());
        }
        save::<Self, ()>(stage, |records, account, batch| {
            let now = records.find(id).ok_or_else(|| SetError::new("notFound"))?;
            // Whether it is active may have changed meanwhile, and is not what is set here.
            let is_active = now.get("isActive").cloned().unwrap_or_default();
            after.insert("isActive".to_owned(), is_active);
            check_name_is_free(records, id, &after)?;
            if let Some(text) = &text {
                stage_text(batch, account, id, text)?;
            }
            records.put(id, after.clone());
            Ok(())
        })?;
        // The text of a part of a message is a blob of its own now.
        after.retain(|name, value| name == "blobId" && given.as_ref() != Some(value));
        Ok(Done {
            told: after,
            ..Done::default()
        })
    }

    fn destroy(stage: &mut Stage<'_>, _: &OnSuccess, id: &str) -> SetResult<()> {
        save::<Self, ()>(stage, |records, account, batch| {
            let script = records.find(id).ok_or_else(|| SetError::new("notFound"))?;
            if is_active(script) {
                let description = "an active script is deactivated before it is destroyed";
                return Err(SetError::described("sieveIsActive", description));
            }
            stage_removal(batch, account, id)?;
            records.remove(id);
            Ok(())
        })
    }

    fn after(
        context: &mut Context,
        extra: OnSuccess,
        account: &str,
        answer: &mut Object,
    ) -> Result<()> {
        let is_null = |name: &&str| answer.get(*name).is_none_or(Value::is_null);
        let refused = ["notCreated", "notUpdated", "notDestroyed"];
        if !refused.iter().all(is_null) {
            return Ok(());
        }
        // One that does not exist is ignored, and so is what is no id.
        let wanted = extra.activate.as_deref();
        let wanted = wanted.and_then(|id| context.real_id(id)).map(str::to_owned);
        let account = context.account_of(account)?;
        let mut stage = Stage {
            context,
            account: Rc::clone(&account),
            batch: Batch::new(),
            guard: &mut None,
        };
        let changed = save::<SieveScripts, _>(&mut stage, |records, _, _| {
            Ok(activate(records, wanted.as_deref(), extra.deactivate))
        });
        let failed = |error: SetError| MethodError {
            kind: "serverPartialFail",
            description: error.description,
        };
        let changed = changed.map_err(failed)?;
        if changed.is_empty() {
            return Ok(());
        }
        for (id, is_active) in changed {
            tell(answer, &id, is_active);
        }
        let account = context.account_of(&account.id)?;
        let state = SieveScripts::state(context, &account)?;
        answer.insert("newState".to_owned(), state.into());
        Ok(())
    }
}

/// Makes a script the active one, or none; returns which have changed, and how.
fn activate(records: &mut Records, wanted: Option<&str>, none: bool) -> Vec<(String, bool)> {
    let wanted = wanted.filter(|id| is_id(id) && records.find(id).is_some());
    if wanted.is_none() && !none {
        return Vec::new();
    }
    let mut changed = Vec::new();
    for (id, script) in records.iter() {
        let should = wanted == Some(id.as_str());
        if is_active(script) != should {
            changed.push((id.clone(), should));
        }
    }
    for (id, is) in &changed {
        if let Some(mut script) = records.find(id).cloned() {
            script.insert("isActive".to_owned(), (*is).into());
            records.put(id, script);
        }
    }
    changed
}

/// Adds to the answer of a `/set` that a script is active now, or is not any more.
fn tell(answer: &mut Object, id: &str, is_active: bool) {
    if let Some(Value::Object(created)) = answer.get_mut("created") {
        let mut created = created.values_mut().filter_map(Value::as_object_mut);
        if let Some(told) = created.find(|told| told.get("id").is_some_and(|it| it == id)) {
            told.insert("isActive".to_owned(), is_active.into());
            return;
        }
    }
    let updated = answer.entry("updated").or_insert(Value::Null);
    if updated.is_null() {
        *updated = Value::Object(Object::new());
    }
    if let Value::Object(updated) = updated {
        let told = updated.entry(id).or_insert(Value::Null);
        match told {
            Value::Object(told) => {
                told.insert("isActive".to_owned(), is_active.into());
            }
            told => *told = Value::Object(object! { "isActive": is_active }),
        }
    }
}

fn is_active(script: &Object) -> bool {
    script.get("isActive") == Some(&Value::Bool(true))
}

fn blob_id(text: &[u8]) -> String {
    let hash = sha2::Sha256::digest(text);
    let mut words = hash.chunks_exact(8).map(|word| {
        let word = word.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(word)
    });
    let mut word = || words.next().unwrap_or_default();
    let digest = Digest {
        a: word(),
        b: word(),
        c: word(),
        d: word(),
    };
    BlobId::whole(Whole::Upload(digest)).to_string()
}

/// Checks what a client sets, and reads the text.
fn check(stage: &Stage<'_>, script: &Object, before: Option<&Object>) -> SetResult<Vec<u8>> {
    check_script(script, before)?;
    let blob = script.get("blobId").and_then(Value::as_str);
    let blob = blob.ok_or_else(|| SetError::invalid("blobId", "which blob is the script?"))?;
    text(&stage.account, stage.context.blob_id(blob).as_ref())
}

/// RFC 9661 §2.1.
fn check_script(script: &Object, before: Option<&Object>) -> SetResult<()> {
    let is_good = |name: &str, value: &Value| match name {
        "name" => value.is_null() || value.as_str().is_some_and(is_name),
        "blobId" => value.is_string(),
        // RFC 9661 §2.1: the server's to set, by what the call asks for besides.
        "isActive" => match before {
            Some(before) => before.get("isActive") == Some(value),
            None => *value == Value::Bool(false),
        },
        _ => false,
    };
    check_properties(
        script,
        is_good,
        format!(
            "a name is one line of 1 to {NAME_MAX} bytes; scripts are activated by \
             onSuccessActivateScript"
        ),
    )
}

/// Whether a script may have this name: what ManageSieve can carry, RFC 5804 §1.6.
fn is_name(name: &str) -> bool {
    let is_bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    (1..=NAME_MAX).contains(&name.len()) && !name.chars().any(is_bad)
}

fn check_name_is_free(records: &Records, id: &str, script: &Object) -> SetResult<()> {
    let name = script.get("name");
    let mut others = records.iter().filter(|(other, _)| *other != id);
    match others.find(|(_, other)| other.get("name") == name) {
        None => Ok(()),
        Some((existing, _)) => {
            let error = SetError::described("alreadyExists", "another script has this name");
            Err(error.with("existingId", existing.clone()))
        }
    }
}
