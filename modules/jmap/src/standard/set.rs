//! `/set`. RFC 8620 §5.3.

use super::changes::expect_state;
use super::{Changes, Extra, supported};
use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::json::{Object, object};
use crate::limits::Limits;
use module::{Batch, Error};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

/// A data type whose objects can be changed.
pub trait Set: Changes {
    /// Arguments of its own.
    type Extra: Extra;

    /// Some properties are everybody's own, so that they can be set in an account in which nothing
    /// else can.
    const HAS_PRIVATE: bool = false;

    /// Creates an object: stages its changes, or makes them by itself. Clients create none of a type
    /// that leaves this out.
    fn create(stage: &mut Stage<'_>, extra: &Self::Extra, object: Object) -> SetResult<Done> {
        let _ = (stage, extra, object);
        Err(SetError::new("forbidden"))
    }

    /// Patches an object. Clients update none of a type that leaves this out.
    fn update(
        stage: &mut Stage<'_>,
        extra: &Self::Extra,
        id: &str,
        patch: &Object,
    ) -> SetResult<Done> {
        let _ = (stage, extra, id, patch);
        Err(SetError::new("forbidden"))
    }

    /// Destroys an object. Clients destroy none of a type that leaves this out.
    fn destroy(stage: &mut Stage<'_>, extra: &Self::Extra, id: &str) -> SetResult<()> {
        let _ = (stage, extra, id);
        Err(SetError::new("forbidden"))
    }

    /// Runs when all is done, before the answer goes out: what shall follow it goes to
    /// [`Context::implicit`].
    fn after(
        context: &mut Context,
        extra: Self::Extra,
        account: &str,
        answer: &mut Object,
    ) -> Result<()> {
        let _ = (context, extra, account, answer);
        Ok(())
    }
}

/// What operations work on: the account, and a batch that is committed after all of them.
pub struct Stage<'a> {
    /// The request.
    pub context: &'a mut Context,
    /// The account as it was before.
    pub account: Rc<Account>,
    /// What is committed when all operations have been staged.
    pub batch: Batch,
    /// The state that the type must be in when something is committed, as `ifInState` asks for; none
    /// if it need not, or something was committed already.
    pub guard: &'a mut Option<String>,
}

impl Stage<'_> {
    /// Adds to an empty batch that the account must be as it was looked at, if that is asked for.
    pub fn expect_unchanged(&self, batch: &Batch) -> module::Result<()> {
        match self.guard.is_some() {
            true => expect_unchanged(&self.account, batch),
            false => Ok(()),
        }
    }

    /// Why an operation was not committed, if that may be because the type is not in the state it must
    /// be in.
    pub fn is_outdated(&self, error: &Error) -> Option<SetError> {
        let is_outdated = self.guard.is_some() && *error == Error::Conflict;
        is_outdated.then(|| SetError::new(STATE_MISMATCH))
    }

    /// Looks at the account again, after an operation that has committed by itself.
    pub fn committed(&mut self) -> SetResult<()> {
        *self.guard = None;
        self.renew()
    }

    /// Looks at the account again.
    pub fn renew(&mut self) -> SetResult<()> {
        let id = self.account.id.clone();
        self.context.forget(&id);
        let account = self.context.account_of(&id);
        self.account = account.map_err(|error| SetError::new(error.kind))?;
        Ok(())
    }
}

/// Adds to an empty batch that an account must be as it was looked at.
pub fn expect_unchanged(account: &Account, batch: &Batch) -> module::Result<()> {
    for (at, status) in account.mailboxes.iter().enumerate() {
        batch.expect_modseq(&*account.open(at)?, status.modseq);
    }
    Ok(())
}

/// What became of an object that was created or updated.
#[derive(Debug, Default)]
pub struct Done {
    /// The id of what was created.
    pub id: String,
    /// Properties that the client does not know of.
    pub told: Object,
}

/// What a client wants done.
pub(crate) enum Operation {
    /// An object is to be created, under this creation id.
    Create(String, Object),
    /// The object of this id is to be patched.
    Update(String, Object),
    /// The object of this id is to be destroyed.
    Destroy(String),
}

impl Operation {
    fn name(&self) -> &str {
        match self {
            Self::Create(name, _) | Self::Update(name, _) | Self::Destroy(name) => name,
        }
    }
}

/// What became of each operation.
pub(crate) type Results = Vec<SetResult<Done>>;

/// The type of the error of an operation, and of the method, if something is not in the state that
/// `ifInState` asks for.
pub const STATE_MISMATCH: &str = "stateMismatch";
/// How often operations are staged together again, without those that were refused; then each is
/// committed by itself.
const TOGETHER_MAX: usize = 4;
/// How often an operation is tried again that found something else than was read.
const CONFLICTS_MAX: usize = 4;

