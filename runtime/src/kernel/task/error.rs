//! Why a task has no output.

use super::{Id, Origin, Reason, ReasonKind};
use std::any::Any;
use std::fmt;
use std::io;
use std::panic::Location;

/// How a task failed: `None` means that it was cancelled, `Some` is what it panicked with.
pub(crate) type Failure = Option<Box<dyn Any + Send + 'static>>;

/// The task that was awaited has no output: it panicked, or it was cancelled.
///
/// # Examples
///
/// A panic goes on where the task was awaited; what was cancelled is no surprise:
///
/// ```
/// use leno::task::JoinHandle;
/// use std::panic::resume_unwind;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// async fn output<T>(task: JoinHandle<T>) -> Option<T> {
///     match task.await {
///         Ok(output) => Some(output),
///         Err(error) => match error.try_into_panic() {
///             Ok(payload) => resume_unwind(payload),
///             Err(_cancelled) => None,
///         },
///     }
/// }
///
/// assert_eq!(output(leno::spawn(async { 1 })).await, Some(1));
/// let aborted = leno::spawn(std::future::pending::<u32>());
/// aborted.abort();
/// assert_eq!(output(aborted).await, None);
/// # });
/// ```
pub struct JoinError {
    id: Id,
    origin: Origin,
    failure: Repr,
}

enum Repr {
    Cancelled,
    Panic(Payload),
}

/// A panic's payload is `Send` but not `Sync`: it is only ever reached by value or exclusively.
struct Payload(Box<dyn Any + Send + 'static>);

// SAFETY: a shared reference to a `Payload` gives access to the payload only in `message`, which looks at
// it if it is a `&'static str` or a `String`, both of which are `Sync`.
unsafe impl Sync for Payload {}

impl Payload {
    fn message(&self) -> Option<&str> {
        if let Some(text) = self.0.downcast_ref::<&'static str>() {
            return Some(text);
        }
        self.0.downcast_ref::<String>().map(String::as_str)
    }
}

impl JoinError {
    pub(crate) fn new(id: Id, origin: Origin, failure: Failure) -> Self {
        let failure = match failure {
            None => Repr::Cancelled,
            Some(payload) => Repr::Panic(Payload(payload)),
        };
        Self {
            id,
            origin,
            failure,
        }
    }

    /// True if the task was cancelled: by [`AbortHandle::abort`](super::AbortHandle::abort), or because
    /// its runtime was shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// assert!(error.is_cancelled() && !error.is_panic());
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.failure, Repr::Cancelled)
    }

    /// True if the task panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async { panic!("on purpose") });
    /// let error = task.await.unwrap_err();
    /// assert!(error.is_panic() && !error.is_cancelled());
    /// # });
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.failure, Repr::Panic(_))
    }

    /// What the task panicked with, to be handed to [`std::panic::resume_unwind`] for instance.
    ///
    /// # Panics
    ///
    /// If the task did not panic; see [`try_into_panic`](Self::try_into_panic).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async { panic!("on purpose") });
    /// let payload = task.await.unwrap_err().into_panic();
    /// assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(_) => panic!(
                "`JoinError::into_panic` called on a task that was cancelled; check `is_panic` first"
            ),
        }
    }

    /// What the task panicked with, or this error back if it was cancelled.
    ///
    /// # Errors
    ///
    /// The error itself if the task did not panic.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err().try_into_panic().unwrap_err();
    /// assert!(error.is_cancelled());
    /// # });
    /// ```
    #[inline]
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.failure {
            Repr::Panic(payload) => Ok(payload.0),
            Repr::Cancelled => Err(self),
        }
    }

    /// The id of the task that failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async { panic!("on purpose") });
    /// let id = task.id();
    /// assert_eq!(task.await.unwrap_err().id(), id);
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name of the task that failed, if it was given one; see [`Builder::name`](crate::task::Builder::name).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::task::Builder::new().name("importer").spawn(async { panic!("on purpose") })?;
    /// assert_eq!(task.await.unwrap_err().name(), Some("importer"));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn name(&self) -> Option<&str> {
        self.origin.name()
    }

    /// Why the task was cancelled; `None` if it panicked.
    ///
    /// The text of the error tells it too, but for a plain [`abort`](super::JoinHandle::abort) and the end of a runtime, for which
    /// the text is tokio's.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// println!("{error}: {}", error.reason().unwrap());
    /// # });
    /// ```
    #[inline]
    pub fn reason(&self) -> Option<Reason> {
        match self.failure {
            Repr::Cancelled => Some(self.noted().cloned().unwrap_or_else(Reason::shutdown)),
            Repr::Panic(_) => None,
        }
    }

    #[inline]
    fn noted(&self) -> Option<&Reason> {
        self.origin.reason()
    }

    /// Where the task that failed was spawned.
    ///
    /// The text of the error does not tell, since it is tokio's.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let error = leno::spawn(async { panic!("on purpose") }).await.unwrap_err();
    /// assert_eq!(error.spawned_at().file(), file!());
    /// # });
    /// ```
    #[inline]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.origin.place()
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Repr::Cancelled => {
                write!(f, "task {} was ", self.id)?;
                match self.noted() {
                    Some(reason) if reason.kind() != ReasonKind::Aborted => reason.write_verdict(f),
                    _ => f.write_str("cancelled"),
                }
            }
            Repr::Panic(payload) => match payload.message() {
                Some(text) => write!(f, "task {} panicked with message {text:?}", self.id),
                None => write!(f, "task {} panicked", self.id),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Repr::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Repr::Panic(payload) => match payload.message() {
                Some(text) => write!(f, "JoinError::Panic({:?}, {text:?}, ...)", self.id),
                None => write!(f, "JoinError::Panic({:?}, ...)", self.id),
            },
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> Self {
        io::Error::other(match &error.failure {
            Repr::Cancelled => "task was cancelled",
            Repr::Panic(_) => "task panicked",
        })
    }
}
