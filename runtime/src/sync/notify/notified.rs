//! The futures that wait for a notification: into the queue, out of it, and what a dropped one hands on.
//!
//! The protocol and its invariants are in the parent module.

use super::{LAST, Notify, ONE, PERMIT, QUEUED, SHIFT, WAITING, Waiter, Which};
use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::list::Links;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{SelfArc as Arc, UnsafeCell, asked};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

/// What both kinds of futures are: a waiter, and how far it has come.
pub(super) struct Wait {
    phase: Phase,
    waiter: Waiter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not polled yet.
    Start,
    /// The waiter was lent to the queue; its fate says if it still is.
    Queued,
    /// Notified.
    Done,
}

impl Wait {
    #[inline]
    pub(super) fn new(notify: &Notify) -> Self {
        asked::looks(notify);
        Self {
            phase: Phase::Start,
            waiter: Waiter {
                links: Links::new(),
                // Ordering: Acquire: if the caller got here because of a `notify_waiters`, this is after it.
                generation: notify.word.load(Ordering::Acquire) >> SHIFT,
                fate: AtomicU32::new(QUEUED),
                waker: UnsafeCell::new(None),
            },
        }
    }

    /// Takes a notification, or the place in the queue. `self` is pinned.
    #[inline]
    fn poll(&mut self, notify: &Notify, waker: Option<&Waker>) -> Poll<()> {
        asked::changes(notify);
        let result = match self.phase {
            Phase::Start => self.enqueue(notify, waker),
            Phase::Queued => self.poll_queued(notify, waker),
            Phase::Done => Poll::Ready(()),
        };
        if result.is_ready() {
            self.phase = Phase::Done;
        }
        result
    }

    /// True if a `notify_waiters` came after this future was made, or the permit was there and is ours now.
    /// False if there was neither, and `mark` is in the word.
    #[inline]
    fn take_or_mark(&self, notify: &Notify, mark: usize) -> bool {
        // Ordering: Acquire pairs with `notify_waiters`.
        let mut word = notify.word.load(Ordering::Acquire);
        loop {
            if word >> SHIFT != self.waiter.generation {
                return true;
            }
            let permit = word & PERMIT != 0;
            let next = if permit { word & !PERMIT } else { word | mark };
            if next == word {
                return false;
            }
            // Ordering: Acquire pairs with the Release of whoever put the permit, and of `notify_waiters`.
            match notify.word.compare_exchange_weak(
                word,
                next,
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return permit,
                Err(now) => word = now,
            }
        }
    }

    #[inline]
    fn enqueue(&mut self, notify: &Notify, waker: Option<&Waker>) -> Poll<()> {
        if self.take_or_mark(notify, 0) {
            return Poll::Ready(());
        }
        // Declared before the lock, so dropped after it.
        let waker = waker.cloned();
        let mut queue = notify.queue.lock();
        if self.take_or_mark(notify, WAITING) {
            return Poll::Ready(());
        }
        // SAFETY: the waiter is not lent yet, and `self` is exclusive.
        self.waiter
            .waker
            .with_mut(|place| unsafe { *place = waker });
        self.phase = Phase::Queued;
        // SAFETY: the waiter is live and in no list. It stays in place until it is given back: it is pinned
        // with its future, whose drop removes it if its fate is still open (invariant 4).
        unsafe { queue.push_back(NonNull::from(&self.waiter)) };
        Poll::Pending
    }

    #[inline]
    fn poll_queued(&mut self, notify: &Notify, waker: Option<&Waker>) -> Poll<()> {
        let mut clone = None;
        loop {
            // Ordering: Acquire pairs with the store of the fate: the news, and the end of the loan.
            if self.waiter.fate.load(Ordering::Acquire) != QUEUED {
                return Poll::Ready(());
            }
            let mut queue = notify.queue.lock();
            // Ordering: Relaxed, fates are decided under the lock; the next round looks again.
            if self.waiter.fate.load(Ordering::Relaxed) != QUEUED {
                continue;
            }
            // Ordering: Relaxed, the generation changes under the lock only.
            if notify.word.load(Ordering::Relaxed) >> SHIFT != self.waiter.generation {
                // A `notify_waiters` is on its way to us: no need to wait for it.
                // SAFETY: it is live and in this queue.
                unsafe { queue.remove(NonNull::from(&self.waiter)) };
                notify.update_waiting(&queue);
                // SAFETY: its loan has just ended.
                let old = self
                    .waiter
                    .waker
                    .with_mut(|place| unsafe { (*place).take() });
                drop(queue);
                drop(old);
                return Poll::Ready(());
            }
            let Some(waker) = waker else {
                return Poll::Pending;
            };
            // SAFETY: it is queued, and we hold the lock (invariant 4).
            let old = self.waiter.waker.with_mut(|place| unsafe {
                if matches!(&*place, Some(old) if old.will_wake(waker)) {
                    Some(None)
                } else {
                    clone.take().map(|new| (*place).replace(new))
                }
            });
            drop(queue);
            match old {
                Some(_old) => return Poll::Pending,
                // Foreign code, so not under the lock.
                None => clone = Some(waker.clone()),
            }
        }
    }

