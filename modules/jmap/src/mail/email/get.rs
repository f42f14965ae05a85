//! `Email/get`. RFC 8621 §4.2.

use super::told::{Told, Values, Wanted};
use super::{Emails, read, summary};
use crate::account::Account;
use crate::blob::{BlobId, Whole};
use crate::call::Result;
use crate::context::Context;
use crate::error::MethodError;
use crate::id::EmailId;
use crate::json::{Object, object};
use crate::mail::world::{Place, World, keywords};
use crate::standard::{Get, Listed, Properties};
use crate::utc_date;
use mail::HeaderProperty;
use serde_json::Value;
use std::rc::Rc;

/// What of an Email is told that is no more than a message. RFC 8621 §4.9.
pub const OF_MESSAGE: &[&str] = Emails::PROPERTIES.split_at(7).1;

impl Get for Emails {
    type Extra = Values;

    // First what the store says, then what the message itself does: `OF_MESSAGE`.
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "blobId",
        "threadId",
        "mailboxIds",
        "keywords",
        "size",
        "receivedAt",
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

    fn is_property(name: &str) -> bool {
        matches!(name, "headers" | "bodyStructure") || HeaderProperty::parse(name).is_some()
    }

    fn load(
        _: &mut Context,
        account: &Rc<Account>,
        ids: Option<Vec<String>>,
        properties: &Properties,
        values: Values,
        limit: usize,
    ) -> Result<Listed> {
        let wanted = Wanted::new(properties, values)?;
        let world = World::load(account)?;
        let ids = match ids {
            Some(ids) => ids,
            None => {
                let emails = world.emails();
                if emails.len() > limit {
                    return Err(MethodError::new("requestTooLarge"));
                }
                emails.keys().map(EmailId::to_string).collect()
            }
        };
        let mut listed = Listed::default();
        let mut first = Vec::with_capacity(ids.len());
        for id in ids {
            let places = EmailId::parse(&id).map(|id| world.places(id));
            match places.as_deref() {
                Some(places @ [place, ..]) => {
                    first.push(*place);
                    listed.list.push(metadata(&id, places, properties));
                }
                _ => listed.not_found.push(id),
            }
        }
        if wanted.is_nothing() {
            return Ok(listed);
        }
        let mut emails: Vec<(Place<'_>, &mut Object)> =
            first.into_iter().zip(&mut listed.list).collect();
        let Some(summary) = wanted.summary() else {
            tell(account, emails, &wanted)?;
            return Ok(listed);
        };
        let known = emails
            .extract_if(.., |(place, object)| {
                summary::tell(place.row.id, summary, object)
            })
            .collect();
        tell(account, known, &wanted.without_body())?;
        tell(account, emails, &wanted)?;
        Ok(listed)
    }
}

/// Adds what is wanted of messages to what is told of them.
fn tell(
    account: &Account,
    mut emails: Vec<(Place<'_>, &mut Object)>,
    wanted: &Wanted,
) -> Result<()> {
    if wanted.is_nothing() {
        return Ok(());
    }
    let places: Vec<Place<'_>> = emails.iter().map(|(place, _)| *place).collect();
    read::each(account, &places, wanted.needs_header_only(), |at, bytes| {
        if let Some((place, object)) = emails.get_mut(at) {
            let blob = BlobId::whole(Whole::Email(place.row.id));
            Told::new(wanted, blob).add(bytes, object);
            summary::keep(place.row.id, object);
        }
    })?;
    Ok(())
}

/// What the store says of an Email. RFC 8621 §4.1.1.
fn metadata(id: &str, places: &[Place<'_>], properties: &Properties) -> Object {
    let mut object = object! { "id": id };
    let Some(place) = places.first() else {
        return object;
    };
    let row = place.row;
    let mut tell = |name: &str, value: &dyn Fn() -> Value| {
        if properties.has(name) {
            object.insert(name.to_owned(), value());
        }
    };
    tell("blobId", &|| {
        BlobId::whole(Whole::Email(row.id)).to_string().into()
    });
    tell("threadId", &|| row.thread.to_string().into());
    tell("mailboxIds", &|| {
        let ids = places.iter().map(|place| place.shelf.id.to_string());
        set(ids)
    });
    tell("keywords", &|| set(keywords(places).names().to_vec()));
    tell("size", &|| row.size.into());
    tell("receivedAt", &|| utc_date::write(row.received).into());
    object
}

/// A set as JMAP has it: an object of which all values are true.
pub fn set(names: impl IntoIterator<Item = String>) -> Value {
    let names = names.into_iter().map(|name| (name, Value::Bool(true)));
    Value::Object(names.collect())
}
