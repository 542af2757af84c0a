//! Slow polls on a thread that nobody watches: it reads the clock before and after each, and tells of one when it is over.

use crate::kernel::findings::{self, Finding, SlowPoll};
use crate::kernel::observe::event::{Kind, Word};
use crate::kernel::observe::with_recorder;
use crate::kernel::task::{Polling, Runnable};
use crate::kernel::wanted::Wanted;
use crate::prim;
use std::time::Duration;

/// Times the polls of one scheduler.
#[derive(Debug)]
pub(in crate::kernel) struct Timed {
    polling: Polling,
    threshold: Duration,
}

impl Timed {
    /// `None` if slow polls are not wanted.
    pub(in crate::kernel) fn new(wanted: &Wanted) -> Option<Self> {
        wanted.slow_polls.map(|threshold| Self {
            polling: Polling::new(),
            threshold,
        })
    }

    /// Runs a task by `run`. `behind` says how many tasks wait for this thread.
    pub(in crate::kernel) fn run(
        &self,
        task: Runnable,
        run: fn(Runnable) -> Option<Runnable>,
        behind: impl FnOnce() -> usize,
    ) -> Option<Runnable> {
        task.announce(&self.polling);
        let start = prim::now();
        let woken = run(task);
        let time = Duration::from_nanos(prim::now().saturating_sub(start));
        if time >= self.threshold {
            self.tell(time, behind());
        }
        self.polling.end();
        woken
    }

    #[cold]
    fn tell(&self, time: Duration, behind: usize) {
        // The task may be gone, but what was announced is there.
        if let Some(poll) = self.polling.look() {
            let task = self.polling.task(&poll);
            let word = Word::new(Kind::Slow, task.id().get());
            with_recorder(|recorder| recorder.within(word));
            findings::tell(Finding::SlowPoll(Box::new(SlowPoll {
                task,
                worker: None,
                time,
                ended: true,
                behind,
                activity: None,
                stack: None,
            })));
        }
    }
}
