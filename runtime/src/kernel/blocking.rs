//! Threads that may wait: for `spawn_blocking`, and to run the workers on.
//!
//! A mutexed queue and a condition variable. A thread is started when none idles and fewer than the limit run,
//! and ends after it has idled for the keep-alive. A closure is a task whose future runs it in one poll, so its
//! handle, panics and abort are a task's.
//!
//! Who may sleep and who was told: `idle` counts the threads that wait and have not been told; telling one
//! takes it out of `idle` and into `told`, both under the lock. A thread that wakes up without being told (by
//! itself, or by the keep-alive) thus knows that it is still idle.
//!
//! A worker's loop is a job as any other, but has its own share of the limit, and never waits for a thread that runs
//! a closure: a thread that has handed its worker on and waits *in place* does not count. When it is done there may be
//! more threads than the limit allows; a thread that finds it so ends, instead of taking a closure.
//!
//! The end cancels the closures that wait for a thread, but not those for which one has been told or started already,
//! nor the *mandatory* ones: somebody has been told that what they do is as good as done. Threads look into the queue
//! before they look whether it is closed, so these are run.

use crate::kernel::budget;
use crate::kernel::here;
use crate::kernel::hooks::Callback;
use crate::kernel::task::{self, Header, Home, Id, JoinHandle, Runnable, Scheduler};
use crate::kernel::worker::Handed;
use crate::prim::thread;
use crate::prim::{Arc, Condvar, Mutex};
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How the threads are made.
pub(crate) struct Config {
    /// At most this many threads, workers included.
    pub(crate) max_threads: usize,
    /// How long a thread waits for the next job before it ends.
    pub(crate) keep_alive: Duration,
    pub(crate) stack_size: Option<usize>,
    pub(crate) name: Box<dyn Fn() -> String + Send + Sync>,
    pub(crate) on_start: Option<Callback>,
    pub(crate) on_stop: Option<Callback>,
}

/// The threads of one runtime.
#[derive(Clone)]
pub(crate) struct Blocking(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// An idle thread was told of a job, or all of the end.
    job: Condvar,
    /// A thread has ended.
    ended: Condvar,
    config: Config,
}

struct State {
    queue: VecDeque<Job>,
    /// Those that will look into the queue again.
    threads: usize,
    /// Those that will not, since they have expired, but have not ended yet.
    expired: usize,
    idle: usize,
    told: usize,
    /// Threads that were started for a job, and have not looked into the queue yet.
    starting: usize,
    closed: bool,
    /// Threads that have handed their worker on, and wait.
    in_place: usize,
    /// Of the threads that have not ended by themselves. `None` for one that has, before its handle was there.
    handles: HashMap<usize, Option<thread::JoinHandle<()>>>,
    next_thread: usize,
}

/// A thread waits in place; see [`Blocking::wait_in_place`].
pub(crate) struct InPlace<'a>(&'a Shared);

/// Something to run on a thread that may wait.
pub(crate) enum Job {
    /// A `spawn_blocking` closure.
    Task(Runnable),
    /// A closure that is run even if the end comes before a thread does: once taken, it is not cancelled.
    Mandatory(Runnable),
    /// A worker's loop.
    Worker(Handed),
}

impl Job {
    fn is_closure(&self) -> bool {
        !matches!(self, Job::Worker(_))
    }
}

/// What a new thread runs; given to the caller of [`Blocking::submit`] so that it can run it in its context.
pub(crate) struct Main {
    shared: Arc<Shared>,
    number: usize,
    expired: Cell<bool>,
    /// It has not looked into the queue yet.
    starting: Cell<bool>,
}

/// A job that could not be taken.
pub(crate) enum Refused {
    /// The runtime has been shut down; the job is gone.
    Closed,
    /// The system has no thread for it, and no other thread will ever run it.
    NoThread(Job, io::Error),
}

/// The home of a closure. It is polled once, by the thread that takes it from the queue, and is ready then: so
/// it is never scheduled by a wake, and never sleeps.
struct Elsewhere;

impl Scheduler for Elsewhere {
    fn schedule(&self, task: Runnable) {
        unreachable!("blocking task {} was queued twice", task.id());
    }

    fn schedule_unheld(&self, task: Runnable) {
        self.schedule(task);
    }

    unsafe fn link(&self, _: NonNull<Header>) -> Option<u16> {
        None
    }

    unsafe fn finished(&self, _: NonNull<Header>, _: Option<u16>) {}
}

/// A closure as a future that is ready at its first poll.
struct Closure<F>(Option<F>);

impl<F> Unpin for Closure<F> {}

