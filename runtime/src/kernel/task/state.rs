//! The state word and its transitions. No unsafe here: each transition returns a verdict, and the pointer
//! code in [`run`](super::run) and [`join`](super::join) obeys it.

use crate::prim::atomic::{AtomicU64, Ordering};

/// Somebody polls the future, or holds the claim to.
const RUNNING: u64 = 1;
/// A wake has come that no poll has answered yet.
const NOTIFIED: u64 = 1 << 1;
/// The future is gone.
const COMPLETE: u64 = 1 << 2;
/// The future is to be dropped instead of polled.
const CANCELLED: u64 = 1 << 3;
/// There is a `JoinHandle`; it owns the output.
const JOIN: u64 = 1 << 4;
/// The join waker's cell holds a waker, and belongs to nobody. Without JOIN: it is empty, and the task is detached.
const J_WAKER: u64 = 1 << 5;
/// The task is in the shard's owned list.
const LINKED: u64 = 1 << 6;
/// Whoever starts the task is to look further.
const SPECIAL: u64 = 1 << 7;
/// The task has surroundings: a scope, or what it inherits. Set when it is made, or never.
const SURROUNDED: u64 = 1 << 24;
/// Some of these are values. Set when it is made, or never.
const INHERITS: u64 = 1 << 25;

const SHARD_SHIFT: u32 = 8;
const SHARD_MASK: u64 = 0xffff << SHARD_SHIFT;

const REFERENCE: u64 = 1 << 26;
const REFERENCES: u64 = !(REFERENCE - 1);
/// Half of what the field can count: a clone that finds more aborts long before it overflows.
const TOO_MANY: u64 = 1 << 63;

/// The word of one task.
#[derive(Debug)]
pub(crate) struct State(AtomicU64);

/// One value of the word.
#[derive(Clone, Copy)]
pub(crate) struct Word(u64);

/// What a wake or an abort obliges the caller to.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Wake {
    /// Queue the task: the caller holds its `Runnable` now.
    Submit,
    /// Someone else has it.
    Nothing,
}

/// What a wake obliges the caller to that has given its reference back in the same step.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum WakeAndRelease {
    /// Queue the task: the caller holds its `Runnable` now, and nothing else.
    Submit,
    /// Someone else has it.
    Nothing,
    /// Nobody else is left: free it.
    Free,
}

/// What the holder of a `Runnable` is to do with the future.
#[must_use]
pub(crate) enum Start {
    Poll(Word),
    /// As the word says: cancel it, or poll it with what it inherits, or have it tell where it stands.
    Look(Word),
}

/// What became of a task whose poll was pending.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Idle {
    /// It sleeps; it must not be touched any more.
    Asleep,
    /// It was woken meanwhile: the caller holds its `Runnable`.
    Requeue,
}

/// What is left to do for the completer.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Completed {
    /// Nobody else is left: free it.
    Free,
    /// The others free it.
    Kept,
    /// The join waker is the completer's: wake it, then give the own reference back.
    WakeJoiner,
}

/// What a shutdown found.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Shutdown {
    /// The task was asleep; the caller holds its `Runnable`.
    Claimed,
    /// Whoever runs it next will cancel it (or it is complete).
    Told,
}

/// What a `JoinHandle` finds.
#[must_use]
pub(crate) enum Joining {
    /// The output is there, and the waker's cell is the completer's (or empty).
    Complete,
    /// The waker's cell is the handle's: put a waker in, then [`State::offer_waker`].
    Waiting(Word),
}

/// What a dropped `JoinHandle` is to do next.
#[must_use]
pub(crate) enum Leaving {
    /// Drop the output, then [`State::leave_complete`].
    Complete(Word),
    /// Take the waker out of its cell, and ask again.
    TakeWaker,
    /// Nothing: the task goes on alone.
    Left,
}

impl Word {
    /// All that is known of the word of a task that somebody polls.
    pub(super) const POLLED: Self = Self(RUNNING);

    pub(crate) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    /// Somebody polls the task, or its own poll has requeued it.
    pub(crate) fn is_running(self) -> bool {
        self.0 & RUNNING != 0
    }

    /// It has been woken, and not polled since.
    pub(crate) fn is_notified(self) -> bool {
        self.0 & NOTIFIED != 0
    }

    pub(crate) fn is_cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    pub(crate) fn is_joined(self) -> bool {
        self.0 & JOIN != 0
    }

    /// There is no handle, on purpose: whoever had it does not want to know of the output.
    pub(crate) fn is_detached(self) -> bool {
        self.0 & (JOIN | J_WAKER) == J_WAKER
    }

