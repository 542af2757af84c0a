//! What can be told of a task.

use super::cell::{Header, Vtable};
use super::state::Word;
use super::{Id, Origin};
use crate::kernel::scope::ScopeInfo;
use std::fmt;
use std::panic::Location;

/// What was known of a task at the moment when [`Handle::tasks`](crate::runtime::Handle::tasks) looked at it.
///
/// Its text tells which task it is:
///
/// ```text
/// task 4711 "checkout", shop::api::checkout::{{closure}}, spawned at src/api.rs:88:9
/// ```
#[derive(Clone)]
pub struct TaskInfo {
    id: Id,
    /// As it was then.
    word: Word,
    origin: Origin,
    type_name: fn() -> &'static str,
    future_size: usize,
    scope: Option<ScopeInfo>,
}

/// What a task was doing when it was looked at.
///
/// # Examples
///
/// ```
/// use leno::runtime::Handle;
/// use leno::task::TaskState;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let task = leno::spawn(std::future::pending::<()>());
/// leno::task::yield_now().await;
/// assert_eq!(Handle::current().tasks()[0].state(), TaskState::Asleep);
/// # drop(task);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// It waits to be woken.
    Asleep,
    /// It has been woken, and waits for a worker.
    Queued,
    /// It is being polled; or its own poll has woken it (it has yielded), and it waits for a worker.
    Running,
}

impl TaskInfo {
    /// Copies what is known of a task that the caller keeps in memory. Neither allocates nor frees.
    #[inline]
    pub(crate) fn look(task: &Header) -> Self {
        Self {
            id: task.mark.id(),
            word: task.state.load(),
            origin: task.origin.clone(),
            type_name: task.vtable.type_name,
            future_size: task.vtable.future_size,
            scope: None,
        }
    }

    /// What is known of a task that somebody polls, without a look at the task.
    pub(super) fn polled(id: Id, vtable: &'static Vtable, origin: Origin) -> Self {
        Self {
            id,
            word: Word::POLLED,
            origin,
            type_name: vtable.type_name,
            future_size: vtable.future_size,
            scope: None,
        }
    }

    /// Adds what is known of the scope that the task is in.
    #[inline]
    pub(crate) fn set_scope(&mut self, scope: ScopeInfo) {
        self.scope = Some(scope);
    }

    /// The task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// leno::task::yield_now().await;
    /// assert_eq!(leno::runtime::Handle::current().tasks()[0].id(), task.id());
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name that the task was given, if it was; see [`Builder::name`](crate::task::Builder::name).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::task::Builder::new().name("janitor").spawn(std::future::pending::<()>())?;
    /// leno::task::yield_now().await;
    /// assert_eq!(leno::runtime::Handle::current().tasks()[0].name(), Some("janitor"));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn name(&self) -> Option<&str> {
        self.origin.name()
    }

    /// What the compiler calls the type of the task's future: `shop::api::checkout::{{closure}}` for that of an `async` block
    /// or function. As [`std::any::type_name`], it is for people, and may change with the compiler.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// async fn fetch() {
    ///     std::future::pending::<()>().await;
    /// }
    ///
    /// leno::spawn(fetch());
    /// leno::task::yield_now().await;
    /// let tasks = leno::runtime::Handle::current().tasks();
    /// assert!(tasks[0].type_name().contains("fetch"));
    /// # });
    /// ```
    #[inline]
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// Where the task was spawned: the place of the call of `spawn`, or whichever function it was.
    ///
    /// If a library spawns it, that is in the library, unless its functions say `#[track_caller]`.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::spawn(std::future::pending::<()>());
    /// let next_line = line!();
    /// leno::task::yield_now().await;
    /// let tasks = leno::runtime::Handle::current().tasks();
    /// assert_eq!(tasks[0].spawned_at().line() + 1, next_line);
    /// # });
    /// ```
    #[inline]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.origin.place()
    }

    /// What the task was doing.
    ///
    /// # Examples
    ///
    /// What is stuck, and what only waits:
    ///
    /// ```
    /// use leno::runtime::Handle;
    /// use leno::task::{TaskState, yield_now};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::spawn(std::future::pending::<()>());
    /// yield_now().await;
    /// let asleep = |tasks: Vec<leno::task::TaskInfo>| {
    ///     tasks.iter().filter(|task| task.state() == TaskState::Asleep).count()
    /// };
    /// assert_eq!(asleep(Handle::current().tasks()), 1);
    /// # });
    /// ```
    pub fn state(&self) -> TaskState {
        if self.word.is_running() {
            TaskState::Running
        } else if self.word.is_notified() {
            TaskState::Queued
        } else {
            TaskState::Asleep
        }
    }

    /// True if the task had been [aborted](super::JoinHandle::abort), or told to end with its runtime, and had not ended yet.
    pub fn is_cancelled(&self) -> bool {
        self.word.is_cancelled()
    }

    /// The group or supervisor that the task was spawned in, or the shield that it is what is left of; and those around that.
    ///
    /// `None` for a task that was spawned outside of scopes, as all are that plain [`spawn`](crate::task::spawn) makes; and in
    /// [reports](crate::diagnostics::Report::tasks), which do not look at it.
    ///
    /// There is none in a build without the feature `structured`.
    ///
    /// # Examples
    ///
    /// Which tasks belong to a group:
    ///
    /// ```
    /// use leno::runtime::Handle;
    /// use leno::task::{self, ScopeKind};
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let kind: Result<Option<ScopeKind>, ()> = task::group(async |group| {
    ///     let (ready, is_ready) = leno::sync::oneshot::channel();
    ///     let child = group.spawn(async {
    ///         let _ = ready.send(());
    ///         std::future::pending::<Result<(), ()>>().await
    ///     });
    ///     let _ = is_ready.await;
    ///     let kind = loop {
    ///         if let Some(task) = Handle::current().tasks().iter().find(|task| Some(task.id()) == child.id()) {
    ///             break task.scope().map(|scope| scope.kind());
    ///         }
    ///         task::yield_now().await;
    ///     };
    ///     child.cancel().await;
    ///     Ok(kind)
    /// })
    /// .await;
    /// assert_eq!(kind, Ok(Some(ScopeKind::Group)));
    /// # });
    /// ```
    pub fn scope(&self) -> Option<&ScopeInfo> {
        self.scope.as_ref()
    }

    /// The size of the task's future in bytes. What it has allocated is not counted.
    ///
    /// # Examples
    ///
    /// What is held across an `.await` is in it:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// leno::spawn(async {
    ///     let buffer = [0u8; 1000];
    ///     std::future::pending::<()>().await;
    ///     drop(buffer);
    /// });
    /// leno::task::yield_now().await;
    /// assert!(leno::runtime::Handle::current().tasks()[0].future_size() >= 1000);
    /// # });
    /// ```
    pub fn future_size(&self) -> usize {
        self.future_size
    }
}

impl fmt::Display for TaskInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id())?;
        if let Some(name) = self.name() {
            write!(f, " {name:?}")?;
        }
        write!(
            f,
            ", {}, spawned at {}",
            self.type_name(),
            self.spawned_at()
        )
    }
}

impl fmt::Debug for TaskInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskInfo")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("type_name", &self.type_name())
            .field("spawned_at", &format_args!("{}", self.spawned_at()))
            .field("state", &self.state())
            .field("is_cancelled", &self.is_cancelled())
            .field("future_size", &self.future_size())
            .field("scope", &self.scope)
            .finish()
    }
}

impl fmt::Display for TaskState {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TaskState::Asleep => "asleep",
            TaskState::Queued => "queued",
            TaskState::Running => "running",
        })
    }
}
