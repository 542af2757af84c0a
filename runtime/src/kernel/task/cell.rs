//! The memory of a task: a header that does not know the future's type, what it is [besides](super::member), then the future or
//! its output.
//!
//! `Header` is 72 bytes, `Stage` 8 more than a future that lends no niche: an empty async block makes a task
//! of 96 bytes. No over-alignment: glibc serves 128-aligned blocks past its thread cache, at four times the
//! price.

use super::error::Failure;
use super::home::Home;
use super::id::{Id, Mark};
use super::lost;
use super::member::{self, Member, Membership};
use super::origin::Origin;
use super::run::dropping;
use super::state::{State, Word};
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::lines::Lines;
use crate::kernel::list::{Linked, Links};
use crate::kernel::observe::Observe;
use crate::prim::alloc::{alloc, dealloc};
use crate::prim::{Arc, UnsafeCell, asked};
use std::alloc::{Layout, handle_alloc_error};
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

/// What is known of every task, whatever its future.
#[repr(C)]
pub(crate) struct Header {
    pub(super) state: State,
    pub(super) vtable: &'static Vtable,
    /// Where the task is queued when it is woken. Holds a count, so that a waker between its `or` and its
    /// push finds a scheduler, whatever shuts down meanwhile.
    pub(super) home: Home,
    /// Of the owned list; under that list's lock.
    links: Links<Header>,
    /// Its id, for the most part.
    pub(super) mark: Mark,
    /// Where it was spawned, and under what name.
    pub(super) origin: Origin,
    /// Invariant 5 says whose it is.
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
}

/// What depends on the future's type. The operations all take the header of a task of that type.
#[derive(Debug)]
pub(super) struct Vtable {
    /// Polls the future, within the task's scope; if it is ready (or panics), replaces it by the output. If the scope is cancelled,
    /// does what `cancel` does instead. For the poller.
    pub(super) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    /// Replaces the future by the failure "cancelled". For the poller.
    pub(super) cancel: unsafe fn(NonNull<Header>),
    /// Moves the output to the `Option<Result<M::Kept, Failure>>` that is pointed to, a `None`, which stays as it is
    /// if the output has been taken before. For the owner of the output.
    pub(super) take_output: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops the output, if it has not been taken. For the owner of the output.
    pub(super) drop_output: unsafe fn(NonNull<Header>),
    /// Drops the output of a complete task, then gives up JOIN, and frees the memory if that was the last. For the
    /// `JoinHandle`, which loaded the word.
    pub(super) leave: unsafe fn(NonNull<Header>, Word),
    /// Frees the memory. Runs no user code (invariant 8).
    pub(super) free: unsafe fn(NonNull<Header>),
    /// What the compiler calls the future's type. A function, as the name itself is no constant.
    pub(super) type_name: fn() -> &'static str,
    /// How large the future is.
    pub(super) future_size: usize,
    /// Behind the header lies a [`Member`].
    pub(super) is_member: bool,
    /// Its handle is to tell why it was cancelled.
    pub(super) is_told: bool,
}

/// How a poll has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    Pending,
    Ready,
    /// The task's scope was cancelled, so that the future was dropped.
    Cancelled,
}

#[repr(C)]
struct Cell<F: Future, M: Membership<F::Output>> {
    header: Header,
    member: M,
    stage: UnsafeCell<Stage<F, M::Kept>>,
}

enum Stage<F, K> {
    /// Pinned: it is never moved out of here, only dropped in place.
    Future(F),
    Output(Result<K, Failure>),
    Gone,
}

/// Drops a future that panics in its poll while that unwinds, as it drops what is on the stack: destructors can see that
/// their thread is panicking.
struct Unwinding<F, K>(*mut Stage<F, K>);

impl<F, K> Drop for Unwinding<F, K> {
    fn drop(&mut self) {
        // SAFETY: whoever has made this owns the stage.
        let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { *self.0 = Stage::Gone }));
        if let Err(payload) = dropped {
            foreign::discard(payload);
        }
    }
}

/// Stores the output where the future was, which is gone by then. (An assignment would look for what is there, which is known.)
struct Stored<F, K> {
    stage: *mut Stage<F, K>,
    output: ManuallyDrop<Result<K, Failure>>,
}

impl<F, K> Drop for Stored<F, K> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: it is not used any more.
        let output = unsafe { ManuallyDrop::take(&mut self.output) };
        // SAFETY: whoever has made this owns the stage, and has dropped what is in it.
        unsafe { self.stage.write(Stage::Output(output)) };
    }
}

