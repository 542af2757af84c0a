//! The wakers of futures that one task polls by itself: each future has a lane, with a waker of its own, so that only those are
//! polled that were woken.
//!
//! ```text
//!   who polls (the owner)                        who wakes a lane (any thread)
//!   register the task's waker                    or the lane's bit into `woken`   (Release)
//!   swap `woken` with 0        (Acquire)           it was not 0 before: somebody else wakes the owner, or has
//!   poll the lanes whose bits were set             it was 0: wake the owner
//! ```
//!
//! *No wake is lost.* A bit that is set before the swap is seen by it. One that is set after it finds 0, or a bit of another lane
//! that was set after it too and found 0: so somebody wakes the owner, after that has registered. [`AtomicWaker`] sees to the
//! rest: a wake that comes while the owner registers, or before, is one whose bit the swap finds. The order matters: swap first,
//! and a bit that is set in between wakes nobody.
//!
//! *What a lane's waker was woken for is there*: its Release, or that of a read-modify-write before it that it continues, is
//! received by the swap.
//!
//! Lanes come in rows of 64, of one cache line and one allocation each: the line's address is a multiple of 64, and the data of a
//! lane's waker is the address of one of its bytes, so it tells both. A row is counted by its wakers and its owner; the owner's
//! waker is in the first, which is counted by the others. A lane may be given to another future while wakers of the one before it
//! are about: then that is polled for nothing, as any future may be.
//!
//! A poll that tells where its task stands (`task::capture`) shows itself by its waker. So in such a poll *all* lanes are polled,
//! with that waker: what they wait for wakes the task, but no lane. Therefore all are polled in the next poll too, with their
//! own.

use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::budget;
use crate::kernel::task::is_telling;
use crate::prim::alloc::{alloc, dealloc};
use crate::prim::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::alloc::{Layout, handle_alloc_error};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// How many lanes a row has: as many as it has bytes, and `woken` bits.
const ROW: usize = 64;

/// So many lanes are polled in one poll of the owner, as long as their budget lasts; then other tasks have their turn.
const AT_A_TIME: usize = budget::PER_POLL as usize;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// What the wakers of 64 lanes share with who polls them.
#[repr(C, align(64))]
struct Row {
    /// A bit for each lane.
    woken: AtomicU64,
    /// Wakers, the owner, and, if this is the first, the other rows.
    count: AtomicUsize,
    /// The waker of the task, if this is the first.
    owner: AtomicWaker,
    /// The first row, unless it is this.
    first: Option<Counted>,
}

const _: () = assert!(align_of::<Row>() == ROW && size_of::<Row>() >= ROW);

/// A row, counted.
struct Counted(NonNull<Row>);

// SAFETY: what is in a row is shared by atomics and `AtomicWaker`, whichever thread counts it.
unsafe impl Send for Counted {}
// SAFETY: as above.
unsafe impl Sync for Counted {}

impl Counted {
    #[inline]
    fn new(first: Option<Counted>) -> Self {
        let layout = Layout::new::<Row>();
        // SAFETY: a row's size is not 0.
        let memory = unsafe { alloc(layout) }.cast::<Row>();
        let Some(row) = NonNull::new(memory) else {
            handle_alloc_error(layout)
        };
        // SAFETY: the memory is new, and of the right layout.
        unsafe {
            row.write(Row {
                woken: AtomicU64::new(0),
                count: AtomicUsize::new(1),
                owner: AtomicWaker::new(),
                first,
            });
        }
        Self(row)
    }
}

impl Deref for Counted {
    type Target = Row;

