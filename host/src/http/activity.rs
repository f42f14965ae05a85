//! What the client of a connection is doing, so that one who waits too long, or asks for nothing
//! and keeps the host busy, is let go: hyper's own timeout for heads counts from the end of the
//! request before, which would end every idle connection.

use super::unsent::Unsent;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long a client may take to send the head of a request, or the handshake of TLS.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a client may take nothing of an answer.
const BLOCKED_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes of frames that need no explanation: more than the window of a connection, whose bytes may
/// be in bodies that nobody reads.
const FRAMES_FREE: u64 = 2 << 20;
const FRAMES_PER_SECOND: u64 = 1 << 10;
/// Head and unread body of a request.
const FRAMES_PER_REQUEST: u64 = 256 << 10;
/// A client may need one byte of window updates for so many of an answer.
const FRAMES_PART_OF_ANSWER: u64 = 16;
/// Requests that a client may take back; one more for each that it lets be answered.
const ABORTED_FREE: u64 = 200;

/// What a client is doing; times are milliseconds since the connection began, 0 for never.
pub struct Activity {
    began: Instant,
    in_flight: AtomicU32,
    served: AtomicBool,
    http2: AtomicBool,
    idle_since: AtomicU64,
    head_since: AtomicU64,
    blocked_since: AtomicU64,
    /// Answers whose next piece waits for the client to take the one before, and when one last went.
    untaken: AtomicU32,
    taken_at: AtomicU64,
    /// Bytes that came, those of them that were bodies, and those that went.
    received: AtomicU64,
    bodies: AtomicU64,
    written: AtomicU64,
    /// Requests that were answered to the end, and that their client gave up.
    finished: AtomicU32,
    aborted: AtomicU32,
    /// The client has closed its side, or is to be dropped at once.
    gone: AtomicBool,
    unsent: Unsent,
}

/// What is to become of a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// Look again then.
    Wait(Duration),
    /// It was idle for long: close it well.
    Close,
    /// Its client is too slow: drop it.
    Drop,
}

/// A request that is being answered; ends when it is dropped.
pub struct InFlight {
    activity: Arc<Activity>,
    untaken: bool,
    finished: bool,
}