// SAFETY: the field is inside the header, and its address is computed without making a reference.
unsafe impl Linked for Header {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: `node` is live (caller), so the field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.mark.id())
            .field("state", &self.state.load())
            .finish_non_exhaustive()
    }
}

impl Header {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) const LINKS: usize = std::mem::offset_of!(Self, links);

    /// True if the task is in an owned list, or was. For its poller's thread (invariant 7).
    pub(crate) fn is_linked(&self) -> bool {
        self.state.load().shard().is_some()
    }

    #[inline(always)]
    pub(crate) fn id(&self) -> u64 {
        self.mark.id().get()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the compiler calls the future's type.
    pub(crate) fn type_name(&self) -> &'static str {
        (self.vtable.type_name)()
    }

    pub(crate) fn future_size(&self) -> usize {
        self.vtable.future_size
    }

    /// Its handle gives an error that says why its scope has cancelled it.
    pub(crate) fn is_told(&self) -> bool {
        self.vtable.is_told
    }

    /// The observation of the task's scheduler, if it has any.
    pub(crate) fn observe(&self) -> Option<&Observe> {
        self.home.observe()
    }

    /// True if a wake of the task changes nothing: another has come before, or it is complete. A hint.
    pub(crate) fn needs_no_wake(&self) -> bool {
        let word = self.state.load();
        word.is_notified() || word.is_complete()
    }

    /// True if somebody polls the task, or its own poll has requeued it.
    pub(crate) fn is_running(&self) -> bool {
        self.state.load().is_running()
    }

    /// True if the task's scheduler has this [address](super::home::Scheduler::address).
    pub(crate) fn is_at_home_in(&self, scheduler: *const ()) -> bool {
        self.home.address() == scheduler
    }

    /// Who of the scheduler's tasks waits in line, if anybody wants to know.
    pub(crate) fn lines(&self) -> Option<&Arc<Lines>> {
        self.home.lines()
    }

    /// The member of a task that is one.
    ///
    /// # Safety
    ///
    /// `task` is alive.
    #[inline]
    pub(crate) unsafe fn member(task: NonNull<Self>) -> Option<NonNull<Member>> {
        // SAFETY: alive (caller).
        if !member::EXIST || !unsafe { task.as_ref() }.vtable.is_member {
            return None;
        }
        // SAFETY: alive (caller), and a member.
        Some(unsafe { Self::as_member(task) })
    }

    /// The member of a task of which it is known that it is one.
    ///
    /// # Safety
    ///
    /// `task` is alive, and a member.
    #[inline(always)]
    pub(super) unsafe fn as_member(task: NonNull<Self>) -> NonNull<Member> {
        // SAFETY: the cell of a member has it there, see `Cell::VTABLE`; the pointer is to the whole cell.
        unsafe { task.add(1).cast() }
    }

    /// The task of a member.
    ///
    /// # Safety
    ///
    /// `member` was got from [`member`](Self::member), and the task is alive.
    pub(crate) unsafe fn of_member(member: NonNull<Member>) -> NonNull<Self> {
        // SAFETY: it lies behind the header in the same memory.
        unsafe { member.cast::<Self>().sub(1) }
    }

    /// Runs `f`, which drops something of this task's, as the task: `task::try_id` says so.
    pub(super) fn within<R>(&self, f: impl FnOnce() -> R) -> R {
        let outer = here::with(|here| here.task_id.replace(self.mark.word()));
        let result = f();
        here::with(|here| here.task_id.set(outer));
        result
    }
}

pub(super) fn allocate<F, M>(
    future: F,
    home: Home,
    id: Id,
    origin: Origin,
    member: M,
) -> NonNull<Header>
where
    F: Future + 'static,
    M: Membership<F::Output>,
{
    let layout = Layout::new::<Cell<F, M>>();
    // SAFETY: the header alone makes the size more than 0.
    let memory = unsafe { alloc(layout) }.cast::<Cell<F, M>>();
    let Some(cell) = NonNull::new(memory) else {
        handle_alloc_error(layout);
    };
    let value = Cell {
        header: Header {
            state: State::new(M::IS_MEMBER),
            vtable: const { &Cell::<F, M>::VTABLE },
            home,
            links: Links::new(),
            mark: Mark::new(id),
            origin,
            join_waker: UnsafeCell::new(None),
        },
        member,
        stage: UnsafeCell::new(Stage::Future(future)),
    };
    // SAFETY: fresh memory of the right layout.
    unsafe { cell.write(value) };
    cell.cast()
}