    #[inline]
    fn deref(&self) -> &Row {
        // SAFETY: what is counted is there, and nobody has it by `&mut`.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for Counted {
    #[inline]
    fn clone(&self) -> Self {
        // Ordering: Relaxed, as in any reference count: the new reference comes from one that exists.
        if self.count.fetch_add(1, Ordering::Relaxed) > usize::MAX / 2 {
            // Wakers were forgotten in a loop; going on would free memory in use.
            std::process::abort();
        }
        Self(self.0)
    }
}

impl Drop for Counted {
    #[inline]
    fn drop(&mut self) {
        // Ordering: Release hands what was done with the row to whoever frees it.
        if self.count.fetch_sub(1, Ordering::Release) == 1 {
            // Ordering: Acquire receives that from all others.
            fence(Ordering::Acquire);
            // SAFETY: this was the last, and whatever the others did has happened.
            unsafe { free(self.0) };
        }
    }
}

/// # Safety
///
/// Nobody counts the row any more.
#[cold]
#[inline]
unsafe fn free(row: NonNull<Row>) {
    // SAFETY: the caller's; it was initialised when it was made.
    unsafe { row.drop_in_place() };
    // SAFETY: of `alloc`, with this layout.
    unsafe { dealloc(row.as_ptr().cast(), Layout::new::<Row>()) };
}

impl Row {
    #[inline]
    fn wake(&self, lane: usize) {
        // Ordering: Release publishes what this was woken for to the owner's swap (see the module's header).
        if self.woken.fetch_or(1 << lane, Ordering::Release) == 0 {
            self.first.as_deref().unwrap_or(self).owner.wake();
        }
    }
}

// ----- wakers -----------------------------------------------------------------------------------------

fn raw(row: NonNull<Row>, lane: usize) -> RawWaker {
    RawWaker::new(row.as_ptr().cast::<u8>().wrapping_add(lane).cast(), &VTABLE)
}

/// The row and the lane of a waker. It does not count.
///
/// # Safety
///
/// `waker` is the data of one, which counts.
#[inline]
unsafe fn parts(waker: *const ()) -> (ManuallyDrop<Counted>, usize) {
    let lane = waker.addr() % ROW;
    let row = waker.cast::<u8>().wrapping_sub(lane).cast::<Row>();
    // SAFETY: made in `raw` of the row's pointer, whose address is a multiple of `ROW`, and a number below that.
    let row = unsafe { NonNull::new_unchecked(row.cast_mut()) };
    (ManuallyDrop::new(Counted(row)), lane)
}

#[inline]
unsafe fn clone(waker: *const ()) -> RawWaker {
    // SAFETY: called through a waker, here and below.
    let (row, _) = unsafe { parts(waker) };
    let _counted = ManuallyDrop::new(Counted::clone(&row));
    RawWaker::new(waker, &VTABLE)
}

#[inline]
unsafe fn wake(waker: *const ()) {
    // SAFETY: as above.
    let (row, lane) = unsafe { parts(waker) };
    // Dropped also if the task's waker panics.
    let row = ManuallyDrop::into_inner(row);
    row.wake(lane);
}

#[inline]
unsafe fn wake_by_ref(waker: *const ()) {
    // SAFETY: as above.
    let (row, lane) = unsafe { parts(waker) };
    row.wake(lane);
}

#[inline]
unsafe fn drop_waker(waker: *const ()) {
    // SAFETY: as above.
    let (row, _) = unsafe { parts(waker) };
    drop(ManuallyDrop::into_inner(row));
}

/// A lane's waker, for the length of a poll. It is not counted: the lanes are borrowed.
pub(crate) struct Lent<'a> {
    waker: ManuallyDrop<Waker>,
    _lanes: PhantomData<&'a Lanes>,
}

impl Deref for Lent<'_> {
    type Target = Waker;

    #[inline]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}

// ----- the owner's side -------------------------------------------------------------------------------

/// A row, as its owner sees it.
struct Seen {
    row: Counted,
    /// Lanes that somebody has.
    used: u64,
    /// Of those, the ones to be polled.
    woken: u64,
}

impl Seen {
    fn new(row: Counted) -> Self {
        Self {
            row,
            used: 0,
            woken: 0,
        }
    }
}

/// The lanes of one task; see the module's header.
pub(crate) struct Lanes {
    first: Seen,
    more: Vec<Seen>,
    /// Where the search for the next lane goes on: so each has its turn, however often others are woken.
    next: usize,
    /// No row before this one has room.
    room: usize,
    /// The last poll has told, so no lane's waker is known to what its future waits for.
    has_told: bool,
}

/// How a poll of the owner polls its lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    /// Each with its own waker.
    Own,
    /// All with the waker of the task: the poll tells.
    Tasks,
}

