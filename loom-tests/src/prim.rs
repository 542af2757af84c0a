//! The door `prim` made of loom's types; the runtime's own is `runtime/src/prim`, with the same names.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

pub(crate) use loom::sync::Arc;
/// Only std's `Arc` can be a method's `self`; its counts are not modelled.
pub(crate) use std::sync::Arc as SelfArc;
/// Settings that are made once; not modelled.
pub(crate) use std::sync::OnceLock;

/// Runs a kernel file's own test, which is of one thread.
#[cfg(test)]
pub(crate) fn on_one_thread(test: impl Fn() + Send + Sync + 'static) {
    crate::models::explore(0, test);
}

/// A cell whose end counts as a write: all accesses must have happened before, or its memory went too early.
#[derive(Debug)]
pub(crate) struct UnsafeCell<T: ?Sized>(loom::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::cell::UnsafeCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: `this` is not used any more, nor dropped.
        this.0.with_mut(|value| unsafe { value.read() })
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.0.with(f)
    }

    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(f)
    }
}

impl<T: ?Sized> Drop for UnsafeCell<T> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.with_mut(|_| ());
        }
    }
}

pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    /// Relaxed in all places, and nobody synchronises by it: no model need look at each order of its accesses.
    pub(crate) use std::sync::atomic::AtomicU64 as Note;

    /// A fence; none if it is relaxed, which is what a mutation makes of one that it takes away.
    #[track_caller]
    pub(crate) fn fence(ordering: Ordering) {
        if ordering != Ordering::Relaxed {
            loom::sync::atomic::fence(ordering);
        }
    }

    /// loom's atomics, whose end counts as a write, as a cell's does. (loom offers none for `AtomicBool`.)
    macro_rules! atomics {
        ($($name:ident $([$gen:ident])? ($value:ty);)+) => {$(
            #[derive(Debug)]
            pub(crate) struct $name $(<$gen>)? (loom::sync::atomic::$name $(<$gen>)?);

            impl $(<$gen>)? $name $(<$gen>)? {
                pub(crate) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$name::new(value))
                }
            }

            impl $(<$gen>)? std::ops::Deref for $name $(<$gen>)? {
                type Target = loom::sync::atomic::$name $(<$gen>)?;
                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }

            impl $(<$gen>)? Drop for $name $(<$gen>)? {
                fn drop(&mut self) {
                    if !std::thread::panicking() {
                        self.0.with_mut(|_| ());
                    }
                }
            }
        )+};
    }

    atomics! {
        AtomicPtr[T](*mut T);
        AtomicU32(u32);
        AtomicU64(u64);
        AtomicUsize(usize);
    }
}

pub(crate) mod hint {
    pub(crate) use loom::hint::spin_loop;

    /// In one round all others may go on.
    pub(crate) const A_WHILE: u32 = 1;
}

pub(crate) mod thread {
    pub(crate) use loom::thread::{Builder, JoinHandle, ThreadId, current, yield_now};
    pub(crate) use std::thread::panicking;
}

pub(crate) mod alloc {
    pub(crate) use loom::alloc::alloc;
    use std::alloc::Layout;

    /// Frees the memory, and leaves something there that no use of it takes for valid.
    pub(crate) unsafe fn dealloc(memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's: the memory is of that layout, and the caller's alone.
        unsafe { memory.write_bytes(0xee, layout.size()) };
        // SAFETY: as above.
        unsafe { loom::alloc::dealloc(memory, layout) }
    }
}

pub(crate) mod deque {
    pub(crate) use crate::deque::{Injector, Steal, Stealer, Worker};
}

pub(crate) mod reactor {
    pub(crate) use crate::reactor::{Handle, Reactor, Turn};
}

/// No model is a simulation.
#[path = "../../runtime/src/prim/asked/nobody.rs"]
pub(crate) mod asked;

pub(crate) mod alarm {
    pub(crate) use crate::reactor::Alarm;

    /// How exactly somebody waits makes no difference.
    pub(crate) fn finely<R>(wait: impl FnOnce() -> R) -> R {
        wait()
    }
}

/// Padding does not change what is modelled.
#[derive(Debug, Default)]
pub(crate) struct CachePadded<T>(T);

impl<T> CachePadded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for CachePadded<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for CachePadded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// loom switches threads on one, which counts as panicking while any of them unwinds: so no model may unwind through
/// an operation of loom's.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

/// Knows its mutex, for [`Condvar::wait_timeout`].
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T> {
    guard: loom::sync::MutexGuard<'a, T>,
    mutex: &'a Mutex<T>,
}

impl<T> MutexGuard<'_, T> {
    /// Calls `f` with the mutex released.
    fn unlocked(self, f: impl FnOnce()) -> Self {
        let mutex = self.mutex;
        drop(self);
        f();
        mutex.lock()
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap()
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let guard = self.0.lock().unwrap();
        MutexGuard { guard, mutex: self }
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let guard = self.0.try_lock().ok()?;
        Some(MutexGuard { guard, mutex: self })
    }
}

