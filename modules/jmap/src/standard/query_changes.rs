//! `/queryChanges`. RFC 8620 §5.6.

use super::changes::max_changes;
use super::query::read_subject;
use super::{Outcome, Query, Subject, supported};
use crate::account::Account;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A data type of whose searches it is known what has changed.
pub trait QueryChanges: Query {
    /// The ids of all objects that may have come into what is found, left it, or moved in it since
    /// a state.
    ///
    /// Fails with `cannotCalculateChanges` if that is not known.
    fn affected(
        context: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        since: &State,
    ) -> Result<BTreeSet<String>>;
}

/// Answers a `/queryChanges`: all that may have moved is taken out, and what is still found is put in
/// where it is now. What did not change keeps its order, so that the client has then what a new
/// query would find.
pub fn query_changes<T: QueryChanges>(
    context: &mut Context,
    mut arguments: Arguments,
) -> Result<Object> {
    let account = supported::<T>(context.account(&mut arguments)?)?;
    let subject = read_subject::<T>(&mut arguments)?;
    let old_state = required("sinceQueryState", arguments.string("sinceQueryState")?)?;
    let max = max_changes(&mut arguments)?;
    // All that changed is told, whatever the client has of it.
    arguments.id("upToId")?;
    let with_total = arguments.boolean("calculateTotal")?;
    arguments.finish()?;

    let new_state = T::state(context, &account)?;
    let affected = match old_state == new_state {
        true => BTreeSet::new(),
        false => {
            let since = State::parse(&old_state).filter(|since| since.cursor.is_none());
            let since = since.ok_or_else(|| MethodError::new("cannotCalculateChanges"))?;
            T::affected(context, &account, &subject, &since)?
        }
    };
    let mut answer = object! {
        "accountId": account.id.clone(),
        "oldQueryState": old_state,
        "newQueryState": new_state,
    };
    let mut added = Vec::new();
    if with_total || !affected.is_empty() {
        let Outcome { items, .. } = T::run(context, &account, &subject, usize::MAX)?;
        for (index, item) in items.iter().enumerate() {
            let id = T::id(item);
            if affected.contains(&id) {
                added.push(Value::Object(object! { "id": id, "index": index }));
            }
        }
        if with_total {
            answer.insert("total".to_owned(), items.len().into());
        }
    }
    if max.is_some_and(|max| affected.len() + added.len() > max) {
        return Err(MethodError::new("tooManyChanges"));
    }
    answer.insert("removed".to_owned(), strings(affected));
    answer.insert("added".to_owned(), added.into());
    Ok(answer)
}
