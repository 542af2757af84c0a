//! Closures that may wait, on the runtime's threads for such.

use super::{Inner, Scheduler};
use crate::kernel::blocking::{self, Job, Main, Refused};
use crate::kernel::context::Within;
use crate::kernel::local::{Local, drawn};
use crate::kernel::task::{JoinHandle, Membership, Origin, Runnable};
use crate::kernel::wanted::Wanted;
use crate::runtime::{ShutDown, current};
use std::io;
use std::sync::Arc;

impl Inner {
    #[track_caller]
    pub(crate) fn spawn_blocking<F, R>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
    ) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_member(closure, origin, ())
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), a task of a scope.
    pub(crate) fn spawn_blocking_member<F, R, M>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
        member: M,
    ) -> JoinHandle<M::Kept>
    where
        F: FnOnce() -> R + Send + 'static,
        M: Membership<R>,
        M::Kept: Send,
    {
        let wanted = self.settings.wanted;
        let (handle, submitted) = self.submit_closure(closure, origin, Job::Task, wanted, member);
        match submitted {
            // After a shutdown the closure is dropped, and the handle says that it was cancelled.
            Ok(()) | Err(Refused::Closed) => handle,
            Err(Refused::NoThread(job, error)) => {
                drop(job);
                panic!(
                    "the system cannot start a thread for `spawn_blocking`: {error}. Raise its limit of threads, or \
                     lower `Builder::max_blocking_threads`"
                );
            }
        }
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), for an operation that may fail anyway: that there is nobody to run the
    /// closure is an error too.
    pub(crate) fn try_spawn_blocking<F, R>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
    ) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.try_submit_closure(closure, origin, Job::Task, self.settings.wanted)
    }

    /// The same for a step of an operation of leno's own: nothing is looked for at it, since the operation is the program's
    /// and not its steps. `job` says whether it is mandatory.
    pub(crate) fn try_spawn_step<F, R>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
        job: fn(Runnable) -> Job,
    ) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        // Nor does it see what the program's tasks inherit.
        let _nothing = Within::nothing();
        self.try_submit_closure(closure, origin, job, &Wanted::NOTHING)
    }

    fn try_submit_closure<F, R>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
        job: fn(Runnable) -> Job,
        wanted: &'static Wanted,
    ) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (handle, submitted) = self.submit_closure(closure, origin, job, wanted, ());
        match submitted {
            Ok(()) => Ok(handle),
            Err(Refused::Closed) => Err(io::Error::other(ShutDown)),
            Err(Refused::NoThread(_, error)) => Err(error),
        }
    }

    /// Calls `closure`, which only waits for the system, on a thread that does not count. If there is none it has been
    /// dropped. A paused clock does not stand still for it.
    pub(crate) fn wait_elsewhere(self: &Arc<Self>, closure: impl FnOnce() + Send + 'static) {
        let _nothing = Within::nothing();
        let (task, _) = blocking::task(closure, Origin::caller(), &Wanted::NOTHING, ());
        if !self.is_inherited() {
            // If it is refused it is dropped here.
            let _ = self.submit(Job::Wait(task));
        }
    }

    fn submit_closure<F, R, M>(
        self: &Arc<Self>,
        closure: F,
        origin: Origin,
        job: fn(Runnable) -> Job,
        wanted: &'static Wanted,
        member: M,
    ) -> (JoinHandle<M::Kept>, Result<(), Refused>)
    where
        F: FnOnce() -> R + Send + 'static,
        M: Membership<R>,
    {
        let (mut task, handle) = blocking::task(closure, origin.clone(), wanted, member);
        if self.is_inherited() {
            // The threads that it would be handed to are the parent's.
            drop(task);
            return (handle, Err(Refused::Closed));
        }
        task = match drawn::take_closure(task) {
            Ok(()) => return (handle, Ok(())),
            Err(task) => task,
        };
        if let Scheduler::Local { local, .. } = &self.scheduler {
            // A paused clock stands still until the closure is done, and those who wait for it have been told.
            let hold = Local::hold_clock(local);
            let within_hold = move || {
                let again = task.run();
                debug_assert!(again.is_none(), "a closure is done when it has been polled");
                drop(hold);
            };
            let _nothing = Within::nothing();
            (task, _) = blocking::task(within_hold, origin, &Wanted::NOTHING, ());
        }
        let submitted = self.submit(job(task));
        (handle, submitted)
    }

    pub(super) fn submit(self: &Arc<Self>, job: Job) -> Result<(), Refused> {
        self.blocking.submit(job, &|| {
            let inner = Arc::clone(self);
            Arc::new(move |main: Main| {
                let _current = current::set(Arc::clone(&inner));
                main.run();
            })
        })
    }
}
