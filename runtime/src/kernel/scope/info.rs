//! What can be told of a scope, for those who look into the program.
//!
//! A [`Node`] is looked at while somebody keeps it: in a poll within it, or by a count that was taken under the lock of an
//! owned list, where a task of it cannot have left it yet. What was seen is plain data, and keeps nothing of the scope: neither
//! its memory nor what its tasks have failed with. No two locks are held meanwhile.
//!
//! A scope has no number before somebody looks at it, so that costs nothing where nobody does.

use super::{NOBODY, Node, NodeKind, ONE, entries};
use crate::kernel::task::{Id, Member, Reason};
use crate::prim;
use crate::prim::SelfArc;
use crate::prim::atomic::{Note, Ordering};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

/// A node as it was at a moment, without those around it.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    id: u64,
    kind: NodeKind,
    place: &'static Location<'static>,
    /// As [the node](Node) has it.
    begun_by: u64,
    deadline: Option<u64>,
    /// When that was, on the deadline's clock.
    now: u64,
    /// Its own.
    reason: Option<Reason>,
    cancelled_for: Duration,
    live: usize,
}

/// Whether they are of the same node.
impl PartialEq for Looked {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Looked {}

/// What was known of a group, or of another scope, at the moment when somebody looked at it.
///
/// Got from [`TaskInfo::scope`](crate::task::TaskInfo::scope), for the scope that a task is in, and from
/// [`Leaf::scope`](crate::diagnostics::Leaf::scope), for those that are begun in a task. [`around`](Self::around) leads
/// outwards. A clone shares what it says, and nothing keeps the scope itself.
///
/// Its text tells which scope it is, and how it stands:
///
/// ```text
/// group at src/page.rs:14:21, begun by task 3, deadline in 1.3 s
/// scope at src/serve.rs:40:5, begun by task 7, cancelled 3.0 s ago: the deadline of the scope at src/serve.rs:40:5 has passed
/// ```
#[derive(Clone)]
pub struct ScopeInfo(SelfArc<Seen>);

struct Seen {
    node: Looked,
    around: Option<ScopeInfo>,
}

/// What a scope was made by.
///
/// # Examples
///
/// ```
/// use leno::task::{self, ScopeKind};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// task::supervise(async |tasks| {
///     let waiter = tasks.spawn(std::future::pending::<()>());
///     task::yield_now().await;
///     let task = &leno::runtime::Handle::current().tasks()[0];
///     assert_eq!(task.scope().unwrap().kind(), ScopeKind::Supervisor);
///     waiter.cancel().await;
/// })
/// .await;
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScopeKind {
    /// [`group`](crate::task::group), or [`group_with`](crate::task::group_with).
    Group,
    /// [`supervise`](crate::task::supervise).
    Supervisor,
    /// [`Scope`](crate::task::Scope).
    Scope,
    /// [`shield`](crate::task::shield), or the cleanup of a [`guard`](crate::task::guard()) or of
    /// [`on_cancel`](crate::task::on_cancel).
    Shield,
}

impl Node {
    /// What is known of it now.
    #[inline]
    pub(crate) fn look(&self) -> Looked {
        let state = self.state.lock();
        let (reason, cancelled_at) = (state.reason.clone(), state.cancelled_at);
        drop(state);
        // Ordering: Relaxed, here and below: each tells of a moment of its own.
        let word = self.word.load(Ordering::Relaxed);
        let cancelled_for = match reason {
            Some(_) => prim::now().saturating_sub(cancelled_at),
            None => 0,
        };
        Looked {
            id: self.number(),
            kind: self.kind,
            place: self.place,
            begun_by: self.begun_by.load(Ordering::Relaxed),
            deadline: self.own_deadline(),
            now: self.wheel.get().map_or_else(prim::now, |wheel| wheel.now()),
            reason,
            cancelled_for: Duration::from_nanos(cancelled_for),
            // One that has ended was not entered.
            live: (word / ONE).saturating_sub(entries::spare(self)),
        }
    }

    /// What tells it from all others.
    #[inline]
    fn number(&self) -> u64 {
        static NEXT: Note = Note::new(1);
        let number = self.number.load(Ordering::Relaxed);
        if number != 0 {
            return number;
        }
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        match self
            .number
            .compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => next,
            Err(number) => number,
        }
    }

    /// Whoever has begun it does not wait for it any more.
    #[inline]
    pub(super) fn forget_owner(&self) {
        // Ordering: Relaxed, as it is told to people.
        self.begun_by.store(NOBODY, Ordering::Relaxed);
    }

