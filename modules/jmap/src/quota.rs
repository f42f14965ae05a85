//! Quotas. RFC 9425.

use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use crate::records::listed;
use crate::standard::{
    Changes, Comparator, DataType, Get, Listed, Log, Outcome, Properties, Query, Subject,
};
use crate::state::State;
use serde_json::Value;
use std::rc::Rc;

/// The data type.
pub struct Quotas;

impl DataType for Quotas {
    const NAME: &'static str = "Quota";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        let all = all(account)?;
        let told = all.iter().filter_map(|(_, quota)| {
            let number = |name: &str| quota.get(name).and_then(Value::as_u64);
            Some(format!("{}-{}", number("used")?, number("hardLimit")?))
        });
        // No changes are told from one of these: what is not told apart is read anew.
        Ok(format!("q{}", told.collect::<Vec<_>>().join("-")))
    }
}

impl Get for Quotas {
    type Extra = ();

    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "resourceType",
        "used",
        "hardLimit",
        "scope",
        "name",
        "types",
        "warnLimit",
        "softLimit",
        "description",
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
        _: usize,
    ) -> Result<Listed> {
        Ok(listed(all(account)?, ids, properties))
    }
}

impl Changes for Quotas {
    fn unchanged() -> Object {
        object! { "updatedProperties": Value::Null }
    }

    fn log(_: &mut Context, _: &Rc<Account>, _: &State) -> Result<Log> {
        Err(MethodError::new("cannotCalculateChanges"))
    }
}

impl Query for Quotas {
    type Condition = Vec<(String, Value)>;
    type Item = String;
    type Extra = ();

    fn condition(object: Object) -> Result<Vec<(String, Value)>> {
        let known = ["name", "scope", "resourceType", "type"];
        let is_good =
            |(name, value): &(&String, &Value)| known.contains(&name.as_str()) && value.is_string();
        match object.iter().all(|pair| is_good(&pair)) {
            true => Ok(object.into_iter().collect()),
            false => Err(MethodError::new("unsupportedFilter")),
        }
    }

    fn is_sort(comparator: &Comparator) -> bool {
        matches!(comparator.property.as_str(), "name" | "used")
    }

    fn extra(_: &mut Arguments) -> Result<()> {
        Ok(())
    }

    fn run(
        _: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        _: usize,
    ) -> Result<Outcome<String>> {
        let holds = |quota: &Object, name: &str, value: &Value| match name {
            "type" => {
                let types = quota.get("types").and_then(Value::as_array);
                types.is_some_and(|types| types.contains(value))
            }
            "name" => {
                let text = |value: Option<&Value>| {
                    let text = value.and_then(Value::as_str);
                    text.unwrap_or_default().to_lowercase()
                };
                text(quota.get("name")).contains(&text(Some(value)))
            }
            name => quota.get(name) == Some(value),
        };
        let mut found = all(account)?;
        found.retain(|(_, quota)| match &subject.filter {
            None => true,
            Some(filter) => filter.holds(&mut |tests| {
                let mut tests = tests.iter();
                tests.all(|(name, value)| holds(quota, name, value))
            }),
        });
        for by in subject.sort.iter().rev() {
            found.sort_by(|(_, a), (_, b)| {
                let text = |quota: &Object| {
                    let value = quota.get(&by.property);
                    (value.and_then(Value::as_u64), value.map(Value::to_string))
                };
                match by.is_ascending {
                    true => text(a).cmp(&text(b)),
                    false => text(b).cmp(&text(a)),
                }
            });
        }
        Ok(Outcome {
            items: found.into_iter().map(|(id, _)| id).collect(),
            is_whole: true,
        })
    }

    fn id(item: &String) -> String {
        item.clone()
    }
}

/// The limits that there are for all that the owner of an account has.
fn all(account: &Account) -> Result<Vec<(String, Object)>> {
    if account.mailboxes.is_empty() {
        return Ok(Vec::new());
    }
    let usage = account.open(0)?.usage()?;
    let quota = |id: &str, kind: &str, name: &str, used: u64, limit: Option<u64>| {
        let quota = object! {
            "resourceType": kind,
            "used": used,
            "hardLimit": limit?,
            "scope": "account",
            "name": name,
            "types": strings(["Mailbox", "Email"]),
            "warnLimit": Value::Null,
            "softLimit": Value::Null,
            "description": Value::Null,
        };
        Some((id.to_owned(), quota))
    };
    let quotas = [
        quota(
            "qoctets",
            "octets",
            "Storage",
            usage.bytes,
            usage.bytes_limit,
        ),
        quota(
            "qcount",
            "count",
            "Messages",
            usage.messages,
            usage.messages_limit,
        ),
    ];
    Ok(quotas.into_iter().flatten().collect())
}
