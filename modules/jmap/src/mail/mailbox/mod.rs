//! Mailboxes. RFC 8621 §2.
//!
//! The mailboxes directly below the inbox are shown at the top level, as the inbox is, and the inbox
//! has no children: so a user's mail is one tree in the store, and looks as clients want it.

mod changes;
mod facts;
mod get;
mod query;
mod set;

pub use changes::{Content, content};
pub use facts::{Facts, forget, is_inbox, parent_path};

use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::standard::DataType;
use crate::state::State;
use std::rc::Rc;

/// What a Mailbox is for: an annotation on it.
pub const ROLE: &str = "jmap/role";
/// Where clients show it: an annotation on it.
pub const SORT_ORDER: &str = "jmap/sort-order";

/// The data type.
pub struct Mailboxes;

impl DataType for Mailboxes {
    const NAME: &'static str = "Mailbox";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(State::of(account)?.write())
    }
}
