//! The future that acquires: in the queue, out of it, and what it hands on when it is dropped.
//!
//! The protocol and its invariants are in the parent module.

use super::{CLOSED, Purpose, QUEUED, REFUSED, SERVED, SHIFT, Semaphore, Share, WAITING, Waiter};
use crate::kernel::budget;
use crate::kernel::here;
use crate::kernel::lines::Place;
use crate::kernel::list::Links;
use crate::kernel::task::{self, Mark, WaitsFor, What};
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{UnsafeCell, asked};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};

/// The future of [`Semaphore::acquire_in_queue`].
pub(crate) struct Acquire<'a> {
    semaphore: &'a Semaphore,
    phase: Phase,
    /// Only if somebody wants to know who waits for long.
    place: Option<Place>,
    waiter: Waiter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not polled yet.
    Start,
    /// The waiter was lent to the queue; its fate says if it still is.
    Queued,
    /// Finished.
    Done,
}

impl<'a> Acquire<'a> {
    #[inline]
    pub(super) fn new(semaphore: &'a Semaphore, n: usize, purpose: Purpose) -> Self {
        Self {
            semaphore,
            phase: Phase::Start,
            place: None,
            waiter: Waiter {
                links: Links::new(),
                wanted: n,
                purpose,
                ticket: 0,
                fate: AtomicU32::new(QUEUED),
                share: UnsafeCell::new(Share {
                    missing: n,
                    waker: None,
                    task: 0,
                }),
            },
        }
    }

    #[inline]
    fn poll_acquire(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        asked::changes(self.semaphore);
        let result = match self.phase {
            Phase::Start => match self.semaphore.try_acquire(self.waiter.wanted) {
                Ok(()) => Poll::Ready(Ok(())),
                Err(TryAcquireError::Closed) => Poll::Ready(Err(AcquireError(()))),
                Err(TryAcquireError::NoPermits) => self.enqueue(cx),
            },
            Phase::Queued => self.poll_queued(cx),
            Phase::Done => panic!("polled after it was ready: make a new future to acquire again"),
        };
        if result.is_ready() {
            self.phase = Phase::Done;
            self.place = None;
        }
        result
    }

