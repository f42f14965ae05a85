//! `Email/set`. RFC 8621 §4.6.

use super::put::New;
use super::{Emails, wish};
use crate::account::Account;
use crate::blob::bytes;
use crate::call::Arguments;
use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::id::EmailId;
use crate::json::Object;
use crate::mail::keywords::Wanted;
use crate::mail::name::Name;
use crate::mail::world::{Place, Shelf, World, keywords};
use crate::reference::unescape;
use crate::standard::{Done, Extra, Get, Properties, Set, Stage, apply};
use mail::{ComposeError, compose};
use module::{Batch, Condition};
use serde_json::Value;
use std::rc::Rc;

impl Set for Emails {
    type Extra = ();

    fn create(stage: &mut Stage<'_>, (): &(), object: Object) -> SetResult<Done> {
        let world = World::outline(&stage.account);
        let shelves = wish::mailboxes(stage.context, &world, object.get("mailboxIds"))?;
        let keywords = wish::keywords(object.get("keywords"))?;
        let received = wish::received(object.get("receivedAt"))?;
        let unique = EmailId::random()?.to_string();
        let context = &*stage.context;
        let account = &stage.account;
        let blob = |id: &str| bytes(account, &context.blob_id(id)?).ok();
        let message = compose(&object, &context.surroundings(&unique), blob)?;
        let new = New {
            message: &message,
            shelves,
            keywords,
            received: received.unwrap_or(context.now),
        };
        new.stage(account, &stage.batch)
    }

    fn update(stage: &mut Stage<'_>, (): &(), id: &str, patch: &Object) -> SetResult<Done> {
        let world = World::load(&stage.account)?;
        let email = EmailId::parse(id).ok_or_else(|| SetError::new("notFound"))?;
        let places = world.places(email);
        let Some(first) = places.first() else {
            return Err(SetError::new("notFound"));
        };
        let (patch, others) = split(patch, stage.context);
        check_same(stage, id, &others)?;

        let set = |names: Vec<String>| super::get::set(names);
        let ids = places.iter().map(|place| place.shelf.id.to_string());
        let current = keywords(&places).names().to_vec();
        let mut whole = Object::new();
        whole.insert("mailboxIds".to_owned(), set(ids.collect()));
        whole.insert("keywords".to_owned(), set(current.clone()));
        let default = |name: &str| (name == "keywords").then(|| set(Vec::new()));
        let patched = apply(&whole, &patch, default)?;
        let all = wish::keywords(patched.get("keywords"))?;
        if all != current {
            let wanted = wanted_keywords(&patch, all);
            for place in &places {
                set_keywords(&world.account, &stage.batch, place, &wanted)?;
            }
        }
        if patched.get("mailboxIds") == whole.get("mailboxIds") {
            return Ok(Done::default());
        }
        let shelves = wish::mailboxes(stage.context, &world, patched.get("mailboxIds"))?;
        let name = Name {
            id: email,
            thread: first.row.thread,
            received: first.row.received,
        };
        stage_move(
            &world.account,
            &stage.batch,
            &places,
            &shelves,
            &name.write(),
        )?;
        Ok(Done::default())
    }

    fn destroy(stage: &mut Stage<'_>, (): &(), id: &str) -> SetResult<()> {
        let world = World::load(&stage.account)?;
        let email = EmailId::parse(id).ok_or_else(|| SetError::new("notFound"))?;
        let places = world.places(email);
        if places.is_empty() {
            return Err(SetError::new("notFound"));
        }
        for place in places {
            let mailbox = world.account.open(place.shelf.at)?;
            stage.batch.remove(&mailbox, place.uid());
        }
        Ok(())
    }
}

