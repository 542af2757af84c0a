//! What expanded macros name. Not part of the API: it changes with the macros.
//!
//! Macros name nothing else, neither `std` nor the prelude, so whatever their user calls `Option`, `Ready`
//! or `std`, they mean these.

use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::here::Refused;
use crate::kernel::{budget, here};

pub use super::abandoned::{Abandoned, abandoned};
pub use super::cancel_safe::{Argument, OnlyCancelSafe, OrLost, Pointer, is_kept};
pub use super::join::{FromFirst, MaybeDone, Rotating, joined, maybe_done};
pub use super::try_join::tried;
#[cfg(feature = "rt")]
pub use crate::coroutine::coroutine;
#[cfg(feature = "rt")]
pub use crate::task::{InheritedKey, LocalKey, LocalSlot, is_shared_by_tasks};
pub use std::future::{Future, IntoFuture, poll_fn};
pub use std::pin::{Pin, pin};
pub use std::result::Result;
pub use std::task::{Context, Poll};
pub use std::{compile_error, thread_local, unreachable};

/// Where `select!` starts: a number below `n`.
#[inline]
pub fn thread_rng_n(n: u32) -> u32 {
    here::with(|here| here.rng.below(n))
}

/// Where `biased;` starts.
#[inline]
pub fn first(_: u32) -> u32 {
    0
}

/// What `safe;` takes for a branch.
#[inline]
pub fn cancel_safe<F: IntoFuture<IntoFuture: CancelSafe>>(future: F) -> F {
    future
}

/// Ready if the running task may do more in this poll; otherwise its waker has been called.
///
/// Spends nothing: the branches do that themselves. But when nothing is left, those that keep to a budget
/// are pending, and those that know of none would be chosen every time.
#[inline]
pub fn poll_budget_available(cx: &mut Context<'_>) -> Poll<()> {
    if budget::has_remaining() {
        Poll::Ready(())
    } else {
        budget::refuse(Refused::Yields);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// `select!` without an enabled branch and without `else`.
#[cold]
#[track_caller]
pub fn no_branch_left() -> ! {
    panic!("all branches are disabled and there is no else branch")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct CountWakes(AtomicUsize);

    impl Wake for CountWakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_select_without_budget_polls_nothing_and_wakes_its_task() {
        let wakes = Arc::new(CountWakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        let mut select = pin!(async {
            crate::select! { x = std::future::ready(1) => x }
        });

        let poll = budget::with_budget(0, || select.as_mut().poll(&mut cx));
        assert_eq!((Poll::Pending, 1), (poll, wakes.0.load(Ordering::Relaxed)));

        let poll = budget::with_budget(1, || select.as_mut().poll(&mut cx));
        assert_eq!((Poll::Ready(1), 1), (poll, wakes.0.load(Ordering::Relaxed)));
    }
}
