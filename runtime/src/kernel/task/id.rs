//! The id of a task, and in the same word how often it has handed something on.
//!
//! A task that holds a lock may part with the guard: within a future that it spawns, or in a message. So whoever concludes
//! something from who has taken a lock wants to know whether the task has spawned or sent anything since. That is counted in the
//! upper bits of the id, so it needs no memory, and a lock that notes its holder notes the count in the same store. What has no
//! destructor is no guard and has none within, so for such futures and messages there is no code; for others it is a look whether
//! any task of the process has held a lock so far.

use super::cell::Header;
use crate::kernel::here;
use crate::prim;
use crate::prim::atomic::{Note, Ordering};
use std::fmt;
use std::num::NonZeroU64;

/// An opaque id that tells a task from all others of the process.
///
/// Ids are never used twice. They are ordered, so that they can be keys, but they are handed to threads in blocks: the
/// order says nothing about which task was spawned first.
///
/// # Examples
///
/// As a key for what belongs to a task:
///
/// ```
/// use std::collections::BTreeMap;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let tasks = [leno::spawn(async { 'a' }), leno::spawn(async { 'b' })];
/// let mut by_id = BTreeMap::new();
/// for task in tasks {
///     by_id.insert(task.id(), task.await.unwrap());
/// }
/// assert_eq!(by_id.len(), 2);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Hash, Eq, PartialEq, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

impl Id {
    /// The next unused id.
    #[inline]
    pub(crate) fn next() -> Self {
        Self::from_raw(here::with(|here| here.next_task_id())).expect("task ids start at 1")
    }

    /// The id of the task that this thread is polling (or whose future it is dropping).
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        Self::of_mark(here::with(|here| here.task_id.get()))
    }

    /// The id in the word of a [`Mark`]; `None` if that is 0.
    #[inline]
    pub(crate) fn of_mark(word: u64) -> Option<Self> {
        Self::from_raw(word & IDS)
    }

    #[inline]
    pub(crate) fn from_raw(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    #[inline]
    pub(crate) fn get(self) -> u64 {
        self.0.get()
    }
}

/// One hand-over. Below it is the id: at ten million tasks a second there are enough of those for a year.
const COUNTED: u64 = 1 << 48;
const IDS: u64 = COUNTED - 1;

/// The largest count, which stays: nobody knows any more how many there have been. The bit above is free.
const MOST: u64 = (1 << 15) - 1;

/// The id of a task, and how often it has handed on what may hold a guard.
#[derive(Debug)]
pub(crate) struct Mark(Note);

impl Mark {
    pub(super) fn new(id: Id) -> Self {
        debug_assert!(id.get() <= IDS);
        Self(Note::new(id.get()))
    }

    pub(super) fn id(&self) -> Id {
        Id::of_mark(self.word()).expect("a task has an id")
    }

    // Ordering: Relaxed everywhere. Only the thread that polls the task counts, and only that reads the count; others read
    // the id.

    #[inline(always)]
    pub(super) fn word(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// How often the task has handed something on, as far as the word says.
    pub(crate) fn handed_on(word: u64) -> HandedOn {
        HandedOn(((word / COUNTED) & MOST) as u16)
    }

    /// The word of the running task, 0 if none is running on this thread. For who notes it, so from now on tasks count.
    #[inline]
    pub(crate) fn here() -> u64 {
        if !prim::a_lock_was_held() {
            prim::note_held_lock();
        }
        here::with(|here| here.task_id.get())
    }
}

/// The word after one more hand-over.
fn counted(word: u64) -> u64 {
    let next = word.wrapping_add(COUNTED);
    if next >> 63 == 0 { next } else { word }
}

/// How often a task had handed something on at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HandedOn(u16);

impl HandedOn {
    /// True if the task that had handed on this much has handed on nothing more when it was `later`.
    pub(crate) fn is_all(self, later: Self) -> bool {
        self == later && u64::from(self.0) < MOST
    }
}

/// The running task gives `T` away: it may be anywhere from now on.
///
/// It need not count before any task has held a lock.
#[inline]
pub(crate) fn hand_on<T>() {
    if const { std::mem::needs_drop::<T>() } && prim::a_lock_was_held() {
        count();
    }
}

#[inline(never)]
fn count() {
    here::with(|here| {
        // (In a destructor that is another task's the two differ; then the one that is running counts for nothing.)
        if here.task_id.get() != 0 {
            here.task_id.set(counted(here.task_id.get()));
        }
        let running = here.running.get().cast::<Header>();
        // SAFETY: set by the poller for as long as it polls the task, which it keeps; the caller is within that poll.
        if let Some(running) = unsafe { running.as_ref() } {
            let word = counted(running.mark.word());
            running.mark.0.store(word, Ordering::Relaxed);
        }
    });
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
