//! Where a task is queued: a thin counted pointer to a scheduler.
//!
//! A task reaches its scheduler through one indirect call, whatever kind of scheduler it is, so the code of a
//! task is compiled once per future and not once per future and scheduler. (`Arc<dyn Scheduler>` would do,
//! but is two words wide, and loom's `Arc` cannot be unsized.)

use super::cell::Header;
use super::run::Runnable;
use crate::kernel::captures::Captures;
use crate::kernel::lines::Lines;
use crate::kernel::observe::Observe;
use crate::kernel::register::Register;
use crate::kernel::wanted::{self, Wanted};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use std::ptr::{self, NonNull};

/// What a task asks of its scheduler.
pub(crate) trait Scheduler: Send + Sync + 'static {
    /// Queues a task that was spawned, woken or aborted. Any thread.
    fn schedule(&self, task: Runnable);

    /// As [`schedule`](Self::schedule), when nothing but the task holds this scheduler: as soon as the task is pushed,
    /// another thread may run it to its end and free the scheduler, which must not be touched any more by then. Hence a
    /// pointer: a reference would have to be valid until this returns.
    ///
    /// # Safety
    ///
    /// `this` is alive until the task is pushed.
    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable)
    where
        Self: Sized;

    /// Enters a task that goes to sleep for the first time into an owned list, and says into which. `None` if
    /// the scheduler is closed: then the task is cancelled.
    ///
    /// # Safety
    ///
    /// The task is live until `finished` is called for it.
    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16>;

    /// A task is about to complete, its future is gone. `shard` is what `link` returned.
    ///
    /// # Safety
    ///
    /// `link` returned `shard` for this task.
    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>);

    /// What tells this scheduler from others, whichever of its homes is asked. Null if nobody asks for its tasks.
    fn address(&self) -> *const () {
        self.register().map_or(ptr::null(), Register::address)
    }

    /// What is kept of its tasks for those who ask. `None` if nobody does.
    fn register(&self) -> Option<&Register> {
        None
    }

    /// Who of its tasks waits in line, if anybody wants to know.
    fn lines(&self) -> Option<&Arc<Lines>> {
        let register = self.register()?;
        register.lines(&register.wanted)
    }

    /// What is to be looked for at its tasks.
    fn wanted(&self) -> &Wanted {
        match self.register() {
            Some(register) => &register.wanted,
            None => wanted::of_the_process(),
        }
    }
}

#[repr(C)]
struct Head {
    count: AtomicUsize,
    vtable: &'static Vtable,
}

struct Vtable {
    schedule: unsafe fn(NonNull<Head>, Runnable),
    schedule_unheld: unsafe fn(NonNull<Head>, Runnable),
    link: unsafe fn(NonNull<Head>, NonNull<Header>) -> Option<u16>,
    finished: unsafe fn(NonNull<Head>, NonNull<Header>, Option<u16>),
    address: unsafe fn(NonNull<Head>) -> *const (),
    register: for<'a> unsafe fn(&'a NonNull<Head>) -> Option<&'a Register>,
    lines: for<'a> unsafe fn(&'a NonNull<Head>) -> Option<&'a Arc<Lines>>,
    wanted: for<'a> unsafe fn(&'a NonNull<Head>) -> &'a Wanted,
    free: unsafe fn(NonNull<Head>),
}

#[repr(C)]
struct Counted<S> {
    head: Head,
    scheduler: S,
}

/// A counted pointer to a [`Scheduler`].
pub(crate) struct Home(NonNull<Head>);

// SAFETY: a home is a counted pointer to a `Scheduler`, which is `Send + Sync`; the count is atomic.
unsafe impl Send for Home {}
// SAFETY: as above.
unsafe impl Sync for Home {}

/// A [`Home`] that is not counted: that of a task, which keeps it until it is pushed, or one of several that their owner keeps.
#[derive(Clone, Copy)]
pub(crate) struct Lent(NonNull<Head>);

// SAFETY: as a home: what it points to is `Send + Sync`.
unsafe impl Send for Lent {}

impl Lent {
    /// A home of one's own.
    ///
    /// # Safety
    ///
    /// The home that was lent is still there.
    #[inline]
    pub(crate) unsafe fn to_home(self) -> Home {
        // SAFETY: it is there, and counts (the caller's).
        let lender = std::mem::ManuallyDrop::new(Home(self.0));
        Home::clone(&lender)
    }

    /// As [`Scheduler::schedule_unheld`].
    ///
    /// # Safety
    ///
    /// The home is that of `task`.
    #[inline]
    pub(super) unsafe fn schedule(self, task: Runnable) {
        // SAFETY: the task counts for its home until it is pushed.
        let vtable = unsafe { self.0.as_ref() }.vtable;
        // SAFETY: as above.
        unsafe { (vtable.schedule_unheld)(self.0, task) }
    }
}

