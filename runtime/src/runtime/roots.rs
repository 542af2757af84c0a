//! The futures that threads wait for in a `block_on`: they are no tasks, but where the program stands is where they do.
//!
//! Each is in a list of its runtime for as long as it is waited for, and is asked as tasks are ([`captures`]): a flag, a wake, and
//! a poll that tells. The flag is set before the wake (whose ordering carries it), so the poll that answers the wake sees it.
//!
//! [`captures`]: crate::kernel::captures

use crate::kernel::captures::Answer;
use crate::kernel::task;
use pin_project_lite::pin_project;
use std::any::type_name;
use std::collections::HashSet;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread, ThreadId};
use std::time::{Duration, Instant};

/// The roots of one runtime.
#[derive(Debug, Default)]
pub(super) struct Roots(Mutex<Vec<Arc<Root>>>);

/// A future that a thread waits for.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) place: &'static Location<'static>,
    pub(crate) type_name: &'static str,
    pub(crate) thread: Thread,
    asked: AtomicBool,
    state: Mutex<State>,
    /// It has answered, or is waited for no more.
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waker: Option<Waker>,
    /// The last answer, as long as somebody waits for one.
    answer: Option<Answer>,
    /// How many there have been.
    answers: u64,
    /// How many wait for one.
    waiting: usize,
    over: bool,
}

/// A root, and where it stands.
#[derive(Debug)]
pub(crate) struct RootStanding {
    pub(crate) root: Arc<Root>,
    /// `None` if it has not answered in time.
    pub(crate) answer: Option<Answer>,
}

pin_project! {
    /// A future that is a root, and tells where it stands.
    pub(super) struct Listed<'a, F> {
        #[pin]
        future: F,
        listing: Listing<'a>,
    }
}

/// A root's place in the list, until this is dropped.
struct Listing<'a> {
    roots: &'a Roots,
    root: Arc<Root>,
    is_known: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Roots {
    /// Makes a root of `future`.
    pub(super) fn list<F: Future>(
        &self,
        future: F,
        place: &'static Location<'static>,
    ) -> Listed<'_, F> {
        let root = Arc::new(Root {
            place,
            type_name: type_name::<F>(),
            thread: thread::current(),
            asked: AtomicBool::new(false),
            state: Mutex::default(),
            came: Condvar::new(),
        });
        lock(&self.0).push(Arc::clone(&root));
        Listed {
            future,
            listing: Listing {
                roots: self,
                root,
                is_known: false,
            },
        }
    }

    /// True if no thread waits. Nobody else knows them.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(super) fn is_as_new(&mut self) -> bool {
        let Self(roots) = self;
        roots.get_mut().is_ok_and(|roots| roots.is_empty())
    }

    /// The threads that wait.
    pub(super) fn threads(&self) -> HashSet<ThreadId> {
        lock(&self.0).iter().map(|root| root.thread.id()).collect()
    }

    /// Asks all roots where they stand, and waits for `patience` in all at most.
    pub(super) fn ask(&self, patience: Duration) -> Vec<RootStanding> {
        let end = Instant::now().checked_add(patience);
        let roots = lock(&self.0).clone();
        let asked = roots.into_iter().filter_map(|root| {
            let before = root.ask()?;
            Some((root, before))
        });
        let asked: Vec<(Arc<Root>, u64)> = asked.collect();
        let standings = asked.into_iter().filter_map(|(root, before)| {
            let answer = root.wait(before, end)?;
            Some(RootStanding { root, answer })
        });
        standings.collect()
    }
}

impl Root {
    /// Asks, and says how many answers there have been; `None` if it is waited for no more. To be followed by `wait`.
    fn ask(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        if state.over {
            return None;
        }
        state.waiting += 1;
        let before = state.answers;
        // Ordering: Relaxed. The wake publishes it; before the first poll, which gives the waker, the lock does.
        self.asked.store(true, Ordering::Relaxed);
        let waker = state.waker.clone();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(before)
    }

    /// Waits for an answer after the first `before`, which is for all that have asked: `Some(None)` if it does not come in time, and `None` if the root is waited for no more.
    #[expect(
        clippy::option_option,
        reason = "the two are told apart where this is called"
    )]
    fn wait(&self, before: u64, end: Option<Instant>) -> Option<Option<Answer>> {
        let mut state = lock(&self.state);
        loop {
            if state.over {
                return None;
            }
            let left = end.map_or(Duration::from_secs(1), |end| {
                end.saturating_duration_since(Instant::now())
            });
            let has_come = state.answers != before;
            if has_come || left.is_zero() {
                let answer = state.answer.clone().filter(|_| has_come);
                state.waiting -= 1;
                if state.waiting == 0 {
                    state.answer = None;
                }
                return Some(answer);
            }
            let waited = self.came.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    #[cold]
    fn answer(&self, answer: Answer) {
        let mut state = lock(&self.state);
        state.answers += 1;
        // (One that was not waited for long enough may come now.)
        state.answer = Some(answer).filter(|_| state.waiting > 0);
        drop(state);
        self.came.notify_all();
    }
}

impl<F: Future> Future for Listed<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let listing = this.listing;
        if !listing.is_known {
            listing.is_known = true;
            let waker = cx.waker().clone();
            lock(&listing.root.state).waker = Some(waker);
        }
        // Ordering: Relaxed, see `Root::ask`.
        if !listing.root.asked.load(Ordering::Relaxed) {
            return this.future.poll(cx);
        }
        listing.root.asked.store(false, Ordering::Relaxed);
        let (polled, answer) = task::tells(cx.waker(), |cx| this.future.poll(cx));
        listing.root.answer(answer);
        polled
    }
}

impl Drop for Listing<'_> {
    fn drop(&mut self) {
        lock(&self.roots.0).retain(|root| !Arc::ptr_eq(root, &self.root));
        let mut state = lock(&self.root.state);
        state.over = true;
        let waker = state.waker.take();
        let waits = state.waiting > 0;
        drop(state);
        drop(waker);
        // To tell nobody costs a system call.
        if waits {
            self.root.came.notify_all();
        }
    }
}
