//! The end of a runtime, and what is left after it.

use super::{Inner, Scheduler};
use crate::introspection;
use crate::kernel::here::{self, Blocking as MayBlock};
use crate::kernel::local::Local;
use crate::kernel::waiting::waiting;
use crate::runtime::current;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a shutdown may wait.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) enum Patience {
    None,
    Until(Duration),
    Endless,
}

/// How the end of a runtime went.
#[derive(Debug, Default)]
pub(super) struct End {
    /// It may have waited.
    pub(super) waited: bool,
    /// All that there was has ended.
    pub(super) has_ended: bool,
    pub(super) closing: Duration,
    pub(super) waiting: Duration,
}

impl Inner {
    /// Ends the runtime: cancels the tasks, and waits as long as `patience` allows.
    #[track_caller]
    pub(in crate::runtime) fn shutdown(self: &Arc<Self>, patience: Patience) {
        if self.end(patience).waited {
            introspection::flush_at_end();
        }
    }

    #[track_caller]
    pub(super) fn end(self: &Arc<Self>, patience: Patience) -> End {
        let mut end = End::default();
        if self.is_inherited() {
            // Its tasks are the parent's, which goes on with them: nothing is dropped, and it stays in memory.
            let _leaked = ManuallyDrop::new(Arc::clone(self));
            return end;
        }
        let _shown = introspection::hide_at_end(self);
        let may_wait = here::with(|here| here.blocking.get()) == MayBlock::Allowed;
        let waits = !matches!(patience, Patience::None | Patience::Until(Duration::ZERO));
        let start = Instant::now();
        let is_closed = self.close(if may_wait { patience } else { Patience::None });
        end.closing = start.elapsed();
        if !waits {
            return end;
        }
        if !may_wait {
            if std::thread::panicking() {
                // A second panic would abort the process; the threads end by themselves.
                return end;
            }
            let built_at = self.settings.built_at;
            let text = format!(
                // It begins with what tokio says, for there are tests that look for it.
                "Cannot drop a runtime in a context where blocking is not allowed. This happens when a runtime is dropped \
                 from within an asynchronous context. Dropping it waits for its tasks: move it out of the task, drop it in \
                 `spawn_blocking`, or call `shutdown_background`. (It was built at {built_at}.)"
            );
            // Those who look for the text look for a `&'static str`. To leak it costs a mistake some bytes.
            std::panic::panic_any::<&'static str>(text.leak());
        }
        // If not, a task of a thread that drives by a handle stands still, and the time is over.
        if is_closed {
            end.has_ended = self.wait_for_end(match patience {
                Patience::Until(duration) => {
                    Patience::Until(duration.saturating_sub(start.elapsed()))
                }
                other => other,
            });
        }
        end.waiting = start.elapsed() - end.closing;
        end.waited = true;
        end
    }

    /// Begins the end: cancels what can be cancelled here, and tells the threads. False if a thread that drives by a handle
    /// has still to do so.
    pub(super) fn close(self: &Arc<Self>, patience: Patience) -> bool {
        // What is cancelled here finds its runtime.
        let _current = current::set(Arc::clone(self));
        // First, since the threads of workers that end look for closures next, and must not start one that waited. But
        // destructors may need the threads: the last worker to end closes them.
        self.blocking.begin_to_close();
        let mut is_closed = true;
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.close(),
            // If somebody drives it, that is by a handle: `block_on` borrows the runtime that is being dropped.
            Scheduler::Local { local, .. } => {
                let patience = match patience {
                    Patience::None => Some(Duration::ZERO),
                    Patience::Until(duration) => Some(duration),
                    Patience::Endless => None,
                };
                is_closed = Local::close(local, patience);
                self.blocking.close();
            }
        }
        if let Some(thread) = self.waits.get() {
            thread.unpark();
        }
        is_closed
    }

    /// Waits for threads and tasks, as long as `patience` allows; true if they have ended.
    pub(super) fn wait_for_end(&self, patience: Patience) -> bool {
        let start = Instant::now();
        let own_thread = self.blocking.is_own_thread();
        let timeout = match patience {
            Patience::Until(duration) => Some(duration),
            Patience::None | Patience::Endless => None,
        };
        if let Scheduler::Pool { watcher, .. } = &self.scheduler {
            let thread = watcher.lock().take();
            // It ends as soon as it sees that the pool is closed, unless the program's function that names threads takes long.
            // First, since it starts threads that are waited for next.
            if let Some(Err(left)) = thread.map(|thread| waiting(|| thread.join(timeout))) {
                *watcher.lock() = Some(left);
                self.blocking.close();
                return false;
            }
        }
        let timeout = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        let has_ended = waiting(|| self.blocking.wait(timeout));
        // If not, a task keeps a worker, and its last closures need not be waited for either.
        self.blocking.close();
        // A task that this very thread is running cannot end while it waits.
        if has_ended && !own_thread {
            match &self.scheduler {
                Scheduler::Pool { pool, .. } => pool.wait_for_tasks(),
                Scheduler::Local { local, .. } => local.wait_for_tasks(),
            }
        }
        has_ended && !own_thread
    }
}
