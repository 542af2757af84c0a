//! A set as its tasks see it, and as those do who ask them.

use super::Shared;
use crate::kernel::lines::Lines;
use crate::kernel::register::Register;
use crate::kernel::task::{Header, Runnable, Scheduler};
use crate::kernel::wanted::{self, Wanted};
use crate::prim::Arc;
use crate::prim::atomic::Ordering;
use std::fmt;
use std::ptr::NonNull;

/// A set as its tasks see it.
pub(super) struct SetHome(pub(super) Arc<Shared>);

/// A set as those see it who ask its tasks, on whatever thread. It keeps no task.
#[derive(Clone)]
pub(crate) struct Outside(pub(super) Arc<Shared>);

impl Outside {
    /// Which tasks there are.
    pub(crate) fn register(&self) -> &Register {
        &self.0.register
    }

    /// How many tasks have not completed, or had not a moment ago.
    #[inline]
    pub(crate) fn live(&self) -> usize {
        self.0.live()
    }
}

impl Scheduler for SetHome {
    #[inline]
    fn schedule(&self, task: Runnable) {
        match self.0.polling() {
            Some(own) => own.push(task),
            None => self.0.push_remote(task),
        }
    }

    #[inline]
    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: alive until the task is pushed (the caller's), and not used after that.
        let home = unsafe { &*this.as_ptr() };
        match home.0.polling() {
            // The set holds what its tasks see.
            Some(own) => own.push(task),
            None => {
                let shared = Arc::clone(&home.0);
                shared.push_remote(task);
            }
        }
    }

    #[inline]
    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // SAFETY: the caller's; it is unlinked in `finished`.
        unsafe { self.0.register.owned.link(0, task) }.then_some(0)
    }

    #[inline]
    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        if let Some(shard) = shard {
            // SAFETY: the caller's: `link` put it into this shard.
            unsafe { self.0.register.owned.unlink(shard, task) };
        }
        // Ordering: Relaxed, see `live`.
        self.0.live.fetch_sub(1, Ordering::Relaxed);
    }

    fn register(&self) -> Option<&Register> {
        Some(&self.0.register)
    }

    #[inline]
    fn lines(&self) -> Option<&Arc<Lines>> {
        self.0.register.lines(self.wanted())
    }

    #[inline]
    fn wanted(&self) -> &Wanted {
        let wanted = *self.0.wanted.lock();
        wanted.unwrap_or_else(wanted::of_the_process)
    }
}

impl fmt::Debug for Outside {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet")
            .field("live_tasks", &self.live())
            .finish_non_exhaustive()
    }
}
