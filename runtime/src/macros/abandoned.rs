//! What is dropped without having been awaited to its end, by whoever does not need it any more.

use crate::kernel::here;
use std::mem::ManuallyDrop;
use std::pin::Pin;

/// A future, or a tuple of them. When this is dropped, whatever of it has not been polled was given up: a
/// [`Coroutine`](crate::Coroutine) in there was not forgotten.
#[derive(Debug)]
pub struct Abandoned<T> {
    value: ManuallyDrop<T>,
}

/// Wraps what `select!` or `join!` polls.
#[inline]
pub fn abandoned<T>(value: T) -> Abandoned<T> {
    Abandoned {
        value: ManuallyDrop::new(value),
    }
}

impl<T> Abandoned<T> {
    /// What it wraps. Who has pinned this must not move that.
    #[inline]
    pub fn get(&mut self) -> &mut T {
        &mut self.value
    }

    #[inline]
    pub(crate) fn pinned(self: Pin<&mut Self>) -> Pin<&mut T> {
        // SAFETY: what is pinned in here is neither moved by anybody nor dropped but in place, by the destructor.
        unsafe { self.map_unchecked_mut(|this| &mut *this.value) }
    }
}

impl<T> Drop for Abandoned<T> {
    #[inline]
    fn drop(&mut self) {
        if const { std::mem::needs_drop::<T>() } {
            let _abandoning = Abandoning(here::with(|here| here.abandons.replace(true)));
            // SAFETY: this is the destructor, so nobody uses the value after it.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

/// What was before is put back, also if a destructor panics.
struct Abandoning(bool);

impl Drop for Abandoning {
    #[inline]
    fn drop(&mut self) {
        here::with(|here| here.abandons.set(self.0));
    }
}
