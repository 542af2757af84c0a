//! Where the tasks of a scheduler stand: each is asked to tell in its next poll.
//!
//! ```text
//!   who asks                                        a worker
//!   open: answers are taken from now on (lock)
//!   for some tasks at a time, each kept in memory:
//!     or NOTIFIED|SPECIAL  (Release)        ──────▶ start: RMW (Acquire) returns SPECIAL
//!     it was asleep: queue it                         and !SPECIAL; a poll that tells (see `task::capture`)
//!   wait for answers                        ◀──────   answer (lock)
//!   close: further answers are dropped
//! ```
//!
//! A task's poll comes in its turn, on its own thread and under no lock of anybody's. That a request is seen needs no more
//! than a wake: SPECIAL is only ever set together with NOTIFIED (invariant 9), so whoever starts the task next finds both in
//! what its read-modify-write returns. A task that ends instead of being started again answers nothing: so who waits has a
//! look at those that have not answered, now and then. Nobody is waited for longer than the asker's patience.
//!
//! So many are asked at a time ([`AT_A_TIME`]): their polls take turns with the program's, and a million of them at once would
//! hold it up.
//!
//! The model is `loom-tests/src/models/captures.rs`.

use crate::kernel::task::{AbortHandle, Id, Leaf, TaskInfo};
use crate::prim::{Condvar, Mutex};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How many tasks are asked at a time.
const AT_A_TIME: usize = 256;

/// The first look at those that have not answered; each further one comes after twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// What a task has told.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Those that will wake it.
    pub(crate) leaves: Vec<Leaf>,
    /// It was woken in the poll, by itself perhaps: it goes on as soon as it has its turn.
    pub(crate) is_ready: bool,
}

/// A task, and where it stands.
#[derive(Debug)]
pub(crate) struct Standing {
    /// As it was before it was asked.
    pub(crate) task: TaskInfo,
    /// `None` if it has not answered in time: it is being polled all the while, or nobody polls it.
    pub(crate) answer: Option<Answer>,
}

/// The requests of one scheduler.
#[derive(Debug)]
pub(crate) struct Captures {
    /// Whose turn it is to ask.
    turn: Mutex<()>,
    /// `None` while nobody asks.
    answers: Mutex<Option<Answers>>,
    /// As many answers have come as there are tasks that were asked.
    came: Condvar,
}

#[derive(Debug)]
struct Answers {
    asked: usize,
    told: HashMap<Id, Answer>,
}

impl Captures {
    pub(crate) fn new() -> Self {
        Self {
            turn: Mutex::new(()),
            answers: Mutex::new(None),
            came: Condvar::new(),
        }
    }

    /// Asks each of `tasks`, and waits for `patience` in all at most. Those that have ended by then are left out. To be called
    /// where the thread may wait, and the tasks run elsewhere.
    pub(crate) fn ask(&self, tasks: &[AbortHandle], patience: Duration) -> Vec<Standing> {
        let _turn = self.turn.lock();
        let end = Instant::now().checked_add(patience);
        let mut standings = Vec::with_capacity(tasks.len());
        for tasks in tasks.chunks(AT_A_TIME) {
            *self.answers.lock() = Some(Answers {
                asked: tasks.len(),
                told: HashMap::with_capacity(tasks.len()),
            });
            let before: Vec<_> = tasks.iter().map(AbortHandle::ask).collect();
            let mut answers = self.wait(tasks, end);
            let alive = before
                .into_iter()
                .zip(tasks)
                .filter(|(_, task)| !task.is_finished());
            standings.extend(alive.map(|(before, _)| Standing {
                answer: answers.remove(&before.id()),
                task: before,
            }));
        }
        standings
    }

    /// Waits until all have answered or ended.
    fn wait(&self, tasks: &[AbortHandle], end: Option<Instant>) -> HashMap<Id, Answer> {
        let mut answers = self.answers.lock();
        let mut look = FIRST_LOOK;
        loop {
            let has_told = |task: &AbortHandle| {
                let answers = answers.as_ref();
                answers.is_some_and(|answers| answers.told.contains_key(&task.id()))
            };
            let left = end.map_or(Duration::MAX, |end| {
                end.saturating_duration_since(Instant::now())
            });
            let is_over = |task: &AbortHandle| has_told(task) || task.is_finished();
            if left.is_zero() || tasks.iter().all(is_over) {
                let answers = answers.take();
                return answers.map_or_else(HashMap::new, |answers| answers.told);
            }
            let (guard, timed_out) = self.came.wait_timeout(answers, look.min(left));
            answers = guard;
            if timed_out {
                look = look.saturating_mul(2);
            }
        }
    }

    /// True while somebody asks.
    pub(super) fn is_open(&self) -> bool {
        self.answers.lock().is_some()
    }

    /// A task answers.
    pub(super) fn answer(&self, task: Id, answer: Answer) {
        let mut answers = self.answers.lock();
        let Some(answers) = answers.as_mut() else {
            return;
        };
        // (One that was asked before, and not waited for long enough, may answer now.)
        answers.told.insert(task, answer);
        if answers.told.len() >= answers.asked {
            self.came.notify_one();
        }
    }
}
