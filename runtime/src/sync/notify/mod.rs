//! `Notify`: one permit at most, and a queue of those who wait for it.
//!
//! ```text
//!   word:  63 ................................. 2 │    1    │   0
//!            generation: calls of notify_waiters  │ WAITING │ PERMIT
//!
//!   PERMIT   WAITING   meaning
//!     0         0      nothing has happened, nobody waits
//!     1         0      a notification is kept for the next who asks
//!     0         1      the queue is not empty
//! ```
//!
//! Invariants:
//! 1. WAITING = 1 exactly if the queue is not empty; WAITING and the generation change under the lock only.
//!    Never both PERMIT and WAITING: who joins the queue finds no permit, who notifies finds no queue, and
//!    each finds out by an exchange on the same word.
//! 2. A future carries the generation of its *creation*. If the word's is another one, `notify_waiters` was
//!    called since, and the future is done: it needs no place in the queue to be notified.
//! 3. Who joins the queue has the current generation. So the queue is sorted by generation, and whoever is
//!    older than the word belongs to a `notify_waiters` that is still at work (it releases the lock between
//!    batches of wakers). Such waiters are at the front; whoever holds the lock may serve them.
//! 4. A waiter is lent to the queue from `push_back` until its `fate` is decided or it removes itself under
//!    the lock; storing the fate is the last touch of it. Meanwhile its waker belongs to the lock.
//!
//! Nothing of a future is borrowed by anyone but the `Notify` itself, under its lock: there is no list on
//! the stack of a notifier that a future could outlive.
//!
//! Orderings: who is notified must see what was done before. A permit is put with Release and taken with
//! Acquire; so are a fate and the generation.

mod notified;

pub use notified::{Notified, OwnedNotified};

use crate::kernel::list::{Linked, Links, List};
use crate::kernel::wake_list::{WakeList, wake_in_batches};
use crate::prim::atomic::{AtomicU32, AtomicUsize, Ordering};
use crate::prim::{Mutex, SelfArc as Arc, UnsafeCell, asked, const_fn};
use notified::Wait;
use std::fmt;
use std::ptr::NonNull;
use std::task::Waker;

const PERMIT: usize = 1;
const WAITING: usize = 2;
const SHIFT: usize = 2;

/// What became of a waiter: still in the queue, …
const QUEUED: u32 = 0;
/// … notified by `notify_one`, …
const ONE: u32 = 1;
/// … by `notify_last`, …
const LAST: u32 = 2;
/// … or by `notify_waiters`.
const ALL: u32 = 3;

/// Tells one task, or all that wait, that something has happened.
///
/// `notify_one` keeps at most one notification for a task that asks later; `notify_waiters` reaches only
/// those who have called [`notified`](Self::notified) before.
///
/// Notifying while nobody waits costs one atomic exchange; nothing allocates.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::Notify;
/// use std::sync::Arc;
///
/// let notify = Arc::new(Notify::new());
/// let task = leno::spawn({
///     let notify = notify.clone();
///     async move { notify.notified().await }
/// });
/// notify.notify_one();
/// task.await.unwrap();
/// # });
/// ```
///
/// A queue that many tasks take from. Each registers *before* it looks, with
/// [`enable`](Notified::enable): two notifications at once would otherwise leave one permit, and one of two
/// tasks that have both looked would sleep on.
///
/// ```
/// use leno::sync::Notify;
/// use std::collections::VecDeque;
/// use std::pin::pin;
/// use std::sync::Mutex;
///
/// struct Queue<T> {
///     values: Mutex<VecDeque<T>>,
///     pushed: Notify,
/// }
///
/// impl<T> Queue<T> {
///     fn push(&self, value: T) {
///         self.values.lock().unwrap().push_back(value);
///         self.pushed.notify_one();
///     }
///
///     async fn pop(&self) -> T {
///         let mut pushed = pin!(self.pushed.notified());
///         loop {
///             pushed.as_mut().enable();
///             if let Some(value) = self.values.lock().unwrap().pop_front() {
///                 return value;
///             }
///             pushed.as_mut().await;
///             pushed.set(self.pushed.notified());
///         }
///     }
/// }
/// ```
pub struct Notify {
    word: AtomicUsize,
    queue: Mutex<List<Waiter>>,
}