/// Answers a `/set`.
pub fn set<T: Set>(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    // What is done is decided by what there is now, whatever the request has read before.
    context.look_anew(&arguments, "accountId");
    let account = match T::HAS_PRIVATE && !context.is_read_only() {
        true => context.account(&mut arguments)?,
        false => context.writable_account(&mut arguments)?,
    };
    let account = supported::<T>(account)?;
    let if_in_state = arguments.string("ifInState")?;
    let operations = operations(&mut arguments, &context.limits)?;
    let extra = T::Extra::take(&mut arguments)?;
    arguments.finish()?;
    expect_state::<T>(context, &account, if_in_state.as_deref())?;
    let old_state = T::state(context, &account)?;
    let guard = Guard {
        state: if_in_state.is_some().then(|| old_state.clone()),
        if_in_state,
    };
    let results = run::<T>(context, &account.id, &operations, &extra, guard)?;
    let account = context.account_of(&account.id)?;

    let mut answer = object! {
        "accountId": account.id.clone(),
        "oldState": old_state,
        "newState": T::state(context, &account)?,
    };
    answer.extend(outcome(context, operations, results));
    T::after(context, extra, &account.id, &mut answer)?;
    Ok(answer)
}

/// What became of operations, as `/set` answers.
pub(crate) fn outcome(
    context: &mut Context,
    operations: Vec<Operation>,
    results: Results,
) -> Object {
    let mut answer = Object::new();
    let mut done: [Object; 2] = Default::default();
    let mut refused: [Object; 3] = Default::default();
    let mut destroyed = Vec::new();
    for (operation, result) in operations.into_iter().zip(results) {
        let [created, updated] = &mut done;
        let [not_created, not_updated, not_destroyed] = &mut refused;
        match (operation, result) {
            (Operation::Create(name, _), Ok(Done { id, mut told })) => {
                context.created_ids.insert(name.clone(), id.clone());
                told.insert("id".to_owned(), id.into());
                created.insert(name, Value::Object(told));
            }
            (Operation::Update(id, _), Ok(Done { told, .. })) => {
                let told = match told.is_empty() {
                    true => Value::Null,
                    false => Value::Object(told),
                };
                updated.insert(id, told);
            }
            (Operation::Destroy(id), Ok(_)) => destroyed.push(Value::String(id)),
            (Operation::Create(name, _), Err(error)) => {
                not_created.insert(name, error.into_value());
            }
            (Operation::Update(id, _), Err(error)) => {
                not_updated.insert(id, error.into_value());
            }
            (Operation::Destroy(id), Err(error)) => {
                not_destroyed.insert(id, error.into_value());
            }
        }
    }
    let [created, updated] = done;
    let [not_created, not_updated, not_destroyed] = refused;
    for (name, map) in [
        ("created", created),
        ("updated", updated),
        ("notCreated", not_created),
        ("notUpdated", not_updated),
        ("notDestroyed", not_destroyed),
    ] {
        answer.insert(name.to_owned(), map_or_null(map));
    }
    let destroyed = match destroyed.is_empty() {
        true => Value::Null,
        false => Value::Array(destroyed),
    };
    answer.insert("destroyed".to_owned(), destroyed);
    answer
}

/// A map, or null if it is empty.
pub fn map_or_null(map: Object) -> Value {
    match map.is_empty() {
        true => Value::Null,
        false => Value::Object(map),
    }
}

/// Takes the operations of a `/set`.
pub(crate) fn operations(arguments: &mut Arguments, limits: &Limits) -> Result<Vec<Operation>> {
    let create = arguments.map("create")?.unwrap_or_default();
    let update = arguments.map("update")?.unwrap_or_default();
    let destroy = arguments.strings("destroy")?.unwrap_or_default();
    limits.check_set(create.len() + update.len() + destroy.len())?;
    let mut operations = Vec::new();
    let object = |value| match value {
        Value::Object(object) => Ok(object),
        _ => Err(MethodError::invalid_arguments(
            "what is to be created or updated is no object",
        )),
    };
    for (name, value) in create {
        operations.push(Operation::Create(name, object(value)?));
    }
    for (id, value) in update {
        operations.push(Operation::Update(id, object(value)?));
    }
    let mut known = BTreeSet::new();
    for id in destroy {
        if known.insert(id.clone()) {
            operations.push(Operation::Destroy(id));
        }
    }
    Ok(operations)
}

/// What `ifInState` asks for.
struct Guard {
    /// As the client has said it.
    if_in_state: Option<String>,
    /// As it was found; none if nothing was asked for, or something was committed already.
    state: Option<String>,
}

