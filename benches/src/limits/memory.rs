//! What a thread pays that has memory to itself: atomics, locks, queues, the clock, the allocator.

use super::Effort;
use crossbeam_deque::{Injector, Worker};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{self, AtomicU64, Ordering};
use std::time::Instant;

/// The size of a small task.
const BLOCK: usize = 128;

pub(super) fn read_modify_write(effort: &Effort) -> Option<f64> {
    let word = AtomicU64::new(0);
    Some(effort.per_operation(1_000_000, || {
        black_box(&word).fetch_add(1, Ordering::AcqRel);
    }))
}

pub(super) fn fence(effort: &Effort) -> Option<f64> {
    let word = AtomicU64::new(0);
    Some(effort.per_operation(1_000_000, || {
        black_box(&word).store(1, Ordering::Relaxed);
        atomic::fence(Ordering::SeqCst);
    }))
}

pub(super) fn deque(effort: &Effort) -> Option<f64> {
    let deque = Worker::new_fifo();
    Some(effort.per_operation(1_000_000, || {
        deque.push(black_box(1_usize));
        black_box(deque.pop());
    }))
}

pub(super) fn injector(effort: &Effort) -> Option<f64> {
    let injector = Injector::new();
    Some(effort.per_operation(500_000, || {
        injector.push(black_box(1_usize));
        black_box(injector.steal().success());
    }))
}

pub(super) fn mutex(effort: &Effort) -> Option<f64> {
    let mutex = Mutex::new(0_u64);
    Some(effort.per_operation(1_000_000, || {
        *black_box(&mutex).lock().expect("not poisoned") += 1;
    }))
}

pub(super) fn clock(effort: &Effort) -> Option<f64> {
    Some(effort.per_operation(500_000, || {
        black_box(Instant::now());
    }))
}

pub(super) fn allocation(effort: &Effort) -> Option<f64> {
    Some(effort.per_operation(500_000, || {
        black_box(Box::<[u8; BLOCK]>::new_uninit());
    }))
}

pub(super) fn allocations(effort: &Effort) -> Option<f64> {
    const ALIVE: u32 = 1000;
    let mut blocks = Vec::with_capacity(ALIVE as usize);
    let per_batch = effort.per_operation(500, || {
        blocks.extend((0..ALIVE).map(|_| black_box(Box::<[u8; BLOCK]>::new_uninit())));
        blocks.clear();
    });
    Some(per_batch / f64::from(ALIVE))
}
