//! `Email/parse`. RFC 8621 §4.9.

use super::Emails;
use super::import::blob_ids;
use super::told::{Told, Values, Wanted};
use crate::api::ids_or_null;
use crate::blob::{self, BlobId};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object};
use crate::standard::{Extra, Get, Properties, map_or_null};
use mail::{Header, Limits};
use module::Error;
use serde_json::Value;
use std::collections::BTreeSet;

const DEFAULT: &[&str] = &[
    "messageId",
    "inReplyTo",
    "references",
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "replyTo",
    "subject",
    "sentAt",
    "hasAttachment",
    "preview",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
];

/// What only a message in the store has.
const METADATA: [&str; 5] = ["id", "threadId", "mailboxIds", "keywords", "receivedAt"];

/// Answers the call.
pub fn parse(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let ids = blob_ids(&mut arguments, context.limits.max_objects_in_get)?;
    let properties = match arguments.strings("properties")? {
        None => Properties::Default(DEFAULT),
        Some(names) => {
            let known = |name: &&String| {
                Emails::PROPERTIES.contains(&name.as_str()) || Emails::is_property(name)
            };
            if let Some(unknown) = names.iter().find(|name| !known(name)) {
                return Err(MethodError::invalid_arguments(format!(
                    "Email has no property {unknown:?}"
                )));
            }
            Properties::Named(names)
        }
    };
    let wanted = Wanted::new(&properties, Values::take(&mut arguments)?)?;
    arguments.finish()?;

    let mut parsed = Object::new();
    let (mut not_parsable, mut not_found) = (Vec::new(), Vec::new());
    for id in ids.into_iter().collect::<BTreeSet<_>>() {
        let blob = context.real_id(&id).and_then(BlobId::parse);
        let Some(blob) = blob else {
            not_found.push(id);
            continue;
        };
        let message = match blob::bytes(&account, &blob) {
            Ok(message) => message,
            Err(Error::TooLarge(_)) => {
                not_parsable.push(id);
                continue;
            }
            Err(Error::NotFound | Error::Forbidden(_)) => {
                not_found.push(id);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if Header::parse(&message, &Limits::default())
            .fields()
            .is_empty()
        {
            not_parsable.push(id);
            continue;
        }
        let mut email = Object::new();
        for name in METADATA {
            if matches!(&properties, Properties::Named(names) if names.iter().any(|n| n == name)) {
                email.insert(name.to_owned(), Value::Null);
            }
        }
        if properties.has("blobId") {
            email.insert("blobId".to_owned(), id.clone().into());
        }
        if properties.has("size") {
            email.insert("size".to_owned(), message.len().into());
        }
        Told::new(&wanted, blob).add(&message, &mut email);
        parsed.insert(id, Value::Object(email));
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "parsed": map_or_null(parsed),
        "notParsable": ids_or_null(not_parsable),
        "notFound": ids_or_null(not_found),
    })
}
