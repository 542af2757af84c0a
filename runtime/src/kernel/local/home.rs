//! A current-thread scheduler as its tasks see it.

use super::{Driven, Local};
use crate::kernel::here;
use crate::kernel::register::Register;
use crate::kernel::task::{Header, Home, Runnable, Scheduler};
use crate::prim::Arc;
use crate::prim::atomic::Ordering;
use std::ptr::NonNull;

/// A current-thread scheduler as its tasks see it.
struct LocalHome(Arc<Local>);

impl Local {
    /// The home of this scheduler's tasks.
    pub(crate) fn home(local: &Arc<Self>) -> Home {
        Home::new(LocalHome(Arc::clone(local)))
    }
}

impl LocalHome {
    /// The driver of this scheduler, if it is this thread.
    fn driven(&self) -> Option<&Driven> {
        let driven = here::with(|here| here.local.get()).cast::<Driven>();
        // SAFETY: `here.local` points to the box in the hands of this thread's `block_on` (or `close`) further up the
        // stack, and is cleared when that is dropped.
        let driven = unsafe { driven.as_ref() };
        driven.filter(|driven| Arc::ptr_eq(&driven.local, &self.0))
    }
}

impl Scheduler for LocalHome {
    fn schedule(&self, task: Runnable) {
        match self.driven() {
            Some(driven) => driven.push(task),
            None => self.0.inject(task),
        }
    }

    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: alive until the task is pushed (the caller's), and not used after that.
        let home = unsafe { &*this.as_ptr() };
        match home.driven() {
            // The driver holds the scheduler.
            Some(driven) => driven.push(task),
            None => {
                let local = Arc::clone(&home.0);
                local.inject(task);
            }
        }
    }

    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // SAFETY: the caller's; it is unlinked in `finished`.
        unsafe { self.0.register.owned.link(0, task) }.then_some(0)
    }

    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        if let Some(shard) = shard {
            // SAFETY: the caller's: `link` put it into this shard.
            unsafe { self.0.register.owned.unlink(shard, task) };
        }
        // Ordering: Release, see `live_tasks`.
        self.0.finished.fetch_add(1, Ordering::Release);
    }

    fn register(&self) -> Option<&Register> {
        Some(&self.0.register)
    }
}