    /// The node of a member, kept. Neither allocates nor frees.
    #[inline]
    pub(crate) fn of_member(member: &Member) -> SelfArc<Self> {
        let node = member.node().as_ptr().cast_const();
        // SAFETY: it is kept until the member has left it, which is the last that its task does.
        unsafe { SelfArc::increment_strong_count(node) };
        // SAFETY: as above; the count is this one's.
        unsafe { SelfArc::from_raw(node) }
    }
}

/// Nodes that are looked at once each, and all those around them.
pub(crate) struct Looks<'a> {
    /// By their addresses, which nobody else has meanwhile.
    seen: HashMap<*const Node, ScopeInfo>,
    kept: PhantomData<&'a Node>,
}

impl<'a> Looks<'a> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            seen: HashMap::new(),
            kept: PhantomData,
        }
    }

    /// What is known of the node, and of those around it.
    #[inline]
    pub(crate) fn look(&mut self, node: &'a SelfArc<Node>) -> ScopeInfo {
        let mut new = Vec::new();
        let mut around = None;
        let mut next = Some(node);
        while let Some(node) = next {
            around = self.seen.get(&SelfArc::as_ptr(node)).cloned();
            if around.is_some() {
                break;
            }
            new.push(node);
            next = node.around();
        }
        for node in new.into_iter().rev() {
            let info = ScopeInfo::new(node.look(), around);
            self.seen.insert(SelfArc::as_ptr(node), info.clone());
            around = Some(info);
        }
        match around {
            Some(info) => info,
            None => unreachable!("the node itself was looked at, now or before"),
        }
    }
}

impl ScopeInfo {
    #[inline]
    fn new(mut node: Looked, around: Option<Self>) -> Self {
        // It may have been cancelled with the one around without having been told so far.
        if let (None, Some(around)) = (&node.reason, &around) {
            if !matches!(node.kind, NodeKind::Shield(_)) {
                node.reason.clone_from(&around.0.node.reason);
                node.cancelled_for = around.0.node.cancelled_for;
            }
        }
        Self(SelfArc::new(Seen { node, around }))
    }

    /// The innermost of `nodes`, each of which is within the next, and the last within `around`.
    pub(crate) fn within(nodes: &[Looked], around: Option<&Self>) -> Option<Self> {
        let outwards = nodes.iter().rev();
        outwards.fold(around.cloned(), |around, node| {
            Some(Self::new(node.clone(), around))
        })
    }

    /// A number that no other scope of the process has. It gets it when it is first looked at, so the order says nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     // Two looks at one scope tell the same.
    ///     assert_eq!(task.scope().unwrap().id(), task.scope().unwrap().id());
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn id(&self) -> u64 {
        self.0.node.id
    }

    /// What the scope was made by.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{self, ScopeKind};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     let around = task.scope().unwrap();
    ///     assert_ne!(around.kind(), ScopeKind::Group);
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn kind(&self) -> ScopeKind {
        match self.0.node.kind {
            NodeKind::Group => ScopeKind::Group,
            NodeKind::Supervisor => ScopeKind::Supervisor,
            NodeKind::Scope => ScopeKind::Scope,
            NodeKind::Shield(_) => ScopeKind::Shield,
        }
    }

    /// Where that was called.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     assert_eq!(task.scope().unwrap().place().file(), file!());
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn place(&self) -> &'static Location<'static> {
        self.0.node.place
    }

    /// The task that has begun the scope and waits for its end.
    ///
    /// `None` if that is no task, as in a `block_on`; and if it does [not wait](Self::is_awaited).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     // It was begun in a `block_on`, which is no task.
    ///     assert_eq!(task.scope().unwrap().begun_by(), None);
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    #[inline]
    pub fn begun_by(&self) -> Option<Id> {
        let task = self.0.node.begun_by;
        Id::from_raw(task).filter(|_| task != NOBODY)
    }

    /// False if nobody waits for the end of the scope but the one [around](Self::around), since the future that did was
    /// dropped. A shield goes on then, and others are cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     assert!(task.scope().unwrap().is_awaited());
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn is_awaited(&self) -> bool {
        self.0.node.begun_by != NOBODY
    }

    /// Why the scope is cancelled, if it is. What is in it may still be about to end.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     assert!(task.scope().unwrap().reason().is_none());
    ///     tasks.cancel("enough");
    ///     // A later look, at the same task: it has not ended yet.
    ///     let later = &leno::runtime::Handle::current().tasks()[0];
    ///     assert_eq!(later.scope().unwrap().reason().unwrap().text(), Some("enough"));
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn reason(&self) -> Option<&Reason> {
        self.0.node.reason.as_ref()
    }

