//! A runtime's parts, and the few places that ask which kind it is.

#[cfg(feature = "introspection")]
mod asking;
mod closures;
mod counted;
mod ending;
#[cfg(feature = "introspection")]
mod reporting;
#[cfg(feature = "sim")]
mod simulated;
mod watching;

pub(super) use ending::Patience;
#[cfg(feature = "sim")]
pub(crate) use simulated::How;

use super::current;
use super::roots::Roots;
use super::sets::Sets;
use crate::introspection;
#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::introspection::Found;
use crate::kernel::blocking::{Blocking, Job, Refused};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::here::Blocking as MayBlock;
use crate::kernel::local::Local;
use crate::kernel::observe::{Change, Observe, Source};
use crate::kernel::pool::{Homes, Pool};
use crate::kernel::register::Register;
use crate::kernel::root::{self, Driving};
use crate::kernel::task::{self, Home, Id, JoinHandle, Membership, Origin, TaskInfo};
use crate::kernel::wanted::Wanted;
use crate::kernel::wheel;
use crate::kernel::worker;
use crate::prim::{Mutex, process, reactor};
use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread, ThreadId};
use watching::WatcherThread;

/// What a [`Handle`](super::Handle) points to.
#[derive(Debug)]
pub(crate) struct Inner {
    id: super::Id,
    /// First of what is dropped, for it refers to the rest.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    _found: Found,
    scheduler: Scheduler,
    settings: Settings,
    blocking: Blocking,
    /// What threads wait for in a `block_on`.
    roots: Roots,
    /// The sets of tasks that are polled in it.
    sets: Sets,
    /// The thread that looks for long waits, if there is one.
    waits: OnceLock<Thread>,
    /// The [number](process::number) of the process that it was made in.
    process: u32,
}

/// What the builder says about a runtime of either kind.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) name: Option<String>,
    /// Timers are enabled.
    pub(super) time: bool,
    /// Programs outside may ask what it is doing.
    #[cfg(all(feature = "introspection", unix))]
    pub(super) shown: bool,
    /// The thread of a runtime whose tasks need not be `Send`.
    pub(super) owner: Option<ThreadId>,
    /// Where its builder was told to build it.
    pub(super) built_at: &'static Location<'static>,
    /// What is to be looked for.
    pub(super) wanted: &'static Wanted,
}

#[derive(Debug)]
enum Scheduler {
    Pool {
        pool: Arc<Pool>,
        homes: Homes,
        /// The thread that looks after stuck workers, until somebody waits for its end.
        watcher: Mutex<Option<WatcherThread>>,
    },
    Local {
        local: Arc<Local>,
        home: Home,
    },
}

impl Inner {
    /// A multi-threaded runtime, with its workers started.
    pub(super) fn start_pool(
        pool: Arc<Pool>,
        cores: Vec<worker::Handed>,
        settings: Settings,
        blocking: Blocking,
    ) -> io::Result<Arc<Self>> {
        let id = super::Id::next();
        let inner = Arc::new(Self {
            id,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            _found: Found::new(
                id,
                true,
                settings.name.as_deref(),
                pool.register().outline(),
            ),
            scheduler: Scheduler::Pool {
                homes: Pool::homes(&pool),
                watcher: Mutex::new(None),
                pool,
            },
            settings,
            blocking,
            roots: Roots::default(),
            sets: Sets::default(),
            waits: OnceLock::new(),
            process: process::number(),
        });
        introspection::begin(&inner, inner.settings.wanted.recorder);
        for core in cores {
            if let Err(refused) = inner.submit(Job::Worker(core)) {
                // Dropping the core closes the pool, so those that were started end, at once since there is nothing to do:
                // that may be waited for in asynchronous code too.
                inner.close(Patience::Endless);
                inner.blocking.close();
                inner.wait_for_end(Patience::Endless);
                return Err(match refused {
                    Refused::NoThread(_, error) => error,
                    Refused::Closed => unreachable!("nobody else knows the runtime yet"),
                });
            }
        }
        inner.start_watcher();
        Ok(inner)
    }

    pub(super) fn new_local(
        local: Arc<Local>,
        settings: Settings,
        blocking: Blocking,
    ) -> Arc<Self> {
        let id = super::Id::next();
        let inner = Arc::new(Self {
            id,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            _found: Found::new(
                id,
                false,
                settings.name.as_deref(),
                local.register().outline(),
            ),
            scheduler: Scheduler::Local {
                home: Local::home(&local),
                local,
            },
            settings,
            blocking,
            roots: Roots::default(),
            sets: Sets::default(),
            waits: OnceLock::new(),
            process: process::number(),
        });
        introspection::begin(&inner, inner.settings.wanted.recorder);
        inner
    }

