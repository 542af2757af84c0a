//! The thread that looks after stuck workers.

use super::{Inner, Scheduler};
use crate::kernel::blocking::{Job, Refused};
use crate::kernel::pool::Pool;
use crate::kernel::worker;
use crate::prim::{Condvar, Mutex};
use crate::runtime::current;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A thread that watches a pool until that is closed.
#[derive(Debug)]
pub(super) struct WatcherThread {
    thread: thread::JoinHandle<()>,
    finish: Arc<Finish>,
}

/// Whether the thread has come to its end. (A channel would do, but brings all three kinds that std has of them into every program.)
#[derive(Debug, Default)]
struct Finish {
    has_come: Mutex<bool>,
    came: Condvar,
}

/// Says so when it is dropped: the thread may unwind.
struct Finishing(Arc<Finish>);

impl Drop for Finishing {
    fn drop(&mut self) {
        *self.0.has_come.lock() = true;
        self.0.came.notify_all();
    }
}

impl Finish {
    /// Waits for it, until then at most; true if it has come.
    fn wait(&self, until: Option<Instant>) -> bool {
        let mut has_come = self.has_come.lock();
        while !*has_come {
            has_come = match until {
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.came.wait_timeout(has_come, left).0
                }
                None => self.came.wait(has_come),
            };
        }
        true
    }
}

impl WatcherThread {
    /// Waits for its end, for `timeout` at most; gives it back if it has not come by then.
    pub(super) fn join(self, timeout: Option<Duration>) -> Result<(), Self> {
        if let Some(timeout) = timeout {
            // Where the clock does not go so far there is no limit.
            if !self.finish.wait(Instant::now().checked_add(timeout)) {
                return Err(self);
            }
        }
        // What it runs of others, a function that names threads, may have panicked; that has been caught.
        let _ = self.thread.join();
        Ok(())
    }
}

impl Inner {
    /// Starts the thread that looks after stuck workers, unless nobody could help one, nor wants to know.
    pub(super) fn start_watcher(self: &Arc<Self>) {
        let Scheduler::Pool { pool, watcher, .. } = &self.scheduler else {
            return;
        };
        if !pool.is_watched() {
            return;
        }
        let (inner, pool) = (Arc::clone(self), Arc::clone(pool));
        let finish = Arc::new(Finish::default());
        let ends = Finishing(Arc::clone(&finish));
        let watch = move || {
            Pool::watch(&pool, |core| inner.start_spare(core));
            drop(ends);
        };
        let builder = thread::Builder::new().name("leno-watcher".to_owned());
        // If the system refuses it, stuck workers are on their own; nothing else is lost.
        let thread = builder.spawn(watch).ok();
        *watcher.lock() = thread.map(|thread| WatcherThread { thread, finish });
    }

    /// Brings a spare worker to a thread; false if there is none.
    fn start_spare(self: &Arc<Self>, core: worker::Handed) -> bool {
        match self.submit(Job::Spare(core)) {
            Ok(()) => true,
            Err(Refused::NoThread(Job::Spare(core), _)) => {
                // If the others have ended meanwhile, this ends what they left.
                let _current = current::set(Arc::clone(self));
                if core.leave() == worker::Outcome::Last {
                    self.blocking.close();
                }
                false
            }
            Err(_) => {
                unreachable!("what is refused is a spare worker, and never because of the end")
            }
        }
    }
}
