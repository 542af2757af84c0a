//! Wakers collected under a lock, to be woken after it is released.

use crate::kernel::foreign;
use std::mem::MaybeUninit;
use std::task::Waker;

/// How many wakers one batch holds.
const CAPACITY: usize = 32;

/// A batch of wakers on the stack.
///
/// A waker runs foreign code: it may panic, block or call back into the structure it came from. So the
/// holder of a lock only moves wakers in here, at most 32, and wakes them when the lock is gone.
pub(crate) struct WakeList {
    /// Invariant: the first `len` are initialised.
    wakers: [MaybeUninit<Waker>; CAPACITY],
    len: usize,
}

impl WakeList {
    pub(crate) fn new() -> Self {
        Self {
            wakers: [const { MaybeUninit::uninit() }; CAPACITY],
            len: 0,
        }
    }

    /// False when the batch is full: release the lock, [`wake_all`](Self::wake_all), and come again.
    #[inline]
    pub(crate) fn can_push(&self) -> bool {
        self.len < CAPACITY
    }

    /// Adds a waker; panics if the batch is full.
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        self.wakers[self.len].write(waker);
        self.len += 1;
    }

    /// Wakes all, in the order in which they came. If one panics, the rest is woken while unwinding.
    pub(crate) fn wake_all(&mut self) {
        struct Rest<'a> {
            list: &'a mut WakeList,
            next: usize,
            end: usize,
        }
        impl Rest<'_> {
            fn take(&mut self) -> Option<Waker> {
                if self.next == self.end {
                    return None;
                }
                let slot = &self.list.wakers[self.next];
                self.next += 1;
                // SAFETY: `next` was below `end`, the list's former length, so the slot is initialised
                // (invariant of `wakers`); the list's length is 0 by now and `next` has moved on, so it
                // is read once.
                Some(unsafe { slot.assume_init_read() })
            }
        }
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                // Reached with wakers left only if one panicked, which goes on to the caller. One panic is enough for it: a
                // second one would abort the process.
                while let Some(waker) = self.take() {
                    foreign::call(|| waker.wake());
                }
            }
        }
        // From here on the list is empty, whatever a waker does.
        let end = std::mem::take(&mut self.len);
        let mut rest = Rest {
            list: self,
            next: 0,
            end,
        };
        while let Some(waker) = rest.take() {
            waker.wake();
        }
    }
}

impl Drop for WakeList {
    fn drop(&mut self) {
        for waker in &mut self.wakers[..self.len] {
            // SAFETY: the first `len` are initialised (invariant of `wakers`) and nobody reads them again.
            unsafe { waker.assume_init_drop() };
        }
    }
}

/// Wakes any number of wakers in batches.
///
/// `collect` fills one batch (under a lock that it takes and releases) and returns true if there is more to
/// come. If a waker panics, the remaining batches are collected and woken all the same, while unwinding.
pub(crate) fn wake_in_batches(collect: impl FnMut(&mut WakeList) -> bool) {
    struct Batches<F: FnMut(&mut WakeList) -> bool> {
        wakers: WakeList,
        collect: F,
        more: bool,
    }
    impl<F: FnMut(&mut WakeList) -> bool> Batches<F> {
        fn run(&mut self) {
            while self.more {
                self.wake_batch();
            }
        }

        fn wake_batch(&mut self) {
            self.more = (self.collect)(&mut self.wakers);
            self.wakers.wake_all();
        }
    }
    impl<F: FnMut(&mut WakeList) -> bool> Drop for Batches<F> {
        fn drop(&mut self) {
            // Does something only if a waker panicked, as above.
            while self.more {
                foreign::call(|| self.wake_batch());
            }
        }
    }
    Batches {
        wakers: WakeList::new(),
        collect,
        more: true,
    }
    .run();
}