#[derive(Debug)]
pub(crate) struct Condvar(loom::sync::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(loom::sync::Condvar::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let MutexGuard { guard, mutex } = guard;
        let guard = self.0.wait(guard).unwrap();
        MutexGuard { guard, mutex }
    }

    /// loom has no time: this waits for a notification, however long, unless it is not to wait at all.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        if duration.is_zero() {
            let guard = guard.unlocked(loom::thread::yield_now);
            return (guard, true);
        }
        (self.wait(guard), false)
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Small, so that a few values already need a second block.
pub(crate) const CHANNEL_BLOCK: usize = 2;
#[derive(Debug)]
pub(crate) struct RwLock<T>(loom::sync::RwLock<T>);

pub(crate) type RwLockReadGuard<'a, T> = loom::sync::RwLockReadGuard<'a, T>;
type RwLockWriteGuard<'a, T> = loom::sync::RwLockWriteGuard<'a, T>;

impl<T> RwLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::RwLock::new(value))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap()
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap()
    }
}

pub(crate) use crate::reactor::now;

pub(crate) mod stack {
    /// As deep as any.
    pub(crate) const DEEPEST: usize = 128;

    pub(crate) fn prepare() -> bool {
        false
    }

    /// No model looks at a stack: it is empty.
    #[derive(Debug)]
    pub(crate) struct Frames(());

    impl Frames {
        pub(crate) const fn new() -> Self {
            Self(())
        }

        pub(crate) fn capture(_skip: usize) -> Self {
            Self(())
        }

        pub(crate) fn capture_interrupted() -> Self {
            Self(())
        }

        pub(crate) fn is_cut(&self) -> bool {
            false
        }

        pub(crate) fn addresses(&self) -> &[usize] {
            &[]
        }
    }
}

pub(crate) mod threads {
    use std::time::Duration;

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Doing {
        pub(crate) processor: Duration,
        pub(crate) waits: bool,
        pub(crate) wait: Option<String>,
    }

    /// No model looks at threads from outside.
    pub(crate) fn id() -> u32 {
        0
    }

    pub(crate) fn doing(_thread: u32) -> Option<Doing> {
        None
    }

    pub(crate) fn prepare_to_interrupt(_answer: fn()) -> bool {
        false
    }

    pub(crate) fn interrupt(_thread: u32) -> bool {
        false
    }
}

pub(crate) mod process {
    /// No model forks.
    pub(crate) fn number() -> u32 {
        1
    }
}

pub(crate) mod turns {
    /// Only signals want to know.
    pub(crate) fn turned() {}
}

pub(crate) fn note_paused_clock() {}

pub(crate) fn a_clock_was_paused() -> bool {
    true
}

pub(crate) fn note_held_lock() {}

/// Here tasks always count.
pub(crate) fn a_lock_was_held() -> bool {
    true
}

pub(crate) fn reserve_ids(count: u64) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(count, Ordering::Relaxed)
}

/// Every execution of a model must make the same choices.
pub(crate) fn seed() -> u64 {
    1
}

macro_rules! thread_local_cells {
    ($(#[$attr:meta])* static $name:ident: $t:ty = $init:expr;) => {
        loom::thread_local! {
            $(#[$attr])*
            static $name: $t = $init;
        }
    };
}
pub(crate) use thread_local_cells;

macro_rules! const_fn {
    ($($(#[$attr:meta])* $vis:vis const fn $name:ident $([$($gen:tt)*])? ($($args:tt)*) -> $ret:ty $body:block)+) => {
        $($(#[$attr])* $vis fn $name $(<$($gen)*>)? ($($args)*) -> $ret $body)+
    };
}
pub(crate) use const_fn;

/// Ticks are the clock's.
pub(crate) mod tick {
    pub(crate) use crate::reactor::now;

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Calibration {
        pub(crate) ticks: u64,
        pub(crate) nanoseconds: u64,
        pub(crate) ticks_per_second: u64,
    }
}

pub(crate) mod words {
    use super::atomic::AtomicU64;
    use std::ops::{Deref, Range};

    /// A row of words; a clone, or a part, refers to the same ones.
    #[derive(Debug, Clone)]
    pub(crate) struct Words {
        all: std::sync::Arc<[AtomicU64]>,
        range: Range<usize>,
    }

    impl Words {
        pub(crate) fn zeroed(length: usize) -> Self {
            Self {
                all: (0..length).map(|_| AtomicU64::new(0)).collect(),
                range: 0..length,
            }
        }

        pub(crate) fn prefetch(&self, _index: usize) {}

        pub(crate) unsafe fn at(&self, index: usize) -> &AtomicU64 {
            &self[index]
        }

        pub(crate) fn part(&self, range: Range<usize>) -> Self {
            let start = self.range.start;
            Self {
                all: self.all.clone(),
                range: start + range.start..start + range.end,
            }
        }
    }

    impl Deref for Words {
        type Target = [AtomicU64];
        fn deref(&self) -> &[AtomicU64] {
            &self.all[self.range.clone()]
        }
    }
}
