//! What comes before whom on one thread: a yield, and a root that is woken, let all that is ready run, and what that sets
//! off; but nobody waits for ever.

use leno::runtime::{Builder, LocalOptions, Runtime};
use leno::sync::{Notify, mpsc, oneshot};
use leno::task::{JoinHandle, LocalSet, coop, spawn_local, yield_now};
use leno::time::{self, Duration};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Each of `depth` tasks counts itself and spawns the next.
fn nest(depth: usize, ran: &Arc<AtomicUsize>) {
    if depth > 0 {
        let ran = ran.clone();
        leno::spawn(async move {
            ran.fetch_add(1, Ordering::Relaxed);
            nest(depth - 1, &ran);
        });
    }
}

fn nest_local(depth: usize, ran: &Rc<Cell<usize>>) {
    if depth > 0 {
        let ran = ran.clone();
        spawn_local(async move {
            ran.set(ran.get() + 1);
            nest_local(depth - 1, &ran);
        });
    }
}

/// How many of `depth` nested tasks one yield lets run.
async fn let_through(depth: usize) -> usize {
    let ran = Arc::new(AtomicUsize::new(0));
    nest(depth, &ran);
    yield_now().await;
    ran.load(Ordering::Relaxed)
}

async fn let_through_local(depth: usize) -> usize {
    let ran = Rc::new(Cell::new(0));
    nest_local(depth, &ran);
    yield_now().await;
    ran.get()
}

/// How many of `length` tasks, each of which wakes the next, have been woken after one yield.
async fn chain(length: usize) -> usize {
    let reached = Arc::new(AtomicUsize::new(0));
    let (first, mut receiver) = mpsc::channel::<()>(1);
    for _ in 0..length {
        let (sender, next) = mpsc::channel(1);
        let mut mine = std::mem::replace(&mut receiver, next);
        let reached = reached.clone();
        leno::spawn(async move {
            while mine.recv().await.is_some() {
                reached.fetch_add(1, Ordering::Relaxed);
                sender.try_send(()).unwrap();
            }
        });
    }
    yield_now().await;
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    first.try_send(()).unwrap();
    yield_now().await;
    reached.load(Ordering::Relaxed)
}

/// Polls `future` with a waker of its own, which wakes whoever polls this: as the combinators of many futures do. Polls it
/// again at once if it has been woken meanwhile.
async fn combined<F: Future>(future: F) -> F::Output {
    struct Shared {
        outer: Mutex<Option<Waker>>,
        woken: AtomicBool,
    }
    impl Wake for Shared {
        fn wake(self: Arc<Self>) {
            self.woken.store(true, Ordering::Relaxed);
            let outer = self.outer.lock().unwrap().clone();
            if let Some(outer) = outer {
                outer.wake();
            }
        }
    }
    let shared = Arc::new(Shared {
        outer: Mutex::new(None),
        woken: AtomicBool::new(true),
    });
    let waker = Waker::from(shared.clone());
    let mut future = pin!(future);
    poll_fn(move |cx| {
        *shared.outer.lock().unwrap() = Some(cx.waker().clone());
        while shared.woken.swap(false, Ordering::Relaxed) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    })
    .await
}

#[test]
fn a_yield_of_the_root_lets_through_what_is_ready_and_what_that_sets_off() {
    assert_eq!(one_thread().block_on(let_through(20)), 20);
    assert_eq!(one_thread().block_on(chain(8)), 8);
    let local = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    assert_eq!(local.block_on(let_through_local(20)), 20);
}

#[test]
fn a_yield_of_a_task_does_so_too() {
    let runtime = one_thread();
    let task = async { leno::spawn(let_through(20)).await.unwrap() };
    assert_eq!(runtime.block_on(task), 20);
    let task = async { leno::spawn(chain(8)).await.unwrap() };
    assert_eq!(runtime.block_on(task), 8);
    let local = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    let task = async { spawn_local(let_through_local(20)).await.unwrap() };
    assert_eq!(local.block_on(task), 20);
}

#[test]
fn a_yield_in_a_local_set_does_so_too() {
    let runtime = one_thread();
    let set = LocalSet::new();
    assert_eq!(set.block_on(&runtime, let_through_local(20)), 20);
    assert_eq!(set.block_on(&runtime, let_through(20)), 20);
    assert_eq!(set.block_on(&runtime, chain(8)), 8);
    let task = async { spawn_local(let_through_local(20)).await.unwrap() };
    assert_eq!(set.block_on(&runtime, task), 20);
    // What comes from the set's task is not of the set.
    let task = async { spawn_local(let_through(20)).await.unwrap() };
    assert_eq!(set.block_on(&runtime, task), 20);
    // The set is in a task.
    let task = async {
        let set = LocalSet::new();
        let inner = set.spawn_local(let_through_local(20));
        set.run_until(inner).await.unwrap()
    };
    assert_eq!(runtime.block_on(task), 20);
}

