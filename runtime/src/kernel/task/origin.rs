//! Where a task comes from: the place of its spawn, and what few tasks have besides, in one word.
//!
//! ```text
//!   …0   &'static Location     a task as `spawn` makes it: nothing is allocated, nothing is to be freed
//!   …1   *const Extra          counted: the place, a name
//! ```
//!
//! Whoever may refer to the task may read it. It changes once at most, from the place to an [`Extra`] with the same place: when
//! somebody notes [why the task is cancelled](Origin::note), which then goes with the task's memory. What an extra holds is plain
//! data: dropping it runs no user code (invariant 8); but for the [context](super::super::context), which the task's poller takes
//! out before the task is complete.
//!
//! # Orderings
//!
//! The exchange that puts an extra there releases what was written to it; who loads the word acquires that. Of two that note at
//! once the second finds the first one's extra, by its exchange, and its reason there: the first reason stays.

use super::Reason;
use crate::kernel::context::Context;
use crate::prim::atomic::{AtomicPtr, Ordering};
use crate::prim::{OnceLock, SelfArc, UnsafeCell};
use std::fmt;
use std::panic::Location;
use std::ptr;

/// Set if the pointer is to an [`Extra`].
const EXTRA: usize = 1;

const _: () = assert!(align_of::<Location<'static>>() > EXTRA && align_of::<Extra>() > EXTRA);

/// The origin of a task; a counted pointer if the task has more than a place.
pub(crate) struct Origin(AtomicPtr<()>);

/// What only some tasks have.
struct Extra {
    place: &'static Location<'static>,
    name: Option<Box<str>>,
    /// Why the task is cancelled, if somebody has said so.
    reason: OnceLock<Reason>,
    /// What the task inherits. The poller's.
    context: UnsafeCell<Option<Context>>,
}

// SAFETY: all but the context is `Send + Sync`, and so is the context; its cell is reached by the task's poller alone.
unsafe impl Send for Extra {}
// SAFETY: as above.
unsafe impl Sync for Extra {}

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
    pub(crate) fn at(place: &'static Location<'static>) -> Self {
        Self::from_word(std::ptr::from_ref(place).cast_mut().cast())
    }

    /// As [`caller`](Self::caller), with a name.
    #[track_caller]
    #[inline]
    pub(crate) fn named(name: &str) -> Self {
        Extra::new(Location::caller(), Some(name.into()), None).into_origin()
    }

    /// The task, which nobody else knows yet, inherits `context`.
    #[cold]
    pub(super) fn inherit(&self, context: Context) {
        let made = Extra::new(self.place(), self.name().map(Box::from), Some(context));
        // Ordering: Relaxed, as nobody else knows it.
        let old = self.0.swap(made.into_word(), Ordering::Relaxed);
        drop(Self::from_word(old));
    }

    #[inline]
    fn from_word(word: *mut ()) -> Self {
        Self(AtomicPtr::new(word))
    }

    #[inline]
    pub(crate) fn place(&self) -> &'static Location<'static> {
        let word = self.word();
        match extra_of(word) {
            // SAFETY: this counts for it.
            Some(extra) => unsafe { &*extra }.place,
            // SAFETY: without the bit it is what `at` was given.
            None => unsafe { &*word.cast_const().cast() },
        }
    }

    /// What is the same for all tasks that were spawned at the place. Not 0.
    pub(crate) fn key(&self) -> usize {
        std::ptr::from_ref(self.place()).addr()
    }

    #[inline]
    pub(crate) fn name(&self) -> Option<&str> {
        self.extra()?.name.as_deref()
    }

    /// Both, for a simulation.
    #[inline]
    pub(crate) fn place_and_name(&self) -> (&'static Location<'static>, Option<String>) {
        (self.place(), self.name().map(str::to_owned))
    }

    /// Notes why the task is cancelled, unless that is noted already.
    #[cold]
    pub(crate) fn note(&self, reason: Reason) {
        let mut word = self.word();
        if extra_of(word).is_none() {
            let made = Extra::new(self.place(), None, None).into_word();
            // Ordering: Release publishes the extra to the loads of `word`; Acquire, if another has come first, takes over that
            // one's.
            match self
                .0
                .compare_exchange(word, made, Ordering::Release, Ordering::Acquire)
            {
                Ok(_) => word = made,
                Err(now) => {
                    drop(Self::from_word(made));
                    word = now;
                }
            }
        }
        let extra = extra_of(word).expect("a word with an extra keeps it");
        // SAFETY: this counts for it.
        let _ = unsafe { &*extra }.reason.set(reason);
    }

    /// Why the task is cancelled, if that was noted.
    #[inline]
    pub(crate) fn reason(&self) -> Option<&Reason> {
        self.extra()?.reason.get()
    }

    /// What the task inherits, as a pointer; null if that is nothing.
    ///
    /// # Safety
    ///
    /// The caller is the task's poller.
    #[inline(always)]
    pub(super) unsafe fn context(&self) -> *const () {
        match extra_of(self.word()) {
            // SAFETY: this counts for it; the rest is the caller's.
            Some(extra) => unsafe { Extra::context(extra) },
            None => ptr::null(),
        }
    }

    /// Takes out what the task inherits.
    ///
    /// # Safety
    ///
    /// The caller is the task's poller, which completes it.
    #[inline]
    pub(super) unsafe fn take_context(&self) -> Option<Context> {
        let extra = self.extra()?;
        // SAFETY: the cell is the caller's.
        extra
            .context
            .with_mut(|context| unsafe { (*context).take() })
    }

    // Ordering: Acquire, the partner of the exchange in `note`.
    #[inline]
    fn word(&self) -> *mut () {
        self.0.load(Ordering::Acquire)
    }

    #[inline]
    fn extra(&self) -> Option<&Extra> {
        // SAFETY: this counts for it.
        extra_of(self.word()).map(|extra| unsafe { &*extra })
    }
}

