//! `Email/parse`. RFC 8621 §4.9.

use super::Emails;
use super::get::OF_MESSAGE;
use super::told::{Told, Values, Wanted};
use crate::blob::{blob_ids, parse_each};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::json::Object;
use crate::standard::{Extra, Properties};
use mail::{Header, Limits};
use serde_json::Value;

/// What only a message in the store has.
const METADATA: [&str; 5] = ["id", "threadId", "mailboxIds", "keywords", "receivedAt"];

/// Answers the call.
pub fn parse(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let ids = blob_ids(context, &mut arguments)?;
    let properties = Properties::take::<Emails>(&mut arguments, OF_MESSAGE)?;
    let wanted = Wanted::new(&properties, Values::take(&mut arguments)?)?;
    arguments.finish()?;

    parse_each(context, &account, ids, |id, blob, message| {
        let header = Header::parse(message, &Limits::default());
        if header.fields().is_empty() {
            return Ok(None);
        }
        let mut email = Object::new();
        for name in METADATA {
            if matches!(&properties, Properties::Named(names) if names.iter().any(|n| n == name)) {
                email.insert(name.to_owned(), Value::Null);
            }
        }
        if properties.has("blobId") {
            email.insert("blobId".to_owned(), id.into());
        }
        if properties.has("size") {
            email.insert("size".to_owned(), message.len().into());
        }
        Told::new(&wanted, blob).add(message, &mut email);
        Ok(Some(Value::Object(email)))
    })
}
