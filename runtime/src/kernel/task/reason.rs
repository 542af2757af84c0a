//! Why a task, a group or a scope was cancelled: plain data, shared by all that end for it.

use super::Id;
use crate::prim::SelfArc;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// Why something was cancelled, by whom, and where that was decided.
///
/// Got from [`JoinError::reason`](super::JoinError::reason), [`Cancelled::reason`](crate::task::Cancelled::reason) and
/// [`task::reason`](crate::task::reason()). A clone shares what it says.
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use leno::task::ReasonKind;
///
/// let task = leno::spawn(std::future::pending::<()>());
/// task.abort();
/// let reason = task.await.unwrap_err().reason().unwrap();
/// assert_eq!(reason.kind(), ReasonKind::Aborted);
/// assert_eq!(reason.place().unwrap().file(), file!());
/// # });
/// ```
#[derive(Clone)]
pub struct Reason(SelfArc<Detail>);

/// What kind of thing has cancelled.
///
/// # Examples
///
/// ```
/// use leno::task::{ReasonKind, Scope};
///
/// let scope = Scope::new();
/// scope.handle().cancel("the user has left");
/// assert_eq!(scope.handle().reason().unwrap().kind(), ReasonKind::Requested);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasonKind {
    /// [`abort`](super::JoinHandle::abort) was called, or [`cancel`](super::JoinHandle::cancel).
    Aborted,
    /// The deadline of a [`Scope`](crate::task::Scope) has passed.
    Deadline,
    /// [`ScopeHandle::cancel`](crate::task::ScopeHandle::cancel) was called.
    Requested,
    /// A task of the same group has returned an error, or the group's body has.
    SiblingFailed,
    /// A task of the same group has panicked, or the group's body has.
    SiblingPanicked,
    /// The future of the group, or of the scope, was dropped before it was ready.
    OwnerDropped,
    /// The limit of a [`shield`](crate::task::shield), or of a cleanup, was up.
    ShieldExpired,
    /// The task was spawned by the handle of a [`supervise`](crate::task::supervise) that had ended.
    Ended,
    /// The runtime was shut down.
    Shutdown,
}

struct Detail {
    kind: ReasonKind,
    place: Option<&'static Location<'static>>,
    by: Option<Id>,
    text: Option<Box<str>>,
    limit: Duration,
}

impl Reason {
    #[inline]
    fn new(kind: ReasonKind, place: Option<&'static Location<'static>>, by: Option<Id>) -> Self {
        Self::with(kind, place, by, None, Duration::ZERO)
    }

    #[inline]
    fn with(
        kind: ReasonKind,
        place: Option<&'static Location<'static>>,
        by: Option<Id>,
        text: Option<Box<str>>,
        limit: Duration,
    ) -> Self {
        Self(SelfArc::new(Detail {
            kind,
            place,
            by,
            text,
            limit,
        }))
    }

    /// Somebody called `abort` at the place, in the task that is running.
    #[cold]
    #[inline]
    pub(crate) fn aborted(place: &'static Location<'static>) -> Self {
        Self::new(ReasonKind::Aborted, Some(place), Id::current())
    }

    /// The scope of the place had a deadline.
    #[inline]
    pub(crate) fn deadline(place: &'static Location<'static>) -> Self {
        Self::new(ReasonKind::Deadline, Some(place), None)
    }

    /// Somebody asked for it at the place, in the task that is running.
    #[inline]
    pub(crate) fn requested(place: &'static Location<'static>, text: &str) -> Self {
        let (kind, text) = (ReasonKind::Requested, Some(text.into()));
        Self::with(kind, Some(place), Id::current(), text, Duration::ZERO)
    }

    /// The task `by`, spawned at the place, has returned an error, or panicked; `text` is what is known of that.
    #[inline]
    pub(crate) fn sibling(
        panicked: bool,
        place: &'static Location<'static>,
        by: Option<Id>,
        text: Option<String>,
    ) -> Self {
        let kind = if panicked {
            ReasonKind::SiblingPanicked
        } else {
            ReasonKind::SiblingFailed
        };
        let text = text.map(String::into_boxed_str);
        Self::with(kind, Some(place), by, text, Duration::ZERO)
    }

    /// The future of what was begun at the place was dropped.
    #[inline]
    pub(crate) fn owner_dropped(place: &'static Location<'static>) -> Self {
        Self::new(ReasonKind::OwnerDropped, Some(place), Id::current())
    }

    /// What was to be done by then, and was begun at the place, was not.
    #[inline]
    pub(crate) fn shield_expired(place: &'static Location<'static>, limit: Duration) -> Self {
        Self::with(ReasonKind::ShieldExpired, Some(place), None, None, limit)
    }

