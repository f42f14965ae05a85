//! A guest at work. Its future is polled by whoever waits for the answer, on that thread, so that
//! most requests never change threads; once it has used up a slice it is moved to the guests' own.

use crate::account::Account;
use crate::interfaces::GRACE;
use crate::limits::Meter;
use crate::serve::Shared;
use crate::usage::count;
use crate::{Answer, AnswerBody, HandleError};
use bytes::Bytes;
use futures_util::Stream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::AbortHandle;

/// CPU time that a guest may use on its caller's thread; it ends with the first tick after.
const SLICE_HERE: Duration = Duration::from_millis(1);
/// CPU time that a guest may use on its own threads before it's another's turn.
const SLICE_THERE: Duration = Duration::from_millis(5);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A guest at work, until it ends or this is dropped.
pub(crate) struct Run {
    place: Place,
    bill: Bill,
    /// The answer has begun: the guest may see that its client has gone.
    grace: bool,
}

enum Place {
    /// On the thread of whoever polls.
    Here(Work),
    /// On the guests' threads.
    There(AbortHandle),
    /// It has ended.
    Ended,
}

/// Who pays for the work.
#[derive(Clone)]
pub(crate) struct Bill {
    pub(crate) shared: Arc<Shared>,
    pub(crate) account: Arc<Account>,
    pub(crate) meter: Arc<Meter>,
}

impl Run {
    /// Begins a piece of work: nothing of it is done until it is polled, unless the account's
    /// requests take long. Then it begins on the guests' threads.
    pub(crate) fn new(work: Work, bill: Bill) -> Self {
        bill.meter.begin_slice(SLICE_HERE);
        let long = bill.account.takes_long();
        let mut run = Self {
            place: Place::Here(work),
            bill,
            grace: false,
        };
        if long {
            run.move_there();
        }
        run
    }

    /// Begins a piece of work on the guests' threads.
    pub(crate) fn there(work: Work, bill: Bill) -> Self {
        Self {
            place: Place::There(spawn(work, bill.clone())),
            bill,
            grace: false,
        }
    }

    /// Goes on with the work, if it is done here. Wakes the task when there is more to do.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let Place::Here(work) = &mut self.place else {
            return;
        };
        let Some(seat) = self.bill.shared.places.sit() else {
            return self.move_there();
        };
        let polled = poll_contained(work, cx);
        drop(seat);
        self.bill.pay();
        match polled {
            Poll::Ready(()) => {
                self.place = Place::Ended;
                count(&self.bill.account.counters.ended_here);
                self.bill.account.ended(self.bill.meter.used());
            }
            Poll::Pending if self.bill.meter.is_spent() => {
                self.bill.account.moved();
                self.move_there();
            }
            Poll::Pending => {}
        }
    }

    /// Lets the work go on without anybody who waits for it.
    pub(crate) fn detach(mut self) {
        self.move_there();
        self.place = Place::Ended;
    }

    /// An answer whose body goes on with the work that writes it: on the thread that sends it, so
    /// that no other must be woken.
    pub(crate) fn carry(mut self, mut answer: Answer) -> Answer {
        match answer.body {
            AnswerBody::Stream(body) if !matches!(self.place, Place::Ended) => {
                self.grace = true;
                answer.body = AnswerBody::Stream(Box::pin(Carried {
                    body: Some(body),
                    run: self,
                }));
            }
            _ => self.detach(),
        }
        answer
    }

    fn move_there(&mut self) {
        self.place = match std::mem::replace(&mut self.place, Place::Ended) {
            Place::Here(work) => Place::There(spawn(work, self.bill.clone())),
            elsewhere => elsewhere,
        };
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.grace {
            self.move_there();
        }
        let Place::There(task) = &self.place else {
            return;
        };
        if !self.grace {
            return task.abort();
        }
        let task = task.clone();
        if !task.is_finished() {
            self.bill.shared.places.threads.spawn(async move {
                tokio::time::sleep(GRACE).await;
                task.abort();
            });
        }
    }
}

impl Bill {
    /// Charges what was used since the last time.
    fn pay(&self) {
        self.account.charge(self.meter.unpaid());
    }
}

/// Moves work to the guests' threads.
fn spawn(work: Work, bill: Bill) -> AbortHandle {
    let threads = bill.shared.places.threads.clone();
    threads.spawn(in_slices(work, bill)).abort_handle()
}

/// Does the work in slices, each in its turn.
async fn in_slices(mut work: Work, bill: Bill) {
    let slices = &bill.shared.places.slices;
    let party = &bill.account.tenant.slices;
    let anyone = &bill.shared.anyone;
    loop {
        // The queue for slices has no end: what waits there was counted when it came.
        let Ok(permit) = slices.acquire(party, anyone).await else {
            return;
        };
        bill.meter.begin_slice(SLICE_THERE);
        let ended = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_ready())).await;
        drop(permit);
        bill.pay();
        if ended {
            bill.account.ended(bill.meter.used());
            return;
        }
        woken().await;
    }
}

/// Waits until the task is woken.
async fn woken() {
    let mut waited = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Polls work such that a panic of the host ends this piece of work alone, and not all that its
/// caller's task does.
fn poll_contained(work: &mut Work, cx: &mut Context<'_>) -> Poll<()> {
    // After a panic the work is dropped and never looked at again.
    match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll,
        Err(_) => Poll::Ready(()),
    }
}

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, HandleError>> + Send>>;

/// A body, and the work that writes it.
struct Carried {
    /// Dropped before the work is, so that the guest sees that nobody reads any more.
    body: Option<Pieces>,
    run: Run,
}

impl Stream for Carried {
    type Item = Result<Bytes, HandleError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        // What is written goes out before more is asked for.
        if let Poll::Ready(piece) = body.as_mut().poll_next(cx) {
            return Poll::Ready(piece);
        }
        this.run.poll(cx);
        body.as_mut().poll_next(cx)
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.body = None;
    }
}
