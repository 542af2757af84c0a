//! A row of words that begins with zeros and that threads, or processes, have in common.

use super::SelfArc;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// The words, counted: a clone refers to the same ones.
#[derive(Clone)]
pub(crate) struct Words {
    start: NonNull<AtomicU64>,
    length: usize,
    /// What keeps them; those of a mapping that stays for ever need nothing.
    memory: Option<SelfArc<Memory>>,
}

// SAFETY: the words are atomics, and are kept by the count (or for ever).
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

/// Memory of this process' own.
struct Memory {
    start: NonNull<AtomicU64>,
    layout: Layout,
}

// SAFETY: it refers to the memory as its owner alone.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Words {
    /// So many words in memory of their own. What has not been touched takes no room where the system gives memory by the page.
    pub(crate) fn zeroed(length: usize) -> Self {
        let layout = match Layout::array::<AtomicU64>(length.max(1)) {
            Ok(layout) => layout,
            Err(_) => panic!("no memory is as large as {length} words"),
        };
        // SAFETY: the layout's size is not 0.
        let memory = unsafe { alloc_zeroed(layout) }.cast::<AtomicU64>();
        let Some(start) = NonNull::new(memory) else {
            handle_alloc_error(layout);
        };
        Self {
            start,
            length,
            memory: Some(SelfArc::new(Memory { start, layout })),
        }
    }

    /// Words that are there for ever.
    ///
    /// # Safety
    ///
    /// They are, zeros are valid there, and nobody in this process uses them but as atomics.
    #[cfg(unix)]
    pub(crate) unsafe fn of_mapping(start: NonNull<AtomicU64>, length: usize) -> Self {
        Self {
            start,
            length,
            memory: None,
        }
    }

    /// One of the words.
    ///
    /// # Safety
    ///
    /// There are more than `index`.
    #[inline(always)]
    pub(crate) unsafe fn at(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the caller's; and as in `deref`.
        unsafe { self.start.add(index).as_ref() }
    }

    /// Word `index` will be written to soon: it should be in the cache by then. Any number will do.
    #[inline(always)]
    pub(crate) fn prefetch(&self, index: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let place = self.start.as_ptr().wrapping_add(index);
            // SAFETY: it is in every processor of this architecture, and does nothing where there is no memory.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast_const().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = index;
    }

    /// True if they are those of a mapping.
    pub(crate) fn is_mapped(&self) -> bool {
        self.memory.is_none()
    }

    /// Some of the words.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let part = &self[range];
        Self {
            start: NonNull::from(part).cast(),
            length: part.len(),
            memory: self.memory.clone(),
        }
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: as many atomics as that are there, as long as this counts; zeros are valid atomics.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `zeroed`, and nobody is left who refers to it.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) };
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn a_part_outlives_the_whole_and_shares_its_words() {
        let whole = Words::zeroed(8);
        let part = whole.part(2..5);
        whole[3].store(7, Relaxed);
        drop(whole);
        let seen: Vec<_> = part.iter().map(|word| word.load(Relaxed)).collect();
        assert_eq!(seen, [0, 7, 0]);
    }
}
