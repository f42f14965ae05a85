//! What the index finds: conditions on the messages themselves. Where it can't tell for sure, the
//! messages that may be meant are read.

use super::condition::Content;
use super::read;
use crate::call::Result;
use crate::error::MethodError;
use crate::id::EmailId;
use crate::mail::world::{Place, World};
use mail::{Condition as Sought, Limits, Message, keys};
use module::{Mailbox, Query, Term, Test};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for at once.
const PAGE: u32 = 2000;
/// How many messages are read for a condition that the index can't decide.
const READ_MAX: usize = 20_000;

/// The Emails that a condition holds for.
pub fn find(world: &World, content: &Content) -> Result<BTreeSet<EmailId>> {
    let places = match content {
        Content::HasAttachment(has) => {
            let number = i64::from(*has);
            let term = Term::new(keys::ATTACHMENT, Test::Range((number, number + 1)));
            search(world, vec![vec![term]])?
        }
        Content::Text(_, sought) => text(world, sought)?,
        Content::Header(name, sought) => {
            let name = keys::text_key(name).to_owned();
            let found = search(
                world,
                vec![vec![Term::new(keys::HEADER, Test::Equal(name))]],
            )?;
            match sought {
                None => found,
                Some(sought) => matching(world, found, sought)?,
            }
        }
    };
    Ok(places.into_iter().map(|place| place.row.id).collect())
}

fn text<'w>(world: &'w World, sought: &Sought) -> Result<Vec<Place<'w>>> {
    let terms = sought.terms();
    let all_of: Vec<Vec<Term>> = terms
        .all_of
        .into_iter()
        .map(|any_of| {
            let any_of = any_of.into_iter();
            let term = |words| Term::new(keys::WORDS, Test::Words(words));
            any_of.map(term).collect()
        })
        .collect();
    let mut found = search(world, all_of)?;
    if !terms.is_exact {
        found = matching(world, found, sought)?;
    }
    // Those not all of whose words the index has.
    let unread = search(world, vec![vec![Term::new(keys::UNREAD, Test::Present)]])?;
    if !unread.is_empty() {
        found.extend(matching(world, unread, sought)?);
    }
    Ok(found)
}

/// Those of the messages in which text really occurs.
fn matching<'w>(
    world: &'w World,
    mut places: Vec<Place<'w>>,
    sought: &Sought,
) -> Result<Vec<Place<'w>>> {
    if places.len() > READ_MAX {
        return Err(MethodError::described(
            "unsupportedFilter",
            "too many messages would have to be read",
        ));
    }
    let mut matches = vec![false; places.len()];
    read::each(&world.account, &places, false, |at, bytes| {
        if let Some(is) = matches.get_mut(at) {
            *is = sought.matches(&Message::parse(bytes, &Limits::default()));
        }
    })?;
    let mut matches = matches.into_iter();
    places.retain(|_| matches.next().unwrap_or_default());
    Ok(places)
}

/// The messages in any of the mailboxes that have these keys.
fn search(world: &World, all_of: Vec<Vec<Term>>) -> Result<Vec<Place<'_>>> {
    let account = &world.account;
    let shelves: BTreeMap<&[String], _> = world
        .shelves()
        .iter()
        .filter_map(|shelf| {
            let status = account.mailboxes.get(shelf.at)?;
            Some((status.path.as_slice(), shelf))
        })
        .collect();
    let mut found = Vec::new();
    let mut query = Query {
        all_of,
        limit: PAGE,
        ..Query::default()
    };
    // What lies in a mailbox is searched with it.
    let is_root = |path: &[String]| {
        let mut above = path;
        while let Some((_, parent)) = above.split_last() {
            above = parent;
            if shelves.contains_key(above) {
                return false;
            }
        }
        true
    };
    for (path, shelf) in shelves.iter().filter(|(path, _)| is_root(path)) {
        let root: std::rc::Rc<Mailbox> = account.open(shelf.at)?;
        query.offset = 0;
        loop {
            let results = root.search_tree(&query)?;
            query.offset = query
                .offset
                .saturating_add(u32::try_from(results.found.len()).unwrap_or(u32::MAX));
            for hit in &results.found {
                let is_here = hit.mailbox.as_slice() == *path;
                let shelf = match is_here {
                    true => Some(shelf),
                    false => shelves.get(hit.mailbox.as_slice()),
                };
                if let Some(shelf) = shelf
                    && let Some(row) = shelf.table.row(hit.message.uid)
                    && !row.keywords.is_deleted()
                {
                    found.push(Place { shelf, row });
                }
            }
            if !results.more || results.found.is_empty() {
                break;
            }
        }
    }
    Ok(found)
}
