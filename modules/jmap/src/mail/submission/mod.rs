//! EmailSubmissions. RFC 8621 §7.
//!
//! A submission is kept with the inbox, so that it can be undone while the mail system still has it,
//! and looked up later. The oldest ones are forgotten.

mod envelope;
mod query;
mod set;

use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::json::{Object, object};
use crate::records::{Records, listed};
use crate::standard::{Changes, DataType, Get, Listed, Log, Properties};
use crate::state::State;
use std::rc::Rc;

/// The data type.
pub struct Submissions;

const ANNOTATION: &str = "jmap/submissions";

/// How many submissions are remembered.
const COUNT_MAX: usize = 60;

impl DataType for Submissions {
    const NAME: &'static str = "EmailSubmission";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(Records::load(account, ANNOTATION)?.state())
    }

    fn is_in(account: &Account) -> bool {
        account.is_personal
    }
}

impl Get for Submissions {
    type Extra = ();

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
        let records = Records::load(account, ANNOTATION)?;
        let all = records.iter().map(|(id, kept)| (id.clone(), told(kept)));
        Ok(listed(all, ids, properties))
    }
}

impl Changes for Submissions {
    fn log(_: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        Records::load(account, ANNOTATION)?.log(since)
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