impl<F: FnOnce() -> R, R> Future for Closure<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let Some(closure) = self.0.take() else {
            unreachable!("a blocking task was polled after it had run");
        };
        // The closure may wait, so a budget that makes it yield would make no sense.
        here::with(|here| here.budget.set(budget::UNLIMITED));
        Poll::Ready(closure())
    }
}

/// A task that runs `closure`, to be submitted.
pub(crate) fn task<F, R>(closure: F) -> (Runnable, JoinHandle<R>)
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    task::new(Closure(Some(closure)), Home::new(Elsewhere), Id::next())
}

impl Blocking {
    pub(crate) fn new(config: Config) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                threads: 0,
                expired: 0,
                idle: 0,
                told: 0,
                starting: 0,
                closed: false,
                in_place: 0,
                handles: HashMap::new(),
                next_thread: 0,
            }),
            job: Condvar::new(),
            ended: Condvar::new(),
            config,
        }))
    }

    /// Queues a job, and sees to it that a thread comes for it. `context` wraps what a new thread runs.
    pub(crate) fn submit(
        &self,
        job: Job,
        context: impl FnOnce(Main) -> Box<dyn FnOnce() + Send>,
    ) -> Result<(), Refused> {
        let mut state = self.0.state.lock();
        if state.closed {
            drop(state);
            // Dropping a task cancels it, and dropping a core ends its worker.
            drop(job);
            return Err(Refused::Closed);
        }
        // A worker's loop goes first: the tasks of a whole core wait for it.
        let is_worker = matches!(job, Job::Worker(_));
        if is_worker {
            state.queue.push_front(job);
        } else {
            state.queue.push_back(job);
        }
        if state.tell_one() {
            drop(state);
            self.0.job.notify_one();
            return Ok(());
        }
        if state.threads >= self.0.limit(&state) {
            // A thread takes it when it has done what it is at.
            return Ok(());
        }
        state.threads += 1;
        state.starting += 1;
        let number = state.next_thread;
        state.next_thread += 1;
        drop(state);
        // Outside the lock: the name may be the user's function.
        let main = context(Main {
            shared: Arc::clone(&self.0),
            number,
            expired: Cell::new(false),
            starting: Cell::new(true),
        });
        // A panic must not leave the thread counted that was to be.
        let spawned = catch_unwind(AssertUnwindSafe(|| {
            let mut builder = thread::Builder::new().name((self.0.config.name)());
            if let Some(size) = self.0.config.stack_size {
                builder = builder.stack_size(size);
            }
            builder.spawn(main)
        }));
        match spawned {
            Ok(Ok(handle)) => {
                let mut state = self.0.state.lock();
                if state.handles.remove(&number).is_none() {
                    state.handles.insert(number, Some(handle));
                }
                Ok(())
            }
            Ok(Err(error)) => self.without_thread(is_worker, error),
            Err(_) => {
                let error = io::Error::other("the thread cannot be given a name");
                self.without_thread(is_worker, error)
            }
        }
    }

    /// The system refuses a thread. If others run, they will come to the job; otherwise nobody would.
    ///
    /// If several callers fail at once each takes one job of its own kind back, though perhaps another's.
    #[cold]
    fn without_thread(&self, is_worker: bool, error: io::Error) -> Result<(), Refused> {
        let mut state = self.0.state.lock();
        state.threads -= 1;
        state.starting -= 1;
        let job = if is_worker {
            // A worker's loop must not wait for threads that may themselves be waiting for its tasks.
            let is_there = matches!(state.queue.front(), Some(Job::Worker(_)));
            is_there.then(|| state.queue.pop_front()).flatten()
        } else {
            let is_there = state.queue.back().is_some_and(Job::is_closure);
            (is_there && state.threads == 0)
                .then(|| state.queue.pop_back())
                .flatten()
        };
        drop(state);
        self.0.ended.notify_all();
        match job {
            Some(job) => Err(Refused::NoThread(job, error)),
            None => Ok(()),
        }
    }

    /// This thread hands its worker on and waits, until the guard is dropped.
    pub(crate) fn wait_in_place(&self) -> InPlace<'_> {
        self.0.state.lock().in_place += 1;
        InPlace(&self.0)
    }

    /// Refuses further jobs, and cancels those that have not started and are not mandatory.
    pub(crate) fn close(&self) {
        let mut state = self.0.state.lock();
        state.closed = true;
        // These many have a thread on its way.
        let mut served = state.told + state.starting;
        let (tasks, kept) = std::mem::take(&mut state.queue)
            .into_iter()
            .partition::<VecDeque<_>, _>(|job| {
                let waits = served == 0;
                served = served.saturating_sub(1);
                waits && matches!(job, Job::Task(_))
            });
        // A core on its way to a thread still has to be shut down by one.
        state.queue = kept;
        drop(state);
        self.0.job.notify_all();
        // Dropping a task cancels it: user code, hence outside the lock.
        drop(tasks);
    }

    /// Waits until all threads have ended, or for `timeout`; true if they have. A thread that calls this is
    /// not waited for.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let start = Instant::now();
        let mut state = self.0.state.lock();
        let own = usize::from(self.is_own_thread());
        while state.threads + state.expired > own {
            state = match timeout {
                None => self.0.ended.wait(state),
                Some(timeout) => {
                    let Some(left) = timeout.checked_sub(start.elapsed()) else {
                        return false;
                    };
                    if left.is_zero() {
                        return false;
                    }
                    self.0.ended.wait_timeout(state, left).0
                }
            };
        }
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        let own = thread::current().id();
        for handle in handles.into_values().flatten() {
            if handle.thread().id() != own {
                // Its last step was to say so: this waits for the system to clean up. A panic was the user's
                // (a callback), and the hook has reported it.
                let _ = handle.join();
            }
        }
        true
    }

    /// True on a thread of this runtime.
    pub(crate) fn is_own_thread(&self) -> bool {
        here::with(|here| std::ptr::eq(here.pool_thread.get(), Arc::as_ptr(&self.0).cast()))
    }

    /// Threads, those of them that idle, and jobs in the queue.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.0.state.lock();
        (state.threads, state.idle, state.queue.len())
    }
}

