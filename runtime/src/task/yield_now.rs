//! Letting the others run.

use crate::kernel::worker;
use std::future::poll_fn;
use std::task::Poll;

/// Lets the other tasks of the runtime run before going on.
///
/// The task goes to the end of its worker's queue. IO and timers get their turn every so often, whatever is queued. If
/// nothing is, they get it at once, and then less often the longer this goes on, down to every eighth time.
///
/// # Cancel safety
///
/// Cancelling it does nothing.
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
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        worker::yielded();
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
