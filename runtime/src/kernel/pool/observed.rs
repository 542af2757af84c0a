//! How a pool is observed: its workers are told which loop to run, and tasks that are spawned meanwhile get another home.
//!
//! That home does what the usual one does, and tells of each new task. So a spawn need not ask whether anybody observes.

use super::{Pool, PoolHome};
use crate::kernel::observe::{self, Change, Source};
use crate::kernel::register::Register;
use crate::kernel::task::{Header, Home, Runnable, Scheduler};
use crate::kernel::wanted::LOOKED_INTO;
use crate::prim::Arc;
use std::ptr::NonNull;

/// The homes that tasks may get which are spawned at one place: by one worker, or outside.
#[derive(Debug)]
pub(crate) struct Homes {
    pub(in crate::kernel) plain: Home,
    /// While the pool is observed.
    pub(in crate::kernel) observed: Home,
}

impl Homes {
    pub(in crate::kernel) fn new(pool: &Arc<Pool>) -> Self {
        let plain = Home::new(PoolHome(Arc::clone(pool)));
        let observed = if LOOKED_INTO {
            Home::new(ObservedHome(PoolHome(Arc::clone(pool))))
        } else {
            plain.clone()
        };
        Self { plain, observed }
    }
}

impl Pool {
    /// Changes how closely the pool is observed.
    pub(crate) fn observe(&self, change: Change, source: impl FnOnce() -> Source) {
        self.register
            .observe
            .change(change, source, |on| self.idle.observe(on));
    }
}

/// A pool as tasks see it that are spawned while it is observed. All but `schedule` is as at the usual home, what has a default
/// too.
struct ObservedHome(PoolHome);

impl Scheduler for ObservedHome {
    fn schedule(&self, task: Runnable) {
        let header = task.header();
        // A task that was woken or aborted is not running: this one is new.
        if header.is_running() {
            observe::spawn(header);
        }
        self.0.schedule(task);
    }

    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: alive until the task is pushed (the caller's); only the address of the field is taken.
        let home = unsafe { NonNull::new_unchecked(&raw mut (*this.as_ptr()).0) };
        // SAFETY: the caller's.
        unsafe { PoolHome::schedule_unheld(home, task) }
    }

    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // SAFETY: the caller's.
        unsafe { self.0.link(task) }
    }

    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        // SAFETY: the caller's.
        unsafe { self.0.finished(task, shard) }
    }

    fn register(&self) -> Option<&Register> {
        self.0.register()
    }
}
