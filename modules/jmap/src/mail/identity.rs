//! Identities. RFC 8621 §6.
//!
//! Each address that the directory has of a principal is an Identity that stays; what the principal
//! says of it, and further ones for the same addresses, are kept with the inbox.

use crate::account::Account;
use crate::error::{SetError, SetResult, check_properties};
use crate::id::{self, first_bits};
use crate::json::{Object, object};
use crate::records::{Kept, Records, save};
use crate::standard::{Done, Set, Stage, apply, changed};
use mail::EmailAddress;
use module::Principal;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The data type.
pub struct Identities;

/// How many Identities a principal may have.
const COUNT_MAX: usize = 100;
/// Bytes of a name or a signature.
const TEXT_MAX: usize = 16 << 10;

impl Kept for Identities {
    const NAME: &'static str = "Identity";
    const ANNOTATION: &'static str = "jmap/identities";
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "name",
        "email",
        "replyTo",
        "bcc",
        "textSignature",
        "htmlSignature",
        "mayDelete",
    ];

    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
        all(account)
    }
}

impl Set for Identities {
    type Extra = ();

    fn create(stage: &mut Stage<'_>, (): &(), object: Object) -> SetResult<Done> {
        let known = all(&stage.account)?;
        if known.len() >= COUNT_MAX {
            return Err(SetError::new("overQuota"));
        }
        let email = object.get("email").and_then(Value::as_str);
        let email = email.ok_or_else(|| SetError::invalid("email", "an address is missing"))?;
        if !may_send_from(&stage.account.owner, email)? {
            return Err(SetError::new("forbiddenFrom"));
        }
        let given: Vec<String> = object.keys().cloned().collect();
        let mut identity = defaults();
        identity.extend(object);
        check(&identity)?;
        let id = id::random('i')?;
        save::<Self, ()>(stage, |records, _, _| {
            records.put(&id, identity.clone());
            Ok(())
        })?;
        identity.insert("mayDelete".to_owned(), true.into());
        identity.retain(|name, _| !given.contains(name));
        Ok(Done { id, told: identity })
    }

    fn update(stage: &mut Stage<'_>, (): &(), id: &str, patch: &Object) -> SetResult<Done> {
        save::<Self, ()>(stage, |records, account, _| {
            let mut known = all(account)?;
            let mut current = known.remove(id).ok_or_else(|| SetError::new("notFound"))?;
            current.insert("id".to_owned(), id.into());
            let default = |name: &str| defaults().remove(name);
            let mut patched = apply(&current, patch, default)?;
            let fixed = ["id", "email", "mayDelete"];
            let mut changed = changed(&current, &patched);
            changed.retain(|name| fixed.contains(name));
            if !changed.is_empty() {
                return Err(SetError::invalid_properties(
                    changed,
                    "these can't be changed",
                ));
            }
            for name in ["id", "mayDelete"] {
                patched.remove(name);
            }
            check(&patched)?;
            records.put(id, patched);
            Ok(())
        })?;
        Ok(Done::default())
    }

    fn destroy(stage: &mut Stage<'_>, (): &(), id: &str) -> SetResult<()> {
        let known = all(&stage.account)?;
        let identity = known.get(id).ok_or_else(|| SetError::new("notFound"))?;
        if identity.get("mayDelete") != Some(&Value::Bool(true)) {
            return Err(SetError::new("forbidden"));
        }
        save::<Self, ()>(stage, |records, _, _| {
            records.remove(id);
            Ok(())
        })
    }
}

/// All Identities of an account: what is kept, and those of addresses of which nothing is.
pub fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
    let records = Records::load(account, Identities::ANNOTATION)?;
    let mut all: BTreeMap<String, Object> = records
        .iter()
        .map(|(id, identity)| {
            let mut identity = identity.clone();
            identity.insert("mayDelete".to_owned(), true.into());
            (id.clone(), identity)
        })
        .collect();
    let principal = Principal::find(&account.owner)?;
    for address in principal.addresses {
        let identity = all.entry(id_of(&address)).or_insert_with(|| {
            let mut identity = defaults();
            identity.insert("name".to_owned(), principal.display_name.clone().into());
            identity.insert("email".to_owned(), address.clone().into());
            identity
        });
        identity.insert("mayDelete".to_owned(), false.into());
    }
    Ok(all)
}

/// Whether an address is one of a principal's, compared without case.
pub fn may_send_from(principal: &str, email: &str) -> module::Result<bool> {
    let addresses = Principal::find(principal)?.addresses;
    Ok(addresses
        .iter()
        .any(|address| address.to_lowercase() == email.to_lowercase()))
}

fn id_of(address: &str) -> String {
    let hash = Sha256::new_with_prefix(address.to_lowercase());
    format!("i{:016x}", first_bits(hash))
}

fn defaults() -> Object {
    object! {
        "name": "",
        "replyTo": Value::Null,
        "bcc": Value::Null,
        "textSignature": "",
        "htmlSignature": "",
    }
}

fn check(identity: &Object) -> SetResult<()> {
    let is_good = |name: &str, value: &Value| match name {
        "name" | "email" | "textSignature" | "htmlSignature" => {
            value.as_str().is_some_and(|text| text.len() <= TEXT_MAX)
        }
        "replyTo" | "bcc" => {
            serde_json::from_value::<Option<Vec<EmailAddress>>>(value.clone()).is_ok()
        }
        _ => false,
    };
    check_properties(
        identity,
        is_good,
        format!("a text has at most {TEXT_MAX} bytes, an address is an EmailAddress"),
    )
}