#[test]
fn a_yield_within_a_combinator_does_so_too() {
    let runtime = one_thread();
    assert_eq!(runtime.block_on(combined(let_through(20))), 20);
    let task = async { leno::spawn(combined(let_through(20))).await.unwrap() };
    assert_eq!(runtime.block_on(task), 20);
    // Both branches of one task.
    let both = async { leno::join!(let_through(20), combined(let_through(10))) };
    assert_eq!(runtime.block_on(both), (20, 10));
}

#[test]
fn a_task_without_budget_lets_through_what_is_ready_and_what_that_sets_off() {
    let runtime = one_thread();
    let ran = runtime.block_on(async {
        leno::spawn(async {
            let ran = Arc::new(AtomicUsize::new(0));
            nest(20, &ran);
            // One more than a poll has, whatever this poll has spent already.
            for _ in 0..=128 {
                coop::consume_budget().await;
            }
            ran.load(Ordering::Relaxed)
        })
        .await
        .unwrap()
    });
    assert_eq!(ran, 20);
}

#[test]
fn a_root_that_is_woken_comes_after_what_was_set_off_before() {
    let ran = one_thread().block_on(async {
        let ran = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = oneshot::channel();
        let counted = ran.clone();
        leno::spawn(async move {
            nest(20, &counted);
            sender.send(()).unwrap();
        });
        receiver.await.unwrap();
        ran.load(Ordering::Relaxed)
    });
    assert_eq!(ran, 20);
}

/// A task that spawns its successor for ever.
fn endless(ran: Arc<AtomicUsize>) {
    leno::spawn(async move {
        ran.fetch_add(1, Ordering::Relaxed);
        endless(ran);
    });
}

#[test]
fn neither_a_root_nor_a_yield_waits_for_an_endless_row_of_tasks() {
    for interval in [1, 7, 61] {
        let runtime = Builder::new_current_thread()
            .event_interval(interval)
            .build()
            .unwrap();
        let ran = runtime.block_on(async {
            let ran = Arc::new(AtomicUsize::new(0));
            endless(ran.clone());
            yield_now().await;
            ran.load(Ordering::Relaxed)
        });
        assert_eq!(ran, interval as usize);
    }
    // A task that yields comes when the tasks have had a round, and then waits in line for one.
    let ran = one_thread().block_on(async {
        let ran = Arc::new(AtomicUsize::new(0));
        endless(ran.clone());
        let counted = ran.clone();
        leno::spawn(async move {
            yield_now().await;
            counted.load(Ordering::Relaxed)
        })
        .await
        .unwrap()
    });
    assert!(ran <= 2 * 61, "{ran} tasks came before");
}

#[test]
fn who_yields_for_ever_lets_timers_and_other_threads_in() {
    async fn until(done: &AtomicBool) {
        while !done.load(Ordering::Relaxed) {
            yield_now().await;
        }
    }
    let runtime = one_thread();
    for by_task in [false, true] {
        for by_timer in [false, true] {
            let done = Arc::new(AtomicBool::new(false));
            let set = {
                let done = done.clone();
                move || done.store(true, Ordering::Relaxed)
            };
            let thread = if by_timer {
                runtime.spawn(async move {
                    time::sleep(Duration::from_millis(1)).await;
                    set();
                });
                None
            } else {
                let handle = runtime.handle().clone();
                Some(std::thread::spawn(move || {
                    drop(handle.spawn(async move { set() }));
                }))
            };
            runtime.block_on(async {
                if by_task {
                    leno::spawn(async move { until(&done).await })
                        .await
                        .unwrap();
                } else {
                    until(&done).await;
                }
            });
            if let Some(thread) = thread {
                thread.join().unwrap();
            }
        }
    }
}

