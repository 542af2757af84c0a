//! Who sleeps, who searches, and whom a new task wakes.
//!
//! ```text
//!   word:    33    │   32   │ 31 .... 16 │ 15 ..... 0
//!         OBSERVED │ CLOSED │  sleeping  │  searching
//! ```
//!
//! The counts are here; *which* workers sleep is in `sleepers`, one bit each. A sleeper sets its bit before it
//! counts itself, and a waker reserves in the counts before it takes a bit, so a reservation always finds one.
//!
//! # The protocol
//!
//! Two mirrored recipes, as in Go's scheduler (`src/runtime/proc.go`) and in rayon (`src/sleep/README.md`):
//! publish, fence, look.
//!
//! ```text
//!   a worker runs dry                              anyone makes a task runnable
//!   S1  set my bit; sleeping+1                     W1  push to a deque or the injector
//!       (and searching−1, if I was)
//!   S2  fence(SeqCst)                              W2  fence(SeqCst)
//!   S3  look once at every queue, and at CLOSED    W3  searching > 0 or sleeping = 0 → done
//!       found: reserve (sleeping−1, searching+1)   W4  reserve one: sleeping−1, searching+1 (CAS)
//!         none left → I am counted already: owe    W5  take a bit, unpark its owner
//!         my bit still there → take it
//!         my bit gone → spend the reservation on
//!         another bit (unpark its owner): owe
//!       and go on searching, whatever I owe        a searcher that finds work: searching−1; was it the
//!   S4  park on my seat; wake up searching         last: fence, look at every queue; more there → W3–W5
//! ```
//!
//! *Owe*: a token is on its way to my seat. I collect it before my next S1; waiting for it at once would leave
//! the work in hand to a reserver that may have lost its core. A sleeper that is woken by IO or a deadline
//! instead of a token takes itself back in the same way as in S3.
//!
//! # Why nothing is lost
//!
//! Of the fences S2 and W2 one comes first in their single total order. S2 first: W3 sees the sleeper, and
//! wakes one. W2 first: S3 sees the task. A wake that W3 skips because somebody searches is repaid by that
//! searcher's look, which is the same argument with its fence in S2's place. A reservation is always spent on
//! somebody, never handed back: handed back, it could be the one wake that a later sleeper relied on.
//!
//! # Orderings
//!
//! The word's operations are Relaxed where the fences order them. Bits are AcqRel: taking one hands over the
//! right to unpark. The searcher's subtraction is AcqRel so that of two searchers that stop together one sees
//! itself last. A reservation acquires what `announce` released: the bits of those that are counted.
//!
//! # Workers that come and go
//!
//! There are seats for more workers than are active: [spare workers](super::spares) come when all others are stuck, and leave
//! again. `active` is written by the watcher alone: before a spare comes, and after one has gone. So it is never less than
//! there are workers, and nobody takes all for asleep while one is not. Whoever looks at the queues of the active ones after a
//! fence of the protocol sees those of a spare whose own fence came before, since the spare came after the change.
//!
//! A worker that leaves answers, as a searcher does, for the wakes that were left out because of it, and it wakes another in its
//! place: nobody may have gone to wait in the reactor while it did, or was about to.
//!
//! The models are `loom-tests/src/models/idle.rs` and `spares.rs`.

use crate::kernel::seat::Seat;
use crate::prim::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use crate::prim::{Arc, CachePadded, hint};

const SEARCHING: u64 = 1;
const SLEEPING: u64 = 1 << 16;
const CLOSED: u64 = 1 << 32;
/// The workers are to record what they do.
const OBSERVED: u64 = 1 << 33;
const COUNT: u64 = 0xffff;

/// The most workers that the word can count.
pub(crate) const MAX_WORKERS: usize = COUNT as usize;

fn searching(word: u64) -> u64 {
    word & COUNT
}

fn sleeping(word: u64) -> u64 {
    (word / SLEEPING) & COUNT
}

/// The idle word of one pool, and its workers' seats.
#[derive(Debug)]
pub(crate) struct Idle {
    word: CachePadded<AtomicU64>,
    /// Bit `i % 64` of element `i / 64`: worker `i` sleeps.
    sleepers: Box<[CachePadded<AtomicU64>]>,
    seats: Box<[Arc<Seat>]>,
    /// How many of the seats are taken: those of the first workers.
    active: AtomicUsize,
}

