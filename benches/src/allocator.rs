//! The system's allocator with a counter that is off unless it is asked for.
//!
//! A program that measures memory has `#[global_allocator] static ALLOCATOR: Counting = Counting;`. While the counter is
//! off, an allocation pays for it with one load and a branch that is always predicted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator, counting when asked to.
#[derive(Debug)]
pub struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Wraps around below zero when what was allocated before the start is freed; differences stay right.
static LIVE: AtomicU64 = AtomicU64::new(0);

/// What the allocator was asked for since [`start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocated {
    /// How often memory was asked for; growing a block counts too.
    pub allocations: u64,
    /// Bytes asked for and not yet given back.
    pub live: i64,
}

/// Begins to count.
pub fn start() {
    ON.store(true, Ordering::Relaxed);
}

/// What was asked for so far; zeros in a program that has another allocator.
pub fn allocated() -> Allocated {
    Allocated {
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        live: LIVE.load(Ordering::Relaxed) as i64,
    }
}

fn count(allocations: u64, grown: u64) {
    if ON.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
        LIVE.fetch_add(grown, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as u64);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as u64);
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, (size as u64).wrapping_sub(layout.size() as u64));
        // SAFETY: the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, (layout.size() as u64).wrapping_neg());
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}
