//! The usual stand-in for an asynchronous drop: a destructor that waits in place. It is run wherever its task ends, with
//! timers, IO and other tasks at its service, and holds up none of them.

#[path = "task_support/mod.rs"]
mod task_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::UnixStream;
use leno::runtime::{Handle, Runtime};
use leno::task::{JoinHandle, block_in_place};
use std::future::pending;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use task_support::{Event, multi_thread};

/// Longer than anything here takes that comes at all.
const NEVER: Duration = Duration::from_secs(60);

/// Waits in its destructor, by whatever `wait` awaits, and then says so.
struct Closes<F: FnOnce() + Send> {
    wait: Option<F>,
    closed: Sender<&'static str>,
    name: &'static str,
}

impl<F: FnOnce() + Send> Closes<F> {
    fn new(name: &'static str, closed: &Sender<&'static str>, wait: F) -> Self {
        Self {
            wait: Some(wait),
            closed: closed.clone(),
            name,
        }
    }
}

impl<F: FnOnce() + Send> Drop for Closes<F> {
    fn drop(&mut self) {
        if let Some(wait) = self.wait.take() {
            block_in_place(wait);
            let _ = self.closed.send(self.name);
        }
    }
}

fn for_a_timer() {
    Handle::current().block_on(leno::time::sleep(Duration::from_millis(1)));
}

/// A task that sleeps for ever, with `owned`; returns when it sleeps.
fn sleeper<T: Send + 'static>(runtime: &Runtime, owned: T) -> JoinHandle<()> {
    let started = Event::new();
    let task = runtime.spawn({
        let started = started.clone();
        async move {
            let _owned = owned;
            started.set();
            pending().await
        }
    });
    started.block();
    task
}

#[test]
fn of_a_task_that_is_aborted() {
    for workers in [1, 2] {
        let runtime = multi_thread(workers);
        let (closed, closes) = mpsc::channel();
        let task = sleeper(&runtime, Closes::new("aborted", &closed, for_a_timer));
        task.abort();
        assert_eq!(closes.recv_timeout(NEVER), Ok("aborted"));
    }
}

#[test]
fn of_an_output_that_nobody_reads() {
    for workers in [1, 2] {
        let runtime = multi_thread(workers);
        let (closed, closes) = mpsc::channel();
        let output = Closes::new("unread", &closed, for_a_timer);
        // If the task is done by then, it goes with the handle, on this thread.
        let _entered = runtime.enter();
        drop(runtime.spawn(async move { output }));
        assert_eq!(closes.recv_timeout(NEVER), Ok("unread"));
    }
}