    // ----- parts --------------------------------------------------------------------------------------

    pub(crate) fn name(&self) -> Option<&str> {
        self.settings.name.as_deref()
    }

    /// What is to be looked for.
    pub(crate) fn wanted(&self) -> &'static Wanted {
        self.settings.wanted
    }

    pub(crate) fn id(&self) -> super::Id {
        self.id
    }

    /// Programs outside may ask what it is doing.
    #[cfg(all(feature = "introspection", unix))]
    pub(crate) fn is_shown(&self) -> bool {
        self.settings.shown
    }

    /// The thread of a runtime whose tasks need not be `Send`.
    pub(crate) fn owner(&self) -> Option<ThreadId> {
        self.settings.owner
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self.scheduler, Scheduler::Local { .. })
    }

    fn driver(&self) -> &Driver {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.driver(),
            Scheduler::Local { local, .. } => local.driver(),
        }
    }

    pub(super) fn clock(&self) -> &Arc<Clock> {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.clock(),
            Scheduler::Local { local, .. } => local.clock(),
        }
    }

    /// The reactor, if IO is enabled.
    pub(super) fn reactor(&self) -> Option<&reactor::Handle> {
        self.driver().handle()
    }

    /// A wheel for a new timer, if time is enabled.
    #[inline]
    pub(super) fn wheel(&self) -> Option<&wheel::Handle> {
        self.settings.time.then(|| match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.wheel(),
            Scheduler::Local { local, .. } => local.wheel(),
        })
    }

    pub(crate) fn workers(&self) -> usize {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.workers(),
            Scheduler::Local { .. } => 1,
        }
    }

    /// The task that each worker is polling, with the worker's number, if slow polls are looked for.
    #[cfg(unix)]
    pub(crate) fn polled(&self) -> Vec<(usize, TaskInfo)> {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.polled(),
            Scheduler::Local { .. } => Vec::new(),
        }
    }

    /// Spare workers that are there, and how often one has been started.
    #[inline]
    pub(crate) fn spares(&self) -> (usize, u64) {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.spares(),
            Scheduler::Local { .. } => (0, 0),
        }
    }

    #[inline]
    pub(crate) fn live_tasks(&self) -> u64 {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.live_tasks(),
            Scheduler::Local { local, .. } => local.live_tasks(),
        }
    }

    /// The tasks of the scheduler, for who asks.
    pub(super) fn register(&self) -> &Register {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.register(),
            Scheduler::Local { local, .. } => local.register(),
        }
    }

    /// Its end has begun.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.is_closed(),
            Scheduler::Local { local, .. } => local.is_closed(),
        }
    }

    /// How often a worker went to sleep, and came back. Panics if there is no such worker.
    #[track_caller]
    #[inline]
    pub(crate) fn sleeps(&self, worker: usize) -> u64 {
        self.check_worker(worker);
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.sleeps(worker),
            Scheduler::Local { local, .. } => local.sleeps(),
        }
    }

    /// Nanoseconds for which a worker was awake. Panics if there is no such worker.
    #[track_caller]
    #[inline]
    pub(crate) fn busy(&self, worker: usize) -> u64 {
        self.check_worker(worker);
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.busy(worker),
            Scheduler::Local { local, .. } => local.busy(),
        }
    }

    #[track_caller]
    #[inline]
    fn check_worker(&self, worker: usize) {
        let workers = self.workers();
        assert!(
            worker < workers,
            "there is no worker {worker}: this runtime has {workers}, counted from 0"
        );
    }

    #[inline]
    pub(crate) fn injected(&self) -> usize {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.injected(),
            Scheduler::Local { local, .. } => local.injected(),
        }
    }

    /// Threads for blocking closures, those of them that idle, and closures that wait for one.
    pub(crate) fn blocking_counts(&self) -> (usize, usize, usize) {
        let (threads, idle, queued) = self.blocking.counts();
        let workers = match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.workers() + pool.spares().0,
            Scheduler::Local { .. } => 0,
        };
        (threads.saturating_sub(workers), idle, queued)
    }

    /// True in a process that was forked from the runtime's: its threads are not here, and the rest is the parent's.
    pub(super) fn is_inherited(&self) -> bool {
        self.process != process::number()
    }

    /// True in a process that was forked from the runtime's, if it can do nothing there. (One without IO that runs on one
    /// thread alone refers to nothing that is shared.)
    fn is_left_behind(&self) -> bool {
        let is_whole = self.is_local() && self.reactor().is_none();
        !is_whole && self.is_inherited()
    }

    /// The tasks that have been asleep, and the one that this thread is polling; those of sets that are polled in it last.
    #[inline]
    pub(crate) fn tasks(&self) -> Vec<TaskInfo> {
        if self.is_left_behind() {
            // They are the parent's, and so may be whoever holds a lock.
            return Vec::new();
        }
        let mut tasks = self.register().tasks();
        for noted in self.sets.all() {
            tasks.append(&mut noted.set.register().tasks());
        }
        tasks
    }

    /// Calls `f` with the sets that are noted; not in a process where the runtime works no more.
    #[inline]
    pub(in crate::runtime) fn with_sets<R>(&self, f: impl FnOnce(&Sets) -> R) -> Option<R> {
        (!self.is_left_behind()).then(|| f(&self.sets))
    }

    /// Has the runtime observed more closely, or less.
    pub(crate) fn observe(&self, change: Change, source: impl FnOnce() -> Source) {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.observe(change, source),
            Scheduler::Local { local, .. } => local.observe(change, source),
        }
    }

    /// What has been recorded of it.
    pub(crate) fn observation(&self) -> &Observe {
        &self.register().observe
    }

    // ----- running ------------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn spawn<F>(&self, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        task::spawn(future, self.count_spawned(), Id::next(), origin)
    }

    /// As [`spawn`](Self::spawn), a task of a scope.
    pub(crate) fn spawn_member<F, M>(
        &self,
        future: F,
        origin: Origin,
        member: M,
    ) -> JoinHandle<M::Kept>
    where
        F: Future + Send + 'static,
        M: Membership<F::Output>,
        M::Kept: Send,
    {
        task::spawn_member(future, self.count_spawned(), Id::next(), origin, member)
    }

    /// Spawns a task that need not be `Send`. `Err` if this is not the thread of a runtime that has such.
    pub(crate) fn spawn_local<F, M>(
        &self,
        future: F,
        origin: Origin,
        member: M,
    ) -> Result<JoinHandle<M::Kept>, (F, M)>
    where
        F: Future + 'static,
        M: Membership<F::Output>,
    {
        if self.owner() != Some(std::thread::current().id()) {
            return Err((future, member));
        }
        // All that runs and drops its tasks is done by its owner, a `LocalRuntime`, which stays on its thread; and the
        // scheduler is bound, so that no waker does it elsewhere.
        Ok(task::spawn_member(
            future,
            self.count_spawned(),
            Id::next(),
            origin,
            member,
        ))
    }

    #[inline]
    fn count_spawned(&self) -> Home {
        match &self.scheduler {
            Scheduler::Pool { pool, homes, .. } => pool.count_spawned(homes),
            Scheduler::Local { local, home } => {
                local.count_spawned();
                home.clone()
            }
        }
    }

    /// Waits for `future`, and drives a current-thread scheduler meanwhile: with a claim to it, or else as long as nobody
    /// with one comes.
    #[track_caller]
    pub(super) fn block_on<F: Future>(self: &Arc<Self>, future: F, claims: bool) -> F::Output {
        if self.is_left_behind() {
            panic!(
                "this runtime was made before the process forked, and is the parent's: make a new one in the child"
            );
        }
        let future = self.roots.list(future, Location::caller());
        match &self.scheduler {
            Scheduler::Pool { .. } => {
                let _driving = Driving::enter_runtime(MayBlock::InPlace);
                let _current = current::set(Arc::clone(self));
                root::wait(future)
            }
            Scheduler::Local { local, .. } => {
                // Who has no claim polls its future without driving, and holds nobody up.
                let _driving = Driving::enter_runtime(if claims {
                    MayBlock::Forbidden
                } else {
                    MayBlock::InPlace
                });
                let _current = current::set(Arc::clone(self));
                // Tasks that need not be `Send` stay on their thread.
                let is_at_home = |owner| owner == thread::current().id();
                if claims {
                    Local::block_on(local, future)
                } else if self.owner().is_none_or(is_at_home) {
                    Local::help(local, future)
                } else {
                    root::wait(future)
                }
            }
        }
    }
}
