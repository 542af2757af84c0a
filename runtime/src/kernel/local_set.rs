//! The queues of a `LocalSet`: tasks that stay on one thread, within whatever drives the set there.
//!
//! ```text
//!   the owner's thread, while it polls the set          any thread, and the owner at other times
//!   P1  register the waker of whoever polls             R1  lock: push to the remote queue
//!   P2  run tasks; those they wake go to the own        R2  take the waker, wake it
//!       queue: a `RefCell`, no lock                         (closing: signal the owner instead)
//!   P3  own queue and inbox empty: lock, take the
//!       remote queue as the inbox; empty too: the
//!       poll is over
//! ```
//!
//! # Why nothing is lost
//!
//! [`AtomicWaker`] promises: either R2 finds the waker of P1, and the set is polled again; or P1 receives what came
//! before R2, and then P3 finds the push. A poll within a poll of the same set registers nothing: the outer one has,
//! and goes on afterwards.
//!
//! # The order of turns
//!
//! That of a current-thread scheduler: what was woken on the owner's thread runs first in, first out, and what other threads
//! have pushed comes one at a time, when nothing else is ready or after every so many tasks. What is woken on the owner's
//! thread while the set is not being polled lies in the remote queue's half for that ([`Remote::own`]), and goes to the own
//! queue before anything else does.
//!
//! # Whose thread
//!
//! The futures need not be `Send`, so a [`Runnable`] is run or dropped on the owner's thread only. It may *lie* in the
//! remote queue, put there by a waker of another thread; but only [`LocalSet`] takes it out, which is not `Send`, and
//! leaves the queue empty when it is dropped. All that is left then may go on any thread: it is memory.
//!
//! # Closing
//!
//! The owner cancels the tasks that sleep (see [`owned`](super::owned)) and those in the queues, until none is left. One that is in
//! neither is between a waker's `or` and R1, where no user code runs: the owner waits for the push, which comes at
//! once. It never leaves a task to the pusher. No task is running meanwhile: only a poll of the set runs any, and that
//! borrows the set.
//!
//! # Who asks
//!
//! Where the tasks stand other threads may ask, as they ask those of a scheduler ([`Outside`]), whatever the owner does
//! meanwhile. They walk through the list under its lock, which a task leaves before it completes; they keep a task's *memory*,
//! and whoever gives that back last frees what has neither a future nor an output in it any more (invariants 2 and 8); and they
//! wake. A request is a wake with a bit more: it comes by R1 and R2 to the owner, who polls, or cancels if it is closing. What a
//! set knows of that is nothing but the bit, which whoever starts a task sees.
//!
//! The models are `loom-tests/src/models/local_set.rs`.

mod home;

pub(crate) use home::Outside;

use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::budget;
use crate::kernel::context::Within;
use crate::kernel::here::{self, Blocking};
use crate::kernel::register::Register;
use crate::kernel::root::Driving;
use crate::kernel::task::{self, Home, Id, JoinHandle, Membership, Origin, Runnable, TaskInfo};
use crate::kernel::wanted::Wanted;
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::{Arc, Condvar, Mutex, asked};
use home::SetHome;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ptr;
use std::rc::Rc;
use std::task::Waker;

/// How many tasks one poll runs before it lets the outer executor have its turn.
const TASKS_PER_POLL: usize = 61;

/// How often what other threads have pushed comes first.
const REMOTE_FIRST: u32 = 31;

/// The half of a set that other threads see.
struct Shared {
    remote: Mutex<Remote>,
    /// How many are in `Remote::own`: asked and told by the owner's thread alone, which need not lock for nothing.
    own_len: AtomicUsize,
    /// Tells the owner's thread from others. Should another one be taken for it once it has ended, only an order changes.
    owner: usize,
    /// Of whoever polled the set last.
    waker: AtomicWaker,
    /// Something was pushed while the owner waited for the last tasks.
    pushed: Condvar,
    register: Register,
    /// What is to be looked for: it depends on where the set is polled, so `register` does not say it.
    wanted: Mutex<Option<&'static Wanted>>,
    /// Tasks that have not completed. Changed by the owner's thread alone; for others a hint.
    live: AtomicUsize,
}

struct Remote {
    queue: VecDeque<Runnable>,
    /// Pushed by the owner's thread.
    own: VecDeque<Runnable>,
    /// The owner is cancelling the tasks.
    closing: bool,
}

/// The half of a set that never leaves its thread; what `here.local_set` points to.
struct Own {
    shared: Arc<Shared>,
    home: Home,
    /// Never borrowed across foreign code.
    queue: RefCell<VecDeque<Runnable>>,
    /// What other threads have pushed first. Never borrowed across foreign code either.
    inbox: RefCell<VecDeque<Runnable>>,
    /// Counts tasks, up to [`REMOTE_FIRST`].
    tick: Cell<u32>,
    /// This thread is running the set's tasks: what is pushed to `queue` will be seen.
    polling: Cell<bool>,
    closed: Cell<bool>,
}