impl<F: Future + 'static, M: Membership<F::Output>> Cell<F, M> {
    const VTABLE: Vtable = Vtable {
        poll: Self::poll,
        cancel: Self::cancel,
        take_output: Self::take_output,
        drop_output: Self::drop_output,
        leave: Self::leave,
        free: Self::free,
        type_name: std::any::type_name::<F>,
        future_size: size_of::<F>(),
        is_member: {
            // Where `Header::member` looks for it.
            assert!(!M::IS_MEMBER || std::mem::offset_of!(Self, member) == size_of::<Header>());
            M::IS_MEMBER
        },
        is_told: M::IS_TOLD,
    };

    /// What the task's handle gets of how its future has ended. For the poller.
    #[inline(always)]
    fn end(task: NonNull<Header>, outcome: Result<F::Output, Failure>) -> Result<M::Kept, Failure> {
        // SAFETY: the caller keeps it alive.
        Self::membership(task).end(unsafe { task.as_ref() }, outcome)
    }

    unsafe fn poll(task: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
        let member = Self::membership(task);
        if member.is_cancelled() {
            // SAFETY: the caller is the poller.
            return unsafe { Self::end_with_scope(task) };
        }
        // Left when the output is there, and the future gone.
        let _inside = member.inside();
        let stage = Self::stage(task);
        let polled = catch_unwind(AssertUnwindSafe(|| {
            stage.with_mut(|stage| {
                let unwinding = Unwinding(stage);
                // SAFETY: the caller is the poller, so nobody else touches the stage.
                let Stage::Future(future) = (unsafe { &mut *stage }) else {
                    unreachable!("a task without its future was polled");
                };
                let future: *mut F = future;
                // SAFETY: the future stays in the task's memory until it is dropped in place.
                let polled = unsafe { Pin::new_unchecked(&mut *future) }.poll(cx);
                let _polled = ManuallyDrop::new(unwinding);
                let output = match polled {
                    Poll::Pending => return Polled::Pending,
                    Poll::Ready(output) => output,
                };
                let _stored = Stored {
                    stage,
                    output: ManuallyDrop::new(Self::end(task, Ok(output))),
                };
                // If this panics, the output is stored all the same, and then replaced by the panic below.
                // SAFETY: it is in the stage, and is dropped there once: what is stored next overwrites it.
                unsafe { future.drop_in_place() };
                Polled::Ready
            })
        }));
        match polled {
            Ok(polled) => polled,
            Err(payload) => {
                asked::panicked(&*payload);
                // SAFETY: the caller is the poller.
                unsafe { Self::fail(task, Some(payload)) };
                Polled::Ready
            }
        }
    }

    /// The scope is cancelled: the future is dropped instead of polled.
    #[cold]
    unsafe fn end_with_scope(task: NonNull<Header>) -> Polled {
        let member = Self::membership(task);
        // SAFETY: the poller keeps the task alive.
        member.note(unsafe { task.as_ref() });
        let _inside = member.inside();
        // SAFETY: the caller is the poller.
        dropping(|| unsafe { Self::fail(task, None) });
        Polled::Cancelled
    }

    unsafe fn cancel(task: NonNull<Header>) {
        // SAFETY: the caller is the poller.
        unsafe { Self::fail(task, None) };
    }

    /// Replaces what the stage holds by a failure. A panic of the future's destructor becomes the failure.
    #[cold]
    unsafe fn fail(task: NonNull<Header>, mut failure: Failure) {
        // SAFETY: the caller is the poller, which owns the stage.
        if let Err(payload) = unsafe { Self::empty(task) } {
            asked::panicked(&*payload);
            match failure {
                None => failure = Some(payload),
                Some(_) => foreign::discard(payload),
            }
        }
        let outcome = Self::end(task, Err(failure));
        // SAFETY: as above; what is overwritten holds nothing.
        Self::stage(task).with_mut(|stage| unsafe { *stage = Stage::Output(outcome) });
    }

    /// Drops what the stage holds, and catches the panic if that panics.
    unsafe fn empty(task: NonNull<Header>) -> Result<(), Box<dyn Any + Send>> {
        catch_unwind(AssertUnwindSafe(|| {
            Self::stage(task).with_mut(|stage| {
                // SAFETY: the caller owns the stage. Assigning drops the old value in place, and stores
                // the new one also if that panics.
                unsafe { *stage = Stage::Gone }
            });
        }))
    }

    unsafe fn take_output(task: NonNull<Header>, target: *mut ()) {
        Self::stage(task).with_mut(|stage| {
            // SAFETY: the caller owns the output.
            let stage = unsafe { std::mem::replace(&mut *stage, Stage::Gone) };
            match stage {
                // SAFETY: the caller points to a place for this type.
                Stage::Output(output) => unsafe {
                    target
                        .cast::<Option<Result<M::Kept, Failure>>>()
                        .write(Some(output));
                },
                // The handle has the output already: the place keeps its `None`.
                Stage::Gone => {}
                Stage::Future(_) => unreachable!("a complete task still has its future"),
            }
        });
    }

    #[inline]
    unsafe fn drop_output(task: NonNull<Header>) {
        let gone = Self::stage(task).with(|stage| {
            // SAFETY: the caller owns the output.
            match unsafe { &*stage } {
                Stage::Output(Ok(_)) => {
                    !std::mem::needs_drop::<M::Kept>() && !lost::is_result::<M::Kept>()
                }
                Stage::Output(Err(_)) | Stage::Future(_) => false,
                Stage::Gone => true,
            }
        });
        if !gone {
            // SAFETY: the caller's.
            unsafe { Self::drop_stored(task) };
        }
    }

    #[inline(never)]
    unsafe fn drop_stored(task: NonNull<Header>) {
        // SAFETY: the caller keeps the task alive.
        let header = unsafe { task.as_ref() };
        Self::stage(task).with(|stage| {
            // SAFETY: the caller owns the output.
            if let Stage::Output(output) = unsafe { &*stage } {
                lost::tell_of(header, output);
            }
        });
        // Nobody is left to tell of a panic: it is swallowed, as the panic hook has reported it.
        let dropped = header.within(|| {
            // SAFETY: the caller owns the output.
            let dropped = unsafe { Self::empty(task) };
            dropped.inspect_err(|payload| asked::panicked(&**payload))
        });
        if let Err(payload) = dropped {
            foreign::discard(payload);
        }
    }

    unsafe fn leave(task: NonNull<Header>, word: Word) {
        // SAFETY: the caller owns the output until it gives up JOIN (invariant 6).
        unsafe { Self::drop_output(task) };
        // SAFETY: JOIN keeps the task alive.
        let last = unsafe { task.as_ref() }.state.leave_complete(word);
        if last {
            // SAFETY: nobody else is left (invariant 2).
            unsafe { Self::free(task) };
        }
    }

    #[inline]
    unsafe fn free(task: NonNull<Header>) {
        let cell = task.cast::<Self>();
        // The stage is `Gone` or holds nothing that is left to drop, and the waker's cell is empty (invariant 8): only
        // the home and the origin are left. (The look at them is for the models too, which see by it that nobody else has them.)
        debug_assert!(Self::stage(task).with_mut(|stage| {
            // SAFETY: the caller is the last one to know the task (invariant 2).
            !matches!(unsafe { &*stage }, Stage::Future(_))
        }));
        // SAFETY: the caller is the last one to know the task (invariant 2).
        unsafe { (&raw mut (*cell.as_ptr()).header.home).drop_in_place() };
        // SAFETY: as above.
        unsafe { (&raw mut (*cell.as_ptr()).header.origin).drop_in_place() };
        // There is nothing to drop in it; models see by this that its links are nobody's any more.
        // SAFETY: as above.
        unsafe { (&raw mut (*cell.as_ptr()).member).drop_in_place() };
        // SAFETY: allocated with this layout in `allocate`.
        unsafe { dealloc(cell.as_ptr().cast(), Layout::new::<Self>()) };
    }

    fn membership<'a>(task: NonNull<Header>) -> &'a M
    where
        F: 'a,
    {
        // SAFETY: as in `stage`.
        unsafe { &(*task.cast::<Self>().as_ptr()).member }
    }

    fn stage<'a>(task: NonNull<Header>) -> &'a UnsafeCell<Stage<F, M::Kept>>
    where
        F: 'a,
        M: 'a,
    {
        // SAFETY: the vtable is only reached through a header of this type, and the header is the first
        // field of its `repr(C)` cell. The caller of the vtable keeps the task alive; the lifetime does not
        // leave this file.
        unsafe { &(*task.cast::<Self>().as_ptr()).stage }
    }
}
