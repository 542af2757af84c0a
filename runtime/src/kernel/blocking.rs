//! Threads that may wait: for `spawn_blocking`, and to run the workers on.
//!
//! A mutexed queue and a condition variable. A thread is started when none idles and fewer than the limit run,
//! and ends after it has idled for the keep-alive.
//!
//! Who may sleep and who was told: `idle` counts the threads that wait and have not been told; telling one
//! takes it out of `idle` and into `told`, both under the lock. A thread that wakes up without being told (by
//! itself, or by the keep-alive) thus knows that it is still idle.
//!
//! A worker's loop is a job as any other, but has its own share of the limit (that of a [spare worker](super::spares) as long as
//! it is there), and never waits for a thread that runs a closure: a thread that has handed its worker on does not count while it
//! waits. Where all that run closures wait, one thread more than the limit stands by (see [`in_place`](mod@in_place)). When those
//! that wait go on there may be more threads than the limit allows; a thread that finds it so ends, instead of taking a closure.
//!
//! A closure that does nothing but wait for the system ([`Job::Wait`]) thus never counts, and need not wait for threads that
//! do: it goes to the front of the queue, and a thread comes for it, beyond the limit if need be, and ends after it. Since
//! that would be no limit at all, there are at most [`MOST_WAITS`] of them; more are refused.
//!
//! The end cancels the closures that wait for a thread, but not those for which one has been told or started already,
//! nor the *mandatory* ones: somebody has been told that what they do is as good as done. Threads look into the queue
//! before they look whether it is closed, so these are run. Workers' loops are taken after the end too: a core has to be
//! ended by somebody, and who hands it on is one of the threads that the end waits for.

mod census;
mod closure;
mod in_place;
mod job;

use crate::kernel::foreign;
use crate::kernel::here::{self, Crew, Hold};
use crate::kernel::hooks::Callback;
use crate::kernel::task::Runnable;
use crate::kernel::waiting::waiting;
use crate::kernel::worker::Outcome;
use crate::prim::thread;
use crate::prim::{Arc, Condvar, Mutex, MutexGuard, SelfArc};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use census::Places;
pub(crate) use census::Running;
pub(crate) use closure::{refused, task};
pub(crate) use in_place::in_place;
pub(crate) use job::Job;
use job::Kind;

/// How the threads are made.
pub(crate) struct Config {
    /// At most this many threads, workers included.
    pub(crate) max_threads: usize,
    /// How long a thread waits for the next job before it ends.
    pub(crate) keep_alive: Duration,
    /// For how long all that run closures have to wait, at least, before one more is started; see `in_place`.
    pub(crate) patience: Duration,
    pub(crate) stack_size: Option<usize>,
    pub(crate) name: Box<dyn Fn() -> String + Send + Sync>,
    pub(crate) on_start: Option<Callback>,
    pub(crate) on_stop: Option<Callback>,
}

/// How many [waits](Job::Wait) there may be at once.
pub(crate) const MOST_WAITS: usize = 16;

/// The threads of one runtime.
#[derive(Clone)]
pub(crate) struct Blocking(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// An idle thread was told of a job, or all of the end.
    job: Condvar,
    /// The thread that stands by waits until it has been patient, or for the end.
    stalled: Condvar,
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
    /// Those that do not count, as they wait.
    waiting: usize,
    /// Of these, those that run a closure, and all that do.
    waiting_in_closures: usize,
    in_closures: usize,
    /// Threads that run a worker's loop: they come to no job before its end.
    in_workers: usize,
    /// Spare workers: each has a share of the limit as long as it is there.
    spares: usize,
    /// A thread is there, or about to be, for when all that run closures wait for too long.
    has_standby: bool,
    /// The [waits](Job::Wait) that have not ended.
    waits: usize,
    /// What the threads run, but for workers' loops.
    running: Places,
    /// Of the threads that have not ended by themselves, by their numbers. `None` for one that has, before its handle was there.
    handles: Vec<(usize, Option<thread::JoinHandle<()>>)>,
    next_thread: usize,
}

impl State {
    /// A thread's handle has come, or the thread has ended by itself: the later of the two takes out what the first has left.
    fn note_or_forget(&mut self, number: usize, handle: Option<thread::JoinHandle<()>>) {
        match self
            .handles
            .binary_search_by_key(&number, |&(number, _)| number)
        {
            Ok(place) => drop(self.handles.remove(place)),
            Err(place) => self.handles.insert(place, (number, handle)),
        }
    }
}

/// Runs a thread's [`Main`] in what whoever submits jobs wants to be there. (std's `Arc`, for only that can be of a type
/// that is not known behind loom's door.)
pub(crate) type Surroundings = SelfArc<dyn Fn(Main) + Send + Sync>;

/// What a new thread runs.
pub(crate) struct Main {
    shared: Arc<Shared>,
    /// For threads that this one needs.
    surroundings: Surroundings,
    number: usize,
    expired: Cell<bool>,
    /// It has not looked into the queue yet.
    starting: Cell<bool>,
    /// It is there in case that all others go on waiting.
    standby: Cell<bool>,
    in_closure: Cell<bool>,
    /// Where it says what it runs.
    place: Cell<Option<usize>>,
}