impl Lanes {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            first: Seen::new(Counted::new(None)),
            more: Vec::new(),
            next: 0,
            room: 0,
            has_told: false,
        }
    }

    /// A lane for a future, which is to be polled. The owner is not woken.
    #[inline]
    pub(crate) fn insert(&mut self) -> usize {
        while self.row(self.room).used == u64::MAX {
            self.room += 1;
            if self.room > self.more.len() {
                let row = Counted::new(Some(self.first.row.clone()));
                self.more.push(Seen::new(row));
            }
        }
        let room = self.room;
        let seen = self.row(room);
        let lane = seen.used.trailing_ones();
        seen.used |= 1 << lane;
        seen.woken |= 1 << lane;
        room * ROW + lane as usize
    }

    /// The future of a lane is gone.
    #[inline]
    pub(crate) fn remove(&mut self, lane: usize) {
        let (row, bit) = (lane / ROW, !(1 << (lane % ROW)));
        let seen = self.row(row);
        seen.used &= bit;
        seen.woken &= bit;
        self.room = self.room.min(row);
    }

    /// The lane is to be polled once more.
    pub(crate) fn put_back(&mut self, lane: usize) {
        self.row(lane / ROW).woken |= 1 << (lane % ROW);
        self.next = lane;
    }

    /// Begins a poll of the owner, with its waker: registers that, and sees which lanes were woken.
    #[inline]
    pub(crate) fn begin(&mut self, waker: &Waker) -> With {
        if is_telling(waker) {
            // Not registered: that would be told, too.
            self.has_told = true;
            self.rows().for_each(|seen| seen.woken = seen.used);
            return With::Tasks;
        }
        self.first.row.owner.register(waker);
        let had_told = std::mem::take(&mut self.has_told);
        for seen in self.rows() {
            // Ordering: Relaxed. What the registration has received is not missed, and what comes later wakes the owner.
            if seen.row.woken.load(Ordering::Relaxed) != 0 {
                // Ordering: Acquire receives what the lanes were woken for.
                seen.woken |= seen.row.woken.swap(0, Ordering::Acquire) & seen.used;
            }
            if had_told {
                seen.woken = seen.used;
            }
        }
        With::Own
    }

    /// The next lane to be polled, after the one before.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        let rows = 1 + self.more.len();
        let start = self.next;
        // The row where it begins is looked at from there, and at last up to there.
        for _ in 0..=rows {
            let row = self.next / ROW;
            let seen = self.row(row);
            let woken = seen.woken & (u64::MAX << (self.next % ROW));
            if woken != 0 {
                let lane = woken.trailing_zeros() as usize;
                self.row(row).woken &= !(1 << lane);
                self.next = (row * ROW + lane + 1) % (rows * ROW);
                return Some(row * ROW + lane);
            }
            self.next = (row + 1) % rows * ROW;
        }
        self.next = start;
        None
    }

    /// The waker of a lane.
    pub(crate) fn waker(&self, lane: usize) -> Lent<'_> {
        let seen = match lane / ROW {
            0 => &self.first,
            row => &self.more[row - 1],
        };
        // SAFETY: the functions of `VTABLE` keep the contract of `RawWakerVTable`. This one counts for nothing, and the owner's
        // count outlives it.
        let waker = unsafe { Waker::from_raw(raw(seen.row.0, lane % ROW)) };
        Lent {
            waker: ManuallyDrop::new(waker),
            _lanes: PhantomData,
        }
    }

    /// Takes the owner's waker, to be woken because of something that came from outside of its polls.
    #[must_use = "the waker that was taken must be woken"]
    pub(crate) fn take_owner(&self) -> Option<Waker> {
        self.first.row.owner.take()
    }

    /// Polls lanes that were woken by `poll`, until one is ready; that is removed then, and returned.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(usize, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<(usize, T)> {
        let with = self.begin(cx.waker());
        let mut turn = Turn::default();
        while let Some(lane) = self.next() {
            if turn.is_over() {
                self.put_back(lane);
                return budget::exhausted(cx);
            }
            let polled = match with {
                With::Own => poll(lane, &mut Context::from_waker(&self.waker(lane))),
                With::Tasks => poll(lane, cx),
            };
            if let Poll::Ready(output) = polled {
                self.remove(lane);
                return Poll::Ready((lane, output));
            }
        }
        Poll::Pending
    }

    fn row(&mut self, row: usize) -> &mut Seen {
        match row {
            0 => &mut self.first,
            row => &mut self.more[row - 1],
        }
    }

    #[inline]
    fn rows(&mut self) -> impl Iterator<Item = &mut Seen> {
        std::iter::once(&mut self.first).chain(&mut self.more)
    }
}

/// How much of a poll of the owner there has been.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    polls: usize,
}

impl Turn {
    /// True if the next lane is for another turn: then the owner has to be woken.
    #[inline]
    pub(crate) fn is_over(&mut self) -> bool {
        self.polls += 1;
        self.polls > AT_A_TIME || !budget::has_remaining()
    }
}

impl Drop for Lanes {
    #[inline]
    fn drop(&mut self) {
        // Wakers of lanes may be about for long: they are to keep no task in memory.
        drop(self.take_owner());
    }
}

impl fmt::Debug for Lanes {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = |seen: &Seen| seen.used.count_ones();
        let more: u32 = self.more.iter().map(used).sum();
        f.debug_struct("Lanes")
            .field("used", &(used(&self.first) + more))
            .finish_non_exhaustive()
    }
}
