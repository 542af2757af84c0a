//! Where tasks stand: each is asked to tell in its next poll.
//!
//! ```text
//!   who asks                                        who polls a task
//!   open a round at the schedulers of all (lock)
//!   for some tasks at a time, each kept in memory:
//!     or NOTIFIED|SPECIAL  (Release)        ──────▶ start: RMW (Acquire) returns SPECIAL
//!     it was asleep: queue it                         and !SPECIAL; which rounds are open? (lock)
//!                                                     a poll that tells (see `task::capture`)
//!   wait for answers                        ◀──────   answer to those rounds (lock)
//!   close: nobody finds the round any more
//! ```
//!
//! A task's poll comes in its turn, on its own thread and under no lock of anybody's. That a request is seen needs no more
//! than a wake: SPECIAL is only ever set together with NOTIFIED (invariant 9), so whoever starts the task next finds both in
//! what its read-modify-write returns. A task that ends instead of being started again answers nothing: so who waits has a
//! look at those that have not answered, now and then. Nobody is waited for longer than the asker's patience.
//!
//! The tasks of one round may be those of several schedulers, each of which has a thread of its own: a runtime and the
//! `LocalSet`s that are polled in it. Who asks only sets bits, and wakes: the future of a set's task is polled by its owner, as
//! ever.
//!
//! Each asker has a round, and an answer is of a poll that has begun while that was open: so all answers to one round of an asker
//! come before all of its next. Several may ask at once, and a poll answers all of them.
//!
//! So many are asked at a time ([`AT_A_TIME`]): their polls take turns with the program's, and a million of them at once would
//! hold it up. Those that are in a long poll, or to which nobody comes for a while ([`LONG_LOOK`]), are not waited for before the
//! next are asked, but after all.
//!
//! The model is `loom-tests/src/models/captures.rs`.

use crate::kernel::task::{AbortHandle, HandedOn, Id, Leaf, TaskInfo};
use crate::prim::{Arc, Condvar, Mutex};
use std::collections::{HashMap, HashSet};
use std::ptr;
use std::time::{Duration, Instant};

/// How many tasks are asked at a time.
const AT_A_TIME: usize = 256;

/// The first look at those that have not answered; each further one comes after twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// If nobody has answered between two looks that are so far apart, nobody comes to those that are asked, for now.
const LONG_LOOK: Duration = Duration::from_millis(8);

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

/// Who asks the tasks of one scheduler.
#[derive(Debug)]
pub(crate) struct Captures(Mutex<Vec<Arc<Round>>>);

/// What one asker is told.
#[derive(Debug)]
pub(crate) struct Round {
    answers: Mutex<Answers>,
    /// As many answers have come as are waited for.
    came: Condvar,
}

#[derive(Debug)]
struct Answers {
    told: HashMap<Id, Answer>,
    /// With so many whoever asks has another look.
    awaited: usize,
}

/// A round that is open at some schedulers, until this is dropped.
struct Open<'a> {
    round: Arc<Round>,
    at: Vec<&'a Captures>,
}

/// How long there is until `end`.
fn left_until(end: Option<Instant>) -> Duration {
    end.map_or(Duration::MAX, |end| {
        end.saturating_duration_since(Instant::now())
    })
}

/// Asks each of `tasks`, whichever scheduler's it is, and waits for `patience` in all at most. Those that have ended by then are
/// left out. To be called where the thread may wait, and the tasks run elsewhere.
pub(crate) fn ask(tasks: &[AbortHandle], patience: Duration) -> Vec<Standing> {
    let end = Instant::now().checked_add(patience);
    let open = Open::at_those_of(tasks);
    let mut before = Vec::with_capacity(tasks.len());
    let mut late = Vec::new();
    for tasks in tasks.chunks(AT_A_TIME) {
        before.extend(tasks.iter().map(AbortHandle::ask));
        let mut silent = tasks.iter().collect();
        open.round.wait(&mut silent, end, true);
        late.append(&mut silent);
    }
    open.round.wait(&mut late, end, false);
    let mut told = std::mem::take(&mut open.round.answers.lock().told);
    drop(open);
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

/// The rounds that were open when a task's poll began.
#[derive(Debug)]
pub(crate) struct Rounds(Vec<Arc<Round>>);

impl Rounds {
    /// The task answers them.
    pub(super) fn answer(&self, task: Id, answer: &Answer) {
        for round in &self.0 {
            let mut answers = round.answers.lock();
            answers.told.insert(task, answer.clone());
            if answers.told.len() >= answers.awaited {
                round.came.notify_one();
            }
        }
    }
}

impl Captures {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The rounds that are open; `None` while nobody asks.
    pub(crate) fn rounds(&self) -> Option<Rounds> {
        let rounds = self.0.lock().clone();
        (!rounds.is_empty()).then_some(Rounds(rounds))
    }
}

impl<'a> Open<'a> {
    fn at_those_of(tasks: &'a [AbortHandle]) -> Self {
        let mut known = HashSet::new();
        let captures = tasks.iter().filter_map(AbortHandle::captures);
        let at: Vec<&Captures> = captures
            .filter(|&captures| known.insert(ptr::from_ref(captures)))
            .collect();
        let answers = Answers {
            told: HashMap::with_capacity(tasks.len()),
            awaited: 0,
        };
        let round = Arc::new(Round {
            answers: Mutex::new(answers),
            came: Condvar::new(),
        });
        for captures in &at {
            captures.0.lock().push(Arc::clone(&round));
        }
        Self { round, at }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        for captures in &self.at {
            let mut rounds = captures.0.lock();
            rounds.retain(|round| !Arc::ptr_eq(round, &self.round));
        }
    }
}

impl Round {
    /// Waits until all of `silent` have answered or ended, which are taken out then. If it is `cut_short`, those are left that are
    /// in a long poll, and all if nobody comes to them.
    fn wait(&self, silent: &mut Vec<&AbortHandle>, end: Option<Instant>, cut_short: bool) {
        let mut answers = self.answers.lock();
        let mut look = FIRST_LOOK;
        loop {
            silent.retain(|task| !answers.told.contains_key(&task.id()) && !task.is_finished());
            let left = left_until(end);
            if left.is_zero() || silent.is_empty() {
                return;
            }
            let told = answers.told.len();
            answers.awaited = told + silent.len();
            let (guard, timed_out) = self.came.wait_timeout(answers, look.min(left));
            answers = guard;
            if timed_out {
                let nobody_comes = look >= LONG_LOOK && answers.told.len() == told;
                if cut_short && (nobody_comes || silent.iter().all(|task| task.is_running())) {
                    return;
                }
                look = look.saturating_mul(2);
            }
        }
    }
}
