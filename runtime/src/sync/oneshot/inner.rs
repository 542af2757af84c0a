//! The shared part of a oneshot channel: one allocation, one word, no reference count.
//!
//! ```text
//!   bit  set by    name       meaning once it is set
//!    0   sender    VALUE      (with COMPLETE) the value's place is full, and belongs to the receiver
//!    1   sender    COMPLETE   the sender has sent, or will never send
//!    2   sender    TX_GONE    the sender never touches the memory again
//!    3   receiver  CLOSED     a value sent from now on comes back to the sender
//!    4   receiver  RX_GONE    the receiver never touches the memory again
//!    5   receiver  RX_WAKER   the receiver's waker is in its place
//!    6   sender    TX_WAKER   the sender's waker (from `poll_closed`) is in its place
//! ```
//!
//! Who may touch what:
//! 1. The value's place belongs to the sender until COMPLETE, to the receiver afterwards.
//! 2. The receiver's waker: while RX_WAKER is clear its place is the receiver's. While RX_WAKER is set and
//!    COMPLETE is not, both may read it. If COMPLETE comes while RX_WAKER is set, the waker is the sender's,
//!    who moves it out by reading; its bytes stay, so a late `will_wake` of the receiver is harmless.
//! 3. The sender's waker: likewise, with TX_WAKER for RX_WAKER and CLOSED for COMPLETE. The sender takes its
//!    waker back before it completes.
//! 4. Whoever sets the second of TX_GONE and RX_GONE frees the memory. By then it owns nothing: the value
//!    and the wakers have been moved out by those who own them.
//!
//! | step                                        | by whom                        | read-modify-writes |
//! | ------------------------------------------- | ------------------------------ | :-: |
//! | COMPLETE (VALUE) TX_GONE                    | `complete`, nobody waits       | 1 |
//! | COMPLETE (VALUE); take the waker; TX_GONE   | `complete`, the receiver waits | 2 |
//! | RX_WAKER                                    | `poll_recv`, first time        | 1 |
//! | −RX_WAKER, change the waker, RX_WAKER       | `poll_recv`, another waker     | 2 |
//! | RX_GONE                                     | `leave`                        | 0 if TX_GONE was seen, else 1 |
//! | CLOSED; take the sender's waker             | `close`                        | 1 |
//!
//! Orderings: every change that sets a bit is AcqRel and every look is Acquire, so what is handed over by a bit
//! arrives with it: the value and the waker with COMPLETE, the receiver's waker with RX_WAKER, everything
//! with the two GONE bits, before the memory is freed.

use crate::prim::UnsafeCell;
use crate::prim::alloc::{alloc, dealloc};
use crate::prim::asked;
use crate::prim::atomic::{AtomicU32, Ordering};
use std::alloc::{Layout, handle_alloc_error};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

pub(super) const VALUE: u32 = 1;
pub(super) const COMPLETE: u32 = 1 << 1;
const TX_GONE: u32 = 1 << 2;
pub(super) const CLOSED: u32 = 1 << 3;
const RX_GONE: u32 = 1 << 4;
const RX_WAKER: u32 = 1 << 5;
const TX_WAKER: u32 = 1 << 6;