impl Shared {
    /// How many threads there may be just now.
    fn limit(&self, state: &State) -> usize {
        self.config.max_threads.saturating_add(state.in_place)
    }
}

impl State {
    /// Takes one thread out of the idle ones, to be notified; false if none is idle.
    fn tell_one(&mut self) -> bool {
        if self.idle == 0 {
            return false;
        }
        self.idle -= 1;
        self.told += 1;
        true
    }
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        self.0.state.lock().in_place -= 1;
    }
}

impl Main {
    /// Runs jobs until the end.
    pub(crate) fn run(self) {
        let _ended = Ended(&self);
        here::with(|here| here.pool_thread.set(Arc::as_ptr(&self.shared).cast()));
        Callback::call(self.shared.config.on_start.as_ref());
        while let Some(job) = self.next_job() {
            match job {
                Job::Task(task) | Job::Mandatory(task) => {
                    let woken = task.run();
                    debug_assert!(woken.is_none(), "a closure is ready at its first poll");
                }
                Job::Worker(core) => core.run(),
            }
        }
        Callback::call(self.shared.config.on_stop.as_ref());
    }

    fn next_job(&self) -> Option<Job> {
        let mut state = self.shared.state.lock();
        if self.starting.replace(false) {
            state.starting -= 1;
        }
        loop {
            if state.threads > self.shared.limit(&state)
                && state.queue.front().is_none_or(Job::is_closure)
            {
                self.expire(&mut state);
                // The closure that this thread may have been told of is another's.
                if !state.queue.is_empty() && state.tell_one() {
                    drop(state);
                    self.shared.job.notify_one();
                }
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            loop {
                let (guard, timed_out) = self
                    .shared
                    .job
                    .wait_timeout(state, self.shared.config.keep_alive);
                state = guard;
                if state.told > 0 {
                    state.told -= 1;
                    break;
                }
                if state.closed {
                    state.idle -= 1;
                    break;
                }
                if timed_out {
                    state.idle -= 1;
                    self.expire(&mut state);
                    return None;
                }
            }
        }
    }
}

impl Main {
    /// This thread has decided to end: a job that comes from now on needs another one.
    fn expire(&self, state: &mut State) {
        self.expired.set(true);
        state.threads -= 1;
        state.expired += 1;
        // Nobody will join this thread, so its handle goes now, or as soon as it comes.
        if state.handles.remove(&self.number).is_none() {
            state.handles.insert(self.number, None);
        }
    }
}

/// Says that a thread has ended, also if a callback panicked.
struct Ended<'a>(&'a Main);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        here::with(|here| here.pool_thread.set(std::ptr::null()));
        let mut state = self.0.shared.state.lock();
        if self.0.expired.get() {
            state.expired -= 1;
        } else {
            state.threads -= 1;
        }
        drop(state);
        self.0.shared.ended.notify_all();
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (threads, idle, queued) = self.counts();
        f.debug_struct("Blocking")
            .field("threads", &threads)
            .field("idle", &idle)
            .field("queued", &queued)
            .finish()
    }
}
