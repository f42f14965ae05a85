//! Quotas. RFC 9425.

use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use crate::standard::{Changes, DataType, Few, FewQuery, Log, Test, Wanted};
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The data type.
pub struct Quotas;

impl DataType for Quotas {
    const NAME: &'static str = "Quota";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        let all = all(account)?;
        let told = all.values().filter_map(|quota| {
            let number = |name: &str| quota.get(name).and_then(Value::as_u64);
            Some(format!("{}-{}", number("used")?, number("hardLimit")?))
        });
        // No changes are told from one of these: what is not told apart is read anew.
        Ok(format!("q{}", told.collect::<Vec<_>>().join("-")))
    }
}

impl Few for Quotas {
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

    fn all(_: &mut Context, account: &Rc<Account>) -> Result<BTreeMap<String, Object>> {
        all(account)
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

impl FewQuery for Quotas {
    const CAN_CALCULATE_CHANGES: bool = false;

    const SORTS: &'static [(&'static str, &'static str)] = &[("name", "name"), ("used", "used")];

    fn test(name: &str, value: Value) -> Option<Test> {
        if !value.is_string() {
            return None;
        }
        match name {
            "name" => Test::contains(&["name"], &value),
            "scope" => Some(Test::is(&["scope"], value)),
            "resourceType" => Some(Test::is(&["resourceType"], value)),
            "type" => Some(Test {
                properties: &["types"],
                wanted: Wanted::Has(vec![value]),
            }),
            _ => None,
        }
    }
}

/// The limits that there are for all that the owner of an account has.
fn all(account: &Account) -> Result<BTreeMap<String, Object>> {
    if account.mailboxes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let usage = account.open(0)?.usage()?;
    let quota = |id: &str, kind: &str, name: &str, used: u64, limit: Option<u64>| {
        let quota = object! {
            "resourceType": kind,
            "used": used,
            "hardLimit": limit?,
            "scope": "account",
            "name": name,
            "types": strings(["Mailbox", "Email", "SieveScript"]),
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
