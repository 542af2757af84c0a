//! Tasks that reach a scheduler which is closed: whoever brings one cancels it.
//!
//! Cancelling runs a destructor, which may bring the next one, and so on: so only the outermost call on a thread cancels, one
//! after the other, and those within it just leave their task in the queue.

use crate::kernel::here;
use crate::kernel::task::Runnable;
use std::ptr;

/// Cancels what `next` takes out of the queue of `scheduler`, until there is nothing.
pub(crate) fn cancel_all<S>(scheduler: &S, mut next: impl FnMut() -> Option<Runnable>) {
    let own = ptr::from_ref(scheduler).cast();
    let outer = here::with(|here| here.draining.replace(own));
    if outer == own {
        return;
    }
    while let Some(task) = next() {
        task.cancel();
    }
    here::with(|here| here.draining.set(outer));
}
