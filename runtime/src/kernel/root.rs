//! Waiting for one future on the calling thread: the root of a `block_on`, which is no task.
//!
//! The root is woken through a counted waker: a flag and a seat. The flag is set before the poke and cleared
//! before the poll, so a wake during the poll is seen after it; the seat keeps a poke until the next park.

use crate::kernel::budget;
use crate::kernel::here::{self, Blocking};
use crate::kernel::seat::Seat;
use crate::kernel::waiting::{Polls, in_simulation, waiting};
use crate::prim::atomic::{AtomicBool, Ordering};
use crate::prim::{Arc, asked};
use std::future::Future;
use std::pin::pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// What a simulation says that was woken by a thread which is not its own.
pub(crate) const WOKEN_OUTSIDE: &str = "a task was woken by a thread that is not part of the simulation, and in no order that could be \
     repeated. Use `spawn_blocking` in the place of a thread of its own, or leave that out of the test";

/// The wake-up side of one `block_on`.
#[derive(Debug)]
pub(crate) struct Root {
    woken: AtomicBool,
    /// A thread has woken it that is in no simulation.
    woken_outside: AtomicBool,
    /// Where the calling thread waits while it drives nothing.
    pub(crate) seat: Seat,
    /// Where it waits while it drives a current-thread scheduler.
    scheduler: Option<Arc<Seat>>,
}

impl Root {
    /// A root that has been woken: it is to be polled at once.
    pub(crate) fn new(scheduler: Option<Arc<Seat>>) -> Arc<Self> {
        Arc::new(Self {
            woken: AtomicBool::new(true),
            woken_outside: AtomicBool::new(false),
            seat: Seat::new(None),
            scheduler,
        })
    }

    /// True once after each wake (or several that came together).
    pub(crate) fn take_woken(&self) -> bool {
        // Ordering: Acquire, for the Release in `wake`: what the waker did is visible to the poll.
        self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::Acquire)
    }

    /// True if a wake has come that was not taken.
    pub(crate) fn is_woken(&self) -> bool {
        // Ordering: Relaxed, a hint.
        self.woken.load(Ordering::Relaxed)
    }

    /// True if a thread has woken it that is in no simulation. (Without the feature `sim` nobody takes note of that.)
    pub(crate) fn is_woken_outside(&self) -> bool {
        // Ordering: Relaxed. Whoever sees the wake, by an Acquire of `take_woken`, sees this too; one that does not will.
        self.woken_outside.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        if asked::is_root(ptr::from_ref(self).cast()) {
            // Ordering: Relaxed. It is this thread that polls it next, so it does not sleep, and nobody need be poked.
            self.woken.store(true, Ordering::Relaxed);
            return;
        }
        if asked::is_outside() {
            // Ordering: Relaxed, the swap below publishes it.
            self.woken_outside.store(true, Ordering::Relaxed);
        }
        // Ordering: Release, see `take_woken`. A read-modify-write, so that of wakes that come together all are visible
        // to the poll, not only the last. The pokes order themselves after it.
        self.woken.swap(true, Ordering::Release);
        self.seat.poke();
        if let Some(scheduler) = &self.scheduler {
            scheduler.poke();
        }
    }

    /// Sleeps until it is woken, or poked for another reason. (A simulation does what there is to do meanwhile.)
    pub(crate) fn sleep(&self) {
        if !in_simulation(|| self.is_woken()) {
            waiting(|| self.seat.park(None));
        } else if self.is_woken_outside() {
            asked::refuse(WOKEN_OUTSIDE);
        }
    }

    pub(crate) fn waker(root: &Arc<Self>) -> Waker {
        let pointer = Arc::into_raw(Arc::clone(root));
        // SAFETY: the functions of `VTABLE` keep the contract of `RawWakerVTable`: the pointer counts.
        unsafe { Waker::from_raw(RawWaker::new(pointer.cast(), &VTABLE)) }
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(pointer: *const ()) -> RawWaker {
    // SAFETY: called through a waker, whose pointer came from `Arc::into_raw` and counts.
    unsafe { Arc::increment_strong_count(pointer.cast::<Root>()) };
    RawWaker::new(pointer, &VTABLE)
}

unsafe fn wake(pointer: *const ()) {
    // SAFETY: as above; consuming the waker gives its count back.
    unsafe { Arc::from_raw(pointer.cast::<Root>()) }.wake();
}

unsafe fn wake_by_ref(pointer: *const ()) {
    // SAFETY: as above; the waker counts for the length of the call.
    unsafe { &*pointer.cast::<Root>() }.wake();
}

unsafe fn drop_waker(pointer: *const ()) {
    // SAFETY: as above; the count is given back.
    drop(unsafe { Arc::from_raw(pointer.cast::<Root>()) });
}

/// This thread drives tasks for as long as the guard lives.
#[derive(Debug)]
pub(crate) struct Driving {
    before: Blocking,
}

impl Driving {
    /// Panics if the thread drives tasks already: a nested wait would hold them all up.
    #[track_caller]
    pub(crate) fn enter(blocking: Blocking) -> Self {
        match Self::try_enter(blocking) {
            Some(driving) => driving,
            None => panic!(
                "Cannot block the current thread from within a runtime: this thread is driving asynchronous \
                 tasks, and waiting here would hold them all up. Use `.await` instead, or move the call to \
                 `spawn_blocking` (or `block_in_place`, on a multi-threaded runtime)"
            ),
        }
    }

    /// As [`enter`](Self::enter), to drive the tasks of a runtime.
    #[track_caller]
    pub(crate) fn enter_runtime(blocking: Blocking) -> Self {
        match Self::try_enter(blocking) {
            Some(driving) => driving,
            None => panic!(
                // It begins with what tokio says, for there are tests that look for it.
                "Cannot start a runtime from within a runtime. This happens because a function (like `block_on`) \
                 attempted to block the current thread while the thread is being used to drive asynchronous tasks. If \
                 you are in an async function, use `.await` on the future instead of blocking on it. What has to wait \
                 otherwise goes to `spawn_blocking` (or `block_in_place`, on a multi-threaded runtime)."
            ),
        }
    }

    fn try_enter(blocking: Blocking) -> Option<Self> {
        here::with(|here| {
            let before = here.blocking.get();
            (before == Blocking::Allowed).then(|| {
                here.blocking.set(blocking);
                Self { before }
            })
        })
    }

    /// As [`enter`](Self::enter), for a thread that is known to be free.
    pub(crate) fn replace(blocking: Blocking) -> Self {
        let before = here::with(|here| here.blocking.replace(blocking));
        Self { before }
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        here::with(|here| here.blocking.set(self.before));
    }
}

/// Waits for `future` on this thread, which sleeps while the future is pending.
///
/// # Panics
///
/// If this thread is driving tasks.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let _driving = Driving::enter(Blocking::InPlace);
    wait(future)
}

/// [`block_on`] without the check: the caller holds a [`Driving`].
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let root = Root::new(None);
    let waker = Root::waker(&root);
    let mut cx = Context::from_waker(&waker);
    let mut polls = Polls::default();
    loop {
        if root.take_woken() {
            polls.begin();
            let polled = budget::with_budget(budget::PER_POLL, || future.as_mut().poll(&mut cx));
            if let Poll::Ready(output) = polled {
                return output;
            }
        } else {
            root.sleep();
            polls.slept();
        }
    }
}
