//! The allocator of tasks and channels, named so that loom's can find what leaks.
//!
//! A thread keeps what it frees for what it allocates next. The system's allocator does that too, but only for a few
//! blocks of each size (glibc: seven), and who spawns a thousand tasks and then joins them pays for the rest: 330
//! instructions a task, of 860. Here a block is taken and kept by a few loads and stores of the thread's own memory.
//!
//! Bounds: at most [`MOST`] bytes a thread, in blocks of at most [`LARGEST`] bytes; and a thread keeps no more than it has
//! taken before, so that one that only frees what others allocate does not hoard. What is kept goes back when the thread
//! ends. A block may be freed by another thread than allocated it: then that one keeps it.

use std::alloc::{self as system, Layout};
use std::cell::Cell;
use std::ptr;

/// The largest block that is kept.
const LARGEST: usize = 16 * CLASSES - 8;

/// How much a thread keeps: the tasks of a batch of a thousand.
const MOST: usize = 128 << 10;

/// Blocks of class `c` have `16 * c + 8` bytes, which is what glibc's blocks have room for.
const CLASSES: usize = 33;

/// A block that is kept.
struct Block {
    next: *mut Block,
}

/// What one thread keeps.
struct Kept {
    /// The last one of each class.
    blocks: [Cell<*mut Block>; CLASSES],
    /// How many bytes more may be kept.
    room: Cell<usize>,
    /// The room and what is kept: what the system was asked for, up to [`MOST`].
    allowed: Cell<usize>,
}

thread_local! {
    static KEPT: Kept = const { Kept::new() };
}

/// The class of a block that is kept. Depends on the layout only, so that a type's memory is always of one class.
#[inline]
const fn class(layout: Layout) -> Option<usize> {
    if layout.size() <= LARGEST && layout.align() <= 8 {
        Some((layout.size() + 7) / 16)
    } else {
        None
    }
}

/// What all blocks of a class are allocated with.
#[inline]
const fn layout_of(class: usize) -> Layout {
    match Layout::from_size_align(16 * class + 8, 8) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    }
}

/// As [`std::alloc::alloc`].
///
/// # Safety
///
/// The size is not 0.
#[inline]
pub(crate) unsafe fn alloc(layout: Layout) -> *mut u8 {
    let Some(class) = class(layout) else {
        // SAFETY: the caller's.
        return unsafe { system::alloc(layout) };
    };
    let kept = KEPT.try_with(|kept| kept.take(class));
    match kept {
        Ok(block) if !block.is_null() => block.cast(),
        // SAFETY: no class has blocks of no bytes.
        _ => unsafe { system::alloc(layout_of(class)) },
    }
}

/// As [`std::alloc::dealloc`].
///
/// # Safety
///
/// `memory` is of [`alloc`], with the same layout, and nobody uses it any more.
#[inline]
pub(crate) unsafe fn dealloc(memory: *mut u8, layout: Layout) {
    let Some(class) = class(layout) else {
        // SAFETY: the caller's; such a layout is not rounded.
        return unsafe { system::dealloc(memory, layout) };
    };
    // SAFETY: a block of the class as it is of `alloc` with this layout; it is the caller's to give.
    if KEPT.try_with(|kept| unsafe { kept.keep(memory.cast(), class) }) != Ok(true) {
        // SAFETY: as above.
        unsafe { system::dealloc(memory, layout_of(class)) };
    }
}

impl Kept {
    const fn new() -> Self {
        Self {
            blocks: [const { Cell::new(ptr::null_mut()) }; CLASSES],
            room: Cell::new(0),
            allowed: Cell::new(0),
        }
    }

    /// A block to use, or null: the system is to be asked for one then.
    #[inline]
    fn take(&self, class: usize) -> *mut Block {
        let size = layout_of(class).size();
        let block = self.blocks[class].get();
        if block.is_null() {
            let more = size.min(MOST - self.allowed.get());
            self.allowed.set(self.allowed.get() + more);
            self.room.set(self.room.get() + more);
        } else {
            // SAFETY: blocks in the list are this thread's, and `keep` has written them.
            self.blocks[class].set(unsafe { (*block).next });
            self.room.set(self.room.get() + size);
        }
        block
    }

