//! The thread that looks after stuck workers.

use super::{Inner, Scheduler};
use crate::kernel::blocking::{Job, Refused};
use crate::kernel::pool::Pool;
use crate::kernel::worker;
use crate::runtime::current;
use std::convert::Infallible;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// A thread that watches a pool until that is closed.
#[derive(Debug)]
pub(super) struct WatcherThread {
    thread: thread::JoinHandle<()>,
    /// Is cut off at its end.
    ended: mpsc::Receiver<Infallible>,
}

impl WatcherThread {
    /// Waits for its end, for `timeout` at most; gives it back if it has not come by then.
    pub(super) fn join(self, timeout: Option<Duration>) -> Result<(), Self> {
        if let Some(timeout) = timeout {
            if self.ended.recv_timeout(timeout) == Err(mpsc::RecvTimeoutError::Timeout) {
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
        let (ends, ended) = mpsc::channel::<Infallible>();
        let watch = move || {
            Pool::watch(&pool, |core| inner.start_spare(core));
            drop(ends);
        };
        let builder = thread::Builder::new().name("leno-watcher".to_owned());
        // If the system refuses it, stuck workers are on their own; nothing else is lost.
        let thread = builder.spawn(watch).ok();
        *watcher.lock() = thread.map(|thread| WatcherThread { thread, ended });
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
