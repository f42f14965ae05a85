//! EmailSubmissions. RFC 8621 §7.
//!
//! A submission is kept with the inbox, so that it can be undone while the mail system still has it,
//! and looked up later. The oldest ones are forgotten.

mod envelope;
pub mod lines;
mod outgoing;
mod query;
mod set;

use crate::account::Account;
use crate::json::{Object, object};
use crate::records::{Kept, Records};
use std::collections::BTreeMap;

/// The data type.
pub struct Submissions;

/// How many submissions are remembered.
const COUNT_MAX: usize = 60;

impl Kept for Submissions {
    const NAME: &'static str = "EmailSubmission";
    const ANNOTATION: &'static str = "jmap/submissions";
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "identityId",
        "emailId",
        "threadId",
        "envelope",
        "sendAt",
        "undoStatus",
        "deliveryStatus",
        "dsnBlobIds",
        "mdnBlobIds",
    ];

    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
        let records = Records::load(account, Self::ANNOTATION)?;
        let all = records.iter().map(|(id, kept)| (id.clone(), told(kept)));
        Ok(all.collect())
    }
}

/// What clients are told of what is kept.
fn told(kept: &Object) -> Object {
    let mut told = kept.clone();
    told.remove("queue");
    told.append(&mut object! {
        "deliveryStatus": serde_json::Value::Null,
        "dsnBlobIds": Vec::<String>::new(),
        "mdnBlobIds": Vec::<String>::new(),
    });
    told
}
