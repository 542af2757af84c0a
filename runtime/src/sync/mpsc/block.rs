//! A block of a channel's list: some slots for values, and the way to the next block.

use crate::prim::alloc::{alloc, dealloc};
use crate::prim::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::prim::{CHANNEL_BLOCK, UnsafeCell};
use std::alloc::{Layout, handle_alloc_error};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

/// Nothing is here yet.
const EMPTY: u32 = 0;
/// The same, and the receiver waits for it.
const WAITING: u32 = 1;
/// The value is here, and belongs to the receiver.
const FULL: u32 = 2;

/// [`Block::released_at`] when it is not known.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// A place for one value.
///
/// `state` goes EMPTY → (WAITING →) FULL. Until FULL the value's place belongs to the one sender that has
/// claimed the slot's index; afterwards to the receiver.
pub(super) struct Slot<T> {
    state: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
}

pub(super) struct Block<T> {
    /// The index of the first slot; written before the block is linked.
    first: UnsafeCell<u64>,
    pub(super) next: AtomicPtr<Block<T>>,
    /// Only senders that have claimed an index below this can still be in the block; UNKNOWN as long as the
    /// list's hint may lead there. See [`list`](super::list).
    pub(super) released_at: AtomicU64,
    slots: [Slot<T>; CHANNEL_BLOCK],
}

impl<T> Slot<T> {
    /// Puts the value in; true if the receiver waits for it.
    ///
    /// # Safety
    ///
    /// The caller has claimed the slot's index, and calls this once.
    pub(super) unsafe fn fill(&self, value: T) -> bool {
        self.value.with_mut(|place| {
            // SAFETY: the slot is not FULL and its index is the caller's, so the place is too.
            unsafe { (*place).write(value) };
        });
        // Ordering: Release hands the value to the receiver. The last touch of the block: it may be freed right
        // after.
        self.state.swap(FULL, Ordering::Release) == WAITING
    }

    /// True if the value is there.
    pub(super) fn is_full(&self) -> bool {
        // Ordering: Acquire pairs with `fill`: the value.
        self.state.load(Ordering::Acquire) == FULL
    }

    /// Takes the value out.
    ///
    /// # Safety
    ///
    /// The caller is the receiver, the slot is full, and it is emptied once.
    pub(super) unsafe fn take(&self) -> T {
        // SAFETY: FULL, so the place is initialised and the receiver's.
        self.value
            .with(|place| unsafe { (*place).assume_init_read() })
    }

    /// Says that the receiver, whose waker is registered, waits for this slot; false if the value is there.
    pub(super) fn wait(&self) -> bool {
        // Ordering: Relaxed on failure, as who takes the value acquires it; and on success, for `AtomicWaker`'s promise is enough:
        // a `fill` that finds WAITING takes the waker afterwards. If it came too early for the registration
        // before this, that registration would have seen the fill, and this exchange would have failed.
        // The same holds if WAITING is there already, from before this registration.
        match self
            .state
            .compare_exchange(EMPTY, WAITING, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => true,
            Err(state) => state == WAITING,
        }
    }
}

impl<T> Block<T> {
    /// Allocates a block whose first slot has the index `first`.
    pub(super) fn allocate(first: u64) -> NonNull<Self> {
        let layout = Layout::new::<Self>();
        // SAFETY: the layout is not empty: there are slots with a state.
        let memory = unsafe { alloc(layout) }.cast::<Self>();
        let Some(block) = NonNull::new(memory) else {
            handle_alloc_error(layout)
        };
        // SAFETY: the memory is ours and fits. Fields are written in place: a block can be large.
        unsafe {
            (&raw mut (*memory).first).write(UnsafeCell::new(first));
            (&raw mut (*memory).next).write(AtomicPtr::new(ptr::null_mut()));
            (&raw mut (*memory).released_at).write(AtomicU64::new(UNKNOWN));
            for offset in 0..CHANNEL_BLOCK {
                let slot = &raw mut (*memory).slots[offset];
                (&raw mut (*slot).state).write(AtomicU32::new(EMPTY));
                (&raw mut (*slot).value).write(UnsafeCell::new(MaybeUninit::uninit()));
            }
        }
        block
    }

    /// Makes a used block as good as new.
    ///
    /// # Safety
    ///
    /// Nobody else has the block, and it holds no values.
    pub(super) unsafe fn reset(block: NonNull<Self>, first: u64) {
        // SAFETY: live and the caller's.
        let this = unsafe { block.as_ref() };
        // SAFETY: nobody else reads it (caller).
        this.first.with_mut(|place| unsafe { *place = first });
        // Ordering: Relaxed, the link that makes the block visible is a Release.
        this.next.store(ptr::null_mut(), Ordering::Relaxed);
        this.released_at.store(UNKNOWN, Ordering::Relaxed);
        for slot in &this.slots {
            slot.state.store(EMPTY, Ordering::Relaxed);
        }
    }

    /// Frees a block.
    ///
    /// # Safety
    ///
    /// Nobody else has the block, and it holds no values.
    pub(super) unsafe fn free(block: NonNull<Self>) {
        // SAFETY: live and the caller's.
        let this = unsafe { block.as_ref() };
        for slot in &this.slots {
            // Does nothing, but loom takes it for a write: it complains if anyone might still be there.
            slot.value.with_mut(|_| ());
        }
        // SAFETY: as above. What is dropped is words and empty places.
        unsafe { block.drop_in_place() };
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(block.as_ptr().cast(), Layout::new::<Self>()) };
    }

    /// The index of the first slot.
    pub(super) fn first(&self) -> u64 {
        // SAFETY: written before the block was linked, and whoever has it found it by that link.
        self.first.with(|first| unsafe { *first })
    }

    /// True if every slot has been filled, whether the value is still there or not.
    pub(super) fn is_full(&self) -> bool {
        self.slots.iter().all(|slot| {
            // Ordering: Relaxed: it is enough that it has happened; nothing is taken out.
            slot.state.load(Ordering::Relaxed) == FULL
        })
    }

    /// The slot of `index`, which must be in this block.
    pub(super) fn slot(&self, index: u64) -> &Slot<T> {
        debug_assert_eq!(self.first(), first_of_block(index));
        &self.slots[offset(index)]
    }
}

/// Where in its block an index is.
#[inline]
pub(super) fn offset(index: u64) -> usize {
    (index % CHANNEL_BLOCK as u64) as usize
}

/// The index of the first slot in the block of `index`.
#[inline]
pub(super) fn first_of_block(index: u64) -> u64 {
    index - index % CHANNEL_BLOCK as u64
}
