//! Polls that take long: who polls says what, and the watcher looks for how long.
//!
//! A worker of a pool that wants to know of [slow polls](Wanted::slow_polls) runs a loop of its own, which announces each
//! poll ([`Polling`]); others run one that does not, and pay nothing. The watcher looks at what is announced each time that
//! it looks at the workers. What is the same for longer than the threshold is told of, once a poll. With it is told:
//!
//! - what the thread does, by the system's books: the processor time that it has had since half of the threshold, and
//!   whether it waits, and for what;
//! - its stack, if that is wanted too: the thread is interrupted and says so itself ([`question`]), for no other thread can
//!   follow a stack that goes on changing. It is asked once a poll, and again if its answer is of no use.
//!
//! The watcher waits for the answer a moment. If it does not come (the thread has not got a processor, or waits for a device
//! in a way that no signal interrupts, or blocks the signal), the watcher goes on with its work, and takes the answer along at
//! one of its next looks, or does without. It does not sleep before, whoever else does.
//!
//! A thread that runs tasks in `block_on` has no watcher. It tells of its slow polls itself, afterwards ([`timed`]).

pub(crate) mod question;
mod timed;

use crate::kernel::findings::{self, Activity, Finding, SlowPoll, ThreadState};
use crate::kernel::observe::Observe;
use crate::kernel::task::{Poll, Polling, TaskInfo};
use crate::kernel::wanted::Wanted;
use crate::kernel::worker;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::stack::{self, Frames};
use crate::prim::{self, thread, threads};
use question::{Answer, Question};
use std::time::Duration;
pub(super) use timed::Timed;

/// How long, in nanoseconds, the watcher waits for a stack at once.
const AT_ONCE: u64 = 1_000_000;

/// How often it asks.
const QUESTIONS: u32 = 4;

/// How long, in nanoseconds, a report waits for a stack.
const PATIENCE: u64 = 200_000_000;

/// What others see of a thread whose polls are watched.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) polling: Polling,
    /// The system's id of the thread, 0 for none.
    thread: AtomicU32,
    question: Question,
}

impl Watched {
    /// `None` if slow polls are not wanted.
    pub(super) fn new(wanted: &Wanted) -> Option<Box<Self>> {
        wanted.slow_polls.map(|_| {
            Box::new(Self {
                polling: Polling::new(),
                thread: AtomicU32::new(0),
                question: Question::new(),
            })
        })
    }

    /// This thread polls from now on.
    pub(super) fn is_on_this_thread(&self) {
        // Ordering: Relaxed. Who sees a poll of this thread sees this too, by the Release of its announcement.
        self.thread.store(threads::id(), Ordering::Relaxed);
    }

    /// The task that is being polled.
    pub(super) fn polled(&self) -> Option<TaskInfo> {
        let poll = self.polling.look()?;
        let task = self.polling.task(&poll);
        // If it is over, the name may be another's.
        self.polling.is_in(&poll).then_some(task)
    }

    fn thread(&self) -> u32 {
        // Ordering: Relaxed, as above.
        self.thread.load(Ordering::Relaxed)
    }

    /// This thread polls no more.
    pub(super) fn leaves_its_thread(&self) {
        self.polling.end();
    }
}

/// In a signal handler: says what this thread is at, if it was asked.
fn answer() {
    worker::watched_here(|watched| {
        watched.question.answer(|| Answer {
            poll: watched.polling.own_count(),
            stack: Frames::capture_interrupted(),
        });
    });
}

/// What the watcher of a pool remembers.
#[derive(Debug)]
pub(super) struct Slow {
    /// Nanoseconds.
    threshold: u64,
    stacks: bool,
    workers: Vec<Seen>,
}

/// What it has seen of one worker.
#[derive(Debug, Default)]
struct Seen {
    /// The poll that the worker was in.
    poll: Option<Poll>,
    /// Since when at least.
    since: u64,
    /// How much processor time the thread had had at some moment of the poll.
    before: Option<(u64, Duration)>,
    /// How often the thread has been asked.
    asked: u32,
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    /// It has not lasted for long.
    #[default]
    Early,
    /// The thread was asked, at that time; then this is told.
    Asked(u64, Box<SlowPoll>),
    /// All has been told.
    Told,
}

impl Slow {
    /// For a pool that has so many workers. `None` if it wants to know of no slow polls.
    pub(super) fn new(wanted: &Wanted, workers: usize) -> Option<Self> {
        let threshold = wanted.slow_polls?;
        let stacks = wanted.stacks && stack::prepare() && threads::prepare_to_interrupt(answer);
        Some(Self {
            threshold: u64::try_from(threshold.as_nanos()).unwrap_or(u64::MAX),
            stacks,
            workers: (0..workers).map(|_| Seen::default()).collect(),
        })
    }