    /// It sleeps, has no `JoinHandle`, and so many refer to it, itself included.
    pub(crate) fn is_asleep_with(self, references: u64) -> bool {
        let bits = RUNNING | NOTIFIED | COMPLETE | JOIN;
        self.0 & bits == 0 && self.0 & REFERENCES == references * REFERENCE
    }

    /// The task is to be polled in its surroundings, and no more, if there is anything to look at.
    #[inline(always)]
    pub(crate) fn is_to_be_polled(self) -> bool {
        self.0 & (CANCELLED | SPECIAL) == 0
    }

    /// The task is polled in [surroundings](super::surroundings).
    #[inline(always)]
    pub(crate) fn is_surrounded(self) -> bool {
        self.0 & SURROUNDED != 0
    }

    /// It has inherited values.
    #[inline(always)]
    pub(crate) fn inherits(self) -> bool {
        self.0 & INHERITS != 0
    }

    fn has_join_waker(self) -> bool {
        self.0 & J_WAKER != 0
    }

    /// The shard whose owned list holds the task, if one does. For the poller (invariant 7).
    pub(crate) fn shard(self) -> Option<u16> {
        (self.0 & LINKED != 0).then_some(((self.0 & SHARD_MASK) >> SHARD_SHIFT) as u16)
    }

    fn is_held(self) -> bool {
        self.0 & (REFERENCES | JOIN) != 0
    }
}

/// The bits, for who reads them from outside.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) struct Bits {
    pub(super) running: u64,
    pub(super) notified: u64,
    pub(super) complete: u64,
    pub(super) cancelled: u64,
    pub(super) linked: u64,
    pub(super) shard_shift: u32,
    pub(super) shard_mask: u64,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl State {
    pub(super) const BITS: Bits = Bits {
        running: RUNNING,
        notified: NOTIFIED,
        complete: COMPLETE,
        cancelled: CANCELLED,
        linked: LINKED,
        shard_shift: SHARD_SHIFT,
        shard_mask: SHARD_MASK,
    };
}

impl State {
    /// A task that nobody has polled, with its own reference and a `JoinHandle`.
    #[inline]
    pub(crate) fn new(surrounded: bool) -> Self {
        let surrounded = if surrounded { SURROUNDED } else { 0 };
        // As if its own poll had requeued it: its first `start` then finds nothing to change.
        Self(AtomicU64::new(REFERENCE | JOIN | RUNNING | surrounded))
    }

    /// The task, which nobody else knows yet, has inherited values.
    pub(crate) fn inherit(&self) {
        // Ordering: Relaxed, as nobody else knows it.
        self.0.fetch_or(SURROUNDED | INHERITS, Ordering::Relaxed);
    }

    // ----- wake side ---------------------------------------------------------------------------------

    /// asleep → queued; running → running and notified.
    #[inline]
    pub(crate) fn wake(&self) -> Wake {
        self.notify(NOTIFIED)
    }

    /// As [`wake`](Self::wake), and asks for the future to be dropped.
    pub(crate) fn abort(&self) -> Wake {
        self.notify(NOTIFIED | CANCELLED)
    }

