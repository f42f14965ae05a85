//! Principals: the directory of the tenant, in the account of whoever looks. RFC 9670 §2.
//!
//! # Not supported
//! `description` and `timeZone`, which the directory does not have. What has changed is not known.

pub mod notification;

use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::id::{account_id, first_bits, principal_name};
use crate::json::{Object, object};
use crate::session::account_object;
use crate::standard::{
    Changes, DataType, Done, Few, FewQuery, Log, QueryChanges, Set, Stage, Subject, Test, Wanted,
};
use crate::state::State;
use module::{Error, Kind, Principal};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The data type.
pub struct Principals;

/// Principals on a page of the directory.
const PAGE: u32 = 1000;
/// How many principals are listed: those beyond are found by their ids.
const COUNT_MAX: usize = 10_000;

impl DataType for Principals {
    const NAME: &'static str = "Principal";

    /// No changes are told from one of these: what is not told apart is read anew.
    fn state(context: &mut Context, account: &Rc<Account>) -> Result<String> {
        let mut hash = Sha256::new();
        for (id, mut principal) in Self::all(context, account)? {
            // Of an account it matters whether it is there.
            if let Some(Value::Object(accounts)) = principal.get_mut("accounts") {
                let is_read_only = |account: &mut Value| account.get("isReadOnly").cloned();
                for account in accounts.values_mut() {
                    *account = is_read_only(account).unwrap_or_default();
                }
            }
            hash.update(id.as_bytes());
            hash.update(Value::Object(principal).to_string().as_bytes());
        }
        Ok(format!("p{:016x}", first_bits(hash)))
    }

    fn is_in(account: &Account) -> bool {
        account.is_personal
    }
}

impl Few for Principals {
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "type",
        "name",
        "description",
        "email",
        "timeZone",
        "capabilities",
        "accounts",
    ];

    fn all(context: &mut Context, _: &Rc<Account>) -> Result<BTreeMap<String, Object>> {
        let accounts = accounts(context)?;
        let mut all = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = Principal::search("", None, after.as_deref(), PAGE)?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|principal| principal.id.clone());
            for principal in page {
                all.insert(account_id(&principal.id), told(&principal, &accounts));
            }
            if is_last || all.len() >= COUNT_MAX {
                return Ok(all);
            }
        }
    }

    fn some(
        context: &mut Context,
        _: &Rc<Account>,
        ids: &[String],
    ) -> Result<BTreeMap<String, Object>> {
        let accounts = accounts(context)?;
        let mut some = BTreeMap::new();
        for id in ids {
            let Some(name) = principal_name(id) else {
                continue;
            };
            match Principal::find(&name) {
                Ok(principal) => {
                    some.insert(id.clone(), told(&principal, &accounts));
                }
                Err(Error::NotFound | Error::Invalid(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(some)
    }
}

impl FewQuery for Principals {
    const CAN_CALCULATE_CHANGES: bool = false;

    const SORTS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("email", "email"), ("type", "type")];

    fn test(name: &str, value: Value) -> Option<Test> {
        match (name, value) {
            ("accountIds", Value::Array(ids)) => Some(Test {
                properties: &["accounts"],
                wanted: Wanted::Has(ids),
            }),
            ("email", value) => Test::contains(&["email"], &value),
            ("name", value) => Test::contains(&["name"], &value),
            ("text", value) => Test::contains(&["name", "email", "description"], &value),
            ("type", value @ Value::String(_)) => Some(Test::is(&["type"], value)),
            ("timeZone", value @ Value::String(_)) => Some(Test::is(&["timeZone"], value)),
            _ => None,
        }
    }
}

impl Changes for Principals {
    fn log(_: &mut Context, _: &Rc<Account>, _: &State) -> Result<Log> {
        Err(MethodError::new("cannotCalculateChanges"))
    }
}

impl QueryChanges for Principals {
    fn affected(
        _: &mut Context,
        _: &Rc<Account>,
        _: &Subject<Self>,
        _: &State,
    ) -> Result<BTreeSet<String>> {
        Err(MethodError::new("cannotCalculateChanges"))
    }
}

/// `Principal/set`: everybody may say what he is called, and nothing else. RFC 9670 §2.3.
impl Set for Principals {
    type Extra = ();

    fn update(stage: &mut Stage<'_>, (): &(), id: &str, patch: &Object) -> SetResult<Done> {
        let name = principal_name(id).ok_or_else(|| SetError::new("notFound"))?;
        Principal::find(&name)?;
        if stage.context.identity.principal.as_ref() != Some(&name) {
            return Err(SetError::new("forbidden"));
        }
        if let Some(other) = patch.keys().find(|property| *property != "name") {
            let description = format!("{other:?} can't be set here");
            return Err(SetError::described("forbidden", description));
        }
        if let Some(value) = patch.get("name") {
            let text = value.as_str().filter(|text| !text.trim().is_empty());
            let text = text.ok_or_else(|| SetError::invalid("name", "this is no name"))?;
            Principal::set_display_name(text).map_err(|error| match error {
                Error::Invalid(reason) => SetError::invalid("name", reason),
                error => error.into(),
            })?;
        }
        Ok(Done::default())
    }
}

/// The accounts that whoever asks may look into, whether subscribed to or not, by the principal.
fn accounts(context: &Context) -> Result<BTreeMap<String, Object>> {
    let identity = &context.identity;
    let accounts = Account::all(identity)?.into_iter().map(|account| {
        let told = account_object(identity, &account, &context.limits);
        (account.id, told)
    });
    Ok(accounts.collect())
}

fn told(principal: &Principal, accounts: &BTreeMap<String, Object>) -> Object {
    let id = account_id(&principal.id);
    let accounts = accounts.get(&id).map(|account| {
        let one = (id.clone(), Value::Object(account.clone()));
        Value::Object([one].into_iter().collect())
    });
    object! {
        "type": match principal.kind {
            Kind::User => "individual",
            Kind::Group => "group",
            Kind::Room => "location",
            Kind::Resource => "resource",
        },
        "name": principal.display_name.clone(),
        "description": Value::Null,
        "email": principal.addresses.first().cloned(),
        "timeZone": Value::Null,
        "capabilities": Object::new(),
        "accounts": accounts,
    }
}