    /// Looks at a worker, which users know by a number unless it is a spare. `behind` says how many tasks wait on it; a record of
    /// the pool's says what is found.
    pub(super) fn look(
        &mut self,
        worker: usize,
        number: Option<usize>,
        watched: &Watched,
        behind: impl FnOnce() -> usize,
        record: &Observe,
    ) {
        let Some(seen) = self.workers.get_mut(worker) else {
            return;
        };
        let now = prim::now();
        let poll = watched.polling.look();
        if let Stage::Asked(..) = seen.stage {
            seen.await_answer(watched, now);
        }
        let is_same = poll.is_some_and(|poll| seen.is_in(poll.count));
        let Some(poll) = poll.filter(|_| is_same) else {
            if let Stage::Asked(..) = seen.stage {
                // The answer to that comes first. It comes, or is withdrawn, soon.
                return;
            }
            *seen = Seen {
                poll,
                since: now,
                ..Seen::default()
            };
            return;
        };
        let time = now.saturating_sub(seen.since);
        if !matches!(seen.stage, Stage::Early) || time < self.threshold / 2 {
            return;
        }
        let thread = watched.thread();
        if seen.before.is_none() {
            seen.before = threads::doing(thread).map(|doing| (now, doing.processor));
        }
        if time < self.threshold {
            return;
        }
        let told = Box::new(SlowPoll {
            task: watched.polling.task(&poll),
            worker: number,
            time: Duration::from_nanos(time),
            ended: false,
            behind: behind(),
            activity: seen.activity(thread, now),
            stack: None,
        });
        if !watched.polling.is_in(&poll) {
            // It has ended just now, and what was seen may have been another's.
            return;
        }
        // Before anybody hears of it, so that who then looks at the record finds it there.
        record.slow_from_outside(told.task.id().get(), worker);
        if !self.stacks || !seen.ask(watched) {
            return seen.tell(told);
        }
        seen.stage = Stage::Asked(now, told);
        while prim::now().saturating_sub(now) < AT_ONCE {
            if seen.await_answer(watched, now) {
                return;
            }
            thread::yield_now();
        }
    }
}

impl Slow {
    /// True if something is still to be told, though no worker may be awake any more.
    pub(super) fn awaits_answer(&self) -> bool {
        self.workers
            .iter()
            .any(|seen| matches!(seen.stage, Stage::Asked(..)))
    }

    /// Nobody will look again: tells what is to be told, without the stacks that have not come.
    pub(super) fn end(self) {
        for mut seen in self.workers {
            if let Stage::Asked(_, told) = std::mem::take(&mut seen.stage) {
                seen.tell(told);
            }
        }
    }
}

impl Seen {
    /// What the thread has done since it was first looked at.
    fn activity(&self, thread: u32, now: u64) -> Option<Activity> {
        let (since, before) = self.before?;
        let doing = threads::doing(thread)?;
        let processor = doing.processor.saturating_sub(before);
        let time = Duration::from_nanos(now.saturating_sub(since));
        let state = if doing.waits {
            ThreadState::Blocks(doing.wait)
        } else if processor >= time / 4 {
            ThreadState::Computes
        } else {
            ThreadState::Starves
        };
        Some(Activity { processor, state })
    }

    fn is_in(&self, count: u64) -> bool {
        self.poll.is_some_and(|poll| poll.count == count)
    }

    /// Asks the thread for its stack; false if it cannot be asked (any more).
    fn ask(&mut self, watched: &Watched) -> bool {
        self.asked += 1;
        if self.asked > QUESTIONS || !watched.question.ask() {
            return false;
        }
        threads::interrupt(watched.thread()) || !watched.question.withdraw()
    }

    /// Tells what is to be told, if the stack has come or has been waited for long enough; true then.
    fn await_answer(&mut self, watched: &Watched, now: u64) -> bool {
        let Stage::Asked(asked, _) = self.stage else {
            return false;
        };
        let stack = match watched.question.collect() {
            // The stack of another poll than was asked about says nothing of this one.
            Some(answer) if !self.is_in(answer.poll) => None,
            Some(answer) if answer.stack.is_cut() && self.ask(watched) => return false,
            Some(answer) => Some(answer.stack),
            None if now.saturating_sub(asked) < PATIENCE => return false,
            None if watched.question.withdraw() => None,
            // It is being given.
            None => return false,
        };
        if let Stage::Asked(_, mut told) = std::mem::take(&mut self.stage) {
            told.stack = stack.filter(|stack| !stack.is_cut());
            self.tell(told);
        }
        true
    }

    fn tell(&mut self, told: Box<SlowPoll>) {
        self.stage = Stage::Told;
        findings::tell(Finding::SlowPoll(told));
    }
}
