//! Variables whose values belong to a task.
//!
//! The value of a key travels with a future, in [`TaskLocalFuture`]. While that future is polled (or
//! dropped) the value is in a thread-local slot instead: entering a scope swaps the two, leaving swaps them
//! back, so nested scopes and scopes on other threads never see each other, and what an outer scope had put
//! into the slot waits in the inner scope's place. Leaving is a destructor, so a panic leaves too.

use crate::kernel::cancel_safe::CancelSafe;
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

/// A key of a task-local variable, declared by [`task_local!`](crate::task_local).
///
/// Unlike a [`std::thread::LocalKey`] it has no first value: it has a value only inside of a
/// [`scope`](Self::scope) or [`sync_scope`](Self::sync_scope).
///
/// # Examples
///
/// ```
/// leno::task_local! {
///     static NUMBER: u32;
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// NUMBER.scope(1, async {
///     assert_eq!(NUMBER.get(), 1);
///     NUMBER.scope(2, async { assert_eq!(NUMBER.get(), 2) }).await;
///     assert_eq!(NUMBER.get(), 1);
/// }).await;
/// # }
/// ```
pub struct LocalKey<T: 'static> {
    slot: thread::LocalKey<LocalSlot<T>>,
}

/// Where a thread keeps the value of the innermost scope that it is in.
///
/// Borrowed by `with` for reading, so that what is borrowed cannot be swapped away under it.
#[doc(hidden)]
pub struct LocalSlot<T>(RefCell<Option<T>>);

impl<T> LocalSlot<T> {
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(slot: thread::LocalKey<LocalSlot<T>>) -> Self {
        Self { slot }
    }

    /// Gives the key a value for the length of a future.
    ///
    /// The value is there whenever `future` is polled, and when it is dropped: at the latest with the
    /// returned future, at the earliest as soon as it is ready. The value itself stays in the returned
    /// future until that is dropped or [`take_value`](TaskLocalFuture::take_value) takes it.
    ///
    /// # Panics
    ///
    /// Polling the returned future panics inside of a closure given to [`with`](Self::with) or
    /// [`try_with`](Self::try_with) of the same key.
    ///
    /// # Cancel safety
    ///
    /// As that of its future: dropping one drops the other.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// # #[leno::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let doubled = NUMBER.scope(21, async { NUMBER.get() * 2 }).await;
    /// assert_eq!(doubled, 42);
    /// # }
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            future: Some(future),
            _pinned: PhantomPinned,
        }
    }

    /// Gives the key a value for the length of a closure.
    ///
    /// # Panics
    ///
    /// Panics inside of a closure given to [`with`](Self::with) or [`try_with`](Self::try_with) of the
    /// same key, and while the thread's own thread-local variables are being destroyed.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert_eq!(NUMBER.sync_scope(21, || NUMBER.get() * 2), 42);
    /// ```
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        match Scope::enter(self, &mut value) {
            Ok(_scope) => f(),
            Err(refused) => refused.panic(),
        }
    }

    /// Calls a closure with the value.
    ///
    /// # Panics
    ///
    /// Panics outside of all scopes of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// let length = NAME.sync_scope("leno".into(), || NAME.with(|name| name.len()));
    /// assert_eq!(length, 4);
    /// ```
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(AccessError { .. }) => no_value(),
        }
    }

    /// Calls a closure with the value, if there is one.
    ///
    /// # Errors
    ///
    /// Fails outside of all scopes of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert!(NUMBER.try_with(|number| *number).is_err());
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        // A slot that the dying thread has already destroyed is in no scope. Borrowing cannot fail: user
        // code never runs while the slot is borrowed for writing.
        self.slot
            .try_with(|slot| slot.0.borrow().as_ref().map(f))
            .ok()
            .flatten()
            .ok_or(AccessError::NO_VALUE)
    }

    /// A clone of the value.
    ///
    /// # Panics
    ///
    /// Panics outside of all scopes of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// let greeting = USER.scope("ann", async { format!("hello, {}", USER.get()) });
    /// assert_eq!(greeting.await, "hello, ann");
    /// # });
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A clone of the value, if there is one.
    ///
    /// # Errors
    ///
    /// Fails outside of all scopes of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// fn user() -> &'static str {
    ///     USER.try_get().unwrap_or("nobody")
    /// }
    ///
    /// assert_eq!(user(), "nobody");
    /// assert_eq!(USER.sync_scope("ann", user), "ann");
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }
}

#[cold]
#[track_caller]
#[inline]
pub(super) fn no_value() -> ! {
    panic!(
        "cannot access a task-local storage value without setting it first: \
         run this inside of the key's `scope` or `sync_scope`"
    )
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for LocalSlot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSlot").finish_non_exhaustive()
    }
}

