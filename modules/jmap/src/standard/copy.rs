//! `/copy`. RFC 8620 §5.4.

use super::changes::expect_state;
use super::set::{expect_unchanged, map_or_null};
use super::{Changes, Done};
use crate::account::Account;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::json::{Object, object};
use module::Batch;
use serde_json::Value;
use std::rc::Rc;

/// A data type whose objects can be copied to another account.
pub trait Copy: Changes {
    /// The method that destroys the originals.
    const SET: &'static str;

    /// Copies the object of this id from one account to the other. `with` is what the copy has instead;
    /// the batch has conditions that must hold when it is committed.
    fn copy(
        context: &mut Context,
        accounts: [&Rc<Account>; 2],
        id: &str,
        with: Object,
        batch: Batch,
    ) -> SetResult<Done>;
}

/// Answers a `/copy`.
pub fn copy<T: Copy>(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    for name in ["fromAccountId", "accountId"] {
        context.look_anew(&arguments, name);
    }
    let from = context.source_account(&mut arguments)?;
    let to = context.writable_account(&mut arguments)?;
    if from.id == to.id {
        return Err(MethodError::invalid_arguments(
            "\"accountId\" is the same as \"fromAccountId\"",
        ));
    }
    let if_from_in_state = arguments.string("ifFromInState")?;
    let if_in_state = arguments.string("ifInState")?;
    let create = required("create", arguments.map("create")?)?;
    let destroy_original = arguments.boolean("onSuccessDestroyOriginal")?;
    let destroy_if_in_state = arguments.string("destroyFromIfInState")?;
    arguments.finish()?;
    context.limits.check_set(create.len())?;
    let states = [(&from, if_from_in_state), (&to, if_in_state)];
    for (account, state) in &states {
        expect_state::<T>(context, account, state.as_deref())?;
    }
    let old_state = T::state(context, &to)?;
    let (mut created, mut not_created) = (Object::new(), Object::new());
    let mut originals = Vec::new();
    for (name, value) in create {
        let copied = original(context, value).and_then(|(id, with)| {
            let to = context.account_of(&to.id);
            let to = to.map_err(|error| SetError::new(error.kind))?;
            let batch = Batch::new();
            for (account, state) in states.iter().filter(|_| created.is_empty()) {
                if state.is_some() {
                    expect_unchanged(account, &batch)?;
                }
            }
            let done = T::copy(context, [&from, &to], &id, with, batch)?;
            context.forget(&to.id);
            Ok((id, done))
        });
        match copied {
            Ok((original, Done { id, mut told })) => {
                context.created_ids.insert(name.clone(), id.clone());
                told.insert("id".to_owned(), id.into());
                created.insert(name, Value::Object(told));
                originals.push(Value::String(original));
            }
            Err(error) => {
                for (account, state) in states.iter().filter(|_| created.is_empty()) {
                    if state.is_some() {
                        context.forget(&account.id);
                        let account = context.account_of(&account.id)?;
                        expect_state::<T>(context, &account, state.as_deref())?;
                    }
                }
                not_created.insert(name, error.into_value());
            }
        }
    }
    if destroy_original && !originals.is_empty() {
        let mut set = object! { "accountId": from.id.clone(), "destroy": originals };
        if let Some(state) = destroy_if_in_state {
            set.insert("ifInState".to_owned(), state.into());
        }
        context.implicit.push((T::SET, set));
    }
    let to = context.account_of(&to.id)?;
    Ok(object! {
        "fromAccountId": from.id.clone(),
        "accountId": to.id.clone(),
        "oldState": old_state,
        "newState": T::state(context, &to)?,
        "created": map_or_null(created),
        "notCreated": map_or_null(not_created),
    })
}

/// The id of what is to be copied, and what the copy has instead.
fn original(context: &Context, value: Value) -> SetResult<(String, Object)> {
    let Value::Object(mut with) = value else {
        return Err(SetError::invalid("id", "what is to be copied is no object"));
    };
    let Some(Value::String(id)) = with.remove("id") else {
        return Err(SetError::invalid("id", "which object is to be copied?"));
    };
    let id = context.real_id(&id).map(str::to_owned);
    id.map(|id| (id, with))
        .ok_or_else(|| SetError::new("notFound"))
}
