//! EmailSubmissions. RFC 8621 §7.
//!
//! A submission is kept with the inbox, so that it can be undone while the mail system still has it,
//! and looked up later. The oldest ones that wait no more are forgotten.

mod envelope;
pub mod lines;
mod outgoing;
mod query;
mod set;

use crate::account::Account;
use crate::json::{Object, object};
use crate::records::{Kept, Records};
use crate::utc_date;
use module::Instant;
use serde_json::Value;
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
    const FORGETS: Option<(&'static str, usize)> = Some(("sendAt", COUNT_MAX));

    /// What waits can be undone as long as it is known.
    fn may_forget(kept: &Object, now: Instant) -> bool {
        let text = |name: &str| kept.get(name).and_then(Value::as_str);
        let send_at = text("sendAt").and_then(utc_date::parse_date);
        text("undoStatus") != Some("pending") || send_at.is_none_or(|send_at| send_at <= now)
    }

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
    if let Some(envelope) = told.get_mut("envelope") {
        envelope::unfold(envelope);
    }
    told.append(&mut object! {
        "deliveryStatus": Value::Null,
        "dsnBlobIds": Vec::<String>::new(),
        "mdnBlobIds": Vec::<String>::new(),
    });
    told
}