/// The tasks of a `LocalSet`. Dropping it cancels them.
pub(crate) struct LocalSet(Rc<Own>);

/// A set is current on this thread until this is dropped.
///
/// `here.local_set` owns a count, and the guard owns that of the set before; so one that is forgotten, or dropped out
/// of order, may leak a count but leaves nothing dangling.
pub(crate) struct Entered {
    outer: *const Own,
}

/// A poll of the set, from P1 on.
pub(crate) struct Polling<'a> {
    set: &'a LocalSet,
    /// This is a poll within a poll of the same set.
    nested: bool,
    _entered: Entered,
    _driving: Option<Driving>,
}

impl LocalSet {
    #[inline]
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared {
            remote: Mutex::new(Remote {
                queue: VecDeque::new(),
                own: VecDeque::new(),
                closing: false,
            }),
            own_len: AtomicUsize::new(0),
            owner: this_thread(),
            waker: AtomicWaker::new(),
            pushed: Condvar::new(),
            register: Register::new(1, Wanted::NOTHING),
            wanted: Mutex::new(None),
            live: AtomicUsize::new(0),
        });
        Self(Rc::new(Own {
            home: Home::new(SetHome(Arc::clone(&shared))),
            shared,
            queue: RefCell::new(VecDeque::new()),
            inbox: RefCell::new(VecDeque::new()),
            tick: Cell::new(0),
            polling: Cell::new(false),
            closed: Cell::new(false),
        }))
    }

    pub(crate) fn spawn<F>(&self, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.0.spawn(future, origin, ())
    }

    /// Makes the set current, for [`spawn_on_current`].
    #[inline]
    pub(crate) fn enter(&self) -> Entered {
        let own = Rc::into_raw(Rc::clone(&self.0));
        let outer = here::with(|here| here.local_set.replace(own.cast()));
        Entered {
            outer: outer.cast(),
        }
    }

    /// P1: the set is being polled, by somebody who is woken by `waker`, until the guard is dropped.
    #[inline]
    pub(crate) fn poll(&self, waker: &Waker) -> Polling<'_> {
        let polling = self.polling();
        if !polling.nested {
            self.0.shared.waker.register(waker);
        }
        polling
    }

    #[inline]
    fn polling(&self) -> Polling<'_> {
        // The tasks of the thread's worker could be moved elsewhere, but not those of the set.
        let in_place = here::with(|here| here.blocking.get()) == Blocking::InPlace;
        Polling {
            _driving: in_place.then(|| Driving::replace(Blocking::Forbidden)),
            _entered: self.enter(),
            nested: self.0.polling.replace(true),
            set: self,
        }
    }

    /// True if all tasks have completed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.shared.live() == 0
    }

    /// The tasks that have been asleep, and the one that this thread is polling.
    #[inline]
    pub(crate) fn tasks(&self) -> Vec<TaskInfo> {
        self.0.shared.register.tasks()
    }

    /// The set for those who ask its tasks.
    pub(crate) fn outside(&self) -> Outside {
        Outside(Arc::clone(&self.0.shared))
    }

    /// Says what is to be looked for from now on.
    #[inline]
    pub(crate) fn want(&self, wanted: &'static Wanted) {
        *self.0.shared.wanted.lock() = Some(wanted);
    }

    /// The next task.
    #[inline]
    fn next(&self) -> Option<Runnable> {
        let own = &*self.0;
        if asked::asks() {
            return own.drawn();
        }
        let tick = own.tick.get();
        own.tick.set((tick + 1) % REMOTE_FIRST);
        if tick == 0 {
            own.pop_remote().or_else(|| own.pop())
        } else {
            own.pop().or_else(|| own.pop_remote())
        }
    }
}

impl Polling<'_> {
    /// P2 and P3; true if there may be more to do.
    #[inline]
    pub(crate) fn run_tasks(&self) -> bool {
        // What this is polled within is whoever's who polls it, and not the tasks'.
        let _nothing = Within::nothing();
        // In a simulation one at a time, so that who is not in the set can have its turn between any two.
        let most = if asked::asks() { 1 } else { TASKS_PER_POLL };
        for _ in 0..most {
            let Some(task) = self.set.next() else {
                return false;
            };
            let woken = budget::with_budget(budget::of_a_poll(), || task.run());
            if let Some(woken) = woken {
                self.set.0.push(woken);
            }
        }
        true
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.set.0.polling.set(self.nested);
    }
}

impl Drop for LocalSet {
    #[inline]
    fn drop(&mut self) {
        // Destructors find the set in place; what they wake comes to the own queue, what they spawn is cancelled.
        let _polling = self.polling();
        self.0.closed.set(true);
        let shared = &*self.0.shared;
        shared.remote.lock().closing = true;
        shared.register.owned.close();
        loop {
            while let Some(task) = self.next() {
                task.cancel();
            }
            let mut remote = shared.remote.lock();
            while remote.queue.is_empty() && remote.own.is_empty() {
                if shared.live() == 0 {
                    drop(remote);
                    // Wakers of tasks may outlive the set, and keep `shared`; they need not keep this.
                    drop(shared.waker.take());
                    return;
                }
                remote = shared.pushed.wait(remote);
            }
        }
    }
}

