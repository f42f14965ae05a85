//! `/changes`. RFC 8620 §5.2.

use super::{DataType, supported};
use crate::account::Account;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use crate::state::{Cursor, State};
use module::Modseq;
use std::rc::Rc;

/// A data type whose changes can be told.
pub trait Changes: DataType {
    /// Arguments of the answer besides the standard ones, where nothing has changed.
    fn unchanged() -> Object {
        Object::new()
    }

    /// What has changed since a state.
    ///
    /// Where the state has a cursor, what has come and gone since is told as gone: it may have been told
    /// as new. RFC 8620 §5.2: an id that a client does not know is no matter.
    ///
    /// Fails with `cannotCalculateChanges` if that is not known.
    fn log(context: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log>;

    /// Adds to a state what a client knows beyond it that was told these of the changes since.
    fn learn(account: &Account, state: &mut State, told: &[Change]) {
        let _ = (account, state, told);
    }
}

/// What has changed.
#[derive(Debug, Default)]
pub struct Log {
    /// The changes, in any order, one for each object.
    pub changes: Vec<Change>,
    /// Arguments of the answer besides the standard ones.
    pub more: Object,
}

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which object.
    pub id: String,
    /// When; 0 for what is gone of which that is not known.
    pub modseq: Modseq,
    /// What became of it.
    pub kind: Kind,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Created,
    /// It is not as it was.
    Updated,
    /// It is gone.
    Destroyed,
}

/// How many changes one answer tells if the client does not say.
const CHANGES_MAX: usize = 10_000;

/// Answers a `/changes`.
pub fn changes<T: Changes>(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = supported::<T>(context.account(&mut arguments)?)?;
    let old_state = required("sinceState", arguments.string("sinceState")?)?;
    let max = max_changes(&mut arguments)?.unwrap_or(CHANGES_MAX);
    arguments.finish()?;

    let new_state = T::state(context, &account)?;
    let Log { changes, mut more } = match old_state == new_state {
        true => Log {
            changes: Vec::new(),
            more: T::unchanged(),
        },
        false => {
            let since = State::parse(&old_state);
            let since = since.ok_or_else(|| MethodError::new("cannotCalculateChanges"))?;
            cut(T::log(context, &account, &since)?, &since)
        }
    };
    let (told, next) = page::<T>(&account, changes, &old_state, max);
    let ids = |kind| {
        let of_kind = told.iter().filter(move |change| change.kind == kind);
        strings(of_kind.map(|change| change.id.clone()))
    };
    more.append(&mut object! {
        "accountId": account.id.clone(),
        "hasMoreChanges": next.is_some(),
        "created": ids(Kind::Created),
        "updated": ids(Kind::Updated),
        "destroyed": ids(Kind::Destroyed),
        "oldState": old_state,
        "newState": next.unwrap_or(new_state),
    });
    Ok(more)
}

/// Takes `maxChanges`.
pub fn max_changes(arguments: &mut Arguments) -> Result<Option<usize>> {
    match arguments.unsigned("maxChanges")? {
        None => Ok(None),
        Some(0) => Err(MethodError::invalid_arguments("\"maxChanges\" is 0")),
        Some(max) => Ok(Some(usize::try_from(max).unwrap_or(usize::MAX))),
    }
}

/// Refuses to go on if something has changed since a state that a client has of a type: a state that
/// is written otherwise, but since which nothing has, will do.
///
/// Fails with `stateMismatch` then.
pub fn expect_state<T: Changes>(
    context: &mut Context,
    account: &Rc<Account>,
    state: Option<&str>,
) -> Result<()> {
    match state {
        Some(state) if !is_current::<T>(context, account, state)? => {
            Err(MethodError::new("stateMismatch"))
        }
        _ => Ok(()),
    }
}

fn is_current<T: Changes>(
    context: &mut Context,
    account: &Rc<Account>,
    state: &str,
) -> Result<bool> {
    if T::state(context, account)? == state {
        return Ok(true);
    }
    let Some(since) = State::parse(state).filter(|since| since.cursor.is_none()) else {
        return Ok(false);
    };
    match T::log(context, account, &since) {
        Ok(log) => Ok(log.changes.is_empty()),
        Err(error) if error.kind == "cannotCalculateChanges" => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sorts changes, oldest first, and takes away those that were told already. What is gone without a
/// modseq is not known to the state any more once it was told.
fn cut(mut log: Log, since: &State) -> Log {
    log.changes
        .sort_by(|a, b| (a.modseq, &a.id).cmp(&(b.modseq, &b.id)));
    if let Some(cursor) = &since.cursor {
        log.changes.retain(|change| {
            change.modseq == 0 || (change.modseq, &change.id) > (cursor.modseq, &cursor.id)
        });
    }
    log
}

/// The changes that fit into an answer, and the state after them if there are more.
fn page<T: Changes>(
    account: &Account,
    mut changes: Vec<Change>,
    since: &str,
    max: usize,
) -> (Vec<Change>, Option<String>) {
    if changes.len() <= max {
        return (changes, None);
    }
    changes.truncate(max);
    let state = State::parse(since)
        .zip(changes.last())
        .map(|(mut state, last)| {
            let is_told = |id: String| {
                let mut gone = changes.iter().filter(|change| change.modseq == 0);
                gone.any(|change| change.id == id)
            };
            state.marks.retain(|mark| !is_told(mark.id.to_string()));
            T::learn(account, &mut state, &changes);
            let last = Cursor {
                modseq: last.modseq,
                id: last.id.clone(),
            };
            // What is gone without a modseq comes first, on later pages, too.
            let cursor = state.cursor.max(Some(last));
            State { cursor, ..state }.write()
        });
    (changes, state)
}
