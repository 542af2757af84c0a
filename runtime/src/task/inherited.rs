//! Task-local variables whose values tasks inherit.
//!
//! The values are in the kernel's [`context`](crate::kernel::context): a list that a spawned task shares. While a scope's
//! future is polled (or dropped) the list with the scope's value in front is the thread's. That list is made at the first
//! poll, of what there is around then, and again if the future turns out to be polled within something else: so what a future
//! sees of other keys depends on where it is polled, and not on where it was made, as for a [`LocalKey`](super::LocalKey).

use super::AccessError;
use super::task_local::no_value;
use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::context::{Context as Values, Value, Within};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::AtomicU8;
use std::task::{Context, Poll};

/// A key of a task-local variable whose value is inherited by the tasks that are spawned where it has one, declared by
/// [`task_local!`](crate::task_local) with `#[inherited]`.
///
/// It is for what a piece of work is called wherever it goes: the id of a request or a trace, a tenant, a logger. A task has
/// the value that there was where it was spawned, whatever becomes of the scope there, and until its future is dropped; and
/// so have the tasks that it spawns in turn. That holds for [`leno::spawn`](crate::spawn),
/// [`spawn_blocking`](super::spawn_blocking), [`spawn_local`](super::spawn_local), [`JoinSet`](super::JoinSet),
/// [`group`](super::group()) and all other ways to make a task, on whatever runtime; and not for what is spawned in
/// [`detached`](super::detached). A variable whose value stays with one future is a [`LocalKey`](super::LocalKey).
///
/// All who inherit a value share it, so it is `Send` and `Sync`; it is dropped when the last of them has ended, and on
/// whatever thread that is. Should that panic, the panic ends there.
///
/// # Cost
///
/// A scope is two allocations, and each poll of its future some 45 instructions. A task that inherits anything has one
/// allocation more than others, and some 70 instructions more in each poll. A task that inherits nothing pays nothing.
///
/// # Examples
///
/// ```
/// leno::task_local! {
///     #[inherited]
///     static TRACE_ID: u64;
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let task = TRACE_ID.scope(7, async {
///     leno::spawn(async { TRACE_ID.get() })
/// }).await;
/// // The scope is over, and the task has its value all the same.
/// assert_eq!(task.await.unwrap(), 7);
/// # }
/// ```
pub struct InheritedKey<T: 'static> {
    /// So that each key has an address of its own, also after a linker that merges constants.
    _address: AtomicU8,
    _value: PhantomData<fn() -> T>,
}

impl<T: 'static> InheritedKey<T> {
    #[doc(hidden)]
    #[allow(
        clippy::new_without_default,
        reason = "a key is a static, which `task_local!` makes"
    )]
    pub const fn new() -> Self {
        Self {
            _address: AtomicU8::new(0),
            _value: PhantomData,
        }
    }

    fn address(&'static self) -> usize {
        ptr::from_ref(self).addr()
    }
}

/// What `task_local!` asks of the type, so that the error is at the type. (Without it the key can be declared, and not be used.)
#[doc(hidden)]
pub const fn is_shared_by_tasks<T: Send + Sync + 'static>() {}

impl<T: Send + Sync + 'static> InheritedKey<T> {
    /// Gives the key a value for the length of a future, and to the tasks that are spawned in there.
    ///
    /// The value is there whenever `future` is polled, and when it is dropped: at the latest with the returned future, at the
    /// earliest as soon as it is ready. An inner scope of the same key hides the value.
    ///
    /// # Cancel safety
    ///
    /// As that of its future: dropping one drops the other.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     #[inherited]
    ///     static NAME: &'static str;
    /// }
    ///
    /// # #[leno::main(flavor = "current_thread")]
    /// # async fn main() {
    /// NAME.scope("outer", async {
    ///     let task = NAME.scope("inner", async { leno::spawn(async { NAME.get() }) }).await;
    ///     assert_eq!(task.await.unwrap(), "inner");
    ///     assert_eq!(NAME.get(), "outer");
    /// }).await;
    /// # }
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> InheritedFuture<T, F> {
        InheritedFuture {
            key: self,
            value: Value::new(value),
            made: None,
            future: Some(future),
        }
    }

    /// Gives the key a value for the length of a closure, and to the tasks that are spawned in there.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     #[inherited]
    ///     static NUMBER: u32;
    /// }
    ///
    /// # #[leno::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let task = NUMBER.sync_scope(21, || leno::spawn(async { NUMBER.get() * 2 }));
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        let values = Values::with(self.address(), Value::new(value));
        let _within = Within::context(&values);
        f()
    }

    /// Calls a closure with the value.
    ///
    /// # Panics
    ///
    /// Panics where there is none: outside of all scopes of this key, in a task that was not spawned in one.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     #[inherited]
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
    /// Fails where there is none: outside of all scopes of this key, in a task that was not spawned in one.
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     #[inherited]
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert!(NUMBER.try_with(|number| *number).is_err());
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        Values::find(self.address(), |value| match value.downcast_ref() {
            Some(value) => f(value),
            None => unreachable!("the values of a key have its type"),
        })
        .ok_or(AccessError::NO_VALUE)
    }

    /// A clone of the value.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    ///
    /// # Examples
    ///
    /// In a task that knows nothing of who has set it:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::task_local! {
    ///     #[inherited]
    ///     static REQUEST: u32;
    /// }
    ///
    /// let task = REQUEST.scope(7, async { leno::spawn(async { REQUEST.get() }) }).await;
    /// assert_eq!(task.await.unwrap(), 7);
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
    /// As [`try_with`](Self::try_with).
    ///
    /// # Examples
    ///
    /// ```
    /// leno::task_local! {
    ///     #[inherited]
    ///     static REQUEST: u32;
    /// }
    ///
    /// assert!(REQUEST.try_get().is_err());
    /// assert_eq!(REQUEST.sync_scope(7, || REQUEST.try_get()), Ok(7));
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for InheritedKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritedKey").finish_non_exhaustive()
    }
}