/// While this exists, the scope's value is in the slot, and what was in the slot is in `value`.
struct Scope<'a, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'a mut Option<T>,
}

impl<'a, T: 'static> Scope<'a, T> {
    fn enter(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Result<Self, Refused> {
        match key.slot.try_with(|slot| slot.swap(value)) {
            Ok(Ok(())) => Ok(Self { key, value }),
            Ok(Err(refused)) => Err(refused),
            Err(thread::AccessError { .. }) => Err(Refused::Destroyed),
        }
    }
}

impl<T> Drop for Scope<'_, T> {
    fn drop(&mut self) {
        // Cannot fail where `enter` could not: borrows of the slot end with the closures given to `with`,
        // which are nested in this scope. And if a value's destructor keeps the thread's last scope open
        // until its slot is gone, there is nothing to bring back.
        let _ = self.key.slot.try_with(|slot| slot.swap(self.value));
    }
}

impl<T> LocalSlot<T> {
    fn swap(&self, value: &mut Option<T>) -> Result<(), Refused> {
        let mut current = self.0.try_borrow_mut().map_err(|_| Refused::Borrowed)?;
        mem::swap(&mut *current, value);
        Ok(())
    }
}

/// Why a scope cannot be entered.
enum Refused {
    Borrowed,
    Destroyed,
}

impl Refused {
    #[cold]
    #[track_caller]
    #[inline]
    fn panic(self) -> ! {
        match self {
            Self::Borrowed => panic!(
                "cannot enter a task-local scope while the task-local storage is borrowed: \
                 let the closure given to `with` return first"
            ),
            Self::Destroyed => panic!(
                "cannot enter a task-local scope during or after destruction of the underlying \
                 thread-local: a destructor of another thread-local tried to"
            ),
        }
    }
}

pin_project! {
    /// A future that runs with a task-local value, made by [`LocalKey::scope`].
    ///
    /// It holds the value beside the future, and allocates nothing.
    ///
    /// # Examples
    ///
    /// The value can be taken out again when the future is done:
    ///
    /// ```
    /// use leno::task::futures::TaskLocalFuture;
    /// use std::cell::Cell;
    /// use std::future::Future;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::task_local! {
    ///     static COUNT: Cell<u32>;
    /// }
    ///
    /// fn counted<F: Future>(future: F) -> TaskLocalFuture<Cell<u32>, F> {
    ///     COUNT.scope(Cell::new(0), future)
    /// }
    ///
    /// let mut work = Box::pin(counted(async { COUNT.with(|count| count.set(count.get() + 1)) }));
    /// work.as_mut().await;
    /// assert_eq!(work.as_mut().take_value().unwrap().get(), 1);
    /// # });
    /// ```
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        // While the future runs, what was in the slot before.
        value: Option<T>,
        #[pin]
        future: Option<F>,
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if mem::needs_drop::<F>() && this.future.is_some() {
                // A refused scope must not panic here: the future is then dropped without its value.
                let _scope = Scope::enter(this.key, this.value);
                this.future.set(None);
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out of the future: `None` if it has been taken before.
    ///
    /// A future that is not ready yet then goes on without a value.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// # #[leno::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut future = Box::pin(NUMBER.scope(42, async {}));
    /// future.as_mut().await;
    /// assert_eq!(future.as_mut().take_value(), Some(42));
    /// # }
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _scope = match Scope::enter(this.key, this.value) {
            Ok(scope) => scope,
            Err(refused) => refused.panic(),
        };
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`TaskLocalFuture` polled after completion");
        };
        let poll = future.poll(cx);
        if poll.is_ready() {
            // Here and not with `self`, so that its destructor sees the value.
            this.future.set(None);
        }
        poll
    }
}

impl<T: 'static, F: CancelSafe> CancelSafe for TaskLocalFuture<T, F> {}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TaskLocalFuture");
        match &self.value {
            Some(value) => debug.field("value", value),
            None => debug.field("value", &format_args!("<missing>")),
        };
        debug.finish()
    }
}

/// A task-local variable has no value here.
///
/// Returned by [`LocalKey::try_with`] and [`LocalKey::try_get`], and those of an [`InheritedKey`](super::InheritedKey).
///
/// # Examples
///
/// ```
/// leno::task_local! {
///     static USER: String;
/// }
///
/// let error = USER.try_with(|user| user.len()).unwrap_err();
/// assert_eq!(error.to_string(), "task-local value not set");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessError {
    _private: (),
}

impl AccessError {
    pub(super) const NO_VALUE: Self = Self { _private: () };
}

impl fmt::Display for AccessError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task-local value not set")
    }
}

impl Error for AccessError {}
