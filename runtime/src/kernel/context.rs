//! What code on this thread is within: the innermost scope, and the values that tasks inherit.
//!
//! Both are pointers in [`here`], written by whoever polls (or drops) what is within, and put back after that; who reads them
//! is called from there. They keep nothing alive: what they point to is kept by who has written them.
//!
//! The values are a list that is only ever added to at its front, so it is shared without a lock: a task that is spawned takes a
//! count of the list as it is, and what is added on either side later is not seen on the other.

use crate::kernel::here;
use crate::prim::SelfArc;
use std::any::Any;
use std::ptr;

/// Values that are inherited: the innermost one, and those around it.
#[derive(Clone)]
pub(crate) struct Context(SelfArc<Link>);

struct Link {
    /// The address of the key, which is a static.
    key: usize,
    value: Box<dyn Any + Send + Sync>,
    around: Option<Context>,
}

impl Context {
    /// What there is on this thread, and `value` for the key in front of it.
    pub(crate) fn with(key: usize, value: Box<dyn Any + Send + Sync>) -> Self {
        let around = Self::current();
        Self(SelfArc::new(Link { key, value, around }))
    }

    /// What there is on this thread.
    pub(crate) fn current() -> Option<Self> {
        let link = here::with(|here| here.context.get()).cast::<Link>();
        if link.is_null() {
            return None;
        }
        // SAFETY: `Within::context` has stored a pointer to a link that a context counts for, for as long as it is there.
        unsafe { SelfArc::increment_strong_count(link) };
        // SAFETY: as above; the count is this one's.
        Some(Self(unsafe { SelfArc::from_raw(link) }))
    }

    /// Calls `f` with the value of the key, if there is one on this thread.
    pub(crate) fn find<R>(key: usize, f: impl FnOnce(&(dyn Any + Send + Sync)) -> R) -> Option<R> {
        // Counted, since what `f` does may end the scope that keeps it.
        let context = Self::current()?;
        let mut link = &context.0;
        while link.key != key {
            link = &link.around.as_ref()?.0;
        }
        Some(f(&*link.value))
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

    /// Within a scope, and what there is of values.
    #[inline]
    pub(crate) fn scope(scope: *const ()) -> Self {
        Self::enter(scope, here::with(|here| here.context.get()))
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

    /// This thread is within nothing, whatever it had entered, until the guard of that is dropped.
    #[inline]
    pub(crate) fn clear() {
        here::with(|here| {
            here.scope.set(ptr::null());
            here.context.set(ptr::null());
        });
    }

    /// True if this thread is within something.
    #[inline]
    pub(crate) fn is_something() -> bool {
        here::with(|here| !here.scope.get().is_null() || !here.context.get().is_null())
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
