//! Stopping and moving the clock, for tests.

use crate::kernel::clock::{AdvanceError, Clock};
use crate::kernel::local::Local;
use crate::prim::asked;
use crate::runtime::current;
use pin_project_lite::pin_project;
use std::future::{Future, poll_fn};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Stops the runtime's clock.
///
/// From now on [`Instant::now`](super::Instant::now) returns the same moment, until [`advance`] moves it,
/// or the runtime does: *when no task can run, the clock jumps to the next deadline*. So a test that
/// sleeps for an hour is over at once, and sees exactly an hour pass. The clock does not jump while a
/// blocking closure (`spawn_blocking`) runs, since that may be what the tasks are waiting for. (So one that itself waits
/// for a deadline, in a `block_on`, waits until somebody [advances](advance) the clock.)
///
/// What comes from outside of the runtime takes real time: the answer of a server in another thread or process, the end of a
/// child. If the tasks have used a socket or anything else that the reactor watches since the last jump, an event is
/// therefore waited for before the next one, up to 32 ms of real time, so that a timeout around it does not strike at once.
/// An answer that takes longer is late, by whatever the timeout is. Each time that no event comes the wait is halved, down to
/// a millisecond; one that comes restores it. A test without IO, or whose IO only waits, does not wait.
///
/// Only this crate's time is affected, not the standard library's. A runtime can also begin with a paused
/// clock: `start_paused(true)` on its builder.
///
/// # Panics
///
/// Panics if the clock is paused already, and anywhere but in a current-thread runtime: workers that run
/// side by side would not agree on when there is nothing left to do.
///
/// # Examples
///
/// ```
/// use leno::time::{self, Duration, Instant};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// time::pause();
/// let start = Instant::now();
/// time::sleep(Duration::from_secs(3600)).await;
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// # });
/// ```
#[track_caller]
#[inline]
pub fn pause() {
    let clock = clock();
    asked::changes(&raw const *clock);
    if !current::is_current_thread() {
        panic!(
            "the clock can only be paused in a current-thread runtime: \
             build it with `Builder::new_current_thread()`"
        );
    }
    if !clock.pause() {
        panic!("the clock is paused already: call `resume()` first");
    }
}

/// Lets a paused clock run again, from the moment it shows.
///
/// # Panics
///
/// Panics if the clock is not paused, and outside of a runtime.
///
/// # Examples
///
/// ```
/// use leno::time::{self, Instant};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// time::pause();
/// let stopped = Instant::now();
/// time::resume();
/// assert!(Instant::now() >= stopped);
/// # });
/// ```
#[track_caller]
#[inline]
pub fn resume() {
    let clock = clock();
    asked::changes(&raw const *clock);
    if !clock.resume() {
        panic!("{NOT_PAUSED}");
    }
}

/// Moves a paused clock forward.
///
/// The clock jumps by `duration` in one step. Every timer whose deadline is then past is fired, in order
/// of their deadlines, and their tasks get their turn before this returns; but all of them see the new
/// time. To see each deadline pass at its own time, rather [`sleep`](super::sleep()) and leave it to the
/// runtime to move the clock.
///
/// # Panics
///
/// Panics if the clock is not paused, outside of a runtime, and if the clock cannot be moved that far (it
/// counts nanoseconds in 64 bits: some 584 years).
///
/// # Cancel safety
///
/// Dropping the future does not stop the operation: the clock is moved by the first poll, and what is left is a wait for
/// the other tasks.
///
/// # Examples
///
/// ```
/// use leno::time::{self, Duration, Instant};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let start = Instant::now();
/// time::advance(Duration::from_micros(1)).await;
/// assert_eq!(start.elapsed(), Duration::from_micros(1));
/// # });
/// ```
#[inline]
pub fn advance(duration: Duration) -> impl Future<Output = ()> {
    // The tasks that have been woken are queued before this one queues itself again. It comes right after them, before what
    // they set off: that belongs to the time from here on.
    let mut advanced = false;
    Advance {
        duration: Some(duration),
        then: poll_fn(move |cx| {
            if advanced {
                return Poll::Ready(());
            }
            advanced = true;
            Local::queue_root_here();
            cx.waker().wake_by_ref();
            Poll::Pending
        }),
        pinned: PhantomPinned,
    }
}

pin_project! {
    /// Moves the clock, then waits for another future. A type of its own, so that it panics where it is awaited.
    struct Advance<F> {
        duration: Option<Duration>,
        #[pin]
        then: F,
        // No more `Unpin` than tokio's.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<F: Future<Output = ()>> Future for Advance<F> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if let Some(duration) = this.duration.take() {
            advance_clock(&clock(), duration);
        }
        this.then.poll(cx)
    }
}

#[track_caller]
#[inline]
fn advance_clock(clock: &Clock, duration: Duration) {
    asked::changes(clock);
    // Too many nanoseconds are too many for the clock as well.
    let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    match clock.advance(nanoseconds) {
        Ok(()) => {}
        Err(AdvanceError::Running) => panic!("{NOT_PAUSED}"),
        Err(AdvanceError::Overflow) => {
            panic!("the clock cannot be advanced by {duration:?}: it would pass its last moment")
        }
    }
    // Only current-thread runtimes have a paused clock, and they have one wheel.
    if let Some(wheel) = current::try_wheel() {
        wheel.fire(clock.now());
    }
}

const NOT_PAUSED: &str = "the clock is not paused: call `pause()` first";

#[track_caller]
#[inline]
fn clock() -> Arc<Clock> {
    match current::clock() {
        Some(clock) => clock,
        None => panic!(
            "there is no clock to pause here: call this within a runtime, \
             for example in the future given to `block_on`"
        ),
    }
}