impl Activity {
    /// Begins with a connection.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            in_flight: AtomicU32::new(0),
            served: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            idle_since: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            untaken: AtomicU32::new(0),
            taken_at: AtomicU64::new(0),
            received: AtomicU64::new(0),
            bodies: AtomicU64::new(0),
            written: AtomicU64::new(0),
            finished: AtomicU32::new(0),
            aborted: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            unsent: Unsent::default(),
        })
    }

    /// Notes that the head of a request is whole.
    pub fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        self.served.store(true, Relaxed);
        self.head_since.store(0, Relaxed);
        InFlight {
            activity: self.clone(),
            untaken: false,
            finished: false,
        }
    }

    /// Notes that the client speaks HTTP/2.
    pub fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
    }

    /// What of answers waits in memory.
    pub fn unsent(&self) -> &Unsent {
        &self.unsent
    }

    /// Notes bytes of a request's body.
    pub fn body(&self, bytes: usize) {
        self.bodies.fetch_add(bytes as u64, Relaxed);
    }

    /// Says whether nothing at all is going on.
    pub fn is_idle(&self) -> bool {
        self.in_flight.load(Relaxed) == 0
            && self.served.load(Relaxed)
            && self.head_since.load(Relaxed) == 0
            && self.blocked_since.load(Relaxed) == 0
    }

    /// Says whether bytes wait for the client to take those before.
    pub fn is_blocked(&self) -> bool {
        self.blocked_since.load(Relaxed) != 0
    }

    /// Says whether the client was, or is to be, let go without ceremony.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Relaxed)
    }

    /// Says whether an HTTP/2 client keeps the host busy with what serves no request: with pings,
    /// settings, empty or unknown frames, or with requests that it takes back (CVE-2023-44487).
    /// What its requests and answers can explain is free, window updates above all.
    pub(super) fn is_flooding(&self) -> bool {
        if !self.http2.load(Relaxed) {
            return false;
        }
        let finished = u64::from(self.finished.load(Relaxed));
        if u64::from(self.aborted.load(Relaxed)) > ABORTED_FREE + finished {
            return true;
        }
        let explained = FRAMES_FREE
            + FRAMES_PER_SECOND * self.began.elapsed().as_secs()
            + FRAMES_PER_REQUEST * finished
            + self.written.load(Relaxed) / FRAMES_PART_OF_ANSWER
            + self.bodies.load(Relaxed);
        self.received.load(Relaxed) > explained
    }

    /// Says what is to become of the connection, of which idle ones are kept so long.
    pub fn fate(&self, idle_max: Duration) -> Fate {
        let left = |since: u64, max: Duration| {
            let until = Duration::from_millis(since) + max;
            until
                .checked_sub(self.began.elapsed())
                .filter(|left| !left.is_zero())
        };
        if self.in_flight.load(Relaxed) > 0 {
            return match self.blocked_since.load(Relaxed) {
                // A window of HTTP/2 that stays shut blocks an answer, too.
                0 if self.untaken.load(Relaxed) > 0 => {
                    let since = self.taken_at.load(Relaxed);
                    left(since, BLOCKED_TIME_MAX).map_or(Fate::Drop, Fate::Wait)
                }
                0 => Fate::Wait(BLOCKED_TIME_MAX),
                since => left(since, BLOCKED_TIME_MAX).map_or(Fate::Drop, Fate::Wait),
            };
        }
        let idle_since = self.idle_since.load(Relaxed);
        if !self.served.load(Relaxed) {
            return left(idle_since, HEAD_TIME_MAX).map_or(Fate::Drop, Fate::Wait);
        }
        let head_since = self.head_since.load(Relaxed);
        // HTTP/2 has frames that begin no request.
        if head_since > 0 && !self.http2.load(Relaxed) {
            return left(head_since, HEAD_TIME_MAX).map_or(Fate::Drop, Fate::Wait);
        }
        left(idle_since, idle_max)
            // Whoever begins a head in the meantime is still to be dropped in time.
            .map_or(Fate::Close, |left| Fate::Wait(left.min(HEAD_TIME_MAX)))
    }

    /// Lets the connection go without ceremony.
    pub fn give_up(&self) {
        self.gone.store(true, Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// Notes what came; nothing is the end.
    pub(super) fn read(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
        if bytes == 0 {
            self.give_up();
        } else if self.in_flight.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// Notes how writing went.
    pub(super) fn wrote(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Pending if self.blocked_since.load(Relaxed) == 0 => {
                self.blocked_since.store(self.now(), Relaxed);
            }
            Poll::Pending => {}
            Poll::Ready(Ok(len)) => {
                self.blocked_since.store(0, Relaxed);
                self.written.fetch_add(*len as u64, Relaxed);
            }
            Poll::Ready(Err(_)) => self.give_up(),
        }
    }
}

impl InFlight {
    /// What the request is part of.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Notes whether the answer waits for its client.
    pub fn waits_for_client(&mut self, waits: bool) {
        if waits {
            self.activity.taken_at.store(self.activity.now(), Relaxed);
        }
        match (self.untaken, waits) {
            (false, true) => self.activity.untaken.fetch_add(1, Relaxed),
            (true, false) => self.activity.untaken.fetch_sub(1, Relaxed),
            _ => 0,
        };
        self.untaken = waits;
    }

    /// Notes that all of the answer went.
    pub fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.waits_for_client(false);
        let activity = &self.activity;
        let count = match self.finished {
            true => &activity.finished,
            false => &activity.aborted,
        };
        count.fetch_add(1, Relaxed);
        activity.idle_since.store(activity.now(), Relaxed);
        activity.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE_MAX: Duration = Duration::from_secs(300);

    /// A connection that began so many seconds ago; none on a machine that started since.
    fn after(seconds: u64) -> Option<Arc<Activity>> {
        let began = Instant::now().checked_sub(Duration::from_secs(seconds))?;
        let mut activity = Arc::into_inner(Activity::new())?;
        activity.began = began;
        Some(Arc::new(activity))
    }

    #[test]
    fn who_never_asks_is_dropped_and_who_is_idle_closed() {
        let Some(activity) = after(31) else { return };
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        drop(activity.begin());
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
        assert_eq!(activity.fate(Duration::ZERO), Fate::Close);
    }

    #[test]
    fn a_head_that_takes_too_long_is_dropped_a_long_answer_is_not() {
        let Some(activity) = after(100) else { return };
        drop(activity.begin());
        activity.head_since.store(60_000, Relaxed);
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        let in_flight = activity.begin();
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
        activity.blocked_since.store(30_000, Relaxed);
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        drop(in_flight);
    }

    #[test]
    fn an_answer_that_nobody_takes_is_given_up() {
        let Some(activity) = after(100) else { return };
        let mut in_flight = activity.begin();
        in_flight.waits_for_client(true);
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
        activity.taken_at.store(30_000, Relaxed);
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        in_flight.waits_for_client(false);
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
    }

    #[test]
    fn requests_explain_frames_and_nothing_else_does() {
        let activity = Activity::new();
        activity.speaks_http2();
        activity.read(FRAMES_FREE as usize);
        assert!(!activity.is_flooding());
        activity.read(100 << 10);
        assert!(activity.is_flooding());
        activity.begin().finish();
        assert!(!activity.is_flooding());
        activity.read(10 << 20);
        activity.body(10 << 20);
        assert!(!activity.is_flooding());
    }

    #[test]
    fn who_takes_back_more_than_it_asks_for_is_flooding() {
        let activity = Activity::new();
        activity.speaks_http2();
        for _ in 0..ABORTED_FREE {
            drop(activity.begin());
            assert!(!activity.is_flooding());
        }
        activity.begin().finish();
        drop(activity.begin());
        assert!(!activity.is_flooding());
        drop(activity.begin());
        assert!(activity.is_flooding());
    }
}