/// A job that could not be taken.
pub(crate) enum Refused {
    /// The runtime has been shut down; the job is gone.
    Closed,
    /// The system has no thread for it, and no other thread will ever run it; or there are enough [waits](Job::Wait).
    NoThread(Job, io::Error),
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
                waiting: 0,
                waiting_in_closures: 0,
                in_closures: 0,
                in_workers: 0,
                spares: 0,
                has_standby: false,
                waits: 0,
                running: Places::new(),
                handles: Vec::new(),
                next_thread: 0,
            }),
            job: Condvar::new(),
            stalled: Condvar::new(),
            ended: Condvar::new(),
            config,
        }))
    }

    /// True if no thread was ever needed, and nobody else knows it: then it is as it was made.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn is_as_new(&mut self) -> bool {
        let Some(shared) = Arc::get_mut(&mut self.0) else {
            return false;
        };
        let state = shared.state.get_mut();
        // Whatever is submitted to one that has no thread begins with starting one.
        state.next_thread == 0 && !state.closed
    }

    /// Queues a job, and sees to it that a thread comes for it.
    pub(crate) fn submit(
        &self,
        job: Job,
        surroundings: &dyn Fn() -> Surroundings,
    ) -> Result<(), Refused> {
        Shared::submit(&self.0, job, surroundings)
    }

    /// Cancels the jobs that have not started and are not mandatory. Further ones are taken, those of destructors above all.
    pub(crate) fn begin_to_close(&self) {
        self.0.cancel(self.0.state.lock());
    }

    /// Refuses further jobs, and cancels those that have not started and are not mandatory.
    pub(crate) fn close(&self) {
        self.0.close();
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
        for handle in handles.into_iter().filter_map(|(_, handle)| handle) {
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
        self.with_own(|_| ()).is_some()
    }

    /// Threads, those of them that idle, and jobs in the queue.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.0.state.lock();
        (state.threads, state.idle, state.queue.len())
    }
}

impl Shared {
    fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        // Whoever waits for one of these is a thread of this pool. To tell nobody costs a system call each.
        let anybody = state.threads + state.expired != 0;
        self.cancel(state);
        if anybody {
            self.job.notify_all();
            self.stalled.notify_all();
        }
    }

    fn cancel(&self, mut state: MutexGuard<'_, State>) {
        if state.queue.is_empty() {
            return;
        }
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
        // Dropping a task cancels it: user code, hence outside the lock.
        drop(tasks);
    }

    /// How many threads there may be just now.
    fn limit(&self, state: &State) -> usize {
        let beyond = state.waiting + state.spares;
        self.config.max_threads.saturating_add(beyond)
    }

    /// How many are started without more ado.
    fn limit_at_once(&self, state: &State) -> usize {
        self.limit(state) - state.waiting_in_closures
    }

    fn submit(
        shared: &Arc<Self>,
        job: Job,
        surroundings: &dyn Fn() -> Surroundings,
    ) -> Result<(), Refused> {
        let mut state = shared.state.lock();
        let (kind, address) = (job.kind(), job.address());
        if state.closed && !matches!(kind, Kind::Worker | Kind::Spare) {
            drop(state);
            // Dropping a task cancels it.
            drop(job);
            return Err(Refused::Closed);
        }
        if kind == Kind::Wait {
            if state.waits == MOST_WAITS {
                let error = io::Error::other("enough threads wait");
                return Err(Refused::NoThread(job, error));
            }
            state.waits += 1;
        }
        state.spares += usize::from(kind == Kind::Spare);
        // A worker's loop goes first: the tasks of a whole core wait for it. So does a wait, since whoever comes for it
        // must find it, however many threads there are by then.
        if kind == Kind::Counts {
            state.queue.push_back(job);
        } else {
            state.queue.push_front(job);
        }
        if state.tell_one() {
            drop(state);
            shared.job.notify_one();
            return Ok(());
        }
        // (Others do not wait, whatever the limit says: closures that waited may have gone on meanwhile.)
        let is_full = kind == Kind::Counts && state.threads >= shared.limit_at_once(&state);
        if is_full && !state.is_stalled() {
            // A thread takes it when it has done what it is at.
            return Ok(());
        }
        let Err(error) = Self::start(shared, state, surroundings) else {
            return Ok(());
        };
        match shared.take_back(kind, address) {
            Some(job) => Err(Refused::NoThread(job, error)),
            None => Ok(()),
        }
    }

    /// Starts another thread; one that stands by if there are as many as there may be.
    fn start(
        shared: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        surroundings: &dyn Fn() -> Surroundings,
    ) -> io::Result<()> {
        let counts = state.queue.front().is_none_or(Job::counts);
        let standby = counts && state.threads >= shared.limit_at_once(&state);
        state.has_standby |= standby;
        state.threads += 1;
        state.starting += 1;
        let number = state.next_thread;
        state.next_thread += 1;
        drop(state);
        // Outside the lock: the name may be the user's function. A panic must not leave the thread counted that was to be.
        let spawned = catch_unwind(AssertUnwindSafe(|| {
            let surroundings = surroundings();
            let main = Main {
                shared: Arc::clone(shared),
                surroundings: SelfArc::clone(&surroundings),
                number,
                expired: Cell::new(false),
                starting: Cell::new(true),
                standby: Cell::new(standby),
                in_closure: Cell::new(false),
                place: Cell::new(None),
            };
            let mut builder = thread::Builder::new().name((shared.config.name)());
            if let Some(size) = shared.config.stack_size {
                builder = builder.stack_size(size);
            }
            builder.spawn(move || surroundings(main))
        }));
        let error = match spawned {
            Ok(Ok(handle)) => {
                let mut state = shared.state.lock();
                state.note_or_forget(number, Some(handle));
                return Ok(());
            }
            Ok(Err(error)) => error,
            Err(payload) => {
                foreign::discard(payload);
                io::Error::other("the thread cannot be given a name")
            }
        };
        let mut state = shared.state.lock();
        state.threads -= 1;
        state.starting -= 1;
        state.has_standby &= !standby;
        drop(state);
        shared.ended.notify_all();
        Err(error)
    }

    /// The system refuses a thread for the job at `address`. If others run closures, or nothing, they will come to it; otherwise
    /// nobody would.
    ///
    /// If somebody has come for that very job, this is another of its kind, whose thread will find nothing: as many jobs as
    /// threads were refused are taken back.
    #[cold]
    fn take_back(&self, kind: Kind, address: *const ()) -> Option<Job> {
        let mut state = self.state.lock();
        if kind == Kind::Counts && state.threads > state.in_workers {
            return None;
        }
        // The others must not wait for threads that may themselves be waiting: for a core's tasks, or what is waited for.
        let mut jobs = state.queue.iter();
        let own = jobs.position(|job| job.address() == address);
        let other = || state.queue.iter().rposition(|job| job.kind() == kind);
        let place = own.or_else(other)?;
        match kind {
            Kind::Wait => state.waits -= 1,
            Kind::Spare => state.spares -= 1,
            Kind::Counts | Kind::Worker => {}
        }
        state.queue.remove(place)
    }
}