struct Waiter {
    links: Links<Waiter>,
    /// The word's generation when the future was made.
    generation: usize,
    fate: AtomicU32,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: `waker` is only touched under the queue's lock while the waiter is queued, and otherwise by its
// future through `&mut` (invariant 4); the rest is atomic, constant, or links, which the lock protects too.
unsafe impl Sync for Waiter {}

// SAFETY: `links` is a field, reached without a reference to the node.
unsafe impl Linked for Waiter {
    #[inline]
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the node is live (caller), so its field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

/// Which of those who wait is notified.
#[derive(Clone, Copy)]
enum Which {
    Oldest,
    Newest,
}

impl Notify {
    /// Creates a `Notify` without a permit.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Notify;
    /// use std::pin::pin;
    ///
    /// let notify = Notify::new();
    /// // Nothing has happened yet.
    /// assert!(!pin!(notify.notified()).enable());
    /// notify.notify_one();
    /// assert!(pin!(notify.notified()).enable());
    /// ```
    #[inline]
    pub fn new() -> Self {
        Self::const_new()
    }

    const_fn! {
        /// Creates a `Notify` in a constant or a static.
        ///
        /// ```
        /// use leno::sync::Notify;
        ///
        /// static NOTIFY: Notify = Notify::const_new();
        /// NOTIFY.notify_one();
        /// ```
        pub const fn const_new() -> Self {
            Self {
                word: AtomicUsize::new(0),
                queue: Mutex::new(List::new()),
            }
        }
    }

    /// A future that waits for a notification.
    ///
    /// It is ready at once if a permit is there, which it takes. It takes its place in the queue when it is
    /// first polled (or [`enabled`](Notified::enable)), but a `notify_waiters` reaches it from now on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue. A notification by `notify_one` or `notify_last` that it has
    /// received, but not returned, goes to the next.
    ///
    /// # Examples
    ///
    /// Made before the look at the state, so that no change after the look is missed:
    ///
    /// ```
    /// use leno::sync::Notify;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let shared = Arc::new((AtomicBool::new(false), Notify::new()));
    /// let ready = leno::spawn({
    ///     let shared = shared.clone();
    ///     async move {
    ///         loop {
    ///             let changed = shared.1.notified();
    ///             if shared.0.load(Ordering::Acquire) {
    ///                 return "ready";
    ///             }
    ///             changed.await;
    ///         }
    ///     }
    /// });
    /// leno::task::yield_now().await;
    /// shared.0.store(true, Ordering::Release);
    /// shared.1.notify_waiters();
    /// assert_eq!(ready.await.unwrap(), "ready");
    /// # });
    /// ```
    #[inline]
    pub fn notified(&self) -> Notified<'_> {
        Notified::new(self, Wait::new(self))
    }

    /// [`notified`](Self::notified), with a future that keeps the `Notify` alive.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, as with [`notified`](Self::notified).
    ///
    /// # Examples
    ///
    /// In a task that outlives whoever has started it:
    ///
    /// ```
    /// use leno::sync::Notify;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = {
    ///     let notify = Arc::new(Notify::new());
    ///     let task = leno::spawn(notify.clone().notified_owned());
    ///     notify.notify_one();
    ///     task
    /// };
    /// task.await.unwrap();
    /// # });
    /// ```
    #[inline]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let wait = Wait::new(&self);
        OwnedNotified::new(self, wait)
    }

    /// Notifies the task that has waited longest; if there is none, the next one that asks.
    ///
    /// However often this is called meanwhile, one permit is kept at most.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let notify = leno::sync::Notify::new();
    /// notify.notify_one();
    /// notify.notified().await;
    /// # });
    /// ```
    #[inline]
    pub fn notify_one(&self) {
        self.notify(Which::Oldest);
    }

    /// Notifies the task that has waited shortest; if there is none, the next one that asks.
    ///
    /// # Examples
    ///
    /// The one that has waited shortest has its data still in the cache:
    ///
    /// ```
    /// use leno::sync::Notify;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let notify = Notify::new();
    /// let (mut first, mut second) = (pin!(notify.notified()), pin!(notify.notified()));
    /// first.as_mut().enable();
    /// second.as_mut().enable();
    /// notify.notify_last();
    /// assert!(!first.as_mut().enable());
    /// assert!(second.as_mut().enable());
    /// # });
    /// ```
    #[inline]
    pub fn notify_last(&self) {
        self.notify(Which::Newest);
    }