impl Idle {
    /// For as many workers as there are seats, `active` of which are there; none sleeps or searches.
    pub(crate) fn new(seats: Box<[Arc<Seat>]>, active: usize) -> Self {
        assert!(active <= seats.len() && seats.len() <= MAX_WORKERS);
        let sleepers = (0..seats.len().div_ceil(64))
            .map(|_| CachePadded::new(AtomicU64::new(0)))
            .collect();
        Self {
            word: CachePadded::new(AtomicU64::new(0)),
            sleepers,
            seats,
            active: AtomicUsize::new(active),
        }
    }

    /// How many workers there are.
    #[inline]
    pub(crate) fn active(&self) -> usize {
        // Ordering: Relaxed. A number that is too old leaves out a worker which has just come: see the module's header.
        self.active.load(Ordering::Relaxed)
    }

    /// For the watcher: one more worker will come, or one has gone.
    pub(crate) fn set_active(&self, active: usize) {
        // Ordering: Relaxed; what starts the worker publishes it to that.
        self.active.store(active, Ordering::Relaxed);
    }

    // ----- anyone who makes a task runnable ------------------------------------------------------------

    /// After a push (W1): wakes a worker if none is looking for work. True if the pool is closed: then the
    /// caller drains the queue that it pushed to.
    #[inline]
    pub(crate) fn pushed(&self) -> bool {
        // W2, the partner of S2 and of the last searcher's fence.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed here and below, by the fences.
        let word = self.word.load(Ordering::Relaxed);
        if searching(word) == 0 && sleeping(word) != 0 {
            self.wake_one(word);
        }
        word & CLOSED != 0
    }

    /// Wakes a worker if none is looking for work, for a reason that it will find.
    pub(crate) fn rouse(&self) {
        // Ordering: Relaxed, a hint: who asks for this asks again.
        self.wake_one(self.word.load(Ordering::Relaxed));
    }

    /// W3–W5.
    #[cold]
    fn wake_one(&self, mut word: u64) {
        loop {
            if searching(word) > 0 || sleeping(word) == 0 {
                return;
            }
            match self.reserve(word) {
                Ok(()) => return self.spend(),
                Err(now) => word = now,
            }
        }
    }

    /// W4: one sleeper becomes a searcher; whoever does this must spend it.
    fn reserve(&self, word: u64) -> Result<(), u64> {
        let next = word - SLEEPING + SEARCHING;
        // Ordering: Acquire, the partner of `announce`: the bits of all that are counted are visible to `spend`.
        self.word
            .compare_exchange(word, next, Ordering::Acquire, Ordering::Relaxed)
            .map(drop)
    }

    /// W5: spends a reservation on the first sleeper, which keeps few workers warm.
    fn spend(&self) {
        loop {
            for (group, bits) in self.sleepers.iter().enumerate() {
                // Ordering: Relaxed, the taking below decides.
                let set = bits.load(Ordering::Relaxed);
                if set != 0 {
                    let index = set.trailing_zeros() as usize;
                    if self.take_bit(group * 64 + index) {
                        return self.seats[group * 64 + index].unpark();
                    }
                }
            }
            // The bit of this reservation was set before the count; another reserver took the one we saw.
            hint::spin_loop();
        }
    }

