//! What code on this thread is within: the innermost scope, and the values that tasks inherit.
//!
//! Both are pointers in [`here`], written by whoever polls (or drops) what is within, and put back after that; who reads them
//! is called from there. They keep nothing alive: what they point to is kept by who has written them, further up on the stack.
//!
//! So whoever polls somebody else's tasks in the middle of a poll is within [nothing](Within::nothing) meanwhile: a set of
//! tasks, a current-thread scheduler, a simulation. Tasks that have surroundings see to that themselves, and all that are
//! cancelled.
//!
//! The values are a list that never changes, so it is shared without a lock: a task that is spawned takes a count of the list
//! as it is, and what is added on either side later is not seen on the other. Each key is in there once at most: so a list is
//! no longer than there are keys, also if tasks spawn tasks without end, each in a scope of its own; and no value is kept
//! that nobody can see.

use crate::kernel::foreign;
use crate::kernel::here;
use crate::prim::SelfArc;
use std::any::Any;
use std::mem::ManuallyDrop;
use std::ptr;

/// Values that are inherited: the innermost one, and those around it.
#[derive(Clone)]
pub(crate) struct Context(SelfArc<Link>);

struct Link {
    /// The address of the key, which is a static.
    key: usize,
    value: Value,
    around: Option<Context>,
}

/// A value, shared by all who inherit it.
#[derive(Clone)]
pub(crate) struct Value(SelfArc<Kept<dyn Any + Send + Sync>>);

/// Dropped by whoever happens to be the last to have it, whose fault it is not if that panics.
struct Kept<T: ?Sized>(ManuallyDrop<T>);

impl<T: ?Sized> Drop for Kept<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it is dropped here, and nobody has it any more.
        foreign::call(|| unsafe { ManuallyDrop::drop(&mut self.0) });
    }
}

impl Value {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self(SelfArc::new(Kept(ManuallyDrop::new(value))))
    }

    pub(crate) fn as_any(&self) -> &(dyn Any + Send + Sync) {
        &*self.0.0
    }
}

impl Context {
    /// What there is on this thread, and `value` for the key instead of what that had.
    #[inline]
    pub(crate) fn with(key: usize, value: Value) -> Self {
        let around = Self::current().and_then(|context| context.without(key));
        Self(SelfArc::new(Link { key, value, around }))
    }

    /// The others: those in front of the key are linked anew.
    #[inline]
    fn without(&self, key: usize) -> Option<Self> {
        let mut in_front = Vec::new();
        let mut link = &self.0;
        while link.key != key {
            in_front.push(link);
            let Some(around) = &link.around else {
                return Some(self.clone());
            };
            link = &around.0;
        }
        let relink = |around, link: &SelfArc<Link>| {
            let (key, value) = (link.key, link.value.clone());
            Some(Self(SelfArc::new(Link { key, value, around })))
        };
        in_front.into_iter().rev().fold(link.around.clone(), relink)
    }

    /// True if it is what there is on this thread.
    #[inline]
    pub(crate) fn is_current(context: Option<&Self>) -> bool {
        let current = here::with(|here| here.context.get());
        context.map_or(ptr::null(), Self::as_pointer) == current
    }

    /// What there is on this thread.
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        let link = here::with(|here| here.context.get()).cast::<Link>();
        if link.is_null() {
            return None;
        }
        // SAFETY: `Within` has stored a pointer to a link that a context counts for, for as long as it is there.
        unsafe { SelfArc::increment_strong_count(link) };
        // SAFETY: as above; the count is this one's.
        Some(Self(unsafe { SelfArc::from_raw(link) }))
    }

    /// Calls `f` with the value of the key, if there is one on this thread.
    pub(crate) fn find<R>(key: usize, f: impl FnOnce(&(dyn Any + Send + Sync)) -> R) -> Option<R> {
        let link = here::with(|here| here.context.get()).cast::<Link>();
        // SAFETY: `Within` has stored it, and whoever has entered that is further up on this stack, and keeps it until `f`
        // has returned.
        let mut link = unsafe { link.as_ref() }?;
        while link.key != key {
            link = &link.around.as_ref()?.0;
        }
        Some(f(link.value.as_any()))
    }

    pub(crate) fn as_pointer(&self) -> *const () {
        SelfArc::as_ptr(&self.0).cast()
    }
}

/// Until this is dropped, this thread is within something; after that it is where it was.
pub(crate) struct Within {
    scope: *const (),
    context: *const (),
}

impl Within {
    /// Within a scope (see [`super::scope`]) and values, either of which may be null. The caller keeps both.
    #[inline]
    pub(crate) fn enter(scope: *const (), context: *const ()) -> Self {
        here::with(|here| Self {
            scope: here.scope.replace(scope),
            context: here.context.replace(context),
        })
    }

    /// Within the scope that there is, and these values.
    #[inline]
    pub(crate) fn context(context: &Context) -> Self {
        Self::enter(here::with(|here| here.scope.get()), context.as_pointer())
    }

    /// Within nothing.
    #[inline]
    pub(crate) fn nothing() -> Self {
        Self::enter(ptr::null(), ptr::null())
    }

    /// Within what there was before this one, which is still there.
    #[inline]
    pub(crate) fn outside(&self) -> Self {
        Self::enter(self.scope, self.context)
    }

    /// This thread is within nothing, whatever it had entered, until the guard of that is dropped.
    #[inline]
    pub(crate) fn clear() {
        here::with(|here| {
            here.scope.set(ptr::null());
            here.context.set(ptr::null());
        });
    }
}

impl Drop for Within {
    #[inline]
    fn drop(&mut self) {
        here::with(|here| {
            here.scope.set(self.scope);
            here.context.set(self.context);
        });
    }
}
