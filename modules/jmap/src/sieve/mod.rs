//! SieveScripts. RFC 9661.
//!
//! What clients are told of a script is a record; its text is the body of a message in a mailbox
//! beside the homes of calendars and contacts, so that it is found as a blob like any other, counts
//! in the quota, and is in backups and exports.
//!
//! # Not supported
//! Running them: a script is kept and checked, and no mail is sorted by it yet.

mod set;
mod validate;

pub use validate::validate;

use crate::account::Account;
use crate::json::{Object, object, strings};
use crate::records::{Kept, Records};
use crate::standard::{FewQuery, Test};
use module::{Batch, Condition, Content, Error, Grant, Identifier, Mailbox, Put, Rights};
use serde_json::Value;
use std::collections::BTreeMap;

/// The data type.
pub struct SieveScripts;

/// The type of the mailbox that has the texts.
pub const MAILBOX_TYPE: &str = "sieve";

/// How many scripts an account may have.
const COUNT_MAX: usize = 64;
/// Bytes of a name: what RFC 5804 §1.6 asks for.
const NAME_MAX: usize = 512;
/// How many `redirect` actions a script may do with one message.
const REDIRECTS_MAX: u64 = 4;

impl Kept for SieveScripts {
    const NAME: &'static str = "SieveScript";
    const ANNOTATION: &'static str = "jmap/sieve";
    const PROPERTIES: &'static [&'static str] = &["id", "name", "blobId", "isActive"];

    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
        let records = Records::load(account, Self::ANNOTATION)?;
        let all = records
            .iter()
            .map(|(id, script)| (id.clone(), script.clone()));
        Ok(all.collect())
    }
}

impl FewQuery for SieveScripts {
    // RFC 9661 has no `SieveScript/queryChanges`.
    const CAN_CALCULATE_CHANGES: bool = false;

    const SORTS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("isActive", "isActive")];

    fn test(name: &str, value: Value) -> Option<Test> {
        match name {
            "name" => Test::contains(&["name"], &value),
            "isActive" if value.is_boolean() => Some(Test::is(&["isActive"], value)),
            _ => None,
        }
    }
}

/// What the Session object says of the server. RFC 9661 §1.2.1.
pub fn server_capability() -> Object {
    object! { "implementation": concat!("Chapar ", env!("CARGO_PKG_VERSION")) }
}

/// What the Session object says of an account.
pub fn account_capability() -> Object {
    object! {
        "maxSizeScriptName": NAME_MAX,
        "maxSizeScript": ::sieve::SIZE_MAX,
        "maxNumberScripts": COUNT_MAX,
        "maxNumberRedirects": REDIRECTS_MAX,
        "sieveExtensions": strings(::sieve::EXTENSIONS),
        "notificationMethods": Value::Null,
        "externalLists": Value::Null,
    }
}

/// The ids of the scripts whose text is a blob.
pub fn with_blob(account: &Account, blob: &str) -> module::Result<Vec<String>> {
    if !account.is_personal {
        return Ok(Vec::new());
    }
    let records = Records::load(account, SieveScripts::ANNOTATION)?;
    let has_blob = |script: &Object| script.get("blobId").is_some_and(|id| id == blob);
    let found = records.iter().filter(|(_, script)| has_blob(script));
    Ok(found.map(|(id, _)| id.clone()).collect())
}

fn path(account: &Account) -> Vec<String> {
    ["user", &account.owner, "#sieve"]
        .map(str::to_owned)
        .to_vec()
}

/// Adds to a batch that a script has this text.
fn stage_text(batch: &Batch, account: &Account, id: &str, text: &[u8]) -> module::Result<()> {
    let put = Put {
        name: Some(id.to_owned()),
        condition: Condition::None,
        header: b"Content-Type: application/sieve; charset=utf-8\r\nMIME-Version: 1.0\r\n\r\n"
            .to_vec(),
        content: Content::Bytes(text.to_vec()),
        content_type: "application/sieve".to_owned(),
        flags: Vec::new(),
        keys: Vec::new(),
        keys_version: crate::KEYS_VERSION,
    };
    match Mailbox::open(&path(account)) {
        Ok(open) => batch.put(&open, put),
        Err(Error::NotFound) => {
            // Whoever is let into the inbox is not let into the scripts.
            let owner = Identifier::Principal(account.owner.clone());
            let grants = [Grant::new(owner, Rights::all())];
            let created = batch.create_mailbox(&path(account), MAILBOX_TYPE, Some(&grants));
            batch.put_into(created, put)
        }
        Err(error) => return Err(error),
    };
    Ok(())
}

/// Adds to a batch that the text of a script is gone.
fn stage_removal(batch: &Batch, account: &Account, id: &str) -> module::Result<()> {
    let open = match Mailbox::open(&path(account)) {
        Ok(open) => open,
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(message) = open.find(id)? {
        batch.remove(&open, message.uid);
    }
    Ok(())
}
