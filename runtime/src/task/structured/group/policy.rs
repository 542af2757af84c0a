//! What a group does if several of its tasks fail, and how many there may be.

use crate::locks::Semaphore;
use std::error::Error;
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::sync::Arc;
use std::vec;

/// What a [group](crate::task::group_with) returns if several of its tasks fail, and how many there may be at once.
///
/// ```
/// use leno::task::Policy;
///
/// let policy = Policy::first_error().limit(8);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Policy<A = FirstError> {
    limit: Option<usize>,
    _answer: PhantomData<fn() -> A>,
}

/// The group returns its first error; see [`Policy::first_error`].
#[derive(Debug, Clone, Copy)]
pub enum FirstError {}

/// The group returns all its errors; see [`Policy::all_errors`].
#[derive(Debug, Clone, Copy)]
pub enum AllErrors {}

impl Policy {
    /// The group returns the first error; others are reported as failures that nobody has looked at. As [`group`](crate::task::group).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{self, Policy};
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let result: Result<(), &str> = task::group_with(Policy::first_error(), async |group| {
    ///     group.spawn(async { Err("the one") }).await
    /// })
    /// .await;
    /// assert_eq!(result, Err("the one"));
    /// # });
    /// ```
    pub const fn first_error() -> Self {
        Self {
            limit: None,
            _answer: PhantomData,
        }
    }

    /// The group returns the first error, and with it those of the tasks that have failed before they were cancelled for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{self, Policy};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let result = task::group_with(Policy::all_errors(), async |group| {
    ///     // Both are at the same point, and fail in the same round.
    ///     for number in [1, 2] {
    ///         drop(group.spawn(async move { Err::<(), u32>(number) }));
    ///     }
    ///     std::future::pending::<Result<(), u32>>().await
    /// })
    /// .await;
    /// assert_eq!(*result.unwrap_err().first(), 1);
    /// # });
    /// ```
    pub const fn all_errors() -> Policy<AllErrors> {
        Policy {
            limit: None,
            _answer: PhantomData,
        }
    }
}

impl<A> Policy<A> {
    /// So many tasks that were spawned by [`spawn_when_free`](crate::task::TaskGroup::spawn_when_free) may be there at once.
    ///
    /// # Panics
    ///
    /// If it is 0, or more than [`Semaphore::MAX_PERMITS`].
    ///
    /// # Examples
    ///
    /// No more than two requests at a time:
    ///
    /// ```
    /// use leno::task::{self, Policy};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let at_once = Arc::new(AtomicUsize::new(0));
    /// let result: Result<(), ()> = task::group_with(Policy::first_error().limit(2), async |group| {
    ///     for _ in 0..10 {
    ///         let at_once = at_once.clone();
    ///         drop(group.spawn_when_free(async move {
    ///             assert!(at_once.fetch_add(1, Ordering::Relaxed) < 2);
    ///             task::yield_now().await;
    ///             at_once.fetch_sub(1, Ordering::Relaxed);
    ///             Ok(())
    ///         }).await);
    ///     }
    ///     Ok(())
    /// })
    /// .await;
    /// assert_eq!(result, Ok(()));
    /// # });
    /// ```
    #[must_use = "the limit goes to the policy that is returned"]
    #[track_caller]
    pub const fn limit(self, tasks: usize) -> Self {
        assert!(
            tasks > 0 && tasks <= Semaphore::MAX_PERMITS,
            "`Policy::limit` takes a number from 1 to `Semaphore::MAX_PERMITS`: with 0 no task could ever be spawned"
        );
        Self {
            limit: Some(tasks),
            _answer: PhantomData,
        }
    }

    pub(super) fn places(&self) -> Option<Arc<Semaphore>> {
        self.limit.map(|limit| Arc::new(Semaphore::new(limit)))
    }
}

/// What a policy makes of the errors of a group's tasks: [`FirstError`] or [`AllErrors`].
pub trait Answer: sealed::Sealed {
    /// What the group returns.
    type Error<E>;

    /// Those of the other tasks are wanted.
    #[doc(hidden)]
    const COLLECTS: bool;

    #[doc(hidden)]
    fn answer<E>(first: E, others: Vec<E>) -> Self::Error<E>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::FirstError {}
    impl Sealed for super::AllErrors {}
}

impl Answer for FirstError {
    type Error<E> = E;
    const COLLECTS: bool = false;

    fn answer<E>(first: E, _none: Vec<E>) -> E {
        first
    }
}

impl Answer for AllErrors {
    type Error<E> = Errors<E>;
    const COLLECTS: bool = true;

    fn answer<E>(first: E, others: Vec<E>) -> Errors<E> {
        Errors { first, others }
    }
}

/// The errors of a group's tasks, in the order in which they have failed; see [`Policy::all_errors`].
///
/// As an [`Error`] it is the first one, which is its source.
///
/// # Examples
///
/// ```
/// use leno::task::{self, Errors, Policy};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let errors: Errors<&str> = task::group_with(Policy::all_errors(), async |group| {
///     drop(group.spawn(async { Err::<(), _>("no disk") }));
///     std::future::pending::<Result<(), &str>>().await
/// })
/// .await
/// .unwrap_err();
/// assert_eq!(errors.to_string(), "no disk");
/// assert_eq!(errors.others(), [] as [&str; 0]);
/// assert_eq!(errors.into_first(), "no disk");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors<E> {
    first: E,
    others: Vec<E>,
}

impl<E> Errors<E> {
    /// The first one, for which the other tasks were cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{self, Policy};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let errors = task::group_with(Policy::all_errors(), async |_| Err::<(), _>("of the body")).await;
    /// assert_eq!(errors.unwrap_err().first(), &"of the body");
    /// # });
    /// ```
    pub fn first(&self) -> &E {
        &self.first
    }

    /// Those of tasks that had failed too, before they were gone.
    pub fn others(&self) -> &[E] {
        &self.others
    }

    /// The first one alone.
    ///
    /// # Examples
    ///
    /// For who needs one error only, after all were logged:
    ///
    /// ```
    /// use leno::task::{self, Policy};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let result = task::group_with(Policy::all_errors(), async |_| Err::<(), _>(String::from("full")))
    ///     .await
    ///     .map_err(|errors| errors.into_first());
    /// assert_eq!(result, Err("full".to_owned()));
    /// # });
    /// ```
    pub fn into_first(self) -> E {
        self.first
    }
}

impl<E> IntoIterator for Errors<E> {
    type Item = E;
    type IntoIter = iter::Chain<iter::Once<E>, vec::IntoIter<E>>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once(self.first).chain(self.others)
    }
}

impl<E: fmt::Display> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        match self.others.len() {
            0 => Ok(()),
            1 => f.write_str(" (and one more task failed)"),
            more => write!(f, " (and {more} more tasks failed)"),
        }
    }
}

impl<E: Error + 'static> Error for Errors<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.first)
    }
}