/// Spawns onto the set that is current on this thread, or gives everything back if none is.
pub(crate) fn spawn_on_current<F, M>(
    future: F,
    origin: Origin,
    member: M,
) -> Result<JoinHandle<M::Kept>, (F, Origin, M)>
where
    F: Future + 'static,
    M: Membership<F::Output>,
{
    let own = here::with(|here| here.local_set.get()).cast::<Own>();
    if own.is_null() {
        return Err((future, origin, member));
    }
    // SAFETY: stored by `enter` with `Rc::into_raw` on this thread, and its count is given back only after the pointer
    // has been replaced; `ManuallyDrop` leaves the count alone.
    let own = ManuallyDrop::new(unsafe { Rc::from_raw(own) });
    // A count of its own for the length of the call: cancelling a task runs destructors, which may leave the set.
    Ok(Rc::clone(&own).spawn(future, origin, member))
}

impl Own {
    fn spawn<F, M>(&self, future: F, origin: Origin, member: M) -> JoinHandle<M::Kept>
    where
        F: Future + 'static,
        M: Membership<F::Output>,
    {
        // Ordering: Relaxed, see `live`.
        self.shared.live.fetch_add(1, Ordering::Relaxed);
        let (task, handle) =
            task::new_member(future, self.home.clone(), Id::next(), origin, member);
        if self.closed.get() {
            task.cancel();
        } else {
            self.home.schedule(task);
        }
        handle
    }

    #[inline]
    fn push(&self, task: Runnable) {
        self.take_own();
        self.queue.borrow_mut().push_back(task);
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        self.take_own();
        self.queue.borrow_mut().pop_front()
    }

    /// The next task, if a simulation chooses it.
    #[inline]
    fn drawn(&self) -> Option<Runnable> {
        self.take_own();
        while let Some(task) = self.pop_remote() {
            self.queue.borrow_mut().push_back(task);
        }
        let mut queue = self.queue.borrow_mut();
        let chosen = asked::choose(queue.iter().map(|task| task.id().get()))?;
        queue.remove(chosen)
    }

    /// What this thread has pushed from outside of the set's polls came before what is pushed now.
    #[inline]
    fn take_own(&self) {
        // Ordering: Relaxed, stored by this thread.
        if self.shared.own_len.load(Ordering::Relaxed) != 0 {
            let mut remote = self.shared.remote.lock();
            self.shared.own_len.store(0, Ordering::Relaxed);
            self.queue.borrow_mut().append(&mut remote.own);
        }
    }

    /// What another thread has pushed first.
    #[inline]
    fn pop_remote(&self) -> Option<Runnable> {
        let mut inbox = self.inbox.borrow_mut();
        if inbox.is_empty() {
            std::mem::swap(&mut *inbox, &mut self.shared.remote.lock().queue);
        }
        inbox.pop_front()
    }
}

/// What tells this thread from the others that are alive.
#[inline]
fn this_thread() -> usize {
    here::with(|here| ptr::from_ref(here).addr())
}

impl Shared {
    #[inline]
    fn live(&self) -> usize {
        // Ordering: Relaxed. Tasks are spawned and completed on the owner's thread, and this is asked there, or is a hint.
        self.live.load(Ordering::Relaxed)
    }

    /// The set, if this thread is polling it.
    #[inline]
    fn polling(&self) -> Option<&Own> {
        let own = here::with(|here| here.local_set.get()).cast::<Own>();
        // SAFETY: as in `spawn_on_current`: `here.local_set` owns a count, which the callers do not outlast.
        let own = unsafe { own.as_ref() };
        own.filter(|own| ptr::eq(&*own.shared, self) && own.polling.get())
    }

    #[inline]
    fn push_remote(&self, task: Runnable) {
        // R1. The task stays in there until the owner comes, even if it is closing.
        let mut remote = self.remote.lock();
        if this_thread() == self.owner {
            remote.own.push_back(task);
            // Ordering: Relaxed, see `take_own`.
            self.own_len.store(remote.own.len(), Ordering::Relaxed);
        } else {
            remote.queue.push_back(task);
        }
        let closing = remote.closing;
        drop(remote);
        // R2.
        if closing {
            self.pushed.notify_one();
        } else {
            self.waker.wake();
        }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        let own = here::with(|here| here.local_set.replace(self.outer.cast())).cast::<Own>();
        if !own.is_null() {
            // SAFETY: `here.local_set` owned a count of it, made by `Rc::into_raw` on this thread (`Entered` is not
            // `Send`), which is given back now that the pointer is gone.
            drop(unsafe { Rc::from_raw(own) });
        }
    }
}

impl fmt::Debug for LocalSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet")
            .field("live_tasks", &self.0.shared.live())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entered {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered(..)")
    }
}

impl fmt::Debug for Polling<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Polling(..)")
    }
}
