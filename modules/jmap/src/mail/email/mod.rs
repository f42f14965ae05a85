//! Emails. RFC 8621 §4.

mod changes;
mod condition;
mod content;
mod copy;
mod get;
mod import;
mod order;
mod parse;
mod put;
mod query;
mod read;
mod set;
mod snippet;
mod summary;
mod told;
mod wish;

pub use import::import;
pub use parse::parse;
pub use snippet::get as snippets;
pub use summary::forget;

use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::standard::DataType;
use crate::state::State;
use std::rc::Rc;

/// The data type.
pub struct Emails;

impl DataType for Emails {
    const NAME: &'static str = "Email";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(State::of(account)?.write())
    }
}
