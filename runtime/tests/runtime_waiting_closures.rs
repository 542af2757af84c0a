//! A limit of threads bounds how many closures run, not how many wait: those that wait for what needs a thread too, however
//! they wait, get it.

use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, mpsc, oneshot};
use leno::task::{JoinHandle, block_in_place, spawn_blocking};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

/// As many threads for closures as this.
const LIMIT: usize = 2;

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(LIMIT)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs `closure` on as many threads as there may be, and then as often again; all of the first are there before any goes
/// on.
fn fill(runtime: &Runtime, closure: impl Fn() + Clone + Send + 'static) {
    let all_there = Arc::new(Barrier::new(LIMIT));
    let closures: Vec<_> = (0..2 * LIMIT)
        .map(|number| {
            let (all_there, closure) = (all_there.clone(), closure.clone());
            runtime.spawn_blocking(move || {
                if number < LIMIT {
                    all_there.wait();
                }
                closure();
            })
        })
        .collect();
    for closure in closures {
        runtime.block_on(closure).unwrap();
    }
}

#[test]
fn for_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_owned();
    fill(&runtime(), move || {
        let text = Handle::current().block_on(leno::fs::read_to_string(&path));
        assert_eq!(text.unwrap(), "");
    });
}

#[test]
fn for_a_name() {
    fill(&runtime(), || {
        let found = Handle::current().block_on(leno::net::lookup_host("localhost:80"));
        assert!(found.unwrap().next().is_some());
    });
}

#[test]
fn for_another_closure() {
    fill(&runtime(), || {
        let inner = spawn_blocking(|| 7);
        assert_eq!(Handle::current().block_on(inner).unwrap(), 7);
    });
}

#[test]
fn for_a_task_that_needs_one() {
    fill(&runtime(), || {
        let task = leno::spawn(async { spawn_blocking(|| 7).await.unwrap() });
        assert_eq!(Handle::current().block_on(task).unwrap(), 7);
    });
}

#[test]
fn by_a_channel() {
    fill(&runtime(), || {
        let (sender, receiver) = oneshot::channel();
        spawn_blocking(|| sender.send(7).unwrap());
        assert_eq!(receiver.blocking_recv(), Ok(7));
        let (sender, mut receiver) = mpsc::channel(1);
        spawn_blocking(move || {
            for i in 0..3 {
                sender.blocking_send(i).unwrap();
            }
        });
        let received: Vec<_> = std::iter::from_fn(|| receiver.blocking_recv()).collect();
        assert_eq!(received, [0, 1, 2]);
    });
}

#[test]
fn by_a_lock() {
    fill(&runtime(), || {
        let lock = Arc::new(Mutex::new(0));
        let held = lock.clone().blocking_lock_owned();
        spawn_blocking(move || drop(held));
        assert_eq!(*lock.blocking_lock(), 0);
    });
}

#[test]
fn in_a_runtime_of_ones_own() {
    fill(&runtime(), || {
        let inner = spawn_blocking(|| 7);
        let own = Builder::new_current_thread().build().unwrap();
        assert_eq!(own.block_on(inner).unwrap(), 7);
        let inner = spawn_blocking(|| 7);
        let own = Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        assert_eq!(own.block_on(inner).unwrap(), 7);
    });
}

#[test]
fn for_the_end_of_another_runtime() {
    fill(&runtime(), || {
        let inner = spawn_blocking(|| 7);
        let other = Runtime::new().unwrap();
        // Its own closure waits for that of the first.
        other.spawn_blocking(move || Handle::current().block_on(inner).unwrap());
        drop(other);
    });
}

#[test]
fn in_place_by_any_means() {
    fill(&runtime(), || {
        let (sender, receiver) = std::sync::mpsc::channel();
        spawn_blocking(move || sender.send(7).unwrap());
        assert_eq!(block_in_place(|| receiver.recv()), Ok(7));
    });
}

#[test]
fn one_within_the_other() {
    fn descend(levels: usize) -> usize {
        if levels == 0 {
            return 0;
        }
        let inner: JoinHandle<usize> = spawn_blocking(move || descend(levels - 1));
        Handle::current().block_on(inner).unwrap() + 1
    }
    fill(&runtime(), || assert_eq!(descend(10), 10));
}

#[test]
fn on_a_current_thread_runtime() {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let outer = runtime.spawn_blocking(|| {
        let inner = spawn_blocking(|| 7);
        Handle::current().block_on(inner).unwrap()
    });
    assert_eq!(runtime.block_on(outer).unwrap(), 7);
}

/// A task that waits in place again and again, each time for a closure that was there before it began to wait.
#[test]
fn a_task_that_waits_in_place_more_than_once() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(async {
        for i in 0..5 {
            block_in_place(|| ());
            let closure = spawn_blocking(move || i);
            let output = block_in_place(|| Handle::current().block_on(closure));
            assert_eq!(output.unwrap(), i);
        }
    });
    runtime.block_on(task).unwrap();
}