    /// As [`wake`](Self::wake), by a waker that gives its reference back in the same step.
    #[inline]
    pub(crate) fn wake_and_release(&self) -> WakeAndRelease {
        // Ordering: Relaxed, the exchange decides.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let complete = word & COMPLETE != 0;
            let next = (if complete { word } else { word | NOTIFIED }) - REFERENCE;
            // Ordering: Release, as in `notify` and in `release`. It continues the release sequence of the wake that
            // it coalesces with, also where it does not change the bit.
            match self
                .0
                .compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) if word & (RUNNING | NOTIFIED | COMPLETE) == 0 => {
                    return WakeAndRelease::Submit;
                }
                Ok(_) if complete && !Word(next).is_held() => {
                    self.acquire();
                    return WakeAndRelease::Free;
                }
                Ok(_) => return WakeAndRelease::Nothing,
                Err(now) => word = now,
            }
        }
    }

    #[inline]
    fn notify(&self, bits: u64) -> Wake {
        // Ordering: Release publishes what the waker did before, to the Acquire of the `start` that
        // answers this wake, also when the wake coalesces with an earlier one (read-modify-writes
        // continue a release sequence). The caller reads nothing of the task that could change.
        let before = self.0.fetch_or(bits, Ordering::Release);
        if before & (RUNNING | NOTIFIED | COMPLETE) == 0 {
            Wake::Submit
        } else {
            Wake::Nothing
        }
    }

    /// As [`wake`](Self::wake), and asks the task to tell where it stands.
    pub(crate) fn ask(&self) -> Wake {
        self.notify(NOTIFIED | SPECIAL)
    }

    /// The poller has seen that somebody asks.
    pub(crate) fn see_request(&self) {
        // Ordering: Relaxed. The request was acquired with the word that told of it; one that comes from now on sets the
        // bit again, with a NOTIFIED of its own.
        self.0.fetch_and(!SPECIAL, Ordering::Relaxed);
    }

    /// asleep → claimed and cancelled; anything else incomplete → notified and cancelled.
    pub(crate) fn shutdown(&self) -> Shutdown {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & COMPLETE != 0 {
                return Shutdown::Told;
            }
            let asleep = word & (RUNNING | NOTIFIED) == 0;
            // A running task is notified too: with CANCELLED alone its poll would end, `idle` would see no
            // wake, and it would sleep for ever.
            let next = word | CANCELLED | if asleep { RUNNING } else { NOTIFIED };
            // Ordering: Acquire takes the future over from the poll that went idle (its Release); Release
            // hands the request on as a wake does.
            match self
                .0
                .compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) if asleep => return Shutdown::Claimed,
                Ok(_) => return Shutdown::Told,
                Err(now) => word = now,
            }
        }
    }

    // ----- poll side: the holder of the Runnable ------------------------------------------------------

    /// queued or requeued → running.
    #[inline]
    pub(crate) fn start(&self) -> Start {
        // Ordering: Relaxed. RUNNING and NOTIFIED without RUNNING cannot change under the holder of the
        // Runnable, so this only chooses the addition. A NOTIFIED that it misses is seen at the next
        // start or idle; the verdict on CANCELLED is therefore read from what the addition returned (from
        // this load, a cancel whose NOTIFIED is taken off below would be lost).
        let mut word = self.0.load(Ordering::Relaxed);
        // Ordering: Acquire receives what wakers published, and the future from the thread that polled it
        // last (its `idle`). A requeued task without a wake needs neither: its queue handed it over.
        if word & RUNNING == 0 {
            word = self.0.fetch_sub(NOTIFIED - RUNNING, Ordering::Acquire);
        } else if word & NOTIFIED != 0 {
            word = self.0.fetch_sub(NOTIFIED, Ordering::Acquire);
        }
        debug_assert!(word & COMPLETE == 0, "a complete task was queued");
        let word = Word(word);
        if word.0 & (CANCELLED | SPECIAL | INHERITS) != 0 {
            Start::Look(word)
        } else {
            Start::Poll(word)
        }
    }

    /// running → asleep, or queued if a wake came meanwhile. `shard` if the task has just been linked.
    #[inline]
    pub(crate) fn idle(&self, shard: Option<u16>) -> Idle {
        let linked = match shard {
            Some(shard) => LINKED | u64::from(shard) << SHARD_SHIFT,
            None => 0,
        };
        // LINKED and the shard are 0 until the one addition that sets them, so adding sets.
        // Ordering: Release hands the future to the next `start` (or to a shutdown's claim).
        let before = self
            .0
            .fetch_add(linked.wrapping_sub(RUNNING), Ordering::Release);
        if before & NOTIFIED != 0 {
            Idle::Requeue
        } else {
            Idle::Asleep
        }
    }

    /// The word as the completer, or the handle, sees it first.
    #[inline]
    pub(crate) fn load(&self) -> Word {
        // Ordering: Acquire, so that a cleared JOIN or a set J_WAKER comes with what its side did before, and
        // the output with COMPLETE.
        Word(self.0.load(Ordering::Acquire))
    }

    /// running → complete, unless the word is no longer `word`. The own reference goes in the same step,
    /// except when there is a joiner to wake.
    pub(crate) fn complete(&self, word: Word) -> Result<Completed, Word> {
        let wakes = word.has_join_waker();
        let own = if wakes { 0 } else { REFERENCE };
        let next = Word(word.0 - RUNNING + COMPLETE - own);
        // Ordering: Release publishes the output (and that the future is gone) to the handle; Acquire
        // takes the join waker over from the handle that offered it, and everything over if this frees.
        self.0
            .compare_exchange(word.0, next.0, Ordering::AcqRel, Ordering::Acquire)
            .map_err(Word)?;
        Ok(if wakes {
            Completed::WakeJoiner
        } else if next.is_held() {
            Completed::Kept
        } else {
            Completed::Free
        })
    }

    // ----- references ---------------------------------------------------------------------------------

    /// One more waker or abort handle. Aborts the process if there are more than 2³⁸ of them.
    #[inline]
    pub(crate) fn retain(&self) {
        // Ordering: Relaxed, as in any reference count: the new reference comes from one that exists.
        let before = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if before & TOO_MANY != 0 {
            // Wakers were forgotten in a loop; going on would free memory in use.
            std::process::abort();
        }
    }

    /// One reference less; true if the caller has to free the task.
    #[inline]
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        // Ordering: Release hands what this holder did to whoever frees.
        let before = self.0.fetch_sub(REFERENCE, Ordering::Release);
        let last = !Word(before - REFERENCE).is_held();
        if last {
            self.acquire();
        }
        last
    }

    // ----- join side ----------------------------------------------------------------------------------

    /// Is the output there? If not, the waker's cell is the handle's afterwards.
    pub(crate) fn join(&self) -> Joining {
        // Ordering: Acquire, the partner of `complete`'s Release: the output comes with COMPLETE.
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            if word & COMPLETE != 0 {
                return Joining::Complete;
            }
            if word & J_WAKER == 0 {
                return Joining::Waiting(Word(word));
            }
            // Take the cell back.
            // Ordering: Relaxed, since what is in the cell is the handle's own, which nobody has touched; on failure as the load.
            match self.0.compare_exchange(
                word,
                word & !J_WAKER,
                Ordering::Relaxed,
                Ordering::Acquire,
            ) {
                Ok(_) => return Joining::Waiting(Word(word & !J_WAKER)),
                Err(now) => word = now,
            }
        }
    }

    /// Gives the waker in the cell to whoever completes; false if the task is complete by now, and the cell
    /// still the handle's.
    #[must_use]
    pub(crate) fn offer_waker(&self, word: Word) -> bool {
        let mut word = word.0;
        loop {
            // Ordering: Release publishes the cell to `complete`; Acquire, on failure, for the output.
            match self.0.compare_exchange(
                word,
                word | J_WAKER,
                Ordering::Release,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(now) if now & COMPLETE != 0 => return false,
                Err(now) => word = now,
            }
        }
    }

    /// The handle is being dropped: one step of it.
    ///
    /// If `detaches`, JOIN goes with J_WAKER set in its place, and nothing in the waker's cell: nobody reads the output, on
    /// purpose. The completer then finds no waker to wake, which is all that it costs.
    pub(crate) fn leave(&self, detaches: bool) -> Leaving {
        // Ordering: Acquire, as in `join`.
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            if word & COMPLETE != 0 {
                return Leaving::Complete(Word(word));
            }
            let waker = word & J_WAKER;
            let next = match (waker, detaches) {
                (J_WAKER, _) => word & !J_WAKER,
                (_, false) => word & !JOIN,
                (_, true) => word & !JOIN | J_WAKER,
            };
            // Ordering: Release, since the completer takes over what the handle owned (the output that is
            // to come). Nothing is acquired: the waker that is taken back is the handle's own. On failure as the load.
            match self
                .0
                .compare_exchange(word, next, Ordering::Release, Ordering::Acquire)
            {
                Ok(_) if waker != 0 => return Leaving::TakeWaker,
                Ok(_) => return Leaving::Left,
                Err(now) => word = now,
            }
        }
    }

    /// The handle has dropped the output of a complete task; true if it has to free the task.
    #[inline]
    #[must_use]
    pub(crate) fn leave_complete(&self, word: Word) -> bool {
        if word.0 & REFERENCES == 0 {
            // JOIN alone holds a complete task: nobody else can reach it, so no step has to be taken. The
            // load that saw the count at 0 was an Acquire of the releases before it.
            return true;
        }
        // Ordering: as in `release`.
        let before = self.0.fetch_sub(JOIN, Ordering::Release);
        let last = before & REFERENCES == 0;
        if last {
            self.acquire();
        }
        last
    }

    /// Before freeing: sees what all the others did.
    fn acquire(&self) {
        // Ordering: Acquire, the partner of every `release`. A load rather than a fence: it costs the same, and
        // ThreadSanitizer understands it.
        self.0.load(Ordering::Acquire);
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.load().is_complete()
    }
}

impl std::fmt::Debug for Word {
    #[inline]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const NAMES: [(u64, &str); 8] = [
            (RUNNING, "RUNNING"),
            (NOTIFIED, "NOTIFIED"),
            (COMPLETE, "COMPLETE"),
            (CANCELLED, "CANCELLED"),
            (JOIN, "JOIN"),
            (J_WAKER, "J_WAKER"),
            (LINKED, "LINKED"),
            (SPECIAL, "SPECIAL"),
        ];
        let mut set = f.debug_set();
        for (bit, name) in NAMES {
            if self.0 & bit != 0 {
                set.entry(&format_args!("{name}"));
            }
        }
        set.entry(&format_args!("references: {}", self.0 / REFERENCE))
            .finish()
    }
}