    #[cold]
    fn enqueue(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        // Declared before the lock, so dropped after it.
        let waker = cx.waker().clone();
        let task = self.task();
        self.waiter.ticket = here::with(|here| here.rng.next());
        let mut queue = self.semaphore.queue.lock();
        // Ordering: Relaxed, the exchange decides.
        let mut word = self.semaphore.word.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Poll::Ready(Err(AcquireError(())));
            }
            let permits = word >> SHIFT;
            let enough = permits >= self.waiter.wanted;
            let next = if enough {
                word - (self.waiter.wanted << SHIFT)
            } else {
                WAITING
            };
            // Ordering: Acquire pairs with the Release of whoever added the permits, also a part of them.
            match self.semaphore.word.compare_exchange_weak(
                word,
                next,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) if enough => return Poll::Ready(Ok(())),
                Ok(_) => {
                    // SAFETY: the waiter is not lent yet, and `self` is exclusive.
                    self.waiter.share.with_mut(|share| unsafe {
                        (*share).missing -= permits;
                        (*share).waker = Some(waker);
                        (*share).task = task;
                    });
                    break;
                }
                Err(now) => word = now,
            }
        }
        self.phase = Phase::Queued;
        // Before the waiter is lent: afterwards it is only looked at.
        if self.waiter.purpose != Purpose::Permits {
            self.place = Place::take(self.waiter.ticket);
        }
        // SAFETY: the waiter is live and in no list. It stays in place until it is given back: it is pinned
        // with this future, whose drop removes it if its fate is still open (invariant 3).
        unsafe { queue.push_back(NonNull::from(&self.waiter)) };
        Poll::Pending
    }

    /// The running task's mark, if that is to be noted as the holder's once it has been served.
    fn task(&self) -> u64 {
        match self.waiter.purpose {
            Purpose::Exclusive => Mark::here(),
            Purpose::Permits | Purpose::Shared => 0,
        }
    }

    #[cold]
    fn another_waker(&self, cx: &Context<'_>) -> Waker {
        task::waits_for(cx.waker(), || WaitsFor {
            what: match self.waiter.purpose {
                Purpose::Permits => What::Permits,
                Purpose::Shared | Purpose::Exclusive => What::Lock {
                    holder: self.semaphore.holder.get(),
                    ticket: self.waiter.ticket,
                },
            },
            address: ptr::from_ref(self.semaphore).addr(),
        });
        cx.waker().clone()
    }

    fn poll_queued(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let mut clone = None;
        let task = self.task();
        loop {
            // Ordering: Acquire pairs with the store of the fate: the permits, and the end of the loan.
            match self.waiter.fate.load(Ordering::Acquire) {
                SERVED if self.semaphore.is_closed() => {
                    // Served in time, asked too late: after `close` nobody gets permits.
                    self.phase = Phase::Done;
                    self.semaphore.release(self.waiter.wanted);
                    return Poll::Ready(Err(AcquireError(())));
                }
                SERVED => return Poll::Ready(Ok(())),
                REFUSED => {
                    self.phase = Phase::Done;
                    // SAFETY: the loan is over (invariant 3), and `self` is exclusive.
                    let missing = self.waiter.share.with(|share| unsafe { (*share).missing });
                    self.semaphore.release(self.waiter.wanted - missing);
                    return Poll::Ready(Err(AcquireError(())));
                }
                _ => {}
            }
            let queue = self.semaphore.queue.lock();
            // Ordering: Relaxed, fates are decided under the lock; the next round looks again.
            if self.waiter.fate.load(Ordering::Relaxed) != QUEUED {
                continue;
            }
            // SAFETY: it is queued, and we hold the lock (invariant 3).
            let old = self.waiter.share.with_mut(|share| unsafe {
                let place = &mut (*share).waker;
                if matches!(place, Some(old) if old.will_wake(cx.waker())) {
                    Some(None)
                } else {
                    clone.take().map(|new| {
                        // The future may have been moved to another task.
                        (*share).task = task;
                        place.replace(new)
                    })
                }
            });
            drop(queue);
            match old {
                Some(_old) => return Poll::Pending,
                // Foreign code, so not under the lock.
                None => clone = Some(self.another_waker(cx)),
            }
        }
    }

    /// Leaves the queue, and hands on what was given.
    #[cold]
    fn cancel(&mut self) {
        let wanted = self.waiter.wanted;
        let mut queue = self.semaphore.queue.lock();
        // SAFETY: it is live, and in this queue or in none.
        let was_queued = unsafe { queue.remove(NonNull::from(&self.waiter)) };
        // SAFETY: nobody else has it now, queued or not: its loan has just ended, or did before.
        let (missing, waker) = self
            .waiter
            .share
            .with_mut(|share| unsafe { ((*share).missing, (*share).waker.take()) });
        let mut permits = wanted - missing;
        if !was_queued && self.waiter.purpose == Purpose::Exclusive {
            // It was handed the lock, and does not want it.
            self.semaphore.hold_no_more();
        }
        if was_queued && queue.is_empty() {
            self.semaphore.last_one_left(permits);
            permits = 0;
        }
        drop(queue);
        self.semaphore.release(permits);
        drop(waker);
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the waiter is not moved.
        let this = unsafe { self.get_unchecked_mut() };
        if this.phase == Phase::Start {
            // Whoever has no budget left gets in line all the same. (Permits that have come since it last looked
            // it gets on credit.)
            let result = this.poll_acquire(cx);
            if result.is_ready() {
                budget::spend();
            }
            return result;
        }
        budget::poll_budgeted(cx, |cx| this.poll_acquire(cx))
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.phase == Phase::Queued {
            asked::changes(self.semaphore);
            self.cancel();
        }
    }
}

/// Error of acquiring from a semaphore that is closed.
///
/// # Examples
///
/// ```
/// use leno::sync::Semaphore;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let semaphore = Semaphore::new(0);
/// semaphore.close();
/// let error = semaphore.acquire().await.unwrap_err();
/// assert_eq!(error.to_string(), "semaphore closed");
/// # });
/// ```
#[derive(Debug)]
pub struct AcquireError(());

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl std::error::Error for AcquireError {}

/// Error of trying to acquire from a semaphore.
///
/// # Examples
///
/// Refused for now, or for good:
///
/// ```
/// use leno::sync::{Semaphore, TryAcquireError};
///
/// let semaphore = Semaphore::new(0);
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
/// semaphore.close();
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore is closed: it will never give permits again.
    Closed,
    /// There are not enough permits at the moment.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => "semaphore closed",
            TryAcquireError::NoPermits => "no permits available",
        })
    }
}

impl std::error::Error for TryAcquireError {}
