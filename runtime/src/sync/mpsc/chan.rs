//! What both kinds of channels have in common: a list of values, a waker, counts of senders.
//!
//! Who wakes the receiver, and what it looks at after it has registered its waker:
//!
//! | the news                              | woken by                          | looked at   |
//! | ------------------------------------- | --------------------------------- | ----------- |
//! | the value it waits for                | the sender that fills head's slot | the slot    |
//! | the last sender is gone               | `Tx`'s drop                       | `tx_count`  |
//! | closed, and no value is under way     | who gives the last permit back    | the flavor  |
//!
//! In each case the news comes before the wake, and `AtomicWaker` promises that a waker that registers too
//! late to be woken sees the news.

use super::super::notify::Notify;
use super::error::TryRecvError;
use super::list::{self, list};
use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::{budget, task};
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::{Arc, CachePadded, UnsafeCell, asked, hint, thread};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, ready};

/// How a kind of channel limits and closes its senders.
pub(super) trait Flavor: Sized {
    /// `n` values were received, or dropped by the receiver.
    fn received(&self, n: usize);

    /// Refuses values from now on; returns the index behind the last one, if that is known.
    fn close<T>(&self, list: &list::Tx<T>) -> u64;

    fn is_closed<T>(&self, list: &list::Tx<T>) -> bool;

    /// After `close`, which returned `end`: true if there will be no value beyond `head`.
    fn is_drained(&self, head: u64, end: u64) -> bool;
}

pub(super) struct Chan<T, F> {
    list: CachePadded<list::Tx<T>>,
    rx: CachePadded<UnsafeCell<RxState<T>>>,
    rx_waker: CachePadded<AtomicWaker>,
    pub(super) flavor: F,
    /// How many `Tx` there are. At 0 it stays 0.
    tx_count: AtomicUsize,
    /// How many weak senders there are, for who asks.
    weak_count: AtomicUsize,
    /// Notified when the receiver closes.
    rx_closed: Notify,
}

struct RxState<T> {
    list: list::Rx<T>,
    /// What `Flavor::close` has returned.
    end: Option<u64>,
}

// SAFETY: `rx` is only touched by the receiver through `&mut Rx`, or `&Rx` for reading, and when the channel
// is dropped. Values move between threads, hence T: Send; nobody gets a `&T`.
unsafe impl<T: Send, F: Send> Send for Chan<T, F> {}
// SAFETY: as above.
unsafe impl<T: Send, F: Sync> Sync for Chan<T, F> {}

// A panic in foreign code leaves nothing half done.
impl<T, F> UnwindSafe for Chan<T, F> {}
impl<T, F> RefUnwindSafe for Chan<T, F> {}

/// A sender's share of a channel.
pub(super) struct Tx<T, F> {
    chan: Arc<Chan<T, F>>,
}

/// A share that does not keep the channel open.
pub(super) struct WeakTx<T, F> {
    chan: Arc<Chan<T, F>>,
}

/// The receiver's share of a channel.
pub(super) struct Rx<T, F: Flavor> {
    chan: Arc<Chan<T, F>>,
}

pub(super) fn channel<T, F: Flavor>(flavor: F) -> (Tx<T, F>, Rx<T, F>) {
    let (tx, rx) = list();
    let chan = Arc::new(Chan {
        list: CachePadded::new(tx),
        rx: CachePadded::new(UnsafeCell::new(RxState {
            list: rx,
            end: None,
        })),
        rx_waker: CachePadded::new(AtomicWaker::new()),
        flavor,
        tx_count: AtomicUsize::new(1),
        weak_count: AtomicUsize::new(0),
        rx_closed: Notify::new(),
    });
    (Tx { chan: chan.clone() }, Rx { chan })
}

impl<T, F> Chan<T, F> {
    fn strong_count(&self) -> usize {
        asked::looks(&self.tx_count);
        // Ordering: Acquire: at 0, what the senders have sent is there.
        self.tx_count.load(Ordering::Acquire)
    }

    fn weak_count(&self) -> usize {
        asked::looks(&self.weak_count);
        // Ordering: Relaxed, a snapshot.
        self.weak_count.load(Ordering::Relaxed)
    }
}