    /// For how long it had been cancelled, if it was; in real time, also where a clock is paused.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     assert_eq!(task.scope().unwrap().cancelled_for(), None);
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn cancelled_for(&self) -> Option<Duration> {
        self.reason().map(|_| self.0.node.cancelled_for)
    }

    /// How many are in the scope: the tasks and blocking closures of it and of all scopes within it, and its own future until
    /// that is done.
    ///
    /// It may be too many, by up to 15 for each other thread that is in a poll which has spawned several tasks into the scope: such a
    /// thread counts some in advance, until its poll is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let task = &leno::runtime::Handle::current().tasks()[0];
    ///     // The task, and the body of the `supervise`.
    ///     assert_eq!(task.scope().unwrap().live(), 2);
    ///     waiter.cancel().await;
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn live(&self) -> usize {
        self.0.node.live
    }

    /// The scope around this one: that in which it was begun.
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::task::{self, Scope, ScopeInfo, ScopeKind};
    /// use std::iter::successors;
    ///
    /// let runtime = leno::runtime::Handle::current();
    /// let work = task::supervise(async |group| {
    ///     let waiter = group.spawn(std::future::pending::<()>());
    ///     let task = loop {
    ///         // One that has never slept is not seen.
    ///         if let Some(task) = runtime.tasks().pop() {
    ///             break task;
    ///         }
    ///         task::yield_now().await;
    ///     };
    ///     let scopes = successors(task.scope().cloned(), |scope| scope.around().cloned());
    ///     let kinds: Vec<_> = scopes.map(|scope| scope.kind()).collect();
    ///     assert_eq!(kinds, [ScopeKind::Supervisor, ScopeKind::Scope]);
    ///     waiter.cancel().await;
    /// });
    /// Scope::new().run(work).await.unwrap();
    /// # });
    /// ```
    pub fn around(&self) -> Option<&Self> {
        self.0.around.as_ref()
    }

    /// The scope's own deadline, in nanoseconds of the clock.
    pub(crate) fn deadline_in_nanoseconds(&self) -> Option<u64> {
        self.0.node.deadline
    }

    /// So many seconds there were until the deadline; less than 0 if it had passed.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let Looked { deadline, now, .. } = self.0.node;
        let deadline = deadline?;
        let left = Duration::from_nanos(deadline.saturating_sub(now)).as_secs_f64();
        Some(left - Duration::from_nanos(now.saturating_sub(deadline)).as_secs_f64())
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        // One after the other: scopes may be within each other as deep as tasks spawn groups.
        let mut around = self.around.take();
        while let Some(mut seen) = around.and_then(|info| SelfArc::into_inner(info.0)) {
            around = seen.around.take();
        }
    }
}

/// Not as [`Debug`](fmt::Debug) has it: to be read by people.
#[inline]
fn write_duration(f: &mut fmt::Formatter<'_>, seconds: f64) -> fmt::Result {
    if seconds < 1.0 {
        write!(f, "{:.0} ms", seconds * 1000.0)
    } else {
        write!(f, "{seconds:.1} s")
    }
}

impl fmt::Display for ScopeInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind(), self.place())?;
        if let Some(task) = self.begun_by() {
            write!(f, ", begun by task {task}")?;
        } else if !self.is_awaited() {
            f.write_str(", whose future was dropped")?;
        }
        match (self.reason(), self.seconds_left()) {
            (Some(reason), _) => {
                f.write_str(", cancelled ")?;
                write_duration(f, self.0.node.cancelled_for.as_secs_f64())?;
                // Some reasons begin with the same word.
                let reason = reason.to_string();
                match reason.strip_prefix("cancelled ") {
                    Some(rest) => write!(f, " ago {rest}"),
                    None => write!(f, " ago: {reason}"),
                }
            }
            (None, Some(left)) if left >= 0.0 => {
                f.write_str(", deadline in ")?;
                write_duration(f, left)
            }
            (None, Some(_)) => f.write_str(", deadline passed"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for ScopeInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeInfo")
            .field("id", &self.id())
            .field("kind", &self.kind())
            .field("place", &format_args!("{}", self.place()))
            .field("begun_by", &self.begun_by())
            .field("seconds_left", &self.seconds_left())
            .field("reason", &self.reason())
            .field("live", &self.live())
            .field("around", &self.around().map(Self::id))
            .finish()
    }
}

impl fmt::Display for ScopeKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "group",
            Self::Supervisor => "supervisor",
            Self::Scope => "scope",
            Self::Shield => "shield",
        })
    }
}
