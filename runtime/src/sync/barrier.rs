//! A barrier: everyone waits until the last one has come.
//!
//! ```text
//!   who comes   B1  under the lock: one more has arrived in this generation
//!               B2  the last one: nobody has arrived in the next generation, which begins; unlock, wake everyone
//!               B3  the others: wait until the generation is not theirs any more
//! ```
//!
//! B3 makes its `Notified` before it looks at the generation, and B2 changes the generation before it wakes: a waiter
//! that is too late to be woken sees the change. Somebody of the next generation may be woken by B2 of the one before;
//! it finds its generation unchanged and waits on.
//!
//! Orderings: what everyone did before the barrier passes through the lock to the last one, and from there with the
//! generation, stored with Release and loaded with Acquire, to everyone.

use super::notify::Notify;
use crate::prim::Mutex;
use crate::prim::asked;
use crate::prim::atomic::{AtomicU64, Ordering};
use std::fmt;

/// Lets tasks wait for each other: all of them go on when the last one has come.
///
/// It can be used again and again: when all have come, the next round begins. One task of each round is its leader.
///
/// Coming costs one lock; nothing is allocated.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::Barrier;
/// use std::sync::Arc;
///
/// let barrier = Arc::new(Barrier::new(3));
/// let tasks: Vec<_> = (0..3)
///     .map(|_| {
///         let barrier = barrier.clone();
///         leno::spawn(async move { barrier.wait().await.is_leader() })
///     })
///     .collect();
/// let mut leaders = 0;
/// for task in tasks {
///     leaders += u32::from(task.await.unwrap());
/// }
/// assert_eq!(leaders, 1);
/// # });
/// ```
pub struct Barrier {
    arrived: Mutex<usize>,
    /// Changes under the lock only.
    generation: AtomicU64,
    passed: Notify,
    n: usize,
}

/// What [`Barrier::wait`] returns: whether this task leads the round.
///
/// # Examples
///
/// One of them does what must be done once in each round:
///
/// ```
/// use leno::sync::{Barrier, Mutex};
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let shared = Arc::new((Barrier::new(2), Mutex::new(0)));
/// let task = |shared: Arc<(Barrier, Mutex<u32>)>| async move {
///     for _ in 0..3 {
///         if shared.0.wait().await.is_leader() {
///             *shared.1.lock().await += 1;
///         }
///     }
/// };
/// leno::join!(task(shared.clone()), task(shared.clone()));
/// assert_eq!(*shared.1.lock().await, 3);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// Creates a barrier for `n` tasks. With 0 or 1 nobody ever waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let alone = leno::sync::Barrier::new(1);
    /// assert!(alone.wait().await.is_leader());
    /// assert!(alone.wait().await.is_leader());
    /// # });
    /// ```
    #[inline]
    pub fn new(n: usize) -> Self {
        Self {
            arrived: Mutex::new(0),
            generation: AtomicU64::new(0),
            passed: Notify::new(),
            n: n.max(1),
        }
    }

    /// Waits until all `n` tasks have come. One of them, the last one, is told that it leads.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: who has come, and is dropped while it waits, counts as having come.
    ///
    /// # Examples
    ///
    /// Nobody reads before everybody has written:
    ///
    /// ```
    /// use leno::sync::Barrier;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let shared = Arc::new((Barrier::new(3), AtomicU32::new(0)));
    /// let tasks: Vec<_> = (1..=3)
    ///     .map(|number| {
    ///         let shared = shared.clone();
    ///         leno::spawn(async move {
    ///             shared.1.fetch_add(number, Ordering::Relaxed);
    ///             shared.0.wait().await;
    ///             shared.1.load(Ordering::Relaxed)
    ///         })
    ///     })
    ///     .collect();
    /// for task in tasks {
    ///     assert_eq!(task.await.unwrap(), 6);
    /// }
    /// # });
    /// ```
    pub async fn wait(&self) -> BarrierWaitResult {
        let Some(mine) = self.arrive() else {
            self.passed.notify_waiters();
            return BarrierWaitResult(true);
        };
        loop {
            let passed = self.passed.notified();
            // Ordering: Acquire pairs with the store in `arrive`: what everyone did before.
            if self.generation.load(Ordering::Acquire) != mine {
                return BarrierWaitResult(false);
            }
            passed.await;
        }
    }

    /// B1 and, but for the waking, B2: the generation to wait out, or None for the last one.
    #[inline]
    fn arrive(&self) -> Option<u64> {
        asked::changes(self);
        let mut arrived = self.arrived.lock();
        // Ordering: Relaxed, it changes under the lock only.
        let generation = self.generation.load(Ordering::Relaxed);
        *arrived += 1;
        if *arrived < self.n {
            return Some(generation);
        }
        *arrived = 0;
        // Ordering: Release publishes what everyone did before. (A counter of 64 bits does not come round.)
        self.generation.store(generation + 1, Ordering::Release);
        None
    }
}

impl fmt::Debug for Barrier {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("n", &self.n)
            .finish_non_exhaustive()
    }
}

impl BarrierWaitResult {
    /// True for one task of each round.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Barrier;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let barrier = Barrier::new(2);
    /// let (first, second) = leno::join!(biased; barrier.wait(), barrier.wait());
    /// // It is the one who came last.
    /// assert_eq!((first.is_leader(), second.is_leader()), (false, true));
    /// # });
    /// ```
    #[inline]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
