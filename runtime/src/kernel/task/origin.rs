//! Where a task comes from: the place of its spawn, and what few tasks have besides, in one word.
//!
//! ```text
//!   …0   &'static Location     a task as `spawn` makes it: nothing is allocated, nothing is to be freed
//!   …1   *const Extra          counted: the place, a name
//! ```
//!
//! Written when the task is made and not changed after that, so whoever may refer to the task may read it. What an
//! [`Extra`] holds is plain data: dropping it runs no user code, so it goes with the task's memory (invariant 8).

use crate::prim::SelfArc;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr::NonNull;

/// Set if the pointer is to an [`Extra`].
const EXTRA: usize = 1;

const _: () = assert!(align_of::<Location<'static>>() > EXTRA && align_of::<Extra>() > EXTRA);

/// The origin of a task; a counted pointer if the task has more than a place.
pub(crate) struct Origin {
    word: NonNull<()>,
    _of: PhantomData<SelfArc<Extra>>,
}

/// What only some tasks have.
struct Extra {
    place: &'static Location<'static>,
    name: Option<Box<str>>,
}

// SAFETY: an origin is a `&'static Location` or a counted `Extra`, both of which are `Send + Sync`.
unsafe impl Send for Origin {}
// SAFETY: as above.
unsafe impl Sync for Origin {}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Origin {
    pub(super) const EXTRA: usize = EXTRA;
    pub(super) const EXTRA_PLACE: usize = std::mem::offset_of!(Extra, place);
    pub(super) const EXTRA_NAME: usize = std::mem::offset_of!(Extra, name);
}

impl Origin {
    /// The place that the caller was called from.
    #[inline]
    #[track_caller]
    pub(crate) fn caller() -> Self {
        Self::at(Location::caller())
    }

    #[inline]
    pub(super) fn at(place: &'static Location<'static>) -> Self {
        Self {
            word: NonNull::from(place).cast(),
            _of: PhantomData,
        }
    }

    /// As [`caller`](Self::caller), with a name.
    #[track_caller]
    pub(crate) fn named(name: &str) -> Self {
        let extra = SelfArc::new(Extra {
            place: Location::caller(),
            name: Some(name.into()),
        });
        let pointer = SelfArc::into_raw(extra).cast_mut().cast::<()>();
        // SAFETY: an `Arc`'s pointer is not null, and setting a bit leaves it so.
        let word = unsafe { NonNull::new_unchecked(pointer.map_addr(|address| address | EXTRA)) };
        Self {
            word,
            _of: PhantomData,
        }
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        match self.extra() {
            Some(extra) => extra.place,
            // SAFETY: without the bit it is what `at` was given.
            None => unsafe { self.word.cast().as_ref() },
        }
    }

    /// What is the same for all tasks that were spawned at the place. Not 0.
    pub(crate) fn key(&self) -> usize {
        std::ptr::from_ref(self.place()).addr()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.extra()?.name.as_deref()
    }

    /// Both, for a simulation.
    pub(crate) fn place_and_name(&self) -> (&'static Location<'static>, Option<String>) {
        (self.place(), self.name().map(str::to_owned))
    }

    /// The pointer to the extra, if there is one.
    #[inline]
    fn pointer(&self) -> Option<*const Extra> {
        let word = self.word.as_ptr();
        (word.addr() & EXTRA != 0).then(|| {
            word.map_addr(|address| address & !EXTRA)
                .cast_const()
                .cast()
        })
    }

    fn extra(&self) -> Option<&Extra> {
        // SAFETY: made by `Arc::into_raw`, and this counts.
        self.pointer().map(|extra| unsafe { &*extra })
    }
}

impl Clone for Origin {
    fn clone(&self) -> Self {
        if let Some(extra) = self.pointer() {
            // SAFETY: made by `Arc::into_raw`, and this counts.
            unsafe { SelfArc::increment_strong_count(extra) };
        }
        Self {
            word: self.word,
            _of: PhantomData,
        }
    }
}

impl Drop for Origin {
    #[inline]
    fn drop(&mut self) {
        if let Some(extra) = self.pointer() {
            drop_extra(extra);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_extra(extra: *const Extra) {
    // SAFETY: made by `Arc::into_raw`; the count of the origin that goes.
    unsafe { SelfArc::decrement_strong_count(extra) };
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("name", &self.name())
            .field("place", &format_args!("{}", self.place()))
            .finish()
    }
}
