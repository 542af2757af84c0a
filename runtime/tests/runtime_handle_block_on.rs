//! `Handle::block_on` of a current-thread runtime: it drives the runtime while nobody else does, and makes way for whoever
//! comes.

mod expected_reports;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::{TcpListener, TcpStream};
use leno::runtime::{Builder, Handle, LocalOptions, Runtime, worker_index};
use leno::sync::{mpsc, oneshot};
use leno::task::{block_in_place, yield_now};
use leno::time::{self, Duration, Instant};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, ThreadId};

/// The output of `test`, which must end.
fn ends<R: Send + 'static>(test: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let _ = sender.send(test());
    });
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(output) => output,
        Err(RecvTimeoutError::Timeout) => panic!("it waits for ever"),
        Err(RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Increases its counter when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

async fn round_trip() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = leno::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let byte = stream.read_u8().await.unwrap();
        stream.write_u8(byte + 1).await.unwrap();
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_u8(6).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 7);
    server.await.unwrap();
}

async fn a_bit_of_everything() {
    time::sleep(Duration::from_millis(1)).await;
    leno::spawn(yield_now()).await.unwrap();
    leno::task::spawn_blocking(|| ()).await.unwrap();
    round_trip().await;
}

#[test]
fn it_drives_what_nobody_else_drives() {
    ends(|| {
        let runtime = one_thread();
        // Before the runtime has ever been driven, on its thread and on another.
        runtime.handle().block_on(a_bit_of_everything());
        let handle = runtime.handle().clone();
        thread::spawn(move || handle.block_on(a_bit_of_everything()))
            .join()
            .unwrap();
        // And after that.
        runtime.block_on(a_bit_of_everything());
        runtime.handle().block_on(a_bit_of_everything());
    });
}