    fn take_bit(&self, index: usize) -> bool {
        let bit = 1 << (index % 64);
        // Ordering: AcqRel: hands over the right to unpark the seat, once.
        self.sleepers[index / 64].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// True if no worker is awake, as far as this thread has heard.
    pub(crate) fn all_sleep(&self) -> bool {
        // Ordering: Relaxed, a hint.
        sleeping(self.word.load(Ordering::Relaxed)) == self.active() as u64
    }

    // ----- workers ------------------------------------------------------------------------------------

    /// Counts the caller as searching; false if half of the workers search already.
    pub(crate) fn start_searching(&self) -> bool {
        // Ordering: Relaxed; the limit is approximate, and a searcher counts as soon as a waker sees it.
        let word = self.word.load(Ordering::Relaxed);
        if 2 * searching(word) >= self.active() as u64 {
            return false;
        }
        self.word.fetch_add(SEARCHING, Ordering::Relaxed);
        true
    }

    /// A searcher has found work; `more` looks at every queue. The last searcher answers for the wakes that
    /// were left out because of it.
    pub(crate) fn found(&self, more: impl FnOnce() -> bool) {
        // Ordering: AcqRel, see the module's header.
        let before = self.word.fetch_sub(SEARCHING, Ordering::AcqRel);
        if searching(before) == 1 {
            // In S2's place: the partner of W2.
            fence(Ordering::SeqCst);
            if more() {
                // Ordering: Relaxed, by the fence.
                self.wake_one(self.word.load(Ordering::Relaxed));
            }
        }
    }

    /// S1 and S2: worker `index` announces that it will sleep. It has to look at the queues now, and then to
    /// park or to [`take_back`](Self::take_back).
    pub(crate) fn announce(&self, index: usize, was_searching: bool) {
        // Ordering: Release, so that the bit is there for whoever sees the count.
        self.sleepers[index / 64].fetch_or(1 << (index % 64), Ordering::Release);
        let change = if was_searching {
            SLEEPING - SEARCHING
        } else {
            SLEEPING
        };
        // Ordering: Release keeps the bit before the count; the rest is the fence's.
        self.word.fetch_add(change, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// A sleeper that nobody woke becomes a searcher. True if it owes: a token is on its way to its seat, and
    /// has to be collected before the next [`announce`](Self::announce).
    #[must_use]
    pub(crate) fn take_back(&self, index: usize) -> bool {
        // Ordering: Relaxed, a read-modify-write on the counts decides.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if sleeping(word) == 0 {
                // Every sleeper is reserved, so I am: counted as searching, and a token is coming.
                return true;
            }
            match self.reserve(word) {
                Ok(()) => break,
                Err(now) => word = now,
            }
        }
        if self.take_bit(index) {
            return false;
        }
        // Somebody's reservation took my bit; mine goes to a sleeper that it might have meant.
        self.spend();
        true
    }

    /// A worker that is awake leaves for good; what it had is in the injector. Wakes another in its place, unless one is looking
    /// for work. True if the pool is closed: then the caller drains the injector.
    pub(crate) fn leave(&self, was_searching: bool) -> bool {
        if was_searching {
            // Ordering: AcqRel, as in `found`.
            self.word.fetch_sub(SEARCHING, Ordering::AcqRel);
        }
        // W2 for what it has pushed, and in S2's place for what others have.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed, by the fence.
        let word = self.word.load(Ordering::Relaxed);
        self.wake_one(word);
        word & CLOSED != 0
    }

    // ----- shutdown -----------------------------------------------------------------------------------

    /// Closes the pool and wakes everybody.
    pub(crate) fn close(&self) {
        // Ordering: AcqRel; then as after a push: a sleeper sees CLOSED in S3, or is seen here.
        self.word.fetch_or(CLOSED, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        let mut word = self.word.load(Ordering::Relaxed);
        while sleeping(word) != 0 {
            if let Err(now) = self.reserve(word) {
                word = now;
                continue;
            }
            self.spend();
            word = self.word.load(Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Ordering: Acquire, the partner of `close`: what its caller did before is visible.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    // ----- observing ----------------------------------------------------------------------------------

    /// Whether the workers are to record what they do: each sees it when it looks around, or wakes up.
    pub(crate) fn observe(&self, on: bool) {
        // Ordering: Release, the partner of the loads below: where to write has been said before.
        if on {
            self.word.fetch_or(OBSERVED, Ordering::Release);
        } else {
            self.word.fetch_and(!OBSERVED, Ordering::Release);
        }
    }

    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        // Ordering: Acquire, see above.
        self.word.load(Ordering::Acquire) & OBSERVED != 0
    }

    /// True if a worker that is in the loop which records (or in the other) is to leave it: the pool is closed, or it belongs
    /// into the other. As quick as [`is_closed`](Self::is_closed).
    #[inline]
    pub(crate) fn must_leave(&self, records: bool) -> bool {
        // Ordering: Acquire, as there and above.
        let word = self.word.load(Ordering::Acquire);
        let stays = if records { OBSERVED } else { 0 };
        word & (CLOSED | OBSERVED) != stays
    }
}
