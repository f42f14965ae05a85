//! `Email/import`. RFC 8621 §4.8.

use super::put::New;
use super::{Emails, wish};
use crate::account::Account;
use crate::blob::bytes;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::{SetError, SetResult, check_properties};
use crate::json::Object;
use crate::mail::world::World;
use crate::standard::{Changes, DataType, Done, Log, Set, Stage, set};
use crate::state::State;
use mail::{Date, Header, Limits};
use module::Instant;
use serde_json::Value;
use std::rc::Rc;

/// Emails as they are made of blobs: an import is a `/set` that creates only.
struct Imports;

/// Answers the call.
pub fn import(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let mut passed = Object::new();
    for name in ["accountId", "ifInState"] {
        if let Some(value) = arguments.take(name) {
            passed.insert(name.to_owned(), value);
        }
    }
    let emails = required("emails", arguments.map("emails")?)?;
    passed.insert("create".to_owned(), Value::Object(emails));
    arguments.finish()?;
    let mut answer = set::<Imports>(context, Arguments::new(passed))?;
    for name in ["updated", "destroyed", "notUpdated", "notDestroyed"] {
        answer.remove(name);
    }
    Ok(answer)
}

impl DataType for Imports {
    const NAME: &'static str = Emails::NAME;

    fn state(context: &mut Context, account: &Rc<Account>) -> Result<String> {
        Emails::state(context, account)
    }
}

impl Changes for Imports {
    fn log(context: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        Emails::log(context, account, since)
    }
}

impl Set for Imports {
    type Extra = ();

    fn create(stage: &mut Stage<'_>, (): &(), object: Object) -> SetResult<Done> {
        let known = ["blobId", "mailboxIds", "keywords", "receivedAt"];
        check_properties(
            &object,
            |name, _| known.contains(&name),
            "an EmailImport has no such properties",
        )?;
        let world = World::outline(&stage.account);
        let shelves = wish::mailboxes(stage.context, &world, object.get("mailboxIds"))?;
        let keywords = wish::keywords(object.get("keywords"))?;
        let received = wish::received(object.get("receivedAt"))?;
        let blob = object.get("blobId").and_then(Value::as_str);
        let blob = blob.and_then(|id| stage.context.blob_id(id));
        let message = blob.and_then(|id| bytes(&stage.account, &id).ok());
        let message =
            message.ok_or_else(|| SetError::invalid("blobId", "there is no such blob"))?;
        let header = Header::parse(&message, &Limits::default());
        if header.fields().is_empty() || message.contains(&0) {
            return Err(SetError::described(
                "invalidEmail",
                "this is no message of RFC 5322",
            ));
        }
        let new = New {
            message: &message,
            shelves,
            keywords,
            received: received
                .or_else(|| traced(&header))
                .unwrap_or(stage.context.now),
        };
        new.stage(&stage.account, &stage.batch)
    }
}

/// When the topmost Received field says that the message came. RFC 5321 §4.4.
fn traced(header: &Header<'_>) -> Option<Instant> {
    let mut fields = header.fields().iter();
    let field = fields.find(|field| field.is("Received"))?.text();
    let (_, date) = field.rsplit_once(';')?;
    let seconds = Date::parse(mail::cut(date, 255))?.seconds();
    seconds.checked_mul(1000)
}
