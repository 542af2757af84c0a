//! Looks after a pool with workers that are stuck.
//!
//! A worker that is in a poll for long, since a task computes or blocks, holds up more than that task: what is in its next
//! slot, its timers, and all events, if the others sleep on their condition variables and nobody waits in the reactor. It
//! cannot know beforehand, and to wake somebody whenever that might happen costs a system call for each event. So another
//! thread looks, every [`NAP`] while any worker is awake, as Go's `sysmon` does (`src/runtime/proc.go`). If a worker stands
//! still from one look to the next and something waits for it, a worker that sleeps is woken: it finds the task, fires the
//! timer, or goes back to sleep in the reactor. If none sleeps, since all are stuck, a [spare worker](super::spares) comes; the
//! next looks follow [soon](NEXT), for that one may get stuck as well.
//!
//! # While nobody works
//!
//! When all workers have been asleep for some looks, the watcher sleeps too, until one of them wakes up:
//!
//! ```text
//!   watcher                                          a worker that wakes up
//!   asleep := true                                   sleeping−1 (itself, or whoever handed it a token)
//!   fence(SeqCst)                                    fence(SeqCst)
//!   do all sleep?                                    asleep?
//!   then park                                        then poke the watcher
//! ```
//!
//! Of the two fences one comes first in their single total order: then either the worker sees `asleep`, or the watcher
//! sees that not all sleep. The poke is kept if the watcher does not sleep yet (see [`seat`](super::seat)).
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.
//!
//! The model is `loom-tests/src/models/watcher.rs`.

use crate::kernel::seat::Seat;
use crate::prim::CachePadded;
use crate::prim::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

/// From one look to the next. What waits for a stuck worker waits for one to two of them.
pub(crate) const NAP: Duration = Duration::from_millis(10);

/// From one look to the next while it is not known whether a spare worker that has come can help.
pub(crate) const NEXT: Duration = Duration::from_millis(1);

/// After how many looks at a pool that sleeps the watcher sleeps as well: a pool with a little work now and then should
/// not pay for waking it each time.
pub(crate) const QUIET: u32 = 2;

/// The watcher of one pool.
#[derive(Debug)]
pub(crate) struct Watcher {
    /// The watcher sleeps until it is poked, or is about to.
    asleep: CachePadded<AtomicBool>,
    seat: Seat,
}

impl Watcher {
    pub(crate) fn new() -> Self {
        Self {
            asleep: CachePadded::new(AtomicBool::new(false)),
            seat: Seat::new(None),
        }
    }

    /// A worker has left its sleep: it is not counted as sleeping any more.
    #[inline]
    pub(crate) fn awake(&self) {
        // See the module's header. Ordering: Relaxed, by the fence; of several workers one pokes.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.seat.poke();
        }
    }

    /// The pool is closed. If the watcher does not sleep yet, it will not.
    pub(crate) fn close(&self) {
        self.seat.poke();
    }

    /// Calls `look` every now and then, as long as `is_open` and unless `all_sleep`; it says when to look again.
    pub(crate) fn run(
        &self,
        quiet: u32,
        is_open: impl Fn() -> bool,
        all_sleep: impl Fn() -> bool,
        mut look: impl FnMut() -> Duration,
    ) {
        let mut calm = 0;
        while is_open() {
            let mut nap = NAP;
            if all_sleep() {
                calm += 1;
            } else {
                calm = 0;
                nap = look();
            }
            if calm <= quiet {
                self.seat.park(Some(nap));
                continue;
            }
            calm = 0;
            // Ordering: Relaxed, by the fence.
            self.asleep.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if all_sleep() {
                self.seat.park(None);
            }
            // Ordering: Relaxed; who pokes for nothing does no harm.
            self.asleep.store(false, Ordering::Relaxed);
        }
    }
}
