//! Permits and those who wait for them: the core of `Semaphore`, `Mutex`, `RwLock` and bounded channels.
//!
//! One word holds the permits and says whether anyone waits. While nobody does, acquiring and releasing are
//! one compare-exchange each; the queue behind its lock is only for those who wait.
//!
//! ```text
//!   word:  63 ................ 2 │    1    │   0
//!                 permits        │ WAITING │ CLOSED
//!
//!   permits   WAITING   meaning
//!     any        0      the queue is empty: acquire and release are exchanges on the word
//!      0         1      the queue is not empty: nobody may overtake it, releases go through the lock
//!     > 0        1      only while closing: those who still wait get nothing
//! ```
//!
//! Invariants:
//! 1. WAITING = 1 exactly if the queue is not empty; both change together, under the lock.
//! 2. Unless closed, WAITING = 1 implies that there are no permits: who joins the queue takes all there
//!    are. So the first in the queue is the only one that may hold a part of what it wants, nobody can
//!    barge in, and the order is first come, first served.
//! 3. A waiter is lent to the queue from `push_back` until its `fate` is decided or it removes itself under
//!    the lock; storing the fate is the last touch of it. Meanwhile `share` belongs to the lock.
//!
//! | transition                                  | by whom                                          |
//! | ------------------------------------------- | ------------------------------------------------ |
//! | permits − n, if there are n                 | `try_acquire` (no lock)                          |
//! | permits → 0, WAITING, enqueue the rest      | `Acquire::enqueue` (lock)                        |
//! | permits + n, if not WAITING                 | `add_unless_waiting` (no lock)                   |
//! | give to the first, pop it when it has all   | `assign` (lock); the last one out clears WAITING |
//! | CLOSED                                      | `close` (lock), then everyone is refused; parts  |
//! |                                             | of what they wanted they give back themselves    |
//!
//! Orderings: who acquires a permit must see what was done under it. Exchanges that add are Release, those
//! that take are Acquire, and all are read-modify-writes, so each continues the release sequences of those
//! before. Permits that pass through the queue pass through its lock, and then through `fate`.
//!
//! Who holds a lock, as far as is known, is noted in [`holder`]; nothing is decided by it.

mod acquire;
mod holder;

pub(crate) use acquire::Acquire;
pub use acquire::{AcquireError, TryAcquireError};
use holder::Holder;

use crate::kernel::budget;
use crate::kernel::here::Refused;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::wake_list::{WakeList, wake_in_batches};
use crate::prim::atomic::{AtomicU32, AtomicUsize, Ordering};
use crate::prim::{Mutex, UnsafeCell, asked, const_fn};
use std::fmt;
use std::future::poll_fn;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

const CLOSED: usize = 1;
const WAITING: usize = 2;
const SHIFT: usize = 2;
/// One permit.
const ONE: usize = 1 << SHIFT;

/// What became of a waiter: still in the queue, …
const QUEUED: u32 = 0;
/// … given all it wants, …
const SERVED: u32 = 1;
/// … or told that the semaphore is closed. What it has been given of what it wants its future gives back.
const REFUSED: u32 = 2;

/// A semaphore whose permits can be acquired several at once.
pub(crate) struct Semaphore {
    word: AtomicUsize,
    queue: Mutex<List<Waiter>>,
    holder: Holder,
}

/// What somebody wants permits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Themselves: anybody may give them back, or add some.
    Permits,
    /// A lock that others may hold as well.
    Shared,
    /// A lock that nobody else holds.
    Exclusive,
}

struct Waiter {
    links: Links<Waiter>,
    wanted: usize,
    purpose: Purpose,
    /// What tells this turn in the queue from all others.
    ticket: u64,
    fate: AtomicU32,
    share: UnsafeCell<Share>,
}

/// The part of a waiter that belongs to the queue's lock while it is queued.
struct Share {
    missing: usize,
    waker: Option<Waker>,
    /// The mark of the task that waits, or 0: the one whose waker it is.
    task: u64,
}

// SAFETY: `share` is only touched under the queue's lock while the waiter is queued, and otherwise by its
// future through `&mut` (invariant 3); the rest is atomic, constant, or links, which the lock protects too.
unsafe impl Sync for Waiter {}

// SAFETY: `links` is a field, reached without a reference to the node.
unsafe impl Linked for Waiter {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the node is live (caller), so its field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Semaphore {
    /// Three bits are left over: two for the flags, and one that adding can never reach.
    pub(crate) const MAX_PERMITS: usize = usize::MAX >> 3;

    const_fn! {
        /// A semaphore with `permits` permits.
        #[track_caller]
        pub(crate) const fn new(permits: usize) -> Self {
            assert!(
                permits <= Self::MAX_PERMITS,
                "a semaphore may not have more than `Semaphore::MAX_PERMITS` permits: ask for fewer"
            );
            Self {
                word: AtomicUsize::new(permits << SHIFT),
                queue: Mutex::new(List::new()),
                holder: Holder::new(),
            }
        }
    }

    const_fn! {
        /// A semaphore without permits that refuses everyone.
        pub(crate) const fn new_closed() -> Self {
            Self {
                word: AtomicUsize::new(CLOSED),
                queue: Mutex::new(List::new()),
                holder: Holder::new(),
            }
        }
    }