    /// What was begun at the place had ended when something was to begin in it.
    #[inline]
    pub(crate) fn ended(place: &'static Location<'static>) -> Self {
        Self::new(ReasonKind::Ended, Some(place), None)
    }

    /// Nobody has said why: it was the end of the runtime, or of the set.
    #[inline]
    pub(crate) fn shutdown() -> Self {
        Self::new(ReasonKind::Shutdown, None, None)
    }

    /// What kind of thing has cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::ReasonKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let reason = task.await.unwrap_err().reason().unwrap();
    /// assert_eq!(reason.kind(), ReasonKind::Aborted);
    /// # });
    /// ```
    pub fn kind(&self) -> ReasonKind {
        self.0.kind
    }

    /// Where that is in the program: the call of `abort` or `cancel`, of the `spawn` of the task that has failed, of `group`
    /// or of `Scope::new`. `None` for the end of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let aborted_at = line!() - 1;
    /// let reason = task.await.unwrap_err().reason().unwrap();
    /// assert_eq!(reason.place().unwrap().line(), aborted_at);
    /// # });
    /// ```
    pub fn place(&self) -> Option<&'static Location<'static>> {
        self.0.place
    }

    /// The task that has asked for it, or has failed; `None` if it was none.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// let killer = leno::spawn(async move { abort.abort() });
    /// let reason = task.await.unwrap_err().reason().unwrap();
    /// assert_eq!(reason.by(), Some(killer.id()));
    /// # });
    /// ```
    pub fn by(&self) -> Option<Id> {
        self.0.by
    }

    /// What [`ScopeHandle::cancel`](crate::task::ScopeHandle::cancel) was told, or what is known of the failure.
    ///
    /// # Examples
    ///
    /// ```
    /// let scope = leno::task::Scope::new();
    /// scope.handle().cancel("too many requests");
    /// assert_eq!(scope.handle().reason().unwrap().text(), Some("too many requests"));
    /// ```
    pub fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, text) = (self.0.by, self.text());
        match self.0.kind {
            ReasonKind::Aborted => {
                f.write_str("aborted")?;
                self.write_where(f)
            }
            ReasonKind::Deadline => {
                f.write_str("the deadline of the scope")?;
                self.write_where(f)?;
                f.write_str(" has passed")
            }
            ReasonKind::Requested => {
                f.write_str("cancelled")?;
                self.write_where(f)?;
                write!(f, ": {}", text.unwrap_or_default())
            }
            ReasonKind::SiblingFailed | ReasonKind::SiblingPanicked => {
                f.write_str(match (self.0.kind, by) {
                    (ReasonKind::SiblingFailed, Some(_)) => "a task of its group failed",
                    (ReasonKind::SiblingFailed, None) => "the body of its group failed",
                    (_, Some(_)) => "a task of its group panicked",
                    (_, None) => "the body of its group panicked",
                })?;
                if let Some(id) = by {
                    write!(f, " (task {id})")?;
                }
                if let Some(place) = self.0.place {
                    let what = if by.is_some() { "spawned" } else { "begun" };
                    write!(f, ", {what} at {place}")?;
                }
                text.map_or(Ok(()), |text| write!(f, ": {text}"))
            }
            ReasonKind::OwnerDropped => {
                f.write_str("the future of its group or scope, begun")?;
                if let Some(place) = self.0.place {
                    write!(f, " at {place}")?;
                }
                f.write_str(", was dropped")
            }
            ReasonKind::ShieldExpired => {
                write!(f, "the limit of {:?} that was set", self.0.limit)?;
                self.write_where(f)?;
                f.write_str(" was up")
            }
            ReasonKind::Ended => {
                f.write_str("what it was to be a task of, begun")?;
                if let Some(place) = self.0.place {
                    write!(f, " at {place}")?;
                }
                f.write_str(", had ended")
            }
            ReasonKind::Shutdown => f.write_str("its runtime was shut down"),
        }
    }
}

impl Reason {
    /// "cancelled", and why.
    #[inline]
    pub(crate) fn write_verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            // Says so itself.
            ReasonKind::Requested => write!(f, "{self}"),
            _ => write!(f, "cancelled: {self}"),
        }
    }

    /// By whom, and where, as far as that is known.
    fn write_where(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.0.by {
            write!(f, " by task {id}")?;
        }
        match self.0.place {
            Some(place) => write!(f, " at {place}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Reason {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Reason");
        debug.field("kind", &self.0.kind);
        if let Some(place) = self.0.place {
            debug.field("place", &format_args!("{place}"));
        }
        if let Some(id) = self.0.by {
            debug.field("by", &id);
        }
        if let Some(text) = self.text() {
            debug.field("text", &text);
        }
        debug.finish()
    }
}
