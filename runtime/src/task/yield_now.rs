//! Letting the others run.

use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::worker;
use std::future::poll_fn;
use std::task::Poll;

/// Lets the other tasks of the runtime run before going on.
///
/// On one thread (a current-thread runtime, a [`LocalRuntime`](crate::runtime::LocalRuntime), a [`LocalSet`](super::LocalSet)
/// within one of these) whoever yields, a task or the future of a `block_on`, comes after everything that is ready *and what
/// that sets off*, however deep: but no later than after as many tasks as the runtime's
/// [`event_interval`](crate::runtime::Builder::event_interval), by default 61. If nothing is ready any more, IO and timers get
/// their turn first. Of several that yield the last one comes first. Until then a task that has yielded sleeps: what wakes or
/// aborts it meanwhile need not wait for its turn.
///
/// On a worker of a multi-threaded runtime the task goes to the end of the worker's queue. Of what the tasks before it set
/// off, some runs first and some after it. That is on purpose: there the other workers can find it, and one that has nothing
/// to do goes on with it some 25 µs later, even if the next task here computes for long. Set aside, it would wait for that.
/// IO and timers get their turn every so often, whatever is queued, and if nothing is, at once, and then less often the longer
/// nobody does anything but yield, down to every eighth time. The future of a `block_on`
/// of such a runtime, which nobody shares its thread with, is polled again at once.
///
/// A yield says nothing of the turns of other threads, and is no way to wait for something: of that, tell by a channel or a
/// [`Notify`](crate::sync::Notify).
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Cost
///
/// Well below a microsecond: on one thread a clone of the waker and a wake, some 30 ns, and a look for events (some 200 ns)
/// shared by all who yield. There the waker is kept until the others have had their turn, and so a `block_on` of
/// another crate within a task waits for ever for a future that yields there: the thread has no turn to give.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// leno::spawn(async { println!("first") });
/// leno::task::yield_now().await;
/// println!("second");
/// # });
/// ```
#[inline]
pub fn yield_now() -> impl CancelSafe<Output = ()> {
    assert_cancel_safe(async move {
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            worker::yield_now(cx.waker());
            Poll::Pending
        })
        .await;
    })
}
