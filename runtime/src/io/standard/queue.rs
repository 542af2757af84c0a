//! What is to be done to one of the process' output streams, in the order in which it was asked for.
//!
//! One thread per stream does all of it: a second one would only wait for the first, in std's lock, and whoever reads the
//! other end decides for how long. The thread is one of the runtime's, whose end has to wait until all is written that its
//! tasks have written. So each runtime has a line of its own, and a thread for it while there is something in it; the
//! threads of several runtimes meet in std's lock.
//!
//! A mutex holds the lines. A line is there exactly while there is, or is about to be, a thread that works it off: whoever
//! makes the line starts the thread, and the thread removes the line under the lock under which it has seen that it is
//! empty. So nothing is put into a line that nobody looks at.
//!
//! Since the thread may have to wait for whoever reads the stream, it does not count against the limit of threads.
//!
//! A child that was forked has lines of its own: those that it has inherited are its parent's, as the threads are.

use crate::io::blocking;
use crate::kernel::foreign;
use crate::kernel::waiting::waiting;
use crate::prim::process::PerProcess;
use crate::runtime::current;
use crate::runtime::inner::Inner;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(super) struct Queue(PerProcess<Mutex<Vec<Line>>>);

type Job = Box<dyn FnOnce() + Send>;

struct Line {
    /// Keeps the place in memory from being used for another one.
    runtime: Weak<Inner>,
    jobs: VecDeque<Job>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self(PerProcess::new())
    }

    /// Has `job` done after those that are there already. Once this has returned, it will be, whenever the runtime ends.
    #[track_caller]
    pub(super) fn submit(&'static self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let runtime = current::expect(Arc::downgrade);
        let job: Job = Box::new(job);
        let mut lines = self.lines();
        if let Some(index) = position(&lines, &runtime) {
            lines[index].jobs.push_back(job);
            return Ok(());
        }
        lines.push(Line {
            runtime: Weak::clone(&runtime),
            jobs: VecDeque::from([job]),
        });
        let of = Weak::clone(&runtime);
        let started = blocking::start_mandatory(move || self.work_off(&of));
        let refused = started.as_ref().err().and_then(|_| {
            let index = position(&lines, &runtime)?;
            Some(lines.swap_remove(index))
        });
        drop(lines);
        drop(refused);
        started.map(drop)
    }

    /// What the thread does.
    #[inline]
    fn work_off(&'static self, runtime: &Weak<Inner>) {
        waiting(|| {
            while let Some(job) = self.next(runtime) {
                // It wakes whoever waits for it.
                foreign::call(job);
            }
        });
    }

    #[inline]
    fn next(&'static self, runtime: &Weak<Inner>) -> Option<Job> {
        let mut lines = self.lines();
        let index = position(&lines, runtime)?;
        let job = lines[index].jobs.pop_front();
        if job.is_none() {
            lines.swap_remove(index);
        }
        job
    }

    #[inline]
    fn lines(&'static self) -> MutexGuard<'static, Vec<Line>> {
        // Nothing in here panics half-way.
        self.0.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[inline]
fn position(lines: &[Line], runtime: &Weak<Inner>) -> Option<usize> {
    let is_of = |line: &Line| Weak::ptr_eq(&line.runtime, runtime);
    lines.iter().position(is_of)
}
