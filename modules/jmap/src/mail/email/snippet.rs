//! `SearchSnippet/get`. RFC 8621 §5.1.

use super::Emails;
use super::condition::{Content, Test};
use super::read;
use crate::api::ids_or_null;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::id::EmailId;
use crate::json::{Object, object};
use crate::mail::world::World;
use crate::standard::{Filter, read_subject};
use mail::{Body, Condition as Sought, Limits, Message, Place};
use serde_json::Value;
use std::collections::BTreeSet;

/// Octets of text of a message in which something is looked for.
const TEXT_MAX: usize = 1 << 20;

/// Answers the call.
pub fn get(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let subject = read_subject::<Emails>(&mut arguments)?;
    let ids = required("emailIds", arguments.strings("emailIds")?)?;
    arguments.finish()?;
    context.limits.check_get(ids.len())?;
    let conditions = subject.filter.iter().flat_map(Filter::conditions);
    let sought: Vec<(&Place, &Sought)> = conditions
        .flat_map(|condition| &condition.0)
        .filter_map(|test| match test {
            Test::Content(Content::Text(place, sought)) => Some((place, sought)),
            _ => None,
        })
        .collect();
    let world = World::load(&account)?;
    let mut known = BTreeSet::new();
    let (mut list, mut first, mut not_found) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids.into_iter().filter(|id| known.insert(id.clone())) {
        let real = context.real_id(&id).and_then(EmailId::parse);
        match real.and_then(|real| world.places(real).into_iter().next()) {
            None => not_found.push(id),
            Some(place) => {
                first.push(place);
                list.push(object! {
                    "emailId": id,
                    "subject": Value::Null,
                    "preview": Value::Null,
                });
            }
        }
    }
    if !sought.is_empty() {
        read::each(&account, &first, false, |at, bytes| {
            if let Some(object) = list.get_mut(at) {
                add(&sought, bytes, object);
            }
        })?;
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "list": list.into_iter().map(Value::Object).collect::<Vec<_>>(),
        "notFound": ids_or_null(not_found),
    })
}

fn add(sought: &[(&Place, &Sought)], bytes: &[u8], object: &mut Object) {
    let message = Message::parse(bytes, &Limits::default());
    let in_subject = |place: &Place| matches!(place, Place::Text | Place::Field("Subject"));
    let in_body = |place: &Place| matches!(place, Place::Text | Place::Body);
    if let Some(field) = message.header().last("Subject") {
        let text = field.text();
        let places = sought.iter().filter(|(place, _)| in_subject(place));
        if let Some(marked) = places
            .into_iter()
            .find_map(|(_, sought)| sought.mark(&text))
        {
            object.insert("subject".to_owned(), marked.into());
        }
    }
    let places: Vec<_> = sought.iter().filter(|(place, _)| in_body(place)).collect();
    if places.is_empty() {
        return;
    }
    let body = Body::of(&message);
    let parts = body.text.iter().filter_map(|at| message.parts().get(*at));
    for part in parts.filter(|part| part.type_.starts_with("text/")) {
        let text = part.body_value(TEXT_MAX).value;
        let text = match part.type_.as_str() {
            "text/html" => mail::html::to_text(&text, TEXT_MAX),
            _ => text,
        };
        if let Some(snippet) = places.iter().find_map(|(_, sought)| sought.snippet(&text)) {
            object.insert("preview".to_owned(), snippet.into());
            return;
        }
    }
}