    /// Leaves the queue, and hands a notification that was not returned on to the next.
    #[cold]
    fn cancel(&mut self, notify: &Notify) {
        let mut queue = notify.queue.lock();
        // SAFETY: it is live, and in this queue or in none.
        if unsafe { queue.remove(NonNull::from(&self.waiter)) } {
            notify.update_waiting(&queue);
        }
        // SAFETY: nobody else has it now, queued or not: its loan has just ended, or did before.
        let _waker = self
            .waiter
            .waker
            .with_mut(|place| unsafe { (*place).take() });
        drop(queue);
        // Ordering: Relaxed, fates are decided under the lock, which was held after that: so what came with the notification
        // goes on with it.
        match self.waiter.fate.load(Ordering::Relaxed) {
            ONE => notify.notify(Which::Oldest),
            LAST => notify.notify(Which::Newest),
            _ => {}
        }
    }
}

/// The future of [`Notify::notified`]. Once it is ready it stays so.
///
/// # Examples
///
/// Notified and then dropped, it hands the notification on:
///
/// ```
/// use leno::sync::Notify;
/// use std::pin::Pin;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let notify = Notify::new();
/// let mut first = Box::pin(notify.notified());
/// let mut second = Box::pin(notify.notified());
/// Pin::as_mut(&mut first).enable();
/// Pin::as_mut(&mut second).enable();
/// notify.notify_one();
/// drop(first);
/// second.await;
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Notified<'a> {
    notify: &'a Notify,
    wait: Wait,
}

/// The future of [`Notify::notified_owned`]. Once it is ready it stays so.
///
/// # Examples
///
/// A field of a struct that borrows nothing:
///
/// ```
/// use leno::sync::Notify;
/// use leno::sync::futures::OwnedNotified;
/// use std::pin::Pin;
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// struct Ticket {
///     called: Pin<Box<OwnedNotified>>,
/// }
///
/// let window = Arc::new(Notify::new());
/// let ticket = Ticket { called: Box::pin(window.clone().notified_owned()) };
/// window.notify_waiters();
/// ticket.called.await;
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct OwnedNotified {
    notify: Arc<Notify>,
    wait: Wait,
}

macro_rules! notified {
    ($name:literal, $made_by:literal, $notified:ty, $notify:ty, [$($lifetime:tt)*]) => {
        impl $($lifetime)* $notified {
            pub(super) fn new(notify: $notify, wait: Wait) -> Self {
                Self { notify, wait }
            }

            /// Takes the place in the queue now, not when the future is first polled; true if it is ready.
            ///
            /// A `notify_one` after this reaches the future (or one that came before), and is not merely kept.
            ///
            /// # Examples
            ///
            /// ```
            /// use leno::sync::Notify;
            /// use std::pin::pin;
            /// use std::sync::Arc;
            ///
            /// let notify = Arc::new(Notify::new());
            #[doc = concat!("let mut notified = pin!(notify.", $made_by, ");")]
            /// assert!(!notified.as_mut().enable());
            /// notify.notify_one();
            /// assert!(notified.as_mut().enable());
            /// ```
            pub fn enable(self: Pin<&mut Self>) -> bool {
                self.poll_wait(None).is_ready()
            }

            fn poll_wait(self: Pin<&mut Self>, waker: Option<&Waker>) -> Poll<()> {
                // SAFETY: nothing is moved out; the waiter stays where it is.
                let this = unsafe { self.get_unchecked_mut() };
                this.wait.poll(&this.notify, waker)
            }
        }

        impl $($lifetime)* Future for $notified {
            type Output = ();

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                self.poll_wait(Some(cx.waker()))
            }
        }

        impl $($lifetime)* CancelSafe for $notified {}

        impl $($lifetime)* Drop for $notified {
            fn drop(&mut self) {
                if self.wait.phase == Phase::Queued {
                    asked::changes(&raw const *self.notify);
                    self.wait.cancel(&self.notify);
                }
            }
        }

        impl $($lifetime)* fmt::Debug for $notified {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name)
                    .field("phase", &self.wait.phase)
                    .finish_non_exhaustive()
            }
        }
    };
}

notified!("Notified", "notified()", Notified<'a>, &'a Notify, [<'a>]);
notified!(
    "OwnedNotified",
    "clone().notified_owned()",
    OwnedNotified,
    Arc<Notify>,
    []
);
