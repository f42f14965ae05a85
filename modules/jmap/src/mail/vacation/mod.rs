//! The VacationResponse. RFC 8621 §8.
//!
//! It is kept with the inbox, and there is always one: until somebody sets it, it is off. While it is
//! on, the inbox lets anybody deliver what is new (`8`): so the host knows that this module wants to be
//! told of mail that has come.

mod reply;

pub use reply::reply;

use crate::account::Account;
use crate::error::{SetError, SetResult, check_properties};
use crate::json::{Object, object};
use crate::records::{Kept, Records, save};
use crate::standard::{Done, Set, Stage, apply};
use crate::utc_date;
use module::{Batch, Grant, Identifier, Rights};
use serde_json::Value;
use std::collections::BTreeMap;

/// The data type.
pub struct VacationResponses;

/// The id of the only one.
const SINGLETON: &str = "singleton";

/// Bytes of a subject.
const SUBJECT_MAX: usize = 998;
/// Bytes of a body; what is kept has room for two of them.
const BODY_MAX: usize = 8 << 10;

impl Kept for VacationResponses {
    const NAME: &'static str = "VacationResponse";
    const ANNOTATION: &'static str = "jmap/vacation";
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "isEnabled",
        "fromDate",
        "toDate",
        "subject",
        "textBody",
        "htmlBody",
    ];

    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
        let records = Records::load(account, Self::ANNOTATION)?;
        let kept = records.find(SINGLETON).cloned();
        Ok([(SINGLETON.to_owned(), kept.unwrap_or_else(defaults))].into())
    }
}

impl Set for VacationResponses {
    type Extra = ();

    fn create(_: &mut Stage<'_>, (): &(), _: Object) -> SetResult<Done> {
        Err(SetError::new("singleton"))
    }

    fn update(stage: &mut Stage<'_>, (): &(), id: &str, patch: &Object) -> SetResult<Done> {
        if id != SINGLETON {
            return Err(SetError::new("notFound"));
        }
        let told = save::<Self, _>(stage, |records, account, batch| {
            let before = records.find(SINGLETON).cloned();
            let mut before = before.unwrap_or_else(defaults);
            before.insert("id".to_owned(), SINGLETON.into());
            let mut after = apply(&before, patch, |name| defaults().remove(name))?;
            if after.remove("id").is_none_or(|id| id != SINGLETON) {
                return Err(SetError::invalid("id", "there is one VacationResponse"));
            }
            check(&after)?;
            let mut told = Object::new();
            for name in ["fromDate", "toDate"] {
                let date = after.get(name).and_then(Value::as_str);
                let date = date.and_then(utc_date::parse);
                let Some(date) = date.map(utc_date::write) else {
                    continue;
                };
                // A fraction of a second is not kept.
                if after.insert(name.to_owned(), date.clone().into()) != Some(date.clone().into()) {
                    told.insert(name.to_owned(), date.into());
                }
            }
            let is_enabled = after.get("isEnabled") == Some(&Value::Bool(true));
            stage_receiving(batch, account, is_enabled)?;
            records.put(SINGLETON, after);
            Ok(told)
        })?;
        Ok(Done {
            told,
            ..Done::default()
        })
    }

    fn destroy(_: &mut Stage<'_>, (): &(), id: &str) -> SetResult<()> {
        match id {
            SINGLETON => Err(SetError::new("singleton")),
            _ => Err(SetError::new("notFound")),
        }
    }
}

/// Adds to a batch that the host hands on mail that comes, or does not.
fn stage_receiving(batch: &Batch, account: &Account, is: bool) -> module::Result<()> {
    let inbox = account.open(0)?;
    let mut grants = inbox.grants()?;
    let of_anyone = |grant: &&mut Grant| grant.identifier == Identifier::Anyone && !grant.negative;
    let known = grants.iter_mut().find(of_anyone);
    let before = known.as_ref().map_or(Rights::empty(), |grant| grant.rights);
    let after = match is {
        true => before | Rights::DELIVER_INVITE,
        false => before.without(Rights::DELIVER_INVITE),
    };
    if after == before {
        return Ok(());
    }
    match known {
        Some(grant) => grant.rights = after,
        None => grants.push(Grant::new(Identifier::Anyone, after)),
    }
    grants.retain(|grant| !grant.rights.is_empty());
    batch.set_rights(&inbox, &grants);
    Ok(())
}

fn defaults() -> Object {
    object! {
        "isEnabled": false,
        "fromDate": Value::Null,
        "toDate": Value::Null,
        "subject": Value::Null,
        "textBody": Value::Null,
        "htmlBody": Value::Null,
    }
}

fn check(vacation: &Object) -> SetResult<()> {
    let is_good = |name: &str, value: &Value| {
        let is = |test: &dyn Fn(&str) -> bool| value.is_null() || value.as_str().is_some_and(test);
        match name {
            "isEnabled" => value.is_boolean(),
            "fromDate" | "toDate" => is(&|text| utc_date::parse(text).is_some()),
            // It becomes a header field.
            "subject" => {
                is(&|text| text.len() <= SUBJECT_MAX && !text.chars().any(char::is_control))
            }
            "textBody" | "htmlBody" => is(&|text| text.len() <= BODY_MAX),
            _ => false,
        }
    };
    check_properties(
        vacation,
        is_good,
        format!(
            "a date is a UTCDate, a subject one line of {SUBJECT_MAX} bytes, a body has at most \
             {BODY_MAX} bytes"
        ),
    )
}
