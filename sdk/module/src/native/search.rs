//! The index of the in-memory host: every message is looked at.

use super::read::Mailbox;
use super::state::{State, StoredMessage, with_state};
use crate::{Error, Found, Key, Query, Result, Results, Rights, Term, Test, Uid, Unindexed, Value};
use std::cmp::Ordering;

/// Where to look.
#[derive(Debug)]
pub(crate) enum Scope<'a> {
    Mailbox(&'a Mailbox),
    Tree(&'a Mailbox),
}

pub(crate) fn search(scope: &Scope<'_>, query: &Query) -> Result<Results> {
    if query.limit > 2000 {
        return Err(Error::TooMany(2000));
    }
    if query.all_of.iter().map(Vec::len).sum::<usize>() > 64 {
        return Err(Error::TooMany(64));
    }
    with_state(|state| {
        let mut found = matching(state, scope, query)?;
        found.sort_by(|a, b| ordered(query, a.1, b.1));
        let offset = query.offset as usize;
        let more = found.len() > offset.saturating_add(query.limit as usize);
        let page = found.into_iter().skip(offset).take(query.limit as usize);
        let found = page.map(|((path, uid), message)| Found {
            mailbox: match scope {
                Scope::Mailbox(_) => Vec::new(),
                Scope::Tree(_) => path.to_vec(),
            },
            message: message.told(state, uid),
            body: query.body.map(|part| message.part(part)),
        });
        Ok(Results {
            found: found.collect(),
            more,
        })
    })
}

/// The keys of messages are made anew at once, if there is something to make them.
pub(crate) fn extend_keys(mailbox: &Mailbox, uids: &[Uid], reach: i64) -> Result<()> {
    if uids.len() > 2000 {
        return Err(Error::TooMany(2000));
    }
    let (index, found) = with_state(|state| {
        state.check(mailbox.row, Rights::READ)?;
        let mailbox = state.mailbox(mailbox.row)?;
        let of = |uid: &Uid| Some((*uid, mailbox.messages.get(uid)?));
        let found = uids.iter().filter_map(of).map(|(uid, message)| {
            let unindexed = Unindexed {
                mailbox_type: mailbox.type_.clone(),
                content_type: message.content_type.clone(),
                created: message.created,
                reach: Some(reach),
                message: message.part(crate::Part::Whole),
            };
            (uid, unindexed)
        });
        Result::Ok((state.index, found.collect::<Vec<_>>()))
    })?;
    let Some(index) = index else { return Ok(()) };
    for (uid, unindexed) in found {
        let keys = index(unindexed);
        with_state(|state| {
            let mailbox = state.mailboxes.get_mut(&mailbox.row);
            if let Some(message) = mailbox.and_then(|it| it.messages.get_mut(&uid)) {
                message.keys = keys;
            }
        });
    }
    Ok(())
}

type Match<'a> = ((&'a [String], Uid), &'a StoredMessage);

fn matching<'a>(state: &'a State, scope: &Scope<'_>, query: &Query) -> Result<Vec<Match<'a>>> {
    let (Scope::Mailbox(mailbox) | Scope::Tree(mailbox)) = scope;
    state.check(mailbox.row, Rights::READ)?;
    let rows = match scope {
        Scope::Mailbox(mailbox) => vec![mailbox.row],
        Scope::Tree(mailbox) => state.tree(&state.mailbox(mailbox.row)?.path),
    };
    let mut found = Vec::new();
    for row in rows {
        let mailbox = state.mailbox(row)?;
        if !state.rights(mailbox).contains(Rights::READ) {
            continue;
        }
        for (&uid, message) in &mailbox.messages {
            let holds = |terms: &Vec<Term>| terms.iter().any(|term| passes(term, &message.keys));
            if uid > query.after && query.all_of.iter().all(holds) {
                found.push(((mailbox.path.as_slice(), uid), message));
            }
        }
    }
    Ok(found)
}

fn passes(term: &Term, keys: &[Key]) -> bool {
    let mut named = keys.iter().filter(|key| key.name == term.key);
    named.any(|key| tested(&term.test, &key.value)) != term.negated
}

fn tested(test: &Test, value: &Value) -> bool {
    match (test, value) {
        (Test::Present, _) => true,
        (Test::Equal(wanted), Value::Text(text)) => text == wanted,
        (Test::Prefix(wanted), Value::Text(text)) => text.starts_with(wanted.as_str()),
        (Test::Range((from, to)), Value::Number(number)) => from <= number && number < to,
        (Test::Overlap((from, to)), Value::Interval((start, end))) => {
            match (from < to, start < end) {
                (true, true) => start < to && from < end,
                (true, false) => from <= start && start < to,
                (false, true) => start <= from && from < end,
                (false, false) => start == from,
            }
        }
        (Test::Words(wanted), Value::Words(words)) => {
            let words = words.to_lowercase();
            let has = |word: &str| words.split_whitespace().any(|known| known == word);
            wanted.to_lowercase().split_whitespace().all(has)
        }
        _ => false,
    }
}

fn ordered(query: &Query, a: &StoredMessage, b: &StoredMessage) -> Ordering {
    for order in &query.order {
        let value = |message: &'_ StoredMessage| {
            let key = message.keys.iter().find(|key| key.name == order.key);
            key.map(|key| rank(&key.value))
        };
        let ordering = match (value(a), value(b)) {
            (Some(a), Some(b)) if order.descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

fn rank(value: &Value) -> (i64, String) {
    match value {
        Value::Text(text) | Value::Words(text) => (0, text.clone()),
        Value::Number(number) | Value::Interval((number, _)) => (*number, String::new()),
    }
}
