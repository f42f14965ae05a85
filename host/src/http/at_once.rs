//! A task that wakes itself goes to the end of tokio's queue, and a sleeping thread is woken to
//! take it from there: on a quiet machine that costs a small request with a body more than its
//! answer does. hyper wakes itself for every body (the service wants it, the connection reads it,
//! the service has it), so its connections are polled here until nobody wakes them any more.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// After so many polls in a row it is others' turn.
const POLLS_MAX: usize = 8;

/// Nobody polls: who wakes wakes the task.
const RESTS: u8 = 0;
/// It is being polled.
const POLLED: u8 = 1;
/// It is being polled, and was woken since.
const WOKEN: u8 = 2;

/// A future that is polled again at once when it was woken while it was polled.
pub struct AtOnce<F> {
    future: F,
    bell: Arc<Bell>,
    /// Of the bell.
    waker: Waker,
}

struct Bell {
    state: AtomicU8,
    task: AtomicWaker,
}

impl<F> AtOnce<F> {
    /// Polls this future so.
    pub fn new(future: F) -> Self {
        let bell = Arc::new(Bell {
            state: AtomicU8::new(RESTS),
            task: AtomicWaker::new(),
        });
        Self {
            future,
            waker: Waker::from(bell.clone()),
            bell,
        }
    }
}

impl<F: Future + Unpin> Future for AtOnce<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.bell.task.register(cx.waker());
        for _ in 0..POLLS_MAX {
            this.bell.state.store(POLLED, Ordering::Release);
            let future = Pin::new(&mut this.future);
            if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&this.waker)) {
                return Poll::Ready(output);
            }
            if this.bell.rest() {
                return Poll::Pending;
            }
        }
        this.bell.state.store(RESTS, Ordering::Release);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Bell {
    /// Nobody polls any more; false if it was woken in the meantime.
    fn rest(&self) -> bool {
        let rested =
            self.state
                .compare_exchange(POLLED, RESTS, Ordering::AcqRel, Ordering::Acquire);
        rested.is_ok()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let woken = self
            .state
            .compare_exchange(POLLED, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if woken == Err(RESTS) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::atomic::AtomicUsize;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll_once(
        polls: usize,
        wakes_itself: usize,
    ) -> (Poll<usize>, usize, Option<Waker>, Arc<Count>) {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let (mut polled, mut last) = (0, None);
        let future = std::future::poll_fn(|cx| {
            polled += 1;
            last = Some(cx.waker().clone());
            if polled <= wakes_itself {
                cx.waker().wake_by_ref();
            }
            match polled == polls {
                true => Poll::Ready(polled),
                false => Poll::Pending,
            }
        });
        let answer = AtOnce::new(future).poll_unpin(&mut Context::from_waker(&waker));
        let woken = count.0.load(Ordering::Relaxed);
        (answer, woken, last, count)
    }

    #[test]
    fn what_wakes_itself_is_polled_on_without_the_task_being_woken() {
        let (answer, woken, ..) = poll_once(3, 2);
        assert_eq!((answer, woken), (Poll::Ready(3), 0));
    }

    #[test]
    fn what_never_rests_gives_way() {
        let (answer, woken, ..) = poll_once(usize::MAX, usize::MAX);
        assert_eq!((answer, woken), (Poll::Pending, 1));
    }

    #[test]
    fn who_wakes_it_later_wakes_the_task() {
        let (answer, woken, last, count) = poll_once(usize::MAX, 0);
        assert_eq!((answer, woken), (Poll::Pending, 0));
        last.expect("a waker").wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
