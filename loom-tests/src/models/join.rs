//! The task's word from the side of those who hold its memory: the handle to its output, wakers, abort handles.

use super::explore;
use super::queue::{Flag, Queue, join, waits_for};
use crate::kernel::findings::{self, Outcome, Sink};
use crate::kernel::task::{self, Id, Origin};
use crate::kernel::wanted::{self, Wanted};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::task::{Poll, Wake, Waker};

thread_local! {
    /// Findings on this thread, which is a model's own.
    static TOLD: Cell<usize> = const { Cell::new(0) };
}

fn told() -> usize {
    TOLD.with(Cell::get)
}

/// From now on tasks tell of errors that nobody sees.
fn watch_findings() {
    findings::set_sink(Sink {
        tell: |_| TOLD.with(|told| told.set(told.get() + 1)),
        read: |_| Outcome::Error(String::new()),
    });
    wanted::set_of_the_process(Wanted {
        lost_errors: true,
        ..Wanted::NOTHING
    });
}

/// A joiner that meets the completion is woken, or finds the output; also if its waker has changed.
#[test]
fn the_last_waker_of_a_joiner_is_woken_or_the_output_is_there() {
    explore(3, || {
        let queue = Queue::new();
        let output = Arc::new(());
        let mut handle = Queue::spawn(&queue, {
            let output = output.clone();
            async { output }
        });
        let runner = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        // Keeps the memory, but not the wakers in it.
        let keeps = handle.abort_handle();
        let (_, first) = Flag::new();
        let mut polled = join(&mut handle, &first);
        let (flag, last) = Flag::new();
        if polled.is_pending() {
            polled = join(&mut handle, &last);
        }
        runner.join().unwrap();
        if polled.is_pending() {
            assert!(flag.is_set(), "the joiner was not woken");
            polled = join(&mut handle, &last);
        }
        let Poll::Ready(Ok(joined)) = polled else {
            panic!("woken without an output");
        };
        assert!(Arc::ptr_eq(&joined, &output));
        drop((joined, handle, last));
        assert_eq!(Arc::strong_count(&output), 1, "the output lives on");
        let wakers = std::sync::Arc::strong_count(&flag) - 1;
        assert_eq!(wakers, 0, "a waker waits for the memory to go");
        drop(keeps);
    });
}

/// A handle that is dropped while its task completes: output and join waker are dropped once, and before the memory.
// Mutations: join.rs, clears JOIN before it drops the output; state.rs, `leave` clears JOIN and J_WAKER at once: "Causality
// violation". run.rs, `complete` leaves an output that nobody joins, or join.rs, `drop` leaves one: "the output lives on".
#[test]
fn a_handle_may_be_dropped_while_its_task_completes() {
    for (polls, keeps) in [(false, false), (true, false), (false, true), (true, true)] {
        explore(3, move || {
            let queue = Queue::new();
            let output = Arc::new(());
            let mut handle = Queue::spawn(&queue, {
                let output = output.clone();
                async { output }
            });
            // Keeps the memory, but not what is in it.
            let kept = keeps.then(|| handle.abort_handle());
            let runner = thread::spawn({
                let queue = queue.clone();
                move || queue.run()
            });
            let (flag, waker) = Flag::new();
            if polls {
                let _ = join(&mut handle, &waker);
            }
            drop((handle, waker));
            runner.join().unwrap();
            assert_eq!(Arc::strong_count(&output), 1, "the output lives on");
            let wakers = std::sync::Arc::strong_count(&flag) - 1;
            assert_eq!(wakers, 0, "the waker lives on");
            drop(kept);
        });
    }
}

/// An error that nobody sees is told of once, whoever of handle and completer drops it.
#[test]
fn an_error_that_nobody_sees_is_told_of_once() {
    watch_findings();
    explore(3, || {
        let queue = Queue::new();
        let handle = Queue::spawn(&queue, async { Err::<(), _>(Arc::new(())) });
        let runner = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        let told = told();
        drop(handle);
        runner.join().unwrap();
        assert_eq!(self::told(), told + 1);
    });
}

/// A handle that is detached while its task completes: whoever drops the output finds the mark, or is the handle itself; output
/// and join waker are dropped once, and before the memory.
// Mutations: state.rs, `leave` sets J_WAKER and keeps JOIN: "the output lives on"; it leaves a waker in the cell: it never ends.
#[test]
fn a_handle_may_be_detached_while_its_task_completes() {
    for (polls, keeps) in [(false, false), (true, false), (false, true), (true, true)] {
        watch_findings();
        explore(3, move || {
            let queue = Queue::new();
            let output = Arc::new(());
            let mut handle = Queue::spawn(&queue, {
                let output = output.clone();
                async { Err::<(), _>(output) }
            });
            // Keeps the memory, but not what is in it.
            let kept = keeps.then(|| handle.abort_handle());
            let runner = thread::spawn({
                let queue = queue.clone();
                move || queue.run()
            });
            let (flag, waker) = Flag::new();
            let told = told();
            if polls && join(&mut handle, &waker).is_ready() {
                // Then it is seen.
                return;
            }
            handle.detach();
            drop(waker);
            runner.join().unwrap();
            assert_eq!(self::told(), told, "told of what was detached");
            assert_eq!(Arc::strong_count(&output), 1, "the output lives on");
            let wakers = std::sync::Arc::strong_count(&flag) - 1;
            assert_eq!(wakers, 0, "the waker lives on");
            drop(kept);
        });
    }
}

