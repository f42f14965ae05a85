//! The standard methods, each once for all data types. RFC 8620 §5.
//!
//! A data type says what it has by the traits here: which properties, how its objects are found,
//! what has changed, how one is created, updated and destroyed, what a query finds. Arguments, limits,
//! states, pages and errors are the methods' part.

mod changes;
mod copy;
mod few;
mod get;
mod patch;
mod query;
mod query_changes;
mod set;

pub use changes::{Change, Changes, Kind, Log, changes};
pub use copy::{Copy, copy};
pub use few::{Few, FewQuery, Test, Wanted};
pub use get::{Get, Listed, Properties, get};
pub use patch::{apply, changed};
pub use query::{Comparator, Filter, Outcome, Query, Subject, query, read_subject};
pub use query_changes::{QueryChanges, query_changes};
pub use set::{Done, STATE_MISMATCH, Set, Stage, map_or_null, set};
pub(crate) use set::{Operation, operations, outcome};

use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use std::rc::Rc;

/// A data type. RFC 8620 §1.6.3.
pub trait DataType {
    /// Its name: `Mailbox`.
    const NAME: &'static str;

    /// Its state in an account: what `/get` tells.
    fn state(context: &mut Context, account: &Rc<Account>) -> Result<String>;

    /// Whether an account has it at all; who is shared a Mailbox has no Identity there.
    fn is_in(account: &Account) -> bool {
        let _ = account;
        true
    }
}

/// An account, if there may be objects of a type in it.
///
/// Fails with `accountNotSupportedByMethod` if there may not.
pub fn supported<T: DataType>(account: Rc<Account>) -> Result<Rc<Account>> {
    match T::is_in(&account) {
        true => Ok(account),
        false => Err(MethodError::described(
            "accountNotSupportedByMethod",
            format!("{} objects are in one's own account alone", T::NAME),
        )),
    }
}

/// Arguments that a method has for one type, besides the standard ones.
pub trait Extra: Sized {
    /// Takes them.
    fn take(arguments: &mut Arguments) -> Result<Self>;
}

impl Extra for () {
    fn take(_: &mut Arguments) -> Result<()> {
        Ok(())
    }
}
