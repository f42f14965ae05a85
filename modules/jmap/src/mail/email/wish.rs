//! What a client wants of an Email besides its message: its Mailboxes, its keywords, when it was
//! received. RFC 8621 §4.1.1.

use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::id::MailboxId;
use crate::json::Object;
use crate::mail::keywords;
use crate::mail::world::{Shelf, World};
use crate::session::MAILBOXES_PER_EMAIL_MAX;
use crate::utc_date;
use module::Instant;
use serde_json::Value;

/// Reads `mailboxIds`: the places of the mailboxes among those of the world.
pub fn mailboxes<'w>(
    context: &Context,
    world: &'w World,
    value: Option<&Value>,
) -> SetResult<Vec<&'w Shelf>> {
    let bad = |what: &str| SetError::invalid("mailboxIds", what);
    let Some(Value::Object(ids)) = value else {
        return Err(bad("an Email is in one Mailbox at least"));
    };
    let mut shelves: Vec<&Shelf> = Vec::with_capacity(ids.len());
    for (id, value) in ids {
        if *value != Value::Bool(true) {
            return Err(bad("the values are true"));
        }
        let id = context.real_id(id).and_then(MailboxId::parse);
        let shelf = id.and_then(|id| world.shelf(id));
        let shelf = shelf.ok_or_else(|| bad("there is no such Mailbox, or it may not be read"))?;
        if !shelves.iter().any(|known| known.id == shelf.id) {
            shelves.push(shelf);
        }
    }
    match shelves.len() as u64 {
        0 => Err(bad("an Email is in one Mailbox at least")),
        1..=MAILBOXES_PER_EMAIL_MAX => Ok(shelves),
        _ => Err(SetError::new("tooManyMailboxes")),
    }
}

/// Reads `keywords`: sorted, in lower case.
pub fn keywords(value: Option<&Value>) -> SetResult<Vec<String>> {
    let bad = |what: &str| SetError::invalid("keywords", what);
    let set = match value {
        None | Some(Value::Null) => &Object::new(),
        Some(Value::Object(set)) => set,
        Some(_) => return Err(bad("this is no String[Boolean]")),
    };
    let mut names = Vec::with_capacity(set.len());
    for (name, value) in set {
        let name = name.to_ascii_lowercase();
        if *value != Value::Bool(true) {
            return Err(bad("the values are true"));
        }
        if !keywords::is_valid(&name) {
            return Err(bad(
                "a keyword has 1 to 255 characters of those that RFC 8621 allows",
            ));
        }
        names.push(name);
    }
    names.sort_unstable();
    names.dedup();
    match names.len() <= keywords::COUNT_MAX {
        true => Ok(names),
        false => Err(SetError::new("tooManyKeywords")),
    }
}

/// Reads `receivedAt`.
pub fn received(value: Option<&Value>) -> SetResult<Option<Instant>> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let received = value.as_str().and_then(utc_date::parse);
    let wrong = || SetError::invalid("receivedAt", "this is no UTCDate");
    received.map(Some).ok_or_else(wrong)
}