/// The pointer to the extra in a word, if there is one.
#[inline]
fn extra_of(word: *mut ()) -> Option<*const Extra> {
    (word.addr() & EXTRA != 0).then(|| {
        word.map_addr(|address| address & !EXTRA)
            .cast_const()
            .cast()
    })
}

impl Extra {
    #[inline]
    fn new(
        place: &'static Location<'static>,
        name: Option<Box<str>>,
        context: Option<Context>,
    ) -> SelfArc<Self> {
        SelfArc::new(Self {
            place,
            name,
            reason: OnceLock::new(),
            context: UnsafeCell::new(context),
        })
    }

    /// # Safety
    ///
    /// The caller counts for it, and is the task's poller.
    #[cold]
    #[inline]
    unsafe fn context(this: *const Self) -> *const () {
        // SAFETY: the caller's.
        let this = unsafe { &*this };
        this.context.with(|context| {
            // SAFETY: the cell is the caller's.
            let context = unsafe { &*context };
            context.as_ref().map_or(ptr::null(), Context::as_pointer)
        })
    }

    fn into_word(self: SelfArc<Self>) -> *mut () {
        let pointer = SelfArc::into_raw(self).cast_mut().cast::<()>();
        pointer.map_addr(|address| address | EXTRA)
    }

    fn into_origin(self: SelfArc<Self>) -> Origin {
        Origin::from_word(self.into_word())
    }
}

impl Clone for Origin {
    fn clone(&self) -> Self {
        let word = self.word();
        if let Some(extra) = extra_of(word) {
            // SAFETY: made by `Arc::into_raw`, and this counts.
            unsafe { SelfArc::increment_strong_count(extra) };
        }
        Self::from_word(word)
    }
}

impl Drop for Origin {
    #[inline]
    fn drop(&mut self) {
        // Ordering: Relaxed would do, since nobody else has this origin any more.
        if let Some(extra) = extra_of(self.word()) {
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
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("name", &self.name())
            .field("place", &format_args!("{}", self.place()))
            .finish()
    }
}
