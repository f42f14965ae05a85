//! A module that keeps trapping for a tenant is left alone for a while: a request to it costs an
//! instance and gives nothing. Time and again one request is let through to see how it does.

use crate::load::Module;
use crate::state::ModuleFacts;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// So many traps, and more of them than other answers …
const TRAPS: u32 = 10;
/// … in this time, are too many.
const WINDOW: Duration = Duration::from_secs(10);
/// How long it is left alone at first, and at most; twice as long each time.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How many traps of a window are logged.
const LOGGED: u32 = 5;

/// How often one module has trapped for one tenant.
#[derive(Default)]
pub(crate) struct Backoff {
    /// There is a pause; says the same as the state does.
    paused: AtomicBool,
    /// Answers in the window, traps among them.
    answers: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of the module that trapped: another one under its name starts afresh, and the same one
    /// compiled better does not.
    module: Weak<ModuleFacts>,
    window: Option<Instant>,
    traps: u32,
    pause: Option<Pause>,
}

struct Pause {
    until: Instant,
    wait: Duration,
    /// A request was let through and is not answered yet.
    trying: bool,
}

/// What is to be said of a trap.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trapped {
    /// Whether it is logged.
    pub(crate) logged: bool,
    /// A pause of this length begins, and none was before.
    pub(crate) pause: Option<Duration>,
}

/// A request that was let through in a pause. Dropped without an outcome it says nothing, and
/// another may try.
pub(crate) struct Trial(Arc<Backoff>);

impl Backoff {
    /// Lets a request through, or says how long none will be.
    pub(crate) fn enter(self: &Arc<Self>, module: &Arc<Module>) -> Result<Option<Trial>, Duration> {
        if !self.paused.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.enter_at(Arc::as_ptr(&module.facts), Instant::now())
    }

    fn enter_at(
        self: &Arc<Self>,
        module: *const ModuleFacts,
        now: Instant,
    ) -> Result<Option<Trial>, Duration> {
        let mut state = self.state.lock();
        if state.module.as_ptr() != module {
            *state = State::default();
            self.paused.store(false, Ordering::Relaxed);
        }
        let Some(pause) = &mut state.pause else {
            return Ok(None);
        };
        if now < pause.until || pause.trying {
            let wait = pause.until.saturating_duration_since(now);
            return Err(wait.max(Duration::from_millis(1)));
        }
        pause.trying = true;
        Ok(Some(Trial(self.clone())))
    }

    /// A request was answered. Says whether that ends a pause.
    pub(crate) fn answered(&self, trial: Option<&Trial>) -> bool {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if trial.is_none() {
            return false;
        }
        let mut state = self.state.lock();
        self.paused.store(false, Ordering::Relaxed);
        state.window = None;
        state.pause.take().is_some()
    }

    /// A request trapped.
    pub(crate) fn trapped(&self, module: &Arc<Module>, trial: Option<&Trial>) -> Trapped {
        self.trapped_at(
            Arc::downgrade(&module.facts),
            trial.is_some(),
            Instant::now(),
        )
    }

    fn trapped_at(&self, module: Weak<ModuleFacts>, trial: bool, now: Instant) -> Trapped {
        let mut state = self.state.lock();
        if !state.module.ptr_eq(&module) {
            *state = State {
                module,
                ..State::default()
            };
            self.paused.store(false, Ordering::Relaxed);
        }
        let of_window = |begin: Instant| now.saturating_duration_since(begin) < WINDOW;
        if !state.window.is_some_and(of_window) {
            state.window = Some(now);
            state.traps = 0;
            self.answers.store(0, Ordering::Relaxed);
        }
        state.traps += 1;
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        let logged = state.traps <= LOGGED;
        let too_many = state.traps >= TRAPS && state.traps > answers / 2;
        let mut begun = None;
        match &mut state.pause {
            Some(pause) if trial => {
                pause.wait = (pause.wait * 2).min(WAIT_MAX);
                pause.until = now + pause.wait;
                pause.trying = false;
            }
            // It came before the pause.
            Some(_) => {}
            None if too_many => {
                state.pause = Some(Pause {
                    until: now + WAIT_MIN,
                    wait: WAIT_MIN,
                    trying: false,
                });
                self.paused.store(true, Ordering::Relaxed);
                begun = Some(WAIT_MIN);
            }
            None => {}
        }
        Trapped {
            logged,
            pause: begun,
        }
    }

    /// How long the pause that is now will last, until a request is let through.
    pub(crate) fn left(&self) -> Option<Duration> {
        let state = self.state.lock();
        let pause = state.pause.as_ref()?;
        Some(pause.until.saturating_duration_since(Instant::now()))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(pause) = &mut self.0.state.lock().pause {
            pause.trying = false;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NONE: *const ModuleFacts = std::ptr::null();

    fn module() -> Weak<ModuleFacts> {
        Weak::new()
    }

    #[test]
    fn a_pause_doubles_until_a_trial_succeeds() {
        let backoff = Arc::new(Backoff::default());
        let here = module().as_ptr();
        let mut now = Instant::now();
        for trap in 1..=TRAPS {
            assert!(backoff.enter_at(here, now).unwrap().is_none());
            let said = backoff.trapped_at(module(), false, now);
            assert_eq!(said.pause.is_some(), trap == TRAPS);
            assert_eq!(said.logged, trap <= LOGGED);
        }
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(backoff.enter_at(here, now).err(), Some(wait));
            now += wait;
            let trial = backoff.enter_at(here, now).unwrap().unwrap();
            assert!(backoff.enter_at(here, now).is_err(), "one at a time");
            assert_eq!(backoff.trapped_at(module(), true, now).pause, None);
            drop(trial);
        }
        now += WAIT_MAX;
        // One whose client leaves says nothing.
        drop(backoff.enter_at(here, now).unwrap().unwrap());
        let trial = backoff.enter_at(here, now).unwrap().unwrap();
        assert!(backoff.answered(Some(&trial)));
        assert!(backoff.enter_at(here, now).unwrap().is_none());
    }

    #[test]
    fn traps_among_many_answers_or_over_a_long_time_are_borne() {
        let backoff = Backoff::default();
        let mut now = Instant::now();
        for _ in 0..100 {
            backoff.answered(None);
            backoff.answered(None);
            assert_eq!(backoff.trapped_at(module(), false, now).pause, None);
        }
        for _ in 0..100 {
            now += WINDOW / 5;
            assert_eq!(backoff.trapped_at(module(), false, now).pause, None);
        }
    }

    #[test]
    fn another_module_under_the_name_starts_afresh() {
        let backoff = Arc::new(Backoff::default());
        let now = Instant::now();
        for _ in 0..TRAPS {
            backoff.trapped_at(module(), false, now);
        }
        assert!(backoff.enter_at(module().as_ptr(), now).is_err());
        assert!(backoff.enter_at(NONE, now).unwrap().is_none());
        assert!(backoff.left().is_none());
    }
}