impl State {
    /// True if all that run closures wait, jobs are there that nobody is coming for, and no thread stands by.
    fn is_stalled(&self) -> bool {
        self.in_closures > 0
            && self.waiting_in_closures == self.in_closures
            && self.queue.len() > self.told + self.starting
            && !self.has_standby
    }

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

impl Main {
    /// Runs jobs until the end.
    pub(crate) fn run(self) {
        let _ended = Ended(&self);
        let crew: &dyn Crew = &self;
        here::with(|here| {
            here.crew.set(Some(NonNull::from(crew)));
            here.hold.set(Hold::Counted);
        });
        Callback::call(self.shared.config.on_start.as_ref());
        let run = |task: Runnable| {
            let woken = task.run();
            debug_assert!(woken.is_none(), "a closure is ready at its first poll");
        };
        while let Some(job) = self.next_job() {
            match job {
                Job::Task(task) | Job::Mandatory(task) => run(task),
                Job::Wait(task) => {
                    waiting(|| run(task));
                    self.shared.state.lock().waits -= 1;
                }
                Job::Worker(core) | Job::Spare(core) => {
                    self.shared.state.lock().in_workers += 1;
                    let is_spare = core.is_spare();
                    let outcome = core.run();
                    let mut state = self.shared.state.lock();
                    state.in_workers -= 1;
                    if is_spare && outcome != Outcome::HandedOn {
                        state.spares -= 1;
                    }
                    drop(state);
                    if outcome == Outcome::Last {
                        // Nobody is left whose jobs are worth waiting for.
                        self.shared.close();
                    }
                }
            }
        }
        Callback::call(self.shared.config.on_stop.as_ref());
    }

    fn next_job(&self) -> Option<Job> {
        let mut state = self.shared.state.lock();
        if self.starting.replace(false) {
            state.starting -= 1;
        }
        self.has_run(&mut state);
        if self.standby.replace(false) {
            state = self.stand_by(state);
        }
        loop {
            if state.threads > self.shared.limit(&state)
                && state.queue.front().is_none_or(Job::counts)
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
                self.will_run(&mut state, &job);
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
        state.note_or_forget(self.number, None);
    }
}

/// Says that a thread has ended, also if a callback panicked.
struct Ended<'a>(&'a Main);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        here::with(|here| {
            here.crew.set(None);
            here.hold.set(Hold::Nothing);
        });
        let mut state = self.0.shared.state.lock();
        self.0.has_run(&mut state);
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
        let (waiting, waits) = {
            let state = self.0.state.lock();
            (state.waiting, state.waits)
        };
        f.debug_struct("Blocking")
            .field("threads", &threads)
            .field("idle", &idle)
            .field("queued", &queued)
            .field("waiting", &waiting)
            .field("waits", &waits)
            .finish()
    }
}
