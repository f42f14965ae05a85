//! Which locks a change needs, and whether they were submitted. RFC 4918 §6.4, §7.

use crate::error::LOCK_TOKEN_SUBMITTED;
use crate::header::conditions::Guard;
use crate::store::{Lock, LockScope};
use crate::{Context, Error, Path};

/// What a request changes, as far as locks are concerned.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A resource itself: its body, its properties, or which members it has.
    Resource(&'a Path),
    /// A resource and all that is inside of it.
    Tree(&'a Path),
}

/// Fails with `DAV:lock-token-submitted` unless the request submitted what its changes need.
pub fn require(ctx: &Context<'_>, guard: &Guard, changes: &[Change<'_>]) -> Result<(), Error> {
    let mut roots: Vec<String> = Vec::new();
    for change in changes {
        match change {
            Change::Resource(path) => {
                let locks = ctx.store.locks(path, LockScope::Covering)?;
                check(ctx, guard, &locks, path, &mut roots);
            }
            Change::Tree(path) => {
                let locks = ctx.store.locks(path, LockScope::Tree)?;
                check(ctx, guard, &locks, path, &mut roots);
                for inner in locks.iter().filter(|lock| lock.root.is_within(path)) {
                    check(ctx, guard, &locks, &inner.root, &mut roots);
                }
            }
        }
    }
    match roots.is_empty() {
        true => Ok(()),
        false => Err(LOCK_TOKEN_SUBMITTED.error_at(&roots)),
    }
}

/// One token of several shared locks is enough: RFC 4918 §6.2.
fn check(ctx: &Context<'_>, guard: &Guard, locks: &[Lock], path: &Path, roots: &mut Vec<String>) {
    let covering: Vec<&Lock> = locks.iter().filter(|lock| lock.covers(path)).collect();
    if covering.iter().any(|lock| is_held(ctx, guard, lock)) {
        return;
    }
    for lock in covering {
        let root = ctx.href(&lock.root, lock.is_collection);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
}

/// A token counts only with whoever took the lock. RFC 4918 §6.4.
pub fn is_held(ctx: &Context<'_>, guard: &Guard, lock: &Lock) -> bool {
    guard.tokens.contains(&lock.token) && lock.principal.as_deref() == ctx.user_id()
}