#[test]
fn of_a_task_that_panics() {
    let runtime = multi_thread(1);
    let (closed, closes) = mpsc::channel();
    let owned = Closes::new("panicked", &closed, for_a_timer);
    let task = runtime.spawn(async move {
        let _owned = owned;
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert_eq!(closes.recv_timeout(NEVER), Ok("panicked"));
    assert!(runtime.block_on(task).unwrap_err().is_panic());
}

#[test]
fn and_the_other_tasks_go_on_meanwhile() {
    let runtime = multi_thread(1);
    let (closed, closes) = mpsc::channel();
    let (open, opened) = mpsc::channel();
    let wait = move || opened.recv_timeout(NEVER).unwrap();
    sleeper(&runtime, Closes::new("opened", &closed, wait)).abort();
    // On the only worker, which the destructor is on.
    runtime.spawn(async move { open.send(()).unwrap() });
    assert_eq!(closes.recv_timeout(NEVER), Ok("opened"));
}

#[test]
fn at_the_end_of_the_runtime_for_nothing() {
    for workers in [1, 2] {
        let runtime = multi_thread(workers);
        let (closed, closes) = mpsc::channel();
        sleeper(&runtime, Closes::new("flushed", &closed, || ()));
        drop(runtime);
        assert_eq!(closes.try_recv(), Ok("flushed"));
    }
}

#[test]
fn at_the_end_of_the_runtime_for_timers() {
    for workers in [1, 2, 4] {
        let runtime = multi_thread(workers);
        let (closed, closes) = mpsc::channel();
        for _ in 0..10 {
            sleeper(&runtime, Closes::new("closed", &closed, for_a_timer));
        }
        drop((runtime, closed));
        assert_eq!(closes.iter().count(), 10);
    }
}

#[test]
fn at_the_end_of_the_runtime_without_io() {
    let runtime = leno::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let (closed, closes) = mpsc::channel();
    sleeper(&runtime, Closes::new("closed", &closed, for_a_timer));
    drop(runtime);
    assert_eq!(closes.try_recv(), Ok("closed"));
}

#[test]
fn at_the_end_of_the_runtime_for_io() {
    for workers in [1, 2] {
        let runtime = multi_thread(workers);
        let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut theirs = {
            let _entered = runtime.enter();
            UnixStream::from_std(theirs).unwrap()
        };
        let (closed, closes) = mpsc::channel();
        let wait = move || {
            Handle::current().block_on(async {
                theirs.write_all(b"bye").await.unwrap();
                assert_eq!(theirs.read_u8().await.unwrap(), b'!');
            });
        };
        sleeper(&runtime, Closes::new("answered", &closed, wait));
        let peer = std::thread::spawn(move || {
            let mut text = [0; 3];
            std::io::Read::read_exact(&mut ours, &mut text).unwrap();
            std::io::Write::write_all(&mut ours, b"!").unwrap();
            text
        });
        drop(runtime);
        assert_eq!(closes.try_recv(), Ok("answered"));
        assert_eq!(&peer.join().unwrap(), b"bye");
    }
}

/// A connection that closes when its writer has ended, which the same end cancels.
#[test]
fn at_the_end_of_the_runtime_for_the_end_of_another_task() {
    for workers in [1, 2] {
        for writer_first in [false, true] {
            let runtime = multi_thread(workers);
            let (closed, closes) = mpsc::channel();
            let (handle, takes_handle) = mpsc::channel::<JoinHandle<()>>();
            let wait = move || {
                let writer = takes_handle.recv_timeout(NEVER).unwrap();
                let ended = Handle::current().block_on(writer);
                assert!(ended.unwrap_err().is_cancelled());
            };
            let connection = Closes::new("closed", &closed, wait);
            if writer_first {
                handle.send(sleeper(&runtime, ())).unwrap();
                sleeper(&runtime, connection);
            } else {
                sleeper(&runtime, connection);
                handle.send(sleeper(&runtime, ())).unwrap();
            }
            drop(runtime);
            assert_eq!(closes.try_recv(), Ok("closed"));
        }
    }
}

#[test]
fn at_the_end_one_after_the_other_and_within_each_other() {
    for workers in [1, 2] {
        let runtime = multi_thread(workers);
        let (closed, closes) = mpsc::channel();
        let inner = Closes::new("inner", &closed, for_a_timer);
        let outer = Closes::new("outer", &closed, move || {
            for_a_timer();
            drop(inner);
            for_a_timer();
        });
        let last = Closes::new("last", &closed, for_a_timer);
        // Fields are dropped in order.
        sleeper(&runtime, (outer, last));
        drop(runtime);
        let order: Vec<_> = closes.try_iter().collect();
        assert_eq!(order, ["inner", "outer", "last"]);
    }
}

#[test]
fn what_such_a_destructor_spawns_is_cancelled() {
    let runtime = multi_thread(1);
    let (closed, closes) = mpsc::channel();
    let wait = || {
        let spawned = leno::spawn(async { pending::<()>().await });
        let error = Handle::current().block_on(spawned).unwrap_err();
        assert!(error.is_cancelled());
    };
    sleeper(&runtime, Closes::new("closed", &closed, wait));
    drop(runtime);
    assert_eq!(closes.try_recv(), Ok("closed"));
}

#[test]
fn who_does_not_wait_for_the_runtime_does_not_wait_for_them() {
    let runtime = multi_thread(1);
    let (closed, closes) = mpsc::channel();
    let (open, opened) = mpsc::channel::<()>();
    let wait = move || opened.recv_timeout(NEVER).unwrap();
    sleeper(&runtime, Closes::new("opened", &closed, wait));
    runtime.shutdown_background();
    assert!(closes.try_recv().is_err());
    open.send(()).unwrap();
    assert_eq!(closes.recv_timeout(NEVER), Ok("opened"));
}
