//! `versus` with a runtime that somebody else wrote, in one file: what to write to have yours in the tables.
//!
//! A peer implements [`Peer`]: seven items, below. Whatever else a runtime has, timers, channels, sockets, is a trait of
//! its own in `leno_bench::peer`; here is one of them, [`Blocking`]. The rows that need what a peer does not offer say
//! "not offered". No workload is written again: all of them are functions of these traits.
//!
//! The runtime is `async-executor` on plain threads, about as small as a multi-threaded one can be.
//!
//! `cargo run --profile bench -p leno-bench --example custom_peer -- run --quick --peers plain,tokio`

use async_executor::{Executor, Task};
use futures_lite::future::{block_on, pending, yield_now};
use leno_bench::peer::{Blocking, Peer};
use leno_bench::peers::{Leno, Tokio};
use leno_bench::workload::Runtime;
use parking::{Parker, Unparker};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::thread::{self, JoinHandle};

thread_local! {
    /// The executor whose tasks this thread runs. Workloads spawn from inside tasks, where they have no runtime at hand.
    /// A runtime that knows which one is the current one needs nothing like this.
    static CURRENT: RefCell<Option<Arc<Executor<'static>>>> = const { RefCell::new(None) };
}

/// The peer. Each sample starts one, measures it, and drops it.
struct Plain {
    executor: Arc<Executor<'static>>,
    stop: Arc<AtomicBool>,
    workers: Vec<(Unparker, JoinHandle<()>)>,
}

/// A worker: runs tasks, and parks when there are none, until it is stopped.
fn work(executor: Arc<Executor<'static>>, stop: &AtomicBool, parker: &Parker) {
    CURRENT.set(Some(Arc::clone(&executor)));
    let waker = Waker::from(parker.unparker());
    let mut running = pin!(executor.run(pending::<()>()));
    while !stop.load(Ordering::Acquire) {
        // Pending when there is no task, or there were many: then it has unparked itself.
        let _ = running.as_mut().poll(&mut Context::from_waker(&waker));
        parker.park();
    }
}

impl Peer for Plain {
    // What tables and `--peers` call it.
    const NAME: &'static str = "plain";

    // What the spawns return: a future of the task's output. If yours gives a `Result`, wrap it in one that panics on
    // an error, so that a failed task is a failed sample.
    type Join<T: Send + 'static> = Task<T>;

    // The workload says how many workers. 0 stands for a runtime without any, whose tasks run while a thread is in
    // `block_on`. A runtime that has no such thing, or only that, panics: the table says why there is no figure.
    fn start(workers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        let stop = Arc::new(AtomicBool::new(false));
        let worker = |_| {
            let (executor, stop) = (Arc::clone(&executor), Arc::clone(&stop));
            let (parker, unparker) = parking::pair();
            let thread = thread::spawn(move || work(executor, &stop, &parker));
            (unparker, thread)
        };
        Self {
            workers: (0..workers).map(worker).collect(),
            executor,
            stop,
        }
    }

    // The caller is a thread outside, and the future is polled on it. It need not be `Send`.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.workers.is_empty() {
            true => {
                let before = CURRENT.replace(Some(Arc::clone(&self.executor)));
                let output = block_on(self.executor.run(future));
                CURRENT.set(before);
                output
            }
            false => block_on(future),
        }
    }

    // Called inside a task. Dropping what it returns may cancel the task or not, the workloads do not do it.
    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        CURRENT.with_borrow(|current| {
            let executor = current.as_ref().expect("called inside a task");
            executor.spawn(future)
        })
    }

    // Called from any thread, and the task has to run wherever that was.
    fn spawn_from_outside<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.executor.spawn(future)
    }

    // The runtime's own way to let other tasks run. Whoever has none takes this one, which wakes its task and is
    // pending once.
    fn yield_now() -> impl Future<Output = ()> + Send {
        yield_now()
    }
}

// Dropping is not measured, but it has to end the threads: the next sample may be taken in the same process.
impl Drop for Plain {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for (unparker, thread) in self.workers.drain(..) {
            unparker.unpark();
            thread.join().expect("workloads do not panic");
        }
    }
}

// An offer on top: closures that may block. A thread for each is slow, and shows how much a pool is worth.
impl Blocking for Plain {
    fn spawn_blocking<R: Send + 'static>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> impl Future<Output = R> + Send {
        // An executor for one task makes a thread and its result awaitable.
        let executor = Executor::new();
        let task = executor.spawn(async { closure() });
        thread::spawn(move || executor.try_tick());
        task
    }
}

// The whole command line: `list`, `run`, `report`, `diff`. Each sample runs in a process of its own, this program
// started anew, so `main` has to come here before it does anything else.
fn main() -> ExitCode {
    leno_bench::cli::main(vec![
        // Leno and Tokio can do more; a row is for those who can do what it is about.
        Runtime::new::<Leno>().blocking::<Leno>(),
        Runtime::new::<Tokio>().blocking::<Tokio>(),
        Runtime::new::<Plain>().blocking::<Plain>(),
    ])
}