/// Does all that can be done: in one commit if nothing is refused.
///
/// Fails with `stateMismatch` if something has changed before anything was committed.
fn run<T: Set>(
    context: &mut Context,
    account: &str,
    operations: &[Operation],
    extra: &T::Extra,
    mut guard: Guard,
) -> Result<Results> {
    let destroyed: BTreeSet<&str> = operations
        .iter()
        .filter_map(|operation| match operation {
            Operation::Destroy(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let mut results: Vec<Option<SetResult<Done>>> = operations
        .iter()
        .map(|operation| match operation {
            Operation::Update(id, _) if destroyed.contains(id.as_str()) => {
                Some(Err(SetError::new("willDestroy")))
            }
            _ => None,
        })
        .collect();
    let mut conflicts = 0;
    for round in 0.. {
        let open: Vec<usize> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.is_none())
            .map(|(at, _)| at)
            .collect();
        let together = match round < TOGETHER_MAX {
            true => open.len(),
            false => 1,
        };
        let Some(group) = open.get(..together).filter(|group| !group.is_empty()) else {
            break;
        };
        let work = Work {
            operations,
            group,
            extra,
        };
        let refused = commit::<T>(context, account, &work, &mut guard.state, &mut results)?;
        context.forget(account);
        if refused.is_some() && guard.state.is_some() {
            let account = context.account_of(account)?;
            expect_state::<T>(context, &account, guard.if_in_state.as_deref())?;
            // It may be written otherwise now: something has come and gone.
            guard.state = Some(T::state(context, &account)?);
        }
        match refused {
            None => {}
            Some((_, Error::Conflict)) if conflicts < CONFLICTS_MAX => conflicts += 1,
            Some((at, error)) => {
                conflicts = 0;
                if let Some(result) = results.get_mut(at) {
                    *result = Some(Err(error.into()));
                }
            }
        }
    }
    let gone = || Err(SetError::new("serverUnavailable"));
    Ok(results
        .into_iter()
        .map(|result| result.unwrap_or_else(gone))
        .collect())
}

/// Some operations that are to be done together.
struct Work<'o, E> {
    operations: &'o [Operation],
    /// Which of them.
    group: &'o [usize],
    extra: &'o E,
}

/// Stages operations and commits them. Returns which of them the host refused, if it did: then none
/// of those that were staged is done.
fn commit<T: Set>(
    context: &mut Context,
    account: &str,
    work: &Work<'_, T::Extra>,
    guard: &mut Option<String>,
    results: &mut [Option<SetResult<Done>>],
) -> Result<Option<(usize, Error)>> {
    let account = context.account_of(account)?;
    let mut stage = Stage {
        context,
        account,
        batch: Batch::new(),
        guard,
    };
    if let Err(error) = stage.expect_unchanged(&stage.batch) {
        // A Mailbox that is gone is a change as well.
        let error = match error {
            Error::NotFound => Error::Conflict,
            error => error,
        };
        return Ok(work.group.first().map(|at| (*at, error)));
    }
    let mut staged: Vec<(usize, Range<u32>, Done)> = Vec::new();
    for &at in work.group {
        let Some(operation) = work.operations.get(at) else {
            continue;
        };
        let first = stage.batch.len();
        let outcome = one::<T>(&mut stage, operation, work.extra);
        let last = stage.batch.len();
        let Some(result) = results.get_mut(at) else {
            continue;
        };
        match outcome {
            Err(error) if error.kind == STATE_MISMATCH => return Ok(Some((at, Error::Conflict))),
            // What was staged before a refusal must not be committed: all is staged anew.
            Err(error) if last > first => {
                *result = Some(Err(error));
                return Ok(None);
            }
            // What has committed by itself can be referred to by those that follow.
            Ok(done) if last == first => {
                if let Operation::Create(name, _) = operation {
                    let ids = &mut stage.context.created_ids;
                    ids.insert(name.clone(), done.id.clone());
                }
                *result = Some(Ok(done));
            }
            Ok(done) => staged.push((at, first..last, done)),
            Err(error) => *result = Some(Err(error)),
        }
    }
    if staged.is_empty() {
        return Ok(None);
    }
    match stage.batch.commit() {
        Ok(_) => {
            *stage.guard = None;
            for (at, _, done) in staged {
                if let Some(result) = results.get_mut(at) {
                    *result = Some(Ok(done));
                }
            }
            Ok(None)
        }
        Err(failure) => {
            let at = staged
                .iter()
                .find(|(_, changes, _)| changes.contains(&failure.change))
                .or(staged.first())
                .map_or(0, |(at, ..)| *at);
            Ok(Some((at, failure.error)))
        }
    }
}

fn one<T: Set>(stage: &mut Stage<'_>, operation: &Operation, extra: &T::Extra) -> SetResult<Done> {
    let known = |stage: &Stage<'_>, id: &str| stage.context.real_id(id).map(str::to_owned);
    let id = match operation {
        Operation::Create(..) => String::new(),
        _ => known(stage, operation.name()).ok_or_else(|| SetError::new("notFound"))?,
    };
    match operation {
        Operation::Create(_, object) => T::create(stage, extra, object.clone()),
        Operation::Update(_, patch) => T::update(stage, extra, &id, patch),
        Operation::Destroy(_) => T::destroy(stage, extra, &id).map(|()| Done::default()),
    }
}
