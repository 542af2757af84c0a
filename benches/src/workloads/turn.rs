//! The signal that tasks wake each other with: as little as there can be, so that the figures are the runtimes'.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::task::{Poll, Waker};

/// A number that only grows, and the one task that waits for it.
///
/// The task's waker is cloned at its first wait and kept: a wait costs a load, an advance a store and the wake. That is
/// less than the usual slot for a waker, whose locks would be most of a ping-pong's time. It must be the same task that
/// waits each time.
#[derive(Debug, Default)]
pub struct Turn {
    number: AtomicU64,
    waiter: OnceLock<Waker>,
}

impl Turn {
    /// Waits until the number is `number` or more, and returns it.
    pub async fn reached(&self, number: u64) -> u64 {
        poll_fn(|cx| {
            let ready = || {
                // Pairs with the store in `advance`: what came before that is seen after this.
                let reached = self.number.load(Ordering::Acquire);
                (reached >= number).then_some(reached)
            };
            if let Some(reached) = ready() {
                return Poll::Ready(reached);
            }
            if self.waiter.get().is_none() {
                // The first wait. Either the fence in `advance` comes later, and finds the waker, or earlier, and its
                // number is seen here.
                self.waiter.get_or_init(|| cx.waker().clone());
                fence(Ordering::SeqCst);
                return ready().map_or(Poll::Pending, Poll::Ready);
            }
            Poll::Pending
        })
        .await
    }

    /// Makes the number `number` and wakes the task that waits.
    pub fn advance(&self, number: u64) {
        self.number.store(number, Ordering::Release);
        let waiter = self.waiter.get().or_else(|| {
            // Pairs with the fence in `reached`. With a waker in place none is needed: it is woken in any case.
            fence(Ordering::SeqCst);
            self.waiter.get()
        });
        if let Some(waiter) = waiter {
            waiter.wake_by_ref();
        }
    }
}