pub(super) struct Inner<T> {
    word: AtomicU32,
    rx_waker: Place<RX_WAKER, COMPLETE>,
    tx_waker: Place<TX_WAKER, CLOSED>,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// A place for a waker. The bit FULL says that there is one; the coming of the bit EVENT, which it waits for,
/// hands it to the other side.
struct Place<const FULL: u32, const EVENT: u32> {
    waker: UnsafeCell<MaybeUninit<Waker>>,
}

impl<const FULL: u32, const EVENT: u32> Place<FULL, EVENT> {
    fn new() -> Self {
        Self {
            waker: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// # Safety
    ///
    /// The place is the caller's, and empty.
    unsafe fn put(&self, waker: Waker) {
        self.waker.with_mut(|place| {
            // SAFETY: the place is the caller's.
            unsafe { (*place).write(waker) };
        });
    }

    /// Moves the waker out.
    ///
    /// # Safety
    ///
    /// The place is full, and its content the caller's; nobody takes it a second time.
    unsafe fn take(&self) -> Waker {
        // SAFETY: the place is full and taken once (caller). It is only read, see rule 2 of the header.
        self.waker
            .with(|place| unsafe { (*place).assume_init_read() })
    }

    /// # Safety
    ///
    /// The place has been filled, and nobody writes to it.
    unsafe fn will_wake(&self, waker: &Waker) -> bool {
        // SAFETY: the bytes of a waker are there. If the other side has moved it out meanwhile they are
        // compared and nothing else.
        self.waker
            .with(|place| unsafe { (*place).assume_init_ref().will_wake(waker) })
    }
}

impl<T> Inner<T> {
    /// Allocates the shared part of a new channel: one sender, one receiver.
    pub(super) fn allocate() -> NonNull<Self> {
        let layout = Layout::new::<Self>();
        // SAFETY: the layout is not empty: there is a word.
        let memory = unsafe { alloc(layout) }.cast::<Self>();
        let Some(inner) = NonNull::new(memory) else {
            handle_alloc_error(layout)
        };
        // SAFETY: the memory is ours, and fits.
        unsafe {
            inner.write(Self {
                word: AtomicU32::new(0),
                rx_waker: Place::new(),
                tx_waker: Place::new(),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            });
        }
        inner
    }

    /// Frees what [`allocate`](Self::allocate) has returned.
    ///
    /// # Safety
    ///
    /// The caller has set the second of the GONE bits (rule 4).
    unsafe fn free(inner: NonNull<Self>) {
        // SAFETY: nobody else touches it (rule 4).
        let this = unsafe { inner.as_ref() };
        // These do nothing, but loom takes them for writes: it complains if anyone might still be at a place.
        this.value.with_mut(|_| ());
        this.rx_waker.waker.with_mut(|_| ());
        this.tx_waker.waker.with_mut(|_| ());
        // SAFETY: as above. What is dropped is a word and empty places.
        unsafe { inner.drop_in_place() };
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(inner.as_ptr().cast(), Layout::new::<Self>()) };
    }

    pub(super) fn state(&self) -> u32 {
        asked::looks(self);
        // Ordering: Acquire, see the header.
        self.word.load(Ordering::Acquire)
    }

    /// Ready when the event of `place` has come; else its waker will be woken then. Only the side whose
    /// place it is calls this.
    fn wait<const FULL: u32, const EVENT: u32>(
        &self,
        place: &Place<FULL, EVENT>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let state = self.state();
        if state & EVENT != 0 {
            return Poll::Ready(());
        }
        if state & FULL != 0 {
            // SAFETY: full, and only the side that is here writes to it (rules 2 and 3).
            if unsafe { place.will_wake(cx.waker()) } {
                return Poll::Pending;
            }
            if self.take_back(place).is_none() {
                return Poll::Ready(());
            }
        }
        let waker = cx.waker().clone();
        // SAFETY: the bit is clear, so the place belongs to the side that is here, and is empty.
        unsafe { place.put(waker) };
        // Ordering: AcqRel, see the header.
        let state = self.word.fetch_or(FULL, Ordering::AcqRel);
        if state & EVENT == 0 {
            return Poll::Pending;
        }
        // The event came first, so the other side has seen no waker.
        // Ordering: Relaxed, the other side looks at this bit only when its event comes, and it has come.
        self.word.fetch_and(!FULL, Ordering::Relaxed);
        // SAFETY: as said, so it is ours.
        drop(unsafe { place.take() });
        Poll::Ready(())
    }

    /// Takes one's own waker back, which must be there; None if the event has come, and the other side has it.
    #[cold]
    fn take_back<const FULL: u32, const EVENT: u32>(
        &self,
        place: &Place<FULL, EVENT>,
    ) -> Option<Waker> {
        // Ordering: Relaxed, nothing is handed over: the waker is ours, or stays with the other side. Who
        // needs what came with the event looks at the word again.
        let state = self.word.fetch_and(!FULL, Ordering::Relaxed);
        // SAFETY: the bit was cleared before the event came, so the waker is ours (rules 2 and 3).
        (state & EVENT == 0).then(|| unsafe { place.take() })
    }

    // ----- the sender's side -----

    /// The sender's last step: sends `value`, or says that there will be none. Returns the value if the
    /// receiver does not want it.
    ///
    /// # Safety
    ///
    /// `inner` is live, the caller is the sender, and does not touch it again.
    #[inline]
    pub(super) unsafe fn complete(inner: NonNull<Self>, value: Option<T>) -> Option<T> {
        asked::changes(inner.as_ptr());
        // SAFETY: live until the sender sets TX_GONE, below.
        let this = unsafe { inner.as_ref() };
        let mut state = this.state();
        if state & TX_WAKER != 0 {
            let _dropped_last = this.take_back(&this.tx_waker);
            // SAFETY: as the caller says. The bit is clear now, so this ends.
            return unsafe { Self::complete(inner, value) };
        }
        let full = match value {
            Some(value) => {
                // SAFETY: not complete yet, so the place is the sender's (rule 1).
                this.value
                    .with_mut(|place| unsafe { (*place).write(value) });
                VALUE
            }
            None => 0,
        };
        loop {
            if state & CLOSED != 0 {
                let unwanted = (full != 0).then(|| {
                    // SAFETY: still not complete, so the place is the sender's; it was filled above.
                    this.value
                        .with(|place| unsafe { (*place).assume_init_read() })
                });
                // SAFETY: the caller is the sender and does not come back.
                unsafe { Self::release(inner, TX_GONE, RX_GONE) };
                return unwanted;
            }
            let waits = state & RX_WAKER != 0;
            let gone = if waits { 0 } else { TX_GONE };
            // Ordering: AcqRel, see the header; a failure receives CLOSED or RX_WAKER.
            match this.word.compare_exchange_weak(
                state,
                state | full | COMPLETE | gone,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) if waits => break,
                // Gone: the receiver, which has not closed, frees it.
                Ok(_) => return None,
                Err(now) => state = now,
            }
        }
        // SAFETY: COMPLETE came, by us, while RX_WAKER was set (rule 2).
        let waker = unsafe { this.rx_waker.take() };
        // SAFETY: the caller is the sender and does not come back.
        unsafe { Self::release(inner, TX_GONE, RX_GONE) };
        waker.wake();
        None
    }

