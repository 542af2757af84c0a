//! Stand-ins for crossbeam-deque, made of loom's types.
//!
//! They are exactly as weak as the originals where our protocol could rely on them: a push publishes with Release and
//! has no fence, an emptiness check is two Acquire loads around the fence that crossbeam has there too. (A mutex would
//! hide a missing fence of ours.) A batch leaves its old place in one step and comes to its new one in another: between
//! the two it is nowhere to be seen. The deque's own correctness is crossbeam's; so nothing grows, and a push bumps its
//! index by a read-modify-write, since loom reports false races between a plain store and one.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Tasks that one queue can hold in the course of a model; cells are not used twice.
const CAPACITY: usize = 8;

pub(crate) enum Steal<T> {
    Empty,
    Success(T),
    Retry,
}

struct Cells<T> {
    front: AtomicUsize,
    back: AtomicUsize,
    cells: Vec<UnsafeCell<MaybeUninit<T>>>,
    /// For the injector, whose pushers may finish in another order than they began: the cell is written.
    written: Vec<AtomicUsize>,
}

// SAFETY: a cell is written by the one pusher that has its index, and read by the one taker that won it.
unsafe impl<T: Send> Send for Cells<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Cells<T> {}

impl<T> Cells<T> {
    fn new() -> Self {
        Self {
            front: AtomicUsize::new(0),
            back: AtomicUsize::new(0),
            cells: (0..CAPACITY)
                .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
                .collect(),
            written: (0..CAPACITY).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    fn write(&self, index: usize, value: T) {
        assert!(
            index < CAPACITY,
            "the model pushes more than the stand-in can hold"
        );
        // SAFETY: the index is this pusher's.
        self.cells[index].with_mut(|cell| unsafe {
            (*cell).write(value);
        });
    }

    fn read(&self, index: usize) -> T {
        // SAFETY: the index is this taker's, and was written before `back` (or `written`) said so.
        self.cells[index].with(|cell| unsafe { (*cell).assume_init_read() })
    }

    fn is_empty(&self) -> bool {
        let front = self.front.load(Ordering::Acquire);
        fence(Ordering::SeqCst);
        self.back.load(Ordering::Acquire) <= front
    }

    /// Claims the first of the tasks, `count(how many there are)` of them, and returns their indices.
    fn claim(&self, count: impl FnOnce(usize) -> usize) -> Steal<Range<usize>> {
        let front = self.front.load(Ordering::Acquire);
        fence(Ordering::SeqCst);
        let back = self.back.load(Ordering::Acquire);
        if back <= front {
            return Steal::Empty;
        }
        let end = front + count(back - front);
        match self
            .front
            .compare_exchange(front, end, Ordering::AcqRel, Ordering::Relaxed)
        {
            Ok(_) => Steal::Success(front..end),
            Err(_) => Steal::Retry,
        }
    }

    /// Returns the first of the claimed tasks, and moves the others to `worker`.
    fn move_to(&self, worker: &Worker<T>, claimed: Range<usize>) -> T {
        let mut tasks = claimed.map(|index| self.read(index));
        let first = tasks.next().expect("a claim is never empty");
        tasks.for_each(|task| worker.push(task));
        first
    }
}

impl<T> Drop for Cells<T> {
    fn drop(&mut self) {
        while let Steal::Success(claimed) = self.claim(|_| 1) {
            drop(self.read(claimed.start));
        }
    }
}

pub(crate) struct Worker<T>(Arc<Cells<T>>);

pub(crate) struct Stealer<T>(Arc<Cells<T>>);

impl<T> Worker<T> {
    pub(crate) fn new_fifo() -> Self {
        Self(Arc::new(Cells::new()))
    }

    pub(crate) fn stealer(&self) -> Stealer<T> {
        Stealer(Arc::clone(&self.0))
    }

    pub(crate) fn push(&self, value: T) {
        let back = self.0.back.load(Ordering::Relaxed);
        self.0.write(back, value);
        self.0.back.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        let mut front = self.0.front.load(Ordering::Relaxed);
        loop {
            if self.0.back.load(Ordering::Relaxed) <= front {
                return None;
            }
            match self.0.front.compare_exchange(
                front,
                front + 1,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(self.0.read(front)),
                Err(now) => front = now,
            }
        }
    }

    /// For statistics, which no model looks at: so it is no step of theirs.
    #[expect(clippy::unused_self, reason = "the real one has it")]
    pub(crate) fn len(&self) -> usize {
        0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.back.load(Ordering::Relaxed) <= self.0.front.load(Ordering::Acquire)
    }
}

impl<T> Stealer<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        let back = self.0.back.load(Ordering::Acquire);
        back.saturating_sub(self.0.front.load(Ordering::Acquire))
    }

    pub(crate) fn steal_batch_and_pop(&self, worker: &Worker<T>) -> Steal<T> {
        match self.0.claim(|len| len.div_ceil(2)) {
            Steal::Success(claimed) => Steal::Success(self.0.move_to(worker, claimed)),
            Steal::Empty => Steal::Empty,
            Steal::Retry => Steal::Retry,
        }
    }
}

pub(crate) struct Injector<T>(Cells<T>);

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self(Cells::new())
    }

    pub(crate) fn push(&self, value: T) {
        let index = self.0.back.fetch_add(1, Ordering::AcqRel);
        self.0.write(index, value);
        self.0.written[index].store(1, Ordering::Release);
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        match self.0.claim(|_| 1) {
            Steal::Success(claimed) => {
                self.wait_for(&claimed);
                Steal::Success(self.0.read(claimed.start))
            }
            Steal::Empty => Steal::Empty,
            Steal::Retry => Steal::Retry,
        }
    }

    pub(crate) fn steal_batch_with_limit_and_pop(
        &self,
        worker: &Worker<T>,
        limit: usize,
    ) -> Steal<T> {
        match self.0.claim(|len| len.min(limit)) {
            Steal::Success(claimed) => {
                self.wait_for(&claimed);
                Steal::Success(self.0.move_to(worker, claimed))
            }
            Steal::Empty => Steal::Empty,
            Steal::Retry => Steal::Retry,
        }
    }

    fn wait_for(&self, claimed: &Range<usize>) {
        for index in claimed.clone() {
            while self.0.written[index].load(Ordering::Acquire) == 0 {
                loom::thread::yield_now();
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        let back = self.0.back.load(Ordering::Acquire);
        back.saturating_sub(self.0.front.load(Ordering::Acquire))
    }
}