/// The values within a scope, and those around it that they were made of. (They are kept, so that no others have their address.)
struct Made {
    within: Values,
    around: Option<Values>,
}

/// Enters the scope of a value until what is returned is dropped, which comes before `made` is.
#[inline]
fn enter(address: usize, value: &Value, made: &mut Option<Made>) -> Within {
    let is_there = |made: &Made| Values::is_current(made.around.as_ref());
    if !made.as_ref().is_some_and(is_there) {
        *made = Some(Made {
            within: Values::with(address, value.clone()),
            around: Values::current(),
        });
    }
    match made {
        Some(made) => Within::context(&made.within),
        None => unreachable!("it has just been made"),
    }
}

pin_project! {
    /// A future that runs with a value that tasks inherit, made by [`InheritedKey::scope`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::futures::InheritedFuture;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::task_local! {
    ///     #[inherited]
    ///     static REQUEST: u32;
    /// }
    ///
    /// fn numbered<F: Future>(number: u32, future: F) -> InheritedFuture<u32, F> {
    ///     REQUEST.scope(number, future)
    /// }
    ///
    /// assert_eq!(numbered(7, async { REQUEST.get() }).await, 7);
    /// # });
    /// ```
    pub struct InheritedFuture<T, F>
    where
        T: 'static,
    {
        key: &'static InheritedKey<T>,
        value: Value,
        made: Option<Made>,
        #[pin]
        future: Option<F>,
    }

    impl<T, F> PinnedDrop for InheritedFuture<T, F>
    where
        T: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if mem::needs_drop::<F>() && this.future.is_some() {
                let _within = enter(this.key.address(), this.value, this.made);
                this.future.set(None);
            }
        }
    }
}

impl<T: 'static, F: Future> Future for InheritedFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`InheritedFuture` polled after completion");
        };
        let _within = enter(this.key.address(), this.value, this.made);
        let poll = future.poll(cx);
        if poll.is_ready() {
            // Here and not with `self`, so that its destructor sees the value.
            this.future.set(None);
        }
        poll
    }
}

impl<T: 'static, F: CancelSafe> CancelSafe for InheritedFuture<T, F> {}

impl<T: fmt::Debug + 'static, F> fmt::Debug for InheritedFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritedFuture")
            .field("value", &self.value.as_any().downcast_ref::<T>())
            .finish()
    }
}

/// Calls a closure in which no [scope](super::group()) and no [inherited](InheritedKey) value is there: what is spawned in it
/// inherits nothing.
///
/// A task that is spawned by [`leno::spawn`](crate::spawn) does not end with the scope around anyway, but it has the names of
/// the work that it was spawned in, and keeps these values as long as it lives. For a task that serves whoever comes, and is
/// only started by the first who needs it, that is wrong: it is to be spawned in here. All ways to make a task may be used.
///
/// # Panics
///
/// If the closure panics.
///
/// # Examples
///
/// ```
/// use leno::task;
///
/// leno::task_local! {
///     #[inherited]
///     static REQUEST: u64;
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let janitor = REQUEST.sync_scope(7, || {
///     assert_eq!(REQUEST.get(), 7);
///     task::detached(|| leno::spawn(async { REQUEST.try_get() }))
/// });
/// assert!(janitor.await.unwrap().is_err());
/// # }
/// ```
pub fn detached<R>(f: impl FnOnce() -> R) -> R {
    let _nothing = Within::nothing();
    f()
}
