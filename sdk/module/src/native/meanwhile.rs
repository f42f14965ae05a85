//! What somebody else does between what a module reads and what it commits.

use std::cell::RefCell;

type Act = Box<dyn FnOnce()>;

thread_local! {
    static ACT: RefCell<Option<Act>> = const { RefCell::new(None) };
}

/// Sets what happens before the next batch commits.
pub(crate) fn set(act: Option<Act>) {
    ACT.with(|next| *next.borrow_mut() = act);
}

/// It happens, once.
pub(crate) fn happen() {
    if let Some(act) = ACT.with(|next| next.borrow_mut().take()) {
        act();
    }
}