/// Adds to a batch that an Email is in these Mailboxes and no others. What leaves one is moved to another
/// one; where nothing is left to be moved, a copy is made.
fn stage_move(
    account: &Account,
    batch: &Batch,
    places: &[Place<'_>],
    shelves: &[&Shelf],
    name: &str,
) -> SetResult<()> {
    let is_wanted = |place: &&Place<'_>| shelves.iter().any(|shelf| shelf.id == place.shelf.id);
    let (staying, mut leaving): (Vec<&Place<'_>>, Vec<_>) = places.iter().partition(is_wanted);
    let is_new = |shelf: &&&Shelf| !places.iter().any(|place| place.shelf.id == shelf.id);
    for shelf in shelves.iter().filter(is_new) {
        let target = account.open(shelf.at)?;
        let (name, free) = (Some(name), Condition::Free);
        if let Some(place) = leaving.pop() {
            let source = account.open(place.shelf.at)?;
            batch.move_(&source, place.uid(), &target, name, free);
        } else if let Some(place) = staying.first().copied().or(places.first()) {
            let source = account.open(place.shelf.at)?;
            batch.copy(&source, place.uid(), &target, name, free);
        }
    }
    if let (Some(place), false) = (staying.first(), leaving.is_empty()) {
        // RFC 8621 §4.1.1: an Email is in one Mailbox at least. Setting no flags makes sure that this
        // message is still there: somebody else may be taking it away.
        let mailbox = account.open(place.shelf.at)?;
        batch.set_flags(&mailbox, place.uid(), &[], &[]);
    }
    for place in leaving {
        let mailbox = account.open(place.shelf.at)?;
        batch.remove(&mailbox, place.uid());
    }
    Ok(())
}

/// What a patch wants of keywords, which makes `all` of those that were read. One that names some is
/// about no others: another client may have set them since.
fn wanted_keywords(patch: &Object, all: Vec<String>) -> Wanted {
    if patch.contains_key("keywords") {
        return Wanted::All(all);
    }
    let single = patch.iter().filter_map(|(path, value)| {
        let keyword = path.strip_prefix("keywords/")?;
        Some((unescape(keyword), *value == Value::Bool(true)))
    });
    Wanted::Some(single.collect())
}

/// What is about keywords and Mailboxes, with the ids that are meant, and what is about something
/// else.
fn split(patch: &Object, context: &Context) -> (Object, Object) {
    let (mut mutable, mut others) = (Object::new(), Object::new());
    for (path, value) in patch {
        match path.split_once('/').unwrap_or((path, "")) {
            ("keywords" | "mailboxIds", "") => {
                mutable.insert(path.clone(), value.clone());
            }
            ("keywords", keyword) => {
                let path = format!("keywords/{}", keyword.to_ascii_lowercase());
                mutable.insert(path, value.clone());
            }
            ("mailboxIds", id) => {
                let id = context.real_id(id).unwrap_or(id);
                mutable.insert(format!("mailboxIds/{id}"), value.clone());
            }
            _ => {
                others.insert(path.clone(), value.clone());
            }
        }
    }
    (mutable, others)
}

/// Refuses to change what can't be: a client may send it back as it is.
fn check_same(stage: &mut Stage<'_>, id: &str, others: &Object) -> SetResult<()> {
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = others.keys().cloned().collect();
    let unknown = names
        .iter()
        .filter(|name| !Emails::PROPERTIES.contains(&name.as_str()) && !Emails::is_property(name));
    let mut wrong: Vec<&str> = unknown.map(String::as_str).collect();
    let account = Rc::clone(&stage.account);
    let properties = Properties::Named(names.clone());
    let values = <Emails as Get>::Extra::take(&mut Arguments::default());
    let values = values.map_err(|error| SetError::new(error.kind))?;
    let limit = usize::MAX;
    let ids = Some(vec![id.to_owned()]);
    let listed = match wrong.is_empty() {
        true => Emails::load(stage.context, &account, ids, &properties, values, limit)
            .map_err(|error| SetError::invalid("properties", error.kind))?,
        false => crate::standard::Listed::default(),
    };
    let current = listed.list.into_iter().next().unwrap_or_default();
    let changed = others
        .iter()
        .filter(|(name, value)| current.get(*name).unwrap_or(&Value::Null) != *value);
    wrong.extend(changed.map(|(name, _)| name.as_str()));
    match wrong.is_empty() {
        true => Ok(()),
        false => {
            wrong.sort_unstable();
            wrong.dedup();
            Err(SetError::invalid_properties(
                wrong,
                "these can't be changed",
            ))
        }
    }
}

/// Gives a message the keywords that are wanted.
fn set_keywords(
    account: &Account,
    batch: &Batch,
    place: &Place<'_>,
    wanted: &Wanted,
) -> SetResult<()> {
    let mailbox = account.open(place.shelf.at)?;
    let message = mailbox.get(&[place.uid()])?.into_iter().next();
    // Removed meanwhile: what is found then decides.
    let message = message.ok_or(module::Error::Conflict)?;
    let (add, remove) = wanted.difference(&message.flags);
    if !add.is_empty() || !remove.is_empty() {
        batch.set_flags(&mailbox, place.uid(), &add, &remove);
    }
    Ok(())
}

impl From<ComposeError> for SetError {
    fn from(error: ComposeError) -> Self {
        let description = error.to_string();
        match error {
            ComposeError::InvalidProperties { properties, .. } => {
                Self::invalid_properties(properties.iter().map(String::as_str), description)
            }
            ComposeError::BlobNotFound { not_found } => {
                Self::described("blobNotFound", description)
                    .with("notFound", crate::json::strings(not_found))
            }
            ComposeError::TooLarge { .. } => Self::described("tooLarge", description),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use module::native::Host;
    use module::{Content, Error, Identity, Put};

    fn load() -> World {
        let account = Account::load(&Identity::current(), "alice").unwrap();
        World::load(&Rc::new(account.unwrap())).unwrap()
    }

    /// RFC 8621 §4.1.1: an Email is in one Mailbox at least.
    #[test]
    fn s4_1_1_two_that_take_an_email_out_of_a_mailbox_each_do_not_destroy_it() {
        crate::forget();
        let host = Host::new();
        host.user("alice").act_as("alice").load::<crate::Jmap>();
        let world = load();
        let id = EmailId(1 << 127);
        let name = Name {
            id,
            thread: crate::id::ThreadId(1),
            received: 0,
        };
        let batch = Batch::new();
        for shelf in world.shelves().iter().take(2) {
            let put = Put {
                name: Some(name.write()),
                condition: Condition::Free,
                header: b"Subject: Hi\r\n\r\n".to_vec(),
                content: Content::Bytes(b"text".to_vec()),
                content_type: "text/plain".to_owned(),
                flags: Vec::new(),
                keys: Vec::new(),
                keys_version: 0,
            };
            batch.put(&world.account.open(shelf.at).unwrap(), put);
        }
        batch.commit().unwrap();

        let world = load();
        let places = world.places(id);
        let takes = places.iter().map(|place| {
            let batch = Batch::new();
            let kept = [place.shelf];
            stage_move(&world.account, &batch, &places, &kept, &name.write()).unwrap();
            batch.commit().map_err(|failure| failure.error)
        });
        let takes: Vec<_> = takes.collect();
        assert!(matches!(takes.as_slice(), [Ok(_), Err(Error::Conflict)]));
        let left = load();
        assert_eq!(left.places(id).len(), 1);
    }
}