    pub(crate) fn available_permits(&self) -> usize {
        asked::looks(self);
        // Ordering: Acquire, so that "all permits are back" shows what was done under them.
        self.word.load(Ordering::Acquire) >> SHIFT
    }

    pub(crate) fn is_closed(&self) -> bool {
        asked::looks(self);
        // Ordering: Acquire shows what was done before `close`.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes `n` permits if they are there and nobody waits.
    #[inline]
    #[track_caller]
    pub(crate) fn try_acquire(&self, n: usize) -> Result<(), TryAcquireError> {
        asked::changes(self);
        check_count(n);
        // Ordering: Acquire pairs with `close`: who is refused sees what was done before it.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 {
                return Err(TryAcquireError::Closed);
            }
            // While someone waits there are none (invariant 2).
            if word >> SHIFT < n {
                return Err(TryAcquireError::NoPermits);
            }
            // Ordering: Acquire pairs with the Release of whoever added the permits; on failure as above.
            match self.word.compare_exchange_weak(
                word,
                word - (n << SHIFT),
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Takes `n` permits, after everyone who came before.
    #[inline]
    pub(crate) async fn acquire(&self, n: usize) -> Result<(), AcquireError> {
        match poll_fn(|cx| self.poll_at_once(cx, n)).await {
            Ok(()) => Ok(()),
            Err(_) => self.acquire_in_queue(n, Purpose::Permits).await,
        }
    }

    /// [`try_acquire`](Self::try_acquire), for a unit of budget if it succeeds. Pending only if there is no
    /// budget, but permits: who would have to queue is to do so, and not lose its place for having no budget.
    ///
    /// Whoever acquires begins with this, and goes on with [`acquire_in_queue`](Self::acquire_in_queue) if it
    /// fails: the waiter with its links is only made when there is somebody to wait for.
    #[inline]
    pub(crate) fn poll_at_once(
        &self,
        cx: &mut Context<'_>,
        n: usize,
    ) -> Poll<Result<(), TryAcquireError>> {
        match budget::attempt(cx, || self.try_acquire(n)) {
            Some(result) => Poll::Ready(result),
            None => self.poll_exhausted(cx, n),
        }
    }

    #[cold]
    fn poll_exhausted(&self, cx: &mut Context<'_>, n: usize) -> Poll<Result<(), TryAcquireError>> {
        if self.available_permits() < n || self.is_closed() {
            // Either way there is nothing to be had at once.
            budget::refuse(Refused::Waits);
            return Poll::Ready(Err(TryAcquireError::NoPermits));
        }
        budget::exhausted(cx)
    }

    /// A future that takes `n` permits, after everyone who came before, from the queue if it has to.
    #[cold]
    #[track_caller]
    pub(crate) fn acquire_in_queue(&self, n: usize, purpose: Purpose) -> Acquire<'_> {
        check_count(n);
        Acquire::new(self, n, purpose)
    }

    /// [`poll_at_once`](Self::poll_at_once) for the one permit of a semaphore that has no more.
    ///
    /// It guesses what the word is, and so asks for its cache line once and not twice.
    #[inline]
    pub(crate) fn poll_the_only_one(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TryAcquireError>> {
        let result = budget::attempt(cx, || {
            asked::changes(self);
            // Ordering: Acquire pairs with the Release of whoever gave it back. If it fails, `try_acquire` looks.
            match self
                .word
                .compare_exchange(ONE, 0, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => Ok(()),
                Err(_) => self.try_acquire(1),
            }
        });
        match result {
            Some(result) => Poll::Ready(result),
            None => self.poll_exhausted(cx, 1),
        }
    }

    /// [`release`](Self::release) for the one permit of a semaphore that has no more.
    #[inline]
    pub(crate) fn release_the_only_one(&self) {
        asked::changes(self);
        self.holder.clear();
        // Ordering: Release publishes what was done under the permit. If it fails, someone waits (or closes).
        if self
            .word
            .compare_exchange(0, ONE, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            self.release(1);
        }
    }

    /// Adds `n` permits, or gives them to those who wait.
    #[inline]
    #[track_caller]
    pub(crate) fn release(&self, n: usize) {
        asked::changes(self);
        if n != 0 && !self.add_unless_waiting(n) {
            self.release_to_waiting(n);
        }
    }

    /// Adds `n` permits; false, having done nothing, if someone waits.
    #[inline]
    #[track_caller]
    fn add_unless_waiting(&self, n: usize) -> bool {
        // Ordering: Relaxed, the exchange decides. A stale WAITING only costs a look under the lock.
        let mut word = self.word.load(Ordering::Relaxed);
        while word & WAITING == 0 {
            if n > Self::MAX_PERMITS - (word >> SHIFT) {
                too_many_added(n);
            }
            // Ordering: Release publishes what was done under the permits to whoever acquires them.
            match self.word.compare_exchange_weak(
                word,
                word + (n << SHIFT),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    #[cold]
    #[track_caller]
    fn release_to_waiting(&self, n: usize) {
        if n > Self::MAX_PERMITS {
            too_many_added(n);
        }
        let mut rest = n;
        wake_in_batches(|wakers| {
            let mut queue = self.queue.lock();
            if queue.is_empty() {
                // They left before we had the lock; nobody can join while we hold it (invariant 1).
                let added = self.add_unless_waiting(rest);
                debug_assert!(added);
                rest = 0;
            } else {
                rest = self.assign(&mut queue, rest, wakers);
            }
            rest != 0
        });
    }

    /// Gives `permits` to the first in the queue, and to the next when it has enough; returns what is left
    /// when the batch of wakers is full. What nobody wants goes back into the word.
    fn assign(&self, queue: &mut List<Waiter>, mut permits: usize, wakers: &mut WakeList) -> usize {
        while let Some(first) = queue.front() {
            if permits == 0 || !wakers.can_push() {
                return permits;
            }
            // SAFETY: it is in the queue, hence lent to it and live (invariant 3).
            let first = unsafe { first.as_ref() };
            // SAFETY: it is queued and we hold the lock, so its share is ours (invariant 3).
            let (missing, waker, task) = first.share.with_mut(|share| unsafe {
                let given = permits.min((*share).missing);
                permits -= given;
                (*share).missing -= given;
                match (*share).missing {
                    0 => (0, (*share).waker.take(), (*share).task),
                    missing => (missing, None, 0),
                }
            });
            if missing == 0 {
                queue.pop_front();
                if let Some(waker) = waker {
                    wakers.push(waker);
                }
                if first.purpose == Purpose::Exclusive {
                    self.holder.hand_to(task);
                }
                // Ordering: Release shows the waiter what was done under its permits, and that we are done
                // with it. It may be gone right after.
                first.fate.store(SERVED, Ordering::Release);
            }
        }
        self.last_one_left(permits);
        0
    }

    /// Notes that the running task holds the lock that this is: it is the only one, and has just acquired it.
    #[inline]
    pub(crate) fn hold(&self) {
        self.holder.set();
    }

    /// Notes that it is not known who holds the lock that this is, or that nobody does from now on. For who holds it.
    #[inline]
    pub(crate) fn hold_no_more(&self) {
        self.holder.clear();
    }

    /// Clears WAITING, after the queue became empty under the lock, and adds `permits`.
    fn last_one_left(&self, permits: usize) {
        // WAITING is set (invariant 1), so subtracting it clears it and borrows nothing. No overflow: while
        // someone waited the word held no permits, or the semaphore is closed and only gets its own back.
        // Ordering: Release publishes what was done under the permits.
        self.word
            .fetch_add((permits << SHIFT).wrapping_sub(WAITING), Ordering::Release);
    }

    /// Takes up to `n` of the available permits out of use, and returns how many.
    pub(crate) fn forget_permits(&self, n: usize) -> usize {
        asked::changes(self);
        // Ordering: Relaxed, the exchange decides.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let forgotten = n.min(word >> SHIFT);
            if forgotten == 0 {
                return 0;
            }
            // Ordering: Acquire, as for any other taking.
            match self.word.compare_exchange_weak(
                word,
                word - (forgotten << SHIFT),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return forgotten,
                Err(now) => word = now,
            }
        }
    }

    /// Refuses everyone who waits, and everyone who will come.
    pub(crate) fn close(&self) {
        asked::changes(self);
        wake_in_batches(|wakers| {
            let mut queue = self.queue.lock();
            // Ordering: Release publishes what was done before to whoever sees CLOSED.
            self.word.fetch_or(CLOSED, Ordering::Release);
            if queue.is_empty() {
                return false;
            }
            while wakers.can_push() {
                let Some(waiter) = queue.pop_front() else {
                    break;
                };
                // SAFETY: it was in the queue, and its fate is open: it is still lent (invariant 3).
                let waiter = unsafe { waiter.as_ref() };
                // SAFETY: as above, and we hold the lock.
                let waker = waiter
                    .share
                    .with_mut(|share| unsafe { (*share).waker.take() });
                if let Some(waker) = waker {
                    wakers.push(waker);
                }
                // Ordering: Release tells the waiter that we are done with it.
                waiter.fate.store(REFUSED, Ordering::Release);
            }
            let more = !queue.is_empty();
            if !more {
                self.last_one_left(0);
            }
            more
        });
    }
}

#[inline]
#[track_caller]
fn check_count(n: usize) {
    assert!(
        n <= Semaphore::MAX_PERMITS,
        "a semaphore may not have more than MAX_PERMITS permits ({}), so {n} can never be acquired: \
         ask for fewer",
        Semaphore::MAX_PERMITS
    );
}

#[cold]
#[track_caller]
fn too_many_added(n: usize) -> ! {
    panic!(
        "adding {n} permits would give a semaphore more than MAX_PERMITS ({}): \
         add only what was forgotten or never there",
        Semaphore::MAX_PERMITS
    )
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed, a snapshot.
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Semaphore")
            .field("permits", &(word >> SHIFT))
            .field("waiting", &(word & WAITING != 0))
            .field("closed", &(word & CLOSED != 0))
            .finish()
    }
}
