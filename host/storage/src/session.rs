//! Reads that belong together share one look at the store.
//!
//! A look costs as much as a small read: the engine takes a connection, and begins and ends a read
//! transaction. A request reads several times in a row, so whoever runs it runs it in a
//! [`session`]. There is no handle that someone could hold too long: the look lies on the thread
//! while the session's future is polled, and is given up whenever the future waits, for whatever
//! it waits. So a session may move between threads, and no client, however slow, keeps the engine
//! from cleaning up behind it.

use crate::sqlite::Look;
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

/// A look is not used longer than this, in case that a future never waits.
const LOOK_MAX: Duration = Duration::from_millis(5);

thread_local! {
    /// The session that is polled on this thread.
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Session {
    look: Option<Look>,
}

/// Runs a future whose reads may share a look at the store: cheaper, and nothing else. As outside
/// of one, a read sees every batch that was committed before it began; only what another process
/// commits may be seen a few milliseconds late.
pub async fn session<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        let _polled = Polled::begin();
        future.as_mut().poll(cx)
    })
    .await
}

/// What this session looks with, to be kept or ended.
pub(crate) fn take() -> Option<Look> {
    SESSION.with_borrow_mut(|session| session.as_mut()?.look.take())
}

/// Keeps a look for the session's next read; without a session, it ends here.
pub(crate) fn keep(look: Look) {
    let old = SESSION.with_borrow_mut(|session| match session {
        Some(session) if look.since.elapsed() < LOOK_MAX => session.look.replace(look),
        _ => Some(look),
    });
    // Ended outside the borrow of the cell: that calls into the engine.
    if let Some(look) = old {
        look.end();
    }
}

/// While it lives, a session is polled on this thread. One within another is part of that.
struct Polled {
    outermost: bool,
}

impl Polled {
    fn begin() -> Self {
        let outermost = SESSION.with_borrow_mut(|session| {
            let outermost = session.is_none();
            session.get_or_insert_default();
            outermost
        });
        Self { outermost }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        if self.outermost {
            let session = SESSION.take();
            if let Some(look) = session.and_then(|session| session.look) {
                look.end();
            }
        }
    }
}