impl<T, F> Drop for Chan<T, F> {
    fn drop(&mut self) {
        struct Free<'a, T>(&'a mut list::Rx<T>, &'a list::Tx<T>);
        impl<T> Drop for Free<'_, T> {
            fn drop(&mut self) {
                // SAFETY: the channel is being dropped: nobody else is left. The values are gone, below.
                unsafe { self.0.free_blocks(self.1) };
            }
        }
        let list = &self.list;
        self.rx.with_mut(|rx| {
            // SAFETY: as above.
            let rx = unsafe { &mut *rx };
            // Values that were sent with a permit from before, after the receiver was dropped.
            let free = Free(&mut rx.list, list);
            free.0.clear(free.1);
        });
    }
}

impl<T, F> Tx<T, F> {
    /// Sends a value, or gives it back if the list is closed.
    #[inline]
    pub(super) fn send(&self, value: T) -> Result<(), T> {
        asked::changes(&raw const *self.chan);
        task::hand_on::<T>();
        if self.chan.list.push(value)? {
            self.wake_rx();
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn wake_rx(&self) {
        self.chan.rx_waker.wake();
    }

    pub(super) fn flavor(&self) -> &F {
        &self.chan.flavor
    }

    pub(super) fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }

    pub(super) fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    pub(super) fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }

    pub(super) fn downgrade(&self) -> WeakTx<T, F> {
        asked::changes(&self.chan.weak_count);
        // Ordering: Relaxed, a mere count.
        self.chan.weak_count.fetch_add(1, Ordering::Relaxed);
        WeakTx {
            chan: self.chan.clone(),
        }
    }
}

impl<T, F: Flavor> Tx<T, F> {
    pub(super) fn is_closed(&self) -> bool {
        asked::looks(&raw const *self.chan);
        self.chan.flavor.is_closed(&self.chan.list)
    }

    pub(super) async fn closed(&self) {
        // Made before the look, so that a close after the look reaches it.
        let closed = self.chan.rx_closed.notified();
        if !self.is_closed() {
            closed.await;
        }
    }
}

impl<T, F> Clone for Tx<T, F> {
    fn clone(&self) -> Self {
        asked::changes(&self.chan.tx_count);
        // Ordering: Relaxed, the new share comes from one that exists.
        self.chan.tx_count.fetch_add(1, Ordering::Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T, F> Drop for Tx<T, F> {
    fn drop(&mut self) {
        asked::changes(&raw const *self.chan);
        asked::changes(&self.chan.tx_count);
        // Ordering: Release: whoever sees 0 sees what we have sent. Acquire: the last one passes on what the
        // others have sent, with its wake.
        if self.chan.tx_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.wake_rx();
        }
    }
}

impl<T, F> WeakTx<T, F> {
    pub(super) fn upgrade(&self) -> Option<Tx<T, F>> {
        asked::changes(&self.chan.tx_count);
        // Ordering: Relaxed, the exchange decides; what the count guards, the channel, is there anyway.
        let mut count = self.chan.tx_count.load(Ordering::Relaxed);
        while count != 0 {
            match self.chan.tx_count.compare_exchange_weak(
                count,
                count + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Tx {
                        chan: self.chan.clone(),
                    });
                }
                Err(now) => count = now,
            }
        }
        None
    }