#[test]
fn who_yields_lets_in_what_has_come_from_outside() {
    use leno::net::UdpSocket;
    let runtime = one_thread();
    runtime.block_on(async {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = receiver.local_addr().unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = heard.clone();
        leno::spawn(async move {
            let mut buf = [0; 1];
            while receiver.recv(&mut buf).await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        leno::spawn(async move {
            yield_now().await;
            for sent in 1..=10 {
                sender.send_to(b"x", address).unwrap();
                // Another task has run since the last time, so events are looked for at once.
                leno::spawn(async {});
                leno::spawn(async {});
                yield_now().await;
                assert_eq!(heard.load(Ordering::Relaxed), sent);
            }
        })
        .await
        .unwrap();
    });
}

#[test]
fn advancing_the_clock_lets_run_what_it_wakes_and_not_what_that_sets_off() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    async fn advanced() -> (usize, usize) {
        let (woken, nested) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // More than a round.
        for _ in 0..100 {
            let (woken, nested) = (woken.clone(), nested.clone());
            leno::spawn(async move {
                time::sleep(Duration::from_secs(1)).await;
                woken.fetch_add(1, Ordering::Relaxed);
                nest(2, &nested);
            });
        }
        yield_now().await;
        yield_now().await;
        time::advance(Duration::from_secs(1)).await;
        let seen = (
            woken.load(Ordering::Relaxed),
            nested.load(Ordering::Relaxed),
        );
        yield_now().await;
        seen
    }
    assert_eq!(runtime.block_on(advanced()), (100, 0));
    let task = async { leno::spawn(advanced()).await.unwrap() };
    assert_eq!(runtime.block_on(task), (100, 0));
}

#[test]
fn what_has_yielded_when_a_root_is_done_goes_on_in_the_next() {
    let runtime = one_thread();
    let polls = Arc::new(AtomicUsize::new(0));
    let task = runtime.spawn({
        let polls = polls.clone();
        async move {
            for _ in 0..3 {
                polls.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
            7
        }
    });
    // Its turn comes with the task's first.
    runtime.block_on(yield_now());
    assert!(polls.load(Ordering::Relaxed) < 3);
    assert_eq!(runtime.block_on(task).unwrap(), 7);
}

#[test]
fn what_has_yielded_is_dropped_with_its_runtime_and_by_an_abort() {
    async fn yields(_alive: Arc<()>) {
        loop {
            yield_now().await;
        }
    }
    let alive = Arc::new(());
    let runtime = one_thread();
    let first = runtime.spawn(yields(alive.clone()));
    let second = runtime.spawn(combined(yields(alive.clone())));
    let set = LocalSet::new();
    set.spawn_local(yields(alive.clone()));
    set.block_on(&runtime, async {
        yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
    });
    assert_eq!(Arc::strong_count(&alive), 3);
    // The set is gone while its task's waker is still among those that have yielded.
    runtime.block_on(async {
        let mut set = set;
        poll_fn(|cx| {
            assert!(pin!(&mut set).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(set);
    });
    assert_eq!(Arc::strong_count(&alive), 2);
    drop(runtime);
    assert_eq!(Arc::strong_count(&alive), 1);
    assert!(error_of(second).is_cancelled());
}

/// The error of a task whose runtime is gone.
fn error_of(task: JoinHandle<()>) -> leno::task::JoinError {
    one_thread().block_on(task).unwrap_err()
}

#[test]
fn what_a_callback_yields_is_resumed_before_its_thread_sleeps() {
    struct Ring(Notify);
    impl Wake for Ring {
        fn wake(self: Arc<Self>) {
            self.0.notify_one();
        }
    }
    let ring = Arc::new(Ring(Notify::new()));
    let waker = Waker::from(ring.clone());
    let parks = AtomicUsize::new(0);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .on_thread_park(move || {
            if parks.fetch_add(1, Ordering::Relaxed) == 0 {
                let mut cx = Context::from_waker(&waker);
                assert!(pin!(yield_now()).poll(&mut cx).is_pending());
            }
        })
        .build()
        .unwrap();
    let rung = async { time::timeout(Duration::from_secs(60), ring.0.notified()).await };
    runtime.block_on(rung).expect("it has slept");
}

#[test]
fn who_runs_a_set_next_takes_those_along_that_have_yielded() {
    let set = LocalSet::new();
    let runtime = one_thread();
    let task = set.spawn_local(async {
        for _ in 0..3 {
            yield_now().await;
        }
        7
    });
    let output = runtime.block_on(async {
        {
            // Somebody who goes away: nobody hears of what has been promised to him.
            let mut run = pin!(set.run_until(std::future::pending::<()>()));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(run.as_mut().poll(&mut cx).is_pending());
        }
        set.run_until(task).await
    });
    assert_eq!(output.unwrap(), 7);
    // And between two runtimes.
    let task = set.spawn_local(async {
        yield_now().await;
        yield_now().await;
        8
    });
    runtime.block_on(async {
        let mut run = pin!(set.run_until(std::future::pending::<()>()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending());
    });
    assert_eq!(set.block_on(&one_thread(), task).unwrap(), 8);
}

#[test]
fn a_yield_off_a_runtime_is_over_at_once() {
    let set = LocalSet::new();
    let task = set.spawn_local(async {
        for _ in 0..3 {
            yield_now().await;
        }
        7
    });
    // Polled by hand until nothing is woken any more.
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(flag.clone());
    let mut cx = Context::from_waker(&waker);
    let mut run = pin!(set.run_until(task));
    loop {
        assert!(flag.0.swap(false, Ordering::Relaxed), "nobody was woken");
        if let Poll::Ready(output) = run.as_mut().poll(&mut cx) {
            assert_eq!(output.unwrap(), 7);
            break;
        }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
