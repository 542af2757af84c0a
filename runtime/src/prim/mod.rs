//! The door: the only names through which the kernel (and `sync`) see the outside world.
//!
//! Everything with an ordering or a raw pointer lives behind this door, so that loom-tests can compile
//! the very same kernel files with another `prim` whose atomics, locks, cells and threads are loom's.
//! Whatever is added here must be added there (`loom-tests/src/prim.rs`), with the same signature.
//!
//! The rules that keep the two doors alike:
//! - no sequentially consistent *accesses*: loom treats them as acquire-release. Store-to-load order is
//!   always an explicit `fence(SeqCst)`, which loom models exactly;
//! - a thread-local is reached by `with` only;
//! - every spin goes through [`hint::spin_loop`] or [`thread::yield_now`], or loom would never leave it.

pub(crate) mod alarm;
pub(crate) mod alloc;
pub(crate) mod asked;
mod cell;
mod clock;
#[cfg(all(feature = "reactor", unix))]
pub(crate) mod descriptor;
mod lock;
#[cfg(unix)]
pub(crate) mod peer;
pub(crate) mod process;
#[cfg(all(feature = "introspection", unix))]
pub(crate) mod shared_file;
#[cfg(feature = "introspection")]
pub(crate) mod stack;
#[cfg(unix)]
pub(crate) mod system;
#[cfg(feature = "introspection")]
pub(crate) mod threads;
#[cfg(feature = "introspection")]
pub(crate) mod tick;
pub(crate) mod turns;
#[cfg(feature = "introspection")]
pub(crate) mod words;

pub(crate) use cell::UnsafeCell;
pub(crate) use clock::{base, now};
pub(crate) use lock::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard};
pub(crate) use std::sync::Arc;
/// The `Arc` of public signatures: only std's can be a method's `self`, also behind loom's door.
pub(crate) use std::sync::Arc as SelfArc;
pub(crate) use std::sync::OnceLock;

pub(crate) mod atomic {
    //! Atomics and the fence.
    /// A word that nobody synchronises by: relaxed in all places, and outside of the models.
    pub(crate) use std::sync::atomic::AtomicU64 as Note;
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
}

pub(crate) mod hint {
    //! What a spinning thread says to the processor (or to loom).
    pub(crate) use std::hint::spin_loop;

    /// Rounds of spinning that take some 3 µs.
    pub(crate) const A_WHILE: u32 = 100;
}

pub(crate) mod thread {
    //! Threads.
    pub(crate) use std::thread::{Builder, JoinHandle, current, panicking, yield_now};
}

#[cfg(feature = "rt-multi-thread")]
pub(crate) mod deque {
    //! The work-stealing deque and the injector.
    pub(crate) use crossbeam_deque::{Injector, Steal, Stealer, Worker};
}

#[cfg(feature = "reactor")]
pub(crate) mod reactor {
    //! The reactor that idle workers wait in.
    pub(crate) use leno_reactor::{Handle, Reactor, Turn, is_reactor_gone};
}
#[cfg(not(feature = "reactor"))]
#[path = "no_reactor.rs"]
pub(crate) mod reactor;

pub(crate) use crossbeam_utils::CachePadded;

/// How many values a block of an mpsc channel holds: a power of two. Models make do with fewer.
pub(crate) const CHANNEL_BLOCK: usize = 32;

static A_CLOCK_WAS_PAUSED: std::sync::atomic::AtomicBool =
    std::sync::atomic::AtomicBool::new(false);

/// Notes that some runtime's clock no longer shows real time.
pub(crate) fn note_paused_clock() {
    // Ordering: Relaxed. Who sees the flag reads the clock itself, which has its own orderings; who may
    // expect to see it runs after the pause anyway.
    A_CLOCK_WAS_PAUSED.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// False as long as every clock of the process shows real time, so that none has to be looked up.
#[inline]
pub(crate) fn a_clock_was_paused() -> bool {
    // Ordering: Relaxed, as in `note_paused_clock`.
    A_CLOCK_WAS_PAUSED.load(std::sync::atomic::Ordering::Relaxed)
}

static A_LOCK_WAS_HELD: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// A task of this process takes a lock that notes who holds it, or gets in line for it.
#[cold]
pub(crate) fn note_held_lock() {
    // Ordering: Relaxed; see `a_lock_was_held`.
    A_LOCK_WAS_HELD.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// True if a task has taken such a lock. Exact for the thread that has, and for all that comes after: that the task is polled on.
#[inline]
pub(crate) fn a_lock_was_held() -> bool {
    // Ordering: Relaxed. Whoever has to know, the same task, comes after the store, by what hands tasks from thread to thread.
    A_LOCK_WAS_HELD.load(std::sync::atomic::Ordering::Relaxed)
}

/// The first of `count` consecutive task ids that nobody else in the process is given.
pub(crate) fn reserve_ids(count: u64) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Ordering: Relaxed, since only the uniqueness of the returned block matters.
    NEXT.fetch_add(count, Ordering::Relaxed)
}

/// A number to start a thread's random sequence with, different for each thread.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(reserve_ids(1))
}

/// Runs a test of one thread. Behind loom's door it runs within loom, which has to know of all that is made of its types.
#[cfg(test)]
pub(crate) fn on_one_thread(test: impl Fn() + Send + Sync + 'static) {
    test();
}

/// Declares a thread-local that needs neither lazy initialisation nor a destructor.
macro_rules! thread_local_cells {
    ($(#[$attr:meta])* static $name:ident: $t:ty = $init:expr;) => {
        std::thread_local! {
            $(#[$attr])*
            static $name: $t = const { $init };
        }
    };
}
pub(crate) use thread_local_cells;

/// Declares constructors that are `const` here. loom's atomics have no `const fn new`, so its door drops
/// the word.
macro_rules! const_fn {
    ($($(#[$attr:meta])* $vis:vis const fn $name:ident $([$($gen:tt)*])? ($($args:tt)*) -> $ret:ty $body:block)+) => {
        $($(#[$attr])* $vis const fn $name $(<$($gen)*>)? ($($args)*) -> $ret $body)+
    };
}
pub(crate) use const_fn;