    /// Notifies every future that was made before this call, and no other: no permit is kept.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let notify = leno::sync::Notify::new();
    /// let (before, also_before) = (notify.notified(), notify.notified());
    /// notify.notify_waiters();
    /// before.await;
    /// also_before.await;
    /// # });
    /// ```
    #[inline]
    pub fn notify_waiters(&self) {
        asked::changes(self);
        let mut first = true;
        wake_in_batches(|wakers| {
            let mut queue = self.queue.lock();
            if std::mem::take(&mut first) {
                // Ordering: Release publishes what was done before to the futures that see it. Wraps around
                // after 2^62 calls (2^30 on 32-bit targets).
                self.word.fetch_add(1 << SHIFT, Ordering::Release);
            }
            self.serve_older(&mut queue, wakers)
        });
    }

    #[inline]
    fn notify(&self, which: Which) {
        asked::changes(self);
        // Ordering: Relaxed, the exchange decides. A stale WAITING only costs a look under the lock.
        let mut word = self.word.load(Ordering::Relaxed);
        while word & WAITING == 0 {
            // Ordering: Release publishes what was done before to whoever takes the permit, also if it was
            // there already.
            match self.word.compare_exchange_weak(
                word,
                word | PERMIT,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        self.notify_waiting(which);
    }

    #[cold]
    fn notify_waiting(&self, which: Which) {
        wake_in_batches(|wakers| {
            let mut queue = self.queue.lock();
            // They are notified already; ours is for someone else.
            if self.serve_older(&mut queue, wakers) || !wakers.can_push() {
                return true;
            }
            let (waiter, fate) = match which {
                Which::Oldest => (queue.pop_front(), ONE),
                Which::Newest => (queue.pop_back(), LAST),
            };
            match waiter {
                Some(waiter) => {
                    self.decide(waiter, fate, wakers);
                    self.update_waiting(&queue);
                }
                None => {
                    // Nobody is left, and nobody can join while we hold the lock (invariant 1).
                    // Ordering: Release, as in `notify`.
                    self.word.fetch_or(PERMIT, Ordering::Release);
                }
            }
            false
        });
    }

    /// Notifies those at the front who belong to a `notify_waiters` (invariant 3); true if there are more of
    /// them than the batch can hold.
    #[inline]
    fn serve_older(&self, queue: &mut List<Waiter>, wakers: &mut WakeList) -> bool {
        // Ordering: Relaxed, the generation changes under the lock only.
        let now = self.word.load(Ordering::Relaxed) >> SHIFT;
        while let Some(first) = queue.front() {
            // SAFETY: it is in the queue, hence lent to it and live (invariant 4).
            if unsafe { first.as_ref() }.generation == now {
                break;
            }
            if !wakers.can_push() {
                return true;
            }
            queue.pop_front();
            self.decide(first, ALL, wakers);
        }
        self.update_waiting(queue);
        false
    }

    /// Notifies a waiter that was just taken out of the queue. We hold the lock.
    #[inline]
    fn decide(&self, waiter: NonNull<Waiter>, fate: u32, wakers: &mut WakeList) {
        // SAFETY: it was in the queue, and its fate is open: it is still lent (invariant 4).
        let waiter = unsafe { waiter.as_ref() };
        // SAFETY: as above, and we hold the lock.
        let waker = waiter.waker.with_mut(|waker| unsafe { (*waker).take() });
        if let Some(waker) = waker {
            wakers.push(waker);
        }
        // Ordering: Release publishes what was done before the notification, and tells the waiter that we are
        // done with it. It may be gone right after.
        waiter.fate.store(fate, Ordering::Release);
    }

    /// Clears WAITING if the queue has become empty. We hold the lock.
    #[inline]
    fn update_waiting(&self, queue: &List<Waiter>) {
        if queue.is_empty() {
            // Ordering: Relaxed, it publishes nothing; a read-modify-write, as the word may be changing.
            self.word.fetch_and(!WAITING, Ordering::Relaxed);
        }
    }
}

impl Default for Notify {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed, a snapshot.
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Notify")
            .field("permit", &(word & PERMIT != 0))
            .field("waiting", &(word & WAITING != 0))
            .finish_non_exhaustive()
    }
}