impl<S: Scheduler> Counted<S> {
    const VTABLE: Vtable = Vtable {
        schedule: |head, task| Self::scheduler(head).schedule(task),
        // SAFETY: `Lent::schedule` has the same contract.
        schedule_unheld: |head, task| unsafe {
            S::schedule_unheld(NonNull::from(Self::scheduler(head)), task);
        },
        // SAFETY: `Home::link` has the same contract.
        link: |head, task| unsafe { Self::scheduler(head).link(task) },
        // SAFETY: `Home::finished` has the same contract.
        finished: |head, task, shard| unsafe { Self::scheduler(head).finished(task, shard) },
        address: |head| Self::scheduler(head).address(),
        register: |head| Self::scheduler(*head).register(),
        lines: |head| Self::scheduler(*head).lines(),
        wanted: |head| Self::scheduler(*head).wanted(),
        free: |head| {
            // SAFETY: made by `Box::into_raw` in `Home::new`, and the count is 0.
            drop(unsafe { Box::from_raw(head.cast::<Self>().as_ptr()) });
        },
    };

    fn scheduler<'a>(head: NonNull<Head>) -> &'a S {
        // SAFETY: the vtable is only reached through a head of this type, the first field of its `repr(C)`
        // struct, by a `Home` that counts; the lifetime does not outlive that call.
        unsafe { &(*head.cast::<Self>().as_ptr()).scheduler }
    }
}

impl Home {
    pub(crate) fn new<S: Scheduler>(scheduler: S) -> Self {
        let counted = Box::new(Counted {
            head: Head {
                count: AtomicUsize::new(1),
                vtable: const { &Counted::<S>::VTABLE },
            },
            scheduler,
        });
        Self(NonNull::from(Box::leak(counted)).cast())
    }

    #[inline]
    pub(crate) fn schedule(&self, task: Runnable) {
        // SAFETY: the head is alive as this home counts.
        unsafe { (self.head().vtable.schedule)(self.0, task) }
    }

    /// What queues a task whose home this is, and which nothing else keeps.
    #[inline]
    pub(crate) fn lend(&self) -> Lent {
        Lent(self.0)
    }

    /// True if this is the only pointer to what it points to.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn is_unshared(&self) -> bool {
        // Ordering: Acquire, partner of the Release by which another was given up.
        self.head().count.load(Ordering::Acquire) == 1
    }

    /// # Safety
    ///
    /// As [`Scheduler::link`].
    pub(super) unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // SAFETY: as above; the rest is the caller's.
        unsafe { (self.head().vtable.link)(self.0, task) }
    }

    /// # Safety
    ///
    /// As [`Scheduler::finished`].
    pub(super) unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        // SAFETY: as above; the rest is the caller's.
        unsafe { (self.head().vtable.finished)(self.0, task, shard) }
    }

    /// As [`Scheduler::address`].
    pub(super) fn address(&self) -> *const () {
        // SAFETY: as above.
        unsafe { (self.head().vtable.address)(self.0) }
    }

    /// As [`Scheduler::register`].
    fn register(&self) -> Option<&Register> {
        // SAFETY: as above.
        unsafe { (self.head().vtable.register)(&self.0) }
    }

    /// The observation of the tasks, if they can be observed.
    pub(super) fn observe(&self) -> Option<&Observe> {
        self.register().map(|register| &register.observe)
    }

    /// Who asks the tasks where they stand. `None` if nobody does.
    pub(super) fn captures(&self) -> Option<&Captures> {
        self.register().map(Register::captures)
    }

    /// As [`Scheduler::lines`].
    pub(super) fn lines(&self) -> Option<&Arc<Lines>> {
        // SAFETY: as above.
        unsafe { (self.head().vtable.lines)(&self.0) }
    }

    /// As [`Scheduler::wanted`].
    pub(super) fn wanted(&self) -> &Wanted {
        // SAFETY: as above.
        unsafe { (self.head().vtable.wanted)(&self.0) }
    }

    #[inline]
    fn head(&self) -> &Head {
        // SAFETY: alive as this home counts.
        unsafe { self.0.as_ref() }
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Home(..)")
    }
}

impl Clone for Home {
    #[inline]
    fn clone(&self) -> Self {
        // Ordering: Relaxed, the new count comes from one that exists. It cannot overflow: each count is
        // a task in memory.
        self.head().count.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Home {
    #[inline]
    fn drop(&mut self) {
        // Ordering: Release hands over what this holder did to the one that frees, which acquires it by the load.
        if self.head().count.fetch_sub(1, Ordering::Release) == 1 {
            self.head().count.load(Ordering::Acquire);
            // SAFETY: the last count is gone, so nobody reaches the head any more.
            unsafe { (self.head().vtable.free)(self.0) }
        }
    }
}