/// Those that wait do not count, and those that run do: the limit holds again when the waiting is over.
#[test]
fn the_limit_holds_for_those_that_run() {
    let runtime = runtime();
    for _ in 0..3 {
        fill(&runtime, || {
            Handle::current().block_on(leno::time::sleep(Duration::from_millis(1)));
        });
    }
    // Threads above the limit end when they are done, so from here on never more than so many are at work.
    let running = Arc::new(AtomicUsize::new(0));
    let closures: Vec<_> = (0..20)
        .map(|_| {
            let running = running.clone();
            runtime.spawn_blocking(move || {
                let now = running.fetch_add(1, Ordering::Relaxed);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::Relaxed);
                now + 1
            })
        })
        .collect();
    let most = closures
        .into_iter()
        .map(|closure| runtime.block_on(closure).unwrap());
    assert!(most.max().unwrap() <= LIMIT);
}

/// Closures that just wait for long do not take a thread each, however many of them are there.
#[test]
fn a_thousand_that_wait_take_no_thousand_threads() {
    let runtime = runtime();
    let release = leno::sync::watch::Sender::new(false);
    let threads = Arc::new(std::sync::Mutex::new(HashSet::new()));
    let closures: Vec<_> = (0..3000)
        .map(|_| {
            let (mut released, threads) = (release.subscribe(), threads.clone());
            runtime.spawn_blocking(move || {
                threads.lock().unwrap().insert(std::thread::current().id());
                let waits = async move { released.wait_for(|&released| released).await.map(drop) };
                Handle::current().block_on(waits).unwrap();
            })
        })
        .collect();
    // Some come, since those may be what the others wait for.
    while threads.lock().unwrap().len() <= 2 * LIMIT {
        std::thread::yield_now();
    }
    release.send_replace(true);
    for closure in closures {
        runtime.block_on(closure).unwrap();
    }
    assert!(threads.lock().unwrap().len() < 1500);
}

/// A closure of [`Counted::start`].
struct Closure {
    go_on: Sender<()>,
    waits: Receiver<()>,
    end: Sender<()>,
    handle: JoinHandle<()>,
}

impl Closure {
    /// Has it wait.
    fn wait(&self) {
        self.go_on.send(()).unwrap();
        self.waits.recv().unwrap();
    }

    /// Has it end.
    fn end(self, runtime: &Runtime) {
        self.end.send(()).unwrap();
        runtime.block_on(self.handle).unwrap();
    }
}

/// A runtime whose threads are counted as they start, and for which a gate may be closed.
struct Counted {
    runtime: Runtime,
    started: Arc<AtomicUsize>,
    gate: Arc<std::sync::Mutex<()>>,
}

impl Counted {
    fn new(limit: usize) -> Self {
        let started = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(std::sync::Mutex::new(()));
        let passes = {
            let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
            move || {
                started.fetch_add(1, Ordering::Relaxed);
                drop(gate.lock());
            }
        };
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(limit)
            .on_thread_start(passes)
            .build()
            .unwrap();
        Self {
            runtime,
            started,
            gate,
        }
    }

    /// Starts a closure that runs until it is told to go on, and then waits until it is told to end. Returns when it runs.
    fn start(&self) -> Closure {
        let ((begin, begins), (go_on, goes_on)) = (channel(), channel());
        let ((wait, waits), (end, ends)) = (channel(), channel());
        let handle = self.runtime.spawn_blocking(move || {
            begin.send(()).unwrap();
            // The pool knows nothing of this.
            goes_on.recv().unwrap();
            block_in_place(|| {
                wait.send(()).unwrap();
                ends.recv().unwrap();
            });
        });
        begins.recv().unwrap();
        Closure {
            go_on,
            waits,
            end,
            handle,
        }
    }

    /// Ends the runtime, and returns how many threads there were in all.
    fn end(self) -> usize {
        drop(self.runtime);
        self.started.load(Ordering::Relaxed)
    }
}

#[test]
fn what_a_thread_is_coming_for_takes_no_other_one() {
    let counted = Counted::new(1);
    let closed = counted.gate.lock().unwrap();
    let closures: Vec<_> = (0..3)
        .map(|_| counted.runtime.spawn_blocking(|| ()))
        .collect();
    drop(closed);
    for closure in closures {
        counted.runtime.block_on(closure).unwrap();
    }
    assert_eq!(counted.end(), 1);
}

#[test]
fn who_waits_when_no_closure_is_queued_takes_no_thread() {
    for limit in [1, 2] {
        let counted = Counted::new(limit);
        let closure = counted.start();
        closure.wait();
        closure.end(&counted.runtime);
        assert_eq!(counted.end(), 1);
    }
}

#[test]
fn who_waits_when_a_thread_is_coming_takes_no_other_one() {
    for limit in [2, 3] {
        let counted = Counted::new(limit);
        let closure = counted.start();
        let closed = counted.gate.lock().unwrap();
        let other = counted.runtime.spawn_blocking(|| ());
        closure.wait();
        drop(closed);
        counted.runtime.block_on(other).unwrap();
        closure.end(&counted.runtime);
        assert_eq!(counted.end(), 2);
    }
}

#[test]
fn who_waits_while_another_closure_runs_takes_no_thread() {
    let counted = Counted::new(2);
    let (waits, runs) = (counted.start(), counted.start());
    let queued = counted.runtime.spawn_blocking(|| ());
    waits.wait();
    waits.end(&counted.runtime);
    counted.runtime.block_on(queued).unwrap();
    runs.wait();
    runs.end(&counted.runtime);
    assert_eq!(counted.end(), 2);
}