#[test]
fn several_at_once_all_get_on() {
    ends(|| {
        let runtime = one_thread();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    handle.block_on(async {
                        for _ in 0..10 {
                            a_bit_of_everything().await;
                        }
                    });
                })
            })
            .collect();
        for _ in 0..10 {
            runtime.block_on(a_bit_of_everything());
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn two_that_wait_for_each_other_both_get_on() {
    ends(|| {
        let runtime = one_thread();
        let (to_there, mut there) = mpsc::channel(1);
        let (to_here, mut here) = mpsc::channel(1);
        let handle = runtime.handle().clone();
        let other = thread::spawn(move || {
            handle.block_on(async {
                while let Some(number) = there.recv().await {
                    // Each step needs a driver, too.
                    let task = leno::spawn(async move { number + 1 });
                    to_here.send(task.await.unwrap()).await.unwrap();
                }
            });
        });
        runtime.handle().block_on(async {
            let mut number = 0;
            for _ in 0..100 {
                to_there.send(number).await.unwrap();
                number = here.recv().await.unwrap();
            }
            assert_eq!(number, 100);
            drop(to_there);
        });
        other.join().unwrap();
    });
}

/// A thread that is in `Handle::block_on` and waits, with nothing to do, until the sender is used or dropped.
fn helper(handle: &Handle) -> (thread::JoinHandle<ThreadId>, oneshot::Sender<()>) {
    let (release, released) = oneshot::channel();
    let (started, starts) = channel();
    let handle = handle.clone();
    let thread = thread::spawn(move || {
        handle.block_on(async {
            // It drives: that runs a task.
            leno::spawn(async {}).await.unwrap();
            started.send(()).unwrap();
            let _ = released.await;
            // And again.
            let task = leno::spawn(async { thread::current().id() });
            task.await.unwrap()
        })
    });
    starts.recv().unwrap();
    (thread, release)
}

#[test]
fn it_makes_way_while_it_sleeps_and_goes_on_afterwards() {
    ends(|| {
        let runtime = one_thread();
        let (thread, release) = helper(runtime.handle());
        for _ in 0..100 {
            let id = runtime.block_on(async {
                // It is the driver sooner or later, whatever else happens.
                while worker_index().is_none() {
                    yield_now().await;
                }
                leno::spawn(async { thread::current().id() }).await.unwrap()
            });
            assert_eq!(id, thread::current().id(), "the helper runs the tasks");
        }
        release.send(()).unwrap();
        let helper = thread.thread().id();
        assert_eq!(thread.join().unwrap(), helper);
    });
}

#[test]
fn it_makes_way_among_tasks_that_always_have_something_to_do() {
    ends(|| {
        let runtime = one_thread();
        for _ in 0..3 {
            runtime.spawn(async {
                loop {
                    yield_now().await;
                }
            });
        }
        let (thread, release) = helper(runtime.handle());
        for _ in 0..10 {
            runtime.block_on(async {
                while worker_index().is_none() {
                    yield_now().await;
                }
            });
        }
        release.send(()).unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn it_only_waits_while_another_thread_has_the_runtime() {
    ends(|| {
        let runtime = one_thread();
        let (release, released) = oneshot::channel::<()>();
        let (driving, drives) = channel();
        let handle = runtime.handle().clone();
        let thread = thread::spawn(move || {
            drives.recv().unwrap();
            handle.block_on(async {
                let task = leno::spawn(async { (thread::current().id(), worker_index()) });
                let ran = task.await.unwrap();
                release.send(()).unwrap();
                (ran, worker_index())
            })
        });
        runtime.block_on(async {
            driving.send(()).unwrap();
            released.await.unwrap();
        });
        let here = thread::current().id();
        assert_eq!(thread.join().unwrap(), ((here, Some(0)), None));
    });
}

#[test]
fn its_future_may_block_in_place_and_wait_for_the_runtime_again() {
    ends(|| {
        let runtime = one_thread();
        let handle = runtime.handle().clone();
        let inner = handle.clone();
        let output = handle.block_on(async move {
            leno::spawn(async {}).await.unwrap();
            block_in_place(|| inner.block_on(async { leno::spawn(async { 7 }).await.unwrap() }))
        });
        assert_eq!(output, 7);
        // While it blocks, another one drives.
        let (to_driver, mut from_blocked) = mpsc::channel(1);
        let (answer, answered) = channel();
        let driver = handle.clone();
        let other = thread::spawn(move || {
            driver.block_on(async {
                from_blocked.recv().await.unwrap();
                leno::spawn(time::sleep(Duration::from_millis(1)))
                    .await
                    .unwrap();
                answer.send(()).unwrap();
            });
        });
        handle.block_on(async {
            leno::spawn(async {}).await.unwrap();
            to_driver.send(()).await.unwrap();
            block_in_place(|| answered.recv().unwrap());
        });
        other.join().unwrap();
        // Its tasks may not.
        let task = handle.spawn(async { block_in_place(|| ()) });
        assert!(handle.block_on(task).unwrap_err().is_panic());
    });
}

#[test]
fn a_closure_of_the_runtime_may_use_it() {
    ends(|| {
        let runtime = one_thread();
        let handle = runtime.handle().clone();
        let inner = handle.clone();
        let job = move || inner.block_on(a_bit_of_everything());
        // While somebody drives, by a handle and with the runtime; and while nobody does.
        handle.block_on(handle.spawn_blocking(job.clone())).unwrap();
        runtime
            .block_on(handle.spawn_blocking(job.clone()))
            .unwrap();
        let (done, ended) = channel();
        handle.spawn_blocking(move || {
            job();
            done.send(()).unwrap();
        });
        ended.recv().unwrap();
    });
}

#[test]
fn a_runtime_with_local_tasks_is_driven_by_its_own_thread_alone() {
    ends(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .unwrap();
        let text = Rc::new("not Send");
        let task = runtime.spawn_local(async move {
            time::sleep(Duration::from_millis(1)).await;
            text.len()
        });
        assert_eq!(runtime.handle().block_on(task).unwrap(), 8);

        let handle = runtime.handle().clone();
        let ran = Arc::new(AtomicBool::new(false));
        let here = thread::current().id();
        let task = runtime.spawn_local({
            let (ran, here) = (ran.clone(), Rc::new(here));
            async move {
                assert_eq!(thread::current().id(), *here);
                ran.store(true, Ordering::Relaxed);
            }
        });
        let (waits, waiting) = channel();
        let other = thread::spawn(move || {
            handle.block_on(async {
                leno::spawn(async {});
                // Its next turn comes after the tasks', if it drives.
                yield_now().await;
                yield_now().await;
                waits.send(()).unwrap();
                task.await.unwrap();
            });
        });
        waiting.recv().unwrap();
        assert!(!ran.load(Ordering::Relaxed), "another thread has run it");
        runtime.block_on(yield_now());
        other.join().unwrap();
        assert!(ran.load(Ordering::Relaxed));
    });
}

#[test]
fn the_end_of_the_runtime_comes_while_it_drives() {
    ends(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let runtime = one_thread();
        let (thread, release) = helper(runtime.handle());
        let counted = Counted(dropped.clone());
        let handle = runtime.handle().clone();
        let task = runtime.spawn(async move {
            let _counted = counted;
            pending::<()>().await;
        });
        drop(runtime);
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        drop(release);
        // What it spawns after the end is cancelled, and so its `unwrap` panics.
        assert!(thread.join().is_err());
        // What needs no runtime goes on as ever.
        assert!(handle.block_on(task).unwrap_err().is_cancelled());
        assert_eq!(handle.block_on(async { 7 }), 7);
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || sender.send(8).unwrap());
        assert_eq!(handle.block_on(receiver), Ok(8));
        other.join().unwrap();
    });
}

#[test]
fn a_task_that_it_drives_may_own_the_runtime() {
    for in_background in [true, false] {
        ends(move || {
            let dropped = Arc::new(AtomicUsize::new(0));
            let runtime = one_thread();
            let handle = runtime.handle().clone();
            let counted = Counted(dropped.clone());
            let sleeps = handle.spawn(async move {
                let _counted = counted;
                pending::<()>().await;
            });
            let (counted, seen) = (Counted(dropped.clone()), dropped.clone());
            let owns = handle.spawn(async move {
                let _counted = counted;
                yield_now().await;
                if in_background {
                    runtime.shutdown_background();
                } else {
                    // As in any asynchronous code.
                    assert!(catch_unwind(AssertUnwindSafe(|| drop(runtime))).is_err());
                }
                assert_eq!(seen.load(Ordering::Relaxed), 0, "not under its feet");
                pending::<()>().await;
            });
            assert!(handle.block_on(owns).unwrap_err().is_cancelled());
            assert!(handle.block_on(sleeps).unwrap_err().is_cancelled());
            assert_eq!(dropped.load(Ordering::Relaxed), 2);
        });
    }
}

#[test]
fn its_own_future_may_own_the_runtime() {
    ends(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let runtime = one_thread();
        let handle = runtime.handle().clone();
        let (counted, seen) = (Counted(dropped.clone()), dropped);
        runtime.spawn(async move {
            let _counted = counted;
            pending::<()>().await;
        });
        handle.block_on(async move {
            leno::spawn(async {}).await.unwrap();
            runtime.shutdown_background();
            assert_eq!(seen.load(Ordering::Relaxed), 1);
            assert!(leno::spawn(async {}).await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn who_may_not_wait_leaves_the_end_to_a_helper_whose_task_stands_still() {
    expect(ReportKind::StillRunning, "a task outlives the timeout");
    for timeout in [None, Some(Duration::ZERO), Some(Duration::from_millis(1))] {
        ends(move || {
            let dropped = Arc::new(AtomicUsize::new(0));
            let runtime = one_thread();
            let handle = runtime.handle().clone();
            let (stands, standing) = channel();
            let (go_on, goes_on) = channel::<()>();
            let task = handle.spawn(async move {
                stands.send(()).unwrap();
                goes_on.recv().unwrap();
            });
            let counted = Counted(dropped.clone());
            let sleeps = handle.spawn(async move {
                let _counted = counted;
                pending::<()>().await;
            });
            let other = thread::spawn(move || handle.block_on(sleeps));
            standing.recv().unwrap();
            match timeout {
                None => runtime.shutdown_background(),
                Some(timeout) => runtime.shutdown_timeout(timeout),
            }
            assert_eq!(dropped.load(Ordering::Relaxed), 0);
            go_on.send(()).unwrap();
            assert!(other.join().unwrap().unwrap_err().is_cancelled());
            assert_eq!(dropped.load(Ordering::Relaxed), 1);
            drop(task);
        });
    }
}

#[test]
fn a_panic_leaves_the_runtime_to_the_others() {
    ends(|| {
        let runtime = one_thread();
        let handle = runtime.handle().clone();
        let (thread, release) = helper(&handle);
        for _ in 0..10 {
            let panics = catch_unwind(AssertUnwindSafe(|| {
                handle.block_on(async {
                    yield_now().await;
                    panic!("on purpose");
                })
            }));
            assert!(panics.is_err());
        }
        runtime.block_on(a_bit_of_everything());
        release.send(()).unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn a_paused_clock_moves_for_it() {
    ends(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.handle().block_on(async {
            let start = Instant::now();
            time::sleep(Duration::from_secs(3600)).await;
            assert_eq!(start.elapsed(), Duration::from_secs(3600));
        });
    });
}