/// The memory goes with the last of waker, abort handle, join handle and poller, on whatever thread, and takes the
/// scheduler along.
#[test]
fn the_last_holder_frees_the_task() {
    explore(3, || {
        let task = waits_for(1, 0);
        let sender = thread::spawn({
            let (send, queue) = (task.sender(), task.queue.clone());
            move || {
                send();
                queue.run();
            }
        });
        let watcher = thread::spawn({
            let handle = task.handle.abort_handle();
            move || {
                let other = handle.clone();
                drop(handle);
                other.is_finished()
            }
        });
        drop(task);
        sender.join().unwrap();
        watcher.join().unwrap();
    });
}

/// The same at the very end of a task: the output is taken while others let go of it.
#[test]
fn the_last_holder_frees_a_complete_task() {
    explore(3, || {
        let task = waits_for(1, 0);
        task.sender()();
        task.queue.run();
        let waker = thread::spawn({
            let waker = task.waker.clone();
            move || waker.wake()
        });
        let aborter = thread::spawn({
            let handle = task.handle.abort_handle();
            move || handle.abort()
        });
        assert!(task.end());
        waker.join().unwrap();
        aborter.join().unwrap();
    });
}

/// Whoever lets go of a task has looked at it before the last one frees it: here, at where it comes from.
#[test]
fn who_lets_go_of_a_task_has_done_with_it() {
    explore(3, || {
        let queue = Queue::new();
        let handle = Queue::spawn(&queue, async {});
        queue.run();
        let threads = [(), ()].map(|()| {
            let looks = handle.abort_handle();
            thread::spawn(move || assert_eq!(looks.look().name(), None))
        });
        drop(handle);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Who sees that a task has finished sees what it did.
#[test]
fn a_finished_task_has_done_all_it_did() {
    explore(3, || {
        let queue = Queue::new();
        let data = Arc::new(AtomicUsize::new(0));
        let handle = Queue::spawn(&queue, {
            let data = data.clone();
            async move { data.store(1, Ordering::Relaxed) }
        });
        let runner = thread::spawn(move || queue.run());
        // Making this one lets loom put the runner before it, which a mere look would not.
        let watcher = handle.abort_handle();
        if watcher.is_finished() {
            assert_eq!(data.load(Ordering::Relaxed), 1, "finished too early");
        }
        runner.join().unwrap();
    });
}

/// The last of several tasks frees the scheduler's home, whatever threads they end on.
#[test]
fn the_last_task_frees_the_home() {
    explore(3, || {
        let queue = Queue::new();
        let home = Queue::home(&queue);
        for _ in 0..2 {
            drop(task::spawn(
                async {},
                home.clone(),
                Id::next(),
                Origin::caller(),
            ));
        }
        drop(home);
        let runner = thread::spawn({
            let task = queue.pop().unwrap();
            move || assert!(task.run().is_none())
        });
        assert!(queue.pop().unwrap().run().is_none());
        runner.join().unwrap();
    });
}

/// A future that panics is dropped, and its panic is the output.
#[test]
fn a_panic_is_an_output() {
    explore(3, || {
        let queue = Queue::new();
        let (future, payload) = (Arc::new(()), Arc::new(()));
        let mut handle = Queue::spawn(&queue, {
            let (future, payload) = (future.clone(), Payload(payload.clone()));
            async move {
                let _future = future;
                resume_unwind(Box::new(payload))
            }
        });
        let runner = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        let (flag, waker) = Flag::new();
        let mut polled: Poll<Result<(), _>> = join(&mut handle, &waker);
        runner.join().unwrap();
        assert_eq!(Arc::strong_count(&future), 1, "the future lives on");
        if polled.is_pending() {
            assert!(flag.is_set(), "the joiner was not woken");
            polled = join(&mut handle, &waker);
        }
        let Poll::Ready(Err(error)) = polled else {
            panic!("no panic");
        };
        let caught = error.into_panic().downcast::<Payload>().unwrap();
        assert!(Arc::ptr_eq(&caught.0, &payload));
    });
}

/// loom's `Arc` is not `Send`, which a panic's payload must be.
struct Payload(Arc<()>);

// SAFETY: loom runs all threads of a model on one.
unsafe impl Send for Payload {}

/// A join waker that panics harms neither the task nor whoever polls it.
#[test]
fn a_join_waker_may_panic() {
    struct Panics(Arc<()>);
    // SAFETY: as for `Payload`.
    unsafe impl Send for Panics {}
    // SAFETY: as for `Payload`.
    unsafe impl Sync for Panics {}
    impl Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            resume_unwind(Box::new("on purpose"));
        }
    }
    explore(3, || {
        let queue = Queue::new();
        let output = Arc::new(());
        let mut handle = Queue::spawn(&queue, {
            let output = output.clone();
            async { output }
        });
        let runner = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        let dropped = Arc::new(());
        let waker = Waker::from(std::sync::Arc::new(Panics(dropped.clone())));
        let _ = join(&mut handle, &waker);
        drop((handle, waker));
        runner.join().unwrap();
        assert_eq!(Arc::strong_count(&output), 1, "the output lives on");
        assert_eq!(Arc::strong_count(&dropped), 1, "the waker lives on");
    });
}