    /// Keeps a block, or says that there is no room for it.
    ///
    /// # Safety
    ///
    /// It has the size of the class, and nobody uses it.
    #[inline]
    unsafe fn keep(&self, block: *mut Block, class: usize) -> bool {
        let size = layout_of(class).size();
        let Some(room) = self.room.get().checked_sub(size) else {
            return false;
        };
        self.room.set(room);
        let next = self.blocks[class].replace(block);
        // SAFETY: the caller's: large and aligned enough for a pointer, and to be written.
        unsafe { block.write(Block { next }) };
        true
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for (class, blocks) in self.blocks.iter().enumerate() {
            let mut block = blocks.replace(ptr::null_mut());
            while !block.is_null() {
                // SAFETY: blocks in the list are this thread's, and `keep` has written them.
                let next = unsafe { (*block).next };
                // SAFETY: `alloc` has allocated it with the layout of its class.
                unsafe { system::dealloc(block.cast(), layout_of(class)) };
                block = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes, and fills what it got to see that nobody else has it.
    fn take(layout: Layout) -> *mut u8 {
        // SAFETY: no layout of these tests has no bytes.
        let memory = unsafe { alloc(layout) };
        assert!(!memory.is_null());
        // SAFETY: so large.
        unsafe { memory.write_bytes(0xA5, layout.size()) };
        memory
    }

    fn give(memory: *mut u8, layout: Layout) {
        // SAFETY: all of these tests' memory is given once, with its layout.
        unsafe { dealloc(memory, layout) };
    }

    fn kept(class: usize) -> usize {
        KEPT.with(|kept| {
            let mut count = 0;
            let mut block = kept.blocks[class].get();
            while !block.is_null() {
                count += 1;
                // SAFETY: in the list.
                block = unsafe { (*block).next };
            }
            count
        })
    }

    #[test]
    fn what_was_freed_last_is_taken_first() {
        let layout = Layout::new::<[u64; 11]>();
        let (a, b) = (take(layout), take(layout));
        assert_ne!(a, b);
        give(a, layout);
        give(b, layout);
        assert_eq!(take(layout), b);
        assert_eq!(take(layout), a);
        give(a, layout);
        give(b, layout);
    }

    #[test]
    fn sizes_of_one_class_share_their_blocks_and_others_do_not() {
        let of = |size| Layout::from_size_align(size, 8).expect("small");
        assert_eq!(class(of(88)), class(of(73)));
        assert_ne!(class(of(88)), class(of(89)));
        for size in 1..=LARGEST {
            let class = class(of(size)).expect("small enough");
            assert!(class < CLASSES && layout_of(class).size() >= size);
        }
        assert_eq!(class(of(LARGEST + 1)), None);
        assert_eq!(
            class(Layout::new::<u128>().align_to(16).expect("valid")),
            None
        );
    }

    #[test]
    fn a_thread_keeps_no_more_than_it_has_taken() {
        let layout = Layout::new::<[u64; 21]>();
        let class = class(layout).expect("small enough");
        let memory: Vec<usize> =
            std::thread::spawn(move || (0..100).map(|_| take(layout) as usize).collect())
                .join()
                .expect("no panic");
        std::thread::spawn(move || {
            for block in memory {
                give(block as *mut u8, layout);
            }
            assert_eq!(kept(class), 0);
            give(take(layout), layout);
            assert_eq!(kept(class), 1);
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn a_thread_keeps_no_more_than_the_bound() {
        let layout = Layout::new::<[u64; 21]>();
        let class = class(layout).expect("small enough");
        std::thread::spawn(move || {
            let blocks: Vec<_> = (0..5000).map(|_| take(layout)).collect();
            for block in blocks {
                give(block, layout);
            }
            assert_eq!(kept(class), MOST / layout.size());
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn the_bound_is_for_all_sizes_together() {
        let layouts = [Layout::new::<[u64; 21]>(), Layout::new::<[u64; 41]>()];
        let kept_bytes = move || {
            let bytes = |layout| kept(class(layout).expect("small enough")) * layout.size();
            layouts.map(bytes).iter().sum::<usize>()
        };
        std::thread::spawn(move || {
            for layout in layouts {
                let blocks: Vec<_> = (0..5000).map(|_| take(layout)).collect();
                for block in blocks {
                    give(block, layout);
                }
                assert!(kept_bytes() <= MOST, "{} bytes", kept_bytes());
                assert!(kept_bytes() > MOST - layout.size());
            }
        })
        .join()
        .expect("no panic");
    }
}