    /// Ready when the receiver has closed. Called by the sender only.
    pub(super) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.wait(&self.tx_waker, cx)
    }

    // ----- the receiver's side -----

    /// Ready when the sender is complete, or the receiver itself has closed. Called by the receiver only.
    pub(super) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over() {
            return Poll::Ready(());
        }
        self.wait(&self.rx_waker, cx)
    }

    /// True if the sender is complete, or the receiver has closed.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.state() & (COMPLETE | CLOSED) != 0
    }

    /// Says that no value is wanted any more; returns the waker of a sender that waits for this. Called by
    /// the receiver only.
    #[must_use = "the sender waits for it"]
    pub(super) fn close(&self) -> Option<Waker> {
        asked::changes(self);
        // Ordering: AcqRel, see the header.
        let state = self.word.fetch_or(CLOSED, Ordering::AcqRel);
        let waits = state & CLOSED == 0 && state & TX_WAKER != 0;
        // SAFETY: CLOSED came, by us, while TX_WAKER was set (rule 3).
        waits.then(|| unsafe { self.tx_waker.take() })
    }

    /// The receiver's last step, when the sender is complete or will find CLOSED: takes the value out if it was
    /// sent.
    ///
    /// # Safety
    ///
    /// `inner` is live, the caller is the receiver, and does not touch it again. COMPLETE or CLOSED is set.
    #[inline]
    pub(super) unsafe fn leave(inner: NonNull<Self>) -> Option<T> {
        asked::changes(inner.as_ptr());
        // SAFETY: live until the receiver sets RX_GONE, below.
        let this = unsafe { inner.as_ref() };
        let state = this.state();
        let value = (state & VALUE != 0).then(|| {
            // SAFETY: complete with a value, so the place is full and the receiver's (rule 1); read once.
            this.value
                .with(|place| unsafe { (*place).assume_init_read() })
        });
        if state & (COMPLETE | TX_GONE) == COMPLETE | TX_GONE {
            // SAFETY: the sender is gone, and so are we: no bit need say so (rule 4). It has had our waker, if
            // there was one.
            unsafe { Self::free(inner) };
        } else {
            // SAFETY: as the caller says.
            unsafe { Self::leave_first(inner) };
        }
        value
    }

    /// The end of [`leave`](Self::leave) when the sender is there, or did not complete.
    #[cold]
    unsafe fn leave_first(inner: NonNull<Self>) {
        // SAFETY: live (caller) until the receiver sets RX_GONE, below.
        let this = unsafe { inner.as_ref() };
        // Dropped when everything else is done. The sender has it if COMPLETE came, and CLOSED kept it from
        // coming otherwise.
        let _rx_waker = if this.state() & (RX_WAKER | COMPLETE) == RX_WAKER {
            this.take_back(&this.rx_waker)
        } else {
            None
        };
        // SAFETY: the caller is the receiver and does not come back.
        unsafe { Self::release(inner, RX_GONE, TX_GONE) };
    }

    /// Sets `mine`, and frees the memory if `theirs` is set.
    ///
    /// # Safety
    ///
    /// `inner` is live, `mine` is the caller's GONE bit, and it does not touch `inner` again.
    unsafe fn release(inner: NonNull<Self>, mine: u32, theirs: u32) {
        // SAFETY: live until both bits are set, and `mine` is not yet.
        let word = unsafe { &inner.as_ref().word };
        // Ordering: AcqRel: what we did to the memory comes before it is freed by whoever is second.
        let state = word.fetch_or(mine, Ordering::AcqRel);
        if state & theirs != 0 {
            // SAFETY: ours was the second (rule 4).
            unsafe { Self::free(inner) };
        }
    }
}