    pub(super) fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    pub(super) fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T, F> Clone for WeakTx<T, F> {
    fn clone(&self) -> Self {
        asked::changes(&self.chan.weak_count);
        // Ordering: Relaxed, a mere count.
        self.chan.weak_count.fetch_add(1, Ordering::Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T, F> Drop for WeakTx<T, F> {
    fn drop(&mut self) {
        asked::changes(&self.chan.weak_count);
        // Ordering: Relaxed, a mere count.
        self.chan.weak_count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T, F: Flavor> Rx<T, F> {
    pub(super) fn flavor(&self) -> &F {
        &self.chan.flavor
    }

    fn with_mut<R>(&mut self, f: impl FnOnce(&mut RxState<T>, &list::Tx<T>) -> R) -> R {
        let list = &self.chan.list;
        // SAFETY: there is one `Rx`, and `&mut self` is exclusive.
        self.chan.rx.with_mut(|rx| f(unsafe { &mut *rx }, list))
    }

    fn with<R>(&self, f: impl FnOnce(&RxState<T>, &list::Tx<T>) -> R) -> R {
        let list = &self.chan.list;
        // SAFETY: there is one `Rx`, and `&self` keeps `&mut self` away.
        self.chan.rx.with(|rx| f(unsafe { &*rx }, list))
    }

    /// Takes the next value if it is there; its place in the channel is not given back.
    #[inline]
    fn pop(&mut self) -> Option<T> {
        asked::changes(&raw const *self.chan);
        self.with_mut(|rx, list| rx.list.pop(list))
    }

    /// True if there will be no value any more. Only asked when none was there.
    fn is_over(&self) -> bool {
        self.with(|rx, _| {
            rx.end
                .is_some_and(|end| self.chan.flavor.is_drained(rx.list.head(), end))
        })
    }

    /// What a receive has to say when head's slot was not full: the value that came with the last sender's
    /// leave, the end, or nothing.
    fn pop_last(&mut self) -> Poll<Option<T>> {
        asked::changes(&raw const *self.chan);
        if self.chan.strong_count() == 0 {
            // All that was sent is visible now: it is either here or nowhere.
            return Poll::Ready(self.pop());
        }
        if self.is_over() {
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    /// Takes the next value, or registers the waker, for a unit of budget.
    #[inline]
    fn poll_pop(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match ready!(budget::poll_attempt(cx, || self.pop().ok_or(()))) {
            Ok(value) => Poll::Ready(Some(value)),
            Err(()) => budget::poll_budgeted(cx, |cx| self.poll_pop_or_wait(cx)),
        }
    }

    #[inline(never)]
    fn poll_pop_or_wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.chan.rx_waker.register(cx.waker());
        if !self.with(|rx, _| rx.list.wait()) {
            return Poll::Ready(self.pop());
        }
        self.pop_last()
    }

    #[inline]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let value = ready!(self.poll_pop(cx));
        if value.is_some() {
            self.chan.flavor.received(1);
        }
        Poll::Ready(value)
    }

    pub(super) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            ready!(budget::poll_proceed(cx)).made_progress();
            return Poll::Ready(0);
        }
        let mut count = 0;
        let mut next = ready!(self.poll_pop(cx));
        while let Some(value) = next {
            buffer.push(value);
            count += 1;
            next = if count < limit { self.pop() } else { None };
        }
        if count != 0 {
            self.chan.flavor.received(count);
        }
        Poll::Ready(count)
    }

    pub(super) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut rounds = 0;
        loop {
            let value = match self.pop() {
                Some(value) => Some(value),
                None => match self.pop_last() {
                    Poll::Ready(Some(value)) => Some(value),
                    Poll::Ready(None) => return Err(TryRecvError::Disconnected),
                    Poll::Pending => None,
                },
            };
            if let Some(value) = value {
                self.chan.flavor.received(1);
                return Ok(value);
            }
            if self.is_empty() {
                return Err(TryRecvError::Empty);
            }
            // A sender has claimed head's slot and is about to fill it. Others may have sent since, and
            // what they have sent must be found: wait for it. That is a few instructions, unless the
            // sender's thread has lost its core.
            rounds += 1;
            if rounds < 32 {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }

    pub(super) fn close(&mut self) {
        asked::changes(&raw const *self.chan);
        struct NotifyClosed<'a>(&'a Notify);
        impl Drop for NotifyClosed<'_> {
            fn drop(&mut self) {
                self.0.notify_waiters();
            }
        }
        let first = self.with_mut(|rx, _| {
            let first = rx.end.is_none();
            // For the case that `Flavor::close`, which wakes senders, panics.
            rx.end.get_or_insert(u64::MAX);
            first
        });
        if first {
            let notify = NotifyClosed(&self.chan.rx_closed);
            let end = self.chan.flavor.close(&self.chan.list);
            drop(notify);
            self.with_mut(|rx, _| rx.end = Some(end));
        }
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        asked::looks(&raw const *self.chan);
        self.chan.flavor.is_closed(&self.chan.list) || self.chan.strong_count() == 0
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        asked::looks(&raw const *self.chan);
        self.with(|rx, list| {
            let end = list.claimed().min(rx.end.unwrap_or(u64::MAX));
            (end - rx.list.head()) as usize
        })
    }

    #[inline]
    pub(super) fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    #[inline]
    pub(super) fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T, F: Flavor> Drop for Rx<T, F> {
    fn drop(&mut self) {
        /// Drops what is there, also if a sender's waker panics in `close`.
        struct Clear<'a, T, F: Flavor>(&'a mut Rx<T, F>);
        impl<T, F: Flavor> Drop for Clear<'_, T, F> {
            fn drop(&mut self) {
                // Nobody will receive what comes after this: it is dropped with the channel.
                drop(self.0.chan.rx_waker.take());
                let cleared = self.0.with_mut(|rx, list| {
                    let head = rx.list.head();
                    rx.list.clear(list);
                    rx.list.head() - head
                });
                self.0.chan.flavor.received(cleared as usize);
            }
        }
        Clear(self).0.close();
    }
}
