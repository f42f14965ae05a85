//! Mailboxes. RFC 8621 §2.
//!
//! A user's mail is one tree in the store, with the inbox at its root, as in Cyrus. What lies directly
//! in that is shown at the top level beside it, and the inbox has no children.

mod changes;
mod facts;
mod get;
mod query;
pub mod rights;
mod set;
mod wanted;

pub use changes::{Content, content};
pub use facts::{Facts, forget, is_inbox, parent_path, shown_name};

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
/// Whether somebody wants to see it, `yes` or `no`: an annotation of each for himself. The store's own
/// subscriptions are kept alike, but cost a question each time, and change without a modseq.
pub const SUBSCRIBED: &str = "jmap/subscribed";

/// The data type.
pub struct Mailboxes;

impl DataType for Mailboxes {
    const NAME: &'static str = "Mailbox";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(State::of(account)?.write())
    }
}
