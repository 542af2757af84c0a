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
//! look at those that have not answered, now and then. Nobody is waited for longer than the asker's patience, which also is
//! for how long one asker waits for another.
//!
//! Each asker has a round, and an answer is of a poll that has begun in it: so all answers of one round come before all of
//! the next, also if a task was asked in an earlier one and could not answer in time.
//!
//! So many are asked at a time ([`AT_A_TIME`]): their polls take turns with the program's, and a million of them at once would
//! hold it up. Those that are in a long poll are not waited for before the next are asked, but after all.
//!
//! The model is `loom-tests/src/models/captures.rs`.

use crate::kernel::task::{AbortHandle, HandedOn, Id, Leaf, TaskInfo};
use crate::prim::{Condvar, Mutex};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How many tasks are asked at a time.
const AT_A_TIME: usize = 256;

/// The first look at those that have not answered; each further one comes after twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// What a task has told.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Those that will wake it.
    pub(crate) leaves: Vec<Leaf>,
    /// There are others, of which it does not tell.
    pub(crate) has_more: bool,
    /// It was woken in the poll, by itself perhaps: it goes on as soon as it has its turn.
    pub(crate) is_ready: bool,
    /// How often it had handed something on before the poll.
    pub(crate) handed_on: HandedOn,
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
    /// Somebody asks; others wait until it is their turn.
    is_taken: Mutex<bool>,
    /// It is the next one's turn.
    given_back: Condvar,
    answers: Mutex<Answers>,
    /// As many answers have come as are waited for.
    came: Condvar,
}

/// Somebody's turn to ask, until this is dropped.
struct Turn<'a>(&'a Captures);

#[derive(Debug)]
struct Answers {
    /// Counts those who have asked.
    round: u64,
    /// What has been told in this round; `None` while nobody asks.
    told: Option<HashMap<Id, Answer>>,
    /// With so many whoever asks has another look.
    awaited: usize,
}

/// How long there is until `end`.
fn left_until(end: Option<Instant>) -> Duration {
    end.map_or(Duration::MAX, |end| {
        end.saturating_duration_since(Instant::now())
    })
}

impl Captures {
    pub(crate) fn new() -> Self {
        Self {
            is_taken: Mutex::new(false),
            given_back: Condvar::new(),
            answers: Mutex::new(Answers {
                round: 0,
                told: None,
                awaited: 0,
            }),
            came: Condvar::new(),
        }
    }

    /// Asks each of `tasks`, and waits for `patience` in all at most. Those that have ended by then are left out. To be called
    /// where the thread may wait, and the tasks run elsewhere.
    pub(crate) fn ask(&self, tasks: &[AbortHandle], patience: Duration) -> Vec<Standing> {
        if tasks.is_empty() {
            // In a forked process, too, where it may be the turn of a thread that is not here.
            return Vec::new();
        }
        let end = Instant::now().checked_add(patience);
        let (before, mut told) = match self.take_turn(end) {
            Some(turn) => self.ask_all(&turn, tasks, end),
            None => {
                let before = tasks.iter().map(AbortHandle::look);
                (before.collect(), HashMap::new())
            }
        };
        let alive = before
            .into_iter()
            .zip(tasks)
            .filter(|(_, task)| !task.is_finished());
        let standings = alive.map(|(before, _)| Standing {
            answer: told.remove(&before.id()),
            task: before,
        });
        standings.collect()
    }

    /// `None` if others ask for longer than until `end`.
    fn take_turn(&self, end: Option<Instant>) -> Option<Turn<'_>> {
        let mut is_taken = self.is_taken.lock();
        while *is_taken {
            let left = left_until(end);
            if left.is_zero() {
                return None;
            }
            is_taken = self.given_back.wait_timeout(is_taken, left).0;
        }
        *is_taken = true;
        Some(Turn(self))
    }

    /// How the tasks were, and what they have told until `end`.
    fn ask_all(
        &self,
        _turn: &Turn<'_>,
        tasks: &[AbortHandle],
        end: Option<Instant>,
    ) -> (Vec<TaskInfo>, HashMap<Id, Answer>) {
        let mut answers = self.answers.lock();
        answers.round += 1;
        answers.told = Some(HashMap::with_capacity(tasks.len()));
        drop(answers);
        let mut before = Vec::with_capacity(tasks.len());
        let mut silent = Vec::new();
        for tasks in tasks.chunks(AT_A_TIME) {
            before.extend(tasks.iter().map(AbortHandle::ask));
            silent.extend(tasks);
            // One that is in a long poll holds up none but itself.
            self.wait(&mut silent, end, AbortHandle::is_running);
        }
        self.wait(&mut silent, end, |_| false);
        let told = self.answers.lock().told.take();
        (before, told.unwrap_or_default())
    }

    /// Waits until all of `silent` have answered or ended, which are taken out then, or `is_left` those that have not.
    fn wait(
        &self,
        silent: &mut Vec<&AbortHandle>,
        end: Option<Instant>,
        is_left: impl Fn(&AbortHandle) -> bool,
    ) {
        let mut answers = self.answers.lock();
        let mut look = FIRST_LOOK;
        loop {
            let told = answers.told.as_ref();
            let has_told = |id| told.is_some_and(|told| told.contains_key(&id));
            silent.retain(|task| !has_told(task.id()) && !task.is_finished());
            let left = left_until(end);
            if left.is_zero() || silent.is_empty() {
                return;
            }
            answers.awaited = told.map_or(0, HashMap::len) + silent.len();
            let (guard, timed_out) = self.came.wait_timeout(answers, look.min(left));
            answers = guard;
            if timed_out {
                look = look.saturating_mul(2);
                if silent.iter().all(|task| is_left(task)) {
                    return;
                }
            }
        }
    }

    /// The round in which somebody asks; `None` while nobody does.
    pub(super) fn round(&self) -> Option<u64> {
        let answers = self.answers.lock();
        answers.told.as_ref().map(|_| answers.round)
    }

    /// A task answers, in a poll that has begun in `round`.
    pub(super) fn answer(&self, round: u64, task: Id, answer: Answer) {
        let mut answers = self.answers.lock();
        // What was true in an earlier round need not be any more.
        if answers.round != round {
            return;
        }
        let Some(told) = answers.told.as_mut() else {
            return;
        };
        // (One that was asked before, and not waited for long enough, may answer now.)
        told.insert(task, answer);
        if told.len() >= answers.awaited {
            self.came.notify_one();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.is_taken.lock() = false;
        self.0.given_back.notify_one();
    }
}
